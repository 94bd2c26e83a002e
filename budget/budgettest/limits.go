package budgettest

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/dpproxy/dpproxy/budget"
)

// testClassLimits: classes have counters of their own, which a window's end does not touch, and which count also before
// there is a limit.
func testClassLimits(t *testing.T, s Store) {
	b := setUp(t, s)
	ctx := context.Background()
	daily := pure(1000)
	daily.Refresh = 24 * time.Hour
	c := charge(daily, laplace(1))
	c.Class = "aggregation"
	b.spend(c)
	noError(t, b.reserve(c).Release(ctx, budget.Outcome{})) // given back, with its count
	c.Limits.Class = 2
	b.spend(c)
	e := b.refused(c)
	check(t, "limit", e.MaxQueries, 2)
	check(t, "counted", e.Queries, 2)
	check(t, "class", e.Class, "aggregation")
	check(t, "whose", e.Key.Analyst, "alice")
	b.clock.Step(48 * time.Hour)
	b.reopen()
	b.refused(c)
	n, err := b.ClassQueries(ctx, c.Analyst.Key, "aggregation")
	noError(t, err)
	check(t, "counter", n, 2)
	c.Class = "distribution"
	b.spend(c)
	c.Class, c.Analyst.Key.Analyst = "aggregation", "bob"
	b.spend(c)
	check(t, "all classes", b.balance(account(daily)).Queries, 3)
	// All analysts together.
	c.Limits = budget.QueryLimits{Dataset: 4}
	e = b.refused(c)
	check(t, "whose limit", e.Key.Analyst, "")
	check(t, "counted of all", e.Queries, 4)
}

// testCountQuery: queries of public tables are counted without a charge.
func testCountQuery(t *testing.T, s Store) {
	b := setUp(t, s)
	ctx := context.Background()
	key := budget.Key{Analyst: "alice", Dataset: "census"}
	c := budget.Count{Key: key, Class: "public", Limits: budget.QueryLimits{Analyst: 3, Class: 2, Dataset: 9}}
	for range 2 {
		noError(t, b.CountQuery(ctx, c))
	}
	refused := func(most int64, analyst string) {
		t.Helper()
		var e *budget.Exhausted
		if err := b.CountQuery(ctx, c); !errors.As(err, &e) {
			t.Fatalf("got %v", err)
		}
		check(t, "limit", e.MaxQueries, most)
		check(t, "whose", e.Key.Analyst, analyst)
	}
	refused(2, "alice")
	c.Class = ""
	noError(t, b.CountQuery(ctx, c))
	refused(3, "alice")
	b.reopen()
	b.clock.Step(400 * 24 * time.Hour)
	refused(3, "alice")
	c.Key.Analyst, c.Limits.Dataset = "bob", 3
	refused(3, "")
	if err := b.CountQuery(ctx, budget.Count{Key: budget.Key{Dataset: "census"}}); err == nil {
		t.Error("a query of nobody was counted")
	}
	_, err := b.Verify(ctx)
	noError(t, err)
}

// testCountRace: of many at once on several ledgers, exactly as many are counted as the limit says.
func testCountRace(t *testing.T, s Store) {
	b := setUp(t, s)
	ledgers := []budget.Admin{b, b.another(), b.another()}
	c := budget.Count{Key: budget.Key{Analyst: "alice", Dataset: "census"}, Class: "public", Limits: budget.QueryLimits{Class: 11}}
	var allowed atomic.Int64
	var wait sync.WaitGroup
	for i := range 30 {
		wait.Go(func() {
			err := ledgers[i%len(ledgers)].CountQuery(context.Background(), c)
			var e *budget.Exhausted
			switch {
			case err == nil:
				allowed.Add(1)
			case !errors.As(err, &e):
				t.Error(err)
			}
		})
	}
	wait.Wait()
	check(t, "allowed", allowed.Load(), 11)
	for _, l := range ledgers[1:] {
		noError(t, l.Close())
	}
}

func busy(t *testing.T, l budget.Admin, analyst string, places int) *budget.Busy {
	t.Helper()
	_, err := l.Acquire(context.Background(), analyst, places, time.Minute)
	var e *budget.Busy
	if !errors.As(err, &e) {
		t.Fatalf("got %v, want that all places are taken", err)
	}
	return e
}

func acquire(t *testing.T, l budget.Admin, analyst string, places int) budget.Place {
	t.Helper()
	p, err := l.Acquire(context.Background(), analyst, places, time.Minute)
	noError(t, err)
	return p
}

// testPlaces: as many queries at once as there are places, over all processes; a place that is given back is free.
func testPlaces(t *testing.T, s Store) {
	b := setUp(t, s)
	other := b.another()
	one := acquire(t, b, "alice", 1)
	e := busy(t, other, "alice", 1)
	check(t, "places", e.Places, 1)
	check(t, "until", e.Until.UTC(), b.clock.Now().Add(time.Minute))
	acquire(t, other, "bob", 1)
	two := acquire(t, other, "alice", 2)
	busy(t, b, "alice", 2)
	busy(t, b, "alice", 1) // a limit that was lowered: two are still in flight
	one.Leave()
	busy(t, b, "alice", 1)
	two.Leave()
	noError(t, other.Close())
	acquire(t, b, "alice", 1).Leave()
	acquire(t, b, "alice", 1)
	for _, wrong := range []struct {
		analyst string
		places  int
		lasts   time.Duration
	}{{"", 1, time.Minute}, {"a\x00", 1, time.Minute}, {"a", 0, time.Minute}, {"a", 1, 0}} {
		if _, err := b.Acquire(context.Background(), wrong.analyst, wrong.places, wrong.lasts); err == nil {
			t.Errorf("%+v was taken", wrong)
		}
	}
}

// testPlacesExpire: a process that vanishes locks nobody out, one that renews keeps its place, and one that was too slow
// does not take the next one's place away.
func testPlacesExpire(t *testing.T, s Store) {
	b := setUp(t, s)
	other := b.another()
	slow := acquire(t, b, "alice", 1)
	b.clock.Step(59 * time.Second)
	busy(t, other, "alice", 1)
	noError(t, slow.Renew())
	b.clock.Step(59 * time.Second)
	busy(t, other, "alice", 1)
	b.clock.Step(time.Second)
	next := acquire(t, other, "alice", 1)
	if err := slow.Renew(); !errors.Is(err, budget.ErrPlaceLost) {
		t.Errorf("renewing what was lost: %v", err)
	}
	slow.Leave()
	busy(t, b, "alice", 1)
	next.Leave()
	// A place that was taken before the clock was set back by a day does not last for that day.
	b.clock.Step(24 * time.Hour)
	acquire(t, other, "alice", 1)
	b.clock.Step(-24 * time.Hour)
	acquire(t, b, "alice", 1)
	noError(t, other.Close())
}

// testPlacesAreNoBans: the end of a query lifts no ban, and a ban takes no place.
func testPlacesAreNoBans(t *testing.T, s Store) {
	b := setUp(t, s)
	ctx := context.Background()
	p := acquire(t, b, "alice", 1)
	noError(t, b.SetDisabled(ctx, "alice", true, "owner"))
	p.Leave()
	banned, err := b.Disabled(ctx, "alice")
	noError(t, err)
	check(t, "banned", banned, true)
	noError(t, b.SetDisabled(ctx, "alice", false, "owner"))
	acquire(t, b, "alice", 1)
}
