package expr

import (
	"math/big"

	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/refusal"
)

// intSpan is the exact result of an operator on whole numbers, the divisor 0 left out.
func intSpan(op string, a, b span) span {
	switch op {
	case "+":
		return add(a, b)
	case "-":
		return add(a, neg(b))
	case "*":
		return mul(a, b)
	case "/":
		return intQuotient(a, b)
	case "%":
		return intRemainder(a, b)
	}
	return span{}
}

func intQuotient(a, b span) span {
	if a.lo == nil || a.hi == nil {
		return span{}
	}
	if b.lo != nil && b.hi != nil && !b.has(rat(0)) {
		return quo(a, b).mapEnds(truncRat)
	}
	// |divisor| ≥ 1, so the magnitude does not grow.
	m := a.maxAbs()
	s := span{lo: new(big.Rat).Neg(m), hi: m}
	if a.lo.Sign() >= 0 && b.lo != nil && b.lo.Sign() >= 0 {
		s.lo = rat(0)
	}
	return s
}

// intRemainder: the remainder has the dividend's sign, and is smaller than the divisor.
func intRemainder(a, b span) span {
	var m *big.Rat
	if b.lo != nil && b.hi != nil {
		m = new(big.Rat).Sub(b.maxAbs(), rat(1))
		if m.Sign() < 0 {
			m = rat(0)
		}
	}
	return remainderWithin(a, m)
}

// remainderWithin bounds a remainder by ±m (nil: unknown) and by the dividend.
func remainderWithin(a span, m *big.Rat) span {
	s := span{}.wild(a)
	if a.lo != nil && a.hi != nil && (m == nil || a.maxAbs().Cmp(m) < 0) {
		m = a.maxAbs()
	}
	if m != nil {
		s.lo, s.hi = new(big.Rat).Neg(m), m
	}
	if a.lo != nil && a.lo.Sign() >= 0 {
		s.lo = rat(0)
	}
	if a.hi != nil && a.hi.Sign() <= 0 {
		s.hi = rat(0)
	}
	return s
}

// buildInt makes + - * / % over whole numbers total. Where the result could leave the declared type, the operands are
// widened (integer → bigint → numeric or HUGEINT): Type stays PostgreSQL's, repr tells the printed type, and the value
// goes on being exact. A divisor that can be 0 becomes NULL there.
func buildInt(op string) func(n *node) error {
	return func(n *node) error {
		a, b := n.args[0], n.args[1]
		n.tell(intSpan(op, reported(a), reported(b)), intSpan(op, spanOf(a), spanOf(b)))
		n.dom.Step = rat(1)
		if op == "*" {
			n.dom.Step = new(big.Rat).Mul(stepOr1(a), stepOr1(b))
		}
		if op == "+" || op == "-" {
			n.dom.Step = commonStep(stepOr1(a), stepOr1(b))
		}
		zero := (op == "/" || op == "%") && spanOf(b).has(rat(0))
		work := max(reprOf(a), reprOf(b), n.typ.Kind)
		if n.mode == Private {
			if zero {
				n.nullIfZero(1)
			}
			var err error
			if work, err = n.widen(work, op); err != nil {
				return err
			}
		}
		n.setRepr(work)
		n.write = writeInt(op, work)
		return nil
	}
}

// stepOr1 is the step of a whole number.
func stepOr1(e Expr) *big.Rat {
	if s := stepFor(e); s != nil && s.IsInt() {
		return s
	}
	return rat(1)
}

// setRepr notes the printed kind where it is not the declared one.
func (n *node) setRepr(work catalog.Kind) {
	if work != n.typ.Kind {
		n.repr = work
	}
}

// widen finds the smallest kind, from `work` on, that holds the node's span.
func (n *node) widen(work catalog.Kind, op string) (catalog.Kind, error) {
	if op == "%" && spanOf(n.args[0]).has(lowest(work)) && spanOf(n.args[1]).has(rat(-1)) && work < num {
		work++ // DuckDB calls the smallest integer % −1 an overflow
	}
	for ; work < num; work++ {
		lo, hi, _ := catalog.Of(work).Range()
		if n.in.within(lo, hi) {
			return work, nil
		}
	}
	if limit := new(big.Rat).SetInt(pow10(37)); !n.in.within(new(big.Rat).Neg(limit), limit) {
		return work, refusal.New(refusal.NotSupported, "the result of %s can be too large for a number", Label(n)).At(n.pos).
			WithHint("Give its operands limits, as in least(greatest(x, 0), 100).")
	}
	return num, nil
}

func lowest(k catalog.Kind) *big.Rat {
	lo, _, ok := catalog.Of(k).Range()
	if !ok {
		return rat(0)
	}
	return lo
}

// tell sets the reported bounds and the span of a node.
func (n *node) tell(told, in span) {
	if in.odd() && told.lo != nil && told.hi != nil {
		told = span{} // a Domain with both ends excludes NaN and infinities
	}
	n.dom.Lo, n.dom.Hi = told.lo, told.hi
	n.in = &in
}

func writeInt(op string, work catalog.Kind) func(p *Printer, n *node) {
	return func(p *Printer, n *node) {
		a, b := n.shown[0], n.shown[1]
		infix := " " + op + " "
		if op == "/" && p.Dialect == DuckDB {
			infix = " // "
		}
		call := op == "/" && work == num && p.Dialect == PostgreSQL
		if call {
			p.WriteString("div(")
			infix = ", "
		} else {
			p.WriteByte('(')
		}
		if max(reprOf(a), reprOf(b)) < work {
			p.cast(a, intSQL(work, p.Dialect))
		} else {
			p.Expr(a)
		}
		p.WriteString(infix)
		p.Expr(b)
		p.WriteByte(')')
	}
}

