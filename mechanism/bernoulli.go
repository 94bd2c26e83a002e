package mechanism

import (
	"math/big"
)

// This file draws Bernoulli variables whose probability is a rational number or exp(−x) for a rational x ≥ 0, exactly.
//
// The idea that makes it fast: to draw Bernoulli(p), compare the binary digits of p with random digits R and stop at the
// first difference. The first 64 digits decide except with probability about 2⁻⁶⁴, so that it is enough to know those
// 64 digits of p within bounds; only when R falls between the bounds is p computed exactly and the comparison carried on with
// further digits. The result is exact in every case; the bounds only say how often the slow path is taken.

// exponent is a rational number that is costly to compute, and is so only when a comparison needs it.
type exponent interface {
	exact() *big.Rat // the fraction's value in [0, 1)
}

// fraction is a number x in [0, 1) with lo ≤ x·2⁶⁴ < hi + 1, where hi − lo is small.
type fraction struct{ lo, hi uint64 }

// bernoulliOver draws Bernoulli(x/k) for k ≥ 1.
func (s *stream) bernoulliOver(x fraction, k uint64, e exponent) bool {
	r := s.uint64()
	// [r, r+1) against x·2⁶⁴/k, which is in [lo/k, (hi+1)/k) ⊂ [q, q + (hi−lo) + 2).
	q := x.lo / k
	if r < q {
		return true
	}
	if r-q > x.hi-x.lo+1 {
		return false
	}
	p := e.exact()
	p.Quo(p, new(big.Rat).SetInt(new(big.Int).SetUint64(k)))
	return s.resolve(p, r)
}

// bernoulli draws Bernoulli(p) for a rational p; p ≤ 0 is never, p ≥ 1 always.
func (s *stream) bernoulli(p *big.Rat) bool {
	if p.Sign() <= 0 {
		return false
	}
	if p.Num().Cmp(p.Denom()) >= 0 {
		return true
	}
	return s.resolve(p, s.uint64())
}

// resolve finishes the comparison of p with random digits of which the first 64 are r. It does not change p.
func (s *stream) resolve(p *big.Rat, r uint64) bool {
	digits, rest := new(big.Int), new(big.Int).Set(p.Num())
	for {
		// The next 64 digits of p; what remains of it is rest/denominator.
		digits.QuoRem(rest.Lsh(rest, 64), p.Denom(), rest)
		if !digits.IsUint64() {
			return true // p ≥ 1
		}
		if d := digits.Uint64(); r != d {
			return r < d
		}
		if rest.Sign() == 0 {
			return false // p ends here: r has the same digits, and so is not below p
		}
		r = s.uint64()
	}
}

// bernoulliExp draws Bernoulli(exp(−x)) for x in [0, 1): Canonne, Kamath, Steinke 2020, Algorithm 1. The number k of the
// first failure among Bernoulli(x/1), Bernoulli(x/2), … is odd with probability 1 − x + x²/2 − x³/6 + … = exp(−x).
func (s *stream) bernoulliExp(x fraction, e exponent) bool {
	k := uint64(1)
	for s.bernoulliOver(x, k, e) {
		k++
	}
	return k&1 == 1
}

// bernoulliExpOne draws Bernoulli(exp(−1)): the same with x = 1.
func (s *stream) bernoulliExpOne() bool {
	k := uint64(2) // Bernoulli(1/1) succeeds
	for s.below(k) == 0 {
		k++
	}
	return k&1 == 1
}

// bernoulliExpWhole draws Bernoulli(exp(−n)). The first failure comes soon, however large n is.
func (s *stream) bernoulliExpWhole(n *big.Int) bool {
	if n.IsUint64() {
		return s.bernoulliExpWord(n.Uint64())
	}
	for left := new(big.Int).Set(n); left.Sign() > 0; left.Sub(left, big.NewInt(1)) {
		if !s.bernoulliExpOne() {
			return false
		}
	}
	return true
}

func (s *stream) bernoulliExpWord(n uint64) bool {
	for ; n > 0; n-- {
		if !s.bernoulliExpOne() {
			return false
		}
	}
	return true
}

// bernoulliExpRat draws Bernoulli(exp(−x)) for any rational x ≥ 0. It is the slow and general form.
func (s *stream) bernoulliExpRat(x *big.Rat) bool {
	whole, rest := new(big.Int).QuoRem(x.Num(), x.Denom(), new(big.Int))
	if !s.bernoulliExpWhole(whole) {
		return false
	}
	if rest.Sign() == 0 {
		return true
	}
	f := &ratio{rest, x.Denom()}
	return s.bernoulliExp(f.fraction(), f)
}

// ratio is a number in [0, 1) as numerator and denominator, not reduced: reducing costs more than a draw.
type ratio struct{ num, denom *big.Int }

func (r *ratio) exact() *big.Rat { return new(big.Rat).SetFrac(r.num, r.denom) }

// fraction gives the first 64 binary digits.
func (r *ratio) fraction() fraction {
	digits := new(big.Int).Lsh(r.num, 64)
	lo := digits.Quo(digits, r.denom).Uint64()
	return fraction{lo, lo}
}
