package answer

import (
	"math/big"
	"slices"

	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/mechanism"
	"github.com/dpproxy/dpproxy/rewrite"
)

// confidenceShown is that of the expected errors in notices and in EXPLAIN: half widths at 95 %.
const confidenceShown = 0.95

// release draws a measurement's noise and its quantiles, and puts its groups into the order of their keys: NULL after everything else,
// as PostgreSQL sorts. Public keys come in the plan's order.
func (s *Service) release(m *rewrite.Measurement, exacts []*mechanism.Exact) (*mechanism.Noisy, error) {
	exact := mechanism.NewExact(0)
	if m.SQL != "" {
		exact, exacts = exacts[0], exacts[1:]
	}
	if m.Cells != nil {
		return releaseCells(m, exact)
	}
	noisy, err := mechanism.Release(s.Random, exact, m.Specs, m.Selection, m.PublicKeys)
	if err == nil {
		err = s.quantiles(m, noisy, exacts)
	}
	if err != nil {
		return nil, err
	}
	if m.Selection.Kind != mechanism.PublicKeys {
		slices.SortStableFunc(noisy.Groups, func(a, b mechanism.NoisyGroup) int { return compareKeys(m.Keys, a.Keys, b.Keys) })
	}
	return noisy, nil
}

// quantiles draws the points of each histogram for the groups that are reported, and puts them after a group's numbers.
func (s *Service) quantiles(m *rewrite.Measurement, noisy *mechanism.Noisy, exacts []*mechanism.Exact) error {
	keys := make([][]Cell, len(noisy.Groups))
	for i, g := range noisy.Groups {
		keys[i] = g.Keys
	}
	for i, h := range m.Histograms {
		drawn, err := mechanism.ReleaseQuantiles(s.Random, exacts[i], h.Spec, keys)
		if err != nil {
			return err
		}
		for j := range noisy.Groups {
			g := &noisy.Groups[j]
			g.Values = append(g.Values, drawn.Groups[j].Values...)
		}
	}
	return nil
}

func compareKeys(columns []Column, a, b []Cell) int {
	for i, c := range columns {
		switch {
		case a[i].Null && b[i].Null:
		case a[i].Null:
			return 1
		case b[i].Null:
			return -1
		default:
			if order := catalog.Compare(c.Type, a[i].Text, b[i].Text); order != 0 {
				return order
			}
		}
	}
	return 0
}

// publish computes the rows of a released relation from noisy numbers: keys, estimates, and ends of intervals. It is
// post-processing: nothing that it does can cost anything.
func publish(m *rewrite.Measurement, noisy *mechanism.Noisy) ([][]Cell, error) {
	if m.Cells != nil {
		return publishCells(m, noisy), nil
	}
	intervals := make([]*mechanism.Intervals, len(m.Outputs))
	for i, o := range m.Outputs {
		if o.Key >= 0 || o.Quantile != nil {
			continue
		}
		if err := o.Estimator.Validate(m.Specs[o.Estimator.Spec]); err != nil {
			return nil, err
		}
		if o.Bound != "" {
			var err error
			if intervals[i], err = o.Estimator.Intervals(m.Specs[o.Estimator.Spec], o.Confidence); err != nil {
				return nil, err
			}
		}
	}
	if err := checkSparsity(m, noisy); err != nil {
		return nil, err
	}
	groups := asAsked(m, noisy.Groups)
	rows := make([][]Cell, len(groups))
	for r, g := range groups {
		row := make([]Cell, len(m.Outputs))
		for i, o := range m.Outputs {
			switch {
			case o.Key >= 0:
				row[i] = g.Keys[o.Key]
			case hidden(m, o.Stand, g.Values):
				row[i] = null()
			case o.Quantile != nil:
				row[i] = quantileCell(m, o, g.Values)
			case o.Bound == "":
				row[i] = numberCell(o, o.Estimator.Value(g.Values), "")
			default:
				low, high := intervals[i].Bounds(g.Values)
				if o.Bound == "high" {
					low = high
				}
				row[i] = numberCell(o, low, o.Bound)
			}
		}
		rows[r] = row
	}
	return rows, nil
}

// numberCell is a published number; nil is NULL, as the slope of rows that show no variance is.
func numberCell(o rewrite.Output, x *big.Rat, bound string) Cell {
	if x == nil {
		return null()
	}
	return Cell{Text: catalog.FormatRat(o.Type, rounded(x, o.Stand.Round, bound))}
}

// expectedError is how far a column of an answer is expected to be off, as EXPLAIN shows it.
type expectedError struct {
	Column    string  `json:"column"`
	HalfWidth float64 `json:"half_width"` // divided by the number of rows in the group, where PerRow
	PerRow    bool    `json:"per_row,omitempty"`
	InRank    bool    `json:"in_rank,omitempty"` // counted in rows of the group, in the order of the values
}

// text is "± 6.2" or "± 1240/n".
func (e expectedError) text() string {
	switch {
	case e.PerRow:
		return "± " + figures(e.HalfWidth) + "/n"
	case e.InRank:
		return "± " + figures(e.HalfWidth) + " rows in rank"
	}
	return "± " + figures(e.HalfWidth)
}

// expectedErrors lists the numbers with noise: columns of the answer under their names there, and what the outer query
// computes with under the aggregate's own.
func expectedErrors(p *rewrite.Plan, confidence float64) ([]expectedError, error) {
	var out []expectedError
	shown := map[rewrite.Source]bool{}
	add := func(s rewrite.Source, name string) error {
		m := &p.Blocks[s.Block]
		o := m.Outputs[s.Output]
		if o.Key >= 0 || o.Bound != "" || shown[s] || m.Cells != nil {
			return nil
		}
		shown[s] = true
		if o.Quantile != nil {
			out = append(out, expectedError{Column: name, HalfWidth: rankError(m, o, confidence), InRank: true})
			return nil
		}
		h, err := mechanism.ExpectedHalfWidth(m.Specs[o.Estimator.Spec], o.Estimator, confidence)
		out = append(out, expectedError{Column: name, HalfWidth: h.Value, PerRow: h.PerRow})
		return err
	}
	for i, s := range p.Sources {
		if s.Block < 0 {
			continue
		}
		if err := add(s, p.Columns[i].Name); err != nil {
			return nil, err
		}
	}
	for b := range p.Blocks {
		for i, o := range p.Blocks[b].Outputs {
			if err := add(rewrite.Source{Block: b, Output: i}, o.Label); err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}
