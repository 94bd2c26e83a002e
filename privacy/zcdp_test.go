package privacy

import (
	"errors"
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
)

func TestSplitNeverExceedsTheWhole(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for range 2000 {
		whole := Loss{Epsilon(r.Int64() >> r.IntN(63)), Delta(r.Int64N(DeltaUnits)), Rho(r.Int64() >> r.IntN(63))}
		k := 1 + r.Int64N(50)
		share, sum := whole.Split(k), Loss{}
		for range k {
			var err error
			if sum, err = sum.Add(share); err != nil {
				t.Fatal(err)
			}
		}
		if sum.Epsilon > whole.Epsilon || sum.Delta > whole.Delta || sum.Rho > whole.Rho {
			t.Fatalf("%d shares of %v are %v", k, whole, sum)
		}
		if whole.Epsilon-sum.Epsilon >= Epsilon(k) || whole.Rho-sum.Rho >= Rho(k) || whole.Delta-sum.Delta >= Delta(k) {
			t.Fatalf("%d shares of %v waste %v", k, whole, sum)
		}
	}
	for _, k := range []int64{0, -1, math.MinInt64} {
		if got := (Loss{1, 2, 3}).Split(k); !got.IsZero() {
			t.Errorf("Split(%d) = %v", k, got)
		}
	}
}

func TestAddFailsOnOverflow(t *testing.T) {
	for _, c := range []Loss{{Epsilon: math.MaxInt64}, {Delta: math.MaxInt64}, {Rho: math.MaxInt64}, {Epsilon: -1}, {Delta: -1}, {Rho: -1}} {
		if sum, err := (Loss{1, 1, 1}).Add(c); !errors.Is(err, ErrOverflow) {
			t.Errorf("Add(%v) = %v, %v", c, sum, err)
		}
	}
}

func TestEpsilonAndRhoDirections(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	for range 5000 {
		e := Epsilon(r.Int64N(1e11) >> r.IntN(40))
		exact := new(big.Rat).Mul(e.Rat(), e.Rat())
		exact.Quo(exact, big.NewRat(2, 1))
		hi, err1 := EpsilonToRho(e)
		lo, err2 := EpsilonToRhoDown(e)
		if err1 != nil || err2 != nil || hi.Rat().Cmp(exact) < 0 || lo.Rat().Cmp(exact) > 0 || hi-lo > 1 {
			t.Fatalf("ε %v: ρ %v (up), %v (down), %v, %v", e, hi, lo, err1, err2)
		}
		share := Rho(r.Int64N(1e14) >> r.IntN(45))
		laplace, err := RhoToEpsilon(share)
		if err != nil {
			t.Fatal(err)
		}
		if cost, err := EpsilonToRho(laplace); err != nil || cost > share {
			t.Fatalf("a Laplace share of ρ %v costs %v, %v", share, cost, err)
		}
		if cost, err := EpsilonToRhoDown(laplace + 1); err != nil || cost < share {
			t.Fatalf("ρ %v would have paid for more than ε %v", share, laplace)
		}
		exponential, err := RhoToBoundedRange(share)
		if err != nil {
			t.Fatal(err)
		}
		if cost, err := BoundedRangeToRho(exponential); err != nil || cost > share {
			t.Fatalf("an exponential share of ρ %v costs %v, %v", share, cost, err)
		}
	}
	if _, err := EpsilonToRho(math.MaxInt64); !errors.Is(err, ErrOverflow) {
		t.Errorf("want ErrOverflow, got %v", err)
	}
	for _, err := range []error{second(EpsilonToRho(-1)), second(RhoToEpsilon(-1)), second(EpsilonOf(-1, 1)), second(EpsilonOf(1, 0)), second(MaxRho(-1, 1)), second(MaxRho(1, DeltaUnits+1))} {
		if !errors.Is(err, ErrOverflow) {
			t.Errorf("want ErrOverflow, got %v", err)
		}
	}
}

func second[T any](_ T, err error) error { return err }

// cksDelta is δ(ρ, ε) of Canonne–Kamath–Steinke 2020, Prop. 12, by brute force over α: independent of the code's search.
func cksDelta(rho, eps float64) float64 {
	best, at := 1.0, 0.0
	scan := func(from, to, step float64) {
		for x := from; x < to; x += step {
			b := math.Exp(x)
			a := 1 + b
			if d := math.Exp(b*(a*rho-eps) - math.Log(b) - a*math.Log1p(1/b)); d < best {
				best, at = d, x
			}
		}
	}
	scan(-12, 30, 0.001)
	scan(at-0.001, at+0.001, 1e-6)
	return best
}

