package rewrite

import (
	"github.com/dpproxy/dpproxy/refusal"
	"github.com/dpproxy/dpproxy/rewrite/syntax"
)

// A LATERAL sub-query is computed for each row of what stands to its left. Beside a private row it may read public tables, or
// private rows of the same unit; beside public rows it is a join like any other.

// lateral resolves LATERAL (SELECT …).
func (r *resolver) lateral(s *syntax.RangeSubselect, outer *scope, e *env) (from, fromColumns, error) {
	ls := r.lateralScope(outer)
	q, err := r.selectBlock(s.Subquery.GetSelectStmt(), ls, e)
	if err != nil {
		return nil, fromColumns{}, err
	}
	if q.prop == Protected && ls.private && (ls.unit == nil || q.tiedTo != ls) {
		return nil, fromColumns{}, r.fail(refusal.NotSupported, blockLocation(s.Subquery.GetSelectStmt()), "a LATERAL sub-query over private rows must be of the same privacy unit as the row beside it").
			WithHint("Set the two units equal in its WHERE, or join the tables.")
	}
	f, cols, err := r.derive(q, s.Alias, "", blockLocation(s.Subquery.GetSelectStmt()))
	if err != nil {
		return nil, fromColumns{}, err
	}
	d := f.(*derived)
	d.lateral = true
	if q.prop == Protected && ls.private {
		d.beside = ls.unit.e
	}
	return d, cols, nil
}

// lateralScope is what a LATERAL sub-query sees: the columns to its left, and their unit.
func (r *resolver) lateralScope(left *scope) *scope {
	ls := &scope{parent: left.parent, cols: append([]scopeColumn{}, left.cols...), tables: append([]string{}, left.tables...), from: left.left}
	if ls.from == nil || ls.from.property() != Protected {
		return ls
	}
	ls.private = true
	if u, err := r.joinUnits(ls.from, nil); err == nil && u.e != nil {
		ls.unit = &u
		for _, s := range scansOf(ls.from) {
			s.kept = true // its hidden joins are named in the sub-query
		}
	}
	return ls
}

// rightOf is the scope in which the right side of a join is resolved.
func rightOf(outer *scope, l from, cols fromColumns) *scope {
	out := &scope{parent: outer.parent, cols: append(append([]scopeColumn{}, outer.cols...), cols.cols...),
		tables: append(append([]string{}, outer.tables...), cols.tables...), left: l}
	if l.property() != Protected && outer.left != nil {
		out.left = outer.left
	}
	return out
}

// isLateral tells that a part of FROM depends on what stands to its left.
func isLateral(f from) bool {
	switch v := f.(type) {
	case *derived:
		return v.lateral
	case *join:
		return isLateral(v.l) || isLateral(v.r)
	}
	return false
}
