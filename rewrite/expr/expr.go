package expr

import (
	"math/big"

	"github.com/dpproxy/dpproxy/catalog"
)

// Expr is a typed scalar expression. Expressions are immutable; two are the same if they print the same.
type Expr interface {
	// Type is what PostgreSQL declares. Over private rows a whole number may be printed in a wider SQL type (an integer
	// product that could overflow is a bigint), which GroupKey and Grid see to.
	Type() catalog.Type
	Domain() Domain
	// Children are the direct operands, for walks.
	Children() []Expr
	// Print writes SQL, self-contained (in brackets where precedence could matter).
	Print(p *Printer)
}

// Domain is what is known of an expression's values for every row that an engine may evaluate it on.
// The zero value knows nothing but "not NULL".
type Domain struct {
	Nullable bool
	// Lo and Hi bound numbers, dates (days since 1970-01-01), timestamps (µs since 1970-01-01 00:00; UTC for timestamptz)
	// and booleans (0, 1); nil is unbounded on that side. With both set, NaN and infinities cannot occur.
	Lo, Hi *big.Rat
	// Step, if not nil, says that every value is a whole multiple of it (1 for whole numbers, 1/100 for numeric(p,2)).
	Step *big.Rat
	// Values, if not nil, is a complete list of the non-NULL values, in PostgreSQL's output text, in the type's order,
	// known without looking at data. It may be empty. A column's list is what the owner declared, and nothing enforces it
	// in print: keys outside it are dropped by whoever makes the list public keys, and no bound or guard rests on it.
	Values []string
	// MaxLen bounds a text's length in characters; 0 is unknown.
	MaxLen int
}

// Bounded tells that both ends are known.
func (d Domain) Bounded() bool { return d.Lo != nil && d.Hi != nil }

// Column refers to a column of a table or sub-query by the alias that the printed SQL gives it.
type Column struct {
	Alias, Name string // printed as "Alias"."Name"
	Typ         catalog.Type
	Dom         Domain
	// Clamp says that the stored value may lie outside Dom's Lo and Hi, so that Print must clamp it (NULL stays NULL,
	// NaN and infinities fall on a bound).
	Clamp bool
	// Enumerated says that what is stored is a label, which Print must make text of: engines compare no label with text.
	Enumerated bool
	// Collated says that what is stored has a collation of its own. Print puts the database's over it: PostgreSQL fails, on the first row,
	// where two texts of different collations meet.
	Collated bool
	// Repr is the kind that the engine gives to a column of a sub-query where it is wider than Typ (see ReprOf).
	Repr catalog.Kind
}

// Const is a constant in PostgreSQL's output text. An untyped literal has type Unknown until it is coerced.
type Const struct {
	Typ  catalog.Type
	Text string
	Null bool
	Pos  int // byte offset in the statement, -1 if none
}

// Dialect is the SQL that an engine understands.
type Dialect string

// The dialects.
const (
	PostgreSQL Dialect = "postgres"
	DuckDB     Dialect = "duckdb"
)

// Mode says over what an expression is built.
type Mode int

// The modes.
const (
	// Private: over private rows. The expression must be total; what cannot be made total is refused.
	Private Mode = iota
	// Public: over public or released rows and constants. Errors of the engine are possible and tell nothing private.
	Public
)

// Builder makes expressions: it resolves overloads as PostgreSQL does (exact match, then implicit casts, unknown literals
// to the other side's type), computes domains, and in Private mode inserts the guards that make them total.
// Errors are *refusal.Error with the position given (a 0-based byte offset; -1 if none).
type Builder struct {
	Mode Mode
}

// When is one arm of a CASE.
type When struct{ Cond, Result Expr }
