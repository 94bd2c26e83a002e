package ledgersql

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dpproxy/dpproxy/budget"
	"github.com/dpproxy/dpproxy/privacy"
)

func openFile(t *testing.T, path string) *Ledger {
	t.Helper()
	l, err := Open(context.Background(), "sqlite:"+path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

// small is a charge of ε = 1e-9.
func small() budget.Charge {
	b := budget.Budget{Accountant: privacy.Pure, Epsilon: privacy.EpsilonUnits}
	loss := privacy.Loss{Epsilon: 1}
	return budget.Charge{
		Analyst:     budget.Account{Key: budget.Key{Analyst: "alice", Dataset: "census"}, Budget: b},
		Dataset:     budget.Account{Key: budget.Key{Dataset: "census"}, Budget: b},
		AnalystLoss: loss, DatasetLoss: loss,
	}
}

func used(t *testing.T, l *Ledger) privacy.Epsilon {
	t.Helper()
	b, err := l.Balance(context.Background(), small().Analyst)
	if err != nil {
		t.Fatal(err)
	}
	return b.Spent.Epsilon + b.Reserved.Epsilon
}

func TestSQLiteFilesArePrivate(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "b c?d#e%41")
	l := openFile(t, filepath.Join(dir, "ledger.db"))
	if _, err := l.Reserve(context.Background(), small()); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]os.FileMode{
		dir: 0o700, filepath.Dir(dir): 0o700,
		filepath.Join(dir, "ledger.db"): 0o600, filepath.Join(dir, "ledger.db-wal"): 0o600, filepath.Join(dir, "ledger.db-shm"): 0o600,
	} {
		info, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		if got := info.Mode().Perm(); got != want {
			t.Errorf("%s has mode %v, want %v", name, got, want)
		}
	}
}

func TestSQLiteIsDurable(t *testing.T) {
	l := openFile(t, filepath.Join(t.TempDir(), "ledger.db"))
	s := l.store.(*sqliteStore)
	var synchronous, mode string
	for text, dest := range map[string]*string{"PRAGMA synchronous": &synchronous, "PRAGMA journal_mode": &mode} {
		if err := s.scanOne(context.Background(), text, dest); err != nil {
			t.Fatal(err)
		}
	}
	if synchronous != "2" || mode != "wal" {
		t.Errorf("synchronous %s, journal %s; want 2 (FULL), wal", synchronous, mode)
	}
}

func TestSQLiteRefusesOtherFiles(t *testing.T) {
	change := func(text string) func(t *testing.T, path string) {
		return func(t *testing.T, path string) {
			db, err := sql.Open("sqlite3", path)
			if err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			if _, err := db.Exec(text); err != nil {
				t.Fatal(err)
			}
		}
	}
	write := func(text string) func(t *testing.T, path string) {
		return func(t *testing.T, path string) {
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, c := range []struct {
		name, want string
		make       func(t *testing.T, path string)
	}{
		{"another program's", "database of something else", change(`CREATE TABLE t (x)`)},
		{"a later version's", "made by a later dpproxy", func(t *testing.T, path string) {
			if err := openFile(t, path).Close(); err != nil {
				t.Fatal(err)
			}
			change(`PRAGMA user_version = 99`)(t, path)
		}},
		{"text", "not a database", write(strings.Repeat("hello\n", 1000))},
		{"a directory", "directory", func(t *testing.T, path string) {
			if err := os.Mkdir(path, 0o700); err != nil {
				t.Fatal(err)
			}
		}},
	} {
		path := filepath.Join(t.TempDir(), "ledger.db")
		c.make(t, path)
		l, err := Open(context.Background(), "sqlite:"+path, Options{})
		if err == nil {
			l.Close()
			t.Errorf("%s: was opened", c.name)
		} else if !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %q, want %q", c.name, err, c.want)
		}
	}
	for _, url := range []string{"", "sqlite:", "ledger.db", "mysql://x", "postgres://%zz:secret@/"} {
		if l, err := Open(context.Background(), url, Options{}); err == nil {
			l.Close()
			t.Errorf("%q was opened", url)
		} else if strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: the error shows the password", url)
		}
	}
}

