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
      towns: {public: true}
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
	if got := columnsOf(t, proxied, "SELECT account FROM dp.budget"); !strings.HasPrefix(got, "account of dp.budget.account") {
		t.Errorf("dp.budget: %s", got)
	}
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
