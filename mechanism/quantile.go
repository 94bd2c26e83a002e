package mechanism

import (
	"errors"
	"fmt"
	"math/big"
	"sort"
	"strconv"

	"github.com/dpproxy/dpproxy/privacy"
)

// QuantileSpec describes the release of quantiles of one column in every group by the exponential mechanism (McSherry and Talwar 2007;
// Smith 2011). The outcome is a point of a public grid, 0 to Grid.
//
// The utility of a point o for a target t among the group's n rows is −d(o), d(o) the distance of t to the interval
// [rows below o, rows at or below o]. Every target grows with n at a rate r (a rank's q between the ends, between 0 and 1 at them), so
// that one unit with m rows in the group moves d by at most m·max(q, 1−q): rows below o grow by 0 to m and t by r·m. Choosing o
// with probability ∝ exp(−ε'·d(o)/(2·m·max(q, 1−q))) is then ε'-DP for the group, and has ε'-bounded range.
type QuantileSpec struct {
	Name  string
	Ranks []Rank
	Grid  int64 // the largest point, ≥ 1
	// Unit is how many parts one row counts, ≥ 1: the engine counts parts, so that a unit with more than m rows can have its rows
	// weighed down to m.
	Unit int64
	// Rows is m, Groups is L0. Where a unit has at most R rows in all, Rows is R and Groups 1: its rows in several groups cost
	// no more together.
	Rows, Groups int64
	// Share is the whole cost, for all ranks and groups. Under ZCDP, ρ is what counts: each of L0·k choices may cost
	// ε'²/8 (Cesar and Rogers 2021). Otherwise ε counts: ε' = ε/(L0·k).
	Share      privacy.Loss
	Accountant privacy.Accountant
}

// Rank is where an answer is sought in the order of a group's n rows: at Q·n + Shift rows from its start, Q in [0, 1].
//
// At the ends (Q = 0 is min, Q = 1 is max) that would be the border between the rows and an empty part of the grid, all of whose points
// are as good. There the target lies inward by the number of rows that takes the whole grid's weight down to one point's,
// 2m·ln(Grid + 1)/ε', by half a row at least and by n/2 at most; Shift does not count.
//
// With Between, and where rows are whole, points between two rows have places between theirs, so that the answer is the one that
// PostgreSQL interpolates: see quantile_between.go.
type Rank struct {
	Q       *big.Rat
	Shift   *big.Rat // nil is 0
	Between bool
}

func (r Rank) valid() bool {
	return r.Q != nil && r.Q.Sign() >= 0 && r.Q.Cmp(big.NewRat(1, 1)) <= 0
}

func (r Rank) isEnd() bool { return r.Q.Sign() == 0 || r.Q.Cmp(big.NewRat(1, 1)) == 0 }

func (r Rank) shift() *big.Rat {
	if r.Shift == nil || r.isEnd() {
		return new(big.Rat)
	}
	return r.Shift
}

// String is "1/2", "1/2 − 1/4 row" with the shift, or "1/2 of n − 1" between rows: all that tells two ranks apart.
func (r Rank) String() string {
	if r.Between && !r.isEnd() {
		return r.Q.RatString() + " of n − 1"
	}
	if r.shift().Sign() == 0 {
		return r.Q.RatString()
	}
	return r.Q.RatString() + " " + map[bool]string{true: "−", false: "+"}[r.Shift.Sign() < 0] + " " + new(big.Rat).Abs(r.Shift).RatString() + " row"
}

// Validate tells what makes s impossible to release. Its errors hold the query's shape only.
func (s QuantileSpec) Validate() error {
	if len(s.Ranks) == 0 || s.Grid < 1 || s.Grid >= 1<<62 || s.Rows < 1 || s.Groups < 1 || s.Unit < 1 {
		return fmt.Errorf("mechanism: quantiles %q lack ranks, a grid or bounds", s.Name)
	}
	for _, r := range s.Ranks {
		if !r.valid() {
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
// group and grid point, in parts: the group's keys and then the point, a whole number in text. Points outside 0…Grid are the nearest
// bound's, and NULL is dropped. keys is a public list, or the list of visible groups of an earlier release; an empty
// group's quantile is uniform on the grid. The result has len(Ranks) points for each group, in steps of 1/Fineness; larger ranks never have
// smaller points, among those of one fineness.
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
		if err != nil || count.Sign() < 0 || count.BitLen() > 62 {
			return nil, errHistogram
		}
		bars[i] = append(bars[i], bar{min(max(at, 0), s.Grid), count.Int64()})
	}
	for i := range bars {
		sort.Slice(bars[i], func(a, b int) bool { return bars[i][a].at < bars[i][b].at })
	}
	return bars, nil
}
