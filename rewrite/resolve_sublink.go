package rewrite

import (
	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/refusal"
	"github.com/dpproxy/dpproxy/rewrite/expr"
	"github.com/dpproxy/dpproxy/rewrite/syntax"
)

// subQuery is a sub-query as an expression: EXISTS, IN, or a single value.
type subQuery struct {
	kind string // exists, in, scalar
	test expr.Expr
	not  bool
	q    *query
	// dropNull says that rows without a unit are left out (they belong to nobody).
	dropNull bool
	typ      catalog.Type
}

func (s *subQuery) Type() catalog.Type { return s.typ }

func (s *subQuery) Domain() expr.Domain {
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
	case "in":
		p.Expr(s.test)
		if s.not {
			p.WriteString(" NOT")
		}
		p.WriteString(" IN ")
	}
	p.WriteByte('(')
	printQuery(p, s.q, queryStyle{dropNullUnit: s.dropNull})
	p.WriteString("))")
}

// subLink resolves a sub-query in an expression. Over private rows it must be public, or of the same unit as the row that
// it is asked for.
func (c *exprContext) subLink(v *syntax.SubLink) (expr.Expr, error) {
	s := v.Subselect.GetSelectStmt()
	if s == nil {
		return nil, c.fail(refusal.NotSupported, v.Location, "this kind of sub-query is not supported")
	}
	switch v.SubLinkType {
	case syntax.EXISTS_SUBLINK, syntax.ANY_SUBLINK, syntax.EXPR_SUBLINK:
	default:
		return nil, c.fail(refusal.NotSupported, v.Location, "this kind of sub-query is not supported").
			WithHint("Use EXISTS, IN, or a sub-query of one value.")
	}
	var test expr.Expr
	var err error
	if v.SubLinkType == syntax.ANY_SUBLINK {
		if op := operator(v.OperName); op != "" && op != "=" {
			return nil, c.fail(refusal.NotSupported, v.Location, "only IN and = ANY are supported with a sub-query")
		}
		if test, err = c.resolve(v.Testexpr); err != nil {
			return nil, err
		}
	}
	c.r.policy.joins++
	q, err := c.r.selectBlock(s, c.sc, c.env)
	if err != nil {
		return nil, err
	}
	if v.SubLinkType != syntax.EXISTS_SUBLINK {
		if err := c.r.seen(q, false); err != nil {
			return nil, err
		}
	}
	out := &subQuery{q: q, test: test, typ: catalog.Of(catalog.Bool)}
	switch v.SubLinkType {
	case syntax.EXISTS_SUBLINK:
		out.kind = "exists"
	case syntax.ANY_SUBLINK:
		out.kind = "in"
	default:
		out.kind = "scalar"
	}
	if out.kind != "exists" && len(q.columns()) != 1 {
		return nil, c.fail(refusal.SyntaxError, v.Location, "subquery must return only one column")
	}
	if out.kind == "scalar" {
		out.typ = q.columns()[0].Type
	}
	if out.kind == "in" {
		if err := c.comparable(test, q, v.Location); err != nil {
			return nil, err
		}
	}
	return out, c.mayStandHere(out, v.Location)
}

// comparable checks the two sides of IN by building the comparison and throwing it away.
func (c *exprContext) comparable(test expr.Expr, q *query, loc int32) error {
	probe := outputColumn{typ: q.columns()[0].Type, position: 1}
	if test.Type().Kind == catalog.Unknown {
		return c.fail(refusal.NotSupported, loc, "the left side of IN needs a type").WithHint("Write a cast.")
	}
	if family(test.Type()) == family(probe.typ) {
		return nil
	}
	if _, err := builder(Public).Op("=", outputColumn{typ: test.Type(), position: 1}, probe, int(loc)); err != nil {
		return c.r.at(err, loc)
	}
	return nil
}

// mayStandHere holds which sub-queries are allowed in which block.
func (c *exprContext) mayStandHere(s *subQuery, loc int32) error {
	switch {
	case c.prop != Protected && c.b.Mode == expr.Private && s.kind == "scalar" && s.q.prop == Public:
		return c.fail(refusal.NotSupported, loc, "a sub-query of one value is not supported within a query over private rows").
			WithHint("Join the public table.")
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
	case s.q.prop == Public && s.kind == "scalar":
		return c.fail(refusal.NotSupported, loc, "a sub-query of one value is not supported over private rows").
			WithHint("Join the public table.")
	case s.q.prop == Public:
		return nil
	}
	// Protected in Protected: the same unit.
	if s.kind == "in" && c.unit != nil && c.unit.is(s.test) && s.q.unit.e != nil && s.q.unitColumn() == "c1" {
		s.dropNull = true
		c.r.rule("SameUnitSubquery")
		return nil
	}
	if s.kind == "exists" && c.unit != nil && c.unit.e != nil && s.q.unit.e != nil && c.tiedToUnit(s.q) {
		c.r.rule("SameUnitSubquery")
		return nil
	}
	return c.fail(refusal.NotSupported, loc, "a sub-query over private rows must be of the same privacy unit as the row outside").
		WithHint("Write EXISTS (SELECT 1 FROM inner WHERE inner.unit = outer.unit AND …), or unit IN (SELECT unit FROM …).")
}

// tiedToUnit tells that a sub-query's WHERE sets its unit equal to the outer row's.
func (c *exprContext) tiedToUnit(q *query) bool {
	inner := func(t string) bool { return t == text(q.unit.e) || q.unit.same[t] }
	outer := func(t string) bool { return t == text(c.unit.e) || c.unit.same[t] }
	for _, p := range q.tied {
		if inner(p.l) && outer(p.r) || inner(p.r) && outer(p.l) {
			return true
		}
	}
	return false
}
