package proxy

import (
	"errors"
	"fmt"
	"io"
	"net"
	"runtime/debug"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/dpproxy/dpproxy/answer"
	"github.com/dpproxy/dpproxy/proxy/setting"
	"github.com/dpproxy/dpproxy/proxy/value"
	"github.com/dpproxy/dpproxy/refusal"
	"github.com/jackc/pgx/v5/pgproto3"
)

// session is one client after log-in. Everything but `running`, `ended`, `doing` and `wire.wake` belongs to its goroutine.
type session struct {
	srv     *Server
	wire    wire
	id      answer.Identity
	pid     uint32
	key     []byte // of cancel requests
	version uint32 // of the protocol
	running running
	ended   atomic.Bool              // by pg_terminate_backend
	doing   atomic.Pointer[activity] // what pg_stat_activity shows

	settings   *setting.Store
	hooks      hooks
	reportedAt uint64      // version of the settings at the last report
	reported   []string    // what ParameterStatus last said, in its order
	style      value.Style // of the settings at version styleAt
	styleAt    uint64
	charset    *value.Encoding // likewise; nil is UTF-8
	tx         transaction
	prepared   map[string]*prepared
	portals    map[string]*portal // cursors too
	skipToSync bool               // after an error in the extended protocol
	began      time.Time          // when the message that is served was read
	loggedIn   time.Time
	several    bool // the message holds several statements
	placed     placed
}

// hooks are the session's own functions in the form that requests carry, made once.
type hooks struct {
	current func(name string) (string, bool)
	set     func(name, value string, local bool) (string, error)
}

// errTerminate ends a session whose client said goodbye.
var errTerminate = errors.New("proxy: the client ended the session")

// serve is the session's life. A panic ends the session and leaves the process alone.
func (s *session) serve() {
	defer s.srv.end(s.wire.conn, s)
	defer s.closeAllPortals()
	defer func() {
		if p := recover(); p != nil {
			s.srv.logPanic(p)
			_ = s.srv.pacer.Hold(s.srv.base, s.began) // the session ends as it does without random bits
			s.fatal(fmt.Errorf("proxy: panic in a session: %T", p))
		}
	}()
	if err := s.loop(); err != nil {
		s.farewell(err)
	}
}

func (s *Server) logPanic(p any) {
	// What a panic says may hold data; the stack tells where it was.
	s.log.Error("panic in a session", "kind", fmt.Sprintf("%T", p), "stack", string(debug.Stack()))
}

// loop reads messages until one of them, or the connection, ends the session.
func (s *session) loop() error {
	for {
		if s.srv.draining.Load() || s.ended.Load() {
			return errShutdown
		}
		if !s.wire.buffered() {
			s.running.rest()
		}
		s.wire.setReadDeadline(s.idleDeadline())
		typ, body, err := s.wire.frame(s.wire.maxPacket, knownType)
		if err != nil {
			return s.readFailure(typ, err)
		}
		s.running.work()
		s.began = s.srv.clock()
		if s.skipToSync && typ != 'S' && typ != 'X' {
			continue
		}
		if err := s.handle(typ, body); err != nil {
			return err
		}
	}
}

// handle serves one message. The error that it returns ends the session; all others were sent.
func (s *session) handle(typ byte, body []byte) error {
	switch typ {
	case 'Q':
		return s.query(body)
	case 'P':
		return s.extended(body, (*session).parse)
	case 'B':
		return s.extended(body, (*session).bind)
	case 'D':
		return s.extended(body, (*session).describe)
	case 'E':
		return s.extended(body, (*session).execute)
	case 'C':
		return s.extended(body, (*session).close)
	case 'H':
		return s.wire.flush()
	case 'S':
		return s.sync()
	case 'F':
		return s.functionCall()
	case 'X':
		return errTerminate
	}
	return nil // CopyData, CopyDone, CopyFail outside of COPY are ignored, as in PostgreSQL
}

// knownType is the closed list of messages that a client may send after log-in.
func knownType(t byte) bool {
	switch t {
	case 'Q', 'P', 'B', 'D', 'E', 'C', 'H', 'S', 'F', 'X', 'd', 'c', 'f':
		return true
	}
	return false
}

// functionCall is refused; it is a query of its own, with ReadyForQuery.
func (s *session) functionCall() error {
	s.fail(refusal.New(refusal.NotSupported, "function calls are not supported").WithHint("Write SELECT function(…)."))
	return s.ready()
}

// greet is what a client hears after its password was right, in one write.
func (s *session) greet() error {
	s.wire.send(&pgproto3.AuthenticationOk{})
	s.reported = nil
	s.report()
	s.wire.send(&pgproto3.BackendKeyData{ProcessID: s.pid, SecretKey: s.key})
	if g, ok := s.srv.backend.(Greeter); ok {
		for _, n := range g.Greet(s.id) {
			s.notice(n)
		}
	}
	return s.ready()
}

