package config

import (
	"time"

	"github.com/dpproxy/dpproxy/budget"
	"github.com/dpproxy/dpproxy/privacy"
)

// budgetText is a `budget:` as it was written: what is nil is filled in from the defaults when they are known.
type budgetText struct {
	at         value // zero if no budget was written
	accountant *privacy.Accountant
	epsilon    *privacy.Epsilon
	delta      *privacy.Delta
	refresh    *time.Duration
	broken     bool // a part of it is a fault of its own
}

// read reads the mapping. ε and δ are allowances here, and round down.
func (b *budgetText) read(v value) {
	b.at = v
	before := len(v.l.faults)
	defer func() { b.broken = len(v.l.faults) > before }()
	v.object(fields{
		"epsilon": func(v value) {
			var e privacy.Epsilon
			setEpsilon(&e, privacy.ParseEpsilonDown)(v)
			b.epsilon = &e // 0 after a fault: it was written, so it is not missing
		},
		"delta": func(v value) {
			var d privacy.Delta
			setDelta(&d, privacy.ParseDeltaDown)(v)
			b.delta = &d
		},
		"refresh": func(v value) {
			var d time.Duration
			setRefresh(&d)(v)
			b.refresh = &d
		},
		"accountant": func(v value) {
			if s, ok := v.choice(string(privacy.Pure), string(privacy.Approx), string(privacy.ZCDP)); ok {
				a := privacy.Accountant(s)
				b.accountant = &a
			}
		},
	})
}

// setRefresh reads `never`, or a duration of at least a minute.
func setRefresh(to *time.Duration) func(value) {
	return func(v value) {
		s, ok := v.text()
		if !ok || s == "never" {
			return
		}
		d, ok := parseDuration(s)
		switch {
		case !ok:
			v.fault("%q is neither `never` nor a duration", s).Hint = "write 24h, 30d, 1 month (30 days) or 1 year (360 days)"
		case d < time.Minute:
			v.fault("a budget that comes back every %s is none", d).Hint = "write at least 1m"
		default:
			*to = d
		}
	}
}

// fill completes a budget: what it does not say comes from the defaults. A pure account has no δ, so that of the
// defaults is none of its business.
func (b budgetText) fill(d budgetText, accountant privacy.Accountant) budget.Budget {
	out := budget.Budget{Accountant: accountant}
	pick(&out.Epsilon, b.epsilon, d.epsilon)
	pick(&out.Refresh, b.refresh, d.refresh)
	if accountant == privacy.Pure {
		d.delta = nil
	}
	pick(&out.Delta, b.delta, d.delta)
	return out
}

func pick[T any](to *T, choices ...*T) {
	for _, c := range choices {
		if c != nil {
			*to = *c
			return
		}
	}
}

// checkBudget finds what cannot be accounted. at names the place if no budget was written.
func (b budgetText) checkBudget(d budgetText, full budget.Budget, at value) {
	if b.broken {
		return
	}
	if b.at.node != nil {
		at = b.at
	}
	if b.epsilon == nil && d.epsilon == nil {
		at.fault("has no epsilon").Hint = "write budget: {epsilon: …}, or an epsilon under budget_defaults"
		return
	}
	switch {
	case full.Accountant == privacy.Pure && full.Delta > 0:
		at.fault("a pure account has no delta").Hint = "remove delta, or write accountant: approx"
	case full.Accountant == privacy.ZCDP && full.Delta == 0:
		at.fault("a zcdp account needs a delta above 0").Hint = "write a delta well below 1/number of units, such as 1e-8, or accountant: pure"
	}
}
