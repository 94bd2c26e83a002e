package ledgersql

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/dpproxy/dpproxy/budget"
	"github.com/dpproxy/dpproxy/internal/testservers"
	"github.com/jackc/pgx/v5/pgconn"
)

func openURL(t *testing.T, url string) *Ledger {
	t.Helper()
	l, err := Open(context.Background(), url, Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

// Connections that the server ended while nobody used them, as a restart does, are no error of the next reads.
func TestPostgresEndedConnections(t *testing.T) {
	url := testservers.Postgres(t)
	l := openURL(t, url)
	all := func() error {
		var wg sync.WaitGroup
		errs := make([]error, 8)
		for i := range errs {
			wg.Go(func() { _, errs[i] = l.Balance(context.Background(), small().Analyst) })
		}
		wg.Wait()
		return errors.Join(errs...)
	}
	admin, err := pgconn.Connect(context.Background(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close(context.Background())
	for range 3 {
		if err := all(); err != nil {
			t.Fatal(err)
		}
		_, err := admin.Exec(context.Background(), "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()").ReadAll()
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := all(); err != nil {
		t.Error(err)
	}
}

// A server that crashes and comes back, under load from two ledgers: every acknowledged charge is there, those whose
// outcome is unknown may be, and both ledgers go on by themselves.
func TestPostgresRestarts(t *testing.T) {
	server := testservers.PostgresServer(t, testservers.Durable())
	ledgers := []*Ledger{openURL(t, server.URL()), openURL(t, server.URL())}
	ctx, stop := context.WithCancel(context.Background())
	var acknowledged, unknown atomic.Int64
	progress := make(chan struct{}, 1000) // an acknowledged charge
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for ctx.Err() == nil {
				r, err := ledgers[i%2].Reserve(context.Background(), small())
				switch {
				case err == nil:
					acknowledged.Add(1)
					if i%4 < 2 {
						err = r.Commit(ctx, nil, budget.Outcome{})
					}
					if err != nil {
						t.Error(err)
					}
					select {
					case progress <- struct{}{}:
					default:
					}
				case errors.Is(err, budget.ErrUnknownOutcome):
					unknown.Add(1)
				}
			}
		})
	}
	for _, end := range []func(){server.Crash, server.Stop, server.Crash} {
		for range 50 {
			<-progress
		}
		end()
		for len(progress) > 0 {
			<-progress
		}
		if err := server.Start(); err != nil {
			t.Fatal(err)
		}
	}
	for range 50 {
		<-progress
	}
	stop()
	wg.Wait()
	for _, l := range ledgers {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	}
	l := openURL(t, server.URL())
	got := int64(used(t, l))
	t.Logf("%d charges on the ledger, %d acknowledged, %d unknown", got, acknowledged.Load(), unknown.Load())
	if got < acknowledged.Load() || got > acknowledged.Load()+unknown.Load() {
		t.Errorf("%d charges on the ledger, %d acknowledged, %d unknown", got, acknowledged.Load(), unknown.Load())
	}
	if _, err := l.Verify(context.Background()); err != nil {
		t.Error(err)
	}
}

// Several processes may create the schema at once.
func TestPostgresOpenedAtOnce(t *testing.T) {
	url := testservers.Postgres(t)
	var wg sync.WaitGroup
	for range 6 {
		wg.Go(func() {
			l, err := Open(context.Background(), url, Options{})
			if err != nil {
				t.Error(err)
				return
			}
			if _, err := l.Reserve(context.Background(), small()); err != nil {
				t.Error(err)
			}
			if err := l.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if got := used(t, openURL(t, url)); got != 6 {
		t.Errorf("%d charges, want 6", got)
	}
}

// What a server or a role has for defaults does not make a commit less durable, nor are other schemas' tables touched.
func TestPostgresReliesOnNoDefaults(t *testing.T) {
	url := testservers.Postgres(t)
	join := "?"
	if strings.Contains(url, "?") {
		join = "&"
	}
	l := openURL(t, url+join+"synchronous_commit=off&search_path=public&default_transaction_read_only=on&default_transaction_isolation=serializable")
	if _, err := l.Reserve(context.Background(), small()); err != nil {
		t.Fatal(err)
	}
	var commit, isolation, path string
	err := l.store.write(context.Background(), func(t tx) error {
		return t.each(context.Background(), `SELECT current_setting('synchronous_commit'), current_setting('transaction_isolation'),
		  current_setting('search_path')`, nil, func(r row) error { return r.Scan(&commit, &isolation, &path) })
	})
	if err != nil || commit != "on" || isolation != "read committed" || path != "dpproxy, pg_catalog, pg_temp" {
		t.Errorf("got %v, %q, %q, %q", err, commit, isolation, path)
	}
}

func TestPostgresGuards(t *testing.T) {
	l := openURL(t, testservers.Postgres(t))
	for _, text := range []string{`UPDATE history SET query = ''`, `DELETE FROM history`, `TRUNCATE history`} {
		err := l.store.write(context.Background(), func(t tx) error { return t.queue(context.Background(), text) })
		if err == nil || !strings.Contains(err.Error(), "append-only") {
			t.Errorf("%s: got %v", text, err)
		}
	}
}

func TestPostgresFault(t *testing.T) {
	for _, c := range []struct {
		err                  error
		retryable, permanent bool
	}{
		{&pgconn.PgError{Code: "40001"}, true, false},
		{&pgconn.PgError{Code: "40P01"}, true, false},
		{&pgconn.PgError{Code: "57P01"}, true, false},
		{&pgconn.PgError{Code: "55P03"}, true, false},
		{&pgconn.PgError{Code: "22021"}, false, true},
		{&pgconn.PgError{Code: "54000"}, false, true},
		{&pgconn.PgError{Code: "53100"}, false, false},
		{&pgconn.PgError{Code: "42P01"}, false, false},
		{errors.New("broken pipe"), true, false},
		{invalid(errors.New("a limit of ours")), false, true},
		{context.DeadlineExceeded, false, false},
	} {
		got := postgresFault(c.err, true)
		if isRetryable(got) != c.retryable || isPermanent(got) != c.permanent {
			t.Errorf("%v: retryable %v, permanent %v", c.err, isRetryable(got), isPermanent(got))
		}
	}
}
