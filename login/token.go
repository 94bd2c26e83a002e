package login

import (
	"bytes"
	"context"
	"crypto"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"github.com/dpproxy/dpproxy/answer"
)

// TokenConfig is `auth.jwt:`. One of Key, KeySet and JWKSURL is set, or none, and then the issuer is asked for its own
// (OpenID Connect discovery).
type TokenConfig struct {
	Issuer     string   // must be the token's iss; empty: not looked at
	Audience   []string // one of them must be in the token's aud; empty: not looked at
	Algorithms []string // RS256 by default
	Key        []byte   // PEM of a public key or certificate, or the secret of HS256, HS384, HS512
	KeySet     []byte   // a JSON Web Key Set
	JWKSURL    string
	CA         []byte        // PEM of the authorities of JWKSURL; nil: the system's
	Timeout    time.Duration // of one load of the key set
	Reload     time.Duration // at most one load in this time, once there are keys
	MaxAge     time.Duration // keys this old are loaded again, while they are still used
	Leeway     time.Duration // between the provider's clock and ours
	MaxLife    time.Duration // of a token, from iat to exp; 0: any

	UserClaim        string
	AnyName          bool // the name that the client gives need not be the token's
	PermissionsClaim string
	Keys             PermissionKeys
}

// DefaultTokenConfig has the defaults.
func DefaultTokenConfig() TokenConfig {
	return TokenConfig{
		Algorithms: []string{string(jose.RS256)}, Timeout: 2 * time.Second, Reload: 180 * time.Second, MaxAge: time.Hour,
		UserClaim: "sub", PermissionsClaim: "permissions", Keys: DefaultPermissionKeys(),
	}
}

// Algorithms are those that can be configured. All of one configuration are of one kind: a key that is public must never
// be taken for a secret.
func Algorithms() (public, secret []string) {
	return []string{"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"},
		[]string{"HS256", "HS384", "HS512"}
}

// Tokens judges JSON Web Tokens. It is safe for concurrent use.
type Tokens struct {
	config     TokenConfig
	algorithms []jose.SignatureAlgorithm
	clock      func() time.Time
	static     *jose.JSONWebKeySet // nil: loaded
	remote     *keySet
}

// minSecret is the shortest secret of an HS algorithm, in bytes: as long as the shortest digest (RFC 7518, section 3.2).
const minSecret = 32

// NewTokens checks a configuration. It does not connect.
func NewTokens(c TokenConfig, clock func() time.Time) (*Tokens, error) {
	t := &Tokens{config: c, clock: clock}
	public, secret := Algorithms()
	secrets := 0
	for _, a := range c.Algorithms {
		switch {
		case slices.Contains(secret, a):
			secrets++
		case !slices.Contains(public, a):
			return nil, fmt.Errorf("login: there is no algorithm %q", a)
		}
		t.algorithms = append(t.algorithms, jose.SignatureAlgorithm(a))
	}
	switch {
	case len(c.Algorithms) == 0:
		return nil, errors.New("login: no algorithm is allowed")
	case secrets != 0 && secrets != len(c.Algorithms):
		return nil, errors.New("login: algorithms of public keys and of secrets cannot be mixed")
	case secrets != 0 && len(c.Key) < minSecret:
		return nil, fmt.Errorf("login: the shared key of an HS algorithm needs at least %d bytes", minSecret)
	case secrets != 0:
		t.static = &jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: c.Key}}}
		return t, nil
	case c.Key != nil:
		key, err := publicKey(c.Key)
		if err != nil {
			return nil, err
		}
		t.static = &jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: key}}}
		return t, nil
	case c.KeySet != nil:
		set, err := parseKeySet(c.KeySet)
		if err != nil {
			return nil, err
		}
		t.static = set
		return t, nil
	case c.JWKSURL == "" && c.Issuer == "":
		return nil, errors.New("login: tokens need a key, a key set, a jwks_url or an issuer")
	}
	client, err := httpClient(c.CA)
	if err != nil {
		return nil, err
	}
	t.remote = &keySet{url: c.JWKSURL, issuer: c.Issuer, client: client, timeout: c.Timeout, reload: c.Reload, maxAge: c.MaxAge, clock: clock}
	return t, nil
}

// publicKey reads PEM of a key or a certificate.
func publicKey(text []byte) (crypto.PublicKey, error) {
	block, _ := pem.Decode(bytes.TrimSpace(text))
	if block == nil {
		return nil, errors.New("login: the key is no PEM")
	}
	switch block.Type {
	case "CERTIFICATE":
		cert, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, errors.New("login: the certificate cannot be read")
		}
		return cert.PublicKey, nil
	case "RSA PUBLIC KEY":
		return x509.ParsePKCS1PublicKey(block.Bytes)
	case "PUBLIC KEY":
		return x509.ParsePKIXPublicKey(block.Bytes)
	}
	return nil, fmt.Errorf("login: the key is a %s; a public key is needed", strings.ToLower(block.Type))
}

// looksLike tells a JSON Web Signature in its compact form: three parts, the first of which is a JSON object.
func looksLike(secret []byte) bool {
	return bytes.Count(secret, []byte(".")) == 2 && bytes.HasPrefix(secret, []byte("ey"))
}

