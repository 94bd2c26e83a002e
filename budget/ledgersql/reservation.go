package ledgersql

import (
	"context"
	"slices"
	"sync/atomic"

	"github.com/dpproxy/dpproxy/budget"
)

// reservation is a charge on the ledger, held by the query that made it.
type reservation struct {
	ledger           *Ledger
	funds            funds
	charge           budget.Charge
	analyst, dataset budget.State
	ended            atomic.Bool
}

// ID is the number of the history entry.
func (r *reservation) ID() int64 { return r.funds.id }

func (r *reservation) Balances() (analyst, dataset budget.Balance) {
	// Both were computed within the transaction without an error, except for turning ρ into ε, which only tells people.
	analyst, err := r.ledger.balance(r.analyst, r.charge.Analyst)
	if err != nil {
		r.ledger.log.Error("cannot tell a balance", "error", err)
	}
	dataset, err = r.ledger.balance(r.dataset, r.charge.Dataset)
	if err != nil {
		r.ledger.log.Error("cannot tell a balance", "error", err)
	}
	return analyst, dataset
}

func (r *reservation) Commit(_ context.Context, releases []budget.Release, outcome budget.Outcome) error {
	kept := slices.Clone(releases)
	now := r.ledger.clock()
	for i := range kept {
		kept[i].Body = slices.Clone(kept[i].Body)
		if kept[i].Made.IsZero() {
			kept[i].Made = now
		}
		if kept[i].Dataset == "" {
			kept[i].Dataset = r.funds.analyst.Dataset
		}
		if !storable(kept[i].Dataset) {
			return entryError(r.funds.id, errName)
		}
	}
	return r.finish(&endOp{funds: r.funds, keep: true, releases: kept, outcome: outcomeOr(outcome, "answered")})
}

func (r *reservation) Fail(_ context.Context, outcome budget.Outcome) error {
	return r.finish(&endOp{funds: r.funds, keep: true, outcome: outcomeOr(outcome, "failed")})
}

func (r *reservation) Release(_ context.Context, outcome budget.Outcome) error {
	return r.finish(&endOp{funds: r.funds, outcome: outcomeOr(outcome, "released")})
}

// finish ends the reservation with an operation that is written soon.
func (r *reservation) finish(o *endOp) error {
	if !r.ended.CompareAndSwap(false, true) {
		return budget.ErrEnded
	}
	o.ledger = r.ledger
	r.ledger.pending.add(o)
	if err := r.ledger.lazy(o, false); err != nil {
		r.ledger.pending.remove(o)
		return entryError(r.funds.id, err)
	}
	return nil
}

// endOp is the end of a reservation on its way into the ledger.
type endOp struct {
	ledger   *Ledger
	funds    funds
	keep     bool // the charge
	releases []budget.Release
	outcome  budget.Outcome
}

func (o *endOp) keys(add func(budget.Key)) {
	add(o.funds.analyst)
	add(o.funds.dataset)
}

func (o *endOp) ids(add func(int64)) { add(o.funds.id) }

func (o *endOp) apply(b *batch) error {
	if b.open[o.funds.id] {
		if err := b.end(o.funds, o.keep, o.outcome); err != nil {
			return err
		}
	} else if ended, err := b.endedBefore(o.funds.id); err != nil {
		return err
	} else if !ended {
		// It was taken for crashed, and its charge is spent. It is not given back any more.
		if _, err := b.append(o.funds.id, outcomeEntry(o.funds, o.outcome)); err != nil {
			return err
		}
	}
	for i, r := range o.releases {
		if err := b.putRelease(o.funds, i, r); err != nil {
			return err
		}
	}
	return nil
}

func (o *endOp) settle(err error) {
	if err != nil {
		o.ledger.log.Error("a query's end could not be written; its charge stands", "entry", o.funds.id, "error", err)
	}
	o.ledger.live.Add(-1)
	o.ledger.pending.remove(o)
}

// end closes an open reservation: what it put aside becomes spent, or is given back.
func (b *batch) end(f funds, keep bool, outcome budget.Outcome) error {
	analyst, err := b.account(f.analyst)
	if err != nil {
		return err
	}
	dataset, err := b.account(f.dataset)
	if err != nil {
		return err
	}
	if !keep {
		if err := b.uncountClass(f); err != nil {
			return err
		}
	}
	a, d := analyst.GiveBack(f.analystWindow, f.analystLoss), dataset.GiveBack(f.datasetWindow, f.datasetLoss)
	if keep {
		if a, err = analyst.Settle(f.analystWindow, f.analystLoss); err != nil {
			return invalid(err)
		}
		if d, err = dataset.Settle(f.datasetWindow, f.datasetLoss); err != nil {
			return invalid(err)
		}
	}
	analyst.set(a)
	dataset.set(d)
	b.open[f.id] = false
	if err := b.tx.queue(b.ctx, `DELETE FROM reservations WHERE id = $1`, f.id); err != nil {
		return err
	}
	_, err = b.append(f.id, outcomeEntry(f, outcome))
	return err
}

// outcomeEntry is the history's row of an end. A charge that was given back shows in its outcome's name.
func outcomeEntry(f funds, o budget.Outcome) budget.Entry {
	return budget.Entry{
		Analyst: f.analyst.Analyst, Dataset: f.analyst.Dataset,
		Outcome: o.Name, SQLState: o.SQLState, Duration: o.Duration,
	}
}

// endedBefore tells that a reservation has its outcome already, from a commit whose answer was lost.
func (b *batch) endedBefore(id int64) (ended bool, err error) {
	err = b.tx.each(b.ctx, `SELECT id FROM history WHERE ref = $1 AND outcome <> 'crashed'`, []any{id}, func(row) error {
		ended = true
		return nil
	})
	return ended, err
}
