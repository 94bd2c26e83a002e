package rewrite

import (
	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/refusal"
	"github.com/dpproxy/dpproxy/rewrite/expr"
	"github.com/dpproxy/dpproxy/rewrite/syntax"
)

// subQuery is a sub-query as an expression: EXISTS, a comparison with any or all of its rows, or a single value.
type subQuery struct {
	kind string // exists, any, scalar
	test expr.Expr
	op   string // of any: =, <, …
	all  bool
	not  bool // NOT IN
	q    *query
	// dropNull says that rows without a unit are left out (they belong to nobody), and NULLs with them.
	dropNull bool
	typ      catalog.Type
	// value is the column that a single value is read as, with its bounds, from q as a derived table of its alias.
	value *expr.Column
	// once says that q could have several rows, and gives NULL then.
	once bool
}

func (s *subQuery) Type() catalog.Type { return s.typ }

func (s *subQuery) Domain() expr.Domain {
	if s.value != nil {
		d := s.value.Dom
		d.Nullable = true
		return d
	}
	d := expr.Domain{Nullable: s.kind != "exists"}
	if s.typ.Kind == catalog.Bool {
		d.Values = []string{"f", "t"}
	}
	return d
}

func (s *subQuery) Children() []expr.Expr {
	if s.test != nil {
		return []expr.Expr{s.test}
	}
	return nil
}

// WithChildren rebuilds the test over another operand.
func (s *subQuery) WithChildren(children []expr.Expr) expr.Expr {
	if s.test == nil {
		return s
	}
	out := *s
	out.test = children[0]
	return &out
}

func (s *subQuery) Print(p *expr.Printer) {
	p.WriteByte('(')
	switch s.kind {
	case "exists":
		p.WriteString("EXISTS ")
	case "any":
		p.Expr(s.test)
		switch {
		case s.op == "=" && !s.all:
			p.WriteString(" IN ")
		case s.op == "<>" && s.all:
			p.WriteString(" NOT IN ")
		case s.all:
			p.WriteString(" " + s.op + " ALL ")
		default:
			p.WriteString(" " + s.op + " ANY ")
		}
	}
	p.WriteByte('(')
	s.printRows(p)
	p.WriteString("))")
}

// printRows prints the sub-query, with its value's bounds and its one row enforced where they are not sure.
func (s *subQuery) printRows(p *expr.Printer) {
	style := queryStyle{dropNullUnit: s.dropNull}
	if s.value == nil || !s.value.Clamp && !s.once {
		printQuery(p, s.q, style)
		return
	}
	p.WriteString("SELECT ")
	if s.once {
		p.WriteString("min(")
	}
	p.Expr(*s.value)
	if s.once {
		p.WriteByte(')')
	}
	p.WriteString(" FROM (")
	printQuery(p, s.q, style)
	p.WriteString(") AS ")
	p.Ident(s.value.Alias)
	if s.once {
		p.WriteString(" HAVING count(*) < 2")
	}
}

// subLink resolves a sub-query in an expression. Over private rows it must be public, or of the same unit as the row that
// it is asked for.
func (c *exprContext) subLink(v *syntax.SubLink) (expr.Expr, error) {
	s := v.Subselect.GetSelectStmt()
	if s == nil {
		return nil, c.fail(refusal.NotSupported, v.Location, "this kind of sub-query is not supported")
	}
	out := &subQuery{typ: catalog.Of(catalog.Bool)}
	switch v.SubLinkType {
	case syntax.EXISTS_SUBLINK:
		out.kind = "exists"
	case syntax.ANY_SUBLINK, syntax.ALL_SUBLINK:
		return c.quantified(v, s)
	case syntax.EXPR_SUBLINK:
		out.kind = "scalar"
	default:
		return nil, c.fail(refusal.NotSupported, v.Location, "this kind of sub-query is not supported").
			WithHint("Use EXISTS, IN, or a sub-query of one value.")
	}
	var err error
	c.r.policy.joins++
	if out.q, err = c.r.selectBlock(s, c.sc, c.env); err != nil {
		return nil, err
	}
	if out.kind == "scalar" {
		if err := c.r.seen(out.q, false); err != nil {
			return nil, err
		}
	}
	if out.kind == "scalar" {
		if len(out.q.columns()) != 1 {
			return nil, c.fail(refusal.SyntaxError, v.Location, "subquery must return only one column")
		}
		out.typ = out.q.columns()[0].Type
	}
	return out, c.mayStandHere(out, v.Location)
}

