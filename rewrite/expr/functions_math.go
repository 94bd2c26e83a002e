package expr

import (
	"math"
	"math/big"
	"strconv"

	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/refusal"
)

// mathFunctions lists the functions over numbers that are no operators. The float8 form comes with the numeric one, as
// in PostgreSQL; whole numbers take the float8 form, which PostgreSQL prefers.
func mathFunctions() []function {
	var list []function
	both := func(name string, build func(n *node) error, duck string) {
		for _, k := range kinds(f8, num) {
			list = append(list, function{name: name, args: kinds(k), result: k, build: build, duck: duck})
		}
	}
	rounding := func(name string, f func(*big.Rat) *big.Rat, pg, duckFloat string) {
		list = append(list,
			function{name: name, args: kinds(f8), result: f8, build: buildRound(f), pg: pg + "($1)", duck: duckFloat, fold: foldRound(f, f8)},
			function{name: name, args: kinds(num), result: num, build: buildRound(f), pg: pg + "($1)", duck: pg + "($1)", fold: foldRound(f, num)})
	}
	rounding("ceil", ceilRat, "ceil", "ceil($1)")
	rounding("ceiling", ceilRat, "ceil", "ceil($1)")
	rounding("floor", floorRat, "floor", "floor($1)")
	rounding("trunc", truncRat, "trunc", "trunc($1)")
	list = append(list,
		// float8 rounds half to even, numeric half away from zero.
		function{name: "round", args: kinds(f8), result: f8, build: buildRound(roundEven), duck: "round_even($1, 0)", fold: foldRound(roundEven, f8)},
		function{name: "round", args: kinds(num), result: num, build: buildRound(roundRat), duck: "round($1)", fold: foldRound(roundRat, num)},
		function{name: "round", args: kinds(num, i4), result: num, build: buildRoundTo(roundRat), fold: foldRoundTo(roundRat)},
		function{name: "trunc", args: kinds(num, i4), result: num, build: buildRoundTo(truncRat), fold: foldRoundTo(truncRat)},
		function{name: "sign", args: kinds(f8), result: f8, build: buildSign, duck: "CAST(sign($1) AS DOUBLE)"},
		function{name: "sign", args: kinds(num), result: num, build: buildSign, duck: "sign($1)"},
		function{name: "cbrt", args: kinds(f8), result: f8, build: buildMonotone(math.Cbrt)},
		function{name: "|/", args: kinds(f8), result: f8, build: buildSqrt, pg: "sqrt($1)"},
		function{name: "||/", args: kinds(f8), result: f8, build: buildMonotone(math.Cbrt), pg: "cbrt($1)"},
		function{name: "log", args: kinds(num, num), result: num, build: buildLogBase, duck: "(ln(#2) / ln(#1))"},
		function{name: "pi", args: kinds(), result: f8, pg: "pi()"},
		function{name: "gcd", args: kinds(i4, i4), result: i4, build: buildDivisor},
		function{name: "gcd", args: kinds(i8, i8), result: i8, build: buildDivisor},
		function{name: "gcd", args: kinds(num, num), result: num, build: publicOnly("Use it over the released values."), duck: "gcd(CAST($1 AS HUGEINT), CAST($2 AS HUGEINT))"},
		function{name: "width_bucket", args: kinds(f8, f8, f8, i4), result: i4, build: buildBucket, fold: foldBucket},
		function{name: "width_bucket", args: kinds(num, num, num, i4), result: i4, build: buildBucket, fold: foldBucket},
		function{name: "trim_scale", args: kinds(num), result: num, build: buildTrimScale, duck: "$1", fold: foldTrimScale})
	both("sqrt", buildSqrt, "sqrt(#1)")
	both("ln", buildLog(math.Log), "ln(#1)")
	both("log", buildLog(math.Log10), "log10(#1)")
	both("log10", buildLog(math.Log10), "log10(#1)")
	both("exp", buildExp, "exp(#1)")
	return append(list, angleFunctions()...)
}

