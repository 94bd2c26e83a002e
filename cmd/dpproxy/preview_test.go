package main

import (
	"os"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// TestPreview: statements that look at rows get generated ones, marked and free; statistics are never made up.
func TestPreview(t *testing.T) {
	s := newSite(t)
	text, err := os.ReadFile(s.config)
	if err != nil {
		t.Fatal(err)
	}
	on := strings.Replace(string(text), "    tables:\n", "    preview: synthetic\n    tables:\n      grown: {view: \"SELECT person_id, age FROM persons WHERE age > 40\"}\n", 1)
	if err := os.WriteFile(s.config, []byte(on), 0o600); err != nil {
		t.Fatal(err)
	}
	_, address, _ := s.start(t)
	config, err := pgx.ParseConfig("postgres://alice:secret@" + address + "/census?sslmode=disable")
	if err != nil {
		t.Fatal(err)
	}
	var heard []string
	config.OnNotice = func(_ *pgconn.PgConn, n *pgconn.Notice) { heard = append(heard, n.Severity+" "+n.Message) }
	conn, err := pgx.ConnectConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())

	for sql, least := range map[string]int{
		"SELECT * FROM persons LIMIT 100": 100, "TABLE persons": 100,
		"SELECT min(age), max(age) FROM persons": 1, "SELECT * FROM (SELECT * FROM persons) q WHERE sex = 'f' LIMIT 7": 7,
		"SELECT * FROM persons ORDER BY person_id OFFSET 3 LIMIT 2":                                                    2,
		"SELECT p.age FROM persons p JOIN persons q USING (person_id) LIMIT 3":                                         3,
		"SELECT * FROM grown WHERE age > 40 LIMIT 5":                                                                   5, // a view
		"SELECT * FROM ONLY persons LIMIT 2":                                                                           2,
		"SELECT * FROM (SELECT row_number() OVER (ORDER BY person_id) AS n, * FROM persons) t WHERE n BETWEEN 3 AND 4": 2,
	} {
		heard = nil
		rows, err := conn.Query(t.Context(), sql)
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for rows.Next() {
			n++
		}
		if rows.Err() != nil || n < least || len(heard) != 1 || !strings.HasPrefix(heard[0], "NOTICE these rows are generated") {
			t.Errorf("%s: %d rows, %v, notices %q", sql, n, rows.Err(), heard)
		}
	}
	var out strings.Builder
	heard = nil
	if tag, err := conn.PgConn().CopyTo(t.Context(), &out, "COPY persons (age) TO STDOUT"); err != nil || tag.RowsAffected() < 100 || len(heard) != 1 {
		t.Errorf("COPY: %v, %v, %q", tag, err, heard)
	}
	for _, sql := range []string{
		"SELECT corr(age, age) FROM persons", "SELECT sum(age), min(age) FROM persons", "SELECT sex, max(age) FROM persons GROUP BY sex",
		"SELECT count(*), min(age) FROM persons", "SELECT DISTINCT sum(age) OVER () FROM persons", "SELECT count(*) FILTER (WHERE random() < 1) FROM persons",
		"SELECT * FROM persons WHERE age > (SELECT avg(age) FROM persons)", "SELECT max(age) FILTER (WHERE sex = 'f') FROM persons",
		"SELECT median(age) FROM persons", "SELECT nothing FROM persons", "SELECT * FROM persons, dp.budget", "SELECT * FROM persons, pg_class",
		"SELECT * FROM persons, dp.estimate('SELECT 1')",
	} {
		heard = nil
		if _, err := conn.Exec(t.Context(), sql); err == nil || len(heard) > 0 {
			t.Errorf("%s: %v, %q", sql, err, heard)
		}
	}
	var spent string
	if err := conn.QueryRow(t.Context(), "SELECT epsilon_spent::text FROM dp.budget WHERE account = 'analyst'").Scan(&spent); err != nil || spent != "0" {
		t.Errorf("spent %q, %v", spent, err)
	}
	var count int
	if err := conn.QueryRow(t.Context(), "SELECT count(*) FROM persons").Scan(&count); err != nil || count < 300 {
		t.Errorf("%d persons, %v: the count is not of the real rows", count, err)
	}
	var first, again int
	for _, to := range []*int{&first, &again} {
		if err := conn.QueryRow(t.Context(), "SELECT age FROM persons ORDER BY person_id LIMIT 1").Scan(to); err != nil {
			t.Fatal(err)
		}
	}
	if first != again {
		t.Errorf("generated rows change: %d, %d", first, again)
	}
}

// TestNoPreview: without the owner's word, such statements are refused, with a hint.
func TestNoPreview(t *testing.T) {
	s := newSite(t)
	_, address, _ := s.start(t)
	conn, err := connect(t, address, "alice", "secret")
	if err != nil {
		t.Fatal(err)
	}
	for _, sql := range []string{"SELECT * FROM persons LIMIT 100", "SELECT min(age), max(age) FROM persons"} {
		_, err := conn.Exec(t.Context(), sql)
		if e, ok := err.(*pgconn.PgError); !ok || e.Code != "42501" && e.Code != "0A000" || !strings.Contains(e.Hint, "preview: synthetic") {
			t.Errorf("%s: %v", sql, err)
		}
	}
	_, err = conn.Exec(t.Context(), "SELECT string_agg(sex, ',') FROM persons")
	if e, ok := err.(*pgconn.PgError); !ok || strings.Contains(e.Hint, "preview") {
		t.Errorf("a preview would not answer statistics: %v", err)
	}
}
