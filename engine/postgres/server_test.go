package postgres

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/engine"
	"github.com/dpproxy/dpproxy/engine/enginetest"
	"github.com/dpproxy/dpproxy/internal/testservers"
)

// ask runs queries without parameters or keys, each with one number, and returns the numbers.
func ask(t testing.TB, e *Engine, queries ...string) ([]string, error) {
	t.Helper()
	var asked []engine.Query
	for _, sql := range queries {
		asked = append(asked, engine.Query{SQL: sql, Width: 1})
	}
	exact, err := e.Run(t.Context(), asked)
	if err != nil {
		return nil, err
	}
	var numbers []string
	for _, x := range exact {
		numbers = append(numbers, enginetest.Values(x)[0][0])
	}
	return numbers, nil
}

// waitFor asks until the query's answer is true.
func waitFor(t testing.TB, conn *pgx.Conn, sql string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		var ok bool
		if err := conn.QueryRow(ctx, sql).Scan(&ok); err != nil {
			t.Fatal(err)
		}
		if ok {
			return
		}
		<-tick.C
	}
}

// TestOneSnapshot lets another session write between two queries of one Run: the second waits for a lock meanwhile.
func TestOneSnapshot(t *testing.T) {
	url := testservers.Postgres(t)
	execute(t, url, "CREATE TABLE t AS SELECT 1 AS x")
	e, writer := open(t, url, Options{}), connect(t, url)
	if _, err := writer.Exec(t.Context(), "SELECT pg_advisory_lock(1)"); err != nil {
		t.Fatal(err)
	}
	const count, wait = "SELECT count(*) FROM public.t", "SELECT 0 FROM (SELECT pg_advisory_xact_lock_shared(1)) q"
	type answer struct {
		numbers []string
		err     error
	}
	answers := make(chan answer)
	go func() {
		numbers, err := ask(t, e, count, wait, count)
		answers <- answer{numbers, err}
	}()
	waitFor(t, writer, "SELECT EXISTS (SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted)")
	for _, sql := range []string{"INSERT INTO t VALUES (2)", "SELECT pg_advisory_unlock(1)"} {
		if _, err := writer.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	got := <-answers
	if got.err != nil || strings.Join(got.numbers, " ") != "1 0 1" {
		t.Errorf("Run saw %v, %v; want one snapshot", got.numbers, got.err)
	}
	if after, err := ask(t, e, count); err != nil || after[0] != "2" {
		t.Errorf("the next Run sees %v, %v; want 2", after, err)
	}
}

// TestServerThatIsDown: nothing was asked, so nothing need be charged.
func TestServerThatIsDown(t *testing.T) {
	t.Parallel()
	s := testservers.PostgresServer(t)
	e := open(t, s.URL(), Options{MaxConns: 4})
	if got, err := ask(t, e, "SELECT 1"); err != nil || got[0] != "1" {
		t.Fatal(got, err)
	}
	s.Stop()
	if _, err := ask(t, e, "SELECT 1"); !errors.Is(err, engine.ErrUnavailable) {
		t.Errorf("Run: error is %v", err)
	}
	if _, err := e.Finish(t.Context(), "SELECT 1", nil, []catalog.Type{catalog.Of(catalog.Int4)}); !errors.Is(err, engine.ErrUnavailable) {
		t.Errorf("Finish: error is %v", err)
	}
	if err := e.Ping(t.Context()); !errors.Is(err, engine.ErrUnavailable) {
		t.Errorf("Ping: error is %v", err)
	}
	if err := s.Start(); err != nil {
		t.Fatal(err)
	}
	if got, err := ask(t, e, "SELECT 2"); err != nil || got[0] != "2" {
		t.Errorf("after the start: %v, %v", got, err)
	}
}

// TestServerThatRestarted: the pool's connections were closed by the server, which says so before it runs anything.
func TestServerThatRestarted(t *testing.T) {
	t.Parallel()
	s := testservers.PostgresServer(t)
	e := open(t, s.URL(), Options{MaxConns: 4})
	if _, err := ask(t, e, "SELECT 1"); err != nil {
		t.Fatal(err)
	}
	s.Stop()
	if err := s.Start(); err != nil {
		t.Fatal(err)
	}
	if got, err := ask(t, e, "SELECT 2"); err != nil || got[0] != "2" {
		t.Errorf("after a restart: %v, %v", got, err)
	}
}

// TestServerThatEndsDuringAQuery: the source was asked, whatever came of it.
func TestServerThatEndsDuringAQuery(t *testing.T) {
	for name, end := range map[string]func(*testservers.Server){
		"stop": (*testservers.Server).Stop, "crash": (*testservers.Server).Crash,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := testservers.PostgresServer(t)
			e, watcher := open(t, s.URL(), Options{}), connect(t, s.URL())
			failed := make(chan error)
			go func() {
				_, err := ask(t, e, "SELECT 1 FROM (SELECT pg_sleep(600)) q")
				failed <- err
			}()
			waitFor(t, watcher, "SELECT EXISTS (SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep')")
			end(s)
			if err := <-failed; err == nil || errors.Is(err, engine.ErrUnavailable) {
				t.Errorf("error is %v, which would not be charged", err)
			}
		})
	}
}

