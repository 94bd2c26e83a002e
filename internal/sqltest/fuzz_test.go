package sqltest

import (
	"testing"

	"github.com/dpproxy/dpproxy/privacy"
	"github.com/dpproxy/dpproxy/refusal"
	"github.com/dpproxy/dpproxy/rewrite"
)

// FuzzPlan: whatever text comes, parser and rewriter give a plan or a refusal, and describe it the same way. The seeds are
// the golden queries and refusals.
func FuzzPlan(f *testing.F) {
	sources := newSources(f, cleanRows())
	_, loaded := load(f, sources[len(sources)-1])
	for _, pattern := range []string{"queries/*.sql", "refusals/*.sql"} {
		for _, c := range readCases(f, pattern) {
			f.Add(c.sql)
		}
	}
	planner := rewrite.NewPlanner(10)
	under := settings(privacy.Contribution{Groups: 2, Rows: 3})
	f.Fuzz(func(t *testing.T, sql string) {
		statements, err := rewrite.Parse(sql)
		mustRefuse(t, "parse", sql, err)
		for _, st := range statements {
			for st.Query != nil {
				st = st.Query
			}
			if st.Kind != rewrite.Select {
				continue
			}
			_, _, err := planner.Describe(st, loaded.Catalog, under, nil)
			mustRefuse(t, "describe", sql, err)
			plan, err := planWith(planner, st, loaded.Catalog, under, nil, fromEngine(loaded.Engine))
			mustRefuse(t, "plan", sql, err)
			if err == nil {
				_ = plan.String()
			}
		}
	})
}

// mustRefuse fails on an error that the analyst would see as an incident.
func mustRefuse(t *testing.T, step, sql string, err error) {
	t.Helper()
	if err == nil {
		return
	}
	if r, ok := refusal.As(err); !ok || r.Code == refusal.InternalError {
		t.Errorf("%s of %q: %v", step, sql, err)
	}
}
