package rewrite

import (
	"strconv"
	"strings"

	"github.com/dpproxy/dpproxy/refusal"
	"github.com/dpproxy/dpproxy/rewrite/expr"
)

// JoinUnits decides which joins keep each row with one privacy unit, and says what the unit of a joined row is.
//
//	Public ⋈ Public         → Public
//	Protected ⋈ Public      → Protected, the same unit (rows may multiply: bounding comes after the last join)
//	Protected ⋈ Protected   → Protected if the join sets the two units equal, directly or along declared references
//
// Everything else is refused: a row that mixes two units would change with either of them.

// classes are columns (by printed text) that are known to be equal on every row.
type classes map[string]string

func (c classes) find(a string) string {
	for c[a] != "" && c[a] != a {
		a = c[a]
	}
	return a
}

func (c classes) union(a, b string) {
	if ra, rb := c.find(a), c.find(b); ra != rb {
		c[ra] = rb
		c[rb] = rb
	}
}

func (c classes) same(a, b string) bool { return c.find(a) == c.find(b) }

func (c classes) add(pairs []pair) {
	for _, p := range pairs {
		c.union(p.l, p.r)
	}
}

func (c classes) merge(o classes) {
	for k, v := range o {
		c.union(k, v)
	}
}

// joinUnits finds the unit of a FROM clause. where are the equalities of the WHERE clause.
func (r *resolver) joinUnits(f from, where []pair) (unit, error) {
	u, eq, err := r.unitsOf(f, where)
	if err != nil || u.e == nil {
		return u, err
	}
	r.dropIdlePaths(f, eq, where, &u)
	u.same = map[string]bool{}
	for t := range eq {
		if eq.same(t, text(u.e)) {
			u.same[t] = true
		}
	}
	return u, nil
}

func (r *resolver) unitsOf(f from, inherited []pair) (unit, classes, error) {
	switch v := f.(type) {
	case *scan:
		return v.unit, classes{}, nil
	case *derived:
		return v.unit(), classes{}, nil
	case *join:
		return r.joinedUnit(v, inherited)
	}
	return unit{}, classes{}, nil
}

// unit of a derived table: a column of it, either one that shows the unit or the extra column u.
func (d *derived) unit() unit {
	u := d.q.unit
	if d.beside != nil {
		return unit{e: d.beside, unique: d.q.oneRow(), owners: map[string]bool{}}
	}
	if d.lateral {
		u.unique = false // its rows come again for each row to the left
	}
	out := unit{unique: u.unique, owners: map[string]bool{}}
	if u.unique {
		out.owners[d.alias] = true
	}
	if d.q.keepsRows() {
		for i, it := range d.q.items {
			if onlyOwners(it.e, u.owners) {
				out.owners[ownedColumn(d.alias, "c"+strconv.Itoa(i+1))] = true
			}
		}
	}
	if d.q.prop != Protected || u.e == nil {
		return out
	}
	out.e = expr.Column{Alias: d.alias, Name: d.q.unitColumn(), Typ: u.e.Type(), Dom: expr.Domain{Nullable: true}}
	return out
}

// keepsRows tells that a query computes each of its rows from one row of its FROM.
func (q *query) keepsRows() bool {
	return q.op == "" && q.values == nil && q.from != nil && !q.grouped && len(q.groups)+len(q.having) == 0
}

// ownedColumn names one column among the owners, whose aliases stand for all of theirs.
func ownedColumn(alias, column string) string { return alias + "." + column }

