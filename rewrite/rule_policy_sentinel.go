package rewrite

import (
	"math/big"
	"slices"

	"github.com/dpproxy/dpproxy/rewrite/expr"
)

// Sentinels are values that stand for something else ("not asked": −99). Arithmetic and aggregates see NULL in their place.
// A comparison with constants, GROUP BY and IS NULL of the column itself see them as they are stored, outside of the bounds
// if need be.

// sentinels gives a column as the place where it stands may see it.
func (c *exprContext) sentinels(e expr.Expr, made provenance, as bareKind, loc int32) (expr.Expr, error) {
	col, ok := e.(expr.Column)
	if !ok {
		return e, nil
	}
	var list []string
	for _, f := range made.origins {
		if c.r.onPath(f.table, f.column.Name) {
			return e, nil // it names units
		}
		for _, s := range f.column.Sentinels {
			if !slices.Contains(list, s) {
				list = append(list, s)
			}
		}
	}
	if len(list) == 0 {
		return e, nil
	}
	sees := as == carried || as == compared || as == nullTest || as == ranged || as == grouped
	out, err := c.r.withSentinels(c.b, col, made, list, sees)
	return c.done(out, err, loc)
}

// withSentinels is CASE WHEN x = s THEN s … ELSE x within its bounds END, or with NULL in the place of s.
func (r *resolver) withSentinels(b *expr.Builder, col expr.Column, made provenance, list []string, sees bool) (expr.Expr, error) {
	stored, within := col, col
	if lo, hi, ok := declaredBounds(made); ok {
		stored.Clamp, stored.Dom.Lo, stored.Dom.Hi = false, nil, nil
		within.Clamp, within.Dom.Lo, within.Dom.Hi = true, lo, hi
	} else if sees {
		return col, nil // no bounds hide them
	}
	var whens []expr.When
	for _, s := range list {
		k := expr.Const{Typ: col.Typ, Text: s, Pos: -1}
		cond, err := b.Op("=", stored, k, -1)
		if err != nil {
			return nil, err
		}
		w := expr.When{Cond: cond, Result: k}
		if !sees {
			w.Result = expr.Const{Typ: col.Typ, Null: true, Pos: -1}
		}
		whens = append(whens, w)
	}
	out, err := b.Case(nil, whens, within, -1)
	if err == nil {
		r.asStored[text(out)] = true
	}
	return out, err
}

// declaredBounds are the widest bounds of the columns that a value may be.
func declaredBounds(made provenance) (lo, hi *big.Rat, ok bool) {
	for _, f := range made.origins {
		d := f.column.Domain
		if d.Lower == nil {
			return nil, nil, false
		}
		if lo == nil || d.Lower.Cmp(lo) < 0 {
			lo = d.Lower
		}
		if hi == nil || d.Upper.Cmp(hi) > 0 {
			hi = d.Upper
		}
	}
	return lo, hi, lo != nil
}

// carriedStar is a column of SELECT * as a sub-query carries it: with its sentinels.
func (c *exprContext) carriedStar(e expr.Expr) (expr.Expr, error) {
	made := c.r.policy.of(e)
	if !made.pure {
		return e, nil
	}
	return c.sentinels(e, made, carried, -1)
}
