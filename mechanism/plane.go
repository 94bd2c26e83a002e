package mechanism

import (
	"fmt"
	"math/big"
)

// Plane says that a spec's numbers are a table: the product basis of two columns of normalised values s and t in [0, 1].
//
//	y[i·(Degree[1]+1) + j] = Σ B(Degree[0], i)(s) · B(Degree[1], j)(t) · Row,   B(d, i)(s) = C(d, i)·sⁱ·(1−s)^(d−i)
//
// Each entry is at least 0, and the entries of one row of data add up to Row, because Bernstein polynomials of one degree
// add up to 1. So one release of the table has L1 m·Row, whatever its size, and every moment sᵃ·tᵇ with a ≤ Degree[0] and
// b ≤ Degree[1] is linear in it:
//
//	E s = Σ (i/d)·p,   E s² = Σ (i(i−1)/(d(d−1)))·p,   p = y/Σy
//
// A degree is 0 (only whether the column is NULL counts), 1 (means and the covariance) or 2 (variances).
type Plane struct {
	Degree       [2]int
	Lower, Upper [2]*big.Rat // bounds of the columns; nil where the degree is 0
	// Axis is the column that a mean, a variance or SumSquares is of, and the independent variable of a regression.
	Axis int
}

// ofTwo tells that e is of the regression family, and not of one column of a plane.
func (e Estimator) ofTwo() bool {
	switch e.Kind {
	case CovarPop, CovarSamp, Corr, Slope, Intercept, RSquared, SumProducts, SumSquares:
		return true
	}
	return false
}

// draws is the number of independent noisy numbers that add up to one of the pair or triple that e reads.
func (e Estimator) draws() int {
	if e.Plane == nil {
		return 1
	}
	return e.Plane.Degree[1-e.Plane.Axis] + 1
}

// needs are the smallest degrees that e can be computed from, by axis and the other column.
func (e Estimator) needs() (axis, other int) {
	switch e.Kind {
	case Mean:
		return 1, 0
	case MeanOfTriple, VarPop, VarSamp, StddevPop, StddevSamp, SumSquares:
		return 2, 0
	case CovarPop, CovarSamp, SumProducts:
		return 1, 1
	case Slope, Intercept:
		return 2, 1
	}
	return 2, 2
}

func (e Estimator) validatePlane(spec Spec) error {
	p := e.Plane
	fault := func(what string) error { return fmt.Errorf("mechanism: estimator %q %s", e.Kind, what) }
	if p.Axis != 0 && p.Axis != 1 || e.First < 0 || e.Row == nil || e.Row.Sign() < 1 {
		return fault("has no axis or no row")
	}
	for i, d := range p.Degree {
		if d < 0 || d > 2 {
			return fault("has a degree out of range")
		}
		if d > 0 && (p.Lower[i] == nil || p.Upper[i] == nil || p.Lower[i].Cmp(p.Upper[i]) > 0) {
			return fault("needs bounds")
		}
	}
	if spec.Width != (p.Degree[0]+1)*(p.Degree[1]+1) {
		return fault(fmt.Sprintf("does not fit the %d numbers of %q", spec.Width, spec.Name))
	}
	axis, other := e.needs()
	switch {
	case e.Kind != Mean && e.Kind != MeanOfTriple && e.Kind != VarPop && e.Kind != VarSamp && e.Kind != StddevPop && e.Kind != StddevSamp && !e.ofTwo():
		return fault("is unknown")
	case p.Degree[p.Axis] < axis || p.Degree[1-p.Axis] < other || e.Kind == Mean && p.Degree[p.Axis] != 1:
		return fault("needs another degree")
	case !e.ofTwo() && (e.Lower == nil || e.Upper == nil || e.Lower.Cmp(e.Upper) > 0):
		return fault("needs bounds")
	}
	return nil
}

// each calls f for every entry of the table.
func (p *Plane) each(f func(i, j, at int)) {
	for i := 0; i <= p.Degree[0]; i++ {
		for j := 0; j <= p.Degree[1]; j++ {
			f(i, j, i*(p.Degree[1]+1)+j)
		}
	}
}

