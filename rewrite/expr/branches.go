package expr

import (
	"math/big"

	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/refusal"
)

// Case builds CASE [operand] WHEN … THEN … [ELSE els] END; operand and els may be nil.
func (b *Builder) Case(operand Expr, whens []When, els Expr, pos int) (Expr, error) {
	if els == nil {
		els = Const{Typ: catalog.Of(catalog.Unknown), Null: true, Pos: -1}
	}
	results := []Expr{els}
	for _, w := range whens {
		results = append(results, w.Result)
	}
	t, err := CommonType(results, "CASE", pos)
	if err != nil {
		return nil, err
	}
	var args []Expr // condition, result, condition, result, …, else
	for _, w := range whens {
		cond := w.Cond
		if operand != nil {
			cond, err = b.Op("=", operand, w.Cond, pos)
		} else {
			cond, err = b.needBool(w.Cond, "CASE/WHEN", pos)
		}
		if err != nil {
			return nil, err
		}
		result, err := b.Coerce(w.Result, t, pos)
		if err != nil {
			return nil, err
		}
		args = append(args, cond, result)
	}
	if els, err = b.Coerce(els, t, pos); err != nil {
		return nil, err
	}
	args = append(args, els)
	n := b.newNode("CASE", t, args, pos, func(args []Expr) (Expr, error) { return b.caseOf(args, pos) })
	n.write = writeCase
	n.fold = foldCase
	n.choose(n.branches())
	return n.finish()
}

// caseOf builds CASE from its flat operands.
func (b *Builder) caseOf(args []Expr, pos int) (Expr, error) {
	var whens []When
	for i := 0; i+1 < len(args); i += 2 {
		whens = append(whens, When{Cond: args[i], Result: args[i+1]})
	}
	return b.Case(nil, whens, args[len(args)-1], pos)
}

// branches are a CASE's results, or all operands of COALESCE and the like.
func (n *node) branches() []Expr {
	if n.name != "CASE" {
		return n.args
	}
	var results []Expr
	for i := 1; i < len(n.args); i += 2 {
		results = append(results, n.args[i])
	}
	return append(results, n.args[len(n.args)-1])
}

// choose gives the node the domain of something that is one of its branches.
func (n *node) choose(branches []Expr) {
	told, in := none(), none()
	n.dom = Domain{Nullable: anyNullable(branches)}
	values, listed := []string{}, true
	steps, short := true, true
	repr := n.typ.Kind
	for _, e := range branches {
		repr = max(repr, reprOfNumber(e, repr))
		d := e.Domain()
		if c, ok := e.(Const); ok && c.Null {
			continue
		}
		told, in = told.or(reported(e)), in.or(spanOf(e))
		if listed = listed && d.Values != nil && len(values)+len(d.Values) <= maxValues; listed {
			values = append(values, d.Values...)
		}
		if short = short && d.MaxLen > 0; short {
			n.dom.MaxLen = max(n.dom.MaxLen, d.MaxLen)
		}
		s := stepFor(e)
		switch {
		case s == nil || !steps:
			steps, n.dom.Step = false, nil
		case n.dom.Step == nil:
			n.dom.Step = s
		default:
			n.dom.Step = commonStep(n.dom.Step, s)
		}
	}
	if !short {
		n.dom.MaxLen = 0
	}
	if n.typ.IsInteger() {
		n.setRepr(repr)
	}
	n.tell(told.span(), in.span())
	n.roundsTogether(branches)
	if listed {
		n.dom.Values = catalog.SortValues(n.typ, values)
	}
}

// roundsTogether widens the spans of a result that is one of several operands, where alike makes DOUBLEs of them: the nearest DOUBLE
// of the largest DECIMAL is larger, and has no room in one any more.
func (n *node) roundsTogether(operands []Expr) {
	if n.typ.Kind == num && !fitTogether(operands) {
		n.tell(reported(n).outward(num), n.in.outward(num))
	}
}

