package answer

import (
	"errors"
	"math/big"

	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/mechanism"
	"github.com/dpproxy/dpproxy/refusal"
	"github.com/dpproxy/dpproxy/rewrite"
)

// after does what the owner wants done to released numbers. All of it is post-processing: it sees noisy values alone.

// hidden tells that a number stands on too few rows or units to be shown.
func hidden(m *rewrite.Measurement, s rewrite.Stand, values []*big.Int) bool {
	below := func(e *mechanism.Estimator, least int64) bool {
		return least > 0 && (e == nil || e.Value(values).Cmp(new(big.Rat).SetInt64(least)) < 0) // what nothing counts is hidden
	}
	return below(s.Rows, m.After.SmallCells) || below(s.Units, m.After.MinUnits)
}

// rounded is a value as a multiple of a base: the nearest, or for the ends of an interval the next one outward.
func rounded(value, base *big.Rat, bound string) *big.Rat {
	if base == nil {
		return value
	}
	times := new(big.Rat).Quo(value, base)
	half := new(big.Rat)
	if bound == "" {
		half.SetFrac64(1, 2)
	}
	if bound == "high" { // −⌊−x⌋
		times.Neg(times)
	}
	times.Add(times, half)
	floor := new(big.Int).Div(times.Num(), times.Denom())
	if bound == "high" {
		floor.Neg(floor)
	}
	return times.Mul(times.SetInt(floor), base)
}

// errUncounted is a fault of the planner: a table that must be judged cannot be.
var errUncounted = errors.New("answer: a column has no count that sparsity could be judged by")

// checkSparsity refuses a table of which too many cells are small, by their noisy counts.
func checkSparsity(m *rewrite.Measurement, noisy *mechanism.Noisy) error {
	limits := m.After.Sparsity
	if limits == nil {
		return nil
	}
	var cells, zeros, ones, twos int64
	for _, g := range noisy.Groups {
		seen := map[string]bool{}
		for _, o := range m.Outputs {
			if o.Key >= 0 || seen[o.Stand.Cell] {
				continue
			}
			if o.Stand.Rows == nil {
				return errUncounted
			}
			seen[o.Stand.Cell] = true
			cells++
			n, err := catalog.ToRat(catalog.Of(catalog.Int8), catalog.FormatRat(catalog.Of(catalog.Int8), o.Stand.Rows.Value(g.Values)))
			switch {
			case err != nil:
				return err
			case n.Sign() <= 0:
				zeros++
			case n.Cmp(big.NewRat(1, 1)) == 0:
				ones++
			case n.Cmp(big.NewRat(2, 1)) == 0:
				twos++
			}
		}
	}
	if cells == zeros {
		return nil
	}
	over := func(n int64, limit *big.Rat) bool { return big.NewRat(n, cells-zeros).Cmp(limit) > 0 }
	if over(ones, limits.Ones) || over(ones+twos, limits.OnesAndTwos) {
		return refusal.New(refusal.InsufficientPrivilege, "the table is too sparse to be shown").
			WithDetail("Of the %d cells that are not 0, %d have a noisy count of 1 and %d of 2. The owner of the data allows a share of %s ones, and of %s ones and twos.",
				cells-zeros, ones, twos, catalog.FormatRat(catalog.Of(catalog.Numeric), limits.Ones), catalog.FormatRat(catalog.Of(catalog.Numeric), limits.OnesAndTwos)).
			WithHint("Group by fewer columns, or by wider ranges. The numbers were drawn, so the charge stays.")
	}
	return nil
}
