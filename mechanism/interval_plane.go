package mechanism

import (
	"math"
	"math/big"
)

// planeBox bounds what the regression family is made of: the corners (1−s)(1−t) … st, the triples of the columns, and the
// sum of all, each within its own half width of the noisy number with probability 1 − (1 − confidence)/k for the k numbers that are
// used. So all of them hold with the confidence, and the interval is what interval arithmetic makes of the box: wider than
// needed, and true.
type planeBox struct {
	e       Estimator
	corner  [4]*big.Rat // half widths; nil where not used
	triple  [2]*big.Rat // of each number of a column's triple; nil where not used
	overall *big.Rat
}

func newPlaneBox(e Estimator, spec Spec, confidence float64) *planeBox {
	p := e.Plane
	uses := e.Kind != SumSquares
	var triples [2]bool
	switch e.Kind {
	case Corr, RSquared:
		triples = [2]bool{true, true}
	case Slope, Intercept, SumSquares:
		triples[p.Axis] = true
	}
	k := 1.0
	if uses {
		k += 4
	}
	for _, t := range triples {
		if t {
			k += 3
		}
	}
	each := 1 - (1-confidence)/k
	b := &planeBox{e: e, overall: fromFloat(spec.halfWidth(ones(p.width()), each))}
	if uses {
		for c := range b.corner {
			b.corner[c] = fromFloat(spec.halfWidth(p.cornerWeights(c), each))
		}
	}
	for axis, t := range triples {
		if t {
			b.triple[axis] = fromFloat(spec.halfWidth(ones(p.Degree[1-axis]+1), each))
		}
	}
	return b
}

func ones(n int) []float64 {
	out := make([]float64, n)
	for i := range out {
		out[i] = 1
	}
	return out
}

func (p *Plane) cornerWeights(c int) []float64 {
	out := make([]float64, p.width())
	p.each(func(i, j, at int) { out[at] = toFloat(p.corner(c/2, c%2, i, j)) })
	return out
}

// span is a closed interval; nil ends are unbounded.
type span struct{ lo, hi *big.Rat }

func around(x, half *big.Rat) span {
	return span{positive(new(big.Rat).Sub(x, half)), positive(new(big.Rat).Add(x, half))}
}

func mul(a, b *big.Rat) *big.Rat { return new(big.Rat).Mul(a, b) }

// times is the interval of products.
func (s span) times(o span) span {
	out := span{}
	for _, a := range []*big.Rat{s.lo, s.hi} {
		for _, b := range []*big.Rat{o.lo, o.hi} {
			v := mul(a, b)
			if out.lo == nil || v.Cmp(out.lo) < 0 {
				out.lo = v
			}
			if out.hi == nil || v.Cmp(out.hi) > 0 {
				out.hi = v
			}
		}
	}
	return out
}

// over is the interval of quotients by an interval above 0; false where that touches 0.
func (s span) over(o span) (span, bool) {
	if o.lo.Sign() <= 0 {
		return span{}, false
	}
	return s.times(span{new(big.Rat).Inv(o.hi), new(big.Rat).Inv(o.lo)}), true
}

func (s span) within(lo, hi *big.Rat) span { return span{clamp(s.lo, lo, hi), clamp(s.hi, lo, hi)} }

// bounds is the interval of one group.
func (b *planeBox) bounds(y []*big.Int, value *big.Rat) (low, high *big.Rat) {
	if value == nil {
		return nil, nil
	}
	s, ok := b.span(y)
	if !ok {
		return nil, nil
	}
	if value.Cmp(s.lo) < 0 {
		s.lo = value
	}
	if value.Cmp(s.hi) > 0 {
		s.hi = value
	}
	return s.lo, s.hi
}

func (b *planeBox) span(y []*big.Int) (span, bool) {
	e, p := b.e, b.e.Plane
	sum := around(new(big.Rat).SetInt(total(y, p.width())), b.overall)
	n := span{new(big.Rat).Quo(sum.lo, new(big.Rat).SetInt(e.Row)), new(big.Rat).Quo(sum.hi, new(big.Rat).SetInt(e.Row))}
	if e.Kind == SumSquares {
		size := p.size(p.Axis)
		return b.variance(y, p.Axis).times(n).times(span{mul(size, size), mul(size, size)}), true
	}
	var c [4]span
	for i, v := range p.corners(y) {
		c[i] = around(v, b.corner[i])
	}
	det := span{new(big.Rat).Sub(mul(c[3].lo, c[0].lo), mul(c[2].hi, c[1].hi)), new(big.Rat).Sub(mul(c[3].hi, c[0].hi), mul(c[2].lo, c[1].lo))}
	quarter := big.NewRat(1, 4)
	cov := span{new(big.Rat).Neg(quarter), quarter}
	if v, ok := det.over(span{mul(sum.lo, sum.lo), mul(sum.hi, sum.hi)}); ok {
		cov = v.within(cov.lo, cov.hi)
	}
	scale := mul(p.size(0), p.size(1))
	scaled := cov.times(span{scale, scale})
	switch e.Kind {
	case CovarPop:
		return scaled, true
	case CovarSamp:
		return scaled.times(span{e.bessel(sum.hi), e.bessel(sum.lo)}), true
	case SumProducts:
		return scaled.times(n), true
	case Corr:
		return b.correlation(y, cov), true
	case RSquared:
		r := b.correlation(y, cov)
		square := r.times(r)
		if r.lo.Sign() <= 0 && r.hi.Sign() >= 0 {
			square.lo = new(big.Rat)
		}
		return square, true
	}
	return b.line(y, cov, c)
}

