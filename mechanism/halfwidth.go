package mechanism

import (
	"math"
	"math/big"
	"sort"
)

// This file has half widths: numbers h with P(|S| ≤ h) ≥ confidence for noise S. They describe an answer and no guarantee
// of privacy rests on them, so that floating point is allowed, with margins that keep the stated confidence.

// margin widens a result of floating-point arithmetic by more than its error.
const margin = 1 + 1e-9

// singleHalfWidth is the half width of one draw of a spec's noise: the smallest whole number for Laplace noise, and for
// Gaussian noise the smallest or one more.
func (s Spec) singleHalfWidth(confidence float64) float64 {
	if s.Noise == Gaussian {
		return gaussianHalfWidth(math.Sqrt(toFloat(s.GaussianVariance())), confidence)
	}
	return laplaceHalfWidth(toFloat(s.LaplaceScale()), confidence)
}

// laplaceHalfWidth: P(|X| > h) = 2·a^(h+1)/(1+a) ≤ 1 − confidence with a = exp(−1/b).
func laplaceHalfWidth(b, confidence float64) float64 {
	h := b*(math.Log(2/(1-confidence))-math.Log1p(math.Exp(-1/b))) - 1
	return math.Max(0, math.Ceil(h*margin-1e-9))
}

// gaussianHalfWidth sums the distribution for small σ. For σ ≥ 30, |X| is at most (in distribution) a normal variable rounded to
// whole numbers, of a σ that is wider by 10⁻⁷: in the region where the density is concave each cell of the normal
// distribution has no more than the discrete one's mass, where it is convex the tail has no less (Hermite–Hadamard), and the totals
// differ by less than 10⁻⁸. So P(|X| > h) ≤ P(|N| ≥ h + 1/2).
func gaussianHalfWidth(sigma, confidence float64) float64 {
	if sigma >= 30 {
		return math.Max(0, math.Ceil(normalQuantile(confidence)*sigma*(1+1e-7)-0.5))
	}
	reach := int(40*sigma) + 2
	f := func(x int) float64 { return math.Exp(-float64(x) * float64(x) / (2 * sigma * sigma)) }
	total := 0.0
	for x := reach; x > 0; x-- {
		total += 2 * f(x)
	}
	total++
	tail, h := 0.0, reach
	for h > 0 && (tail+2*f(h))*margin <= (1-confidence)*total {
		tail += 2 * f(h)
		h--
	}
	return float64(h)
}

// normalQuantile is z with P(|N(0,1)| ≤ z) = confidence, rounded up a little.
func normalQuantile(confidence float64) float64 {
	// From the tail, which keeps its digits: P(|N| > z) = erfc(z/√2).
	return math.Sqrt2 * math.Erfcinv(1-confidence) * margin
}

// halfWidth is a half width of S = Σ wᵢ·Xᵢ for independent draws Xᵢ of s's noise. With one term it is exact; with more it is
// the smaller of two bounds, up to a term of half or one and a half units of Σ|wᵢ| for the discreteness:
//
//   - each draw within its own half width at confidence 1 − (1 − confidence)/n (union bound),
//   - the half width of a sum of continuous variables. A symmetric unimodal variable is more peaked than another if its absolute value
//     is smaller in distribution, and sums of independent ones inherit that (Birnbaum 1948). With V uniform on
//     [−1/2, 1/2], X + V is symmetric, unimodal and more peaked than a Laplace variable of scale 1/(2·tanh(1/(2b))):
//     the tail of X + V is linear between half-integers, touches exp(−k/b) at whole numbers k, and has there the
//     slope of its tangent. For Gaussian noise see gaussianHalfWidth; there rounding adds another unit.
//
// Where discreteness matters most, sums of equal weights and little noise (the count that comes with a mean of booleans),
// the distribution of the sum is computed instead.
func (s Spec) halfWidth(weights []float64, confidence float64) float64 {
	w := absolute(weights)
	switch len(w) {
	case 0:
		return 0
	case 1:
		return w[0] * s.singleHalfWidth(confidence)
	}
	if h, ok := s.equalSum(w, confidence); ok {
		return h
	}
	return onLattice(s.smoothHalfWidth(w, confidence), w)
}

// absolute gives the sizes of the weights that are not 0.
func absolute(weights []float64) []float64 {
	w := make([]float64, 0, len(weights))
	for _, x := range weights {
		if x != 0 {
			w = append(w, math.Abs(x))
		}
	}
	return w
}

// smoothHalfWidth is halfWidth without what is special about whole-number multiples. It is continuous in the weights, each > 0, and
// does not grow if they become smaller or more even (Proschan 1965: for symmetric log-concave variables, weights that
// majorize others give the less peaked sum).
func (s Spec) smoothHalfWidth(w []float64, confidence float64) float64 {
	sum := 0.0
	for _, x := range w {
		sum += x
	}
	union := sum * s.singleHalfWidth(1-(1-confidence)/float64(len(w)))
	joint := math.Inf(1)
	if s.Noise == Gaussian {
		if sigma := math.Sqrt(toFloat(s.GaussianVariance())); sigma >= 1 {
			squares := 0.0
			for _, x := range w {
				squares += x * x
			}
			joint = normalQuantile(confidence)*sigma*math.Sqrt(squares)*(1+1e-7) + 1.5*sum
		}
	} else {
		b := toFloat(s.LaplaceScale())
		joint = laplaceSumQuantile(w, confidence)/(2*math.Tanh(1/(2*b))) + 0.5*sum
	}
	return math.Min(union, joint*margin)
}

