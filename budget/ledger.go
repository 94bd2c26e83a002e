package budget

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/dpproxy/dpproxy/privacy"
)

// Budget is what an account may spend. Rounded down from text.
type Budget struct {
	Accountant privacy.Accountant
	Epsilon    privacy.Epsilon
	Delta      privacy.Delta
	// Refresh is the length of a window after which the account starts at 0 again; 0 means never. Windows are
	// aligned to multiples of Refresh since 1970-01-01 UTC; a clock that steps back never opens an earlier window again.
	Refresh time.Duration
}

// Key names an account: an analyst's on a dataset, or the dataset's over all analysts where Analyst is empty.
type Key struct{ Analyst, Dataset string }

// Account is a Key with the budget that the configuration gives it now. Budgets are never stored as truth: lowering one
// below what is spent refuses further queries, and deleting an account never forgets what was spent.
type Account struct {
	Key    Key
	Budget Budget
}

// Balance is an account's state in the current window.
type Balance struct {
	Account  Account
	Spent    privacy.Loss // committed and failed queries
	Reserved privacy.Loss // in flight, or left by a crash (which counts as spent)
	// Limit and Left are in the accountant's own currency: ε and δ, or ρ and δ. Left never goes below 0.
	Limit, Left privacy.Loss
	// SpentEpsilon, LeftEpsilon tell ρ as ε at the budget's δ for people (zcdp); else they repeat Spent and Left.
	SpentEpsilon, LeftEpsilon privacy.Epsilon
	WindowEnds                time.Time // zero if never
	// Effective is the budget in force: the configured one, changed by what the owner set or granted at run time.
	Effective Budget
	Queries   int64 // queries charged in all time
}

// ReleaseID is the hash that names a release: dataset version, normalised measurement, parameters, ε, δ, bounds, mechanism.
type ReleaseID [32]byte

// Release is a stored noisy measurement, encoded by the caller.
type Release struct {
	ID      ReleaseID
	Dataset string
	Made    time.Time
	Body    []byte
}

// Charge asks to put money aside before the engine is asked.
type Charge struct {
	Analyst Account // the analyst's account
	Dataset Account // the dataset's account over all analysts
	// AnalystLoss and DatasetLoss differ when a second analyst asks for a release that the dataset has paid for already.
	AnalystLoss, DatasetLoss privacy.Loss
	Class                    string      // of the query; it has a counter of its own. Empty: none
	Limits                   QueryLimits // lifetime limits of queries
	Entry                    Entry       // for the history; Outcome is filled in by the end of the reservation
}

// Entry is one line of history. It holds the query's text, never a value of data. Analyst names the account. Where users share one,
// By names the user who asked.
type Entry struct {
	ID          int64
	Time        time.Time
	Analyst     string
	Dataset     string
	SQL         string
	Plan        string
	Loss        privacy.Loss // the analyst's charge
	DatasetLoss privacy.Loss
	Outcome     string // "reserved", "answered", "reused", "failed", "refused"
	SQLState    string
	Duration    time.Duration
	Application string
	Client      string
	Archived    bool   // the answer is kept, and can be read again
	Rows        int64  // of the answer that is kept
	By, Note    string // who did it and why: the user of a shared account, and for an owner's acts ("disabled", "enabled", "grant", "set", "unset", "reset-window", "pruned")
}

// Reservation is money put aside, on disk. It ends exactly once, by Commit, Fail or Release; a later end is an error.
// One that never ends (crash) stays charged.
type Reservation interface {
	// Commit makes the charge final and stores the releases that it paid for. It need not be durable before the
	// answer is sent: after a crash the reservation still counts as spent.
	Commit(ctx context.Context, releases []Release, outcome Outcome) error
	// Fail makes the charge final without a release: the engine was asked.
	Fail(ctx context.Context, outcome Outcome) error
	// Release gives the money back. Only where the engine certainly was not asked.
	Release(ctx context.Context, outcome Outcome) error
	// ID is the number of the history's entry.
	ID() int64
	// Balances are those right after the reservation: the analyst's and the dataset's.
	Balances() (analyst, dataset Balance)
}

