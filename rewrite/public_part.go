package rewrite

import (
	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/rewrite/expr"
)

// What is left of a FROM clause when its private rows are taken out: public relations, of which each joined row holds a row, or
// NULLs. Whatever is stored in private tables, the values of the public columns of a joined row are those of one combination of
// their rows that meets the conditions; so they can be listed by a query over public tables alone (see rule_read_keys.go).
//
//	Public FROM item             → itself
//	private table                → nothing
//	sub-query over private rows  → a sub-query over its public part, with NULL in the place of private columns
//	l JOIN r                     → both parts, and the conditions over public columns
//	l LEFT JOIN r                → l's part and, with a row of NULLs besides, r's: conditions fall, as an unmatched row meets none
//
// It may list more than there is, as conditions over private columns are left out, and never less.
type publicPart struct {
	items []*publicItem
	conds []expr.Expr // over public columns alone
}

// publicItem is one public relation of it.
type publicItem struct {
	f       from
	aliases map[string]bool         // that its columns are read under
	hidden  map[expr.ColumnKey]bool // columns that are not public: NULL stands for them
}

// nullExtended is a public relation with a row of NULLs besides, as an outer join adds it.
type nullExtended struct {
	f     from
	alias string
}

func (*nullExtended) property() Property { return Public }

func (n *nullExtended) print(p *expr.Printer) {
	p.WriteByte('(')
	printFrom(p, n.f)
	p.WriteString(` FULL JOIN (SELECT 1 AS "c1") AS `)
	p.Ident(n.alias)
	p.WriteString(" ON (1 = 0))")
}

// publicPartOf takes the private rows out of a block.
func (r *resolver) publicPartOf(f from, where []expr.Expr, tied []pair) *publicPart {
	p := r.publicPart(f)
	for _, c := range where {
		if p.holds(c) {
			p.conds = append(p.conds, c)
		}
	}
	p.tie(r.equalsOf(f, append(innerPairs(f), tied...)))
	return p
}

func (r *resolver) publicPart(f from) *publicPart {
	switch v := f.(type) {
	case *scan, *series:
		if f.property() == Public {
			return wholePart(f)
		}
	case *derived:
		if v.lateral || v.q.prop == Released {
			return &publicPart{}
		}
		if v.q.prop == Public {
			return wholePart(f)
		}
		return r.publicPartOfQuery(v)
	case *join:
		if v.property() == Public && selfContained(v) {
			return wholePart(f)
		}
		return r.publicPartOfJoin(v)
	}
	return &publicPart{}
}

func wholePart(f from) *publicPart {
	i := &publicItem{f: f, aliases: map[string]bool{}}
	aliasesOf(f, i.aliases)
	return &publicPart{items: []*publicItem{i}}
}

// publicPartOfQuery makes a sub-query over public rows of one over private rows, under the same alias.
func (r *resolver) publicPartOfQuery(d *derived) *publicPart {
	q, public := r.publicQuery(d.q)
	if q == nil {
		return &publicPart{}
	}
	i := &publicItem{f: &derived{q: q, alias: d.alias}, aliases: map[string]bool{d.alias: true}, hidden: map[expr.ColumnKey]bool{}}
	i.hidden[expr.ColumnKey{Alias: d.alias, Name: "u"}] = true
	for c, ok := range public {
		if !ok {
			i.hidden[expr.ColumnKey{Alias: d.alias, Name: columnName(c)}] = true
		}
	}
	return &publicPart{items: []*publicItem{i}}
}

// publicQuery lists the public columns of a query over private rows; nil if it has none. What it groups by is as it was, and how
// often a row comes does not matter.
func (r *resolver) publicQuery(q *query) (*query, []bool) {
	if q.op != "" {
		l, inLeft := r.publicQuery(q.left)
		rt, inRight := r.publicQuery(q.right)
		if l == nil || rt == nil {
			return nil, nil
		}
		any := false
		for i := range inLeft {
			inLeft[i] = inLeft[i] && inRight[i]
			any = any || inLeft[i]
		}
		if !any {
			return nil, nil
		}
		return &query{op: "UNION", all: true, left: l, right: rt, prop: Public}, inLeft
	}
	if q.values != nil || q.from == nil || q.prop != Protected {
		return nil, nil
	}
	p := r.publicPartOf(q.from, q.where, q.tied)
	out, public := &query{distinct: true, prop: Public}, make([]bool, len(q.items))
	var shown []expr.Expr
	for i, it := range q.items {
		e := it.e
		if public[i] = p.holds(e); public[i] {
			shown = append(shown, e)
		} else {
			e = expr.Const{Typ: catalog.Type{Kind: e.Type().Kind, Array: e.Type().Array}, Null: true, Pos: -1}
		}
		out.items = append(out.items, item{name: it.name, e: e})
	}
	if len(shown) == 0 {
		return nil, nil
	}
	out.from, out.where = p.with(shown)
	return out, public
}

