package expr

import (
	"math"
	"math/big"
	"strings"

	"github.com/dpproxy/dpproxy/catalog"
)

// span is the interval in which every value of an expression lies, as it is printed. It is at least as tight as the
// reported Domain: the type's own range and guards count here, while Domain reports bounds only where the owner or the
// analyst gave them (an int4 column without bounds has a span, but nothing to clamp a sum to).
type span struct {
	lo, hi *big.Rat // nil: unbounded on that side
	// over says that NaN or infinity, which sort above every number, can occur besides; under says so of −infinity.
	over, under bool
}

// odd tells that other values than finite ones can occur.
func (s span) odd() bool { return s.over || s.under }

// wild marks a span in which NaN and both infinities can occur, if they could in one it was computed from.
func (s span) wild(from ...span) span {
	for _, f := range from {
		if f.odd() {
			s.over, s.under = true, true
		}
	}
	return s
}

func (s span) bounded() bool { return s.lo != nil && s.hi != nil && !s.odd() }

// contains tells whether the whole span lies within [lo, hi].
func (s span) within(lo, hi *big.Rat) bool {
	return s.bounded() && s.lo.Cmp(lo) >= 0 && s.hi.Cmp(hi) <= 0
}

// has tells whether r can occur.
func (s span) has(r *big.Rat) bool {
	return (s.lo == nil || s.lo.Cmp(r) <= 0) && (s.hi == nil || s.hi.Cmp(r) >= 0)
}

// maxAbs is the largest magnitude of a bounded span.
func (s span) maxAbs() *big.Rat {
	return larger(new(big.Rat).Abs(s.lo), new(big.Rat).Abs(s.hi))
}

// Ranged is an expression of another package (an aggregate call within a unit) that knows more than its Domain says: the ends
// between which every value lies, whatever the rows; nil if they are unknown.
type Ranged interface {
	Expr
	Range() (lo, hi *big.Rat)
}

// RangeOf tells between which numbers an expression's values lie for every row; ok is false where NaN, infinities or an unknown
// end are possible.
func RangeOf(e Expr) (lo, hi *big.Rat, ok bool) {
	s := spanOf(e)
	return s.lo, s.hi, s.bounded()
}

// Operator is the name of an expression that is an operator, a function, a cast ("cast") or another node; "" for columns,
// constants and other packages' expressions.
func Operator(e Expr) string {
	if n, ok := e.(*node); ok {
		return n.name
	}
	return ""
}

// spanOf is the tightest known span of an expression's values.
func spanOf(e Expr) span {
	d := e.Domain()
	s := span{lo: d.Lo, hi: d.Hi}
	t := e.Type()
	if t.Kind == catalog.Numeric || t.IsFloat() || t.IsDateTime() {
		s.over, s.under = d.Hi == nil, d.Lo == nil
	}
	if r, ok := e.(Ranged); ok {
		if lo, hi := r.Range(); lo != nil && hi != nil {
			return span{lo: lo, hi: hi}
		}
	}
	n, ok := e.(*node)
	if ok && n.in != nil {
		s = *n.in
	}
	if k := reprOf(e); k != t.Kind && !t.Array {
		t = catalog.Of(k)
	}
	if ok && !n.fixed {
		t.HasScale = false
	}
	if t.Kind == catalog.Bool {
		return s.cut(rat(0), rat(1))
	}
	if t.IsInteger() || (t.Kind == catalog.Numeric && t.HasScale) {
		lo, hi, _ := t.Range()
		s = s.cut(lo, hi)
		s.under = false // numeric(p, s) holds NaN, but no infinity
	}
	return s
}

// cut moves both ends into [lo, hi], of which either may be unknown: what a clamp does to the span, and, for a guard that
// leaves out what is outside, a span that holds the rest.
func (s span) cut(lo, hi *big.Rat) span {
	if s.lo == nil {
		s.lo = lo
	}
	if s.hi == nil {
		s.hi = hi
	}
	for _, end := range []**big.Rat{&s.lo, &s.hi} {
		if *end != nil && lo != nil {
			*end = larger(*end, lo)
		}
		if *end != nil && hi != nil {
			*end = smaller(*end, hi)
		}
	}
	return s
}

// reported is the span that a Domain tells.
func reported(e Expr) span {
	d := e.Domain()
	return span{lo: d.Lo, hi: d.Hi}
}

func rat(n int64) *big.Rat { return new(big.Rat).SetInt64(n) }

func larger(a, b *big.Rat) *big.Rat {
	if a.Cmp(b) >= 0 {
		return a
	}
	return b
}

