package mechanism

import (
	"errors"
	"math"
	"math/big"
	"strconv"
	"strings"
	"testing"

	"github.com/dpproxy/dpproxy/mechanism/mechanismtest"
	"github.com/dpproxy/dpproxy/privacy"
	"gonum.org/v1/gonum/stat/distuv"
)

func quantileSpec(grid int64, ranks ...string) QuantileSpec {
	s := QuantileSpec{Name: "median(x)", Grid: grid, Unit: 1, Rows: 1, Groups: 1, Share: privacy.Loss{Epsilon: 1e9}, Accountant: privacy.Pure}
	for _, r := range ranks {
		s.Ranks = append(s.Ranks, Rank{Q: rat(r)})
	}
	return s
}

// quantilePMF is the definition, point by point.
func quantilePMF(s QuantileSpec, rank int, bars []bar) []float64 {
	q := float(s.Ranks[rank].Q)
	if s.between(s.Ranks[rank]) { // on the finer grid
		for i, b := range bars {
			bars = append(append(bars[:i:i], bar{b.at * s.Fineness(s.Ranks[rank]), b.count}), bars[i+1:]...)
		}
		s.Grid *= s.Fineness(s.Ranks[rank])
	}
	n := 0.0
	for _, b := range bars {
		n += float64(b.count)
	}
	unit := float64(s.Unit)
	target := q*n + unit*float(s.Ranks[rank].shift())
	if in := unit * float(s.inward()); q == 0 {
		target = math.Min(in, n/2)
	} else if q == 1 {
		target = math.Max(n-in, n/2)
	}
	p, total := make([]float64, s.Grid+1), 0.0
	for o := range p {
		below, upTo := 0.0, 0.0
		for _, b := range bars {
			if b.at < int64(o) {
				below += float64(b.count)
			}
			if b.at <= int64(o) {
				upTo += float64(b.count)
			}
		}
		d := math.Max(0, math.Max(below-target, target-upTo))
		if s.between(s.Ranks[rank]) {
			d = s.placeDistance(bars, int64(o), below, upTo, q*(n-1), float64(s.parts(s.Ranks[rank])))
		}
		p[o] = math.Exp(-float(s.epsilon()) * d / (2 * unit * float64(s.Rows) * math.Max(q, 1-q)))
		total += p[o]
	}
	for o := range p {
		p[o] /= total
	}
	return p
}

// placeDistance is the definition in quantile_between.go.
func (s QuantileSpec) placeDistance(bars []bar, o int64, below, upTo, target, parts float64) float64 {
	if upTo > below {
		return math.Max(0, math.Max(below-target, target-(upTo-1)))
	}
	before, after := int64(-1), s.Grid+1
	for _, b := range bars {
		if b.count > 0 && b.at < o {
			before = max(before, b.at)
		}
		if b.count > 0 && b.at > o {
			after = min(after, b.at)
		}
	}
	place := below - 1 + math.Floor(parts*float64(o-before)/float64(after-before)+0.5)/parts
	return math.Abs(place - target)
}

func TestQuantileDistribution(t *testing.T) {
	for i, c := range []struct {
		rank string
		bars []bar
	}{
		{"1/2 between", nil}, {"1/2 between", []bar{{5, 3}, {9, 4}}}, {"1/4 between", []bar{{0, 5}, {3, 3}, {7, 5}, {9, 8}}}, {"9/10 between", []bar{{3, 15}, {6, 8}}},
		{"1/2", nil}, {"1/2", []bar{{5, 10}}}, {"1/2", []bar{{0, 3}, {7, 2}, {8, 1}, {19, 4}}}, {"1/10", []bar{{3, 5}, {4, 5}, {12, 20}}},
		{"0", []bar{{2, 4}, {9, 4}}}, {"1", []bar{{2, 4}, {9, 4}}}, {"1/3", []bar{{19, 7}}},
	} {
		rank, between := strings.CutSuffix(c.rank, " between")
		s := quantileSpec(19, rank)
		s.Ranks[0].Between = between
		p := quantilePMF(s, 0, c.bars)
		counts, n := make([]float64, len(p)), 10_000
		stream := seeded(t, uint64(1000+i))
		for range n {
			counts[s.choose(stream, c.bars)[0].Int64()]++
		}
		chi := func(p []float64) float64 {
			sum := 0.0
			for o := range p {
				sum += (counts[o] - p[o]*float64(n)) * (counts[o] - p[o]*float64(n)) / (p[o] * float64(n))
			}
			return distuv.ChiSquared{K: float64(len(p) - 1)}.Survival(sum)
		}
		if got := chi(p); got < falseAlarm {
			t.Errorf("rank %s of %v: χ² has probability %g", c.rank, c.bars, got)
		}
		// A mechanism that takes 20 % more ε than it may would be caught.
		if s.Share.Epsilon = 8e8; len(c.bars) > 1 && chi(quantilePMF(s, 0, c.bars)) > falseAlarm {
			t.Errorf("rank %s of %v: the check cannot tell ε 1 from ε 0.8", c.rank, c.bars)
		}
	}
}

