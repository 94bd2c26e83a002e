package rewrite

import (
	"math/big"
	"slices"
	"strings"

	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/refusal"
	"github.com/dpproxy/dpproxy/rewrite/expr"
	"github.com/dpproxy/dpproxy/rewrite/syntax"
)

// Ranges: a column with declared breaks b1 < b2 < … may be cut there alone: into [b1, b2), [b2, b3), … A condition may
// compare it with constants by <, <=, >, >= and BETWEEN where the cut is a break, and width_bucket may have its limits
// there. On whole numbers and dates x <= 14 cuts where x < 15 does. Everything else that looks into its values is refused:
// =, IN, GROUP BY of the column itself, arithmetic. Measuring it (sum, avg) is another matter, which `use` decides.

// openRange refuses a column with breaks where its own value is looked at.
func (r *resolver) openRange(made provenance, as bareKind, loc int32) error {
	switch as {
	case carried, ranged, nullTest, argument:
		return nil
	}
	for _, f := range made.origins {
		if f.column.Breaks != nil {
			return r.rangeRefusal(f, loc)
		}
	}
	return nil
}

func (r *resolver) rangeRefusal(f field, loc int32) error {
	var breaks []string
	for _, b := range f.column.Breaks {
		breaks = append(breaks, catalog.FormatRat(f.column.Type, b))
	}
	first := ""
	if len(breaks) > 0 {
		first = breaks[len(breaks)/2]
	}
	return r.fail(refusal.InsufficientPrivilege, loc, "column %q may be asked about in its declared ranges only", f.name()).
		WithDetail("It may be cut at %s.", strings.Join(breaks, ", ")).
		WithHint("Write conditions such as %s >= %s, or GROUP BY CASE WHEN %s < %s THEN … END.", f.column.Name, first, f.column.Name, first)
}

// sides finds a comparison of one column with constants; column is nil if the node is none.
func sides(v *syntax.A_Expr) (column *syntax.Node, constants []*syntax.Node, op string) {
	switch v.Kind {
	case syntax.AEXPR_OP:
		op = operator(v.Name)
		switch {
		case v.Lexpr.GetColumnRef() != nil && v.Rexpr != nil && constantTree(v.Rexpr):
			return v.Lexpr, []*syntax.Node{v.Rexpr}, op
		case v.Rexpr.GetColumnRef() != nil && v.Lexpr != nil && constantTree(v.Lexpr):
			return v.Rexpr, []*syntax.Node{v.Lexpr}, mirror(op)
		}
	case syntax.AEXPR_BETWEEN, syntax.AEXPR_NOT_BETWEEN:
		if items := v.Rexpr.GetList().GetItems(); v.Lexpr.GetColumnRef() != nil && len(items) == 2 && constantTree(items[0]) && constantTree(items[1]) {
			return v.Lexpr, items, "BETWEEN"
		}
	case syntax.AEXPR_IN, syntax.AEXPR_DISTINCT, syntax.AEXPR_NOT_DISTINCT:
		items := v.Rexpr.GetList().GetItems()
		if v.Rexpr.GetList() == nil && v.Rexpr != nil {
			items = []*syntax.Node{v.Rexpr}
		}
		if v.Lexpr.GetColumnRef() != nil && !slices.ContainsFunc(items, func(n *syntax.Node) bool { return !constantTree(n) }) {
			return v.Lexpr, items, "IN"
		}
	}
	return nil, nil, ""
}

func mirror(op string) string {
	if m, ok := map[string]string{"<": ">", "<=": ">=", ">": "<", ">=": "<="}[op]; ok {
		return m
	}
	return op
}

// constantTree tells that a term reads no column.
func constantTree(n *syntax.Node) bool {
	constant := true
	walkTree(n, func(n *syntax.Node) bool {
		if n.GetColumnRef() != nil || n.GetSubLink() != nil {
			constant = false
		}
		return constant
	})
	return constant
}

// comparison prepares the resolution of an operator: a column that is compared with constants stands alone. The returned
// function ends that.
func (c *exprContext) comparison(v *syntax.A_Expr) (done func(), err error) {
	nothing := func() {}
	column, constants, op := sides(v)
	if column == nil {
		return c.summands(v), nil
	}
	if !slices.Contains([]string{"=", "<>", "<", "<=", ">", ">=", "BETWEEN", "IN"}, op) {
		return c.summands(v), nil
	}
	e, err := c.column(column.GetColumnRef())
	if err != nil {
		return nothing, nil // the ordinary way gives the error
	}
	made := c.r.policy.of(e)
	as := compared
	if made.pure && slices.ContainsFunc(made.origins, func(f field) bool { return f.column.Breaks != nil }) {
		if as, err = c.cuts(made, op, constants, location(column)); err != nil {
			return nothing, err
		}
	}
	return c.r.policy.stand(column, as), nil
}

