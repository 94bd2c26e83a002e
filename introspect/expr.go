package introspect

import (
	"strings"

	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/refusal"
	"github.com/dpproxy/dpproxy/rewrite/syntax"
)

// expr compiles an expression in place and tells its type; hint is the type that its place asks of a parameter.
func (c *compiler) expr(n *syntax.Node, sc *scope, hint sqlType) (sqlType, error) {
	if n.GetNode() == nil {
		return "", nil
	}
	if err := c.enter(); err != nil {
		return "", err
	}
	defer func() { c.depth-- }()
	switch v := n.Node.(type) {
	case *syntax.Node_ColumnRef:
		return c.column(n, v.ColumnRef, sc)
	case *syntax.Node_AConst:
		return c.constant(n, v.AConst)
	case *syntax.Node_ParamRef:
		return c.param(n, v.ParamRef, hint)
	case *syntax.Node_TypeCast:
		return c.typeCast(n, v.TypeCast, sc)
	case *syntax.Node_AExpr:
		return c.operator(n, v.AExpr, sc)
	case *syntax.Node_FuncCall:
		return c.call(n, v.FuncCall, sc)
	case *syntax.Node_SubLink:
		return c.subLink(v.SubLink, sc)
	case *syntax.Node_CollateClause: // names compare bytewise here, and in the catalogs
		t, err := c.expr(v.CollateClause.Arg, sc, hint)
		n.Node = v.CollateClause.Arg.GetNode()
		return t, err
	case *syntax.Node_AIndirection:
		return c.indirection(n, v.AIndirection, sc)
	case *syntax.Node_SqlvalueFunction:
		return c.sessionValue(n, v.SqlvalueFunction)
	case *syntax.Node_BoolExpr, *syntax.Node_NullTest, *syntax.Node_BooleanTest, *syntax.Node_CaseExpr, *syntax.Node_CoalesceExpr,
		*syntax.Node_MinMaxExpr, *syntax.Node_AArrayExpr, *syntax.Node_RowExpr, *syntax.Node_List:
		return c.compound(n, sc, hint)
	}
	return "", unsupported("expression %T", n.Node)
}

// compound compiles the expressions whose form the engine shares.
func (c *compiler) compound(n *syntax.Node, sc *scope, hint sqlType) (sqlType, error) {
	switch v := n.Node.(type) {
	case *syntax.Node_BoolExpr:
		_, err := c.all(v.BoolExpr.Args, sc, "bool")
		return "bool", err
	case *syntax.Node_NullTest:
		_, err := c.expr(v.NullTest.Arg, sc, "")
		return "bool", err
	case *syntax.Node_BooleanTest:
		_, err := c.expr(v.BooleanTest.Arg, sc, "bool")
		return "bool", err
	case *syntax.Node_CaseExpr:
		return c.caseExpr(v.CaseExpr, sc, hint)
	case *syntax.Node_CoalesceExpr:
		return c.alternatives(v.CoalesceExpr.Args, sc, hint)
	case *syntax.Node_MinMaxExpr:
		return c.alternatives(v.MinMaxExpr.Args, sc, hint)
	case *syntax.Node_AArrayExpr:
		t, err := c.alternatives(v.AArrayExpr.Elements, sc, hint.element())
		if len(v.AArrayExpr.Elements) == 0 {
			t = hint.element()
		}
		return t.array(), err
	case *syntax.Node_RowExpr:
		return c.row(n, v.RowExpr, sc)
	case *syntax.Node_List:
		return c.all(v.List.Items, sc, hint)
	}
	return "", unsupported("expression %T", n.Node)
}

// row compiles ROW(a, b) to the text that PostgreSQL prints for it, with the numbers of its fields' types behind it.
func (c *compiler) row(n *syntax.Node, r *syntax.RowExpr, sc *scope) (sqlType, error) {
	fields, oids := make([]*syntax.Node, len(r.Args)), make([]string, len(r.Args))
	for i, a := range r.Args {
		t, err := c.expr(a, sc, "")
		if err != nil {
			return "", err
		}
		if t == unknownType || t == "" {
			t = "text"
		}
		text := c.outText(clone(a), t)
		if t.isReg() { // with its number, which is its binary form
			text = binary("||", text, binary("||", textConst(catalog.NumberMark), cast(a, "text")))
		}
		fields[i], oids[i] = fn("dp_record_field", text), id32(t.wire().OID())
	}
	list := &syntax.Node{Node: &syntax.Node_AArrayExpr{AArrayExpr: &syntax.A_ArrayExpr{Elements: fields}}}
	n.Node = binary("||", binary("||", textConst("("), fn("array_to_string", list, textConst(","))),
		textConst(")"+catalog.NumberMark+strings.Join(oids, ";"))).Node
	return "record", nil
}

