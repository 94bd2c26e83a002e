package audit

import (
	"testing"
)

// honest are queries of each kind: public and private keys, one and several numbers, a join, an outer query.
func honest() []Query {
	return []Query{
		{SQL: "SELECT count(*) FROM orders"},
		{SQL: "SELECT sex, count(*), avg(age) FROM people GROUP BY sex"},
		{SQL: "SELECT place, count(*) FROM orders GROUP BY place", Settings: map[string]string{"dp.max_groups": "1"}},
		{SQL: "SELECT place, count(DISTINCT person_id), sum(cost) FROM orders JOIN people ON id = person_id GROUP BY place"},
		{SQL: "SELECT 2 * sum(cost) / count(*) FROM orders", Settings: map[string]string{"dp.epsilon": "0.5"}},
		{SQL: "SELECT var_pop(age) FROM people"},
		{SQL: "SELECT sex, median(age), max(age) FROM people GROUP BY sex"},
		{SQL: "SELECT min(cost), percentile_disc(0.9) WITHIN GROUP (ORDER BY cost) FROM orders"},
		{SQL: "SELECT place, sum(cost) FROM orders GROUP BY place ORDER BY 2 DESC LIMIT 2", Settings: map[string]string{"dp.max_unit_rows": "3"}},
	}
}

// The product passes its own audit: odds of a false alarm are below 1e-9 for each run. What is claimed is also nearly reached, so
// that the audit would notice a scale that is too small.
func TestAuditHolds(t *testing.T) {
	for _, c := range []struct{ kind, accountant string }{{"duckdb", "approx"}, {"postgres", "zcdp"}} {
		t.Run(c.kind, func(t *testing.T) {
			o := open(t, c.kind, c.accountant)
			o.Queries, o.Samples = honest(), 1500
			reports, err := Run(t.Context(), o)
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range reports {
				t.Logf("%-30s claimed %.3f, δ %g, found %.3f by %s, sensitivity %s, %d units", r.Verdict, r.Claimed, r.Delta, r.Found, r.Event, r.Sensitivity, r.Units)
				if r.Verdict != Holds || r.Sensitivity != "within" {
					t.Errorf("%s: %+v", r.Query, r)
				}
			}
			if f := reports[0]; f.Found < f.Claimed/10 {
				t.Errorf("a count of ε = %g shows only ε = %g: the audit sees too little", f.Claimed, f.Found)
			}
		})
	}
}
