package expr

import (
	"math/big"

	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/refusal"
)

// Gridded is a bounded numeric expression on its integer grid: every value becomes a whole number of steps.
type Gridded struct {
	// Lower and Upper are the bounds as whole multiples of Step, Step > 0: on a grid that rounds, Lower is moved down and
	// Upper up to it.
	Lower, Upper, Step *big.Rat
	// G is (Upper − Lower)/Step, the largest normal value.
	G *big.Int

	normal, plain Expr
	limit         int // of bits, as in GridWithin
	exact         bool
}

// Normal is (x − Lower)/Step, a whole number in [0, G], NULL where x is. Its type is int8, or numeric (HUGEINT in DuckDB)
// where int8 could not hold the rows of a unit.
func (g Gridded) Normal() Expr { return g.normal }

// Plain is x/Step, a whole number in [Lower/Step, Upper/Step], NULL where x is. Its type is as Normal's, but an integer
// column stays in its own type.
func (g Gridded) Plain() Expr { return g.plain }

// PlainMax is max(|Lower|, |Upper|)/Step.
func (g Gridded) PlainMax() *big.Int {
	m := larger(new(big.Rat).Abs(g.Lower), new(big.Rat).Abs(g.Upper))
	return new(big.Int).Set(new(big.Rat).Quo(m, g.Step).Num())
}

// gridBits: a float's grid has between 2²⁹ and 2³⁰ steps.
const gridBits = 30

// Grid puts a bounded numeric expression on its grid: whole numbers have step 1 (or their own), numeric with a known
// number of decimals that of its last decimal, everything else 2^−k with (U − L)·2^k in [2²⁹, 2³⁰). rows is the largest number
// of rows of one unit that count in one group: the whole numbers' SQL type holds so many times the largest value.
//
// Exact expressions are not rounded. Others are rounded to the grid and then clamped once more as whole numbers, so that
// the bounds hold whatever an engine's rounding did; NaN and infinities fall on a bound.
func Grid(e Expr, rows int64) (Gridded, error) { return GridWithin(e, rows, 0) }

// GridWithin is Grid with at most 2^bits steps (0: no limit), for what is multiplied with others: a finer grid is made
// coarser, and values are rounded to it.
func GridWithin(e Expr, rows int64, bits int) (Gridded, error) {
	t := e.Type()
	if t.IsDateTime() || t.Kind == itv || t.Kind == tim {
		return Gridded{}, refusal.New(refusal.NotSupported, "%s is of type %s, which cannot be summed or averaged", Label(e), bareName(t)).
			WithHint("Take a number of it, such as extract(epoch from %s) or a difference of dates.", Source(e))
	}
	if !t.IsNumeric() {
		return Gridded{}, refusal.New(refusal.DatatypeMismatch, "%s is of type %s, not a number", Label(e), bareName(t))
	}
	d := e.Domain()
	if !d.Bounded() {
		return Gridded{}, unboundedError(e, "", -1)
	}
	if d.Lo.Cmp(d.Hi) > 0 {
		return Gridded{}, refusal.New(refusal.NotSupported, "the bounds of %s contradict each other", Label(e))
	}
	g := Gridded{Step: gridStep(e), limit: bits}
	rounds := gridBits
	if bits > 0 {
		rounds = min(bits, gridBits)
		if g.Step != nil && new(big.Rat).Sub(d.Hi, d.Lo).Cmp(new(big.Rat).Mul(g.Step, pow2(bits))) > 0 {
			g.Step = nil
		}
	}
	if g.exact = g.Step != nil; !g.exact {
		g.Step = floatStep(d.Lo, d.Hi, rounds)
	}
	g.Lower = onGrid(d.Lo, g.Step, floorRat)
	g.Upper = onGrid(d.Hi, g.Step, ceilRat)
	g.G = steps(new(big.Rat).Sub(g.Upper, g.Lower), g.Step)
	most := new(big.Int).Mul(larger(new(big.Rat).SetInt(g.G), new(big.Rat).SetInt(g.PlainMax())).Num(), big.NewInt(max(rows, 1)))
	if len(most.String()) > 36 {
		return Gridded{}, refusal.New(refusal.NotSupported, "%s has bounds that are too far apart for its precision", Label(e)).
			WithHint("Write least(greatest(%s, 0), 100) with limits that fit, or round it.", Source(e))
	}
	k := i8
	if most.BitLen() > 62 {
		k = num
	}
	g.normal = g.node(e, k, true)
	g.plain = g.node(e, k, false)
	return g, nil
}

