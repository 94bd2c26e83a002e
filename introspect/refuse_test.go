package introspect

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"testing"

	"github.com/dpproxy/dpproxy/refusal"
)

// neverHandled are statements that the catalog must not answer: they read other tables, or call what is not on the list.
var neverHandled = []string{
	"SELECT * FROM persons",
	"SELECT count(*) FROM persons, pg_class",
	"SELECT relname FROM pg_class WHERE EXISTS (SELECT 1 FROM persons)",
	"SELECT (SELECT max(age) FROM public.persons) FROM pg_catalog.pg_class",
	"WITH p AS (SELECT * FROM persons) SELECT * FROM p, pg_class",
	"SELECT * FROM pg_class UNION ALL SELECT * FROM persons",
	"SELECT relname FROM pg_class ORDER BY (SELECT age FROM persons LIMIT 1)",
	"SELECT * FROM pg_class c, LATERAL (SELECT * FROM persons) p",
	"SELECT pg_read_file('/etc/passwd')",
	"SELECT pg_read_file('/etc/passwd') FROM pg_class",
	"SELECT pg_catalog.pg_read_binary_file('/etc/passwd'), relname FROM pg_class",
	"SELECT query_to_xml('select * from persons', true, true, '') FROM pg_class",
	"SELECT table_to_xml('persons'::regclass, true, true, '')",
	"SELECT pg_ls_dir('.') FROM pg_class", "SELECT lo_import('/etc/passwd'), version()",
	"SELECT set_config('x.y', 'z', false) FROM pg_class",
	"SELECT nextval('s'), version()", "SELECT dblink('x', 'select 1') FROM pg_class",
	"SELECT * FROM pg_class, read_csv('/etc/passwd')", "SELECT read_text('/etc/passwd') FROM pg_class",
	"SELECT getenv('HOME'), relname FROM pg_class", "SELECT * FROM query('select 1'), pg_class",
	"SELECT * FROM duckdb_settings(), pg_class", "SELECT * FROM pg_class, duckdb_tables()",
	"SELECT dp_reg_in(1, 'regclass', 'persons'), relname FROM pg_class", "SELECT dp_format_type(2, 23, 0), version()",
	"SELECT public.format_type(1, 2) FROM pg_class", "SELECT myschema.version() FROM pg_class",
	"SELECT * FROM s.pg_class", "SELECT * FROM v1.pg_class", "SELECT * FROM main.pg_class, pg_type",
	"SELECT * FROM pg_class; SELECT * FROM pg_type",
	"INSERT INTO pg_class SELECT * FROM pg_class", "DELETE FROM pg_catalog.pg_class", "UPDATE pg_class SET relname = 'x'",
	"CREATE TABLE x AS SELECT * FROM pg_class", "COPY pg_class TO STDOUT", "COPY (SELECT * FROM pg_class) TO '/tmp/x'",
	"DO $$ BEGIN PERFORM 1; END $$", "EXPLAIN ANALYZE SELECT * FROM pg_class", "SELECT 1", "SELECT", "VALUES (1)",
	"SELECT lower('x')", "not sql at all", "SELECT 'pg_class'", "SELECT 'pg_read_file(1)'",
	`SELECT "pg_read_file"('x') FROM pg_class`, `SELECT U&"\0070g_read_file"('x') FROM pg_class`,
}

func TestNeverHandled(t *testing.T) {
	s, v := testService(t), testView()
	for _, sql := range neverHandled {
		if s.Handles(sql) {
			t.Errorf("handled: %s", sql)
		}
		// Even a caller who does not ask first gets no answer.
		if sql == "SELECT 1" || sql == "VALUES (1)" || strings.HasPrefix(sql, "SELECT lower") || strings.HasPrefix(sql, "SELECT '") {
			continue
		}
		if r, err := s.Answer(context.Background(), v, sql, nil); err == nil && sql != "SELECT" {
			t.Errorf("answered: %s: %v", sql, r.Rows)
		}
	}
}

func TestMixed(t *testing.T) {
	s := testService(t)
	for sql, want := range map[string]bool{
		"SELECT count(*) FROM persons, pg_class":                       true,
		"SELECT pg_ls_dir('.') FROM pg_class":                          true,
		"SELECT * FROM persons JOIN information_schema.tables ON true": true,
		"SELECT * FROM persons":                                        false,
		"SELECT * FROM pg_class":                                       false,
		"SELECT pg_ls_dir('.')":                                        false,
		"DELETE FROM pg_class":                                         false,
	} {
		if got := s.Mixed(sql); got != want {
			t.Errorf("Mixed(%s) = %v", sql, got)
		}
	}
	r := s.RefuseMixed("SELECT count(*) FROM persons, pg_class")
	if r.Code != refusal.NotSupported || r.Hint == "" {
		t.Errorf("refusal %+v", r)
	}
}

