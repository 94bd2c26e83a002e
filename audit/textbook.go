package audit

import (
	"context"
	"fmt"
	"math"
	"math/big"
	"slices"

	"github.com/dpproxy/dpproxy/mechanism"
	"github.com/dpproxy/dpproxy/privacy"
	"github.com/dpproxy/dpproxy/rewrite"
)

// aim is a column of the answer of which the two true values are known: that of one group in each database, in the column's own
// unit, and the scales that Laplace noise may have there: that of its share, and that of the query's whole ε.
type aim struct {
	column int // from 0
	truth  [2]float64
	scales []float64
}

// maxAims bounds the groups that are aimed at.
const maxAims = 6

// aims lists the columns that are one noisy whole number each, where the unit makes a difference.
func aims(ctx context.Context, plan *rewrite.Plan, c claim, sides [2]*fixed) ([]aim, error) {
	var out []aim
	for column, s := range plan.Sources {
		if s.Block < 0 {
			continue
		}
		m := &plan.Blocks[s.Block]
		o := m.Outputs[s.Output]
		if o.Key >= 0 || o.Quantile != nil || o.Bound != "" || o.Estimator.Kind != mechanism.Linear || len(o.Estimator.Coef) != 1 {
			continue
		}
		spec := m.Specs[o.Estimator.Spec]
		if spec.Noise != mechanism.Laplace || spec.Share.Epsilon <= 0 {
			continue
		}
		var values [2]map[string][]*big.Int
		for i, side := range sides {
			var err error
			if values[i], err = side.numbers(ctx, m); err != nil {
				return nil, err
			}
		}
		place := o.Estimator.First
		if m.Units {
			place++
		}
		l1, _ := new(big.Float).SetInt(spec.L1).Float64()
		step, _ := o.Estimator.Coef[0].Float64()
		var scales []float64
		for _, epsilon := range []float64{float64(spec.Share.Epsilon) / privacy.EpsilonUnits, c.epsilon} {
			if scale := math.Abs(step) * l1 / epsilon; !slices.Contains(scales, scale) && !math.IsInf(scale, 1) {
				scales = append(scales, scale)
			}
		}
		for key := range union(values[0], values[1]) {
			x := aim{column: column, scales: scales}
			for i := range values {
				x.truth[i] = inColumn(o.Estimator, values[i][key], place)
			}
			if x.truth[0] != x.truth[1] && len(out) < maxAims {
				out = append(out, x)
			}
		}
	}
	return out, nil
}

// inColumn is what a group's true number is in the column; a group that is not there has nothing.
func inColumn(e mechanism.Estimator, numbers []*big.Int, place int) float64 {
	n := new(big.Int)
	if numbers != nil {
		n = numbers[place]
	}
	x := new(big.Rat).Mul(e.Coef[0], new(big.Rat).SetInt(n))
	if e.Offset != nil {
		x.Add(x, e.Offset)
	}
	f, _ := x.Float64()
	return f
}

func union(a, b map[string][]*big.Int) map[string]bool {
	out := map[string]bool{}
	for _, m := range []map[string][]*big.Int{a, b} {
		for k := range m {
			out[k] = true
		}
	}
	return out
}

// textbookEvents ask of each number whether textbook noise in floating point could have made it out of either true value: of the
// neighbours of a float only some are the sum of a given value and a float logarithm (Mironov 2012).
func textbookEvents(names []string, aims []aim) []event {
	var out []event
	for _, name := range names {
		var column int
		var row string
		if n, _ := fmt.Sscanf(name, "column %d of %s", &column, &row); n != 2 {
			continue
		}
		for _, x := range aims {
			if x.column != column-1 {
				continue
			}
			for _, truth := range x.truth {
				for _, scale := range x.scales {
					out = append(out, event{"reachable by noise in floating point", func(f features) bool {
						y, ok := f.numbers[name]
						return ok && reachable(y, truth, scale)
					}})
				}
			}
		}
	}
	return out
}

// reachable says whether y = truth ± scale·ln(u) in floats, for u a multiple of 2⁻⁵³ in (0, 1], as the inverse of the
// distribution function makes Laplace noise. Whether u is written as 1 − 2|v|, v in [−½, ½), makes no difference.
func reachable(y, truth, scale float64) bool {
	const grid, near = 1 << 53, 4 // near covers what exp rounds
	around := math.Round(math.Exp(-math.Abs(y-truth)/scale) * grid)
	for k := around - near; k <= around+near; k++ {
		if k < 1 || k > grid {
			continue
		}
		noise := scale * math.Log(k/grid)
		if truth+noise == y || truth-noise == y {
			return true
		}
	}
	return false
}