// buildRound maps a rounding to whole numbers over both ends.
func buildRound(f func(*big.Rat) *big.Rat) func(n *node) error {
	return func(n *node) error {
		n.tell(reported(n.args[0]).mapEnds(f), spanOf(n.args[0]).mapEnds(f))
		n.dom.Step = rat(1)
		return nil
	}
}

func roundEven(r *big.Rat) *big.Rat {
	half := new(big.Rat).Sub(r, floorRat(r))
	if half.Cmp(big.NewRat(1, 2)) == 0 {
		n := floorRat(r)
		if n.Num().Bit(0) == 1 {
			n.Add(n, rat(1))
		}
		return n
	}
	return roundRat(r)
}

// buildRoundTo rounds to a number of decimals, which must be a constant over private rows.
func buildRoundTo(f func(*big.Rat) *big.Rat) func(n *node) error {
	return func(n *node) error {
		in := spanOf(n.args[0])
		digits, ok := constInt(n.args[1])
		if !ok || digits < -100 || digits > 100 {
			if n.mode == Private {
				return refusal.New(refusal.NotSupported, "the number of decimals of %s must be a constant from -100 to 100", n.name).At(n.pos)
			}
			n.in = &span{over: true, under: true}
			n.write = templates(n.name+"($1, $2)", n.name+"(#1, $2)")
			return nil
		}
		step := step10(int(digits))
		to := func(r *big.Rat) *big.Rat {
			q := f(new(big.Rat).Quo(r, step))
			return q.Mul(q, step)
		}
		n.tell(reported(n.args[0]).mapEnds(to), in.mapEnds(to))
		n.dom.Step = step
		if s := stepFor(n.args[0]); s != nil && new(big.Rat).Quo(s, step).IsInt() {
			n.dom.Step = s
		}
		n.write = writeRoundTo(n.name, digits)
		return nil
	}
}

func writeRoundTo(name string, digits int64) func(p *Printer, n *node) {
	d := strconv.FormatInt(digits, 10)
	return func(p *Printer, n *node) {
		if _, _, ok := decimalOf(n.args[0]); ok || p.Dialect == PostgreSQL {
			p.template(name+"($1, "+d+")", n.shown)
			return
		}
		p.template(name+"(#1, "+d+")", n.shown)
	}
}

// constInt is the value of a constant whole number.
func constInt(e Expr) (int64, bool) {
	c, ok := Fold(e)
	if !ok || c.Null || !c.Typ.IsInteger() {
		return 0, false
	}
	v, err := strconv.ParseInt(c.Text, 10, 64)
	return v, err == nil
}

// constRat is the value of a finite constant number.
func constRat(e Expr) (*big.Rat, bool) {
	c, ok := Fold(e)
	if !ok {
		return nil, false
	}
	return ratOf(c)
}

func buildSign(n *node) error {
	to := func(r *big.Rat) *big.Rat { return rat(int64(r.Sign())) }
	s := spanOf(n.args[0]).mapEnds(to).cut(rat(-1), rat(1))
	told := span{} // sign(NaN) is NaN
	if !s.odd() {
		told = s
	}
	n.tell(told, s)
	if told.lo != nil && n.typ.Kind == num {
		n.dom.Values = between(-1, 1, s)
	}
	n.dom.Step = rat(1)
	return nil
}

// between lists the whole numbers from lo to hi that a span holds.
func between(lo, hi int64, s span) []string {
	var list []string
	for i := lo; i <= hi; i++ {
		if s.has(rat(i)) {
			list = append(list, strconv.FormatInt(i, 10))
		}
	}
	return list
}

// about applies a monotone float function to both ends; the result moves outward by far more than any library's error.
func about(s span, f func(float64) float64) span {
	to := func(r *big.Rat, direction int) *big.Rat {
		if r == nil {
			return nil
		}
		x, _ := r.Float64()
		y := f(x)
		if math.IsNaN(y) || math.IsInf(y, 0) {
			return nil
		}
		exact := new(big.Rat).SetFloat64(y)
		if new(big.Rat).Mul(exact, exact).Cmp(r) == 0 {
			return exact // a square root that comes out even: every library rounds it right
		}
		return roundOut(nudge(exact), direction, f8)
	}
	return span{lo: to(s.lo, -1), hi: to(s.hi, 1), over: s.over, under: s.under}
}

