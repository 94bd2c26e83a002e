package proxy

import (
	"context"
	"crypto/subtle"
	"sync"
	"time"
)

// shutdownGrace is how long sessions get to say goodbye after their queries were cancelled.
const shutdownGrace = 2 * time.Second

// A client may ask for a cancel just after it sent the query, on another connection: it can be here before the query is. The request is
// tried for as long as the fork of a PostgreSQL's postmaster gives the query, and its connection, for which clients wait, stays open.
const (
	cancelTries = 10
	cancelPause = 2 * time.Millisecond
)

// running is the query that a session runs now, if any; the only part of a session that others touch. A cancel that comes while a
// message is read and planned, before its query runs, waits for the query.
type running struct {
	mu      sync.Mutex
	cancel  context.CancelCauseFunc
	working bool  // messages are served
	pending error // why the next query of them is to end
}

// work says that a message has come.
func (r *running) work() {
	r.mu.Lock()
	r.working = true
	r.mu.Unlock()
}

// rest says that all messages that came are served: a cancel that comes now, or came too late for a query, hits nothing.
func (r *running) rest() {
	r.mu.Lock()
	r.working, r.pending = false, nil
	r.mu.Unlock()
}

// begin says that a query runs, which cancel ends. The function that it returns says that it runs no more.
func (r *running) begin(cancel context.CancelCauseFunc) (end func()) {
	r.mu.Lock()
	r.cancel = cancel
	if r.pending != nil {
		cancel(r.pending)
		r.pending = nil
	}
	r.mu.Unlock()
	return func() {
		r.mu.Lock()
		r.cancel = nil
		r.mu.Unlock()
	}
}

// stop ends the query; false if no message is served.
func (r *running) stop(cause error) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.cancel != nil:
		r.cancel(cause)
	case r.working:
		r.pending = cause
	default:
		return false
	}
	return true
}

// cancel serves a CancelRequest. It is never answered, right or wrong, and takes the same time for both.
func (s *Server) cancel(pid uint32, key []byte) {
	s.mu.Lock()
	sess := s.sessions[pid]
	s.mu.Unlock()
	want := s.mock // of no session: compared all the same
	if sess != nil {
		want = sess.key
	}
	open := subtle.ConstantTimeCompare(want, key) == 1 && sess != nil
	for range cancelTries {
		if open && sess.running.stop(errCanceled) {
			open = false
		}
		time.Sleep(cancelPause)
	}
}