// line is the slope's or the intercept's interval; false where the variance may be 0.
func (b *planeBox) line(y []*big.Int, cov span, c [4]span) (span, bool) {
	p, x := b.e.Plane, b.e.Plane.Axis
	slope, ok := cov.over(b.variance(y, x))
	if !ok {
		return slope, false
	}
	ratio := new(big.Rat).Quo(p.size(1-x), p.size(x))
	slope = slope.times(span{ratio, ratio})
	if b.e.Kind == Slope {
		return slope, true
	}
	at := slope.times(p.mean(c, x))
	of := p.mean(c, 1-x)
	return span{new(big.Rat).Sub(of.lo, at.hi), new(big.Rat).Sub(of.hi, at.lo)}, true
}

// mean is the interval of a column's mean, A/(A+B) from the corners: it rises in A and falls in B.
func (p *Plane) mean(c [4]span, axis int) span {
	other := c[2-axis] // s(1−t) for axis 0, (1−s)t for axis 1
	rest := c[1+axis]
	share := func(a, b *big.Rat, none int64) *big.Rat {
		if s := new(big.Rat).Add(a, b); s.Sign() > 0 {
			return s.Quo(a, s)
		}
		return big.NewRat(none, 1)
	}
	lo := share(new(big.Rat).Add(c[3].lo, other.lo), new(big.Rat).Add(c[0].hi, rest.hi), 0)
	hi := share(new(big.Rat).Add(c[3].hi, other.hi), new(big.Rat).Add(c[0].lo, rest.lo), 1)
	return span{p.place(axis, lo), p.place(axis, hi)}
}

// variance is the interval of a column's normalised variance.
func (b *planeBox) variance(y []*big.Int, axis int) span {
	var lo, hi [3]*big.Rat
	for i, v := range b.e.Plane.marginal(y, axis) {
		s := around(new(big.Rat).SetInt(v), b.triple[axis])
		lo[i], hi[i] = s.lo, s.hi
	}
	low, high := boxVariance(lo, hi)
	return span{low, high}
}

// correlation is cov/√(var·var) within [−1, 1].
func (b *planeBox) correlation(y []*big.Int, cov span) span {
	v := b.variance(y, 0).times(b.variance(y, 1))
	one := big.NewRat(1, 1)
	end := func(c *big.Rat, outward bool) *big.Rat {
		by, r := v.hi, up // toward 0
		if outward {
			by, r = v.lo, down
		}
		if root := squareRoot(by, r); root.Sign() > 0 {
			return clamp(new(big.Rat).Quo(c, root), big.NewRat(-1, 1), one)
		}
		return big.NewRat(int64(c.Sign()), 1)
	}
	return span{end(cov.lo, cov.lo.Sign() < 0), end(cov.hi, cov.hi.Sign() > 0)}
}

// expectedOfTwo is c of a half width c/n. A corner that moves by h moves the normalised covariance by at most h/n. At σ =
// (U−L)/4 in both columns a slope moves by 16 times that, and a correlation too; R² by twice as much.
func (e Estimator) expectedOfTwo(spec Spec, confidence float64) HalfWidth {
	p := e.Plane
	row := toFloat(new(big.Rat).SetInt(e.Row))
	var size, reach [2]float64
	for i := range size {
		if p.Degree[i] > 0 {
			size[i] = toFloat(p.size(i))
			reach[i] = math.Max(math.Abs(toFloat(p.Lower[i])), math.Abs(toFloat(p.Upper[i])))
		}
	}
	if e.Kind == SumSquares {
		h := spec.halfWidth(ones(e.draws()), confidence) / row
		return HalfWidth{Value: h * size[p.Axis] * size[p.Axis]}
	}
	c := spec.halfWidth(p.cornerWeights(3), confidence) / row
	x, y := size[p.Axis], size[1-p.Axis]
	switch e.Kind {
	case CovarPop, CovarSamp:
		return HalfWidth{Value: c * x * y, PerRow: true}
	case SumProducts:
		return HalfWidth{Value: c * x * y}
	case Corr:
		return HalfWidth{Value: 16 * c, PerRow: true}
	case RSquared:
		return HalfWidth{Value: 32 * c, PerRow: true}
	}
	if x == 0 {
		return HalfWidth{}
	}
	slope := 16 * c * y / x
	if e.Kind == Slope {
		return HalfWidth{Value: slope, PerRow: true}
	}
	return HalfWidth{Value: slope*reach[p.Axis] + c*y, PerRow: true}
}
