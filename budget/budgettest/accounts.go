package budgettest

import (
	"context"
	"errors"
	"math"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/dpproxy/dpproxy/budget"
	"github.com/dpproxy/dpproxy/privacy"
)

// testComposition: each accountant adds what it counts, and tells what is left of it.
func testComposition(t *testing.T, s Store) {
	zcdp := budget.Budget{Accountant: privacy.ZCDP, Epsilon: eps(5780), Delta: del(1_000_000)}
	zLimit, err := budget.Limit(zcdp)
	noError(t, err)
	for _, c := range []struct {
		name        string
		budget      budget.Budget
		losses      []privacy.Loss
		limit, left privacy.Loss
	}{
		{
			"pure", pure(1000),
			[]privacy.Loss{laplace(100), laplace(250), laplace(0)},
			privacy.Loss{Epsilon: eps(1000)}, privacy.Loss{Epsilon: eps(650)},
		}, {
			"approx", budget.Budget{Accountant: privacy.Approx, Epsilon: eps(1000), Delta: del(10)},
			[]privacy.Loss{laplace(100), {Epsilon: eps(1), Delta: del(3)}, {Delta: del(4)}},
			privacy.Loss{Epsilon: eps(1000), Delta: del(10)}, privacy.Loss{Epsilon: eps(899), Delta: del(3)},
		}, {
			"zcdp", zcdp,
			[]privacy.Loss{laplace(100), {Rho: rho(300)}, {Rho: rho(7), Delta: del(400_000)}},
			privacy.Loss{Rho: zLimit.Rho, Delta: del(500_000)},
			privacy.Loss{Rho: zLimit.Rho - rho(5000+307), Delta: del(100_000)},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := setUp(t, s)
			var sum privacy.Loss
			for _, loss := range c.losses {
				b.spend(charge(c.budget, loss))
				var err error
				sum, err = sum.Add(loss)
				noError(t, err)
			}
			got := b.balance(account(c.budget))
			check(t, "spent", got.Spent, sum)
			check(t, "reserved", got.Reserved, privacy.Loss{})
			check(t, "limit", got.Limit, c.limit)
			check(t, "left", got.Left, c.left)
			check(t, "queries", got.Queries, int64(len(c.losses)))
			check(t, "dataset's", b.balance(whole(c.budget)).Spent, sum)
			b.reopen()
			check(t, "after opening again", b.balance(account(c.budget)), got)
		})
	}
	t.Run("zcdp takes 100 counts", func(t *testing.T) {
		b := setUp(t, s)
		for range 100 { // ε = 0.1 each: 10 as a plain sum
			b.spend(charge(zcdp, laplace(100)))
		}
		got := b.balance(account(zcdp))
		if got.SpentEpsilon > eps(5770) || got.SpentEpsilon < eps(5000) {
			t.Errorf("100 counts cost ε = %v, want at most 5.77", got.SpentEpsilon)
		}
		check(t, "left", got.LeftEpsilon, zcdp.Epsilon-got.SpentEpsilon)
	})
}

// testLastUnit: all of a budget can be spent, and not one unit more, of each part.
func testLastUnit(t *testing.T, s Store) {
	zcdp := budget.Budget{Accountant: privacy.ZCDP, Epsilon: eps(1000), Delta: del(1000)}
	z, err := budget.Limit(zcdp)
	noError(t, err)
	for _, c := range []struct {
		name        string
		budget      budget.Budget
		fits        privacy.Loss
		one, twoOne privacy.Loss // no longer allowed after it
	}{
		{"pure", pure(1000), privacy.Loss{Epsilon: eps(1000)}, privacy.Loss{Epsilon: 1}, privacy.Loss{Delta: 1}},
		{"approx", budget.Budget{Accountant: privacy.Approx, Epsilon: eps(1000), Delta: del(5)},
			privacy.Loss{Epsilon: eps(1000), Delta: del(5)}, privacy.Loss{Epsilon: 1}, privacy.Loss{Delta: 1}},
		{"zcdp", zcdp, privacy.Loss{Rho: z.Rho, Delta: z.Delta}, privacy.Loss{Rho: 1}, privacy.Loss{Delta: 1}},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := setUp(t, s)
			more, err := c.fits.Add(c.one)
			noError(t, err)
			b.refused(charge(c.budget, more))
			b.spend(charge(c.budget, c.fits))
			e := b.refused(charge(c.budget, c.one))
			check(t, "whose", e.Key, account(c.budget).Key)
			check(t, "asked", e.Asked, c.one)
			check(t, "left", e.Balance.Left, privacy.Loss{})
			check(t, "ends", e.Balance.WindowEnds, time.Time{})
			b.refused(charge(c.budget, c.twoOne))
			b.spend(charge(c.budget, privacy.Loss{})) // nothing is always allowed
			check(t, "spent", b.balance(account(c.budget)).Spent, c.fits)
		})
	}
	t.Run("pure never has a delta", func(t *testing.T) {
		b := setUp(t, s)
		withDelta := pure(1000)
		withDelta.Delta = del(10)
		b.refused(charge(withDelta, privacy.Loss{Epsilon: 1, Delta: 1}))
	})
}

