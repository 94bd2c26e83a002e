package rewrite

import (
	"strconv"
	"strings"

	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/refusal"
	"github.com/dpproxy/dpproxy/rewrite/expr"
	"github.com/dpproxy/dpproxy/rewrite/syntax"
)

// exprContext resolves expressions in one clause of one block.
type exprContext struct {
	r      *resolver
	sc     *scope
	b      *expr.Builder
	env    *env
	clause string // for messages, e.g. "WHERE"
	// prop is the block's: it decides which sub-queries may stand here.
	prop Property
	unit *unit // of the block, once known; sub-queries may be tied to it
	// block is the query that the expression is part of; nil where there is none.
	block *query
	// group is set in the parts of an aggregated block that come after grouping.
	group *grouping
	// windows allows window functions; named are those of the WINDOW clause.
	windows bool
	// arguments are those of the aggregate that is being resolved.
	arguments []*syntax.Node
	named     []*syntax.Node
}

func (c *exprContext) fail(code refusal.Code, loc int32, format string, args ...any) *refusal.Error {
	return c.r.fail(code, loc, format, args...)
}

// done gives an error of the builder its position.
func (c *exprContext) done(e expr.Expr, err error, loc int32) (expr.Expr, error) {
	if err != nil {
		if _, ok := err.(located); ok {
			return nil, err
		}
		return nil, c.r.at(err, loc)
	}
	return e, nil
}

// condition resolves an expression that must be boolean.
func (c *exprContext) condition(n *syntax.Node) (expr.Expr, error) {
	e, err := c.resolve(n)
	if err != nil {
		return nil, err
	}
	if e.Type().Kind != catalog.Bool {
		if e.Type().Kind == catalog.Unknown {
			out, err := c.b.Coerce(e, catalog.Of(catalog.Bool), int(location(n)))
			return c.done(out, err, location(n))
		}
		return nil, c.fail(refusal.DatatypeMismatch, location(n), "argument of %s must be type boolean, not type %s", c.clause, e.Type())
	}
	return e, nil
}

// conjuncts splits an AND at its top.
func conjuncts(n *syntax.Node) []*syntax.Node {
	if b := n.GetBoolExpr(); b != nil && b.Boolop == syntax.AND_EXPR {
		var out []*syntax.Node
		for _, a := range b.Args {
			out = append(out, conjuncts(a)...)
		}
		return out
	}
	if n == nil {
		return nil
	}
	return []*syntax.Node{n}
}

// equalities finds column = column in a conjunct. It looks at names that resolved, never at text.
func (c *exprContext) equalities(n *syntax.Node) []pair {
	a := n.GetAExpr()
	if a == nil || a.Kind != syntax.AEXPR_OP || operator(a.Name) != "=" || a.Lexpr.GetColumnRef() == nil || a.Rexpr.GetColumnRef() == nil {
		return nil
	}
	l, lerr := c.column(a.Lexpr.GetColumnRef())
	r, rerr := c.column(a.Rexpr.GetColumnRef())
	if lerr != nil || rerr != nil || family(l.Type()) != family(r.Type()) {
		return nil
	}
	return []pair{{text(l), text(r)}}
}

// family groups the types between which equality is transitive and exact.
func family(t catalog.Type) int {
	switch t.Kind {
	case catalog.Int2, catalog.Int4, catalog.Int8:
		return int(catalog.Int8)
	case catalog.Varchar:
		return int(catalog.Text)
	}
	return int(t.Kind)
}

func operator(names []*syntax.Node) string {
	if len(names) == 0 {
		return ""
	}
	return names[len(names)-1].GetString_().GetSval()
}