// The claim itself: with or without one unit's m rows, wherever they are, no point's probability changes by more than e^ε.
func TestQuantileIsPrivate(t *testing.T) {
	for _, rank := range []string{"0", "1/4", "1/2", "9/10", "1"} {
		for _, rows := range []int64{1, 3} {
			for _, base := range [][]bar{{{1, 2}, {5, 4}, {6, 1}, {12, 3}}, {{3, 40}, {7, 30}}, {{9, 1}}, nil} {
				s := quantileSpec(12, rank)
				s.Rows, s.Unit, s.Ranks[0].Shift = rows, 5, rat("1/4")
				checkPrivate(t, s, base)
			}
			for _, base := range [][]bar{{{1, 2}, {3, 3}}, {{2, 1}}, nil} {
				s := quantileSpec(4, rank)
				s.Rows, s.Ranks[0].Between = rows, true
				checkPrivate(t, s, base)
				s.Share.Epsilon = 40e9 // with more parts between two rows, on the finer grid
				checkPrivate(t, s, base)
			}
		}
	}
}

// checkPrivate adds a unit's rows, all of them and less than all, in two places.
func checkPrivate(t *testing.T, s QuantileSpec, base []bar) {
	base = append([]bar(nil), base...)
	for i := range base {
		base[i].count *= s.Unit
	}
	before := quantilePMF(s, 0, base)
	worst := 0.0
	for at := int64(0); at <= s.Grid; at++ {
		for other := int64(0); other <= s.Grid; other++ {
			for _, part := range []int64{1, s.Unit, max(0, s.Unit*s.Rows-2)} {
				after := quantilePMF(s, 0, append(append([]bar(nil), base...), bar{at, part}, bar{other, s.Unit*s.Rows - part}))
				for o := range after {
					r := math.Abs(math.Log(after[o] / before[o]))
					worst = math.Max(worst, r)
					if r > float(s.Share.Epsilon.Rat())+1e-9 {
						t.Fatalf("rank %v of %v, rows at %d and %d: point %d changes by e^%g", s.Ranks[0], base, at, other, o, r)
					}
				}
			}
		}
	}
	if worst < 0.05 {
		t.Errorf("rank %v of %v: no row matters", s.Ranks[0], base)
	}
}

// Between rows a rank's shift says which of them is meant, and at the ends the target is inside of the rows: with no noise
// to speak of, the answers are those of PostgreSQL.
func TestQuantileWithoutNoise(t *testing.T) {
	s := quantileSpec(100)
	s.Share.Epsilon, s.Unit = 1e15, 7
	bars := []bar{{18, 7}, {30, 14}, {31, 7}, {50, 7}, {77, 7}} // 18, 30, 30, 31, 50, 77
	for _, c := range []struct {
		q, shift string
		want     int64
	}{
		{"0", "0", 18}, {"1", "0", 77}, {"1/2", "-1/4", 30}, {"1/3", "-1/6", 30}, {"2/3", "-1/6", 31}, {"5/6", "-1/12", 50},
		{"1/5", "3/10", 30}, {"4/5", "-3/10", 50}, // q·(n−1) + 1/2
	} {
		s.Ranks = []Rank{{Q: rat(c.q), Shift: rat(c.shift)}}
		for range 20 {
			if got := s.choose(seeded(t, 1), bars)[0].Int64(); got != c.want {
				t.Fatalf("rank %v of six rows is %d, want %d", s.Ranks[0], got, c.want)
			}
		}
	}
}

// Between rows the answer is what PostgreSQL interpolates.
func TestQuantileBetween(t *testing.T) {
	s := quantileSpec(100)
	s.Share.Epsilon = 1e15
	bars := []bar{{18, 1}, {30, 2}, {31, 1}, {50, 1}, {77, 1}} // 18, 30, 30, 31, 50, 77
	for q, want := range map[string]float64{"1/2": 30.5, "1/4": 30, "7/10": 40.5, "9/10": 63.5, "1/10": 24, "3/4": 45.25, "2/5": 30, "19/20": 70.25} {
		s.Ranks = []Rank{{Q: rat(q), Between: true}}
		for range 20 {
			if got := float64(s.choose(seeded(t, 1), bars)[0].Int64()) / fineness; math.Abs(got-want) > 0.05 {
				t.Fatalf("rank %v of six rows is %g, want %g", s.Ranks[0], got, want)
			}
		}
	}
}

