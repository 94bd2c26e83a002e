package sqltest

import (
	"flag"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/mechanism"
	"github.com/dpproxy/dpproxy/privacy"
	"github.com/dpproxy/dpproxy/rewrite"
)

// sqlCase is one query of a file in testdata/sql/queries: a name, its settings, its text.
type sqlCase struct {
	file, name, sql string
	// loose says why the answer may differ from PostgreSQL's own (for example the order of rows).
	options map[string]string
}

// only narrows a run to the files with this in their name, while working on them.
var only = flag.String("only", "", "read only the files of cases with this in their name")

// readCases reads a file: a line "-- name: words; option=value" opens a case, the lines after it are its SQL.
func readCases(t testing.TB, pattern string) []sqlCase {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(root, pattern))
	if err != nil || len(files) == 0 {
		t.Fatalf("no files match %s", pattern)
	}
	var out []sqlCase
	for _, f := range files {
		if !strings.Contains(filepath.Base(f), *only) {
			continue
		}
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range strings.Split(string(text), "\n") {
			if head, ok := strings.CutPrefix(line, "-- name: "); ok {
				parts := strings.Split(head, ";")
				c := sqlCase{file: strings.TrimSuffix(filepath.Base(f), ".sql"), name: strings.TrimSpace(parts[0]), options: map[string]string{}}
				for _, o := range parts[1:] {
					k, v, _ := strings.Cut(strings.TrimSpace(o), "=")
					c.options[k] = v
				}
				out = append(out, c)
				continue
			}
			if len(out) > 0 && !strings.HasPrefix(line, "--") {
				out[len(out)-1].sql += line + "\n"
			}
		}
	}
	for i := range out {
		out[i].sql = strings.TrimSpace(out[i].sql)
	}
	return out
}

// settings are those of the fixture, for planning without a service.
func settings(bounds privacy.Contribution) rewrite.Settings {
	return rewrite.Settings{User: "alice", Database: "clinic", Epsilon: privacy.EpsilonUnits, Delta: 1_000_000_000_000, Bounds: bounds,
		Mechanism: "auto", Confidence: 0.95, MaxFunctions: 20,
		AllowedFunctions: rewrite.MeasuredAggregates()}
}

func parseOne(sql string) (*rewrite.Statement, error) {
	list, err := rewrite.Parse(sql)
	if err != nil {
		return nil, err
	}
	return list[0], nil
}

// params are the case's parameters, from options p1=…, p2=… (untyped text).
func (c sqlCase) params() []rewrite.Param {
	var out []rewrite.Param
	for i := 1; ; i++ {
		v, ok := c.options["p"+strconv.Itoa(i)]
		if !ok {
			return out
		}
		out = append(out, rewrite.Param{Cell: mechanism.Cell{Text: v, Null: v == "NULL"}})
	}
}

// planText is a case's plan, or its refusal.
func planText(p *rewrite.Planner, ds *catalog.Dataset, c sqlCase, read reader) string {
	st, err := parseOne(c.sql)
	if err != nil {
		return describeError(err)
	}
	s := settings(tight)
	if c.options["delta"] != "" {
		s.Delta = 0
	}
	plan, err := planWith(p, st, ds, s, c.params(), read)
	if err != nil {
		return describeError(err)
	}
	return plan.String()
}
