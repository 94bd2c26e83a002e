package budget

import (
	"context"
	"time"

	"github.com/dpproxy/dpproxy/privacy"
)

// Admin is the owner's side of a ledger: explicit acts, each of which stays in the history.
type Admin interface {
	Ledger
	// Accounts lists every account that was ever charged or adjusted, by dataset and analyst, as stored: a window that
	// is over still shows what was spent in it (see State.At).
	Accounts(ctx context.Context) ([]State, error)
	// Adjust changes an account by an explicit act and records it with who and why.
	Adjust(ctx context.Context, a Adjustment) error
	// DisabledAnalysts lists who is banned at run time, by name.
	DisabledAnalysts(ctx context.Context) ([]string, error)
	// Prune takes answers and releases away that were made before a time, and records it.
	Prune(ctx context.Context, before time.Time, by string) (Pruned, error)
	// Verify reads the whole history and checks its chain. A broken chain is a *Tampered.
	Verify(ctx context.Context) (Verified, error)
}

// AdjustKind names an owner's act on an account.
type AdjustKind string

// The acts.
const (
	// Grant adds Amount's ε and δ to the budget until the account's current window ends.
	Grant AdjustKind = "grant"
	// SetBudget replaces the configured ε and δ by Amount's, until UnsetBudget. Setting it below what is spent refuses
	// further queries.
	SetBudget   AdjustKind = "set"
	UnsetBudget AdjustKind = "unset"
	// ResetWindow forgets what was spent in the current window. What is reserved stays reserved.
	ResetWindow AdjustKind = "reset-window"
)

// Adjustment is an owner's act on an account.
type Adjustment struct {
	Key    Key // Analyst empty means the dataset's account
	Kind   AdjustKind
	Amount privacy.Loss // ε and δ for Grant and SetBudget
	// Refresh is the account's configured refresh. A grant is for the window that is open under it.
	Refresh time.Duration
	By, Why string // who, and the reason; By must not be empty
}

// Verified is what Verify found in an unbroken history.
type Verified struct {
	Entries int64    // rows of the chain, outcomes included
	Head    [32]byte // hash of the last row: note it elsewhere, and a cut tail shows too
}

// Tampered says where the history's chain is broken.
type Tampered struct {
	ID     int64  // the first row that is not as it was written
	Reason string // e.g. "hash differs"
}

func (e *Tampered) Error() string { return "budget: the history was changed: " + e.Reason }
