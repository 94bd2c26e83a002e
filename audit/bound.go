package audit

import (
	"math"

	"github.com/dpproxy/dpproxy/privacy"
)

// claim is what a query promises: (ε, δ), or ρ and δ in a zcdp account. ε is then √(2ρ).
type claim struct {
	epsilon, delta float64
	zcdp           bool
}

func claimOf(loss privacy.Loss, accountant privacy.Accountant) claim {
	c := claim{epsilon: float64(loss.Epsilon) / privacy.EpsilonUnits, delta: float64(loss.Delta) / privacy.DeltaUnits}
	if accountant == privacy.ZCDP {
		c.zcdp = true
		c.epsilon = math.Sqrt(2 * float64(loss.Rho) / privacy.EpsilonUnits)
	}
	return c
}

// proves is the ε that an event proves: it has at least probability low in one database and at most high in the other.
//
// (ε, δ): low ≤ e^ε·high + δ. (ρ, δ)-zCDP: post-processed to the event, both databases give coins whose Rényi divergence of
// every order α > 1 is at most ρα; the event's share of δ is taken off first.
func (c claim) proves(low, high float64) float64 {
	if low -= c.delta; low <= 0 || low <= high {
		return 0
	}
	if !c.zcdp {
		return math.Log(low / high)
	}
	high = min(high+c.delta, 1)
	rho := 0.0
	for _, alpha := range []float64{1.001, 1.25, 1.5, 2, 3, 5, 8, 13, 21, 34, 55} {
		if d := divergence(alpha, low, high); d/alpha > rho {
			rho = d / alpha
		}
	}
	return math.Sqrt(2 * rho)
}

// divergence is the Rényi divergence of order α of a coin that shows heads with probability p from one with q < p.
func divergence(alpha, p, q float64) float64 {
	term := func(p, q float64) float64 {
		switch {
		case p <= 0:
			return math.Inf(-1)
		case q <= 0:
			return math.Inf(1)
		}
		return alpha*math.Log(p) + (1-alpha)*math.Log(q)
	}
	a, b := term(p, q), term(1-p, 1-q)
	top := max(a, b)
	return (top + math.Log(math.Exp(a-top)+math.Exp(b-top))) / (alpha - 1)
}

// lower and upper are the Clopper–Pearson bounds for k of n: each is wrong with probability at most odds.
func lower(k, n int, odds float64) float64 {
	if k == 0 {
		return 0
	}
	return bisect(func(p float64) bool { return tail(k, n, p) < odds })
}

func upper(k, n int, odds float64) float64 { return 1 - lower(n-k, n, odds) }

// bisect finds the largest p in [0, 1] for which ok holds, from below.
func bisect(ok func(p float64) bool) float64 {
	lo, hi := 0.0, 1.0
	for range 60 {
		if mid := (lo + hi) / 2; ok(mid) {
			lo = mid
		} else {
			hi = mid
		}
	}
	return lo
}

// tail is P(X ≥ k) for X binomial(n, p), 0 < p < 1.
func tail(k, n int, p float64) float64 {
	logP, logQ := math.Log(p), math.Log1p(-p)
	choose := func(i int) float64 {
		a, _ := math.Lgamma(float64(n + 1))
		b, _ := math.Lgamma(float64(i + 1))
		c, _ := math.Lgamma(float64(n - i + 1))
		return a - b - c
	}
	sum := 0.0
	for i := k; i <= n; i++ {
		term := math.Exp(choose(i) + float64(i)*logP + float64(n-i)*logQ)
		sum += term
		if term < sum*1e-18 && float64(i) > float64(n)*p {
			break
		}
	}
	return sum
}
