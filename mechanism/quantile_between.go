package mechanism

import (
	"math"
	"math/big"
)

// Between two rows: with rows v₀ ≤ … ≤ vₙ₋₁ a point o has the place i where vᵢ = o (from the first to the last such i), and in a gap
// vᵢ < o < vᵢ₊₁ the place i + (o − vᵢ)/(vᵢ₊₁ − vᵢ), rounded to one of K parts; the ends of the grid count as rows at −1 and n. The target is
// Q·(n − 1), the place that PostgreSQL's percentile_cont interpolates at, and d(o) its distance to o's place.
//
// A row more at w moves each place by 0 to 1: a point above w, w being in its own gap, goes from i + f to i + 1 + f' with f' ≤ f, as the
// gap has shrunk from below; a point below w from i + f to i + f' with f' ≥ f; a point at w to i + 1. Rounding keeps that, since it
// is monotone and goes along with whole steps. So d moves by at most max(Q, 1 − Q) for each row, as in QuantileSpec. That needs
// whole rows: of a row of little weight the place of its neighbours would not be so near.

// maxBetween is the grid on which a gap's width, in points, times its parts, twice, is below 2^60.
const maxBetween = 1 << 40

// between tells that places are what counts for a rank.
func (s QuantileSpec) between(r Rank) bool {
	return r.Between && !r.isEnd() && s.Unit == 1 && s.Grid < maxBetween
}

// fineness divides the grid for places between rows, as what lies between two whole numbers need not be whole: halves, quarters and
// tenths of each distance are points. Only points of the grid itself have rows. It is worth it where a single row decides: more
// points that are a row or two off would outweigh the few that are right.
const fineness = 20

// Fineness is how many of a rank's points make one step of the grid. It is made of what is public.
func (s QuantileSpec) Fineness(r Rank) int64 {
	if s.between(r) && s.rowRate(r) >= 8 {
		return fineness
	}
	return 1
}

// rowRate is ε'/(2·m·max(q, 1−q)): a row more of distance divides a point's weight by its exponential.
func (s QuantileSpec) rowRate(r Rank) float64 {
	return toFloat(s.epsilon()) / (2 * float64(s.Rows) * toFloat(s.side(r)))
}

// maxParts bounds the parts of a gap.
const maxParts = 4096

// parts is K: as many as it takes until the weights of two neighbours are within an eighth in the exponent. It is made of what is public.
func (s QuantileSpec) parts(r Rank) int64 {
	return int64(math.Max(1, math.Min(maxParts, math.Ceil(8*s.rowRate(r)))))
}

// betweenRate is ε'/(2·m·max(q, 1−q)) for distances in units of 1/(K·denominator of Q).
func (s QuantileSpec) betweenRate(r Rank) *big.Rat {
	side := s.side(r)
	side.Mul(side, big.NewRat(2, 1)).Mul(side, new(big.Rat).SetInt64(s.Rows))
	side.Mul(side, new(big.Rat).SetInt64(s.parts(r))).Mul(side, new(big.Rat).SetInt(r.Q.Denom()))
	return side.Quo(s.epsilon(), side)
}

// gap are the points after `after` and before `before`, between the rows with the numbers row and row + 1.
type gap struct {
	after, before int64
	row           *big.Int // times step·parts
	step, goal    *big.Int // a part's step in distance; the target
	cells         int64
}

// parts are the runs of equal places.
func (g *gap) parts() []run {
	var out []run
	width, twice := g.before-g.after, 2*g.cells
	ceil := func(n int64) int64 { return (max(n, 0) + twice - 1) / twice }
	for j := int64(0); j <= g.cells; j++ {
		from := max(g.after+1, g.after+ceil((2*j-1)*width))
		to := min(g.before-1, g.after+ceil((2*j+1)*width)-1)
		if from > to {
			continue
		}
		d := new(big.Int).Mul(g.step, big.NewInt(j))
		d.Add(d, g.row).Sub(d, g.goal)
		out = append(out, run{from: from, length: to - from + 1, distance: d.Abs(d)})
	}
	return out
}

// placesOf covers the grid with the points that have rows and the gaps between them.
func (s QuantileSpec) placesOf(bars []bar, r Rank, total *big.Int) []run {
	parts, fine := s.parts(r), s.Fineness(r)
	step := new(big.Int).Set(r.Q.Denom())
	row := new(big.Int).Mul(step, big.NewInt(parts))
	goal := new(big.Int).Sub(total, big.NewInt(1))
	goal.Mul(goal, r.Q.Num()).Mul(goal, big.NewInt(parts))
	distance := func(from, to *big.Int) *big.Int {
		d := new(big.Int).Sub(from, goal)
		if d.Sign() < 0 {
			if d.Sub(goal, to); d.Sign() < 0 {
				d.SetInt64(0)
			}
		}
		return d
	}
	var runs []run
	last, place := int64(-1), new(big.Int).Neg(row) // of the row before
	open := func(before int64) {
		if before > last+1 {
			next := new(big.Int).Add(place, row)
			runs = append(runs, run{from: last + 1, length: before - last - 1, distance: distance(place, next),
				gap: &gap{last, before, place, step, goal, parts}})
		}
	}
	for i := 0; i < len(bars); {
		at, count := bars[i].at*fine, new(big.Int)
		for ; i < len(bars) && bars[i].at*fine == at; i++ {
			count.Add(count, big.NewInt(bars[i].count))
		}
		open(at)
		first := new(big.Int).Add(place, row)
		place = new(big.Int).Add(place, count.Mul(count, row))
		runs = append(runs, run{from: at, length: 1, distance: distance(first, place)})
		last = at
	}
	open(s.Grid*fine + 1)
	return runs
}

// leastDistance is the least of all points. Gaps that may have it are looked into.
func leastDistance(runs []run) *big.Int {
	var least *big.Int
	see := func(d *big.Int) {
		if least == nil || d.Cmp(least) < 0 {
			least = d
		}
	}
	for _, r := range runs {
		if r.gap == nil {
			see(r.distance)
		}
	}
	for _, r := range runs {
		if r.gap != nil && (least == nil || r.distance.Cmp(least) < 0) {
			for _, p := range r.gap.parts() {
				see(p.distance)
			}
		}
	}
	return least
}
