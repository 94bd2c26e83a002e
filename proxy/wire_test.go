package proxy

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/dpproxy/dpproxy/answer"
	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/proxy/setting"
	"github.com/dpproxy/dpproxy/proxy/value"
	"github.com/dpproxy/dpproxy/refusal"
	"github.com/dpproxy/dpproxy/rewrite"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"
)

// bytesConn is a client whose messages are all there, and who takes everything.
type bytesConn struct {
	net.Conn // nil: what is not below is never called
	in       io.Reader
	out      bytes.Buffer
}

func (c *bytesConn) Read(b []byte) (int, error)       { return c.in.Read(b) }
func (c *bytesConn) Write(b []byte) (int, error)      { return c.out.Write(b) }
func (c *bytesConn) Close() error                     { return nil }
func (c *bytesConn) SetReadDeadline(time.Time) error  { return nil }
func (c *bytesConn) SetWriteDeadline(time.Time) error { return nil }
func (c *bytesConn) SetDeadline(time.Time) error      { return nil }
func (c *bytesConn) RemoteAddr() net.Addr             { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)} }

// fixedBackend answers every query with the same rows and asks nobody.
type fixedBackend struct {
	columns  []answer.Column
	cells    [][]answer.Cell
	verifier string
}

func (b *fixedBackend) Login(context.Context, string, string) (answer.Login, error) {
	return answer.Login{Verifier: b.verifier, Allowed: true, Enabled: true}, nil
}
func (b *fixedBackend) Parse(sql string) ([]*answer.Statement, error) { return rewrite.Parse(sql) }
func (b *fixedBackend) CheckSetting(_ answer.Identity, name, _ string) error {
	return refusal.New(refusal.UndefinedObject, "unrecognized configuration parameter %q", name)
}
func (b *fixedBackend) Describe(_ context.Context, r answer.Request) (answer.Description, error) {
	d := answer.Description{Columns: b.columns}
	for i := range min(strings.Count(r.Statement.Text, "$"), 5) {
		t := catalog.Of(catalog.Unknown)
		if i < len(r.Params) {
			t = r.Params[i].Type
		}
		d.Params = append(d.Params, t)
	}
	return d, nil
}
func (b *fixedBackend) Answer(context.Context, answer.Request) (*answer.Result, error) {
	return &answer.Result{Columns: b.columns, Rows: &fixedRows{cells: b.cells, at: -1}, Tag: "SELECT"}, nil
}

type fixedRows struct {
	cells [][]answer.Cell
	at    int
}

func (r *fixedRows) Next() bool            { r.at++; return r.at < len(r.cells) }
func (r *fixedRows) Values() []answer.Cell { return r.cells[r.at] }
func (r *fixedRows) Err() error            { return nil }
func (r *fixedRows) Close()                {}

func threeColumns() []answer.Column {
	return []answer.Column{{Name: "k", Type: catalog.Of(catalog.Text)}, {Name: "n", Type: catalog.Of(catalog.Int8)}, {Name: "x", Type: catalog.Of(catalog.Float8)}}
}

func newFixed(rows int) *fixedBackend {
	b := &fixedBackend{columns: threeColumns()}
	for range rows {
		b.cells = append(b.cells, []answer.Cell{{Text: "north-west"}, {Text: "1234567"}, {Text: "12345.678"}})
	}
	return b
}

