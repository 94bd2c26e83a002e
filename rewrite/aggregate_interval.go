package rewrite

import (
	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/rewrite/expr"
	"github.com/dpproxy/dpproxy/rewrite/syntax"
)

// An aggregate of intervals is one of seconds, of whose result an interval is made:
//
//	avg(left - came)  is  make_interval(secs => avg(extract(epoch FROM left - came))), whole days apart
//
// Over private rows all are measured so. Over public and released rows these are written so that not both engines have.

// overIntervals resolves such an aggregate. ok is false where it is of something else, or would be an array of intervals.
func (c *exprContext) overIntervals(f *syntax.FuncCall, a aggregateCall) (out expr.Expr, ok bool, err error) {
	private := c.group.draft != nil
	if !private && (c.b.Mode == expr.Private || a.fn != "sum" && a.fn != "percentile_cont") {
		return nil, false, nil
	}
	a, ok, err = c.inSeconds(f, a)
	if !ok || err != nil {
		return nil, ok, c.r.at(err, f.Location)
	}
	var number expr.Expr = a
	if private {
		if number, err = c.measured(ofSeconds(f, a.within), a); err != nil {
			return nil, true, err
		}
	}
	b := &build{c: c, pos: int(f.Location)}
	day := expr.Const{Typ: catalog.Of(catalog.Int4), Text: "86400", Pos: -1}
	unit := func(text string) expr.Expr { return expr.Const{Typ: catalog.Of(catalog.Interval), Text: text, Pos: -1} }
	days := b.keep(c.b.Call("trunc", []expr.Expr{b.op("/", number, day)}, b.pos))
	rest := b.op("-", number, b.op("*", days, day))
	out = b.op("+", b.op("*", unit("1 day"), days), b.op("*", unit("00:00:01"), rest))
	out, err = c.done(out, b.err, f.Location)
	return out, true, err
}

// inSeconds is the call over the seconds of its interval; ok is false where it has none.
func (c *exprContext) inSeconds(f *syntax.FuncCall, a aggregateCall) (aggregateCall, bool, error) {
	var of expr.Expr
	switch {
	case a.within && len(a.order) == 1 && !a.array:
		of = a.order[0].e
	case !a.within && len(a.args) == 1 && a.typ.Kind == catalog.Interval:
		of = a.args[0]
	}
	if of == nil || of.Type().Kind != catalog.Interval || of.Type().Array {
		return a, false, nil
	}
	seconds, err := c.group.inner.b.Extract("epoch", of, int(f.Location))
	if err != nil {
		return a, true, err
	}
	if a.within {
		a.order = append([]order{}, a.order...)
		a.order[0].e = seconds
	} else {
		a.args = []expr.Expr{seconds}
	}
	a.typ, _ = aggregates()[a.fn].result(seconds.Type())
	return a, true, nil
}

// sqlSyntax is the form of calls that have a syntax of their own: extract(epoch FROM x).
const sqlSyntax = 4

// ofSeconds is the call as messages tell it.
func ofSeconds(f *syntax.FuncCall, within bool) *syntax.FuncCall {
	text := func(s string) *syntax.Node {
		return &syntax.Node{Node: &syntax.Node_String_{String_: &syntax.String{Sval: s}}}
	}
	seconds := func(of *syntax.Node) *syntax.Node {
		field := &syntax.Node{Node: &syntax.Node_AConst{AConst: &syntax.A_Const{Val: &syntax.A_Const_Sval{Sval: &syntax.String{Sval: "epoch"}}}}}
		return &syntax.Node{Node: &syntax.Node_FuncCall{FuncCall: &syntax.FuncCall{Funcname: []*syntax.Node{text("pg_catalog"), text("extract")},
			Args: []*syntax.Node{field, of}, Funcformat: sqlSyntax, Location: f.Location}}}
	}
	out := &syntax.FuncCall{Funcname: f.Funcname, Args: f.Args, AggFilter: f.AggFilter, AggDistinct: f.AggDistinct, AggWithinGroup: f.AggWithinGroup,
		AggOrder: f.AggOrder, Location: f.Location}
	if within {
		by := f.AggOrder[0].GetSortBy()
		out.AggOrder = []*syntax.Node{{Node: &syntax.Node_SortBy{SortBy: &syntax.SortBy{Node: seconds(by.Node), SortbyDir: by.SortbyDir,
			SortbyNulls: by.SortbyNulls, Location: by.Location}}}}
		return out
	}
	out.Args = []*syntax.Node{seconds(f.Args[0])}
	return out
}