func reprOfNumber(e Expr, k catalog.Kind) catalog.Kind {
	if e.Type().IsInteger() {
		return reprOf(e)
	}
	return k
}

// joined is a union of spans that starts empty.
type joined struct {
	s   span
	any bool
}

func none() joined { return joined{} }

func (j joined) or(s span) joined {
	if !j.any {
		return joined{s: s, any: true}
	}
	return joined{s: union(j.s, s), any: true}
}

func (j joined) span() span { return j.s }

func writeCase(p *Printer, n *node) {
	branches := n.branches()
	p.WriteString("CASE")
	for i := 0; i+1 < len(n.shown); i += 2 {
		p.WriteString(" WHEN ")
		p.Expr(n.shown[i])
		p.WriteString(" THEN ")
		p.alike(n.shown[i+1], branches)
	}
	p.WriteString(" ELSE ")
	p.alike(n.shown[len(n.shown)-1], branches)
	p.WriteString(" END")
}

func foldCase(args []Const) (Const, bool) {
	for i := 0; i+1 < len(args); i += 2 {
		if !args[i].Null && args[i].Text == "t" {
			return args[i+1], true
		}
	}
	return args[len(args)-1], true
}

// Coalesce builds COALESCE(…): the first operand that is not NULL.
func (b *Builder) Coalesce(es []Expr, pos int) (Expr, error) {
	n, err := b.choice("COALESCE", es, pos, b.Coalesce)
	if err != nil {
		return nil, err
	}
	n.choose(n.args)
	n.dom.Nullable = allNullable(n.args)
	n.fold = func(args []Const) (Const, bool) {
		for _, a := range args {
			if !a.Null {
				return a, true
			}
		}
		return args[0], true
	}
	return n.finish()
}

func allNullable(es []Expr) bool {
	for _, e := range es {
		if !e.Domain().Nullable {
			return false
		}
	}
	return true
}

// choice starts a construct whose operands have one common type.
func (b *Builder) choice(word string, es []Expr, pos int, again func([]Expr, int) (Expr, error)) (*node, error) {
	if len(es) == 0 {
		return nil, refusal.New(refusal.SyntaxError, "%s needs an operand", word).At(pos)
	}
	t, err := CommonType(es, word, pos)
	if err != nil {
		return nil, err
	}
	args, err := b.coerceAll(es, t, pos)
	if err != nil {
		return nil, err
	}
	n := b.newNode(word, t, args, pos, func(args []Expr) (Expr, error) { return again(args, pos) })
	n.write = func(p *Printer, n *node) {
		p.WriteString(word + "(")
		for i, e := range n.shown {
			if i > 0 {
				p.WriteString(", ")
			}
			p.alike(e, n.shown)
		}
		p.WriteByte(')')
	}
	return n, nil
}

// Greatest builds GREATEST(…), which ignores NULL.
func (b *Builder) Greatest(es []Expr, pos int) (Expr, error) { return b.extreme("GREATEST", es, pos) }

// Least builds LEAST(…), which ignores NULL.
func (b *Builder) Least(es []Expr, pos int) (Expr, error) { return b.extreme("LEAST", es, pos) }

func (b *Builder) extreme(word string, es []Expr, pos int) (Expr, error) {
	again := b.Greatest
	if word == "LEAST" {
		again = b.Least
	}
	n, err := b.choice(word, es, pos, again)
	if err != nil {
		return nil, err
	}
	if n.typ.Kind == catalog.JSON || n.typ.Array {
		return nil, noFunction(word, es, pos, false)
	}
	n.choose(n.args)
	n.dom.Nullable = allNullable(n.args)
	up := word == "GREATEST"
	n.tell(extremeSpan(n.args, reported, up), extremeSpan(n.args, spanOf, up))
	n.roundsTogether(n.args)
	if n.typ.IsText() {
		n.dom.Values = nil // which text is the greatest is the database's order
	}
	n.trim()
	n.fold = func(args []Const) (Const, bool) { return foldExtreme(args, up) }
	return n.finish()
}

