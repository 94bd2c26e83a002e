package rewrite

import (
	"strconv"

	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/refusal"
	"github.com/dpproxy/dpproxy/rewrite/expr"
	"github.com/dpproxy/dpproxy/rewrite/syntax"
)

// GroupingSets measures each grouping set of a block on its own, by its own keys, and shares the query's loss over them. The
// outer query reads their results as one relation, with NULL for the keys that a set lacks, as PostgreSQL does:
//
//	(SELECT k1, k2, 0 AS g1, 0 AS g2, v1 FROM released_1
//	 UNION ALL SELECT k1, NULL, 0, 1, v1 FROM released_2) AS r1
//
// GROUPING(a, b) is made of g1 and g2. Sets that are written twice are measured once. Over public and released rows the engine
// does all that.

// maxGroupingSets bounds the measurements of one block.
const maxGroupingSets = 64

// keysAndSets resolves GROUP BY: all keys, and the grouping sets as indexes into them, nil for one set of all keys.
func (r *resolver) keysAndSets(s *syntax.SelectStmt, rows *exprContext) ([]groupKey, [][]int, error) {
	k := &keyList{r: r, s: s, rows: rows}
	sets, plain := [][]int{{}}, true
	for _, n := range s.GroupClause {
		plain = plain && n.GetGroupingSet() == nil
		item, err := k.expand(n)
		if err != nil {
			return nil, nil, err
		}
		var next [][]int
		for _, a := range sets {
			for _, b := range item {
				next = append(next, union(a, b))
			}
		}
		if sets = next; len(sets) > maxGroupingSets {
			return nil, nil, k.tooMany()
		}
	}
	if plain || len(sets) == 1 && len(sets[0]) == len(k.keys) {
		return k.keys, nil, nil
	}
	if s.GroupDistinct {
		sets = different(sets)
	}
	return k.keys, sets, nil
}

// keyList collects the keys of a GROUP BY clause, each once.
type keyList struct {
	r    *resolver
	s    *syntax.SelectStmt
	rows *exprContext
	keys []groupKey
}

func (k *keyList) tooMany() error {
	return k.r.fail(refusal.ProgramLimitExceeded, -1, "the query has more than %d grouping sets", maxGroupingSets).
		WithHint("Ask for fewer sets of keys in one query.")
}

// expand lists the grouping sets that one item of GROUP BY stands for.
func (k *keyList) expand(n *syntax.Node) ([][]int, error) {
	if row := n.GetRowExpr(); row != nil && row.RowFormat == syntax.COERCE_IMPLICIT_CAST {
		return k.oneSet(row.Args)
	}
	set := n.GetGroupingSet()
	if set == nil {
		return k.oneSet([]*syntax.Node{n})
	}
	switch set.Kind {
	case syntax.GROUPING_SET_EMPTY:
		return [][]int{{}}, nil
	case syntax.GROUPING_SET_ROLLUP:
		return k.rollup(set.Content)
	case syntax.GROUPING_SET_CUBE:
		return k.cube(set.Content)
	}
	var out [][]int
	for _, c := range set.Content {
		sets, err := k.expand(c)
		if err != nil {
			return nil, err
		}
		out = append(out, sets...)
	}
	if len(out) > maxGroupingSets {
		return nil, k.tooMany()
	}
	return out, nil
}

// oneSet is the set of some expressions.
func (k *keyList) oneSet(nodes []*syntax.Node) ([][]int, error) {
	set := []int{}
	for _, n := range nodes {
		key, err := k.r.groupKey(k.s, n, k.rows)
		if err != nil {
			return nil, err
		}
		at := -1
		for i, have := range k.keys {
			if have.text == key.text {
				at = i
			}
		}
		if at < 0 {
			at = len(k.keys)
			k.keys = append(k.keys, key)
		}
		set = union(set, []int{at})
	}
	return [][]int{set}, nil
}

