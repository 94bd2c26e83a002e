package expr

import (
	"math/big"

	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/refusal"
)

func (b *Builder) castNode(e Expr, to catalog.Type, pos int) *node {
	n := b.newNode("cast", to, []Expr{e}, pos, func(args []Expr) (Expr, error) { return b.Cast(args[0], to, pos) })
	n.write = writeCast(to)
	n.fold = foldCast(to)
	return n
}

func writeCast(to catalog.Type) func(p *Printer, n *node) {
	return func(p *Printer, n *node) { p.cast(n.shown[0], typeSQL(to, p.Dialect)) }
}

// convert makes a cast to a type without modifiers.
func (b *Builder) convert(e Expr, to catalog.Type, pos int) (Expr, error) {
	n := b.castNode(e, to, pos)
	from := e.Type()
	var err error
	switch {
	case isUnknown(e):
		n.write = writeCast(to)
	case from.IsNumeric() && to.IsNumeric():
		n.convertNumber()
	case from.IsText() && to.IsText():
		n.convertText()
	case from.IsText():
		err = n.fromText()
	case to.IsText():
		err = n.toText()
	case from.Kind == boo && to.Kind == i4:
		n.dom.Lo, n.dom.Hi, n.dom.Step = rat(0), rat(1), rat(1)
	case from.Kind == i4 && to.Kind == boo:
		if reprOf(e) != i4 { // PostgreSQL casts integer alone, and what was widened is no longer one
			n.write = templates("($1 <> 0)", "($1 <> 0)")
		}
	case from.IsDateTime() || to.IsDateTime():
		n.convertTime()
	default:
		err = n.refusePrivate("Cast the released values instead.")
	}
	if err != nil {
		return nil, err
	}
	n.enumerate()
	if _, isConst := e.(Const); isConst {
		if c, ok := Fold(n); ok && !c.Null {
			return c, nil
		}
	}
	return n.finish()
}

func (n *node) convertNumber() {
	e := n.args[0]
	from, to := e.Type(), n.typ
	switch {
	case from.IsInteger() && to.IsInteger():
		n.intToInt()
	case from.IsInteger():
		n.intToReal()
	case to.IsInteger():
		n.realToInt()
	default:
		n.realToReal()
	}
}

// intToInt: to a wider type nothing can fail, and what was widened inside stays so. To a narrower one a value out of range
// is NULL over private rows.
func (n *node) intToInt() {
	e := n.args[0]
	k := n.typ.Kind
	in := spanOf(e)
	n.dom.Step = stepOr1(e)
	if k > e.Type().Kind || n.mode == Public {
		n.tell(reported(e), in)
		n.setRepr(max(reprOf(e), k))
		n.widening = true
		n.write = func(p *Printer, n *node) {
			if n.mode == Private && reprOf(n.shown[0]) >= k {
				p.Expr(n.shown[0])
				return
			}
			p.cast(n.shown[0], intSQL(k, p.Dialect))
		}
		if n.mode == Public {
			n.repr = catalog.Unknown
		}
		return
	}
	lo, hi, _ := catalog.Of(k).Range()
	n.tell(bounded(reported(e), lo, hi), in.cut(lo, hi))
	n.shown[0] = narrowed(e, k)
	n.times = 2
	if !in.within(lo, hi) {
		n.dom.Nullable = true
	}
	n.write = templates("$1", "$1")
}

// bounded cuts the known ends of a span to what a type holds; an unknown end stays unknown.
func bounded(s span, lo, hi *big.Rat) span {
	if s.lo != nil {
		s.lo = smaller(larger(s.lo, lo), hi)
	}
	if s.hi != nil {
		s.hi = larger(smaller(s.hi, hi), lo)
	}
	return s
}

