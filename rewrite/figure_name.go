package rewrite

import "github.com/dpproxy/dpproxy/rewrite/syntax"

// figureName is the name that PostgreSQL gives an output column without AS (FigureColname in parse_target.c).
func figureName(n *syntax.Node) string {
	name, _ := figure(n)
	if name == "" {
		return "?column?"
	}
	return name
}

// figure returns a name and how good it is: 0 none, 1 a fallback, 2 a real one.
func figure(n *syntax.Node) (string, int) {
	switch v := n.GetNode().(type) {
	case *syntax.Node_ColumnRef:
		for i := len(v.ColumnRef.Fields) - 1; i >= 0; i-- {
			if s := v.ColumnRef.Fields[i].GetString_(); s != nil {
				return s.GetSval(), 2
			}
		}
	case *syntax.Node_FuncCall:
		names := v.FuncCall.Funcname
		return names[len(names)-1].GetString_().GetSval(), 2
	case *syntax.Node_AExpr:
		if v.AExpr.Kind == syntax.AEXPR_NULLIF {
			return "nullif", 2
		}
	case *syntax.Node_TypeCast:
		if name, strength := figure(v.TypeCast.Arg); strength > 1 {
			return name, strength
		}
		names := v.TypeCast.TypeName.GetNames()
		return names[len(names)-1].GetString_().GetSval(), 1
	case *syntax.Node_CollateClause:
		return figure(v.CollateClause.Arg)
	case *syntax.Node_GroupingFunc:
		return "grouping", 2
	case *syntax.Node_CaseExpr:
		if name, strength := figure(v.CaseExpr.Defresult); strength > 1 {
			return name, strength
		}
		return "case", 1
	case *syntax.Node_CoalesceExpr:
		return "coalesce", 2
	case *syntax.Node_MinMaxExpr:
		if v.MinMaxExpr.Op == syntax.IS_LEAST {
			return "least", 2
		}
		return "greatest", 2
	case *syntax.Node_AArrayExpr:
		return "array", 2
	case *syntax.Node_RowExpr:
		return "row", 2
	case *syntax.Node_SqlvalueFunction:
		return valueFunctionName(v.SqlvalueFunction.Op), 2
	case *syntax.Node_SubLink:
		switch v.SubLink.SubLinkType {
		case syntax.EXISTS_SUBLINK:
			return "exists", 2
		case syntax.ARRAY_SUBLINK:
			return "array", 2
		case syntax.EXPR_SUBLINK:
			if targets := v.SubLink.Subselect.GetSelectStmt().GetTargetList(); len(targets) > 0 {
				t := targets[0].GetResTarget()
				if t.Name != "" {
					return t.Name, 2
				}
				return figure(t.Val)
			}
		}
	}
	return "", 0
}

func valueFunctionName(op syntax.SQLValueFunctionOp) string {
	switch op {
	case syntax.SVFOP_CURRENT_DATE:
		return "current_date"
	case syntax.SVFOP_CURRENT_TIMESTAMP, syntax.SVFOP_CURRENT_TIMESTAMP_N:
		return "current_timestamp"
	case syntax.SVFOP_LOCALTIME, syntax.SVFOP_LOCALTIME_N:
		return "localtime"
	case syntax.SVFOP_LOCALTIMESTAMP, syntax.SVFOP_LOCALTIMESTAMP_N:
		return "localtimestamp"
	case syntax.SVFOP_CURRENT_ROLE:
		return "current_role"
	case syntax.SVFOP_CURRENT_USER:
		return "current_user"
	case syntax.SVFOP_USER:
		return "user"
	case syntax.SVFOP_SESSION_USER:
		return "session_user"
	case syntax.SVFOP_CURRENT_CATALOG:
		return "current_catalog"
	case syntax.SVFOP_CURRENT_SCHEMA:
		return "current_schema"
	}
	return ""
}
