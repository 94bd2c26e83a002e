package mechanism

import (
	"fmt"
	"math"
	"math/big"
	"testing"

	"github.com/dpproxy/dpproxy/mechanism/mechanismtest"
	"gonum.org/v1/gonum/stat/distuv"
)

// sampler is what laplace and gaussian have in common.
type sampler interface {
	draw(s *stream, z *big.Int) *big.Int
}

func seeded(t testing.TB, seed uint64) *stream {
	return newStream(mechanismtest.Seeded(t, seed))
}

func rat(text string) *big.Rat {
	r, ok := new(big.Rat).SetString(text)
	if !ok {
		panic("bad number in a test: " + text)
	}
	return r
}

func float(r *big.Rat) float64 {
	f, _ := r.Float64()
	return f
}

// laplaceCDF and gaussianCDF are P(X ≤ x) of the exact distributions.
func laplaceCDF(b float64) func(x float64) float64 {
	a := math.Exp(-1 / b)
	return func(x float64) float64 {
		x = math.Floor(x)
		if x < 0 {
			return math.Exp(x/b) / (1 + a)
		}
		return 1 - math.Exp(-(x+1)/b)/(1+a)
	}
}

func gaussianCDF(sigma float64) func(x float64) float64 {
	if sigma > 1000 { // the sum is that of the continuous density to a relative 1e-7 (midpoint rule)
		return func(x float64) float64 { return 0.5 * math.Erfc(-(math.Floor(x)+0.5)/sigma/math.Sqrt2) }
	}
	reach := int(40*sigma) + 2
	sums, total := make([]float64, 2*reach+1), 0.0
	for i := range sums {
		x := float64(i - reach)
		total += math.Exp(-x * x / (2 * sigma * sigma))
		sums[i] = total
	}
	return func(x float64) float64 {
		i := int(math.Floor(math.Max(math.Min(x, float64(reach)), float64(-reach-1)))) + reach
		if i < 0 {
			return 0
		}
		return sums[i] / total
	}
}

// chiSquared draws n samples and gives the probability that true samples deviate at least as much from the
// distribution. Cells are up to 40 of about equal probability.
func chiSquared(s *stream, d sampler, cdf func(float64) float64, scale float64, n int) float64 {
	var edges []float64 // cell i is (edges[i−1], edges[i]]
	for i := 1; i < 40; i++ {
		// Bisection for the quantile i/40 on whole numbers.
		lo, hi := -100*scale-10, 100*scale+10
		for hi-lo > 1 && (hi-lo) > scale*1e-9 {
			if mid := math.Floor((lo + hi) / 2); cdf(mid) < float64(i)/40 {
				lo = mid
			} else {
				hi = mid
			}
		}
		if edge := math.Floor(hi); len(edges) == 0 || edge > edges[len(edges)-1] {
			edges = append(edges, edge)
		}
	}
	counts, z := make([]int, len(edges)+1), new(big.Int)
	for range n {
		x, _ := new(big.Float).SetInt(d.draw(s, z)).Float64()
		i := 0
		for i < len(edges) && x > edges[i] {
			i++
		}
		counts[i]++
	}
	sum, cells, before := 0.0, 0, 0.0
	for i, c := range counts {
		upTo := 1.0
		if i < len(edges) {
			upTo = cdf(edges[i])
		}
		expected := float64(n) * (upTo - before)
		before = upTo
		if expected < 5 {
			continue
		}
		sum += (float64(c) - expected) * (float64(c) - expected) / expected
		cells++
	}
	return distuv.ChiSquared{K: float64(cells - 1)}.Survival(sum)
}

// falseAlarm is the chance at which a test with a free seed would fail although all is right. Seeds are fixed, so that a
// test that has passed passes for ever.
const falseAlarm = 1e-9

// The scales cover each path: b < 1 (q = 1), whole and fractional b, a large denominator, the edge of 64 bits, and beyond.
var scales = []string{"1/5", "1", "10/7", "10", "1000000000/123456789", "5368709120000000000/333333333", "9223372036854775807", "9223372036854775809/2", "1e19", "1e30"}

