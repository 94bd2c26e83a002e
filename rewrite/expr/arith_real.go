package expr

import (
	"math"
	"math/big"

	"github.com/dpproxy/dpproxy/catalog"
)

// realLimit is the largest magnitude that a private result may reach: below it, neither engine overflows.
func realLimit(k catalog.Kind) *big.Rat {
	if k == f4 {
		return pow2(120)
	}
	return pow2(1000)
}

// tiny is the magnitude from which on products of a few factors cannot underflow to 0, which PostgreSQL calls an error.
func tiny(k catalog.Kind) *big.Rat {
	if k == f4 {
		return pow2(-60)
	}
	return pow2(-500)
}

// smallest is the smallest positive float that a result may be without rounding to 0.
func smallest(k catalog.Kind) *big.Rat {
	if k == f4 {
		return pow2(-126)
	}
	return pow2(-1022)
}

// minAbs is the smallest magnitude of an expression's values other than 0.
func minAbs(e Expr) *big.Rat {
	s := spanOf(e)
	if !s.odd() && s.lo != nil && s.lo.Sign() > 0 {
		return s.lo
	}
	if !s.odd() && s.hi != nil && s.hi.Sign() < 0 {
		return new(big.Rat).Neg(s.hi)
	}
	if step := stepFor(e); step != nil && step.Sign() > 0 {
		return step
	}
	if e.Type().Kind == f4 {
		return pow2(-149)
	}
	return pow2(-1074)
}

// apartFromZero is a span of which values nearer to zero than m are left out: its negative and its positive part.
func apartFromZero(s span, m *big.Rat) []span {
	if s.lo == nil || s.hi == nil {
		return nil
	}
	var parts []span
	if s.hi.Cmp(m) >= 0 {
		parts = append(parts, span{lo: larger(s.lo, m), hi: s.hi})
	}
	if n := new(big.Rat).Neg(m); s.lo.Cmp(n) <= 0 {
		parts = append(parts, span{lo: s.lo, hi: smaller(s.hi, n)})
	}
	return parts
}

// quoApart divides by a divisor that is 0 or at least m in magnitude.
func quoApart(a, b span, m *big.Rat) span {
	var s span
	for i, part := range apartFromZero(b, m) {
		q := quo(a, part)
		if i == 0 {
			s = q
		} else {
			s = union(s, q)
		}
	}
	s = s.wild(a, b)
	return s
}

// buildNumeric makes + - * / % and div over numeric total. Unlimited numeric can overflow too, so operands need bounds;
// numeric(p, s) brings its own.
func buildNumeric(op string) func(n *node) error {
	return func(n *node) error {
		a, b := n.args[0], n.args[1]
		told, in := numericSpan(op, reported(a), reported(b), b), numericSpan(op, spanOf(a), spanOf(b), b)
		if sa, sb := stepFor(a), stepFor(b); sa != nil && sb != nil {
			switch op {
			case "*":
				n.dom.Step = new(big.Rat).Mul(sa, sb)
			case "+", "-", "%":
				n.dom.Step = commonStep(sa, sb)
			}
		}
		if op == "div" {
			n.dom.Step = rat(1)
		}
		n.tell(told, in)
		if n.mode == Private {
			if err := n.guardNumeric(op); err != nil {
				return err
			}
		}
		if !n.inDecimals(op) {
			n.tell(told.outward(num), in.outward(num))
		}
		n.write = writeNumeric(op)
		return nil
	}
}

func numericSpan(op string, a, b span, divisor Expr) span {
	switch op {
	case "+", "-", "*":
		return intSpan(op, a, b)
	case "/":
		if step := stepFor(divisor); step != nil {
			return quoApart(a, b, step)
		}
		return quo(a, b)
	case "div":
		if step := stepFor(divisor); step != nil {
			return quoApart(a, b, step).mapEnds(truncRat)
		}
		return quo(a, b).mapEnds(truncRat)
	}
	var m *big.Rat
	if b.lo != nil && b.hi != nil {
		m = b.maxAbs()
	}
	s := remainderWithin(a, m)
	s = s.wild(a, b)
	return s
}

