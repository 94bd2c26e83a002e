package rewrite

import (
	"sort"

	"github.com/dpproxy/dpproxy/rewrite/expr"
)

// anchor names a key of a private table, of which one row belongs to one unit: whoever holds an equal value of it, belongs to
// that unit too. visits.visit_id is one, and so is items.visit_id, which the declaration says points to it.
type anchor struct{ table, column string }

// noteAnchors finds the anchors among a table's columns: those that the source keeps unique, and the one that leads to the unit.
func (r *resolver) noteAnchors(s *scan) {
	if s.table.Public || r.ds.RowUnit {
		return
	}
	for _, c := range s.table.Columns {
		key := expr.ColumnKey{Alias: s.alias, Name: c.SourceName}
		if c.Unique {
			r.anchors[key] = anchor{s.table.Name, c.Name}
		}
		if p := r.pathOf(s.table); p != nil && p.Via != nil && p.Column == c.Name {
			r.anchors[key] = anchor{p.Via.Table, p.Via.Column}
		}
	}
}

// passAnchor hands an anchor on to the column of a sub-query that shows it.
func (r *resolver) passAnchor(e expr.Expr, to expr.ColumnKey) {
	if c, ok := e.(expr.Column); ok {
		if a, ok := r.anchors[expr.ColumnKey{Alias: c.Alias, Name: c.Name}]; ok {
			r.anchors[to] = a
		}
	}
}

// anchorOf is a column's anchor.
func (r *resolver) anchorOf(e expr.Expr) (anchor, bool) {
	c, ok := e.(expr.Column)
	if !ok {
		return anchor{}, false
	}
	a, ok := r.anchors[expr.ColumnKey{Alias: c.Alias, Name: c.Name}]
	return a, ok
}

// unitNode is a part of FROM that brings its own unit: a private table, or a sub-query over private rows.
type unitNode struct {
	alias string
	unit  expr.Expr
	scan  *scan
}

// unitNodes lists those below a FROM node, without the parts that an outer join fills with NULL where whole is false.
func unitNodes(f from, whole bool) []unitNode {
	switch v := f.(type) {
	case *scan:
		if v.property() == Protected && v.unit.e != nil {
			return []unitNode{{v.alias, v.unit.e, v}}
		}
	case *derived:
		if u := v.unit(); v.property() == Protected && u.e != nil {
			return []unitNode{{v.alias, u.e, nil}}
		}
	case *join:
		var out []unitNode
		if whole || v.kind != "RIGHT JOIN" && v.kind != "FULL JOIN" {
			out = append(out, unitNodes(v.l, whole)...)
		}
		if whole || v.kind != "LEFT JOIN" && v.kind != "FULL JOIN" {
			out = append(out, unitNodes(v.r, whole)...)
		}
		return out
	}
	return nil
}

// throughAnchors joins two sides whose keys the condition sets equal: they are of the same unit. The equality of the units is
// added to the join, so that it holds whatever is stored.
func (r *resolver) throughAnchors(j *join, eq classes) {
	left, right := unitNodes(j.l, false), unitNodes(j.r, false)
	for _, p := range eq.pairs() {
		for _, sides := range [2][2][]unitNode{{left, right}, {right, left}} {
			a, ok1 := r.nodeOfAnchor(p.l, sides[0])
			b, ok2 := r.nodeOfAnchor(p.r, sides[1])
			if !ok1 || !ok2 || a.anchor != b.anchor || eq.same(text(a.node.unit), text(b.node.unit)) {
				continue
			}
			same, err := builder(Protected).Op("=", a.node.unit, b.node.unit, -1)
			if err != nil {
				continue
			}
			if !shows([]item{{e: same}}, lastOn(j)) {
				j.on = append(j.on, same)
			}
			if j.kind == "CROSS JOIN" {
				j.kind = "JOIN"
			}
			eq.union(text(a.node.unit), text(b.node.unit))
		}
	}
}

// anchored is a column's anchor, and the node that it belongs to.
type anchored struct {
	anchor anchor
	node   unitNode
}

// nodeOfAnchor finds the anchor of a column, given as printed text, among nodes.
func (r *resolver) nodeOfAnchor(printed string, nodes []unitNode) (anchored, bool) {
	for _, n := range nodes {
		for key, a := range r.anchors {
			if key.Alias == n.alias && printed == text(expr.Column{Alias: key.Alias, Name: key.Name}) {
				return anchored{a, n}, true
			}
		}
	}
	return anchored{}, false
}

// pairs lists the columns that are equal, each pair once, in no order that matters.
func (c classes) pairs() []pair {
	var names []string
	for k := range c {
		names = append(names, k)
	}
	sort.Strings(names)
	var out []pair
	for i, a := range names {
		for _, b := range names[i+1:] {
			if c.same(a, b) {
				out = append(out, pair{a, b})
			}
		}
	}
	return out
}

// tie finds that a block's rows are of the same unit as the row outside: its WHERE sets the two units equal, or two columns
// that tell the unit.
func (r *resolver) tie(q *query, sc *scope) {
	out := sc.parent
	if q.prop != Protected || q.unit.e == nil || out == nil || out.gone || out.unit == nil || out.unit.e == nil {
		return
	}
	if tiedBelow(q.from, out) {
		q.tiedTo = out
		return
	}
	inner, outer := unitNodes(q.from, true), unitNodes(out.from, true)
	for _, p := range append(append([]pair{}, q.tied...), pairsOf(q.tied)...) {
		if q.unit.names(p.l) && out.unit.names(p.r) || q.unit.names(p.r) && out.unit.names(p.l) {
			q.tiedTo = out
			return
		}
	}
	for _, p := range pairsOf(q.tied) {
		a, ok1 := r.nodeOfAnchor(p.l, inner)
		b, ok2 := r.nodeOfAnchor(p.r, outer)
		if !ok1 || !ok2 {
			a, ok1 = r.nodeOfAnchor(p.r, inner)
			b, ok2 = r.nodeOfAnchor(p.l, outer)
		}
		if !ok1 || !ok2 || a.anchor != b.anchor {
			continue
		}
		same, err := builder(Protected).Op("=", q.unit.e, out.unit.e, -1)
		if err != nil {
			continue
		}
		q.where, q.tiedTo = append(q.where, same), out
		return
	}
}

// pairsOf closes pairs under transitivity.
func pairsOf(pairs []pair) []pair {
	c := classes{}
	c.add(pairs)
	return c.pairs()
}

// tiedBelow tells that a part of FROM is tied to a scope already.
func tiedBelow(f from, out *scope) bool {
	switch v := f.(type) {
	case *derived:
		return v.q.tiedTo == out
	case *join:
		return v.everyRow(tiedBelow(v.l, out), tiedBelow(v.r, out))
	}
	return false
}

// everyRow tells whether something holds of every row of a join, from whether it holds of every row of its left and of its
// right: an outer join has rows without the one side or the other.
func (j *join) everyRow(l, r bool) bool {
	switch j.kind {
	case "LEFT JOIN":
		return l
	case "RIGHT JOIN":
		return r
	case "FULL JOIN":
		return l && r
	}
	return l || r
}

// names tells that printed text is the unit's value.
func (u unit) names(printed string) bool {
	return u.e != nil && (printed == text(u.e) || u.same[printed])
}

// lastOn is the last term of a join's condition: the equality of the units, where it was added before.
func lastOn(j *join) expr.Expr {
	if len(j.on) == 0 {
		return expr.Const{Null: true}
	}
	return j.on[len(j.on)-1]
}
