package sqltest

import (
	"fmt"
	"math"
	"math/big"
	"strings"
	"testing"

	"github.com/dpproxy/dpproxy/mechanism"
	"github.com/dpproxy/dpproxy/privacy"
	"github.com/dpproxy/dpproxy/rewrite"
)

// TestShares plans every accepted query under each accountant: the shares of all measurements of a statement never add up
// to more than was asked, nothing is measured for free, and no L2 sensitivity passes its L1.
func TestShares(t *testing.T) {
	sources := newSources(t, cleanRows())
	_, loaded := load(t, sources[0])
	for _, accountant := range []privacy.Accountant{privacy.Pure, privacy.Approx, privacy.ZCDP} {
		ds := *loaded.Catalog
		ds.Accountant = accountant
		planner := rewrite.NewPlanner(10)
		for _, c := range readCases(t, "queries/*.sql") {
			st, err := parseOne(c.sql)
			if err != nil {
				t.Fatal(err)
			}
			s := settings(tight)
			plan, err := planWith(planner, st, &ds, s, c.params(), fromEngine(loaded.Engine))
			if err != nil {
				t.Errorf("%s: %s/%s: %v", accountant, c.file, c.name, err)
				continue
			}
			checkShares(t, string(accountant)+": "+c.file+"/"+c.name, accountant, plan, s)
		}
	}
}

func checkShares(t *testing.T, label string, accountant privacy.Accountant, plan *rewrite.Plan, s rewrite.Settings) {
	t.Helper()
	half, err := privacy.EpsilonToRhoDown(s.Epsilon)
	if err != nil {
		t.Fatal(err)
	}
	if accountant == privacy.ZCDP && plan.Loss.Rho > half || accountant != privacy.ZCDP && plan.Loss.Epsilon > s.Epsilon || plan.Loss.Delta > s.Delta {
		t.Errorf("%s: costs %+v, asked was ε = %s, δ = %s", label, plan.Loss, s.Epsilon, s.Delta)
	}
	var sum privacy.Loss
	for _, m := range plan.Blocks {
		part := m.Selection.Share
		for _, spec := range m.Specs {
			if err := spec.Validate(); err != nil {
				t.Errorf("%s: %v", label, err)
			}
			want := mechanism.Laplace
			if accountant == privacy.ZCDP {
				want = mechanism.Gaussian
			}
			if spec.Noise != want {
				t.Errorf("%s: %s noise under %s", label, spec.Noise, accountant)
			}
			square := new(big.Int).Mul(spec.L1, spec.L1)
			if spec.L2Squared.Cmp(square) > 0 {
				t.Errorf("%s: L2² %s with L1 %s", label, spec.L2Squared, spec.L1)
			}
			if part, err = part.Add(spec.Share); err != nil {
				t.Fatal(err)
			}
		}
		for _, h := range m.Histograms {
			if err := h.Spec.Validate(); err != nil {
				t.Errorf("%s: %v", label, err)
			}
			if h.Spec.Accountant != accountant {
				t.Errorf("%s: quantiles are paid as %s under %s", label, h.Spec.Accountant, accountant)
			}
			if part, err = part.Add(h.Spec.Share); err != nil {
				t.Fatal(err)
			}
		}
		if err := m.Selection.Validate(m.Specs); err != nil {
			t.Errorf("%s: %v", label, err)
		}
		for _, fault := range thresholdFaults(&m) {
			t.Errorf("%s: %s", label, fault)
		}
		if part != m.Loss {
			t.Errorf("%s: the shares add up to %+v, the measurement costs %+v", label, part, m.Loss)
		}
		if sum, err = sum.Add(m.Loss); err != nil {
			t.Fatal(err)
		}
	}
	if sum != plan.Loss {
		t.Errorf("%s: the measurements cost %+v, the plan %+v", label, sum, plan.Loss)
	}
}

// thresholdFaults holds the threshold of a published count against its definition: the smallest τ with P(b + X ≥ τ) ≤ δ/L0, where b is
// what one unit adds to a group that is its own.
func thresholdFaults(m *rewrite.Measurement) (faults []string) {
	sel := m.Selection
	if sel.Kind != mechanism.OwnThreshold || sel.MinUnits > 0 {
		return nil
	}
	spec := m.Specs[sel.Spec]
	b := int64(1)
	if !strings.HasPrefix(spec.Name, "units") {
		if b = m.Bounds.Rows; m.Bounds.UnitRows > 0 {
			b = m.Bounds.UnitRows
		}
	}
	odds := float64(sel.Share.Delta) / privacy.DeltaUnits / float64(sel.Groups)
	if p := tailOf(spec, sel.Threshold-b); p > odds*(1+1e-9) {
		faults = append(faults, fmt.Sprintf("τ = %d lets a group of one unit's own through with probability %g, δ/L0 is %g", sel.Threshold, p, odds))
	}
	if p := tailOf(spec, sel.Threshold-1-b); p < odds*(1-1e-6) {
		faults = append(faults, fmt.Sprintf("τ = %d could be smaller: %g, δ/L0 is %g", sel.Threshold, p, odds))
	}
	return faults
}

// tailOf is P(X ≥ k) for a spec's noise, k ≥ 1.
func tailOf(spec mechanism.Spec, k int64) float64 {
	if spec.Noise == mechanism.Laplace {
		l1, _ := new(big.Float).SetInt(spec.L1).Float64()
		rate := float64(spec.Share.Epsilon) / privacy.EpsilonUnits / l1
		return math.Exp(-float64(k)*rate) / (1 + math.Exp(-rate))
	}
	l2, _ := new(big.Float).SetInt(spec.L2Squared).Float64()
	variance := l2 / (2 * float64(spec.Share.Rho) / privacy.EpsilonUnits)
	tail, all := 0.0, 0.0
	for i := int64(-2000); i <= 2000; i++ {
		p := math.Exp(-float64(i*i) / (2 * variance))
		all += p
		if i >= k {
			tail += p
		}
	}
	return tail / all
}

// TestPlanFaultsAreCaught puts faults into plans on purpose: a threshold that is lower by one, a share that is counted twice, a loss that
// is left out.
func TestPlanFaultsAreCaught(t *testing.T) {
	_, loaded := load(t, newSources(t, cleanRows())[0])
	for _, accountant := range []privacy.Accountant{privacy.Approx, privacy.ZCDP} {
		ds := *loaded.Catalog
		ds.Accountant = accountant
		plan := func() *rewrite.Measurement {
			st, err := parseOne("SELECT region, count(DISTINCT patient_id) FROM visits JOIN patients USING (patient_id) GROUP BY region")
			if err != nil {
				t.Fatal(err)
			}
			p, err := rewrite.NewPlanner(1).Plan(st, &ds, settings(tight), nil)
			if err != nil {
				t.Fatal(err)
			}
			return &p.Blocks[0]
		}
		if faults := thresholdFaults(plan()); len(faults) > 0 || plan().Selection.Kind != mechanism.OwnThreshold {
			t.Fatal(faults, plan().Selection)
		}
		for _, by := range []int64{-1, 1} {
			m := plan()
			m.Selection.Threshold += by
			if len(thresholdFaults(m)) == 0 {
				t.Errorf("%s: τ moved by %d is not caught", accountant, by)
			}
		}
		m := plan()
		m.Specs[0].Share.Epsilon *= 2
		m.Specs[0].Share.Rho *= 2
		if part, err := m.Selection.Share.Add(m.Specs[0].Share); err != nil || part == m.Loss {
			t.Errorf("%s: a share that is counted twice is not caught", accountant)
		}
	}
}
