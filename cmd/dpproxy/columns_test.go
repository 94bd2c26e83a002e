package main

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/dpproxy/dpproxy/internal/testservers"
)

// TestColumns: what RowDescription says of columns, table and column number among them, is what PostgreSQL says of the same
// statement over the same tables, and the numbers are those of the catalogs.
func TestColumns(t *testing.T) {
	source := testservers.Postgres(t)
	direct, err := pgx.Connect(t.Context(), source)
	if err != nil {
		t.Fatal(err)
	}
	defer direct.Close(t.Context())
	if _, err := direct.Exec(t.Context(), `CREATE TABLE persons (person_id bigint PRIMARY KEY, sex text, age integer, income numeric(10,2));
		CREATE TABLE towns (town_id integer PRIMARY KEY, name varchar(40), hills real);
		CREATE TABLE calls (call_id integer PRIMARY KEY, person_id bigint NOT NULL REFERENCES persons);
		CREATE TABLE kinds (k1 boolean, k2 smallint, k3 bigint, k4 real, k5 double precision, k6 numeric, k7 numeric(20,5), k8 text, k9 varchar, k10 char(4), k11 name,
			k12 "char", k13 oid, k14 date, k15 time, k16 timetz, k17 timestamp, k18 timestamptz, k19 interval, k20 uuid, k21 bytea, k22 json, k23 jsonb,
			k24 integer[] NOT NULL, k25 text[], k26 numeric[], k27 timestamptz[], k28 uuid[], k29 bytea[]);
		CREATE VIEW aged AS SELECT person_id, age AS years, age + 1 AS next FROM persons;
		INSERT INTO persons VALUES (1, 'f', 30, 1.5); INSERT INTO towns VALUES (1, 'x', 2)`); err != nil {
		t.Fatal(err)
	}
	s := newSite(t)
	text, err := os.ReadFile(s.config)
	if err != nil {
		t.Fatal(err)
	}
	head, tail, _ := strings.Cut(string(text), "    tables:\n")
	_, users, _ := strings.Cut(tail, "users:\n")
	head = strings.Replace(head, "{files: {persons: persons.csv}}", source, 1)
	text = []byte(head + `    tables:
      persons: {columns: {person_id: {key: true}, sex: {values: [f, m]}, age: {lower: 0, upper: 110}, income: {lower: 0, upper: 1000}}}
      calls: {unit: person_id -> persons.person_id, columns: {call_id: {key: true}, person_id: {}}}
      towns: {public: true}
      kinds: {public: true}
      aged: {view: "SELECT person_id, age AS years, age + 1 AS next FROM persons"}
users:
` + users)
	if err := os.WriteFile(s.config, text, 0o600); err != nil {
		t.Fatal(err)
	}
	_, address, _ := s.start(t)
	proxied, err := connect(t, address, "alice", "secret")
	if err != nil {
		t.Fatal(err)
	}
	for _, sql := range []string{
		"SELECT * FROM towns", "SELECT t.name AS n, t.hills, t.hills + 1, 1 FROM towns t", "SELECT q.n, m FROM (SELECT name AS n, 2 AS m FROM towns) q",
		"WITH w AS (SELECT town_id, lower(name) AS low FROM towns) SELECT * FROM w", "SELECT name FROM towns UNION ALL SELECT name FROM towns",
		"SELECT u.name FROM (SELECT name FROM towns UNION SELECT name FROM towns) u", "SELECT a.name, b.name FROM towns a LEFT JOIN towns b ON a.town_id = b.town_id",
		"SELECT name, town_id FROM towns a JOIN towns b USING (town_id, name)", "SELECT name, count(*) FROM towns GROUP BY name",
		"SELECT * FROM persons LIMIT 0", "SELECT * FROM persons WHERE 1 = 0", "SELECT * FROM (SELECT age, sex || 'x' AS s FROM persons) q WHERE 1 <> 1",
		"SELECT sex, count(*) FROM persons GROUP BY sex", "SELECT q.sex, q.n FROM (SELECT sex, count(*) AS n FROM persons GROUP BY sex) q",
		"SELECT count(*) AS n, sum(age) FROM persons LIMIT 0", "SELECT * FROM aged LIMIT 0", "SELECT years FROM aged WHERE false",
		"VALUES (1, 'a')", "SELECT (SELECT name FROM towns LIMIT 1) FROM towns",
	} {
		want, got := columnsOf(t, direct, sql), columnsOf(t, proxied, sql)
		if got != want {
			t.Errorf("%s:\n%s\nPostgreSQL says:\n%s", sql, got, want)
		}
	}
	for _, sql := range sameCatalogs {
		want, got := rowsOf(t, direct, sql), rowsOf(t, proxied, sql)
		if got != want {
			t.Errorf("%s:\n%s\nPostgreSQL says:\n%s", sql, got, want)
		}
	}
	if got := columnsOf(t, proxied, "SELECT account FROM dp.budget"); !strings.HasPrefix(got, "account of dp.budget.account") {
		t.Errorf("dp.budget: %s", got)
	}
}

