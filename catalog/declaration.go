package catalog

import "github.com/dpproxy/dpproxy/privacy"

// Declaration is one dataset as the data owner wrote it, before the source was asked about types. Package config fills
// it; Build matches it with the source. Every part knows its place in the file.
type Declaration struct {
	Position
	Path               string // of the dataset in the file, e.g. datasets[0]
	Name, Version      string
	Title, Description string
	Engine             Engine

	RowUnit               bool   // privacy_unit: row
	UnitTable, UnitColumn string // privacy_unit: table.column; empty where nothing is private
	UnitPosition          Position

	Accountant       privacy.Accountant
	Query            QueryDefaults
	AllowedFunctions []string // lower case, sorted, "all" already expanded
	MaxFunctions     int
	MaxCombinations  int
	Policy           Policy
	PolicyPositions  []PolicyName // what the policy names, to be found among tables and columns
	Tables           []TableDeclaration
	Views            []ViewDeclaration
	CellKey          *CellKeyDeclaration // nil: the pipeline is laplace
}

// TableDeclaration is one entry of `tables:`.
type TableDeclaration struct {
	Position
	Path        string
	Name        string
	Source      string // "schema.table" or "table" in the source, if it has another name there
	Public      bool
	Description string
	Unit        *UnitDeclaration
	Dummy       *DummyDeclaration // nil: rows of design mode are generated
	Weight      *Scalar           // the name of the column that holds a row's weight
	Columns     []ColumnDeclaration
}

// PolicyName is a "column" or "table.column" that a policy names.
type PolicyName struct {
	Position
	Path, Name string
}

// DummyDeclaration is `dummy:` of a table: rows that the owner made for design mode. One of the two is set.
type DummyDeclaration struct {
	Position
	Path  string
	Files string // CSV or Parquet; absolute
	URL   string // duckdb:… or postgres://…, with a table of the same name
}

// UnitDeclaration is `unit: column -> table.column`, or `unit: column` where the column holds the unit's value and
// nothing is claimed about other tables (RefTable and RefColumn are empty).
type UnitDeclaration struct {
	Position
	Path                        string
	Column, RefTable, RefColumn string
}

// ColumnDeclaration is one entry of `columns:`.
type ColumnDeclaration struct {
	Position
	Path         string
	Name         string
	Source       string // the name in the source, if it has another one there
	Type         *Scalar
	Lower, Upper *Scalar
	Values       []Scalar // nil: not declared
	Nullable     *bool
	Key          bool // claims that each value occurs once
	Hidden       bool
	Uses         Uses
	Breaks       []Scalar // nil: not declared
	Sentinels    []Scalar
	Description  string
}

// Scalar is a value as it was written, after ${ENV}.
type Scalar struct {
	Position
	Text string
	Null bool
}
