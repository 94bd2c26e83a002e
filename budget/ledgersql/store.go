package ledgersql

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"strings"

	"github.com/dpproxy/dpproxy/budget"
)

// store is a database with the ledger's schema. SQL is written with $1, $2 … for both.
type store interface {
	// write runs f in one durable transaction that no other write transaction of any process overlaps. An error of
	// kind retryable changed nothing; budget.ErrUnknownOutcome may have.
	write(ctx context.Context, f func(tx) error) error
	// read runs f on one snapshot.
	read(ctx context.Context, f func(reader) error) error
	// lookup runs f, each of whose statements may see a later state than the one before. They find few rows by a key, and
	// may be read into int64, string and []byte.
	lookup(ctx context.Context, f func(reader) error) error
	close() error
}

// row is the present row of a result.
type row interface{ Scan(dest ...any) error }

// reader reads.
type reader interface {
	// each calls scan for every row.
	each(ctx context.Context, sql string, args []any, scan func(row) error) error
}

// tx is a write transaction.
type tx interface {
	reader
	// queue runs a statement before the next read or the commit, in order. Its error may come then.
	queue(ctx context.Context, sql string, args ...any) error
	// head reads the last entry of the chain, and locks it against every other write transaction.
	head(ctx context.Context, scan func(row) error) error
	// accounts reads those of the accounts that exist, and locks them.
	accounts(ctx context.Context, keys []budget.Key, scan func(row) error) error
	// open tells which reservations have not ended.
	open(ctx context.Context, ids []int64, scan func(row) error) error
}

// fault is a store's error and what may be done about it.
type fault struct {
	err error
	// retryable: the transaction certainly had no effect, and may succeed when it is run again soon.
	retryable bool
	// permanent: the data of an operation is to blame, and running it again is useless.
	permanent bool
}

func (f *fault) Error() string { return "ledger: " + f.err.Error() }
func (f *fault) Unwrap() error { return f.err }

// invalid marks an error of an operation itself, which no repetition cures.
func invalid(err error) error { return &fault{err: err, permanent: true} }

func isRetryable(err error) bool {
	var f *fault
	return errors.As(err, &f) && f.retryable
}

func isPermanent(err error) bool {
	var f *fault
	return errors.As(err, &f) && f.permanent
}

//go:embed schema.sql
var schemaV1 string

//go:embed schema_archive.sql
var schemaArchive string

//go:embed schema_approvals.sql
var schemaApprovals string

//go:embed schema_limits.sql
var schemaLimits string

//go:embed schema_packs.sql
var schemaPacks string

// migrations bring a ledger from version i to i+1. Each is a list of statements.
func migrations() [][]string {
	return [][]string{statements(schemaV1), statements(schemaArchive), statements(schemaApprovals), statements(schemaLimits), statements(schemaPacks)}
}

// migrate applies what a ledger of this version lacks.
func migrate(version int, apply func(statements []string) error) error {
	all := migrations()
	if version < 0 || version > len(all) {
		return fmt.Errorf("the ledger has schema version %d, made by a later dpproxy; this one knows up to %d", version, len(all))
	}
	for _, list := range all[version:] {
		if err := apply(list); err != nil {
			return err
		}
	}
	return nil
}

// statements splits a schema's text: statements end with ";" at a line's end, comments are whole lines.
func statements(text string) []string {
	var list []string
	var b strings.Builder
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\r\n")
		if strings.HasPrefix(strings.TrimSpace(line), "--") || strings.TrimSpace(line) == "" {
			continue
		}
		b.WriteString(line)
		if strings.HasSuffix(line, ";") {
			list = append(list, strings.TrimSuffix(b.String(), ";"))
			b.Reset()
			continue
		}
		b.WriteByte('\n')
	}
	return list
}

const accountColumns = `analyst, dataset, window_start, window_end, spent_epsilon, spent_delta, spent_rho,
  reserved_epsilon, reserved_delta, reserved_rho, queries, zcdp_charges, no_rho, granted_epsilon, granted_delta,
  is_set, set_epsilon, set_delta`

// scanAccount reads a row of accountColumns.
func scanAccount(r row) (budget.State, error) {
	var s budget.State
	var set int64
	err := r.Scan(&s.Key.Analyst, &s.Key.Dataset, &s.Window.Start, &s.Window.End,
		&s.Spent.Epsilon, &s.Spent.Delta, &s.Spent.Rho, &s.Reserved.Epsilon, &s.Reserved.Delta, &s.Reserved.Rho,
		&s.Queries, &s.ZCDPCharges, &s.NoRho, &s.Granted.Epsilon, &s.Granted.Delta, &set, &s.Set.Epsilon, &s.Set.Delta)
	s.IsSet = set != 0
	return s, err
}

const putAccount = `INSERT INTO accounts (` + accountColumns + `)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)
  ON CONFLICT (analyst, dataset) DO UPDATE SET
  window_start = excluded.window_start, window_end = excluded.window_end,
  spent_epsilon = excluded.spent_epsilon, spent_delta = excluded.spent_delta, spent_rho = excluded.spent_rho,
  reserved_epsilon = excluded.reserved_epsilon, reserved_delta = excluded.reserved_delta,
  reserved_rho = excluded.reserved_rho, queries = excluded.queries, zcdp_charges = excluded.zcdp_charges,
  no_rho = excluded.no_rho, granted_epsilon = excluded.granted_epsilon, granted_delta = excluded.granted_delta,
  is_set = excluded.is_set, set_epsilon = excluded.set_epsilon, set_delta = excluded.set_delta`

// accountValues are the arguments of putAccount.
func accountValues(s budget.State) []any {
	set := int64(0)
	if s.IsSet {
		set = 1
	}
	return []any{s.Key.Analyst, s.Key.Dataset, s.Window.Start, s.Window.End,
		int64(s.Spent.Epsilon), int64(s.Spent.Delta), int64(s.Spent.Rho),
		int64(s.Reserved.Epsilon), int64(s.Reserved.Delta), int64(s.Reserved.Rho),
		s.Queries, s.ZCDPCharges, s.NoRho, int64(s.Granted.Epsilon), int64(s.Granted.Delta),
		set, int64(s.Set.Epsilon), int64(s.Set.Delta)}
}
