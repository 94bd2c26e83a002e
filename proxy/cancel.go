package proxy

import (
	"context"
	"crypto/subtle"
	"sync"
	"time"
)

// shutdownGrace is how long sessions get to say goodbye after their queries were cancelled.
const shutdownGrace = 2 * time.Second

// running is the query that a session runs now, if any; the only part of a session that others touch.
type running struct {
	mu     sync.Mutex
	cancel context.CancelCauseFunc
}

// begin says that a query runs, which cancel ends. The function that it returns says that it runs no more: from then
// on, a cancel that comes late hits nothing.
func (r *running) begin(cancel context.CancelCauseFunc) (end func()) {
	r.mu.Lock()
	r.cancel = cancel
	r.mu.Unlock()
	return func() {
		r.mu.Lock()
		r.cancel = nil
		r.mu.Unlock()
	}
}

func (r *running) stop(cause error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.cancel != nil {
		r.cancel(cause)
	}
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
	if subtle.ConstantTimeCompare(want, key) == 1 && sess != nil {
		sess.running.stop(errCanceled)
	}
}
