package postgres

import (
	"context"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/internal/testservers"
)

func tablesOf(t *testing.T, e *Engine) map[string]catalog.SourceTable {
	t.Helper()
	tables, err := e.Schema(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	byName := map[string]catalog.SourceTable{}
	for _, table := range tables {
		byName[table.Schema+"."+table.Name] = table
	}
	return byName
}

// TestSchemaTrustsOnlyWhatHolds: a constraint that does not hold for every row that a SELECT sees would make a plan
// leave out a bound.
func TestSchemaTrustsOnlyWhatHolds(t *testing.T) {
	url := testservers.Postgres(t)
	execute(t, url,
		"CREATE SCHEMA other",
		"CREATE TABLE other.target (id int PRIMARY KEY)",
		"CREATE TABLE parent (id int PRIMARY KEY, ref int REFERENCES other.target)",
		"CREATE TABLE child () INHERITS (parent)",
		"CREATE TABLE parts (id int, day date, PRIMARY KEY (id, day)) PARTITION BY RANGE (day)",
		"CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM ('2020-01-01') TO ('2021-01-01')",
		"CREATE TABLE t (a int UNIQUE DEFERRABLE, b int, c text, d int, e int, UNIQUE (e) INCLUDE (d))",
		"CREATE UNIQUE INDEX ON t (b) WHERE b > 0", "CREATE UNIQUE INDEX ON t (lower(c))", "CREATE UNIQUE INDEX ON t (d, b)",
		"ALTER TABLE t ADD CONSTRAINT unchecked FOREIGN KEY (a) REFERENCES other.target NOT VALID",
		"ALTER TABLE t ADD CONSTRAINT checked FOREIGN KEY (d) REFERENCES other.target",
		"CREATE MATERIALIZED VIEW m AS SELECT id FROM parent", "CREATE UNIQUE INDEX ON m (id)",
	)
	tables := tablesOf(t, open(t, url, Options{}))
	for name, want := range map[string]struct {
		primary []string
		uniques [][]string
		foreign []catalog.SourceForeignKey
	}{
		"public.parent": {},
		"public.child":  {},
		"public.parts":  {primary: []string{"id", "day"}},
		"public.t": {
			uniques: [][]string{{"e"}, {"d", "b"}},
			foreign: []catalog.SourceForeignKey{{Columns: []string{"d"}, RefTable: "other.target", RefColumns: []string{"id"}}},
		},
		"public.m":     {uniques: [][]string{{"id"}}},
		"other.target": {primary: []string{"id"}},
	} {
		got, ok := tables[name]
		if !ok || !reflect.DeepEqual(got.PrimaryKey, want.primary) || !reflect.DeepEqual(got.Uniques, want.uniques) ||
			!reflect.DeepEqual(got.ForeignKeys, want.foreign) {
			t.Errorf("%s: got %v %v %v, want %v", name, got.PrimaryKey, got.Uniques, got.ForeignKeys, want)
		}
	}
	if tables["public.parent"].Columns[0].NotNull {
		t.Error("a column of a table that others inherit from is not null")
	}
}

// TestSchemaKnowsCollations: a collation that calls different texts equal would show a group as one of its rows spells it, and texts of two
// collations fail on the first row that has both.
func TestSchemaKnowsCollations(t *testing.T) {
	url := testservers.Postgres(t)
	execute(t, url,
		"CREATE COLLATION loose (provider = icu, locale = 'und-u-ks-level2', deterministic = false)",
		`CREATE TABLE spelled (plain text, bytes text COLLATE "C", other text COLLATE "POSIX", loose varchar(9) COLLATE loose, n int)`)
	want := map[string][2]bool{"plain": {}, "bytes": {}, "other": {true, false}, "loose": {true, true}, "n": {}}
	for _, c := range tablesOf(t, open(t, url, Options{}))["public.spelled"].Columns {
		if got := [2]bool{c.Collated, c.Type.Kind == catalog.Unsupported}; got != want[c.Name] {
			t.Errorf("%s: collated, unsupported: %v", c.Name, got)
		}
	}
}

// TestSchemaIsInUTF8: in another encoding one unit's text could make a query fail.
func TestSchemaIsInUTF8(t *testing.T) {
	base := testservers.Postgres(t)
	for _, encoding := range []string{"WIN1252", "SQL_ASCII"} {
		name := "of_" + strings.ToLower(encoding)
		execute(t, base, "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)", "CREATE DATABASE "+name+" ENCODING '"+encoding+"' LOCALE 'C' TEMPLATE template0")
		config, err := pgx.ParseConfig(base)
		if err != nil {
			t.Fatal(err)
		}
		url := fmt.Sprintf("host=%s port=%d user=%s password='%s' dbname=%s sslmode=disable", config.Host, config.Port, config.User, config.Password, name)
		e := open(t, url, Options{})
		if _, err := e.Schema(t.Context()); err == nil || !strings.Contains(err.Error(), encoding) {
			t.Errorf("a database in %s: %v", encoding, err)
		}
	}
}

func TestSchemaResolvesTypes(t *testing.T) {
	url := testservers.Postgres(t)
	execute(t, url,
		"CREATE DOMAIN money2 AS numeric(12,2)", "CREATE DOMAIN price AS money2 CHECK (VALUE >= 0)",
		"CREATE TYPE size AS ENUM ('s', 'l')", "CREATE DOMAIN shirt AS size", "CREATE TYPE pair AS (a int, b int)",
		`CREATE TABLE t (price price, shirt shirt, pair pair, point point, v varchar(20), c char(3), n numeric, a numeric(5,1)[],
			j jsonb, i interval, tt timetz, name name, o oid)`,
		"ALTER TABLE t ADD COLUMN gone int", "ALTER TABLE t DROP COLUMN gone",
	)
	var got []string
	for _, c := range tablesOf(t, open(t, url, Options{}))["public.t"].Columns {
		got = append(got, c.Name+" "+c.Type.String()+" "+strings.Join(c.EnumValues, "/"))
	}
	want := []string{
		"price numeric(12,2) ", "shirt text s/l", "pair unsupported ", "point unsupported ", "v character varying(20) ",
		"c character(3) ", "n numeric ", "a numeric(5,1)[] ", "j jsonb ", "i interval ", "tt time with time zone ", "name name ", "o oid ",
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

// TestSchemaIsTheRoles shows that a role sees what it may read.
func TestSchemaIsTheRoles(t *testing.T) {
	url := testservers.Postgres(t)
	role := "reader_" + strings.TrimPrefix(databaseOf(url), "test_")
	execute(t, url,
		"CREATE TABLE a (id int PRIMARY KEY, secret text UNIQUE, x int)", "CREATE TABLE b (id int PRIMARY KEY REFERENCES a)",
		"CREATE SCHEMA hidden", "CREATE TABLE hidden.c (id int)",
		"CREATE ROLE "+role+" LOGIN PASSWORD 'reader'",
		"GRANT SELECT (id, x) ON a TO "+role, "GRANT SELECT ON hidden.c TO "+role,
	)
	t.Cleanup(func() {
		ctx := context.Background() // the test's own is over
		conn, err := pgx.Connect(ctx, url)
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close(ctx)
		if _, err := conn.Exec(ctx, "DROP OWNED BY "+role+"; DROP ROLE "+role); err != nil {
			t.Error(err)
		}
	})
	at := strings.LastIndex(url, "@")
	tables := tablesOf(t, open(t, "postgres://"+role+":reader"+url[at:], Options{}))
	if len(tables) != 1 {
		t.Fatalf("the role sees %v", tables)
	}
	a := tables["public.a"]
	var names []string
	for _, c := range a.Columns {
		names = append(names, c.Name)
	}
	if !reflect.DeepEqual(names, []string{"id", "x"}) || !reflect.DeepEqual(a.PrimaryKey, []string{"id"}) || len(a.Uniques) != 0 {
		t.Errorf("columns %v, keys %v %v", names, a.PrimaryKey, a.Uniques)
	}
}
