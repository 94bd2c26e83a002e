package ledgersql

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/dpproxy/dpproxy/budget"
	"github.com/mattn/go-sqlite3"
)

// sqliteID marks a SQLite file as a ledger of dpproxy (PRAGMA application_id), the letters "dpxy".
const sqliteID = 0x64707879

// maxReaders is the number of transactions that read a SQLite file at once.
const maxReaders = 4

// sqliteStore is a SQLite file in WAL mode with synchronous=FULL: a commit returns after fsync. One connection writes,
// under BEGIN IMMEDIATE, which waits for another process's transaction to end.
type sqliteStore struct {
	path    string
	mu      sync.Mutex // the writer's connection and statements
	writeDB *sql.DB
	writer  *sql.Conn
	stmts   map[string]*sql.Stmt
	execs   prepared[driver.StmtExecContext] // of the writer's connection, for what returns no rows
	args    []driver.NamedValue              // of the present one
	readDB  *sql.DB
	reads   sync.Map // text → *sql.Stmt on readDB: the package's fixed statements
	turns   chan struct{}
	idle    chan *sqliteLookup
}

func openSQLite(ctx context.Context, path string, log *slog.Logger) (_ *sqliteStore, err error) {
	if path == "" {
		return nil, errors.New("ledger: sqlite: needs the path of a file")
	}
	if err := createPrivate(path, log); err != nil {
		return nil, err
	}
	s := &sqliteStore{path: path, stmts: map[string]*sql.Stmt{}, execs: prepared[driver.StmtExecContext]{}, turns: make(chan struct{}, maxReaders),
		idle: make(chan *sqliteLookup, maxReaders)}
	defer func() {
		if err != nil {
			s.close()
		}
	}()
	// The path is percent-encoded, so that no character of it can be read as an option.
	base := "file:" + (&url.URL{Path: filepath.ToSlash(path)}).EscapedPath() + "?_busy_timeout=20000&_synchronous=FULL"
	if s.writeDB, err = sql.Open("sqlite3", base); err != nil {
		return nil, err
	}
	s.writeDB.SetMaxOpenConns(1)
	if s.writer, err = s.writeDB.Conn(ctx); err != nil {
		return nil, fmt.Errorf("ledger: cannot open %s: %w", path, err)
	}
	if err := s.prepare(ctx); err != nil {
		return nil, fmt.Errorf("ledger: cannot use %s: %w", path, err)
	}
	if s.readDB, err = sql.Open("sqlite3", base+"&_query_only=true"); err != nil {
		return nil, err
	}
	// The number of connections is limited by turns: a reader that prepares a statement may need a second one.
	s.readDB.SetMaxIdleConns(maxReaders)
	return s, nil
}

// createPrivate creates a file and its directories for the owner of the process alone. SQLite gives its side files the
// same mode.
func createPrivate(path string, log *slog.Logger) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("ledger: %w", err)
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return fmt.Errorf("ledger: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return fmt.Errorf("ledger: %w", err)
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("ledger: %s is not a file", path)
	}
	if info.Mode().Perm()&0o077 != 0 {
		log.Warn("the ledger's file can be read or written by other users", "path", path, "mode", info.Mode().Perm().String())
	}
	return nil
}

