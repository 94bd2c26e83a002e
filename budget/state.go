package budget

import (
	"fmt"
	"time"

	"github.com/dpproxy/dpproxy/privacy"
)

// State is what a ledger stores of an account. Every charge adds ε, δ and ρ, whatever the accountant of the day reads,
// so that the sums mean something when the accountant is changed. The zero value (with a Key) is an account that was
// never charged.
type State struct {
	Key      Key
	Window   Window
	Spent    privacy.Loss // in Window, by reservations that ended
	Reserved privacy.Loss // in Window, by reservations that did not end
	Queries  int64        // charged in all time
	// ZCDPCharges are the window's charges made under zcdp: their ε need not cover their Gaussian noise, so no other
	// accountant can read them. NoRho are the window's charges without a ρ, which zcdp cannot read.
	ZCDPCharges, NoRho int64
	// Granted is what the owner added to the budget (ε and δ), until Window ends.
	Granted privacy.Loss
	// Set replaces the configured ε and δ if IsSet, until the owner unsets it.
	Set   privacy.Loss
	IsSet bool
}

// ErrAccountant says that what was spent in the current window cannot be read under the accountant that is configured
// now. It passes when the window ends, or when the owner resets it.
type ErrAccountant struct {
	Key        Key
	Accountant privacy.Accountant
}

func (e *ErrAccountant) Error() string {
	return fmt.Sprintf("budget: what was spent on dataset %s cannot be counted under the accountant %s; "+
		"keep the former accountant until the window ends, or reset the window", e.Key.Dataset, e.Accountant)
}

// At is the state at a time under a configured refresh: the same, or an empty one in a later window.
func (s State) At(now time.Time, refresh time.Duration) State {
	t := now.UnixNano()
	if s.Window == (Window{}) {
		s.Window = firstWindow(t, refresh)
		return s
	}
	w, moved := s.Window.at(t, refresh)
	s.Window = w
	if moved {
		s.Spent, s.Reserved, s.Granted = privacy.Loss{}, privacy.Loss{}, privacy.Loss{}
		s.ZCDPCharges, s.NoRho = 0, 0
	}
	return s
}

// Effective is the budget in force: the configured one, or what the owner set instead, and what the owner granted.
func (s State) Effective(b Budget) (Budget, error) {
	if s.IsSet {
		b.Epsilon, b.Delta = s.Set.Epsilon, s.Set.Delta
	}
	sum, err := privacy.Loss{Epsilon: b.Epsilon, Delta: b.Delta}.Add(s.Granted)
	if err != nil {
		return Budget{}, err
	}
	b.Epsilon, b.Delta = sum.Epsilon, min(sum.Delta, privacy.DeltaUnits-1)
	return b, nil
}

// Admit tells whether the account allows a loss more, against a limit (see Limit) of its effective budget. A loss that
// is nothing in the accountant's currency is always allowed. The state must be At the present time.
func (s State) Admit(accountant privacy.Accountant, limit, loss privacy.Loss) (bool, error) {
	if err := checkLoss(accountant, loss); err != nil {
		return false, err
	}
	asked := Currency(accountant, loss)
	if asked.IsZero() {
		return true, nil
	}
	if accountant == privacy.ZCDP && s.NoRho > 0 || accountant != privacy.ZCDP && s.ZCDPCharges > 0 {
		return false, &ErrAccountant{Key: s.Key, Accountant: accountant}
	}
	sum, err := s.used()
	if err == nil {
		// Also the parts that are not counted today must stay representable.
		sum, err = sum.Add(loss)
	}
	if err != nil {
		return false, err
	}
	return within(Currency(accountant, sum), limit), nil
}

// Reserve is the state with a loss put aside.
func (s State) Reserve(accountant privacy.Accountant, loss privacy.Loss) (State, error) {
	sum, err := s.Reserved.Add(loss)
	if err != nil {
		return State{}, err
	}
	s.Reserved = sum
	s.Queries++
	if !loss.IsZero() {
		if accountant == privacy.ZCDP {
			s.ZCDPCharges++
		}
		if loss.Rho == 0 && loss.Epsilon > 0 {
			s.NoRho++
		}
	}
	return s, nil
}

// Settle is the state after a reservation made in the window that began at start has ended with its charge kept.
func (s State) Settle(start int64, loss privacy.Loss) (State, error) {
	if s.Window.Start != start {
		return s, nil // it was counted in a window that is over
	}
	sum, err := s.Spent.Add(loss)
	if err != nil {
		return State{}, err
	}
	s.Spent, s.Reserved = sum, left(s.Reserved, loss)
	return s, nil
}

// GiveBack is the state after a reservation made in the window that began at start was taken back.
func (s State) GiveBack(start int64, loss privacy.Loss) State {
	s.Queries = max(0, s.Queries-1)
	if s.Window.Start == start {
		s.Reserved = left(s.Reserved, loss)
	}
	return s
}

func (s State) used() (privacy.Loss, error) { return s.Spent.Add(s.Reserved) }

// Balance tells the state as people read it, against the limit (see Limit) of the effective budget. The state must be At the
// present time.
func (s State) Balance(a Account, effective Budget, limit privacy.Loss) (Balance, error) {
	used, err := s.used()
	if err != nil {
		return Balance{}, err
	}
	b := Balance{
		Account: a, Spent: s.Spent, Reserved: s.Reserved, Limit: limit, Effective: effective,
		Left:       left(limit, Currency(a.Budget.Accountant, used)),
		WindowEnds: s.Window.ends(), Queries: s.Queries,
	}
	b.SpentEpsilon, b.LeftEpsilon = used.Epsilon, b.Left.Epsilon
	if a.Budget.Accountant == privacy.ZCDP {
		b.SpentEpsilon = tellEpsilon(used.Rho, effective.Delta/2)
		b.LeftEpsilon = max(0, effective.Epsilon-b.SpentEpsilon)
		if b.Left.Rho == 0 {
			b.LeftEpsilon = 0
		}
	}
	return b, nil
}