// quantified resolves x op ANY (SELECT …), x op ALL (SELECT …), IN, and IN over a row.
func (c *exprContext) quantified(v *syntax.SubLink, s *syntax.SelectStmt) (expr.Expr, error) {
	out := &subQuery{kind: "any", op: "=", all: v.SubLinkType == syntax.ALL_SUBLINK, typ: catalog.Of(catalog.Bool)}
	if op := operator(v.OperName); op != "" {
		out.op = op
	}
	switch out.op {
	case "=", "<>", "<", "<=", ">", ">=":
	default:
		return nil, c.fail(refusal.NotSupported, v.Location, "operator %s is not supported with a sub-query", out.op)
	}
	if v.Testexpr.GetRowExpr() != nil {
		if _, ok := rowQuery(&syntax.Node{Node: &syntax.Node_SubLink{SubLink: v}}); ok {
			return c.rowInQuery(v)
		}
		return nil, c.fail(refusal.NotSupported, v.Location, "a row cannot be compared with a sub-query").
			WithHint("Write EXISTS (SELECT 1 FROM … WHERE a = … AND b = …).")
	}
	var err error
	if out.test, err = c.resolve(v.Testexpr); err != nil {
		return nil, err
	}
	c.r.policy.joins++
	if out.q, err = c.r.selectBlock(s, c.sc, c.env); err != nil {
		return nil, err
	}
	if err := c.r.seen(out.q, false); err != nil {
		return nil, err
	}
	if len(out.q.columns()) != 1 {
		return nil, c.fail(refusal.SyntaxError, v.Location, "subquery must return only one column")
	}
	if out.test, err = c.comparable(out, v.Location); err != nil {
		return nil, err
	}
	return out, c.mayStandHere(out, v.Location)
}

// comparable checks the two sides by building the comparison and throwing it away, and gives the left side its type.
func (c *exprContext) comparable(s *subQuery, loc int32) (expr.Expr, error) {
	probe := outputColumn{typ: s.q.columns()[0].Type, position: 1}
	test := s.test
	if test.Type().Kind == catalog.Unknown {
		var err error
		if test, err = c.b.Coerce(test, probe.typ, int(loc)); err != nil {
			return nil, c.r.at(err, loc)
		}
	}
	if family(test.Type()) == family(probe.typ) {
		return test, nil
	}
	if _, err := builder(Public).Op(s.op, outputColumn{typ: test.Type(), position: 1}, probe, int(loc)); err != nil {
		return nil, c.r.at(err, loc)
	}
	return test, nil
}

// mayStandHere holds which sub-queries are allowed in which block.
func (c *exprContext) mayStandHere(s *subQuery, loc int32) error {
	within := c.prop == Protected || c.b.Mode == expr.Private
	switch {
	case within && s.q.prop == Public:
		return c.publicValue(s, loc)
	case c.prop != Protected && s.q.prop != Protected:
		// Public or released rows over public or released rows: what comes out is as far as the farther of them.
		if c.block != nil {
			c.block.prop = max(c.block.prop, s.q.prop)
		}
		return nil
	case c.prop != Protected:
		return c.fail(refusal.InsufficientPrivilege, loc, "a sub-query over private rows must be aggregated").
			WithHint("Write an aggregate in the sub-query, such as (SELECT count(*) FROM …).")
	case s.q.prop == Released:
		return c.fail(refusal.NotSupported, loc, "private rows cannot be compared with the result of another private query").
			WithHint("Ask for the value first, and write it as a constant.")
	}
	// Protected in Protected: the same unit.
	tied := s.q.tiedTo != nil && s.q.tiedTo == c.sc
	switch {
	case s.kind == "any" && s.test != nil && c.inOfUnit(s):
		s.dropNull = true
	case s.kind == "scalar" && tied:
		if !s.q.oneRow() {
			return c.fail(refusal.NotSupported, loc, "a sub-query of one value must have one row for each row outside").
				WithHint("Aggregate in it, as in (SELECT max(x) FROM …), or write ORDER BY … LIMIT 1.")
		}
		c.singleValue(s)
	case tied:
	default:
		return c.fail(refusal.NotSupported, loc, "a sub-query over private rows must be of the same privacy unit as the row outside").
			WithHint("Write EXISTS (SELECT 1 FROM inner WHERE inner.unit = outer.unit AND …), or unit IN (SELECT unit FROM …).")
	}
	c.r.rule("SameUnitSubquery")
	return nil
}