// gridStep is the step of an exact expression, nil where it must be rounded. Floats count as exact only if DuckDB and
// PostgreSQL hold them as whole numbers without loss.
func gridStep(e Expr) *big.Rat {
	t := e.Type()
	switch {
	case t.IsInteger():
		return stepOr1(e)
	case t.Kind == num:
		if _, _, ok := decimalOf(e); ok {
			return stepFor(e)
		}
	}
	return nil
}

// floatStep is 2^−k with (hi − lo)·2^k in [2^(bits−1), 2^bits).
func floatStep(lo, hi *big.Rat, bits int) *big.Rat {
	width := new(big.Rat).Sub(hi, lo)
	if width.Sign() == 0 {
		width = larger(new(big.Rat).Abs(hi), rat(1))
	}
	k := bits - 1 - width.Num().BitLen() + width.Denom().BitLen() + 1
	for width.Cmp(pow2(bits-k)) >= 0 {
		k--
	}
	for width.Cmp(pow2(bits-1-k)) < 0 {
		k++
	}
	return pow2(-k)
}

func onGrid(r, step *big.Rat, f func(*big.Rat) *big.Rat) *big.Rat {
	q := f(new(big.Rat).Quo(r, step))
	return q.Mul(q, step)
}

func steps(r, step *big.Rat) *big.Int { return new(big.Int).Set(new(big.Rat).Quo(r, step).Num()) }

// node prints the whole number of steps, from Lower (normal) or from 0 (plain).
func (g Gridded) node(e Expr, k catalog.Kind, normal bool) Expr {
	lo, hi := steps(g.Lower, g.Step), steps(g.Upper, g.Step)
	name := "plain"
	if normal {
		lo, hi, name = big.NewInt(0), g.G, "normal"
	}
	n := &node{name: name, typ: catalog.Of(k), args: []Expr{e}, shown: []Expr{e}, mode: Private, pos: -1, times: 3}
	lower, upper := new(big.Rat).SetInt(lo), new(big.Rat).SetInt(hi)
	n.dom = Domain{Nullable: e.Domain().Nullable, Lo: lower, Hi: upper, Step: rat(1)}
	n.in = &span{lo: lower, hi: upper}
	n.remake = func(args []Expr) (Expr, error) {
		again, err := GridWithin(args[0], 1, g.limit)
		if err != nil {
			return nil, err
		}
		return again.node(args[0], k, normal), nil
	}
	n.size = 1 + 3*sizeOf(e)
	base := new(big.Rat)
	if normal {
		base = g.Lower
	}
	switch {
	case g.exact && e.Type().IsInteger():
		n.write = g.writeWhole(k, base)
	case g.exact:
		n.write = g.writeDecimal(k, base)
	default:
		n.write = g.writeRounded(k, normal)
	}
	if k == num {
		// HUGEINT and not DECIMAL, so that sums have room.
		inner := n.write
		return &wholeNumber{node: n, inner: inner}
	}
	return n
}

// wholeNumber is a whole number beyond bigint: numeric, or HUGEINT in DuckDB.
type wholeNumber struct {
	*node
	inner func(p *Printer, n *node)
}

// Print writes the number as it is.
func (w *wholeNumber) Print(p *Printer) { w.inner(p, w.node) }

// WithChildren builds it anew.
func (w *wholeNumber) WithChildren(children []Expr) Expr {
	return w.node.WithChildren(children)
}