// elements are the sets of ROLLUP's and CUBE's elements.
func (k *keyList) elements(content []*syntax.Node) ([][]int, error) {
	var out [][]int
	for _, c := range content {
		sets, err := k.expand(c)
		if err != nil {
			return nil, err
		}
		out = append(out, sets...)
	}
	return out, nil
}

// rollup is all first elements: (a, b), (a), ().
func (k *keyList) rollup(content []*syntax.Node) ([][]int, error) {
	elements, err := k.elements(content)
	if err != nil {
		return nil, err
	}
	var out [][]int
	for n := len(elements); n >= 0; n-- {
		set := []int{}
		for _, e := range elements[:n] {
			set = union(set, e)
		}
		out = append(out, set)
	}
	return out, nil
}

// cube is all subsets of the elements.
func (k *keyList) cube(content []*syntax.Node) ([][]int, error) {
	elements, err := k.elements(content)
	if err != nil {
		return nil, err
	}
	if len(elements) > 6 {
		return nil, k.tooMany()
	}
	var out [][]int
	for bits := 1<<len(elements) - 1; bits >= 0; bits-- {
		set := []int{}
		for i, e := range elements {
			if bits&(1<<(len(elements)-1-i)) != 0 {
				set = union(set, e)
			}
		}
		out = append(out, set)
	}
	return out, nil
}

func union(a, b []int) []int {
	out := append([]int{}, a...)
	for _, x := range b {
		if !holds(out, x) {
			out = append(out, x)
		}
	}
	return out
}

func holds(set []int, x int) bool {
	for _, have := range set {
		if have == x {
			return true
		}
	}
	return false
}

func sameSet(a, b []int) bool {
	for _, x := range a {
		if !holds(b, x) {
			return false
		}
	}
	return len(a) == len(b)
}

func different(sets [][]int) [][]int {
	var out [][]int
	for _, s := range sets {
		known := false
		for _, have := range out {
			known = known || sameSet(s, have)
		}
		if !known {
			out = append(out, s)
		}
	}
	return out
}

// releasedSet is the result of one grouping set.
type releasedSet struct {
	d    *draft
	keys []int // of the block's keys
}

// measureSets makes a draft for each set of a block whose template was made by measure.
func (r *resolver) measureSets(template *draft, sets [][]int) []releasedSet {
	r.rule("GroupingSets")
	var out []releasedSet
	for _, set := range sets {
		found := false
		for _, have := range out {
			if found = sameSet(set, have.keys); found {
				out = append(out, have)
				break
			}
		}
		if found {
			continue
		}
		d := *template
		d.name = "released_" + strconv.Itoa(len(r.drafts)+1)
		d.where = append([]expr.Expr{}, template.where...)
		d.keys = nil
		for i, k := range template.keys {
			if holds(set, i) {
				d.keys = append(d.keys, k)
			}
		}
		r.drafts = append(r.drafts, &d)
		out = append(out, releasedSet{d: &d, keys: set})
	}
	return out
}

// spread gives the sets what was asked of their block.
func (ref *releasedRef) spread() {
	if len(ref.sets) > 0 && len(ref.d.calls) == 0 {
		ref.d.column(unitCount(), "") // a relation needs a column, and the set of no keys has none
	}
	for _, s := range ref.sets {
		s.d.calls, s.d.cols = append([]*call{}, ref.d.calls...), append([]draftColumn{}, ref.d.cols...)
	}
}

// printSets prints the results of all sets as one relation.
func (ref *releasedRef) printSets(p *expr.Printer) {
	p.WriteByte('(')
	for i, s := range ref.sets {
		if i > 0 {
			p.WriteString(" UNION ALL ")
		}
		p.WriteString(`SELECT 0 AS "g0"`)
		for j, k := range ref.d.keys {
			p.WriteString(", ")
			if holds(s.keys, j) {
				p.Ident(k.column)
				p.WriteString(`, 0 AS "g` + strconv.Itoa(j+1) + `"`)
				continue
			}
			p.Expr(expr.Const{Typ: keyType(k.e), Null: true, Pos: -1})
			p.WriteString(" AS ")
			p.Ident(k.column)
			p.WriteString(`, 1 AS "g` + strconv.Itoa(j+1) + `"`)
		}
		for _, c := range ref.d.cols {
			p.WriteString(", ")
			p.Ident(c.name)
		}
		p.WriteString(" FROM ")
		p.Ident(s.d.name)
	}
	p.WriteString(") AS ")
	p.Ident(ref.alias)
}

