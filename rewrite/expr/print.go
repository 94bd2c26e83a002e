package expr

import "strings"

// Printer collects SQL text for one dialect.
type Printer struct {
	strings.Builder
	Dialect Dialect
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
