package budget

import (
	"math"

	"github.com/dpproxy/dpproxy/privacy"
)

// tellEpsilon is privacy.EpsilonOf for people: the ε that ρ-zCDP amounts to at δ > 0 (Canonne, Kamath, Steinke 2020,
// Proposition 12, the smallest over α of αρ − (ln δ + ln(α−1) − α·ln(1−1/α))/(α−1)), in floating point, rounded up with
// room for its errors. Every answer tells a balance, and the exact function takes a hundred times as long. No charge
// is ever decided by it: a zcdp account counts ρ against privacy.MaxRho. More than can be told is math.MaxInt64.
func tellEpsilon(rho privacy.Rho, delta privacy.Delta) privacy.Epsilon {
	if rho <= 0 {
		return 0
	}
	r, logDelta := float64(rho)/privacy.RhoUnits, math.Log(float64(delta)/privacy.DeltaUnits)
	epsilon := func(logBeta float64) float64 { // β = α − 1
		beta := math.Exp(logBeta)
		return (1+beta)*r - (logDelta+logBeta+(1+beta)*math.Log1p(1/beta))/beta
	}
	// The best α of the simpler bound ρ + 2√(ρ ln(1/δ)) is near: search around it by ternary section.
	guess := 0.5 * math.Log(math.Max(-logDelta, 1e-3)/r)
	low, high := guess-8, guess+8
	for range 60 {
		a, b := low+(high-low)/3, high-(high-low)/3
		if epsilon(a) < epsilon(b) {
			high = b
		} else {
			low = a
		}
	}
	units := math.Ceil(epsilon((low+high)/2)*privacy.EpsilonUnits*(1+1e-9)) + 1
	switch {
	case units <= 0:
		return 0
	case units < math.MaxInt64:
		return privacy.Epsilon(units)
	}
	return math.MaxInt64
}
