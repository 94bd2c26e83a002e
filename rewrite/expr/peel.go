package expr

import "github.com/dpproxy/dpproxy/catalog"

// WithoutWidening takes off what changes a number's type and not its value: casts of whole numbers to types that hold each of them,
// times and divided by 1, plus and minus 0.
func WithoutWidening(e Expr) Expr {
	for {
		n, ok := e.(*node)
		if !ok || !n.typ.IsNumeric() || n.typ.Array {
			return e
		}
		var of Expr
		switch {
		case n.onlyWidens():
			of = n.args[0]
		case len(n.args) != 2:
			return e
		case n.name == "*" && isNumber(n.args[0], 1), n.name == "+" && isNumber(n.args[0], 0):
			of = n.args[1]
		case (n.name == "*" || n.name == "/") && isNumber(n.args[1], 1), (n.name == "+" || n.name == "-") && isNumber(n.args[1], 0):
			of = n.args[0]
		default:
			return e
		}
		if !of.Type().IsNumeric() || of.Type().Array || of.Type().IsFloat() != n.typ.IsFloat() && !of.Type().IsInteger() {
			return e
		}
		if n.typ.IsFloat() && of.Type().IsInteger() && of.Type().Kind == i8 {
			return e // rounded
		}
		e = of
	}
}

func isNumber(e Expr, value int64) bool {
	k, ok := Fold(e)
	if !ok || k.Null || !k.Typ.IsNumeric() {
		return false
	}
	r, ok := ratOf(k)
	return ok && r.Cmp(rat(value)) == 0
}

// Kept reads an expression that keeps a value where a condition is true: CASE WHEN cond THEN value END, a truth as 1 or 0. els is what
// it is elsewhere; of a truth that is not known 0 stands for NULL, which no sum tells apart.
func Kept(e Expr) (cond, value Expr, els Const, ok bool) {
	n, isNode := e.(*node)
	switch {
	case !isNode:
	case n.name == "CASE" && len(n.args) == 3:
		els, ok = Fold(n.args[2])
		return n.args[0], n.args[1], els, ok
	case n.name == "cast" && len(n.args) == 1 && n.args[0].Type().Kind == boo && !n.args[0].Type().Array && n.typ == catalog.Of(i4):
		number := func(text string) Const { return Const{Typ: n.typ, Text: text, Pos: -1} }
		return n.args[0], number("1"), number("0"), true
	}
	return nil, nil, Const{}, false
}

// IsZero tells the number 0.
func IsZero(k Const) bool { return isNumber(k, 0) }
