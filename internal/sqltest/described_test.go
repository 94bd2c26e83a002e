package sqltest

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/mechanism"
	"github.com/dpproxy/dpproxy/refusal"
	"github.com/dpproxy/dpproxy/rewrite"
)

// anyLiteral is a number or a string that may be a parameter. Strings after the name of a type are no expressions of their own.
var (
	anyLiteral = regexp.MustCompile(`'[^']*'|\b[0-9]+(\.[0-9]+)?\b`)
	typedBy    = regexp.MustCompile(`(?i)\b(date|time|timestamp|timestamptz|interval|numeric|escape)\s*$`)
)

// TestDescribed asks each case with a parameter in the place of each of its literals. Drivers prepare a statement before they know its values:
// what is answered with a value must be described without it, with the same columns.
func TestDescribed(t *testing.T) {
	sources := newSources(t, cleanRows())
	_, loaded := load(t, sources[0])
	read, n := fromEngine(loaded.Engine), 0
	for _, c := range readCases(t, "queries/*.sql") {
		if len(c.params()) > 0 {
			continue
		}
		for _, at := range anyLiteral.FindAllStringIndex(c.sql, -1) {
			before, literal, after := c.sql[:at[0]], c.sql[at[0]:at[1]], c.sql[at[1]:]
			if !typedBy.MatchString(before) && described(t, c, before+"$1"+after, strings.Trim(literal, "'"), loaded.Catalog, read) {
				n++
			}
		}
	}
	t.Logf("%d statements with a parameter", n)
	if *only == "" && n < 500 {
		t.Errorf("%d statements with a parameter were answered; more of the cases have literals", n)
	}
}

// described compares the description of a statement with its plan; false if the plan is refused.
func described(t *testing.T, c sqlCase, text, value string, ds *catalog.Dataset, read reader) bool {
	st, err := parseOne(text)
	if err != nil {
		return false
	}
	p := rewrite.NewPlanner(1)
	types, columns, refused := p.Describe(st, ds, settings(tight), nil)
	param := rewrite.Param{Cell: mechanism.Cell{Text: value}}
	if len(types) == 1 {
		param.Type = types[0]
		if _, err := catalog.ParseValue(types[0], value); types[0].HasValues() && err != nil {
			return false // it never gets past Bind
		}
	}
	plan, err := planWith(p, st, ds, settings(tight), []rewrite.Param{param}, read)
	switch {
	case err != nil || grouping(refused): // a parameter is no literal of GROUP BY, whatever its value: PostgreSQL says so too
		return false
	case refused != nil:
		t.Errorf("%s/%s: answered with $1 = %q, and refused without a value: %v\n%s", c.file, c.name, value, refused, text)
	case fmt.Sprint(columns) != fmt.Sprint(plan.Columns):
		t.Errorf("%s/%s: answered with $1 = %q as %v, described as %v\n%s", c.file, c.name, value, plan.Columns, columns, text)
	}
	return true
}

func grouping(err error) bool {
	r, ok := refusal.As(err)
	return ok && r.Code == refusal.GroupingError
}