// A full disk refuses charges, keeps what was acknowledged, and what waits is written when there is room again.
func TestSQLiteFullDisk(t *testing.T) {
	ctx := context.Background()
	path := filepath.Join(t.TempDir(), "ledger.db")
	l := openFile(t, path)
	pages := func(text string) {
		t.Helper()
		s := l.store.(*sqliteStore)
		s.mu.Lock()
		defer s.mu.Unlock()
		if _, err := s.writer.ExecContext(ctx, text); err != nil {
			t.Fatal(err)
		}
	}
	made := budget.Release{ID: budget.ReleaseID{1}, Body: make([]byte, 100_000)}
	r, err := l.Reserve(ctx, small())
	if err != nil {
		t.Fatal(err)
	}
	pages("PRAGMA max_page_count = 1") // SQLite takes the file's present size
	acknowledged := privacy.Epsilon(1)
	for {
		if _, err = l.Reserve(ctx, small()); err != nil {
			break
		}
		if acknowledged++; acknowledged > 10_000 {
			t.Fatal("the disk is never full")
		}
	}
	if err := r.Commit(ctx, []budget.Release{made}, budget.Outcome{}); err != nil {
		t.Fatal(err)
	}
	if err := l.Ping(ctx); err != nil && l.unsettled.Load() == 0 {
		t.Errorf("what waits is gone: %v", err)
	}
	if _, err := l.Reserve(ctx, small()); err == nil {
		t.Error("a charge was made on a full disk")
	}
	found, err := l.Releases(ctx, small().Analyst.Key, []budget.ReleaseID{made.ID}, 0)
	if err != nil || len(found) != 1 {
		t.Errorf("a committed release is not seen: %v, %v", found, err)
	}
	pages("PRAGMA max_page_count = 1000000")
	if got := used(t, l); got != acknowledged {
		t.Errorf("%d charges on the ledger, %d acknowledged", got, acknowledged)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	l = openFile(t, path)
	if got := used(t, l); got != acknowledged {
		t.Errorf("%d charges on the ledger after opening again, %d acknowledged", got, acknowledged)
	}
	if found, err := l.Releases(ctx, small().Analyst.Key, []budget.ReleaseID{made.ID}, 0); err != nil || len(found) != 1 {
		t.Errorf("a committed release was not written: %v, %v", found, err)
	}
}

// The history cannot be changed by accident.
func TestSQLiteGuards(t *testing.T) {
	l := openFile(t, filepath.Join(t.TempDir(), "ledger.db"))
	if _, err := l.Reserve(context.Background(), small()); err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{`UPDATE history SET query = ''`, `DELETE FROM history`} {
		err := l.store.write(context.Background(), func(t tx) error { return t.queue(context.Background(), text) })
		if err == nil || !strings.Contains(err.Error(), "append-only") {
			t.Errorf("%s: got %v", text, err)
		}
	}
}

// brokenOp is an operation that the store cannot write.
type brokenOp struct {
	plain
	settled chan error
}

func (o *brokenOp) settle(err error) { o.settled <- err }
func (o *brokenOp) apply(b *batch) error {
	return b.tx.queue(b.ctx, `INSERT INTO disabled (analyst, since) VALUES ('x', NULL)`)
}

// One operation that cannot be written does not take the rest of its batch along.
func TestBrokenOperationIsIsolated(t *testing.T) {
	l := openFile(t, filepath.Join(t.TempDir(), "ledger.db"))
	lazy, urgent := &brokenOp{settled: make(chan error, 1)}, &brokenOp{settled: make(chan error, 1)}
	good := []*reserveOp{}
	ops := []op{urgent}
	for range 3 {
		o := &reserveOp{charge: small(), ledger: l, waiter: newWaiter()}
		good, ops = append(good, o), append(ops, o)
	}
	l.execute([]op{lazy}, ops)
	for _, o := range []*brokenOp{lazy, urgent} {
		if err := <-o.settled; err == nil {
			t.Error("a broken operation succeeded")
		}
	}
	for _, o := range good {
		if err := <-o.result; err != nil {
			t.Error(err)
		}
	}
	if got := used(t, l); got != 3 {
		t.Errorf("%d charges, want 3", got)
	}
}

// An unknown outcome is told as such, and is not tried again for charges.
func TestUnknownOutcome(t *testing.T) {
	l := openFile(t, filepath.Join(t.TempDir(), "ledger.db"))
	real := l.store
	l.store = &losingStore{store: real}
	_, err := l.Reserve(context.Background(), small())
	if !errors.Is(err, budget.ErrUnknownOutcome) {
		t.Errorf("got %v, want ErrUnknownOutcome", err)
	}
	l.store = real
	if got := used(t, l); got != 1 {
		t.Errorf("%d charges on the ledger, want the one whose answer was lost", got)
	}
}

// losingStore commits and loses the answer.
type losingStore struct{ store }

func (s *losingStore) write(ctx context.Context, f func(tx) error) error {
	return errors.Join(budget.ErrUnknownOutcome, s.store.write(ctx, f))
}
