package sqltest

import (
	"database/sql"
	"fmt"
	"math/big"
	"strings"
	"testing"

	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/mechanism"
	"github.com/dpproxy/dpproxy/privacy"
	"github.com/dpproxy/dpproxy/rewrite"
)

// TestStability is the claim itself, without statistics: take any one unit out of the data, run the very SQL that would be
// sent, and no number may move by more than the declared sensitivity. It runs over the wild rows, where also the engine
// must never fail, under tight bounds of both kinds.
func TestStability(t *testing.T) {
	cases := readCases(t, "queries/*.sql")
	for _, s := range newSources(t, wildRows()) {
		t.Run(s.name, func(t *testing.T) {
			ds := catalogOf(t, s)
			var work []measured
			for _, bounds := range []privacy.Contribution{tight, {Groups: 1, Rows: 3}, {Groups: 3, Rows: 1, UnitRows: 3}} {
				work = append(work, measurements(t, s, ds, cases, bounds)...)
			}
			checkStability(t, s, work)
		})
	}
}

// catalogOf loads the data set's catalog and leaves the raw handle open.
func catalogOf(t testing.TB, s *source) *catalog.Dataset {
	_, loaded := load(t, s)
	if s.name == "duckdb" {
		loaded.Engine.Close()
		db, err := sql.Open("duckdb", strings.TrimPrefix(s.url, "duckdb:"))
		if err != nil {
			t.Fatal(err)
		}
		db.SetMaxOpenConns(1)
		t.Cleanup(func() { db.Close() })
		s.db = db
		s.exec(t, "SET integer_division = true; SET default_null_order = 'NULLS_LAST_ON_ASC_FIRST_ON_DESC'; SET TimeZone = 'UTC'")
	}
	return loaded.Catalog
}

// measured is one measurement of one case, with its answer over all rows.
type measured struct {
	label string
	m     *rewrite.Measurement
	all   answerRows
	// histogram is what m stands for, if it is one's text.
	histogram *rewrite.Histogram
}

// answerRows are a measurement's groups by key.
type answerRows map[string][]*big.Int

// measurements are what all cases send under some bounds.
func measurements(t *testing.T, s *source, ds *catalog.Dataset, cases []sqlCase, bounds privacy.Contribution) (work []measured) {
	planner := rewrite.NewPlanner(10)
	for _, c := range cases {
		st, err := parseOne(c.sql)
		if err != nil {
			t.Errorf("%s/%s: %v", c.file, c.name, err)
			continue
		}
		plan, err := planWith(planner, st, ds, settings(bounds), c.params(), fromTables(s.db))
		if err != nil {
			t.Errorf("%s/%s: %v", c.file, c.name, err)
			continue
		}
		for i := range plan.Blocks {
			work = append(work, probes(fmt.Sprintf("%s/%s bounds %+v", c.file, c.name, bounds), &plan.Blocks[i])...)
		}
	}
	return work
}

// checkStability takes each unit out in turn. What several measurements send alike is asked once.
func checkStability(t *testing.T, s *source, work []measured) {
	alike := map[string][]measured{}
	for _, w := range work {
		alike[w.m.SQL] = append(alike[w.m.SQL], w)
	}
	for text, list := range alike {
		all, err := runExact(s.db, list[0].m)
		if err != nil {
			t.Errorf("%s: the engine failed: %v\n%s", list[0].label, err, text)
			delete(alike, text)
			continue
		}
		for i := range list {
			list[i].all = all
		}
	}
	t.Logf("%d measurements, %d texts", len(work), len(alike))
	for u := 0; u <= units; u++ {
		id := u
		if u == units {
			id = -2147483648
		}
		without(t, s, id, func(tx *sql.Tx) {
			for _, list := range alike {
				got, err := runExact(tx, list[0].m)
				if err != nil {
					t.Fatalf("%s without unit %d: %v", list[0].label, id, err)
				}
				for _, w := range list {
					for _, fault := range compareExact(w, got, id) {
						t.Error(fault)
					}
				}
			}
		})
	}
}