// marginal sums the other column out: the pair or triple of one column, in that order: y[0] is of (1−s)^d.
// A pair comes as Mean reads it, (Σs, Σ(1−s)).
func (p *Plane) marginal(y []*big.Int, axis int) []*big.Int {
	out := make([]*big.Int, p.Degree[axis]+1)
	for i := range out {
		out[i] = new(big.Int)
	}
	p.each(func(i, j, at int) {
		k := [2]int{i, j}[axis]
		out[k].Add(out[k], y[at])
	})
	if len(out) == 2 {
		out[0], out[1] = out[1], out[0]
	}
	return out
}

// corner is the weight of entry (i, j) in the sum of s^a·(1−s)^(1−a) · t^b·(1−t)^(1−b), for a and b 0 or 1.
func (p *Plane) corner(a, b, i, j int) *big.Rat {
	return new(big.Rat).Mul(p.share(0, a, i), p.share(1, b, j))
}

// share is the weight of basis function i in s (a = 1) or 1−s (a = 0).
func (p *Plane) share(axis, a, i int) *big.Rat {
	d := int64(p.Degree[axis])
	if a == 1 {
		return big.NewRat(int64(i), d)
	}
	return big.NewRat(d-int64(i), d)
}

// corners are the sums of (1−s)(1−t), (1−s)t, s(1−t) and st: the table of degree (1, 1).
func (p *Plane) corners(y []*big.Int) [4]*big.Rat {
	var out [4]*big.Rat
	for k := range out {
		sum := new(big.Rat)
		p.each(func(i, j, at int) {
			w := p.corner(k/2, k%2, i, j)
			sum.Add(sum, w.Mul(w, new(big.Rat).SetInt(y[at])))
		})
		out[k] = sum
	}
	return out
}

func total(y []*big.Int, width int) *big.Int {
	sum := new(big.Int)
	for _, v := range y[:width] {
		sum.Add(sum, v)
	}
	return sum
}

func (p *Plane) width() int { return (p.Degree[0] + 1) * (p.Degree[1] + 1) }

// variance is the variance of one column's normalised value, in [0, 1/4]; nil where its degree is below 2.
func (p *Plane) variance(y []*big.Int, axis int) *big.Rat {
	if p.Degree[axis] < 2 {
		return nil
	}
	m := p.marginal(y, axis)
	return normalVariance(m, total(m, 3))
}

// width of a column's bounds.
func (p *Plane) size(axis int) *big.Rat { return new(big.Rat).Sub(p.Upper[axis], p.Lower[axis]) }

// moments are what a regression is made of, of normalised values, each clamped to what is possible given the others.
type moments struct {
	n          *big.Rat // rows, at least 0
	mean       [2]*big.Rat
	variance   [2]*big.Rat // nil where not measured
	covariance *big.Rat
}

// moments: the covariance is p₁₁·p₀₀ − p₁₀·p₀₁ of the corners, between max(0, e₀+e₁−1) − e₀e₁ and min(e₀, e₁) − e₀e₁ (Fréchet), and its square
// at most the product of the variances where those are known.
func (e Estimator) moments(y []*big.Int) (m moments, ok bool) {
	p := e.Plane
	sum := total(y, p.width())
	if sum.Sign() <= 0 {
		return m, false
	}
	whole := new(big.Rat).SetInt(sum)
	m.n = new(big.Rat).SetFrac(sum, e.Row)
	c := p.corners(y)
	one := big.NewRat(1, 1)
	for axis := range m.mean {
		s := new(big.Rat).Add(c[3], c[2-axis])
		m.mean[axis] = clamp(s.Quo(s, whole), new(big.Rat), one)
		m.variance[axis] = p.variance(y, axis)
	}
	square := new(big.Rat).Mul(whole, whole)
	det := new(big.Rat).Mul(c[3], c[0])
	m.covariance = det.Sub(det, new(big.Rat).Mul(c[2], c[1])).Quo(det, square)
	product := new(big.Rat).Mul(m.mean[0], m.mean[1])
	low := new(big.Rat).Sub(new(big.Rat).Add(m.mean[0], m.mean[1]), one)
	high := m.mean[0]
	if m.mean[1].Cmp(high) < 0 {
		high = m.mean[1]
	}
	m.covariance = clamp(m.covariance, low.Sub(positive(low), product), new(big.Rat).Sub(high, product))
	if m.variance[0] != nil || m.variance[1] != nil {
		most := big.NewRat(1, 1)
		for axis, v := range m.variance {
			if v == nil { // at most e·(1 − e)
				v = new(big.Rat).Mul(m.mean[axis], new(big.Rat).Sub(one, m.mean[axis]))
			}
			most.Mul(most, v)
		}
		root := squareRoot(most, down)
		m.covariance = clamp(m.covariance, new(big.Rat).Neg(root), root)
	}
	return m, true
}