// testInvalidCharges: what cannot be counted is an error, and changes nothing.
func testInvalidCharges(t *testing.T, s Store) {
	b := setUp(t, s)
	approx := budget.Budget{Accountant: privacy.Approx, Epsilon: math.MaxInt64, Delta: del(10)}
	zcdp := budget.Budget{Accountant: privacy.ZCDP, Epsilon: eps(1000), Delta: del(10)}
	b.spend(charge(approx, laplace(1)))
	before := b.balance(account(approx))
	mixed := charge(approx, laplace(1))
	mixed.Dataset.Key.Dataset = "other"
	nobody := charge(approx, laplace(1))
	nobody.Analyst.Key.Analyst = ""
	for name, c := range map[string]budget.Charge{
		"negative":             charge(approx, privacy.Loss{Epsilon: -1}),
		"overflow":             charge(approx, privacy.Loss{Epsilon: math.MaxInt64}),
		"no accountant":        charge(budget.Budget{Epsilon: eps(1000)}, laplace(1)),
		"zcdp without delta":   charge(budget.Budget{Accountant: privacy.ZCDP, Epsilon: eps(1)}, laplace(1)),
		"zcdp without rho":     charge(zcdp, privacy.Loss{Epsilon: 1}),
		"pure without epsilon": charge(pure(1000), privacy.Loss{Rho: 1}),
		"another dataset":      mixed,
		"no analyst":           nobody,
	} {
		r, err := b.Reserve(context.Background(), c)
		var e *budget.Exhausted
		if err == nil || errors.As(err, &e) {
			t.Errorf("%s: got %v, %v; want an error", name, r, err)
		}
	}
	check(t, "balance", b.balance(account(approx)), before)
}

// testBothOrNeither: where one account refuses, the other is not charged.
func testBothOrNeither(t *testing.T, s Store) {
	b := setUp(t, s)
	ask := func(analyst, dataset int64) budget.Charge {
		c := charge(pure(analyst), laplace(100))
		c.Dataset.Budget = pure(dataset)
		return c
	}
	check(t, "refused by", b.refused(ask(1000, 99)).Key.Analyst, "")
	check(t, "refused by", b.refused(ask(99, 1000)).Key.Analyst, "alice")
	check(t, "alice", b.balance(account(pure(1000))).Reserved, privacy.Loss{})
	check(t, "dataset", b.balance(whole(pure(1000))).Reserved, privacy.Loss{})
	analyst, dataset := b.reserve(ask(100, 100)).Balances()
	check(t, "alice's balance", analyst.Reserved, laplace(100))
	check(t, "dataset's balance", dataset.Reserved, laplace(100))

	// A second analyst reads what the dataset has paid for.
	c := ask(100, 100)
	c.Analyst.Key.Analyst, c.DatasetLoss = "bob", privacy.Loss{}
	b.spend(c)
	check(t, "bob", b.balance(c.Analyst).Spent, laplace(100))
	check(t, "dataset", used(t, b.balance(c.Dataset)), laplace(100))
}

