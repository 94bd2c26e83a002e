package rewrite

import (
	"strconv"

	"github.com/dpproxy/dpproxy/refusal"
	"github.com/dpproxy/dpproxy/rewrite/expr"
	"github.com/dpproxy/dpproxy/rewrite/syntax"
)

// A row compared with the rows of a sub-query, (a, b) IN (SELECT x, y …), is written with EXISTS, so that all that is known of
// EXISTS holds of it: over public tables, and over rows of the same unit.
//
//	as a condition   EXISTS (SELECT 1 FROM (SELECT x, y …) AS s(x, y) WHERE s.x = a AND s.y = b)
//	as a value       CASE WHEN that THEN true WHEN EXISTS (… WHERE (s.x = a AND s.y = b) IS NULL) THEN NULL ELSE false END

// The names under which the sub-query's rows are seen; nobody can write them by accident.
const (
	rowsName   = "rows compared"
	rowsColumn = "column compared "
)

// rowQuery tells that a node compares a row with the rows of a sub-query for being equal to one of them.
func rowQuery(n *syntax.Node) (*syntax.SubLink, bool) {
	v := n.GetSubLink()
	if v == nil || v.SubLinkType != syntax.ANY_SUBLINK || v.Testexpr.GetRowExpr() == nil {
		return nil, false
	}
	return v, len(v.OperName) == 0 || operator(v.OperName) == "="
}

// filter resolves a condition that NULL fails as false does.
func (c *exprContext) filter(n *syntax.Node) (expr.Expr, error) {
	if v, ok := rowQuery(n); ok {
		same, err := c.sameRow(v)
		if err != nil {
			return nil, err
		}
		n = existsRow(v, same)
	}
	return c.condition(n)
}

// rowInQuery resolves it as a value.
func (c *exprContext) rowInQuery(v *syntax.SubLink) (expr.Expr, error) {
	same, err := c.sameRow(v)
	if err != nil {
		return nil, err
	}
	unknown := &syntax.Node{Node: &syntax.Node_NullTest{NullTest: &syntax.NullTest{Arg: same, Nulltesttype: syntax.IS_NULL, Location: v.Location}}}
	when := func(cond, result *syntax.Node) *syntax.Node {
		return &syntax.Node{Node: &syntax.Node_CaseWhen{CaseWhen: &syntax.CaseWhen{Expr: cond, Result: result, Location: v.Location}}}
	}
	truth := func(t bool) *syntax.Node {
		return &syntax.Node{Node: &syntax.Node_AConst{AConst: &syntax.A_Const{Val: &syntax.A_Const_Boolval{Boolval: &syntax.Boolean{Boolval: t}}, Location: v.Location}}}
	}
	null := &syntax.Node{Node: &syntax.Node_AConst{AConst: &syntax.A_Const{Isnull: true, Location: v.Location}}}
	before := c.r.policy.joins
	e, err := c.resolve(&syntax.Node{Node: &syntax.Node_CaseExpr{CaseExpr: &syntax.CaseExpr{Location: v.Location,
		Args: []*syntax.Node{when(existsRow(v, same), truth(true)), when(existsRow(v, unknown), null)}, Defresult: truth(false)}}})
	c.r.policy.joins = before + (c.r.policy.joins-before)/2 // it is one sub-query
	return e, err
}

// sameRow is s.x = a AND s.y = b.
func (c *exprContext) sameRow(v *syntax.SubLink) (*syntax.Node, error) {
	var terms []*syntax.Node
	for i, a := range v.Testexpr.GetRowExpr().Args {
		column := &syntax.Node{Node: &syntax.Node_ColumnRef{ColumnRef: &syntax.ColumnRef{Location: v.Location,
			Fields: []*syntax.Node{stringNode(rowsName), stringNode(rowsColumn + strconv.Itoa(i+1))}}}}
		terms = append(terms, &syntax.Node{Node: &syntax.Node_AExpr{AExpr: &syntax.A_Expr{Kind: syntax.AEXPR_OP, Name: []*syntax.Node{stringNode("=")},
			Lexpr: column, Rexpr: a, Location: v.Location}}})
	}
	if s := v.Subselect.GetSelectStmt(); s != nil && s.Op == syntax.SETOP_NONE && len(s.ValuesLists) == 0 && len(s.TargetList) != len(terms) {
		star := false
		for _, t := range s.TargetList {
			_, _, is := starOf(t.GetResTarget().GetVal())
			star = star || is
		}
		if !star {
			if len(s.TargetList) < len(terms) {
				return nil, c.fail(refusal.SyntaxError, v.Location, "subquery has too few columns")
			}
			return nil, c.fail(refusal.SyntaxError, v.Location, "subquery has too many columns")
		}
	}
	if len(terms) == 1 {
		return terms[0], nil
	}
	return &syntax.Node{Node: &syntax.Node_BoolExpr{BoolExpr: &syntax.BoolExpr{Boolop: syntax.AND_EXPR, Args: terms, Location: v.Location}}}, nil
}

// existsRow is EXISTS over the sub-query's rows under a condition.
func existsRow(v *syntax.SubLink, where *syntax.Node) *syntax.Node {
	alias := &syntax.Alias{Aliasname: rowsName}
	for i := range v.Testexpr.GetRowExpr().Args {
		alias.Colnames = append(alias.Colnames, stringNode(rowsColumn+strconv.Itoa(i+1)))
	}
	one := &syntax.Node{Node: &syntax.Node_AConst{AConst: &syntax.A_Const{Val: &syntax.A_Const_Ival{Ival: &syntax.Integer{Ival: 1}}, Location: v.Location}}}
	s := &syntax.SelectStmt{Op: syntax.SETOP_NONE,
		TargetList:  []*syntax.Node{{Node: &syntax.Node_ResTarget{ResTarget: &syntax.ResTarget{Val: one, Location: v.Location}}}},
		FromClause:  []*syntax.Node{{Node: &syntax.Node_RangeSubselect{RangeSubselect: &syntax.RangeSubselect{Subquery: v.Subselect, Alias: alias}}}},
		WhereClause: where,
	}
	return &syntax.Node{Node: &syntax.Node_SubLink{SubLink: &syntax.SubLink{SubLinkType: syntax.EXISTS_SUBLINK, Location: v.Location,
		Subselect: &syntax.Node{Node: &syntax.Node_SelectStmt{SelectStmt: s}}}}}
}

func stringNode(s string) *syntax.Node {
	return &syntax.Node{Node: &syntax.Node_String_{String_: &syntax.String{Sval: s}}}
}
