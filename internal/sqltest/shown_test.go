package sqltest

import (
	"slices"
	"strings"
	"testing"

	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/rewrite"
)

// inSource is in all names that the source has and the analyst's declaration has not.
const inSource = "SRC_"

// renamed is a data set whose source has other names for everything.
func renamed(ds *catalog.Dataset) *catalog.Dataset {
	out := *ds
	out.Tables = nil
	for _, t := range ds.Tables {
		table := *t
		table.Schema, table.SourceName, table.Columns, table.Hidden = inSource+"s", inSource+t.SourceName, nil, nil
		for _, c := range t.Columns {
			column := *c
			column.SourceName = inSource + c.SourceName
			table.Columns = append(table.Columns, &column)
		}
		for _, c := range t.Hidden {
			column := *c
			column.SourceName = inSource + c.SourceName
			table.Hidden = append(table.Hidden, &column)
		}
		out.Tables = append(out.Tables, &table)
	}
	return &out
}

// A plan as analysts see it names nothing of the source, for every query of the corpus, on both engines, and in pipeline tbe; what is
// sent does. No more do the refusals. The declared names are those of the same query over a source that has them too.
func TestShownPlansNameNothingOfTheSource(t *testing.T) {
	check := func(t *testing.T, ds *catalog.Dataset, cases []sqlCase, least int) {
		t.Helper()
		planner, other, seen := rewrite.NewPlanner(10), renamed(ds), 0
		for _, c := range cases {
			st, err := parseOne(c.sql)
			if err != nil {
				continue
			}
			plan, err := planner.Plan(st, other, settings(tight), c.params())
			if err != nil {
				if text := describeError(err); strings.Contains(text, inSource) {
					t.Errorf("%s: %s\n%s", c.name, c.sql, text)
				}
				continue
			}
			for _, b := range plan.Blocks {
				for _, o := range b.Outputs {
					if strings.Contains(o.Label, inSource) {
						t.Errorf("%s: a column is labelled %s", c.name, o.Label)
					}
				}
			}
			if strings.Contains(plan.String(), inSource) {
				seen++
			}
			if shown := plan.Shown(other).String(); strings.Contains(shown, inSource) {
				t.Errorf("%s: %s\n%s", c.name, c.sql, shown)
			}
			if ds.CellKey != nil {
				continue // names columns of the source outside of what is renamed here
			}
			direct, err := planner.Plan(st, ds, settings(tight), c.params())
			if err != nil {
				t.Errorf("%s: %v", c.name, err)
				continue
			}
			if a, b := plan.Shown(other).String(), direct.Shown(ds).String(); words(a) != words(b) {
				t.Errorf("%s: %s", c.name, firstDifference(b, a))
			}
		}
		if seen < least {
			t.Errorf("only %d of %d plans name the source at all", seen, len(cases))
		}
	}
	for _, s := range newSources(t, cleanRows()) {
		_, loaded := load(t, s)
		check(t, loaded.Catalog, readCases(t, "queries/*.sql"), 200)
		check(t, loaded.Catalog, readCases(t, "refusals/*.sql"), 0)
	}
	check(t, openTBE(t, "", "").Catalog, readCases(t, "tbe/*.sql"), 5)
}

// words are the words of a text in alphabetical order: what is measured stands in the order of canonical texts, which is not the same
// under other names of the source.
func words(text string) string {
	list := strings.Fields(strings.ReplaceAll(text, ",", " "))
	slices.Sort(list)
	return strings.Join(list, " ")
}
