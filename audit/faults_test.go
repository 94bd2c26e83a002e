package audit

import (
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
	"testing"

	"github.com/dpproxy/dpproxy/answer"
	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/engine"
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

// floatNoise is a source whose outer query gets textbook Laplace noise in floating point on its numbers: the inverse of the
// distribution function, added to the true value in float64.
type floatNoise struct {
	engine.Engine
	scale float64
	round bool // to a whole number, as the column is
}

func (e floatNoise) Finish(ctx context.Context, sql string, inputs []engine.Input, types []catalog.Type) (engine.Rows, error) {
	for _, in := range inputs {
		for _, row := range in.Rows {
			for i, c := range row {
				x, err := strconv.ParseFloat(c.Text, 64)
				if err != nil {
					continue
				}
				x += textbook(e.scale)
				if e.round {
					x = math.Round(x)
				}
				row[i].Text = strconv.FormatFloat(x, 'f', -1, 64)
			}
		}
	}
	return e.Engine.Finish(ctx, sql, inputs, types)
}

// textbook is −b·sgn(v)·ln(1 − 2|v|), v uniform in [−½, ½) in steps of 2⁻⁵³.
func textbook(b float64) float64 {
	var raw [8]byte
	mechanism.NewCryptoSource().Fill(raw[:])
	v := float64(binary.LittleEndian.Uint64(raw[:])>>11)/(1<<53) - 0.5
	return -b * math.Copysign(math.Log(1-2*math.Abs(v)), v)
}

// noNoise makes the proxy's own noise 0, so that what a faulty part adds is all there is.
func noNoise(m *rewrite.Measurement) {
	for i := range m.Specs {
		m.Specs[i].Share.Epsilon = math.MaxInt64
	}
}

// TestAuditCatches puts faults in on purpose, each by a part of this test. Each must be found by the answers on the wire alone:
// one is overlooked in fewer than one run of 1e9, as the bound that is found lies more than six standard deviations of the
// counts above the claim. Most are found by the exact comparison too.
func TestAuditCatches(t *testing.T) {
	const joined = "SELECT count(*) FROM orders JOIN people ON id = person_id"
	const places = "SELECT CASE place WHEN 'p0' THEN 0 WHEN 'p1' THEN 1 WHEN 'p2' THEN 2 ELSE 3 END AS p, count(*) FROM orders GROUP BY p"
	one := map[string]string{"dp.max_groups": "1"}
	for _, c := range []struct {
		name, sql string
		set       map[string]string
		mistake   func(*rewrite.Measurement)
		random    mechanism.Source
		source    func(engine.Engine) engine.Engine
		delta     string
		samples   int
		exactly   bool // found without statistics, too
	}{
		{name: "sensitivity halved", sql: "SELECT count(*) FROM orders", samples: 5000, exactly: true, mistake: func(m *rewrite.Measurement) {
			m.Specs[0].L1 = new(big.Int).Rsh(m.Specs[0].L1, 1)
			m.Specs[0].L2Squared = new(big.Int).Rsh(m.Specs[0].L2Squared, 2)
		}},
		{name: "bound dropped after a join", sql: joined, samples: 1000, exactly: true, mistake: text(t, `least("c"."a1", 2)`, `"c"."a1"`)},
		{name: "L0 forgotten", sql: places, set: one, samples: 5000, exactly: true, mistake: text(t, `"g" <= 1`, `"g" <= 99`)},
		{name: "clamp dropped", sql: "SELECT sum(cost) FROM orders", samples: 1000, exactly: true, mistake: func(m *rewrite.Measurement) {
			text(t, `'100'::DOUBLE`, `'9000'::DOUBLE`)(m)
			text(t, `838860800)`, `83886080000)`)(m) // the second clamp, of the whole number
		}},
		{name: "unit NULL kept", sql: "SELECT count(*) FROM orders", samples: 3000, exactly: true, mistake: text(t, ` WHERE ("t1"."person_id" IS NOT NULL)`, ``)},
		{name: "LIMIT pushed down", sql: "SELECT count(*), sum(cost) FROM orders", samples: 1000, exactly: true,
			mistake: text(t, `"main"."orders" AS "t1"`, `(SELECT * FROM "main"."orders" AS "t1" ORDER BY "order_id" DESC LIMIT 69) AS "t1"`)},
		{name: "share counted twice", sql: "SELECT count(*) FROM orders", samples: 5000, mistake: func(m *rewrite.Measurement) { m.Specs[0].Share.Epsilon *= 2 }},
		{name: "noise seeded", sql: "SELECT count(*) FROM orders", samples: 1000, random: repeating{}},
		// δ = 0.1, so that what τ − 1 lets through can be counted: 0.27 of the answers show a group that one unit has for itself.
		{name: "τ − 1", sql: "SELECT place, count(DISTINCT person_id) FROM orders WHERE place < 'p' GROUP BY place", set: one, delta: "0.1", samples: 5000,
			mistake: func(m *rewrite.Measurement) {
				m.Selection.Threshold--
				m.Selection.Share.Delta *= 4 // or package mechanism would refuse it
			}},
		{name: "float noise on a sum", sql: "SELECT sum(cost) FROM orders WHERE cost < 45 AND person_id < 8 ORDER BY 1", samples: 2500, mistake: noNoise,
			source: func(e engine.Engine) engine.Engine { return floatNoise{e, 90, false} }},
		{name: "float noise around nothing", sql: "SELECT sum(cost)::numeric FROM orders WHERE place = 'own'", samples: 2500, mistake: noNoise,
			source: func(e engine.Engine) engine.Engine { return floatNoise{e, 200, false} }},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.delta == "" {
				c.delta = "1e-3"
			}
			o := openWith(t, "duckdb", "approx", c.delta)
			o.Queries, o.Samples = []Query{{SQL: c.sql, Settings: c.set}}, c.samples
			if c.mistake != nil {
				o.Planner = faulty{o.Planner, c.mistake}
			}
			if c.random != nil {
				o.Random = c.random
			}
			if c.source != nil {
				o.Dataset.Engine = c.source(o.Dataset.Engine)
			}
			reports, err := Run(t.Context(), o)
			if err != nil {
				t.Fatal(err)
			}
			r := reports[0]
			t.Logf("claimed %.3f, found %.3f by %s, sensitivity %s", r.Claimed, r.Found, r.Event, r.Sensitivity)
			if r.Verdict != Violation || (r.Sensitivity == "beyond") != c.exactly {
				t.Errorf("not caught: %+v", r)
			}
			if nobody := c.name == "unit NULL kept"; r.Found <= r.Claimed && (!nobody || r.Found <= 0) {
				t.Errorf("not caught on the wire: %+v", r)
			}
		})
	}
}

// Textbook noise that is rounded to whole numbers gives no low bits away; its shape does: P(0) is 1 − e⁻¹ in the place of tanh(1). The χ²
// finds it, and passes the product's own noise (bounds as in TestNoiseOverTheWire).
func TestRoundedFloatNoiseHasAnotherShape(t *testing.T) {
	const n = 3000
	q := Query{SQL: "SELECT count(*) FROM orders ORDER BY 1", Settings: map[string]string{"dp.max_rows": "1", "dp.epsilon": "2"}}
	for _, float := range []bool{false, true} {
		o := open(t, "duckdb", "approx")
		if float {
			o.Planner, o.Dataset.Engine = faulty{o.Planner, noNoise}, floatNoise{o.Dataset.Engine, 0.5, true}
		}
		got := draws(t, o, q, n, 0)[0]
		centre := math.Round(median(got))
		for i := range got {
			got[i] -= centre
		}
		stat, cells := chiSquare(got, 3, func(k int) float64 { return laplace(k, 0.5) })
		if (stat > rare(cells)) != float {
			t.Errorf("noise in floating point: %t, χ² = %.1f over %d cells", float, stat, cells)
		}
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
