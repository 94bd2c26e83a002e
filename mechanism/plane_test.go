package mechanism

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/dpproxy/dpproxy/privacy"
)

// table is the product basis of whole numbers s in [0, g] and t in [0, h], at the degrees of p.
func table(p *Plane, g, h int64, s, t []int64) []*big.Int {
	out := make([]*big.Int, p.width())
	for i := range out {
		out[i] = new(big.Int)
	}
	choose := [3][3]int64{{1}, {1, 1}, {1, 2, 1}}
	power := func(x int64, n int) *big.Int { return new(big.Int).Exp(big.NewInt(x), big.NewInt(int64(n)), nil) }
	basis := func(d, i int, x, g int64) *big.Int {
		v := new(big.Int).Mul(power(x, i), power(g-x, d-i))
		return v.Mul(v, big.NewInt(choose[d][i]))
	}
	for k := range s {
		p.each(func(i, j, at int) {
			v := basis(p.Degree[0], i, s[k], g)
			out[at].Add(out[at], v.Mul(v, basis(p.Degree[1], j, t[k], h)))
		})
	}
	return out
}

func plane(kind EstimatorKind, d0, d1, axis int, g, h int64) Estimator {
	row := new(big.Int).Exp(big.NewInt(g), big.NewInt(int64(d0)), nil)
	row.Mul(row, new(big.Int).Exp(big.NewInt(h), big.NewInt(int64(d1)), nil))
	e := Estimator{Kind: kind, Row: row, Plane: &Plane{Degree: [2]int{d0, d1}, Axis: axis,
		Lower: [2]*big.Rat{rat("20"), rat("-3")}, Upper: [2]*big.Rat{rat("70"), rat("7")}}}
	e.Lower, e.Upper = e.Plane.Lower[axis], e.Plane.Upper[axis]
	return e
}

// regressionOf computes the family in floats, x the column of axis.
func regressionOf(s, t []int64, axis int) map[EstimatorKind]float64 {
	n := float64(len(s))
	col := func(k, i int) float64 {
		if k == 0 {
			return 20 + float64(s[i])/2 // g = 100 over [20, 70]
		}
		return -3 + float64(t[i])/4 // h = 40 over [−3, 7]
	}
	var mean [2]float64
	for i := range s {
		mean[0], mean[1] = mean[0]+col(0, i)/n, mean[1]+col(1, i)/n
	}
	var sq [2]float64
	sxy := 0.0
	for i := range s {
		a, b := col(0, i)-mean[0], col(1, i)-mean[1]
		sq[0], sq[1], sxy = sq[0]+a*a, sq[1]+b*b, sxy+a*b
	}
	slope := sxy / sq[axis]
	return map[EstimatorKind]float64{CovarPop: sxy / n, CovarSamp: sxy / (n - 1), SumProducts: sxy, SumSquares: sq[axis], Slope: slope,
		Intercept: mean[1-axis] - slope*mean[axis], Corr: sxy / math.Sqrt(sq[0]*sq[1]), RSquared: sxy * sxy / sq[0] / sq[1],
		MeanOfTriple: mean[axis], VarPop: sq[axis] / n, VarSamp: sq[axis] / (n - 1), StddevPop: math.Sqrt(sq[axis] / n)}
}

func twoColumns(r *rand.Rand, n int) (s, t []int64) {
	for range n {
		x := r.Int64N(101)
		s, t = append(s, x), append(t, min(40, max(0, x/4+r.Int64N(21))))
	}
	return s, t
}

// On true numbers the estimators are the textbook's formulas, at every degree that allows them, and a row adds Row.
func TestPlaneOnTrueNumbers(t *testing.T) {
	s, u := twoColumns(rand.New(rand.NewPCG(3, 4)), 40)
	for axis := range 2 {
		want := regressionOf(s, u, axis)
		for d0 := range 3 {
			for d1 := range 3 {
				for kind, value := range want {
					e := plane(kind, d0, d1, axis, 100, 40)
					spec := countSpec(1, 1e9)
					if spec.Width = e.Plane.width(); e.Validate(spec) != nil {
						continue
					}
					y := table(e.Plane, 100, 40, s, u)
					if sum := total(y, len(y)); sum.Cmp(new(big.Int).Mul(e.Row, big.NewInt(40))) != 0 {
						t.Fatalf("degrees %d, %d: 40 rows add up to %v, want 40·%v", d0, d1, sum, e.Row)
					}
					if got := float(e.Value(y)); math.Abs(got-value) > 1e-9*(1+math.Abs(value)) {
						t.Errorf("%s of axis %d at degrees %d, %d: %v, want %v", kind, axis, d0, d1, got, value)
					}
				}
			}
		}
	}
}