// inDecimals tells that DuckDB computes the node in DECIMALs: operands and result are such, and, where it brings the operands to
// the result's scale (all but *), they still have 38 digits at most. Everything else is a DOUBLE.
func (n *node) inDecimals(op string) bool {
	_, s, ok := decimalOf(n)
	if !ok || op == "/" || op == "div" {
		return false
	}
	for _, e := range n.args {
		wa, sa, ok := decimalOf(e)
		if !ok || op != "*" && wa-sa+s > maxDigits {
			return false
		}
	}
	return true
}

func (n *node) guardNumeric(op string) error {
	limit := realLimit(f8)
	low := new(big.Rat).Neg(limit)
	for i, a := range n.args {
		if i == 1 && op != "+" && op != "-" && op != "*" {
			break // a divisor may be as large as it likes
		}
		if s := spanOf(a); s.lo == nil || s.hi == nil || s.lo.Cmp(low) < 0 || s.hi.Cmp(limit) > 0 {
			return unboundedError(a, ", so "+Label(n)+" could overflow", n.pos)
		}
	}
	if n.in.lo != nil && n.in.hi != nil && n.in.maxAbs().Cmp(limit) > 0 {
		return unboundedError(n, " that a number can hold", n.pos)
	}
	if op != "+" && op != "-" && op != "*" && spanOf(n.args[1]).has(rat(0)) {
		n.nullIfZero(1)
	}
	return nil
}

func writeNumeric(op string) func(p *Printer, n *node) {
	return func(p *Printer, n *node) {
		if p.Dialect == PostgreSQL {
			if op == "div" {
				p.template("div($1, $2)", n.shown)
			} else {
				p.template("($1 "+op+" $2)", n.shown)
			}
			return
		}
		w, s, _ := decimalOf(n)
		if !n.inDecimals(op) {
			if op == "div" {
				p.template("trunc(#1 / #2)", n.shown)
			} else {
				p.template("(#1 "+op+" #2)", n.shown)
			}
			return
		}
		p.WriteByte('(')
		for i, a := range n.shown {
			if i > 0 {
				p.WriteString(" " + op + " ")
			}
			wa, sa, _ := decimalOf(n.args[i])
			if op != "*" {
				wa, sa = max(w, wa-sa+s), s
			} else if w > 18 {
				wa = max(wa, 19) // else DuckDB multiplies in 64 bits and fails
			}
			p.cast(a, duckType(catalog.Type{Kind: num, Precision: wa, Scale: sa, HasScale: true}))
		}
		p.WriteByte(')')
	}
}

// buildFloat makes + - * / over floats total: PostgreSQL fails on overflow and where a product or quotient of values other
// than 0 underflows to 0. So operands must be bounded; magnitudes near 0 that could underflow count as 0 (below 2⁻⁵⁰⁰ for
// float8), and a divisor too near to 0 gives NULL.
func buildFloat(op string) func(n *node) error {
	return func(n *node) error {
		a, b := n.args[0], n.args[1]
		k := n.typ.Kind
		in, told := floatSpan(op, spanOf(a), spanOf(b), b), floatSpan(op, reported(a), reported(b), b)
		n.tell(told.outward(k), in.outward(k))
		n.dom.Step = wholeFloats(op, a, b, *n.in, k)
		if n.mode == Public {
			return nil
		}
		for _, e := range n.args {
			if s := spanOf(e); !s.bounded() {
				return unboundedError(e, ", so "+Label(n)+" could overflow", n.pos)
			}
		}
		switch op {
		case "*":
			if new(big.Rat).Mul(minAbs(a), minAbs(b)).Cmp(smallest(k)) < 0 {
				n.flush(0, tiny(k))
				n.flush(1, tiny(k))
			}
		case "/":
			n.guardDivision(k)
		}
		limit := realLimit(k)
		if !n.in.within(new(big.Rat).Neg(limit), limit) {
			return unboundedError(n, " that a number can hold", n.pos)
		}
		return nil
	}
}

