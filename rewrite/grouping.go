package rewrite

import (
	"strings"

	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/refusal"
	"github.com/dpproxy/dpproxy/rewrite/expr"
	"github.com/dpproxy/dpproxy/rewrite/syntax"
)

// grouping is what names and aggregates mean after a block's rows were grouped.
//
// Over Public and Released rows aggregate calls stay calls, for the engine. Over Protected rows they become columns of the
// released relation of a draft, whose numbers are noisy.
type grouping struct {
	inner *exprContext // for keys and arguments: rows before grouping
	keys  []groupKey
	draft *draft // nil where nothing is measured
	// sets are the grouping sets as indexes into keys; nil is one set of all keys.
	sets [][]int
}

// groupKey is one GROUP BY expression, before and after grouping.
type groupKey struct {
	name string
	e    expr.Expr // over rows
	text string
	out  expr.Expr // after grouping
	// node and written are how a key that holds a sub-query was written: it is recognised by that, since each time it is resolved
	// it prints other aliases.
	node    *syntax.Node
	written string
}

// key recognises an expression that is a GROUP BY expression.
func (g *grouping) key(c *exprContext, n *syntax.Node) (expr.Expr, bool, error) {
	switch n.GetNode().(type) {
	case *syntax.Node_AConst, *syntax.Node_ParamRef:
		return nil, false, nil
	}
	if len(g.keys) == 0 || containsCall(n, isAggregate) {
		return nil, false, nil
	}
	if containsSubLink(n) {
		for _, k := range g.keys {
			if k.node == n || k.node != nil && k.written != unnamed && k.written == written(n) {
				return k.out, true, nil
			}
		}
		return nil, false, nil
	}
	depth := c.r.depth
	e, err := c.r.policy.stands(n, grouped, func() (expr.Expr, error) { return g.inner.resolve(n) })
	c.r.depth = depth
	if err != nil {
		return nil, false, nil // the ordinary way gives the error
	}
	t := text(e)
	for _, k := range g.keys {
		if k.text == t {
			return k.out, true, nil
		}
	}
	return nil, false, nil
}

func isAggregate(f *syntax.FuncCall) bool {
	if f.Over != nil {
		return false
	}
	name := functionName(f)
	_, ok := aggregates()[name]
	return ok || name == "dp_low" || name == "dp_high" || f.AggStar || f.AggWithinGroup
}

// containsCall looks for a call below a node, not inside sub-queries.
func containsCall(n *syntax.Node, is func(*syntax.FuncCall) bool) bool {
	found := false
	walkTree(n, func(n *syntax.Node) bool {
		if n.GetSubLink() != nil {
			return false
		}
		if f := n.GetFuncCall(); f != nil && is(f) {
			found = true
		}
		if n.GetGroupingFunc() != nil {
			found = true
		}
		return !found
	})
	return found
}

func containsSubLink(n *syntax.Node) bool {
	found := false
	walkTree(n, func(n *syntax.Node) bool {
		found = found || n.GetSubLink() != nil
		return !found
	})
	return found
}

// aggregate resolves an aggregate call.
func (c *exprContext) aggregate(f *syntax.FuncCall, name string) (expr.Expr, error) {
	if c.group == nil {
		if c.clause == "aggregate function calls" {
			return nil, c.fail(refusal.GroupingError, f.Location, "aggregate function calls cannot be nested")
		}
		return nil, c.fail(refusal.GroupingError, f.Location, "aggregate functions are not allowed in %s", c.clause)
	}
	kind, fn := aggregates()[name], name
	switch {
	case f.AggStar && name != "count":
		return nil, c.fail(refusal.SyntaxError, f.Location, "%s(*) is not an aggregate of PostgreSQL", name)
	case !f.AggStar && len(f.Args) != kind.args:
		return nil, c.fail(refusal.UndefinedFunction, f.Location, "function %s with %d arguments does not exist", name, len(f.Args))
	case kind.means != nil && (f.AggDistinct || f.AggWithinGroup || len(f.AggOrder) > 0):
		return nil, c.fail(refusal.NotSupported, f.Location, "%s takes neither DISTINCT nor ORDER BY nor WITHIN GROUP", name).
			WithHint("Write %s(x).", name)
	case kind.means != nil:
		f, fn = kind.means(f)
		kind = aggregates()[fn]
	case f.AggWithinGroup != kind.ordered:
		return nil, c.notWithinGroup(f, name, kind)
	}
	call, err := c.aggregateArguments(f, fn, kind)
	if err != nil {
		return nil, err
	}
	if e, ok, err := c.overIntervals(f, call); ok {
		return e, err
	}
	if c.group.draft == nil {
		if c.b.Mode == expr.Private {
			call.exact = true
			if err := c.checkWithinUnit(f, &call); err != nil {
				return nil, err
			}
		}
		return call, nil
	}
	return c.measured(f, call)
}

