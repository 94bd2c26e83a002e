package expr

import (
	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/refusal"
)

// needBool coerces an argument of a boolean construct.
func (b *Builder) needBool(e Expr, what string, pos int) (Expr, error) {
	if isUnknown(e) || e.Type() == catalog.Of(boo) {
		return b.Coerce(e, catalog.Of(boo), pos)
	}
	return nil, refusal.New(refusal.DatatypeMismatch, "argument of %s must be type boolean, not type %s", what, bareName(e.Type())).At(pos)
}

func (b *Builder) needBools(es []Expr, what string, pos int) ([]Expr, error) {
	out := make([]Expr, len(es))
	for i, e := range es {
		c, err := b.needBool(e, what, pos)
		if err != nil {
			return nil, err
		}
		out[i] = c
	}
	return out, nil
}

// And builds a conjunction of one or more conditions.
func (b *Builder) And(es []Expr, pos int) (Expr, error) { return b.junction("AND", es, pos) }

// Or builds a disjunction of one or more conditions.
func (b *Builder) Or(es []Expr, pos int) (Expr, error) { return b.junction("OR", es, pos) }

func (b *Builder) junction(word string, es []Expr, pos int) (Expr, error) {
	args, err := b.needBools(es, word, pos)
	if err != nil {
		return nil, err
	}
	if len(args) == 1 {
		return args[0], nil
	}
	n := b.newNode(word, catalog.Of(boo), args, pos, func(args []Expr) (Expr, error) { return b.junction(word, args, pos) })
	n.write = func(p *Printer, n *node) {
		p.WriteByte('(')
		for i, e := range n.shown {
			if i > 0 {
				p.WriteString(" " + word + " ")
			}
			p.Expr(e)
		}
		p.WriteByte(')')
	}
	n.fold = foldJunction(word)
	return n.finish()
}

func foldJunction(word string) func([]Const) (Const, bool) {
	decides := map[string]string{"AND": "f", "OR": "t"}[word]
	return func(args []Const) (Const, bool) {
		null := false
		for _, a := range args {
			if a.Null {
				null = true
			} else if a.Text == decides {
				return truth(decides == "t")
			}
		}
		if null {
			return Const{Typ: catalog.Of(boo), Null: true}, true
		}
		return truth(decides == "f")
	}
}

// Not builds NOT e: where e is a comparison, IN, IS NULL, AND, OR or NOT, as what holds where e does not, so that what is known of it
// is known of its negation too. NULL stays NULL.
func (b *Builder) Not(e Expr, pos int) (Expr, error) {
	arg, err := b.needBool(e, "NOT", pos)
	if err != nil {
		return nil, err
	}
	if out, err := b.inward(arg, pos); out != nil || err != nil {
		return out, err
	}
	n := b.newNode("NOT", catalog.Of(boo), []Expr{arg}, pos, func(args []Expr) (Expr, error) { return b.Not(args[0], pos) })
	n.write = templates("(NOT $1)", "(NOT $1)")
	n.fold = func(args []Const) (Const, bool) { return truth(args[0].Text == "f") }
	return n.finish()
}

// inward takes NOT over a node's operands; nil where it stays in front.
func (b *Builder) inward(e Expr, pos int) (Expr, error) {
	n, ok := e.(*node)
	if !ok {
		return nil, nil
	}
	switch n.name {
	case "NOT":
		return n.args[0], nil
	case "IS NULL":
		return b.IsNull(n.args[0], !n.negated, pos)
	case "IN":
		return b.In(n.args[0], n.args[1:], !n.negated, pos)
	case "AND", "OR":
		var args []Expr
		for _, a := range n.args {
			not, err := b.Not(a, pos)
			if err != nil {
				return nil, err
			}
			args = append(args, not)
		}
		return b.junction(map[string]string{"AND": "OR", "OR": "AND"}[n.name], args, pos)
	}
	if op := opposites(n.name); op != "" && len(n.args) == 2 {
		return b.Op(op, n.args[0], n.args[1], pos)
	}
	return nil, nil
}

// IsNull builds e IS [NOT] NULL.
func (b *Builder) IsNull(e Expr, not bool, pos int) (Expr, error) {
	if isUnknown(e) {
		var err error
		if e, err = b.Coerce(e, catalog.Of(txt), pos); err != nil {
			return nil, err
		}
	}
	n := b.newNode("IS NULL", catalog.Of(boo), []Expr{e}, pos, func(args []Expr) (Expr, error) { return b.IsNull(args[0], not, pos) })
	n.shown[0] = bareOf(e) // a clamp keeps NULL
	n.negated = not
	n.dom.Nullable = false
	text := "($1 IS NULL)"
	if not {
		text = "($1 IS NOT NULL)"
	}
	n.write = templates(text, text)
	n.fold = func(args []Const) (Const, bool) { return truth(args[0].Null != not) }
	return n.finish()
}

