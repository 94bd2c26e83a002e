package mechanism

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/dpproxy/dpproxy/mechanism/mechanismtest"
	"github.com/google/differential-privacy/go/v3/noise"
)

func ints(values ...int64) []*big.Int {
	out := make([]*big.Int, len(values))
	for i, v := range values {
		out[i] = big.NewInt(v)
	}
	return out
}

// bernstein gives the pair and the triple of whole numbers s in [0, g].
func bernstein(g int64, s []int64) (pair, triple []*big.Int) {
	var a, b, t0, t1, t2 int64
	for _, x := range s {
		a, b = a+x, b+g-x
		t0, t1, t2 = t0+(g-x)*(g-x), t1+2*x*(g-x), t2+x*x
	}
	return ints(a, b), ints(t0, t1, t2)
}

func estimator(kind EstimatorKind, lower, upper string, row int64) Estimator {
	return Estimator{Kind: kind, Lower: rat(lower), Upper: rat(upper), Row: big.NewInt(row)}
}

// On true numbers the estimators are the textbook's formulas.
func TestEstimatorsOnTrueNumbers(t *testing.T) {
	s := []int64{0, 3, 17, 40, 99, 100, 55, 55} // x = 20 + s/2, bounds [20, 70], G = 100
	pair, triple := bernstein(100, s)
	mean, squares, n := 0.0, 0.0, float64(len(s))
	for _, v := range s {
		mean += (20 + float64(v)/2) / n
	}
	for _, v := range s {
		squares += (20 + float64(v)/2 - mean) * (20 + float64(v)/2 - mean)
	}
	for _, c := range []struct {
		e    Estimator
		y    []*big.Int
		want float64
	}{
		{estimator(Mean, "20", "70", 100), pair, mean}, {estimator(MeanOfTriple, "20", "70", 10_000), triple, mean},
		{estimator(VarPop, "20", "70", 10_000), triple, squares / n},
		{estimator(VarSamp, "20", "70", 10_000), triple, squares / (n - 1)},
		{estimator(StddevPop, "20", "70", 10_000), triple, math.Sqrt(squares / n)},
		{estimator(StddevSamp, "20", "70", 10_000), triple, math.Sqrt(squares / (n - 1))},
		{Estimator{Kind: Linear, Coef: []*big.Rat{rat("1/100"), rat("1/100")}}, pair, n},
		{Estimator{Kind: Linear, Coef: []*big.Rat{rat("70/100"), rat("20/100")}}, pair, mean * n}, // sum(x) = U·A + L·B over G
	} {
		if got := float(c.e.Value(c.y)); math.Abs(got-c.want) > 1e-9*(1+math.Abs(c.want)) {
			t.Errorf("%s: %v, want %v", c.e.Kind, got, c.want)
		}
	}
	// First tells where in the group's numbers the spec's begin.
	shifted := estimator(Mean, "20", "70", 100)
	shifted.First = 2
	if got := float(shifted.Value(append(ints(7, 7), pair...))); math.Abs(got-mean) > 1e-9 {
		t.Errorf("with First 2: %v, want %v", got, mean)
	}
}

// Whatever the noise does, a mean is within its bounds and a variance within what is possible.
func TestEstimatorsAreTotal(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	big1 := new(big.Int).Lsh(big.NewInt(1), 200)
	for range 20_000 {
		y := ints(r.Int64N(2001)-1000, r.Int64N(2001)-1000, r.Int64N(2001)-1000)
		switch r.IntN(10) {
		case 0:
			y = ints(0, 0, 0)
		case 1:
			y[r.IntN(3)].Set(big1)
		case 2:
			y[r.IntN(3)].Neg(big1)
		case 3:
			y[1] = new(big.Int).Neg(y[0])
		}
		for _, c := range []struct {
			kind EstimatorKind
			most string // for bounds [−3, 7]
		}{{VarPop, "25"}, {VarSamp, "50"}, {StddevPop, "5"}, {StddevSamp, "7.0710678118654755"}} {
			v := estimator(c.kind, "-3", "7", 4).Value(y)
			if v.Sign() < 0 || v.Cmp(rat(c.most)) > 0 {
				t.Fatalf("%s of %v is %v", c.kind, y, v)
			}
		}
		for _, m := range []*big.Rat{estimator(Mean, "-3", "7", 4).Value(y[:2]), estimator(MeanOfTriple, "-3", "7", 4).Value(y)} {
			if m.Cmp(rat("-3")) < 0 || m.Cmp(rat("7")) > 0 {
				t.Fatalf("mean of %v is %v", y, m)
			}
		}
	}
	if m := estimator(Mean, "-3", "7", 4).Value(ints(5, -5)); m.Cmp(rat("2")) != 0 {
		t.Errorf("mean of nothing is %v, want the middle", m)
	}
	if m := estimator(Mean, "3", "3", 4).Value(ints(5, 1)); m.Cmp(rat("3")) != 0 {
		t.Errorf("mean within [3, 3] is %v", m)
	}
}

