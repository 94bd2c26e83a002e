package budgettest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/dpproxy/dpproxy/budget"
)

// packedRows is more than a batch of the writer's takes at once, so that some entries share a row.
const packedRows = 600

// public archives queries that cost nothing: every third by bob for an account, every fifth without its rows, every seventh
// over private tables.
func (b *bench) public(n int) {
	b.t.Helper()
	for i := range n {
		e := budget.Entry{Time: b.clock.Now().Add(time.Duration(i) * time.Millisecond), Analyst: "alice", Dataset: "census", SQL: fmt.Sprintf("SELECT %d\x00", i/2),
			Plan: "plan \xff", Outcome: "public", Duration: time.Duration(i), Application: "psql", Client: "::1"}
		if i%3 == 0 {
			e.Analyst, e.By = "team", "bob"
		}
		if i%7 == 0 {
			e.Outcome = "reused"
		}
		a := budget.Answer{Entry: e, Rows: int64(i)}
		if i%5 != 0 {
			a.Body = []byte(fmt.Sprint("rows ", i))
		}
		noError(b.t, b.Archive(context.Background(), a))
	}
}

// testPacks: many queries over public tables share rows, and are read as entries of their own.
func testPacks(t *testing.T, s Store) {
	b, ctx := setUp(t, s), context.Background()
	b.spend(charge(pure(1000), laplace(1)))
	b.public(packedRows)
	check(t, "at once", len(b.history(budget.HistoryQuery{Limit: 2 * packedRows})), packedRows+1)
	b.spend(charge(pure(1000), laplace(1)))
	all := b.history(budget.HistoryQuery{Limit: 2 * packedRows})
	check(t, "entries", len(all), packedRows+2)
	check(t, "ends", all[0].Outcome+" "+all[packedRows+1].Outcome, "answered answered")
	seen := map[int64]bool{}
	for i, e := range all {
		if i > 0 && e.ID >= all[i-1].ID {
			t.Fatalf("entry %d comes after entry %d", e.ID, all[i-1].ID)
		}
		if e.Outcome == "answered" {
			continue
		}
		n := int64(e.Duration)
		want := budget.Entry{ID: e.ID, Time: NewClock().Now().Add(time.Duration(n) * time.Millisecond), Analyst: "alice", Dataset: "census",
			SQL: fmt.Sprintf("SELECT %d", n/2), Plan: e.Plan, Outcome: "public", Duration: time.Duration(n), Application: "psql", Client: "::1"}
		if n%3 == 0 {
			want.Analyst, want.By = "team", "bob"
		}
		if n%7 == 0 {
			want.Outcome = "reused"
		}
		if n%5 != 0 {
			want.Archived, want.Rows = true, n
		} else {
			want.Note = e.Note
		}
		e.SQL = e.SQL[:len(want.SQL)] // what stands for the NUL
		if want.Archived && e.Note != "" {
			want.Note = e.Note // it has a row of its own
		}
		check(t, "entry", e, want)
		a, ok, err := b.Archived(ctx, e.ID)
		noError(t, err)
		check(t, "kept", ok, n%5 != 0)
		if ok && (string(a.Body) != fmt.Sprint("rows ", n) || a.Entry.Analyst != want.Analyst || a.Entry.Dataset != "census" || a.Rows != n) {
			t.Fatalf("the answer of entry %d is %+v", n, a)
		}
		seen[n] = true
	}
	check(t, "different entries", len(seen), packedRows)
	check(t, "bob's", len(b.history(budget.HistoryQuery{User: "bob", Limit: packedRows})), packedRows/3)
	check(t, "alice's", len(b.history(budget.HistoryQuery{Analyst: "alice", Limit: packedRows})), packedRows*2/3+2)
	check(t, "of another data set", len(b.history(budget.HistoryQuery{Dataset: "other"})), 0)
	var paged []budget.Entry
	for before := int64(0); ; before = paged[len(paged)-1].ID {
		page := b.history(budget.HistoryQuery{Limit: 7, Before: before})
		if paged = append(paged, page...); len(page) == 0 {
			break
		}
	}
	if !slices.EqualFunc(paged, all, func(x, y budget.Entry) bool { return x.ID == y.ID }) {
		t.Errorf("read by pages there are %d other entries", len(paged))
	}
	_, err := b.Verify(ctx)
	noError(t, err)
	pruned, err := b.Prune(ctx, b.clock.Now().Add(time.Hour), "owner")
	noError(t, err)
	check(t, "pruned", pruned.Answers, packedRows*4/5)
	after := b.history(budget.HistoryQuery{Limit: 2 * packedRows})
	check(t, "entries", len(after), packedRows+3)
	check(t, "kept", slices.ContainsFunc(after, func(e budget.Entry) bool { return e.Archived }), false)
	_, err = b.Verify(ctx)
	noError(t, err)
}

// testPackTampering: a change to what shares a row is found as one of a row is.
func testPackTampering(t *testing.T, s Store) {
	for name, c := range map[string]struct {
		sql  string
		read bool // found where the answers are read, and not in the chain
	}{
		"row":     {`DELETE FROM history WHERE outcome = 'packed' AND id = (SELECT min(last_id) FROM packs)`, false},
		"pack":    {`DELETE FROM packs WHERE last_id = (SELECT min(last_id) FROM packs)`, false},
		"entries": {`UPDATE packs SET entries = (SELECT entries FROM packs ORDER BY last_id DESC LIMIT 1) WHERE last_id = (SELECT min(last_id) FROM packs)`, false},
		"note":    {`UPDATE history SET note = '5 entries' WHERE outcome = 'packed' AND id = (SELECT min(last_id) FROM packs)`, false},
		"answers": {`UPDATE packs SET answers = entries`, true},
		"range":   {`UPDATE packs SET first_id = first_id + 1`, false},
	} {
		t.Run(name, func(t *testing.T) {
			b, ctx := setUp(t, s), context.Background()
			b.public(packedRows)
			_, err := b.Verify(ctx)
			noError(t, err)
			ids := b.history(budget.HistoryQuery{Limit: packedRows})
			noError(t, b.Close())
			s.Exec(t, b.url, c.sql)
			b.Admin = b.another()
			changed := (*budget.Tampered)(nil)
			if !c.read {
				if _, err := b.Verify(ctx); !errors.As(err, &changed) {
					t.Fatalf("got %v, want *Tampered", err)
				}
				return
			}
			found := false
			for _, e := range ids {
				_, _, err := b.Archived(ctx, e.ID)
				found = found || errors.As(err, &changed)
			}
			check(t, "found", found, true)
		})
	}
}
