package duckdb

import (
	"compress/gzip"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/engine"
)

func write(t testing.TB, dir, name, content string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

// table reads a table's columns as "name type", and its rows in their order.
func table(t *testing.T, e *Engine, name string) (columns []string, rows []string) {
	t.Helper()
	tables, err := e.Schema(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, table := range tables {
		if table.Name == name {
			for _, c := range table.Columns {
				columns = append(columns, c.Name+" "+c.Type.String())
			}
		}
	}
	all, err := e.query(t.Context(), "SELECT * FROM "+identifier(name))
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range all {
		var cells []string
		for _, c := range row {
			if c.Null {
				c.Text = "NULL"
			}
			cells = append(cells, c.Text)
		}
		rows = append(rows, strings.Join(cells, "|"))
	}
	return columns, rows
}

func expect(t *testing.T, what string, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s:\n got %q\nwant %q", what, got, want)
	}
}

func TestFilesBecomeTables(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "people.csv", "id,name,born,score\n1,\"Ann, A.\",2001-02-03,1.5\n2,,,\n3,\"O'Neil \"\"x\"\"\",1999-12-31,2\n")
	write(t, dir, "tabs.tsv", "a\tb\nx y\t1\n")
	write(t, dir, "guess.csv", "\ufeffzip,big,flag,at,tz,u,n,e,q\r\n"+
		"007,123456789012345678901,true,2020-01-02 03:04:05,2020-01-02T03:04:05Z,A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11,1e3,,\"\"\r\n"+
		"12,1,FALSE,2020-01-02 03:04,,,-.5,,x\r\n")
	write(t, dir, "semicolons.csv", "a;b\n1,5;x\n")
	write(t, dir, "visits-1.csv", "id,cost\n1,0.10\n")
	write(t, dir, "visits-2.csv", "id,cost\n2,5000.00\n")
	write(t, dir, "events.json", `[{"id": 1, "what": "x"}, {"id": 2, "what": null}]`)
	zipped, err := os.Create(filepath.Join(dir, "zipped.csv.gz"))
	if err != nil {
		t.Fatal(err)
	}
	z := gzip.NewWriter(zipped)
	_, _ = z.Write([]byte("id\n7\n"))
	if err := errors.Join(z.Close(), zipped.Close()); err != nil {
		t.Fatal(err)
	}
	create(t, "COPY (SELECT 1 AS id, TIMESTAMP_NS '2020-01-02 03:04:05.123456789' AS at, 2.5 AS x) TO '"+filepath.Join(dir, "p.parquet")+"'")
	e := open(t, Source{
		Dir: dir,
		Files: map[string]string{
			"people": "people.csv", "tabs": "tabs.tsv", "visits": "visits-*.csv", "events": "events.json", "zipped": "zipped.csv.gz",
			"semicolons": "semicolons.csv", "guess": "guess.csv",
			"par quet": filepath.Join(dir, "p.parquet"),
		},
		Types: map[string]map[string]catalog.Type{
			"visits":   {"cost": {Kind: catalog.Numeric, Precision: 10, Scale: 2, HasScale: true}, "id": catalog.Of(catalog.Text)},
			"par quet": {"x": catalog.Of(catalog.Float8)},
		},
	}, Options{})
	for name, want := range map[string][2][]string{
		"people": {
			{"id bigint", "name text", "born date", "score double precision"},
			{"1|Ann, A.|2001-02-03|1.5", "2|NULL|NULL|NULL", `3|O'Neil "x"|1999-12-31|2`},
		},
		"tabs":       {{"a text", "b bigint"}, {"x y|1"}},
		"visits":     {{"id text", "cost numeric(10,2)"}, {"1|0.10", "2|5000.00"}},
		"semicolons": {{"a text", "b text"}, {"1,5|x"}},
		"events":     {{"id bigint", "what text"}, {"1|x", "2|NULL"}},
		"zipped":     {{"id bigint"}, {"7"}},
		"par quet": {
			{"id integer", "at timestamp without time zone", "x double precision"}, {"1|2020-01-02 03:04:05.123456|2.5"},
		},
	} {
		columns, rows := table(t, e, name)
		expect(t, name+"'s columns", columns, want[0])
		expect(t, name+"'s rows", rows, want[1])
	}
}

