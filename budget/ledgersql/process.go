package ledgersql

import (
	"context"
	"time"

	"github.com/dpproxy/dpproxy/budget"
	"github.com/dpproxy/dpproxy/privacy"
)

// lease is how long a process's reservations stay "reserved" after it was last seen. Then they are marked "crashed". It
// changes no balance, and a process that was only slow may still end its reservations with their charge kept; so clocks
// that differ do no harm.
const lease = 2 * time.Minute

// heartbeat says from time to time that this process lives, while it has open reservations, and looks for ones that
// vanished.
func (l *Ledger) heartbeat() {
	tick := time.NewTicker(lease / 4)
	defer tick.Stop()
	for {
		select {
		case <-l.quit:
			return
		case <-tick.C:
			if l.live.Load() > 0 {
				_ = l.lazy(&beatOp{}, true)
			}
			_ = l.lazy(&sweepOp{}, true)
		}
	}
}

// sweep marks all reservations of vanished processes.
func (l *Ledger) sweep(ctx context.Context) error {
	for {
		o := &sweepOp{}
		if err := l.do(ctx, o); err != nil || !o.more {
			return err
		}
	}
}

// beatOp says that this process lives.
type beatOp struct{ plain }

func (*beatOp) settle(error)         {}
func (*beatOp) apply(b *batch) error { return b.beat() }

// beat writes the process's row.
func (b *batch) beat() error {
	now := b.now.UnixNano()
	b.done = append(b.done, func() { b.ledger.beatAt.Store(now) })
	return b.tx.queue(b.ctx, `INSERT INTO processes (id, seen) VALUES ($1, $2)
	  ON CONFLICT (id) DO UPDATE SET seen = excluded.seen`, b.ledger.process, now)
}

// beatIfDue keeps the process's row fresh along with its reservations.
func (b *batch) beatIfDue() error {
	seen := b.ledger.beatAt.Load()
	if now := b.now.UnixNano(); seen != 0 && now-seen < int64(lease/4) && now >= seen {
		return nil
	}
	return b.beat()
}

// leaveOp takes this process's row away.
type leaveOp struct{ plain }

func (*leaveOp) settle(error) {}
func (*leaveOp) apply(b *batch) error {
	return b.tx.queue(b.ctx, `DELETE FROM processes WHERE id = $1`, b.ledger.process)
}

// sweepSize is the number of reservations that one transaction marks.
const sweepSize = 1000

// sweepOp marks the reservations of vanished processes as crashed. They stay charged.
type sweepOp struct {
	plain
	more bool // there may be further ones
}

func (*sweepOp) settle(error) {}

func (o *sweepOp) apply(b *batch) error {
	old := b.now.Add(-lease).UnixNano()
	var found []funds
	err := b.tx.each(b.ctx, `SELECT r.id, r.analyst, r.dataset, r.analyst_window, r.analyst_epsilon, r.analyst_delta,
	    r.analyst_rho, r.dataset_window, r.dataset_epsilon, r.dataset_delta, r.dataset_rho
	  FROM reservations r LEFT JOIN processes p ON p.id = r.process
	  WHERE r.process <> $1 AND (p.seen IS NULL OR p.seen < $2) ORDER BY r.id LIMIT $3`,
		[]any{b.ledger.process, old, sweepSize}, func(r row) error {
			var f funds
			err := r.Scan(&f.id, &f.analyst.Analyst, &f.analyst.Dataset, &f.analystWindow,
				&f.analystLoss.Epsilon, &f.analystLoss.Delta, &f.analystLoss.Rho, &f.datasetWindow,
				&f.datasetLoss.Epsilon, &f.datasetLoss.Delta, &f.datasetLoss.Rho)
			f.dataset = budget.Key{Dataset: f.analyst.Dataset}
			found = append(found, f)
			return err
		})
	if err != nil {
		return err
	}
	o.more = len(found) == sweepSize
	for _, f := range found {
		if err := b.end(f, true, budget.Outcome{Name: "crashed"}); err != nil {
			return err
		}
	}
	return b.tx.queue(b.ctx, `DELETE FROM processes WHERE seen < $1
	  AND NOT EXISTS (SELECT 1 FROM reservations r WHERE r.process = processes.id)`, old)
}

// funds is what a reservation put aside, and in which windows (by their start).
type funds struct {
	id                           int64
	analyst, dataset             budget.Key
	analystWindow, datasetWindow int64
	analystLoss, datasetLoss     privacy.Loss
	class                        string // of the query; empty in what was read back from the store
}
