package rewrite

import (
	"fmt"
	"math/big"
	"sort"
	"strings"

	"github.com/dpproxy/dpproxy/mechanism"
	"github.com/dpproxy/dpproxy/privacy"
	"github.com/dpproxy/dpproxy/refusal"
	"github.com/dpproxy/dpproxy/rewrite/expr"
)

// Quantiles (percentile_cont, percentile_disc, median, min, max) of one column under one filter come from one histogram, and share
// one share of the loss. It is bounded as everything else of the measurement, at most L0 groups of a unit under the same salt, and a unit
// with n > m rows in a group has each of them weighed down to m/n:
//
//	rows      the analyst's FROM and WHERE, without rows that belong to no unit
//	chosen    at most L0 groups of a unit                                        as the measurement's, where it ranks
//	points    c rows of a unit and group at a point, n at all points             rows without a value are left out here
//	          and the sums over units of c, or c·m/n truncated, in parts of 1/2²⁰ of a row
//
// Weighing instead of choosing m rows by a hash needs no sort of single rows, leaves no noise of its own, and is how sums and counts
// are cut. The parts of one unit are at most m rows in each group, as every one of its points is rounded down.

// rowParts is how many parts one row counts where rows can be weighed.
const rowParts = 1 << 20

// histogram is one column's quantiles while its measurement is being planned.
type histogram struct {
	arg, filter expr.Expr
	grid        pointGrid
	ranks       []mechanism.Rank
	spec        mechanism.QuantileSpec
	first       int // index of its first point among a group's values
	fallback    bool
}

func (h *histogram) name() string {
	n := "quantiles(" + text(h.arg) + ")"
	if h.filter != nil {
		n += " FILTER (" + text(h.filter) + ")"
	}
	return n
}

// rank finds or adds a rank.
func (h *histogram) rank(r mechanism.Rank) int {
	for i, have := range h.ranks {
		if have.String() == r.String() {
			return i
		}
	}
	h.ranks = append(h.ranks, r)
	return len(h.ranks) - 1
}

// histogramFor finds the histogram of a call's rows.
func histogramFor(list []*histogram, k *call) *histogram {
	for _, h := range list {
		if text(h.arg) == text(k.arg) && (h.filter == nil) == (k.filter == nil) && (k.filter == nil || text(h.filter) == text(k.filter)) {
			return h
		}
	}
	return nil
}

// histogramsOf lists what must be counted for a draft's quantiles, in an order that does not depend on how it was written.
func (r *resolver) histogramsOf(p *pending) ([]*histogram, error) {
	var out []*histogram
	for _, k := range p.d.calls {
		if k.quantile == nil {
			continue
		}
		h := histogramFor(out, k)
		if h == nil {
			grid, err := r.pointsOf(k)
			if err != nil {
				return nil, err
			}
			h = &histogram{arg: k.arg, filter: k.filter, grid: grid, fallback: !r.declaredBounds(k.arg)}
			out = append(out, h)
		}
		for _, rank := range k.quantile.ranks {
			h.rank(rank)
		}
	}
	if len(out) > 0 {
		r.rule("Histogram")
	}
	sort.SliceStable(out, func(i, j int) bool { return out[i].order(p.d) < out[j].order(p.d) })
	first := 0
	for _, s := range p.specs {
		first += s.spec.Width
	}
	for _, h := range out {
		sort.SliceStable(h.ranks, func(i, j int) bool {
			if c := h.ranks[i].Q.Cmp(h.ranks[j].Q); c != 0 {
				return c < 0
			}
			return h.ranks[i].String() < h.ranks[j].String()
		})
		h.first = first
		first += len(h.ranks)
		h.bound(p)
	}
	return out, nil
}

// bound fills in what a unit can add.
func (h *histogram) bound(p *pending) {
	h.spec = mechanism.QuantileSpec{Name: h.name(), Ranks: h.ranks, Grid: h.grid.largest, Unit: rowParts, Rows: p.bounds.Rows, Groups: p.bounds.Groups}
	switch p.form {
	case formFlat:
		h.spec.Unit = 1
	case formRows: // all R rows may fall in one group, and cost no more in several
		h.spec.Rows, h.spec.Groups = p.bounds.UnitRows, 1
	}
}

