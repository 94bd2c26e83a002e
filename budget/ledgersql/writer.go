package ledgersql

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/dpproxy/dpproxy/budget"
)

const (
	writeTimeout = 60 * time.Second // of one transaction, waiting for locks included
	writeTries   = 7                // of one batch while the store is away: 20 ms, 40 ms … 1.3 s in all
	firstWait    = 20 * time.Millisecond
)

// write is the writer: the only goroutine that changes the store.
func (l *Ledger) write() {
	defer close(l.stopped)
	for {
		lazy, urgent, ok := l.queue.next()
		if !ok {
			return
		}
		l.execute(lazy, urgent)
	}
}

// execute writes a batch and settles its operations.
func (l *Ledger) execute(lazy, urgent []op) {
	ops := append(append(make([]op, 0, len(lazy)+len(urgent)), lazy...), urgent...)
	err := l.attempt(ops)
	switch {
	case err == nil:
		for _, o := range ops {
			o.settle(nil)
		}
	case isPermanent(err) && len(ops) > 1:
		l.isolate(lazy, urgent)
	case isPermanent(err):
		l.log.Error("the ledger cannot write an operation, and gives it up", "error", err)
		ops[0].settle(err)
	default:
		for _, o := range urgent {
			o.settle(err)
		}
		l.keep(lazy, err)
	}
}

// isolate writes each operation by itself, where one of them cannot be written: let it not take the others along.
func (l *Ledger) isolate(lazy, urgent []op) {
	for i, o := range lazy {
		err := l.attempt([]op{o})
		if err != nil && !isPermanent(err) {
			for _, u := range urgent {
				u.settle(err)
			}
			l.keep(lazy[i:], err)
			return
		}
		o.settle(err)
	}
	for _, o := range urgent {
		o.settle(l.attempt([]op{o}))
	}
}

// keep puts lazy operations back, as long as there will be another try.
func (l *Ledger) keep(lazy []op, err error) {
	if len(lazy) == 0 {
		return
	}
	select {
	case <-l.quit:
		l.log.Error("the ledger closes without its last entries; their charges stand", "entries", len(lazy), "error", err)
	default:
		l.log.Warn("the ledger could not write, and will try again", "entries", len(lazy), "error", err)
		l.queue.putBack(lazy)
	}
}

// attempt runs a batch, again while the store is away and certainly wrote nothing.
func (l *Ledger) attempt(ops []op) error {
	wait := firstWait
	for try := 1; ; try++ {
		ctx, cancel := context.WithTimeout(context.Background(), writeTimeout)
		err := l.run(ctx, ops)
		cancel()
		if err == nil || !isRetryable(err) || errors.Is(err, budget.ErrUnknownOutcome) || try == writeTries {
			return err
		}
		select {
		case <-time.After(wait):
		case <-l.quit: // one more try, at once
			try = max(try, writeTries-1)
		}
		wait *= 2
	}
}

// waiter is the part of an urgent operation that its caller waits on.
type waiter struct {
	state  atomic.Int32 // waiting, settled or left
	result chan error   // capacity 1
}

const (
	waiting int32 = iota
	settled
	left
)

func newWaiter() waiter { return waiter{result: make(chan error, 1)} }

// finish hands over the result; false if the caller has gone.
func (w *waiter) finish(err error) bool {
	if !w.state.CompareAndSwap(waiting, settled) {
		return false
	}
	w.result <- err
	return true
}

// wait waits for the result. If the context ends first, the operation goes on without its caller, and abandoned is true.
func (w *waiter) wait(ctx context.Context) (err error, abandoned bool) {
	select {
	case err := <-w.result:
		return err, false
	case <-ctx.Done():
		if w.state.CompareAndSwap(waiting, left) {
			return ctx.Err(), true
		}
		return <-w.result, false
	}
}

// urgentOp makes an operation one that a caller waits for.
type urgentOp struct {
	op
	waiter
}

func (u *urgentOp) settle(err error) {
	u.op.settle(err)
	u.finish(err)
}

// do writes an operation, and returns when it is durable.
func (l *Ledger) do(ctx context.Context, o op) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	u := &urgentOp{op: o, waiter: newWaiter()}
	if err := l.queue.addUrgent(u); err != nil {
		return err
	}
	err, _ := u.wait(ctx)
	return err
}

// lazyOp counts an operation until it is settled.
type lazyOp struct {
	op
	l *Ledger
}

func (o *lazyOp) settle(err error) {
	o.op.settle(err)
	o.l.unsettled.Add(-1)
	o.l.ended.Add(1)
}

// lazy leaves an operation to be written soon.
func (l *Ledger) lazy(o op, bounded bool) error {
	l.unsettled.Add(1)
	l.left.Add(1) // before it can be settled: flush must not take the end of another one for that of this one
	err := l.queue.addLazy(&lazyOp{o, l}, bounded)
	if err != nil {
		l.left.Add(-1)
		l.unsettled.Add(-1)
	}
	return err
}

// behindFor is how long soon waits for room.
const behindFor = time.Second

// soon is lazy for entries of which none should be lost: where too many wait already, its caller waits a while with them, so that
// nobody asks faster than the store can write.
func (l *Ledger) soon(o op) error {
	end := time.Now().Add(behindFor)
	for {
		err := l.lazy(o, true)
		if !errors.Is(err, errBehind) || !time.Now().Before(end) {
			return err
		}
		select {
		case <-time.After(lazyDelay):
		case <-l.quit:
			return err
		}
	}
}

// barrier does nothing, after everything before it.
type barrier struct{ plain }

func (barrier) apply(*batch) error { return nil }
func (barrier) settle(error)       {}

// flush returns when every lazy operation that was called before is written. A batch takes maxBatch of them.
func (l *Ledger) flush(ctx context.Context) error {
	for before := l.left.Load(); l.unsettled.Load() > 0 && l.ended.Load() < before; {
		if err := l.do(ctx, barrier{}); err != nil {
			return err
		}
	}
	return ctx.Err()
}
