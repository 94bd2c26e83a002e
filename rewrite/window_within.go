package rewrite

import (
	"math/big"
	"strings"

	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/refusal"
	"github.com/dpproxy/dpproxy/rewrite/expr"
	"github.com/dpproxy/dpproxy/rewrite/syntax"
)

// maxOffset bounds the offsets of lag, lead, ntile, nth_value and ROWS frames over private rows.
const maxOffset = 1_000_000

// withinUnit makes a window over private rows one over the rows of a unit: its partition holds the unit, its order is total
// where the order of peers would decide, and nothing in it can fail.
func (c *exprContext) windowWithinUnit(w windowCall, f *syntax.FuncCall) (windowCall, error) {
	q, loc := c.block, f.Location
	w.exact, w.ofUnit = true, true
	within := false
	for _, e := range w.partition {
		if q.unit.is(e) {
			within = true
		} else {
			w.ofUnit = w.ofUnit && onlyOwners(e, q.unit.owners)
		}
	}
	if !within && c.r.partitionTellsUnit(q, w.partition) {
		w.partition, within, w.ofUnit = append(w.partition, q.unit.e), true, false
	}
	if !within && q.tiedTo == nil {
		return w, c.fail(refusal.NotSupported, loc, "a window over private rows must be partitioned by the privacy unit").
			WithHint("Write OVER (PARTITION BY %s …), or aggregate in a sub-query and put the window function over its result.", c.unitName())
	}
	w.ofUnit = w.ofUnit && within
	if err := c.checkWindow(w, f); err != nil {
		return w, err
	}
	rows := strings.HasPrefix(w.frame, "ROWS")
	switch w.fn {
	case "row_number", "ntile", "lag", "lead", "first_value", "last_value", "nth_value":
		w.order = append(w.order, c.r.tieBreakers(q)...)
	case "rank", "dense_rank", "percent_rank", "cume_dist":
	default:
		if rows {
			w.order = append(w.order, c.r.tieBreakers(q)...)
		}
	}
	c.r.rule("WindowWithinUnit")
	return w, nil
}

// unitName is the block's unit as a hint calls it.
func (c *exprContext) unitName() string {
	if q := c.block; q != nil {
		if col, ok := q.unit.e.(expr.Column); ok {
			for _, sc := range c.sc.cols {
				if have, ok := sc.e.(expr.Column); ok && have.Alias == col.Alias && have.Name == col.Name {
					return sc.name
				}
			}
		}
	}
	return "unit"
}

// checkWindow refuses what an engine could fail on, and frames whose rows peers would decide.
func (c *exprContext) checkWindow(w windowCall, f *syntax.FuncCall) error {
	loc := f.Location
	if err := c.checkOrder(w.order, loc); err != nil {
		return err
	}
	if err := c.checkOrder(ordersOf(w.partition), loc); err != nil {
		return err
	}
	constants := map[string][]int{"ntile": {0}, "nth_value": {1}, "lag": {1}, "lead": {1}}[w.fn]
	for _, i := range constants {
		if i >= len(w.args) {
			continue
		}
		k, ok := expr.Fold(w.args[i])
		n, isInt := new(big.Int).SetString(k.Text, 10)
		least := int64(1)
		if w.fn == "lag" || w.fn == "lead" {
			least = 0
		}
		if !ok || k.Null || !isInt || n.Cmp(big.NewInt(least)) < 0 || n.Cmp(big.NewInt(maxOffset)) > 0 {
			return c.fail(refusal.NotSupported, loc, "argument %d of %s must be a constant from %d to %d over private rows", i+1, w.fn, least, maxOffset)
		}
	}
	whole := w.frame == "" && len(w.order) == 0 || strings.Contains(w.frame, "BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING")
	switch {
	case strings.HasPrefix(w.frame, "RANGE") && (strings.Contains(w.frame, "1") || strings.ContainsAny(w.frame, "023456789")):
		return c.fail(refusal.NotSupported, loc, "RANGE with an offset is not supported over private rows").WithHint("Use ROWS BETWEEN … AND ….")
	case strings.HasPrefix(w.frame, "ROWS"), whole:
	case w.fn == "last_value", w.fn == "nth_value", w.fn == "first_value" && w.frame != "" && !strings.Contains(w.frame, "BETWEEN UNBOUNDED PRECEDING"):
		return c.fail(refusal.NotSupported, loc, "%s needs a frame in which the order of equal rows decides nothing", w.fn).
			WithHint("Write ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING, or end the frame at a row.")
	}
	if len(w.args) > 0 {
		return c.checkComputed(w.fn, w.args[0], f)
	}
	return nil
}

