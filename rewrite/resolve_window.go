package rewrite

import (
	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/refusal"
	"github.com/dpproxy/dpproxy/rewrite/expr"
	"github.com/dpproxy/dpproxy/rewrite/syntax"
)

// windowFunctions is the closed list, with the type of each; nil takes the first argument's.
func windowFunctions() map[string]func(catalog.Type) (catalog.Type, bool) {
	whole, share := always(catalog.Int8), always(catalog.Float8)
	return map[string]func(catalog.Type) (catalog.Type, bool){
		"row_number": whole, "rank": whole, "dense_rank": whole, "percent_rank": share, "cume_dist": share,
		"ntile": always(catalog.Int4), "lag": itself, "lead": itself, "first_value": itself, "last_value": itself, "nth_value": itself,
		"count": whole, "sum": sumType, "avg": averageType, "min": extreme, "max": extreme, "bool_and": boolean, "bool_or": boolean, "every": boolean,
		"var_pop": averageType, "var_samp": averageType, "variance": averageType, "stddev_pop": averageType, "stddev_samp": averageType, "stddev": averageType,
	}
}

// windowCall resolves a window function over publishable rows.
func (c *exprContext) windowCall(f *syntax.FuncCall, name string) (expr.Expr, error) {
	loc := f.Location
	typ, ok := windowFunctions()[name]
	switch {
	case !ok:
		return nil, c.fail(refusal.NotSupported, loc, "window function %q is not supported", name)
	case c.b.Mode == expr.Private && (c.prop != Protected || c.block == nil || c.block.unit.e == nil):
		return nil, c.fail(refusal.NotSupported, loc, "window functions are not supported here within a query over private rows").
			WithHint("Aggregate in a sub-query, and put the window function over its result.")
	case !c.windows:
		return nil, c.fail(refusal.WindowingError, loc, "window functions are not allowed in %s", c.clause)
	case f.AggDistinct || len(f.AggOrder) > 0:
		return nil, c.fail(refusal.NotSupported, loc, "this form of window function is not supported")
	}
	over, err := c.namedWindow(f.Over)
	if err != nil {
		return nil, err
	}
	if err := c.windowArguments(f, name); err != nil {
		return nil, err
	}
	w := windowCall{fn: name, star: f.AggStar}
	in := *c
	in.windows, in.clause = false, "window functions"
	if c.prop == Protected {
		in.clause = "windows over private rows" // which choose rows, as a filter does
	}
	if w.args, err = in.all(f.Args); err != nil {
		return nil, err
	}
	if len(w.args) == 3 { // lag(x, n, default)
		t, err := expr.CommonType([]expr.Expr{w.args[0], w.args[2]}, name, int(loc))
		if err != nil {
			return nil, c.r.at(err, loc)
		}
		for _, i := range []int{0, 2} {
			if w.args[i], err = in.b.Coerce(w.args[i], t, int(loc)); err != nil {
				return nil, c.r.at(err, loc)
			}
		}
	}
	if w.partition, err = in.all(over.PartitionClause); err != nil {
		return nil, err
	}
	if w.order, err = in.orderBy(over.OrderClause, nil); err != nil {
		return nil, err
	}
	if f.AggFilter != nil {
		if w.filter, err = in.filter(f.AggFilter); err != nil {
			return nil, err
		}
	}
	of := catalog.Of(catalog.Int8)
	if len(w.args) > 0 {
		of = w.args[0].Type()
	}
	if w.typ, ok = typ(of); !ok {
		return nil, c.fail(refusal.UndefinedFunction, loc, "function %s(%s) does not exist", name, of)
	}
	if w.frame, err = in.frame(over, loc); err != nil {
		return nil, err
	}
	if c.prop == Protected {
		return in.windowWithinUnit(w, f)
	}
	return w, nil
}

// windowArguments checks how many arguments a window function takes.
func (c *exprContext) windowArguments(f *syntax.FuncCall, name string) error {
	least, most := 1, 1
	switch name {
	case "row_number", "rank", "dense_rank", "percent_rank", "cume_dist":
		least, most = 0, 0
	case "lag", "lead":
		most = 3
	case "nth_value":
		least, most = 2, 2
	case "count":
		if f.AggStar {
			least, most = 0, 0
		}
	}
	if f.AggStar && name != "count" || len(f.Args) < least || len(f.Args) > most {
		return c.fail(refusal.UndefinedFunction, f.Location, "window function %s with %d arguments does not exist", name, len(f.Args))
	}
	return nil
}

// The bits of WindowDef.frameOptions (parsenodes.h).
const (
	frameNonDefault         = 0x00001
	frameRange              = 0x00002
	frameRows               = 0x00004
	frameStartUnbounded     = 0x00020
	frameEndUnbounded       = 0x00100
	frameStartCurrent       = 0x00200
	frameEndCurrent         = 0x00400
	frameStartPreceding     = 0x00800
	frameEndPreceding       = 0x01000
	frameStartFollowing     = 0x02000
	frameEndFollowing       = 0x04000
	frameGroups             = 0x00008
	frameExcludeCurrent     = 0x08000
	frameExcludeGroup       = 0x10000
	frameExcludeTies        = 0x20000
	frameExclusions         = 0x38000
	frameEndUnboundedFollow = frameEndUnbounded
)

// frame prints a window's frame from its bits; ends are constants.
func (c *exprContext) frame(w *syntax.WindowDef, loc int32) (string, error) {
	o := w.FrameOptions
	if o&frameNonDefault == 0 {
		return "", nil
	}
	unit := "ROWS"
	switch {
	case o&frameRange != 0:
		unit = "RANGE"
	case o&frameGroups != 0:
		unit = "GROUPS"
	}
	if c.b.Mode == expr.Private && (unit == "GROUPS" || o&frameExclusions != 0) {
		return "", c.fail(refusal.NotSupported, loc, "GROUPS frames and EXCLUDE are not supported over private rows")
	}
	start, err := c.frameEnd(w.StartOffset, o&frameStartUnbounded != 0, o&frameStartCurrent != 0, o&frameStartPreceding != 0, "UNBOUNDED PRECEDING", loc)
	if err != nil {
		return "", err
	}
	end, err := c.frameEnd(w.EndOffset, o&frameEndUnboundedFollow != 0, o&frameEndCurrent != 0, o&frameEndPreceding != 0, "UNBOUNDED FOLLOWING", loc)
	if err != nil {
		return "", err
	}
	without := map[int32]string{frameExcludeCurrent: " EXCLUDE CURRENT ROW", frameExcludeGroup: " EXCLUDE GROUP", frameExcludeTies: " EXCLUDE TIES"}[o&frameExclusions]
	return unit + " BETWEEN " + start + " AND " + end + without, nil
}

func (c *exprContext) frameEnd(n *syntax.Node, unbounded, current, preceding bool, whole string, loc int32) (string, error) {
	switch {
	case unbounded:
		return whole, nil
	case current:
		return "CURRENT ROW", nil
	}
	e, err := c.resolve(n)
	if err != nil {
		return "", err
	}
	k, ok := e.(expr.Const)
	if !ok || !isNumber(k.Typ) || k.Null {
		return "", c.fail(refusal.NotSupported, loc, "a frame's offset must be a constant number")
	}
	if k.Text[0] == '-' || c.b.Mode == expr.Private && (k.Typ.Kind == catalog.Numeric || len(k.Text) > 7) {
		return "", c.fail(refusal.InvalidParameterValue, loc, "a frame's offset must be a whole number that is not negative, below 10000000")
	}
	if preceding {
		return k.Text + " PRECEDING", nil
	}
	return k.Text + " FOLLOWING", nil
}