func (r *resolver) publicPartOfJoin(j *join) *publicPart {
	l, rt := r.publicPart(j.l), r.publicPart(j.r)
	out := &publicPart{}
	switch j.kind {
	case "JOIN", "CROSS JOIN":
		out.items = append(append(out.items, l.items...), rt.items...)
		out.conds = append(append(out.conds, l.conds...), rt.conds...)
		for _, c := range j.on {
			if out.holds(c) {
				out.conds = append(out.conds, c)
			}
		}
	case "LEFT JOIN":
		return r.preserving(l, j.r, rt, j)
	case "RIGHT JOIN":
		return r.preserving(rt, j.l, l, j)
	default:
		out.items = append(r.nullExtend(l), r.nullExtend(rt)...)
	}
	return out
}

// preserving is an outer join that keeps all rows of one side, and fills the other with NULL where it finds none.
func (r *resolver) preserving(kept *publicPart, side from, filled *publicPart, j *join) *publicPart {
	all := &publicPart{items: append(append([]*publicItem{}, kept.items...), filled.items...)}
	public := side.property() == Public && len(filled.items) == 1 && len(j.on) > 0
	for _, c := range j.on {
		public = public && all.holds(c)
	}
	var beside, rest []*publicItem
	for _, i := range kept.items {
		if mentioned(i, j.on) {
			beside = append(beside, i)
		} else {
			rest = append(rest, i)
		}
	}
	if !public || len(beside) == 0 {
		return &publicPart{items: append(append([]*publicItem{}, kept.items...), r.nullExtend(filled)...), conds: kept.conds}
	}
	one := wholePart(&join{kind: "LEFT JOIN", l: product(beside), r: side, on: j.on}).items[0]
	one.hidden = map[expr.ColumnKey]bool{}
	for _, i := range append(beside, filled.items...) {
		for k := range i.hidden {
			one.hidden[k] = true
		}
	}
	return &publicPart{items: append(rest, one), conds: kept.conds}
}

func (r *resolver) nullExtend(p *publicPart) []*publicItem {
	var out []*publicItem
	for _, i := range p.items {
		out = append(out, &publicItem{f: &nullExtended{f: i.f, alias: r.alias("n")}, aliases: i.aliases, hidden: i.hidden})
	}
	return out
}

// product is the product of items.
func product(items []*publicItem) from {
	var out from
	for _, i := range items {
		if out == nil {
			out = i.f
		} else {
			out = &join{kind: "CROSS JOIN", l: out, r: i.f}
		}
	}
	return out
}

// with gives the relations that decide the values of expressions, and the conditions over them.
func (p *publicPart) with(es []expr.Expr) (from, []expr.Expr) {
	items := p.reached(es)
	var where []expr.Expr
	for _, c := range p.conds {
		for _, i := range items {
			if mentioned(i, []expr.Expr{c}) {
				where = append(where, c)
				break
			}
		}
	}
	return product(items), where
}

// reached are the items that expressions read, and those that conditions tie to these.
func (p *publicPart) reached(es []expr.Expr) []*publicItem {
	in := make([]bool, len(p.items))
	for i, it := range p.items {
		in[i] = mentioned(it, es)
	}
	for changed := true; changed; {
		changed = false
		for _, c := range p.conds {
			touches := false
			for i, it := range p.items {
				touches = touches || in[i] && mentioned(it, []expr.Expr{c})
			}
			for i, it := range p.items {
				if touches && !in[i] && mentioned(it, []expr.Expr{c}) {
					in[i], changed = true, true
				}
			}
		}
	}
	var out []*publicItem
	for i, it := range p.items {
		if in[i] {
			out = append(out, it)
		}
	}
	return out
}
