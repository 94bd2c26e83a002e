package privacy

import (
	"errors"
	"math/big"
)

// Epsilon is ε in nano-units: 500_000_000 is ε = 0.5. From decimal text it rounds up as a loss, down as an allowance.
type Epsilon int64

// Delta is δ in units of 10⁻¹⁸: 1_000_000_000 is δ = 1e-9. At most 1 (10¹⁸ units).
type Delta int64

// Rho is ρ of zero-concentrated differential privacy (Bun and Steinke 2016) in nano-units.
type Rho int64

// Units per 1.
const (
	EpsilonUnits = 1_000_000_000
	DeltaUnits   = 1_000_000_000_000_000_000
	RhoUnits     = 1_000_000_000
)

// Loss is what a release costs. Which of the three numbers count is decided by the account's Accountant: Pure reads
// Epsilon, Approx reads Epsilon and Delta, ZCDP reads Rho and Delta (Delta of group selection only). All are ≥ 0;
// the zero value is "free".
type Loss struct {
	Epsilon Epsilon
	Delta   Delta
	Rho     Rho
}

// ErrOverflow is returned where an amount leaves the range of its type.
var ErrOverflow = errors.New("privacy: amount out of range")

// Add is the composition of two releases, exact; it fails with ErrOverflow and never rounds.
func (l Loss) Add(o Loss) (Loss, error) {
	sum := Loss{l.Epsilon + o.Epsilon, l.Delta + o.Delta, l.Rho + o.Rho}
	if sum.Epsilon < l.Epsilon || sum.Delta < l.Delta || sum.Rho < l.Rho || o.Epsilon < 0 || o.Delta < 0 || o.Rho < 0 {
		return Loss{}, ErrOverflow
	}
	return sum, nil
}

// IsZero tells that a release is free.
func (l Loss) IsZero() bool { return l == Loss{} }

// Rat is the exact value of ε.
func (e Epsilon) Rat() *big.Rat { return big.NewRat(int64(e), EpsilonUnits) }

// Rat is the exact value of δ.
func (d Delta) Rat() *big.Rat { return big.NewRat(int64(d), DeltaUnits) }

// Rat is the exact value of ρ.
func (r Rho) Rat() *big.Rat { return big.NewRat(int64(r), RhoUnits) }

// Accountant says how losses compose in an account.
type Accountant string

// The accountants. An account and the dataset's account have the same one.
const (
	Pure   Accountant = "pure"   // Σε, no δ
	Approx Accountant = "approx" // Σε and Σδ
	ZCDP   Accountant = "zcdp"   // Σρ and Σδ of group selection
)

// Contribution bounds what one privacy unit adds to a query. Two forms exist:
// Groups × Rows (at most Rows rows in each of at most Groups groups), or UnitRows (at most UnitRows rows in all,
// SmartNoise's max_ids), when UnitRows > 0. Counts are ≥ 1.
type Contribution struct {
	Groups   int64 // L0
	Rows     int64 // m, rows of a unit that count in one group
	UnitRows int64 // R; 0 means that the first form is in force
}