// TestFilesThatCannotBeRead: the error names the file, the line and the column, and no value.
func TestFilesThatCannotBeRead(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "wide.csv", "id,name\n1,Ann\n2,Bob,TOP-SECRET\n")
	write(t, dir, "narrow.csv", "id,name\n1,Ann\n2\n")
	write(t, dir, "quote.csv", "id,name\n1,\"TOP-SECRET\n")
	write(t, dir, "empty.csv", "")
	write(t, dir, "twice.csv", "id,id\n1,2\n")
	write(t, dir, "types.csv", "id,age\n1,30\n2,TOP-SECRET\n")
	write(t, dir, "notes.txt", "x")
	write(t, dir, "broken.parquet", "TOP-SECRET")
	numbers := map[string]map[string]catalog.Type{"t": {"age": catalog.Of(catalog.Int4)}}
	missing := map[string]map[string]catalog.Type{"t": {"height": catalog.Of(catalog.Int4)}}
	for name, c := range map[string]struct {
		source Source
		want   []string
	}{
		"a wrong type":     {Source{Files: map[string]string{"t": "types.csv"}, Types: numbers}, []string{"types.csv", "line 3", "age", "INTEGER"}},
		"too many columns": {Source{Files: map[string]string{"t": "wide.csv"}}, []string{"wide.csv", "line 3"}},
		"too few columns":  {Source{Files: map[string]string{"t": "narrow.csv"}}, []string{"narrow.csv", "line 3"}},
		"an open quote":    {Source{Files: map[string]string{"t": "quote.csv"}}, []string{"quote.csv", "line 2"}},
		"other headers":    {Source{Files: map[string]string{"t": "[wt]*[dy]*e*.csv"}}, []string{"header"}},
		"no header":        {Source{Files: map[string]string{"t": "empty.csv"}}, []string{"empty.csv", "line 1"}},
		"names twice":      {Source{Files: map[string]string{"t": "twice.csv"}}, []string{"twice.csv", "line 1", "column 2"}},
		"no file":          {Source{Files: map[string]string{"t": "none-*.csv"}}, []string{"table t", "none-*.csv"}},
		"no format":        {Source{Files: map[string]string{"t": "notes.txt"}}, []string{"notes.txt", "CSV"}},
		"no Parquet":       {Source{Files: map[string]string{"t": "broken.parquet"}}, []string{"broken.parquet"}},
		"no such column":   {Source{Files: map[string]string{"t": "types.csv"}, Types: missing}, []string{"height"}},
		"nothing":          {Source{}, []string{"either"}},
		"both":             {Source{Path: "x.duckdb", Files: map[string]string{"t": "types.csv"}}, []string{"either"}},
		"no database":      {Source{Path: "none.duckdb"}, []string{"none.duckdb"}},
	} {
		c.source.Dir = dir
		e, err := Open(t.Context(), c.source, Options{})
		if err == nil {
			_ = e.Close()
			t.Errorf("%s: opened", name)
			continue
		}
		for _, want := range c.want {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %q does not say %q", name, err, want)
			}
		}
		if strings.Contains(err.Error(), "SECRET") {
			t.Errorf("%s: %q holds a value", name, err)
		}
	}
}

// TestDoorsAreLocked tries to reach files, extensions and settings by functions that a SELECT may call.
func TestDoorsAreLocked(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "data.csv", "id\n1\n")
	path := filepath.Join(dir, "data.csv")
	for name, source := range map[string]Source{
		"files": {Files: map[string]string{"t": path}}, "database": {Path: create(t, "CREATE TABLE t AS SELECT 1 AS id")},
	} {
		e := open(t, source, Options{})
		for _, sql := range []string{
			"SELECT count(*) FROM '" + path + "'", "SELECT count(*) FROM read_csv('" + path + "')",
			"SELECT length(content) FROM read_text('" + path + "')", "SELECT count(*) FROM glob('" + dir + "/*')",
			"SELECT count(*) FROM read_csv('https://127.0.0.1:1/x.csv')",
			"COPY t TO '" + dir + "/out.csv'", "ATTACH '" + dir + "/other.duckdb'", "SET threads = 1", "RESET threads",
			"SET enable_external_access = true", "INSTALL httpfs", "LOAD httpfs", "PRAGMA database_list", "EXPORT DATABASE '" + dir + "'",
			"CALL pragma_version()", "EXPLAIN SELECT 1", "CHECKPOINT", "BEGIN", "USE memory",
		} {
			if _, err := e.Run(t.Context(), []engine.Query{{SQL: sql, Width: 1}}); err == nil {
				t.Errorf("%s: %s is allowed", name, sql)
			}
		}
		c, err := e.db.connect(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, sql := range []string{
			"SET enable_external_access = true", "SET GLOBAL lock_configuration = false", "COPY t TO '" + dir + "/out.csv'",
			"ATTACH '" + dir + "/other.duckdb'", "INSTALL httpfs",
		} {
			if err := c.execute(sql); err == nil {
				t.Errorf("%s: the engine itself can still %s", name, sql)
			}
		}
		c.release(true)
	}
	if left, err := filepath.Glob(dir + "/*"); err != nil || len(left) != 1 {
		t.Errorf("files afterwards: %v, %v", left, err)
	}
}

// TestSessionsAreAlike: settings reach every connection, and make DuckDB reckon as PostgreSQL does.
func TestSessionsAreAlike(t *testing.T) {
	e := open(t, Source{Path: create(t, "CREATE TABLE t AS SELECT * FROM (VALUES (1), (NULL), (2)) v(x)")}, Options{MaxConns: 3, Threads: 1})
	var held []*connection
	for range 3 {
		c, err := e.db.connect(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		held = append(held, c)
		rows, err := c.all(`SELECT 7/2, current_setting('TimeZone'), CAST(CAST('2020-01-01 00:00:00+02' AS timestamptz) AS timestamp),
			(SELECT string_agg(coalesce(CAST(x AS text), '-'), '' ORDER BY x) FROM t),
			(SELECT string_agg(coalesce(CAST(x AS text), '-'), '' ORDER BY x DESC) FROM t)`)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, cell := range rows[0] {
			got = append(got, cell.Text)
		}
		expect(t, "session", got, []string{"3", "UTC", "2019-12-31 22:00:00", "12-", "-21"})
	}
	for _, c := range held {
		c.release(true)
	}
}

// TestOneFileManyEngines opens a database twice, as a reload does.
func TestOneFileManyEngines(t *testing.T) {
	path := create(t, "CREATE TABLE t AS SELECT 1 AS id")
	first := open(t, Source{Path: path}, Options{})
	second := open(t, Source{Path: path}, Options{})
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	if _, rows := table(t, second, "t"); len(rows) != 1 {
		t.Errorf("rows %v", rows)
	}
	if err := first.Ping(t.Context()); !errors.Is(err, engine.ErrUnavailable) {
		t.Errorf("a closed engine answers: %v", err)
	}
}