// aggregateArguments resolves arguments, DISTINCT, FILTER and ORDER BY in terms of the rows before grouping.
func (c *exprContext) aggregateArguments(f *syntax.FuncCall, name string, kind aggregateKind) (aggregateCall, error) {
	call := aggregateCall{fn: canonicalAggregate(name), star: f.AggStar, distinct: f.AggDistinct, within: f.AggWithinGroup}
	in := *c.group.inner
	in.clause = "aggregate function calls"
	var err error
	if kind.ordered && kind.args > 0 {
		call.args, call.array, err = in.percentiles(f.Args[0])
	} else {
		call.args, err = in.aggregateArgs(f, kind)
	}
	if err != nil {
		return call, err
	}
	if f.AggFilter != nil {
		in.clause = "FILTER"
		if call.filter, err = in.filter(f.AggFilter); err != nil {
			return call, err
		}
		in.clause = "aggregate function calls"
	}
	for _, n := range f.AggOrder {
		defer c.r.policy.stand(n.GetSortBy().GetNode(), summed)()
	}
	if call.order, err = in.orderBy(f.AggOrder, nil); err != nil {
		return call, err
	}
	if call.filter != nil && in.b.Mode == expr.Private {
		for i, a := range call.args {
			call.args[i] = narrowColumns(a, expr.Narrow(call.filter))
		}
	}
	of := catalog.Of(catalog.Int8)
	switch {
	case kind.ordered && len(call.order) == 1:
		of = call.order[0].e.Type()
	case len(call.args) > 0:
		for i, a := range call.args {
			if a.Type().Kind == catalog.Unknown && call.fn != "count" {
				to := catalog.Of(catalog.Text)
				if call.fn != "min" && call.fn != "max" && call.fn != "string_agg" {
					to = catalog.Of(catalog.Float8)
				}
				if call.args[i], err = in.b.Coerce(a, to, int(f.Location)); err != nil {
					return call, c.r.at(err, f.Location)
				}
			}
		}
		of = call.args[0].Type()
	}
	t, ok := kind.result(of)
	for _, a := range call.args {
		ok = ok && (kind.private.by == "" || kind.args < 2 || a.Type().IsNumeric())
	}
	if !ok {
		return call, c.fail(refusal.UndefinedFunction, f.Location, "function %s(%s) does not exist", name, of)
	}
	call.typ = t
	call.typ.Array = call.typ.Array || call.array
	return call, nil
}

// measured notes an aggregate over private rows, and stands for its noisy result.
func (c *exprContext) measured(f *syntax.FuncCall, a aggregateCall) (expr.Expr, error) {
	r, d := c.r, c.group.draft
	if len(a.order) > 0 && !a.within {
		return nil, c.fail(refusal.NotSupported, f.Location, "ORDER BY inside an aggregate is not supported over private rows")
	}
	how := measuredAs(a.fn)
	k := &call{fn: a.fn, star: a.star, distinct: a.distinct && how.by != byHistogram, filter: a.filter, typ: a.typ, loc: f.Location, name: functionName(f)}
	if len(a.args) > 0 {
		k.arg, k.written = a.args[0], written(f.Args[0])
	}
	if len(a.args) > 1 && how.by == byMoments {
		k.arg2, k.written2 = a.args[1], written(f.Args[1])
	}
	if err := r.checkCall(f, k); err != nil {
		return nil, err
	}
	if how.by == byMoments {
		if err := c.byFilter(k); err != nil {
			return nil, err
		}
	}
	if k.fn == "count" && k.distinct && k.arg != nil && d.unit.is(k.arg) {
		k.fn, k.arg, k.distinct, k.units = "count", nil, false, true
	}
	switch how.by {
	case byMoments:
	case byHistogram:
		if err := c.quantile(f, a, k); err != nil {
			return nil, err
		}
	default:
		return nil, r.notMeasured(f, k.name)
	}
	r.calls = append(r.calls, k)
	if e, ok, err := c.weighted(f, k); ok || err != nil {
		return e, err
	}
	return d.column(k, ""), nil
}

// checkCall holds the closed list of aggregates over private rows, and the owner's.
func (r *resolver) checkCall(f *syntax.FuncCall, k *call) error {
	name := functionName(f)
	if !r.allowedFunction(name) {
		where := "on this data set"
		if r.policy.otherClass {
			where = "in " + r.className()
		}
		return r.fail(refusal.InsufficientPrivilege, f.Location, "function %s is not allowed %s", name, where).
			WithHint("SELECT * FROM dp.functions lists what may be asked.")
	}
	if measuredAs(k.fn).by == "" {
		return r.notMeasured(f, name)
	}
	if k.distinct && k.arg2 != nil {
		return r.fail(refusal.NotSupported, f.Location, "%s(DISTINCT …) is not supported over private rows", name).
			WithHint("Leave DISTINCT out.")
	}
	return nil
}

// notMeasured refuses an aggregate that is not answered over private rows.
func (r *resolver) notMeasured(f *syntax.FuncCall, name string) error {
	return r.fail(refusal.NotSupported, f.Location, "function %s is not supported over private rows", name).
		WithHint("Over private rows these are answered: %s.", strings.Join(MeasuredAggregates(), ", "))
}

// intervalEnd resolves dp_low(aggregate) and dp_high(aggregate).
func (c *exprContext) intervalEnd(f *syntax.FuncCall, name string) (expr.Expr, error) {
	if c.r.set.Design && c.group != nil && len(f.Args) == 1 && f.Args[0].GetFuncCall() != nil {
		return c.resolve(f.Args[0]) // a value without noise is both ends of its interval
	}
	refuse := c.fail(refusal.NotSupported, f.Location, "%s takes one aggregate over private rows, such as %s(count(*))", name, name)
	if c.group == nil || c.group.draft == nil || len(f.Args) != 1 || f.Args[0].GetFuncCall() == nil {
		return nil, refuse
	}
	e, err := c.resolve(f.Args[0])
	if err != nil {
		return nil, err
	}
	col, ok := e.(expr.Column)
	if !ok {
		return nil, refuse
	}
	end := map[string]string{"dp_low": "low", "dp_high": "high"}[name]
	out, ok := c.group.draft.intervalColumn(col, end)
	if !ok {
		return nil, refuse
	}
	return out, nil
}
