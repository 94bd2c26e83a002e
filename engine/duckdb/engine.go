package duckdb

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"time"

	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/engine"
	"github.com/dpproxy/dpproxy/mechanism"
)

// Options are the operator's choices. Zero values mean the defaults.
type Options struct {
	// MaxConns is how many queries run at the same time; default 8.
	MaxConns int
	// WaitTimeout bounds how long a query waits for its turn; 0 means that only contexts end the wait.
	WaitTimeout time.Duration
	// StatementTimeout ends a single Run, IsUnique or Schema, or the time until Finish has its first row; 0 means that
	// only contexts end them.
	StatementTimeout time.Duration
	// Threads of DuckDB; default: one for each processor.
	Threads int
	// MemoryLimit is DuckDB's memory_limit, such as "4GB"; default: DuckDB's own (80 % of the memory).
	MemoryLimit string
	// TempDir is where DuckDB may write what does not fit into memory, which is private data; default: nowhere.
	TempDir string
	// Logger gets the names of files and tables as they are loaded, never values or counts; default none.
	Logger *slog.Logger
}

func (o Options) withDefaults() Options {
	if o.MaxConns <= 0 {
		o.MaxConns = 8
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return o
}

// config are DuckDB's settings from the start: as PostgreSQL where it has a choice, and nothing by itself.
func (o Options) config() map[string]string {
	c := map[string]string{
		"integer_division":             "true", // 7/2 = 3
		"default_null_order":           "nulls_last_on_asc_first_on_desc",
		"autoinstall_known_extensions": "false",
		"autoload_known_extensions":    "false",
		"allow_community_extensions":   "false",
		"temp_directory":               o.TempDir,
	}
	if o.Threads > 0 {
		c["threads"] = strconv.Itoa(o.Threads)
	}
	if o.MemoryLimit != "" {
		c["memory_limit"] = o.MemoryLimit
	}
	return c
}

// Engine runs SQL on DuckDB in this process. It is safe for concurrent use.
type Engine struct {
	db      *database
	options Options
}

var _ engine.Engine = (*Engine)(nil)

// Open opens a database file read-only, or loads files into memory. Afterwards, no statement can reach a file, the
// network or an extension.
func Open(ctx context.Context, source Source, o Options) (*Engine, error) {
	o = o.withDefaults()
	path, err := source.check()
	if err != nil {
		return nil, err
	}
	config := o.config()
	if path != "" {
		config["access_mode"] = "READ_ONLY"
	}
	db, err := openDatabase(path, config, o.MaxConns)
	if err != nil {
		return nil, err
	}
	db.wait = o.WaitTimeout
	e := &Engine{db: db, options: o}
	if err := e.setUp(ctx, source); err != nil {
		db.close()
		return nil, fmt.Errorf("duckdb: %w", err)
	}
	return e, nil
}

// setUp loads the files and then locks the doors.
func (e *Engine) setUp(ctx context.Context, source Source) error {
	c, err := e.db.connect(ctx)
	if err != nil {
		return err
	}
	defer c.release(true)
	if err := c.execute(inUTC); err != nil {
		return err
	}
	for _, table := range source.tables() {
		e.options.Logger.Info("loading", "table", table, "files", source.Files[table])
		if err := load(c, source, table); err != nil {
			return err
		}
	}
	return c.lock()
}

// inUTC makes times with a zone print and be read in UTC.
const inUTC = "SET GLOBAL TimeZone = 'UTC'"

// lock closes the doors to files, to the network and to this setting itself.
func (c *connection) lock() error {
	for _, sql := range []string{"SET GLOBAL enable_external_access = false", "SET GLOBAL lock_configuration = true"} {
		if err := c.execute(sql); err != nil {
			return err
		}
	}
	return nil
}

// execute runs a statement of ours for its effect.
func (c *connection) execute(sql string) error {
	r, err := c.run(modeOwn, sql, nil, nil)
	if err != nil {
		return err
	}
	r.close()
	return nil
}

// Kind is catalog.DuckDB.
func (e *Engine) Kind() catalog.Engine { return catalog.DuckDB }

// Ping runs a constant query.
func (e *Engine) Ping(ctx context.Context) error {
	_, err := e.query(ctx, "SELECT 1")
	return err
}

// Pool is the state of the connections.
func (e *Engine) Pool() engine.PoolStat { return e.db.stat() }

// Close waits for what runs, and frees the database.
func (e *Engine) Close() error {
	e.db.close()
	return nil
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

// Run runs all queries in one snapshot.
func (e *Engine) Run(ctx context.Context, queries []engine.Query) ([]*mechanism.Exact, error) {
	if len(queries) == 0 {
		return nil, nil
	}
	var results []*mechanism.Exact
	err := e.transact(ctx, func(c *connection) error {
		for _, q := range queries {
			exact, err := c.measure(q)
			if err != nil {
				return err
			}
			results = append(results, exact)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return results, nil
}

// measure runs one measurement. Its keys are printed as the plan's types; its numbers must be whole.
func (c *connection) measure(q engine.Query) (*mechanism.Exact, error) {
	want := append([]catalog.Type(nil), q.Keys...)
	units := 0
	if q.Units {
		units = 1
	}
	for range units + q.Width {
		want = append(want, catalog.Of(catalog.Int8)) // of any length: it stands for "whole number" here
	}
	var parameters []parameter
	if q.Salted {
		parameters = []parameter{{number: q.Salt}}
	}
	r, err := c.run(modeStream, q.SQL, parameters, want)
	if err != nil {
		return nil, err
	}
	defer r.close()
	exact := q.Exact()
	for r.next() {
		cells := make([]mechanism.Cell, len(want))
		for i := range cells {
			if cells[i], err = r.cell(i); err != nil {
				return nil, err
			}
		}
		var n string
		if q.Units {
			n = whole(cells[len(q.Keys)])
		}
		numbers := make([]string, q.Width)
		for i := range numbers {
			numbers[i] = whole(cells[len(q.Keys)+units+i])
		}
		if err := exact.Add(cells[:len(q.Keys):len(q.Keys)], n, numbers); err != nil {
			return nil, err
		}
	}
	return exact, r.err
}

// whole is a number's text; NULL counts as 0.
func whole(c mechanism.Cell) string {
	if c.Null {
		return "0"
	}
	return c.Text
}

// transact runs fn in a read-only transaction, within the statement timeout.
func (e *Engine) transact(ctx context.Context, fn func(*connection) error) error {
	ctx, cancel := e.limit(ctx)
	defer cancel()
	c, err := e.db.connect(ctx)
	if err != nil {
		return err
	}
	clean := false
	defer func() { c.release(clean) }()
	if err = c.execute(begin); err == nil {
		if err = fn(c); err == nil {
			err = c.execute("COMMIT")
		}
	}
	clean = err == nil // else the connection goes, and its transaction with it
	return wrap(ctx, err)
}

const begin = "BEGIN TRANSACTION READ ONLY"

// limit adds the statement timeout to a context, with a cause that tells it from the caller's own deadline.
func (e *Engine) limit(ctx context.Context) (context.Context, context.CancelFunc) {
	if e.options.StatementTimeout <= 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeoutCause(ctx, e.options.StatementTimeout, engine.ErrTimeout)
}

func wrap(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	if cause := context.Cause(ctx); ctx.Err() != nil && errors.Is(cause, engine.ErrTimeout) {
		return fmt.Errorf("duckdb: %w", cause)
	}
	return fmt.Errorf("duckdb: %w", err)
}

// query runs one statement of our own and returns all of its rows, each column as its own type.
func (e *Engine) query(ctx context.Context, sql string) ([][]mechanism.Cell, error) {
	var rows [][]mechanism.Cell
	err := e.transact(ctx, func(c *connection) error {
		var err error
		rows, err = c.all(sql)
		return err
	})
	return rows, err
}

func (c *connection) all(sql string) ([][]mechanism.Cell, error) {
	r, err := c.run(modeOwn, sql, nil, nil)
	if err != nil {
		return nil, err
	}
	defer r.close()
	var rows [][]mechanism.Cell
	for r.next() {
		row := make([]mechanism.Cell, len(r.columns))
		for i := range row {
			if row[i], err = r.cell(i); err != nil {
				return nil, err
			}
		}
		rows = append(rows, row)
	}
	return rows, r.err
}

// identifier quotes a name.
func identifier(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

// literal quotes a string.
func literal(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }
