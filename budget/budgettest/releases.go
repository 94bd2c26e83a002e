package budgettest

import (
	"context"
	"testing"
	"time"

	"github.com/dpproxy/dpproxy/budget"
)

func release(name, body string, made time.Time) budget.Release {
	return budget.Release{ID: budget.ReleaseID{0, 1, name[0]}, Dataset: "census", Made: made, Body: []byte(body)}
}

// find asks as an analyst for one release; "" if there is none.
func find(t testing.TB, l budget.Ledger, analyst string, r budget.Release, maxAge time.Duration) (body string, paid bool) {
	t.Helper()
	found, err := l.Releases(context.Background(), budget.Key{Analyst: analyst, Dataset: r.Dataset}, []budget.ReleaseID{r.ID}, maxAge)
	noError(t, err)
	if len(found) == 0 {
		return "", false
	}
	check(t, "id", found[0].Release.ID, r.ID)
	check(t, "dataset", found[0].Release.Dataset, r.Dataset)
	return string(found[0].Release.Body), found[0].Paid
}

func expectRelease(t testing.TB, l budget.Ledger, analyst string, r budget.Release, maxAge time.Duration, body string, paid bool) {
	t.Helper()
	gotBody, gotPaid := find(t, l, analyst, r, maxAge)
	check(t, analyst+" finds", gotBody, body)
	check(t, analyst+" has paid", gotPaid, paid)
}

// as is a charge of another analyst that costs the dataset nothing.
func as(analyst string) budget.Charge {
	c := charge(pure(1000), laplace(1))
	c.Analyst.Key.Analyst = analyst
	return c
}

// testReleases: what one analyst measured another one finds, unpaid, until he has paid for it; ages; order of ids.
func testReleases(t *testing.T, s Store) {
	b, ctx := setUp(t, s), context.Background()
	one, two := release("1", "first", b.clock.Now()), release("2", "", b.clock.Now())
	expectRelease(t, b, "alice", one, 0, "", false)
	b.spend(as("alice"), one, two)
	for range 2 {
		expectRelease(t, b, "alice", one, 0, "first", true)
		expectRelease(t, b, "bob", one, 0, "first", false)
		expectRelease(t, b, "", one, 0, "first", true) // the dataset has paid
		other := one
		other.Dataset = "other"
		expectRelease(t, b, "alice", other, 0, "", false)
		b.reopen() // from the store, after the first time from memory
	}

	found, err := b.Releases(ctx, budget.Key{Analyst: "bob", Dataset: "census"}, []budget.ReleaseID{two.ID, {9}, one.ID}, 0)
	noError(t, err)
	check(t, "number found", len(found), 2)
	check(t, "first found", found[0].Release.ID, two.ID)
	check(t, "made", found[1].Release.Made.Equal(one.Made), true)

	b.spend(as("bob"), found[1].Release)
	b.reopen()
	expectRelease(t, b, "bob", one, 0, "first", true)
	expectRelease(t, b, "bob", two, 0, "", false)
	expectRelease(t, b, "alice", one, 0, "first", true)

	b.clock.Step(24 * time.Hour)
	expectRelease(t, b, "alice", one, 24*time.Hour, "first", true)
	b.clock.Step(1)
	expectRelease(t, b, "alice", one, 24*time.Hour, "", false)
	expectRelease(t, b, "alice", one, 0, "first", true)
}

// testDraws: another draw of the same release is its own: who paid for one has not paid for the other.
func testDraws(t *testing.T, s Store) {
	b := setUp(t, s)
	first := release("1", "first", b.clock.Now())
	b.spend(as("alice"), first)
	b.clock.Step(48 * time.Hour)
	second := release("1", "second", b.clock.Now())
	b.spend(as("bob"), second)
	for range 2 {
		expectRelease(t, b, "alice", first, 0, "first", true)
		expectRelease(t, b, "alice", first, 24*time.Hour, "second", false)
		expectRelease(t, b, "bob", first, 0, "second", true)
		expectRelease(t, b, "carol", first, 0, "second", false)
		b.reopen()
	}
	// The same moment, and another draw.
	third := release("1", "third", second.Made)
	b.spend(as("carol"), third)
	b.reopen()
	expectRelease(t, b, "carol", first, 0, "third", true)
	expectRelease(t, b, "bob", first, 0, "second", true)
}

// testReleasesAtOnce: Commit need not be durable, but is seen at once, always, by readers at the same time too.
func testReleasesAtOnce(t *testing.T, s Store) {
	b := setUp(t, s)
	for i := range 200 {
		r := release(string(rune('0'+i%64)), "body", b.clock.Now())
		r.ID[10], r.ID[11] = byte(i), byte(i>>8)
		b.spend(as("alice"), r)
		expectRelease(t, b, "alice", r, 0, "body", true)
	}
}
