package budgettest

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dpproxy/dpproxy/budget"
	"github.com/dpproxy/dpproxy/privacy"
)

func (b *bench) history(q budget.HistoryQuery) []budget.Entry {
	b.t.Helper()
	list, err := b.History(context.Background(), q)
	noError(b.t, err)
	return list
}

func outcomes(list []budget.Entry) string {
	var names []string
	for _, e := range list {
		names = append(names, e.Outcome)
	}
	return strings.Join(names, " ")
}

// testHistory: entries carry their outcomes, newest first, and can be chosen.
func testHistory(t *testing.T, s Store) {
	b, ctx := setUp(t, s), context.Background()
	c := charge(pure(1000), laplace(5))
	c.DatasetLoss = privacy.Loss{}
	c.Entry.SQL = "SELECT 'ä'"
	noError(t, b.reserve(c).Commit(ctx, nil, budget.Outcome{Duration: 3 * time.Millisecond}))
	b.clock.Step(time.Second)
	noError(t, b.reserve(as("bob")).Fail(ctx, budget.Outcome{SQLState: "58000"}))
	noError(t, b.reserve(as("bob")).Release(ctx, budget.Outcome{Name: "refused", SQLState: "57014"}))
	noError(t, b.Record(ctx, budget.Entry{Analyst: "alice", Dataset: "census", SQL: "again", Outcome: "reused"}))
	noError(t, b.Record(ctx, budget.Entry{Analyst: "alice", Dataset: "other", SQL: "no", Outcome: "refused", SQLState: "42501"}))
	b.reserve(as("bob"))
	for range 2 {
		all := b.history(budget.HistoryQuery{})
		check(t, "all", outcomes(all), "reserved refused reused refused failed answered")
		first := all[5]
		check(t, "first", first, budget.Entry{
			ID: first.ID, Time: NewClock().Now(), Analyst: "alice", Dataset: "census", SQL: "SELECT 'ä'", Plan: "plan",
			Loss: laplace(5), Outcome: "answered", Duration: 3 * time.Millisecond, Application: "psql", Client: "127.0.0.1",
		})
		check(t, "state", all[4].SQLState, "58000")
		check(t, "dataset's loss", all[4].DatasetLoss, laplace(1))
		check(t, "time", all[4].Time.Equal(first.Time.Add(time.Second)), true)
		check(t, "bob's", outcomes(b.history(budget.HistoryQuery{Analyst: "bob"})), "reserved refused failed")
		check(t, "other", outcomes(b.history(budget.HistoryQuery{Dataset: "other"})), "refused")
		check(t, "two", outcomes(b.history(budget.HistoryQuery{Limit: 2})), "reserved refused")
		check(t, "before", outcomes(b.history(budget.HistoryQuery{Analyst: "alice", Before: all[2].ID})), "answered")
		// bob's query in flight is left by a crash of its process, as far as another one knows after a while.
		b.Admin = b.another()
	}
	if err := b.Record(ctx, budget.Entry{Analyst: "alice", Loss: laplace(1)}); err == nil {
		t.Error("an entry with a loss was recorded without a charge")
	}
	v, err := b.Verify(ctx)
	noError(t, err)
	check(t, "rows", v.Entries, 9) // six entries and three outcomes
}

// testSharedHistory: of an account that users share, the history has the account and who asked.
func testSharedHistory(t *testing.T, s Store) {
	b, ctx := setUp(t, s), context.Background()
	for _, who := range []string{"alice", "bob", ""} {
		c := as("team")
		c.Entry.By = who
		noError(t, b.reserve(c).Commit(ctx, nil, budget.Outcome{}))
	}
	noError(t, b.Record(ctx, budget.Entry{Analyst: "team", By: "bob", Dataset: "census", SQL: "again", Outcome: "reused"}))
	noError(t, b.Record(ctx, budget.Entry{Analyst: "bob", Dataset: "census", SQL: "before he joined", Outcome: "reused"}))
	noError(t, b.Adjust(ctx, budget.Adjustment{Key: budget.Key{Analyst: "team", Dataset: "census"}, Kind: budget.Grant, Amount: privacy.Loss{Epsilon: eps(1)}, By: "bob", Why: "an owner of that name"}))
	for range 2 {
		check(t, "team's", outcomes(b.history(budget.HistoryQuery{Analyst: "team"})), "grant reused answered answered answered")
		check(t, "bob's", outcomes(b.history(budget.HistoryQuery{User: "bob"})), "reused reused answered")
		check(t, "alice's", outcomes(b.history(budget.HistoryQuery{User: "alice"})), "answered")
		check(t, "who asked", b.history(budget.HistoryQuery{User: "alice"})[0].By, "alice")
		check(t, "whose account", b.history(budget.HistoryQuery{User: "alice"})[0].Analyst, "team")
		_, err := b.Verify(ctx)
		noError(t, err)
		b.Admin = b.another()
	}
}

