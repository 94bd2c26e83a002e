package rewrite

import (
	"fmt"
	"math/big"
	"sort"

	"github.com/dpproxy/dpproxy/mechanism"
	"github.com/dpproxy/dpproxy/refusal"
	"github.com/dpproxy/dpproxy/rewrite/expr"
)

// The regression family of two columns comes from one release: the table of products of their Bernstein bases (see
// mechanism/plane.go), of the degrees that the functions asked for need. A row adds Gᵃ·Hᵇ in all, whatever its values, for
// grids of G and H steps and degrees a and b. Rows in which either is NULL do not count.
//
//	count (0, 0)   avgx, avgy (1, 0)   covar, sxy (1, 1)   sxx, syy (2, 0)   slope, intercept (2, 1)   corr, r2 (2, 2)
//
// What is asked of one of the columns alone joins the release, at the degree that it needs, where neither column is ever
// NULL, so that both count the same rows. Shares are what errors are made of: a mean of a (1, 2) table has 1.7 times
// the noise of a pair's, and a pair of its own would double the noise of everything.
type plane struct {
	arg     expr.Expr // the second column; the first is released.arg
	grid    expr.Gridded
	degree  [2]int
	written [2]string
}

// addPair notes a call of two columns. The columns stand in the order of their canonical texts.
func (w *wants) addPair(d *draft, k *call) {
	y, x := measuredAs(k.fn).degree[0], measuredAs(k.fn).degree[1]
	swap := d.order(k.arg) > d.order(k.arg2)
	if w.plane == nil {
		w.arg, w.plane = k.arg, &plane{arg: k.arg2, written: [2]string{k.written, k.written2}}
		if swap {
			w.arg, w.plane.arg, w.plane.written = k.arg2, k.arg, [2]string{k.written2, k.written}
		}
	}
	if swap {
		y, x = x, y
	}
	w.plane.degree[0], w.plane.degree[1] = max(w.plane.degree[0], y), max(w.plane.degree[1], x)
}

// mergeIntoPlanes moves the sets of one column into a plane that counts the same rows.
func mergeIntoPlanes(d *draft, sets map[set]*wants) {
	var planes, single []set
	for s, w := range sets {
		switch {
		case w.plane != nil && !w.nullable():
			planes = append(planes, s)
		case s.arg != "" && s.arg2 == "" && !s.distinct && !w.arg.Domain().Nullable:
			single = append(single, s)
		}
	}
	sort.Slice(planes, func(i, j int) bool { return sets[planes[i]].order(d) < sets[planes[j]].order(d) })
	for _, s := range single {
		for _, p := range planes {
			at, host := -1, sets[p]
			switch {
			case p.filter != s.filter:
				continue
			case text(host.arg) == s.arg:
				at = 0
			case text(host.plane.arg) == s.arg:
				at = 1
			default:
				continue
			}
			for fn := range sets[s].fns {
				host.plane.degree[at] = max(host.plane.degree[at], measuredAs(fn).degree[0])
			}
			host.sets[s] = true
			delete(sets, s)
			break
		}
	}
}

// gridsOfPlane puts both columns on grids that are coarse enough for Δ to stay below 2^maxDeltaBits.
func (r *resolver) gridsOfPlane(s *released, w *wants, m int64) error {
	p := s.plane
	s.delta = big.NewInt(m)
	bits := maxDeltaBits - s.delta.BitLen()
	if n := p.degree[0] + p.degree[1]; n > 0 {
		bits = (bits - n) / n // a grid that rounds may have a step more than 2^bits
	}
	if bits < 10 {
		return r.fail(refusal.NotSupported, w.loc, "dp.max_rows is too large for exact sums of products").WithHint("Lower dp.max_rows.")
	}
	for i, to := range []*expr.Gridded{&s.grid, &p.grid} {
		if p.degree[i] == 0 {
			continue
		}
		one := &wants{arg: []expr.Expr{s.arg, p.arg}[i], loc: w.loc, written: p.written[i]}
		e, err := r.bounded(one)
		if err != nil {
			return err
		}
		s.fallback = s.fallback || text(e) != text(one.arg)
		if *to, err = expr.GridWithin(e, m, bits); err != nil {
			return r.at(err, w.loc)
		}
		if to.G.Sign() == 0 {
			to.G = big.NewInt(1)
		}
		s.delta.Mul(s.delta, power(to.G, p.degree[i]))
	}
	return nil
}

func power(x *big.Int, n int) *big.Int { return new(big.Int).Exp(x, big.NewInt(int64(n)), nil) }

