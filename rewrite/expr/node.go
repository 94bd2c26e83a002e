package expr

import "github.com/dpproxy/dpproxy/catalog"

// Type returns the declared type.
func (c Column) Type() catalog.Type { return c.Typ }

// Domain returns what is known of the column as it is printed.
func (c Column) Domain() Domain { return c.Dom }

// Children returns nil.
func (c Column) Children() []Expr { return nil }

// Type returns the constant's type, Unknown for an untyped literal.
func (c Const) Type() catalog.Type { return c.Typ }

// Children returns nil.
func (c Const) Children() []Expr { return nil }

// parent is implemented by nodes that can be rebuilt over other operands: all of this package's, and those of other
// packages (aggregate calls, window calls) that want Rewrite to reach their operands.
type parent interface {
	WithChildren(children []Expr) Expr
}

// Text prints an expression for a dialect. The text is also its canonical form: two expressions are the same if their
// texts are.
func Text(e Expr, d Dialect) string {
	p := Printer{Dialect: d}
	p.Expr(e)
	return p.String()
}

// Walk calls f for an expression and, where f returns true, for its operands, parents first.
func Walk(e Expr, f func(Expr) bool) {
	if !f(e) {
		return
	}
	for _, c := range e.Children() {
		Walk(c, f)
	}
}

// Rewrite replaces sub-expressions, parents first: where f returns true its expression stands in place of the old one
// (and is not visited again). A node whose operands changed is built anew over them, with new domain and guards.
// Nodes that do not implement WithChildren(children []Expr) Expr keep their operands.
func Rewrite(e Expr, f func(Expr) (Expr, bool)) Expr {
	if r, ok := f(e); ok {
		return r
	}
	node, ok := e.(parent)
	if !ok {
		return e
	}
	children := e.Children()
	var changed []Expr
	for i, c := range children {
		n := Rewrite(c, f)
		if changed == nil && !same(n, c) {
			changed = append([]Expr{}, children...)
		}
		if changed != nil {
			changed[i] = n
		}
	}
	if changed == nil {
		return e
	}
	return node.WithChildren(changed)
}
