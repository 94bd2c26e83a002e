package answer

import (
	"testing"
	"time"

	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/privacy"
	"github.com/dpproxy/dpproxy/ratelimit"
	"github.com/dpproxy/dpproxy/rewrite"
)

// EXPLAIN of a query whose keys are in public tables reads them, no oftener than the query's own limits let it, and takes none of
// these away; where it does not read, it tells what it knows.
func TestExplainReadsWithinLimits(t *testing.T) {
	f := newFixture(t)
	plan := countBySex(privacy.EpsilonUnits)
	plan.Needs = []rewrite.PublicRead{{SQL: "SELECT 'f'", Types: []catalog.Type{catalog.Of(catalog.Text)}, Most: 10}}
	f.planner.plans[sexes] = plan
	limits, err := ratelimit.Parse("2/hour")
	if err != nil {
		t.Fatal(err)
	}
	f.served.access.Rates = ratelimit.Rules{ClassRules: ratelimit.ClassRules{Default: limits}}
	f.served.access.Places = 1
	id := Identity{User: "alice"}
	explain := func(reads int) {
		t.Helper()
		if code, message := f.askAs(id, "EXPLAIN "+sexes, false); code != "" {
			t.Errorf("EXPLAIN: %s %s", code, message)
		}
		if f.planner.completed != reads {
			t.Errorf("the keys were read %d times, want %d", f.planner.completed, reads)
		}
	}
	explain(1)
	place, err := f.Ledger.Acquire(t.Context(), "alice", 1, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	explain(1) // another query of hers is in flight
	place.Leave()
	explain(1) // the third within the hour
	for range 2 {
		if code, message := f.askAs(id, sexes, false); code != "" {
			t.Errorf("EXPLAIN took from the query's limit: %s %s", code, message)
		}
	}
	if code, _ := f.askAs(id, sexes, false); code == "" {
		t.Error("the third query passes")
	}
}
