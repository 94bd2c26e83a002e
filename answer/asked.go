package answer

import (
	"slices"

	"github.com/dpproxy/dpproxy/mechanism"
	"github.com/dpproxy/dpproxy/rewrite"
)

// asAsked puts a release's groups into the order of the keys as the query names them: in the release they have the order of
// the keys' canonical texts, so that GROUP BY a, b and GROUP BY b, a read back one release.
func asAsked(m *rewrite.Measurement, groups []mechanism.NoisyGroup) []mechanism.NoisyGroup {
	var columns []Column
	var from []int
	for _, o := range m.Outputs {
		if o.Key >= 0 {
			columns, from = append(columns, o.Column), append(from, o.Key)
		}
	}
	if slices.IsSorted(from) {
		return groups
	}
	keys := func(g mechanism.NoisyGroup) []Cell {
		out := make([]Cell, len(from))
		for i, k := range from {
			out[i] = g.Keys[k]
		}
		return out
	}
	sorted := slices.Clone(groups)
	slices.SortStableFunc(sorted, func(a, b mechanism.NoisyGroup) int { return compareKeys(columns, keys(a), keys(b)) })
	return sorted
}