// resolve is the closed list of expression nodes: what has no case here is refused.
func (c *exprContext) resolve(n *syntax.Node) (expr.Expr, error) {
	if err := c.r.enter(location(n)); err != nil {
		return nil, err
	}
	defer c.r.leave()
	if c.group != nil {
		if e, ok, err := c.group.key(c, n); ok || err != nil {
			return e, err
		}
	}
	loc := location(n)
	switch v := n.GetNode().(type) {
	case *syntax.Node_ColumnRef:
		return c.columnRef(v.ColumnRef)
	case *syntax.Node_AConst:
		return c.constant(v.AConst)
	case *syntax.Node_ParamRef:
		return c.param(v.ParamRef)
	case *syntax.Node_TypeCast:
		return c.cast(v.TypeCast)
	case *syntax.Node_AExpr:
		done, err := c.comparison(v.AExpr)
		if err != nil {
			return nil, err
		}
		defer done()
		return c.operation(v.AExpr)
	case *syntax.Node_BoolExpr:
		return c.boolean(v.BoolExpr)
	case *syntax.Node_NullTest:
		e, err := c.r.policy.stands(v.NullTest.Arg, nullTest, func() (expr.Expr, error) { return c.resolve(v.NullTest.Arg) })
		if err != nil {
			return nil, err
		}
		out, err := c.b.IsNull(e, v.NullTest.Nulltesttype == syntax.IS_NOT_NULL, int(loc))
		return c.done(out, err, loc)
	case *syntax.Node_BooleanTest:
		return c.booleanTest(v.BooleanTest)
	case *syntax.Node_CaseExpr:
		return c.caseExpr(v.CaseExpr)
	case *syntax.Node_CoalesceExpr:
		return c.variadic(v.CoalesceExpr.Args, c.b.Coalesce, loc)
	case *syntax.Node_MinMaxExpr:
		if v.MinMaxExpr.Op == syntax.IS_LEAST {
			return c.variadic(v.MinMaxExpr.Args, c.b.Least, loc)
		}
		return c.variadic(v.MinMaxExpr.Args, c.b.Greatest, loc)
	case *syntax.Node_FuncCall:
		return c.call(v.FuncCall)
	case *syntax.Node_SqlvalueFunction:
		return c.valueFunction(v.SqlvalueFunction)
	case *syntax.Node_SubLink:
		return c.subLink(v.SubLink)
	case *syntax.Node_GroupingFunc:
		return c.groupingFunc(v.GroupingFunc)
	case *syntax.Node_CollateClause:
		return c.collate(v.CollateClause)
	case *syntax.Node_AArrayExpr:
		return c.constantArray(v.AArrayExpr, catalog.Type{})
	case *syntax.Node_SetToDefault:
		return nil, c.fail(refusal.SyntaxError, loc, "DEFAULT is not allowed in this context")
	}
	return nil, c.fail(refusal.NotSupported, loc, "this kind of expression is not supported")
}

func (c *exprContext) variadic(args []*syntax.Node, build func([]expr.Expr, int) (expr.Expr, error), loc int32) (expr.Expr, error) {
	es, err := c.all(args)
	if err != nil {
		return nil, err
	}
	out, err := build(es, int(loc))
	return c.done(out, err, loc)
}

func (c *exprContext) all(nodes []*syntax.Node) ([]expr.Expr, error) {
	out := make([]expr.Expr, 0, len(nodes))
	for _, n := range nodes {
		e, err := c.resolve(n)
		if err != nil {
			return nil, err
		}
		out = append(out, e)
	}
	return out, nil
}

// column resolves a column's name without regard to grouping.
func (c *exprContext) column(v *syntax.ColumnRef) (expr.Expr, error) {
	var parts []string
	for _, f := range v.Fields {
		s := f.GetString_()
		if s == nil {
			return nil, c.fail(refusal.SyntaxError, v.Location, "* is not allowed in this context")
		}
		parts = append(parts, s.GetSval())
	}
	table, name := "", parts[len(parts)-1]
	switch {
	case len(parts) == 3 && (parts[0] == "public" || parts[0] == "dp"), len(parts) == 2:
		table = parts[len(parts)-2]
	case len(parts) != 1:
		return nil, c.fail(refusal.UndefinedTable, v.Location, "invalid reference to FROM-clause entry for table %q", parts[len(parts)-2])
	}
	e, depth, err := c.sc.lookup(table, name)
	if err != nil {
		return nil, located{err.At(syntax.CharOffset(c.r.source, int(v.Location)))}
	}
	if depth > 0 {
		c.sc.noteRead(depth)
	}
	if depth > 0 && c.sc.at(depth).gone {
		return nil, c.fail(refusal.NotSupported, v.Location, "a sub-query beside an aggregate cannot depend on the rows that were aggregated").
			WithHint("Join the tables, or put the aggregated query into FROM.")
	}
	if depth > 0 && c.prop != Protected && (c.group != nil || c.sc.sealedWithin(depth)) {
		return nil, c.fail(refusal.NotSupported, v.Location, "this correlated sub-query is not supported")
	}
	return e, nil
}

func (c *exprContext) columnRef(v *syntax.ColumnRef) (expr.Expr, error) {
	e, err := c.column(v)
	if err != nil {
		return nil, err
	}
	if c.group != nil {
		name := v.Fields[len(v.Fields)-1].GetString_().GetSval()
		return nil, c.fail(refusal.GroupingError, v.Location, "column %q must appear in the GROUP BY clause or be used in an aggregate function", name)
	}
	return c.policed(e, v)
}

