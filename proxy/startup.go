package proxy

import (
	"context"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"io"
	"net"

	"github.com/dpproxy/dpproxy/refusal"
)

// tlsRecord is the first byte of a TLS handshake: a client that starts without SSLRequest.
const tlsRecord = 0x16

// errDone ends a connection that is served: a cancel request, or a client that went away.
var errDone = errors.New("proxy: the connection is done with")

// handshake is a connection before log-in. It reads exactly the bytes of each frame, so nothing that a man in the middle
// puts before TLS can be taken for something said inside.
type handshake struct {
	srv    *Server
	conn   net.Conn
	tls    *tlsState // in use; nil on a plain connection
	direct bool      // TLS from the first byte
}

// begin reads from the first byte to the StartupMessage. A cancel request is served on the way.
func (h *handshake) begin(ctx context.Context) (startup, error) {
	var first [1]byte
	if _, err := io.ReadFull(h.conn, first[:]); err != nil {
		return startup{}, errDone
	}
	if first[0] == tlsRecord {
		h.direct = true
		if err := h.secure(ctx, &prefixed{Conn: h.conn, first: first[:]}); err != nil {
			return startup{}, err
		}
		if _, err := io.ReadFull(h.conn, first[:]); err != nil {
			return startup{}, errDone
		}
	}
	var askedTLS, askedGSS bool
	for {
		body, err := h.frame(first[0])
		if err != nil {
			return startup{}, err
		}
		switch code := binary.BigEndian.Uint32(body); {
		case code == cancelCode:
			h.cancel(body[4:])
			return startup{}, errDone
		case code == gssRequestCode && !askedGSS && len(body) == 4:
			askedGSS = true
			err = h.say('N')
		case code == sslRequestCode && !askedTLS && len(body) == 4:
			askedTLS = true
			err = h.offerTLS(ctx)
		case code == gssRequestCode, code == sslRequestCode:
			return startup{}, refusal.New(refusal.ProtocolViolation, "the request for encryption came twice or is malformed")
		case code>>16 != protocolMajor:
			return startup{}, refusal.New(refusal.NotSupported, "unsupported frontend protocol %d.%d: server supports 3.0 to 3.%d",
				code>>16, code&0xffff, latestMinor)
		default:
			return h.understand(body)
		}
		if err != nil {
			return startup{}, err
		}
		if _, err := io.ReadFull(h.conn, first[:]); err != nil {
			return startup{}, errDone
		}
	}
}

// frame reads a start-up frame of which the first byte is known. The length is judged before anything is allocated.
func (h *handshake) frame(first byte) ([]byte, error) {
	header := [4]byte{first}
	if _, err := io.ReadFull(h.conn, header[1:]); err != nil {
		return nil, errDone
	}
	n := binary.BigEndian.Uint32(header[:])
	if n < 8 || n > maxStartup {
		return nil, refusal.New(refusal.ProtocolViolation, "invalid length of startup packet")
	}
	body := make([]byte, n-4)
	if _, err := io.ReadFull(h.conn, body); err != nil {
		return nil, errDone
	}
	return body, nil
}

func (h *handshake) understand(body []byte) (startup, error) {
	s, err := parseStartup(body)
	switch {
	case errors.Is(err, errPacket):
		return s, refusal.New(refusal.ProtocolViolation, "invalid startup packet layout")
	case err != nil:
		return s, err
	case s.user == "":
		return s, refusal.New(refusal.InvalidAuthorization, "no PostgreSQL user name specified in startup packet")
	case s.replication != "" && s.replication != "false" && s.replication != "off" && s.replication != "0" && s.replication != "no":
		return s, refusal.New(refusal.NotSupported, "replication connections are not supported")
	case h.tls == nil && h.srv.tlsRequired():
		return s, refusal.New(refusal.InvalidAuthorization, "this server accepts connections with TLS only").
			WithHint("Set sslmode=require, or better verify-full.")
	}
	s.named = s.database
	if d, ok := h.srv.backend.(designs); ok {
		s.database, s.design = d.DesignOf(s.database)
	}
	return s, nil
}

// offerTLS answers SSLRequest, and goes on with TLS where there is a certificate. Inside TLS the answer is no.
func (h *handshake) offerTLS(ctx context.Context) error {
	if h.tls != nil || h.srv.tls.Load() == nil {
		return h.say('N')
	}
	if err := h.say('S'); err != nil {
		return err
	}
	return h.secure(ctx, h.conn)
}

// secure does the TLS handshake over conn.
func (h *handshake) secure(ctx context.Context, conn net.Conn) error {
	state := h.srv.currentTLS()
	if state == nil {
		return errDone
	}
	inner := tls.Server(conn, state.config)
	if err := inner.HandshakeContext(ctx); err != nil {
		return errDone
	}
	if h.direct && inner.ConnectionState().NegotiatedProtocol != alpn {
		return errDone // another protocol's client, perhaps made to talk to us
	}
	h.conn, h.tls = inner, state
	return nil
}

func (h *handshake) say(b byte) error {
	if _, err := h.conn.Write([]byte{b}); err != nil {
		return errDone
	}
	return nil
}

func (h *handshake) cancel(body []byte) {
	if n := len(body) - 4; n >= minCancelKey && n <= maxCancelKey {
		h.srv.cancel(binary.BigEndian.Uint32(body), body[4:])
	}
}

// prefixed is a connection of which one byte was read already.
type prefixed struct {
	net.Conn
	first []byte
}

func (p *prefixed) Read(b []byte) (int, error) {
	if len(p.first) > 0 && len(b) > 0 {
		n := copy(b, p.first)
		p.first = p.first[n:]
		return n, nil
	}
	return p.Conn.Read(b)
}
