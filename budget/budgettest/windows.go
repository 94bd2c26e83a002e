package budgettest

import (
	"context"
	"testing"
	"time"

	"github.com/dpproxy/dpproxy/budget"
	"github.com/dpproxy/dpproxy/privacy"
)

const day = 24 * time.Hour

func refreshed(every time.Duration) budget.Budget {
	b := pure(1000)
	b.Refresh = every
	return b
}

// testWindows: the account starts at 0 at the edge, to the nanosecond, and never earlier by a clock that steps back.
func testWindows(t *testing.T, s Store) {
	b := setUp(t, s) // noon
	daily := refreshed(day)
	all, bit := charge(daily, laplace(1000)), charge(daily, laplace(1))
	b.spend(all)
	e := b.refused(bit)
	midnight := time.Date(2026, 11, 6, 0, 0, 0, 0, time.UTC)
	check(t, "comes back", e.Balance.WindowEnds, midnight)
	b.clock.Step(12*time.Hour - 1)
	b.refused(bit)
	b.clock.Step(1)
	check(t, "new window", b.balance(account(daily)).Spent, privacy.Loss{})
	b.spend(all)
	b.refused(bit)

	b.clock.Step(-12 * time.Hour) // yesterday again
	b.refused(bit)
	b.clock.Step(-300 * day)
	b.refused(bit)
	b.reopen()
	b.refused(bit)
	b.clock.Step(300*day + 13*time.Hour)
	b.refused(bit)
	check(t, "spent", b.balance(account(daily)).Spent, laplace(1000))

	b.clock.Step(100 * day) // far ahead, and back: the later window stays open
	b.spend(all)
	b.clock.Step(-99 * day)
	b.refused(bit)
	b.clock.Step(100 * day)
	b.spend(all)
}

// testLongerRefresh: a change of the refresh never forgets what was spent before the longer of both windows ends.
func testLongerRefresh(t *testing.T, s Store) {
	bit := laplace(1)
	start := NewClock().Now()
	for _, c := range []struct {
		name     string
		from, to time.Duration
		back     time.Time // when the account starts at 0 again; zero if never
	}{
		{"longer", day, 30 * day, time.Unix(0, 0).UTC().Add((start.Sub(time.Unix(0, 0))/(30*day) + 1) * 30 * day)},
		{"shorter", 30 * day, day, time.Unix(0, 0).UTC().Add((start.Sub(time.Unix(0, 0))/(30*day) + 1) * 30 * day)},
		{"to never", day, 0, time.Time{}},
		{"from never", 0, day, time.Time{}},
		{"same", day, day, start.Add(12 * time.Hour)},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := setUp(t, s)
			b.spend(charge(refreshed(c.from), laplace(1000)))
			e := b.refused(charge(refreshed(c.to), bit))
			check(t, "comes back", e.Balance.WindowEnds, c.back)
			if c.back.IsZero() {
				b.clock.Step(3000 * day)
				b.refused(charge(refreshed(c.to), bit))
				return
			}
			b.clock.Step(c.back.Sub(start) - 1)
			b.refused(charge(refreshed(c.to), bit))
			b.clock.Step(1)
			b.spend(charge(refreshed(c.to), laplace(1000)))
		})
	}
}

// testReservationOverWindow: a query that ends in a later window than it began in was paid in the earlier one.
func testReservationOverWindow(t *testing.T, s Store) {
	b, ctx := setUp(t, s), context.Background()
	daily := refreshed(day)
	kept, failed, back := b.reserve(charge(daily, laplace(300))), b.reserve(charge(daily, laplace(300))), b.reserve(charge(daily, laplace(300)))
	b.clock.Step(day)
	b.spend(charge(daily, laplace(900)))
	noError(t, kept.Commit(ctx, nil, budget.Outcome{}))
	noError(t, failed.Fail(ctx, budget.Outcome{}))
	noError(t, back.Release(ctx, budget.Outcome{}))
	got := b.balance(account(daily))
	check(t, "spent", got.Spent, laplace(900))
	check(t, "reserved", got.Reserved, privacy.Loss{})
	check(t, "queries", got.Queries, 3)
}