// Runs that are far from the target are drawn as one, and told apart when it matters.
func TestFold(t *testing.T) {
	var runs []run
	for i, d := range []int64{90, 50, 20, 3, 0, 7, 21, 60} {
		runs = append(runs, run{from: int64(i), length: 1, distance: big.NewInt(d)})
	}
	f := foldRuns(runs, big.NewInt(20))
	if len(f.runs) != 6 || f.runs[0].length != 2 || f.runs[5].length != 2 {
		t.Fatalf("folded to %v", f.runs)
	}
	for k := range f.runs {
		if single := k > 0 && k < 5; f.single(k) != single || single && f.runs[k].from != int64(k+1) {
			t.Errorf("run %d is %v, %v", k, f.runs[k], f.single(k))
		}
	}
	f = foldRuns(runs[1:7], big.NewInt(20))
	if len(f.runs) != 6 || !f.single(0) || !f.single(5) {
		t.Errorf("single runs at the ends were folded: %v", f.runs)
	}
	// With weights that matter everywhere, folding at any distance gives the same distribution.
	counts := make([]float64, 3)
	stream := seeded(t, 5)
	small := []run{{from: 0, length: 1, distance: big.NewInt(2)}, {from: 1, length: 1, distance: big.NewInt(1)}, {from: 2, length: 1, distance: new(big.Int)}}
	for range 2_000 {
		counts[drawRun(stream, small, rat("30")).from]++
	}
	if counts[2] != 2_000 {
		t.Errorf("runs at e^-30 and e^-60 were drawn %v and %v times in 2000", counts[1], counts[0])
	}
}

// Where the rank error says so, answers are: it holds in more than its share of draws, and a third of it does not.
func TestRankError(t *testing.T) {
	bars := make([]bar, 1001)
	for i := range bars {
		bars[i] = bar{int64(i), 1}
	}
	for _, q := range []string{"0", "1/4", "1/2", "1"} {
		s := quantileSpec(1000, q)
		h := s.RankError(s.Ranks[0], 0.95)
		goal, beyond, beyondThird := float(s.Ranks[0].Q)*1000, 0, 0
		stream := seeded(t, 9)
		for range 400 {
			off := math.Abs(float64(s.choose(stream, bars)[0].Int64()) - goal)
			if off > h+1 {
				beyond++
			}
			if off > h/3 {
				beyondThird++
			}
		}
		// With P(beyond) ≤ 0.05, more than 65 of 400 have odds below 10^-12.
		if beyond > 65 {
			t.Errorf("rank %s: %d of 400 answers are off by more than %g rows", q, beyond, h)
		}
		if beyondThird == 0 {
			t.Errorf("rank %s: an error of %g rows is far from what happens", q, h)
		}
	}
}

