package proxy

import (
	"context"
	"crypto/subtle"
	"crypto/tls"
	"crypto/x509"
	"encoding/binary"
	"errors"
	"io"
	"path"
	"slices"
	"time"

	"github.com/dpproxy/dpproxy/answer"
	"github.com/dpproxy/dpproxy/proxy/scram"
	"github.com/dpproxy/dpproxy/refusal"
	"github.com/jackc/pgx/v5/pgproto3"
)

// Auth is `auth:` of the configuration: how clients show who they are. The zero value is SCRAM alone.
type Auth struct {
	// Cleartext are patterns (path.Match) of the names that are asked for their password itself, over TLS alone: what they
	// offer may be a token or a key. The choice depends on the name that a client gives and on nothing that is known of it.
	Cleartext []string
	// MaxCredential is the longest password in bytes; default 8192, at most 65535.
	MaxCredential int
	// Anonymous is the name that needs no password, for public data sets; empty: none.
	Anonymous string
	// Certificate says where a client certificate names its user: "cn", "dns", "email" or "uri"; empty: it names nobody, and
	// a password is asked for beside it. Map turns such names into users'; a name that it lacks stands for itself.
	Certificate string
	Map         map[string]string
}

// defaultMaxCredential holds a token with a few hundred permissions.
const defaultMaxCredential = 8 << 10

// maxMaxCredential is PostgreSQL's own limit of a password message.
const maxMaxCredential = 65535

// failureGrid is what the time of a refused credential is rounded up to: longer than any user's hash takes to compute, so
// that the time tells nothing of who exists.
const failureGrid = 250 * time.Millisecond

// CredentialChecker is an optional part of a Backend: people for whom a token, a key or a certificate vouches.
type CredentialChecker interface {
	// Check judges what was offered as a password; ok is false if it vouches for nobody. It takes the same time for users
	// that do not exist.
	Check(ctx context.Context, user, database string, secret []byte) (l answer.Login, ok bool, err error)
	// Admit tells what somebody who has shown who he is may see.
	Admit(ctx context.Context, p *answer.Principal, database string) (answer.Login, error)
}

func (a Auth) withDefaults() (Auth, error) {
	orElse(&a.MaxCredential, defaultMaxCredential)
	if a.MaxCredential < 1 || a.MaxCredential > maxMaxCredential {
		return a, errors.New("proxy: auth.max_credential must be 1 to 65535 bytes")
	}
	for _, pattern := range a.Cleartext {
		if _, err := path.Match(pattern, ""); err != nil {
			return a, errors.New("proxy: auth: malformed pattern of user names")
		}
	}
	if !slices.Contains([]string{"", "cn", "dns", "email", "uri"}, a.Certificate) {
		return a, errors.New("proxy: auth.certificate must be cn, dns, email or uri")
	}
	return a, nil
}

// asksClear tells that a name is asked for its password itself.
func (a *Auth) asksClear(user string) bool {
	return slices.ContainsFunc(a.Cleartext, func(pattern string) bool {
		ok, _ := path.Match(pattern, user)
		return ok
	})
}

// authenticate finds out who a client is. What it offers is judged and never ignored: a certificate that names somebody
// else, or a password that is wrong, is an error whatever else would have let it in.
func (h *handshake) authenticate(ctx context.Context, start startup) (answer.Login, error) {
	s, addr := h.srv, remoteAddr(h.conn)
	auth := s.auth.Load()
	if err := s.throttle.wait(ctx, start.user, addr); err != nil {
		return answer.Login{}, errDone
	}
	login, failed, err := h.identify(ctx, auth, start)
	if err != nil {
		return login, err
	}
	if failed != nil {
		s.log.Warn("log-in refused", "user", start.user, "dataset", start.database, "client", addr.String(), "error", failed.Error())
		s.throttle.failed(start.user, addr)
		return login, failed
	}
	s.throttle.succeeded(start.user, addr)
	switch {
	case !login.Enabled:
		return login, refusal.New(refusal.InvalidAuthorization, "user %q may not query", start.user)
	case !login.Allowed:
		return login, refusal.New(refusal.InvalidCatalogName, "database %q does not exist", start.named).WithHint("%s", login.Hint)
	}
	return login, nil
}

// identify chooses the way. failed is why a credential was refused.
func (h *handshake) identify(ctx context.Context, auth *Auth, start startup) (login answer.Login, failed, err error) {
	checker, _ := h.srv.backend.(CredentialChecker)
	cert := h.certificate()
	switch {
	case auth.Certificate != "" && cert != nil && checker != nil:
		if !auth.names(cert, start.user) {
			return login, refusal.New(refusal.InvalidAuthorization, "certificate authentication failed for user %q", start.user).
				WithHint("Connect as the user whom the certificate names."), nil
		}
		login, err = checker.Admit(ctx, &answer.Principal{User: start.user, Method: "certificate"}, start.database)
		if err == nil && !login.Known {
			failed = refusal.New(refusal.InvalidAuthorization, "certificate authentication failed for user %q", start.user)
		}
		return login, failed, err
	case auth.Anonymous != "" && start.user == auth.Anonymous && checker != nil:
		login, err = checker.Admit(ctx, &answer.Principal{User: start.user, Method: "anonymous"}, start.database)
		return login, nil, err
	case h.tls != nil && checker != nil && auth.asksClear(start.user):
		return h.clear(ctx, auth, checker, start)
	}
	return h.challenge(ctx, start)
}

