package duckdb

import (
	"testing"

	"github.com/dpproxy/dpproxy/catalog"
)

// TestSchemaTakesCollationsAway: in a group of texts that a collation calls equal, one row's spelling would be shown as it is.
func TestSchemaTakesCollationsAway(t *testing.T) {
	path := create(t, "CREATE TABLE plain (a varchar, n integer)", "CREATE TABLE loose (a varchar COLLATE nocase, n integer)",
		"CREATE VIEW v AS SELECT * FROM loose")
	tables, err := open(t, Source{Path: path}, Options{}).Schema(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]catalog.Kind{"plain.a": catalog.Text, "loose.a": catalog.Unsupported, "v.a": catalog.Unsupported,
		"plain.n": catalog.Int4, "loose.n": catalog.Int4, "v.n": catalog.Int4}
	for _, table := range tables {
		for _, c := range table.Columns {
			if name := table.Name + "." + c.Name; c.Type.Kind != want[name] {
				t.Errorf("%s has kind %v", name, c.Type.Kind)
			}
		}
	}
}
