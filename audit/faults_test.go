package audit

import (
	"encoding/binary"
	"fmt"
	"math/big"
	"strings"
	"testing"

	"github.com/dpproxy/dpproxy/answer"
	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/mechanism"
	"github.com/dpproxy/dpproxy/rewrite"
)

// faulty is a planner that makes one mistake.
type faulty struct {
	answer.Planner
	mistake func(m *rewrite.Measurement)
}

func (f faulty) Plan(st *rewrite.Statement, ds *catalog.Dataset, s rewrite.Settings, p []rewrite.Param) (*rewrite.Plan, error) {
	plan, err := f.Planner.Plan(st, ds, s, p)
	if err != nil {
		return nil, err
	}
	wrong := *plan // the planner's cache keeps the right one
	wrong.Blocks = append([]rewrite.Measurement{}, plan.Blocks...)
	for i := range wrong.Blocks {
		wrong.Blocks[i].Specs = append([]mechanism.Spec{}, wrong.Blocks[i].Specs...)
		f.mistake(&wrong.Blocks[i])
	}
	return &wrong, nil
}

// text changes the SQL that is sent; a mistake that finds nothing to change is a mistake of the test.
func text(t *testing.T, old, new string) func(*rewrite.Measurement) {
	return func(m *rewrite.Measurement) {
		if !strings.Contains(m.SQL, old) {
			t.Errorf("no %q in %s", old, m.SQL)
		}
		m.SQL = strings.ReplaceAll(m.SQL, old, new)
	}
}

// repeating gives the same random bytes to every release.
type repeating struct{}

func (repeating) Fill(p []byte) {
	for i := range p {
		p[i] = byte(i*167 + 13)
	}
}

// TestAuditCatches puts faults in on purpose. Each must be found, by the exact comparison or by the answers: by the answers,
// a fault is overlooked in fewer than one run of 1e9 (each is more than five standard deviations away from the line).
func TestAuditCatches(t *testing.T) {
	const joined = "SELECT count(*) FROM orders JOIN people ON id = person_id"
	for _, c := range []struct {
		name, sql string
		mistake   func(*rewrite.Measurement)
		random    mechanism.Source
		exactly   bool // found without statistics
	}{
		{name: "sensitivity halved", sql: "SELECT count(*) FROM orders", exactly: true, mistake: func(m *rewrite.Measurement) {
			m.Specs[0].L1 = new(big.Int).Rsh(m.Specs[0].L1, 1)
			m.Specs[0].L2Squared = new(big.Int).Rsh(m.Specs[0].L2Squared, 2)
		}},
		{name: "bound dropped after a join", sql: joined, exactly: true, mistake: text(t, `least("c"."a1", 2)`, `"c"."a1"`)},
		{name: "L0 forgotten", sql: "SELECT place, count(*) FROM orders GROUP BY place", exactly: true, mistake: text(t, `"g" <= 2`, `"g" <= 99`)},
		{name: "clamp dropped", sql: "SELECT sum(cost) FROM orders", exactly: true, mistake: func(m *rewrite.Measurement) {
			text(t, `'100'::DOUBLE`, `'9000'::DOUBLE`)(m)
			text(t, `838860800)`, `83886080000)`)(m) // the second clamp, of the whole number
		}},
		{name: "LIMIT pushed down", sql: "SELECT count(*), sum(cost) FROM orders", exactly: true, mistake: text(t, `"main"."orders" AS "t1"`, `(SELECT * FROM "main"."orders" AS "t1" ORDER BY "order_id" DESC LIMIT 69) AS "t1"`)},
		{name: "share counted twice", sql: "SELECT count(*) FROM orders", mistake: func(m *rewrite.Measurement) { m.Specs[0].Share.Epsilon *= 2 }},
		{name: "noise seeded", sql: "SELECT count(*) FROM orders", random: repeating{}},
		{name: "threshold of groups lowered", sql: "SELECT place, count(DISTINCT person_id) FROM orders GROUP BY place", mistake: func(m *rewrite.Measurement) { m.Selection.Threshold-- }},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := open(t, "duckdb", "approx")
			o.Queries, o.Samples = []Query{{SQL: c.sql}}, 5000
			if c.exactly {
				o.Samples = 10
			}
			if c.mistake != nil {
				o.Planner = faulty{o.Planner, c.mistake}
			}
			if c.random != nil {
				o.Random = c.random
			}
			reports, err := Run(t.Context(), o)
			if err != nil {
				if !strings.Contains(err.Error(), "XX000") { // package mechanism does not release below the right threshold
					t.Fatal(err)
				}
				return
			}
			if r := reports[0]; r.Verdict != Violation {
				t.Errorf("not caught: %+v", r)
			}
		})
	}
}

