package mechanism

import (
	"errors"
	"fmt"
	"math/big"
)

// EstimatorKind names a formula from noisy whole numbers to a published number.
type EstimatorKind string

// The formulas. y are the numbers of the estimator's group from First on.
const (
	// Linear: Offset + Σ Coef[i]·y[i].
	Linear EstimatorKind = "linear"
	// Mean: Lower + (Upper − Lower)·y[0]/(y[0]+y[1]), clamped to [Lower, Upper]; where y[0]+y[1] ≤ 0 the middle.
	Mean EstimatorKind = "mean"
	// MeanOfTriple: the same of a = y[1]/2 + y[2] and b = y[0] + y[1]/2, which are Σs·G and Σ(G−s)·G.
	MeanOfTriple EstimatorKind = "mean of triple"
	// Variance family of the Bernstein triple y = (Σ(G−s)², Σ2s(G−s), Σs²): n, Σs and Σs² are linear in it.
	VarPop     EstimatorKind = "var_pop"
	VarSamp    EstimatorKind = "var_samp"
	StddevPop  EstimatorKind = "stddev_pop"
	StddevSamp EstimatorKind = "stddev_samp"
	// The regression family of two columns, over a Plane: see plane.go. SumSquares is Σ(x−x̄)² of the plane's Axis.
	CovarPop    EstimatorKind = "covar_pop"
	CovarSamp   EstimatorKind = "covar_samp"
	Corr        EstimatorKind = "corr"
	Slope       EstimatorKind = "slope"
	Intercept   EstimatorKind = "intercept"
	RSquared    EstimatorKind = "r2"
	SumProducts EstimatorKind = "sum of products"
	SumSquares  EstimatorKind = "sum of squares"
)

// Estimator computes one published column of every group by post-processing alone; it costs nothing.
type Estimator struct {
	Kind  EstimatorKind
	Spec  int // which spec's numbers it reads
	First int // index of the spec's first number in NoisyGroup.Values
	// Coef are Linear's coefficients, one for each number of the spec.
	Coef []*big.Rat
	// Offset is added to a Linear estimate; nil is 0.
	Offset *big.Rat
	// Lower and Upper are the bounds of the value (not of s); Mean and the variances need them.
	Lower, Upper *big.Rat
	// Row is what one row adds to the sum of the spec's numbers: G for Mean's pair, G² for the triple. The sample
	// variances need it, because they divide by the number of rows less one, and so does ExpectedHalfWidth for
	// everything but Linear. Linear leaves it nil.
	Row *big.Int
	// Plane, if not nil, says that the numbers are a table over two columns. Means and variances are then those of its
	// Axis, and Lower and Upper the bounds of that column.
	Plane *Plane
}

// Validate tells what makes e impossible to compute from spec. Its errors hold the query's shape only.
func (e Estimator) Validate(spec Spec) error {
	if e.Plane != nil && e.Kind != Linear {
		return e.validatePlane(spec)
	}
	width := 0
	switch e.Kind {
	case Linear:
		width = len(e.Coef)
		for _, c := range e.Coef {
			if c == nil {
				return errors.New("mechanism: a linear estimator lacks a coefficient")
			}
		}
	case Mean:
		width = 2
	case MeanOfTriple, VarPop, VarSamp, StddevPop, StddevSamp:
		width = 3
	default:
		return fmt.Errorf("mechanism: unknown estimator %q", e.Kind)
	}
	switch {
	case width < 1 || width != spec.Width || e.First < 0:
		return fmt.Errorf("mechanism: estimator %q does not fit the %d numbers of %q", e.Kind, spec.Width, spec.Name)
	case e.Kind == Linear:
		return nil
	case e.Lower == nil || e.Upper == nil || e.Lower.Cmp(e.Upper) > 0:
		return fmt.Errorf("mechanism: estimator %q needs bounds", e.Kind)
	case e.Row == nil || e.Row.Sign() < 1:
		return fmt.Errorf("mechanism: estimator %q needs what a row adds", e.Kind)
	}
	return nil
}

// Value is the published number of a group: values are NoisyGroup.Values. It is post-processing of noisy numbers, total for
// any values of the right number: never an error, and within what is possible for the bounds. It is nil (NULL) only for a
// slope, an intercept, a correlation or R² where no variance is to be seen, as in PostgreSQL. Only for an estimator that
// Validate accepts.
func (e Estimator) Value(values []*big.Int) *big.Rat {
	y := values[e.First:]
	if e.Plane != nil && e.Kind != Linear {
		if e.ofTwo() {
			return e.regression(y)
		}
		y = e.Plane.marginal(y, e.Plane.Axis)
	}
	switch e.Kind {
	case Linear:
		return e.linear(y)
	case Mean, MeanOfTriple:
		return e.mean(y)
	case StddevPop, StddevSamp:
		return squareRoot(e.variance(y), down)
	default:
		return e.variance(y)
	}
}

