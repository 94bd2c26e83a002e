package mechanism

import "math/big"

// variance is the interval of the variance family: each number of the triple lies within its half width of the noisy one
// with probability 1 − (1 − confidence)/3, so all three do with the confidence, and the interval runs from the smallest to the largest
// variance in that box.
//
// In terms of the triple t and T = t₀+t₁+t₂ the population variance of the normalised value is v = (t₀t₂ − t₁²/4)/T². For
// true data v ≥ 0. It falls in t₁, and in t₀ for fixed others it rises up to t₀ = t₁ + t₂ + t₁²/(2t₂) and then falls, and likewise in t₂.
// So the smallest value is at the largest t₁ and a corner of (t₀, t₂); the largest is at the smallest t₁ and at a
// corner, or where an edge has its maximum. (With an interior maximum, t₁ = 0 and t₀ = t₂, which an edge has too.)
func (iv *Intervals) variance(y []*big.Int) (low, high *big.Rat) {
	e := iv.estimator
	var lo, hi [3]*big.Rat
	for i := range lo {
		v := new(big.Rat).SetInt(y[i])
		lo[i] = positive(new(big.Rat).Sub(v, iv.half))
		hi[i] = positive(new(big.Rat).Add(v, iv.half))
	}
	low, high = boxVariance(lo, hi)
	low.Mul(low, e.range2())
	high.Mul(high, e.range2())
	if e.Kind == VarSamp || e.Kind == StddevSamp {
		low.Mul(low, e.bessel(sum(hi)))
		high.Mul(high, e.bessel(sum(lo)))
	}
	if e.Kind == StddevPop || e.Kind == StddevSamp {
		return squareRoot(low, down), squareRoot(high, up)
	}
	return low, high
}

// boxVariance bounds v over the box, within [0, 1/4].
func boxVariance(lo, hi [3]*big.Rat) (low, high *big.Rat) {
	quarter := big.NewRat(1, 4)
	low, high = new(big.Rat).Set(quarter), new(big.Rat)
	for _, t0 := range []*big.Rat{lo[0], hi[0]} {
		for _, t2 := range []*big.Rat{lo[2], hi[2]} {
			if v, ok := tripleVariance(t0, hi[1], t2); !ok || v.Cmp(low) < 0 {
				low = v
			}
			for _, p := range [][2]*big.Rat{{t0, t2}, {best(lo[1], t2, lo[0], hi[0]), t2}, {t0, best(lo[1], t0, lo[2], hi[2])}} {
				v, ok := tripleVariance(p[0], lo[1], p[1])
				if !ok {
					v = quarter // an empty group: anything is possible
				}
				if v.Cmp(high) > 0 {
					high = v
				}
			}
		}
	}
	zero := new(big.Rat)
	return new(big.Rat).Set(clamp(low, zero, quarter)), new(big.Rat).Set(clamp(high, zero, quarter))
}

// best is where v is largest along an edge: t₁ + t + t₁²/(2t), within [from, to].
func best(t1, t, from, to *big.Rat) *big.Rat {
	if t.Sign() == 0 {
		return from
	}
	x := new(big.Rat).Mul(t1, t1)
	x.Quo(x, t).Mul(x, big.NewRat(1, 2))
	x.Add(x, t1).Add(x, t)
	return clamp(x, from, to)
}

// tripleVariance is v, and false (with 0) where T = 0.
func tripleVariance(t0, t1, t2 *big.Rat) (*big.Rat, bool) {
	total := sum([3]*big.Rat{t0, t1, t2})
	if total.Sign() == 0 {
		return total, false
	}
	v := new(big.Rat).Mul(t1, t1)
	v.Mul(v, big.NewRat(-1, 4))
	v.Add(v, new(big.Rat).Mul(t0, t2))
	return v.Quo(v, total.Mul(total, total)), true
}

func positive(x *big.Rat) *big.Rat {
	if x.Sign() < 0 {
		return x.SetInt64(0)
	}
	return x
}

func sum(t [3]*big.Rat) *big.Rat {
	s := new(big.Rat).Add(t[0], t[1])
	return s.Add(s, t[2])
}
