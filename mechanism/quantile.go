package mechanism

import (
	"errors"
	"fmt"
	"math/big"
	"slices"
	"sort"
	"strconv"

	"github.com/dpproxy/dpproxy/privacy"
)

// QuantileSpec describes the release of quantiles of one column in every group by the exponential mechanism (McSherry and Talwar 2007;
// Smith 2011). The outcome is a point of a public grid, 0 to Grid.
//
// The utility of a point o for rank q among the group's n rows is −d(o), d(o) the distance of q·n to the interval
// [rows below o, rows at or below o]. One unit with m rows in the group moves d by at most m·max(q, 1−q), so that choosing o with
// probability ∝ exp(−ε'·d(o)/(2·m·max(q, 1−q))) is ε'-DP for the group, and has ε'-bounded range.
type QuantileSpec struct {
	Name  string
	Ranks []*big.Rat // each in [0, 1]
	Grid  int64      // the largest point, ≥ 1
	// Rows is m, Groups is L0. Where a unit has at most R rows in all, Rows is R and Groups 1: its rows in several groups cost
	// no more together.
	Rows, Groups int64
	// Share is the whole cost, for all ranks and groups. Under ZCDP, ρ is what counts: each of L0·k choices may cost
	// ε'²/8 (Cesar and Rogers 2021). Otherwise ε counts: ε' = ε/(L0·k).
	Share      privacy.Loss
	Accountant privacy.Accountant
}

// Validate tells what makes s impossible to release. Its errors hold the query's shape only.
func (s QuantileSpec) Validate() error {
	if len(s.Ranks) == 0 || s.Grid < 1 || s.Grid >= 1<<62 || s.Rows < 1 || s.Groups < 1 {
		return fmt.Errorf("mechanism: quantiles %q lack ranks, a grid or bounds", s.Name)
	}
	for _, q := range s.Ranks {
		if q == nil || q.Sign() < 0 || q.Cmp(big.NewRat(1, 1)) > 0 {
			return fmt.Errorf("mechanism: a rank of %q is not in [0, 1]", s.Name)
		}
	}
	if s.epsilon().Sign() < 1 {
		return fmt.Errorf("mechanism: the share of %q is too small to divide", s.Name)
	}
	return nil
}

// epsilon is ε' of one choice in one group.
func (s QuantileSpec) epsilon() *big.Rat {
	choices := big.NewInt(s.Groups)
	choices.Mul(choices, big.NewInt(int64(len(s.Ranks))))
	if s.Accountant != privacy.ZCDP {
		return new(big.Rat).Quo(s.Share.Epsilon.Rat(), new(big.Rat).SetInt(choices))
	}
	if !choices.IsInt64() {
		return new(big.Rat)
	}
	e, err := privacy.RhoToBoundedRange(s.Share.Rho.Split(choices.Int64()))
	if err != nil {
		return new(big.Rat)
	}
	return e.Rat()
}

var errHistogram = errors.New("mechanism: the engine's histogram has another shape than asked for")

// ReleaseQuantiles chooses a grid point for every rank in every group of keys. exact has one number, the count of rows, for each
// group and grid point: the group's keys and then the point, a whole number in text, NULL and points outside 0…Grid being the
// nearest bound's or dropped. keys is a public list, or the list of visible groups of an earlier release; an empty
// group's quantile is uniform on the grid. The result has len(Ranks) points for each group; larger ranks never have
// smaller points.
func ReleaseQuantiles(src Source, exact *Exact, spec QuantileSpec, keys [][]Cell) (*Noisy, error) {
	groups, err := exact.claim()
	if err != nil {
		return nil, err
	}
	if err := spec.Validate(); err != nil {
		return nil, err
	}
	if exact.width != 1 {
		return nil, errHistogram
	}
	histograms, err := spec.histograms(groups, keys)
	if err != nil {
		return nil, err
	}
	s := newStream(src)
	defer s.close()
	noisy := &Noisy{Groups: make([]NoisyGroup, len(keys))}
	for i, h := range histograms {
		noisy.Groups[i] = NoisyGroup{Keys: keys[i], Values: spec.choose(s, h)}
	}
	return noisy, nil
}