func TestEstimatorValidate(t *testing.T) {
	pair, triple, one := countSpec(1, 1e9), countSpec(1, 1e9), countSpec(1, 1e9)
	pair.Width, triple.Width = 2, 3
	for _, c := range []struct {
		e    Estimator
		spec Spec
		ok   bool
	}{
		{estimator(Mean, "0", "1", 1), pair, true}, {estimator(Mean, "0", "1", 1), one, false}, {estimator(Mean, "1", "0", 1), pair, false},
		{estimator(Mean, "0", "1", 0), pair, false}, {Estimator{Kind: Mean}, pair, false}, {estimator(VarPop, "0", "1", 1), triple, true},
		{estimator(VarSamp, "0", "1", 1), pair, false}, {Estimator{Kind: VarSamp, Lower: rat("0"), Upper: rat("1")}, triple, false},
		{Estimator{Kind: Linear, Coef: []*big.Rat{rat("1")}}, one, true}, {Estimator{Kind: Linear, Coef: []*big.Rat{nil}}, one, false},
		{Estimator{Kind: Linear}, one, false}, {Estimator{Kind: "median"}, one, false}, {Estimator{Kind: Linear, First: -1, Coef: []*big.Rat{rat("1")}}, one, false},
	} {
		if err := c.e.Validate(c.spec); (err == nil) != c.ok {
			t.Errorf("%+v with width %d: %v", c.e, c.spec.Width, err)
		}
	}
}

func TestSquareRoot(t *testing.T) {
	for _, text := range []string{"0", "1", "2", "1/4", "1e-40", "1e40", "123456789/1000", "99999999999999999999"} {
		lo, hi := squareRoot(rat(text), down), squareRoot(rat(text), up)
		if lo.Cmp(hi) > 0 || new(big.Rat).Mul(lo, lo).Cmp(rat(text)) > 0 || new(big.Rat).Mul(hi, hi).Cmp(rat(text)) < 0 ||
			new(big.Rat).Sub(hi, lo).Cmp(rat("1e-30")) > 0 {
			t.Errorf("√%s in [%v, %v]", text, lo, hi)
		}
	}
}

// The single half widths are the smallest: P(|X| ≤ h) ≥ confidence > P(|X| ≤ h − 1), by the summed distributions.
func TestSingleHalfWidths(t *testing.T) {
	for _, c := range []float64{0.5, 0.8, 0.95, 0.99, 0.999999} {
		for _, epsilon := range []string{"1/5", "1", "3", "20/3", "100"} {
			b := float(rat(epsilon))
			cdf, h := laplaceCDF(b), laplaceHalfWidth(b, c)
			if got := cdf(h) - cdf(-h-1); got < c {
				t.Errorf("Laplace %s at %v: ±%v covers %v", epsilon, c, h, got)
			}
			if got := cdf(h-1) - cdf(-h); h > 0 && got >= c {
				t.Errorf("Laplace %s at %v: ±%v is not the smallest", epsilon, c, h)
			}
			cdf, h = gaussianCDF(b), gaussianHalfWidth(b, c)
			if got := cdf(h) - cdf(-h-1); got < c*(1-1e-9) {
				t.Errorf("Gaussian %s at %v: ±%v covers %v", epsilon, c, h, got)
			}
			if got := cdf(h-2) - cdf(-h+1); h > 1 && got >= c {
				t.Errorf("Gaussian %s at %v: ±%v is too wide", epsilon, c, h)
			}
		}
	}
	if z := normalQuantile(0.95); math.Abs(z-1.959963985) > 1e-7 {
		t.Errorf("z = %v", z)
	}
}

func TestHalfWidthAgreesWithGoogle(t *testing.T) {
	for _, epsilon := range []float64{0.01, 0.1} {
		b := 3 * 2 / epsilon
		ci, err := noise.Laplace().ComputeConfidenceIntervalInt64(0, 3, 2, epsilon, 0, 0.05)
		if err != nil {
			t.Fatal(err)
		}
		if got := laplaceHalfWidth(b, 0.95); math.Abs(got-ci.UpperBound) > 1.5 {
			t.Errorf("ε %v: ±%v, Google's ±%v", epsilon, got, ci.UpperBound)
		}
	}
}

