package mechanism

import (
	"errors"
	"math"
	"math/big"
	"testing"

	"github.com/dpproxy/dpproxy/privacy"
	"github.com/google/differential-privacy/go/v3/noise"
)

func TestExpBounds(t *testing.T) {
	for _, text := range []string{"0", "1e-40", "1e-9", "1/3", "1", "2", "10", "41.5", "700", "100000", "1048576", "1048577", "1e30"} {
		x := rat(text)
		lo, hi := expBounds(x)
		if lo.Cmp(hi) > 0 {
			t.Errorf("exp(−%s): bounds cross", text)
		}
		want := math.Exp(-float(x))
		l, _ := lo.Float64()
		h, _ := hi.Float64()
		if l > want*(1+1e-13) || h < want*(1-1e-13) {
			t.Errorf("exp(−%s) in [%g, %g], want %g", text, l, h, want)
		}
		if x.Cmp(rat("1048576")) <= 0 {
			gap := new(big.Float).Sub(hi, lo)
			if gap.Quo(gap, hi); gap.Sign() != 0 && gap.MantExp(nil) > -250 {
				t.Errorf("exp(−%s): relative gap %g", text, gap)
			}
		}
		// exp(−x)·exp(−2x) = exp(−3x): the bounds agree far beyond a float's digits.
		lo2, hi2 := expBounds(new(big.Rat).Mul(x, rat("2")))
		lo3, hi3 := expBounds(new(big.Rat).Mul(x, rat("3")))
		if floorFloat().Mul(lo, lo2).Cmp(hi3) > 0 || ceilFloat().Mul(hi, hi2).Cmp(lo3) < 0 {
			t.Errorf("exp(−%s)·exp(−2·%s) and exp(−3·%s) contradict", text, text, text)
		}
	}
}

// bruteTail is P(X ≥ k) summed term by term.
func bruteTail(f func(x float64) float64, k, reach int) float64 {
	tail, total := 0.0, 0.0
	for x := -reach; x <= reach; x++ {
		total += f(float64(x))
	}
	for x := reach; x >= k; x-- {
		tail += f(float64(x))
	}
	return tail / total
}

func TestThresholdLaplaceIsTheSmallest(t *testing.T) {
	for _, c := range []struct {
		b             string
		bound, groups int64
		delta         string
	}{
		{"1", 1, 1, "1e-6"}, {"1/3", 1, 1, "1e-9"}, {"2", 1, 2, "1e-6"}, {"10", 5, 2, "1e-9"}, {"30", 1, 30, "1e-12"},
		{"100/7", 3, 1, "1e-5"}, {"1", 1, 1, "0.1"}, {"1/20", 1, 1, "1e-6"}, {"4", 1, 4, "1e-18"}, {"1", 1, 1, "0.9"},
	} {
		delta, _ := privacy.ParseDeltaDown(c.delta)
		tau, err := ThresholdLaplace(rat(c.b), c.bound, delta, c.groups)
		if err != nil {
			t.Fatal(err)
		}
		b, p := float(rat(c.b)), float(rat(c.delta))/float64(c.groups)
		f := func(x float64) float64 { return math.Exp(-math.Abs(x) / b) }
		reach := int(60*b) + 10
		if got := bruteTail(f, int(tau-c.bound), reach); got > p*(1+1e-9) {
			t.Errorf("b %s, δ %s: τ %d shows a group with probability %g > %g", c.b, c.delta, tau, got, p)
		}
		if got := bruteTail(f, int(tau-1-c.bound), reach); got <= p*(1-1e-9) && tau > c.bound+1 {
			t.Errorf("b %s, δ %s: τ %d is not the smallest, %d would do (%g)", c.b, c.delta, tau, tau-1, got)
		}
	}
}