// nudge makes a number inexact, so that roundOut moves it.
func nudge(r *big.Rat) *big.Rat { return new(big.Rat).Mul(r, new(big.Rat).Add(rat(1), pow2(-60))) }

func buildMonotone(f func(float64) float64) func(n *node) error {
	return func(n *node) error {
		n.tell(about(reported(n.args[0]), f), about(spanOf(n.args[0]), f))
		return nil
	}
}

func buildSqrt(n *node) error {
	zero := rat(0)
	in, told := spanOf(n.args[0]), reported(n.args[0])
	if n.mode == Private && (in.lo == nil || in.lo.Sign() < 0) {
		n.guard(0, "$1 >= 0")
	}
	n.tell(about(told.cut(zero, nil), math.Sqrt), about(in.cut(zero, nil), math.Sqrt))
	return nil
}

// buildLog: of 0 and less it is NULL. The result is bounded below only where the operand keeps away from 0.
func buildLog(f func(float64) float64) func(n *node) error {
	return func(n *node) error {
		n.logarithm(0, f)
		return nil
	}
}

// logarithm completes a logarithm, f, of operand i.
func (n *node) logarithm(i int, f func(float64) float64) {
	in, told := spanOf(n.args[i]), reported(n.args[i])
	if n.mode == Private && (in.lo == nil || in.lo.Sign() <= 0) {
		n.guard(i, "$1 > 0")
	}
	positive := func(s span) span {
		if s.lo != nil && s.lo.Sign() <= 0 {
			s.lo = nil
		}
		if step := stepFor(n.args[i]); s.lo == nil && step != nil {
			s.lo = step // the smallest value above 0
		}
		if s.hi != nil && s.lo != nil && s.hi.Cmp(s.lo) < 0 {
			s.hi = s.lo
		}
		return s
	}
	inner := about(positive(in), f)
	if !in.odd() && inner.lo == nil && n.typ.Kind == f8 {
		inner.lo = rat(-800) // ln of the smallest float8 is -744.4
	}
	if told.lo == nil && told.hi == nil {
		n.tell(span{}, inner)
	} else {
		n.tell(about(positive(told), f), inner)
	}
}

// buildLogBase is log(b, x) of numeric.
func buildLogBase(n *node) error {
	n.in = &span{over: true, under: true}
	if n.mode == Public {
		return nil
	}
	base, ok := constRat(n.args[0])
	if !ok || base.Sign() <= 0 || base.Cmp(rat(1)) == 0 {
		return refusal.New(refusal.NotSupported, "the base of log must be a positive constant other than 1").At(n.pos)
	}
	if of, _ := base.Float64(); base.Cmp(rat(1)) > 0 && base.Cmp(rat(1<<40)) < 0 {
		n.in = nil
		n.logarithm(1, func(x float64) float64 { return math.Log(x) / math.Log(of) })
		return nil
	}
	n.guard(1, "$1 > 0")
	return nil
}

// buildExp: PostgreSQL fails above about 709 and below −708. Above 700 it is NULL, below −700 as for −700.
func buildExp(n *node) error {
	const limit = 700
	in, told := spanOf(n.args[0]), reported(n.args[0])
	if n.mode == Private && !in.within(rat(-limit), rat(limit)) {
		n.shown[0] = guarded(n.shown[0], "CASE WHEN $1 > 700 THEN NULL WHEN $1 < -700 THEN -700 ELSE $1 END", "", 3)
		n.dom.Nullable = true
		in.over, in.under = false, false // NaN sorts above 700
	}
	if n.mode == Private {
		in = in.cut(rat(-limit), rat(limit))
		told = bounded(told, rat(-limit), rat(limit))
	}
	out := about(told, math.Exp)
	if out.lo == nil {
		out.lo = rat(0)
	}
	n.tell(out, about(in, math.Exp).cut(rat(0), nil))
	return nil
}

