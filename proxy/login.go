package proxy

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/netip"
	"strings"
	"time"

	"github.com/dpproxy/dpproxy/answer"
	"github.com/dpproxy/dpproxy/proxy/scram"
	"github.com/dpproxy/dpproxy/proxy/setting"
	"github.com/dpproxy/dpproxy/refusal"
	"github.com/jackc/pgx/v5/pgproto3"
)

// maxLoginMessage bounds a message of the authentication.
const maxLoginMessage = 16 << 10

// nonceBytes of randomness are in the server's nonce, as in PostgreSQL.
const nonceBytes = 18

// login takes a connection from its first byte to the session's first ReadyForQuery. It returns nil where the connection
// is done with, after telling the client why if there is somebody to tell.
func (s *Server) login(e *early) (sess *session) {
	conn := e.conn
	ctx, cancel := context.WithTimeout(e.ctx, s.cfg.LoginTimeout)
	defer cancel()
	deadline := time.Now().Add(s.cfg.LoginTimeout)
	select {
	case s.logins <- struct{}{}:
		defer func() { <-s.logins }()
	case <-ctx.Done():
		return nil
	}
	conn.SetDeadline(deadline)
	h := &handshake{srv: s, conn: conn}
	defer func() { // a start-up packet that finds a defect must not end the process
		if p := recover(); p != nil {
			s.logPanic(p)
			s.forget(sess)
			sess = nil
		}
	}()
	sess, err := s.admit(ctx, h)
	if err != nil {
		s.forget(sess)
		h.refuse(err)
		return nil
	}
	sess.wire.conn.SetDeadline(time.Time{})
	return sess
}

// admit is the story of a log-in.
func (s *Server) admit(ctx context.Context, h *handshake) (*session, error) {
	start, err := h.begin(ctx)
	if err != nil {
		return nil, err
	}
	if s.draining.Load() {
		return nil, refusal.New(refusal.CannotConnectNow, "the database system is shutting down")
	}
	if err := h.negotiate(start); err != nil {
		return nil, err
	}
	login, err := h.authenticate(ctx, start)
	if err != nil {
		return nil, err
	}
	sess, err := s.newSession(h, start, login)
	if err != nil {
		return nil, err
	}
	if err := s.register(sess, h.raw()); err != nil {
		return nil, err
	}
	if err := sess.greet(); err != nil {
		return sess, errDone
	}
	return sess, nil
}

// raw is the connection as it was accepted.
func (h *handshake) raw() net.Conn {
	if c, ok := h.conn.(interface{ NetConn() net.Conn }); ok {
		if p, ok := c.NetConn().(*prefixed); ok {
			return p.Conn
		}
		return c.NetConn()
	}
	return h.conn
}

func (h *handshake) negotiate(start startup) error {
	if !start.mustNegotiate() {
		return nil
	}
	return h.send(&pgproto3.NegotiateProtocolVersion{NewestMinorProtocol: start.negotiated(), UnrecognizedOptions: start.unknown})
}

// scram exchanges the messages. ok says whether the proof was right.
func (h *handshake) scram(v scram.Verifier) (ok bool, err error) {
	var raw [nonceBytes]byte
	if _, err := io.ReadFull(h.srv.random, raw[:]); err != nil {
		return false, err
	}
	var binding []byte
	if h.tls != nil {
		binding = h.tls.endPoint
	}
	exchange := scram.NewServer(v, binding, base64.StdEncoding.EncodeToString(raw[:]))
	if err := h.send(&pgproto3.AuthenticationSASL{AuthMechanisms: exchange.Mechanisms()}); err != nil {
		return false, err
	}
	body, err := h.password()
	if err != nil {
		return false, err
	}
	var first pgproto3.SASLInitialResponse
	if err := first.Decode(body); err != nil {
		return false, malformed(scram.ErrMalformed)
	}
	reply, err := exchange.First(first.AuthMechanism, first.Data)
	if err != nil {
		return false, malformed(err)
	}
	if err := h.send(&pgproto3.AuthenticationSASLContinue{Data: reply}); err != nil {
		return false, err
	}
	if body, err = h.password(); err != nil {
		return false, err
	}
	reply, ok, err = exchange.Final(body)
	if err != nil {
		return false, malformed(err)
	}
	if !ok {
		return false, nil
	}
	return true, h.send(&pgproto3.AuthenticationSASLFinal{Data: reply})
}