// testTampering: every kind of change to the history is found.
func testTampering(t *testing.T, s Store) {
	for _, c := range []struct {
		name, sql string
		id        int64 // of the row named as the first wrong one
	}{
		{"amount", `UPDATE history SET epsilon = epsilon - 1 WHERE id = 3`, 3},
		{"query", `UPDATE history SET query = 'SELECT 2' WHERE id = 3`, 3},
		{"query and digest", `UPDATE history SET query = (SELECT query FROM history WHERE id = 1), digest = (SELECT digest FROM history WHERE id = 1) WHERE id = 3`, 3},
		{"who", `UPDATE history SET analyst = 'bob' WHERE id = 5`, 5},
		{"outcome", `UPDATE history SET outcome = 'released' WHERE ref = 1`, 2},
		{"time", `UPDATE history SET made = made + 1 WHERE id = 6`, 6},
		{"first", `DELETE FROM history WHERE id = 1`, 1},
		{"middle", `DELETE FROM history WHERE id = 4`, 4},
		{"tail", `DELETE FROM history WHERE id = 6`, 6},
		{"all", `DELETE FROM history`, 1},
		{"head", `UPDATE head SET id = 4`, 7},
		{"no head", `DELETE FROM head`, 7},
		{"copy", `UPDATE history SET digest = (SELECT digest FROM history WHERE id = 2), hash = (SELECT hash FROM history WHERE id = 2) WHERE id = 3`, 3},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := setUp(t, s)
			for i := range 3 {
				ask := charge(pure(1000), laplace(1))
				ask.Entry.SQL += strings.Repeat(" ", i)
				r := b.reserve(ask)
				noError(t, r.Commit(context.Background(), nil, budget.Outcome{}))
				b.balance(ask.Analyst) // writes the outcome next to its entry
			}
			v, err := b.Verify(context.Background())
			noError(t, err)
			check(t, "rows", v.Entries, 6)
			noError(t, b.Close())
			s.Exec(t, b.url, c.sql)
			if c.name == "no head" {
				if l, err := s.Open(context.Background(), b.url, b.clock.Now); err == nil {
					l.Close()
					t.Fatal("a ledger without a head was opened")
				}
				return
			}
			b.Admin = b.another()
			_, err = b.Verify(context.Background())
			var e *budget.Tampered
			if !errors.As(err, &e) {
				t.Fatalf("got %v, want *Tampered", err)
			}
			check(t, "row", e.ID, c.id)
		})
	}
}

// testOddText: whatever bytes a query has, it is recorded, and the chain holds.
func testOddText(t *testing.T, s Store) {
	b := setUp(t, s)
	for _, text := range []string{"a\x00b", "\xff\xfe", "\xed\xa0\x80", "'; DROP TABLE history; --", strings.Repeat("x", 1<<20), "$1 ?1 \\"} {
		c := charge(pure(1000), laplace(1))
		c.Entry.SQL, c.Entry.Application, c.Entry.Client = text, text, text
		b.spend(c)
		noError(t, b.Record(context.Background(), budget.Entry{Analyst: text, Dataset: text, SQL: text, Outcome: "refused"}))
	}
	check(t, "entries", len(b.history(budget.HistoryQuery{})), 12)
	check(t, "kept", b.history(budget.HistoryQuery{})[11].SQL, "a\uFFFDb")
	_, err := b.Verify(context.Background())
	noError(t, err)
	c := charge(pure(1000), laplace(1))
	c.Analyst.Key.Analyst = "a\x00"
	if _, err := b.Reserve(context.Background(), c); err == nil {
		t.Error("a name with NUL was charged")
	}
}

