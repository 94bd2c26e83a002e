package sqltest

import (
	"fmt"
	"math/big"
	"strings"

	"github.com/dpproxy/dpproxy/rewrite"
)

// probes are the texts that a measurement sends, each as a measurement of its own.
func probes(label string, m *rewrite.Measurement) []measured {
	texts, histograms := m.Texts()
	var out []measured
	for i := range texts {
		out = append(out, measured{label: label, m: &texts[i], histogram: histograms[i]})
	}
	return out
}

// compareHistogram holds what the sensitivity of the utility rests on: one unit's rows are added to what the others have, nowhere taken
// away, and are at most m in a group and in L0 groups at most; and that points lie on the grid.
func compareHistogram(w measured, got answerRows, id int) (faults []string) {
	spec := w.histogram.Spec
	change := map[string]*big.Int{}
	for key, numbers := range w.all {
		n := new(big.Int).Set(numbers[0])
		if rest, ok := got[key]; ok {
			n.Sub(n, rest[0])
		}
		parts := strings.Split(strings.TrimSuffix(key, "|"), "|")
		point, ok := new(big.Int).SetString(parts[len(parts)-1], 10)
		if !ok || point.Sign() < 0 || point.Cmp(big.NewInt(spec.Grid)) > 0 {
			faults = append(faults, fmt.Sprintf("%s: point %s is not on a grid to %d\n%s", w.label, parts[len(parts)-1], spec.Grid, w.m.SQL))
		}
		if n.Sign() < 0 {
			faults = append(faults, fmt.Sprintf("%s: without unit %d others count %s more at %s\n%s", w.label, id, n, key, w.m.SQL))
		}
		if n.Sign() != 0 {
			group := strings.Join(parts[:len(parts)-1], "|")
			if change[group] == nil {
				change[group] = new(big.Int)
			}
			change[group].Add(change[group], n.Abs(n))
		}
	}
	for key := range got {
		if w.all[key] == nil {
			faults = append(faults, fmt.Sprintf("%s: without unit %d others have rows at %s\n%s", w.label, id, key, w.m.SQL))
		}
	}
	most := new(big.Int).Mul(big.NewInt(spec.Rows), big.NewInt(spec.Unit))
	for group, n := range change {
		if n.Cmp(most) > 0 {
			faults = append(faults, fmt.Sprintf("%s: unit %d moves group %q by %s parts, declared %s\n%s", w.label, id, group, n, most, w.m.SQL))
		}
	}
	if most := spec.Groups; most > 1 && int64(len(change)) > most {
		faults = append(faults, fmt.Sprintf("%s: unit %d is in %d groups, declared %d\n%s", w.label, id, len(change), most, w.m.SQL))
	}
	return faults
}
