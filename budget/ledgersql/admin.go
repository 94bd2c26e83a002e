package ledgersql

import (
	"context"
	"errors"
	"fmt"

	"github.com/dpproxy/dpproxy/budget"
	"github.com/dpproxy/dpproxy/privacy"
)

// Disabled tells whether an analyst is banned at run time.
func (l *Ledger) Disabled(ctx context.Context, analyst string) (disabled bool, err error) {
	err = l.store.lookup(ctx, func(r reader) error {
		return r.each(ctx, `SELECT since FROM disabled WHERE analyst = $1`, []any{cleanName(analyst)}, func(row) error {
			disabled = true
			return nil
		})
	})
	return disabled || err != nil, err
}

// DisabledAnalysts lists who is banned at run time, by name.
func (l *Ledger) DisabledAnalysts(ctx context.Context) (names []string, err error) {
	err = l.store.read(ctx, func(r reader) error {
		return r.each(ctx, `SELECT analyst FROM disabled ORDER BY analyst`, nil, func(row row) error {
			names = append(names, "")
			return row.Scan(&names[len(names)-1])
		})
	})
	return names, err
}

// SetDisabled bans an analyst or lifts the ban, durably, and records who did it.
func (l *Ledger) SetDisabled(ctx context.Context, analyst string, disabled bool, by string) error {
	if analyst == "" || by == "" || !storable(analyst) {
		return errors.New("ledger: a ban needs an analyst, and who does it")
	}
	return l.do(ctx, &disableOp{analyst: analyst, disabled: disabled, by: by})
}

type disableOp struct {
	plain
	analyst  string
	disabled bool
	by       string
}

func (o *disableOp) settle(error) {}

func (o *disableOp) apply(b *batch) error {
	e := budget.Entry{Analyst: o.analyst, Outcome: "enabled", By: o.by}
	var err error
	if o.disabled {
		e.Outcome = "disabled"
		err = b.tx.queue(b.ctx, `INSERT INTO disabled (analyst, since) VALUES ($1, $2) ON CONFLICT DO NOTHING`, o.analyst, b.now.UnixNano())
	} else {
		err = b.tx.queue(b.ctx, `DELETE FROM disabled WHERE analyst = $1`, o.analyst)
	}
	if err != nil {
		return err
	}
	_, err = b.append(0, e)
	return err
}

// Accounts lists every account that was ever charged or adjusted.
func (l *Ledger) Accounts(ctx context.Context) (list []budget.State, err error) {
	if err := l.flush(ctx); err != nil {
		return nil, err
	}
	err = l.store.read(ctx, func(r reader) error {
		return r.each(ctx, `SELECT `+accountColumns+` FROM accounts ORDER BY dataset, analyst`, nil, func(row row) error {
			s, err := scanAccount(row)
			list = append(list, s)
			return err
		})
	})
	return list, err
}

// Adjust changes an account, durably, and records who did it and why.
func (l *Ledger) Adjust(ctx context.Context, a budget.Adjustment) error {
	switch {
	case a.Key.Dataset == "" || !storable(a.Key.Dataset) || !storable(a.Key.Analyst):
		return errors.New("ledger: an adjustment needs an account")
	case a.By == "":
		return errors.New("ledger: an adjustment needs to know who makes it")
	case a.Amount.Epsilon < 0 || a.Amount.Delta < 0 || a.Amount.Delta >= privacy.DeltaUnits || a.Amount.Rho != 0:
		return errors.New("ledger: an adjustment's amount is an epsilon of at least 0 and a delta of at least 0 and less than 1")
	}
	o := &adjustOp{a: a}
	if err := l.do(ctx, o); err != nil {
		return err
	}
	return o.refused
}

type adjustOp struct {
	a       budget.Adjustment
	refused error
}

func (o *adjustOp) keys(add func(budget.Key)) { add(o.a.Key) }
func (o *adjustOp) ids(func(int64))           {}
func (o *adjustOp) settle(error)              {}

func (o *adjustOp) apply(b *batch) error {
	row, err := b.account(o.a.Key)
	if err != nil {
		return err
	}
	s := row.At(b.now, o.a.Refresh)
	amount := privacy.Loss{Epsilon: o.a.Amount.Epsilon, Delta: o.a.Amount.Delta}
	note := string(o.a.Kind)
	o.refused = nil
	switch o.a.Kind {
	case budget.Grant:
		granted, err := s.Granted.Add(amount)
		if err != nil || granted.Delta >= privacy.DeltaUnits {
			o.refused = fmt.Errorf("ledger: the sum of the grants is too large")
			return nil
		}
		s.Granted = granted
	case budget.SetBudget:
		s.Set, s.IsSet = amount, true
	case budget.UnsetBudget:
		s.Set, s.IsSet = privacy.Loss{}, false
	case budget.ResetWindow:
		note += fmt.Sprintf(", was epsilon %s, delta %s, rho %s",
			s.Spent.Epsilon.Rat().FloatString(9), s.Spent.Delta.Rat().FloatString(18), s.Spent.Rho.Rat().FloatString(9))
		s.Spent = privacy.Loss{}
		if s.Reserved.IsZero() {
			s.ZCDPCharges, s.NoRho = 0, 0
		}
	default:
		o.refused = fmt.Errorf("ledger: unknown adjustment %q", o.a.Kind)
		return nil
	}
	if o.a.Kind == budget.Grant || o.a.Kind == budget.SetBudget {
		note += fmt.Sprintf(" epsilon %s, delta %s", amount.Epsilon.Rat().FloatString(9), amount.Delta.Rat().FloatString(18))
	}
	row.set(s)
	if o.a.Why != "" {
		note += ": " + o.a.Why
	}
	_, err = b.append(0, budget.Entry{
		Analyst: o.a.Key.Analyst, Dataset: o.a.Key.Dataset, Outcome: string(o.a.Kind), By: o.a.By, Note: note,
	})
	return err
}