func (n *node) intToReal() {
	e, k := n.args[0], n.typ.Kind
	n.dom.Step = stepOr1(e)
	if k == num {
		n.tell(reported(e), spanOf(e))
		n.widening = true
		n.write = func(p *Printer, n *node) {
			if p.Dialect == DuckDB {
				p.Expr(n.shown[0]) // Print casts
				return
			}
			p.cast(n.shown[0], "numeric")
		}
		return
	}
	n.widening = spanOf(e).within(new(big.Rat).Neg(pow2(24)), pow2(24))
	n.tell(reported(e).outward(k), spanOf(e).outward(k))
}

// realToInt rounds: numeric half away from zero, floats half to even.
func (n *node) realToInt() {
	e, k := n.args[0], n.typ.Kind
	f := roundRat
	if e.Type().IsFloat() {
		f = roundEven
	}
	lo, hi, _ := n.typ.Range()
	in := spanOf(e)
	half := big.NewRat(1, 2)
	below, above := new(big.Rat).Sub(lo, half), new(big.Rat).Add(hi, half)
	if e.Type().IsFloat() && k == i8 {
		above = pow2(63) // the next float8 is what int8 does not hold
	}
	safe := in.bounded() && in.lo.Cmp(below) > 0 && in.hi.Cmp(above) < 0
	n.tell(bounded(reported(e).mapEnds(f), lo, hi), in.mapEnds(f).cut(lo, hi))
	n.in.over, n.in.under = false, false
	n.dom.Step = rat(1)
	if n.mode == Private && !safe {
		within := "CASE WHEN $1 > " + realLiteral(below, e.Type()) + " AND $1 < " + realLiteral(above, e.Type()) + " THEN $1 END"
		n.shown[0] = guarded(e, within, duckWithin(e, within, lo, hi), 3)
		n.dom.Nullable = true
	}
	n.write = func(p *Printer, n *node) {
		if _, _, ok := decimalOf(n.shown[0]); p.Dialect == DuckDB && e.Type().Kind == num && !ok {
			p.WriteString("CAST(round(")
			p.Expr(n.shown[0])
			p.WriteString(") AS " + intSQL(k, DuckDB) + ")")
			return
		}
		p.cast(n.shown[0], intSQL(k, p.Dialect))
	}
}

// duckWithin is the guard of a cast to whole numbers where a DECIMAL of 38 digits has no room for the half that PostgreSQL's compares with:
// one without decimals is compared with whole numbers, and one with many is too small to leave them (it knows no NaN).
func duckWithin(e Expr, otherwise string, lo, hi *big.Rat) string {
	_, scale, ok := decimalOf(e)
	s := spanOf(e)
	switch {
	case !ok:
		return otherwise
	case s.lo != nil && s.hi != nil && s.lo.Cmp(lo) >= 0 && s.hi.Cmp(hi) <= 0: // of NULL there are none
		return "$1"
	case scale == 0:
		return "CASE WHEN $1 >= (" + lo.Num().String() + ") AND $1 <= " + hi.Num().String() + " THEN $1 END"
	}
	return otherwise
}

// realLiteral is a number as a constant of a float type or of numeric, in both dialects.
func realLiteral(r *big.Rat, t catalog.Type) string {
	if t.IsFloat() {
		return floatLiteral(r, t)
	}
	s, _ := decimals(r)
	if r.Sign() < 0 {
		return "(" + catalog.FormatDecimal(r, s) + ")"
	}
	return catalog.FormatDecimal(r, s)
}