// Weighted sums of draws are covered at the stated rate, and the width is not far from the smallest that would do.
func TestHalfWidthOfSums(t *testing.T) {
	for i, c := range []struct {
		spec    Spec
		weights []float64
		slack   float64 // the most by which the width may exceed the empirical quantile, as a factor
	}{
		{countSpec(100, 1e9), []float64{1, 1}, 1.03}, {countSpec(100, 1e9), []float64{1, -1}, 1.03}, {countSpec(100, 1e9), []float64{0.3, -2.5}, 1.03},
		{countSpec(100, 1e9), []float64{1, 1, 1}, 1.05}, {countSpec(100, 1e9), []float64{0, 0.5, 1}, 1.03}, {countSpec(100, 1e9), []float64{1, 0.99, 0.5, 0.1}, 1.08},
		{countSpec(1, 1e9), []float64{1, 1}, 1.2}, {countSpec(1, 2e9), []float64{-1, 1, 1}, 1.4}, {countSpec(1, 1e9), []float64{1, 2}, 1.4}, {countSpec(50, 1e9), []float64{1, 1, 1, 1, 1, 1}, 1.8},
		{gaussianSpec(10_000, 1e9), []float64{1, 1}, 1.05}, {gaussianSpec(10_000, 1e9), []float64{3, -1, 0.5}, 1.05}, {gaussianSpec(1, 1e8), []float64{1, 1}, 1.3},
	} {
		d, err := c.spec.drawer()
		if err != nil {
			t.Fatal(err)
		}
		s, z, n := seeded(t, uint64(700+i)), new(big.Int), 100_000
		h := c.spec.halfWidth(c.weights, 0.95)
		covered, tight := 0, 0
		for range n {
			total := 0.0
			for _, w := range c.weights {
				total += w * float64(d.draw(s, z).Int64())
			}
			if math.Abs(total) <= h*(1+1e-9) {
				covered++
			}
			if math.Abs(total) <= h/c.slack {
				tight++
			}
		}
		floor := 0.95*float64(n) - 6.1*math.Sqrt(float64(n)*0.95*0.05)
		if float64(covered) < floor {
			t.Errorf("%v of %s, %v: ±%v covers %d of %d", c.weights, c.spec.Noise, c.spec.Share, h, covered, n)
		}
		if h > 0 && float64(tight) > 0.95*float64(n)+6.1*math.Sqrt(float64(n)*0.95*0.05) {
			t.Errorf("%v of %s, %v: ±%v is wider than it need be", c.weights, c.spec.Noise, c.spec.Share, h)
		}
	}
}

// What bounds a cell of shares bounds each share in it.
func TestSmoothHalfWidthShrinksTowardTheMiddle(t *testing.T) {
	for _, spec := range []Spec{countSpec(1, 1e9), countSpec(100, 1e9), countSpec(1, 5e9), gaussianSpec(10_000, 1e9), gaussianSpec(1, 1e8)} {
		for _, triple := range []bool{false, true} {
			before := math.Inf(1)
			for r := 1e-9; r < 0.5; r += 1.0 / 512 {
				w := []float64{1 - r, r}
				if triple {
					w = append(w, 0.5-r)
				}
				h := spec.smoothHalfWidth(w, 0.95)
				// Weights that are moved apart for the digits' sake cost up to 0.2 %.
				if h > before*1.002 {
					t.Errorf("%s %v, triple %v: at share %v the half width grows from %v to %v", spec.Noise, spec.Share, triple, r, before, h)
				}
				before = h
			}
		}
	}
}

