package mechanism

import (
	"errors"
	"math"
	"math/big"

	"github.com/dpproxy/dpproxy/privacy"
)

// ErrThreshold says that no threshold exists or that it does not fit an int64: δ is 0, or the noise is beyond any use.
var ErrThreshold = errors.New("mechanism: no threshold of whole numbers keeps this δ with this noise")

// ThresholdLaplace is the threshold τ for a noisy number that is itself released: the smallest whole number τ > bound with
//
//	P(bound + X ≥ τ) ≤ δ/groups,   X discrete Laplace of scale b
//
// bound is the most that one unit adds to the number of one group: 1 for a count of units, m for a count of rows. groups is
// L0, the most groups that a unit touches; b contains it already (L1 = L0·bound).
//
// Why: the only groups by which two neighbouring databases can differ in their list of keys are those that one unit has
// for itself, at most L0 of them, each with a number of at most bound. The chance that any of them shows is at most
// L0·δ/L0 = δ; given that none shows, the rest is the noise's own guarantee (Korolova et al. 2009; Wilson et al. 2020, "Differentially
// Private SQL with Bounded User Contribution", section 3.4). The union bound is used, which is exact for δ → 0, rather than 1 − (1−δ)^(1/L0).
//
// For k ≥ 1, P(X ≥ k) = exp(−k/b)/(1 + exp(−1/b)), so that τ = bound + k with the smallest k ≥ 1 for which
// exp(−k/b) ≤ δ/L0·(1 + exp(−1/b)). The comparison is made between bounds on the safe side, 2⁻²⁵⁰ apart.
func ThresholdLaplace(scale *big.Rat, bound int64, delta privacy.Delta, groups int64) (int64, error) {
	p, err := tailShare(scale, bound, delta, groups)
	if err != nil {
		return 0, err
	}
	return addBound(bound, laplaceQuantile(scale, p))
}

// ThresholdGaussian is ThresholdLaplace for discrete Gaussian noise of the given variance σ². There is no closed form for its
// tail, so an upper bound takes its place (see gaussianTail): τ is at most a thousandth of σ, and 1, above the smallest.
func ThresholdGaussian(variance *big.Rat, bound int64, delta privacy.Delta, groups int64) (int64, error) {
	p, err := tailShare(variance, bound, delta, groups)
	if err != nil {
		return 0, err
	}
	return addBound(bound, newGaussianTail(variance).quantile(p))
}

// Threshold is ThresholdLaplace or ThresholdGaussian with the noise that s adds to its numbers.
func (s Spec) Threshold(bound int64, delta privacy.Delta, groups int64) (int64, error) {
	if err := s.Validate(); err != nil {
		return 0, err
	}
	if s.Noise == Gaussian {
		return ThresholdGaussian(s.GaussianVariance(), bound, delta, groups)
	}
	return ThresholdLaplace(s.LaplaceScale(), bound, delta, groups)
}

func tailShare(size *big.Rat, bound int64, delta privacy.Delta, groups int64) (*big.Rat, error) {
	if size == nil || size.Sign() <= 0 || bound < 1 || groups < 1 || delta < 1 || delta > privacy.DeltaUnits {
		return nil, ErrThreshold
	}
	return new(big.Rat).Quo(delta.Rat(), new(big.Rat).SetInt64(groups)), nil
}

func addBound(bound int64, k *big.Int) (int64, error) {
	k = new(big.Int).Add(k, big.NewInt(bound))
	if !k.IsInt64() {
		return 0, ErrThreshold
	}
	return k.Int64(), nil
}

// laplaceTailWithin tells that P(X ≥ k) ≤ p for certain, for k ≥ 1 and X discrete Laplace of scale b.
func laplaceTailWithin(b *big.Rat, k *big.Int, p *big.Rat) bool {
	return laplaceLimit(b, p).allows(b, k)
}

// limit is a lower bound of p·(1 + exp(−1/b)).
type limit struct{ value *big.Float }

func laplaceLimit(b, p *big.Rat) limit {
	value, _ := expBounds(new(big.Rat).Inv(b))
	value.Add(value, floorFloat().SetInt64(1))
	return limit{value.Mul(value, floorFloat().SetRat(p))}
}

func (l limit) allows(b *big.Rat, k *big.Int) bool {
	_, hi := expBounds(new(big.Rat).Quo(new(big.Rat).SetInt(k), b))
	return hi.Cmp(l.value) <= 0
}

// laplaceQuantile is the smallest k ≥ 1 with P(X ≥ k) ≤ p for certain, 0 < p.
func laplaceQuantile(b, p *big.Rat) *big.Int {
	allowed := laplaceLimit(b, p)
	// k = −b·ln(limit), first in floating point; then certified by search around it.
	mantissa := new(big.Float)
	exponent := allowed.value.MantExp(mantissa)
	m, _ := mantissa.Float64()
	guess := new(big.Float).SetPrec(128).SetRat(b)
	guess.Mul(guess, big.NewFloat(math.Max(0, -math.Log(m)-float64(exponent)*math.Ln2)))
	k, _ := guess.Int(nil)
	return smallestFrom(k, func(k *big.Int) bool { return allowed.allows(b, k) })
}

// smallestFrom is the smallest k ≥ 1 for which ok holds; ok is monotone. It looks around a guess in growing steps.
func smallestFrom(guess *big.Int, ok func(*big.Int) bool) *big.Int {
	one := big.NewInt(1)
	lo, hi := new(big.Int).Set(guess), new(big.Int).Set(guess) // to become: !ok(lo) or lo = 0; ok(hi)
	for step := big.NewInt(1); lo.Sign() > 0 && ok(lo); step = new(big.Int).Lsh(step, 1) {
		hi.Set(lo)
		if lo.Sub(lo, step); lo.Sign() < 0 {
			lo.SetInt64(0)
		}
	}
	if hi.Cmp(lo) == 0 {
		for step := big.NewInt(1); ; step = new(big.Int).Lsh(step, 1) {
			hi.Add(lo, step)
			if ok(hi) {
				break
			}
			lo.Set(hi)
		}
	}
	for {
		gap := new(big.Int).Sub(hi, lo)
		if gap.Cmp(one) <= 0 {
			return hi
		}
		mid := gap.Add(lo, gap.Rsh(gap, 1))
		if mid.Sign() > 0 && ok(mid) {
			hi = mid
		} else {
			lo = mid
		}
	}
}
