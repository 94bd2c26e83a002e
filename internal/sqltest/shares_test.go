package sqltest

import (
	"math/big"
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
			plan, err := planner.Plan(st, &ds, s, c.params())
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
