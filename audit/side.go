package audit

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sort"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/dpproxy/dpproxy/answer"
	"github.com/dpproxy/dpproxy/budget"
	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/engine"
	"github.com/dpproxy/dpproxy/proxy"
	"github.com/dpproxy/dpproxy/proxy/scram"
	"github.com/dpproxy/dpproxy/ratelimit"
	"github.com/dpproxy/dpproxy/rewrite"
)

// batch is how many answers are asked for in one message.
const batch = 50

const auditor1 = "auditor"

// side is one of the two databases behind a complete proxy, and a client that is connected to it.
type side struct {
	conn   *pgconn.PgConn
	set    map[string]string
	server *proxy.Server
	stop   context.CancelFunc
}

// serve starts a proxy over a source. Its ledger is in memory and allows everything, and nothing is read back.
func (a *auditor) serve(ctx context.Context, e engine.Engine) (_ *side, err error) {
	password := fmt.Sprint("audit-", newSalt(a.Random))
	verifier, err := scram.NewVerifier(password, []byte("audit of dpproxy"), 4096)
	if err != nil {
		return nil, err
	}
	name := a.Dataset.Catalog.Name
	limits, err := ratelimit.Open(ratelimit.Options{})
	if err != nil {
		return nil, err
	}
	service, err := answer.New(answer.Options{
		Datasets: []*answer.Dataset{{Catalog: a.Dataset.Catalog, Engine: e, Budget: a.Dataset.Budget, Reuse: answer.Reuse{Off: true}}},
		Users: []*answer.User{{Name: auditor1, Verifier: verifier.String(), MayQuery: true,
			Datasets: map[string]answer.Grant{name: {Budget: a.Dataset.Budget}}}},
		Ledger: scratch{}, Limiter: limits, Planner: a.planner, Random: a.Random, Clock: time.Now, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		return nil, err
	}
	server, err := proxy.New(proxy.Config{MaxPacketSize: 64 << 20}, service, nil, slog.New(slog.DiscardHandler), time.Now)
	if err != nil {
		return nil, err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	ctx, stop := context.WithCancel(ctx)
	go func() { _ = server.Serve(ctx, l) }()
	s := &side{server: server, stop: stop, set: map[string]string{}}
	config, err := pgconn.ParseConfig("sslmode=disable client_encoding=UTF8 application_name='dpproxy audit'")
	if err == nil {
		host, port := l.Addr().(*net.TCPAddr).IP.String(), l.Addr().(*net.TCPAddr).Port
		config.Host, config.Port, config.User, config.Database, config.Password = host, uint16(port), auditor1, name, password
		config.Fallbacks = nil
		s.conn, err = pgconn.ConnectConfig(ctx, config)
	}
	if err != nil {
		stop()
		return nil, fmt.Errorf("audit: %w", err)
	}
	return s, nil
}

func (s *side) close() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_ = s.conn.Close(ctx)
	s.stop()
	_ = s.server.Shutdown(ctx)
}

// askError is an error that the proxy sent.
type askError struct{ code, message string }

func (e *askError) Error() string { return e.message + " (SQLSTATE " + e.code + ")" }

// sampled is one answer as a client reads it: rows of texts, "" and nil apart.
type sampled [][]*string

// ask sends the query n times in one message, and reads the answers.
func (s *side) ask(ctx context.Context, q Query, n int) ([]sampled, error) {
	if err := s.settings(ctx, q.Settings); err != nil {
		return nil, err
	}
	reader := s.conn.Exec(ctx, strings.Repeat(strings.TrimRight(strings.TrimSpace(q.SQL), ";")+"\n;\n", n))
	var out []sampled
	for reader.NextResult() {
		result := reader.ResultReader()
		rows := sampled{}
		for result.NextRow() {
			var row []*string
			for _, v := range result.Values() {
				if v == nil {
					row = append(row, nil)
					continue
				}
				text := string(v)
				row = append(row, &text)
			}
			rows = append(rows, row)
		}
		out = append(out, rows)
	}
	err := reader.Close()
	var sent *pgconn.PgError
	if errors.As(err, &sent) {
		return nil, &askError{sent.Code, sent.Message}
	}
	if err == nil && len(out) != n {
		err = fmt.Errorf("audit: %d answers to %d questions: each query must be one statement", len(out), n)
	}
	return out, err
}

// settings makes the session's settings those of the query.
func (s *side) settings(ctx context.Context, want map[string]string) error {
	var names []string
	for name := range want {
		names = append(names, name)
	}
	for name := range s.set {
		if _, stays := want[name]; !stays {
			names = append(names, name)
		}
	}
	sort.Strings(names)
	for _, name := range names {
		value, stays := want[name]
		if stays && s.set[name] == value {
			continue
		}
		sql := "RESET " + name
		if stays {
			sql = "SET " + name + " = " + literal(value)
		}
		_, err := s.conn.Exec(ctx, sql).ReadAll()
		var sent *pgconn.PgError
		if errors.As(err, &sent) {
			return &askError{sent.Code, sent.Message}
		}
		if err != nil {
			return err
		}
		delete(s.set, name)
		if stays {
			s.set[name] = value
		}
	}
	return nil
}

// capture is a planner that remembers its last plan.
type capture struct {
	answer.Planner
	last *rewrite.Plan
}

func (c *capture) Plan(st *rewrite.Statement, ds *catalog.Dataset, s rewrite.Settings, p []rewrite.Param) (*rewrite.Plan, error) {
	plan, err := c.Planner.Plan(st, ds, s, p)
	if err == nil {
		c.last = plan
	}
	return plan, err
}

// scratch is a ledger that allows everything and keeps nothing: an audit must not charge anybody.
type scratch struct {
	budget.Approvals // nil: an audited data set has no approvers here, so that none of it is called
}

func (scratch) Reserve(_ context.Context, c budget.Charge) (budget.Reservation, error) {
	return reserved{budget.Balance{Account: c.Analyst}, budget.Balance{Account: c.Dataset}}, nil
}
func (scratch) CountQuery(context.Context, budget.Count) error { return nil }
func (scratch) ClassQueries(context.Context, budget.Key, string) (int64, error) {
	return 0, nil
}
func (scratch) Acquire(_ context.Context, analyst string, places int, _ time.Duration) (budget.Place, error) {
	return nil, &budget.Busy{Analyst: analyst, Places: places} // an audit limits nobody
}
func (scratch) Balance(_ context.Context, a budget.Account) (budget.Balance, error) {
	return budget.Balance{Account: a}, nil
}
func (scratch) Releases(context.Context, budget.Key, []budget.ReleaseID, time.Duration) ([]budget.FoundRelease, error) {
	return nil, nil
}
func (scratch) Archive(context.Context, budget.Answer) error { return nil }
func (scratch) Archived(context.Context, int64) (budget.Answer, bool, error) {
	return budget.Answer{}, false, nil
}
func (scratch) Record(context.Context, budget.Entry) error { return nil }
func (scratch) History(context.Context, budget.HistoryQuery) ([]budget.Entry, error) {
	return nil, nil
}
func (scratch) Disabled(context.Context, string) (bool, error)          { return false, nil }
func (scratch) SetDisabled(context.Context, string, bool, string) error { return nil }
func (scratch) Ping(context.Context) error                              { return nil }
func (scratch) Close() error                                            { return nil }

type reserved struct{ analyst, dataset budget.Balance }

func (reserved) ID() int64                                                      { return 0 }
func (reserved) Commit(context.Context, []budget.Release, budget.Outcome) error { return nil }
func (reserved) Fail(context.Context, budget.Outcome) error                     { return nil }
func (reserved) Release(context.Context, budget.Outcome) error                  { return nil }
func (r reserved) Balances() (analyst, dataset budget.Balance)                  { return r.analyst, r.dataset }
