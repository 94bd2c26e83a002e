package budget

import (
	"errors"
	"fmt"
	"time"

	"github.com/dpproxy/dpproxy/privacy"
)

// Validate tells whether a budget can be kept: the accountant is known, 0 ≤ ε, 0 ≤ δ < 1, refresh is 0 or at least a
// second, and a zcdp budget has δ > 0 and a ρ of at least one unit. A pure budget may carry a δ, which is never used.
func Validate(b Budget) error {
	switch {
	case b.Epsilon < 0:
		return errors.New("budget: epsilon must not be negative")
	case b.Delta < 0 || b.Delta >= privacy.DeltaUnits:
		return errors.New("budget: delta must be at least 0 and less than 1")
	case b.Refresh < 0 || b.Refresh > 0 && b.Refresh < time.Second:
		return errors.New("budget: refresh must be never or at least one second")
	}
	_, err := Limit(b)
	return err
}

// Limit is what a budget allows in its accountant's currency, rounded down:
//
//	pure    ε, and no δ
//	approx  ε and δ
//	zcdp    ρ* and δ/2: half of δ turns ρ into ε (ρ* is the largest ρ for which ρ-zCDP implies (ε, δ/2)-DP, Canonne,
//	        Kamath, Steinke 2020, Proposition 12), the other half is there for group selection, Σδ_sel ≤ δ/2.
//	        Without a δ, ρ-zCDP implies no finite ε, so such a budget is an error.
func Limit(b Budget) (privacy.Loss, error) {
	switch b.Accountant {
	case privacy.Pure:
		return privacy.Loss{Epsilon: b.Epsilon}, nil
	case privacy.Approx:
		return privacy.Loss{Epsilon: b.Epsilon, Delta: b.Delta}, nil
	case privacy.ZCDP:
		half := b.Delta / 2
		if half < 1 {
			return privacy.Loss{}, errors.New("budget: the accountant zcdp needs a delta greater than 0; " +
				"set delta, or use the accountant pure")
		}
		if b.Epsilon == 0 {
			return privacy.Loss{Delta: half}, nil
		}
		rho, err := privacy.MaxRho(b.Epsilon, half)
		if err != nil {
			return privacy.Loss{}, fmt.Errorf("budget: %w", err)
		}
		return privacy.Loss{Rho: rho, Delta: half}, nil
	}
	return privacy.Loss{}, fmt.Errorf("budget: unknown accountant %q; use pure, approx or zcdp", b.Accountant)
}

// Currency leaves of a loss what an accountant counts. A pure account counts δ too, and allows none.
func Currency(a privacy.Accountant, l privacy.Loss) privacy.Loss {
	if a == privacy.ZCDP {
		return privacy.Loss{Rho: l.Rho, Delta: l.Delta}
	}
	return privacy.Loss{Epsilon: l.Epsilon, Delta: l.Delta}
}

// checkLoss refuses a loss that does not say what the accountant needs to know: counting it would count too little.
func checkLoss(a privacy.Accountant, l privacy.Loss) error {
	switch {
	case l.Epsilon < 0 || l.Delta < 0 || l.Rho < 0:
		return privacy.ErrOverflow
	case a == privacy.ZCDP && l.Epsilon > 0 && l.Rho == 0:
		return errors.New("budget: a charge to a zcdp account needs its rho")
	case a != privacy.ZCDP && l.Rho > 0 && l.Epsilon == 0:
		return fmt.Errorf("budget: a charge to an account with accountant %s needs its epsilon", a)
	}
	return nil
}

// within tells that every part of a sum is at most the limit's.
func within(sum, limit privacy.Loss) bool {
	return sum.Epsilon <= limit.Epsilon && sum.Delta <= limit.Delta && sum.Rho <= limit.Rho
}

// left is limit − used in every part, and never below 0.
func left(limit, used privacy.Loss) privacy.Loss {
	return privacy.Loss{
		Epsilon: max(0, limit.Epsilon-used.Epsilon),
		Delta:   max(0, limit.Delta-used.Delta),
		Rho:     max(0, limit.Rho-used.Rho),
	}
}
