package rewrite

import (
	"fmt"
	"math/big"
	"sort"

	"github.com/dpproxy/dpproxy/mechanism"
	"github.com/dpproxy/dpproxy/privacy"
	"github.com/dpproxy/dpproxy/refusal"
	"github.com/dpproxy/dpproxy/rewrite/expr"
)

// OneRelease measures what belongs together once: count(x), sum(x), avg(x) and the variances of one column under one
// filter come from one vector of whole numbers with one joint sensitivity, and so cost one share and agree with each other.
//
//	units                     the number of units                       Δ = 1
//	rows                      Σ min(n, m)                               Δ = m
//	sum     (only sum)        Σ x on the grid                           Δ = m · max(|L|, |U|)/step
//	pair    (avg, sum+count)  (Σ s, Σ (G − s))                          Δ = m · G, as a row adds G in all
//	triple  (variances)       (Σ (G − s)², Σ 2s(G − s), Σ s²)           Δ = m · G², as a row adds G² in all
//	plane   (two columns)     products of their Bernstein bases         Δ = m · Gᵃ·Hᵇ, see spec_plane.go
//
// With DISTINCT they are of the different values: see spec_distinct.go.
type specKind string

const (
	specUnits  specKind = "units"
	specRows   specKind = "rows"
	specSum    specKind = "sum"
	specPair   specKind = "pair"
	specTriple specKind = "triple"
	specPlane  specKind = "plane"
)

// released is one spec of a draft: what is measured, and of what.
type released struct {
	kind     specKind
	arg      expr.Expr // nil: rows
	filter   expr.Expr
	distinct bool      // of the different values of arg
	most     int64     // of distinct: how many values of one unit count in a group
	listed   expr.Expr // of distinct: the condition that a value is one of a declared list; nil if it need not be asked
	grid     expr.Gridded
	plane    *plane       // of a plane: its second column
	delta    *big.Int     // Δ: what one unit can move in one group
	first    int          // index of its first number
	fallback bool         // bounded by the query's limit on rows
	sets     map[set]bool // the rows that it counts, and may be asked of
	spec     mechanism.Spec
}

// width is the number of whole numbers that it measures.
func (s *released) width() int {
	switch s.kind {
	case specPair:
		return 2
	case specTriple:
		return 3
	case specPlane:
		return (s.plane.degree[0] + 1) * (s.plane.degree[1] + 1)
	}
	return 1
}

func (s *released) name() string {
	n := string(s.kind)
	switch {
	case s.plane != nil:
		n += fmt.Sprintf("(%s, %s) of degree %d, %d", text(s.arg), text(s.plane.arg), s.plane.degree[0], s.plane.degree[1])
	case s.distinct:
		n += "(DISTINCT " + text(s.arg) + ")"
	case s.arg != nil:
		n += "(" + text(s.arg) + ")"
	}
	if s.filter != nil {
		n += " FILTER (" + text(s.filter) + ")"
	}
	return n
}

// set names the rows that a call counts: its arguments and filter.
type set struct {
	arg, arg2, filter string
	distinct          bool
}

func setOf(k *call) set {
	s, counts := set{distinct: k.distinct}, measuredAs(k.fn).isCount()
	switch {
	case k.arg2 != nil && counts && !k.arg.Domain().Nullable && !k.arg2.Domain().Nullable:
	case k.arg2 != nil:
		s.arg, s.arg2 = text(k.arg), text(k.arg2)
		if s.arg > s.arg2 {
			s.arg, s.arg2 = s.arg2, s.arg
		}
	case k.arg != nil && (!counts || k.distinct || k.arg.Domain().Nullable):
		s.arg = text(k.arg)
	}
	if k.filter != nil {
		s.filter = text(k.filter)
	}
	return s
}

// wants collects which functions are asked of one set of rows.
type wants struct {
	arg, filter expr.Expr
	distinct    bool
	plane       *plane
	fns         map[string]bool
	loc         int32
	written     string // in the analyst's own terms
	sets        map[set]bool
}

// groupCalls sorts a draft's calls into sets. A count of all rows belongs to the set of a column that is never NULL, if
// such a column is averaged, and if the count is not needed to choose groups.
func groupCalls(d *draft, mergeCounts bool) map[set]*wants {
	out := map[set]*wants{}
	for _, k := range d.calls {
		if k.units || k.quantile != nil {
			continue
		}
		s := setOf(k)
		w := out[s]
		if w == nil {
			w = &wants{filter: k.filter, distinct: k.distinct, fns: map[string]bool{}, loc: k.loc, written: k.written, sets: map[set]bool{s: true}}
			out[s] = w
		}
		if s.arg2 != "" {
			w.addPair(d, k)
		} else if s.arg != "" {
			w.arg, w.written = k.arg, k.written
		}
		w.fns[k.fn] = true
	}
	mergeIntoPlanes(d, out)
	if !mergeCounts {
		return out
	}
	for s := range out {
		if s.arg != "" {
			continue
		}
		if host := hostOfCount(d, out, s); host != nil {
			host.fns["count"], host.sets[s] = true, true
			delete(out, s)
		}
	}
	return out
}

// hostOfCount finds a set over the same filter whose columns are never NULL and which is measured as a pair, triple or
// plane.
func hostOfCount(d *draft, sets map[set]*wants, s set) *wants {
	var found []set
	for o, w := range sets {
		if o.arg != "" && o.filter == s.filter && !o.distinct && !w.nullable() && w.kind() != specSum {
			found = append(found, o)
		}
	}
	if len(found) == 0 {
		return nil
	}
	sort.Slice(found, func(i, j int) bool { return sets[found[i]].order(d) < sets[found[j]].order(d) })
	return sets[found[0]]
}

