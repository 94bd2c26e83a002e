package rewrite

import (
	"math"
	"strconv"

	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/rewrite/expr"
	"github.com/dpproxy/dpproxy/rewrite/syntax"
)

// normalTerms writes the terms of a WHERE clause in one way, so that the same question in other words is the same
// release: BETWEEN is two comparisons, a constant stands on the right, NOT in front of a comparison is the other comparison, and
// a list of one is equality. A row passes the one exactly where it passes the other, NULL included: in a term of AND, unknown
// is as good as false. The statement's own tree is shared, and is not changed.
func normalTerms(where *syntax.Node) []*syntax.Node {
	var out []*syntax.Node
	for _, n := range conjuncts(where) {
		out = append(out, normalTerm(n)...)
	}
	return out
}

func normalTerm(n *syntax.Node) []*syntax.Node {
	if b := n.GetBoolExpr(); b != nil && b.Boolop == syntax.NOT_EXPR && len(b.Args) == 1 {
		if a := b.Args[0].GetAExpr(); a != nil && a.Kind == syntax.AEXPR_OP && opposite(operator(a.Name)) != "" && plainSides(a) {
			return normalTerm(comparison(opposite(operator(a.Name)), a.Lexpr, a.Rexpr, a.Location))
		}
		return []*syntax.Node{n}
	}
	a := n.GetAExpr()
	if a == nil || !plainSides(a) {
		return []*syntax.Node{n}
	}
	switch a.Kind {
	case syntax.AEXPR_OP:
		op := operator(a.Name)
		if turned(op) != "" && isConstant(a.Lexpr) && !isConstant(a.Rexpr) {
			return []*syntax.Node{comparison(turned(op), a.Rexpr, a.Lexpr, a.Location)}
		}
	case syntax.AEXPR_BETWEEN:
		if ends := a.Rexpr.GetList().GetItems(); len(ends) == 2 {
			return []*syntax.Node{comparison(">=", a.Lexpr, ends[0], a.Location), comparison("<=", a.Lexpr, ends[1], a.Location)}
		}
	case syntax.AEXPR_IN:
		if items := a.Rexpr.GetList().GetItems(); len(items) == 1 {
			return []*syntax.Node{comparison(operator(a.Name), a.Lexpr, items[0], a.Location)}
		}
	case syntax.AEXPR_OP_ANY:
		if items := a.Rexpr.GetAArrayExpr().GetElements(); len(items) == 1 && operator(a.Name) == "=" {
			return []*syntax.Node{comparison("=", a.Lexpr, items[0], a.Location)}
		}
	}
	return []*syntax.Node{n}
}

// plainSides says that an operator has two sides, its name has no schema, and neither side holds a row or a sub-query.
func plainSides(a *syntax.A_Expr) bool {
	if a.Lexpr == nil || a.Rexpr == nil || len(a.Name) != 1 {
		return false
	}
	plain := true
	for _, side := range []*syntax.Node{a.Lexpr, a.Rexpr} {
		walkTree(side, func(n *syntax.Node) bool {
			plain = plain && n.GetSubLink() == nil && n.GetRowExpr() == nil
			return plain
		})
	}
	return plain
}

func comparison(op string, l, r *syntax.Node, loc int32) *syntax.Node {
	name := &syntax.Node{Node: &syntax.Node_String_{String_: &syntax.String{Sval: op}}}
	return &syntax.Node{Node: &syntax.Node_AExpr{AExpr: &syntax.A_Expr{Kind: syntax.AEXPR_OP, Name: []*syntax.Node{name}, Lexpr: l, Rexpr: r, Location: loc}}}
}

// isConstant says that a node is a literal, a parameter, or a cast of one.
func isConstant(n *syntax.Node) bool {
	if t := n.GetTypeCast(); t != nil {
		return isConstant(t.Arg)
	}
	return n.GetAConst() != nil || n.GetParamRef() != nil
}

// opposite is the comparison that holds where op does not.
func opposite(op string) string {
	return map[string]string{"<": ">=", ">=": "<", ">": "<=", "<=": ">", "=": "<>", "<>": "="}[op]
}

// turned is the comparison with its sides exchanged.
func turned(op string) string {
	return map[string]string{"<": ">", ">=": "<=", ">": "<", "<=": ">=", "=": "=", "<>": "<>"}[op]
}

// plainInteger gives a whole number in a comparison the type that it would have as a literal, so that a driver's choice of a
// parameter's width makes no other question.
func plainInteger(e expr.Expr) expr.Expr {
	k, ok := e.(expr.Const)
	if !ok || k.Null || !k.Typ.IsInteger() {
		return e
	}
	n, err := strconv.ParseInt(k.Text, 10, 64)
	if err != nil {
		return e
	}
	k.Typ = catalog.Of(catalog.Int8)
	if n >= math.MinInt32 && n <= math.MaxInt32 {
		k.Typ = catalog.Of(catalog.Int4)
	}
	return k
}