func malformed(err error) error {
	switch {
	case errors.Is(err, scram.ErrDowngrade):
		return refusal.New(refusal.InvalidAuthorization, "SCRAM channel binding negotiation error").
			WithDetail("The client supports SCRAM channel binding but thinks the server does not. However, this server does support channel binding.")
	case errors.Is(err, scram.ErrAuthzid), errors.Is(err, scram.ErrExtension):
		return refusal.New(refusal.NotSupported, "%s", err.Error())
	}
	return refusal.New(refusal.ProtocolViolation, "%s", err.Error())
}

// password reads one message of the client's authentication.
func (h *handshake) password() ([]byte, error) {
	var header [headerSize]byte
	if _, err := io.ReadFull(h.conn, header[:]); err != nil {
		return nil, errDone
	}
	n := binary.BigEndian.Uint32(header[1:])
	if header[0] != 'p' || n < 4 || n > maxLoginMessage {
		return nil, refusal.New(refusal.ProtocolViolation, "expected a SASL response")
	}
	body := make([]byte, n-4)
	if _, err := io.ReadFull(h.conn, body); err != nil {
		return nil, errDone
	}
	return body, nil
}

func (h *handshake) send(m pgproto3.BackendMessage) error {
	out, err := m.Encode(nil)
	if err != nil {
		return err
	}
	if _, err := h.conn.Write(out); err != nil {
		return errDone
	}
	return nil
}

// refuse tells the client why it cannot come in.
func (h *handshake) refuse(err error) {
	if errors.Is(err, errDone) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return
	}
	h.send(errorMessage(err, true, h.srv.random, h.srv.log))
}

// newSession makes the session of a client that has logged in. It fails where a setting of the start-up packet is wrong.
func (s *Server) newSession(h *handshake, start startup, login answer.Login) (*session, error) {
	sess := &session{srv: s, version: start.negotiated(), tx: transaction{status: idle}}
	sess.wire = wire{conn: h.conn, maxPacket: s.cfg.MaxPacketSize, maxPipeline: s.cfg.MaxPipelineBytes,
		writeTimeout: s.cfg.WriteTimeout, outs: &s.outs}
	sess.id = answer.Identity{User: start.user, Dataset: start.database, Design: start.design, Client: remoteAddr(h.conn).String(), Principal: login.Principal}
	if p := login.Principal; p != nil {
		sess.id.User = p.User
	}
	sess.key = make([]byte, minCancelKey)
	if start.negotiated() >= protocol32 {
		sess.key = make([]byte, longCancelKey)
	}
	if _, err := io.ReadFull(s.random, sess.key); err != nil {
		return nil, err
	}
	sess.loggedIn = s.clock()
	sess.hooks = hooks{current: sess.currentSetting, set: sess.setConfig}
	sess.settings = setting.NewStore(s.registry, func(name, value string) error {
		return s.backend.CheckSetting(sess.id, name, value)
	})
	sess.settings.SetFixed("session_authorization", sess.id.User)
	for _, kv := range start.settings {
		if err := sess.settings.SetStart(kv[0], kv[1]); err != nil {
			return nil, err
		}
		if strings.EqualFold(kv[0], "application_name") {
			sess.id.Application, _ = sess.settings.Get(kv[0])
		}
	}
	return sess, nil
}

func remoteAddr(c net.Conn) netip.Addr {
	if a, ok := c.RemoteAddr().(*net.TCPAddr); ok {
		return a.AddrPort().Addr()
	}
	return netip.Addr{}
}
