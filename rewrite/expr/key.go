package expr

import (
	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/refusal"
)

// GroupKey makes a key canonical, so that equal keys print alike whatever row represents the group, else the form of a
// value (1.0 or 1.00, −0 or 0) would tell which row it came from:
//
//   - whole numbers that were widened inside come back to their type (NULL where they do not fit);
//   - numeric with a known number of decimals shows that many, other numeric none at its end;
//   - floats add 0.0, which makes −0 to 0;
//   - char(n) becomes text without blanks; untyped literals become text.
//
// interval (30 days equal a month), json, bytea and arrays are refused.
func GroupKey(e Expr) (Expr, error) {
	b := &Builder{Mode: Private}
	t := e.Type()
	if t.Array {
		return nil, keyRefused(e)
	}
	switch t.Kind {
	case catalog.Unknown:
		return b.Coerce(e, catalog.Of(txt), -1)
	case catalog.Bpchar:
		return b.convert(e, catalog.Of(txt), -1)
	case catalog.JSON, catalog.JSONB, catalog.Bytea, itv, catalog.Unsupported:
		return nil, keyRefused(e)
	case num:
		return numericKey(e)
	case f4, f8:
		zero := Const{Typ: plain(t), Text: "0", Pos: -1}
		return rewrapped(e, zero)
	case i2, i4, i8:
		if reprOf(e) != t.Kind {
			return intKey(e, t)
		}
	}
	return e, nil
}

func keyRefused(e Expr) error {
	return refusal.New(refusal.NotSupported, "a value of type %s cannot be a grouping key, nor counted as different", bareName(e.Type())).
		WithHint("Group by a number, a date or a text made of it, such as extract(epoch from …).")
}

// intKey brings a widened key back into its type.
func intKey(e Expr, t catalog.Type) (Expr, error) {
	n := (&Builder{Mode: Private}).newNode("key", t, []Expr{e}, -1, func(args []Expr) (Expr, error) { return GroupKey(args[0]) })
	n.shown[0] = narrowed(e, t.Kind)
	lo, hi, _ := t.Range()
	told := bounded(reported(e), lo, hi)
	n.tell(told, spanOf(e).cut(lo, hi))
	n.dom.Nullable, n.dom.Step, n.dom.Values = true, stepOr1(e), e.Domain().Values
	n.write = templates("$1", "$1")
	return n.finish()
}

// rewrapped is `e + 0.0`.
func rewrapped(e Expr, zero Const) (Expr, error) {
	n := (&Builder{Mode: Private}).newNode("key", plain(e.Type()), []Expr{e}, -1, func(args []Expr) (Expr, error) { return GroupKey(args[0]) })
	in := spanOf(e)
	n.dom, n.in = e.Domain(), &in
	n.shown = []Expr{e, zero}
	n.write = templates("($1 + $2)", "($1 + $2)")
	for i, v := range n.dom.Values {
		if v == "-0" {
			n.dom.Values = append([]string{}, n.dom.Values...)
			n.dom.Values[i] = "0"
		}
	}
	n.dom.Values = sorted(n.typ, n.dom.Values)
	return n.finish()
}

func sorted(t catalog.Type, values []string) []string {
	if values == nil {
		return nil
	}
	return catalog.SortValues(t, values)
}

// numericKey shows a fixed number of decimals where the step tells it, else as few as needed.
func numericKey(e Expr) (Expr, error) {
	if c, ok := e.(Column); ok && c.Typ.HasScale && c.Typ.Scale >= 0 {
		return e, nil
	}
	n := (&Builder{Mode: Private}).newNode("key", plain(e.Type()), []Expr{e}, -1, func(args []Expr) (Expr, error) { return GroupKey(args[0]) })
	in := spanOf(e)
	n.dom, n.in = e.Domain(), &in
	n.dom.Step = stepFor(e)
	scale, fixed := 0, false
	if n.dom.Step != nil {
		scale, fixed = decimals(n.dom.Step)
	}
	pg := "trim_scale($1)"
	if fixed {
		pg = "round($1, " + itoa(int64(scale)) + ")"
	}
	n.write = templates(pg, "$1")
	if n.dom.Values == nil {
		return n.finish()
	}
	values := []string{}
	for _, v := range n.dom.Values {
		r, ok := ratOf(Const{Typ: n.typ, Text: v})
		if !ok {
			values = append(values, v) // NaN
			continue
		}
		digits := scale
		if !fixed {
			if digits, ok = decimals(r); !ok {
				n.dom.Values = nil
				return n.finish()
			}
		}
		values = append(values, catalog.FormatDecimal(r, digits))
	}
	n.dom.Values = sorted(n.typ, values)
	return n.finish()
}
