package expr

import (
	"math/big"
	"strings"

	"github.com/dpproxy/dpproxy/catalog"
)

// places are the canonical terms of `l op r` where one side is a constant and the other has whole places: whole numbers, days,
// microseconds, and years. They compare the innermost value with the nearest place, so that one condition has one text:
//
//	x > 1, x >= 2, x::numeric > 1.5                      (x >= #2)
//	d < '2022-01-01', d <= '2021-12-31'                  (d <= #18992), whichever of date and timestamp the constant is
//	date(t) = '2021-03-04'                               (t >= #…), (t <= #…), as t >= '2021-03-04' AND t < '2021-03-05'
//	extract(year FROM d) = 2021, date_trunc('year', d) = '2021-01-01'
//
// The terms hold together (word AND) or one of them must (word OR). Both sides are NULL for the same rows: none of what is taken off
// makes a value NULL. Ends outside of the calendar, to which private values are moved, are left to the general form.
func places(op string, l, r Expr) (terms []string, word string, ok bool) {
	k, isConst := Fold(r)
	if !isConst {
		if k, isConst = Fold(l); !isConst {
			return nil, "", false
		}
		l, op = r, mirrored(op)
	}
	at, ok := placeOf(k, l)
	if !ok {
		return nil, "", false
	}
	var s span
	negated := op == "<>"
	if negated {
		op = "="
	}
	d := Domain{}
	d.bound(op, at, true)
	s.lo, s.hi = d.Lo, d.Hi
	if op == "=" && !at.IsInt() || !within(l.Type(), s) {
		return nil, "", false // of no row; and what is moved to the ends
	}
	e := l
	for {
		n, isNode := e.(*node)
		if !isNode || !n.exactPreimage(&s) {
			break
		}
		if e = n.args[len(n.args)-1]; !within(e.Type(), s) {
			return nil, "", false
		}
	}
	return placeTerms(Canonical(e), s, negated)
}

// placeTerms writes that a value lies in a span, or outside of it.
func placeTerms(value string, s span, negated bool) (terms []string, word string, ok bool) {
	one := rat(1)
	add := func(op string, r *big.Rat) { terms = append(terms, "("+value+" "+op+" #"+r.RatString()+")") }
	switch {
	case s.lo != nil && s.hi != nil && s.lo.Cmp(s.hi) == 0:
		add(map[bool]string{false: "=", true: "<>"}[negated], s.lo)
	case !negated:
		if s.hi != nil {
			add("<=", s.hi)
		}
		if s.lo != nil {
			add(">=", s.lo)
		}
		return terms, "AND", len(terms) > 0
	default:
		if s.lo != nil {
			add("<=", new(big.Rat).Sub(s.lo, one))
		}
		if s.hi != nil {
			add(">=", new(big.Rat).Add(s.hi, one))
		}
		return terms, "OR", len(terms) > 0
	}
	return terms, "AND", true
}

// placesText is the one text of such terms.
func placesText(terms []string, word string) string {
	if len(terms) == 1 {
		return terms[0]
	}
	return "(" + strings.Join(Once(terms), " "+word+" ") + ")"
}

// placeOf is a constant's place among the values of an expression, whole or between two of them.
func placeOf(k Const, e Expr) (*big.Rat, bool) {
	at, ok := ratOf(k)
	t := e.Type()
	switch {
	case !ok || t.Array || k.Typ.Array:
		return nil, false
	case t.IsDateTime() && k.Typ.IsDateTime():
		day := rat(dayMicros)
		if t.Kind == dat && k.Typ.Kind != dat {
			return new(big.Rat).Quo(at, day), true
		}
		if t.Kind != dat && k.Typ.Kind == dat {
			return new(big.Rat).Mul(at, day), true
		}
		return at, true
	case !k.Typ.IsNumeric():
		return nil, false
	case wholeYears(e):
		return at, true
	}
	of := e
	for {
		n, isNode := of.(*node)
		if !isNode || !n.onlyWidens() {
			break
		}
		of = n.args[0]
	}
	exact := !k.Typ.IsFloat() || isSmall(of)
	return at, of.Type().IsInteger() && exact && k.Typ.Kind != f4 && t.Kind != f4
}

// onlyWidens tells a cast of whole numbers to a type that holds each of them.
func (n *node) onlyWidens() bool {
	if n.name != "cast" || len(n.args) != 1 || n.typ.Array || n.typ.HasScale {
		return false
	}
	from := n.args[0].Type()
	return from.IsInteger() && (n.typ.IsInteger() && n.typ.Kind > from.Kind || n.typ.Kind == num || isSmall(n.args[0]) && n.typ.Kind == f8)
}

// isSmall tells whole numbers of 32 bits, each of which is a float8. What is computed can be larger than its type.
func isSmall(e Expr) bool {
	k := max(e.Type().Kind, reprOf(e))
	return e.Type().IsInteger() && (k == i2 || k == i4)
}

// wholeYears tells a year of the calendar, also as another type of number that holds it, and rounded.
func wholeYears(e Expr) bool {
	n, ok := e.(*node)
	if !ok || isYear(n) {
		return ok && n.args[0].Type().IsDateTime() // of an interval it may be larger than a type
	}
	holds := n.name == "cast" && n.typ.IsNumeric() && !n.typ.Array && !n.typ.HasScale && n.typ.Kind != f4 || n.name == "trunc" || n.name == "floor"
	return holds && len(n.args) == 1 && wholeYears(n.args[0])
}

// exactPreimage turns a span of the node's values into the one of its last operand's that gives just them; false if that is not known.
func (n *node) exactPreimage(s *span) bool {
	if n.onlyWidens() {
		return true
	}
	if wholeYears(n) && !isYear(n) {
		return true
	}
	if n.dom.Nullable && !n.args[len(n.args)-1].Domain().Nullable {
		return false
	}
	if n.name == "date_trunc" && s.lo != nil {
		unit, ok := Fold(n.args[0])
		if !ok || unit.Null || !inYears(s.lo) {
			return false
		}
		start, known := truncTo(floorRat(s.lo).Num().Int64(), unitNamed(unit.Text))
		if !known || s.lo.Cmp(rat(start)) != 0 {
			return false // no value of the function
		}
	}
	was := *s
	if !n.preimage(s) || (s.lo == nil) != (was.lo == nil) || (s.hi == nil) != (was.hi == nil) {
		*s = was
		return false
	}
	return true
}

// within tells that the ends of a span of a type are well within what private values may be.
func within(t catalog.Type, s span) bool {
	if !t.IsDateTime() {
		return true
	}
	lo, hi := calendarOf(t)
	for _, end := range []*big.Rat{s.lo, s.hi} {
		if end != nil && (end.Cmp(lo) <= 0 || end.Cmp(hi) >= 0) {
			return false
		}
	}
	return true
}
