package ledgersql

import (
	"sync"
	"time"

	"github.com/dpproxy/dpproxy/budget"
)

// op is one operation of a batch.
type op interface {
	// keys adds the accounts, and ids the reservations, that apply will ask for, so that they are read in one go.
	keys(add func(budget.Key))
	ids(add func(int64))
	// apply works on the batch in memory and queues its statements. An error is the store's, and undoes the whole
	// batch; a refusal is kept in the operation. It may run several times, each time from the start.
	apply(b *batch) error
	// settle ends the operation, exactly once, after the batch was committed or given up.
	settle(err error)
}

// plain is an operation that needs nothing to be read ahead.
type plain struct{}

func (plain) keys(func(budget.Key)) {}
func (plain) ids(func(int64))       {}

const (
	lazyDelay = 20 * time.Millisecond  // how long a lazy operation waits for company
	lazyRetry = 500 * time.Millisecond // and how long one that the store refused waits
	maxLazy   = 10_000                 // waiting lazy operations, after which more of them are refused
	maxBatch  = 512                    // operations of one kind in one transaction
)

// queue hands operations to the writer: urgent ones at once, lazy ones before them in the same batch, or after a delay.
type queue struct {
	mu      sync.Mutex
	urgent  []op
	lazy    []op
	due     time.Time     // when the first lazy one has waited long enough
	wake    chan struct{} // capacity 1
	closing bool
	stuck   bool // lazy operations were put back: they are not due before `due`, even for company
}

func newQueue() *queue { return &queue{wake: make(chan struct{}, 1)} }

func (q *queue) addUrgent(o op) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closing {
		return budget.ErrClosed
	}
	q.urgent = append(q.urgent, o)
	q.signal()
	return nil
}

// addLazy refuses where too many wait already: the store has been away for long. bounded is false for operations whose
// number is limited otherwise (one for each reservation).
func (q *queue) addLazy(o op, bounded bool) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	switch {
	case q.closing:
		return budget.ErrClosed
	case bounded && len(q.lazy) >= maxLazy:
		return errBehind
	}
	if len(q.lazy) == 0 {
		q.due, q.stuck = time.Now().Add(lazyDelay), false
		q.signal()
	}
	q.lazy = append(q.lazy, o)
	return nil
}

// putBack returns lazy operations that the store would not take, before all others.
func (q *queue) putBack(ops []op) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.lazy = append(ops, q.lazy...)
	q.due, q.stuck = time.Now().Add(lazyRetry), true
	q.signal()
}

// close lets next return what waits, and then ok = false.
func (q *queue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closing = true
	q.signal()
}

func (q *queue) signal() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// next waits for a batch: lazy operations in the order of their calls, then urgent ones.
func (q *queue) next() (lazy, urgent []op, ok bool) {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		lazy, urgent, wait, ok := q.take()
		if len(lazy)+len(urgent) > 0 || !ok {
			return lazy, urgent, ok
		}
		timer.Reset(wait)
		select {
		case <-q.wake:
		case <-timer.C:
		}
	}
}

// take takes what may be written now, or tells how long to wait. ok is false when the queue is closed and empty.
func (q *queue) take() (lazy, urgent []op, wait time.Duration, ok bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	wait = time.Hour
	if len(q.lazy) > 0 {
		wait = max(0, time.Until(q.due))
		if wait == 0 || q.closing || len(q.urgent) > 0 && !q.stuck {
			lazy, q.lazy = cut(q.lazy)
			q.stuck = false
		}
	}
	urgent, q.urgent = cut(q.urgent)
	return lazy, urgent, wait, !q.closing || len(lazy)+len(urgent) > 0
}

// cut splits off at most maxBatch operations.
func cut(ops []op) (head, rest []op) {
	if len(ops) <= maxBatch {
		return ops, nil
	}
	return ops[:maxBatch:maxBatch], ops[maxBatch:]
}
