package budgettest

import (
	"bytes"
	"context"
	"errors"
	"testing"
	"time"

	"github.com/dpproxy/dpproxy/budget"
)

// testArchive: answers are kept beside their entries, are in the chain, and can be pruned while the chain stays whole.
func testArchive(t *testing.T, s Store) {
	b, ctx := setUp(t, s), context.Background()
	r := b.reserve(charge(pure(1000), laplace(1)))
	noError(t, r.Commit(ctx, []budget.Release{{Body: []byte("noisy")}}, budget.Outcome{}))
	paid := budget.Entry{ID: r.ID(), Analyst: "alice", Dataset: "census"}
	noError(t, b.Archive(ctx, budget.Answer{Entry: paid, Rows: 2, Body: []byte("two\x00rows")}))
	noError(t, b.Archive(ctx, budget.Answer{Entry: budget.Entry{Analyst: "bob", Dataset: "census", SQL: "again", Outcome: "reused"}, Rows: 1, Body: []byte("x")}))
	noError(t, b.Archive(ctx, budget.Answer{Entry: budget.Entry{Analyst: "bob", Dataset: "census", SQL: "large", Outcome: "public"}}))
	if err := b.Archive(ctx, budget.Answer{Entry: budget.Entry{Analyst: "bob", Loss: laplace(1)}}); err == nil {
		t.Error("an entry with a loss was recorded without a charge")
	}
	list := b.history(budget.HistoryQuery{})
	check(t, "outcomes", outcomes(list), "public reused answered")
	check(t, "kept", [3]bool{list[0].Archived, list[1].Archived, list[2].Archived}, [3]bool{false, true, true})
	check(t, "rows", list[2].Rows, int64(2))
	a, ok, err := b.Archived(ctx, r.ID())
	noError(t, err)
	if !ok || !bytes.Equal(a.Body, []byte("two\x00rows")) || a.Entry.Analyst != "alice" || a.Entry.Dataset != "census" {
		t.Errorf("answer is %v %+v", ok, a)
	}
	if _, ok, err := b.Archived(ctx, list[0].ID); ok || err != nil {
		t.Errorf("an answer that was not kept: %v %v", ok, err)
	}
	before, err := b.Verify(ctx)
	noError(t, err)

	b.clock.Step(time.Hour)
	noError(t, b.Archive(ctx, budget.Answer{Entry: budget.Entry{Analyst: "bob", Dataset: "census", SQL: "new", Outcome: "public"}, Rows: 3, Body: []byte("new")}))
	pruned, err := b.Prune(ctx, b.clock.Now().Add(-time.Minute), "owner")
	noError(t, err)
	check(t, "pruned", pruned, budget.Pruned{Answers: 2, Releases: 1})
	if _, ok, _ := b.Archived(ctx, r.ID()); ok {
		t.Error("a pruned answer is there")
	}
	list = b.history(budget.HistoryQuery{})
	check(t, "outcomes", outcomes(list), "pruned public public reused answered")
	check(t, "by", list[0].By, "owner")
	check(t, "kept", list[1].Archived, true)
	check(t, "spent", b.balance(charge(pure(1000), laplace(1)).Analyst).Spent, laplace(1))
	after, err := b.Verify(ctx)
	noError(t, err)
	if after.Entries <= before.Entries {
		t.Errorf("%d entries before, %d after", before.Entries, after.Entries)
	}
	again, err := b.Prune(ctx, b.clock.Now().Add(-time.Minute), "owner")
	noError(t, err)
	check(t, "pruned again", again, budget.Pruned{})

	id := list[1].ID
	noError(t, b.Close())
	s.Exec(t, b.url, `UPDATE answers SET size = 4`)
	b.Admin = b.another()
	_, _, err = b.Archived(ctx, id)
	if changed := (*budget.Tampered)(nil); !errors.As(err, &changed) {
		t.Errorf("a changed answer gave %v", err)
	}
}
