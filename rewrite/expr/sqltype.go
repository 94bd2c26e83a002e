package expr

import (
	"fmt"
	"math/big"

	"github.com/dpproxy/dpproxy/catalog"
)

// TypeSQL is a type's name in casts.
func TypeSQL(t catalog.Type, d Dialect) string { return typeSQL(t, d) }

func typeSQL(t catalog.Type, d Dialect) string {
	if d == PostgreSQL {
		return postgresType(t)
	}
	return duckType(t)
}

func postgresType(t catalog.Type) string {
	name := t.String()
	switch t.Kind {
	case catalog.Timestamp:
		name = "timestamp"
	case catalog.Timestamptz:
		name = "timestamptz"
	case catalog.Time:
		name = "time"
	case catalog.Unknown:
		name = "text"
	}
	if t.Array && name[len(name)-1] != ']' {
		name += "[]"
	}
	return name
}

func duckType(t catalog.Type) string {
	name := duckName(t)
	if t.Array {
		name += "[]"
	}
	return name
}

func duckName(t catalog.Type) string {
	switch t.Kind {
	case catalog.Bool:
		return "BOOLEAN"
	case catalog.Int2:
		return "SMALLINT"
	case catalog.Int4:
		return "INTEGER"
	case catalog.Int8, catalog.OID:
		return "BIGINT"
	case catalog.Numeric:
		if t.HasScale && t.Precision <= maxDigits && t.Scale >= 0 && t.Scale <= t.Precision {
			return fmt.Sprintf("DECIMAL(%d,%d)", t.Precision, t.Scale)
		}
		return "DOUBLE"
	case catalog.Float4:
		return "FLOAT"
	case catalog.Float8:
		return "DOUBLE"
	case catalog.Date:
		return "DATE"
	case catalog.Time:
		return "TIME"
	case catalog.Timestamp:
		return "TIMESTAMP"
	case catalog.Timestamptz:
		return "TIMESTAMPTZ"
	case catalog.Interval:
		return "INTERVAL"
	case catalog.UUID:
		return "UUID"
	case catalog.Bytea:
		return "BLOB"
	case catalog.JSON, catalog.JSONB:
		return "JSON"
	}
	return "VARCHAR"
}

// maxDigits is what DuckDB's DECIMAL can hold.
const maxDigits = 38

// intSQL is the SQL type that carries whole numbers of a kind; Numeric is the one beyond bigint.
func intSQL(k catalog.Kind, d Dialect) string {
	if k != catalog.Numeric {
		return typeSQL(catalog.Of(k), d)
	}
	if d == DuckDB {
		return "HUGEINT"
	}
	return "numeric"
}

// decimalOf tells as which DECIMAL(width, scale) DuckDB carries a numeric expression: where every value is a multiple of
// a power of ten and the digits fit. Everything else of type numeric is a DOUBLE there.
func decimalOf(e Expr) (width, scale int, ok bool) {
	t := e.Type()
	if c, isColumn := e.(Column); isColumn && c.Typ.Kind == catalog.Numeric && c.Typ.HasScale {
		width = min(t.Precision, maxDigits) // wider ones are read so, see Column.bare
		return width, t.Scale, t.Scale >= 0 && t.Scale <= width
	}
	if c, isConst := e.(Const); isConst && c.Null {
		return 1, 0, true // so that what stands beside it stays a DECIMAL
	}
	s := spanOf(e) // DECIMAL knows no NaN, so it does not matter whether numeric could be one
	if s.lo == nil || s.hi == nil {
		return 0, 0, false
	}
	step := stepFor(e)
	if step == nil {
		return 0, 0, false
	}
	scale, ok = decimals(step)
	if !ok {
		return 0, 0, false
	}
	width = max(digitsBefore(s.maxAbs())+scale, 1)
	return width, scale, width <= maxDigits
}

// stepFor is the step of an expression, by its domain or else its type.
func stepFor(e Expr) *big.Rat {
	if s := e.Domain().Step; s != nil {
		return s
	}
	t := e.Type()
	if t.IsInteger() || t.IsDateTime() || t.Kind == catalog.Bool {
		return rat(1)
	}
	if c, ok := e.(Column); ok && t.Kind == catalog.Numeric && c.Typ.HasScale {
		return step10(t.Scale)
	}
	return nil
}

// digitsBefore counts the digits before the point of a magnitude; 0 for less than 1.
func digitsBefore(r *big.Rat) int {
	n := new(big.Int).Quo(r.Num(), r.Denom())
	if n.Sign() == 0 {
		return 0
	}
	return len(n.String())
}

func duckNumeric(e Expr) string {
	if w, s, ok := decimalOf(e); ok {
		return fmt.Sprintf("DECIMAL(%d,%d)", w, s)
	}
	return "DOUBLE"
}
