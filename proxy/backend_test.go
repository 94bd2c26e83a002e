package proxy

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/dpproxy/dpproxy/answer"
	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/internal/testservers"
	"github.com/dpproxy/dpproxy/proxy/scram"
	"github.com/dpproxy/dpproxy/refusal"
	"github.com/dpproxy/dpproxy/rewrite"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// throughBackend answers every query by a real PostgreSQL, without any privacy: the tests are about the wire, and so a
// session through the proxy can be compared with one on that PostgreSQL, message by message.
type throughBackend struct {
	pool     *pgxpool.Pool
	verifier string
	public   atomic.Bool  // answers stream
	answers  atomic.Int64 // how often Answer was called
	explode  atomic.Bool  // the next Answer panics
}

const (
	testUser     = "alice"
	testPassword = "correct horse"
	testDatabase = "census"
)

func newThroughBackend(t testing.TB) *throughBackend {
	t.Helper()
	pool, err := pgxpool.New(context.Background(), testservers.Postgres(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	return &throughBackend{pool: pool, verifier: testVerifier(t)}
}

func testVerifier(t testing.TB) string {
	t.Helper()
	v, err := scram.NewVerifier(testPassword, []byte("0123456789abcdef"), scram.MinIterations)
	if err != nil {
		t.Fatal(err)
	}
	return v.String()
}

func (b *throughBackend) Login(_ context.Context, user, database string) (answer.Login, error) {
	l := answer.Login{Allowed: database == testDatabase, Enabled: true}
	switch user {
	case testUser:
		l.Verifier = b.verifier
	case "banned":
		l.Verifier, l.Enabled = b.verifier, false
	}
	return l, nil
}

// Parse gives a query inside another statement its own text, for PostgreSQL to run, and counts offsets in characters.
// The texts are those of our own tests, so cutting them at words is good enough.
func (b *throughBackend) Parse(sql string) ([]*answer.Statement, error) {
	statements, err := rewrite.Parse(sql)
	for _, st := range statements {
		table := st.Kind == answer.CopyOut && !strings.HasPrefix(st.Text, "COPY (") // its SELECT has a text of its own
		if st.Query != nil && st.Kind != answer.Explain && !table {
			from, to := 0, len(st.Text)
			switch st.Kind {
			case answer.Declare:
				from = strings.Index(st.Text, " CURSOR ")
				from += strings.Index(st.Text[from:], "FOR") + len("FOR") + 1
			case answer.Prepare:
				from = strings.Index(st.Text, " AS ") + len(" AS ")
			case answer.CopyOut:
				from, to = strings.Index(st.Text, "(")+1, strings.Index(st.Text, ") TO STDOUT")
			}
			st.Query.Text, st.Query.Offset = st.Text[from:to], len([]rune(sql[:st.Offset+from]))
		}
		st.Offset = len([]rune(sql[:st.Offset]))
	}
	return statements, err
}

func (b *throughBackend) CheckSetting(_ answer.Identity, name, value string) error {
	switch {
	case name != "dp.epsilon":
		return refusal.New(refusal.UndefinedObject, "unrecognized configuration parameter %q", name)
	case value == "99":
		return refusal.New(refusal.InvalidParameterValue, "dp.epsilon is at most 2")
	}
	return nil
}

// OwnSettings names the one that DefaultSetting knows.
func (b *throughBackend) OwnSettings() [][2]string {
	return [][2]string{{"dp.epsilon", "loss of a query"}}
}

func (b *throughBackend) DefaultSetting(_ answer.Identity, name string) (string, bool) {
	return "0.5", name == "dp.epsilon"
}

// refused makes of PostgreSQL's error the refusal that a planner would give. Other errors stay what they are.
func refused(st *answer.Statement, err error) error {
	var e *pgconn.PgError
	if !errors.As(err, &e) {
		return err
	}
	r := refusal.New(refusal.Code(e.Code), "%s", e.Message)
	r.Detail, r.Hint = e.Detail, e.Hint
	if e.Position > 0 {
		r.Position = int(e.Position) + st.Offset
	}
	return r
}

func columnsOf(fields []pgconn.FieldDescription) []answer.Column {
	columns := make([]answer.Column, len(fields))
	for i, f := range fields {
		t, _ := catalog.FromOID(f.DataTypeOID, f.TypeModifier)
		columns[i] = answer.Column{Name: f.Name, Type: t}
	}
	return columns
}

func oidsOf(params []answer.Param) []uint32 {
	oids := make([]uint32, len(params))
	for i, p := range params {
		if p.Type.Kind != catalog.Unknown {
			oids[i] = p.Type.OID()
		}
	}
	return oids
}

func (b *throughBackend) Describe(ctx context.Context, r answer.Request) (answer.Description, error) {
	conn, err := b.pool.Acquire(ctx)
	if err != nil {
		return answer.Description{}, err
	}
	defer conn.Release()
	d, err := conn.Conn().PgConn().Prepare(ctx, "", r.Statement.Text, oidsOf(r.Params))
	if err != nil {
		return answer.Description{}, refused(r.Statement, err)
	}
	out := answer.Description{Columns: columnsOf(d.Fields)}
	for _, oid := range d.ParamOIDs {
		t, _ := catalog.FromOID(oid, -1)
		out.Params = append(out.Params, t)
	}
	return out, nil
}

func (b *throughBackend) Answer(ctx context.Context, r answer.Request) (*answer.Result, error) {
	b.answers.Add(1)
	if b.explode.Swap(false) {
		panic("the backend has a defect")
	}
	conn, err := b.pool.Acquire(ctx)
	if err != nil {
		return nil, err
	}
	values := make([][]byte, len(r.Params))
	for i, p := range r.Params {
		if !p.Cell.Null {
			values[i] = []byte(p.Cell.Text)
		}
	}
	reader := conn.Conn().PgConn().ExecParams(ctx, r.Statement.Text, values, oidsOf(r.Params), nil, nil)
	rows := &throughRows{st: r.Statement, conn: conn, reader: reader}
	rows.more = reader.NextRow()
	if !rows.more {
		if _, err := reader.Close(); err != nil {
			conn.Release()
			return nil, refused(r.Statement, err)
		}
	}
	res := &answer.Result{Columns: columnsOf(reader.FieldDescriptions()), Rows: rows, Tag: string(r.Statement.Kind), Public: b.public.Load()}
	if r.Settings["dp.epsilon"] != "" {
		res.Notices = []answer.Notice{{Severity: "NOTICE", Message: "spent " + r.Settings["dp.epsilon"]}}
	}
	return res, nil
}

// throughRows streams a PostgreSQL's rows.
type throughRows struct {
	st     *answer.Statement
	conn   *pgxpool.Conn
	reader *pgconn.ResultReader
	first  bool
	more   bool
	err    error
	closed bool
}

func (r *throughRows) Next() bool {
	if r.first && r.more {
		r.more = r.reader.NextRow()
	}
	r.first = true
	if !r.more {
		r.Close()
	}
	return r.more
}

func (r *throughRows) Values() []answer.Cell {
	raw := r.reader.Values()
	cells := make([]answer.Cell, len(raw))
	for i, v := range raw {
		cells[i] = answer.Cell{Text: string(v), Null: v == nil}
	}
	return cells
}

func (r *throughRows) Err() error { return r.err }

func (r *throughRows) Close() {
	if r.closed {
		return
	}
	r.closed = true
	if _, err := r.reader.Close(); err != nil {
		r.err = refused(r.st, err)
	}
	r.conn.Release()
}

// testServer is a proxy that listens.
type testServer struct {
	*Server
	addr    string
	backend *throughBackend
}

// serveTest starts a proxy and drains it at the test's end.
func serveTest(t testing.TB, backend Backend, change func(*Config)) *testServer {
	t.Helper()
	cfg := Config{}
	if change != nil {
		change(&cfg)
	}
	srv, err := New(cfg, backend, nil, slog.New(slog.NewTextHandler(testWriter{t}, nil)), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- srv.Serve(context.Background(), l) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if err := srv.Shutdown(ctx); err != nil {
			t.Errorf("Shutdown: %v", err)
		}
		if err := <-served; err != nil {
			t.Errorf("Serve: %v", err)
		}
	})
	through, _ := backend.(*throughBackend)
	return &testServer{Server: srv, addr: l.Addr().String(), backend: through}
}

// testWriter sends the log to the test.
type testWriter struct{ t testing.TB }

func (w testWriter) Write(p []byte) (int, error) {
	w.t.Log(strings.TrimSpace(string(p)))
	return len(p), nil
}

// url is where clients connect to; extra is more of the query string.
func (s *testServer) url(extra string) string {
	return "postgres://" + testUser + ":correct%20horse@" + s.addr + "/" + testDatabase + "?sslmode=disable" + extra
}

// connect gives a client of pgx's lower layer.
func connect(t testing.TB, url string) *pgconn.PgConn {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	conn, err := pgconn.Connect(ctx, url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		conn.Close(ctx)
	})
	return conn
}