// inOfUnit tells that IN compares units, or keys that tell a unit, with each other.
func (c *exprContext) inOfUnit(s *subQuery) bool {
	if s.op != "=" && s.op != "<>" || s.q.unit.e == nil || c.unit == nil || c.unit.e == nil || (s.op == "=") == s.all {
		return false
	}
	if c.unit.is(s.test) && s.q.unitColumn() == "c1" {
		return true
	}
	if s.q.op != "" || s.q.values != nil || c.sc.unit == nil {
		return false
	}
	outer, ok1 := c.r.nodeOfAnchor(text(s.test), unitNodes(c.sc.from, true))
	shown := s.q.items[0].e
	inner, ok2 := c.r.nodeOfAnchor(text(shown), unitNodes(s.q.from, true))
	if !ok1 || !ok2 || outer.anchor != inner.anchor {
		return false
	}
	// A NULL among the rows of one unit must not change what NOT IN says of another.
	s.q.where = append(s.q.where, notNull{shown})
	return true
}

// publicValue lets a sub-query over public rows stand in a block over private ones. A single value must not be able to fail:
// where there could be several rows it is NULL.
func (c *exprContext) publicValue(s *subQuery, loc int32) error {
	if s.kind != "scalar" {
		return nil
	}
	if !s.q.oneRow() && !matchesOneRow(s.q) {
		if !ordered(s.typ) {
			return c.fail(refusal.NotSupported, loc, "a sub-query of one value over private rows must have one row at most").
				WithHint("Aggregate in it, or write LIMIT 1.")
		}
		s.once = true
	}
	c.singleValue(s)
	return nil
}

// singleValue makes the column that a sub-query's one value is read as.
func (c *exprContext) singleValue(s *subQuery) {
	d := &derived{q: s.q, alias: c.r.alias("q")}
	col := c.r.derivedColumn(d, 0, s.q.columns()[0])
	s.value = &col
}

// oneRow tells that a query has one row at most for each row outside: it aggregates without keys, it is of one unit that has
// one row, it reads no table, or it says LIMIT 1 (WITH TIES gives all the rows that nobody can tell apart).
func (q *query) oneRow() bool {
	if k, ok := q.limit.(expr.Const); ok && !q.ties && !k.Null && (k.Text == "0" || k.Text == "1") {
		return true
	}
	switch {
	case q.op != "":
		return false
	case q.values != nil:
		return len(q.values) == 1
	case q.grouped && len(q.groups) == 0, q.from == nil:
		return true
	}
	return q.tiedTo != nil && q.unit.unique
}

// matchesOneRow tells that a query over one public table sets a key of it equal to something else.
func matchesOneRow(q *query) bool {
	s, ok := q.from.(*scan)
	if !ok || q.op != "" || q.grouped {
		return false
	}
	if matchesOnce(q.tied, s) {
		return true
	}
	for _, cond := range q.where {
		for key, d := range expr.Narrow(cond) {
			for _, c := range s.table.Columns {
				if c.Unique && key.Alias == s.alias && key.Name == c.SourceName && len(d.Values) == 1 {
					return true
				}
			}
		}
	}
	return false
}