func smaller(a, b *big.Rat) *big.Rat {
	if a.Cmp(b) <= 0 {
		return a
	}
	return b
}

func add(a, b span) span {
	s := span{}.wild(a, b)
	if a.lo != nil && b.lo != nil {
		s.lo = new(big.Rat).Add(a.lo, b.lo)
	}
	if a.hi != nil && b.hi != nil {
		s.hi = new(big.Rat).Add(a.hi, b.hi)
	}
	return s
}

func neg(a span) span {
	s := span{}.wild(a)
	if a.hi != nil {
		s.lo = new(big.Rat).Neg(a.hi)
	}
	if a.lo != nil {
		s.hi = new(big.Rat).Neg(a.lo)
	}
	return s
}

func mul(a, b span) span {
	s := span{}.wild(a, b)
	if a.lo != nil && a.hi != nil && b.lo != nil && b.hi != nil {
		s.lo, s.hi = hull(new(big.Rat).Mul(a.lo, b.lo), new(big.Rat).Mul(a.lo, b.hi),
			new(big.Rat).Mul(a.hi, b.lo), new(big.Rat).Mul(a.hi, b.hi))
		return s
	}
	if a.lo != nil && b.lo != nil && a.lo.Sign() >= 0 && b.lo.Sign() >= 0 {
		s.lo = new(big.Rat).Mul(a.lo, b.lo)
	}
	return s
}

// quo divides; unbounded unless the divisor keeps its distance from 0.
func quo(a, b span) span {
	s := span{}.wild(a, b)
	if a.lo == nil || a.hi == nil || b.lo == nil || b.hi == nil || b.has(rat(0)) {
		return s
	}
	s.lo, s.hi = hull(new(big.Rat).Quo(a.lo, b.lo), new(big.Rat).Quo(a.lo, b.hi),
		new(big.Rat).Quo(a.hi, b.lo), new(big.Rat).Quo(a.hi, b.hi))
	return s
}

func abs(a span) span {
	s := span{lo: rat(0), over: a.odd()}
	switch {
	case a.lo != nil && a.lo.Sign() >= 0:
		s.lo = a.lo
	case a.hi != nil && a.hi.Sign() <= 0:
		s.lo = new(big.Rat).Neg(a.hi)
	}
	if a.lo != nil && a.hi != nil {
		s.hi = a.maxAbs()
	}
	return s
}

// union is the hull of both.
func union(a, b span) span {
	s := span{over: a.over || b.over, under: a.under || b.under}
	if a.lo != nil && b.lo != nil {
		s.lo = smaller(a.lo, b.lo)
	}
	if a.hi != nil && b.hi != nil {
		s.hi = larger(a.hi, b.hi)
	}
	return s
}

func hull(values ...*big.Rat) (lo, hi *big.Rat) {
	lo, hi = values[0], values[0]
	for _, v := range values[1:] {
		lo, hi = smaller(lo, v), larger(hi, v)
	}
	return lo, hi
}

// mapEnds applies a monotone function to both ends.
func (s span) mapEnds(f func(*big.Rat) *big.Rat) span {
	r := span{over: s.over, under: s.under}
	if s.lo != nil {
		r.lo = f(s.lo)
	}
	if s.hi != nil {
		r.hi = f(s.hi)
	}
	return r
}

// outward widens a span so that it holds whatever an engine's rounding makes of the exact result: both ends are kept
// where float8 (float4) and 15 decimal digits hold them exactly, since rounding is monotone; otherwise they move outward
// by 2⁻⁴⁴ (2⁻²⁰) of their size, for numeric by 10⁻¹⁵ more. An end that no float can hold becomes unbounded.
func (s span) outward(k catalog.Kind) span {
	r := span{over: s.over, under: s.under}
	if s.lo != nil {
		r.lo = roundOut(s.lo, -1, k)
	}
	if s.hi != nil {
		r.hi = roundOut(s.hi, 1, k)
	}
	return r
}

// toDigits widens a span for a rounding to some significant decimal digits, as PostgreSQL's casts of floats to numeric
// do (15, and 6 from float4).
func (s span) toDigits(digits int) span {
	r := span{over: s.over, under: s.under}
	move := func(x *big.Rat, direction int64) *big.Rat {
		if x == nil || digitsOf(x) <= digits {
			return x
		}
		slack := new(big.Rat).Mul(new(big.Rat).Abs(x), step10(digits-1))
		return shorten(new(big.Rat).Add(x, slack.Mul(slack, rat(direction))), int(direction))
	}
	r.lo, r.hi = move(s.lo, -1), move(s.hi, 1)
	return r
}

