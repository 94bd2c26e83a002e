package main

import (
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// TestLobby: whoever knows no data set's name finds them in database postgres, which has nothing else.
func TestLobby(t *testing.T) {
	s := newSite(t)
	text, err := os.ReadFile(s.config)
	if err != nil {
		t.Fatal(err)
	}
	text = append(text, "  - name: nobody\n    password: "+s.verifier+"\n    datasets: {}\n"...)
	if err := os.WriteFile(s.config, text, 0o600); err != nil {
		t.Fatal(err)
	}
	_, address, _ := s.start(t)
	open := func(user, database string) (*pgx.Conn, error) {
		return pgx.Connect(t.Context(), "postgres://"+user+":secret@"+address+"/"+database+"?sslmode=disable")
	}
	conn, err := open("alice", "postgres")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	for sql, want := range map[string]string{
		"SELECT string_agg(datname, ' ' ORDER BY datname) FROM pg_database WHERE datallowconn AND NOT datistemplate": "census postgres",
		"SELECT current_database()": "postgres", "SELECT 'one'": "one",
		"SELECT count(*)::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname IN ('public', 'dp')": "0",
		"SELECT datname FROM pg_database WHERE datname = current_database()":                                                      "postgres",
	} {
		var got string
		if err := conn.QueryRow(t.Context(), sql).Scan(&got); err != nil || got != want {
			t.Errorf("%s: %q, %v", sql, got, err)
		}
	}
	for _, sql := range []string{"SELECT count(*) FROM persons", "SELECT * FROM persons LIMIT 0", "SELECT * FROM dp.budget", "SELECT generate_series FROM generate_series(1, 3)",
		"EXPLAIN SELECT 1", "SELECT dp.replay(1)"} {
		_, err := conn.Exec(t.Context(), sql)
		if e := (*pgconn.PgError)(nil); !errors.As(err, &e) || !strings.Contains(e.Hint, "census") {
			t.Errorf("%s: %v", sql, err)
		}
	}
	// A name that does not exist is told after the log-in alone, with those that do.
	for _, c := range [][3]string{{"alice", "alice", "census"}, {"nobody", "census", ""}, {"nobody", "postgres", ""}} {
		_, err := open(c[0], c[1])
		if e := (*pgconn.PgError)(nil); !errors.As(err, &e) || e.Code != "3D000" || strings.Contains(e.Hint, "census") != (c[2] != "") {
			t.Errorf("%s at %s: %v", c[0], c[1], err)
		}
	}
	_, err = pgx.Connect(t.Context(), "postgres://alice:wrong@"+address+"/alice?sslmode=disable")
	if e := (*pgconn.PgError)(nil); !errors.As(err, &e) || e.Code != "28P01" || e.Hint != "" {
		t.Errorf("a wrong password: %v", err)
	}
	// Metadata of census does not have it.
	other, err := open("alice", "census")
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close(t.Context())
	var n int
	if err := other.QueryRow(t.Context(), "SELECT count(*)::int FROM dp.datasets").Scan(&n); err != nil || n != 1 {
		t.Errorf("%d data sets, %v", n, err)
	}
}
