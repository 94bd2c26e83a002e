package rewrite

import (
	"math/big"

	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/refusal"
	"github.com/dpproxy/dpproxy/rewrite/expr"
	"github.com/dpproxy/dpproxy/rewrite/syntax"
)

// Variances and percentiles over the rows of one unit. They are exact, as all that stays within a unit; what matters is that no row makes
// an engine fail, that their value depends on the values alone and not on the order in which an engine meets them, and
// between which bounds they lie.

// isSpread tells that an aggregate is a variance or a standard deviation.
func isSpread(fn string) bool {
	switch fn {
	case "var_pop", "var_samp", "stddev_pop", "stddev_samp":
		return true
	}
	return false
}

func isPercentile(fn string) bool { return fn == "percentile_cont" || fn == "percentile_disc" }

// spreadWithin makes a variance within a unit. Its rows are added up in the order of their values: in floating point the last digits
// depend on it.
func (c *exprContext) spreadWithin(f *syntax.FuncCall, a *aggregateCall) error {
	if err := c.checkComputed("sum", a.args[0], f); err != nil {
		return err
	}
	most := new(big.Rat).SetInt64(1_000_000_000_000)
	lo, hi, ok := expr.RangeOf(a.args[0])
	if !a.args[0].Type().IsFloat() && (!ok || new(big.Rat).Abs(lo).Cmp(most) > 0 || new(big.Rat).Abs(hi).Cmp(most) > 0) {
		return c.fail(refusal.NotSupported, f.Location, "%q has no bounds, or too wide ones, so its variance could overflow", written(f.Args[0])).
			WithHint("Write limits that fit, such as least(greatest(%s, 0), 100), or ask the owner of the data to declare bounds.", written(f.Args[0]))
	}
	a.order = []order{{e: a.args[0]}}
	return nil
}

// percentileWithin makes a percentile within a unit: of one constant, over values that have an order.
func (c *exprContext) percentileWithin(f *syntax.FuncCall, a *aggregateCall) error {
	if len(a.args) != 1 || a.array || len(a.order) != 1 {
		return c.fail(refusal.NotSupported, f.Location, "within a privacy unit %s takes one constant and one expression to order by", functionName(f))
	}
	at, _, ok := expr.RangeOf(a.args[0])
	if k, isConst := expr.Fold(a.args[0]); !ok || !isConst || k.Null || at.Sign() < 0 || at.Cmp(big.NewRat(1, 1)) > 0 {
		return c.fail(refusal.NotSupported, f.Location, "within a privacy unit %s takes a constant from 0 to 1", functionName(f))
	}
	of := a.order[0].e
	switch {
	case a.fn == "percentile_cont" && of.Type().IsNumeric():
		e, err := c.b.Coerce(of, catalog.Of(catalog.Float8), int(f.Location))
		if err != nil {
			return c.r.at(err, f.Location)
		}
		a.order = []order{{e: e, desc: a.order[0].desc, nullsFirst: a.order[0].nullsFirst}}
	case a.fn == "percentile_cont" || !ordered(of.Type()) || of.Type().Kind == catalog.Interval:
		return c.fail(refusal.NotSupported, f.Location, "%s of %s is not supported within a privacy unit", functionName(f), of.Type())
	}
	return nil
}

// spreadDomain bounds a variance of values in [lo, hi]: at most the square of half their distance over all rows, and of half of that
// square over two rows where they are a sample.
func spreadDomain(fn string, lo, hi *big.Rat) (most *big.Rat) {
	d := new(big.Rat).Sub(hi, lo)
	switch fn {
	case "var_pop":
		return d.Mul(d, d).Quo(d, big.NewRat(4, 1))
	case "var_samp":
		return d.Mul(d, d).Quo(d, big.NewRat(2, 1))
	case "stddev_pop":
		return d.Quo(d, big.NewRat(2, 1))
	}
	return d.Mul(d, big.NewRat(70711, 100000)) // a little above 1/√2
}

// values are what a call aggregates: its arguments, or what it orders by.
func (a aggregateCall) values() []expr.Expr {
	if a.within && len(a.order) == 1 {
		return []expr.Expr{a.order[0].e}
	}
	return a.args
}

// spread is what is known of a variance or a percentile.
func (a aggregateCall) spread(of expr.Domain) expr.Domain {
	d := expr.Domain{Nullable: true}
	switch {
	case isSpread(a.fn) && of.Bounded():
		d.Lo, d.Hi = new(big.Rat), spreadDomain(a.fn, of.Lo, of.Hi)
	case isSpread(a.fn):
		d.Lo = new(big.Rat)
	case a.fn == "percentile_cont":
		d.Lo, d.Hi = of.Lo, of.Hi
	default:
		d.Lo, d.Hi, d.Step, d.MaxLen = of.Lo, of.Hi, of.Step, of.MaxLen
	}
	return d
}