// payFor gives a histogram its share. Under zCDP ρ is what counts, whatever the noise of the other parts.
func (r *resolver) payFor(h *histogram, share privacy.Loss) error {
	h.spec.Accountant, h.spec.Share = r.ds.Accountant, share
	if r.ds.Accountant == privacy.ZCDP {
		h.spec.Share = privacy.Loss{Rho: share.Rho}
	}
	if h.spec.Validate() != nil {
		return refusal.New(refusal.InvalidParameterValue, "dp.epsilon = %s is too small to be shared over the quantiles of this query", r.set.Epsilon).
			WithHint("Raise dp.epsilon, or ask for fewer quantiles.")
	}
	return nil
}

// histogram prints one histogram of a measurement.
func (r *resolver) histogram(p *pending, h *histogram, dialect expr.Dialect) Histogram {
	m := &measurementSQL{p: &expr.Printer{Dialect: dialect}, d: p.d, where: p.where, bounds: p.bounds, form: p.form}
	if m.form == formRows {
		m.form = formGroup // rows are weighed, not chosen
	}
	if m.form == formFlat {
		m.flatHistogram(h)
	} else {
		m.weighedHistogram(h, p.form == formRows)
	}
	return Histogram{Name: h.name(), SQL: m.p.String(), Salted: m.form == formWindow, Spec: h.spec, Points: h.grid.points, First: h.first}
}

// point prints the point of a row, NULL where it has no value or does not count.
func (m *measurementSQL) point(h *histogram) string {
	p := h.grid.print(m)
	if h.filter != nil {
		return "CASE WHEN " + m.value(h.filter) + " THEN " + p + " END"
	}
	return p
}

// flatHistogram: each row is one unit.
func (m *measurementSQL) flatHistogram(h *histogram) {
	m.p.WriteString("SELECT ")
	m.keys(`"d".`)
	m.p.WriteString(`"d"."p", count(*) AS "y1" FROM (SELECT `)
	m.keys("")
	m.p.WriteString(m.point(h) + ` AS "p"`)
	m.rowsFrom()
	m.p.WriteString(`) AS "d" WHERE "d"."p" IS NOT NULL`)
	m.groupBy(append(m.keyNames(`"d".`), `"d"."p"`))
}

// weighedHistogram counts for each unit first.
func (m *measurementSQL) weighedHistogram(h *histogram, all bool) {
	within, most := append([]string{`"d"."u"`}, m.keyNames(`"d".`)...), big.NewInt(m.bounds.Rows)
	if all {
		within, most = within[:1], big.NewInt(m.bounds.UnitRows)
	}
	parts := new(big.Int).Mul(most, big.NewInt(rowParts))
	weighed := fmt.Sprintf(`sum(CASE WHEN "c"."n" > %s THEN %s ELSE "c"."c" * %d END)`, most,
		m.divide(m.wide(`"c"."c"`)+" * "+m.number(parts), `"c"."n"`), rowParts)
	m.p.WriteString("SELECT ")
	m.keys(`"c".`)
	m.p.WriteString(`"c"."p", ` + weighed + ` AS "y1" FROM (SELECT `)
	m.keys(`"d".`)
	m.p.WriteString(`"d"."u", "d"."p", count(*) AS "c", sum(count(*)) OVER (PARTITION BY ` + strings.Join(within, ", ") + `) AS "n" FROM (SELECT `)
	point := m.point(h)
	if m.form == formWindow {
		m.keys(`"b".`)
		m.p.WriteString(`"b"."u", ` + point + ` AS "p"`)
		m.ranked("dense_rank", m.hashedKeys(), m.bounds.Groups)
	} else {
		m.keys("")
		m.p.Expr(m.d.unit.e)
		m.p.WriteString(` AS "u", ` + point + ` AS "p"`)
		m.rowsFrom()
	}
	m.p.WriteString(`) AS "d" WHERE "d"."p" IS NOT NULL`)
	m.groupBy(append(m.keyNames(`"d".`), `"d"."u"`, `"d"."p"`))
	m.p.WriteString(`) AS "c"`)
	m.groupBy(append(m.keyNames(`"c".`), `"c"."p"`))
}

// quantileOutput is the column of a call.
func (p *pending) quantileOutput(k *call) *QuantileOutput {
	for i, h := range p.histograms {
		if h != histogramFor(p.histograms, k) {
			continue
		}
		out := &QuantileOutput{Histogram: i, Array: k.typ.Array}
		for _, r := range k.quantile.ranks {
			out.Ranks = append(out.Ranks, h.rank(r))
		}
		return out
	}
	return nil
}
