package proxy

import (
	"context"
	"net"
)

// Shutdown drains: whoever is new is told 57P03, as PostgreSQL does while it shuts down, idle sessions are told 57P01 and end, busy ones
// finish their query first. When ctx ends, the queries that still run are cancelled and their sessions end too; Shutdown then returns
// ctx's error. Listeners are closed last.
func (s *Server) Shutdown(ctx context.Context) error {
	defer s.closeListeners()
	s.mu.Lock()
	s.draining.Store(true)
	for c := range s.conns { // nobody of these has been told anything yet
		c.Close()
	}
	for _, sess := range s.sessions {
		sess.wire.wake()
	}
	s.mu.Unlock()

	done := make(chan struct{})
	go func() { s.running.Wait(); close(done) }()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
	}
	s.stop(errShutdown)
	s.mu.Lock()
	conns := make([]net.Conn, 0, len(s.sessions))
	for _, sess := range s.sessions {
		conns = append(conns, sess.wire.conn)
	}
	s.mu.Unlock()
	grace, cancel := context.WithTimeout(context.Background(), shutdownGrace)
	defer cancel()
	select {
	case <-done:
	case <-grace.Done(): // a client that does not read, or a source that does not let go
		for _, c := range conns {
			c.Close()
		}
	}
	return ctx.Err()
}

func (s *Server) closeListeners() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for l := range s.listeners {
		l.Close()
	}
}

// turnAway tells a connection that comes while the server drains so (see admit), or takes the cancel request that it is.
func (s *Server) turnAway(e *early) {
	defer s.leaving.Add(-1)
	if s.leaving.Add(1) > int64(s.cfg.MaxLoginConn) {
		e.evict()
		return
	}
	defer e.evict()
	s.login(e)
}

// Reload loads the certificate again, from the same or other files, and takes other ways to log in. Sessions keep what
// they have. On error all stays as it was.
func (s *Server) Reload(c TLS, auth Auth) error {
	state, err := loadTLS(c)
	if err != nil {
		return err
	}
	if auth, err = auth.withDefaults(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cfg.TLS = c
	s.tls.Store(state)
	s.auth.Store(&auth)
	return nil
}

// tlsRequired says whether plain connections are refused.
func (s *Server) tlsRequired() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.cfg.TLS.Required
}
