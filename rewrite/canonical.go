package rewrite

import (
	"fmt"
	"sort"
	"strings"

	"github.com/dpproxy/dpproxy/rewrite/expr"
)

// canon gives the rows of a measurement, and the expressions over them, one text in whichever words they were asked for. The
// text names the release; the SQL that is sent stays as it was planned.
//
//	sub-queries that only keep, rename and compute   taken apart: their WHERE is the block's, their columns are expressions
//	inner joins, hidden joins, WHERE                 one set of tables and one set of conditions
//	RIGHT JOIN                                       LEFT JOIN from the other side
//	tables                                           sorted by name, and named a01, a02, …; equal ones in the order that gives the least text
//	columns that are equal on every row              one of them stands for all
//	conditions                                       canonical (see expr.Canonical), sorted, each once; IS NOT NULL left out where it must hold
//	other sub-queries                                the same, in a text of their own
//
// Equal texts mean equal rows, keys and values: each step above is an equivalence of SQL over the declared tables. Where
// columns are clamped to what WHERE says of them, the clamp moves no row that passes, and is left out; bounds and steps of what is
// measured stand beside it in the identity. What the text cannot express makes the canon fail, and the SQL itself is the name.
type canon struct {
	r      *resolver
	outer  *canon // of a sub-query in an expression
	prefix string
	leaves map[string]*leaf     // by the alias in the SQL
	inside map[string]*derived  // sub-queries that were taken apart, by theirs
	memo   map[string]expr.Expr // what their columns stand for, under the present names
	// texts are those of sub-queries in expressions, so that nested ones are written once.
	texts map[*subQuery]expr.Expr
	root  *region
	named int
	// equal are, by canonical text, the columns that another stands for.
	equal map[string]equalTo
	fault bool
	// broken says that a sub-query's column could not be built over columns as they are declared.
	broken bool
}

// equalTo is what stands for a column: anywhere where their types are one, and else where only equality counts.
type equalTo struct {
	always, asUnit expr.Column
}

// leaf is a table, or a sub-query that stays one.
type leaf struct {
	scan  *scan
	label string
	// shown names a sub-query's columns; nil for a table.
	shown    func(column string) string
	nullable bool // an outer join can leave it out
	alias    string
}

// part is a leaf, or an outer join of two regions.
type part struct {
	leaf  *leaf
	kind  string
	l, r  *region
	on    []expr.Expr
	label string
}

// region is what inner joins make of its parts, under conditions.
type region struct {
	parts []*part
	conds []expr.Expr
}

// mostOrders bounds the orders of equal tables that are tried for one block, and mostTried those of a statement: nested blocks multiply.
const (
	mostOrders = 120
	mostTried  = 5000
)

// canonOf takes FROM and WHERE apart; nil if that cannot be done.
func (r *resolver) canonOf(f from, where []expr.Expr, outer *canon) *canon {
	c := &canon{r: r, outer: outer, prefix: "a", leaves: map[string]*leaf{}, inside: map[string]*derived{}, root: &region{}}
	if outer != nil {
		c.prefix = string(rune(outer.prefix[0] + 1))
	}
	c.fault = c.prefix > "p"
	if !c.fault && f != nil {
		c.collect(f, c.root, false)
	}
	c.root.conds = append(c.root.conds, where...)
	if c.fault {
		return nil
	}
	c.oneRow(c.root)
	c.root.sort()
	return c
}

// oneRow makes one part of two whose rows are the same: of one table, and equal in a column that the source keeps unique. The declared
// path to the unit joins a table again that a sub-query of the statement has joined.
func (c *canon) oneRow(g *region) {
	for _, p := range g.parts {
		if p.leaf == nil {
			c.oneRow(p.l)
			c.oneRow(p.r)
		}
	}
	eq := classes{}
	for _, cond := range g.conds {
		for _, t := range flattened(cond) {
			l, r, ok := equalColumns(t)
			if !ok {
				continue
			}
			a, okA := c.storedAs(l)
			b, okB := c.storedAs(r)
			if okA && okB {
				eq.union(a, b)
			}
		}
	}
	for i := 0; i < len(g.parts); i++ {
		for j := i + 1; j < len(g.parts); j++ {
			if a, b := g.parts[i].leaf, g.parts[j].leaf; c.sameRow(a, b, eq) {
				for alias, l := range c.leaves {
					if l == b {
						c.leaves[alias] = a
					}
				}
				g.parts = append(g.parts[:j], g.parts[j+1:]...)
				j--
			}
		}
	}
}

