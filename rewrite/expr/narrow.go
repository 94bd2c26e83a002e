package expr

import (
	"math/big"
	"slices"

	"github.com/dpproxy/dpproxy/catalog"
)

// ColumnKey names a column by the alias and name that it is printed with.
type ColumnKey struct{ Alias, Name string }

// Narrow tells what a condition that holds (is true) implies of plain columns: bounds, not NULL, lists of values. It
// reads comparisons of a column with a constant, IN lists, IS NOT NULL, boolean columns, AND, and OR by the union of both
// sides. Bounds are inclusive; on whole numbers, dates and timestamps strict comparisons are made so, elsewhere they stay
// as wide.
//
// It speaks of the rows that pass the condition alone. An expression's own Domain must hold for rows that an engine sees
// before it filters, so what is narrowed here may bound keys and groups, but needs a clamp before it may bound a sum.
func Narrow(cond Expr) map[ColumnKey]Domain {
	facts := map[ColumnKey]Domain{}
	switch x := cond.(type) {
	case Column:
		facts[keyOf(x)] = Domain{Values: []string{"t"}, Lo: rat(1), Hi: rat(1)}
	case *node:
		x.narrow(facts)
	}
	return facts
}

// NarrowUnless tells what holds of plain columns where a condition is not true (false, or NULL): the other side of a comparison
// with a constant, or the column is NULL.
func NarrowUnless(cond Expr) map[ColumnKey]Domain {
	facts := map[ColumnKey]Domain{}
	n, ok := cond.(*node)
	if !ok {
		return facts
	}
	switch n.name {
	case "OR": // none of them is true
		for _, a := range n.args {
			for k, d := range NarrowUnless(a) {
				if old, ok := facts[k]; ok {
					d = old.Intersect(d)
				}
				facts[k] = d
			}
		}
	case "AND": // one of them is not true
		facts = NarrowUnless(n.args[0])
		for _, a := range n.args[1:] {
			side := NarrowUnless(a)
			for k, d := range facts {
				if other, ok := side[k]; ok {
					facts[k] = d.hull(other)
				} else {
					delete(facts, k)
				}
			}
		}
	case "NOT":
		if listsNull(n.args[0]) {
			break
		}
		for k, d := range Narrow(n.args[0]) {
			facts[k] = Domain{Nullable: true, Lo: d.Lo, Hi: d.Hi}
		}
	case "<", "<=", ">", ">=":
		other := *n
		other.name = map[string]string{"<": ">=", "<=": ">", ">": "<=", ">=": "<"}[n.name]
		other.narrowCompare(facts)
		for k, d := range facts {
			facts[k] = Domain{Nullable: true, Lo: d.Lo, Hi: d.Hi}
		}
	}
	return facts
}

// listsNull finds x IN (…, NULL), which is NULL, not false, of what the list does not hold.
func listsNull(cond Expr) bool {
	found := false
	Walk(cond, func(e Expr) bool {
		if n, ok := e.(*node); ok && n.name == "IN" {
			for _, a := range n.args[1:] {
				v, isConst := Fold(a)
				found = found || !isConst || v.Null
			}
		}
		return !found
	})
	return found
}

func keyOf(c Column) ColumnKey { return ColumnKey{Alias: c.Alias, Name: c.Name} }

func (n *node) narrow(facts map[ColumnKey]Domain) {
	switch n.name {
	case "AND":
		for _, a := range n.args {
			for k, d := range Narrow(a) {
				if old, ok := facts[k]; ok {
					d = old.Intersect(d)
				}
				facts[k] = d
			}
		}
	case "OR":
		for k, d := range Narrow(n.args[0]) {
			facts[k] = d
		}
		for _, a := range n.args[1:] {
			side := Narrow(a)
			for k, d := range facts {
				other, ok := side[k]
				if !ok {
					delete(facts, k)
					continue
				}
				facts[k] = d.hull(other)
			}
		}
	case "IS NULL":
		if c, ok := n.args[0].(Column); ok && n.negated {
			facts[keyOf(c)] = Domain{}
		}
	case "IN":
		if c, ok := columnUnder(n.args[0]); ok && !n.negated {
			n.narrowIn(c, facts)
		}
	case "NOT":
		if c, ok := n.args[0].(Column); ok {
			facts[keyOf(c)] = Domain{Values: []string{"f"}, Lo: rat(0), Hi: rat(0)}
			return
		}
		for k, d := range NarrowUnless(n.args[0]) {
			d.Nullable = false // of NULL it would be NULL
			facts[k] = d
		}
	case "=", "<", "<=", ">", ">=":
		n.narrowCompare(facts)
	}
}

// columnUnder finds the column below casts that keep order and equality.
func columnUnder(e Expr) (Column, bool) {
	switch x := e.(type) {
	case Column:
		return x, true
	case *node:
		if x.widening && len(x.args) == 1 && x.args[0].Type().Kind != catalog.Bpchar {
			return columnUnder(x.args[0])
		}
	}
	return Column{}, false
}