func TestReleaseQuantiles(t *testing.T) {
	e := NewExact(1)
	add := func(key, at, count string) {
		if err := e.Add([]Cell{cell(key), {Text: at, Null: at == "NULL"}}, "", []string{count}); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 1001 { // "a": evenly spread over the grid
		add("a", strconv.Itoa(i*1_000_000), "10")
	}
	add("a", "NULL", "100000")
	add("b", "77", "100000")
	add("b", "-5", "1")
	add("hidden", "3", "5")
	s := quantileSpec(1<<30, "9/10", "1/2", "1/10")
	keys := [][]Cell{{cell("b")}, {cell("none")}, {cell("a")}}
	n, err := ReleaseQuantiles(mechanismtest.Seeded(t, 1), e, s, keys)
	if err != nil {
		t.Fatal(err)
	}
	if len(n.Groups) != 3 || n.Groups[0].Keys[0].Text != "b" || n.Groups[1].Keys[0].Text != "none" {
		t.Fatalf("groups %v", show(n))
	}
	for i, v := range n.Groups[0].Values {
		if v.Int64() != 77 {
			t.Errorf("rank %v of 100000 rows at 77 is %v", s.Ranks[i], v)
		}
	}
	for i, want := range []float64{900e6, 500e6, 100e6} {
		if got := float64(n.Groups[2].Values[i].Int64()); math.Abs(got-want) > 15e6 {
			t.Errorf("rank %v is %v, want about %v", s.Ranks[i], got, want)
		}
	}
	for _, g := range n.Groups {
		if g.Values[0].Cmp(g.Values[1]) < 0 || g.Values[1].Cmp(g.Values[2]) < 0 {
			t.Errorf("quantiles of %v are out of order: %v", g.Keys, g.Values)
		}
	}
	if _, err := ReleaseQuantiles(mechanismtest.Seeded(t, 1), e, s, keys); !errors.Is(err, ErrReleased) {
		t.Errorf("second release: %v", err)
	}
}

func TestReleaseQuantilesRefuses(t *testing.T) {
	good := quantileSpec(10, "1/2")
	change := func(f func(*QuantileSpec)) QuantileSpec { s := good; f(&s); return s }
	public := [][]Cell{{}}
	for name, s := range map[string]QuantileSpec{
		"no ranks": change(func(s *QuantileSpec) { s.Ranks = nil }), "rank 2": quantileSpec(10, "2"), "rank −1": quantileSpec(10, "-1"),
		"no grid": quantileSpec(0, "1/2"), "no rows": change(func(s *QuantileSpec) { s.Rows = 0 }), "no groups": change(func(s *QuantileSpec) { s.Groups = 0 }),
		"no ε":           change(func(s *QuantileSpec) { s.Share.Epsilon = 0 }),
		"no ρ":           change(func(s *QuantileSpec) { s.Accountant = privacy.ZCDP }),
		"ρ of one group": change(func(s *QuantileSpec) { s.Accountant, s.Share.Rho, s.Groups = privacy.ZCDP, 5, 10 }),
	} {
		if n, err := ReleaseQuantiles(NewCryptoSource(), NewExact(1), s, public); err == nil {
			t.Errorf("%s: released %v", name, n)
		}
	}
	for _, row := range [][2]string{{"x", "1"}, {"1.5", "1"}, {"1", "-1"}, {"1", "99999999999999999999"}} {
		e := NewExact(1)
		if err := e.Add([]Cell{cell(row[0])}, "", []string{row[1]}); err != nil {
			t.Fatal(err)
		}
		if n, err := ReleaseQuantiles(NewCryptoSource(), e, good, public); !errors.Is(err, errHistogram) {
			t.Errorf("%v: released %v, %v", row, n, err)
		}
	}
	if _, err := ReleaseQuantiles(NewCryptoSource(), NewExact(1), good, [][]Cell{{}, {}}); !errors.Is(err, errDuplicate) {
		t.Errorf("a group twice: %v", err)
	}
	zcdp := change(func(s *QuantileSpec) { s.Accountant, s.Share.Rho, s.Groups = privacy.ZCDP, 125e6, 4 })
	if got, want := zcdp.epsilon(), rat("0.5"); got.Cmp(want) != 0 {
		t.Errorf("ρ 0.125 over 4 groups buys ε %v each, want %v", got, want)
	}
}

// Where the first bounds cannot tell, more digits do: with bounds of no use at first the distribution is the same.
func TestLocateNeedsCertainty(t *testing.T) {
	runs := []run{{from: 0, length: 1, distance: big.NewInt(0)}, {from: 1, length: 1, distance: big.NewInt(1)}, {from: 2, length: 1, distance: big.NewInt(1000)}}
	rate := rat("1")
	lo, hi := cumulative(runs, big.NewInt(0), rate, 192, 0) // everything but the first run is "far"
	if _, ok := locate(lo, hi, new(big.Int).Lsh(big.NewInt(3), 190), 192); ok {
		t.Error("decided between runs whose weights are not known")
	}
	lo, hi = cumulative(runs, big.NewInt(0), rate, 192, 80)
	for _, c := range []struct {
		u    float64
		want int
	}{{0, 0}, {0.5, 0}, {0.731, 0}, {0.7311, 1}, {0.99, 1}} {
		u, _ := new(big.Float).SetMantExp(big.NewFloat(c.u), 192).Int(nil)
		if i, ok := locate(lo, hi, u, 192); !ok || i != c.want {
			t.Errorf("u = %v: run %d, %v, want %d", c.u, i, ok, c.want)
		}
	}
	// The very end of the unit interval: runs 1 and 2 cannot be told apart by 192 digits and a cutoff of 80.
	end := new(big.Int).Lsh(big.NewInt(1), 192)
	if i, ok := locate(lo, hi, end.Sub(end, big.NewInt(1)), 192); ok {
		t.Errorf("decided for run %d", i)
	}
}

func BenchmarkMedian(b *testing.B) {
	bars := make([]bar, 10_000)
	for i := range bars {
		bars[i] = bar{int64(i) * 1000, 10}
	}
	s, stream := quantileSpec(1<<30, "1/2"), newStream(NewCryptoSource())
	b.ReportAllocs()
	for b.Loop() {
		s.choose(stream, bars)
	}
}

// BenchmarkWeighed: 150,000 points whose rows have all kinds of weights.
func BenchmarkWeighed(b *testing.B) {
	bars := make([]bar, 150_000)
	for i := range bars {
		bars[i] = bar{int64(i), 1<<20 + int64(i*7919%999_983)}
	}
	s, stream := quantileSpec(1<<18, "1/2"), newStream(NewCryptoSource())
	s.Unit, s.Rows, s.Groups = 1<<20, 8, 1
	b.ReportAllocs()
	for b.Loop() {
		s.choose(stream, bars)
	}
}