func (r *resolver) joinedUnit(j *join, inherited []pair) (unit, classes, error) {
	inner := j.kind == "JOIN" || j.kind == "CROSS JOIN"
	down := append(append([]pair{}, j.equal...), inherited...)
	var forL, forR []pair
	switch j.kind {
	case "JOIN", "CROSS JOIN":
		forL, forR = down, down
	case "LEFT JOIN":
		forL = inherited
	case "RIGHT JOIN":
		forR = inherited
	}
	l, leq, err := r.unitsOf(j.l, forL)
	if err != nil {
		return unit{}, nil, err
	}
	rt, req, err := r.unitsOf(j.r, forR)
	if err != nil {
		return unit{}, nil, err
	}
	eq := classes{}
	eq.merge(leq)
	eq.merge(req)
	eq.add(j.equal)
	strict := j.equal
	if inner {
		eq.add(inherited)
		strict = down
	}
	eq.addMatched(j, strict)
	r.alongReferences(j, eq)
	r.throughAnchors(j, eq)
	j.noteMatched(leq, req, eq)

	lp, rp := j.l.property(), j.r.property()
	switch {
	case lp != Protected && rp != Protected:
		return unit{}, classes{}, nil
	case lp == Released || rp == Released:
		return unit{}, nil, r.fail(refusal.NotSupported, j.place(), "private rows cannot be joined with the result of another private query").
			WithHint("Aggregate each side first, and join the results.")
	case lp == Protected && rp == Protected:
		out, err := r.bothProtected(j, l, rt, eq)
		return out, keep(j.kind, leq, req, eq), err
	case lp == Protected:
		out, err := r.withPublic(j, l, j.r, between(strict, j.l, j.r), j.kind == "RIGHT JOIN" || j.kind == "FULL JOIN")
		return out, keep(j.kind, leq, req, eq), err
	default:
		out, err := r.withPublic(j, rt, j.l, between(strict, j.r, j.l), j.kind == "LEFT JOIN" || j.kind == "FULL JOIN")
		return out, keep(j.kind, leq, req, eq), err
	}
}

// keep are the equalities that hold on every row after the join: an outer join's own hold only on matched rows.
func keep(kind string, l, r, all classes) classes {
	switch kind {
	case "JOIN", "CROSS JOIN":
		return all
	case "LEFT JOIN":
		return l
	case "RIGHT JOIN":
		return r
	}
	return classes{}
}

func (r *resolver) bothProtected(j *join, l, rt unit, eq classes) (unit, error) {
	if l.e == nil || rt.e == nil {
		return unit{}, r.fail(refusal.NotSupported, j.place(), "in this data set each row is its own privacy unit, so private tables cannot be joined").
			WithHint("Aggregate each table first, and join the results; or ask the owner of the data for a privacy unit that both have.")
	}
	if !eq.same(text(l.e), text(rt.e)) {
		err := r.fail(refusal.NotSupported, j.place(), "private tables may be joined on their privacy unit only, or along declared references to it")
		return unit{}, err.WithHint("%s", r.joinHint(j.l, j.r))
	}
	r.rule("JoinUnits")
	out := unit{e: l.e, unique: l.unique && rt.unique, owners: map[string]bool{}}
	if j.kind != "RIGHT JOIN" && j.kind != "FULL JOIN" {
		copyInto(out.owners, l.owners)
	}
	if j.kind != "LEFT JOIN" && j.kind != "FULL JOIN" {
		copyInto(out.owners, rt.owners)
	}
	switch j.kind {
	case "RIGHT JOIN":
		out.e = rt.e
	case "FULL JOIN":
		// Two rows of one unit that the condition does not match both stay, each alone.
		out.unique = false
		e, err := builder(Protected).Coalesce([]expr.Expr{withNull(l.e), withNull(rt.e)}, -1)
		if err != nil {
			return unit{}, r.at(err, -1)
		}
		out.e = e
	}
	return out, nil
}

func copyInto(dst, src map[string]bool) {
	for k := range src {
		dst[k] = true
	}
}

// between keeps the pairs of a column of the one side and a column of the other: WHERE may also tie a side to what is joined later, and
// two tables that find each other find any number of rows together.
func between(pairs []pair, one, other from) []pair {
	of := func(text string, aliases map[string]bool) bool {
		for a := range aliases {
			if strings.Contains(text, `"`+a+`".`) {
				return true
			}
		}
		return false
	}
	l, r := aliasesBelow(one), aliasesBelow(other)
	var out []pair
	for _, p := range pairs {
		if of(p.l, l) && of(p.r, r) || of(p.l, r) && of(p.r, l) {
			out = append(out, p)
		}
	}
	return out
}