// testDisabled: a ban is durable, seen by other processes, recorded, and apart from accounts.
func testDisabled(t *testing.T, s Store) {
	b, ctx := setUp(t, s), context.Background()
	other := b.another()
	expect := func(name string, want bool) {
		t.Helper()
		for _, l := range []budget.Ledger{b, other} {
			got, err := l.Disabled(ctx, name)
			noError(t, err)
			check(t, name+" disabled", got, want)
		}
	}
	expect("alice", false)
	noError(t, b.SetDisabled(ctx, "alice", true, "owner"))
	noError(t, b.SetDisabled(ctx, "alice", true, "owner"))
	expect("alice", true)
	expect("bob", false)
	names, err := b.DisabledAnalysts(ctx)
	noError(t, err)
	check(t, "names", strings.Join(names, " "), "alice")
	b.reopen()
	expect("alice", true)
	b.spend(charge(pure(1000), laplace(1))) // the ban is for log-ins: what runs may end
	noError(t, other.SetDisabled(ctx, "alice", false, "deputy"))
	expect("alice", false)
	check(t, "history", outcomes(b.history(budget.HistoryQuery{Analyst: "alice"})), "enabled answered disabled disabled")
	check(t, "by", b.history(budget.HistoryQuery{})[0].By, "deputy")
	if err := b.SetDisabled(ctx, "alice", true, ""); err == nil {
		t.Error("nobody disabled alice")
	}
}

// testAdjustments: grants, set budgets and resets are durable, recorded, and do what they say.
func testAdjustments(t *testing.T, s Store) {
	b, ctx := setUp(t, s), context.Background()
	daily := refreshed(day)
	a := account(daily)
	adjust := func(kind budget.AdjustKind, amount privacy.Loss) {
		t.Helper()
		noError(t, b.Adjust(ctx, budget.Adjustment{Key: a.Key, Kind: kind, Amount: amount, Refresh: day, By: "owner", Why: "asked for it"}))
	}
	b.spend(charge(daily, laplace(1000)))
	adjust(budget.Grant, privacy.Loss{Epsilon: eps(50)})
	adjust(budget.Grant, privacy.Loss{Epsilon: eps(50)})
	b.reopen()
	got := b.balance(a)
	check(t, "limit with grants", got.Limit.Epsilon, eps(1100))
	check(t, "effective", got.Effective.Epsilon, eps(1100))
	check(t, "configured", got.Account.Budget.Epsilon, eps(1000))
	b.spend(charge(daily, laplace(100)))
	b.refused(charge(daily, laplace(1)))
	b.clock.Step(day)
	check(t, "the grant ends with its window", b.balance(a).Limit.Epsilon, eps(1000))

	b.spend(charge(daily, laplace(300)))
	adjust(budget.SetBudget, privacy.Loss{Epsilon: eps(200)})
	b.refused(charge(daily, laplace(1)))
	b.clock.Step(day)
	b.spend(charge(daily, laplace(200)))
	b.refused(charge(daily, laplace(1)))
	adjust(budget.UnsetBudget, privacy.Loss{})
	r := b.reserve(charge(daily, laplace(500)))
	adjust(budget.ResetWindow, privacy.Loss{})
	got = b.balance(a)
	check(t, "spent after the reset", got.Spent, privacy.Loss{})
	check(t, "reserved after the reset", got.Reserved, laplace(500))
	noError(t, r.Commit(ctx, nil, budget.Outcome{}))
	check(t, "spent", b.balance(a).Spent, laplace(500))
	check(t, "queries", b.balance(a).Queries, 5)

	list := b.history(budget.HistoryQuery{Analyst: "alice"})
	var acts []string
	for _, e := range slices.Backward(list) {
		if e.By != "" {
			acts = append(acts, e.Note)
		}
	}
	check(t, "acts", strings.Join(acts, "; "), "grant epsilon 0.050000000, delta 0.000000000000000000: asked for it; "+
		"grant epsilon 0.050000000, delta 0.000000000000000000: asked for it; "+
		"set epsilon 0.200000000, delta 0.000000000000000000: asked for it; unset: asked for it; "+
		"reset-window, was epsilon 0.200000000, delta 0.000000000000000000, rho 0.020000000: asked for it")
	states, err := b.Accounts(ctx)
	noError(t, err)
	check(t, "accounts", len(states), 2)
	check(t, "first account", states[0].Key, budget.Key{Dataset: "census"})
	for _, wrong := range []budget.Adjustment{
		{Key: a.Key, Kind: budget.Grant, Amount: privacy.Loss{Epsilon: 1}},
		{Key: a.Key, Kind: "free", By: "owner"},
		{Key: a.Key, Kind: budget.Grant, By: "owner", Amount: privacy.Loss{Epsilon: -1}},
		{Key: budget.Key{Analyst: "alice"}, Kind: budget.Grant, By: "owner"},
	} {
		if err := b.Adjust(ctx, wrong); err == nil {
			t.Errorf("%+v was done", wrong)
		}
	}
}