// row is what one row adds to the whole table.
func (s *released) row() *big.Int {
	row := big.NewInt(1)
	for i, g := range []expr.Gridded{s.grid, s.plane.grid} {
		if d := s.plane.degree[i]; d > 0 {
			row.Mul(row, power(g.G, d))
		}
	}
	return row
}

// formulaOfPlane computes a call's value from the table.
func (s *released) formulaOfPlane(e mechanism.Estimator, k *call) mechanism.Estimator {
	p, how := s.plane, measuredAs(k.fn)
	e.Row = s.row()
	e.Plane = &mechanism.Plane{Degree: p.degree, Lower: [2]*big.Rat{s.grid.Lower, p.grid.Lower}, Upper: [2]*big.Rat{s.grid.Upper, p.grid.Upper}}
	on := k.arg // the column that is asked about, or the independent one
	if k.arg2 != nil && (how.degree[0] == 0 || how.degree[1] > 0) {
		on = k.arg2
	}
	if on != nil && text(on) != text(s.arg) {
		e.Plane.Axis = 1
	}
	axis := e.Plane.Axis
	e.Lower, e.Upper = e.Plane.Lower[axis], e.Plane.Upper[axis]
	e.Kind = how.formula
	switch {
	case how.formula == mechanism.Linear:
		e.Coef = s.linearOfPlane(how, axis)
	case how.formula == mechanism.Mean && p.degree[axis] == 2:
		e.Kind = mechanism.MeanOfTriple
	}
	return e
}

// linearOfPlane gives a count, 1/Row for every number, or a sum, L + (U − L)·i/d of that for basis function i of the axis.
func (s *released) linearOfPlane(how measured, axis int) []*big.Rat {
	p := s.plane
	inverse := new(big.Rat).SetFrac(big.NewInt(1), s.row())
	grid := []expr.Gridded{s.grid, p.grid}[axis]
	var out []*big.Rat
	for i := 0; i <= p.degree[0]; i++ {
		for j := 0; j <= p.degree[1]; j++ {
			c := inverse
			if how.isSum() {
				value := new(big.Rat).Sub(grid.Upper, grid.Lower)
				value.Mul(value, big.NewRat(int64([2]int{i, j}[axis]), int64(p.degree[axis])))
				c = value.Add(value, grid.Lower).Mul(value, inverse)
			}
			out = append(out, c)
		}
	}
	return out
}

// both is the condition that neither column is NULL, for a count; "" where neither can be.
func (m *measurementSQL) both(s *released) string {
	cond := ""
	for _, e := range []expr.Expr{s.arg, s.plane.arg} {
		if !e.Domain().Nullable {
			continue
		}
		if c, ok := e.(expr.Column); ok {
			c.Clamp = false
			e = c
		}
		if cond != "" {
			cond += " AND "
		}
		cond += m.value(e) + " IS NOT NULL"
	}
	return cond
}

// planeAggregates prints the sums of the products, and the number of rows that count.
func (m *measurementSQL) planeAggregates(s *released) rawAggregates {
	cond := m.both(s)
	if s.filter != nil {
		if cond != "" {
			cond += " AND "
		}
		cond += m.value(s.filter)
	}
	filter := ""
	if cond != "" {
		filter = " FILTER (WHERE " + cond + ")"
	}
	out := rawAggregates{n: "count(*)" + filter}
	if s.plane.degree == [2]int{} {
		out.v = []string{out.n}
		return out
	}
	exact := m.wide
	if s.row().BitLen() <= 62 {
		exact = func(x string) string { return "CAST(" + x + " AS bigint)" }
	}
	first, second := m.basis(s.grid, s.plane.degree[0], exact), m.basis(s.plane.grid, s.plane.degree[1], exact)
	for _, a := range first {
		for _, b := range second {
			product := a + b
			if a != "" && b != "" {
				product = a + " * " + b
			}
			out.v = append(out.v, m.wide("coalesce(sum("+product+")"+filter+", 0)"))
		}
	}
	return out
}

// basis prints (G−s)^d, …, s^d with their factors; "" for the one function of degree 0.
func (m *measurementSQL) basis(g expr.Gridded, degree int, exact func(string) string) []string {
	if degree == 0 {
		return []string{""}
	}
	s := exact(m.value(g.Normal()))
	rest := fmt.Sprintf("(%s - %s)", m.number(g.G), s)
	if degree == 1 {
		return []string{rest, s}
	}
	return []string{rest + " * " + rest, "2 * " + s + " * " + rest, s + " * " + s}
}
