package sqltest

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dpproxy/dpproxy/privacy"
	"github.com/dpproxy/dpproxy/refusal"
	"github.com/dpproxy/dpproxy/rewrite"
)

// update rewrites the golden files: go test ./internal/sqltest -run 'Plans|Refusals' -update
var update = flag.Bool("update", false, "rewrite golden files")

// TestPlans compares each accepted query's plan, on both engines, with its golden file.
func TestPlans(t *testing.T) {
	rows := cleanRows()
	for _, s := range newSources(t, rows) {
		_, loaded := load(t, s)
		planner := rewrite.NewPlanner(10)
		golden := map[string]*strings.Builder{}
		for _, c := range readCases(t, "queries/*.sql") {
			b := golden[c.file]
			if b == nil {
				b = &strings.Builder{}
				golden[c.file] = b
			}
			fmt.Fprintf(b, "== %s\n%s\n----\n%s\n", c.name, c.sql, planText(planner, loaded.Catalog, c, fromEngine(loaded.Engine)))
		}
		for file, b := range golden {
			compareGolden(t, filepath.Join(root, "plans", s.name, file+".txt"), b.String())
		}
	}
}

// TestRefusals compares each refusal's SQLSTATE, position, message and hint with its golden file.
func TestRefusals(t *testing.T) {
	sources := newSources(t, cleanRows())
	_, loaded := load(t, sources[0])
	planner := rewrite.NewPlanner(10)
	golden := map[string]*strings.Builder{}
	for _, c := range readCases(t, "refusals/*.sql") {
		b := golden[c.file]
		if b == nil {
			b = &strings.Builder{}
			golden[c.file] = b
		}
		out := planText(planner, loaded.Catalog, c, fromEngine(loaded.Engine))
		if !strings.HasPrefix(out, "refused ") {
			t.Errorf("%s/%s is accepted:\n%s\n%s", c.file, c.name, c.sql, out)
		}
		fmt.Fprintf(b, "== %s\n%s\n----\n%s\n", c.name, c.sql, out)
	}
	for file, b := range golden {
		compareGolden(t, filepath.Join(root, "refusals", file+".golden"), b.String())
	}
}

func compareGolden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(want) != got {
		t.Errorf("%s differs (run with -update and read the difference):\n%s", path, firstDifference(string(want), got))
	}
}

func firstDifference(want, got string) string {
	w, g := strings.Split(want, "\n"), strings.Split(got, "\n")
	for i := range g {
		if i >= len(w) || w[i] != g[i] {
			old := ""
			if i < len(w) {
				old = w[i]
			}
			return fmt.Sprintf("line %d\n- %s\n+ %s", i+1, old, g[i])
		}
	}
	return "the golden file is longer"
}

func describeError(err error) string {
	e, ok := refusal.As(err)
	if !ok {
		return "internal error: " + err.Error()
	}
	out := fmt.Sprintf("refused %s", e.Code)
	if e.Position > 0 {
		out += fmt.Sprintf(" at %d", e.Position)
	}
	out += ": " + e.Message + "\n"
	if e.Detail != "" {
		out += "DETAIL: " + e.Detail + "\n"
	}
	if e.Hint != "" {
		out += "HINT: " + e.Hint + "\n"
	}
	return out
}

var tight = privacy.Contribution{Groups: 2, Rows: 2}
