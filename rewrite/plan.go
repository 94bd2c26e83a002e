package rewrite

import (
	"sync"

	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/mechanism"
	"github.com/dpproxy/dpproxy/privacy"
)

// Plan is all that is needed to answer a query: measurements of private data, and the outer query over their noisy
// results. Its printed form is the golden file and what EXPLAIN shows.
type Plan struct {
	Blocks  []Measurement
	Post    Post
	Columns []Column     // of the answer, as RowDescription has them
	Class   string       // the query class that it was planned under; "" if the data set has none, or nothing private is read
	Loss    privacy.Loss // sum over Blocks: the price, known before any data is read
	Rules   []string     // that fired, in order, e.g. "BoundContribution"
	// System lists the proxy's own tables (schema dp) that Post reads; the caller gives them as inputs.
	System []string
	// SystemCalls are the functions of schema dp that Post reads.
	SystemCalls []SystemCall
	// SetConfig are the calls of set_config(name, value, local) among the constant columns, to be done when the answer is
	// given, never while planning or describing.
	SetConfig []SetConfig
	// Needs are what must be read from public tables before the plan can be carried out, see Complete. Its price is final, and nothing
	// else of it.
	Needs []PublicRead
	// frame is the fingerprint of the same plan before public keys were read; "" where none were.
	frame string
	// Reads says that a table of the data set is read, private or public.
	Reads bool
	// Uses are the declared columns that the statement reads, in the order in which they are named.
	Uses []Use
	// Groups and Filters are what private rows are grouped by and restricted to, roughly in the analyst's words.
	Groups, Filters []string
	// Sources are, for each column of the answer, the published number that it is. Empty for set operations.
	Sources []Source

	once         *onceText
	head, tail   string // of a template's plans: their text before and after the outer SQL
	filled       *filled
	plainColumns bool // no column that is used has rules of the owner's on its values
}

// Column is a named and typed column of an answer.
type Column struct {
	Name string
	Type catalog.Type
	From Origin // of an answer's columns alone
}

// Origin is the column of a table that a column of an answer is as it is, in the analyst's names; zero if it is none. It is what
// RowDescription tells of a column: through sub-queries and as a group key, but not out of a set operation.
type Origin struct{ Schema, Table, Column string }

// Measurement is one aggregated query over private rows. Every result column is a key or has a Spec.
type Measurement struct {
	Name   string // of the released relation, e.g. "released_1"
	SQL    string // what is sent to the engine; $1 is the salt (bigint) if Salted; "" where only histograms are measured
	Salted bool
	Keys   []Column
	Units  bool // the engine returns the number of units after the keys
	Width  int  // whole numbers after that: the sum of the specs' widths
	Specs  []mechanism.Spec
	// Histograms are counted beside it. A measurement of quantiles alone in public groups has no SQL of its own.
	Histograms []Histogram

	Selection mechanism.Selection
	// PublicKeys are all combinations, in order, where Selection.Kind is PublicKeys. Without keys it is one empty row.
	PublicKeys [][]mechanism.Cell
	// KeyReads are the queries over public tables that gave values of PublicKeys.
	KeyReads []PublicRead

	// Outputs are the columns of the released relation: the keys first, then one for each published number.
	Outputs []Output
	Bounds  privacy.Contribution // in force, after what the schema proves
	Loss    privacy.Loss         // the sum of the specs' shares and the selection's
	// Cells is nil, but in data sets of pipeline tbe: their measurements have no Specs, no selection and no loss.
	Cells *mechanism.CellSpec
	// Identity is the normalised text that names the release, with everything that changes its distribution.
	Identity string
	// After is done to the released numbers, and changes none of the above.
	After catalog.AfterNoise
}

// Output is one column of a released relation: a key, or an estimate (or one end of its interval).
type Output struct {
	Column
	Key       int    // index into Keys, or -1
	Label     string // the aggregate for people, as "avg(income)"
	Estimator mechanism.Estimator
	Quantile  *QuantileOutput // in the place of Estimator
	// Bound is "" for the estimate, "low" or "high" for an end of its interval at Confidence.
	Bound      string
	Confidence float64
	Stand      Stand // for After
}

// Post is the outer query over released relations, public tables and the proxy's own tables.
type Post struct {
	// Projection, if not nil, says that the answer is Blocks[0]'s outputs in this order, so that no engine is asked.
	Projection []int
	// Constants, if not nil, is the whole answer: a query without tables whose expressions are constants.
	Constants [][]mechanism.Cell
	// SQL otherwise runs on the engine; it reads released relations by Measurement.Name and System tables by name.
	SQL string
	// Bound, if not nil, is SQL with parameters in the place of values that conditions compare with columns.
	Bound *Bound
}

// SetConfig is one call of set_config; its result is Column of the one constant row.
type SetConfig struct {
	Column      int
	Name, Value string
	Local       bool
	position    int
}

// onceText is a text that follows from a plan alone.
type onceText struct {
	once sync.Once
	text string
	err  error
}

// Once is what f gives, which follows from the plan alone: the planner keeps plans, and asks f once for each of its own.
func (p *Plan) Once(f func() (string, error)) (string, error) {
	if p.once == nil {
		return f()
	}
	p.once.once.Do(func() { p.once.text, p.once.err = f() })
	return p.once.text, p.once.err
}
