package mechanism

import (
	"math/big"
)

// certifiedBits is the precision, in bits, of the certified bounds. Thresholds and selection need far less.
const certifiedBits = 320

// farExponent: exp(−x) for larger x is bounded by exp(−farExponent), which is below 10⁻⁴⁰⁰⁰⁰⁰. big.Float ends at 2^(−2³¹).
const farExponent = 1 << 20

func floorFloat() *big.Float {
	return new(big.Float).SetPrec(certifiedBits).SetMode(big.ToNegativeInf)
}

func ceilFloat() *big.Float { return new(big.Float).SetPrec(certifiedBits).SetMode(big.ToPositiveInf) }

// expBounds gives lo ≤ exp(−x) ≤ hi for a rational x ≥ 0, relatively closer than 2⁻²⁵⁰ for x up to farExponent.
func expBounds(x *big.Rat) (lo, hi *big.Float) { return expBoundsAt(x, certifiedBits) }

// expBoundsAt is expBounds with a precision: the bounds are relatively closer than 2^(70−bits).
//
// With y = x/2ʲ ≤ 2⁻¹⁰ the alternating series Σ (−y)ⁿ/n! has terms that shrink, so that it lies between any two partial sums
// that follow each other. The bounds are then squared j times. Every operation rounds away from the value that it
// bounds (big.Float rounds each operation correctly in its mode).
func expBoundsAt(x *big.Rat, precision uint) (lo, hi *big.Float) {
	below := func() *big.Float { return new(big.Float).SetPrec(precision).SetMode(big.ToNegativeInf) }
	above := func() *big.Float { return new(big.Float).SetPrec(precision).SetMode(big.ToPositiveInf) }
	if x.Sign() <= 0 {
		return below().SetInt64(1), above().SetInt64(1)
	}
	if x.Cmp(big.NewRat(farExponent, 1)) > 0 {
		_, hi = expBoundsAt(big.NewRat(farExponent, 1), precision)
		return below(), hi
	}
	yLo, yHi := below().SetRat(x), above().SetRat(x)
	halvings := max(yHi.MantExp(nil)+10, 0)
	yLo.SetMantExp(yLo, -halvings)
	yHi.SetMantExp(yHi, -halvings)

	// Power of y over n!, bounded on both sides.
	termLo, termHi := below().SetInt64(1), above().SetInt64(1)
	lo, hi = below().SetInt64(1), above().SetInt64(1)
	for n := int64(1); ; n++ {
		termLo.Quo(termLo.Mul(termLo, yLo), below().SetInt64(n))
		termHi.Quo(termHi.Mul(termHi, yHi), above().SetInt64(n))
		if n&1 == 1 {
			lo.Sub(lo, termHi)
			hi.Sub(hi, termLo)
		} else {
			lo.Add(lo, termLo)
			hi.Add(hi, termHi)
		}
		if termHi.Sign() == 0 || termHi.MantExp(nil) < -int(precision) {
			// What is left out is at most the last term, on either side.
			lo.Sub(lo, termHi)
			hi.Add(hi, termHi)
			break
		}
	}
	for range halvings {
		lo.Mul(lo, lo)
		hi.Mul(hi, hi)
	}
	return lo, hi
}
