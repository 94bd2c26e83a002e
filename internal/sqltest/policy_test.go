package sqltest

import (
	"fmt"
	"log/slog"
	"math"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/dpproxy/dpproxy/answer"
	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/config"
	"github.com/dpproxy/dpproxy/internal/datasets"
	"github.com/dpproxy/dpproxy/rewrite"
)

// openPolicy opens the fixture's data set under fixtures/policy.yaml.
func openPolicy(t *testing.T, s *source) (*config.Config, *catalog.Dataset) {
	t.Helper()
	cfg, faults := config.Load(filepath.Join(root, "fixtures/policy.yaml"), func(name string) (string, bool) { return s.url, name == "SOURCE" })
	if cfg == nil {
		t.Fatalf("configuration: %v", faults)
	}
	all, faults := datasets.Open(t.Context(), cfg, slog.New(slog.DiscardHandler))
	if len(all) != 2 {
		t.Fatalf("data sets: %v", faults)
	}
	t.Cleanup(func() {
		for _, l := range all {
			l.Engine.Close()
		}
	})
	return cfg, all[0].Catalog
}

// TestPolicy plans each case of policy/*.sql under the fixture's policy: it must be refused with the SQLSTATE that it
// names, or planned in the class that it names. Texts and plans are in the golden files.
func TestPolicy(t *testing.T) {
	cfg, ds := openPolicy(t, newSources(t, cleanRows())[0])
	planner := rewrite.NewPlanner(10)
	golden := map[string]*strings.Builder{}
	for _, c := range readCases(t, "policy/*.sql") {
		b := golden[c.file]
		if b == nil {
			b = &strings.Builder{}
			golden[c.file] = b
		}
		plan, out := planPolicy(t, planner, cfg, ds, c)
		switch want, refused := c.options["refused"]; {
		case refused && !strings.HasPrefix(out, "refused "+want):
			t.Errorf("%s/%s should be refused with %s:\n%s\n%s", c.file, c.name, want, c.sql, out)
		case !refused && plan == nil:
			t.Errorf("%s/%s is refused:\n%s\n%s", c.file, c.name, c.sql, out)
		case !refused && plan.Class != c.options["class"]:
			t.Errorf("%s/%s is in class %q, want %q", c.file, c.name, plan.Class, c.options["class"])
		}
		fmt.Fprintf(b, "== %s\n%s\n----\n%s\n", c.name, c.sql, out)
	}
	for file, b := range golden {
		compareGolden(t, filepath.Join(root, "policy", file+".golden"), b.String())
	}
}

func planPolicy(t *testing.T, planner *rewrite.Planner, cfg *config.Config, ds *catalog.Dataset, c sqlCase) (*rewrite.Plan, string) {
	t.Helper()
	st, err := parseOne(c.sql)
	if err != nil {
		return nil, describeError(err)
	}
	name := c.options["user"]
	if name == "" {
		name = "alice"
	}
	u, _ := cfg.User(name)
	g, _ := u.Grant("clinic")
	s := settings(tight)
	s.AllowedFunctions, s.Class = g.AllowedFunctions, c.options["set"]
	view := ds.View(g.Narrowing)
	s.MaxFunctions = view.MaxFunctions
	plan, err := planner.Plan(st, view, s, c.params())
	if err != nil {
		return nil, describeError(err)
	}
	return plan, plan.String()
}

// TestPolicyAnswers asks the pairs of policy_answers/*.sql at a very large ε under the fixture's data set "survey".
func TestPolicyAnswers(t *testing.T) {
	s := newSources(t, cleanRows())[0]
	s.exec(t, "UPDATE patients SET children = CASE WHEN patient_id % 5 = 0 THEN -1 ELSE 99 END WHERE patient_id % 5 IN (0, 1)")
	truth := map[string]sqlCase{}
	var asked []sqlCase
	for _, c := range readCases(t, "policy_answers/*.sql") {
		if c.options["truth"] != "" {
			truth[c.name] = c
		} else {
			asked = append(asked, c)
		}
	}
	service := newPolicyService(t, s)
	for _, c := range asked {
		t.Run(c.name, func(t *testing.T) {
			got, err := tryAsk(t, service, "survey", c)
			if want, ok := c.options["refused"]; ok {
				if err == nil || !strings.HasPrefix(describeError(err), "refused "+want) {
					t.Errorf("got %v %v, want refused with %s", got.rows, err, want)
				}
				return
			}
			if err != nil {
				t.Fatal(describeError(err))
			}
			compareTables(t, got, askTruth(t, s.db, truth[c.name]))
		})
	}
}

// compareTables compares cells: numbers to a part in a thousand, all else as text.
func compareTables(t *testing.T, got, want table) {
	t.Helper()
	if len(got.rows) != len(want.rows) {
		t.Fatalf("rows are\n%v\nwant\n%v", got.rows, want.rows)
	}
	for i := range want.rows {
		for j := range want.rows[i] {
			g, w := got.rows[i][j], want.rows[i][j]
			a, errA := strconv.ParseFloat(g, 64)
			b, errB := strconv.ParseFloat(w, 64)
			if errA == nil && errB == nil && math.Abs(a-b) <= 1e-3*math.Max(1, math.Abs(b)) {
				continue
			}
			if strings.HasPrefix(g, w) && (w == "t" || w == "f") || g == w || len(g) > 0 && len(w) > 0 && g[0] == w[0] && (w == "true" || w == "false") {
				continue
			}
			t.Errorf("row %d column %d is %q, want %q\n%v\n%v", i, j, g, w, got.rows, want.rows)
		}
	}
}

func newPolicyService(t *testing.T, s *source) *answer.Service {
	t.Helper()
	cfg, faults := config.Load(filepath.Join(root, "fixtures/policy.yaml"), func(name string) (string, bool) { return s.url, name == "SOURCE" })
	if cfg == nil {
		t.Fatalf("configuration: %v", faults)
	}
	all, faults := datasets.Open(t.Context(), cfg, slog.New(slog.DiscardHandler))
	if len(all) != 2 {
		t.Fatalf("data sets: %v", faults)
	}
	t.Cleanup(func() {
		for _, l := range all {
			l.Engine.Close()
		}
	})
	return newService(t, all[1])
}
