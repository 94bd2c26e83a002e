package expr

import (
	"math/big"

	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/refusal"
)

func notYet(what string, pos int) error {
	return refusal.New(refusal.NotSupported, "%s is not supported yet", what).At(pos)
}

func same(a, b Expr) bool { return Text(a, PostgreSQL) == Text(b, PostgreSQL) }

// Domain of a constant.
func (c Const) Domain() Domain { return Domain{Nullable: c.Null} }

// Print writes the constant.
func (c Const) Print(p *Printer) { p.Literal(c.Text) }

// Print writes the column, clamped.
func (c Column) Print(p *Printer) { p.Ident(c.Alias); p.WriteByte('.'); p.Ident(c.Name) }

func (b *Builder) Call(name string, args []Expr, pos int) (Expr, error) {
	return nil, notYet(name, pos)
}
func (b *Builder) Op(op string, left, right Expr, pos int) (Expr, error) { return nil, notYet(op, pos) }
func (b *Builder) Cast(e Expr, to catalog.Type, pos int) (Expr, error) {
	return nil, notYet("CAST", pos)
}
func (b *Builder) Coerce(e Expr, to catalog.Type, pos int) (Expr, error) {
	return nil, notYet("CAST", pos)
}
func (b *Builder) Case(operand Expr, whens []When, els Expr, pos int) (Expr, error) {
	return nil, notYet("CASE", pos)
}
func (b *Builder) And(es []Expr, pos int) (Expr, error)              { return nil, notYet("AND", pos) }
func (b *Builder) Or(es []Expr, pos int) (Expr, error)               { return nil, notYet("OR", pos) }
func (b *Builder) Not(e Expr, pos int) (Expr, error)                 { return nil, notYet("NOT", pos) }
func (b *Builder) IsNull(e Expr, not bool, pos int) (Expr, error)    { return nil, notYet("IS NULL", pos) }
func (b *Builder) IsBool(e Expr, test string, pos int) (Expr, error) { return nil, notYet("IS", pos) }
func (b *Builder) IsDistinct(l, r Expr, not bool, pos int) (Expr, error) {
	return nil, notYet("IS DISTINCT FROM", pos)
}
func (b *Builder) In(e Expr, list []Expr, not bool, pos int) (Expr, error) {
	return nil, notYet("IN", pos)
}
func (b *Builder) Between(e, lo, hi Expr, not, symmetric bool, pos int) (Expr, error) {
	return nil, notYet("BETWEEN", pos)
}
func (b *Builder) Like(e, pattern, escape Expr, kind string, not bool, pos int) (Expr, error) {
	return nil, notYet("LIKE", pos)
}
func (b *Builder) Coalesce(es []Expr, pos int) (Expr, error) { return nil, notYet("COALESCE", pos) }
func (b *Builder) Greatest(es []Expr, pos int) (Expr, error) { return nil, notYet("GREATEST", pos) }
func (b *Builder) Least(es []Expr, pos int) (Expr, error)    { return nil, notYet("LEAST", pos) }
func (b *Builder) NullIf(l, r Expr, pos int) (Expr, error)   { return nil, notYet("NULLIF", pos) }
func (b *Builder) Extract(field string, e Expr, pos int) (Expr, error) {
	return nil, notYet("EXTRACT", pos)
}
func (b *Builder) AtTimeZone(e Expr, zone Expr, pos int) (Expr, error) {
	return nil, notYet("AT TIME ZONE", pos)
}

// CommonType resolves UNION, CASE, VALUES.
func CommonType(es []Expr, what string, pos int) (catalog.Type, error) {
	return catalog.Type{}, notYet(what, pos)
}

// ParseTypeName reads a syntax tree's type name.
func ParseTypeName(names []string, mods []int, array bool, pos int) (catalog.Type, error) {
	return catalog.Type{}, notYet("type", pos)
}

// ColumnKey names a column.
type ColumnKey struct{ Alias, Name string }

// Narrow tells what a condition implies of plain columns.
func Narrow(cond Expr) map[ColumnKey]Domain { return nil }

// Intersect is what holds if both do.
func (d Domain) Intersect(o Domain) Domain { return d }

// Fold evaluates easy constant expressions.
func Fold(e Expr) (Const, bool) { c, ok := e.(Const); return c, ok }

// GroupKey makes a key canonical.
func GroupKey(e Expr) (Expr, error) { return nil, notYet("GROUP BY", -1) }

// Gridded is a numeric expression on its integer grid.
type Gridded struct {
	Lower, Upper, Step *big.Rat
	G                  *big.Int
}

// Normal is the whole number (x-Lower)/Step in [0, G].
func (g Gridded) Normal() Expr { return nil }

// Plain is the whole number x/Step in [Lower/Step, Upper/Step].
func (g Gridded) Plain() Expr { return nil }

// PlainMax is max(|Lower|, |Upper|)/Step.
func (g Gridded) PlainMax() *big.Int { return nil }

// Grid puts a bounded numeric expression on its integer grid. rows is the largest number of rows of one unit that
// count in one group (m): the numbers' SQL type holds m times the largest value.
func Grid(e Expr, rows int64) (Gridded, error) { return Gridded{}, notYet("grid", -1) }