func buildTrimScale(n *node) error {
	in := spanOf(n.args[0])
	nullable := n.dom.Nullable
	n.dom = n.args[0].Domain()
	n.dom.Nullable, n.dom.Values = nullable, nil
	n.dom.Step = stepFor(n.args[0])
	n.in = &in
	return nil
}

// buildBucket is width_bucket with constant limits and count: 0 below, count + 1 above.
func buildBucket(n *node) error {
	lo, ok1 := constRat(n.args[1])
	hi, ok2 := constRat(n.args[2])
	count, ok3 := constInt(n.args[3])
	n.write = writeBucket
	if !ok1 || !ok2 || !ok3 || lo.Cmp(hi) == 0 || count < 1 || count > math.MaxInt32-1 {
		if n.mode == Private {
			return refusal.New(refusal.NotSupported, "width_bucket needs constants: two different limits and a count above 0").At(n.pos).
				WithHint("Write for example width_bucket(%s, 0, 100, 10).", Source(n.args[0]))
		}
		return nil
	}
	in := spanOf(n.args[0])
	if n.mode == Private && !in.bounded() {
		g := guarded(n.args[0], "CASE WHEN $1 <> 'NaN'::"+typeSQL(n.args[0].Type(), PostgreSQL)+" THEN $1 END",
			"CASE WHEN #1 <> 'NaN'::DOUBLE THEN $1 END", 2)
		n.shown[0], n.dom.Nullable = g, true
	}
	n.dom.Lo, n.dom.Hi, n.dom.Step = rat(0), rat(count+1), rat(1)
	if count+2 <= maxValues {
		first, last := bucketsOf(in, lo, hi, count)
		for k := first; k <= last; k++ {
			n.dom.Values = append(n.dom.Values, strconv.FormatInt(k, 10))
		}
	}
	return nil
}

// bucketsOf tells the first and the last bucket that values of a span can fall into. Between the limits an engine's
// rounding may move a value by one bucket; at the limits the comparison is exact.
func bucketsOf(s span, lo, hi *big.Rat, count int64) (first, last int64) {
	first, last = 0, count+1
	at := func(r *big.Rat) int64 {
		q := new(big.Rat).Sub(r, lo)
		q.Quo(q, new(big.Rat).Sub(hi, lo)).Mul(q, rat(count))
		switch {
		case q.Sign() < 0:
			return 0
		case q.Cmp(rat(count)) >= 0:
			return count + 1
		}
		return floorRat(q).Num().Int64() + 1
	}
	low, high := s.lo, s.hi
	if lo.Cmp(hi) > 0 {
		low, high = high, low
	}
	if low != nil && !s.odd() {
		if first = at(low); first > 1 && first <= count {
			first--
		}
	}
	if high != nil && !s.odd() {
		if last = at(high); last >= 1 && last < count {
			last++
		}
	}
	return first, last
}

func writeBucket(p *Printer, n *node) {
	if p.Dialect == PostgreSQL {
		p.template("width_bucket($1, $2, $3, $4)", n.shown)
		return
	}
	below, above := "#1 < #2", "#1 >= #3"
	lo, ok1 := constRat(n.args[1])
	hi, ok2 := constRat(n.args[2])
	if ok1 && ok2 && lo.Cmp(hi) > 0 {
		below, above = "#1 > #2", "#1 <= #3"
	}
	p.template("CAST(CASE WHEN "+below+" THEN 0 WHEN "+above+" THEN $4 + 1 WHEN #1 IS NOT NULL THEN "+
		"least(floor((#1 - #2) / (#3 - #2) * $4), $4 - 1) + 1 END AS INTEGER)", n.shown)
}

// foldTrimScale removes the zeros at the end.
func foldTrimScale(args []Const) (Const, bool) {
	r, ok := ratOf(args[0])
	if !ok {
		return Const{}, false
	}
	s, ok := decimals(r)
	if !ok {
		return Const{}, false
	}
	return Const{Typ: catalog.Of(num), Text: catalog.FormatDecimal(r, s), Pos: args[0].Pos}, true
}