// testEnds: a reservation ends once. Commit and Fail keep the charge, Release gives it back.
func testEnds(t *testing.T, s Store) {
	b, ctx := setUp(t, s), context.Background()
	ends := map[string]func(budget.Reservation) error{
		"commit":  func(r budget.Reservation) error { return r.Commit(ctx, nil, budget.Outcome{}) },
		"fail":    func(r budget.Reservation) error { return r.Fail(ctx, budget.Outcome{}) },
		"release": func(r budget.Reservation) error { return r.Release(ctx, budget.Outcome{}) },
	}
	var want privacy.Loss
	var queries int64
	for name, end := range ends {
		r := b.reserve(charge(pure(1000), laplace(100)))
		check(t, name+": reserved", b.balance(account(pure(1000))).Reserved, laplace(100))
		noError(t, end(r))
		if name != "release" {
			want.Epsilon, want.Rho = want.Epsilon+laplace(100).Epsilon, want.Rho+laplace(100).Rho
			queries++
		}
		for again, end := range ends {
			if err := end(r); !errors.Is(err, budget.ErrEnded) {
				t.Errorf("%s after %s: got %v, want ErrEnded", again, name, err)
			}
		}
		got := b.balance(account(pure(1000)))
		check(t, name+": spent", got.Spent, want)
		check(t, name+": reserved", got.Reserved, privacy.Loss{})
		check(t, name+": queries", got.Queries, queries)
	}
}