// order is what sets are sorted by, however the query was written.
func (w *wants) order(d *draft) string {
	if w.plane != nil {
		return d.order(w.arg) + "\x00" + d.order(w.plane.arg)
	}
	return d.order(w.arg)
}

func (w *wants) nullable() bool {
	return w.arg.Domain().Nullable || w.plane != nil && w.plane.arg.Domain().Nullable
}

// kind is the least that holds all functions that are asked.
func (w *wants) kind() specKind {
	degree, sums := 0, true
	for fn := range w.fns {
		m := measuredAs(fn)
		degree, sums = max(degree, m.degree[0]), sums && m.isSum()
	}
	switch {
	case w.plane != nil:
		return specPlane
	case degree == 0:
		return specRows
	case degree == 1 && sums:
		return specSum
	case degree == 1:
		return specPair
	}
	return specTriple
}

// specsOf lists what is measured for a draft, in an order that does not depend on how the query was written.
func (r *resolver) specsOf(d *draft, m int64, mergeCounts bool) ([]*released, error) {
	var out []*released
	for _, k := range d.calls {
		if k.units && (len(out) == 0 || !sameFilter(out, k)) {
			out = append(out, &released{kind: specUnits, filter: k.filter, delta: big.NewInt(1)})
		}
	}
	for _, w := range inOrder(groupCalls(d, mergeCounts)) {
		s := &released{kind: w.kind(), arg: w.arg, filter: w.filter, distinct: w.distinct, plane: w.plane, sets: w.sets}
		rows := m
		if s.distinct {
			if err := r.differentValues(s, m); err != nil {
				return nil, err
			}
			rows = s.most
		}
		if err := r.gridOf(s, w, rows); err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	sort.Slice(out, func(i, j int) bool { return out[i].order(d) < out[j].order(d) })
	first := 0
	for _, s := range out {
		s.first = first
		first += s.width()
	}
	return out, nil
}

// inOrder lists what is wanted as the query wrote it, so that of several faults it is always the first that is told.
func inOrder(sets map[set]*wants) []*wants {
	var out []*wants
	for _, w := range sets {
		out = append(out, w)
	}
	sort.Slice(out, func(i, j int) bool { return out[i].loc < out[j].loc })
	return out
}

func sameFilter(have []*released, k *call) bool {
	for _, s := range have {
		if s.kind == specUnits && (s.filter == nil) == (k.filter == nil) && (s.filter == nil || text(s.filter) == text(k.filter)) {
			return true
		}
	}
	return false
}

// maxDeltaBits bounds Δ = m·G (or m·G²): 2⁸⁶, so that sums over 2⁴⁰ rows, and their products with m before they are cut, fit
// the 127 bits of the engines' exact whole numbers. An overflow would tell whether a row is there.
const maxDeltaBits = 86

// gridOf computes Δ.
func (r *resolver) gridOf(s *released, w *wants, m int64) error {
	rows := big.NewInt(m)
	if s.distinct {
		if _, err := expr.GroupKey(s.arg); err != nil { // equal values must print alike
			return r.at(err, w.loc)
		}
	}
	if s.kind == specRows {
		s.delta = rows
		return nil
	}
	if s.kind == specPlane {
		return r.gridsOfPlane(s, w, m)
	}
	arg, err := r.bounded(w)
	if err != nil {
		return err
	}
	s.fallback = text(arg) != text(w.arg)
	g, err := expr.Grid(arg, m)
	if err != nil {
		return r.at(err, w.loc)
	}
	if g.G.Sign() == 0 {
		g.G = big.NewInt(1) // a constant: s is 0 for every row, and the pair is a count
	}
	s.grid = g
	switch s.kind {
	case specSum:
		s.delta = new(big.Int).Mul(rows, g.PlainMax())
	case specPair:
		s.delta = new(big.Int).Mul(rows, g.G)
	case specTriple:
		s.delta = new(big.Int).Mul(rows, new(big.Int).Mul(g.G, g.G))
	}
	if s.delta.Sign() < 0 {
		return r.fail(refusal.NotSupported, w.loc, "the bounds of %q contradict each other", w.written)
	}
	if s.delta.BitLen() > maxDeltaBits || g.G.BitLen() > maxDeltaBits {
		return r.fail(refusal.NotSupported, w.loc, "the bounds of %q are too wide for an exact sum", w.written).
			WithHint("Narrow them in the query: least(greatest(%s, 0), 100).", w.written)
	}
	if s.delta.Sign() == 0 {
		s.delta = big.NewInt(1) // a constant column: nothing moves, and a scale of 0 is no noise
	}
	return nil
}

// sensitivity fills in L1 and L2² of a spec for a unit that touches `groups` groups, or `rows` rows in all.
func (s *released) sensitivity(c privacy.Contribution) {
	s.spec.Name, s.spec.Width = s.name(), s.width()
	if c.UnitRows > 0 && s.kind != specUnits {
		// Δ is that of one row here; all R rows may fall in one group: L1 = R·Δ, and L2 = R·Δ.
		total := new(big.Int).Mul(s.delta, big.NewInt(c.UnitRows))
		s.spec.L1, s.spec.L2Squared = total, new(big.Int).Mul(total, total)
		return
	}
	groups := big.NewInt(c.Groups)
	if c.UnitRows > 0 {
		groups = big.NewInt(c.UnitRows)
	}
	s.spec.L1 = new(big.Int).Mul(groups, s.delta)
	s.spec.L2Squared = new(big.Int).Mul(groups, new(big.Int).Mul(s.delta, s.delta))
}
