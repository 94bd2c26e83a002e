package sqltest

import (
	"database/sql"
	"flag"
	"fmt"
	"math/big"
	"math/rand"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/privacy"
	"github.com/dpproxy/dpproxy/refusal"
	"github.com/dpproxy/dpproxy/rewrite"
)

// randomFor lets the random queries go on with fresh seeds for a time: go test ./internal/sqltest -run RandomQueries -random.for 1h
var (
	randomFor  = flag.Duration("random.for", 0, "go on with new random queries for this long")
	randomSeed = flag.Int64("random.seed", 1, "first seed of the random queries")
	randomShow = flag.String("random.show", "", "write each random query and what became of it to this file")
)

// TestRandomQueries is the stability check over random queries, over random data sets with wild rows: each unit is taken out
// in turn, no number may move by more than its spec declares, and neither engine may fail. The seeds are fixed, so that what is
// found comes again.
func TestRandomQueries(t *testing.T) {
	for _, c := range []struct {
		kind            catalog.Engine
		worlds, queries int
	}{{catalog.DuckDB, 10, 120}, {catalog.Postgres, 3, 80}} {
		t.Run(fmt.Sprint(c.kind), func(t *testing.T) {
			end := time.Now().Add(*randomFor)
			var sum tally
			for i := 0; i < c.worlds || *randomFor > 0 && time.Now().Before(end); i++ {
				sum.add(randomWorld(t, c.kind, *randomSeed+int64(i), c.queries))
			}
			t.Logf("%+v", sum)
			if *randomFor == 0 && sum.accepted*4 < sum.asked {
				t.Errorf("only %d of %d random queries were accepted", sum.accepted, sum.asked)
			}
		})
	}
}

// tally counts what became of random queries.
type tally struct{ asked, accepted, measured int }

func (a *tally) add(b tally) {
	a.asked, a.accepted, a.measured = a.asked+b.asked, a.accepted+b.accepted, a.measured+b.measured
}