// IsBool builds e IS [NOT] TRUE, FALSE or UNKNOWN; test is one of "TRUE", "NOT TRUE", "FALSE", "NOT FALSE", "UNKNOWN",
// "NOT UNKNOWN".
func (b *Builder) IsBool(e Expr, test string, pos int) (Expr, error) {
	want := map[string]string{"TRUE": "t", "NOT TRUE": "t", "FALSE": "f", "NOT FALSE": "f", "UNKNOWN": "", "NOT UNKNOWN": ""}
	value, known := want[test]
	if !known {
		return nil, refusal.New(refusal.NotSupported, "IS %s is not supported", test).At(pos)
	}
	arg, err := b.needBool(e, "IS "+test, pos)
	if err != nil {
		return nil, err
	}
	n := b.newNode("IS", catalog.Of(boo), []Expr{arg}, pos, func(args []Expr) (Expr, error) { return b.IsBool(args[0], test, pos) })
	n.dom.Nullable = false
	n.affirms = test == "TRUE"
	n.write = templates("($1 IS "+test+")", "($1 IS "+test+")")
	n.fold = func(args []Const) (Const, bool) {
		is := args[0].Null == (value == "") && (args[0].Null || args[0].Text == value)
		return truth(is != (test[:2] == "NO"))
	}
	return n.finish()
}

// IsDistinct builds l IS [NOT] DISTINCT FROM r.
func (b *Builder) IsDistinct(l, r Expr, not bool, pos int) (Expr, error) {
	args, err := b.sides("=", l, r, pos)
	if err != nil {
		return nil, err
	}
	n := b.newNode("IS DISTINCT FROM", catalog.Of(boo), args, pos,
		func(args []Expr) (Expr, error) { return b.IsDistinct(args[0], args[1], not, pos) })
	n.dom.Nullable = false
	infix := " IS DISTINCT FROM "
	if not {
		infix = " IS NOT DISTINCT FROM "
	}
	n.write = func(p *Printer, n *node) {
		p.WriteByte('(')
		p.alike(n.shown[0], n.shown)
		p.WriteString(infix)
		p.alike(n.shown[1], n.shown)
		p.WriteByte(')')
	}
	n.fold = func(args []Const) (Const, bool) {
		if args[0].Null || args[1].Null {
			return truth((args[0].Null != args[1].Null) != not)
		}
		c, ok := compareConsts(args[0], args[1])
		if !ok {
			return Const{}, false
		}
		return truth((c != 0) != not)
	}
	return n.finish()
}

// sides coerces two operands as a comparison would.
func (b *Builder) sides(op string, l, r Expr, pos int) ([]Expr, error) {
	cmp, err := b.Op(op, l, r, pos)
	if err != nil {
		return nil, err
	}
	n, ok := cmp.(*node)
	if !ok {
		return []Expr{l, r}, nil
	}
	args := append([]Expr{}, n.args...)
	for i, a := range args { // dates beside timestamps, as buildCompare shows them
		if a.Type().IsDateTime() && n.shown[i].Type().Kind != a.Type().Kind {
			args[i] = n.shown[i]
		}
	}
	return args, nil
}

// In builds e [NOT] IN (list), over expressions.
func (b *Builder) In(e Expr, list []Expr, not bool, pos int) (Expr, error) {
	all := append([]Expr{e}, list...)
	t, err := CommonType(all, "IN", pos)
	if err != nil {
		return nil, err
	}
	if t.Kind == catalog.JSON || t.Array {
		return nil, noOperator("=", []Expr{e, list[0]}, pos, false)
	}
	args, err := b.coerceAll(all, plain(t), pos)
	if err != nil {
		return nil, err
	}
	n := b.newNode("IN", catalog.Of(boo), args, pos,
		func(args []Expr) (Expr, error) { return b.In(args[0], args[1:], not, pos) })
	n.negated = not
	n.shown[0] = unclampedIn(args[0], args[1:])
	n.write = func(p *Printer, n *node) {
		p.WriteByte('(')
		p.alike(n.shown[0], n.shown)
		if not {
			p.WriteString(" NOT")
		}
		p.WriteString(" IN (")
		for i, e := range n.shown[1:] {
			if i > 0 {
				p.WriteString(", ")
			}
			p.alike(e, n.shown)
		}
		p.WriteString("))")
	}
	n.fold = foldIn(not)
	return n.finish()
}

// unclampedIn takes the clamp off where all constants lie strictly within the bounds.
func unclampedIn(e Expr, list []Expr) Expr {
	for _, c := range list {
		at, ok := constRat(c)
		if !ok {
			return e
		}
		if r := reported(e); (r.lo != nil && at.Cmp(r.lo) <= 0) || (r.hi != nil && at.Cmp(r.hi) >= 0) {
			return e
		}
	}
	return bareOf(e)
}

func foldIn(not bool) func([]Const) (Const, bool) {
	return func(args []Const) (Const, bool) {
		null := args[0].Null
		for _, a := range args[1:] {
			if a.Null || args[0].Null {
				null = true
				continue
			}
			c, ok := compareConsts(args[0], a)
			if !ok {
				return Const{}, false
			}
			if c == 0 {
				return truth(!not)
			}
		}
		if null {
			return Const{Typ: catalog.Of(boo), Null: true}, true
		}
		return truth(not)
	}
}

// Between builds e [NOT] BETWEEN [SYMMETRIC] lo AND hi as the comparisons that it stands for.
func (b *Builder) Between(e, lo, hi Expr, not, symmetric bool, pos int) (Expr, error) {
	within := func(lo, hi Expr) (Expr, error) {
		above, err := b.Op(">=", e, lo, pos)
		if err != nil {
			return nil, err
		}
		below, err := b.Op("<=", e, hi, pos)
		if err != nil {
			return nil, err
		}
		return b.And([]Expr{above, below}, pos)
	}
	cond, err := within(lo, hi)
	if err == nil && symmetric {
		var other Expr
		if other, err = within(hi, lo); err == nil {
			cond, err = b.Or([]Expr{cond, other}, pos)
		}
	}
	if err != nil || !not {
		return cond, err
	}
	return b.Not(cond, pos)
}