// sameRow tells that two leaves are one row.
func (c *canon) sameRow(a, b *leaf, eq classes) bool {
	if a == nil || b == nil || a.scan == nil || b.scan == nil || a.scan.table != b.scan.table {
		return false
	}
	for _, col := range a.scan.table.Columns {
		if col.Unique && eq.same(a.scan.alias+"."+col.SourceName, b.scan.alias+"."+col.SourceName) {
			return true
		}
	}
	return false
}

// storedAs names the table's column that a column is, through the sub-queries that were taken apart. Clamped it is none: two keys
// beyond a bound are equal then.
func (c *canon) storedAs(v expr.Column) (string, bool) {
	for {
		if v.Clamp {
			return "", false
		}
		d, ok := c.inside[v.Alias]
		if !ok {
			break
		}
		inner, isColumn := d.q.shows(v.Name).(expr.Column)
		if !isColumn {
			return "", false
		}
		v = inner
	}
	l, ok := c.leaves[v.Alias]
	return v.Alias + "." + v.Name, ok && l.scan != nil
}

// collect adds a part of FROM to a region.
func (c *canon) collect(f from, to *region, nullable bool) {
	switch v := f.(type) {
	case *scan:
		c.table(&scan{table: v.table, alias: v.alias}, to, nullable)
		for _, h := range v.via {
			c.table(&scan{table: h.table, alias: h.alias}, to, nullable)
			to.conds = append(to.conds, h.on)
		}
	case *join:
		c.join(v, to, nullable)
	case *derived:
		c.derived(v, to, nullable)
	case *series:
		var args []string
		for _, a := range v.args {
			args = append(args, expr.Canonical(a))
		}
		c.add(v.alias, &leaf{label: "series(" + strings.Join(args, ", ") + ") " + v.typ.String(), shown: func(n string) string { return n }, nullable: nullable}, to)
	default:
		c.fault = true
	}
}

func (c *canon) add(alias string, l *leaf, to *region) {
	c.leaves[alias] = l
	to.parts = append(to.parts, &part{leaf: l, label: l.label})
}

func (c *canon) table(s *scan, to *region, nullable bool) {
	p := expr.Printer{}
	p.Ident(s.table.Schema)
	p.WriteByte('.')
	p.Ident(s.table.SourceName)
	c.add(s.alias, &leaf{scan: s, label: p.String(), nullable: nullable}, to)
}

func (c *canon) join(j *join, to *region, nullable bool) {
	l, r := j.l, j.r
	switch j.kind {
	case "JOIN", "CROSS JOIN":
		c.collect(l, to, nullable)
		c.collect(r, to, nullable)
		to.conds = append(to.conds, j.on...)
		return
	case "RIGHT JOIN":
		l, r = r, l
	}
	out := &part{kind: "LEFT JOIN", l: &region{}, r: &region{}, on: j.on}
	if j.kind == "FULL JOIN" {
		out.kind = j.kind
	}
	c.collect(l, out.l, nullable || j.kind == "FULL JOIN")
	c.collect(r, out.r, true)
	if out.kind == "LEFT JOIN" { // a condition on the preserved side alone drops the same rows before and after the join
		to.conds = append(to.conds, out.l.conds...)
		out.l.conds = nil
	}
	to.parts = append(to.parts, out)
}

// derived takes a sub-query apart, or keeps it as a leaf.
func (c *canon) derived(d *derived, to *region, nullable bool) {
	if d.lateral || d.beside != nil {
		c.fault = true
		return
	}
	if takenApart(d.q, nullable) {
		c.inside[d.alias] = d
		c.collect(d.q.from, to, nullable)
		to.conds = append(to.conds, d.q.where...)
		return
	}
	label, shown := c.query(d.q, c.outer)
	c.add(d.alias, &leaf{label: "(" + label + ")", shown: shown, nullable: nullable}, to)
}

// takenApart tells that a sub-query only keeps rows, and computes from each of them alone. Where an outer join may put NULL in
// the place of its columns, it may not compute.
func takenApart(q *query, nullable bool) bool {
	if q.op != "" || q.values != nil || q.from == nil || q.grouped || q.distinct || q.tiedTo != nil ||
		len(q.groups)+len(q.having)+len(q.on)+len(q.order) > 0 || q.limit != nil || q.offset != nil {
		return false
	}
	ok := true
	check := func(e expr.Expr) {
		_, isColumn := e.(expr.Column)
		ok = ok && (isColumn || !nullable)
		expr.Walk(e, func(e expr.Expr) bool {
			switch e.(type) {
			case expr.Column, expr.Const:
			default:
				ok = ok && expr.Composed(e)
			}
			return ok
		})
	}
	for _, it := range q.items {
		check(it.e)
	}
	if q.unit.e != nil {
		check(q.unit.e)
	}
	return ok
}

