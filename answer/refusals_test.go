package answer

import (
	"strings"
	"testing"
	"time"

	"github.com/dpproxy/dpproxy/budget"
)

// A flood of refusals writes some entries and then one a window, which tells how many there were; none of them is longer than what is kept of
// a text. Another analyst's are listed all the same.
func TestARefusedFloodWritesLittle(t *testing.T) {
	f := newFixture(t)
	long := "SELECT age FROM persons -- " + strings.Repeat("ä", 50_000)
	flood := func(user string, n int) {
		t.Helper()
		for range n {
			if _, _, err := f.ask(f.request(user, long)); err == nil {
				t.Fatal("it was answered")
			}
		}
	}
	expect := func(user string, want int, note string) {
		t.Helper()
		entries, err := f.Ledger.History(t.Context(), budget.HistoryQuery{Analyst: user})
		if err != nil {
			t.Fatal(err)
		}
		if len(entries) != want {
			t.Fatalf("%d entries of %s, want %d", len(entries), user, want)
		}
		for _, e := range entries {
			if len(e.SQL) > refusalText+len("…") || e.Outcome != "refused" || e.SQLState != "42501" {
				t.Errorf("an entry has %d bytes, outcome %s %s", len(e.SQL), e.Outcome, e.SQLState)
			}
		}
		if !strings.HasPrefix(entries[0].Note, note) || (note == "") != (entries[0].Note == "") {
			t.Errorf("the last entry's note is %q, want %q", entries[0].Note, note)
		}
	}
	flood("alice", 500)
	expect("alice", refusalsListed, "")
	flood("bob", 1)
	expect("bob", 1, "")
	f.pass(refusalsWindow - time.Second)
	flood("alice", 1)
	expect("alice", refusalsListed, "")
	f.pass(time.Second) // the next window: the former's sum, and again single entries
	flood("alice", 1)
	expect("alice", refusalsListed+2, "")
	flood("alice", refusalsListed+6)
	f.pass(-time.Hour) // a clock that is set back ends a window
	flood("alice", 1)
	expect("alice", 2*refusalsListed+3, "")
	flood("alice", refusalsListed)
	f.Close()
	expect("alice", 3*refusalsListed+3, "1 more refusals since 2026-11-01 11:10:00")
	f.Close() // once
	expect("alice", 3*refusalsListed+3, "1 more refusals since 2026-11-01 11:10:00")
}
