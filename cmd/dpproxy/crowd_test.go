package main

import (
	"context"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/jackc/pgx/v5"
)

// Ten thousand connections that begin and say no more, some of them in the middle of a packet, do not keep anybody out.
func TestTenThousandHalfOpenConnections(t *testing.T) {
	const most = 10_000
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	limit.Cur = limit.Max
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	n := min(most, int(limit.Max)-1000) // a machine that allows fewer open files tests fewer
	s := newSite(t)
	c := s.child(t)
	served := func(when string) {
		t.Helper()
		start := time.Now()
		conn, err := connect(t, c.address, "alice", "secret")
		if err != nil {
			t.Fatalf("%s: %v\n%s", when, err, c.log)
		}
		var one int
		if err := conn.QueryRow(t.Context(), "SELECT 1").Scan(&one); err != nil {
			t.Fatalf("%s: %v", when, err)
		}
		if took := time.Since(start); took > 10*time.Second {
			t.Errorf("%s it took %v to be served", when, took)
		}
		conn.Close(context.Background())
	}
	starts := []string{"", "\x00", "\x00\x00\x00\x08", "\x00\x00\x00\x64\x00\x03\x00\x00user", "\x00\x00\x00\x08\x04\xd2\x16\x2f",
		"\x00\x00\x00\x23\x00\x03\x00\x00user\x00alice\x00database\x00census\x00\x00"}
	for i := range n {
		// From several addresses of this machine, of which the client's is one.
		d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, byte(1+i%4))}}
		conn, err := d.DialContext(t.Context(), "tcp", c.address)
		if err != nil {
			t.Fatalf("connection %d: %v", i, err)
		}
		defer conn.Close()
		_, _ = conn.Write([]byte(starts[i%len(starts)])) // it may be closed already, to make room
		if i%(n/4) == n/8 {
			served(fmt.Sprintf("after %d connections", i))
		}
	}
	served("after all connections")
	if !c.alive() || strings.Contains(c.log.String(), "panic") {
		t.Errorf("the process says\n%s", c.log)
	}
}

func TestSessionsOfOneUser(t *testing.T) {
	s := newSite(t)
	s.append(t, "max_user_connections: 2\n")
	_, address, _ := s.start(t)
	var open []*pgx.Conn
	for range 2 {
		conn, err := connect(t, address, "alice", "secret")
		if err != nil {
			t.Fatal(err)
		}
		open = append(open, conn)
	}
	if _, err := connect(t, address, "alice", "secret"); sqlState(err) != "53300" {
		t.Errorf("a third session gave %v", err)
	}
	open[0].Close(t.Context())
	for { // until the server has seen that the client has gone
		conn, err := connect(t, address, "alice", "secret")
		if err == nil {
			conn.Close(t.Context())
			break
		}
		if sqlState(err) != "53300" {
			t.Fatal(err)
		}
	}
}

// query_wait_timeout: whoever waits too long for the source is told so, and pays nothing.
func TestQueryWaitTimeout(t *testing.T) {
	s := newSite(t)
	s.append(t, "query_wait_timeout: 300ms\nmax_db_connections: 1\n")
	_, address, _ := s.start(t)
	first, err := connect(t, address, "alice", "secret")
	if err != nil {
		t.Fatal(err)
	}
	// A stream of public rows holds the only connection while nobody reads it.
	reader := first.PgConn().Exec(t.Context(), "SELECT repeat('x', 1000) FROM generate_series(1, 1000000)")
	if !reader.NextResult() || !reader.ResultReader().NextRow() {
		t.Fatal(reader.Close())
	}
	second, err := connect(t, address, "alice", "secret")
	if err != nil {
		t.Fatal(err)
	}
	for _, sql := range []string{"SELECT count(*) FROM persons", "SELECT g FROM generate_series(1, 2) g"} {
		if _, err := second.PgConn().Exec(t.Context(), sql).ReadAll(); sqlState(err) != "58000" || !strings.Contains(err.Error(), "was free in time") {
			t.Errorf("%s gave %v", sql, err)
		}
	}
	_ = first.PgConn().Conn().Close()
	if out := s.owner(t, 0, "budget", "list", "--output", "json"); strings.Contains(out, `"queries": 1`) {
		t.Errorf("a query that was never asked was charged:\n%s", out)
	}
}