// outText is a value's output text.
func (c *compiler) outText(n *syntax.Node, t sqlType) *syntax.Node {
	switch {
	case t == "record":
		return fn("regexp_replace", n, textConst(catalog.NumberMark+"[0-9;]*$"), textConst(""))
	case t == "bool":
		return fn("left", cast(n, "text"), intConst(1))
	case t.isReg():
		n, _ = c.printed(n, t)
	case t.isVector():
		return fn("dp_join", n, textConst(" "))
	case t.isArray():
		return fn("dp_array_out", n)
	}
	return cast(n, "text")
}

// rowsBeside compiles ROW(a, b) op ROW(c, d), which the engine compares itself.
func (c *compiler) rowsBeside(l, r *syntax.RowExpr, sc *scope) error {
	if _, err := c.all(l.Args, sc, ""); err != nil {
		return err
	}
	_, err := c.all(r.Args, sc, "")
	return err
}

// all compiles a list; the type is the first one's that is known.
func (c *compiler) all(list []*syntax.Node, sc *scope, hint sqlType) (sqlType, error) {
	var t sqlType
	for i, n := range list {
		u, err := c.expr(n, sc, hint)
		if err != nil {
			return "", err
		}
		if i == 0 {
			t = u
		} else {
			t = common(t, u)
		}
	}
	return t, nil
}

// alternatives compiles values of which one is chosen. Where object identifiers that print as names meet text, they are
// turned into it.
func (c *compiler) alternatives(list []*syntax.Node, sc *scope, hint sqlType) (sqlType, error) {
	types := make([]sqlType, len(list))
	var result sqlType
	text := false
	for i, n := range list {
		t, err := c.expr(n, sc, hint)
		if err != nil {
			return "", err
		}
		types[i] = t
		text = text || t.isText() && t != unknownType
		if i == 0 {
			result = t
		} else {
			result = common(result, t)
		}
	}
	if text && result.isReg() {
		result = "text"
	}
	for i, n := range list {
		c.arrayConstant(n, result)
		if text && types[i].isReg() {
			printed, _ := c.printed(clone(n), types[i])
			n.Node = printed.Node
		}
	}
	return result, nil
}

// clone copies the handle of a node, so that the node itself can be replaced by something around it.
func clone(n *syntax.Node) *syntax.Node { return &syntax.Node{Node: n.Node} }

func (c *compiler) caseExpr(e *syntax.CaseExpr, sc *scope, hint sqlType) (sqlType, error) {
	subject, err := c.expr(e.Arg, sc, "")
	if err != nil {
		return "", err
	}
	var results []*syntax.Node
	if e.Defresult.GetNode() != nil { // comes first where the types differ, as in PostgreSQL
		results = append(results, e.Defresult)
	}
	for _, n := range e.Args {
		w := n.GetCaseWhen()
		if w == nil {
			return "", unsupported("CASE")
		}
		if _, err := c.expr(w.Expr, sc, subject); err != nil {
			return "", err
		}
		if err := c.regConstant(w.Expr, subject); err != nil {
			return "", err
		}
		results = append(results, w.Result)
	}
	return c.alternatives(results, sc, hint)
}

func (c *compiler) constant(n *syntax.Node, k *syntax.A_Const) (sqlType, error) {
	if k.Isnull {
		return unknownType, nil
	}
	switch v := k.Val.(type) {
	case *syntax.A_Const_Ival:
		return "int4", nil
	case *syntax.A_Const_Fval:
		if isInteger(v.Fval.Fval) {
			return "int8", nil
		}
		return "numeric", nil
	case *syntax.A_Const_Boolval:
		return "bool", nil
	case *syntax.A_Const_Sval:
		return unknownType, nil
	}
	return "", unsupported("constant")
}

func isInteger(s string) bool {
	for _, c := range s {
		if c < '0' || c > '9' {
			return false
		}
	}
	return len(s) > 0 && len(s) < 19
}

// param compiles $n as a cast of text, since that is how values arrive.
func (c *compiler) param(n *syntax.Node, p *syntax.ParamRef, hint sqlType) (sqlType, error) {
	i := int(p.Number)
	if i < 1 || i > 1000 {
		return "", refusal.New(refusal.UndefinedParameter, "there is no parameter $%d", i).At(int(p.Location))
	}
	c.count = max(c.count, i)
	t, ok := c.params[i]
	if !ok || t == "" || t == unknownType {
		t = hint
		if t == "" || t == unknownType {
			t = "text"
		}
		if i <= len(c.given) {
			if declared := typeOf(c.given[i-1]); declared != "" {
				t = declared
			}
		}
		c.params[i] = t
	}
	if t.isReg() { // a name or a number
		n.Node = c.viewCall("dp_reg_in", textConst(string(t)), cast(clone(n), "text")).Node
		return t, nil
	}
	if t.isArray() && t.element().isReg() {
		n.Node = c.regList(cast(clone(n), "text[]"), t).Node
		return t, nil
	}
	n.Node = cast(clone(n), t.engineType()).Node
	return t, nil
}