func TestLaplaceDistribution(t *testing.T) {
	for i, text := range scales {
		b := rat(text)
		n := 200_000
		if b.Cmp(rat("9e18")) > 0 {
			n = 30_000
		}
		f := float(b)
		if p := chiSquared(seeded(t, uint64(i)), newLaplace(b), laplaceCDF(f), f, n); p < falseAlarm {
			t.Errorf("scale %s: χ² has probability %g", text, p)
		}
		// The same test catches a scale that is 20 % too small.
		small := new(big.Rat).Mul(b, rat("0.8"))
		if p := chiSquared(seeded(t, uint64(i)), newLaplace(small), laplaceCDF(f), f, n); p > falseAlarm {
			t.Errorf("scale %s: a scale 20 %% too small passes with probability %g", text, p)
		}
	}
}

func TestGaussianDistribution(t *testing.T) {
	for i, text := range []string{"1/5", "1", "10/7", "100", "123456789/1000", "5368709120", "1e12", "28823037615171174400", "1e37", "1e40"} {
		v := rat(text)
		n := 200_000
		if v.Cmp(rat("1e36")) > 0 || v.Cmp(rat("1")) < 0 {
			n = 20_000
		}
		sigma := math.Sqrt(float(v))
		if p := chiSquared(seeded(t, uint64(i)), newGaussian(v), gaussianCDF(sigma), sigma, n); p < falseAlarm {
			t.Errorf("variance %s: χ² has probability %g", text, p)
		}
		small := new(big.Rat).Mul(v, rat("0.64"))
		if p := chiSquared(seeded(t, uint64(i)), newGaussian(small), gaussianCDF(sigma), sigma, n); p > falseAlarm {
			t.Errorf("variance %s: a σ 20 %% too small passes with probability %g", text, p)
		}
	}
}

// Mean 0 and the variance of the closed form, each within 6 standard errors (odds below 1e-8 for each).
func TestMoments(t *testing.T) {
	for i, c := range []struct {
		name     string
		d        sampler
		variance float64
		kurtosis float64 // fourth moment over variance², about
	}{
		{"laplace 1", newLaplace(rat("1")), 2 * math.Exp(-1) / math.Pow(1-math.Exp(-1), 2), 7},
		{"laplace 10", newLaplace(rat("10")), 2 * math.Exp(-.1) / math.Pow(1-math.Exp(-.1), 2), 6.1},
		{"laplace 1e6/7", newLaplace(rat("1000000/7")), 2 * 1e12 / 49, 6},
		{"gaussian 4", newGaussian(rat("4")), 4, 3},
		{"gaussian 1e12/3", newGaussian(rat("1000000000000/3")), 1e12 / 3, 3},
	} {
		s, z, n := seeded(t, uint64(100+i)), new(big.Int), 300_000
		sum, squares := 0.0, 0.0
		for range n {
			x, _ := new(big.Float).SetInt(c.d.draw(s, z)).Float64()
			sum += x
			squares += x * x
		}
		mean, variance := sum/float64(n), squares/float64(n)
		if limit := 6 * math.Sqrt(c.variance/float64(n)); math.Abs(mean) > limit {
			t.Errorf("%s: mean %g, allowed ±%g", c.name, mean, limit)
		}
		if limit := 6 * c.variance * math.Sqrt((c.kurtosis-1)/float64(n)); math.Abs(variance-c.variance) > limit {
			t.Errorf("%s: variance %g, want %g ± %g", c.name, variance, c.variance, limit)
		}
	}
}

// Neighbouring draws of one sampler are uncorrelated: the correlation of x and the next x, of |x| and the next |x|, and
// of sign and size are within 6 standard errors of 0.
func TestDrawsAreIndependent(t *testing.T) {
	for i, d := range []sampler{newLaplace(rat("100/7")), newGaussian(rat("100"))} {
		s, z, n := seeded(t, uint64(200+i)), new(big.Int), 200_000
		xs := make([]float64, n)
		for j := range xs {
			xs[j] = float64(d.draw(s, z).Int64())
		}
		plain := func(x float64) float64 { return x }
		for _, pair := range []struct {
			name string
			f, g func(float64) float64
			lag  int
		}{{"values", plain, plain, 1}, {"sizes", math.Abs, math.Abs, 1}, {"value, next size", plain, math.Abs, 1}, {"value, size", plain, math.Abs, 0}, {"values, lag 2", plain, plain, 2}} {
			if r := correlation(xs[:n-pair.lag], xs[pair.lag:], pair.f, pair.g); math.Abs(r) > 6/math.Sqrt(float64(n)) {
				// Kurtosis widens the error of "value, size" by less than a factor of 2.
				if pair.lag != 0 || math.Abs(r) > 12/math.Sqrt(float64(n)) {
					t.Errorf("sampler %d, %s: correlation %g", i, pair.name, r)
				}
			}
		}
	}
}

