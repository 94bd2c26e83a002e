package privacy

import "math/big"

// floatBits is the precision of the arithmetic in MaxRho and EpsilonOf. Every operation has a relative error below
// 2⁻¹⁹¹, less than 1000 are made on logarithms below 2⁷ in size, and the sum is divided by β ≥ 2⁻⁴⁵: the error of a result is below
// 2⁻¹²⁰. (For large β, α = 1 + β as a factor and β as a divisor cancel.)
const floatBits = 192

// slack is taken off (or put on) a result: far more than the error, far less than a unit.
func slack() *big.Float { return newFloat().SetMantExp(big.NewFloat(1), -100) }

func newFloat() *big.Float { return new(big.Float).SetPrec(floatBits) }

// naturalLog is ln x for x > 0. With x = m·2^e and m in [3/4, 3/2), ln x = ln m + e·ln 2; ln m is twice the inverse hyperbolic
// tangent of (m−1)/(m+1).
func naturalLog(x, log2 *big.Float) *big.Float {
	m := newFloat()
	exponent := x.MantExp(m) // m in [1/2, 1)
	if m.Cmp(big.NewFloat(0.75)) < 0 {
		m.SetMantExp(m, 1)
		exponent--
	}
	one := newFloat().SetInt64(1)
	ln := inverseTanh(newFloat().Quo(newFloat().Sub(m, one), newFloat().Add(m, one)))
	ln.SetMantExp(ln, 1)
	return ln.Add(ln, newFloat().Mul(log2, newFloat().SetInt64(int64(exponent))))
}

// logOfTwo is ln 2 = 2·artanh(1/3).
func logOfTwo() *big.Float {
	ln := inverseTanh(newFloat().Quo(newFloat().SetInt64(1), newFloat().SetInt64(3)))
	return ln.SetMantExp(ln, 1)
}

// inverseTanh is z + z³/3 + z⁵/5 + … for |z| ≤ 1/3: terms shrink by 9 or more, so what is left out after a term
// that is 2⁻²⁰⁰ of the sum is below it too.
func inverseTanh(z *big.Float) *big.Float {
	sum, power, term := newFloat().Set(z), newFloat().Set(z), newFloat()
	square := newFloat().Mul(z, z)
	for k := int64(3); power.Sign() != 0 && power.MantExp(nil) > z.MantExp(nil)-200; k += 2 {
		power.Mul(power, square)
		sum.Add(sum, term.Quo(power, newFloat().SetInt64(k)))
	}
	return sum
}