// sort puts parts in the order of their labels.
func (g *region) sort() {
	for _, p := range g.parts {
		if p.leaf != nil {
			continue
		}
		p.l.sort()
		p.r.sort()
		p.label = "(" + p.l.labels() + " " + p.kind + " " + p.r.labels() + ")"
	}
	sort.SliceStable(g.parts, func(i, j int) bool { return g.parts[i].label < g.parts[j].label })
}

func (g *region) labels() string {
	var out []string
	for _, p := range g.parts {
		out = append(out, p.label)
	}
	return "{" + strings.Join(out, ", ") + "}"
}

// runs lists the parts, in place, that no label tells apart.
func (g *region) runs() [][]*part {
	var out [][]*part
	for i := 0; i < len(g.parts); {
		j := i + 1
		for j < len(g.parts) && g.parts[j].label == g.parts[i].label {
			j++
		}
		if j-i > 1 {
			out = append(out, g.parts[i:j])
		}
		i = j
	}
	for _, p := range g.parts {
		if p.leaf == nil {
			out = append(append(out, p.l.runs()...), p.r.runs()...)
		}
	}
	return out
}

// least chooses, among the orders of equal tables, the one under which a text is least.
func (c *canon) least(text func() string) string {
	runs := c.root.runs()
	orders := 1
	for _, run := range runs {
		for i := 2; i <= len(run) && orders <= mostOrders; i++ {
			orders *= i
		}
	}
	if c.r.tried += orders; orders == 1 {
		c.assign()
		return text()
	}
	if orders > mostOrders || c.r.tried > mostTried {
		c.assign()
		return text() // as it was written: another spelling may be another release
	}
	best, tried := "", false
	var order [][]*part
	eachOrder(runs, func() {
		c.assign()
		if t := text(); !c.fault && (!tried || t < best) {
			best, tried = t, true
			order = nil
			for _, run := range runs {
				order = append(order, append([]*part{}, run...))
			}
		}
	})
	if c.fault {
		return ""
	}
	for i, run := range order {
		copy(runs[i], run)
	}
	c.assign()
	return text()
}

// eachOrder calls f under every order of the members of each run.
func eachOrder(runs [][]*part, f func()) {
	if len(runs) == 0 {
		f()
		return
	}
	var permute func(run []*part, from int)
	permute = func(run []*part, from int) {
		if from == len(run) {
			eachOrder(runs[1:], f)
			return
		}
		for i := from; i < len(run); i++ {
			run[from], run[i] = run[i], run[from]
			permute(run, from+1)
			run[from], run[i] = run[i], run[from]
		}
	}
	permute(runs[0], 0)
}

// assign names the leaves in their order, and finds which columns are equal under these names.
func (c *canon) assign() {
	c.named, c.memo, c.texts, c.equal = 0, map[string]expr.Expr{}, map[*subQuery]expr.Expr{}, map[string]equalTo{}
	c.nameRegion(c.root)
	c.findEqual(c.root)
}

func (c *canon) nameRegion(g *region) {
	for _, p := range g.parts {
		if p.leaf == nil {
			c.nameRegion(p.l)
			c.nameRegion(p.r)
			continue
		}
		c.named++
		p.leaf.alias = fmt.Sprintf("%s%02d", c.prefix, c.named)
	}
}

// rows is the canonical text of FROM and WHERE.
func (c *canon) rows() string { return c.regionText(c.root) }

func (c *canon) regionText(g *region) string {
	var parts []string
	for _, p := range g.parts {
		if p.leaf != nil {
			parts = append(parts, p.label+" "+p.leaf.alias)
			continue
		}
		var on []string
		for _, e := range p.on {
			on = append(on, expr.Conjuncts(c.stand(e))...)
		}
		parts = append(parts, "("+c.regionText(p.l)+" "+p.kind+" "+c.regionText(p.r)+" ON "+strings.Join(expr.Once(on), " AND ")+")")
	}
	return "{" + strings.Join(parts, ", ") + " WHERE " + strings.Join(c.conditions(g), " AND ") + "}"
}