// trim drops listed values that the bounds exclude.
func (n *node) trim() {
	if n.dom.Values == nil {
		return
	}
	kept := []string{}
	for _, v := range n.dom.Values {
		r, ok := ratOf(Const{Typ: n.typ, Text: v})
		if ok && n.in.has(r) {
			kept = append(kept, v)
		}
	}
	n.dom.Values = kept
}

// extremeSpan bounds the greatest (or least) of operands, of which those that are NULL do not count: the result is one of
// them, and not less (more) than any that cannot be NULL. NaN and infinity are above every number, −infinity below.
func extremeSpan(es []Expr, of func(Expr) span, up bool) span {
	var s span
	ordered := make([]span, len(es)) // ends that hold for NaN and infinities too
	for i, e := range es {
		full := spanOf(e)
		ordered[i] = of(e)
		ordered[i].over, ordered[i].under = full.over, full.under
		if full.over {
			ordered[i].hi = nil
		}
		if full.under {
			ordered[i].lo = nil
		}
		if i == 0 {
			s = ordered[i]
		} else {
			s = union(s, ordered[i])
		}
	}
	for i, e := range es {
		if e.Domain().Nullable {
			continue
		}
		o := ordered[i]
		switch {
		case up && !o.under:
			s.under = false
			if o.lo != nil {
				s.lo = tighter(s.lo, o.lo, larger)
			}
		case !up && !o.over:
			s.over = false
			if o.hi != nil {
				s.hi = tighter(s.hi, o.hi, smaller)
			}
		}
	}
	return s
}

func tighter(a, b *big.Rat, f func(a, b *big.Rat) *big.Rat) *big.Rat {
	if a == nil {
		return b
	}
	return f(a, b)
}

func foldExtreme(args []Const, up bool) (Const, bool) {
	best := Const{Typ: args[0].Typ, Null: true, Pos: -1}
	for _, a := range args {
		if a.Null {
			continue
		}
		if best.Null {
			best = a
			continue
		}
		c, ok := compareConsts(a, best)
		if !ok || (a.Typ.IsText() && c != 0) {
			return Const{}, false
		}
		if (up && c > 0) || (!up && c < 0) {
			best = a
		}
	}
	return best, true
}

// NullIf builds NULLIF(l, r): NULL where both are equal.
func (b *Builder) NullIf(l, r Expr, pos int) (Expr, error) {
	if l.Type().IsDateTime() && r.Type().IsDateTime() && l.Type().Kind != r.Type().Kind {
		same, err := b.Op("=", l, r, pos) // which compares both without changing the result's type
		if err != nil {
			return nil, err
		}
		return b.Case(nil, []When{{Cond: same, Result: Const{Typ: l.Type(), Null: true, Pos: -1}}}, l, pos)
	}
	args, err := b.sides("=", l, r, pos)
	if err != nil {
		return nil, err
	}
	t := args[0].Type() // as the comparison sees it: NULLIF(1, 2.5) is numeric
	n := b.newNode("NULLIF", plain(t), args, pos, func(args []Expr) (Expr, error) { return b.NullIf(args[0], args[1], pos) })
	n.dom = args[0].Domain()
	n.dom.Nullable = true
	n.dom.Step = stepFor(args[0])
	in := spanOf(args[0])
	n.in = &in
	n.roundsTogether(args)
	n.setRepr(reprOf(args[0]))
	n.write = func(p *Printer, n *node) {
		p.WriteString("NULLIF(")
		p.alike(n.shown[0], n.shown)
		p.WriteString(", ")
		p.alike(n.shown[1], n.shown)
		p.WriteByte(')')
	}
	n.fold = func(args []Const) (Const, bool) {
		if args[0].Null || args[1].Null {
			return args[0], true
		}
		c, ok := compareConsts(args[0], args[1])
		if ok && c == 0 {
			return Const{Typ: args[0].Typ, Null: true, Pos: -1}, true
		}
		return args[0], ok
	}
	return n.finish()
}