// Which degrees are enough.
func TestPlaneValidate(t *testing.T) {
	for _, c := range []struct {
		kind     EstimatorKind
		axis     int
		accepted int // of the nine pairs of degrees
	}{{Mean, 0, 3}, {MeanOfTriple, 1, 3}, {VarPop, 0, 3}, {SumSquares, 1, 3}, {CovarPop, 0, 4}, {Slope, 0, 2}, {Intercept, 1, 2}, {Corr, 0, 1}, {RSquared, 1, 1}, {"median", 0, 0}} {
		n := 0
		for d0 := range 3 {
			for d1 := range 3 {
				e, spec := plane(c.kind, d0, d1, c.axis, 4, 4), countSpec(1, 1e9)
				spec.Width = e.Plane.width()
				if e.Validate(spec) == nil {
					n++
				}
				if spec.Width++; e.Validate(spec) == nil {
					t.Errorf("%s fits a table of another size", c.kind)
				}
			}
		}
		if n != c.accepted {
			t.Errorf("%s is accepted at %d pairs of degrees, want %d", c.kind, n, c.accepted)
		}
	}
}

// Whatever the noise does, values are within what is possible, and never fail.
func TestPlaneIsTotal(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	far := new(big.Int).Lsh(big.NewInt(1), 200)
	for _, c := range []struct {
		kind EstimatorKind
		most float64
		null bool
	}{{CovarPop, 125, false}, {CovarSamp, 250, false}, {Corr, 1, true}, {RSquared, 1, true}, {Slope, math.Inf(1), true}, {Intercept, math.Inf(1), true},
		{SumProducts, math.Inf(1), false}, {SumSquares, math.Inf(1), false}, {MeanOfTriple, 70, false}, {VarSamp, 1250, false}} {
		e, spec := plane(c.kind, 2, 2, 0, 2, 2), countSpec(1, 1e9)
		spec.Width = 9
		iv, err := e.Intervals(spec, 0.9)
		if err != nil {
			t.Fatal(err)
		}
		for range 1000 {
			y := make([]*big.Int, 9)
			for i := range y {
				y[i] = big.NewInt(r.Int64N(2001) - 1000)
				switch r.IntN(20) {
				case 0:
					y[i] = new(big.Int)
				case 1:
					y[i] = far
				case 2:
					y[i] = new(big.Int).Neg(far)
				}
			}
			v := e.Value(y)
			if v == nil && !c.null {
				t.Fatalf("%s of %v is NULL", c.kind, y)
			}
			if v != nil && math.Abs(float(v)) > c.most+1e-9 {
				t.Fatalf("%s of %v is %v", c.kind, y, v)
			}
			low, high := iv.Bounds(y)
			if (low == nil) != (high == nil) {
				t.Fatalf("an interval of %s has one end", c.kind)
			}
			if low != nil && (v == nil || low.Cmp(v) > 0 || high.Cmp(v) < 0) {
				t.Fatalf("interval [%v, %v] of %s does not hold %v", low, high, c.kind, v)
			}
		}
	}
}

// Intervals hold the true value: at 90 %, of 400 at least 310. The chance that a true interval misses more often is below 1e-12
// (8.3 standard deviations). They come from interval arithmetic and cover more, so the test cannot see a slightly smaller
// scale; that they tell anything at all is checked by their width.
func TestPlaneIntervals(t *testing.T) {
	s, u := twoColumns(rand.New(rand.NewPCG(7, 8)), 4000)
	for axis := range 2 {
		want := regressionOf(s, u, axis)
		for _, kind := range []EstimatorKind{CovarPop, CovarSamp, SumProducts, SumSquares, Slope, Intercept, Corr, RSquared, MeanOfTriple, VarPop, StddevPop} {
			e := plane(kind, 2, 2, axis, 100, 40)
			spec := Spec{Name: "table", Width: 9, Noise: Laplace, L1: e.Row, L2Squared: new(big.Int).Mul(e.Row, e.Row), Share: privacy.Loss{Epsilon: privacy.EpsilonUnits}}
			noise, err := spec.drawer()
			if err != nil {
				t.Fatal(err)
			}
			iv, err := e.Intervals(spec, 0.9)
			if err != nil {
				t.Fatal(err)
			}
			truth := table(e.Plane, 100, 40, s, u)
			source, hit, width := newStream(NewCryptoSource()), 0, 0.0
			for range 400 {
				y := make([]*big.Int, 9)
				for i := range y {
					y[i] = noise.draw(source, new(big.Int))
					y[i].Add(y[i], truth[i])
				}
				low, high := iv.Bounds(y)
				if low == nil {
					hit++
					continue
				}
				if float(low) <= want[kind] && want[kind] <= float(high) {
					hit++
				}
				width = math.Max(width, float(high)-float(low))
			}
			if hit < 310 {
				t.Errorf("%s of axis %d: %d of 400 intervals hold the value", kind, axis, hit)
			}
			if width == 0 || width > math.Abs(want[kind])*0.5 {
				t.Errorf("%s of axis %d: an interval is %v wide, the value is %v", kind, axis, width, want[kind])
			}
			if h, err := ExpectedHalfWidth(spec, e, 0.9); err != nil || h.Value <= 0 {
				t.Errorf("%s: expected half width %v, %v", kind, h, err)
			}
		}
	}
}