func TestMaxRhoIsSafeAndTight(t *testing.T) {
	for _, c := range []struct{ eps, delta string }{
		{"1", "1e-6"}, {"0.1", "1e-9"}, {"10", "1e-5"}, {"3", "1e-12"}, {"0.01", "1e-6"}, {"100", "1e-9"}, {"1", "0.01"}, {"20", "1e-15"}, {"0.5", "0.5"},
	} {
		e, _ := ParseEpsilonDown(c.eps)
		d, _ := ParseDeltaDown(c.delta)
		rho, err := MaxRho(e, d)
		if err != nil {
			t.Fatal(err)
		}
		eps, delta, r := float64(e)/EpsilonUnits, float64(d)/DeltaUnits, float64(rho)/RhoUnits
		if got := cksDelta(r, eps); got > delta*(1+1e-8) {
			t.Errorf("MaxRho(%s, %s) = %v is not safe: δ %g", c.eps, c.delta, rho, got)
		}
		// One per cent more must leave the budget (a unit of ρ more, where that is the coarser step).
		if got := cksDelta(math.Max(r*1.01, r+1.0/RhoUnits), eps); got <= delta {
			t.Errorf("MaxRho(%s, %s) = %v wastes more than 1 %%", c.eps, c.delta, rho)
		}
		// The way back: what the account shows as spent when it is full is at most its ε, and close to it.
		back, err := EpsilonOf(rho, d)
		if err != nil || back > e || float64(back) < 0.99*float64(e)-2e5 {
			t.Errorf("EpsilonOf(MaxRho(%s, %s)) = %v, %v", c.eps, c.delta, back, err)
		}
	}
}

func TestMaxRhoAtTheEdges(t *testing.T) {
	for _, c := range []struct {
		e Epsilon
		d Delta
	}{{0, 1e9}, {1e9, 0}, {0, 0}} {
		if rho, err := MaxRho(c.e, c.d); rho != 0 || err != nil {
			t.Errorf("MaxRho(%v, %v) = %v, %v; want 0", c.e, c.d, rho, err)
		}
	}
	for _, c := range []struct {
		e Epsilon
		d Delta
	}{{1, 1}, {1, DeltaUnits}, {math.MaxInt64, 1}, {math.MaxInt64, DeltaUnits}} {
		rho, err := MaxRho(c.e, c.d)
		if err != nil || rho < 0 || Epsilon(rho) > c.e && c.d < DeltaUnits/2 {
			t.Errorf("MaxRho(%v, %v) = %v, %v", c.e, c.d, rho, err)
		}
	}
	if e, err := EpsilonOf(0, 0); e != 0 || err != nil {
		t.Errorf("EpsilonOf(0, 0) = %v, %v", e, err)
	}
	if e, err := EpsilonOf(math.MaxInt64, 1); !errors.Is(err, ErrOverflow) {
		t.Errorf("EpsilonOf(max) = %v, %v", e, err)
	}
}

// More budget never allows less.
func TestMaxRhoMonotone(t *testing.T) {
	var before Rho
	for e := Epsilon(1e6); e < 1e12; e = e*11/10 + 1 {
		rho, err := MaxRho(e, 1e9)
		if err != nil || rho < before {
			t.Fatalf("MaxRho(%v) = %v after %v, %v", e, rho, before, err)
		}
		before = rho
	}
	if before == 0 {
		t.Fatal("MaxRho is always 0")
	}
}

func TestNaturalLog(t *testing.T) {
	for _, x := range []float64{1e-18, 1e-9, 0.1, 0.5, 0.7499, 0.75, 1, 1.4999, 1.5, 2, 3, 1e6, 1e18, 1 + 1e-12} {
		got, _ := naturalLog(newFloat().SetFloat64(x), logOfTwo()).Float64()
		if want := math.Log(x); math.Abs(got-want) > 1e-15*(1+math.Abs(want)) {
			t.Errorf("ln %g = %g, want %g", x, got, want)
		}
	}
	// ln(ab) = ln a + ln b to the precision that the slack relies on.
	a, b := newFloat().SetFloat64(1e-18), newFloat().SetFloat64(12345.678)
	diff := naturalLog(newFloat().Mul(a, b), logOfTwo())
	diff.Sub(diff, naturalLog(a, logOfTwo())).Sub(diff, naturalLog(b, logOfTwo()))
	if diff.Sign() != 0 && diff.MantExp(nil) > -170 {
		t.Errorf("ln(ab) − ln a − ln b = %g", diff)
	}
}

func BenchmarkMaxRho(b *testing.B) {
	for b.Loop() {
		if _, err := MaxRho(1e9, 1e12); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkEpsilonOf(b *testing.B) {
	for b.Loop() {
		if _, err := EpsilonOf(1e7, 1e12); err != nil {
			b.Fatal(err)
		}
	}
}
