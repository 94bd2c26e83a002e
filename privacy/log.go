package privacy

import "math/big"

// floatBits is the precision of the arithmetic in MaxRho and EpsilonOf. Every operation has a relative error below
// 2⁻²⁵⁵, some thousand are made on numbers below 2⁶⁴ in size, and divisors are at least 2⁻⁵⁰: the sum of all errors is
// below 2⁻¹²⁰.
const floatBits = 256

// slack is taken off (or put on) a result: far more than the error, far less than a unit.
func slack() *big.Float { return newFloat().SetMantExp(big.NewFloat(1), -100) }

func newFloat() *big.Float { return new(big.Float).SetPrec(floatBits) }

// naturalLog is ln x for x > 0. With x = m·2^e and m in [3/4, 3/2), ln x = ln m + e·ln 2, and both logarithms are
// series of the inverse hyperbolic tangent.
func naturalLog(x *big.Float) *big.Float {
	m := newFloat()
	exponent := x.MantExp(m) // m in [1/2, 1)
	if m.Cmp(big.NewFloat(0.75)) < 0 {
		m.SetMantExp(m, 1)
		exponent--
	}
	one := newFloat().SetInt64(1)
	z := newFloat().Quo(newFloat().Sub(m, one), newFloat().Add(m, one))
	sum := inverseTanh(newFloat().Quo(one, newFloat().SetInt64(3))) // ln 2 = 2·artanh(1/3)
	sum.Mul(sum, newFloat().SetInt64(int64(exponent)))
	sum.Add(sum, inverseTanh(z))
	return sum.SetMantExp(sum, 1)
}

// inverseTanh is z + z³/3 + z⁵/5 + … for |z| ≤ 1/3: terms shrink by 9 or more, so what is left out after a term
// below 2⁻³⁰⁰ is below it too.
func inverseTanh(z *big.Float) *big.Float {
	sum, power := newFloat().Set(z), newFloat().Set(z)
	square := newFloat().Mul(z, z)
	for k := int64(3); power.Sign() != 0 && power.MantExp(nil) > -300; k += 2 {
		power.Mul(power, square)
		sum.Add(sum, newFloat().Quo(power, newFloat().SetInt64(k)))
	}
	return sum
}
