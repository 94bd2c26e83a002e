package sqltest

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/config"
	"github.com/dpproxy/dpproxy/internal/datasets"
	"github.com/dpproxy/dpproxy/rewrite"
	"log/slog"
)

// openPolicy opens the fixture's data set under fixtures/policy.yaml.
func openPolicy(t *testing.T, s *source) (*config.Config, *catalog.Dataset) {
	t.Helper()
	cfg, faults := config.Load(filepath.Join(root, "fixtures/policy.yaml"), func(name string) (string, bool) { return s.url, name == "SOURCE" })
	if cfg == nil {
		t.Fatalf("configuration: %v", faults)
	}
	all, faults := datasets.Open(t.Context(), cfg, slog.New(slog.DiscardHandler))
	if len(all) != 1 {
		t.Fatalf("data set: %v", faults)
	}
	t.Cleanup(func() { all[0].Engine.Close() })
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
