package introspect

import "github.com/dpproxy/dpproxy/rewrite/syntax"

// columnName is the name that PostgreSQL gives an output column without AS.
func columnName(n *syntax.Node) string {
	if name, _ := figureName(n); name != "" {
		return name
	}
	return "?column?"
}

// figureName also tells how good the name is: 0 none, 1 a fallback (type of a cast, "case"), 2 its own.
func figureName(n *syntax.Node) (string, int) {
	switch v := n.GetNode().(type) {
	case *syntax.Node_ColumnRef:
		if parts := names(v.ColumnRef.Fields); len(parts) > 0 {
			return parts[len(parts)-1], 2
		}
	case *syntax.Node_AIndirection:
		steps := names(v.AIndirection.Indirection)
		if len(steps) > 0 {
			return steps[len(steps)-1], 2
		}
		return figureName(v.AIndirection.Arg)
	case *syntax.Node_FuncCall:
		if parts := names(v.FuncCall.Funcname); len(parts) > 0 {
			return parts[len(parts)-1], 2
		}
	case *syntax.Node_AExpr:
		if v.AExpr.Kind == syntax.AEXPR_NULLIF {
			return "nullif", 2
		}
	case *syntax.Node_TypeCast:
		if name, strength := figureName(v.TypeCast.Arg); strength > 1 {
			return name, strength
		}
		if parts := names(v.TypeCast.TypeName.GetNames()); len(parts) > 0 {
			return parts[len(parts)-1], 1
		}
	case *syntax.Node_CollateClause:
		return figureName(v.CollateClause.Arg)
	case *syntax.Node_CaseExpr:
		if name, strength := figureName(v.CaseExpr.Defresult); strength > 1 {
			return name, strength
		}
		return "case", 1
	case *syntax.Node_AArrayExpr:
		return "array", 2
	case *syntax.Node_RowExpr:
		return "row", 2
	case *syntax.Node_CoalesceExpr:
		return "coalesce", 2
	case *syntax.Node_MinMaxExpr:
		if v.MinMaxExpr.Op == syntax.IS_LEAST {
			return "least", 2
		}
		return "greatest", 2
	case *syntax.Node_SqlvalueFunction:
		return sessionValueNames[v.SqlvalueFunction.Op], 2
	case *syntax.Node_SubLink:
		return subLinkName(v.SubLink)
	}
	return "", 0
}

func subLinkName(s *syntax.SubLink) (string, int) {
	switch s.SubLinkType {
	case syntax.EXISTS_SUBLINK:
		return "exists", 2
	case syntax.ARRAY_SUBLINK:
		return "array", 2
	case syntax.EXPR_SUBLINK:
		st := s.Subselect.GetSelectStmt()
		for st.GetLarg() != nil { // a set operation has the names of its first arm
			st = st.Larg
		}
		if list := st.GetTargetList(); len(list) > 0 {
			rt := list[0].GetResTarget()
			if rt.GetName() != "" {
				return rt.Name, 2
			}
			return figureName(rt.GetVal())
		}
	}
	return "", 0
}

var sessionValueNames = map[syntax.SQLValueFunctionOp]string{
	syntax.SVFOP_CURRENT_DATE: "current_date", syntax.SVFOP_CURRENT_TIMESTAMP: "current_timestamp",
	syntax.SVFOP_LOCALTIMESTAMP: "localtimestamp", syntax.SVFOP_CURRENT_ROLE: "current_role",
	syntax.SVFOP_CURRENT_USER: "current_user", syntax.SVFOP_USER: "user", syntax.SVFOP_SESSION_USER: "session_user",
	syntax.SVFOP_CURRENT_CATALOG: "current_catalog", syntax.SVFOP_CURRENT_SCHEMA: "current_schema",
}