// bareServer makes a server without a listener.
func bareServer(t testing.TB, b Backend) *Server {
	t.Helper()
	s, err := New(Config{MaxPacketSize: 64 << 10}, b, nil, slog.New(slog.DiscardHandler), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// bareSession is a session after log-in, over a connection of bytes.
func bareSession(srv *Server, conn net.Conn) *session {
	sess := &session{srv: srv, tx: transaction{status: idle}}
	sess.wire = wire{conn: conn, maxPacket: srv.cfg.MaxPacketSize, maxPipeline: 1 << 20, writeTimeout: time.Second, outs: &srv.outs}
	sess.settings = setting.NewStore(srv.registry, func(name, value string) error { return srv.backend.CheckSetting(sess.id, name, value) })
	return sess
}

// Whatever bytes come after log-in: no panic, every message that is sent can be decoded, and ReadyForQuery is sent as
// often as it is asked for.
func FuzzMessages(f *testing.F) {
	add := func(messages ...pgproto3.FrontendMessage) {
		var b []byte
		for _, m := range messages {
			var err error
			if b, err = m.Encode(b); err != nil {
				f.Fatal(err)
			}
		}
		f.Add(b)
	}
	add(&pgproto3.Query{String: "BEGIN; SELECT 1; COMMIT"}, &pgproto3.Query{String: "SHOW ALL"})
	add(&pgproto3.Parse{Name: "p", Query: "SELECT $1", ParameterOIDs: []uint32{23}}, &pgproto3.Describe{ObjectType: 'S', Name: "p"},
		&pgproto3.Bind{PreparedStatement: "p", Parameters: [][]byte{{0, 0, 0, 1}}, ParameterFormatCodes: []int16{1}, ResultFormatCodes: []int16{1}},
		&pgproto3.Describe{ObjectType: 'P'}, &pgproto3.Execute{MaxRows: 2}, &pgproto3.Execute{}, &pgproto3.Close{ObjectType: 'S', Name: "p"}, &pgproto3.Sync{})
	add(&pgproto3.Query{String: "DECLARE c CURSOR WITH HOLD FOR SELECT 1"}, &pgproto3.Query{String: "FETCH 2 FROM c; MOVE BACKWARD ALL IN c; FETCH ABSOLUTE -1 FROM c"})
	add(&pgproto3.Query{String: "COPY (SELECT 1) TO STDOUT CSV HEADER"}, &pgproto3.FunctionCall{}, &pgproto3.Flush{}, &pgproto3.Terminate{})
	add(&pgproto3.Query{String: "SET TimeZone = 'Asia/Tokyo'; PREPARE q AS SELECT 1; EXECUTE q; DISCARD ALL"})
	srv := bareServer(f, newFixed(3))
	f.Fuzz(func(t *testing.T, in []byte) {
		conn := &bytesConn{in: bytes.NewReader(in)}
		sess := bareSession(srv, conn)
		err := sess.loop()
		if err == nil {
			t.Fatal("the session goes on without a client")
		}
		sess.farewell(err)
		sess.closeAllPortals()
		front := pgproto3.NewFrontend(&conn.out, io.Discard)
		for {
			m, err := front.Receive()
			if err != nil {
				break
			}
			if e, ok := m.(*pgproto3.ErrorResponse); ok && e.Code == "XX000" {
				t.Fatalf("an internal error: %+v", e)
			}
		}
		if conn.out.Len() > 0 {
			t.Fatalf("%d bytes after the last message", conn.out.Len())
		}
	})
}

// A length that is promised is not allocated before its bytes are there.
func TestMemoryFollowsBytes(t *testing.T) {
	promised := append([]byte{'Q', 0, 0xff, 0, 0}, make([]byte, 100)...)
	w := wire{conn: &bytesConn{in: bytes.NewReader(promised)}}
	if _, _, err := w.frame(1<<30, knownType); err != io.ErrUnexpectedEOF {
		t.Fatalf("err = %v", err)
	}
	if cap(w.buf) > 4096 {
		t.Fatalf("100 bytes of 16 MB came, and %d bytes were allocated", cap(w.buf))
	}
}

func TestFrames(t *testing.T) {
	var in []byte
	sizes := []int{0, 1, 500, 507, 508, 4096, 70_000, 3, 200_000, 5}
	for _, n := range sizes {
		m, err := (&pgproto3.CopyData{Data: bytes.Repeat([]byte{byte(n)}, n)}).Encode(nil)
		if err != nil {
			t.Fatal(err)
		}
		in = append(in, m...)
	}
	for _, piece := range []int{1, 7, 512, 1 << 20} {
		w := wire{conn: &bytesConn{in: &pieces{in: in, size: piece}}}
		for _, n := range sizes {
			typ, body, err := w.frame(1<<20, knownType)
			if err != nil || typ != 'd' || len(body) != n || bytes.Count(body, []byte{byte(n)}) != n {
				t.Fatalf("pieces of %d: a frame of %d came as %d bytes, %v", piece, n, len(body), err)
			}
		}
		if _, _, err := w.frame(1<<20, knownType); err != io.EOF {
			t.Fatalf("the end: %v", err)
		}
		if cap(w.buf) > keepRead {
			t.Fatalf("%d bytes are kept while the client is idle", cap(w.buf))
		}
	}
}

type pieces struct {
	in   []byte
	size int
}

func (p *pieces) Read(b []byte) (int, error) {
	if len(p.in) == 0 {
		return 0, io.EOF
	}
	n := copy(b, p.in[:min(p.size, len(p.in))])
	p.in = p.in[n:]
	return n, nil
}

func BenchmarkEncode1000Rows(b *testing.B) {
	fixed := newFixed(1000)
	pool := &sync.Pool{New: func() any { s := make([]byte, 0, firstWrite); return &s }}
	for name, formats := range map[string][]int16{"text": nil, "binary": {value.Binary}} {
		b.Run(name, func(b *testing.B) {
			w := wire{outs: pool}
			b.ReportAllocs()
			for b.Loop() {
				for _, row := range fixed.cells {
					if err := w.dataRow(fixed.columns, row, formats, value.Style{}); err != nil {
						b.Fatal(err)
					}
				}
				w.out = w.out[:0]
			}
		})
	}
}

// A query and its answer of three columns through a session, without a network.
func BenchmarkExtendedQuery(b *testing.B) {
	var messages []byte
	for _, m := range []pgproto3.FrontendMessage{&pgproto3.Bind{PreparedStatement: "p", ResultFormatCodes: []int16{1}}, &pgproto3.Describe{ObjectType: 'P'}, &pgproto3.Execute{}, &pgproto3.Sync{}} {
		var err error
		if messages, err = m.Encode(messages); err != nil {
			b.Fatal(err)
		}
	}
	parse, err := (&pgproto3.Parse{Name: "p", Query: "SELECT 1"}).Encode(nil)
	if err != nil {
		b.Fatal(err)
	}
	conn := &bytesConn{in: bytes.NewReader(parse)}
	sess := bareSession(bareServer(b, newFixed(10)), conn)
	sess.loop()
	b.ReportAllocs()
	for b.Loop() {
		conn.in = bytes.NewReader(messages)
		conn.out.Reset()
		sess.wire.aheadErr = nil // a helper of flush may have met the end of the bytes
		if err := sess.loop(); err != errTerminate || conn.out.Len() == 0 {
			b.Fatalf("%v, %d bytes", err, conn.out.Len())
		}
	}
}

// What a logged-in client that says nothing costs, the client's own side of this process included.
func BenchmarkIdleConnections(b *testing.B) {
	const clients = 1000
	for _, name := range []string{"plain", "TLS"} {
		b.Run(name, func(b *testing.B) {
			backend := newFixed(1)
			backend.verifier = testVerifier(b)
			var change func(*Config)
			mode := "sslmode=disable"
			if name == "TLS" {
				change, mode = withTLS(b, true), "sslmode=require"
			}
			srv := serveTest(b, backend, change)
			url := strings.Replace(srv.url(""), "sslmode=disable", mode, 1)
			connect(b, url) // what is made once
			for b.Loop() {
				before := heapAndStacks()
				conns := make([]*pgconn.PgConn, clients)
				for i := range conns {
					var err error
					if conns[i], err = pgconn.Connect(context.Background(), url); err != nil {
						b.Fatal(err)
					}
					if _, err := conns[i].Exec(context.Background(), "SELECT 1").ReadAll(); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(heapAndStacks()-before)/clients, "B/connection")
				for _, c := range conns {
					c.Close(context.Background())
				}
				waitFor(b, "the end of the sessions", func() bool { return srv.Sessions() <= 1 })
			}
		})
	}
}

func heapAndStacks() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc + m.StackInuse)
}