func (e Estimator) linear(y []*big.Int) *big.Rat {
	sum, term := new(big.Rat), new(big.Rat)
	for i, c := range e.Coef {
		sum.Add(sum, term.Mul(c, new(big.Rat).SetInt(y[i])))
	}
	if e.Offset != nil {
		sum.Add(sum, e.Offset)
	}
	return sum
}

// pair is Σs and Σ(G−s) plus noise, each unbiased.
func (e Estimator) pair(y []*big.Int) (a, b *big.Rat) {
	if e.Kind == Mean {
		return new(big.Rat).SetInt(y[0]), new(big.Rat).SetInt(y[1])
	}
	half := new(big.Rat).SetFrac(y[1], big.NewInt(2))
	return new(big.Rat).Add(half, new(big.Rat).SetInt(y[2])), half.Add(half, new(big.Rat).SetInt(y[0]))
}

// mean is the ratio of two noisy numbers; their sum is N = n·G (of a triple n·G²) plus noise.
func (e Estimator) mean(y []*big.Int) *big.Rat {
	a, b := e.pair(y)
	total := b.Add(a, b)
	share := big.NewRat(1, 2) // nothing is known
	if total.Sign() > 0 {
		share = clamp(new(big.Rat).Quo(a, total), new(big.Rat), big.NewRat(1, 1))
	}
	return e.place(share)
}

// place takes a share in [0, 1] to the value's bounds.
func (e Estimator) place(share *big.Rat) *big.Rat {
	value := new(big.Rat).Sub(e.Upper, e.Lower)
	value.Mul(value, share)
	return value.Add(value, e.Lower)
}

// variance reads the triple as moments of the normalised value: with T = y₀+y₁+y₂, E s = (y₁/2 + y₂)/T and E s² = y₂/T.
// Both are clamped to what is possible for s in [0, 1]: E s ∈ [0, 1], (E s)² ≤ E s² ≤ E s. Where T ≤ 0 nothing is known, and the
// variance is the middle of its range, [0, (U−L)²/4].
func (e Estimator) variance(y []*big.Int) *big.Rat {
	total := new(big.Int).Add(y[0], y[1])
	total.Add(total, y[2])
	v := normalVariance(y, total)
	v.Mul(v, e.range2())
	if e.Kind == VarSamp || e.Kind == StddevSamp {
		v.Mul(v, e.bessel(new(big.Rat).SetInt(total)))
	}
	return v
}

// normalVariance is the variance of s in [0, 1]; total is the triple's sum.
func normalVariance(y []*big.Int, total *big.Int) *big.Rat {
	if total.Sign() <= 0 {
		return big.NewRat(1, 8)
	}
	first := new(big.Int).Lsh(y[2], 1)
	mean := new(big.Rat).SetFrac(first.Add(first, y[1]), new(big.Int).Lsh(total, 1))
	mean = clamp(mean, new(big.Rat), big.NewRat(1, 1))
	square := new(big.Rat).Mul(mean, mean)
	second := clamp(new(big.Rat).SetFrac(y[2], total), square, mean)
	return second.Sub(second, square)
}

// range2 is (U − L)².
func (e Estimator) range2() *big.Rat {
	r := new(big.Rat).Sub(e.Upper, e.Lower)
	return r.Mul(r, r)
}

// bessel is n/(n−1) with n = total/Row, for n ≥ 2; below it is 2, the most that a sample with a variance can have.
func (e Estimator) bessel(total *big.Rat) *big.Rat {
	n := new(big.Rat).Quo(total, new(big.Rat).SetInt(e.Row))
	two := big.NewRat(2, 1)
	if n.Cmp(two) <= 0 {
		return two
	}
	return n.Quo(n, new(big.Rat).Sub(n, big.NewRat(1, 1)))
}

func clamp(x, lower, upper *big.Rat) *big.Rat {
	if x.Cmp(lower) < 0 {
		return new(big.Rat).Set(lower)
	}
	if x.Cmp(upper) > 0 {
		return new(big.Rat).Set(upper)
	}
	return x
}

// rootDigits is the number of decimal digits that a root has after the point.
const rootDigits = 30

// rounding says on which side of the exact value a rounded one lies.
type rounding bool

const (
	down rounding = false
	up   rounding = true
)

// squareRoot is √x for x ≥ 0 to rootDigits decimal digits, by the root of whole numbers.
func squareRoot(x *big.Rat, r rounding) *big.Rat {
	unit := new(big.Int).Exp(big.NewInt(10), big.NewInt(rootDigits), nil)
	scaled := new(big.Int).Mul(x.Num(), unit)
	scaled.Mul(scaled, unit)
	rest := new(big.Int)
	scaled.QuoRem(scaled, x.Denom(), rest)
	root := new(big.Int).Sqrt(scaled)
	if r == up && (rest.Sign() > 0 || new(big.Int).Mul(root, root).Cmp(scaled) < 0) {
		root.Add(root, big.NewInt(1))
	}
	return new(big.Rat).SetFrac(root, unit)
}