// errUnavailable says that no key is there to check anything with.
var errUnavailable = errors.New("login: the provider's keys cannot be loaded")

// check judges a token. Reason says why it is refused.
func (t *Tokens) check(ctx context.Context, user string, secret []byte) (*answer.Principal, string, error) {
	token, err := jwt.ParseSigned(string(secret), t.algorithms)
	if err != nil {
		return nil, "the token is malformed, or signed by an algorithm that is not allowed", nil
	}
	if len(token.Headers) != 1 {
		return nil, "the token has not exactly one signature", nil
	}
	claims, reason, err := t.verify(ctx, token)
	if err != nil || reason != "" {
		return nil, reason, err
	}
	p, reason := t.principal(claims)
	if reason == "" && !t.config.AnyName && p.User != user {
		reason = "the token names another user"
	}
	if reason != "" {
		return nil, reason, nil
	}
	return p, "", nil
}

// verify tries the keys that the token may be signed by. Where none of them made the signature the provider may have
// changed them under the same name, or without one.
func (t *Tokens) verify(ctx context.Context, token *jwt.JSONWebToken) (map[string]any, string, error) {
	if t.remote == nil {
		if claims := verifyBy(token, t.static); claims != nil {
			return claims, "", nil
		}
		return nil, noKey, nil
	}
	for _, afresh := range []bool{false, true} {
		keys, err := t.remote.keysFor(ctx, token.Headers[0].KeyID, afresh)
		if err != nil {
			return nil, "", err
		}
		if claims := verifyBy(token, keys); claims != nil {
			return claims, "", nil
		}
	}
	return nil, noKey, nil
}

const noKey = "no key of the provider made the token's signature"

// verifyBy gives a token's claims if one of the keys made its signature.
func verifyBy(token *jwt.JSONWebToken, keys *jose.JSONWebKeySet) map[string]any {
	header := token.Headers[0]
	for _, key := range keys.Keys {
		if header.KeyID != "" && key.KeyID != "" && key.KeyID != header.KeyID ||
			key.Algorithm != "" && key.Algorithm != header.Algorithm || key.Use != "" && key.Use != "sig" {
			continue
		}
		var claims map[string]any
		if err := token.Claims(key.Key, &claims); err == nil && claims != nil {
			return claims
		}
	}
	return nil
}

// principal reads verified claims.
func (t *Tokens) principal(claims map[string]any) (*answer.Principal, string) {
	raw, err := json.Marshal(claims)
	if err != nil {
		return nil, "the claims cannot be read"
	}
	var standard jwt.Claims
	if err := json.Unmarshal(raw, &standard); err != nil {
		return nil, "a standard claim has a wrong form"
	}
	now := t.clock()
	expected := jwt.Expected{Issuer: t.config.Issuer, AnyAudience: t.config.Audience, Time: now}
	if err := standard.ValidateWithLeeway(expected, t.config.Leeway); err != nil {
		return nil, strings.TrimPrefix(err.Error(), "go-jose/go-jose/jwt: ")
	}
	if standard.Expiry == nil {
		return nil, "the token never expires"
	}
	expires := standard.Expiry.Time()
	if !now.Before(expires.Add(t.config.Leeway)) { // RFC 7519: not on or after it; the library lets its second in
		return nil, "the token is expired (exp)"
	}
	if t.config.MaxLife > 0 && (standard.IssuedAt == nil || expires.Sub(standard.IssuedAt.Time()) > t.config.MaxLife) {
		return nil, "the token is valid for too long"
	}
	name, ok := claim(claims, t.config.UserClaim).(string)
	if !ok || !validName(name) {
		return nil, "the claim " + t.config.UserClaim + " is no name of a user"
	}
	list, err := permissions(claim(claims, t.config.PermissionsClaim), t.config.Keys)
	if err != nil {
		return nil, err.Error()
	}
	return &answer.Principal{User: name, Method: "token", Restricted: true, Permissions: list, Expires: expires.Add(t.config.Leeway)}, ""
}

// maxNameBytes of a user; it names an account in the ledger.
const maxNameBytes = 255

func validName(s string) bool {
	return s != "" && len(s) <= maxNameBytes && utf8.ValidString(s) && !strings.ContainsFunc(s, unicode.IsControl)
}

// httpClient trusts the given authorities, or the system's. It follows no redirect away from HTTPS.
func httpClient(ca []byte) (*http.Client, error) {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.Proxy = nil
	if ca != nil {
		pool := x509.NewCertPool()
		if !pool.AppendCertsFromPEM(ca) {
			return nil, errors.New("login: the file of authorities holds no certificate")
		}
		transport.TLSClientConfig = tlsConfig(pool)
	}
	return &http.Client{Transport: transport, CheckRedirect: func(r *http.Request, via []*http.Request) error {
		if len(via) > 3 || via[0].URL.Scheme == "https" && r.URL.Scheme != "https" {
			return errors.New("login: a redirect that is not followed")
		}
		return nil
	}}, nil
}
