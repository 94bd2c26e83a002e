package main

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// TestSessions: a user sees his own sessions, cancels what they run, and ends them; those of others are not there.
func TestSessions(t *testing.T) {
	s := newSite(t)
	_, address, _ := s.start(t)
	one, err := connect(t, address, "alice", "secret")
	if err != nil {
		t.Fatal(err)
	}
	two, err := connect(t, address, "alice", "secret")
	if err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	ask := func(sql string, args ...any) string {
		t.Helper()
		var v any
		if err := one.QueryRow(ctx, sql, args...).Scan(&v); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
		return fmt.Sprint(v)
	}
	if got := ask("SELECT count(*)::text FROM pg_stat_activity WHERE usename = current_user AND datname = 'census'"); got != "2" {
		t.Errorf("%s sessions, want 2", got)
	}
	if got := ask("SELECT query FROM pg_stat_activity WHERE pid = pg_backend_pid()"); got != "SELECT query FROM pg_stat_activity WHERE pid = pg_backend_pid()" {
		t.Errorf("own query is %q", got)
	}
	if got := ask("SELECT name || ' ' || setting FROM pg_settings WHERE name = 'dp.epsilon'"); got != "dp.epsilon 1" {
		t.Errorf("pg_settings has %q", got)
	}
	if got := ask("SELECT count(*)::text FROM pg_prepared_statements WHERE NOT from_sql"); got == "0" {
		t.Error("no prepared statement is shown")
	}

	// Sleeping until it is cancelled. The cancel is sent until it hits, since a session that is not yet at it has nothing
	// to cancel.
	slept := make(chan error, 1)
	go func() {
		_, err := two.Exec(context.Background(), "SELECT pg_sleep(600)")
		slept <- err
	}()
	cancelled := func() error {
		for {
			if got := ask("SELECT pg_cancel_backend($1)", two.PgConn().PID()); got != "true" {
				t.Fatalf("pg_cancel_backend says %s", got)
			}
			select {
			case err := <-slept:
				return err
			case <-time.After(10 * time.Millisecond):
			}
		}
	}()
	if sqlState(cancelled) != "57014" {
		t.Errorf("the sleeping query ended with %v", cancelled)
	}
	if got := ask("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid = $1", two.PgConn().PID()); got != "true" {
		t.Fatalf("pg_terminate_backend says %s", got)
	}
	if _, err := two.Exec(ctx, "SELECT 1"); err == nil {
		t.Error("a session that was ended answers")
	}
	if got := ask("SELECT pg_terminate_backend(1)"); got != "false" {
		t.Errorf("no such session: %s", got)
	}
	if _, err := one.Exec(ctx, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity ORDER BY 1"); sqlState(err) != "0A000" {
		t.Errorf("ordered by what is done: %v", err)
	}
}

// TestArrays: lists of constants as drivers write them come back as arrays, in text and binary.
func TestArrays(t *testing.T) {
	s := newSite(t)
	_, address, _ := s.start(t)
	c, err := connect(t, address, "alice", "secret")
	if err != nil {
		t.Fatal(err)
	}
	var numbers []*int32
	var words []string
	err = c.QueryRow(t.Context(), `SELECT ARRAY[1, 2, NULL], ARRAY['x', 'y "z', 'null', '']::varchar[]`).Scan(&numbers, &words)
	if err != nil || len(numbers) != 3 || *numbers[1] != 2 || numbers[2] != nil || strings.Join(words, "|") != `x|y "z|null|` {
		t.Errorf("%v %q, %v", numbers, words, err)
	}
	for sql, code := range map[string]string{"SELECT ARRAY[]": "0A000", "SELECT ARRAY[1, 'x']": "22P02", "SELECT ARRAY[age] FROM persons": "0A000",
		"SELECT ARRAY[ARRAY[1]]": "0A000"} {
		if _, err := c.Exec(t.Context(), sql); sqlState(err) != code {
			t.Errorf("%s: %v, want %s", sql, err, code)
		}
	}
}

// TestSessionsOfOthers: another user's session is neither seen nor ended.
func TestSessionsOfOthers(t *testing.T) {
	s := newSite(t)
	s.addUser(t, "bob")
	_, address, _ := s.start(t)
	var conns []*pgx.Conn
	for _, user := range []string{"alice", "bob"} {
		c, err := connect(t, address, user, "secret")
		if err != nil {
			t.Fatal(err)
		}
		conns = append(conns, c)
	}
	var n int
	var ended bool
	if err := conns[1].QueryRow(t.Context(), "SELECT count(*) FROM pg_stat_activity").Scan(&n); err != nil || n != 1 {
		t.Errorf("bob sees %d sessions, %v", n, err)
	}
	if err := conns[1].QueryRow(t.Context(), "SELECT pg_terminate_backend($1)", conns[0].PgConn().PID()).Scan(&ended); err != nil || ended {
		t.Errorf("bob ends alice's session: %t, %v", ended, err)
	}
	if err := conns[0].Ping(t.Context()); err != nil {
		t.Errorf("alice's session ended: %v", err)
	}
}