// nullIfZero makes operand i NULL where it is 0.
func (n *node) nullIfZero(i int) {
	e := n.shown[i]
	zero := "0"
	if reprOf(e) == i2 {
		zero = "0::smallint" // else DuckDB and PostgreSQL give the pair's common type
	}
	if t := e.Type(); t.IsFloat() {
		zero = "0::" + typeSQL(t, PostgreSQL)
	}
	n.shown[i] = guarded(e, "NULLIF($1, "+zero+")", "", 1)
	n.dom.Nullable = true
}

// buildIntSign makes - and abs of whole numbers total: the smallest integer has no positive counterpart.
func buildIntSign(f func(span) span, template string) func(n *node) error {
	return func(n *node) error {
		a := n.args[0]
		n.tell(f(reported(a)), f(spanOf(a)))
		n.dom.Step = stepOr1(a)
		work := max(reprOf(a), n.typ.Kind)
		if n.mode == Private {
			var err error
			if work, err = n.widen(work, n.name); err != nil {
				return err
			}
		}
		n.setRepr(work)
		if work > reprOf(a) {
			n.shown[0] = asInt(a, work)
		}
		n.write = templates(template, template)
		return nil
	}
}

// asInt prints a whole number in a wider type.
func asInt(e Expr, k catalog.Kind) Expr {
	g := guarded(e, "", "", 1)
	g.dom.Nullable = e.Domain().Nullable
	g.repr = k
	g.write = func(p *Printer, n *node) { p.cast(n.shown[0], intSQL(k, p.Dialect)) }
	return g
}

// keepStep maps a sign change over numeric and floats.
func keepStep(f func(span) span) func(n *node) error {
	return func(n *node) error {
		n.tell(f(reported(n.args[0])), f(spanOf(n.args[0])))
		n.dom.Step = stepFor(n.args[0])
		return nil
	}
}

// identity is prefix +.
func identity(n *node) error {
	nullable := n.dom.Nullable
	n.dom = n.args[0].Domain()
	n.dom.Nullable = nullable
	in := spanOf(n.args[0])
	n.in = &in
	n.setRepr(reprOf(n.args[0]))
	return nil
}

// buildBits: & | # ~ never fail within their type; widened operands come back to it first.
func buildBits(n *node) error {
	s := spanOf(n.args[0])
	for i, a := range n.args {
		if n.mode == Private && reprOf(a) != n.typ.Kind {
			n.shown[i] = narrowed(a, n.typ.Kind)
			n.dom.Nullable = true
		}
		s = union(s, spanOf(a))
	}
	n.dom.Step = rat(1)
	n.in = &span{}
	if n.name == "&" { // no bit that one of them lacks
		for i := range n.args {
			if s := spanOf(n.shown[i]); s.lo != nil && s.hi != nil && s.lo.Sign() >= 0 && (n.dom.Hi == nil || s.hi.Cmp(n.dom.Hi) < 0) {
				n.dom.Lo, n.dom.Hi = rat(0), floorRat(s.hi)
			}
		}
		if n.dom.Hi != nil {
			n.in = &span{lo: n.dom.Lo, hi: n.dom.Hi}
			return nil
		}
	}
	if s.lo == nil || s.hi == nil || s.lo.Sign() < 0 || n.name == "~x" {
		return nil
	}
	// Non-negative: no bit above the highest of both.
	bits := new(big.Int).Quo(s.hi.Num(), s.hi.Denom()).BitLen()
	n.dom.Lo, n.dom.Hi = rat(0), new(big.Rat).Sub(pow2(bits), rat(1))
	n.in = &span{lo: n.dom.Lo, hi: n.dom.Hi}
	return nil
}

// narrowed brings a widened whole number back into a type: NULL where it does not fit.
func narrowed(e Expr, k catalog.Kind) Expr {
	lo, hi, _ := catalog.Of(k).Range()
	g := guarded(e, "", "", 3)
	g.repr = k
	in := spanOf(e).cut(lo, hi)
	g.in = &in
	g.write = func(p *Printer, n *node) {
		if in := spanOf(n.args[0]); in.within(lo, hi) {
			p.cast(n.args[0], intSQL(k, p.Dialect))
			return
		}
		p.WriteString("CASE WHEN ")
		p.Expr(n.args[0])
		p.WriteString(" BETWEEN ")
		p.bound(catalog.Of(k), lo)
		p.WriteString(" AND ")
		p.bound(catalog.Of(k), hi)
		p.WriteString(" THEN ")
		p.cast(n.args[0], intSQL(k, p.Dialect))
		p.WriteString(" END")
	}
	return g
}

// commonStep is the largest step of which both are multiples.
func commonStep(a, b *big.Rat) *big.Rat {
	if a == nil || b == nil {
		return nil
	}
	// gcd(a/b, c/d) = gcd(a·d, c·b) / (b·d)
	n := new(big.Int).GCD(nil, nil, new(big.Int).Mul(a.Num(), b.Denom()), new(big.Int).Mul(b.Num(), a.Denom()))
	return new(big.Rat).SetFrac(n, new(big.Int).Mul(a.Denom(), b.Denom()))
}