// Rows without a unit are nobody's: what is measured does not depend on them, and a plan that keeps them is found out by a
// database that has none.
func TestRowsOfNobodyAreLeftOut(t *testing.T) {
	for _, keep := range []bool{false, true} {
		o := open(t, "duckdb", "approx")
		plan := planOf(t, o, "SELECT place, count(*), sum(cost) FROM orders GROUP BY place")
		m := &plan.Blocks[0]
		if keep {
			text(t, ` WHERE ("t1"."person_id" IS NOT NULL)`, ``)(m)
		}
		all, err := newFixed(o.Dataset.Engine, 7, nil).numbers(t.Context(), m)
		if err != nil {
			t.Fatal(err)
		}
		none := map[string]string{`"main"."orders"`: `(SELECT * FROM "main"."orders" WHERE "person_id" IS NOT NULL)`}
		less, err := newFixed(o.Dataset.Engine, 7, none).numbers(t.Context(), m)
		if err != nil {
			t.Fatal(err)
		}
		if l1, _ := moved(all, less, 0, m.Width); (l1.Sign() > 0) != keep {
			t.Errorf("rows of nobody kept: %t, and the numbers moved by %s", keep, l1)
		}
	}
}

func planOf(t *testing.T, o Options, sql string) *rewrite.Plan {
	t.Helper()
	a := &auditor{Options: o.withDefaults(), planner: &capture{Planner: o.Planner}}
	s, err := a.serve(t.Context(), newFixed(o.Dataset.Engine, 7, nil))
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	if _, err := s.ask(t.Context(), Query{SQL: sql}, 1); err != nil {
		t.Fatal(err)
	}
	return a.planner.last
}

// seeded is a generator that starts the same in every process.
type seeded struct{ state uint64 }

func (s *seeded) Fill(p []byte) {
	for i := range p {
		s.state = s.state*6364136223846793005 + 1442695040888963407
		var word [8]byte
		binary.LittleEndian.PutUint64(word[:], s.state)
		p[i] = word[6]
	}
}

// Noise is fresh after a restart, in each session and for each row: 40 counts of 20 numbers each never come again. With a
// seeded source they do. (By chance two such answers are equal with odds below 1e-9.)
func TestNoiseIsFresh(t *testing.T) {
	for _, c := range []struct {
		name   string
		source func() mechanism.Source
		fresh  bool
	}{
		{"the system's", mechanism.NewCryptoSource, true},
		{"seeded at start", func() mechanism.Source { return &seeded{1} }, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := open(t, "duckdb", "approx")
			o.Queries = []Query{{SQL: "SELECT count(*), count(*) FILTER (WHERE cost > 3), sum(cost) FROM orders"}}
			seen := map[string]bool{}
			repeated := false
			for range 2 { // two starts
				o.Random = c.source()
				a := &auditor{Options: o.withDefaults(), planner: &capture{Planner: o.Planner}}
				s, err := a.serve(t.Context(), newFixed(o.Dataset.Engine, 7, nil))
				if err != nil {
					t.Fatal(err)
				}
				answers, err := s.ask(t.Context(), o.Queries[0], 20)
				s.close()
				if err != nil {
					t.Fatal(err)
				}
				for _, rows := range answers {
					key := fmt.Sprint(*rows[0][0], *rows[0][1], *rows[0][2])
					repeated = repeated || seen[key]
					seen[key] = true
				}
			}
			if repeated == c.fresh {
				t.Errorf("answers came again: %t", repeated)
			}
		})
	}
}