func TestOpenRefusesWhatIsNoURL(t *testing.T) {
	_, err := Open(t.Context(), "postgres://user:secret@host:port/database", Options{})
	if err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("error is %v", err)
	}
	e := open(t, "postgres://user:secret@127.0.0.1:1/database?connect_timeout=5", Options{})
	if err := e.Ping(t.Context()); !errors.Is(err, engine.ErrUnavailable) || strings.Contains(err.Error(), "secret") {
		t.Errorf("error is %v", err)
	}
}

// TestSettings reads back what sessions run with.
func TestSettings(t *testing.T) {
	url := testservers.Postgres(t)
	execute(t, url, "CREATE FUNCTION public.lower(text) RETURNS text LANGUAGE sql AS $$ SELECT 'shadowed' $$",
		"ALTER DATABASE "+strings.TrimPrefix(databaseOf(url), "/")+" SET search_path = public, pg_catalog")
	direct := open(t, url, Options{StatementTimeout: 90 * time.Second})
	pooled := open(t, refuseParameters(t, url), Options{StatementTimeout: 90 * time.Second, Statements: -1})
	for name, e := range map[string]*Engine{"start-up": direct, "each transaction": pooled} {
		t.Run(name, func(t *testing.T) {
			for setting, want := range map[string]string{
				"search_path": "pg_catalog, pg_temp", "TimeZone": "UTC", "DateStyle": "ISO, MDY", "bytea_output": "hex",
				"transaction_read_only": "on", "statement_timeout": "90s", "jit": "off", "application_name": "dpproxy",
			} {
				rows, err := e.query(t.Context(), "SELECT current_setting('"+setting+"'), lower('NOT')")
				if err != nil {
					t.Fatal(err)
				}
				if rows[0][0].Text != want || rows[0][1].Text != "not" {
					t.Errorf("%s is %q, want %q; lower is %q", setting, rows[0][0].Text, want, rows[0][1].Text)
				}
			}
			if got, err := ask(t, e, "SELECT CASE WHEN current_setting('transaction_isolation') = 'repeatable read' THEN 1 ELSE 0 END"); err != nil || got[0] != "1" {
				t.Errorf("isolation: %v, %v", got, err)
			}
		})
	}
}

func databaseOf(url string) string {
	config, err := pgx.ParseConfig(url)
	if err != nil {
		return ""
	}
	return config.Database
}

// refuseParameters puts a relay in front of a server that refuses start-up parameters as PgBouncer does. It returns the
// relay's URL.
func refuseParameters(t *testing.T, url string) string {
	t.Helper()
	config, err := pgx.ParseConfig(url)
	if err != nil {
		t.Fatal(err)
	}
	server := net.JoinHostPort(config.Host, "0")
	server = server[:len(server)-1] + strings.TrimPrefix(strings.SplitN(url[strings.LastIndex(url, "@"):], "/", 2)[0], "@"+config.Host+":")
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			go relay(client, server)
		}
	}()
	return strings.Replace(url, server, listener.Addr().String(), 1)
}

func relay(client net.Conn, server string) {
	defer client.Close()
	front := pgproto3.NewBackend(client, client)
	first, err := front.ReceiveStartupMessage()
	if err != nil {
		return
	}
	if startup, ok := first.(*pgproto3.StartupMessage); ok {
		for name := range startup.Parameters {
			if name != "user" && name != "database" && name != "application_name" {
				front.Send(&pgproto3.ErrorResponse{Severity: "FATAL", Code: "08P01", Message: "unsupported startup parameter: " + name})
				_ = front.Flush()
				return
			}
		}
	}
	back, err := net.Dial("tcp", server)
	if err != nil {
		return
	}
	defer back.Close()
	encoded, err := first.Encode(nil)
	if err != nil {
		return
	}
	if _, err := back.Write(encoded); err != nil {
		return
	}
	go func() {
		_, _ = io.Copy(back, client)
		_ = back.Close()
	}()
	_, _ = io.Copy(client, back)
}

// TestPreparedStatementsAreBounded runs more texts than a connection may keep.
func TestPreparedStatementsAreBounded(t *testing.T) {
	url := testservers.Postgres(t)
	for keep, most := range map[int]string{3: "3", -1: "0"} {
		e := open(t, url, Options{MaxConns: 1, Statements: keep})
		for range 2 {
			for i := range 10 {
				n := string(rune('0' + i))
				if got, err := ask(t, e, "SELECT "+n, "SELECT "+n+" + 10"); err != nil || got[0] != n || got[1] != "1"+n {
					t.Fatal(got, err)
				}
			}
		}
		rows, err := e.query(t.Context(), "SELECT count(*) <= "+most+", count(*) FROM pg_prepared_statements")
		if err != nil || rows[0][0].Text != "t" {
			t.Errorf("connection keeps %v statements, %v; want at most %s", rows, err, most)
		}
	}
}
