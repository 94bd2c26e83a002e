package expr

import (
	"encoding/hex"
	"math/big"
	"strings"

	"github.com/dpproxy/dpproxy/catalog"
)

// Printer collects SQL text for one dialect.
type Printer struct {
	strings.Builder
	Dialect Dialect
	// Seen, if not nil, is told of each constant that was printed, and of its bytes in the text.
	Seen func(c Const, from, to int)
	// canonical asks for the form of Canonical.
	canonical bool
}

// Expr prints an expression.
func (p *Printer) Expr(e Expr) { e.Print(p) }

// Ident prints a quoted identifier.
func (p *Printer) Ident(name string) {
	p.WriteByte('"')
	p.WriteString(strings.ReplaceAll(name, `"`, `""`))
	p.WriteByte('"')
}

// Literal prints a quoted string. Standard-conforming strings are in force; NUL never reaches it.
func (p *Printer) Literal(text string) {
	p.WriteByte('\'')
	p.WriteString(strings.ReplaceAll(text, "'", "''"))
	p.WriteByte('\'')
}

// list prints expressions with commas between.
func (p *Printer) list(es []Expr) {
	for i, e := range es {
		if i > 0 {
			p.WriteString(", ")
		}
		p.Expr(e)
	}
}

// cast prints CAST(e AS sqlType).
func (p *Printer) cast(e Expr, sqlType string) {
	p.WriteString("CAST(")
	p.Expr(e)
	p.WriteString(" AS " + sqlType + ")")
}

// template prints text in which $1 to $9 stand for operands; #1 to #9 are operands that DuckDB takes as DOUBLE where
// they are numeric.
func (p *Printer) template(text string, operands []Expr) {
	for i := 0; i < len(text); i++ {
		if (text[i] != '$' && text[i] != '#') || i+1 == len(text) || text[i+1] < '1' || text[i+1] > '9' {
			p.WriteByte(text[i])
			continue
		}
		e := operands[text[i+1]-'1']
		if text[i] == '#' {
			p.double(e)
		} else {
			p.Expr(e)
		}
		i++
	}
}

// double prints a numeric operand as DOUBLE in DuckDB, as it is elsewhere.
func (p *Printer) double(e Expr) {
	if p.Dialect != DuckDB || e.Type().Kind != catalog.Numeric {
		p.Expr(e)
		return
	}
	if _, _, ok := decimalOf(e); !ok {
		if _, isNode := e.(*node); isNode {
			p.Expr(e)
			return
		}
	}
	p.cast(e, "DOUBLE")
}

// Print writes "alias"."name", within a clamp where the stored value may lie outside.
//
// The clamp keeps NULL (no comparison with it is true) and sends NaN, which both engines sort above all numbers, and
// the infinities to a bound.
func (c Column) Print(p *Printer) {
	if p.canonical {
		c.canonical(p)
		return
	}
	if !c.Clamp || (c.Dom.Lo == nil && c.Dom.Hi == nil) {
		c.bare(p)
		return
	}
	if !c.withinType(p.Dialect) {
		Const{Typ: c.Typ, Null: true, Pos: -1}.Print(p)
		return
	}
	p.WriteString("CASE")
	if c.Dom.Hi != nil {
		p.WriteString(" WHEN ")
		c.bare(p)
		p.WriteString(" > ")
		c.bound(p, c.Dom.Hi)
		p.WriteString(" THEN ")
		c.bound(p, c.Dom.Hi)
	}
	if c.Dom.Lo != nil {
		p.WriteString(" WHEN ")
		c.bare(p)
		p.WriteString(" < ")
		c.bound(p, c.Dom.Lo)
		p.WriteString(" THEN ")
		c.bound(p, c.Dom.Lo)
	}
	p.WriteString(" ELSE ")
	c.bare(p)
	p.WriteString(" END")
}

// withinType brings the ends of a clamp into what numeric(p, s), or DuckDB's DECIMAL, can hold, as spans count on: NaN falls on the upper
// end, and DuckDB compares with no wider one. false: no value is within the ends.
func (c *Column) withinType(d Dialect) bool {
	if c.Typ.Kind != catalog.Numeric || !c.Typ.HasScale || c.Typ.Array {
		return true
	}
	lo, hi, ok := c.Typ.Range()
	if w, s, decimal := decimalOf(*c); d == DuckDB && decimal {
		hi = new(big.Rat).Sub(new(big.Rat).SetInt(pow10(w-s)), step10(s))
		lo, ok = new(big.Rat).Neg(hi), true
	}
	if !ok {
		return true
	}
	if c.Dom.Lo != nil && c.Dom.Lo.Cmp(hi) > 0 || c.Dom.Hi != nil && c.Dom.Hi.Cmp(lo) < 0 {
		return false
	}
	if c.Dom.Lo != nil {
		c.Dom.Lo = larger(c.Dom.Lo, lo)
	}
	if c.Dom.Hi != nil {
		c.Dom.Hi = smaller(c.Dom.Hi, hi)
	}
	return true
}