func (n *node) narrowIn(c Column, facts map[ColumnKey]Domain) {
	d := Domain{Values: []string{}}
	for i, e := range n.args[1:] {
		v, ok := Fold(e)
		if !ok {
			return
		}
		if v.Null {
			continue
		}
		text, ok := asColumnValue(v, c.Typ)
		if ok {
			d.Values = append(d.Values, text)
		}
		r, bounded := ratOf(v)
		if !bounded {
			continue
		}
		if i == 0 || d.Lo == nil {
			d.Lo, d.Hi = r, r
			continue
		}
		d.Lo, d.Hi = smaller(d.Lo, r), larger(d.Hi, r)
	}
	d.Values = catalog.SortValues(c.Typ, d.Values)
	facts[keyOf(c)] = d
}

// asColumnValue is a constant in a column's type, if the type has such a value.
func asColumnValue(v Const, t catalog.Type) (string, bool) {
	if v.Typ.Kind == t.Kind && !t.HasScale {
		return v.Text, true
	}
	if r, ok := ratOf(v); ok && t.HasBounds() {
		if t.CheckRat(r) != nil || t.IsFloat() {
			return "", false
		}
		return catalog.FormatRat(t, r), true
	}
	text, err := catalog.ParseValue(t, v.Text)
	return text, err == nil
}

func (n *node) narrowCompare(facts map[ColumnKey]Domain) {
	op, l := n.name, n.args[0]
	v, isConst := Fold(n.args[1])
	if !isConst {
		op, l = mirrored(op), n.args[1]
		v, isConst = Fold(n.args[0])
	}
	if !isConst || v.Null {
		return
	}
	c, ok := columnUnder(l)
	if !ok {
		narrowThrough(l, op, v, facts)
		return
	}
	if v.Typ.IsDateTime() && c.Typ.IsDateTime() && (v.Typ.Kind == dat) != (c.Typ.Kind == dat) {
		narrowDays(c, op, v, facts)
		return
	}
	d := Domain{}
	if op == "=" {
		d.Values = []string{}
		if text, ok := asColumnValue(v, c.Typ); ok && !c.Typ.IsFloat() {
			d.Values = []string{text}
		} else if c.Typ.IsFloat() {
			d.Values = nil
		}
	}
	at, bounded := ratOf(v)
	if bounded {
		d.bound(op, at, c.Typ.IsInteger() || c.Typ.IsDateTime())
	}
	facts[keyOf(c)] = d
}

// bound sets the ends that `column op at` implies.
func (d *Domain) bound(op string, at *big.Rat, whole bool) {
	switch op {
	case "=":
		d.Lo, d.Hi = at, at
	case ">", ">=":
		d.Lo = at
		if whole {
			d.Lo = ceilRat(at)
			if op == ">" && at.IsInt() {
				d.Lo = new(big.Rat).Add(at, rat(1))
			}
		}
	case "<", "<=":
		d.Hi = at
		if whole {
			d.Hi = floorRat(at)
			if op == "<" && at.IsInt() {
				d.Hi = new(big.Rat).Sub(at, rat(1))
			}
		}
	}
}

// Intersect is what is known if both domains hold.
func (d Domain) Intersect(o Domain) Domain {
	r := d
	r.Nullable = d.Nullable && o.Nullable
	if o.Lo != nil && (r.Lo == nil || r.Lo.Cmp(o.Lo) < 0) {
		r.Lo = o.Lo
	}
	if o.Hi != nil && (r.Hi == nil || r.Hi.Cmp(o.Hi) > 0) {
		r.Hi = o.Hi
	}
	if r.Step == nil || (o.Step != nil && new(big.Rat).Quo(o.Step, r.Step).IsInt()) {
		r.Step = o.Step
	}
	switch {
	case r.Values == nil:
		r.Values = o.Values
	case o.Values != nil:
		kept := []string{}
		for _, v := range r.Values {
			if slices.Contains(o.Values, v) {
				kept = append(kept, v)
			}
		}
		r.Values = kept
	}
	if r.MaxLen == 0 || (o.MaxLen > 0 && o.MaxLen < r.MaxLen) {
		r.MaxLen = o.MaxLen
	}
	return r
}

// Aligned moves bounds inward to multiples of the step, which all values are; bounds that cross by that stay as they are.
func (d Domain) Aligned() Domain {
	if d.Step == nil || d.Step.Sign() <= 0 {
		return d
	}
	out := d
	if d.Lo != nil {
		out.Lo = new(big.Rat).Mul(ceilRat(new(big.Rat).Quo(d.Lo, d.Step)), d.Step)
	}
	if d.Hi != nil {
		out.Hi = new(big.Rat).Mul(floorRat(new(big.Rat).Quo(d.Hi, d.Step)), d.Step)
	}
	if out.Bounded() && out.Lo.Cmp(out.Hi) > 0 {
		return d
	}
	return out
}

// hull is what is known if one of both domains holds.
func (d Domain) hull(o Domain) Domain {
	r := Domain{Nullable: d.Nullable || o.Nullable}
	s := union(span{lo: d.Lo, hi: d.Hi}, span{lo: o.Lo, hi: o.Hi})
	r.Lo, r.Hi, r.Step = s.lo, s.hi, commonStep(d.Step, o.Step)
	if d.Values != nil && o.Values != nil {
		r.Values = append(append([]string{}, d.Values...), o.Values...)
		slices.Sort(r.Values)
		r.Values = slices.Compact(r.Values)
	}
	if d.MaxLen > 0 && o.MaxLen > 0 {
		r.MaxLen = max(d.MaxLen, o.MaxLen)
	}
	return r
}
