package proxy

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"
)

// waitFor polls a condition that another goroutine makes true; it is not a pause.
func waitFor(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); !ok(); runtime.Gosched() {
		if time.Now().After(end) {
			t.Fatalf("%s did not happen", what)
		}
	}
}

func TestPgx(t *testing.T) {
	srv := serveTest(t, newThroughBackend(t), nil)
	for _, mode := range []string{"cache_statement", "cache_describe", "describe_exec", "exec", "simple_protocol"} {
		t.Run(mode, func(t *testing.T) {
			conn, err := pgx.Connect(t.Context(), srv.url("&default_query_exec_mode="+mode))
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close(t.Context())
			at := time.Date(2020, 2, 29, 12, 0, 0, 0, time.UTC)
			for range 2 {
				var n int64
				var text string
				var when time.Time
				var list []int32
				err = conn.QueryRow(t.Context(), "SELECT $1::int8 + 1, $2::text, $3::timestamptz, $4::int4[]", int64(41), "it's", at, []int32{1, 2}).
					Scan(&n, &text, &when, &list)
				if err != nil || n != 42 || text != "it's" || !when.Equal(at) || len(list) != 2 {
					t.Fatalf("%d %q %v %v, %v", n, text, when, list, err)
				}
			}
			tx, err := conn.Begin(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			_, err = tx.Exec(t.Context(), "SELECT nothing")
			wantCode(t, err, "42703")
			_, err = tx.Exec(t.Context(), "SELECT 1")
			wantCode(t, err, "25P02")
			if err := tx.Rollback(t.Context()); err != nil {
				t.Fatal(err)
			}
			if err := conn.Ping(t.Context()); err != nil {
				t.Fatal(err)
			}
		})
	}
}

func TestPsql(t *testing.T) {
	srv := serveTest(t, newThroughBackend(t), withTLS(t, true))
	url := strings.Replace(srv.url(""), "sslmode=disable", "sslmode=require", 1)
	for _, c := range []struct{ in, want string }{
		{"SELECT 1 AS a, NULL AS b", "1|\n"}, {"\\set FETCH_COUNT 2\nSELECT i FROM (VALUES (1), (2), (3)) v(i)", "1\n2\n3\n"},
		{"COPY (SELECT 1, 'a,b') TO STDOUT CSV", "1,\"a,b\"\n"}, {"SELECT nothing", "ERROR:  42703"}, {"SELECT 1 \\bind \\g", "1\n"},
	} {
		if strings.Contains(c.in, "bind") {
			c.in = "PREPARE p AS SELECT $1::int4;\nEXECUTE p(1)"
			c.want = "PREPARE\n1\n"
		}
		cmd := exec.CommandContext(t.Context(), "psql", "-X", "-A", "-t", "-v", "VERBOSITY=sqlstate", url)
		cmd.Stdin = strings.NewReader(c.in + ";\n")
		out, _ := cmd.CombinedOutput()
		if !strings.Contains(string(out), c.want) {
			t.Errorf("%s\ngot %q\nwant %q", c.in, out, c.want)
		}
	}
}

// A pipeline of thousands whose client does not read before it has written everything.
func TestPipelineReadsWhileWriting(t *testing.T) {
	srv := serveTest(t, newThroughBackend(t), withTLS(t, false))
	for _, url := range []string{srv.url(""), strings.Replace(srv.url(""), "sslmode=disable", "sslmode=require", 1)} {
		client := hijack(t, url)
		const queries = 600
		long := strings.Repeat("x", 20_000)
		client.conn.SetDeadline(time.Now().Add(60 * time.Second))
		client.front.Send(&pgproto3.Parse{Name: "p", Query: "SELECT $1::text"})
		for range queries {
			client.front.Send(&pgproto3.Bind{PreparedStatement: "p", Parameters: [][]byte{[]byte(long)}})
			client.front.Send(&pgproto3.Execute{})
			client.front.Send(&pgproto3.Sync{})
		}
		if err := client.front.Flush(); err != nil { // 12 MB that come back as 12 MB
			t.Fatal(err)
		}
		ready, rows := 0, 0
		for ready < queries {
			m, err := client.front.Receive()
			if err != nil {
				t.Fatalf("after %d answers: %v", ready, err)
			}
			switch m := m.(type) {
			case *pgproto3.ReadyForQuery:
				ready++
			case *pgproto3.DataRow:
				rows++
			case *pgproto3.ErrorResponse:
				t.Fatal(m.Message)
			}
		}
		if rows != queries {
			t.Fatalf("%d rows for %d queries", rows, queries)
		}
	}
}

func TestSlowReaderIsSentAway(t *testing.T) {
	backend := newThroughBackend(t)
	backend.public.Store(true)
	srv := serveTest(t, backend, func(c *Config) { c.WriteTimeout = 300 * time.Millisecond })
	client := hijack(t, srv.url(""))
	client.front.Send(&pgproto3.Query{String: "SELECT repeat('x', 100000) FROM generate_series(1, 1000)"})
	if err := client.front.Flush(); err != nil {
		t.Fatal(err)
	}
	waitFor(t, "the end of a session whose client does not read", func() bool { return srv.Sessions() == 0 })
}

func TestPublicRowsStream(t *testing.T) {
	backend := newThroughBackend(t)
	backend.public.Store(true)
	srv := serveTest(t, backend, nil)
	conn, err := pgx.Connect(t.Context(), srv.url(""))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	rows, err := conn.Query(t.Context(), "SELECT i FROM generate_series(1, 200000) i")
	if err != nil {
		t.Fatal(err)
	}
	n, sum := 0, 0
	for rows.Next() {
		var i int
		if err := rows.Scan(&i); err != nil {
			t.Fatal(err)
		}
		n, sum = n+1, sum+i
	}
	if rows.Err() != nil || n != 200000 || sum != 200000*200001/2 {
		t.Fatalf("%d rows, sum %d, %v", n, sum, rows.Err())
	}
	// An error in the middle of a stream ends it, and the session goes on.
	_, err = conn.Exec(t.Context(), "SELECT 1000 / (500 - i) FROM generate_series(1, 1000) i")
	wantCode(t, err, "22012")
	if err := conn.Ping(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// However an answer is read, the backend is asked once.
func TestAnswersAreDrawnOnce(t *testing.T) {
	backend := newThroughBackend(t)
	srv := serveTest(t, backend, nil)
	client := hijack(t, srv.url(""))
	for _, c := range []struct {
		name  string
		lines []string
		want  int64
	}{
		{"a portal in pieces", []string{`Parse "" "SELECT i FROM (VALUES (1), (2), (3)) v(i)"`, `Describe S ""`, `Bind "" ""`, `Describe P ""`, `Execute "" 1`, `Execute "" 1`, `Execute ""`, `Execute ""`, "Sync"}, 1},
		{"only described", []string{`Parse "" "SELECT 1"`, `Describe S ""`, `Bind "" ""`, `Describe P ""`, "Sync"}, 0},
		{"a cursor, to and fro", []string{`Query "BEGIN; DECLARE c SCROLL CURSOR FOR SELECT 1; FETCH ALL FROM c; FETCH BACKWARD ALL FROM c; MOVE ALL IN c; FETCH LAST FROM c; COMMIT"`}, 1},
		{"a cursor that is never read", []string{`Query "BEGIN; DECLARE c CURSOR FOR SELECT 1; CLOSE c; COMMIT"`}, 0},
		{"a cursor with hold", []string{`Query "BEGIN; DECLARE c CURSOR WITH HOLD FOR SELECT 1; COMMIT; FETCH ALL FROM c; FETCH PRIOR FROM c; CLOSE c"`}, 1},
		{"copy", []string{`Query "COPY (SELECT 1) TO STDOUT"`}, 1},
		{"prepared, not executed", []string{`Query "PREPARE p AS SELECT 1"`}, 0},
		{"executed twice", []string{`Query "EXECUTE p; EXECUTE p"`}, 2},
	} {
		before := backend.answers.Load()
		if out := client.exchange(t, step{send: c.lines}); strings.Contains(out, "ErrorResponse") {
			t.Fatalf("%s: %s", c.name, out)
		}
		if got := backend.answers.Load() - before; got != c.want {
			t.Errorf("%s: the backend was asked %d times, want %d", c.name, got, c.want)
		}
	}
}

func TestCancel(t *testing.T) {
	for _, change := range []func(*Config){nil, withTLS(t, true)} {
		srv := serveTest(t, newThroughBackend(t), change)
		url := srv.url("")
		if change != nil {
			url = strings.Replace(url, "sslmode=disable", "sslmode=require", 1)
		}
		for _, version := range []string{"3.0", "3.2"} {
			conn := connect(t, url+"&max_protocol_version="+version)
			failed := make(chan error, 1)
			before := srv.backend.answers.Load()
			go func() {
				_, err := conn.Exec(context.Background(), "SELECT pg_sleep(60)").ReadAll()
				failed <- err
			}()
			waitFor(t, "the query's start", func() bool { return srv.backend.answers.Load() > before })
			if err := conn.CancelRequest(t.Context()); err != nil {
				t.Fatal(err)
			}
			wantCode(t, <-failed, "57014")
			// A cancel that comes when nothing runs does not hit the next query.
			if err := conn.CancelRequest(t.Context()); err != nil {
				t.Fatal(err)
			}
			if _, err := conn.Exec(t.Context(), "SELECT 1").ReadAll(); err != nil {
				t.Fatalf("the query after the cancel: %v", err)
			}
		}
	}
}

// A cancel that comes while a message is planned waits for its query; one that comes when all is served hits nothing.
func TestCancelBeforeTheQuery(t *testing.T) {
	var r running
	query := func() error {
		ctx, cancel := context.WithCancelCause(t.Context())
		defer cancel(nil)
		defer r.begin(cancel)()
		return context.Cause(ctx)
	}
	r.stop(errCanceled)
	r.work()
	if err := query(); err != nil {
		t.Errorf("cancelled while nothing had come: %v", err)
	}
	r.stop(errCanceled)
	if err := query(); err != errCanceled {
		t.Errorf("cancelled before the query began: %v", err)
	}
	if err := query(); err != nil {
		t.Errorf("one cancel ended two queries: %v", err)
	}
	r.stop(errCanceled)
	r.rest()
	r.work()
	if err := query(); err != nil {
		t.Errorf("cancelled after all was served: %v", err)
	}
}

func TestCancelNeedsTheKey(t *testing.T) {
	srv := serveTest(t, newThroughBackend(t), nil)
	conn := connect(t, srv.url(""))
	failed := make(chan error, 1)
	go func() {
		_, err := conn.Exec(context.Background(), "SELECT pg_sleep(60)").ReadAll()
		failed <- err
	}()
	waitFor(t, "the query's start", func() bool { return srv.backend.answers.Load() > 0 })
	pid := binary.BigEndian.AppendUint32(nil, conn.PID())
	for _, key := range [][]byte{{0, 0, 0, 0}, make([]byte, 32), append(conn.SecretKey(), 0), make([]byte, 300), nil} {
		c := dial(t, srv.addr)
		body := append(append(binary.BigEndian.AppendUint32(nil, cancelCode), pid...), key...)
		if _, err := c.Write(append(binary.BigEndian.AppendUint32(nil, uint32(len(body)+4)), body...)); err != nil {
			t.Fatal(err)
		}
		if rest, err := io.ReadAll(c); err != nil || len(rest) > 0 {
			t.Fatalf("a cancel request was answered %q, %v", rest, err)
		}
	}
	select {
	case err := <-failed:
		t.Fatalf("a wrong key ended the query: %v", err)
	default:
	}
	if err := conn.CancelRequest(t.Context()); err != nil {
		t.Fatal(err)
	}
	wantCode(t, <-failed, "57014")
}

func TestStatementTimeout(t *testing.T) {
	srv := serveTest(t, newThroughBackend(t), func(c *Config) { c.QueryTimeout = time.Minute })
	conn := connect(t, srv.url("&statement_timeout=100"))
	_, err := conn.Exec(t.Context(), "SELECT pg_sleep(60)").ReadAll()
	wantCode(t, err, "57014")
	if !strings.Contains(err.Error(), "statement timeout") {
		t.Fatal(err)
	}
}

func TestPanicEndsOneSession(t *testing.T) {
	srv := serveTest(t, newThroughBackend(t), nil)
	other, conn := connect(t, srv.url("")), connect(t, srv.url(""))
	srv.backend.explode.Store(true)
	_, err := conn.Exec(t.Context(), "SELECT 1").ReadAll()
	wantCode(t, err, "XX000")
	if strings.Contains(err.Error(), "defect") {
		t.Fatalf("the panic's text reached the client: %v", err)
	}
	if _, err := other.Exec(t.Context(), "SELECT 1").ReadAll(); err != nil {
		t.Fatalf("another session: %v", err)
	}
}

func TestBadMessages(t *testing.T) {
	srv := serveTest(t, newThroughBackend(t), func(c *Config) { c.MaxPacketSize = 4096 })
	for name, send := range map[string][]byte{
		"an unknown type": {'z', 0, 0, 0, 4}, "a length of 0": {'Q', 0, 0, 0, 0}, "a length of 3": {'Q', 0, 0, 0, 3},
		"a length of 2^31": {'Q', 0x80, 0, 0, 0}, "a message too long": {'Q', 0, 0, 0x10, 1},
	} {
		t.Run(name, func(t *testing.T) {
			client := hijack(t, srv.url(""))
			client.conn.SetDeadline(time.Now().Add(10 * time.Second))
			if _, err := client.conn.Write(send); err != nil {
				t.Fatal(err)
			}
			if e := receive[*pgproto3.ErrorResponse](t, client.front); e.Code != "08P01" || e.Severity != "FATAL" {
				t.Fatalf("%s %s %s", e.Severity, e.Code, e.Message)
			}
		})
	}
	// Other malformed messages are errors, and the session goes on.
	client := hijack(t, srv.url(""))
	if _, err := client.conn.Write([]byte{'Q', 0, 0, 0, 5, 'x'}); err != nil {
		t.Fatal(err)
	}
	if e := receive[*pgproto3.ErrorResponse](t, client.front); e.Code != "08P01" || e.Severity != "ERROR" {
		t.Fatalf("%s %s %s", e.Severity, e.Code, e.Message)
	}
	receive[*pgproto3.ReadyForQuery](t, client.front)
	for _, send := range [][]byte{{'P', 0, 0, 0, 4}, {'B', 0, 0, 0, 6, 0, 0}, {'E', 0, 0, 0, 5, 0}, {'D', 0, 0, 0, 6, 'X', 0}, {'C', 0, 0, 0, 4},
		{'B', 0, 0, 0, 14, 0, 0, 0, 0, 0, 1, 0xff, 0xff, 0xff, 0xf0}} {
		if _, err := client.conn.Write(send); err != nil {
			t.Fatal(err)
		}
		out := client.exchange(t, step{send: []string{"Sync"}})
		if !strings.HasPrefix(out, "ErrorResponse ERROR 08P01") && !strings.HasPrefix(out, "ErrorResponse ERROR 26000") || !strings.Contains(out, "ReadyForQuery I") {
			t.Fatalf("%q: %s", send, out)
		}
	}
}

// A client that still sends a message that is too long hears why it is refused.
func TestTooLongMessageIsAnswered(t *testing.T) {
	srv := serveTest(t, newThroughBackend(t), func(c *Config) { c.MaxPacketSize = 4096 })
	client := hijack(t, srv.url(""))
	client.conn.SetDeadline(time.Now().Add(10 * time.Second))
	const size = 8 << 20 // more than the sockets hold
	if _, err := client.conn.Write(append([]byte{'Q', 0, size >> 16, 0, 4}, make([]byte, size)...)); err != nil {
		t.Fatal(err)
	}
	if e := receive[*pgproto3.ErrorResponse](t, client.front); e.Code != "08P01" || e.Severity != "FATAL" || !strings.Contains(e.Message, "max_packet_size") {
		t.Fatalf("%s %s %s", e.Severity, e.Code, e.Message)
	}
	if m, err := client.front.Receive(); err == nil {
		t.Fatalf("%T after the end", m)
	}
}

// Every byte on its own.
func TestSingleBytes(t *testing.T) {
	srv := serveTest(t, newThroughBackend(t), nil)
	client := hijack(t, srv.url(""))
	message, err := (&pgproto3.Query{String: "SELECT 'in pieces'"}).Encode(nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := range message {
		if _, err := client.conn.Write(message[i : i+1]); err != nil {
			t.Fatal(err)
		}
	}
	receive[*pgproto3.RowDescription](t, client.front)
	if row := receive[*pgproto3.DataRow](t, client.front); string(row.Values[0]) != "in pieces" {
		t.Fatalf("%q", row.Values)
	}
}

func TestLimits(t *testing.T) {
	srv := serveTest(t, newThroughBackend(t), func(c *Config) { c.MaxPrepared, c.MaxPortals = 3, 2 })
	client := hijack(t, srv.url(""))
	for i := range 3 {
		client.exchange(t, step{send: []string{fmt.Sprintf(`Query "PREPARE p%d AS SELECT 1"`, i)}})
	}
	for line, want := range map[string]string{`Query "PREPARE q AS SELECT 1"`: "54000", `Query "EXECUTE p0"`: "SELECT 1",
		`Query "BEGIN; DECLARE a CURSOR FOR SELECT 1; DECLARE b CURSOR FOR SELECT 1; DECLARE c CURSOR FOR SELECT 1"`: "54000"} {
		if out := client.exchange(t, step{send: []string{line}}); !strings.Contains(out, want) {
			t.Errorf("%s: %s", line, out)
		}
		client.exchange(t, step{send: []string{`Query "ROLLBACK"`}})
	}
}

func TestIdleTimeouts(t *testing.T) {
	srv := serveTest(t, newThroughBackend(t), func(c *Config) { c.IdleTimeout = 150 * time.Millisecond })
	for _, c := range []struct{ first, code string }{{"SELECT 1", "57P05"}, {"SET idle_in_transaction_session_timeout = 50; BEGIN", "25P03"}} {
		client := hijack(t, srv.url(""))
		client.exchange(t, step{send: []string{`Query "` + c.first + `"`}})
		if e := receive[*pgproto3.ErrorResponse](t, client.front); e.Code != c.code || e.Severity != "FATAL" {
			t.Errorf("after %s: %s %s, want %s", c.first, e.Severity, e.Code, c.code)
		}
	}
}

func TestShutdownDrains(t *testing.T) {
	srv := serveTest(t, newThroughBackend(t), nil)
	idleOne, busy := hijack(t, srv.url("")), hijack(t, srv.url(""))
	busy.conn.SetDeadline(time.Now().Add(20 * time.Second))
	busy.front.Send(&pgproto3.Query{String: "SELECT 'done' FROM pg_sleep(0.5)"})
	if err := busy.front.Flush(); err != nil {
		t.Fatal(err)
	}
	waitFor(t, "the query's start", func() bool { return srv.backend.answers.Load() > 0 })
	ended := make(chan error, 1)
	go func() { ended <- srv.Shutdown(context.Background()) }()
	if e := receive[*pgproto3.ErrorResponse](t, idleOne.front); e.Code != "57P01" || e.Severity != "FATAL" {
		t.Fatalf("idle: %s %s", e.Severity, e.Code)
	}
	_, err := pgconn.Connect(context.Background(), srv.url(""))
	if e, ok := errors.AsType[*pgconn.PgError](err); !ok || e.Code != "57P03" {
		t.Fatalf("who comes while the server drains is told %v", err)
	}
	receive[*pgproto3.RowDescription](t, busy.front)
	receive[*pgproto3.DataRow](t, busy.front)
	receive[*pgproto3.CommandComplete](t, busy.front)
	receive[*pgproto3.ReadyForQuery](t, busy.front)
	if e := receive[*pgproto3.ErrorResponse](t, busy.front); e.Code != "57P01" {
		t.Fatalf("busy: %s", e.Code)
	}
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
}

func TestShutdownEndsQueriesAtLast(t *testing.T) {
	srv := serveTest(t, newThroughBackend(t), nil)
	conn := connect(t, srv.url(""))
	failed := make(chan error, 1)
	go func() {
		_, err := conn.Exec(context.Background(), "SELECT pg_sleep(60)").ReadAll()
		failed <- err
	}()
	waitFor(t, "the query's start", func() bool { return srv.backend.answers.Load() > 0 })
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	if err := srv.Shutdown(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("Shutdown: %v", err)
	}
	wantCode(t, <-failed, "57P01")
}

func TestNoticesAndOwnSettings(t *testing.T) {
	srv := serveTest(t, newThroughBackend(t), nil)
	client := hijack(t, srv.url("&options=-c%20dp.epsilon%3D0.1"))
	for _, c := range []struct{ line, want string }{
		{`Query "SHOW dp.epsilon"`, `DataRow "0.1"`}, {`Query "SELECT 1"`, "NoticeResponse NOTICE 00000 spent 0.1"},
		{`Query "SET client_min_messages = warning; SELECT 1"`, "CommandComplete SET\nRowDescription"},
		{`Query "SET dp.epsilon = 99"`, "ErrorResponse ERROR 22023"}, {`Query "SET dp.typo = 1"`, "ErrorResponse ERROR 42704"},
		{`Query "SHOW ALL"`, `DataRow "application_name"`},
	} {
		if out := client.exchange(t, step{send: []string{c.line}}); !strings.Contains(out, c.want) {
			t.Errorf("%s: %s", c.line, out)
		}
	}
	plain := hijack(t, srv.url(""))
	if out := plain.exchange(t, step{send: []string{`Query "SHOW dp.epsilon"`}}); !strings.Contains(out, `DataRow "0.5"`) {
		t.Errorf("the default of dp.epsilon: %s", out)
	}
}

func TestManySessionsAtOnce(t *testing.T) {
	srv := serveTest(t, newThroughBackend(t), nil)
	var all sync.WaitGroup
	for i := range 20 {
		all.Go(func() {
			conn, err := pgconn.Connect(context.Background(), srv.url(""))
			if err != nil {
				t.Error(err)
				return
			}
			defer conn.Close(context.Background())
			for j := range 10 {
				want := fmt.Sprintf("%d-%d", i, j)
				r := conn.ExecParams(context.Background(), "SELECT $1::text", [][]byte{[]byte(want)}, nil, nil, nil).Read()
				if r.Err != nil || string(r.Rows[0][0]) != want {
					t.Errorf("%v, %v", r.Rows, r.Err)
				}
			}
		})
	}
	all.Wait()
}