// prepare switches to WAL, checks that the file is a whole ledger, and brings its schema up to date.
func (s *sqliteStore) prepare(ctx context.Context) error {
	var mode, check string
	var id, tables int64
	if err := s.scanOne(ctx, "PRAGMA journal_mode = WAL", &mode); err != nil {
		return err
	}
	if mode != "wal" {
		return fmt.Errorf("no write-ahead log on this file system (journal mode %s)", mode)
	}
	if err := s.scanOne(ctx, "PRAGMA quick_check(1)", &check); err != nil {
		return err
	}
	if check != "ok" {
		return fmt.Errorf("the file is damaged: %s", check)
	}
	return s.write(ctx, func(t tx) error {
		if err := s.scanOne(ctx, "PRAGMA application_id", &id); err != nil {
			return err
		}
		if err := s.scanOne(ctx, "SELECT count(*) FROM sqlite_master", &tables); err != nil {
			return err
		}
		if id != sqliteID && (id != 0 || tables != 0) {
			return errors.New("this is a database of something else")
		}
		var version int
		if err := s.scanOne(ctx, "PRAGMA user_version", &version); err != nil {
			return err
		}
		return migrate(version, func(statements []string) error {
			for _, text := range append(statements, sqliteGuards(version)...) {
				if _, err := s.writer.ExecContext(ctx, sqliteText(text)); err != nil {
					return fmt.Errorf("%w in %s", err, text)
				}
			}
			version++
			_, err := s.writer.ExecContext(ctx, fmt.Sprintf("PRAGMA application_id = %d; PRAGMA user_version = %d", sqliteID, version))
			return err
		})
	})
}

// sqliteGuards is the first head, and makes the history append-only for everybody who does not take the guards away first.
func sqliteGuards(version int) []string {
	if version != 0 {
		return nil
	}
	return []string{
		`INSERT INTO head (one, id, hash) VALUES (1, 0, zeroblob(32))`,
		`CREATE TRIGGER history_update BEFORE UPDATE ON history BEGIN SELECT RAISE(ABORT, 'the history is append-only'); END`,
		`CREATE TRIGGER history_delete BEFORE DELETE ON history BEGIN SELECT RAISE(ABORT, 'the history is append-only'); END`,
	}
}

// sqliteText is a statement in SQLite's words: numbered parameters, and integer keys that are the row's own number.
func sqliteText(text string) string {
	return strings.ReplaceAll(strings.ReplaceAll(text, "$", "?"), "BIGINT PRIMARY KEY", "INTEGER PRIMARY KEY")
}

func (s *sqliteStore) scanOne(ctx context.Context, text string, dest any) error {
	return s.writer.QueryRowContext(ctx, text).Scan(dest)
}

func (s *sqliteStore) write(ctx context.Context, f func(tx) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	// A transaction is short, and is not cut in the middle by a caller that has gone.
	ctx = context.WithoutCancel(ctx)
	if _, err := s.writer.ExecContext(ctx, "BEGIN IMMEDIATE"); err != nil {
		return sqliteFault(err)
	}
	if err := f(&sqliteTx{s}); err != nil {
		s.rollback(ctx)
		return sqliteFault(err)
	}
	if _, err := s.writer.ExecContext(ctx, "COMMIT"); err != nil {
		// The log may hold the commit already, and recovery would find it there.
		s.rollback(ctx)
		return errors.Join(budget.ErrUnknownOutcome, err)
	}
	return nil
}

// rollback fails where SQLite has rolled back by itself, which is as good.
func (s *sqliteStore) rollback(ctx context.Context) {
	_, _ = s.writer.ExecContext(ctx, "ROLLBACK")
}

func (s *sqliteStore) read(ctx context.Context, f func(reader) error) error {
	select {
	case s.turns <- struct{}{}:
		defer func() { <-s.turns }()
	case <-ctx.Done():
		return ctx.Err()
	}
	t, err := s.readDB.BeginTx(ctx, nil)
	if err != nil {
		return sqliteFault(err)
	}
	defer t.Rollback()
	return sqliteFault(f(sqliteReader{s, t}))
}

func (s *sqliteStore) close() error {
	errs := []error{s.execs.close()}
	for _, stmt := range s.stmts {
		errs = append(errs, stmt.Close())
	}
	for len(s.idle) > 0 {
		errs = append(errs, (<-s.idle).close())
	}
	s.reads.Range(func(_, stmt any) bool {
		errs = append(errs, stmt.(*sql.Stmt).Close())
		return true
	})
	if s.readDB != nil {
		errs = append(errs, s.readDB.Close())
	}
	if s.writer != nil {
		errs = append(errs, s.writer.Close())
	}
	if s.writeDB != nil {
		errs = append(errs, s.writeDB.Close())
	}
	return errors.Join(errs...)
}

