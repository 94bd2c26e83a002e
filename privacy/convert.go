package privacy

import (
	"math"
	"math/big"
)

// MaxRho is the largest ρ such that every ρ-zCDP mechanism is (ε, δ)-DP, rounded down: the limit of a zCDP account.
// It is 0 for ε = 0, and for δ = 0 (no ρ > 0 gives a pure guarantee). ErrOverflow on negative amounts or δ > 1.
//
// By Canonne, Kamath, Steinke 2020, Prop. 12 a ρ-zCDP mechanism is (ε, δ)-DP with
//
//	δ = inf over α > 1 of  exp((α−1)(αρ−ε)) / (α−1) · (1−1/α)^α.
//
// Each α gives a valid δ. Solved for ρ, each α therefore gives an allowed ρ:
//
//	ρ(α) = ( ε + (ln δ + ln(α−1) − α·ln(1−1/α)) / (α−1) ) / α
//
// α is sought in floating point, where being a little off costs a little budget and nothing else; the formula is
// then evaluated at that α with bounds on its error, on the safe side.
func MaxRho(e Epsilon, d Delta) (Rho, error) {
	if e < 0 || d < 0 || d > DeltaUnits {
		return 0, ErrOverflow
	}
	if e == 0 || d == 0 {
		return 0, nil
	}
	eps, logDelta := float64(e)/EpsilonUnits, math.Log(float64(d)/DeltaUnits)
	beta := minimise(func(beta float64) float64 {
		return -(eps + penalty(beta, logDelta)) / (1 + beta)
	}, math.Max(-logDelta, 1)/eps)

	value := newFloat().SetRat(e.Rat())
	value.Add(value, exactPenalty(beta, d))
	value.Quo(value, alphaOf(beta))
	value.Sub(value, slack())
	if value.Sign() <= 0 {
		return 0, nil
	}
	exact, _ := value.Rat(nil)
	n, err := wholeUnits(exact.Mul(exact, big.NewRat(RhoUnits, 1)), down)
	if err != nil { // δ close to 1 allows any ρ; an allowance may always be less
		return math.MaxInt64, nil
	}
	return Rho(n), nil
}

// EpsilonOf is the ε that ρ-zCDP amounts to at δ, rounded up, for people to read: the same formula as MaxRho solved for ε. 0 for ρ = 0.
// ErrOverflow where there is no such ε (δ = 0 < ρ), where it is beyond the range, and on negative amounts.
func EpsilonOf(r Rho, d Delta) (Epsilon, error) {
	if r < 0 || d < 0 || d > DeltaUnits || d == 0 && r > 0 {
		return 0, ErrOverflow
	}
	if r == 0 {
		return 0, nil
	}
	rho, logDelta := float64(r)/RhoUnits, math.Log(float64(d)/DeltaUnits)
	beta := minimise(func(beta float64) float64 {
		return (1+beta)*rho - penalty(beta, logDelta)
	}, math.Sqrt(math.Max(-logDelta, 1)/rho))

	value := newFloat().SetRat(r.Rat())
	value.Mul(value, alphaOf(beta))
	value.Sub(value, exactPenalty(beta, d))
	value.Add(value, slack())
	if value.Sign() <= 0 {
		return 0, nil
	}
	exact, _ := value.Rat(nil)
	n, err := wholeUnits(exact.Mul(exact, big.NewRat(EpsilonUnits, 1)), up)
	return Epsilon(n), err
}

// penalty is (ln δ + ln β − α·ln(1−1/α)) / β with β = α − 1.
func penalty(beta, logDelta float64) float64 {
	return (logDelta + math.Log(beta) + (1+beta)*math.Log1p(1/beta)) / beta
}

// exactPenalty is penalty with an error far below slack. −ln(1−1/α) = ln(α/(α−1)) = ln(1+1/β).
func exactPenalty(beta float64, d Delta) *big.Float {
	b := newFloat().SetFloat64(beta)
	alpha, log2 := alphaOf(beta), logOfTwo()
	sum := naturalLog(newFloat().SetRat(d.Rat()), log2)
	sum.Add(sum, naturalLog(b, log2))
	term := naturalLog(newFloat().Quo(alpha, b), log2)
	sum.Add(sum, term.Mul(term, alpha))
	return sum.Quo(sum, b)
}

func alphaOf(beta float64) *big.Float {
	return newFloat().Add(newFloat().SetFloat64(beta), newFloat().SetInt64(1))
}

// minimise looks for the smallest f(β) over β > 0, by golden sections of ln β around a first guess. Any β is a valid
// answer for the callers.
func minimise(f func(float64) float64, guess float64) float64 {
	const golden = 0.6180339887498949
	g := math.Log(math.Min(math.Max(guess, 1e-9), 1e15))
	lo, hi := g-10, g+10
	a, b := hi-golden*(hi-lo), lo+golden*(hi-lo)
	fa, fb := f(math.Exp(a)), f(math.Exp(b))
	for range 50 {
		if fa < fb {
			hi, b, fb = b, a, fa
			a = hi - golden*(hi-lo)
			fa = f(math.Exp(a))
		} else {
			lo, a, fa = a, b, fb
			b = lo + golden*(hi-lo)
			fb = f(math.Exp(b))
		}
	}
	return math.Exp((lo + hi) / 2)
}
