package rewrite

import (
	"math/big"

	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/refusal"
	"github.com/dpproxy/dpproxy/rewrite/expr"
)

// pointGrid turns a column's values into the points of a histogram.
//
// The grid is made of what is public alone: the bounds, and a step. It is the column's own step where that gives no more than maxPoints
// points, so that whole numbers, days and cents are exact; else the least of 1, 2, 5, 10, 20 … (for times 1, 2, 5, 10, 15, 30 seconds,
// minutes, … days), of which the nearest multiple is taken: values that people round are then points.
//
// Columns whose values are listed, text above all, have the places in the list as points; values that are not listed are left out.
type pointGrid struct {
	// whole is a whole number of [0, G], and the point is (whole·times + plus) / by.
	whole           expr.Expr
	times, plus, by *big.Int
	bits            int   // that whole·times + plus needs
	largest         int64 // point, ≥ 1
	points          Points
}

// maxPoints bounds the rows of one group's histogram, which are kept in memory.
const maxPoints = 1 << 18

// pointsOf makes the grid of a call's argument.
func (r *resolver) pointsOf(k *call) (pointGrid, error) {
	switch t := k.arg.Type(); {
	case t.IsNumeric() && !t.Array:
		arg, err := r.bounded(&wants{arg: k.arg, loc: k.loc, written: k.written})
		if err != nil {
			return pointGrid{}, err
		}
		return r.numberGrid(arg, k, big.NewRat(1, 1), decimalSteps)
	case t.IsDateTime() && !t.Array:
		return r.timeGrid(k)
	case k.arg.Domain().Values != nil:
		return r.listGrid(k)
	case t.IsText() && !t.Array:
		return pointGrid{}, r.fail(refusal.NotSupported, k.loc, "%q is text whose values are not declared, so that %s cannot choose among them", k.written, k.name).
			WithHint("Ask the owner of the data to declare the column's values, or write a CASE with constants.")
	default:
		return pointGrid{}, r.fail(refusal.NotSupported, k.loc, "%s is not supported over values of type %s", k.name, t).
			WithHint("Numbers, dates, timestamps and columns with declared values have quantiles, minima and maxima.")
	}
}

// listGrid has the places in the list of values as points.
func (r *resolver) listGrid(k *call) (pointGrid, error) {
	t, b := k.arg.Type(), builder(Protected)
	values := catalog.SortValues(t, append([]string{}, k.arg.Domain().Values...))
	if len(values) == 0 {
		return pointGrid{}, r.fail(refusal.NotSupported, k.loc, "%q has no values", k.written)
	}
	var whens []expr.When
	for i, v := range values {
		whens = append(whens, expr.When{Cond: expr.Const{Typ: t, Text: v, Pos: -1}, Result: expr.Const{Typ: catalog.Of(catalog.Int4), Text: itoa(int64(i)), Pos: -1}})
	}
	place, err := b.Case(k.arg, whens, nil, -1)
	if err != nil {
		return pointGrid{}, r.at(err, k.loc)
	}
	return pointGrid{whole: place, times: big.NewInt(1), plus: new(big.Int), by: big.NewInt(1), bits: 32, largest: max(int64(len(values))-1, 1),
		points: Points{Values: values}}, nil
}

// timeGrid counts days of dates and seconds of timestamps.
func (r *resolver) timeGrid(k *call) (pointGrid, error) {
	b := builder(Protected)
	if !k.arg.Domain().Bounded() || !r.declaredBounds(k.arg) {
		return pointGrid{}, r.fail(refusal.NotSupported, k.loc, "%q has no bounds, so that %s has nothing to choose from", k.written, k.name).
			WithHint("Write limits that fit, such as least(greatest(%s, %s '2000-01-01'), %s '2030-01-01'), or ask the owner of the data to declare bounds.",
				k.written, k.arg.Type(), k.arg.Type())
	}
	scale, steps := big.NewRat(1_000_000, 1), timeSteps
	count, err := b.Extract("epoch", k.arg, -1)
	if k.arg.Type().Kind == catalog.Date {
		scale, steps = big.NewRat(1, 1), decimalSteps
		count, err = b.Op("-", k.arg, expr.Const{Typ: catalog.Of(catalog.Date), Text: "1970-01-01", Pos: -1}, -1)
	}
	if err != nil {
		return pointGrid{}, r.at(err, k.loc)
	}
	return r.numberGrid(count, k, scale, steps)
}

