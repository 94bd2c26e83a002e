package expr

import (
	"math/big"

	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/refusal"
)

// node is every expression of this package that is no column and no constant: an operator, a function call, a cast, CASE.
type node struct {
	name string // as messages call it: "+", "lower", "CASE"
	typ  catalog.Type
	// repr is the kind of the printed SQL where it is wider than typ (integers whose result could overflow typ);
	// Unknown means typ's own.
	repr catalog.Kind
	// fixed says that the printed value keeps typ's numeric(p, s).
	fixed bool
	dom   Domain
	in    *span // nil: as dom
	args  []Expr
	shown []Expr // the operands as printed, guarded; as many as args
	write func(p *Printer, n *node)
	// remake builds the same node over other operands.
	remake func(args []Expr) (Expr, error)
	// lacks names what DuckDB does not have of it.
	lacks string
	// fold evaluates over non-NULL constants; nil or false leaves it to the engine.
	fold func(args []Const) (Const, bool)
	// times is how often write prints its operands (1 if 0), for the limit on the size of the text.
	times int
	size  int
	mode  Mode
	pos   int
	// widening marks a cast that keeps the order of all values, so that a clamp below it can be left out.
	widening bool
	negated  bool // IS NOT NULL, NOT IN
	affirms  bool // IS TRUE
	// elapsed is the reported span, in microseconds, of an interval between two timestamps.
	elapsed *span
}

// maxSize bounds the printed operands of one expression: guards print an operand twice, so nesting could grow fast.
const maxSize = 20_000

// Type returns the type that PostgreSQL declares for the expression.
func (n *node) Type() catalog.Type { return n.typ }

// Domain returns what is known of the printed value.
func (n *node) Domain() Domain { return n.dom }

// Children returns the operands, not guarded.
func (n *node) Children() []Expr { return n.args }

// Print writes the node; in DuckDB every numeric result is brought to the form that decimalOf tells.
func (n *node) Print(p *Printer) {
	if p.canonical && n.canonical(p) {
		return
	}
	if p.Dialect == DuckDB && n.typ.Kind == catalog.Numeric && !n.typ.Array {
		p.WriteString("CAST(")
		n.write(p, n)
		p.WriteString(" AS " + duckNumeric(n) + ")")
		return
	}
	n.write(p, n)
}

// WithChildren builds the node anew over other operands of the same types, with new domain and guards. Where that is
// refused, a private expression becomes NULL (see TryRewrite for the error) and a public one keeps its form.
func (n *node) WithChildren(children []Expr) Expr {
	e, err := n.remake(children)
	if err == nil {
		return e
	}
	if n.mode == Private {
		return Const{Typ: n.typ, Null: true, Pos: n.pos}
	}
	c := *n
	c.args, c.shown, c.dom, c.in = children, children, Domain{Nullable: true}, nil
	return &c
}

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

// Domain of a constant is the constant itself.
func (c Const) Domain() Domain {
	if c.Null {
		return Domain{Nullable: true, Values: []string{}}
	}
	d := Domain{Values: []string{c.Text}}
	if c.Typ.IsText() || c.Typ.Kind == catalog.Unknown {
		d.MaxLen = max(len([]rune(c.Text)), 1)
	}
	if r, ok := ratOf(c); ok {
		d.Lo, d.Hi = r, r
		d.Step = stepOf(c, r)
	}
	return d
}

// ratOf is a finite number's, date's, timestamp's or boolean's place.
func ratOf(c Const) (r *big.Rat, ok bool) {
	if c.Null {
		return nil, false
	}
	if c.Typ.Kind == catalog.Bool {
		if c.Text == "t" {
			return rat(1), true
		}
		return rat(0), true
	}
	if !c.Typ.HasBounds() {
		return nil, false
	}
	v, err := catalog.ToRat(c.Typ, c.Text)
	if err != nil || v == nil {
		return nil, false
	}
	return v, true
}