// groupingFunc resolves GROUPING(a, b): which keys are not part of a row's grouping set, a bit each.
func (c *exprContext) groupingFunc(v *syntax.GroupingFunc) (expr.Expr, error) {
	if c.group == nil {
		return nil, c.fail(refusal.GroupingError, v.Location, "GROUPING is not allowed in %s", c.clause)
	}
	if len(v.Args) > 31 {
		return nil, c.fail(refusal.ProgramLimitExceeded, v.Location, "GROUPING must have fewer than 32 arguments")
	}
	whole := func(n int) expr.Expr {
		return expr.Const{Typ: catalog.Of(catalog.Int4), Text: strconv.Itoa(n), Pos: int(v.Location)}
	}
	out := whole(0)
	native := groupingCall{}
	for _, a := range v.Args {
		at := c.group.keyIndex(c, a)
		if at < 0 {
			return nil, c.fail(refusal.GroupingError, v.Location, "arguments to GROUPING must be grouping expressions of the associated query level")
		}
		native.keys = append(native.keys, c.group.keys[at].e)
		if c.group.sets == nil || c.group.draft == nil {
			continue
		}
		bit := expr.Column{Alias: c.group.draft.alias, Name: "g" + strconv.Itoa(at+1), Typ: catalog.Of(catalog.Int4)}
		twice, err := c.b.Op("*", out, whole(2), int(v.Location))
		if err == nil {
			out, err = c.b.Op("+", twice, bit, int(v.Location))
		}
		if err != nil {
			return c.done(nil, err, v.Location)
		}
	}
	if c.group.sets != nil && c.group.draft == nil {
		return native, nil
	}
	return out, nil
}

// keyIndex finds the key that an expression is, or -1.
func (g *grouping) keyIndex(c *exprContext, n *syntax.Node) int {
	depth := c.r.depth
	e, err := g.inner.resolve(n)
	c.r.depth = depth
	if err != nil {
		return -1
	}
	t := text(e)
	for i, k := range g.keys {
		if k.text == t {
			return i
		}
	}
	return -1
}

// groupingCall is GROUPING over public and released rows, which the engine computes.
type groupingCall struct{ keys []expr.Expr }

func (g groupingCall) Type() catalog.Type    { return catalog.Of(catalog.Int4) }
func (g groupingCall) Domain() expr.Domain   { return expr.Domain{} }
func (g groupingCall) Children() []expr.Expr { return g.keys }

// WithChildren rebuilds the call over other operands.
func (g groupingCall) WithChildren(children []expr.Expr) expr.Expr {
	return groupingCall{keys: children}
}

func (g groupingCall) Print(p *expr.Printer) {
	p.WriteString("CAST(GROUPING(")
	printList(p, g.keys)
	p.WriteString(") AS integer)")
}

// printGroupBy prints the GROUP BY of a block that the engine groups.
func printGroupBy(p *expr.Printer, q *query) {
	if q.sets == nil {
		if len(q.groups) > 0 {
			p.WriteString(" GROUP BY ")
			printList(p, q.groups)
		}
		return
	}
	p.WriteString(" GROUP BY GROUPING SETS (")
	for i, set := range q.sets {
		if i > 0 {
			p.WriteString(", ")
		}
		p.WriteByte('(')
		var keys []expr.Expr
		for _, k := range set {
			keys = append(keys, q.groups[k])
		}
		printList(p, keys)
		p.WriteByte(')')
	}
	p.WriteByte(')')
}