// bar is a grid point with its number of rows.
type bar struct{ at, count int64 }

// histograms sorts the engine's rows into the groups of keys, each in the order of the grid.
func (s QuantileSpec) histograms(groups []exactGroup, keys [][]Cell) ([][]bar, error) {
	places := make(map[string]int, len(keys))
	for i, k := range keys {
		if len(k) != len(keys[0]) {
			return nil, errKeys
		}
		if _, twice := places[name(k)]; twice {
			return nil, errDuplicate
		}
		places[name(k)] = i
	}
	bars := make([][]bar, len(keys))
	for _, g := range groups {
		if len(g.keys) < 1 {
			return nil, errHistogram
		}
		point, count := g.keys[len(g.keys)-1], g.values[0]
		i, ok := places[name(g.keys[:len(g.keys)-1])]
		if !ok || point.Null || count.Sign() == 0 {
			continue
		}
		at, err := strconv.ParseInt(point.Text, 10, 64)
		if err != nil || count.Sign() < 0 || count.BitLen() > 40 {
			return nil, errHistogram
		}
		bars[i] = append(bars[i], bar{min(max(at, 0), s.Grid), count.Int64()})
	}
	for i := range bars {
		sort.Slice(bars[i], func(a, b int) bool { return bars[i][a].at < bars[i][b].at })
	}
	return bars, nil
}

// choose draws a point for each rank.
func (s QuantileSpec) choose(stream *stream, bars []bar) []*big.Int {
	points := make([]int64, len(s.Ranks))
	for i, q := range s.Ranks {
		runs := runsOf(bars, s.Grid, q)
		r := runs[drawRun(stream, runs, s.rate(q))]
		points[i] = r.from + int64(stream.below(uint64(r.length)))
	}
	// Order is post-processing: the k-th smallest point belongs to the k-th smallest rank.
	order := make([]int, len(s.Ranks))
	for i := range order {
		order[i] = i
	}
	sort.SliceStable(order, func(a, b int) bool { return s.Ranks[order[a]].Cmp(s.Ranks[order[b]]) < 0 })
	slices.Sort(points)
	out := make([]*big.Int, len(points))
	for k, i := range order {
		out[i] = big.NewInt(points[k])
	}
	return out
}

// rate is ε'/(2·m·max(q, 1−q)) divided by q's denominator, in which run distances are counted.
func (s QuantileSpec) rate(q *big.Rat) *big.Rat {
	side := new(big.Rat).Sub(big.NewRat(1, 1), q)
	if side.Cmp(q) < 0 {
		side.Set(q)
	}
	side.Mul(side, new(big.Rat).SetInt64(s.Rows)).Mul(side, big.NewRat(2, 1)).Mul(side, new(big.Rat).SetInt(q.Denom()))
	return side.Quo(s.epsilon(), side)
}

// run is a row of neighbouring grid points of equal utility; distance is d in units of one over the rank's denominator.
type run struct {
	from, length int64
	distance     *big.Int
}

// runsOf covers the grid: each point that has rows, and each gap between such points, is a run.
func runsOf(bars []bar, grid int64, q *big.Rat) []run {
	n := new(big.Int)
	for _, b := range bars {
		n.Add(n, big.NewInt(b.count))
	}
	goal := n.Mul(n, q.Num()) // q·n, in units of 1/denominator
	runs := make([]run, 0, 2*len(bars)+1)
	add := func(from, length int64, below, upTo *big.Int) {
		d := new(big.Int).Sub(below, goal)
		if d.Sign() < 0 {
			if d.Sub(goal, upTo); d.Sign() < 0 {
				d.SetInt64(0)
			}
		}
		runs = append(runs, run{from, length, d})
	}
	next, below := int64(0), new(big.Int)
	for i := 0; i < len(bars); {
		at, upTo := bars[i].at, new(big.Int)
		for ; i < len(bars) && bars[i].at == at; i++ {
			upTo.Add(upTo, big.NewInt(bars[i].count))
		}
		upTo.Mul(upTo, q.Denom()).Add(upTo, below)
		if at > next {
			add(next, at-next, below, below)
		}
		add(at, 1, below, upTo)
		next, below = at+1, upTo
	}
	if next <= grid {
		add(next, grid+1-next, below, below)
	}
	return runs
}