func TestThresholdGaussianIsSafeAndClose(t *testing.T) {
	for _, c := range []struct {
		variance      string
		bound, groups int64
		delta         string
	}{
		{"1/25", 1, 1, "1e-9"}, {"1/2", 1, 1, "1e-6"}, {"1", 1, 1, "1e-6"}, {"4", 1, 3, "1e-6"}, {"100", 5, 2, "1e-9"}, {"1000000", 1, 30, "1e-12"},
		{"1000000/7", 3, 1, "1e-5"}, {"250000", 1, 1, "1e-18"},
	} {
		delta, _ := privacy.ParseDeltaDown(c.delta)
		tau, err := ThresholdGaussian(rat(c.variance), c.bound, delta, c.groups)
		if err != nil {
			t.Fatal(err)
		}
		v, p := float(rat(c.variance)), float(rat(c.delta))/float64(c.groups)
		sigma := math.Sqrt(v)
		f := func(x float64) float64 { return math.Exp(-x * x / (2 * v)) }
		reach := int(40*sigma) + 10
		if got := bruteTail(f, int(tau-c.bound), reach); got > p*(1+1e-9) {
			t.Errorf("σ² %s, δ %s: τ %d shows a group with probability %g > %g", c.variance, c.delta, tau, got, p)
		}
		waste := 1 + int(sigma/1000)
		if got := bruteTail(f, int(tau-c.bound)-waste, reach); got <= p {
			t.Errorf("σ² %s, δ %s: τ %d is more than %d too large", c.variance, c.delta, tau, waste)
		}
	}
	// Beyond sums: the normal distribution, for steps that fit 32 bits and that do not.
	for _, sigma := range []float64{1e5, 12345678, 1e9, 1e12, 1e18} {
		for _, text := range []string{"1e-9", "1e-5", "0.01", "1e-18"} {
			delta, _ := privacy.ParseDeltaDown(text)
			tau, err := ThresholdGaussian(new(big.Rat).SetFloat64(sigma*sigma), 1, delta, 1)
			if err != nil {
				t.Fatal(err)
			}
			z, p := float64(tau-1)/sigma, float(rat(text))
			if got := 0.5 * math.Erfc((z-0.5/sigma)/math.Sqrt2); got > p*(1+1e-9) {
				t.Errorf("σ %g, δ %s: tail %g", sigma, text, got)
			}
			if got := 0.5 * math.Erfc((z-0.001)/math.Sqrt2); got <= p {
				t.Errorf("σ %g, δ %s: τ = %g·σ is too large", sigma, text, z)
			}
		}
	}
}

// For scales at which the discreteness does not matter, Google's library has the same thresholds; it is continuous, and
// takes 1 − (1−δ)^(1/L0) where δ is large and the union bound, as here, where it is small.
func TestThresholdAgreesWithGoogle(t *testing.T) {
	for _, c := range []struct {
		groups, bound int64
		epsilon       float64
		delta         string
	}{{1, 1, 1e-3, "1e-6"}, {5, 1, 1e-3, "1e-9"}, {20, 7, 1e-2, "1e-12"}, {1, 100, 1e-2, "1e-5"}} {
		delta, _ := privacy.ParseDeltaDown(c.delta)
		b := new(big.Rat).SetFloat64(float64(c.groups*c.bound) / c.epsilon)
		tau, err := ThresholdLaplace(b, c.bound, delta, c.groups)
		if err != nil {
			t.Fatal(err)
		}
		theirs, err := noise.Laplace().Threshold(c.groups, float64(c.bound), c.epsilon, 0, float(rat(c.delta)))
		if err != nil {
			t.Fatal(err)
		}
		// Ours is a whole number at least as large, but for the half unit by which discrete noise is narrower.
		if diff := float64(tau) - theirs; diff < -1 || diff > 1.5+1e-6*theirs {
			t.Errorf("L0 %d, m %d, ε %g, δ %s: τ = %d, Google's %g", c.groups, c.bound, c.epsilon, c.delta, tau, theirs)
		}
	}
}

func TestThresholdMonotone(t *testing.T) {
	delta, _ := privacy.ParseDeltaDown("1e-6")
	var lastL, lastG int64
	for _, scale := range []string{"1/10", "1", "2", "5", "128", "129", "1000", "65536", "1e6", "1e12"} {
		l, err1 := ThresholdLaplace(rat(scale), 1, delta, 1)
		g, err2 := ThresholdGaussian(new(big.Rat).Mul(rat(scale), rat(scale)), 1, delta, 1)
		if err1 != nil || err2 != nil || l < lastL || g < lastG || l < 2 || g < 2 {
			t.Errorf("scale %s: Laplace %d after %d, Gaussian %d after %d (%v, %v)", scale, l, lastL, g, lastG, err1, err2)
		}
		lastL, lastG = l, g
	}
}

func TestThresholdRefuses(t *testing.T) {
	for _, c := range []struct {
		scale         *big.Rat
		bound, groups int64
		delta         privacy.Delta
	}{
		{rat("1"), 1, 1, 0}, {rat("1"), 1, 1, -1}, {rat("1"), 0, 1, 1}, {rat("1"), 1, 0, 1}, {rat("0"), 1, 1, 1}, {nil, 1, 1, 1},
		{rat("1"), 1, 1, privacy.DeltaUnits + 1}, {rat("1e19"), 1, 1, 1e9}, {rat("1e39"), 1, 1, 1e9},
	} {
		if tau, err := ThresholdLaplace(c.scale, c.bound, c.delta, c.groups); !errors.Is(err, ErrThreshold) {
			t.Errorf("ThresholdLaplace(%v, %d, %d, %d) = %d, %v", c.scale, c.bound, c.delta, c.groups, tau, err)
		}
		if tau, err := ThresholdGaussian(c.scale, c.bound, c.delta, c.groups); !errors.Is(err, ErrThreshold) && (c.scale == nil || c.scale.Cmp(rat("1e19")) != 0) {
			t.Errorf("ThresholdGaussian(%v, %d, %d, %d) = %d, %v", c.scale, c.bound, c.delta, c.groups, tau, err)
		}
	}
}