func wrongPassword(start startup) error {
	return refusal.New(refusal.InvalidPassword, "password authentication failed for user %q", start.user)
}

// challenge checks the password by SCRAM. A user who does not exist goes the same way as a wrong password.
func (h *handshake) challenge(ctx context.Context, start startup) (login answer.Login, failed, err error) {
	if login, err = h.srv.backend.Login(ctx, start.user, start.database); err != nil {
		return login, nil, err
	}
	verifier, err := h.verifier(login, start.user)
	if err != nil {
		return login, nil, err
	}
	ok, err := h.scram(verifier)
	if err != nil {
		return login, nil, err
	}
	if !ok || login.Verifier == "" {
		return login, wrongPassword(start), nil
	}
	return login, nil, nil
}

// verifier is the user's, or a mock.
func (h *handshake) verifier(login answer.Login, user string) (scram.Verifier, error) {
	if login.Verifier == "" {
		return scram.Mock(h.srv.mock, user, h.srv.cfg.ScramIterations), nil
	}
	return scram.ParseVerifier(login.Verifier)
}

// clear asks for the password itself: a user's own, a token or a key. What is wrong was tried in the same way whoever
// exists, and is told on a grid of time.
func (h *handshake) clear(ctx context.Context, auth *Auth, checker CredentialChecker, start startup) (login answer.Login, failed, err error) {
	if err := h.send(&pgproto3.AuthenticationCleartextPassword{}); err != nil {
		return login, nil, err
	}
	secret, err := h.secret(auth.MaxCredential)
	if err != nil {
		return login, nil, err
	}
	begin := time.Now()
	if login, err = h.srv.backend.Login(ctx, start.user, start.database); err != nil {
		return login, nil, err
	}
	verifier, err := h.verifier(login, start.user)
	if err != nil {
		return login, nil, err
	}
	own, err := scram.NewVerifier(string(secret), verifier.Salt, verifier.Iterations)
	if err != nil {
		return login, nil, err
	}
	right := subtle.ConstantTimeCompare(own.StoredKey, verifier.StoredKey) == 1 && login.Verifier != ""
	if right {
		return login, nil, nil
	}
	vouched, ok, err := checker.Check(ctx, start.user, start.database, secret)
	if err != nil || ok {
		return vouched, nil, err
	}
	if err := holdFailure(ctx, begin); err != nil {
		return login, nil, errDone
	}
	return login, wrongPassword(start), nil
}

// holdFailure waits for the next multiple of the grid.
func holdFailure(ctx context.Context, begin time.Time) error {
	timer := time.NewTimer(failureGrid - time.Since(begin)%failureGrid)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// secret reads the client's PasswordMessage. An empty password is none.
func (h *handshake) secret(most int) ([]byte, error) {
	var header [headerSize]byte
	if _, err := io.ReadFull(h.conn, header[:]); err != nil {
		return nil, errDone
	}
	n := binary.BigEndian.Uint32(header[1:])
	if header[0] != 'p' || n < 5 {
		return nil, refusal.New(refusal.ProtocolViolation, "expected a password response")
	}
	if n-5 > uint32(most) {
		return nil, refusal.New(refusal.ProtocolViolation, "the password is longer than %d bytes", most)
	}
	body := make([]byte, n-4)
	if _, err := io.ReadFull(h.conn, body); err != nil {
		return nil, errDone
	}
	if body[len(body)-1] != 0 || slices.Contains(body[:len(body)-1], 0) {
		return nil, refusal.New(refusal.ProtocolViolation, "invalid password packet size")
	}
	if len(body) == 1 {
		return nil, refusal.New(refusal.InvalidPassword, "empty password returned by client")
	}
	return body[:len(body)-1], nil
}

// certificate is the one that the client has shown, and that was verified; nil if there is none.
func (h *handshake) certificate() *x509.Certificate {
	c, ok := h.conn.(*tls.Conn)
	if !ok {
		return nil
	}
	chains := c.ConnectionState().VerifiedChains
	if len(chains) == 0 {
		return nil
	}
	return chains[0][0]
}

// names tells that a certificate names the user.
func (a *Auth) names(cert *x509.Certificate, user string) bool {
	var names []string
	switch a.Certificate {
	case "cn":
		names = []string{cert.Subject.CommonName}
	case "dns":
		names = cert.DNSNames
	case "email":
		names = cert.EmailAddresses
	case "uri":
		for _, u := range cert.URIs {
			names = append(names, u.String())
		}
	}
	return slices.ContainsFunc(names, func(name string) bool {
		if mapped, ok := a.Map[name]; ok {
			name = mapped
		}
		return name != "" && name == user
	})
}