// lateConn is a client whose message comes after its session was woken, and whom no deadline keeps from being heard: so
// Go's poller has it where the message comes before the woken reader runs.
type lateConn struct {
	bytesConn
	wake func()
}

func (c *lateConn) Read(b []byte) (int, error) {
	c.wake()
	return c.bytesConn.Read(b)
}

// What a client says after its session was ended is not served, and neither is what was read and not yet served.
func TestNothingIsReadAfterWake(t *testing.T) {
	query, err := (&pgproto3.Query{String: "SELECT 1"}).Encode(nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, when := range []string{"ended", "draining"} {
		conn := &lateConn{bytesConn: bytesConn{in: bytes.NewReader(append(query, query...))}}
		sess := bareSession(bareServer(t, newFixed(1)), conn)
		conn.wake = func() {
			if when == "ended" {
				sess.ended.Store(true)
			} else {
				sess.srv.draining.Store(true)
			}
			sess.wire.wake()
		}
		if err := sess.loop(); err != errShutdown || conn.out.Len() > 0 {
			t.Errorf("%s: the session ended with %v and said %q", when, err, conn.out.Bytes())
		}
	}
}

// An idle session keeps the head of its last query alone, cut between characters.
func TestShownQueryIsShort(t *testing.T) {
	sess := bareSession(bareServer(t, newFixed(1)), &bytesConn{})
	for _, c := range []struct {
		query string
		want  int
	}{{"SELECT 1", 8}, {strings.Repeat("x", shownQuery-1), shownQuery - 1}, {strings.Repeat("x", 1<<20), shownQuery - 1},
		{strings.Repeat("é", 1<<20), shownQuery - 2}} {
		sess.does(c.query)
		if got := sess.activityRow()["query"]; len(got) != c.want || !strings.HasPrefix(c.query, got) {
			t.Errorf("of %d bytes %d are shown, want %d", len(c.query), len(got), c.want)
		}
	}
}
