// Package engine is the only code that talks to private data.
//
//	rewrite.Plan ──answer──► Query ──Run──► mechanism.Exact      one read-only snapshot for all queries of a plan
//	                         outer SQL + noisy rows ──Finish──► Rows
//
// Two engines exist and pass one suite (engine/enginetest): engine/postgres (pgx; whatever speaks PostgreSQL's protocol)
// and engine/duckdb (inside the process; CSV, Parquet, DuckDB files). An engine decides nothing about privacy: it runs
// SQL that package rewrite printed, and hands out whole numbers only as *mechanism.Exact.
//
// Errors of an engine are for the operator: they may hold data, and so they never reach a client.
package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/mechanism"
)

// Query is one measurement's SQL. Its result columns are, in this order: len(Keys) group keys, the number of units if
// Units, and Width whole numbers (NULL counts as 0).
type Query struct {
	SQL string
	// Salt, if Salted, is bound to the SQL's only parameter $1 (bigint): it keys the hash that orders a unit's rows.
	Salted bool
	Salt   int64
	Keys   []catalog.Type
	Units  bool
	Width  int
	// Into, if not nil, takes the groups; it belongs to this query alone.
	Into *mechanism.Exact
}

// Exact is where an engine puts the groups that it reads, from the first on: Into, or one that holds everything.
func (q Query) Exact() *mechanism.Exact {
	if q.Into == nil {
		return mechanism.NewExact(q.Width)
	}
	q.Into.Restart()
	return q.Into
}

// Input is a table of publishable values that the outer query reads under Name.
type Input struct {
	Name    string
	Columns []InputColumn
	Rows    [][]mechanism.Cell
}

// InputColumn is one column of an Input. Cells are PostgreSQL output text of Type.
type InputColumn struct {
	Name string
	Type catalog.Type
}

// Rows streams a result. Cells are in PostgreSQL's output text (bool t/f, dates ISO, floats shortest), whatever the
// engine. The slice that Values returns is valid until the next call of Next.
type Rows interface {
	Next() bool
	Values() []mechanism.Cell
	Err() error // after Next returned false
	Close()
}

// UniqueProbe asks whether a column of a source table holds each value once.
type UniqueProbe struct{ Schema, Table, Column string }

// KeyProbe asks how many rows of a source table have no record key in a column, or one outside of 0 … Below − 1.
type KeyProbe struct {
	Schema, Table, Column string
	Below                 int64
}

// Engine is a data source.
//
// Every method honours its context: cancelling it cancels the work in the source.
type Engine interface {
	Kind() catalog.Engine
	// Schema lists the source's tables and views: names, types, constraints; never values.
	Schema(ctx context.Context) ([]catalog.SourceTable, error)
	// IsUnique checks a claim of the data owner, at load and in `dpproxy check`, for the owner's eyes alone.
	IsUnique(ctx context.Context, probe UniqueProbe) (bool, error)
	// KeyFaults counts what is wrong with record keys (pipeline tbe), at load and in `dpproxy check`, for the owner's eyes alone.
	KeyFaults(ctx context.Context, probe KeyProbe) (missing, outside int64, err error)
	// Run runs all queries in one read-only, repeatable-read snapshot. It returns one Exact for each query.
	// ErrUnavailable (wrapped) means that nothing was asked of the source.
	Run(ctx context.Context, queries []Query) ([]*mechanism.Exact, error)
	// Finish runs SQL over publishable inputs and public tables. types are those of the result's columns.
	Finish(ctx context.Context, sql string, inputs []Input, types []catalog.Type) (Rows, error)
	// Ping tells whether the source can be reached.
	Ping(ctx context.Context) error
	Close() error
}

// Bound is SQL over public tables with parameters $1, $2 …, whose types it tells itself. Values are their values, in
// PostgreSQL's output text.
type Bound struct {
	SQL    string
	Values []mechanism.Cell
}

// Binder is an Engine that keeps statements prepared.
type Binder interface {
	// FinishBound is Finish for a statement without inputs that comes often.
	FinishBound(ctx context.Context, b Bound, types []catalog.Type) (Rows, error)
}

// PoolStat is the state of an engine's connections.
type PoolStat struct {
	Busy, Idle, Most int
	Waits            int64 // acquisitions that had to wait
	Waited           time.Duration
}

// Pooled is an Engine that tells the state of its connections.
type Pooled interface{ Pool() PoolStat }

// ErrUnavailable says that the source could not be reached, so that nothing was asked of it and nothing need be charged.
var ErrUnavailable = errors.New("engine: source cannot be reached")

// ErrBusy says that no connection was free within the time that a query may wait for one. It is an ErrUnavailable.
var ErrBusy = fmt.Errorf("%w: no connection was free in time", ErrUnavailable)

// ErrTimeout says that the source ended a statement because it ran longer than the operator allows.
var ErrTimeout = errors.New("engine: statement ran longer than allowed")
