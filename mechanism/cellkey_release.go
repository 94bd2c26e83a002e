package mechanism

import (
	"errors"
	"math/big"
)

// CellKind says what a published number of the cell-key pipeline is.
type CellKind string

// The kinds.
const (
	CellCount CellKind = "count" // n + p, or weighted W·(n + p)/n, rounded to a whole number
	CellSum   CellKind = "sum"   // mean × (n + p), or weighted mean × W·(n + p)/n
	CellMean  CellKind = "mean"  // (Σx + Σ m_k·s·|x_(k)|)/n, or weighted the same of w·x, over W
)

// CellMeasure is one group of the engine's whole numbers about the same records of a cell, and what is published of them:
//
//	n, keys [, weight] [, total, and for each rank: |x|, record key]
//
// weight, total and |x| are in steps.
type CellMeasure struct {
	Name     string // for the plan, e.g. "sum(income)"
	First    int    // index of the first number
	Weighted bool
	Valued   bool     // total and contributors follow
	Units    bool     // n counts distinct units, where rows are not units
	Step     *big.Rat // what one step of total and |x| is worth (of w·x where weighted)
	Weight   *big.Rat // what one step of weight is worth
}

// Width is how many of the engine's numbers a measure reads.
func (m CellMeasure) Width(t *CellTables) int {
	w := 2
	if m.Weighted {
		w++
	}
	if m.Valued {
		w += 1 + 2*len(t.M)
	}
	return w
}

// CellOutput is one published number: a formula over one measure.
type CellOutput struct {
	Kind    CellKind
	Measure int
}

// CellSpec is what is published of one measurement of the cell-key pipeline.
type CellSpec struct {
	Tables   *CellTables
	Measures []CellMeasure
	Outputs  []CellOutput
	// Sparsity, if not nil, refuses tables with too many small cells, judged on the records of measure 0.
	Sparsity *Sparsity
	// Padded adds the cells of publicKeys that have no records.
	Padded bool
}

// Sparsity holds the shares of cells with one record, and with one or two, among the cells with records, above which a table
// is refused as a whole.
type Sparsity struct{ Ones, OnesAndTwos *big.Rat }

// ErrSparse says that a table has too many small cells.
var ErrSparse = errors.New("mechanism: too many small cells")

// CellDecimals is the number of decimals that sums and means are published with.
const CellDecimals = 12

// CountsUnits tells that a count is of distinct units and not of rows.
func (s *CellSpec) CountsUnits() bool {
	for _, o := range s.Outputs {
		if o.Kind == CellCount && s.Measures[o.Measure].Units {
			return true
		}
	}
	return false
}

// Width is how many of the engine's numbers a spec reads.
func (s *CellSpec) Width() int {
	n := 0
	for _, m := range s.Measures {
		n += m.Width(s.Tables)
	}
	return n
}

// PublishedWidth is how many whole numbers a published cell has: two for each output, see CellValue.
func (s *CellSpec) PublishedWidth() int { return 2 * len(s.Outputs) }

// CellValue reads output i of a published cell: nil is suppressed.
func CellValue(values []*big.Int, i int) *big.Rat {
	if values[2*i+1].Sign() == 0 {
		return nil
	}
	unit := new(big.Int).Exp(big.NewInt(10), big.NewInt(CellDecimals), nil)
	return new(big.Rat).SetFrac(values[2*i], unit)
}

// ReleaseCells turns a table's true values into the perturbed ones of the cell-key method. It is NOT differentially private: it
// draws nothing, and the same cell always gets the same answer. It can be taken once for each Exact (ErrReleased).
//
// The cells come in the order of publicKeys where the spec is padded, then the others in an order made of their keys.
// ErrSparse refuses a table; other errors are faults of the plan or of the engine, and name no value.
func ReleaseCells(exact *Exact, spec CellSpec, publicKeys [][]Cell) (*Noisy, error) {
	groups, err := exact.claim()
	if err != nil {
		return nil, err
	}
	if exact.width != spec.Width() {
		return nil, errWidth
	}
	if groups, err = sorted(groups); err != nil {
		return nil, err
	}
	if spec.Sparsity != nil && len(groups) > 0 && len(groups[0].keys) > 0 && spec.sparse(groups) {
		return nil, ErrSparse
	}
	if spec.Padded {
		groups = padded(groups, publicKeys, exact.width)
	}
	noisy := &Noisy{Groups: make([]NoisyGroup, len(groups))}
	for i, g := range groups {
		noisy.Groups[i] = NoisyGroup{Keys: g.keys}
		for _, o := range spec.Outputs {
			value, shown := spec.publish(o, g.values)
			noisy.Groups[i].Values = append(noisy.Groups[i].Values, value, shown)
		}
	}
	return noisy, nil
}

