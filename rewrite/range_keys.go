package rewrite

import (
	"math/big"

	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/rewrite/expr"
)

// A whole-number expression of bounded columns has a public range, and so a public list of values: age / 10, round(age, -1),
// floor(income / 50000), visit_id % 7. Those of at most maxRangeValues are public keys.
//
// A column as it is stays a private key although its bounds are public, as most of a wide range is empty and a count of units
// chooses better. Where δ is 0, and nothing could choose, it is public up to the limit on combinations.

// maxRangeValues is how many values a key of an expression's range may have.
const maxRangeValues = 200

// rangeOf lists the values of a key from its bounds; ok is false where it has none, or too many. On columns see above.
func (r *resolver) rangeOf(key expr.Expr) (values []string, ok bool) {
	d, t := r.declared(key).Domain(), key.Type()
	if d.Step = expr.StepOf(key); !d.Bounded() || d.Step == nil || d.Step.Sign() <= 0 || t.Array || !t.IsNumeric() || t.Kind == catalog.Numeric && key.Domain().Step == nil {
		return nil, false
	}
	most := int64(maxRangeValues)
	if r.stored(key) {
		if most = int64(r.maxCombinations()); r.set.Delta > 0 || !r.declaredBounds(key) {
			return nil, false
		}
	}
	first, last := new(big.Rat).Quo(d.Lo, d.Step), new(big.Rat).Quo(d.Hi, d.Step)
	from, to := roundUp(first), new(big.Int).Div(last.Num(), last.Denom())
	if n := new(big.Int).Sub(to, from); n.Sign() < 0 || n.Cmp(big.NewInt(most)) >= 0 {
		return nil, false
	}
	values = []string{}
	for at := from; at.Cmp(to) <= 0; at = new(big.Int).Add(at, big.NewInt(1)) {
		text, ok := keyText(t, new(big.Rat).Mul(new(big.Rat).SetInt(at), d.Step), key.Domain().Step)
		if !ok {
			return nil, false
		}
		values = append(values, text)
	}
	return values, true
}

// roundUp is the smallest whole number that is at least x.
func roundUp(x *big.Rat) *big.Int {
	n := new(big.Int).Add(x.Num(), x.Denom())
	return n.Sub(n, big.NewInt(1)).Div(n, x.Denom())
}

// keyText is how a key of that value is printed. Floats are listed where they are whole and exact.
func keyText(t catalog.Type, v, step *big.Rat) (string, bool) {
	switch {
	case t.IsInteger():
		return v.Num().String(), v.IsInt()
	case t.Kind == catalog.Numeric:
		digits, exact := step.FloatPrec()
		if t.HasScale {
			digits = max(t.Scale, 0)
		}
		return catalog.FormatDecimal(v, digits), exact
	}
	exact := v.IsInt() && new(big.Rat).Abs(v).Cmp(big.NewRat(1_000_000, 1)) < 0
	return catalog.FormatRat(t, v), exact
}

// stored tells that a key is a column as it is stored, possibly through sub-queries.
func (r *resolver) stored(key expr.Expr) bool {
	if r.asStored[text(key)] {
		return true
	}
	c, ok := key.(expr.Column)
	return ok && !r.computed[expr.ColumnKey{Alias: c.Alias, Name: c.Name}]
}

// noteComputed notes the output columns of a sub-query that are not columns as they are stored.
func (r *resolver) noteComputed(q *query, i int, c expr.Column) {
	if q.op == "" && q.values == nil && !r.stored(q.items[i].e) {
		r.computed[expr.ColumnKey{Alias: c.Alias, Name: c.Name}] = true
	}
}
