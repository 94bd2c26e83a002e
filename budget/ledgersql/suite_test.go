package ledgersql_test

import (
	"context"
	"database/sql"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/dpproxy/dpproxy/budget"
	"github.com/dpproxy/dpproxy/budget/budgettest"
	"github.com/dpproxy/dpproxy/budget/ledgersql"
	"github.com/dpproxy/dpproxy/internal/testservers"
	"github.com/jackc/pgx/v5"
)

func open(ctx context.Context, url string, clock func() time.Time) (budget.Admin, error) {
	return ledgersql.Open(ctx, url, ledgersql.Options{Clock: clock})
}

func sqliteStore() budgettest.Store {
	return budgettest.Store{
		Open:  open,
		Fresh: func(t testing.TB) string { return "sqlite:" + filepath.Join(t.TempDir(), "state", "ledger.db") },
		Exec: func(t testing.TB, url, text string) {
			t.Helper()
			db, err := sql.Open("sqlite3", strings.TrimPrefix(url, "sqlite:"))
			if err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			if _, err := db.Exec(`DROP TRIGGER history_update; DROP TRIGGER history_delete; ` + text); err != nil {
				t.Fatal(err)
			}
		},
	}
}

func postgresStore() budgettest.Store {
	return budgettest.Store{
		Open:  open,
		Fresh: func(t testing.TB) string { return testservers.Postgres(t) },
		Exec: func(t testing.TB, url, text string) {
			t.Helper()
			ctx := context.Background()
			c, err := pgx.Connect(ctx, url)
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close(ctx)
			if _, err := c.Exec(ctx, `SET search_path = dpproxy; DROP TRIGGER history_guard ON history; `+text); err != nil {
				t.Fatal(err)
			}
		},
	}
}

func TestMain(m *testing.M) { os.Exit(budgettest.Main(m, sqliteStore())) }

func TestSQLite(t *testing.T)   { budgettest.Run(t, sqliteStore()) }
func TestPostgres(t *testing.T) { budgettest.Run(t, postgresStore()) }
