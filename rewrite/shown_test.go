package rewrite

import (
	"strings"
	"testing"

	"github.com/dpproxy/dpproxy/catalog"
)

func TestShownSQL(t *testing.T) {
	column := func(name, source string) *catalog.Column { return &catalog.Column{Name: name, SourceName: source} }
	ds := &catalog.Dataset{Tables: []*catalog.Table{
		{Name: "visits", Schema: "prod_2", SourceName: `T "x" 17`, Columns: []*catalog.Column{column("day", "DT_COL")}, Hidden: []*catalog.Column{column("person", "PID")}},
		{Name: "people", Schema: "prod_2", SourceName: "T18", Columns: []*catalog.Column{column("id", "PID"), column("plain", "plain")}},
	}}
	for sql, want := range map[string]string{
		`SELECT "t1"."DT_COL" AS "c1" FROM "prod_2"."T ""x"" 17" AS "t1"`:                               `SELECT "t1"."day" AS "c1" FROM "visits" AS "t1"`,
		`FROM ("prod_2"."T ""x"" 17" AS "t1" JOIN "prod_2"."T18" AS "t2" ON ("t1"."PID" = "t2"."PID"))`: `FROM ("visits" AS "t1" JOIN "people" AS "t2" ON ("t1"."…" = "t2"."id"))`,
		`SELECT 'it''s "t1"."DT_COL"', "t1"."plain" FROM "prod_2"."T18" AS "t1"`:                        `SELECT 'it''s "t1"."DT_COL"', "t1"."plain" FROM "people" AS "t1"`,
		`SELECT "c"."a1", "t3"."b" FROM "other"."secret" AS "t3"`:                                       `SELECT "c"."a1", "t3"."…" FROM "…" AS "t3"`,
		`SELECT "r1"."v1" FROM "released_1" AS "r1"`:                                                    `SELECT "r1"."v1" FROM "released_1" AS "r1"`,
		`SELECT "t1"."DT_COL" AS "table" FROM "prod_2"."T ""x"" 17" AS "t1"`:                            `SELECT "t1"."day" AS "table" FROM "visits" AS "t1"`,
		``: ``,
	} {
		if got := readAliases(ds, sql).shown(sql); got != want {
			t.Errorf("%s\ngot  %s\nwant %s", sql, got, want)
		}
	}
}

// What is cut into tokens is all of the text, whatever it is.
func TestTokensAreTheText(t *testing.T) {
	for _, sql := range []string{"", "a", `"a"."b" AS "t1"`, `'a''b' || "c""d"`, `'open`, `"`, `a"b"c'd'`} {
		if got := strings.Join(Tokens(sql), ""); got != sql {
			t.Errorf("%q became %q", sql, got)
		}
	}
}
