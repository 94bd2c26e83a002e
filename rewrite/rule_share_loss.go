package rewrite

import (
	"math"

	"github.com/dpproxy/dpproxy/mechanism"
	"github.com/dpproxy/dpproxy/privacy"
	"github.com/dpproxy/dpproxy/refusal"
)

// ShareLoss splits the query's loss evenly over everything that is measured in the statement: the specs and histograms of all
// measurements, and the selection of groups where no published count can choose them.
//
//	pure, approx   ε/k each, Laplace noise
//	zcdp           ρ/k each with ρ = ε²/2; Gaussian noise, or Laplace noise of ε = √(2ρ/k)
//
// Shares round down, so that their sum never exceeds what was asked. δ is for selection alone, and is split over the
// measurements that select.
func (r *resolver) allocate(work []*pending) error {
	noise, err := r.noise()
	if err != nil {
		return err
	}
	parts, selections := int64(0), int64(0)
	for _, p := range work {
		parts += int64(len(p.specs) + len(p.histograms))
		if !p.isOpen {
			selections++
			p.sel = r.selectBy(p, noise)
			if p.sel.Kind != mechanism.OwnThreshold {
				parts++
			}
		}
	}
	if parts == 0 {
		return nil
	}
	share, err := r.share(parts, noise)
	if err != nil {
		return err
	}
	r.rule("ShareLoss")
	for _, p := range work {
		for _, s := range p.specs {
			s.spec.Noise, s.spec.Share = noise, share
		}
		for _, h := range p.histograms {
			if err := r.payFor(h, share); err != nil {
				return err
			}
		}
		if p.isOpen {
			continue
		}
		if err := r.thresholds(p, share, r.set.Delta.Split(selections)); err != nil {
			return err
		}
	}
	return nil
}

// noise chooses the distribution.
func (r *resolver) noise() (mechanism.Noise, error) {
	zcdp := r.ds.Accountant == privacy.ZCDP
	switch r.set.Mechanism {
	case "laplace":
		return mechanism.Laplace, nil
	case "gaussian":
		if !zcdp {
			return "", refusal.New(refusal.InvalidParameterValue, "dp.mechanism = gaussian needs an account of kind zcdp, and this one is %s", r.ds.Accountant).
				WithHint("Use auto or laplace.")
		}
		return mechanism.Gaussian, nil
	}
	if zcdp {
		return mechanism.Gaussian, nil
	}
	return mechanism.Laplace, nil
}

// mostRho is what a pure ε of more than about 450 is noted as in ρ, beside the ε that is charged: no zCDP budget of any use
// reaches it, and sums of it do not overflow.
const mostRho privacy.Rho = 100_000 * privacy.RhoUnits

// share is the loss of one of k equal parts.
func (r *resolver) share(k int64, noise mechanism.Noise) (privacy.Loss, error) {
	tooSmall := refusal.New(refusal.InvalidParameterValue, "dp.epsilon = %s is too small to be shared over %d measurements", r.set.Epsilon, k).
		WithHint("Raise dp.epsilon, or ask for fewer aggregates.")
	out := privacy.Loss{Epsilon: r.set.Epsilon.Split(k)}
	if r.ds.Accountant == privacy.ZCDP {
		total, err := privacy.EpsilonToRhoDown(r.set.Epsilon)
		if err != nil {
			return out, tooSmall
		}
		rho := total.Split(k)
		if noise == mechanism.Gaussian {
			if rho == 0 {
				return out, tooSmall
			}
			return privacy.Loss{Rho: rho}, nil
		}
		if out.Epsilon, err = privacy.RhoToEpsilon(rho); err != nil {
			return out, tooSmall
		}
	}
	if out.Epsilon == 0 {
		return out, tooSmall
	}
	var err error
	if out.Rho, err = privacy.EpsilonToRho(out.Epsilon); err != nil || out.Rho > mostRho {
		if r.ds.Accountant == privacy.ZCDP {
			return out, refusal.New(refusal.InvalidParameterValue, "dp.epsilon is out of range")
		}
		out.Rho = mostRho
	}
	return out, nil
}

// selectBy chooses how groups become visible: by a published count of units, by a published count of rows where that keeps
// more groups, else by a count of units with a share of its own.
func (r *resolver) selectBy(p *pending, noise mechanism.Noise) mechanism.Selection {
	sel := mechanism.Selection{Kind: mechanism.Optimal, Groups: p.bounds.Groups, MinUnits: r.set.MinUnits}
	if noise == mechanism.Gaussian {
		sel.Kind = mechanism.GaussianThreshold
	}
	rows := -1
	for i, s := range p.specs {
		if s.filter != nil {
			continue
		}
		if s.kind == specUnits {
			sel.Kind, sel.Spec = mechanism.OwnThreshold, i
			return sel
		}
		if s.kind == specRows && s.arg == nil {
			rows = i
		}
	}
	if rows >= 0 && r.rowsKeepMore(p, noise) {
		sel.Kind, sel.Spec = mechanism.OwnThreshold, rows
	}
	return sel
}

// rowsKeepMore compares, in units with (1 + m)/2 rows each, the threshold on a published row count (k shares, noise m times
// as wide) with that on a count of units of its own (k + 1 shares). Only formulas decide, never data. With m = 1 rows win.
func (r *resolver) rowsKeepMore(p *pending, noise mechanism.Noise) bool {
	m, k := float64(p.bounds.Rows), float64(len(p.specs)+len(p.histograms))
	if p.form == formRows {
		// a unit may put all R rows into one group
		m = float64(p.bounds.UnitRows)
	}
	tail := math.Log(float64(p.bounds.Groups) * privacy.DeltaUnits / float64(max(r.set.Delta, 1)))
	eps := r.set.Epsilon.Rat()
	e, _ := eps.Float64()
	width := func(scale, shares float64) float64 {
		if noise == mechanism.Gaussian {
			return scale * math.Sqrt(2*tail*shares*float64(p.bounds.Groups)/(e*e))
		}
		return scale * tail * shares * float64(p.bounds.Groups) / e
	}
	own := (m + width(m, k)) / ((1 + m) / 2)
	return own <= 1+width(1, k+1)
}

// thresholds fills in τ and the selection's own share.
func (r *resolver) thresholds(p *pending, share privacy.Loss, delta privacy.Delta) error {
	if delta == 0 {
		return refusal.New(refusal.InvalidParameterValue, "dp.delta is too small to be shared over the measurements")
	}
	p.sel.Share.Delta = delta
	switch p.sel.Kind {
	case mechanism.OwnThreshold:
		s := p.specs[p.sel.Spec]
		bound := int64(1)
		if s.kind == specRows {
			bound = p.bounds.Rows
			if p.form == formRows {
				bound = p.bounds.UnitRows
			}
		}
		tau, err := s.spec.Threshold(bound, delta, p.bounds.Groups)
		if err != nil {
			return err
		}
		p.sel.Threshold = max(tau, r.set.MinUnits*bound)
	case mechanism.GaussianThreshold:
		p.sel.Share.Rho = share.Rho
		variance := mechanism.Spec{Name: "units", Width: 1, Noise: mechanism.Gaussian, L1: big1(p.bounds.Groups), L2Squared: big1(p.bounds.Groups), Share: share}
		tau, err := variance.Threshold(1, delta, p.bounds.Groups)
		if err != nil {
			return err
		}
		p.sel.Threshold = max(tau, r.set.MinUnits)
	default:
		p.sel.Share.Epsilon, p.sel.Share.Rho = share.Epsilon, share.Rho
	}
	return nil
}
