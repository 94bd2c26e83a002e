package privacy

import (
	"math/big"
)

// Split is one of k equal shares of ε. It rounds down, so k shares are never more than the whole; for k < 1 it is 0,
// with which nothing can be released.
func (e Epsilon) Split(k int64) Epsilon { return Epsilon(split(int64(e), k)) }

// Split is one of k equal shares of δ, rounded down; 0 for k < 1.
func (d Delta) Split(k int64) Delta { return Delta(split(int64(d), k)) }

// Split is one of k equal shares of ρ, rounded down; 0 for k < 1.
func (r Rho) Split(k int64) Rho { return Rho(split(int64(r), k)) }

// Split is one of k equal shares of all three amounts, each rounded down; the zero Loss for k < 1. Note that the ε of
// a zCDP share is not ε/k: take RhoToEpsilon of the share's ρ instead.
func (l Loss) Split(k int64) Loss { return Loss{l.Epsilon.Split(k), l.Delta.Split(k), l.Rho.Split(k)} }

func split(n, k int64) int64 {
	if k < 1 || n < 0 {
		return 0
	}
	return n / k
}

// The divisors c of ρ = ε²/c.
const (
	pureDivisor    = 2 // Bun and Steinke 2016, Prop. 1.4: ε-DP implies (ε²/2)-zCDP
	boundedDivisor = 8 // Cesar and Rogers 2021, Lemma 3.4: an ε-bounded-range mechanism is (ε²/8)-zCDP
)

// EpsilonToRho is what a pure ε-DP mechanism costs in zCDP: ε²/2, rounded up. ErrOverflow beyond the range of Rho.
func EpsilonToRho(e Epsilon) (Rho, error) { return squareOver(e, pureDivisor, up) }

// EpsilonToRhoDown is ε²/2 rounded down: the ρ that a query of ε may share among its columns.
func EpsilonToRhoDown(e Epsilon) (Rho, error) { return squareOver(e, pureDivisor, down) }

// RhoToEpsilon is √(2ρ) rounded down: the ε of a Laplace share that costs at most ρ.
// EpsilonToRho(RhoToEpsilon(ρ)) ≤ ρ for every ρ ≥ 0.
func RhoToEpsilon(r Rho) (Epsilon, error) { return rootOf(r, pureDivisor) }

// BoundedRangeToRho is what an exponential mechanism of ε costs in zCDP: ε²/8, rounded up.
func BoundedRangeToRho(e Epsilon) (Rho, error) { return squareOver(e, boundedDivisor, up) }

// RhoToBoundedRange is √(8ρ) rounded down: the ε of an exponential mechanism that costs at most ρ.
func RhoToBoundedRange(r Rho) (Epsilon, error) { return rootOf(r, boundedDivisor) }

func squareOver(e Epsilon, divisor int64, r rounding) (Rho, error) {
	if e < 0 {
		return 0, ErrOverflow
	}
	square := new(big.Int).Mul(big.NewInt(int64(e)), big.NewInt(int64(e)))
	// (e/10⁹)²/c in units of 10⁻⁹ is e²/(c·10⁹).
	n, err := wholeUnits(new(big.Rat).SetFrac(square, big.NewInt(divisor*EpsilonUnits)), r)
	return Rho(n), err
}

func rootOf(r Rho, divisor int64) (Epsilon, error) {
	if r < 0 {
		return 0, ErrOverflow
	}
	square := new(big.Int).Mul(big.NewInt(int64(r)), big.NewInt(divisor*EpsilonUnits))
	root := square.Sqrt(square) // the whole part of the root: rounded down
	if !root.IsInt64() {
		return 0, ErrOverflow
	}
	return Epsilon(root.Int64()), nil
}