// drawRun draws a run with probability ∝ length·exp(−rate·distance), exactly: a uniform number is compared with bounds on the
// cumulative weights, and where bounds cannot tell, more digits of both are computed. The first round decides but for odds
// of about 10⁻²⁰.
func drawRun(s *stream, runs []run, rate *big.Rat) int {
	if len(runs) == 1 {
		return 0
	}
	least := runs[0].distance
	for _, r := range runs {
		if r.distance.Cmp(least) < 0 {
			least = r.distance
		}
	}
	uniform, bits := new(big.Int), uint(0)
	for precision, cutoff := uint(192), int64(80); ; precision, cutoff = 2*precision, 2*cutoff {
		for bits < precision {
			uniform.Or(uniform.Lsh(uniform, 64), new(big.Int).SetUint64(s.uint64()))
			bits += 64
		}
		lo, hi := cumulative(runs, least, rate, precision, cutoff)
		if i, ok := locate(lo, hi, uniform, bits); ok {
			return i
		}
	}
}

// cumulative bounds the sums of weights up to each run. Weights whose exponent is above cutoff have bounds 0 and
// length·exp(−cutoff): in the first round they need no digits.
func cumulative(runs []run, least *big.Int, rate *big.Rat, precision uint, cutoff int64) (lo, hi []*big.Float) {
	lo, hi = make([]*big.Float, len(runs)), make([]*big.Float, len(runs))
	sumLo := new(big.Float).SetPrec(precision).SetMode(big.ToNegativeInf)
	sumHi := new(big.Float).SetPrec(precision).SetMode(big.ToPositiveInf)
	limit := new(big.Rat).Quo(big.NewRat(cutoff, 1), rate)
	far := new(big.Int).Quo(limit.Num(), limit.Denom())
	_, farWeight := expBoundsAt(new(big.Rat).SetInt64(cutoff), precision)
	gap := new(big.Int)
	for i, r := range runs {
		length := new(big.Float).SetPrec(precision).SetInt64(r.length)
		if gap.Sub(r.distance, least); gap.Cmp(far) > 0 {
			above := new(big.Float).SetPrec(precision).SetMode(big.ToPositiveInf).Mul(farWeight, length)
			sumHi = new(big.Float).SetPrec(precision).SetMode(big.ToPositiveInf).Add(sumHi, above)
		} else {
			x := new(big.Rat).SetInt(gap)
			below, above := expBoundsAt(x.Mul(x, rate), precision)
			sumLo = new(big.Float).SetPrec(precision).SetMode(big.ToNegativeInf).Add(sumLo, below.Mul(below, length))
			sumHi = new(big.Float).SetPrec(precision).SetMode(big.ToPositiveInf).Add(sumHi, above.Mul(above, length))
		}
		lo[i], hi[i] = sumLo, sumHi
	}
	return lo, hi
}

// locate finds the run in whose part of the total the number [uniform, uniform + 1)·2^−bits certainly falls.
func locate(lo, hi []*big.Float, uniform *big.Int, bits uint) (int, bool) {
	last := len(lo) - 1
	at := func(n *big.Int, total *big.Float) *big.Float {
		f := new(big.Float).SetPrec(total.Prec()).SetMode(total.Mode()).SetInt(n)
		f.Mul(f, total)
		return f.SetMantExp(f, -int(bits))
	}
	from := at(uniform, lo[last])
	to := at(new(big.Int).Add(uniform, big.NewInt(1)), hi[last])
	i := sort.Search(len(lo), func(i int) bool { return lo[i].Cmp(to) >= 0 })
	if i == len(lo) {
		// The last run ends where the total does.
		i = last
	}
	return i, i == 0 || hi[i-1].Cmp(from) <= 0
}