// Intervals of all estimators hold the truth at least as often as they say, for data of many shapes.
func TestIntervalCoverage(t *testing.T) {
	const g, n = 100, 300
	shapes := map[string]func(r *rand.Rand) int64{
		"even":     func(r *rand.Rand) int64 { return r.Int64N(g + 1) },
		"at lower": func(r *rand.Rand) int64 { return 0 },
		"at upper": func(r *rand.Rand) int64 { return g },
		"narrow":   func(r *rand.Rand) int64 { return 48 + r.Int64N(5) },
		"two ends": func(r *rand.Rand) int64 { return g * r.Int64N(2) },
		"skewed":   func(r *rand.Rand) int64 { return r.Int64N(1+r.Int64N(1+r.Int64N(g))) + 0 },
	}
	seed := uint64(900)
	for _, noiseKind := range []Noise{Laplace, Gaussian} {
		for name, shape := range shapes {
			for _, rows := range []int{2, 30, 1000} {
				seed++
				r := rand.New(rand.NewPCG(uint64(rows), 5))
				s := make([]int64, rows)
				for i := range s {
					s[i] = shape(r)
				}
				pair, triple := bernstein(g, s)
				pairSpec := Spec{Name: "pair", Width: 2, Noise: noiseKind, L1: big.NewInt(g), L2Squared: big.NewInt(g * g)}
				pairSpec.Share.Epsilon, pairSpec.Share.Rho = 5e8, 125e6
				tripleSpec := pairSpec
				tripleSpec.Width, tripleSpec.L1, tripleSpec.L2Squared = 3, big.NewInt(g*g), big.NewInt(g*g*g*g)
				for _, c := range []struct {
					e    Estimator
					spec Spec
					y    []*big.Int
				}{
					{estimator(Mean, "20", "70", g), pairSpec, pair}, {estimator(VarPop, "20", "70", g*g), tripleSpec, triple},
					{estimator(MeanOfTriple, "20", "70", g*g), tripleSpec, triple},
					{estimator(StddevSamp, "20", "70", g*g), tripleSpec, triple},
					{Estimator{Kind: Linear, Coef: []*big.Rat{rat("0.7"), rat("0.2")}}, pairSpec, pair},
				} {
					truth := c.e.Value(c.y)
					iv, err := c.e.Intervals(c.spec, 0.9)
					if err != nil {
						t.Fatal(err)
					}
					d, err := c.spec.drawer()
					if err != nil {
						t.Fatal(err)
					}
					stream, covered := newStream(mechanismtest.Seeded(t, seed)), 0
					for range n {
						y := make([]*big.Int, len(c.y))
						for i := range y {
							y[i] = d.draw(stream, new(big.Int))
							y[i].Add(y[i], c.y[i])
						}
						low, high := iv.Bounds(y)
						if low.Cmp(truth) <= 0 && truth.Cmp(high) <= 0 {
							covered++
						}
						if v := c.e.Value(y); v.Cmp(low) < 0 || v.Cmp(high) > 0 {
							t.Fatalf("%s: the estimate %v is not in [%v, %v]", c.e.Kind, v, low, high)
						}
					}
					if floor := 0.9*float64(n) - 6.1*math.Sqrt(float64(n)*0.09); float64(covered) < floor {
						t.Errorf("%s noise, %s, %d rows, %s: truth covered %d of %d times", noiseKind, name, rows, c.e.Kind, covered, n)
					}
				}
			}
		}
	}
}

func TestExpectedHalfWidth(t *testing.T) {
	one := countSpec(1, 1e9)
	pair := countSpec(100, 1e9)
	pair.Width = 2
	triple := countSpec(10_000, 1e9)
	triple.Width = 3
	for _, c := range []struct {
		spec Spec
		e    Estimator
		want string
	}{
		{one, Estimator{Kind: Linear, Coef: []*big.Rat{rat("1")}}, "±3"},
		{one, Estimator{Kind: Linear, Coef: []*big.Rat{rat("5/2")}}, "±7.5"},
		{pair, estimator(Mean, "20", "70", 100), "±150/n"},
		{triple, estimator(VarPop, "20", "70", 10_000), "±7490/n"},
		{triple, estimator(StddevPop, "20", "70", 10_000), "±300/n"},
	} {
		h, err := ExpectedHalfWidth(c.spec, c.e, 0.95)
		if err != nil || h.String() != c.want {
			t.Errorf("%s: %v, %v, want %s", c.e.Kind, h, err, c.want)
		}
	}
	// The mean's promise is kept by the intervals of a large group near a bound.
	h, _ := ExpectedHalfWidth(pair, estimator(Mean, "20", "70", 100), 0.95)
	low, high, err := estimator(Mean, "20", "70", 100).Interval(ints(5_000_000, 95_000_000), pair, 0.95)
	if half := float(new(big.Rat).Sub(high, low)) / 2; err != nil || half > 1.02*h.Value/1e6 || half < 0.8*h.Value/1e6 {
		t.Errorf("interval ±%v for an expected ±%v, %v", half, h.Value/1e6, err)
	}
	for _, confidence := range []float64{0, 1, -1, 2, math.NaN(), math.Inf(1)} {
		if _, err := ExpectedHalfWidth(one, Estimator{Kind: Linear, Coef: []*big.Rat{rat("1")}}, confidence); err == nil {
			t.Errorf("confidence %v was taken", confidence)
		}
	}
}

func TestRoundUp(t *testing.T) {
	for _, x := range []float64{0, 1, 0.1, 2.995732, 999.9, 1234567, 1e-9, 9.999e9, 5.001} {
		if got := roundUp(x); got < x*(1-1e-12) || got > x*1.0101 {
			t.Errorf("roundUp(%v) = %v", x, got)
		}
	}
}
