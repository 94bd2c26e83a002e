package ledgersql

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"github.com/dpproxy/dpproxy/budget"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// postgresLock is the advisory lock that migrations hold, the letters "dpproxy".
const postgresLock = 0x6470_7072_6f78_79

// Every transaction sets what it relies on, so that neither a server's defaults nor a pooler between changes it:
// durability above all. "on" is also what waits for a synchronous standby, where there is one.
const (
	postgresBegin = `begin isolation level read committed read write; set local search_path = dpproxy, pg_catalog, pg_temp;
set local synchronous_commit = on; set local lock_timeout = '20s'; set local idle_in_transaction_session_timeout = '30s'`
	postgresRead = `begin isolation level repeatable read read only; set local search_path = dpproxy, pg_catalog, pg_temp`
)

// postgresStore is the schema dpproxy in a PostgreSQL database, shared by any number of processes. Write transactions
// lock the row in head first, and so follow each other.
type postgresStore struct{ pool *pgxpool.Pool }

func openPostgres(ctx context.Context, url string, log *slog.Logger) (_ *postgresStore, err error) {
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, errors.New("ledger: the URL of the PostgreSQL ledger is not valid") // the cause would show the password
	}
	config.ConnConfig.RuntimeParams["application_name"] = "dpproxy ledger"
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("ledger: %w", err)
	}
	s := &postgresStore{pool}
	if err := s.prepare(ctx, log); err != nil {
		pool.Close()
		return nil, fmt.Errorf("ledger: cannot use the PostgreSQL database: %w", err)
	}
	return s, nil
}

// prepare creates the schema or brings it up to date, once at a time over all processes.
func (s *postgresStore) prepare(ctx context.Context, log *slog.Logger) error {
	var fsync, fullPages string
	if err := s.pool.QueryRow(ctx, `SELECT current_setting('fsync'), current_setting('full_page_writes')`).Scan(&fsync, &fullPages); err != nil {
		return err
	}
	if fsync != "on" || fullPages != "on" {
		log.Warn("the ledger's PostgreSQL server may lose commits when its machine crashes", "fsync", fsync, "full_page_writes", fullPages)
	}
	t, err := s.pool.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.ReadCommitted, AccessMode: pgx.ReadWrite})
	if err != nil {
		return err
	}
	defer t.Rollback(context.WithoutCancel(ctx))
	if _, err := t.Exec(ctx, `SELECT pg_advisory_xact_lock($1)`, int64(postgresLock)); err != nil {
		return err
	}
	version, err := postgresVersion(ctx, t)
	if err != nil {
		return err
	}
	err = migrate(version, func(statements []string) error {
		for _, text := range append(statements, postgresGuards(version)...) {
			if _, err := t.Exec(ctx, text); err != nil {
				return fmt.Errorf("%w in %s", err, text)
			}
		}
		version++
		_, err := t.Exec(ctx, `UPDATE dpproxy.schema_version SET version = $1`, version)
		return err
	})
	if err != nil {
		return err
	}
	return t.Commit(ctx)
}

// postgresVersion is the schema's version; it creates the schema where there is none.
func postgresVersion(ctx context.Context, t pgx.Tx) (version int, err error) {
	var schema, table bool
	err = t.QueryRow(ctx, `SELECT to_regnamespace('dpproxy') IS NOT NULL, to_regclass('dpproxy.schema_version') IS NOT NULL`).Scan(&schema, &table)
	if err != nil {
		return 0, err
	}
	if !schema { // CREATE SCHEMA IF NOT EXISTS would want a right that one does not need where it exists
		if _, err := t.Exec(ctx, `CREATE SCHEMA dpproxy; REVOKE ALL ON SCHEMA dpproxy FROM PUBLIC`); err != nil {
			return 0, err
		}
	}
	if _, err := t.Exec(ctx, `SET LOCAL search_path = dpproxy, pg_catalog, pg_temp`); err != nil {
		return 0, err
	}
	if !table {
		_, err := t.Exec(ctx, `CREATE TABLE schema_version (version INT NOT NULL); INSERT INTO schema_version VALUES (0)`)
		return 0, err
	}
	err = t.QueryRow(ctx, `SELECT version FROM schema_version`).Scan(&version)
	return version, err
}

// postgresGuards is the first head, and makes the history append-only for everybody who does not take the guard away first.
func postgresGuards(version int) []string {
	if version != 0 {
		return nil
	}
	return []string{
		`INSERT INTO head (one, id, hash) VALUES (1, 0, decode(repeat('00', 32), 'hex'))`,
		`CREATE FUNCTION history_guard() RETURNS trigger LANGUAGE plpgsql AS
		 $$ BEGIN RAISE EXCEPTION 'the history is append-only'; END $$`,
		`CREATE TRIGGER history_guard BEFORE UPDATE OR DELETE OR TRUNCATE ON history
		 FOR EACH STATEMENT EXECUTE FUNCTION history_guard()`,
	}
}

