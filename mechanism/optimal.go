package mechanism

import (
	"math"
	"math/big"
)

// optimal is the partition selection of Desfontaines, Voss, Gipson, Mandayam, "Differentially private partition selection",
// PoPETs 2022: of all rules that keep a group with a probability π(n) that depends on its number of units n only, it keeps the most.
//
//	π(0) = 0,   π(n+1) = min( e^ε·π(n) + δ,  1 − e^−ε·(1 − π(n) − δ),  1 )
//
// with ε and δ already divided by the groups that a unit may touch (basic composition over those groups). In closed form,
// while π(n) ≤ (1−δ)/(1+e^ε) the first branch is the smaller, and after that the second (Theorem 1 there):
//
//	n ≤ n₁:      π(n) = δ·(e^{nε} − 1)/(e^ε − 1)
//	n = n₁ + m:  π(n) = (1 − e^{−mε})·(1 + δ/(e^ε − 1)) + e^{−mε}·π(n₁), at most 1
//
// For ε = 0 it is n·δ. Rounding: π is computed for δ·(1 − 2⁻⁶⁴) and for an ε of at most 50, with an absolute error
// below 2⁻²⁸⁰; the slack of δ·2⁻⁶⁴ ≥ 2⁻¹⁶⁴ in each inequality of the definition takes up that error times 1 + e^ε < 2⁷³ with room to spare,
// so that the rounded π is itself (ε, δ)-differentially private, and it keeps no more than the exact one.
type optimal struct {
	epsilon, delta *big.Rat
	growth         *big.Float // e^ε − 1
	first          int64      // n₁
	atFirst        *big.Float
	full           int64 // a group with this many units or more is always kept
	cache          map[int64]*big.Rat
}

const (
	optimalBits       = 320
	maxOptimalEpsilon = 50
	maxUnits          = 1 << 61
)

func optimalFloat() *big.Float { return new(big.Float).SetPrec(optimalBits) }

// newOptimal prepares the rule for ε ≥ 0 and 0 < δ ≤ 1, both of one group.
func newOptimal(epsilon, delta *big.Rat) *optimal {
	if epsilon.Cmp(big.NewRat(maxOptimalEpsilon, 1)) > 0 {
		epsilon = big.NewRat(maxOptimalEpsilon, 1) // less ε is more private
	}
	slack := new(big.Rat).SetFrac(big.NewInt(1), new(big.Int).Lsh(big.NewInt(1), 64))
	slack.Sub(big.NewRat(1, 1), slack)
	o := &optimal{epsilon: epsilon, delta: new(big.Rat).Mul(delta, slack), cache: map[int64]*big.Rat{}}
	one, d := optimalFloat().SetInt64(1), toFloat(o.delta)
	if epsilon.Sign() == 0 {
		o.full = searchUnits(1/d, func(n int64) bool {
			return new(big.Rat).Mul(o.delta, new(big.Rat).SetInt64(n)).Cmp(big.NewRat(1, 1)) >= 0
		})
		return o
	}
	o.growth = expMinusOne(epsilon)
	e := toFloat(epsilon)
	growth := math.Expm1(e)
	// n₁ is 1 more than the last n at which the first branch is still the smaller one.
	border := optimalFloat().SetRat(new(big.Rat).Sub(big.NewRat(1, 1), o.delta))
	border.Quo(border, optimalFloat().Add(o.growth, optimalFloat().SetInt64(2)))
	o.first = searchUnits(math.Log1p((1-d)*growth/(d*(growth+2)))/e, func(n int64) bool { return o.rising(n).Cmp(border) > 0 })
	o.atFirst = o.rising(o.first)
	atFirst, _ := o.atFirst.Float64()
	o.full = o.first + searchUnits(math.Log(1+(1-atFirst)*growth/d)/e, func(m int64) bool { return o.saturating(m).Cmp(one) >= 0 })
	return o
}

// searchUnits is the smallest n ≥ 1 with ok(n), for a monotone ok; at most maxUnits. A good guess saves time only.
func searchUnits(guess float64, ok func(int64) bool) int64 {
	near := int64(1)
	if guess > 1 {
		near = int64(math.Min(guess, maxUnits))
	}
	n := smallestFrom(big.NewInt(near), func(n *big.Int) bool {
		return !n.IsInt64() || n.Int64() >= maxUnits || ok(n.Int64())
	})
	return n.Int64()
}

// rising is δ·(e^{nε} − 1)/(e^ε − 1). Beyond the border it need only be large: the exponent is cut where it is far above 1.
func (o *optimal) rising(n int64) *big.Float {
	x := new(big.Rat).Mul(o.epsilon, new(big.Rat).SetInt64(n))
	if x.Cmp(big.NewRat(1000, 1)) > 0 {
		x.SetInt64(1000) // e^1000·δ/e^50 is above 1 for any δ above 10⁻⁴⁰⁰
	}
	value := expMinusOne(x)
	value.Mul(value, optimalFloat().SetRat(o.delta))
	return value.Quo(value, o.growth)
}

// saturating is (1 − e^{−mε})·(1 + δ/(e^ε − 1)) + e^{−mε}·π(n₁).
func (o *optimal) saturating(m int64) *big.Float {
	decay := expNegative(new(big.Rat).Mul(o.epsilon, new(big.Rat).SetInt64(m)))
	top := optimalFloat().Quo(optimalFloat().SetRat(o.delta), o.growth)
	top.Add(top, optimalFloat().SetInt64(1))
	gap := optimalFloat().Sub(top, o.atFirst)
	return top.Sub(top, gap.Mul(gap, decay))
}

// probability is π(n), rounded toward keeping fewer; 0 for n ≤ 0.
func (o *optimal) probability(n int64) *big.Rat {
	if n <= 0 {
		return new(big.Rat)
	}
	if n >= o.full {
		return big.NewRat(1, 1)
	}
	if p, ok := o.cache[n]; ok {
		return p
	}
	p := new(big.Rat)
	switch {
	case o.epsilon.Sign() == 0:
		p.Mul(o.delta, new(big.Rat).SetInt64(n))
	case n <= o.first:
		p, _ = o.rising(n).Rat(nil)
	default:
		p, _ = o.saturating(n - o.first).Rat(nil)
	}
	if p.Cmp(big.NewRat(1, 1)) > 0 {
		p.SetInt64(1)
	}
	o.cache[n] = p
	return p
}

// expNegative is exp(−x) for a rational x ≥ 0 with a relative error below 2⁻²⁹⁰; 0 where x > 2²⁰.
func expNegative(x *big.Rat) *big.Float {
	if x.Cmp(big.NewRat(farExponent, 1)) > 0 {
		return optimalFloat()
	}
	y := optimalFloat().SetRat(x)
	halvings := 0
	if y.Sign() > 0 {
		halvings = max(y.MantExp(nil)+10, 0)
	}
	y.SetMantExp(y, -halvings)
	sum := series(y.Neg(y))
	sum.Add(sum, optimalFloat().SetInt64(1))
	for range halvings {
		sum.Mul(sum, sum)
	}
	return sum
}

// expMinusOne is exp(x) − 1 for a rational x ≥ 0, with a small relative error also where x is tiny.
func expMinusOne(x *big.Rat) *big.Float {
	y := optimalFloat().SetRat(x)
	halvings := 0
	if y.Sign() > 0 {
		halvings = max(y.MantExp(nil)+10, 0)
	}
	y.SetMantExp(y, -halvings)
	value := series(y)
	for range halvings { // (1+v)² − 1 = v·(2 + v)
		value.Mul(value, optimalFloat().Add(value, optimalFloat().SetInt64(2)))
	}
	return value
}

// series is exp(y) − 1 = y + y²/2 + y³/6 + … for |y| ≤ 2⁻¹⁰, to a relative error near the precision.
func series(y *big.Float) *big.Float {
	sum, term := optimalFloat().Set(y), optimalFloat().Set(y)
	for n := int64(2); term.Sign() != 0 && term.MantExp(nil) > y.MantExp(nil)-optimalBits-10; n++ {
		term.Mul(term, y)
		term.Quo(term, optimalFloat().SetInt64(n))
		sum.Add(sum, term)
	}
	return sum
}