func (c *exprContext) constant(v *syntax.A_Const) (expr.Expr, error) {
	pos := int(v.Location)
	a, ok := constText(v)
	switch {
	case !ok:
		return nil, c.fail(refusal.NotSupported, v.Location, "bit strings are not supported")
	case a.Null:
		return expr.Const{Null: true, Pos: pos}, nil
	}
	switch v.Val.(type) {
	case *syntax.A_Const_Ival:
		return expr.Const{Typ: catalog.Of(catalog.Int4), Text: a.Text, Pos: pos}, nil
	case *syntax.A_Const_Boolval:
		return expr.Const{Typ: catalog.Of(catalog.Bool), Text: a.Text[:1], Pos: pos}, nil
	case *syntax.A_Const_Fval:
		if _, err := strconv.ParseInt(a.Text, 10, 64); err == nil {
			return expr.Const{Typ: catalog.Of(catalog.Int8), Text: a.Text, Pos: pos}, nil
		}
		// hexadecimal and such, and everything with a point or an exponent, are numeric in canonical text
		out, err := c.b.Cast(expr.Const{Text: strings.ReplaceAll(a.Text, "_", ""), Pos: pos}, catalog.Of(catalog.Numeric), pos)
		return c.done(out, err, v.Location)
	}
	return expr.Const{Text: a.Text, Pos: pos}, nil
}

func (c *exprContext) param(v *syntax.ParamRef) (expr.Expr, error) {
	n := int(v.Number)
	if n < 1 || n > 65535 {
		return nil, c.fail(refusal.UndefinedParameter, v.Location, "there is no parameter $%d", n)
	}
	c.r.paramAt[int(v.Location)] = n
	if c.r.describing {
		for len(c.r.params) < n {
			c.r.params = append(c.r.params, Param{})
		}
		t := c.r.params[n-1].Type
		if t.Array {
			t = catalog.Type{} // arrays stand in = ANY ($1) alone, which reads their text
		}
		return expr.Const{Typ: t, Null: true, Pos: int(v.Location)}, nil
	}
	if n > len(c.r.params) {
		return nil, c.fail(refusal.UndefinedParameter, v.Location, "there is no parameter $%d", n)
	}
	p := c.r.params[n-1]
	out := expr.Const{Text: p.Cell.Text, Null: p.Cell.Null, Pos: int(v.Location)}
	if p.Type.Kind == catalog.Unknown || p.Type.Array {
		return out, nil
	}
	e, err := c.b.Cast(out, p.Type, int(v.Location))
	return c.done(e, err, v.Location)
}

func (c *exprContext) cast(v *syntax.TypeCast) (expr.Expr, error) {
	names, mods := typeNames(v.TypeName)
	if len(names) > 1 {
		return nil, c.fail(refusal.UndefinedObject, v.Location, "type %q does not exist", strings.Join(names, "."))
	}
	t, err := expr.ParseTypeName(names, mods, len(v.TypeName.ArrayBounds) > 0, int(v.TypeName.Location))
	if err != nil {
		return c.done(nil, err, v.Location)
	}
	if a := v.Arg.GetAArrayExpr(); a != nil && t.Array {
		return c.constantArray(a, t)
	}
	e, err := c.resolve(v.Arg)
	if err != nil {
		return nil, err
	}
	loc := v.Location
	if loc < 0 {
		loc = location(v.Arg)
	}
	if t.Kind == catalog.Interval && len(mods) > 0 && !t.Array {
		out, err := c.b.IntervalOf(e, mods, int(loc))
		return c.done(out, err, loc)
	}
	out, err := c.b.Cast(e, t, int(loc))
	return c.done(out, err, loc)
}

func (c *exprContext) boolean(v *syntax.BoolExpr) (expr.Expr, error) {
	clause := c.clause
	c.clause = map[syntax.BoolExprType]string{syntax.AND_EXPR: "AND", syntax.OR_EXPR: "OR", syntax.NOT_EXPR: "NOT"}[v.Boolop]
	defer func() { c.clause = clause }()
	var es []expr.Expr
	for _, a := range v.Args {
		e, err := c.condition(a)
		if err != nil {
			return nil, err
		}
		es = append(es, e)
	}
	var out expr.Expr
	var err error
	switch v.Boolop {
	case syntax.AND_EXPR:
		out, err = c.b.And(es, int(v.Location))
	case syntax.OR_EXPR:
		out, err = c.b.Or(es, int(v.Location))
	default:
		out, err = c.b.Not(es[0], int(v.Location))
	}
	return c.done(out, err, v.Location)
}