// The optimal rule against its definition, unit by unit, in exact arithmetic on the returned probabilities: neither
// keeping nor dropping changes by more than (ε, δ) allows, and no rule could keep more than a hair more.
func TestOptimalSelection(t *testing.T) {
	for _, c := range []struct{ epsilon, delta string }{
		{"1", "1e-6"}, {"0.1", "1e-9"}, {"0.5", "0.01"}, {"3", "1e-12"}, {"1/30", "1e-7"}, {"10", "1e-5"}, {"60", "1e-5"}, {"0", "0.01"}, {"1", "0.9"}, {"1", "1"},
	} {
		e, d := rat(c.epsilon), rat(c.delta)
		o := newOptimal(e, d)
		if o.probability(0).Sign() != 0 || o.probability(-5).Sign() != 0 {
			t.Fatal("an empty group is kept")
		}
		grow := new(big.Rat)
		lo, _ := expBounds(e)
		lo.Quo(floorFloat().SetInt64(1), new(big.Float).SetPrec(400).Set(lo)) // e^ε from above by a hair
		grow, _ = lo.Rat(nil)
		one, hair := rat("1"), rat("1e-60")
		ideal, n := 0.0, int64(0)
		for before := o.probability(0); ; n++ {
			p := o.probability(n + 1)
			if p.Cmp(before) < 0 || p.Cmp(one) > 0 {
				t.Fatalf("ε %s: π(%d) = %v after %v", c.epsilon, n+1, p.FloatString(20), before.FloatString(20))
			}
			most := new(big.Rat).Mul(grow, before)
			most.Add(most, d)
			if p.Cmp(most) > 0 {
				t.Fatalf("ε %s, δ %s: π(%d) grows too fast", c.epsilon, c.delta, n+1)
			}
			// 1 − π(n) ≤ e^ε·(1 − π(n+1)) + δ
			drop := new(big.Rat).Sub(one, p)
			drop.Mul(drop, grow).Add(drop, d).Add(drop, hair)
			if new(big.Rat).Sub(one, before).Cmp(drop) > 0 {
				t.Fatalf("ε %s, δ %s: 1 − π(%d) falls too fast", c.epsilon, c.delta, n+1)
			}
			eps, delta := math.Min(float(e), 50), float(d)
			ideal = math.Min(math.Min(math.Exp(eps)*ideal+delta, 1-math.Exp(-eps)*(1-ideal-delta)), 1)
			if got := float(p); math.Abs(got-ideal) > 1e-9*ideal+1e-13 {
				t.Fatalf("ε %s, δ %s: π(%d) = %g, want %g", c.epsilon, c.delta, n+1, got, ideal)
			}
			if p.Cmp(one) == 0 || n > 3000 {
				break
			}
			before = p
		}
		if o.probability(o.full).Cmp(one) != 0 || o.probability(math.MaxInt64).Cmp(one) != 0 {
			t.Errorf("ε %s: large groups are not always kept", c.epsilon)
		}
	}
}

// Tiny amounts do not hang or break.
func TestOptimalAtTheEdges(t *testing.T) {
	for _, c := range []struct{ epsilon, delta string }{{"1e-18", "1e-27"}, {"1e-9", "1e-18"}, {"0", "1e-27"}, {"9e9", "1e-18"}} {
		o := newOptimal(rat(c.epsilon), rat(c.delta))
		p := o.probability(1)
		if p.Cmp(rat(c.delta)) > 0 || p.Sign() <= 0 {
			t.Errorf("ε %s: π(1) = %g", c.epsilon, float(p))
		}
	}
}

func BenchmarkThreshold(b *testing.B) {
	b.Run("laplace", func(b *testing.B) {
		for b.Loop() {
			if _, err := ThresholdLaplace(rat("30"), 1, 1e9, 3); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("gaussian", func(b *testing.B) {
		for b.Loop() {
			if _, err := ThresholdGaussian(rat("9e6"), 1, 1e9, 3); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("optimal", func(b *testing.B) {
		for b.Loop() {
			newOptimal(rat("1/3"), rat("1e-9")).probability(40)
		}
	})
}
