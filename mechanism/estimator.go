package mechanism

import "math/big"

// EstimatorKind names a formula from noisy whole numbers to a published number.
type EstimatorKind string

// The formulas. y are the numbers of the estimator's group from First on.
const (
	// Linear: Σ Coef[i]·y[i].
	Linear EstimatorKind = "linear"
	// Mean: Lower + (Upper − Lower)·y[0]/(y[0]+y[1]), clamped to [Lower, Upper]; where y[0]+y[1] ≤ 0 the middle.
	Mean EstimatorKind = "mean"
	// Variance family of the Bernstein triple y = (Σ(G−s)², Σ2s(G−s), Σs²): n, Σs and Σs² are linear in it.
	VarPop     EstimatorKind = "var_pop"
	VarSamp    EstimatorKind = "var_samp"
	StddevPop  EstimatorKind = "stddev_pop"
	StddevSamp EstimatorKind = "stddev_samp"
)

// Estimator computes one published column of every group by post-processing alone; it costs nothing.
type Estimator struct {
	Kind  EstimatorKind
	Spec  int // which spec's numbers it reads
	First int // index of the spec's first number in NoisyGroup.Values
	// Coef are Linear's coefficients, one for each number of the spec.
	Coef []*big.Rat
	// Lower and Upper are the bounds of the value (not of s); Mean and the variances need them.
	Lower, Upper *big.Rat
}
