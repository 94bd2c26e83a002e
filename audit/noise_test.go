package audit

import (
	"math"
	"slices"
	"strconv"
	"testing"

	"github.com/dpproxy/dpproxy/rewrite"
)

// draws asks for a query's answers over the wire, and returns columns of them.
func draws(t *testing.T, o Options, q Query, n int, columns ...int) [][]float64 {
	t.Helper()
	a := &auditor{Options: o.withDefaults(), planner: &capture{Planner: o.Planner}}
	whole := newFixed(o.Dataset.Engine, 7, nil)
	s, err := a.serve(t.Context(), whole)
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	out := make([][]float64, len(columns))
	for len(out[0]) < n {
		answers, err := s.ask(t.Context(), q, 100)
		if err != nil {
			t.Fatal(err)
		}
		for _, rows := range answers {
			for i, c := range columns {
				x, err := strconv.ParseFloat(*rows[0][c], 64)
				if err != nil {
					t.Fatal(err)
				}
				out[i] = append(out[i], x)
			}
		}
	}
	return out
}

// laplace is the probability of k under the discrete Laplace distribution of scale b.
func laplace(k int, b float64) float64 {
	return math.Tanh(1/(2*b)) * math.Exp(-math.Abs(float64(k))/b)
}

// gaussian is the probability of k under the discrete Gaussian distribution of variance v.
func gaussian(k int, v float64) float64 {
	sum := 0.0
	for i := -200; i <= 200; i++ {
		sum += math.Exp(-float64(i*i) / (2 * v))
	}
	return math.Exp(-float64(k*k)/(2*v)) / sum
}

// chiSquare compares whole numbers with a distribution around 0, over the cells −reach … reach and the two tails together.
func chiSquare(values []float64, reach int, p func(k int) float64) (stat float64, cells int) {
	count, rest, restP := map[int]int{}, 0, 1.0
	for _, x := range values {
		count[int(x)]++
	}
	n := float64(len(values))
	rest = len(values)
	for k := -reach; k <= reach; k++ {
		e := n * p(k)
		stat += (float64(count[k]) - e) * (float64(count[k]) - e) / e
		rest -= count[k]
		restP -= p(k)
	}
	e := n * restP
	return stat + (float64(rest)-e)*(float64(rest)-e)/e, 2*reach + 1
}

// rare is a bound that a χ² of d degrees passes less than once in 1e9: Laurent and Massart 2000, d + 2√(dx) + 2x, x = ln 1e9.
func rare(d int) float64 {
	x := math.Log(1e9)
	return float64(d) + 2*math.Sqrt(float64(d)*x) + 2*x
}

func mean(xs []float64) (m, v float64) {
	for _, x := range xs {
		m += x / float64(len(xs))
	}
	for _, x := range xs {
		v += (x - m) * (x - m) / float64(len(xs))
	}
	return m, v
}

func correlation(a, b []float64) float64 {
	ma, va := mean(a)
	mb, vb := mean(b)
	c := 0.0
	for i := range a {
		c += (a[i] - ma) * (b[i] - mb) / float64(len(a))
	}
	return c / math.Sqrt(va*vb)
}

// TestNoiseOverTheWire holds what a client reads against the exact distribution: χ², no bias, and no correlation between columns,
// between one answer and the next, and between two sessions. Each check fails for a right proxy less than once in 1e9 runs (χ² by Laurent
// and Massart; means and correlations at 6.5 standard deviations), and the χ² fails for a scale that is 20 % too small.
func TestNoiseOverTheWire(t *testing.T) {
	const n = 12000
	q := Query{SQL: "SELECT count(*), count(*) FILTER (WHERE cost < 50) FROM orders", Settings: map[string]string{"dp.max_rows": "1", "dp.epsilon": "2"}}
	for _, c := range []struct {
		accountant string
		p          func(k int) float64
	}{
		{"approx", func(k int) float64 { return laplace(k, 1) }},  // L1 = 1, share ε = 1
		{"zcdp", func(k int) float64 { return gaussian(k, 0.5) }}, // L2² = 1, share ρ = 1, σ² = 1/2
	} {
		t.Run(c.accountant, func(t *testing.T) {
			o := open(t, "duckdb", c.accountant)
			got := draws(t, o, q, n, 0, 1)
			other := draws(t, o, q, n/4, 0)
			for i := range got {
				centre := math.Round(median(got[i]))
				for j := range got[i] {
					got[i][j] -= centre
				}
				stat, cells := chiSquare(got[i], 4, c.p)
				if stat > rare(cells) {
					t.Errorf("column %d: χ² = %.1f over %d cells", i+1, stat, cells)
				}
				if m, v := mean(got[i]); math.Abs(m) > 6.5*math.Sqrt(v/n) {
					t.Errorf("column %d: bias %g", i+1, m)
				}
				if r := correlation(got[i][1:], got[i][:n-1]); math.Abs(r) > 6.5/math.Sqrt(n) {
					t.Errorf("column %d: one answer and the next correlate by %g", i+1, r)
				}
			}
			if r := correlation(got[0], got[1]); math.Abs(r) > 6.5/math.Sqrt(n) {
				t.Errorf("columns correlate by %g", r)
			}
			if r := correlation(got[0][:n/4], other[0]); math.Abs(r) > 6.5/math.Sqrt(n/4) {
				t.Errorf("sessions correlate by %g", r)
			}
			o.Planner = faulty{o.Planner, func(m *rewrite.Measurement) { // 20 % too small
				for i := range m.Specs {
					m.Specs[i].Share.Epsilon += m.Specs[i].Share.Epsilon / 4
					m.Specs[i].Share.Rho += m.Specs[i].Share.Rho * 9 / 16
				}
			}}
			small := draws(t, o, q, n, 0)[0]
			centre := math.Round(median(small))
			for j := range small {
				small[j] -= centre
			}
			if stat, cells := chiSquare(small, 4, c.p); stat <= rare(cells) {
				t.Errorf("a scale that is 20 %% too small passes: χ² = %.1f over %d cells", stat, cells)
			}
		})
	}
}

func median(xs []float64) float64 {
	s := slices.Sorted(slices.Values(xs))
	return s[len(s)/2]
}

// Intervals cover the truth as often as they say: at 90 %, between 90 % and 97 % (whole numbers round outward), each side at 6.5 standard
// deviations.
func TestIntervalsCover(t *testing.T) {
	const n = 6000
	for _, accountant := range []string{"approx", "zcdp"} {
		o := open(t, "duckdb", accountant)
		q := Query{SQL: "SELECT dp_low(sum(age)), dp_high(sum(age)) FROM people", Settings: map[string]string{"dp.confidence": "0.9"}}
		got := draws(t, o, q, n, 0, 1)
		truth := 0.0
		for i := 1; i <= 40; i++ {
			truth += float64(20 + i%60)
		}
		inside := 0.0
		for i := range got[0] {
			if got[0][i] <= truth && truth <= got[1][i] {
				inside++
			}
		}
		if share, sd := inside/n, math.Sqrt(0.9*0.1/n); share < 0.9-6.5*sd || share > 0.97 {
			t.Errorf("%s: %.3f of the intervals hold the truth", accountant, share)
		}
	}
}