// wholeFloats is the step of + - * over whole numbers that floats hold exactly: floor(age / 10) * 10 has step 10.
func wholeFloats(op string, a, b Expr, in span, k catalog.Kind) *big.Rat {
	most := pow2(53)
	if k == f4 {
		most = pow2(24)
	}
	x, y := wholeStep(a), wholeStep(b)
	if x == nil || y == nil || !in.within(new(big.Rat).Neg(most), most) {
		return nil
	}
	switch op {
	case "*":
		return new(big.Rat).Mul(x, y)
	case "+", "-":
		return commonStep(x, y)
	}
	return nil
}

// wholeStep is a step that is a whole number; a constant is its own.
func wholeStep(e Expr) *big.Rat {
	if c, ok := Fold(e); ok && !c.Null {
		if r, ok := ratOf(c); ok && r.IsInt() && r.Sign() != 0 {
			return r.Abs(new(big.Rat).Set(r))
		}
	}
	if s := stepFor(e); s != nil && s.IsInt() && s.Sign() > 0 {
		return s
	}
	return nil
}

func floatSpan(op string, a, b span, divisor Expr) span {
	if op != "/" {
		return intSpan(op, a, b)
	}
	if m := minAbs(divisor); m.Cmp(pow2(-1000)) > 0 {
		return quoApart(a, b, m)
	}
	return quo(a, b)
}

// flush makes magnitudes below t count as 0, on the engine that fails on underflow.
func (n *node) flush(i int, t *big.Rat) {
	e := n.shown[i]
	if minAbs(n.args[i]).Cmp(t) >= 0 {
		return
	}
	typ := typeSQL(e.Type(), PostgreSQL)
	cond := "abs($1) < " + floatLiteral(t, e.Type())
	g := guarded(e, "CASE WHEN "+cond+" THEN '0'::"+typ+" ELSE $1 END", "$1", 2)
	g.dom.Nullable = e.Domain().Nullable
	n.shown[i] = g
}

func floatLiteral(r *big.Rat, t catalog.Type) string {
	return "'" + catalog.FormatRat(catalog.Of(t.Kind), r) + "'::" + typeSQL(catalog.Of(t.Kind), PostgreSQL)
}

func (n *node) guardDivision(k catalog.Kind) {
	a, b := n.args[0], n.args[1]
	top, near := spanOf(a).maxAbs(), minAbs(b)
	limit := realLimit(k)
	if new(big.Rat).Quo(top, near).Cmp(limit) > 0 {
		// Too near to zero: the quotient would overflow.
		t := new(big.Rat).Mul(larger(top, rat(1)), pow2(2))
		t.Quo(t, limit)
		n.guard(1, "abs($1) >= "+floatLiteral(t, b.Type()))
		in := quoApart(spanOf(a), spanOf(b), new(big.Rat).Quo(t, rat(2))).outward(k)
		n.in = &in
		if in.lo == nil && in.hi == nil { // no divisor is left
			n.in = &span{lo: rat(0), hi: rat(0)}
		}
	} else if spanOf(b).has(rat(0)) {
		n.nullIfZero(1)
		if in := quoApart(spanOf(a), spanOf(b), near).outward(k); in.bounded() {
			n.in = &in
		} else {
			n.in = &span{lo: rat(0), hi: rat(0)}
		}
	}
	if t := new(big.Rat).Mul(larger(spanOf(b).maxAbs(), rat(1)), smallest(k)); minAbs(a).Cmp(t) < 0 {
		n.flush(0, t.Mul(t, rat(4)))
	}
}