func ordersOf(es []expr.Expr) []order {
	var out []order
	for _, e := range es {
		out = append(out, order{e: e})
	}
	return out
}

// Range tells between which numbers a window call within a unit lies.
func (w windowCall) Range() (lo, hi *big.Rat) {
	if !w.exact {
		return nil, nil
	}
	return rangeWithin(w.fn, w.args)
}

// Repr is the kind of the printed call, where that is wider than its type.
func (w windowCall) Repr() catalog.Kind {
	if !w.exact || len(w.args) == 0 || !w.args[0].Type().IsInteger() {
		return w.typ.Kind
	}
	of := expr.ReprOf(w.args[0])
	switch w.fn {
	case "lag", "lead":
		if len(w.args) == 3 {
			of = max(of, expr.ReprOf(w.args[2]))
		}
		return of
	case "first_value", "last_value", "nth_value":
		return of
	}
	return aggregateCall{fn: w.fn, args: w.args, typ: w.typ}.Repr()
}

// domainWithin is what holds of a window's value for any rows of a unit.
func (w windowCall) domainWithin() expr.Domain {
	one, out := big.NewRat(1, 1), expr.Domain{Nullable: true}
	switch w.fn {
	case "row_number", "rank", "dense_rank":
		return expr.Domain{Lo: one, Step: one}
	case "ntile":
		out := expr.Domain{Lo: one, Step: one}
		if k, ok := expr.Fold(w.args[0]); ok {
			out.Hi, _ = new(big.Rat).SetString(k.Text)
		}
		return out
	case "percent_rank", "cume_dist":
		return expr.Domain{Lo: new(big.Rat), Hi: one}
	case "lag", "lead", "first_value", "last_value", "nth_value":
		d := w.args[0].Domain()
		if len(w.args) == 3 {
			d = unionDomain(d, w.args[2].Domain())
		}
		out.Lo, out.Hi, out.Step, out.MaxLen = d.Lo, d.Hi, d.Step, d.MaxLen
		return out
	}
	return aggregateCall{fn: w.fn, args: w.args}.Domain()
}

// oncePerUnit notes a column that is 1 in exactly one row of each unit: row_number() over the unit alone.
func (r *resolver) oncePerUnit(e expr.Expr, to expr.ColumnKey) {
	if w, ok := e.(windowCall); ok && w.fn == "row_number" && w.ofUnit {
		r.first[to] = true
	}
}

// firstOfUnit finds that WHERE keeps one row of each unit: the first by row_number(). A number of the row outside says nothing of
// this block's rows.
func (r *resolver) firstOfUnit(q *query) {
	d, ok := q.from.(*derived)
	if !ok || q.unit.e == nil {
		return
	}
	for _, cond := range q.where {
		for key, fact := range expr.Narrow(cond) {
			if key.Alias == d.alias && r.first[key] && fact.Hi != nil && fact.Hi.Cmp(big.NewRat(1, 1)) <= 0 {
				q.unit.unique = true
				q.unit.owners = map[string]bool{d.alias: true}
			}
		}
	}
}

// namedWindow lays a WINDOW clause's definition under a window that refers to it.
func (c *exprContext) namedWindow(w *syntax.WindowDef) (*syntax.WindowDef, error) {
	for depth := 0; w.Name != "" || w.Refname != ""; depth++ {
		name := w.Name
		if name == "" {
			name = w.Refname
		}
		var found *syntax.WindowDef
		for _, n := range c.named {
			if d := n.GetWindowDef(); d.Name == name {
				found = d
			}
		}
		if found == nil || depth > 100 {
			return nil, c.fail(refusal.UndefinedObject, w.Location, "window %q does not exist", name)
		}
		base := &syntax.WindowDef{Refname: found.Refname, PartitionClause: found.PartitionClause, OrderClause: found.OrderClause,
			FrameOptions: found.FrameOptions, StartOffset: found.StartOffset, EndOffset: found.EndOffset, Location: w.Location}
		if w.Name == "" { // OVER (w …) adds to it
			if len(w.PartitionClause) > 0 || len(w.OrderClause) > 0 && len(base.OrderClause) > 0 || base.FrameOptions&frameNonDefault != 0 {
				return nil, c.fail(refusal.WindowingError, w.Location, "cannot override the clauses of window %q", name)
			}
			if len(w.OrderClause) > 0 {
				base.OrderClause = w.OrderClause
			}
			base.FrameOptions, base.StartOffset, base.EndOffset = w.FrameOptions, w.StartOffset, w.EndOffset
		}
		w = base
	}
	return w, nil
}