// sparse judges a table by the records of measure 0 in its cells.
func (s *CellSpec) sparse(groups []exactGroup) bool {
	var ones, twos, filled int64
	for _, g := range groups {
		n := g.values[s.Measures[0].First]
		if n.Sign() < 1 {
			continue
		}
		filled++
		if n.IsInt64() && n.Int64() == 1 {
			ones++
		}
		if n.IsInt64() && n.Int64() == 2 {
			twos++
		}
	}
	if filled == 0 {
		return false
	}
	return big.NewRat(ones, filled).Cmp(s.Sparsity.Ones) > 0 || big.NewRat(ones+twos, filled).Cmp(s.Sparsity.OnesAndTwos) > 0
}

// padded puts the cells of a list first, empty where there are none, and the others after them.
func padded(groups []exactGroup, keys [][]Cell, width int) []exactGroup {
	have := make(map[string]exactGroup, len(groups))
	for _, g := range groups {
		have[name(g.keys)] = g
	}
	out := make([]exactGroup, 0, len(keys))
	for _, k := range keys {
		g, ok := have[name(k)]
		if !ok {
			g = exactGroup{keys: k, values: make([]*big.Int, width)}
			for i := range g.values {
				g.values[i] = new(big.Int)
			}
		}
		delete(have, name(k))
		out = append(out, g)
	}
	for _, g := range groups {
		if _, left := have[name(g.keys)]; left {
			out = append(out, g)
		}
	}
	return out
}

// publish computes one output of a cell: its value in units of 10^−CellDecimals, and 1, or 0 where it is suppressed.
func (s *CellSpec) publish(o CellOutput, values []*big.Int) (value, shown *big.Int) {
	m := s.Measures[o.Measure]
	c := m.read(s.Tables, values)
	count := new(big.Int).Add(c.n, big.NewInt(s.Tables.Adjustment(c.n, c.keys)))
	size := new(big.Rat).SetInt(count) // the perturbed number of records, or of what they stand for
	base := new(big.Rat).SetInt(c.n)
	if m.Weighted {
		base = new(big.Rat).Mul(new(big.Rat).SetInt(c.weight), m.Weight)
		if c.n.Sign() > 0 {
			size.Mul(size, base).Quo(size, new(big.Rat).SetInt(c.n))
		}
	}
	if o.Kind == CellCount {
		return inDecimals(new(big.Rat).SetInt(nearest(size))), big.NewInt(1)
	}
	if count.Sign() == 0 || base.Sign() == 0 {
		return new(big.Int), new(big.Int)
	}
	mean := new(big.Rat).Quo(c.sum(s.Tables, m.Step), base)
	if o.Kind == CellSum {
		mean.Mul(mean, size)
	}
	return inDecimals(mean), big.NewInt(1)
}

// cellNumbers are one measure's true numbers in one cell.
type cellNumbers struct {
	n, keys, weight, total *big.Int
	top                    []contributor
}

type contributor struct{ value, key *big.Int }

func (m CellMeasure) read(t *CellTables, values []*big.Int) cellNumbers {
	at := values[m.First:]
	c := cellNumbers{n: at[0], keys: at[1]}
	at = at[2:]
	if m.Weighted {
		c.weight, at = at[0], at[1:]
	}
	if m.Valued {
		c.total, at = at[0], at[1:]
		for range t.M {
			c.top = append(c.top, contributor{at[0], at[1]})
			at = at[2:]
		}
	}
	return c
}

// sum is Σx + Σ m_k·s·|x_(k)| over the largest contributors that the cell has.
func (c cellNumbers) sum(t *CellTables, step *big.Rat) *big.Rat {
	sum := new(big.Rat).SetInt(c.total)
	for k, x := range c.top {
		if c.n.Cmp(big.NewInt(int64(k))) <= 0 {
			break
		}
		term := new(big.Rat).SetInt(x.value)
		key := new(big.Int).Mod(x.key, big.NewInt(t.BigN)).Int64()
		sum.Add(sum, term.Mul(term, t.M[k]).Mul(term, t.Deviation(c.n, c.keys, key, k)))
	}
	return sum.Mul(sum, step)
}

// inDecimals is a number in units of 10^−CellDecimals, halves away from 0.
func inDecimals(x *big.Rat) *big.Int {
	unit := new(big.Int).Exp(big.NewInt(10), big.NewInt(CellDecimals), nil)
	return nearest(new(big.Rat).Mul(x, new(big.Rat).SetInt(unit)))
}

// nearest rounds to a whole number, halves away from 0.
func nearest(x *big.Rat) *big.Int {
	twice := new(big.Int).Lsh(x.Denom(), 1)
	n := new(big.Int).Lsh(new(big.Int).Abs(x.Num()), 1)
	n.Add(n, x.Denom()).Quo(n, twice)
	if x.Sign() < 0 {
		n.Neg(n)
	}
	return n
}
