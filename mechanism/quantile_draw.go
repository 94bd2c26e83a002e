package mechanism

import (
	"math"
	"math/big"
	"slices"
	"sort"
)

// choose draws a point for each rank.
func (s QuantileSpec) choose(stream *stream, bars []bar) []*big.Int {
	points := make([]int64, len(s.Ranks))
	total := new(big.Int)
	for _, b := range bars {
		total.Add(total, big.NewInt(b.count))
	}
	for i, rank := range s.Ranks {
		var r run
		if s.between(rank) {
			r = drawRun(stream, s.placesOf(bars, rank, total), s.betweenRate(rank))
		} else {
			scale := s.scale(rank)
			goal := new(big.Rat).Mul(s.target(rank, total), new(big.Rat).SetInt(scale))
			r = drawRun(stream, runsOf(bars, s.Grid, goal.Num(), scale), s.rate(rank))
		}
		points[i] = r.from + int64(stream.below(uint64(r.length)))
	}
	s.sorted(points)
	out := make([]*big.Int, len(points))
	for i, p := range points {
		out[i] = big.NewInt(p)
	}
	return out
}

// sorted gives the k-th smallest point to the k-th smallest rank, among ranks that count in the same steps. It is post-processing.
func (s QuantileSpec) sorted(all []int64) {
	for _, steps := range []int64{1, fineness} {
		var order []int
		var points []int64
		for i, r := range s.Ranks {
			if s.Fineness(r) == steps {
				order, points = append(order, i), append(points, all[i])
			}
		}
		s.inOrder(order)
		slices.Sort(points)
		for k, i := range order {
			all[i] = points[k]
		}
	}
}

// inOrder sorts places of ranks by what they seek.
func (s QuantileSpec) inOrder(order []int) {
	sort.SliceStable(order, func(a, b int) bool {
		x, y := s.Ranks[order[a]], s.Ranks[order[b]]
		if c := x.Q.Cmp(y.Q); c != 0 {
			return c < 0
		}
		return x.shift().Cmp(y.shift()) < 0
	})
}

// target is t among `total` parts.
func (s QuantileSpec) target(r Rank, total *big.Int) *big.Rat {
	n := new(big.Rat).SetInt(total)
	if !r.isEnd() {
		t := n.Mul(n, r.Q)
		return t.Add(t, new(big.Rat).Mul(r.shift(), new(big.Rat).SetInt64(s.Unit)))
	}
	in := new(big.Rat).Mul(s.inward(), new(big.Rat).SetInt64(s.Unit))
	if half := new(big.Rat).Mul(n, big.NewRat(1, 2)); half.Cmp(in) < 0 {
		in = half
	}
	if r.Q.Sign() > 0 {
		return in.Sub(n, in)
	}
	return in
}

// inward is how many rows inside of an end its target lies, a multiple of half a row. It is made of what is public, so that no
// guarantee rests on the logarithm.
func (s QuantileSpec) inward() *big.Rat {
	rows := 2 * float64(s.Rows) * math.Log(float64(s.Grid)+1) / toFloat(s.epsilon())
	return big.NewRat(max(1, int64(math.Ceil(math.Min(2*rows, 1<<60)-1e-3))), 2)
}

// RankError is the number of rows that a choice is off, at most and at this confidence: how far its position among the rows of its
// group is from the one sought. It holds for all data: P(d ≥ x) ≤ (Grid + 1)·exp(−ε'·x/(2·m·max(q, 1−q))).
func (s QuantileSpec) RankError(r Rank, confidence float64) float64 {
	rows := 2 * float64(s.Rows) * toFloat(s.side(r)) / toFloat(s.epsilon()) * math.Log((float64(s.Grid)*float64(s.Fineness(r))+1)/(1-confidence))
	switch {
	case r.isEnd():
		rows += toFloat(s.inward())
	case s.between(r):
		rows += 0.5 // where no point of the grid lies between two rows
	}
	return rows
}

// scale makes targets whole: distances are counted in units of one part over scale.
func (s QuantileSpec) scale(r Rank) *big.Int {
	d := new(big.Int).Mul(r.Q.Denom(), r.shift().Denom())
	return d.Lsh(d, 1)
}

