package answer

import (
	"math/big"
	"strings"

	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/rewrite"
)

// quantileCell is the value of the points that were drawn. Ends of intervals are NULL: an interval of values would have to know how
// dense the rows are around them, and that is not free.
func quantileCell(m *rewrite.Measurement, o rewrite.Output, values []*big.Int) Cell {
	if o.Bound != "" {
		return null()
	}
	h := m.Histograms[o.Quantile.Histogram]
	t := o.Type
	t.Array = false
	var parts []string
	for _, i := range o.Quantile.Ranks {
		at, fineness := values[h.First+i], h.Spec.Fineness(h.Spec.Ranks[i])
		if base := o.Stand.Round; base != nil && t.IsNumeric() {
			parts = append(parts, catalog.FormatRat(t, rounded(h.Points.Value(at, fineness), base, "")))
			continue
		}
		parts = append(parts, h.Points.Text(t, at, fineness))
	}
	if !o.Quantile.Array {
		return text(parts[0])
	}
	for i, p := range parts {
		if strings.ContainsAny(p, " ,\"\\{}") {
			parts[i] = `"` + p + `"` // timestamps: no value here has quotes
		}
	}
	return text("{" + strings.Join(parts, ",") + "}")
}

// rankError is how many rows a quantile may be off, the worst of an array.
func rankError(m *rewrite.Measurement, o rewrite.Output, confidence float64) float64 {
	s := m.Histograms[o.Quantile.Histogram].Spec
	worst := 0.0
	for _, i := range o.Quantile.Ranks {
		worst = max(worst, s.RankError(s.Ranks[i], confidence))
	}
	return worst
}