func correlation(xs, ys []float64, f, g func(float64) float64) float64 {
	var sx, sy, sxx, syy, sxy float64
	for i := range xs {
		x, y := f(xs[i]), g(ys[i])
		sx, sy, sxx, syy, sxy = sx+x, sy+y, sxx+x*x, syy+y*y, sxy+x*y
	}
	n := float64(len(xs))
	return (sxy/n - sx/n*sy/n) / math.Sqrt((sxx/n-sx/n*sx/n)*(syy/n-sy/n*sy/n))
}

// The fast paths bound the exponent that the exact path computes.
func TestBoundsHoldTheExactExponent(t *testing.T) {
	s := seeded(t, 300)
	check := func(name string, f fraction, e exponent) {
		t.Helper()
		x := e.exact()
		x.Mul(x, new(big.Rat).SetInt(new(big.Int).Lsh(big.NewInt(1), 64)))
		lo, hi := new(big.Rat).SetUint64(f.lo), new(big.Rat).SetUint64(f.hi)
		hi.Add(hi, big.NewRat(1, 1))
		if x.Cmp(lo) < 0 || x.Cmp(hi) >= 0 {
			t.Fatalf("%s: x·2⁶⁴ = %s is not in [%d, %d + 1)", name, x.FloatString(3), f.lo, f.hi)
		}
	}
	for _, text := range []string{"3/2", "2", "10/7", "1000000000/123456789", "5368709120000000000/333333333", "9223372036854775807", "4611686018427387905/2", "1000000007/1000000000"} {
		l := newLaplace(rat(text))
		for i := range 300 {
			l.u = s.below(l.q)
			switch i { // the ends
			case 0:
				l.u = l.q - 1
			case 1:
				l.u = 0
			}
			check("laplace "+text, l.scaled(l.u), l)
		}
		check("step "+text, l.rest, l.stepRest)
	}
	for _, text := range []string{"1", "3", "4", "10/7", "123456789/1000", "28823037615171174400", "16000000000000000000000000000000000001/1000000000"} {
		g := newGaussian(rat(text))
		if !g.fast {
			t.Fatalf("variance %s is not fast", text)
		}
		for range 300 {
			y := s.below(g.tWord) + g.tWord*s.below(maxFastMult)
			if g.tWord > 1<<58 {
				y = s.below(g.tWord * 3)
			}
			g.y.SetUint64(y)
			if _, f, ok := g.bound(y); ok {
				check(fmt.Sprintf("gaussian %s, y %d", text, y), f, g)
			}
		}
	}
}

// Where random digits and bounds cannot tell, the exact comparison decides, with the right probability.
func TestUndecidedDraws(t *testing.T) {
	s := seeded(t, 400)
	// Bounds that say nothing force the exact path for each toss.
	blind := fraction{0, 1<<64 - 2}
	for _, text := range []string{"1/3", "1/2", "99/100", "1/1000"} {
		e := &ratio{rat(text).Num(), rat(text).Denom()}
		n, hits, exps := 40_000, 0, 0
		for range n {
			if s.bernoulliOver(blind, 1, e) {
				hits++
			}
			if s.bernoulliExp(blind, e) {
				exps++
			}
		}
		p := float(rat(text))
		nearly(t, "Bernoulli("+text+")", hits, n, p)
		nearly(t, "Bernoulli(exp(−"+text+"))", exps, n, math.Exp(-p))
	}
	// resolve with the first digits given: the further ones decide with the probability that is left.
	p := new(big.Rat).SetFrac(big.NewInt(4), new(big.Int).Lsh(big.NewInt(3), 64)) // (1 + 1/3)·2⁻⁶⁴
	hits := 0
	for range 30_000 {
		if !s.resolve(p, 0) || s.resolve(p, 2) {
			t.Fatal("digits that differ must decide")
		}
		if s.resolve(p, 1) {
			hits++
		}
	}
	nearly(t, "second word", hits, 30_000, 1.0/3)
	if s.resolve(big.NewRat(1, 2), 1<<63) || !s.resolve(big.NewRat(1, 2), 1<<63-1) {
		t.Error("1/2 ends after 64 digits: equal digits are not below it")
	}
	if s.bernoulli(new(big.Rat)) || s.bernoulli(big.NewRat(-1, 2)) || !s.bernoulli(big.NewRat(1, 1)) || !s.bernoulli(big.NewRat(3, 2)) {
		t.Error("probabilities outside (0, 1) are certain")
	}
}

