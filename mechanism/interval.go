package mechanism

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"strconv"
)

// ErrConfidence says that a confidence is not in (0, 1), or so near 1 that a float cannot tell.
var ErrConfidence = errors.New("mechanism: a confidence is more than 0 and less than 1")

// Intervals computes confidence intervals of one estimator for any number of groups. They are post-processing of noisy
// numbers: an interval holds, at least with its confidence, the value that the same formula gives on the true numbers
// (after clamping to bounds and bounding of contributions, neither of which an interval can know).
type Intervals struct {
	estimator Estimator
	half      *big.Rat   // Linear: the half width; variances: that of each number of the triple
	byShare   []*big.Rat // Mean: see ratioHalfWidths
	box       *planeBox  // the regression family: see planeBox
}

// Intervals prepares intervals for e, which reads spec's numbers. Safe for concurrent use.
func (e Estimator) Intervals(spec Spec, confidence float64) (*Intervals, error) {
	if err := checkInterval(e, spec, confidence); err != nil {
		return nil, err
	}
	iv := &Intervals{estimator: e}
	switch e.Kind {
	case Linear:
		weights := make([]float64, len(e.Coef))
		var only *big.Rat
		terms := 0
		for i, c := range e.Coef {
			weights[i] = toFloat(c)
			if c.Sign() != 0 {
				only = c
				terms++
			}
		}
		if terms == 1 { // exact: a whole number times the coefficient
			single := fromFloat(spec.singleHalfWidth(confidence))
			iv.half = single.Mul(single, new(big.Rat).Abs(only))
			break
		}
		iv.half = fromFloat(spec.halfWidth(weights, confidence))
	case Mean, MeanOfTriple:
		iv.byShare = ratioHalfWidths(spec, e.draws(), e.Kind == MeanOfTriple, confidence)
	default:
		if e.ofTwo() {
			iv.box = newPlaneBox(e, spec, confidence)
			break
		}
		iv.half = fromFloat(spec.halfWidth(ones(e.draws()), 1-(1-confidence)/3))
	}
	return iv, nil
}

// Interval is Intervals for a single group.
func (e Estimator) Interval(values []*big.Int, spec Spec, confidence float64) (low, high *big.Rat, err error) {
	iv, err := e.Intervals(spec, confidence)
	if err != nil {
		return nil, nil, err
	}
	low, high = iv.Bounds(values)
	return low, high, nil
}

// Bounds is the interval of one group; values are NoisyGroup.Values. It holds the estimate itself. Both ends are nil (NULL)
// where the estimate is nil, or nothing bounds it.
func (iv *Intervals) Bounds(values []*big.Int) (low, high *big.Rat) {
	e := iv.estimator
	y := values[e.First:]
	value := e.Value(values)
	if iv.box != nil {
		return iv.box.bounds(y, value)
	}
	if e.Plane != nil && e.Kind != Linear {
		y = e.Plane.marginal(y, e.Plane.Axis)
	}
	switch e.Kind {
	case Linear:
		return new(big.Rat).Sub(value, iv.half), new(big.Rat).Add(value, iv.half)
	case Mean, MeanOfTriple:
		low, high = iv.ratio(y)
		low, high = e.place(low), e.place(high)
	default:
		low, high = iv.variance(y)
	}
	if value.Cmp(low) < 0 {
		low = value
	}
	if value.Cmp(high) > 0 {
		high = value
	}
	return low, high
}

// shareCells is the number of cells into which [0, 1/2] is cut for ratioHalfWidths.
const shareCells = 16

// ratioHalfWidths gives, for a true share r in the cell [i, i+1]/(2·shareCells) or its mirror image, a half width of the noise
// (1−r)·A − r·B. For a pair it has the weights 1−r and r, for a triple 1−r, 1/2−r and r, each as often as a number is the
// sum of `draws` noisy ones. As r goes to 1/2 they become more even and do not grow (weak majorization), so that the cell's
// outer end bounds the cell: see smoothHalfWidth.
func ratioHalfWidths(spec Spec, draws int, triple bool, confidence float64) []*big.Rat {
	widths := make([]*big.Rat, shareCells)
	for i := range widths {
		r := math.Max(float64(i)/(2*shareCells), 1e-9) // a weight of 0 would be no term
		var weights []float64
		for range draws {
			weights = append(weights, 1-r, r)
			if triple {
				weights = append(weights, 0.5-r)
			}
		}
		widths[i] = fromFloat(spec.smoothHalfWidth(weights, confidence))
	}
	return widths
}