// writeWhole: integers need no rounding, and their clamp is printed where they are read.
func (g Gridded) writeWhole(k catalog.Kind, base *big.Rat) func(p *Printer, n *node) {
	return func(p *Printer, n *node) {
		e := n.shown[0]
		if base.Sign() == 0 && g.Step.Cmp(rat(1)) == 0 {
			if k == num && reprOf(e) != num {
				p.cast(e, intSQL(k, p.Dialect))
			} else {
				p.Expr(e)
			}
			return
		}
		if g.Step.Cmp(rat(1)) != 0 {
			p.WriteByte('(')
		}
		p.minus(e, base, k)
		if g.Step.Cmp(rat(1)) != 0 {
			div := " / "
			if p.Dialect == DuckDB {
				div = " // "
			}
			p.WriteString(div + g.Step.Num().String() + ")")
		}
	}
}

// minus prints e − base as a whole number of kind k.
func (p *Printer) minus(e Expr, base *big.Rat, k catalog.Kind) {
	if base.Sign() != 0 {
		p.WriteByte('(')
	}
	if reprOf(e) == k && base.Sign() == 0 {
		p.Expr(e)
	} else {
		p.cast(e, intSQL(k, p.Dialect))
	}
	if base.Sign() == 0 {
		return
	}
	if base.Sign() > 0 {
		p.WriteString(" - ")
	} else {
		p.WriteString(" + ")
	}
	p.WriteString(new(big.Rat).Abs(base).Num().String() + ")")
}

// writeDecimal: numeric of known decimals becomes whole by a multiplication that is exact. (x − L)·10^s of a value on the
// grid needs no rounding; the cast to a whole number would round, but has nothing to round.
func (g Gridded) writeDecimal(k catalog.Kind, base *big.Rat) func(p *Printer, n *node) {
	return func(p *Printer, n *node) {
		e := n.shown[0]
		if k == num && p.Dialect == PostgreSQL { // numeric keeps its decimals, though they are zeros
			p.WriteString("trunc(")
			g.postgresDecimal(p, e, base)
			p.WriteByte(')')
			return
		}
		p.WriteString("CAST(")
		if p.Dialect == DuckDB {
			g.duckDecimal(p, e, base)
		} else {
			g.postgresDecimal(p, e, base)
		}
		p.WriteString(" AS " + intSQL(k, p.Dialect) + ")")
	}
}

func (g Gridded) postgresDecimal(p *Printer, e Expr, base *big.Rat) {
	p.WriteByte('(')
	g.difference(p, e, base)
	inverse := new(big.Rat).Inv(g.Step)
	if s, ok := decimals(inverse); ok {
		p.WriteString(" * " + catalog.FormatDecimal(inverse, s) + ")")
		return
	}
	s, _ := decimals(g.Step)
	p.WriteString(" / " + catalog.FormatDecimal(g.Step, s) + ")")
}

func (g Gridded) difference(p *Printer, e Expr, base *big.Rat) {
	if base.Sign() == 0 {
		p.Expr(e)
		return
	}
	s, _ := decimals(base)
	p.WriteByte('(')
	p.Expr(e)
	if base.Sign() > 0 {
		p.WriteString(" - ")
	} else {
		p.WriteString(" + ")
	}
	p.WriteString(catalog.FormatDecimal(new(big.Rat).Abs(base), s) + ")")
}

// duckDecimal: a DECIMAL(w, s) times 10^s is a whole number, in the HUGEINT that it is kept in. Where that product has too many digits, the
// number is read without its point.
func (g Gridded) duckDecimal(p *Printer, e Expr, base *big.Rat) {
	_, s, _ := decimalOf(e)
	unit := new(big.Rat).Quo(step10(s), g.Step) // steps in one unit of the last decimal, times: x·10^s · unit
	digits := digitsBefore(larger(new(big.Rat).Abs(e.Domain().Lo), new(big.Rat).Abs(e.Domain().Hi))) + s
	p.WriteString("((")
	kind := "::DECIMAL(38,0)"
	if digits+s > maxDigits { // the product keeps s zeros after its point, for which there is no room
		kind = "::HUGEINT"
		p.WriteString("CAST(replace(CAST(")
		p.cast(e, "DECIMAL(38,"+itoa(int64(s))+")")
		p.WriteString(" AS VARCHAR), '.', '') AS HUGEINT)")
	} else {
		p.cast(e, "DECIMAL(38,"+itoa(int64(s))+")")
		p.WriteString(" * " + pow10(s).String() + "::DECIMAL(" + itoa(int64(min(s+1, maxDigits))) + ",0)")
	}
	p.WriteString(")")
	if base.Sign() != 0 {
		shift := new(big.Rat).Quo(base, step10(s))
		if shift.Sign() > 0 {
			p.WriteString(" - ")
		} else {
			p.WriteString(" + ")
		}
		p.WriteString(new(big.Rat).Abs(shift).Num().String() + kind)
	}
	p.WriteString(")")
	if unit.Cmp(rat(1)) != 0 {
		p.WriteString(" * " + unit.Num().String() + " // " + unit.Denom().String())
	}
}

