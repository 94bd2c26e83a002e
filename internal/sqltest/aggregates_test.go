package sqltest

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/rewrite"
)

// An aggregate that is answered over private rows can be allowed in a configuration, is in the pages, and has a case: only then have
// the plans, the stability and the answers of it been seen. See "How to add an aggregate" in rewrite/doc.go.
func TestEveryAggregate(t *testing.T) {
	if known := catalog.Functions(); !slices.Equal(known, rewrite.MeasuredAggregates()) {
		t.Errorf("catalog.Functions is not the list of measured aggregates:\n%v\n%v", known, rewrite.MeasuredAggregates())
	}
	cases := ""
	for _, c := range readCases(t, "queries/*.sql") {
		cases += c.sql + "\n"
	}
	for where, text := range map[string]string{"testdata/sql/queries": cases, "docs/sql.md": page(t, "sql.md"),
		"docs/configuration.md, at allowed_functions": strings.ReplaceAll(page(t, "configuration.md"), "regr_*", strings.Join(regressions(), " "))} {
		for _, name := range rewrite.MeasuredAggregates() {
			if !regexp.MustCompile(`\b` + name + `\b`).MatchString(text) {
				t.Errorf("%s is not in %s", name, where)
			}
		}
	}
}

func regressions() []string {
	return slices.DeleteFunc(rewrite.MeasuredAggregates(), func(name string) bool { return !strings.HasPrefix(name, "regr_") })
}

func page(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, "..", "..", "docs", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