func (c Column) bare(p *Printer) {
	if c.Enumerated {
		c.Enumerated = false
		p.cast(c, typeSQL(c.Typ, p.Dialect))
		return
	}
	if c.Collated && p.Dialect == PostgreSQL {
		c.Collated = false
		p.WriteByte('(')
		c.bare(p)
		p.WriteString(` COLLATE "default")`)
		return
	}
	if w, s, ok := decimalOf(c); ok && p.Dialect == DuckDB && c.Typ.Kind == catalog.Numeric && c.Typ.HasScale && c.Typ.Precision > w {
		// HUGEINT meets DECIMALs, and is compared and negated with errors: what has more digits than a DECIMAL is NULL.
		c.Typ.Precision = w
		p.WriteString("TRY_CAST(")
		c.bare(p)
		p.WriteString(" AS DECIMAL(" + itoa(int64(w)) + "," + itoa(int64(s)) + "))")
		return
	}
	if c.Alias != "" {
		p.Ident(c.Alias)
		p.WriteByte('.')
	}
	p.Ident(c.Name)
}

// bound prints a number, date or timestamp as a constant of the column's type, or of a wider one where that does not hold it:
// what a sub-query computes is wider than PostgreSQL types it, and so are its bounds.
func (c Column) bound(p *Printer, r *big.Rat) {
	t := c.Typ
	if lo, hi, ok := t.Range(); ok && t.Kind == catalog.Numeric && (r.Cmp(lo) < 0 || r.Cmp(hi) > 0) {
		t = catalog.Of(catalog.Numeric) // what the query compares with may not fit numeric(p, s)
	}
	for _, k := range []catalog.Kind{c.Repr, catalog.Int8, catalog.Numeric} {
		if lo, hi, ok := t.Range(); ok && t.IsInteger() && k > t.Kind && (r.Cmp(lo) < 0 || r.Cmp(hi) > 0) {
			t = catalog.Of(k)
		}
	}
	Const{Typ: t, Text: catalog.FormatRat(t, r), Pos: -1}.Print(p)
}

// bound prints a number, date or timestamp as a constant of a type.
func (p *Printer) bound(t catalog.Type, r *big.Rat) {
	Const{Typ: t, Text: catalog.FormatRat(t, r), Pos: -1}.Print(p)
}

// Print writes the constant with its type, so that no engine has to guess.
func (c Const) Print(p *Printer) {
	from := p.Len()
	c.print(p)
	if p.Seen != nil {
		p.Seen(c, from, p.Len())
	}
}

func (c Const) print(p *Printer) {
	name := typeSQL(c.Typ, p.Dialect)
	switch {
	case c.Null && c.Typ.Kind == catalog.Unknown:
		p.WriteString("NULL")
		return
	case c.Null:
		if p.Dialect == DuckDB && c.Typ.Kind == catalog.Numeric && !c.Typ.Array {
			name = duckNumeric(c)
		}
		p.WriteString("NULL::" + name)
		return
	case c.Typ.Kind == catalog.Unknown:
		p.Literal(c.Text)
		return
	case c.Typ.Kind == catalog.Bool && !c.Typ.Array:
		p.WriteString(map[bool]string{true: "TRUE", false: "FALSE"}[c.Text == "t"])
		return
	case c.plain(p.Dialect):
		p.WriteString(c.Text)
		return
	}
	text := c.Text
	if p.Dialect == DuckDB {
		text, name = c.duck(name)
	}
	p.Literal(text)
	p.WriteString("::" + name)
}

// plain tells that bare digits have the constant's type in PostgreSQL.
func (c Const) plain(d Dialect) bool {
	if d != PostgreSQL || c.Typ.Array || strings.Trim(c.Text, "0123456789.") != "" {
		return false
	}
	switch c.Typ.Kind {
	case catalog.Int4:
		return true
	case catalog.Numeric:
		return strings.Contains(c.Text, ".") && !c.Typ.HasScale
	}
	return false
}

// duck spells a constant for DuckDB.
func (c Const) duck(name string) (text, sqlType string) {
	switch {
	case c.Typ.Array:
		return "[" + strings.Trim(c.Text, "{}") + "]", name
	case c.Typ.Kind == catalog.Numeric:
		return c.Text, duckNumeric(c)
	case c.Typ.Kind == catalog.Interval:
		return strings.ReplaceAll(c.Text, "+", ""), name
	case c.Typ.IsDateTime() && strings.HasSuffix(c.Text, " BC"):
		return strings.TrimSuffix(c.Text, " BC") + " (BC)", name
	case c.Typ.Kind == catalog.Bytea:
		raw, err := hex.DecodeString(strings.TrimPrefix(c.Text, `\x`))
		if err != nil {
			return c.Text, name
		}
		var b strings.Builder
		for _, x := range raw {
			b.WriteString(`\x` + hex.EncodeToString([]byte{x}))
		}
		return b.String(), name
	}
	return c.Text, name
}