// writeRounded: floats, and numeric of unknown decimals, are scaled, rounded and clamped as whole numbers. It is the
// normal value that is made so, as it fits a float8 whatever the bounds; the plain one is that and L/step.
//
// PostgreSQL calls the product of a tiny float and a scale below 1 an underflow, so that it is rounded before, too. Its
// numeric is scaled as numeric, because a cast of tiny ones to float8 fails.
func (g Gridded) writeRounded(k catalog.Kind, normal bool) func(p *Printer, n *node) {
	shift := steps(g.Lower, g.Step)
	return func(p *Printer, n *node) {
		f := Printer{Dialect: p.Dialect}
		f.WriteString("CAST(round(")
		if e := n.shown[0]; p.Dialect == PostgreSQL && e.Type().Kind == num {
			g.scaleNumeric(&f, e)
		} else {
			g.scaleFloat(&f, e)
		}
		f.WriteString(") AS " + intSQL(k, p.Dialect) + ")")
		clamped := "LEAST(GREATEST(" + f.String() + ", 0), " + whole36(g.G, p.Dialect) + ")"
		if n.dom.Nullable { // LEAST and GREATEST leave NULL out
			clamped = "CASE WHEN " + Text(bareOf(n.shown[0]), p.Dialect) + " IS NOT NULL THEN " + clamped + " END"
		}
		if normal || shift.Sign() == 0 {
			p.WriteString(clamped)
			return
		}
		sign := " + "
		if shift.Sign() < 0 {
			sign = " - "
		}
		p.WriteString("(" + clamped + sign + whole36(new(big.Int).Abs(shift), p.Dialect) + ")")
	}
}

// whole36 is a whole number's literal; DuckDB reads what is beyond bigint as HUGEINT only if told.
func whole36(n *big.Int, d Dialect) string {
	if d == DuckDB && !n.IsInt64() {
		return "'" + n.String() + "'::HUGEINT"
	}
	return n.String()
}

// scaleNumeric prints (x − L) / step in numeric.
func (g Gridded) scaleNumeric(p *Printer, e Expr) {
	exact := func(r *big.Rat) string {
		n, ok := r.FloatPrec()
		if !ok {
			n = 400
		}
		return catalog.FormatDecimal(r, n)
	}
	p.WriteByte('(')
	p.Expr(e)
	if g.Lower.Sign() != 0 {
		p.WriteString(" - (" + exact(g.Lower) + ")")
	}
	p.WriteString(") * " + exact(new(big.Rat).Inv(g.Step)))
}

// scaleFloat prints (x − L) / step in float8.
func (g Gridded) scaleFloat(p *Printer, e Expr) {
	scale := new(big.Rat).Inv(g.Step)
	coarse := scale.Cmp(rat(1)) < 0
	if coarse {
		p.WriteString("round")
	}
	p.WriteByte('(')
	p.cast(e, typeSQL(catalog.Of(f8), p.Dialect))
	if g.Lower.Sign() != 0 {
		p.WriteString(" - ")
		p.bound(catalog.Of(f8), g.Lower)
	}
	p.WriteString(") * ")
	p.bound(catalog.Of(f8), scale)
}

// String tells the grid: bounds, step, and whether values must be rounded to it.
func (g Gridded) String() string {
	if g.Step == nil {
		return "no grid"
	}
	word := "rounded"
	if g.exact {
		word = "exact"
	}
	return "[" + g.Lower.RatString() + ", " + g.Upper.RatString() + "] by " + g.Step.RatString() + " " + word
}
