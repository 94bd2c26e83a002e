package ledgersql

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/dpproxy/dpproxy/budget"
	"github.com/dpproxy/dpproxy/privacy"
)

// Reserve charges both accounts or neither. If ctx ends while the charge waits to be written, the charge is given back
// as soon as it is known to be there: nobody can have asked the engine with it.
func (l *Ledger) Reserve(ctx context.Context, c budget.Charge) (budget.Reservation, error) {
	if err := checkCharge(c); err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	o := &reserveOp{charge: c, ledger: l, waiter: newWaiter()}
	if err := l.queue.addUrgent(o); err != nil {
		return nil, err
	}
	err, _ := o.wait(ctx)
	var short *shortage
	if errors.As(err, &short) {
		return nil, l.exhausted(short)
	}
	if err != nil {
		return nil, err
	}
	return &reservation{ledger: l, funds: o.funds, charge: c, analyst: o.analyst, dataset: o.dataset}, nil
}

// checkCharge refuses what no ledger can keep.
func checkCharge(c budget.Charge) error {
	a, d := c.Analyst.Key, c.Dataset.Key
	switch {
	case a.Analyst == "" || a.Dataset == "" || d.Analyst != "" || d.Dataset != a.Dataset:
		return errors.New("ledger: a charge needs an analyst's account and the account of the same dataset")
	case !storable(a.Analyst) || !storable(a.Dataset) || !storable(c.Class):
		return errors.New("ledger: a name is not valid text")
	}
	return nil
}

// reserveOp is one charge on its way into the ledger.
type reserveOp struct {
	waiter
	charge budget.Charge
	ledger *Ledger

	refused          error // of this charge alone
	funds            funds
	analyst, dataset budget.State // after the charge
}

func (o *reserveOp) keys(add func(budget.Key)) {
	add(o.charge.Analyst.Key)
	add(o.charge.Dataset.Key)
}
func (o *reserveOp) ids(func(int64)) {}

// apply decides the charge on the balances of the transaction.
func (o *reserveOp) apply(b *batch) error {
	o.refused = nil
	if o.state.Load() == left { // nobody waits: a storm of cancels costs no charges
		o.refused = context.Canceled
		return nil
	}
	c := &o.charge
	analyst, err := b.account(c.Analyst.Key)
	if err != nil {
		return err
	}
	dataset, err := b.account(c.Dataset.Key)
	if err != nil {
		return err
	}
	if o.analyst, o.refused = o.admit(b, analyst, c.Analyst, c.AnalystLoss, c.Limits.Analyst); o.refused != nil {
		return nil
	}
	if o.dataset, o.refused = o.admit(b, dataset, c.Dataset, c.DatasetLoss, c.Limits.Dataset); o.refused != nil {
		return nil
	}
	spent, err := b.countClass(c.Analyst, o.analyst, c.Class, c.Limits.Class)
	if err != nil {
		return err
	}
	if spent != nil {
		o.refused = spent
		return nil
	}
	analyst.set(o.analyst)
	dataset.set(o.dataset)

	e := c.Entry
	e.Analyst, e.Dataset = c.Analyst.Key.Analyst, c.Analyst.Key.Dataset
	e.Loss, e.DatasetLoss, e.Outcome = c.AnalystLoss, c.DatasetLoss, "reserved"
	id, err := b.append(0, e)
	if err != nil {
		return err
	}
	o.funds = funds{
		id: id, analyst: c.Analyst.Key, dataset: c.Dataset.Key,
		analystWindow: o.analyst.Window.Start, datasetWindow: o.dataset.Window.Start,
		analystLoss: c.AnalystLoss, datasetLoss: c.DatasetLoss, class: c.Class,
	}
	return b.putReservation(o.funds)
}

// admit is an account's state with the loss put aside, or why not.
func (o *reserveOp) admit(b *batch, row *account, a budget.Account, loss privacy.Loss, maxQueries int64) (budget.State, error) {
	s := row.At(b.now, a.Budget.Refresh)
	effective, err := s.Effective(a.Budget)
	if err != nil {
		return s, err
	}
	limit, err := b.ledger.limit(effective)
	if err != nil {
		return s, err
	}
	spentOut := maxQueries > 0 && s.Queries >= maxQueries
	ok, err := s.Admit(a.Budget.Accountant, limit, loss)
	if err != nil {
		return s, err
	}
	if !ok || spentOut {
		short := &shortage{account: a, state: s, loss: loss}
		if spentOut {
			short.maxQueries, short.queries = maxQueries, s.Queries
		}
		return s, short
	}
	return s.Reserve(a.Budget.Accountant, loss)
}

// shortage is a refused charge before it is worded, which the writer leaves to the caller: turning ρ into ε takes time.
type shortage struct {
	account    budget.Account
	state      budget.State
	loss       privacy.Loss
	maxQueries int64 // > 0 if they are the reason
	queries    int64
	class      string
}

func (*shortage) Error() string { return "ledger: exhausted" }

func (l *Ledger) exhausted(s *shortage) error {
	balance, err := l.balance(s.state, s.account)
	if err != nil {
		return err
	}
	return &budget.Exhausted{
		Key: s.account.Key, Asked: budget.Currency(s.account.Budget.Accountant, s.loss),
		Balance: balance, MaxQueries: s.maxQueries, Queries: s.queries, Class: s.class,
	}
}

func (b *batch) putReservation(f funds) error {
	if err := b.beatIfDue(); err != nil {
		return err
	}
	return b.tx.queue(b.ctx, `INSERT INTO reservations (id, process, analyst, dataset,
	    analyst_window, analyst_epsilon, analyst_delta, analyst_rho, dataset_window, dataset_epsilon, dataset_delta, dataset_rho)
	  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
		f.id, b.ledger.process, f.analyst.Analyst, f.analyst.Dataset,
		f.analystWindow, int64(f.analystLoss.Epsilon), int64(f.analystLoss.Delta), int64(f.analystLoss.Rho),
		f.datasetWindow, int64(f.datasetLoss.Epsilon), int64(f.datasetLoss.Delta), int64(f.datasetLoss.Rho))
}

// settle hands the charge to its caller, or gives it back if the caller has gone.
func (o *reserveOp) settle(err error) {
	if err == nil {
		err = o.refused
	}
	if err == nil {
		o.ledger.live.Add(1)
	}
	if o.finish(err) || err != nil {
		return
	}
	r := &reservation{ledger: o.ledger, funds: o.funds}
	if err := r.finish(&endOp{funds: o.funds, outcome: budget.Outcome{Name: "canceled"}}); err != nil {
		o.ledger.log.Warn("a charge that nobody waits for stays on the ledger", "entry", o.funds.id, "error", err)
	}
}

// maxName is the longest name of an analyst or a dataset, in bytes. PostgreSQL's index rows hold a few of that size.
const maxName = 512

// storable tells a name that both stores keep as it is.
func storable(s string) bool { return cleanName(s) == s }

// cleanName is a name that can be stored: cut if it is too long.
func cleanName(s string) string { return clean(s[:min(len(s), maxName)]) }

// clean is a text without what PostgreSQL cannot store: invalid UTF-8 and NUL.
func clean(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
}

// outcomeOr gives an outcome its usual name if it has none.
func outcomeOr(o budget.Outcome, name string) budget.Outcome {
	if o.Name == "" {
		o.Name = name
	}
	return o
}

// entryError adds which reservation it was.
func entryError(id int64, err error) error { return fmt.Errorf("ledger: entry %d: %w", id, err) }
