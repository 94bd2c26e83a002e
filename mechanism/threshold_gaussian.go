package mechanism

import (
	"math/big"
	"sort"
)

// gaussianTail bounds P(X ≥ x) from above for X discrete Gaussian, at grid points x = start + j·step.
//
// Numerator: f(x) = exp(−x²/(2σ²)) is convex for x ≥ σ, so that between two grid points it lies below its chord, and the
// sum of f over the whole numbers a, …, a+h−1 is at most h·(f(a)+f(a+h))/2 + (f(a)−f(a+h))/2; with h = 1 that is f(a), exactly. With
// h ≤ (σ+1)/128 the excess is below (z·h/σ)²/12, 5·10⁻⁴ of the tail at z = 10 standard deviations.
// Beyond the last grid point K: Σ f ≤ f(K) + ∫ f ≤ f(K)·(1 + σ²/K).
// Denominator: Σ f over all whole numbers is at least √(2π)·σ (Poisson summation; CKS 2020, Fact 19) and at least a partial sum.
type gaussianTail struct {
	variance    *big.Rat
	start, step *big.Int
	f, tail     []*big.Float // at each grid point; tail is not yet divided by total
	total       *big.Float
}

const (
	stepsInSigma = 128
	tailSigmas   = 16 // f falls to 10⁻⁵⁵ there
)

func newGaussianTail(variance *big.Rat) *gaussianTail {
	sigma := new(big.Int).Quo(variance.Num(), variance.Denom())
	sigma.Sqrt(sigma).Add(sigma, big.NewInt(1)) // > σ
	step := new(big.Int).Quo(sigma, big.NewInt(stepsInSigma))
	if step.Sign() == 0 {
		step.SetInt64(1)
	}
	t := &gaussianTail{variance: variance, start: sigma, step: step}
	reach := new(big.Int).Mul(sigma, big.NewInt(tailSigmas))
	points := int(reach.Quo(reach, step).Int64()) + 2
	t.fill(points)
	t.sum()
	t.total = gaussianTotal(variance)
	return t
}

// fill computes upper bounds of f on the grid by its ratios: f(a+h)/f(a) = exp(−(2ah+h²)/(2σ²)), and that ratio falls by the
// factor exp(−h²/σ²) from one step to the next. Every product is rounded up.
func (t *gaussianTail) fill(points int) {
	a, h := new(big.Rat).SetInt(t.start), new(big.Rat).SetInt(t.step)
	over := func(x *big.Rat, n int64) *big.Float { // exp(−x/(n·σ²)), rounded up
		_, hi := expBounds(x.Quo(x, new(big.Rat).Mul(t.variance, new(big.Rat).SetInt64(n))))
		return hi
	}
	f := over(new(big.Rat).Mul(a, a), 2)
	first := new(big.Rat).Mul(a, h)
	first.Add(first, first).Add(first, new(big.Rat).Mul(h, h))
	ratio, shrink := over(first, 2), over(new(big.Rat).Mul(h, h), 1)
	t.f = make([]*big.Float, points)
	for i := range t.f {
		t.f[i] = f
		f = ceilFloat().Mul(f, ratio)
		ratio.Mul(ratio, shrink)
	}
}

// sum adds the blocks from the far end.
func (t *gaussianTail) sum() {
	last := len(t.f) - 1
	t.tail = make([]*big.Float, len(t.f))
	beyond := new(big.Rat).SetInt(t.at(last))
	beyond.Quo(t.variance, beyond).Add(beyond, big.NewRat(1, 1))
	t.tail[last] = ceilFloat().Mul(t.f[last], ceilFloat().SetRat(beyond))
	for i := last - 1; i >= 0; i-- {
		t.tail[i] = ceilFloat().Add(t.tail[i+1], chord(t.f[i], t.f[i+1], t.step))
	}
}

// chord is h·(left+right)/2 + (left−right)/2 = ((h+1)·left + (h−1)·right)/2, rounded up.
func chord(left, right *big.Float, h *big.Int) *big.Float {
	one := big.NewInt(1)
	sum := ceilFloat().Mul(left, ceilFloat().SetInt(new(big.Int).Add(h, one)))
	sum.Add(sum, ceilFloat().Mul(right, ceilFloat().SetInt(new(big.Int).Sub(h, one))))
	return sum.SetMantExp(sum, -1)
}

func (t *gaussianTail) at(i int) *big.Int {
	x := new(big.Int).Mul(t.step, big.NewInt(int64(i)))
	return x.Add(x, t.start)
}

// quantile is a small k > σ with P(X ≥ k) ≤ p for certain.
func (t *gaussianTail) quantile(p *big.Rat) *big.Int {
	allowed := floorFloat().Mul(floorFloat().SetRat(p), t.total)
	i := sort.Search(len(t.tail), func(i int) bool { return t.tail[i].Cmp(allowed) <= 0 })
	if i == len(t.tail) {
		// p < 10⁻⁵⁵: go on by f(k)·(1 + σ²/k) ≤ f(k)·(1 + σ).
		return t.farQuantile(allowed)
	}
	end := t.at(i)
	if i == 0 {
		return end
	}
	// Inside the block before i: the sum from x to the block's end is below its own chord. Invariant: not certain at
	// end − far, certain at end − near.
	near, far := new(big.Int), new(big.Int).Set(t.step)
	for {
		mid := new(big.Int).Add(near, far)
		if mid.Rsh(mid, 1); mid.Cmp(near) == 0 {
			return new(big.Int).Sub(end, near)
		}
		x := new(big.Rat).SetInt(new(big.Int).Sub(end, mid))
		x.Mul(x, x).Quo(x, new(big.Rat).Add(t.variance, t.variance))
		_, f := expBounds(x)
		if sum := chord(f, t.f[i], mid); sum.Add(sum, t.tail[i]).Cmp(allowed) <= 0 {
			near = mid
		} else {
			far = mid
		}
	}
}

func (t *gaussianTail) farQuantile(allowed *big.Float) *big.Int {
	wide := ceilFloat().SetInt(new(big.Int).Add(t.start, big.NewInt(1)))
	for k := t.at(len(t.f) - 1); ; k.Lsh(k, 1) {
		x := new(big.Rat).SetInt(k)
		_, f := expBounds(x.Mul(x, x).Quo(x, new(big.Rat).Add(t.variance, t.variance)))
		if f.Mul(f, wide).Cmp(allowed) <= 0 {
			return k
		}
	}
}

// gaussianTotal is a lower bound of Σ exp(−x²/(2σ²)) over all whole numbers.
func gaussianTotal(variance *big.Rat) *big.Float {
	// √(2πσ²), rounded down with a margin for the root.
	total := floorFloat().SetRat(new(big.Rat).Mul(variance, twoPi()))
	total = floorFloat().Sqrt(total)
	margin := floorFloat().SetMantExp(big.NewFloat(1), -200)
	total.Sub(total, margin.Mul(margin, total))
	// For σ below 1 the first terms are more.
	partial := floorFloat().SetInt64(1)
	for x := int64(1); x <= 6; x++ {
		lo, _ := expBounds(new(big.Rat).Quo(big.NewRat(x*x, 2), variance))
		partial.Add(partial, lo.SetMantExp(lo, 1))
	}
	if partial.Cmp(total) > 0 {
		return partial
	}
	return total
}

// twoPi is 2π from below: 6.283185307179586476925286766559005768394….
func twoPi() *big.Rat {
	r, _ := new(big.Rat).SetString("6.283185307179586476925286766559005768394338798750211641949889184615")
	return r
}
