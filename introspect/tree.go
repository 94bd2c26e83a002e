package introspect

import (
	"github.com/dpproxy/dpproxy/rewrite/syntax"
)

// Short makers of syntax nodes.

func str(s string) *syntax.Node {
	return &syntax.Node{Node: &syntax.Node_String_{String_: &syntax.String{Sval: s}}}
}

func textConst(s string) *syntax.Node {
	return &syntax.Node{Node: &syntax.Node_AConst{AConst: &syntax.A_Const{Val: &syntax.A_Const_Sval{Sval: &syntax.String{Sval: s}}}}}
}

func boolConst(b bool) *syntax.Node {
	return &syntax.Node{Node: &syntax.Node_AConst{AConst: &syntax.A_Const{Val: &syntax.A_Const_Boolval{Boolval: &syntax.Boolean{Boolval: b}}}}}
}

// intConst makes a number; what needs more than four bytes is a Float to the grammar.
func intConst(n int64) *syntax.Node {
	if n > 1<<31-1 || n < 0 {
		return cast(textConst(formatInt(n)), "int8")
	}
	return &syntax.Node{Node: &syntax.Node_AConst{AConst: &syntax.A_Const{Val: &syntax.A_Const_Ival{Ival: &syntax.Integer{Ival: int32(n)}}}}}
}

func nullConst() *syntax.Node {
	return &syntax.Node{Node: &syntax.Node_AConst{AConst: &syntax.A_Const{Isnull: true}}}
}

func fn(name string, args ...*syntax.Node) *syntax.Node {
	return &syntax.Node{Node: &syntax.Node_FuncCall{FuncCall: &syntax.FuncCall{Funcname: []*syntax.Node{str(name)}, Args: args,
		Funcformat: 1}}}
}

// cast makes a cast to one of the engine's types, "int8" or "int8[]".
func cast(n *syntax.Node, engineType string) *syntax.Node {
	return &syntax.Node{Node: &syntax.Node_TypeCast{TypeCast: &syntax.TypeCast{Arg: n, TypeName: typeName(engineType)}}}
}

func typeName(engineType string) *syntax.TypeName {
	t := &syntax.TypeName{Typemod: -1}
	for len(engineType) > 2 && engineType[len(engineType)-2:] == "[]" {
		engineType = engineType[:len(engineType)-2]
		t.ArrayBounds = append(t.ArrayBounds, &syntax.Node{Node: &syntax.Node_Integer{Integer: &syntax.Integer{Ival: -1}}})
	}
	t.Names = []*syntax.Node{str(engineType)}
	return t
}

func colRef(parts ...string) *syntax.Node {
	var f []*syntax.Node
	for _, p := range parts {
		f = append(f, str(p))
	}
	return &syntax.Node{Node: &syntax.Node_ColumnRef{ColumnRef: &syntax.ColumnRef{Fields: f}}}
}

func not(n *syntax.Node) *syntax.Node {
	return &syntax.Node{Node: &syntax.Node_BoolExpr{BoolExpr: &syntax.BoolExpr{Boolop: syntax.NOT_EXPR, Args: []*syntax.Node{n}}}}
}

func target(n *syntax.Node, name string) *syntax.Node {
	return &syntax.Node{Node: &syntax.Node_ResTarget{ResTarget: &syntax.ResTarget{Name: name, Val: n}}}
}

// parseSelect parses one of our own SELECT texts.
func parseSelect(sql string) (*syntax.Node, error) {
	stmts, err := syntax.Parse(sql)
	if err != nil {
		return nil, err
	}
	return stmts[0].Stmt, nil
}

// names reads a list of String nodes.
func names(list []*syntax.Node) []string {
	var out []string
	for _, n := range list {
		if s := n.GetString_(); s != nil {
			out = append(out, s.Sval)
		}
	}
	return out
}

// constText is the text of a string literal, or of a number.
func constText(n *syntax.Node) (string, bool) {
	c := n.GetAConst()
	if c == nil || c.Isnull {
		return "", false
	}
	switch v := c.Val.(type) {
	case *syntax.A_Const_Sval:
		return v.Sval.Sval, true
	case *syntax.A_Const_Ival:
		return formatInt(int64(v.Ival.GetIval())), true
	case *syntax.A_Const_Fval:
		return v.Fval.Fval, true
	}
	return "", false
}

// stringConst is the text of a string literal alone.
func stringConst(n *syntax.Node) (string, bool) {
	if v, ok := n.GetAConst().GetVal().(*syntax.A_Const_Sval); ok {
		return v.Sval.Sval, true
	}
	return "", false
}