// stepOf is a constant's step: 1 for whole numbers, 10^−s for numeric with s decimals.
func stepOf(c Const, r *big.Rat) *big.Rat {
	switch {
	case c.Typ.IsFloat():
		if r.IsInt() {
			return rat(1)
		}
		return nil
	case c.Typ.Kind == catalog.Numeric:
		if s, ok := decimals(r); ok {
			return step10(s)
		}
		return nil
	}
	return rat(1)
}

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
// (and is not visited again). A node whose operands changed is built anew over them, with new domain and guards; if
// that is refused it becomes NULL (Private). Nodes without WithChildren(children []Expr) Expr keep their operands.
func Rewrite(e Expr, f func(Expr) (Expr, bool)) Expr {
	r, _ := rewrite(e, f, false)
	return r
}

// TryRewrite is Rewrite that returns the refusal instead.
func TryRewrite(e Expr, f func(Expr) (Expr, bool)) (Expr, error) { return rewrite(e, f, true) }

func rewrite(e Expr, f func(Expr) (Expr, bool), strict bool) (Expr, error) {
	if r, ok := f(e); ok {
		return r, nil
	}
	p, ok := e.(parent)
	if !ok {
		return e, nil
	}
	children := e.Children()
	var changed []Expr
	for i, c := range children {
		n, err := rewrite(c, f, strict)
		if err != nil {
			return nil, err
		}
		if changed == nil && !sameNode(n, c) {
			changed = append([]Expr{}, children...)
		}
		if changed != nil {
			changed[i] = n
		}
	}
	if changed == nil {
		return e, nil
	}
	if n, ok := e.(*node); ok && strict {
		return n.remake(changed)
	}
	return p.WithChildren(changed), nil
}

// sameNode tells that two expressions are the very same value, cheaply.
func sameNode(a, b Expr) bool {
	switch x := a.(type) {
	case *node:
		y, ok := b.(*node)
		return ok && x == y
	case Const:
		y, ok := b.(Const)
		return ok && x == y
	}
	return Text(a, PostgreSQL) == Text(b, PostgreSQL)
}

// reprOf is the kind of an expression's printed SQL. Other packages' nodes tell it by a method Repr.
func reprOf(e Expr) catalog.Kind {
	k := catalog.Unknown
	switch x := e.(type) {
	case *node:
		k = x.repr
	case Column:
		k = x.Repr
	case interface{ Repr() catalog.Kind }:
		k = x.Repr()
	}
	if k == catalog.Unknown {
		return e.Type().Kind
	}
	return k
}

// ReprOf is the kind of an expression's printed SQL: wider than its type where whole numbers could leave the type.
func ReprOf(e Expr) catalog.Kind { return reprOf(e) }

// Fixed tells that an expression's values keep the precision and scale that its type tells: a stored column or a cast does,
// what is computed may not.
func Fixed(e Expr) bool {
	n, ok := e.(*node)
	return !ok || n.fixed
}

func sizeOf(e Expr) int {
	switch x := e.(type) {
	case *node:
		return x.size
	case Column:
		if x.Clamp {
			return 3
		}
		return 1
	case Const:
		return 1
	}
	size := 1
	for _, c := range e.Children() {
		size += sizeOf(c)
	}
	return size
}

// finish checks the size and hands the node out.
func (n *node) finish() (Expr, error) {
	if n.shown == nil {
		n.shown = n.args
	}
	if n.typ.Kind == catalog.Numeric && n.in != nil && !n.typ.Array {
		if _, _, ok := decimalOf(n); !ok { // DuckDB carries it as DOUBLE, and rounds
			n.tell(reported(n).outward(num), n.in.outward(num))
		}
	}
	n.size = 1
	for _, a := range n.shown {
		n.size += sizeOf(a) * max(n.times, 1)
	}
	if n.size > maxSize {
		return nil, refusal.New(refusal.StatementTooComplex, "expression is too complex").At(n.pos).
			WithHint("Split it over sub-queries, or write it with fewer nested operations.")
	}
	return n, nil
}

// anyNullable tells whether one of the expressions can be NULL.
func anyNullable(es []Expr) bool {
	for _, e := range es {
		if e.Domain().Nullable {
			return true
		}
	}
	return false
}