// buildPower makes power total: base and exponent bounded so that the result is neither too large nor too small; a
// negative base with a broken exponent, and 0 with a negative one, give NULL.
func buildPower(n *node) error {
	n.in = &span{over: true, under: true}
	if n.mode == Public {
		return nil
	}
	base, exponent := n.args[0], n.args[1]
	for _, e := range n.args {
		if !spanOf(e).bounded() {
			return unboundedError(e, ", so "+Label(n)+" could overflow", n.pos)
		}
	}
	sb, se := spanOf(base), spanOf(exponent)
	constant := se.lo.Cmp(se.hi) == 0
	whole := constant && se.lo.IsInt()
	near, floor := minAbs(base), nearestPower(larger(new(big.Rat).Abs(se.lo), new(big.Rat).Abs(se.hi)))
	close := near.Cmp(floor) < 0 // some power of a value this near to 0 is out of range
	if close && !constant {
		return unboundedError(base, " that keep it away from 0, so "+Label(n)+" could be out of range", n.pos)
	}
	parts := []span{sb}
	if se.lo.Sign() < 0 {
		if close {
			near = floor
		}
		if close || sb.has(rat(0)) || (!whole && sb.lo.Sign() < 0) {
			n.leaveOutZero(close, near, whole)
		}
		parts = apartFromZero(sb, near)
	} else {
		if !whole && sb.lo.Sign() < 0 {
			n.guard(0, "$1 >= 0")
		}
		if close && n.typ.Kind != num {
			n.flush(0, floor)
		}
	}
	if !whole {
		parts = positive(parts)
	}
	in := powerSpan(parts, se, whole)
	limit := realLimit(f8)
	if len(parts) > 0 && !in.within(new(big.Rat).Neg(limit), limit) {
		return unboundedError(n, " that a number can hold", n.pos)
	}
	if least := powerOf(larger(sb.maxAbs(), rat(1)), se.lo); least == nil || least.Cmp(pow2(-1000)) < 0 {
		return unboundedError(n, " that a number can hold", n.pos)
	}
	in = in.outward(n.typ.Kind)
	n.in = &in
	if !(close && se.lo.Sign() < 0) && reported(base).bounded() && reported(exponent).bounded() {
		n.dom.Lo, n.dom.Hi = in.lo, in.hi
	}
	return nil
}

// leaveOutZero makes a base NULL where a negative power of it is out of range, or, with a broken exponent, undefined.
func (n *node) leaveOutZero(close bool, near *big.Rat, whole bool) {
	least := "> 0"
	if close {
		least = ">= " + floatLiteral(near, n.args[0].Type())
	}
	if whole {
		n.guard(0, "abs($1) "+least)
	} else {
		n.guard(0, "$1 "+least)
	}
}

func positive(parts []span) []span {
	var kept []span
	for _, s := range parts {
		if s.hi.Sign() >= 0 {
			kept = append(kept, span{lo: larger(s.lo, rat(0)), hi: s.hi})
		}
	}
	return kept
}

// nearestPower is the magnitude whose power with the given exponent is 2^±990.
func nearestPower(exponent *big.Rat) *big.Rat {
	e, _ := exponent.Float64()
	if e < 1 {
		e = 1
	}
	return new(big.Rat).SetFloat64(math.Pow(2, -990/e))
}

func powerSpan(parts []span, e span, whole bool) span {
	values := []*big.Rat{}
	for _, s := range parts {
		for _, x := range []*big.Rat{s.lo, s.hi} {
			for _, y := range []*big.Rat{e.lo, e.hi} {
				values = append(values, powerOf(x, y))
			}
		}
		if s.has(rat(0)) {
			values = append(values, rat(0))
		}
		if s.has(rat(1)) || e.has(rat(0)) {
			values = append(values, rat(1))
		}
	}
	for _, v := range values {
		if v == nil {
			return span{}
		}
	}
	if len(values) == 0 {
		return span{lo: rat(0), hi: rat(0)}
	}
	lo, hi := hull(values...)
	return span{lo: lo, hi: hi}
}

// powerOf is x^y: exact for whole exponents of at most 64, else nearly; nil beyond all floats. Powers of a negative base
// with another exponent do not occur; 0 to a negative power is left out before.
func powerOf(x, y *big.Rat) *big.Rat {
	if y.IsInt() && new(big.Rat).Abs(y).Cmp(rat(64)) <= 0 && (x.Sign() != 0 || y.Sign() >= 0) {
		return wholePower(x, y.Num().Int64())
	}
	fx, _ := x.Float64()
	fy, _ := y.Float64()
	f := math.Pow(fx, fy)
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return nil
	}
	return new(big.Rat).SetFloat64(f)
}

func wholePower(x *big.Rat, y int64) *big.Rat {
	n := y
	if n < 0 {
		n = -n
	}
	e := big.NewInt(n)
	r := new(big.Rat).SetFrac(new(big.Int).Exp(x.Num(), e, nil), new(big.Int).Exp(x.Denom(), e, nil))
	if y < 0 {
		r.Inv(r)
	}
	return r
}
