package catalog

import (
	"math/big"

	"github.com/dpproxy/dpproxy/privacy"
)

// Dataset is one database that analysts connect to.
type Dataset struct {
	Name    string
	Version string // part of every release's identity
	Engine  Engine // which dialect its source speaks

	Title, Description string

	// RowUnit says that each row is its own privacy unit (`privacy_unit: row`); then no private joins exist.
	RowUnit bool
	// UnitTable and UnitColumn are those of `privacy_unit: table.column`; empty with RowUnit or where nothing is private.
	UnitTable, UnitColumn string

	Accountant       privacy.Accountant
	Query            QueryDefaults
	AllowedFunctions []string // lower case, e.g. count, sum, avg; "*" never occurs
	MaxFunctions     int      // aggregate calls in one query
	MaxCombinations  int      // the largest number of public key combinations that one query may report
	Policy           Policy
	Tables           []*Table // in the order of declaration
	Views            []*View  // declared SELECTs over them

	// CellKey is nil where answers are differentially private, which is the default.
	CellKey *CellKey
}

// QueryDefaults are `query:` of a dataset: what a query costs and touches if the analyst sets nothing, and the most
// that he may set.
type QueryDefaults struct {
	Epsilon    privacy.Epsilon
	MaxEpsilon privacy.Epsilon
	Delta      privacy.Delta // for one query; 0 means that private keys are refused
	Bounds     privacy.Contribution
	MinUnits   int64 // a floor on top of the threshold
}

// Engine is the kind of source behind a dataset.
type Engine string

// The engines.
const (
	Postgres Engine = "postgres"
	DuckDB   Engine = "duckdb"
)

// Table is one declared table; analysts see it as public.<Name>.
type Table struct {
	Name        string
	Public      bool
	Description string
	Schema      string // where it lives in the source; never shown
	SourceName  string
	Columns     []*Column // in the source's order; only declared ones (all, for a public table)
	Hidden      []*Column // declared, and not seen by analysts: units, weights, what a user may not see
	Weight      string    // the column that holds a row's weight; empty: each row counts once
	// Unit is the path from a private table to the privacy unit, empty where the table itself holds the unit column
	// under UnitColumn. See Hop.
	Unit *UnitPath
}

// UnitPath tells how a private table's rows belong to a unit. Column is the table's own column. If Via is nil, the
// column's value is the unit. Otherwise the unit is that of the row of Via.Table whose Via.Column equals Column:
// follow Via.Table's own path from there.
//
//	visits:  {Column: person_id}                                      (person_id -> persons.person_id)
//	items:   {Column: visit_id, Via: {Table: visits, Column: visit_id}} (visit_id -> visits.visit_id)
type UnitPath struct {
	Column     string
	References *Reference // what the declaration points to; nil for the table that defines the unit
	Via        *Reference // nil: the column holds the unit's value itself
}

// Reference is a column of a declared table.
type Reference struct{ Table, Column string }

// Column is one declared column. Type is the source's.
type Column struct {
	Name        string
	SourceName  string
	Type        Type
	Domain      Domain
	Nullable    bool // the source's constraint, or as declared
	Enumerated  bool // the source has an enumerated type, which is read as its labels' text
	Collated    bool // the source's column has a collation of its own
	Unique      bool // enforced: a constraint of the source, or checked at load on a source that cannot change
	Description string
	Uses        Uses
	Breaks      []*big.Rat // not nil: conditions may cut its values there alone; ascending
	Sentinels   []string   // values that stand for something else, in the type's output text: left out of arithmetic
}

// Domain is what the owner declared about a column's values. The zero value declares nothing.
type Domain struct {
	// Lower and Upper bound numbers, dates (days since 1970-01-01) and timestamps (microseconds since 1970-01-01
	// 00:00, UTC for timestamptz). Both or neither are set; Lower ≤ Upper. Values are clamped to them where they are read.
	Lower, Upper *big.Rat
	// Values is the closed list of values in PostgreSQL's output text; they are public keys. In the order of the type.
	Values []string
	// NullValue says that NULL is in the list.
	NullValue bool
}

// Table finds a declared table by its exact name.
func (d *Dataset) Table(name string) (*Table, bool) {
	for _, t := range d.Tables {
		if t.Name == name {
			return t, true
		}
	}
	return nil, false
}

// Column finds a declared column by its exact name, hidden ones among them.
func (t *Table) Column(name string) (*Column, bool) {
	for _, list := range [][]*Column{t.Columns, t.Hidden} {
		for _, c := range list {
			if c.Name == name {
				return c, true
			}
		}
	}
	return nil, false
}
