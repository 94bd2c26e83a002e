package expr

import (
	"slices"
	"strings"
	"sync"

	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/refusal"
)

// function is one overload of a function or operator: a row of the table.
//
// To add one, add a row to the list of its family (functions_*.go, arith_table.go) and a line with its worst values to
// the table in total_test.go.
type function struct {
	name   string
	args   []catalog.Kind // operands are coerced to these
	rest   bool           // the last one may repeat
	result catalog.Kind
	// build completes the node: its domain, in Private mode its guards, and its printing where a template is not enough.
	// nil: always total, NULL exactly if an operand is.
	build func(n *node) error
	// pg and duck are templates (see Printer.template); "" is name($1, $2, …), and for duck "" is pg.
	pg, duck string
	// fold evaluates over non-NULL constants exactly as PostgreSQL does, or says that it cannot.
	fold func(args []Const) (Const, bool)
}

// catalogOfFunctions is the closed list: nothing else can be called. Operators stand under their own names, prefix
// operators as "-x", "+x" and "~x".
var catalogOfFunctions = sync.OnceValue(func() map[string][]*function {
	table := map[string][]*function{}
	for _, list := range [][]function{
		arithmetic(), comparisons(), mathFunctions(), textFunctions(), dateFunctions(), bitFunctions(), outerFunctions(),
	} {
		for i := range list {
			f := &list[i]
			table[f.name] = append(table[f.name], f)
		}
	}
	return table
})

