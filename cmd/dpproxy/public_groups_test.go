package main

import (
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// TestPublicGroupsAreFree: groups that are shown whatever the rows are cost nothing; a count beside them costs what it costs alone.
func TestPublicGroupsAreFree(t *testing.T) {
	_, address, _ := newSite(t).start(t)
	config, err := pgx.ParseConfig("postgres://alice:secret@" + address + "/census?sslmode=disable")
	if err != nil {
		t.Fatal(err)
	}
	heard := ""
	config.OnNotice = func(_ *pgconn.PgConn, n *pgconn.Notice) { heard = n.Message }
	conn, err := pgx.ConnectConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	ask := func(sql string) (rows int) {
		t.Helper()
		found, err := conn.Query(t.Context(), sql)
		if err != nil {
			t.Fatal(err)
		}
		for found.Next() {
			rows++
		}
		if found.Err() != nil {
			t.Fatalf("%s: %v", sql, found.Err())
		}
		return rows
	}
	spent := func() (epsilon string) {
		t.Helper()
		if err := conn.QueryRow(t.Context(), "SELECT epsilon_spent::text FROM dp.budget WHERE analyst = 'alice'").Scan(&epsilon); err != nil {
			t.Fatal(err)
		}
		return epsilon
	}
	none := spent()
	for _, sql := range []string{"SELECT DISTINCT sex FROM persons", "SELECT sex FROM persons WHERE age > 30 GROUP BY sex",
		"SELECT x.sex FROM (SELECT DISTINCT sex FROM persons) x"} {
		if rows := ask(sql); rows != 2 || heard != "spent nothing: this answer is the same whatever the private rows are" {
			t.Errorf("%s: %d rows, %q", sql, rows, heard)
		}
	}
	if after := spent(); after != none {
		t.Errorf("ε = %s was spent, and %s before", after, none)
	}
	if rows := ask("SELECT s.sex, n.n FROM (SELECT DISTINCT sex FROM persons) s, (SELECT count(*) AS n FROM persons) n"); rows != 2 {
		t.Errorf("%d rows", rows)
	}
	once := spent()
	ask("SELECT s.sex, n.n FROM (SELECT DISTINCT sex FROM persons) s, (SELECT count(*) AS n FROM persons) n")
	ask("SELECT count(*) FROM persons")
	if after := spent(); once == none || after != once {
		t.Errorf("ε = %s was spent, then %s", once, after)
	}
}
