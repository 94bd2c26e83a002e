package scram

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
)

// The mechanisms' names.
const (
	Plain = "SCRAM-SHA-256"
	Plus  = "SCRAM-SHA-256-PLUS"
)

// The ways in which an exchange can be malformed. None depends on the verifier.
var (
	ErrMalformed = errors.New("malformed SCRAM message")
	ErrNonce     = errors.New("nonce does not match")
	ErrAuthzid   = errors.New("client uses an authorization identity, but it is not supported")
	ErrExtension = errors.New("client requires an unsupported SCRAM extension")
	// ErrDowngrade: the client thinks that the server has no channel binding, and it has.
	ErrDowngrade = errors.New("SCRAM channel binding negotiation error")
	ErrBinding   = errors.New("unsupported SCRAM channel-binding type")
)

// Server is one exchange. Make it with NewServer, call First and then Final, once each.
type Server struct {
	verifier Verifier
	binding  []byte // hash of the server's certificate; nil without TLS
	nonce    string // the server's part, then both

	header      string // gs2-header of the client, with its commas
	bare        string // client-first-message-bare
	serverFirst string
}

// NewServer starts an exchange. binding is the tls-server-end-point data of the certificate in use, nil on a plain
// connection. nonce is the server's share, from a cryptographic source, in printable ASCII without a comma.
func NewServer(v Verifier, binding []byte, nonce string) *Server {
	return &Server{verifier: v, binding: binding, nonce: nonce}
}

// Mechanisms lists what can be offered, the better one first.
func (s *Server) Mechanisms() []string {
	if s.binding != nil {
		return []string{Plus, Plain}
	}
	return []string{Plain}
}

// First reads the client's first message and answers it.
func (s *Server) First(mechanism string, message []byte) ([]byte, error) {
	header, bare, err := splitHeader(string(message))
	if err != nil {
		return nil, err
	}
	if err := s.checkHeader(mechanism, header); err != nil {
		return nil, err
	}
	attributes := strings.Split(bare, ",")
	if strings.HasPrefix(bare, "m=") {
		return nil, ErrExtension
	}
	if len(attributes) < 2 || !strings.HasPrefix(attributes[0], "n=") {
		return nil, ErrMalformed
	}
	// The user's name here is ignored, as PostgreSQL does: the start-up packet's counts.
	clientNonce, ok := strings.CutPrefix(attributes[1], "r=")
	if !ok || !printable(clientNonce) {
		return nil, ErrMalformed
	}
	s.header, s.bare, s.nonce = header, bare, clientNonce+s.nonce
	s.serverFirst = fmt.Sprintf("r=%s,s=%s,i=%d", s.nonce,
		base64.StdEncoding.EncodeToString(s.verifier.Salt), s.verifier.Iterations)
	return []byte(s.serverFirst), nil
}

// splitHeader cuts "n,,", "y,," or "p=type,," from the rest.
func splitHeader(m string) (header, bare string, err error) {
	flag, rest, ok := strings.Cut(m, ",")
	authzid, bare, ok2 := strings.Cut(rest, ",")
	if !ok || !ok2 {
		return "", "", ErrMalformed
	}
	if authzid != "" {
		if strings.HasPrefix(authzid, "a=") {
			return "", "", ErrAuthzid
		}
		return "", "", ErrMalformed
	}
	return flag + ",,", bare, nil
}

func (s *Server) checkHeader(mechanism, header string) error {
	flag := strings.TrimSuffix(header, ",,")
	switch mechanism {
	case Plain:
		switch {
		case flag == "n", flag == "y" && s.binding == nil:
			return nil
		case flag == "y":
			return ErrDowngrade
		}
	case Plus:
		switch {
		case s.binding == nil:
			return ErrMalformed
		case flag == "p=tls-server-end-point":
			return nil
		case strings.HasPrefix(flag, "p="):
			return ErrBinding
		}
	}
	return ErrMalformed
}

// Final reads the client's proof. ok says whether it is right; reply is the server's own proof, to be sent only then.
// An error says that the message was malformed.
func (s *Server) Final(message []byte) (reply []byte, ok bool, err error) {
	m := string(message)
	at := strings.LastIndex(m, ",p=")
	if at < 0 || s.serverFirst == "" {
		return nil, false, ErrMalformed
	}
	withoutProof, proofText := m[:at], m[at+len(",p="):]
	proof, err := base64.StdEncoding.Strict().DecodeString(proofText)
	if err != nil || len(proof) != sha256.Size {
		return nil, false, ErrMalformed
	}
	attributes := strings.Split(withoutProof, ",")
	if len(attributes) < 2 || !strings.HasPrefix(attributes[0], "c=") || !strings.HasPrefix(attributes[1], "r=") {
		return nil, false, ErrMalformed
	}
	if subtle.ConstantTimeCompare([]byte(attributes[1][2:]), []byte(s.nonce)) != 1 {
		return nil, false, ErrNonce
	}
	bound := subtle.ConstantTimeCompare([]byte(attributes[0][2:]), []byte(s.expectedBinding()))
	authMessage := s.bare + "," + s.serverFirst + "," + withoutProof
	signature := sum(s.verifier.StoredKey, authMessage)
	clientKey := make([]byte, sha256.Size)
	subtle.XORBytes(clientKey, proof, signature)
	hashed := sha256.Sum256(clientKey)
	right := subtle.ConstantTimeCompare(hashed[:], s.verifier.StoredKey)
	reply = []byte("v=" + base64.StdEncoding.EncodeToString(sum(s.verifier.ServerKey, authMessage)))
	s.serverFirst = "" // an exchange ends once
	return reply, bound&right == 1, nil
}

// expectedBinding is the c= attribute that this exchange must carry: the header, and the certificate's hash after "p=".
func (s *Server) expectedBinding() string {
	data := []byte(s.header)
	if strings.HasPrefix(s.header, "p=") {
		data = append(data, s.binding...)
	}
	return base64.StdEncoding.EncodeToString(data)
}

func printable(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < 0x21 || s[i] > 0x7e || s[i] == ',' {
			return false
		}
	}
	return s != ""
}