// without runs f in a transaction in which one unit's rows are gone from all private tables.
func without(t *testing.T, s *source, id int, f func(*sql.Tx)) {
	t.Helper()
	tx, err := s.db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback()
	for _, q := range []string{
		"DELETE FROM items WHERE visit_id IN (SELECT visit_id FROM visits WHERE patient_id = %d)",
		"DELETE FROM visits WHERE patient_id = %d",
		"DELETE FROM patients WHERE patient_id = %d",
	} {
		if _, err := tx.Exec(fmt.Sprintf(q, id)); err != nil {
			t.Fatalf("%s: %v", s.name, err)
		}
	}
	f(tx)
}

type queryer interface {
	Query(string, ...any) (*sql.Rows, error)
}

// runExact runs a measurement's SQL with a fixed salt.
func runExact(db queryer, m *rewrite.Measurement) (answerRows, error) {
	var args []any
	if m.Salted {
		args = append(args, int64(42))
	}
	rows, err := db.Query(m.SQL, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	cols, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	out := answerRows{}
	for rows.Next() {
		cells := make([]any, len(cols))
		for i := range cells {
			cells[i] = new(any)
		}
		if err := rows.Scan(cells...); err != nil {
			return nil, err
		}
		key := ""
		for i := range m.Keys {
			key += fmt.Sprintf("%v|", *(cells[i].(*any)))
		}
		var numbers []*big.Int
		for _, c := range cells[len(m.Keys):] {
			n, err := wholeNumber(*(c.(*any)))
			if err != nil {
				return nil, err
			}
			numbers = append(numbers, n)
		}
		out[key] = numbers
	}
	return out, rows.Err()
}

func wholeNumber(v any) (*big.Int, error) {
	if v == nil {
		return new(big.Int), nil
	}
	text := fmt.Sprint(v)
	if b, ok := v.([]byte); ok {
		text = string(b)
	}
	n, ok := new(big.Int).SetString(text, 10)
	if !ok {
		return nil, fmt.Errorf("the engine gave %q (%T), which is no whole number", text, v)
	}
	return n, nil
}

// compareExact holds the declared sensitivities against what one unit moved.
func compareExact(w measured, got answerRows, id int) (faults []string) {
	first := 0
	if w.m.Selection.Kind != mechanism.PublicKeys {
		if n := newGroups(w.all, got); n.Cmp(big.NewInt(w.m.Selection.Groups)) > 0 {
			faults = append(faults, fmt.Sprintf("%s: %s groups are there because of unit %d, declared are %d\n%s", w.label, n, id, w.m.Selection.Groups, w.m.SQL))
		}
	}
	if w.m.Units {
		first = 1
		l1, _, worst := moved(w.all, got, 0, 1)
		if l1.Cmp(big.NewInt(w.m.Selection.Groups)) > 0 || worst.Cmp(big.NewInt(1)) > 0 {
			faults = append(faults, fmt.Sprintf("%s: unit %d moves the unit counts by %s in all and %s in one group\n%s", w.label, id, l1, worst, w.m.SQL))
		}
	}
	for _, s := range w.m.Specs {
		l1, l2, _ := moved(w.all, got, first, first+s.Width)
		if l1.Cmp(s.L1) > 0 || l2.Cmp(s.L2Squared) > 0 {
			faults = append(faults, fmt.Sprintf("%s: unit %d moves %s by L1 %s (declared %s), L2² %s (declared %s)\n%s", w.label, id, s.Name, l1, s.L1, l2, s.L2Squared, w.m.SQL))
		}
		first += s.Width
	}
	if w.histogram != nil {
		faults = append(faults, compareHistogram(w, got, id)...)
	}
	return faults
}

// moved sums the changes of columns [from, to) over all groups.
func moved(a, b answerRows, from, to int) (l1, l2, worst *big.Int) {
	l1, l2, worst = new(big.Int), new(big.Int), new(big.Int)
	keys := map[string]bool{}
	for k := range a {
		keys[k] = true
	}
	for k := range b {
		keys[k] = true
	}
	zero := new(big.Int)
	for k := range keys {
		for i := from; i < to; i++ {
			x, y := zero, zero
			if r, ok := a[k]; ok {
				x = r[i]
			}
			if r, ok := b[k]; ok {
				y = r[i]
			}
			d := new(big.Int).Sub(x, y)
			d.Abs(d)
			l1.Add(l1, d)
			l2.Add(l2, new(big.Int).Mul(d, d))
			if d.Cmp(worst) > 0 {
				worst = d
			}
		}
	}
	return l1, l2, worst
}

// TestStabilityCatches puts faults into the SQL on purpose: a check that finds none of them would prove nothing.
func TestStabilityCatches(t *testing.T) {
	sources := newSources(t, wildRows())
	s := sources[0]
	ds := catalogOf(t, s)
	for _, c := range []struct{ name, sql, right, wrong string }{
		{"the bound on groups is forgotten", "SELECT department_id, count(*), sum(cost) FROM visits GROUP BY department_id", `"g" <= 2`, `"g" <= 99`},
		{"the bound on rows is forgotten", "SELECT count(*) FROM visits", "least(\"c\".\"a1\", 2)", "least(\"c\".\"a1\", 99)"},
		{"the bound on different values is forgotten", "SELECT count(DISTINCT visit_id) FROM visits", `"i" <= 2`, `"i" <= 99`},
		{"the clamp is forgotten", "SELECT sum(age) FROM patients", `> 110 THEN 110`, `> 110 THEN 111`},
		{"the histogram forgets the bound on groups", "SELECT department_id, max(cost) FROM visits GROUP BY department_id", `"g" <= 2`, `"g" <= 99`},
		{"the histogram does not weigh rows", "SELECT max(cost) FROM visits", `"c"."n" > 2`, `"c"."n" > 99`},
		{"the histogram weighs each point for itself", "SELECT max(cost) FROM visits", `PARTITION BY "d"."u"`, `PARTITION BY "d"."u", "d"."p"`},
		{"the histogram counts beyond its grid", "SELECT max(age) FROM patients", `> 110 THEN 110`, `> 110 THEN 111`},
		{"the order is drawn at random", "SELECT department_id, count(DISTINCT patient_id) FROM visits GROUP BY department_id", "hashint8extended(coalesce(CAST(\"a\".\"k1\" AS bigint), 0), ($1 # CAST(\"a\".\"u\" AS bigint)))", "random() + 0 * $1"},
	} {
		st, err := parseOne(c.sql)
		if err != nil {
			t.Fatal(err)
		}
		plan, err := rewrite.NewPlanner(1).Plan(st, ds, settings(tight), nil)
		if err != nil {
			t.Fatal(err)
		}
		list := probes(c.name, &plan.Blocks[0])
		w := list[len(list)-1]
		m := w.m
		if !strings.Contains(m.SQL, c.right) {
			t.Fatalf("%s: no %q in\n%s", c.name, c.right, m.SQL)
		}
		m.SQL = strings.ReplaceAll(m.SQL, c.right, c.wrong)
		if w.all, err = runExact(s.db, m); err != nil {
			t.Fatal(err)
		}
		found := false
		for u := 0; u <= units; u++ {
			id := u
			if u == units {
				id = -2147483648
			}
			without(t, s, id, func(tx *sql.Tx) {
				got, err := runExact(tx, m)
				if err != nil {
					t.Fatal(err)
				}
				found = found || len(compareExact(w, got, id)) > 0
			})
		}
		if !found {
			t.Errorf("not caught: %s", c.name)
		}
	}
}
