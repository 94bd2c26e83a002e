package answer

import (
	"slices"
	"testing"

	"github.com/dpproxy/dpproxy/privacy"
)

// When the source is ready shows nowhere before the answer may be given: not on the ledger, not in EXPLAIN's price, not
// as a release that others could read. The same where the query fails.
func TestNothingIsSeenBeforeItSettles(t *testing.T) {
	for _, c := range []struct{ name, outcome string }{{"answered", "answered"}, {"failed", "failed XX000"}} {
		t.Run(c.name, func(t *testing.T) {
			f := newFixture(t)
			plan := countBySex(privacy.EpsilonUnits)
			f.planner.plans[question] = plan
			if c.name == "failed" {
				plan.Blocks[0].SQL = "SELECT no_such_column FROM persons"
			}
			seen := func() []string {
				explained, _ := f.mustAsk(f.request("bob", "EXPLAIN "+question))
				return append(explained, f.outcomes("alice"))
			}
			before := seen()
			var during []string
			r := f.request("alice", question)
			r.Settle = func() { during = seen() }
			if _, _, err := f.ask(r); (err == nil) != (c.name == "answered") {
				t.Fatal(err)
			}
			before[len(before)-1] = "reserved"
			before = slices.DeleteFunc(before, leftLine)
			if during = slices.DeleteFunc(during, leftLine); !slices.Equal(before, during) {
				t.Errorf("before\n%q\nand when the source was ready\n%q", before, during)
			}
			if got := f.outcomes("alice"); got != c.outcome {
				t.Errorf("the history is %q, want %q", got, c.outcome)
			}
		})
	}
}

// leftLine tells EXPLAIN's lines on what is left: a reservation shows there before the source is asked.
func leftLine(line string) bool { return len(line) > 4 && (line[:4] == "Left") }