// sameCatalogs ask the catalogs what must be the same of the same tables.
var sameCatalogs = []string{
	`SELECT c.relname, attname, atttypid, attlen, attnum, atttypmod, attnotnull, attbyval, attalign, attstorage, attcollation, format_type(atttypid, atttypmod)
		FROM pg_attribute a JOIN pg_class c ON c.oid = attrelid WHERE relnamespace = 'public'::regnamespace AND relname <> 'aged' AND relkind = 'r' AND attnum > 0 ORDER BY 1, attnum`,
	`SELECT table_name, column_name, ordinal_position, is_nullable, data_type, udt_schema, udt_name, character_maximum_length, character_octet_length,
		numeric_precision, numeric_precision_radix, numeric_scale, datetime_precision, interval_type, is_identity, is_generated
		FROM information_schema.columns WHERE table_schema = 'public' AND table_name <> 'aged' AND column_name NOT IN ('k24', 'k25', 'k26', 'k27', 'k28', 'k29') ORDER BY 1, 3`,
	`SELECT conname, contype, conrelid::regclass::text, confrelid::regclass::text, conkey::text, confkey::text, confupdtype, confdeltype, confmatchtype, conindid::regclass::text,
		pg_get_constraintdef(oid) FROM pg_constraint WHERE connamespace = 'public'::regnamespace ORDER BY 1`,
	`SELECT d.classid::regclass::text, coalesce(c.relname, k.conname, t.typname) AS object, d.refclassid::regclass::text, d.refobjsubid, d.deptype
		FROM pg_depend d LEFT JOIN pg_class c ON d.classid = 1259 AND c.oid = d.objid LEFT JOIN pg_constraint k ON d.classid = 2606 AND k.oid = d.objid
		LEFT JOIN pg_type t ON d.classid = 1247 AND t.oid = d.objid
		WHERE coalesce(c.relname, k.conname, t.typname) IN ('persons', '_persons', 'calls', 'persons_pkey', 'calls_pkey', 'calls_person_id_fkey') ORDER BY 1, 2, 3, 4, 5`,
	`SELECT pg_encoding_to_char(n), pg_char_to_encoding(pg_encoding_to_char(n)) FROM generate_series(0, 41) n ORDER BY n`,
	`SELECT name, boot_val, reset_val, source, sourcefile, sourceline FROM pg_settings WHERE name IN ('extra_float_digits', 'statement_timeout') ORDER BY 1`,
	`SELECT (datid <> 0)::text, datname = current_database(), (usesysid <> 0)::text, backend_type FROM pg_stat_activity WHERE pid = pg_backend_pid()`,
}

func rowsOf(t *testing.T, conn *pgx.Conn, sql string) string {
	t.Helper()
	results, err := conn.PgConn().Exec(t.Context(), sql).ReadAll()
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	var out strings.Builder
	for _, row := range results[0].Rows {
		for _, cell := range row {
			if cell == nil {
				out.WriteString("NULL | ")
				continue
			}
			out.WriteString(string(cell) + " | ")
		}
		out.WriteString("\n")
	}
	return out.String()
}

// columnsOf prefers the catalogs' names to their numbers, which two servers need not share.
func columnsOf(t *testing.T, conn *pgx.Conn, sql string) string {
	t.Helper()
	var simple []pgconn.FieldDescription
	results := conn.PgConn().Exec(t.Context(), sql)
	for results.NextResult() {
		reader := results.ResultReader()
		simple = slices.Clone(reader.FieldDescriptions())
		if _, err := reader.Close(); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
	}
	if err := results.Close(); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	st, err := conn.PgConn().Prepare(t.Context(), "", sql, nil)
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	var out strings.Builder
	for i, f := range st.Fields {
		if f != simple[i] {
			t.Errorf("%s: column %d is %v when described, %v when asked", sql, i+1, f, simple[i])
		}
		name := "nothing"
		if f.TableOID != 0 {
			err := conn.QueryRow(t.Context(), `SELECT n.nspname || '.' || c.relname || '.' || a.attname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
				JOIN pg_attribute a ON a.attrelid = c.oid WHERE c.oid = $1 AND a.attnum = $2`, f.TableOID, int16(f.TableAttributeNumber)).Scan(&name)
			if err != nil {
				t.Fatalf("%s: the catalogs have no column %d of %d: %v", sql, f.TableAttributeNumber, f.TableOID, err)
			}
		}
		fmt.Fprintf(&out, "%s of %s, type %d %d %d\n", f.Name, name, f.DataTypeOID, f.DataTypeSize, f.TypeModifier)
	}
	return out.String()
}
