package postgres

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/engine"
)

// Options are the operator's choices. Zero values mean the defaults.
type Options struct {
	// MaxConns is the largest number of connections; default 16.
	MaxConns int
	// StatementTimeout ends a single statement on the server; 0 means that only contexts end it.
	StatementTimeout time.Duration
	// ConnectTimeout bounds the making of one connection where the URL says nothing; default 10 s.
	ConnectTimeout time.Duration
	// WaitTimeout bounds how long a query waits for a free connection; 0 means that only contexts end the wait.
	WaitTimeout time.Duration
	// Statements is how many prepared statements a connection keeps; default 64, negative means none (for poolers
	// that cannot carry them).
	Statements int
	// Logger gets the life of the pool, never SQL and never values; default none.
	Logger *slog.Logger
}

func (o Options) withDefaults() Options {
	if o.MaxConns <= 0 {
		o.MaxConns = 16
	}
	if o.ConnectTimeout <= 0 {
		o.ConnectTimeout = 10 * time.Second
	}
	if o.Statements == 0 {
		o.Statements = 64
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return o
}

// Engine runs SQL on a PostgreSQL server. It is safe for concurrent use.
type Engine struct {
	pool     *pgxpool.Pool
	fallback *fallback
	options  Options
}

var _ engine.Engine = (*Engine)(nil)

// Open reads a URL or DSN ("postgres://user:password@host/database?sslmode=verify-full") and makes a pool. It does not
// connect: a source that is down when the proxy starts is found by Ping. Its error names no password.
func Open(ctx context.Context, url string, o Options) (*Engine, error) {
	o = o.withDefaults()
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, fmt.Errorf("postgres: %w", err) // pgx redacts the password
	}
	config.MaxConns = int32(min(o.MaxConns, 10_000))
	config.MinConns = 0
	if config.ConnConfig.ConnectTimeout == 0 {
		config.ConnConfig.ConnectTimeout = o.ConnectTimeout
	}
	s := settings(o.StatementTimeout)
	for name, value := range s {
		config.ConnConfig.RuntimeParams[name] = value
	}
	config.ConnConfig.RuntimeParams["application_name"] = "dpproxy"
	config.ConnConfig.BuildContextWatcherHandler = newCanceller
	fallback := newFallback(config.ConnConfig, s, o.Logger)
	config.BeforeConnect = fallback.beforeConnect
	config.AfterConnect = fallback.afterConnect
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("postgres: %w", err)
	}
	return &Engine{pool: pool, fallback: fallback, options: o}, nil
}

// Kind is catalog.Postgres.
func (e *Engine) Kind() catalog.Engine { return catalog.Postgres }

// Ping asks the server for nothing, and fails with engine.ErrUnavailable if it does not answer.
func (e *Engine) Ping(ctx context.Context) error {
	conn, err := e.acquire(ctx)
	if err != nil {
		return err
	}
	defer release(ctx, conn)
	if err := conn.Conn().Ping(ctx); err != nil {
		return fmt.Errorf("postgres: %w: %w", engine.ErrUnavailable, err)
	}
	return nil
}

// Pool is the state of the connections.
func (e *Engine) Pool() engine.PoolStat {
	s := e.pool.Stat()
	return engine.PoolStat{Busy: int(s.AcquiredConns()), Idle: int(s.IdleConns()), Most: int(s.MaxConns()),
		Waits: s.EmptyAcquireCount(), Waited: s.EmptyAcquireWaitTime()}
}

// Close ends the connections, after those in use are given back.
func (e *Engine) Close() error {
	e.pool.Close()
	return nil
}

// acquire takes a connection. Whatever fails here, nothing was asked of the source.
func (e *Engine) acquire(ctx context.Context) (*pgxpool.Conn, error) {
	waiting, cancel := ctx, func() {}
	if e.options.WaitTimeout > 0 {
		waiting, cancel = context.WithTimeout(ctx, e.options.WaitTimeout)
	}
	defer cancel()
	conn, err := e.pool.Acquire(waiting)
	if err != nil && e.fallback.isRefusal(err) {
		conn, err = e.pool.Acquire(waiting)
	}
	if err != nil && waiting.Err() != nil && ctx.Err() == nil {
		return nil, fmt.Errorf("postgres: %w: %w", engine.ErrBusy, err)
	}
	if err != nil {
		return nil, fmt.Errorf("postgres: %w: %w", engine.ErrUnavailable, err)
	}
	return conn, nil
}

// attempts is how often a transaction is tried, all but the last on connections that turned out to be dead before
// anything was asked.
const attempts = 3

// transact runs fn on a connection. Where fn failed with a notAsked error, the pool's other connections are as dead, so
// they are dropped and fn runs once more on a new one.
func (e *Engine) transact(ctx context.Context, fn func(*pgxpool.Conn) error) error {
	var err error
	for range attempts {
		var conn *pgxpool.Conn
		if conn, err = e.acquire(ctx); err != nil {
			return err
		}
		var dead *notAsked
		if err = fn(conn); !errors.As(err, &dead) {
			return err
		}
		e.options.Logger.Warn("source closed its connections; connecting again")
		e.pool.Reset()
	}
	return fmt.Errorf("postgres: %w: %w", engine.ErrUnavailable, err)
}

// notAsked wraps an error after which it is certain that the server ran nothing.
type notAsked struct{ err error }

func (e *notAsked) Error() string { return e.err.Error() }
func (e *notAsked) Unwrap() error { return e.err }

// failure gives an error its meaning: begun says that the server had answered BEGIN.
//
// Certainly nothing ran if no byte was sent, or if the server's first words were that it is closing down. Everything
// else may have run, also when the connection broke while we were sending.
func failure(ctx context.Context, err error, begun bool) error {
	var pg *pgconn.PgError
	isServer := errors.As(err, &pg)
	switch {
	case !begun && pgconn.SafeToRetry(err), !begun && isServer && isClosing(pg):
		return &notAsked{fmt.Errorf("postgres: %w", err)}
	case ctx.Err() != nil:
		return fmt.Errorf("postgres: %w: %w", ctx.Err(), err)
	case isServer && pg.Code == "57014":
		return fmt.Errorf("postgres: %w: %w", engine.ErrTimeout, err)
	}
	return fmt.Errorf("postgres: %w", err)
}

// isClosing knows admin_shutdown, crash_shutdown and cannot_connect_now.
func isClosing(pg *pgconn.PgError) bool {
	return pg.Code == "57P01" || pg.Code == "57P02" || pg.Code == "57P03"
}

// IsUnique tells whether no value but NULL occurs twice in the column. It reads the whole column.
func (e *Engine) IsUnique(ctx context.Context, probe engine.UniqueProbe) (bool, error) {
	column := identifier(probe.Column)
	rows, err := e.query(ctx, "SELECT NOT EXISTS (SELECT 1 FROM "+identifier(probe.Schema)+"."+identifier(probe.Table)+
		" WHERE "+column+" IS NOT NULL GROUP BY "+column+" HAVING count(*) > 1)")
	if err != nil {
		return false, err
	}
	return len(rows) == 1 && rows[0][0].Text == "t", nil
}

// KeyFaults counts missing record keys, and those out of range. It reads the whole column.
func (e *Engine) KeyFaults(ctx context.Context, probe engine.KeyProbe) (missing, outside int64, err error) {
	rows, err := e.query(ctx, probe.SQL())
	if err != nil {
		return 0, 0, err
	}
	return probe.Read(rows)
}

// identifier quotes a name.
func identifier(name string) string { return pgx.Identifier{name}.Sanitize() }