// Names lists the functions that can be called, operators left out, in alphabetical order.
func Names() []string {
	var names []string
	for name := range catalogOfFunctions() {
		if letter(name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// Call builds the call of a plain scalar function. The name is lower case and without its schema.
func (b *Builder) Call(name string, args []Expr, pos int) (Expr, error) {
	switch name {
	case "date_part":
		if len(args) == 2 {
			return b.datePart(args[0], args[1], pos)
		}
	case "timezone":
		if len(args) == 2 {
			return b.AtTimeZone(args[1], args[0], pos)
		}
	case "concat", "concat_ws":
		args = untypedToText(args)
	}
	candidates := catalogOfFunctions()[name]
	if len(candidates) == 0 || !letter(name) {
		if t, ok := castNamed(name); ok && len(args) == 1 {
			return b.Cast(args[0], t, pos)
		}
		return nil, noFunction(name, args, pos, false)
	}
	f, ambiguous := resolve(candidates, args)
	if f == nil {
		return nil, noFunction(name, args, pos, ambiguous)
	}
	return b.apply(f, args, pos, func(args []Expr) (Expr, error) { return b.Call(name, args, pos) })
}

// castNamed finds the type whose casts PostgreSQL lets one write as a call: date('2023-01-01'), float8(n).
func castNamed(name string) (catalog.Type, bool) {
	switch name {
	case "date", "timestamp", "timestamptz", "time", "interval", "text", "varchar", "bpchar", "name", "int2", "int4", "int8", "float4", "float8", "numeric", "bool", "uuid":
		return kindNamed(name)
	}
	return catalog.Type{}, false
}

func letter(name string) bool { return name != "" && name[0] >= 'a' && name[0] <= 'z' }

func untypedToText(args []Expr) []Expr {
	typed := append([]Expr{}, args...)
	for i, a := range typed {
		if c, ok := a.(Const); ok && isUnknown(a) {
			c.Typ = catalog.Of(catalog.Text)
			typed[i] = c
		}
	}
	return typed
}

// apply builds an overload's node.
func (b *Builder) apply(f *function, args []Expr, pos int, remake func([]Expr) (Expr, error)) (Expr, error) {
	operands := make([]Expr, len(args))
	for i, a := range args {
		if k := f.kind(i); k == anyKind {
			operands[i] = a
		} else {
			e, err := b.Coerce(a, catalog.Of(k), pos)
			if err != nil {
				return nil, err
			}
			operands[i] = e
		}
	}
	n := b.newNode(f.name, catalog.Of(f.result), operands, pos, remake)
	n.fold = f.fold
	pg, duck := f.pg, f.duck
	if pg == "" {
		pg = callTemplate(f.name, len(operands))
	}
	if duck == "" {
		duck = pg
	}
	n.write = templates(pg, duck)
	if f.build != nil {
		if err := f.build(n); err != nil {
			if c, ok := n.evaluate(operands); ok {
				return c, nil // what may not be done with rows may be done with constants
			}
			return nil, err
		}
	}
	if b.Mode == Public && divides(f.name) && len(operands) == 2 && spanOf(operands[1]).has(rat(0)) {
		n.failOnZero(1)
	}
	n.enumerate()
	return n.finish()
}

// newNode starts a node: nullable if an operand is, operands shown as they are.
func (b *Builder) newNode(name string, t catalog.Type, args []Expr, pos int, remake func([]Expr) (Expr, error)) *node {
	n := &node{name: name, typ: t, args: args, shown: append([]Expr{}, args...), remake: remake, mode: b.Mode, pos: pos}
	n.dom.Nullable = anyNullable(args)
	if t.Kind == catalog.Bool && !t.Array {
		n.dom = boolean(n.dom.Nullable)
	}
	return n
}

func boolean(nullable bool) Domain {
	return Domain{Nullable: nullable, Lo: rat(0), Hi: rat(1), Step: rat(1), Values: []string{"f", "t"}}
}

// templates prints by dialect.
func templates(pg, duck string) func(*Printer, *node) {
	return func(p *Printer, n *node) {
		if p.Dialect == DuckDB {
			p.template(duck, n.shown)
		} else {
			p.template(pg, n.shown)
		}
	}
}

func callTemplate(name string, count int) string {
	var b strings.Builder
	b.WriteString(name + "(")
	for i := range count {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString("#" + string(rune('1'+i)))
	}
	return b.String() + ")"
}

// guard wraps operand i of a private node: where the condition (a template over $1) does not hold, it is NULL.
func (n *node) guard(i int, condition string) {
	n.shown[i] = guarded(n.shown[i], "CASE WHEN "+condition+" THEN $1 END", "", strings.Count(condition, "1")+1)
	n.dom.Nullable = true
}

// guarded wraps an expression in a template that prints it `times` times; the result may be NULL, its type is the same.
func guarded(e Expr, pg, duck string, times int) *node {
	if duck == "" {
		duck = pg
	}
	g := &node{name: "guard", typ: e.Type(), repr: reprOf(e), dom: e.Domain(), args: []Expr{e}, shown: []Expr{e},
		write: templates(pg, duck), times: times, pos: -1}
	s := spanOf(e)
	g.in = &s
	g.dom.Nullable = true
	g.size = 1 + times*sizeOf(e)
	g.remake = func(args []Expr) (Expr, error) { return guarded(args[0], pg, duck, times), nil }
	return g
}

// private is what functions refuse over private rows.
func (n *node) refusePrivate(hint string) error {
	if n.mode == Public {
		return nil
	}
	return refusal.New(refusal.NotSupported, "%s cannot be used over private rows", n.title()).At(n.pos).WithHint("%s", hint)
}

func publicOnly(hint string) func(n *node) error {
	return func(n *node) error { return n.refusePrivate(hint) }
}

func (n *node) title() string {
	if letter(n.name) {
		return "function " + n.name
	}
	return "operator " + n.name
}

// unboundedError says that a private operand needs bounds.
func unboundedError(e Expr, why string, pos int) error {
	return refusal.New(refusal.NotSupported, "%s has no bounds%s", Label(e), why).At(pos).
		WithHint("Write least(greatest(%s, 0), 100) with limits that fit, or ask the owner of the data to declare bounds.", Source(e))
}

// Label names an expression in messages.
func Label(e Expr) string {
	if c, ok := e.(Column); ok {
		return "column \"" + c.Name + "\""
	}
	return "expression \"" + Source(e) + "\""
}

// Source is roughly what the analyst wrote, without guards and clamps, cut at 60 characters: for messages only.
func Source(e Expr) string {
	text := []rune(source(e))
	if len(text) > 60 {
		return string(text[:59]) + "…"
	}
	return string(text)
}

func source(e Expr) string {
	switch x := e.(type) {
	case Column:
		return x.Name
	case Const:
		if x.Null {
			return "NULL"
		}
		if x.Typ.IsNumeric() {
			return x.Text
		}
		return "'" + x.Text + "'"
	case *node:
		parts := make([]string, len(x.args))
		for i, a := range x.args {
			parts[i] = source(a)
		}
		switch {
		case x.name == "cast" && len(parts) == 1:
			return parts[0]
		case !letter(x.name) && len(parts) == 1:
			return strings.TrimSuffix(x.name, "x") + parts[0]
		case !letter(x.name) && len(parts) == 2 && x.name == strings.ToLower(x.name):
			return parts[0] + " " + x.name + " " + parts[1]
		}
		return x.name + "(" + strings.Join(parts, ", ") + ")"
	}
	return "…"
}
