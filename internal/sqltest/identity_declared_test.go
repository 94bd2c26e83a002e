package sqltest

import (
	"math/big"
	"testing"

	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/rewrite"
)

// TestDeclarationsTellApart: what the owner declares of columns that are equal, or of a key, may make other rows count, and then
// the release is another.
func TestDeclarationsTellApart(t *testing.T) {
	for _, source := range newSources(t, cleanRows()) {
		_, loaded := load(t, source)
		for name, domain := range map[string]catalog.Domain{
			"item_id": {Lower: big.NewRat(1, 1), Upper: big.NewRat(100, 1)}, // keys above 100 are joined with each other
			"drug":    {Values: []string{"aspirin"}},
			"note":    {Values: []string{"morphine"}},
		} {
			for _, table := range loaded.Catalog.Tables {
				if c, ok := table.Column(name); ok {
					c.Domain = domain
				}
			}
		}
		planner := rewrite.NewPlanner(1)
		const joined = " FROM items i JOIN visits v ON i.visit_id = v.visit_id AND i.drug = v.note"
		for _, two := range [][2]string{
			{"SELECT count(*) FROM items i", "SELECT count(*) FROM items i JOIN items j ON i.item_id = j.item_id AND i.visit_id = j.visit_id"},
			{"SELECT count(*) FROM items i", "SELECT count(*) FROM items i JOIN (SELECT item_id AS a, visit_id AS b FROM items) j ON i.item_id = j.a AND i.visit_id = j.b"},
			{"SELECT count(DISTINCT drug)" + joined, "SELECT count(DISTINCT note)" + joined},
		} {
			a := identityOf(t, planner, loaded.Catalog, spelling{sql: two[0]})
			if b := identityOf(t, planner, loaded.Catalog, spelling{sql: two[1]}); a == b {
				t.Errorf("%s: one release\n%s\n%s\n%s", source.name, two[0], two[1], b)
			}
		}
		for _, sql := range []string{ // what is asked twice is measured once, and these are two
			"SELECT * FROM (SELECT count(DISTINCT drug) AS a" + joined + ") x, (SELECT count(DISTINCT note) AS b" + joined + ") y",
			"SELECT * FROM (SELECT drug AS k, count(*) AS a" + joined + " GROUP BY drug) x, (SELECT note AS k, count(*) AS b" + joined + " GROUP BY note) y",
		} {
			if plan, err := planFor(planner, loaded.Catalog, sqlCase{}, sql); err != nil || len(plan.Blocks) != 2 {
				t.Errorf("%s: not two measurements, %v\n%s", source.name, err, sql)
			}
		}
	}
}