// numberGrid lays points over a bounded number; scale takes it to what catalog.ToRat counts in.
func (r *resolver) numberGrid(arg expr.Expr, k *call, scale *big.Rat, steps func(*big.Rat) *big.Rat) (pointGrid, error) {
	g, err := expr.Grid(arg, 1)
	if err != nil {
		return pointGrid{}, r.at(err, k.loc)
	}
	if g.G.Sign() < 0 {
		return pointGrid{}, r.fail(refusal.NotSupported, k.loc, "the bounds of %q contradict each other", k.written)
	}
	d := arg.Domain()
	out := pointGrid{whole: g.Normal(), times: big.NewInt(1), plus: new(big.Int), by: big.NewInt(1)}
	step, first := g.Step, new(big.Rat).Quo(g.Lower, g.Step).Num()
	if g.G.Cmp(big.NewInt(maxPoints)) >= 0 {
		least := new(big.Rat).Quo(new(big.Rat).Sub(g.Upper, g.Lower), big.NewRat(maxPoints-2, 1))
		step = steps(least)
		if first = out.coarsen(g, step); out.bits > 120 {
			step = new(big.Rat).Mul(g.Step, new(big.Rat).SetInt(new(big.Int).Lsh(big.NewInt(1), uint(g.G.BitLen()-17))))
			first = out.coarsen(g, step)
		}
	}
	last := new(big.Int).Mul(g.G, out.times)
	last.Add(last, out.plus).Quo(last, out.by)
	out.bits = max(g.G.BitLen()+out.times.BitLen()+1, out.by.BitLen())
	if out.bits > 120 || !last.IsInt64() {
		return pointGrid{}, r.fail(refusal.NotSupported, k.loc, "the bounds of %q are too far apart", k.written).
			WithHint("Narrow them in the query: least(greatest(%s, 0), 100).", k.written)
	}
	out.largest = max(last.Int64(), 1)
	out.points = Points{First: first, Step: new(big.Rat).Mul(step, scale), Lower: new(big.Rat).Mul(d.Lo, scale), Upper: new(big.Rat).Mul(d.Hi, scale)}
	return out, nil
}

// coarsen takes the nearest multiple of step in the place of the grid's value L + whole·s:
//
//	point = ⌊(L + whole·s)/step + 1/2⌋ − first,  first = ⌊L/step + 1/2⌋
//	      = ⌊whole·(s/step) + ((L/step + 1/2) − first)⌋
func (p *pointGrid) coarsen(g expr.Gridded, step *big.Rat) (first *big.Int) {
	from := new(big.Rat).Quo(g.Lower, step)
	from.Add(from, big.NewRat(1, 2))
	first = new(big.Int).Div(from.Num(), from.Denom()) // Euclidean: rounds down
	rest := new(big.Rat).Sub(from, new(big.Rat).SetInt(first))
	ratio := new(big.Rat).Quo(g.Step, step)
	common := new(big.Int).GCD(nil, nil, ratio.Denom(), rest.Denom())
	p.by = new(big.Int).Mul(ratio.Denom(), new(big.Int).Quo(rest.Denom(), common))
	p.times = new(big.Int).Mul(ratio.Num(), new(big.Int).Quo(p.by, ratio.Denom()))
	p.plus = new(big.Int).Mul(rest.Num(), new(big.Int).Quo(p.by, rest.Denom()))
	p.bits = max(g.G.BitLen()+p.times.BitLen()+1, p.by.BitLen())
	return first
}

// decimalSteps is the least 1, 2 or 5 times a power of ten that is not below least.
func decimalSteps(least *big.Rat) *big.Rat {
	ten, power := big.NewRat(10, 1), big.NewRat(1, 1)
	for power.Cmp(least) > 0 {
		power.Quo(power, ten)
	}
	for {
		for _, n := range []int64{1, 2, 5} {
			if s := new(big.Rat).Mul(power, big.NewRat(n, 1)); s.Cmp(least) >= 0 {
				return s
			}
		}
		power.Mul(power, ten)
	}
}

// timeSteps is the least usual length of time, in seconds, that is not below least.
func timeSteps(least *big.Rat) *big.Rat {
	const minute, hour, day = 60, 3600, 86400
	if least.Cmp(big.NewRat(1, 1)) <= 0 {
		return decimalSteps(least)
	}
	for _, s := range []int64{2, 5, 10, 15, 30, minute, 2 * minute, 5 * minute, 10 * minute, 15 * minute, 30 * minute,
		hour, 2 * hour, 3 * hour, 6 * hour, 12 * hour} {
		if big.NewRat(s, 1).Cmp(least) >= 0 {
			return big.NewRat(s, 1)
		}
	}
	days := decimalSteps(largerOf(new(big.Rat).Quo(least, big.NewRat(day, 1)), big.NewRat(1, 1)))
	return days.Mul(days, big.NewRat(day, 1))
}

// print writes a row's point as a bigint, NULL where it has no value.
func (p *pointGrid) print(m *measurementSQL) string {
	whole := m.value(p.whole)
	if p.by.Cmp(big.NewInt(1)) == 0 && p.times.Cmp(big.NewInt(1)) == 0 {
		return "CAST(" + whole + " AS bigint)"
	}
	if p.bits <= 62 {
		div := " / "
		if m.p.Dialect == expr.DuckDB {
			div = " // "
		}
		return "((CAST(" + whole + " AS bigint) * " + p.times.String() + " + " + p.plus.String() + ")" + div + p.by.String() + ")"
	}
	return "CAST(" + m.divide(m.wide(whole)+" * "+m.number(p.times)+" + "+m.number(p.plus), m.number(p.by)) + " AS bigint)"
}