func (s *postgresStore) write(ctx context.Context, f func(tx) error) error {
	t, err := s.pool.BeginTx(ctx, pgx.TxOptions{BeginQuery: postgresBegin})
	if err != nil {
		return postgresFault(err, true)
	}
	defer t.Rollback(context.WithoutCancel(ctx)) // does nothing after a commit
	w := &postgresTx{t: t}
	if err := f(w); err != nil {
		return postgresFault(err, true)
	}
	if err := w.flush(ctx); err != nil {
		return postgresFault(err, true)
	}
	err = t.Commit(ctx)
	if err == nil {
		return nil
	}
	// Only an ERROR, or a commit that was answered with ROLLBACK, says that nothing was written. A FATAL may come
	// after the commit, and a connection that broke tells nothing: not even pgconn.SafeToRetry, which was seen to hold
	// ("conn closed") for a COMMIT that the server had made.
	var e *pgconn.PgError
	if errors.Is(err, pgx.ErrTxCommitRollback) || errors.As(err, &e) && severity(e) == "ERROR" {
		return postgresFault(err, false)
	}
	return errors.Join(budget.ErrUnknownOutcome, err)
}

func (s *postgresStore) read(ctx context.Context, f func(reader) error) error {
	t, err := s.pool.BeginTx(ctx, pgx.TxOptions{BeginQuery: postgresRead})
	for tries := s.pool.Config().MaxConns; err != nil && tries > 0 && ended(ctx, err); tries-- { // the pool drops each that it finds so
		t, err = s.pool.BeginTx(ctx, pgx.TxOptions{BeginQuery: postgresRead})
	}
	if err != nil {
		return postgresFault(err, true)
	}
	defer t.Rollback(context.WithoutCancel(ctx))
	return postgresFault(f(&postgresTx{t: t}), true)
}

// ended tells that a connection of the pool had ended before its transaction began, as after a restart of the server: another one may do.
func ended(ctx context.Context, err error) bool {
	var e *pgconn.PgError
	var c *pgconn.ConnectError
	switch {
	case ctx.Err() != nil, errors.As(err, &c):
		return false
	case errors.As(err, &e):
		return severity(e) == "FATAL"
	}
	return true
}

// lookup is read: its snapshot is more than is asked for.
func (s *postgresStore) lookup(ctx context.Context, f func(reader) error) error {
	return s.read(ctx, f)
}

func (s *postgresStore) close() error {
	s.pool.Close()
	return nil
}

func severity(e *pgconn.PgError) string {
	if e.SeverityUnlocalized != "" {
		return e.SeverityUnlocalized
	}
	return e.Severity
}

// postgresFault says what kind of error it is. lost: an error that is not the server's is a broken connection, before
// COMMIT was sent, so that the transaction is rolled back and may be run again.
func postgresFault(err error, lost bool) error {
	if err == nil || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	var f *fault
	if errors.As(err, &f) {
		return err
	}
	var e *pgconn.PgError
	var c *pgconn.ConnectError
	switch {
	case errors.As(err, &c):
		return &fault{err: err, retryable: true}
	case errors.As(err, &e):
		class := e.Code[:min(2, len(e.Code))]
		switch {
		case e.Code == "25006", class == "40", class == "57", class == "08", e.Code == "55P03":
			return &fault{err: err, retryable: true} // serialisation, deadlock, shutdown, a standby for now
		case class == "22", class == "23", class == "54":
			return &fault{err: err, permanent: true} // a value, a constraint, a limit
		}
		return &fault{err: err}
	}
	return &fault{err: err, retryable: lost}
}

// postgresTx sends queued statements in one round trip.
type postgresTx struct {
	t     pgx.Tx
	batch pgx.Batch
}

func (t *postgresTx) queue(_ context.Context, text string, args ...any) error {
	t.batch.Queue(text, args...)
	return nil
}

func (t *postgresTx) flush(ctx context.Context) error {
	if t.batch.Len() == 0 {
		return nil
	}
	batch := t.batch
	t.batch = pgx.Batch{}
	return t.t.SendBatch(ctx, &batch).Close()
}

func (t *postgresTx) each(ctx context.Context, text string, args []any, scan func(row) error) error {
	if err := t.flush(ctx); err != nil {
		return err
	}
	rows, err := t.t.Query(ctx, text, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

func (t *postgresTx) head(ctx context.Context, scan func(row) error) error {
	return t.each(ctx, `SELECT id, hash FROM head WHERE one = 1 FOR UPDATE`, nil, scan)
}

func (t *postgresTx) accounts(ctx context.Context, keys []budget.Key, scan func(row) error) error {
	analysts, datasets := make([]string, len(keys)), make([]string, len(keys))
	for i, k := range keys {
		analysts[i], datasets[i] = k.Analyst, k.Dataset
	}
	return t.each(ctx, `SELECT `+accountColumns+` FROM accounts
	  WHERE (analyst, dataset) IN (SELECT * FROM unnest($1::text[], $2::text[]))
	  ORDER BY analyst, dataset FOR UPDATE`, []any{analysts, datasets}, scan)
}

func (t *postgresTx) open(ctx context.Context, ids []int64, scan func(row) error) error {
	return t.each(ctx, `SELECT id FROM reservations WHERE id = ANY($1)`, []any{ids}, scan)
}

// isPostgres tells a PostgreSQL URL.
func isPostgres(url string) bool {
	return strings.HasPrefix(url, "postgres://") || strings.HasPrefix(url, "postgresql://")
}
