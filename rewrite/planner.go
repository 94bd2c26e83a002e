package rewrite

import (
	"errors"

	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/mechanism"
	"github.com/dpproxy/dpproxy/privacy"
)

// Settings are what a query is planned under: the data set's defaults, narrowed by the user's rights, moved by the
// session's dp.* settings. The caller has checked them against the owner's limits.
type Settings struct {
	User, Database   string
	Epsilon          privacy.Epsilon
	Delta            privacy.Delta
	Bounds           privacy.Contribution
	Mechanism        string // auto, laplace, gaussian
	Intervals        bool
	Confidence       float64  // in (0, 1)
	AllowedFunctions []string // lower case, sorted
	MaxFunctions     int
	MinUnits         int64
	// Session answers current_setting(name); nil knows none.
	Session func(name string) (value string, ok bool)
	// Constants answers version(), pg_backend_pid() and others of the session by name; nil knows none.
	Constants func(name string) (mechanism.Cell, catalog.Type, bool)
}

// Param is a bound parameter.
type Param struct {
	Type catalog.Type // Unknown: inferred from where it is used
	Cell mechanism.Cell
}

// Planner plans statements. It caches plans by text, data set, settings and parameters. Safe for concurrent use.
type Planner struct{}

// NewPlanner makes a planner that keeps at most `plans` plans.
func NewPlanner(plans int) *Planner { return &Planner{} }

// Plan plans a SELECT (or the SELECT inside EXPLAIN). Errors are *refusal.Error.
func (p *Planner) Plan(st *Statement, ds *catalog.Dataset, s Settings, params []Param) (*Plan, error) {
	return nil, errors.New("rewrite: not built")
}

// Describe tells the types of parameters ($1 first) and columns of a SELECT; types that the client declared come in
// declared (Unknown where it did not). It reads nothing.
func (p *Planner) Describe(st *Statement, ds *catalog.Dataset, s Settings, declared []catalog.Type) ([]catalog.Type, []Column, error) {
	return nil, nil, errors.New("rewrite: not built")
}

// SystemTable is a table of schema dp whose rows the caller gives: its name (as SQL knows it) and columns.
type SystemTable struct {
	Name    string // "dp.budget"
	Input   string // the name of the input that Post.SQL reads
	Columns []Column
}

// SystemTables lists the tables of schema dp: budget, history, limits, tables, columns, functions.
func SystemTables() []SystemTable { return nil }