// side is max(q, 1−q).
func (s QuantileSpec) side(r Rank) *big.Rat {
	side := new(big.Rat).Sub(big.NewRat(1, 1), r.Q)
	if side.Cmp(r.Q) < 0 {
		side.Set(r.Q)
	}
	return side
}

// rate is ε'/(2·m·max(q, 1−q)), m in the units of scale.
func (s QuantileSpec) rate(r Rank) *big.Rat {
	side := s.side(r)
	side.Mul(side, new(big.Rat).SetInt64(s.Rows)).Mul(side, new(big.Rat).SetInt64(s.Unit))
	side.Mul(side, big.NewRat(2, 1)).Mul(side, new(big.Rat).SetInt(s.scale(r)))
	return side.Quo(s.epsilon(), side)
}

// run is a row of neighbouring grid points of equal utility; distance is d in the units of scale. With gap, utilities differ, and
// distance is the least of them.
type run struct {
	from, length int64
	distance     *big.Int
	gap          *gap
}

// runsOf covers the grid: each point that has rows, and each gap between such points, is a run. goal is the target times scale.
func runsOf(bars []bar, grid int64, goal, scale *big.Int) []run {
	runs := make([]run, 0, 2*len(bars)+1)
	add := func(from, length int64, below, upTo *big.Int) {
		d := new(big.Int).Sub(below, goal)
		if d.Sign() < 0 {
			if d.Sub(goal, upTo); d.Sign() < 0 {
				d.SetInt64(0)
			}
		}
		runs = append(runs, run{from: from, length: length, distance: d})
	}
	next, below := int64(0), new(big.Int)
	for i := 0; i < len(bars); {
		at, upTo := bars[i].at, new(big.Int)
		for ; i < len(bars) && bars[i].at == at; i++ {
			upTo.Add(upTo, big.NewInt(bars[i].count))
		}
		upTo.Mul(upTo, scale).Add(upTo, below)
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
func drawRun(s *stream, runs []run, rate *big.Rat) run {
	if len(runs) == 1 && runs[0].gap == nil {
		return runs[0]
	}
	least := leastDistance(runs)
	uniform, bits := new(big.Int), uint(0)
	for precision, cutoff := uint(192), int64(80); ; precision, cutoff = 2*precision, 2*cutoff {
		for bits < precision {
			uniform.Or(uniform.Lsh(uniform, 64), new(big.Int).SetUint64(s.uint64()))
			bits += 64
		}
		f := foldRuns(runs, new(big.Int).Add(least, farDistance(rate, cutoff)))
		f.opened(new(big.Int).Add(least, farDistance(rate, cutoff)))
		lo, hi := cumulative(f.runs, least, rate, precision, cutoff)
		if i, ok := locate(lo, hi, uniform, bits); ok && f.single(i) {
			return f.runs[i]
		}
	}
}

// farDistance is the largest distance, above the least, of a weight that gets its own digits.
func farDistance(rate *big.Rat, cutoff int64) *big.Int {
	limit := new(big.Rat).Quo(big.NewRat(cutoff, 1), rate)
	return new(big.Int).Quo(limit.Num(), limit.Denom())
}

// folded is a list of runs of which those at the ends may stand for many.
type folded struct {
	runs        []run
	left, right bool
}

// single tells that the k-th run is one of equal utilities, and stands for no others.
func (f *folded) single(k int) bool {
	return !(k == 0 && f.left || k == len(f.runs)-1 && f.right) && f.runs[k].gap == nil
}

// opened puts the parts of gaps that are not far into their place.
func (f *folded) opened(distance *big.Int) {
	var out []run
	for _, r := range f.runs {
		if r.gap != nil && r.distance.Cmp(distance) <= 0 {
			out = append(out, r.gap.parts()...)
		} else {
			out = append(out, r)
		}
	}
	f.runs = out
}

// foldRuns puts the runs before and after those of at most this distance into one each: distances fall and then rise along the grid.
func foldRuns(runs []run, distance *big.Int) folded {
	from, to := 0, len(runs)
	for from < to && runs[from].distance.Cmp(distance) > 0 {
		from++
	}
	for to > from && runs[to-1].distance.Cmp(distance) > 0 {
		to--
	}
	f := folded{left: from > 1, right: len(runs)-to > 1}
	if !f.left {
		from = 0
	}
	if !f.right {
		to = len(runs)
	}
	together := func(rs []run) run {
		all := run{from: rs[0].from, distance: rs[0].distance}
		for _, r := range rs {
			all.length += r.length
		}
		return all
	}
	if f.left {
		f.runs = append(f.runs, together(runs[:from]))
	}
	f.runs = append(f.runs, runs[from:to]...)
	if f.right {
		f.runs = append(f.runs, together(runs[to:]))
	}
	return f
}

// cumulative bounds the sums of weights up to each run. Weights whose exponent is above cutoff have bounds 0 and
// length·exp(−cutoff): in the first round they need no digits.
func cumulative(runs []run, least *big.Int, rate *big.Rat, precision uint, cutoff int64) (lo, hi []*big.Float) {
	w := weights{runs: runs, rate: rate, precision: precision, steps: map[string]bounds{}, out: make([]bounds, len(runs))}
	w.fill(least, farDistance(rate, cutoff))
	lo, hi = make([]*big.Float, len(runs)), make([]*big.Float, len(runs))
	below, above := w.number(big.ToNegativeInf), w.number(big.ToPositiveInf)
	sumLo, sumHi := below(), above()
	_, farWeight := expBoundsAt(new(big.Rat).SetInt64(cutoff), precision)
	for i, r := range runs {
		length := below().SetInt64(r.length)
		if f := w.out[i]; f.lo == nil {
			sumHi = above().Add(sumHi, above().Mul(farWeight, length))
		} else {
			sumLo = below().Add(sumLo, below().Mul(f.lo, length))
			sumHi = above().Add(sumHi, above().Mul(f.hi, length))
		}
		lo[i], hi[i] = sumLo, sumHi
	}
	return lo, hi
}

// bounds are a number's, from below and above.
type bounds struct{ lo, hi *big.Float }

// weights computes bounds of exp(−rate·(distance − least)) for runs that are not far. Each is its neighbour's, times what the step
// between them makes, since few steps are different: rows have one count each, or few neighbours matter. Every product is
// rounded away from what it bounds, and loses one bit of the precision at most.
type weights struct {
	runs      []run
	rate      *big.Rat
	precision uint
	steps     map[string]bounds // by the step's distance
	out       []bounds          // nil where far
}

func (w *weights) number(mode big.RoundingMode) func() *big.Float {
	return func() *big.Float { return new(big.Float).SetPrec(w.precision).SetMode(mode) }
}

func (w *weights) fill(least, far *big.Int) {
	near := func(i int) bool {
		return new(big.Int).Sub(w.runs[i].distance, least).Cmp(far) <= 0
	}
	best := 0
	for i, r := range w.runs {
		if r.distance.Cmp(w.runs[best].distance) < 0 {
			best = i
		}
	}
	if !near(best) {
		return
	}
	w.out[best] = w.exp(new(big.Int).Sub(w.runs[best].distance, least))
	for i := best + 1; i < len(w.runs) && near(i); i++ {
		w.out[i] = w.next(i-1, i)
	}
	for i := best - 1; i >= 0 && near(i); i-- {
		w.out[i] = w.next(i+1, i)
	}
}

// next is the weight of run i from that of its neighbour, which is no farther from the target.
func (w *weights) next(from, i int) bounds {
	e := w.exp(new(big.Int).Sub(w.runs[i].distance, w.runs[from].distance))
	f := w.out[from]
	return bounds{w.number(big.ToNegativeInf)().Mul(f.lo, e.lo), w.number(big.ToPositiveInf)().Mul(f.hi, e.hi)}
}

func (w *weights) exp(distance *big.Int) bounds {
	key := distance.String()
	b, ok := w.steps[key]
	if !ok {
		x := new(big.Rat).SetInt(distance)
		b.lo, b.hi = expBoundsAt(x.Mul(x, w.rate), w.precision)
		w.steps[key] = b
	}
	return b
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