func (c *exprContext) booleanTest(v *syntax.BooleanTest) (expr.Expr, error) {
	e, err := c.condition(v.Arg)
	if err != nil {
		return nil, err
	}
	test := map[syntax.BoolTestType]string{syntax.IS_TRUE: "TRUE", syntax.IS_NOT_TRUE: "NOT TRUE", syntax.IS_FALSE: "FALSE",
		syntax.IS_NOT_FALSE: "NOT FALSE", syntax.IS_UNKNOWN: "UNKNOWN", syntax.IS_NOT_UNKNOWN: "NOT UNKNOWN"}[v.Booltesttype]
	out, err := c.b.IsBool(e, test, int(v.Location))
	return c.done(out, err, v.Location)
}

func (c *exprContext) caseExpr(v *syntax.CaseExpr) (expr.Expr, error) {
	var operand, els expr.Expr
	var err error
	if v.Arg != nil {
		if operand, err = c.resolve(v.Arg); err != nil {
			return nil, err
		}
	}
	var whens []expr.When
	unless := map[expr.ColumnKey]expr.Domain{} // what holds where no condition so far is true
	for _, n := range v.Args {
		w := n.GetCaseWhen()
		var cond expr.Expr
		if operand != nil {
			cond, err = c.resolve(w.Expr)
		} else {
			cond, err = c.filter(w.Expr)
		}
		if err != nil {
			return nil, err
		}
		result, err := c.resolve(w.Result)
		if err != nil {
			return nil, err
		}
		if operand == nil && c.b.Mode == expr.Private {
			if k, isConst := cond.(expr.Const); !isConst || k.Typ.Kind != catalog.Unknown {
				result = narrowColumns(result, both(unless, expr.Narrow(cond)))
				unless = both(unless, expr.NarrowUnless(cond))
			}
		}
		whens = append(whens, expr.When{Cond: cond, Result: result})
	}
	if v.Defresult != nil {
		if els, err = c.resolve(v.Defresult); err != nil {
			return nil, err
		}
		els = narrowColumns(els, unless)
	}
	out, err := c.b.Case(operand, whens, els, int(v.Location))
	return c.done(out, err, v.Location)
}

// collate accepts the collations that change nothing here; the order of text is that of its bytes.
func (c *exprContext) collate(v *syntax.CollateClause) (expr.Expr, error) {
	switch name := operator(v.Collname); name {
	case "C", "POSIX", "default", "ucs_basic":
		return c.resolve(v.Arg)
	default:
		return nil, c.fail(refusal.UndefinedObject, v.Location, "collation %q is not supported", name).WithHint(`Text sorts by its bytes, as COLLATE "C" does.`)
	}
}

// location is a node's byte offset, or -1.
func location(n *syntax.Node) int32 {
	switch v := n.GetNode().(type) {
	case *syntax.Node_ColumnRef:
		return v.ColumnRef.Location
	case *syntax.Node_AConst:
		return v.AConst.Location
	case *syntax.Node_ParamRef:
		return v.ParamRef.Location
	case *syntax.Node_TypeCast:
		if v.TypeCast.Location >= 0 {
			return v.TypeCast.Location
		}
		return location(v.TypeCast.Arg)
	case *syntax.Node_AExpr:
		return v.AExpr.Location
	case *syntax.Node_BoolExpr:
		return v.BoolExpr.Location
	case *syntax.Node_NullTest:
		return v.NullTest.Location
	case *syntax.Node_BooleanTest:
		return v.BooleanTest.Location
	case *syntax.Node_CaseExpr:
		return v.CaseExpr.Location
	case *syntax.Node_CoalesceExpr:
		return v.CoalesceExpr.Location
	case *syntax.Node_MinMaxExpr:
		return v.MinMaxExpr.Location
	case *syntax.Node_FuncCall:
		return v.FuncCall.Location
	case *syntax.Node_SqlvalueFunction:
		return v.SqlvalueFunction.Location
	case *syntax.Node_SubLink:
		return v.SubLink.Location
	case *syntax.Node_GroupingFunc:
		return v.GroupingFunc.Location
	case *syntax.Node_CollateClause:
		return v.CollateClause.Location
	case *syntax.Node_RowExpr:
		return v.RowExpr.Location
	case *syntax.Node_AArrayExpr:
		return v.AArrayExpr.Location
	}
	return -1
}