// ready says that the session waits for the next query, and flushes.
func (s *session) ready() error {
	s.running.rest()
	s.rests()
	s.report()
	s.wire.send(&pgproto3.ReadyForQuery{TxStatus: s.tx.status})
	return s.wire.flush()
}

// report sends ParameterStatus for what changed since the last time.
func (s *session) report() {
	if s.reportedAt == s.settings.Version() {
		return
	}
	s.reportedAt = s.settings.Version()
	next := 0
	s.settings.Reported(func(name, value string) {
		at := next
		next++
		switch {
		case at == len(s.reported):
			s.reported = append(s.reported, value)
		case s.reported[at] == value:
			return
		default:
			s.reported[at] = value
		}
		s.wire.send(&pgproto3.ParameterStatus{Name: name, Value: s.encoding().Lossy(clean(value))})
	})
	s.id.Application, _ = s.settings.Get("application_name")
}

// fail sends an error and takes the transaction where errors take it. Every error waits for the grid, also one that
// could not have met private data: no path can forget it.
func (s *session) fail(err error) {
	if held := s.srv.pacer.Hold(s.srv.base, s.began); held != nil {
		err = held
	}
	s.wire.send(s.said(errorMessage(err, false, s.srv.random, s.srv.log)))
	s.abort()
}

// fatal sends the last message of a session.
func (s *session) fatal(err error) {
	s.wire.send(s.said(errorMessage(err, true, s.srv.random, s.srv.log)))
	s.wire.flush()
}

// notice sends a NoticeResponse if the session wants to hear it.
func (s *session) notice(n answer.Notice) {
	level, _ := s.settings.Get("client_min_messages")
	if noticePasses(n.Severity, level) {
		m := pgproto3.ErrorResponse(*noticeMessage(n))
		heard := pgproto3.NoticeResponse(*s.said(&m))
		s.wire.send(&heard)
	}
}

func (s *session) warn(code refusal.Code, text string) {
	s.notice(answer.Notice{Severity: "WARNING", Code: string(code), Message: text})
}

// idleDeadline is when a client that says nothing is sent away; zero is never.
func (s *session) idleDeadline() time.Time {
	configured, name := s.srv.cfg.IdleTimeout, "idle_session_timeout"
	if s.tx.status != idle {
		configured, name = s.srv.cfg.IdleInTransaction, "idle_in_transaction_session_timeout"
	}
	own := s.duration(name)
	if configured == 0 || own > 0 && own < configured {
		configured = own
	}
	if configured == 0 {
		return time.Time{}
	}
	return time.Now().Add(configured)
}

// duration reads a setting that is a time.
func (s *session) duration(name string) time.Duration {
	v, _ := s.settings.Get(name)
	if v == "0" {
		return 0
	}
	d, err := setting.ParseMilliseconds(v)
	if err != nil {
		return 0
	}
	return d
}

// readFailure says why no message could be read.
func (s *session) readFailure(typ byte, err error) error {
	var timeout net.Error
	switch {
	case errors.Is(err, errUnknownType):
		return refusal.New(refusal.ProtocolViolation, "invalid frontend message type %d", typ)
	case errors.Is(err, errBadLength):
		return refusal.New(refusal.ProtocolViolation, "invalid message length")
	case errors.Is(err, errTooLong):
		return refusal.New(refusal.ProtocolViolation, "message is longer than max_packet_size, %d bytes", s.wire.maxPacket)
	case errors.As(err, &timeout) && timeout.Timeout():
		switch {
		case s.srv.draining.Load(), s.ended.Load():
			return errShutdown
		case s.tx.status != idle:
			return errIdleInTx
		}
		return errIdle
	case errors.Is(err, io.EOF):
		return errTerminate
	}
	return errDone
}

// farewell tells the client why its session ends, if it is there to hear it.
func (s *session) farewell(err error) {
	if errors.Is(err, errTerminate) || errors.Is(err, errDone) || errors.Is(err, errWrite) {
		return
	}
	s.fatal(err)
	s.wire.drain()
}

// styleNow is how the session's settings want text to look.
func (s *session) styleNow() value.Style {
	if v := s.settings.Version(); s.styleAt != v {
		s.style, s.styleAt = value.Style{}, v
		zone, _ := s.settings.Get("TimeZone")
		if zone != "UTC" {
			_, s.style.Zone, _ = setting.Zone(zone)
		}
		bytea, _ := s.settings.Get("bytea_output")
		s.style.EscapeBytea = bytea == "escape"
		dates, _ := s.settings.Get("DateStyle")
		intervals, _ := s.settings.Get("IntervalStyle")
		s.style.SetDate(dates)
		s.style.SetInterval(intervals)
		if digits, _ := s.settings.Get("extra_float_digits"); digits != "" {
			n, err := strconv.Atoi(digits)
			if err == nil {
				s.style.FloatDigits = n - 1
			}
		}
		encoding, _ := s.settings.Get("client_encoding")
		s.charset, _ = value.FindEncoding(encoding)
	}
	return s.style
}
