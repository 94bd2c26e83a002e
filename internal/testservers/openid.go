package testservers

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// OpenID is an OpenID provider on loopback, over TLS: discovery, a key set that can be rotated, and signed tokens.
type OpenID struct {
	server *httptest.Server

	mu      sync.Mutex
	current *rsa.PrivateKey
	id      string
	keys    []jose.JSONWebKey // what the key set shows
	loads   int               // of the key set
	broken  bool
	hang    chan struct{}
}

// NewOpenID starts a provider with one key, for as long as the test runs.
func NewOpenID(t testing.TB) *OpenID {
	t.Helper()
	p := &OpenID{}
	mux := http.NewServeMux()
	p.server = httptest.NewTLSServer(mux)
	t.Cleanup(p.server.Close)
	t.Cleanup(p.Answer) // what hangs must end before the server does
	mux.HandleFunc("GET /.well-known/openid-configuration", func(w http.ResponseWriter, r *http.Request) {
		writeJSON(w, map[string]any{
			"issuer": p.Issuer(), "jwks_uri": p.KeysURL(), "token_endpoint": p.server.URL + "/token",
			"response_types_supported": []string{"code"}, "subject_types_supported": []string{"public"},
			"id_token_signing_alg_values_supported": []string{"RS256"},
		})
	})
	mux.HandleFunc("GET /keys", p.serveKeys)
	p.Rotate(t, true)
	return p
}

func (p *OpenID) serveKeys(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	p.loads++
	broken, hang, keys := p.broken, p.hang, p.keys
	p.mu.Unlock()
	if hang != nil {
		select {
		case <-hang:
		case <-r.Context().Done():
			return
		}
	}
	if broken {
		http.Error(w, "out of order", http.StatusServiceUnavailable)
		return
	}
	writeJSON(w, jose.JSONWebKeySet{Keys: keys})
}

func writeJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(v); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
	}
}

// Issuer is the provider's name.
func (p *OpenID) Issuer() string { return p.server.URL }

// KeysURL is where the key set is.
func (p *OpenID) KeysURL() string { return p.server.URL + "/keys" }

// CA is the certificate that its TLS is signed by, as PEM.
func (p *OpenID) CA() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: p.server.Certificate().Raw})
}

// Rotate makes a new key, with which tokens are signed from now on. With withdraw, only it is in the key set; else the
// former ones stay there.
func (p *OpenID) Rotate(t testing.TB, withdraw bool) {
	t.Helper()
	key := NewRSA(t)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.current, p.id = key, fmt.Sprintf("key-%d", time.Now().UnixNano())
	if withdraw {
		p.keys = nil
	}
	p.keys = append(p.keys, jose.JSONWebKey{Key: key.Public(), KeyID: p.id, Algorithm: "RS256", Use: "sig"})
}

// Break lets the key set fail, or mends it.
func (p *OpenID) Break(broken bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.broken = broken
}

// Hang keeps requests for the key set waiting until Answer.
func (p *OpenID) Hang() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.hang = make(chan struct{})
}

// Answer ends Hang.
func (p *OpenID) Answer() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.hang != nil {
		close(p.hang)
		p.hang = nil
	}
}

// Loads is how often the key set was asked for.
func (p *OpenID) Loads() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.loads
}

// Token signs claims with the present key, after filling in issuer, times and audience where they are missing. A nil claim
// is left out.
func (p *OpenID) Token(t testing.TB, claims map[string]any) string {
	t.Helper()
	now := time.Now()
	all := map[string]any{"iss": p.Issuer(), "aud": "dpproxy", "iat": now.Unix(), "exp": now.Add(time.Hour).Unix()}
	for name, v := range claims {
		if all[name] = v; v == nil {
			delete(all, name)
		}
	}
	p.mu.Lock()
	key := jose.JSONWebKey{Key: p.current, KeyID: p.id}
	p.mu.Unlock()
	return Sign(t, jose.RS256, key, all)
}

// Sign makes a token.
func Sign(t testing.TB, algorithm jose.SignatureAlgorithm, key any, claims map[string]any) string {
	t.Helper()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: algorithm, Key: key}, (&jose.SignerOptions{}).WithType("JWT"))
	if err != nil {
		t.Fatal(err)
	}
	text, err := jwt.Signed(signer).Claims(claims).Serialize()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// NewRSA makes a key.
func NewRSA(t testing.TB) *rsa.PrivateKey {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return key
}
