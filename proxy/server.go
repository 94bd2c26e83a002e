package proxy

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"io"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/dpproxy/dpproxy/answer"
	"github.com/dpproxy/dpproxy/proxy/setting"
	"github.com/dpproxy/dpproxy/refusal"
)

// Server serves clients. Make it with New; it is safe for concurrent use.
type Server struct {
	cfg      Config
	backend  Backend
	intro    Introspector // may be nil
	log      *slog.Logger
	clock    answer.Clock
	random   io.Reader
	registry *setting.Registry
	pacer    *Pacer
	throttle *throttle
	mock     []byte
	tls      atomic.Pointer[tlsState]
	auth     atomic.Pointer[Auth]
	outs     sync.Pool
	logins   chan struct{} // places of connections before log-in

	draining atomic.Bool
	leaving  atomic.Int64            // connections that are being turned away
	stop     context.CancelCauseFunc // ends all queries
	base     context.Context
	running  sync.WaitGroup

	mu        sync.Mutex
	listeners map[net.Listener]struct{}
	conns     map[net.Conn]*early // before log-in
	arrivals  uint64              // connections so far
	byUser    map[string]int      // sessions
	sessions  map[uint32]*session // by PID, after log-in
	accepted  int                 // connections alive
}

// New makes a server; nothing listens yet. intro may be nil; log must not be. Random bits come from Config.Random.
func New(cfg Config, backend Backend, intro Introspector, log *slog.Logger, clock answer.Clock) (*Server, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	if backend == nil || log == nil || clock == nil {
		return nil, errors.New("proxy: New needs a backend, a logger and a clock")
	}
	state, err := loadTLS(cfg.TLS)
	if err != nil {
		return nil, err
	}
	s := &Server{cfg: cfg, backend: backend, intro: intro, log: log, clock: clock, random: cfg.Random, mock: cfg.MockSecret,
		registry: setting.NewRegistry(setting.Fixed{ServerVersion: cfg.ServerVersion, ServerVersionNum: cfg.ServerVersionNum,
			ScramIterations: cfg.ScramIterations, TLS: state != nil}),
		throttle: newThrottle(cfg.MaxLoginFailures, clock), logins: make(chan struct{}, cfg.MaxLoginConn),
		listeners: map[net.Listener]struct{}{}, conns: map[net.Conn]*early{}, byUser: map[string]int{}, sessions: map[uint32]*session{}}
	if s.random == nil {
		s.random = rand.Reader
	}
	s.pacer = NewPacer(cfg.Timing, clock, s.random)
	s.outs.New = func() any { b := make([]byte, 0, firstWrite); return &b }
	s.tls.Store(state)
	s.auth.Store(&cfg.Auth)
	switch {
	case len(s.mock) > 0:
	case state != nil:
		s.mock = state.keyHash
	default:
		s.mock = make([]byte, 32)
		if _, err := io.ReadFull(s.random, s.mock); err != nil {
			return nil, err
		}
	}
	s.base, s.stop = context.WithCancelCause(context.Background())
	return s, nil
}

// Serve accepts connections until the listener is closed or the context ends; then it closes the listener and returns
// nil. Sessions go on: see Shutdown.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	if !s.addListener(l) {
		l.Close()
		return nil
	}
	defer s.removeListener(l)
	unwatch := context.AfterFunc(ctx, func() { l.Close() })
	defer unwatch()
	pause := time.Millisecond
	for {
		conn, err := l.Accept()
		switch {
		case err == nil:
			pause = time.Millisecond
			s.start(conn)
		case s.draining.Load() || ctx.Err() != nil || errors.Is(err, net.ErrClosed):
			return nil
		default: // out of file descriptors, most likely: it passes
			s.log.Warn("accept failed", "error", err.Error())
			select {
			case <-time.After(pause):
			case <-ctx.Done():
				return nil
			}
			pause = min(2*pause, time.Second)
		}
	}
}

// start serves a connection in a goroutine of its own, or closes it where too many are alive.
func (s *Server) start(conn net.Conn) {
	e := newEarly(s.base, conn)
	s.mu.Lock()
	// Beyond the sessions there is room for those that log in, cancel or will be told that there are too many.
	if s.draining.Load() {
		s.mu.Unlock()
		go s.turnAway(e)
		return
	}
	if s.accepted >= s.cfg.MaxClientConn+2*s.cfg.MaxLoginConn {
		s.mu.Unlock()
		e.evict()
		return
	}
	if len(s.conns) >= s.cfg.MaxLoginConn {
		s.makeRoom()
	}
	s.arrivals++
	e.number = s.arrivals
	s.accepted++
	s.conns[conn] = e
	s.running.Add(1)
	s.mu.Unlock()
	go s.serve(e)
}

// serve is the life of a connection until its session begins.
func (s *Server) serve(e *early) {
	defer e.cancel()
	sess := s.login(e)
	if sess == nil {
		s.end(e.conn, nil)
		return
	}
	// A goroutine of its own: TLS and SCRAM made this one's stack large, and it would stay so while the client is idle.
	go sess.serve()
}

// end forgets a connection, with its session if it had one.
func (s *Server) end(conn net.Conn, sess *session) {
	conn.Close()
	s.mu.Lock()
	delete(s.conns, conn)
	if sess != nil {
		s.unlist(sess)
	}
	s.accepted--
	s.mu.Unlock()
	s.running.Done()
}

// register gives a session its PID and key. Its error is a refusal where there are too many sessions.
func (s *Server) register(sess *session, conn net.Conn) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch most := s.cfg.MaxUserConnections; {
	case len(s.sessions) >= s.cfg.MaxClientConn:
		return refusal.New(refusal.TooManyConnections, "sorry, too many clients already")
	case most > 0 && s.byUser[sess.id.User] >= most:
		return refusal.New(refusal.TooManyConnections, "too many connections for role %q", sess.id.User)
	}
	for {
		var raw [4]byte
		if _, err := io.ReadFull(s.random, raw[:]); err != nil {
			return err
		}
		pid := binary.BigEndian.Uint32(raw[:]) & 0x7fffffff // clients print it as int32
		if _, taken := s.sessions[pid]; pid == 0 || taken {
			continue
		}
		var nonce [32]byte
		if _, err := io.ReadFull(s.random, nonce[:]); err != nil {
			return err
		}
		sess.pid, sess.id.PID, sess.id.Nonce = pid, int32(pid), hex.EncodeToString(nonce[:])
		s.sessions[pid] = sess
		s.byUser[sess.id.User]++
		delete(s.conns, conn)
		return nil
	}
}

// forget takes back register, for a session that did not begin.
func (s *Server) forget(sess *session) {
	if sess == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.unlist(sess)
}

// unlist takes a session from the lists, where it stands there. The caller holds mu.
func (s *Server) unlist(sess *session) {
	if s.sessions[sess.pid] != sess {
		return
	}
	delete(s.sessions, sess.pid)
	if s.byUser[sess.id.User]--; s.byUser[sess.id.User] <= 0 {
		delete(s.byUser, sess.id.User)
	}
}

// Sessions is how many clients are logged in.
func (s *Server) Sessions() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.sessions)
}

func (s *Server) addListener(l net.Listener) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.draining.Load() {
		return false
	}
	s.listeners[l] = struct{}{}
	return true
}

func (s *Server) removeListener(l net.Listener) {
	l.Close()
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.listeners, l)
}
