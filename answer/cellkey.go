package answer

import (
	"slices"

	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/mechanism"
	"github.com/dpproxy/dpproxy/refusal"
	"github.com/dpproxy/dpproxy/rewrite"
)

// releaseCells perturbs a table of the cell-key pipeline, and puts its cells into the order of their keys.
func releaseCells(m *rewrite.Measurement, exact *mechanism.Exact) (*mechanism.Noisy, error) {
	noisy, err := mechanism.ReleaseCells(exact, *m.Cells, m.PublicKeys)
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(noisy.Groups, func(a, b mechanism.NoisyGroup) int { return compareKeys(m.Keys, a.Keys, b.Keys) })
	return noisy, nil
}

// publishCells computes the rows of a perturbed table; what is suppressed is NULL.
func publishCells(m *rewrite.Measurement, noisy *mechanism.Noisy) [][]Cell {
	rows := make([][]Cell, len(noisy.Groups))
	for r, g := range noisy.Groups {
		row, n := make([]Cell, len(m.Outputs)), 0
		for i, o := range m.Outputs {
			if o.Key >= 0 {
				row[i] = g.Keys[o.Key]
				continue
			}
			if value := mechanism.CellValue(g.Values, n); value != nil {
				row[i].Text = catalog.FormatRat(o.Type, value)
			} else {
				row[i] = null()
			}
			n++
		}
		rows[r] = row
	}
	return rows
}

// tooSparse refuses a table as a whole. Unlike everything that differential privacy says, this depends on the data.
func tooSparse() error {
	return refusal.New(refusal.InsufficientPrivilege, "the table is too sparse: too many of its cells have one or two records").
		WithHint("Ask for fewer or coarser groups.")
}

// cellNotices say aloud, with each answer, that it is not differentially private.
func cellNotices(p *rewrite.Plan) []Notice {
	out := []Notice{{
		Severity: "NOTICE", Code: "00000", Message: "perturbed by the cell-key method (pipeline tbe); this is not differential privacy, and no ε was spent",
	}}
	for _, m := range p.Blocks {
		if m.Cells != nil && m.Cells.CountsUnits() {
			out[0].Detail = "Counts are of distinct units of the main table, not of rows."
		}
	}
	return out
}

func cellBlocks(p *rewrite.Plan) bool {
	return slices.ContainsFunc(p.Blocks, func(m rewrite.Measurement) bool { return m.Cells != nil })
}

// pipelineOf names how a data set's private tables are answered.
func pipelineOf(d *catalog.Dataset) string {
	if d.CellKey != nil {
		return "tbe"
	}
	return "laplace"
}