// regression computes the family of two columns. With x the column of Axis and y the other:
//
//	slope = cov/var(x) · (Uy − Ly)/(Ux − Lx)     intercept = ȳ − slope·x̄
//	corr = cov/√(var(x)·var(y))                  R² = corr²
//
// Where there is no x to tell from a constant they are NULL, as in PostgreSQL; R² of a constant y is 1.
func (e Estimator) regression(y []*big.Int) *big.Rat {
	p, x := e.Plane, e.Plane.Axis
	if e.Kind == SumSquares {
		return e.sumSquares(y)
	}
	m, ok := e.moments(y)
	scale := new(big.Rat).Mul(p.size(0), p.size(1))
	switch e.Kind {
	case CovarPop, CovarSamp, SumProducts:
		if !ok {
			return new(big.Rat)
		}
		v := scale.Mul(scale, m.covariance)
		switch e.Kind {
		case CovarSamp:
			v.Mul(v, e.bessel(new(big.Rat).SetInt(total(y, p.width()))))
		case SumProducts:
			v.Mul(v, m.n)
		}
		return v
	}
	if !ok || scale.Sign() == 0 && e.Kind != RSquared || p.size(x).Sign() == 0 || m.variance[x].Sign() == 0 {
		return nil
	}
	switch e.Kind {
	case Corr:
		return pearson(m)
	case RSquared:
		if p.size(1-x).Sign() == 0 || m.variance[1-x].Sign() == 0 {
			return big.NewRat(1, 1)
		}
		r := new(big.Rat).Mul(m.covariance, m.covariance)
		r.Quo(r, new(big.Rat).Mul(m.variance[0], m.variance[1]))
		return clamp(r, new(big.Rat), big.NewRat(1, 1))
	}
	slope := new(big.Rat).Quo(m.covariance, m.variance[x])
	slope.Mul(slope, new(big.Rat).Quo(p.size(1-x), p.size(x)))
	if e.Kind == Slope {
		return slope
	}
	return slope.Sub(p.place(1-x, m.mean[1-x]), slope.Mul(slope, p.place(x, m.mean[x])))
}

// pearson is nil where a variance is 0.
func pearson(m moments) *big.Rat {
	root := squareRoot(new(big.Rat).Mul(m.variance[0], m.variance[1]), up)
	if root.Sign() == 0 {
		return nil
	}
	r := new(big.Rat).Quo(m.covariance, root)
	return clamp(r, big.NewRat(-1, 1), big.NewRat(1, 1))
}

// sumSquares is n times the variance of one column.
func (e Estimator) sumSquares(y []*big.Int) *big.Rat {
	p := e.Plane
	sum := total(y, p.width())
	if sum.Sign() <= 0 {
		return new(big.Rat)
	}
	v := p.variance(y, p.Axis)
	v.Mul(v, new(big.Rat).SetFrac(sum, e.Row))
	size := p.size(p.Axis)
	return v.Mul(v, size.Mul(size, size))
}

// place takes a share in [0, 1] to a column's bounds.
func (p *Plane) place(axis int, share *big.Rat) *big.Rat {
	v := new(big.Rat).Mul(p.size(axis), share)
	return v.Add(v, p.Lower[axis])
}