func randomWorld(t *testing.T, kind catalog.Engine, seed int64, queries int) (out tally) {
	w := newWorld(seed)
	ds, db := w.open(t, kind)
	g := &queryGenerator{r: rand.New(rand.NewSource(seed)), w: w}
	var show *os.File
	if *randomShow != "" {
		show, _ = os.OpenFile(*randomShow, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
		defer show.Close()
	}
	for i := range queries {
		text := g.query()
		bounds := pick(g.r, []privacy.Contribution{{Groups: 1, Rows: 1}, {Groups: 2, Rows: 2}, {Groups: 3, Rows: 1}, {Groups: 1, Rows: 3}, {Groups: 2, Rows: 1, UnitRows: 2}, {Groups: 1, Rows: 1, UnitRows: 4}})
		out.asked++
		plan, err := planRandom(ds, text, bounds, fromTables(db))
		if show != nil {
			fmt.Fprintf(show, "%v %d/%d: %s\n   %v\n", kind, seed, i, text, err)
		}
		if err != nil {
			if _, refused := refusal.As(err); !refused {
				t.Errorf("seed %d, query %d: %v\n%s", seed, i, err, text)
			}
			continue
		}
		out.accepted++
		for j := range plan.Blocks {
			out.measured++
			for _, m := range probes(fmt.Sprintf("%s, seed %d, query %d, bounds %+v: %s", kind, seed, i, bounds, text), &plan.Blocks[j]) {
				w.stable(t, db, kind, m)
			}
		}
	}
	return out
}

// planRandom plans with every function allowed that the product knows.
func planRandom(ds *catalog.Dataset, text string, bounds privacy.Contribution, read reader) (*rewrite.Plan, error) {
	st, err := parseOne(text)
	if err != nil {
		return nil, err
	}
	s := settings(bounds)
	s.AllowedFunctions = everyFunction()
	return planWith(rewrite.NewPlanner(2), st, ds, s, nil, read)
}

// everyFunction are the names of all aggregates, whether the product answers them or not.
func everyFunction() []string {
	return []string{"avg", "corr", "count", "covar_pop", "covar_samp", "max", "median", "min", "percentile_cont", "percentile_disc", "regr_avgx", "regr_avgy", "regr_count",
		"regr_intercept", "regr_r2", "regr_slope", "regr_sxx", "regr_sxy", "regr_syy", "stddev", "stddev_pop", "stddev_samp", "sum", "var_pop", "var_samp", "variance"}
}

// stable runs a measurement with all rows, with all rows in another order, without the rows that belong to no unit, and without each unit.
func (w *world) stable(t *testing.T, db *sql.DB, kind catalog.Engine, m measured) {
	home := `"public".`
	if kind == catalog.DuckDB {
		home = `"main".`
	}
	in := func(schema string) (answerRows, error) {
		there := *m.m
		there.SQL = strings.ReplaceAll(m.m.SQL, home, `"`+schema+`".`)
		return runExact(db, &there)
	}
	var err error
	if m.all, err = runExact(db, m.m); err != nil {
		t.Errorf("%s: the engine failed: %v\n%s", m.label, err, m.m.SQL)
		return
	}
	same, err := in("same")
	if err != nil {
		t.Errorf("%s: the engine failed: %v\n%s", m.label, err, m.m.SQL)
		return
	}
	if _, _, worst := moved(m.all, same, 0, width(m.m)); worst.Sign() > 0 || len(same) != len(m.all) {
		t.Errorf("%s: the order of the rows matters\n%s", m.label, m.m.SQL)
		return
	}
	nobody, err := in("nobody")
	if err != nil {
		t.Errorf("%s without the rows of nobody: the engine failed: %v\n%s", m.label, err, m.m.SQL)
		return
	}
	if l1, _, _ := moved(m.all, nobody, 0, width(m.m)); l1.Sign() > 0 || len(nobody) != len(m.all) {
		t.Errorf("%s: rows that belong to no unit count\n%s", m.label, m.m.SQL)
		return
	}
	for _, i := range w.takenOut() {
		got, err := in(fmt.Sprintf("w%d", i))
		if err != nil {
			t.Errorf("%s without %s: the engine failed: %v\n%s", m.label, w.units[i], err, m.m.SQL)
			return
		}
		if faults := compareExact(m, got, i); len(faults) > 0 {
			t.Errorf("%s", faults[0])
			return
		}
	}
}

// TestRandomAnswers answers random queries from end to end, outer query and all: each is refused with a reason or gets rows. An
// error of the engine, or of ours, is a defect whatever the query.
func TestRandomAnswers(t *testing.T) {
	for _, kind := range []catalog.Engine{catalog.DuckDB, catalog.Postgres} {
		t.Run(fmt.Sprint(kind), func(t *testing.T) {
			for i := range int64(3) {
				w := newWorld(*randomSeed + 40 + i)
				cfg, loaded, _, _ := w.load(t, kind)
				o := newOffice(t, cfg, loaded)
				g := &queryGenerator{r: rand.New(rand.NewSource(i)), w: w}
				answered := 0
				for range 120 {
					text := g.query()
					o.log.Reset()
					_, err := o.ask(text, nil)
					if err == nil {
						answered++
					} else if r, refused := refusal.As(err); !refused || r.Code == refusal.InternalError {
						t.Errorf("seed %d: %v\n%s\n%s", i, err, text, o.log)
					}
				}
				loaded.Engine.Close()
				if answered < 25 {
					t.Errorf("seed %d: only %d were answered", i, answered)
				}
			}
		})
	}
}

// takenOut are the units to take out: all of them in a long search, else the one with many rows and some others.
func (w *world) takenOut() []int {
	all := w.r.Perm(len(w.units) - 1)
	for i := range all {
		all[i]++
	}
	if *randomFor == 0 {
		all = all[:3]
	}
	return append(all, 0)
}

func width(m *rewrite.Measurement) int {
	n := m.Width
	if m.Units {
		n++
	}
	return n
}

// newGroups counts the groups that only one of two answers has.
func newGroups(a, b answerRows) *big.Int {
	n := int64(0)
	for k := range a {
		if b[k] == nil {
			n++
		}
	}
	for k := range b {
		if a[k] == nil {
			n++
		}
	}
	return big.NewInt(n)
}
