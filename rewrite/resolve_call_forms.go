package rewrite

import (
	"errors"
	"slices"

	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/refusal"
	"github.com/dpproxy/dpproxy/rewrite/expr"
	"github.com/dpproxy/dpproxy/rewrite/syntax"
)

// This file reads calls that PostgreSQL writes as functions and that are something else: casts, overlaps, make_interval.

// castNamed gives the type of a cast that is written as a call: date(x), int4(x), text(x).
func castNamed(name string) (catalog.Type, bool) {
	switch name {
	case "date", "text", "varchar", "bool", "int2", "int4", "int8", "float4", "float8":
		t, err := catalog.ParseType(name)
		return t, err == nil
	}
	return catalog.Type{}, false
}

// unknownFirst says of a function that does not exist that it does not exist, before it says that its arguments are no keys: what
// looks like an aggregate of another system is told as one.
func (c *exprContext) unknownFirst(f *syntax.FuncCall, name string, err error) error {
	var refused *refusal.Error
	_, isCast := castNamed(name)
	if !errors.As(err, &refused) || refused.Code != refusal.GroupingError || isCast || name == "overlaps" || slices.Contains(expr.Names(), name) {
		return err
	}
	return c.fail(refusal.UndefinedFunction, f.Location, "function %s does not exist", name).
		WithHint("SELECT * FROM dp.functions lists the aggregates that may be asked.")
}

// overlaps is (s1, e1) OVERLAPS (s2, e2) over [start, end), where an end may be an interval from its start.
//
//	start = least(s, e), end = greatest(s, e), NULL if either is
//	start1 > start2: start1 < end2, else NULL if end1 is NULL; start1 < start2: the same the other way
//	start1 = start2: true, or NULL if an end is
func (c *exprContext) overlaps(args []expr.Expr, loc int32) (expr.Expr, error) {
	b := &build{c: c, pos: int(loc)}
	var start, end [2]expr.Expr
	for i := range 2 {
		s, e := args[2*i], args[2*i+1]
		if e.Type().Kind == catalog.Interval {
			e = b.op("+", s, e)
		}
		start[i] = b.least(s, e)
		end[i] = b.when(nil, expr.When{Cond: b.and(b.isNotNull(s), b.isNotNull(e)), Result: b.greatest(s, e)})
	}
	side := func(i, j int) expr.When {
		certain := b.op("<", start[i], end[j])
		return expr.When{Cond: b.op(">", start[i], start[j]), Result: b.or(certain, b.op("<>", end[i], end[i]))}
	}
	same := expr.When{Cond: b.op("=", start[0], start[1]), Result: b.and(b.op("=", end[0], end[0]), b.op("=", end[1], end[1]))}
	out := b.when(nil, side(0, 1), side(1, 0), same)
	return c.done(out, b.err, loc)
}

// makeInterval is make_interval with arguments by place or name: multiples of one year, one month and so on.
func (c *exprContext) makeInterval(f *syntax.FuncCall) (expr.Expr, error) {
	names := []string{"years", "months", "weeks", "days", "hours", "mins", "secs"}
	units := []string{"1 year", "1 month", "1 week", "1 day", "1 hour", "1 minute", "1 second"}
	if len(f.Args) > len(names) {
		return nil, c.fail(refusal.UndefinedFunction, f.Location, "function make_interval with %d arguments does not exist", len(f.Args))
	}
	b := &build{c: c, pos: int(f.Location)}
	var out expr.Expr = expr.Const{Typ: catalog.Of(catalog.Interval), Text: "00:00:00", Pos: b.pos}
	for i, arg := range f.Args {
		if named := arg.GetNamedArgExpr(); named != nil {
			if i = slices.Index(names, named.Name); i < 0 {
				return nil, c.fail(refusal.UndefinedFunction, named.Location, "function make_interval has no argument %q", named.Name)
			}
			arg = named.Arg
		}
		e, err := c.resolve(arg)
		if err != nil {
			return nil, err
		}
		unit := expr.Const{Typ: catalog.Of(catalog.Interval), Text: units[i], Pos: b.pos}
		out = b.op("+", out, b.op("*", unit, e))
	}
	return c.done(out, b.err, f.Location)
}

// build makes expressions one out of another, and keeps the first fault.
type build struct {
	c   *exprContext
	pos int
	err error
}

func (b *build) keep(e expr.Expr, err error) expr.Expr {
	if b.err == nil {
		b.err = err
	}
	if e == nil {
		return expr.Const{Null: true, Pos: b.pos}
	}
	return e
}

func (b *build) op(op string, l, r expr.Expr) expr.Expr { return b.keep(b.c.b.Op(op, l, r, b.pos)) }
func (b *build) least(es ...expr.Expr) expr.Expr        { return b.keep(b.c.b.Least(es, b.pos)) }
func (b *build) greatest(es ...expr.Expr) expr.Expr     { return b.keep(b.c.b.Greatest(es, b.pos)) }
func (b *build) and(es ...expr.Expr) expr.Expr          { return b.keep(b.c.b.And(es, b.pos)) }
func (b *build) or(es ...expr.Expr) expr.Expr           { return b.keep(b.c.b.Or(es, b.pos)) }
func (b *build) isNotNull(e expr.Expr) expr.Expr        { return b.keep(b.c.b.IsNull(e, true, b.pos)) }
func (b *build) when(els expr.Expr, whens ...expr.When) expr.Expr {
	return b.keep(b.c.b.Case(nil, whens, els, b.pos))
}
