package ledgersql

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/dpproxy/dpproxy/budget"
)

// Acquire takes a place for a query in flight. Times are of this process's clock: with several processes they must agree
// to well below what a place lasts.
func (l *Ledger) Acquire(ctx context.Context, analyst string, places int, lasts time.Duration) (budget.Place, error) {
	if analyst == "" || !storable(analyst) || places < 1 || lasts <= 0 {
		return nil, errors.New("ledger: a place needs an analyst, at least one place, and a time")
	}
	o := &acquireOp{
		waiter: newWaiter(), ledger: l, analyst: analyst, places: places, lasts: lasts,
		holder: fmt.Sprintf("%s-%d", l.process, l.holders.Add(1)),
	}
	if err := l.queue.addUrgent(o); err != nil {
		return nil, err
	}
	if err, _ := o.wait(ctx); err != nil {
		return nil, err
	}
	return &place{ledger: l, analyst: analyst, number: o.number, holder: o.holder, lasts: lasts}, nil
}

// acquireOp looks for a free place and takes it.
type acquireOp struct {
	waiter
	plain
	ledger  *Ledger
	analyst string
	places  int
	lasts   time.Duration
	holder  string

	number int64
	busy   error
}

func (o *acquireOp) apply(b *batch) error {
	o.number, o.busy = 0, nil
	if o.state.Load() == left {
		o.busy = context.Canceled
		return nil
	}
	taken := map[int64]bool{}
	first := int64(0)
	err := b.tx.each(b.ctx, `SELECT place, until FROM leases WHERE analyst = $1 ORDER BY place`, []any{o.analyst}, func(r row) error {
		var number, until int64
		if err := r.Scan(&number, &until); err != nil {
			return err
		}
		// One that ends later than a place can was taken before the clock was set back: it may be nobody's, for as long as that.
		if until > b.now.UnixNano() && until <= b.now.Add(2*o.lasts).UnixNano() {
			taken[number] = true
			if first == 0 || until < first {
				first = until
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	// Places beyond a limit that was lowered count too.
	if len(taken) >= o.places {
		o.busy = &budget.Busy{Analyst: o.analyst, Places: o.places, Until: time.Unix(0, first)}
		return nil
	}
	for o.number = 1; taken[o.number]; {
		o.number++
	}
	return b.tx.queue(b.ctx, `INSERT INTO leases (analyst, place, holder, until) VALUES ($1, $2, $3, $4)
	  ON CONFLICT (analyst, place) DO UPDATE SET holder = excluded.holder, until = excluded.until`,
		o.analyst, o.number, o.holder, b.now.Add(o.lasts).UnixNano())
}

// settle hands the place to its caller, or gives it back if the caller has gone.
func (o *acquireOp) settle(err error) {
	if err == nil {
		err = o.busy
	}
	if o.finish(err) || err != nil {
		return
	}
	(&place{ledger: o.ledger, analyst: o.analyst, number: o.number, holder: o.holder}).Leave()
}

// place is a budget.Place.
type place struct {
	ledger  *Ledger
	analyst string
	number  int64
	holder  string
	lasts   time.Duration
}

// Renew implements budget.Place.
func (p *place) Renew() error {
	o := &renewOp{place: p}
	if err := p.ledger.do(context.Background(), o); err != nil {
		return err
	}
	if o.lost {
		return budget.ErrPlaceLost
	}
	return nil
}

// Leave implements budget.Place. What is asked next in this process is written after it; a store that is away leaves the
// place to expire.
func (p *place) Leave() {
	if err := p.ledger.lazy(&leavePlaceOp{place: p}, true); err != nil {
		p.ledger.log.Warn("a place for a query in flight was not given back; it expires by itself", "error", err)
	}
}

type renewOp struct {
	plain
	place *place
	lost  bool
}

func (*renewOp) settle(error) {}

func (o *renewOp) apply(b *batch) error {
	o.lost = true
	err := b.tx.each(b.ctx, `SELECT holder FROM leases WHERE analyst = $1 AND place = $2 AND holder = $3`,
		[]any{o.place.analyst, o.place.number, o.place.holder}, func(row) error { o.lost = false; return nil })
	if err != nil || o.lost {
		return err
	}
	return b.tx.queue(b.ctx, `UPDATE leases SET until = $4 WHERE analyst = $1 AND place = $2 AND holder = $3`,
		o.place.analyst, o.place.number, o.place.holder, b.now.Add(o.place.lasts).UnixNano())
}

type leavePlaceOp struct {
	plain
	place *place
}

func (*leavePlaceOp) settle(error) {}

func (o *leavePlaceOp) apply(b *batch) error {
	return b.tx.queue(b.ctx, `DELETE FROM leases WHERE analyst = $1 AND place = $2 AND holder = $3`,
		o.place.analyst, o.place.number, o.place.holder)
}