func roundOut(r *big.Rat, direction int, k catalog.Kind) *big.Rat {
	t := catalog.Of(catalog.Float8)
	bits := 44
	if k == catalog.Float4 {
		t, bits = catalog.Of(catalog.Float4), 20
	}
	if exactFloat(r, k) && shortDecimal(r) {
		return r
	}
	_, top, _ := t.Range()
	slack := new(big.Rat).Abs(r)
	slack.Mul(slack, pow2(-bits))
	if k == catalog.Numeric {
		slack.Add(slack, step10(15)) // PostgreSQL shows at least 16 decimals of small results
	} else {
		slack.Add(slack, pow2(-400)) // whatever happens around zero
	}
	out := new(big.Rat).Add(r, slack.Mul(slack, rat(int64(direction))))
	if new(big.Rat).Abs(out).Cmp(top) > 0 {
		return nil
	}
	return shorten(out, direction)
}

// shorten moves r outward to a number with few bits, so that domains do not grow with each operation.
func shorten(r *big.Rat, direction int) *big.Rat {
	f, _ := new(big.Float).SetPrec(53).SetMode(modeOf(direction)).SetRat(r).Float64()
	if math.IsInf(f, 0) || f == 0 {
		return r
	}
	if direction > 0 && new(big.Rat).SetFloat64(f).Cmp(r) < 0 {
		f = math.Nextafter(f, math.Inf(1))
	}
	if direction < 0 && new(big.Rat).SetFloat64(f).Cmp(r) > 0 {
		f = math.Nextafter(f, math.Inf(-1))
	}
	if math.IsInf(f, 0) {
		return r
	}
	return new(big.Rat).SetFloat64(f)
}

func modeOf(direction int) big.RoundingMode {
	if direction > 0 {
		return big.ToPositiveInf
	}
	return big.ToNegativeInf
}

func exactFloat(r *big.Rat, k catalog.Kind) bool {
	if k == catalog.Float4 {
		_, exact := r.Float32()
		return exact
	}
	_, exact := r.Float64()
	return exact
}

// shortDecimal tells that r has at most 15 decimal digits, so that numeric quotients of any engine hold it.
func shortDecimal(r *big.Rat) bool {
	scale, ok := decimals(r)
	return ok && scale <= 15 && digitsOf(r) <= 15
}

// digitsOf counts the significant decimal digits of a number; a large number if they do not end.
func digitsOf(r *big.Rat) int {
	scale, ok := decimals(r)
	if !ok {
		return 1000
	}
	n := new(big.Int).Mul(new(big.Int).Abs(r.Num()), pow10(scale))
	return len(strings.TrimRight(n.Quo(n, r.Denom()).String(), "0"))
}

// decimals is the number of decimals that r needs; ok is false if it never ends or needs more than 60.
func decimals(r *big.Rat) (scale int, ok bool) {
	if r.IsInt() {
		return 0, true
	}
	p, n := r.FloatPrec()
	return p, n && p <= 60
}

func pow10(n int) *big.Int { return new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n)), nil) }

// step10 is 10^−scale.
func step10(scale int) *big.Rat {
	if scale < 0 {
		return new(big.Rat).SetInt(pow10(-scale))
	}
	return new(big.Rat).SetFrac(big.NewInt(1), pow10(scale))
}

func pow2(n int) *big.Rat {
	one := big.NewInt(1)
	if n < 0 {
		return new(big.Rat).SetFrac(one, new(big.Int).Lsh(one, uint(-n)))
	}
	return new(big.Rat).SetInt(new(big.Int).Lsh(one, uint(n)))
}

func floorRat(r *big.Rat) *big.Rat {
	n := new(big.Int)
	m := new(big.Int)
	n.DivMod(r.Num(), r.Denom(), m) // Euclidean: m ≥ 0, so this is the floor
	return new(big.Rat).SetInt(n)
}

func ceilRat(r *big.Rat) *big.Rat {
	return new(big.Rat).Neg(floorRat(new(big.Rat).Neg(r)))
}

// truncRat rounds toward zero.
func truncRat(r *big.Rat) *big.Rat {
	return new(big.Rat).SetInt(new(big.Int).Quo(r.Num(), r.Denom()))
}

// roundRat rounds half away from zero.
func roundRat(r *big.Rat) *big.Rat {
	half := big.NewRat(1, 2)
	if r.Sign() < 0 {
		return ceilRat(new(big.Rat).Sub(r, half))
	}
	return floorRat(new(big.Rat).Add(r, half))
}
