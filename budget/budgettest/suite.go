package budgettest

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/dpproxy/dpproxy/budget"
	"github.com/dpproxy/dpproxy/privacy"
)

// Store is what the suite needs to know of a store.
type Store struct {
	// Fresh is the URL of an empty store that lasts as long as the test.
	Fresh func(t testing.TB) string
	// Open opens a ledger on it; several at once are several processes.
	Open func(ctx context.Context, url string, clock func() time.Time) (budget.Admin, error)
	// Exec changes the store behind the ledgers' backs; guards against that are taken away first.
	Exec func(t testing.TB, url, sql string)
}

// Run runs the whole suite.
func Run(t *testing.T, s Store) {
	for _, c := range []struct {
		name string
		f    func(*testing.T, Store)
	}{
		{"composition", testComposition},
		{"last unit", testLastUnit},
		{"invalid charges", testInvalidCharges},
		{"both or neither", testBothOrNeither},
		{"ends", testEnds},
		{"race for the last", testRace},
		{"race of processes", testRaceOfProcesses},
		{"cancel", testCancel},
		{"lowered budget", testLoweredBudget},
		{"windows", testWindows},
		{"longer refresh", testLongerRefresh},
		{"reservation over a window's end", testReservationOverWindow},
		{"another accountant", testAnotherAccountant},
		{"query limit", testQueryLimit},
		{"query limits of classes", testClassLimits},
		{"counted without a charge", testCountQuery},
		{"race for the last query", testCountRace},
		{"places", testPlaces},
		{"places of vanished processes", testPlacesExpire},
		{"places are no bans", testPlacesAreNoBans},
		{"releases", testReleases},
		{"draws", testDraws},
		{"releases are seen at once", testReleasesAtOnce},
		{"history", testHistory},
		{"archive", testArchive}, {"packs", testPacks}, {"pack tampering", testPackTampering},
		{"tampering", testTampering},
		{"odd text", testOddText},
		{"disabled", testDisabled},
		{"adjustments", testAdjustments},
		{"close", testClose},
		{"shared history", testSharedHistory},
		{"vanished process", testVanished},
		{"many vanished", testManyVanished},
		{"slow process", testSlowProcess},
		{"kill", testKill},
	} {
		t.Run(c.name, func(t *testing.T) { c.f(t, s) })
	}
}

// Clock is a clock that a test sets.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// NewClock starts at noon of a day in 2026.
func NewClock() *Clock { return &Clock{now: time.Date(2026, 11, 5, 12, 0, 0, 0, time.UTC)} }

// Now is the time.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Step moves the clock, backwards too.
func (c *Clock) Step(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// bench is one test's ledger.
type bench struct {
	t     testing.TB
	store Store
	url   string
	clock *Clock
	budget.Admin
}

func setUp(t testing.TB, s Store) *bench {
	t.Helper()
	b := &bench{t: t, store: s, url: s.Fresh(t), clock: NewClock()}
	b.Admin = b.another()
	return b
}

// another opens the same store again, as another process would.
func (b *bench) another() budget.Admin {
	b.t.Helper()
	l, err := b.store.Open(context.Background(), b.url, b.clock.Now)
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() { l.Close() })
	return l
}

// reopen closes the ledger and opens it again.
func (b *bench) reopen() {
	b.t.Helper()
	if err := b.Close(); err != nil {
		b.t.Fatal(err)
	}
	b.Admin = b.another()
}

// eps is ε in thousandths; del is δ in 1e-12; rho is ρ in millionths.
func eps(milli int64) privacy.Epsilon { return privacy.Epsilon(milli * 1_000_000) }
func del(pico int64) privacy.Delta    { return privacy.Delta(pico * 1_000_000) }
func rho(micro int64) privacy.Rho     { return privacy.Rho(micro * 1000) }

// laplace is the loss of one pure release: ρ = ε²/2.
func laplace(milli int64) privacy.Loss {
	r, _ := privacy.EpsilonToRho(eps(milli))
	return privacy.Loss{Epsilon: eps(milli), Rho: r}
}

func pure(milli int64) budget.Budget {
	return budget.Budget{Accountant: privacy.Pure, Epsilon: eps(milli)}
}

// account is alice's on the dataset census.
func account(b budget.Budget) budget.Account {
	return budget.Account{Key: budget.Key{Analyst: "alice", Dataset: "census"}, Budget: b}
}

// whole is the account of census over all analysts.
func whole(b budget.Budget) budget.Account {
	return budget.Account{Key: budget.Key{Dataset: "census"}, Budget: b}
}

// charge asks alice's account, and the dataset's with a budget that is always enough.
func charge(b budget.Budget, loss privacy.Loss) budget.Charge {
	large := b
	large.Epsilon, large.Delta = 1_000_000*privacy.EpsilonUnits, privacy.DeltaUnits/10
	return budget.Charge{
		Analyst: account(b), Dataset: whole(large), AnalystLoss: loss, DatasetLoss: loss,
		Entry: budget.Entry{SQL: "SELECT count(*) FROM persons", Plan: "plan", Application: "psql", Client: "127.0.0.1"},
	}
}

// spend reserves and commits.
func (b *bench) spend(c budget.Charge, releases ...budget.Release) {
	b.t.Helper()
	if err := b.reserve(c).Commit(context.Background(), releases, budget.Outcome{Duration: time.Second}); err != nil {
		b.t.Fatal(err)
	}
}

func (b *bench) reserve(c budget.Charge) budget.Reservation {
	b.t.Helper()
	r, err := b.Reserve(context.Background(), c)
	if err != nil {
		b.t.Fatalf("charge of %+v: %v", c.AnalystLoss, err)
	}
	return r
}

// refused expects the charge to exceed an account, and returns how.
func (b *bench) refused(c budget.Charge) *budget.Exhausted {
	b.t.Helper()
	r, err := b.Reserve(context.Background(), c)
	var e *budget.Exhausted
	if !errors.As(err, &e) {
		b.t.Fatalf("charge of %+v: got %v, %v; want *Exhausted", c.AnalystLoss, r, err)
	}
	return e
}

func (b *bench) balance(a budget.Account) budget.Balance {
	b.t.Helper()
	balance, err := b.Balance(context.Background(), a)
	if err != nil {
		b.t.Fatal(err)
	}
	return balance
}

// used is what counts of an account.
func used(t testing.TB, b budget.Balance) privacy.Loss {
	t.Helper()
	sum, err := b.Spent.Add(b.Reserved)
	if err != nil {
		t.Fatal(err)
	}
	return sum
}

// check fails the test with what differs.
func check[T comparable](t testing.TB, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %+v, want %+v", what, got, want)
	}
}

func noError(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