// realToReal: numeric ↔ float8 ↔ float4. Into a float, what is too large is NULL, and what is too near to 0 is 0.
func (n *node) realToReal() {
	e, from, to := n.args[0], n.args[0].Type(), n.typ
	in := spanOf(e)
	n.tell(reported(e).outward(to.Kind), in.outward(to.Kind))
	if s := stepFor(e); s != nil && s.IsInt() {
		n.dom.Step = s
	}
	if from.Kind == f4 && to.Kind == f8 {
		n.tell(reported(e), in)
		n.widening = true
		return
	}
	if to.Kind == num && n.in.lo != nil && n.in.hi != nil {
		digits := 15
		if from.Kind == f4 {
			digits = 6
		}
		n.tell(reported(e).toDigits(digits), in.toDigits(digits))
	}
	if to.Kind == num || n.mode == Public {
		return
	}
	top, least := realLimit(to.Kind), smallest(to.Kind)
	large := in.lo == nil || in.hi == nil || in.maxAbs().Cmp(top) > 0 || (in.odd() && from.IsFloat())
	small := minAbs(e).Cmp(least) < 0
	if from.Kind == num && stepFor(e) == nil {
		small = true
	}
	if !large && !small {
		return
	}
	lit := func(r *big.Rat) string { return floatLiteral(r, catalog.Of(f8)) }
	if from.Kind == num {
		lit = func(r *big.Rat) string { return "'" + catalog.FormatRat(catalog.Of(f8), r) + "'::numeric" }
	}
	zero := "'0'::" + typeSQL(catalog.Of(from.Kind), PostgreSQL)
	cond := "CASE WHEN abs($1) < " + lit(least) + " THEN " + zero + " WHEN abs($1) <= " + lit(top) + " THEN $1 END"
	duck := "CASE WHEN abs($1) <= " + floatLiteral(top, catalog.Of(f8)) + " THEN $1 END"
	n.shown[0] = guarded(e, cond, duck, 4)
	n.dom.Nullable = n.dom.Nullable || large
	cut := span{lo: in.lo, hi: in.hi}.cut(new(big.Rat).Neg(top), top).outward(to.Kind)
	n.in = &cut
}

// modify applies numeric(p, s), varchar(n) and char(n).
func (b *Builder) modify(e Expr, to catalog.Type, pos int) (Expr, error) {
	switch {
	case to.Kind == num && to.HasScale:
		if c, ok := e.(Column); ok && c.Typ == to {
			return e, nil
		}
		return b.toScale(e, to, pos)
	case (to.Kind == catalog.Varchar || to.Kind == catalog.Bpchar) && to.Length > 0:
		return b.toLength(e, to, pos)
	}
	return e, nil
}

// toScale rounds to numeric(p, s); what does not fit is NULL over private rows.
func (b *Builder) toScale(e Expr, to catalog.Type, pos int) (Expr, error) {
	n := b.castNode(e, to, pos)
	step := step10(to.Scale)
	round := func(r *big.Rat) *big.Rat {
		q := roundRat(new(big.Rat).Quo(r, step))
		return q.Mul(q, step)
	}
	lo, hi, _ := to.Range()
	in := spanOf(e)
	half := new(big.Rat).Quo(step, rat(2))
	below, above := new(big.Rat).Sub(lo, half), new(big.Rat).Add(hi, half)
	safe := in.bounded() && in.lo.Cmp(below) > 0 && in.hi.Cmp(above) < 0
	n.tell(bounded(reported(e).mapEnds(round), lo, hi), in.mapEnds(round).cut(lo, hi))
	n.in.over, n.in.under = false, false
	n.dom.Step, n.fixed = step, true
	if b.Mode == Private && !safe {
		pg := "CASE WHEN $1 > " + realLiteral(below, to) + " AND $1 < " + realLiteral(above, to) + " THEN $1 END"
		duck := "CASE WHEN #1 > " + floatLiteral(below, catalog.Of(f8)) + " AND #1 < " + floatLiteral(above, catalog.Of(f8)) + " THEN $1 END"
		n.shown[0] = guarded(e, pg, duck, 3)
		n.dom.Nullable = true
	}
	if b.Mode == Public && e.Domain().Lo == nil {
		n.in.over, n.in.under = true, true
	}
	n.enumerate()
	return n.finish()
}