// equalSum convolves the distribution of single draws, for up to 4 equal weights and a scale of at most 10.
func (s Spec) equalSum(w []float64, confidence float64) (float64, bool) {
	for _, x := range w {
		if x != w[0] {
			return 0, false
		}
	}
	var f func(x float64) float64
	var scale float64
	if s.Noise == Gaussian {
		variance := toFloat(s.GaussianVariance())
		scale = math.Sqrt(variance)
		f = func(x float64) float64 { return math.Exp(-x * x / (2 * variance)) }
	} else {
		scale = toFloat(s.LaplaceScale())
		f = func(x float64) float64 { return math.Exp(-x / scale) }
	}
	if scale > 10 || len(w) > 4 || confidence > 1-1e-9 {
		return 0, false
	}
	reach := int(40*scale) + 2 // beyond it are e^-40 of the mass
	single, total := make([]float64, 2*reach+1), 0.0
	for i := range single {
		single[i] = f(math.Abs(float64(i - reach)))
		total += single[i]
	}
	for i := range single {
		single[i] /= total
	}
	sum := single
	for range len(w) - 1 {
		next := make([]float64, len(sum)+2*reach)
		for i, p := range sum {
			for j, q := range single {
				next[i+j] += p * q
			}
		}
		sum = next
	}
	mid := len(sum) / 2
	tail, h := 1e-13, mid
	for h > 0 && (tail+2*sum[mid+h])*margin <= 1-confidence {
		tail += 2 * sum[mid+h]
		h--
	}
	return float64(h) * w[0], true
}

// onLattice lowers h to a multiple of the smallest weight where all weights are multiples of it: S takes no other values.
func onLattice(h float64, w []float64) float64 {
	unit := w[0]
	for _, x := range w {
		unit = math.Min(unit, x)
	}
	for _, x := range w {
		if n := x / unit; n != math.Floor(n) || n > 1e6 {
			return h
		}
	}
	if n := h / unit; n < 1e12 {
		return math.Floor(n) * unit * margin
	}
	return h
}

// laplaceSumQuantile is h with P(|Σ wᵢ·Lᵢ| ≤ h) ≥ confidence for independent Laplace variables of scale 1, wᵢ > 0.
//
// With scales that all differ, the characteristic function Π 1/(1 + wᵢ²t²) splits into partial fractions, and
// P(|S| > h) = Σ Aᵢ·exp(−h/wᵢ), Aᵢ = Π_{j≠i} wᵢ²/(wᵢ² − wⱼ²). Weights that are equal, or too close for the digits of a float, are moved
// apart upward, which only widens the result (peakedness again). Two equal weights have a closed form.
func laplaceSumQuantile(w []float64, confidence float64) float64 {
	w = append([]float64(nil), w...)
	sort.Float64s(w)
	largest := w[len(w)-1]
	if len(w) > maxFractions {
		return chernoffQuantile(w, confidence) * margin
	}
	tail := func(h float64) float64 { return math.Exp(-h/largest) * (1 + h/(2*largest)) }
	if len(w) != 2 || w[0] < largest*(1-1e-4) {
		tail = distinctTail(w)
	}
	lo, hi := 0.0, 0.0
	for _, x := range w { // all at once is the worst
		hi += x
	}
	hi *= math.Log(float64(len(w))/(1-confidence)) * 1.3
	for range 60 {
		if mid := (lo + hi) / 2; tail(mid) <= 1-confidence {
			hi = mid
		} else {
			lo = mid
		}
	}
	return hi * margin
}

// maxFractions is the number of terms up to which partial fractions keep enough digits.
const maxFractions = 5

// chernoffQuantile is laplaceSumQuantile for many terms: P(|S| > h) ≤ 2·exp(−t·h)·Π 1/(1 − wᵢ²t²) for each t in [0, 1/max w), so that
// every t gives an h; the smallest of a row of them is taken.
func chernoffQuantile(w []float64, confidence float64) float64 {
	largest, best := w[len(w)-1], math.Inf(1)
	for i := 1; i < 200; i++ {
		t := float64(i) / 200 / largest
		log := math.Log(2 / (1 - confidence))
		for _, x := range w {
			log -= math.Log1p(-x * x * t * t)
		}
		best = math.Min(best, log/t)
	}
	return best
}

// distinctTail is the sum of partial fractions, with its own rounding error added.
func distinctTail(w []float64) func(float64) float64 {
	apart := 1 + math.Pow(10, float64(len(w))-6) // 1e-4 for two, 1e-3 for three, …
	for i := 1; i < len(w); i++ {
		w[i] = math.Max(w[i], w[i-1]*apart)
	}
	a := make([]float64, len(w))
	for i := range w {
		a[i] = 1
		for j := range w {
			if j != i {
				a[i] *= w[i] * w[i] / ((w[i] - w[j]) * (w[i] + w[j]))
			}
		}
	}
	return func(h float64) float64 {
		sum, size := 0.0, 0.0
		for i := range w {
			term := a[i] * math.Exp(-h/w[i])
			sum += term
			size += math.Abs(term)
		}
		return sum + size*1e-11
	}
}

func toFloat(r *big.Rat) float64 {
	f, _ := r.Float64()
	return f
}