// Outcome completes a history entry.
type Outcome struct {
	Name     string // see Entry.Outcome
	SQLState string
	Duration time.Duration
}

// Ledger is the durable state.
type Ledger interface {
	Archive
	Approvals
	// Reserve charges both accounts or neither, atomically across processes, and is durable when it returns.
	// It fails with a *Exhausted if an account or the query counter does not allow it.
	Reserve(ctx context.Context, c Charge) (Reservation, error)
	// CountQuery counts a query that costs nothing against lifetime limits, durably, or fails with a *Exhausted.
	CountQuery(ctx context.Context, c Count) error
	// ClassQueries is how many queries of a class an analyst was counted for on a dataset, in all time.
	ClassQueries(ctx context.Context, account Key, class string) (int64, error)
	// Acquire takes one of an analyst's places for queries in flight, for a time, across processes. It fails with a
	// *Busy if all are taken.
	Acquire(ctx context.Context, analyst string, places int, lasts time.Duration) (Place, error)
	// Balance reads an account.
	Balance(ctx context.Context, a Account) (Balance, error)
	// Releases finds stored releases by ID (at most maxAge old; 0 means any age), and tells which of them the
	// analyst's account has paid for already.
	Releases(ctx context.Context, account Key, ids []ReleaseID, maxAge time.Duration) ([]FoundRelease, error)
	// Record appends a history entry that costs nothing (reused, refused).
	Record(ctx context.Context, e Entry) error
	// History lists entries, newest first; empty Analyst or Dataset means all.
	History(ctx context.Context, q HistoryQuery) ([]Entry, error)
	// Disabled tells whether an analyst was banned at run time (`dpproxy user disable`), apart from the configuration.
	Disabled(ctx context.Context, analyst string) (bool, error)
	SetDisabled(ctx context.Context, analyst string, disabled bool, by string) error
	// Ping tells whether the ledger can be written.
	Ping(ctx context.Context) error
	Close() error
}

// FoundRelease is a Release with the question who paid for it.
type FoundRelease struct {
	Release Release
	Paid    bool // by the asking account
}

// HistoryQuery selects history entries.
type HistoryQuery struct {
	Analyst, Dataset string
	User             string // only what this user asked, from whichever account
	Limit            int    // 0 means 1000
	Before           int64  // only entries with a smaller ID; 0 means all
}

// Exhausted says that an account's budget, or a lifetime limit of queries, is used up.
type Exhausted struct {
	Key        Key          // whose; Analyst empty means the dataset's
	Asked      privacy.Loss // in the accountant's currency
	Balance    Balance
	MaxQueries int64  // > 0 if a lifetime limit of queries refused
	Queries    int64  // and how many were counted against it
	Class      string // its class, if it is one's
}

func (e *Exhausted) Error() string {
	whose := "the dataset's account"
	if e.Key.Analyst != "" {
		whose = "the account of " + e.Key.Analyst
	}
	if e.MaxQueries > 0 {
		return fmt.Sprintf("budget: %s on dataset %s has made its %d queries", whose, e.Key.Dataset, e.MaxQueries)
	}
	when := "does not refresh"
	if !e.Balance.WindowEnds.IsZero() {
		when = "refreshes at " + e.Balance.WindowEnds.UTC().Format(time.RFC3339)
	}
	return fmt.Sprintf("budget: %s on dataset %s does not allow this and %s", whose, e.Key.Dataset, when)
}

// ErrUnknownOutcome says that a charge may or may not be on the ledger (the store failed while it was committing).
// Treat it as charged, and do not ask the engine.
var ErrUnknownOutcome = errors.New("budget: the ledger failed while it was writing; the charge may have been made")

// ErrPlaceLost says that a place for a query in flight expired and was taken by another query.
var ErrPlaceLost = errors.New("budget: the place for a query in flight has expired")

// ErrEnded is returned by the second end of a reservation.
var ErrEnded = errors.New("budget: the reservation has ended already")

// ErrClosed is returned by a ledger that was closed.
var ErrClosed = errors.New("budget: the ledger is closed")