// summands marks the columns that an aggregate's argument adds and multiplies.
func (c *exprContext) summands(v *syntax.A_Expr) (done func()) {
	if c.clause != "aggregate function calls" || !linear(&syntax.Node{Node: &syntax.Node_AExpr{AExpr: v}}) {
		return func() {}
	}
	p := &c.r.policy
	var undo []func()
	for _, n := range []*syntax.Node{v.Lexpr, v.Rexpr} {
		if ref := n.GetColumnRef(); ref != nil && c.linearAbove(v) {
			undo = append(undo, p.stand(n, summed))
		}
	}
	return func() {
		for _, f := range undo {
			f()
		}
	}
}

// linearAbove tells that everything around a term, up to the aggregate's argument, adds and multiplies too.
func (c *exprContext) linearAbove(v *syntax.A_Expr) bool {
	found := false
	for _, a := range c.arguments {
		if linear(a) {
			walkTree(a, func(n *syntax.Node) bool {
				found = found || n.GetAExpr() == v
				return !found
			})
		}
	}
	return found
}

// cuts checks that each constant cuts a column at one of its breaks.
func (c *exprContext) cuts(made provenance, op string, constants []*syntax.Node, loc int32) (bareKind, error) {
	var above []bool // for each constant: whether the cut is just above it
	switch op {
	case "<", ">=":
		above = []bool{false}
	case "<=", ">":
		above = []bool{true}
	case "BETWEEN":
		above = []bool{false, true}
	default:
		return inside, nil // looked at as it is: policed refuses it
	}
	for i, n := range constants {
		e, err := c.resolve(n)
		if err != nil {
			return inside, nil //nolint:nilerr // the ordinary way gives the error
		}
		k, ok := expr.Fold(e)
		if !ok {
			return inside, nil
		}
		if k.Null || c.r.describing && n.GetParamRef() != nil {
			continue
		}
		for _, f := range made.origins {
			if f.column.Breaks != nil && !cutAllowed(f.column, k, above[i]) {
				return inside, c.r.rangeRefusal(f, loc)
			}
		}
	}
	return ranged, nil
}

// cutAllowed tells that the cut just below (or above) a constant is one of a column's breaks.
func cutAllowed(c *catalog.Column, k expr.Const, above bool) bool {
	t := k.Typ
	if t.Kind == catalog.Unknown {
		t = c.Type
	}
	if t.IsNumeric() != c.Type.IsNumeric() || !t.IsNumeric() && t.Kind != c.Type.Kind {
		return false
	}
	at, err := catalog.ToRat(t, k.Text)
	if err != nil || at == nil {
		return false
	}
	whole := c.Type.Kind == catalog.Int2 || c.Type.Kind == catalog.Int4 || c.Type.Kind == catalog.Int8 || c.Type.Kind == catalog.Date
	if above {
		if !whole {
			return false
		}
		// On whole numbers the cut above x is the one below the next whole number.
		floor := new(big.Int).Div(at.Num(), at.Denom())
		at = new(big.Rat).SetInt(floor.Add(floor, big.NewInt(1)))
	} else if whole && !at.IsInt() {
		floor := new(big.Int).Div(at.Num(), at.Denom())
		at = new(big.Rat).SetInt(floor.Add(floor, big.NewInt(1)))
	}
	return slices.ContainsFunc(c.Breaks, func(b *big.Rat) bool { return b.Cmp(at) == 0 })
}

// buckets checks width_bucket(column, low, high, n) of a column with breaks: all of its limits must be breaks.
func (c *exprContext) buckets(f *syntax.FuncCall, name string) (done func()) {
	nothing := func() {}
	if name != "width_bucket" || len(f.Args) != 4 || f.Args[0].GetColumnRef() == nil {
		return nothing
	}
	e, err := c.column(f.Args[0].GetColumnRef())
	if err != nil {
		return nothing
	}
	made := c.r.policy.of(e)
	var limits [3]*big.Rat
	for i, n := range f.Args[1:] {
		if !constantTree(n) {
			return nothing
		}
		e, err := c.resolve(n)
		if err != nil {
			return nothing
		}
		k, ok := expr.Fold(e)
		if !ok || k.Null {
			return nothing
		}
		if limits[i], err = catalog.ToRat(catalog.Of(catalog.Numeric), k.Text); err != nil || limits[i] == nil {
			return nothing
		}
	}
	for _, o := range made.origins {
		if o.column.Breaks != nil && !bucketsAllowed(o.column.Breaks, limits[0], limits[1], limits[2]) {
			return nothing
		}
	}
	return c.r.policy.stand(f.Args[0], ranged)
}

func bucketsAllowed(breaks []*big.Rat, low, high, n *big.Rat) bool {
	if !n.IsInt() || n.Sign() <= 0 || n.Cmp(big.NewRat(int64(len(breaks)), 1)) > 0 || low.Cmp(high) >= 0 {
		return false // a reversed bucket cuts above its limits
	}
	width := new(big.Rat).Quo(new(big.Rat).Sub(high, low), n)
	at := new(big.Rat).Set(low)
	for ; at.Cmp(high) <= 0; at = new(big.Rat).Add(at, width) {
		if !slices.ContainsFunc(breaks, func(b *big.Rat) bool { return b.Cmp(at) == 0 }) {
			return false
		}
	}
	return true
}