// toLength cuts text to a length, as an explicit cast does.
func (b *Builder) toLength(e Expr, to catalog.Type, pos int) (Expr, error) {
	if c, ok := e.(Const); ok && !c.Null {
		if runes := []rune(c.Text); len(runes) > to.Length {
			c.Text = string(runes[:to.Length])
		}
		if text, err := catalog.ParseValue(to, c.Text); err == nil {
			return Const{Typ: to, Text: text, Pos: c.Pos}, nil
		}
	}
	n := b.castNode(e, to, pos)
	n.dom.MaxLen = to.Length
	n.write = func(p *Printer, n *node) {
		if p.Dialect == PostgreSQL {
			p.cast(n.shown[0], typeSQL(to, PostgreSQL))
			return
		}
		p.template("left($1, "+itoa(int64(to.Length))+")", n.shown)
	}
	n.enumerate()
	return n.finish()
}

// foldCast converts constants.
func foldCast(to catalog.Type) func([]Const) (Const, bool) {
	return func(args []Const) (Const, bool) {
		c := args[0]
		if to.Array || c.Typ.Array {
			return Const{}, false
		}
		out := Const{Typ: to, Pos: c.Pos}
		switch {
		case c.Typ.Kind == to.Kind && !to.HasScale && to.Length == 0:
			out.Text = c.Text
			return out, true
		case c.Typ.IsNumeric() && to.IsNumeric():
			return foldNumber(c, to)
		case c.Typ.IsText():
			text := c.Text
			if to.Length > 0 && len([]rune(text)) > to.Length {
				text = string([]rune(text)[:to.Length])
			}
			value, err := readAs(text, to, c.Pos)
			out.Text = value
			return out, err == nil
		case to.IsText():
			return foldToText(c, to)
		case c.Typ.IsDateTime() && to.IsDateTime():
			return foldTime(c, to)
		case c.Typ.Kind == boo && to.Kind == i4:
			r, _ := ratOf(c)
			return whole(i4, r)
		}
		return Const{}, false
	}
}

func foldNumber(c Const, to catalog.Type) (Const, bool) {
	r, ok := ratOf(c)
	if !ok {
		return Const{}, false
	}
	switch {
	case to.IsInteger() && c.Typ.IsFloat():
		return whole(to.Kind, roundEven(r))
	case to.IsInteger():
		return whole(to.Kind, roundRat(r))
	case to.Kind == num && to.HasScale:
		if lo, hi, _ := to.Range(); r.Cmp(lo) < 0 || r.Cmp(hi) > 0 {
			return Const{}, false
		}
		return Const{Typ: to, Text: catalog.FormatDecimal(r, to.Scale), Pos: c.Pos}, true
	case to.Kind == num && c.Typ.IsFloat():
		return Const{}, false // 15 digits
	case to.Kind == num:
		return Const{Typ: to, Text: c.Text, Pos: c.Pos}, true
	}
	if _, top, _ := to.Range(); new(big.Rat).Abs(r).Cmp(top) > 0 {
		return Const{}, false
	}
	if text := catalog.FormatRat(to, r); text != "0" || r.Sign() == 0 {
		return Const{Typ: to, Text: text, Pos: c.Pos}, true
	}
	return Const{}, false
}

func foldToText(c Const, to catalog.Type) (Const, bool) {
	text := c.Text
	switch c.Typ.Kind {
	case boo:
		text = map[string]string{"t": "true", "f": "false"}[c.Text]
	case tz, itv, catalog.Bytea, catalog.JSON, catalog.JSONB:
		return Const{}, false
	}
	if to.Length > 0 && len([]rune(text)) > to.Length {
		text = string([]rune(text)[:to.Length])
	}
	return Const{Typ: to, Text: text, Pos: c.Pos}, true
}

// errTextCast refuses casts from private text to what no pattern can check.
func errTextCast(to catalog.Type, pos int) error {
	return refusal.New(refusal.NotSupported, "private text cannot be cast to type %s", bareName(to)).At(pos).
		WithHint("Whole numbers, numeric, floats, boolean, date, time, timestamp and uuid can be read from text.")
}