// ratio is Fieller's interval for r = A/(A+B), within [0, 1]: all r for which (1−r)·A − r·B, which is pure noise at the true
// share, is within that noise's half width. The set may have gaps; the interval is its hull. It is all of [0, 1] where the set is
// empty, as happens for groups of little more than noise.
func (iv *Intervals) ratio(y []*big.Int) (low, high *big.Rat) {
	a, b := iv.estimator.pair(y)
	n := new(big.Rat).Add(a, b)
	for cell := range 2 * shareCells {
		h := iv.byShare[min(cell, 2*shareCells-1-cell)]
		from, to := big.NewRat(int64(cell), 2*shareCells), big.NewRat(int64(cell)+1, 2*shareCells)
		// a − r·n in [−h, h] for r in [from, to].
		switch n.Sign() {
		case 0:
			if new(big.Rat).Abs(a).Cmp(h) > 0 {
				continue
			}
		default:
			x, z := new(big.Rat).Sub(a, h), new(big.Rat).Add(a, h)
			x.Quo(x, n)
			z.Quo(z, n)
			if n.Sign() < 0 {
				x, z = z, x
			}
			if x.Cmp(to) > 0 || z.Cmp(from) < 0 {
				continue
			}
			from, to = clamp(x, from, to), clamp(z, from, to)
		}
		if low == nil {
			low = from
		}
		high = to
	}
	if low == nil {
		return new(big.Rat), big.NewRat(1, 1)
	}
	return low, high
}

func checkInterval(e Estimator, spec Spec, confidence float64) error {
	if err := spec.Validate(); err != nil {
		return err
	}
	if err := e.Validate(spec); err != nil {
		return err
	}
	if !(confidence > 0 && confidence <= 1-1e-12) {
		return ErrConfidence
	}
	return nil
}

// fromFloat is the exact value of a float; noise beyond its range gets the largest.
func fromFloat(f float64) *big.Rat {
	r := new(big.Rat)
	r.SetFloat64(math.Min(f, math.MaxFloat64))
	return r
}

// HalfWidth is an expected error, known before any data is read.
type HalfWidth struct {
	Value float64
	// PerRow says that the half width is Value divided by the number of rows that count in the group.
	PerRow bool
}

// String prints it as plans do: "±3.2", "±1234/n".
func (h HalfWidth) String() string {
	text := "±" + strconv.FormatFloat(roundUp(h.Value), 'g', -1, 64)
	if h.PerRow {
		text += "/n"
	}
	return text
}

// roundUp keeps three digits.
func roundUp(x float64) float64 {
	if x == 0 || math.IsInf(x, 0) || math.IsNaN(x) {
		return x
	}
	text := fmt.Sprintf("%.2e", x)
	rounded, _ := strconv.ParseFloat(text, 64)
	if rounded < x*(1-1e-12) {
		next, _ := strconv.ParseFloat(fmt.Sprintf("1e%d", int(math.Floor(math.Log10(rounded)))-2), 64)
		rounded, _ = strconv.ParseFloat(fmt.Sprintf("%.2e", rounded+next), 64)
	}
	return rounded
}

// ExpectedHalfWidth is the half width that e's intervals will have at this confidence, before anything is measured.
//
//   - Linear: the number itself, the same for every group.
//   - Mean: c with half width ≈ c/n for a group of n rows, c = (U−L)·h/G, where h is the half width of one number of the pair. It is reached
//     for means near a bound; in the middle of the range it is about 0.7 of it.
//   - MeanOfTriple: the same with h that of y₂ + y₁/2, and G².
//   - VarPop, VarSamp: c = (U−L)²·h/G² likewise: the variance changes by at most that when one number of the triple moves by h.
//   - StddevPop, StddevSamp: the variance's c divided by 2σ at σ = (U−L)/4, as for values that fill their bounds evenly;
//     it is more for narrow distributions.
//   - The regression family: c likewise, by how much a number of the table that moves by h moves the covariance, or the
//     variances at σ = (U−L)/4; see plane.go.
func ExpectedHalfWidth(spec Spec, e Estimator, confidence float64) (HalfWidth, error) {
	iv, err := e.Intervals(spec, confidence)
	if err != nil {
		return HalfWidth{}, err
	}
	if e.Kind == Linear {
		return HalfWidth{Value: toFloat(iv.half)}, nil
	}
	if e.ofTwo() {
		return e.expectedOfTwo(spec, confidence), nil
	}
	h := spec.halfWidth(ones(e.draws()), confidence)
	if e.Kind == MeanOfTriple {
		var weights []float64
		for range e.draws() {
			weights = append(weights, 1, 0.5)
		}
		h = spec.halfWidth(weights, confidence)
	}
	c := h / toFloat(new(big.Rat).SetInt(e.Row))
	width := toFloat(new(big.Rat).Sub(e.Upper, e.Lower))
	switch e.Kind {
	case Mean, MeanOfTriple:
		c *= width
	case VarPop, VarSamp:
		c *= width * width
	default:
		c *= 2 * width
	}
	return HalfWidth{Value: c, PerRow: true}, nil
}