func (c *compiler) subLink(s *syntax.SubLink, sc *scope) (sqlType, error) {
	var left sqlType
	var err error
	if r := s.Testexpr.GetRowExpr(); r != nil {
		_, err = c.all(r.Args, sc, "")
	} else {
		left, err = c.expr(s.Testexpr, sc, "")
	}
	if err != nil {
		return "", err
	}
	cols, err := c.selectStmt(s.Subselect.GetSelectStmt(), sc)
	if err != nil {
		return "", err
	}
	switch s.SubLinkType {
	case syntax.EXISTS_SUBLINK:
		return "bool", nil
	case syntax.ANY_SUBLINK, syntax.ALL_SUBLINK:
		if op := names(s.OperName); len(op) > 0 {
			s.OperName = []*syntax.Node{str(op[len(op)-1])}
		}
		_ = left
		return "bool", nil
	case syntax.EXPR_SUBLINK, syntax.ARRAY_SUBLINK:
		if len(cols) != 1 {
			return "", refusal.New(refusal.SyntaxError, "subquery must return only one column").At(int(s.Location))
		}
		if s.SubLinkType == syntax.ARRAY_SUBLINK {
			return cols[0].typ.array(), nil
		}
		return cols[0].typ, nil
	}
	return "", unsupported("sub-query of this kind")
}

// indirection compiles subscripts and fields of composites.
func (c *compiler) indirection(n *syntax.Node, a *syntax.A_Indirection, sc *scope) (sqlType, error) {
	t, err := c.expr(a.Arg, sc, "")
	if err != nil {
		return "", err
	}
	for _, step := range a.Indirection {
		switch v := step.Node.(type) {
		case *syntax.Node_AIndices:
			for _, i := range []*syntax.Node{v.AIndices.Lidx, v.AIndices.Uidx} {
				if _, err := c.expr(i, sc, "int4"); err != nil {
					return "", err
				}
				if i.GetNode() != nil && t.isVector() { // vectors count from 0
					i.Node = plusOne(clone(i)).Node
				}
			}
			if !v.AIndices.IsSlice {
				t = t.element()
			}
		case *syntax.Node_String_:
			if fields := c.recordFields(t); fields != nil && len(a.Indirection) == 1 {
				for i, f := range fields {
					if f.name == v.String_.Sval {
						n.Node = recordField(a.Arg, i, f.typ).Node
						return f.typ, nil
					}
				}
			}
			if t != pairType || v.String_.Sval != "x" && v.String_.Sval != "n" {
				return "", unsupported("field of a composite")
			}
			t = "int4"
		default:
			return "", unsupported("indirection")
		}
	}
	return t, nil
}

func plusOne(n *syntax.Node) *syntax.Node {
	return binary("+", n, intConst(1))
}

func binary(op string, l, r *syntax.Node) *syntax.Node {
	return &syntax.Node{Node: &syntax.Node_AExpr{AExpr: &syntax.A_Expr{Kind: syntax.AEXPR_OP, Name: []*syntax.Node{str(op)}, Lexpr: l, Rexpr: r}}}
}

// sessionValue compiles current_user and its like.
func (c *compiler) sessionValue(n *syntax.Node, f *syntax.SQLValueFunction) (sqlType, error) {
	switch f.Op {
	case syntax.SVFOP_CURRENT_USER, syntax.SVFOP_USER, syntax.SVFOP_SESSION_USER, syntax.SVFOP_CURRENT_ROLE:
		n.Node = cast(textConst(c.view.User), "text").Node
		return "name", nil
	case syntax.SVFOP_CURRENT_CATALOG:
		n.Node = cast(textConst(c.view.Database), "text").Node
		return "name", nil
	case syntax.SVFOP_CURRENT_SCHEMA:
		n.Node = cast(textConst("public"), "text").Node
		return "name", nil
	case syntax.SVFOP_CURRENT_DATE:
		return "date", nil
	case syntax.SVFOP_CURRENT_TIMESTAMP, syntax.SVFOP_LOCALTIMESTAMP:
		n.Node = cast(fn("now"), "timestamp").Node
		if f.Op == syntax.SVFOP_LOCALTIMESTAMP {
			return "timestamp", nil
		}
		return "timestamptz", nil
	}
	return "", unsupported("time of day")
}