// race lets goroutines spend until the account refuses, and counts what was allowed.
func race(t *testing.T, ledgers []budget.Admin, goroutines int, c budget.Charge) (allowed int64) {
	var n atomic.Int64
	var wg sync.WaitGroup
	ctx := context.Background()
	for i := range goroutines {
		wg.Go(func() {
			for k := 0; ; k++ {
				r, err := ledgers[i%len(ledgers)].Reserve(ctx, c)
				var e *budget.Exhausted
				if errors.As(err, &e) {
					return
				}
				if err != nil {
					t.Error(err)
					return
				}
				switch n.Add(1); k % 3 {
				case 0:
					err = r.Commit(ctx, nil, budget.Outcome{})
				case 1:
					err = r.Fail(ctx, budget.Outcome{})
				}
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	return n.Load()
}

// testRace: 32 sessions on the last ε.
func testRace(t *testing.T, s Store) {
	b := setUp(t, s)
	check(t, "charges", race(t, []budget.Admin{b}, 32, charge(pure(105), laplace(1))), 105)
	check(t, "used", used(t, b.balance(account(pure(105)))).Epsilon, eps(105))
	_, err := b.Verify(context.Background())
	noError(t, err)
}

// testRaceOfProcesses: the same over several ledgers on one store; also for the dataset's account, and query limits.
func testRaceOfProcesses(t *testing.T, s Store) {
	b := setUp(t, s)
	ledgers := []budget.Admin{b, b.another(), b.another()}
	c := charge(pure(90), laplace(1))
	check(t, "by the analyst's account", race(t, ledgers, 12, c), 90)
	c.Analyst = budget.Account{Key: budget.Key{Analyst: "bob", Dataset: "census"}, Budget: pure(1000)}
	c.Dataset.Budget = pure(130)
	check(t, "by the dataset's account", race(t, ledgers, 12, c), 40)
	c.Analyst.Key.Analyst, c.Dataset.Budget, c.Limits.Analyst = "carol", pure(1000), 25
	check(t, "by the number of queries", race(t, ledgers, 12, c), 25)
	for _, l := range ledgers {
		noError(t, l.Close())
	}
	b.Admin = b.another()
	check(t, "used", used(t, b.balance(whole(pure(1000)))).Epsilon, eps(155))
	_, err := b.Verify(context.Background())
	noError(t, err)
}

// testCancel: a caller that goes away before it has its reservation leaves no charge.
func testCancel(t *testing.T, s Store) {
	b := setUp(t, s)
	var wg sync.WaitGroup
	var kept atomic.Int64
	for i := range 64 {
		wg.Go(func() {
			ctx, cancel := context.WithCancel(context.Background())
			go func() {
				for range i * 200 { // some cancel before, some after
					ctx.Err()
				}
				cancel()
			}()
			r, err := b.Reserve(ctx, charge(pure(1000), laplace(1)))
			if err == nil {
				kept.Add(1)
				err = r.Fail(context.Background(), budget.Outcome{})
			}
			if err != nil && !errors.Is(err, context.Canceled) {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	// A charge whose caller went is given back by the writer, right after the batch in which it was made.
	noError(t, b.Ping(context.Background()))
	got := b.balance(account(pure(1000)))
	check(t, "used", used(t, got).Epsilon, eps(kept.Load()))
	check(t, "queries", got.Queries, kept.Load())
}

// testLoweredBudget: below what is spent, everything is refused, and raising it again does not forget.
func testLoweredBudget(t *testing.T, s Store) {
	b := setUp(t, s)
	b.spend(charge(pure(1000), laplace(600)))
	e := b.refused(charge(pure(500), privacy.Loss{Epsilon: 1, Rho: 1}))
	check(t, "left", e.Balance.Left, privacy.Loss{})
	b.refused(charge(pure(1000), laplace(401)))
	b.spend(charge(pure(1000), laplace(400)))
}

// testAnotherAccountant: what was spent is read under another accountant where that is certain, and refused otherwise.
func testAnotherAccountant(t *testing.T, s Store) {
	approx := budget.Budget{Accountant: privacy.Approx, Epsilon: eps(1000), Delta: del(10)}
	zcdp := budget.Budget{Accountant: privacy.ZCDP, Epsilon: eps(1000), Delta: del(10)}
	var e *budget.ErrAccountant
	refused := func(b *bench, c budget.Charge) {
		t.Helper()
		if _, err := b.Reserve(context.Background(), c); !errors.As(err, &e) {
			t.Errorf("got %v, want *ErrAccountant", err)
		}
	}
	b := setUp(t, s)
	b.spend(charge(pure(1000), laplace(400)))
	check(t, "pure read as approx", b.balance(account(approx)).Left, privacy.Loss{Epsilon: eps(600), Delta: del(10)})
	limit, err := budget.Limit(zcdp)
	noError(t, err)
	check(t, "pure read as zcdp", b.balance(account(zcdp)).Left, privacy.Loss{Rho: max(0, limit.Rho-rho(80_000)), Delta: del(5)})
	b.spend(charge(approx, privacy.Loss{Epsilon: eps(1), Rho: 500, Delta: del(1)}))
	b.refused(charge(pure(1000), laplace(1))) // a δ was spent
	b.spend(charge(approx, privacy.Loss{Epsilon: eps(1)}))
	refused(b, charge(zcdp, laplace(1))) // one charge had no ρ

	b = setUp(t, s)
	b.spend(charge(zcdp, privacy.Loss{Rho: 1000}))
	refused(b, charge(pure(1000), laplace(1)))
	refused(b, charge(approx, laplace(1)))
	b.spend(charge(zcdp, laplace(1)))
	for _, k := range []budget.Key{account(zcdp).Key, whole(zcdp).Key} {
		noError(t, b.Adjust(context.Background(), budget.Adjustment{Key: k, Kind: budget.ResetWindow, By: "owner"}))
	}
	b.spend(charge(pure(1000), laplace(1)))
}

// testQueryLimit: the limit of queries is for ever, counts what was charged, and is apart from the budget.
func testQueryLimit(t *testing.T, s Store) {
	b := setUp(t, s)
	daily := pure(1000)
	daily.Refresh = 24 * time.Hour
	c := charge(daily, laplace(1))
	c.Limits.Analyst = 3
	b.spend(c)
	noError(t, b.reserve(c).Release(context.Background(), budget.Outcome{}))
	b.spend(c)
	b.clock.Step(48 * time.Hour)
	b.spend(c)
	e := b.refused(c)
	check(t, "limit", e.MaxQueries, 3)
	check(t, "whose", e.Key.Analyst, "alice")
	b.clock.Step(48 * time.Hour)
	b.reopen()
	b.refused(c)
	c.Analyst.Key.Analyst = "bob"
	b.spend(c)
	c.Limits.Analyst = 0
	c.Analyst.Key.Analyst = "alice"
	b.spend(c)
}