func TestBernoulliExp(t *testing.T) {
	s := seeded(t, 500)
	for _, text := range []string{"0", "1/10", "1/2", "1", "3/2", "2", "5", "7/3", "1e-30"} {
		n, hits := 100_000, 0
		for range n {
			if s.bernoulliExpRat(rat(text)) {
				hits++
			}
		}
		nearly(t, "exp(−"+text+")", hits, n, math.Exp(-float(rat(text))))
	}
	if s.bernoulliExpRat(rat("1e40")) {
		t.Error("exp(−1e40) happened")
	}
	n, hits := 100_000, 0
	for range n {
		if s.bernoulliExpOne() {
			hits++
		}
	}
	nearly(t, "exp(−1)", hits, n, math.Exp(-1))
}

// nearly checks a frequency within 6.1 standard errors: odds of a false alarm 1e-9.
func nearly(t *testing.T, name string, hits, n int, p float64) {
	t.Helper()
	if limit := 6.1 * math.Sqrt(float64(n)*p*(1-p)); math.Abs(float64(hits)-float64(n)*p) > limit {
		t.Errorf("%s: %d of %d, want %.1f ± %.1f", name, hits, n, float64(n)*p, limit)
	}
}

func TestUniform(t *testing.T) {
	s := seeded(t, 600)
	for _, n := range []uint64{1, 2, 3, 7, 10, 1<<63 + 1} {
		counts := make([]int, 3)
		total := 60_000
		for range total {
			v, w := s.below(n), s.belowBig(new(big.Int).SetUint64(n))
			if v >= n || w.Cmp(new(big.Int).SetUint64(n)) >= 0 {
				t.Fatalf("below(%d) = %d, %v", n, v, w)
			}
			if float64(v) < float64(n)/3 {
				counts[0]++
			}
			if f, _ := new(big.Float).SetInt(w).Float64(); f < float64(n)/3 {
				counts[1]++
			}
			if s.coin() {
				counts[2]++
			}
		}
		p := math.Ceil(float64(n)/3) / float64(n)
		nearly(t, fmt.Sprintf("below(%d)", n), counts[0], total, p)
		nearly(t, fmt.Sprintf("belowBig(%d)", n), counts[1], total, p)
		nearly(t, "coin", counts[2], total, 0.5)
	}
}

// Used bytes are gone, and two streams of one source differ.
func TestStreamWipes(t *testing.T) {
	source := NewCryptoSource()
	a, b := newStream(source), newStream(source)
	for range 100 {
		if a.uint64() == b.uint64() {
			t.Fatal("two streams gave the same word")
		}
	}
	for i, v := range a.buffer[:a.at] {
		if v != 0 {
			t.Fatalf("used byte %d is still there", i)
		}
	}
	a.close()
	for _, v := range a.buffer[:cap(a.buffer)] {
		if v != 0 {
			t.Fatal("close left bytes behind")
		}
	}
}

func benchmarkSampler(b *testing.B, d sampler) {
	s, z := newStream(NewCryptoSource()), new(big.Int)
	b.ReportAllocs()
	for b.Loop() {
		d.draw(s, z)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "samples/s")
}

func BenchmarkDiscreteLaplace(b *testing.B) {
	for _, text := range []string{"1", "10", "1e6", "5368709120", "5368709120000000000/333333333", "1e30"} {
		b.Run("scale="+text, func(b *testing.B) { benchmarkSampler(b, newLaplace(rat(text))) })
	}
}

func BenchmarkDiscreteGaussian(b *testing.B) {
	for _, text := range []string{"1", "10", "1e6", "5368709120"} {
		v := rat(text)
		b.Run("sigma="+text, func(b *testing.B) { benchmarkSampler(b, newGaussian(v.Mul(v, v))) })
	}
}