// sqliteFault says what kind of error it is. Only a wrong value is permanent; a full disk is not.
func sqliteFault(err error) error {
	var e sqlite3.Error
	if !errors.As(err, &e) {
		return err
	}
	switch e.Code {
	case sqlite3.ErrConstraint, sqlite3.ErrMismatch, sqlite3.ErrTooBig, sqlite3.ErrRange, sqlite3.ErrError:
		return &fault{err: err, permanent: true}
	case sqlite3.ErrBusy, sqlite3.ErrLocked:
		return &fault{err: err, retryable: true}
	}
	return &fault{err: err}
}

type sqliteTx struct{ s *sqliteStore }

func (t *sqliteTx) stmt(ctx context.Context, text string) (*sql.Stmt, error) {
	if stmt, ok := t.s.stmts[text]; ok {
		return stmt, nil
	}
	stmt, err := t.s.writer.PrepareContext(ctx, sqliteText(text))
	if err != nil {
		return nil, err
	}
	t.s.stmts[text] = stmt
	return stmt, nil
}

// queue goes past package database/sql, whose ways cost more than the statement.
func (t *sqliteTx) queue(_ context.Context, text string, args ...any) error {
	return t.s.writer.Raw(func(conn any) error {
		stmt, err := t.s.execs.on(conn, text)
		if err != nil {
			return err
		}
		if t.s.args, err = namedValues(t.s.args[:0], args); err != nil {
			return err
		}
		_, err = stmt.ExecContext(context.Background(), t.s.args)
		clear(t.s.args) // keeps no text alive
		return err
	})
}

func (t *sqliteTx) each(ctx context.Context, text string, args []any, scan func(row) error) error {
	stmt, err := t.stmt(context.WithoutCancel(ctx), text)
	if err != nil {
		return err
	}
	rows, err := stmt.QueryContext(context.WithoutCancel(ctx), args...)
	return eachRow(rows, err, scan)
}

func (t *sqliteTx) head(ctx context.Context, scan func(row) error) error {
	return t.each(ctx, `SELECT id, hash FROM head WHERE one = 1`, nil, scan)
}

func (t *sqliteTx) accounts(ctx context.Context, keys []budget.Key, scan func(row) error) error {
	for _, k := range keys {
		const text = `SELECT ` + accountColumns + ` FROM accounts WHERE analyst = $1 AND dataset = $2`
		if err := t.each(ctx, text, []any{k.Analyst, k.Dataset}, scan); err != nil {
			return err
		}
	}
	return nil
}

func (t *sqliteTx) open(ctx context.Context, ids []int64, scan func(row) error) error {
	for _, id := range ids {
		if err := t.each(ctx, `SELECT id FROM reservations WHERE id = $1`, []any{id}, scan); err != nil {
			return err
		}
	}
	return nil
}

// sqliteReader reads in one transaction.
type sqliteReader struct {
	s *sqliteStore
	t *sql.Tx
}

func (r sqliteReader) each(ctx context.Context, text string, args []any, scan func(row) error) error {
	stmt, err := r.s.readStmt(ctx, text)
	if err != nil {
		return err
	}
	rows, err := r.t.StmtContext(ctx, stmt).QueryContext(ctx, args...)
	return eachRow(rows, err, scan)
}

// readStmt is a statement prepared once for each connection.
func (s *sqliteStore) readStmt(ctx context.Context, text string) (*sql.Stmt, error) {
	if stmt, ok := s.reads.Load(text); ok {
		return stmt.(*sql.Stmt), nil
	}
	stmt, err := s.readDB.PrepareContext(ctx, sqliteText(text))
	if err != nil {
		return nil, err
	}
	if former, loaded := s.reads.LoadOrStore(text, stmt); loaded {
		return former.(*sql.Stmt), stmt.Close()
	}
	return stmt, nil
}

func eachRow(rows *sql.Rows, err error, scan func(row) error) error {
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