// unsupportedSQL are catalog statements that fail: by what we do not know, or inside the engine.
var unsupportedSQL = []string{
	"SELECT c FROM pg_class c",                               // a whole row
	"SELECT relname FROM pg_class FOR UPDATE",                // locks
	"SELECT * INTO x FROM pg_class",                          // writes
	"SELECT relname::int FROM pg_class",                      // the engine's conversion error
	"SELECT relkind, relname FROM pg_class GROUP BY relkind", // the engine's binder error
	"SELECT relname FROM pg_class WHERE relname ~ '('",       // the engine's regex error
	"SELECT * FROM pg_class TABLESAMPLE SYSTEM (1)",
	"SELECT relname FROM pg_class WHERE relname ~ '(?=x)'",
	"SELECT relname FROM pg_class WHERE relname SIMILAR TO 'x'",
	"SELECT xmlelement(name a) FROM pg_class",
	"SELECT current_time FROM pg_class",
}

// TestUnsupported: a client sees one plain text, the operator a fingerprint and the reason, and neither any value.
func TestUnsupported(t *testing.T) {
	var logged bytes.Buffer
	s, err := New(slog.New(slog.NewTextHandler(&logged, nil)))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for _, sql := range unsupportedSQL {
		logged.Reset()
		_, err := s.Answer(context.Background(), testView(), sql, nil)
		r, ok := refusal.As(err)
		if !ok || r.Code != refusal.NotSupported || r.Message != notSupported || r.Detail != "" || r.Hint != "" {
			t.Errorf("%s: %v", sql, err)
		}
		if strings.Contains(logged.String(), "LINE 1") || strings.Contains(logged.String(), "pg_class") {
			t.Errorf("%s: the log quotes the statement: %s", sql, logged.String())
		}
		if !strings.Contains(logged.String(), "fingerprint=") || !strings.Contains(logged.String(), "reason=") {
			t.Errorf("%s: log %q", sql, logged.String())
		}
	}
}

func TestErrorsLikePostgres(t *testing.T) {
	s, v := testService(t), testView()
	for sql, want := range map[string]string{
		"SELECT 'nope'::regclass":                            `42P01 relation "nope" does not exist`,
		"SELECT 'nope'::regtype":                             `42704 type "nope" does not exist`,
		"SELECT * FROM pg_class WHERE oid = 'a.b'::regclass": `42P01 relation "a.b" does not exist`,
		"SELECT relnam FROM pg_class":                        `42703 column "relnam" does not exist`,
		"SELECT x.relname FROM pg_class c":                   `42P01 missing FROM-clause entry for table "x"`,
		"SELECT * FROM pg_catalog.nope":                      `42P01 relation "pg_catalog.nope" does not exist`,
		"SELECT * FROM information_schema.nope":              `42P01 relation "information_schema.nope" does not exist`,
		"SELECT oid::nope FROM pg_class":                     `42704 type "nope" does not exist`,
		"SELECT current_setting('no.such') FROM pg_class":    `42704 unrecognized configuration parameter "no.such"`,
		"SELECT has_table_privilege('persons', 'FLY')":       `22023 unrecognized privilege type: "FLY"`,
		"SELECT has_table_privilege('nope', 'SELECT')":       `42P01 relation "nope" does not exist`,
		"SELECT * FROM other.pg_catalog.pg_class":            `0A000 cross-database references are not implemented: "other.pg_catalog.pg_class"`,
		"SELECT format_type(1, 2, 3, 4) FROM pg_class":       `42883 function format_type with 4 arguments does not exist`,
	} {
		_, err := s.Answer(context.Background(), v, sql, nil)
		r, ok := refusal.As(err)
		if !ok || string(r.Code)+" "+r.Message != want {
			t.Errorf("%s: %v, want %s", sql, err, want)
		}
	}
}

// TestPositions counts characters from 1, as the protocol does.
func TestPositions(t *testing.T) {
	s := testService(t)
	_, err := s.Answer(context.Background(), testView(), "SELECT 'ä', relnam FROM pg_class", nil)
	if r, ok := refusal.As(err); !ok || r.Position != 13 {
		t.Errorf("position: %+v", err)
	}
}

func TestTooMuch(t *testing.T) {
	s := testService(t)
	for _, sql := range []string{
		"SELECT a.oid FROM pg_proc a, pg_proc b",                                     // ten million rows
		"SELECT string_agg(a.proname, ',') FROM pg_proc a, pg_proc b GROUP BY b.oid", // a hundred megabytes
	} {
		_, err := s.Answer(context.Background(), testView(), sql, nil)
		if r, ok := refusal.As(err); !ok || r.Code != refusal.ProgramLimitExceeded && r.Code != refusal.NotSupported {
			t.Errorf("%s: %v", sql, err)
		}
	}
}

func TestCancel(t *testing.T) {
	s := testService(t)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := s.Answer(ctx, testView(), "SELECT count(*) FROM pg_proc a, pg_proc b, pg_proc c", nil)
	if r, ok := refusal.As(err); !ok || r.Code != refusal.QueryCanceled {
		t.Errorf("cancelled: %v", err)
	}
}