// withPublic joins a Protected side with a Public one, of which the pairs are equal on every row. outer says that public rows without a
// partner stay: they have no unit, and are dropped before anything is measured.
func (r *resolver) withPublic(j *join, u unit, public from, equal []pair, outer bool) (unit, error) {
	once := matchesOnce(equal, public)
	if u.e == nil && (!once || outer) {
		return unit{}, r.fail(refusal.NotSupported, j.place(), "in this data set each row is its own privacy unit, so a join may not repeat rows").
			WithHint("Join the public table on a column that is its key.")
	}
	out := unit{e: u.e, unique: u.unique && once, owners: u.owners}
	if outer && u.e != nil {
		out.e = withNull(u.e)
	}
	return out, nil
}

// matchesOnce tells that a join finds at most one row of a public table: the pairs set one of its keys equal to something of
// the other side.
func matchesOnce(equal []pair, public from) bool {
	if d, ok := public.(*derived); ok && d.lateral {
		return d.q.oneRow()
	}
	s, ok := public.(*scan)
	if !ok {
		return false
	}
	own := `"` + s.alias + `".` // key = another column of the same row finds any number of rows
	for _, c := range s.table.Columns {
		if !c.Unique {
			continue
		}
		key := text(expr.Column{Alias: s.alias, Name: c.SourceName, Typ: c.Type, Enumerated: c.Enumerated, Collated: c.Collated})
		for _, p := range equal {
			if p.l == key && !strings.Contains(p.r, own) || p.r == key && !strings.Contains(p.l, own) {
				return true
			}
		}
	}
	return false
}

// scansOf lists the tables read below a FROM node.
func scansOf(f from) []*scan {
	switch v := f.(type) {
	case *scan:
		return []*scan{v}
	case *join:
		return append(scansOf(v.l), scansOf(v.r)...)
	}
	return nil
}

// alongReferences adds what declared references imply: where s.column = x.key is part of a join and the declaration says
// that s belongs to the unit of that row of x, the two units are the same.
func (r *resolver) alongReferences(f from, eq classes) {
	scans := scansOf(f)
	for changed := true; changed; {
		changed = false
		for _, s := range scans {
			for _, x := range scans {
				if r.references(s, x, eq) && !eq.same(text(s.unit.e), text(x.unit.e)) {
					eq.union(text(s.unit.e), text(x.unit.e))
					changed = true
				}
			}
		}
	}
}

// references tells that s is joined with x along s's declared path.
func (r *resolver) references(s, x *scan, eq classes) bool {
	if s == x || len(s.via) == 0 || x.table.Public || s.via[0].table != x.table {
		return false
	}
	path := r.pathOf(s.table)
	from, okFrom := s.table.Column(path.Column)
	key, okKey := x.table.Column(path.Via.Column)
	return okFrom && okKey && eq.same(text(r.columnOf(s, from)), text(r.columnOf(x, key)))
}

// dropIdlePaths takes out hidden joins to a table that the query joins itself, in the part of FROM that has inner joins only.
func (r *resolver) dropIdlePaths(f from, eq classes, where []pair, u *unit) {
	eq.add(where)
	scans := innerScans(f)
	for _, s := range scans {
		for _, x := range scans {
			if len(s.via) > 0 && !s.kept && !viaNamed(f, s) && r.references(s, x, eq) {
				if text(u.e) == text(s.unit.e) {
					u.e = x.unit.e
				}
				s.via, s.unit = nil, x.unit
			}
		}
	}
}

// innerScans lists the tables that only inner joins stand over.
func innerScans(f from) []*scan {
	switch v := f.(type) {
	case *scan:
		return []*scan{v}
	case *join:
		if v.kind == "JOIN" || v.kind == "CROSS JOIN" {
			return append(innerScans(v.l), innerScans(v.r)...)
		}
	}
	return nil
}

// viaNamed tells that a join's condition names a hidden table on a scan's path, as the equality of units does that two keys were
// joined through.
func viaNamed(f from, s *scan) bool {
	j, ok := f.(*join)
	if !ok {
		return false
	}
	named := viaNamed(j.l, s) || viaNamed(j.r, s)
	for _, cond := range j.on {
		expr.Walk(cond, func(e expr.Expr) bool {
			if c, isColumn := e.(expr.Column); isColumn {
				for _, h := range s.via {
					named = named || c.Alias == h.alias
				}
			}
			return !named
		})
	}
	return named
}
