package login

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/dpproxy/dpproxy/answer"
	"github.com/dpproxy/dpproxy/internal/testservers"
)

// clock is a clock that a test moves.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *clock { return &clock{now: time.Now()} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) step(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// tokens judges tokens of a provider.
func tokens(t *testing.T, p *testservers.OpenID, change func(*TokenConfig)) (*Tokens, *clock) {
	t.Helper()
	c := DefaultTokenConfig()
	c.Issuer, c.Audience, c.CA = p.Issuer(), []string{"dpproxy"}, p.CA()
	if change != nil {
		change(&c)
	}
	now := newClock()
	out, err := NewTokens(c, now.Now)
	if err != nil {
		t.Fatal(err)
	}
	return out, now
}

func accepted(t *testing.T, k *Tokens, user, token string) *answer.Principal {
	t.Helper()
	p, reason, err := k.check(context.Background(), user, []byte(token))
	if p == nil || err != nil {
		t.Fatalf("refused: %s, %v", reason, err)
	}
	return p
}

func refused(t *testing.T, k *Tokens, user, token, want string) {
	t.Helper()
	p, reason, err := k.check(context.Background(), user, []byte(token))
	if p != nil || err != nil || !strings.Contains(reason, want) {
		t.Errorf("got %+v, %q, %v; want a refusal: %s", p, reason, err, want)
	}
}

// Each way in which a token can be wrong.
func TestTokenRefusals(t *testing.T) {
	p := testservers.NewOpenID(t)
	k, now := tokens(t, p, func(c *TokenConfig) { c.MaxLife = 2 * time.Hour; c.Leeway = 10 * time.Second })
	at := func(d time.Duration) int64 { return now.Now().Add(d).Unix() }
	for name, c := range map[string]struct {
		claims map[string]any
		want   string
	}{
		"expired":              {map[string]any{"exp": at(-time.Minute)}, "expired"},
		"not yet":              {map[string]any{"nbf": at(time.Minute)}, "not valid yet"},
		"issued later":         {map[string]any{"iat": at(time.Minute)}, "issued in the future"},
		"no expiry":            {map[string]any{"exp": nil}, "never expires"},
		"valid for long":       {map[string]any{"exp": at(24 * time.Hour)}, "too long"},
		"no iat, max_life":     {map[string]any{"iat": nil}, "too long"},
		"another issuer":       {map[string]any{"iss": "https://evil.example.org"}, "issuer"},
		"no issuer":            {map[string]any{"iss": nil}, "issuer"},
		"another audience":     {map[string]any{"aud": []string{"payroll"}}, "audience"},
		"no audience":          {map[string]any{"aud": nil}, "audience"},
		"no name":              {map[string]any{"sub": nil}, "no name"},
		"a number for a name":  {map[string]any{"sub": 7}, "wrong form"},
		"an empty name":        {map[string]any{"sub": ""}, "no name"},
		"a name with controls": {map[string]any{"sub": "al\x00ice"}, "no name"},
		"a long name":          {map[string]any{"sub": strings.Repeat("a", 256)}, "no name"},
		"somebody else":        {map[string]any{"sub": "bob"}, "another user"},
		"exp is text":          {map[string]any{"exp": "tomorrow"}, "wrong form"},
		"permissions: number":  {map[string]any{"permissions": 7}, "neither a text nor a list"},
		"permission: number":   {map[string]any{"permissions": []any{7}}, "neither a text nor an object"},
		"no dataset":           {map[string]any{"permissions": []any{"aggregation:"}}, "names no data set"},
		"limit is text":        {map[string]any{"permissions": []any{"aggregation:census:many"}}, "no whole number"},
		"limit is negative":    {map[string]any{"permissions": []any{"aggregation:census:-1"}}, "below 0"},
		"limit is a fraction":  {map[string]any{"permissions": []any{map[string]any{"dataset": "census", "limit": 1.5}}}, "no whole number"},
		"op is a number":       {map[string]any{"permissions": []any{map[string]any{"op": 1, "dataset": "census"}}}, "no text"},
		"too many":             {map[string]any{"permissions": make([]any, 1001)}, "more than 1000"},
	} {
		claims := map[string]any{"sub": "alice"}
		for k, v := range c.claims {
			claims[k] = v
		}
		t.Run(name, func(t *testing.T) { refused(t, k, "alice", p.Token(t, claims), c.want) })
	}
	good := p.Token(t, map[string]any{"sub": "alice"})
	parts := strings.Split(good, ".")
	claims := encode(t, map[string]any{"iss": p.Issuer(), "aud": "dpproxy", "sub": "alice", "exp": at(time.Hour), "iat": at(0), "permissions": "*:*"})
	other, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for name, token := range map[string]string{
		"empty":               "",
		"two parts":           parts[0] + "." + parts[1],
		"no base64":           "ey!." + parts[1] + "." + parts[2],
		"other claims":        parts[0] + "." + claims + "." + parts[2],
		"no signature":        parts[0] + "." + parts[1] + ".",
		"alg none":            encode(t, map[string]any{"alg": "none"}) + "." + claims + ".",
		"alg none, signature": encode(t, map[string]any{"alg": "None"}) + "." + claims + "." + parts[2],
		"own key in header":   encode(t, map[string]any{"alg": "RS256", "jwk": map[string]any{"kty": "oct", "k": "AAAA"}}) + "." + claims + "." + parts[2],
		"not allowed":         testservers.Sign(t, jose.ES256, other, map[string]any{"sub": "alice"}),
		"public key as HMAC":  testservers.Sign(t, jose.HS256, p.CA(), map[string]any{"sub": "alice"}),
		"two signatures":      `{"payload":"` + parts[1] + `","signatures":[]}`,
	} {
		t.Run(name, func(t *testing.T) { refused(t, k, "alice", token, "") })
	}
	if got := accepted(t, k, "alice", good); got.User != "alice" || got.Method != "token" || !got.Restricted || len(got.Permissions) != 0 {
		t.Errorf("got %+v", got)
	}
}

func encode(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return base64.RawURLEncoding.EncodeToString(text)
}

// Permissions as texts and as objects, under names of the owner's choice, in claims at any depth.
func TestTokenPermissions(t *testing.T) {
	p := testservers.NewOpenID(t)
	for name, c := range map[string]struct {
		claim  string
		keys   PermissionKeys
		claims map[string]any
		want   string
	}{
		"texts": {"permissions", DefaultPermissionKeys(), map[string]any{"permissions": []any{"aggregation:census", "distribution:census:5", "*:places", ":open", "*:*"}},
			"[{aggregation census 0} {distribution census 5} {* places 0} { open 0} {* * 0}]"},
		"one text":       {"scope", DefaultPermissionKeys(), map[string]any{"scope": "openid profile aggregation:census:7 email"}, "[{aggregation census 7}]"},
		"limit 0":        {"permissions", DefaultPermissionKeys(), map[string]any{"permissions": "aggregation:census:0"}, "[{ census 0}]"},
		"dataset colons": {"permissions", DefaultPermissionKeys(), map[string]any{"permissions": "aggregation:a:b:3"}, "[{aggregation a:b 3}]"},
		"objects": {"realm.dp", PermissionKeys{"query_class", "data", "most"}, map[string]any{"realm": map[string]any{"dp": []any{
			map[string]any{"query_class": "aggregation", "data": "census", "most": 12}, map[string]any{"data": "places", "most": "3"},
			map[string]any{"query_class": "*", "data": "*"}}}}, "[{aggregation census 12} { places 3} {* * 0}]"},
		"a name with dots": {"https://a.example/permissions", DefaultPermissionKeys(), map[string]any{"https://a.example/permissions": "*:census"}, "[{* census 0}]"},
		"none":             {"permissions", DefaultPermissionKeys(), nil, "[]"},
	} {
		t.Run(name, func(t *testing.T) {
			k, _ := tokens(t, p, func(o *TokenConfig) { o.PermissionsClaim, o.Keys, o.UserClaim = c.claim, c.keys, "who.email" })
			claims := map[string]any{"who": map[string]any{"email": "alice@example.org"}}
			for k, v := range c.claims {
				claims[k] = v
			}
			if got := fmt.Sprint(accepted(t, k, "alice@example.org", p.Token(t, claims)).Permissions); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

// Static keys: a public key, a certificate, a key set, a secret.
func TestStaticKeys(t *testing.T) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(private.Public())
	if err != nil {
		t.Fatal(err)
	}
	public := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
	set, err := json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: private.Public(), KeyID: "a", Use: "enc"}, {Key: private.Public(), KeyID: "b", Algorithm: "ES256"}}})
	if err != nil {
		t.Fatal(err)
	}
	secret := []byte(strings.Repeat("s", 32))
	claims := map[string]any{"sub": "alice", "exp": time.Now().Add(time.Hour).Unix()}
	base := func(algorithm string) TokenConfig {
		c := DefaultTokenConfig()
		c.Algorithms = []string{algorithm}
		return c
	}
	pemConfig, setConfig, secretConfig := base("ES256"), base("ES256"), base("HS256")
	pemConfig.Key, setConfig.KeySet, secretConfig.Key = public, set, secret
	for name, c := range map[string]struct {
		config TokenConfig
		token  string
		want   string // of the refusal; empty: accepted
	}{
		"public key":           {pemConfig, testservers.Sign(t, jose.ES256, private, claims), ""},
		"key set":              {setConfig, testservers.Sign(t, jose.ES256, jose.JSONWebKey{Key: private, KeyID: "b"}, claims), ""},
		"key set, no kid":      {setConfig, testservers.Sign(t, jose.ES256, private, claims), ""},
		"key for encryption":   {setConfig, testservers.Sign(t, jose.ES256, jose.JSONWebKey{Key: private, KeyID: "a"}, claims), "no key"},
		"secret":               {secretConfig, testservers.Sign(t, jose.HS256, secret, claims), ""},
		"another secret":       {secretConfig, testservers.Sign(t, jose.HS256, []byte(strings.Repeat("t", 32)), claims), "no key"},
		"public key as secret": {pemConfig, testservers.Sign(t, jose.HS256, public, claims), "not allowed"},
	} {
		t.Run(name, func(t *testing.T) {
			k, err := NewTokens(c.config, time.Now)
			if err != nil {
				t.Fatal(err)
			}
			if c.want == "" {
				accepted(t, k, "alice", c.token)
				return
			}
			refused(t, k, "alice", c.token, c.want)
		})
	}
	mixed := base("HS256")
	mixed.Algorithms, mixed.Key = []string{"HS256", "RS256"}, secret
	private2, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	wrong := base("ES256")
	wrong.Key = pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private2})
	symmetric := base("ES256")
	symmetric.KeySet = []byte(`{"keys": [{"kty": "oct", "k": "c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0"}]}`)
	for name, c := range map[string]TokenConfig{"mixed": mixed, "private key": wrong, "secret in a set": symmetric, "nothing": base("RS256"), "none": base("none")} {
		if _, err := NewTokens(c, time.Now); err == nil {
			t.Errorf("%s was accepted", name)
		}
	}
}

// A provider changes its keys: new ones are found at once, but loads are at most one in three minutes; withdrawn ones end.
func TestRotation(t *testing.T) {
	p := testservers.NewOpenID(t)
	k, now := tokens(t, p, nil)
	alice := map[string]any{"sub": "alice", "exp": time.Now().Add(240 * time.Hour).Unix()}
	first := p.Token(t, alice)
	accepted(t, k, "alice", first)
	p.Rotate(t, false)
	second := p.Token(t, alice)
	refused(t, k, "alice", second, "no key") // a moment after the first load
	now.step(180 * time.Second)
	accepted(t, k, "alice", second)
	accepted(t, k, "alice", first)
	loads := p.Loads()
	foreign := testservers.Sign(t, jose.RS256, testservers.NewRSA(t), alice)
	for range 20 {
		refused(t, k, "alice", strings.Replace(second, ".", "A.", 1), "")
		refused(t, k, "alice", foreign, "no key")
	}
	if n := p.Loads() - loads; n != 0 {
		t.Errorf("tokens of nobody made %d loads", n)
	}
	p.Rotate(t, true)
	third := p.Token(t, alice)
	now.step(180 * time.Second)
	accepted(t, k, "alice", third)
	refused(t, k, "alice", second, "no key")
	// A key that is withdrawn while nobody comes with a new one ends with max_age, beside the log-in that finds it so.
	p.Rotate(t, true)
	now.step(time.Hour + time.Second)
	accepted(t, k, "alice", third)
	waitFor(t, func() bool {
		got, _, err := k.check(context.Background(), "alice", []byte(third))
		return got == nil && err == nil
	})
}

// waitFor polls until something is so.
func waitFor(t *testing.T, so func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(20 * time.Second); !so(); <-tick.C {
		if time.Now().After(end) {
			t.Fatal("it did not happen")
		}
	}
}

// A provider that is away or hangs: who has a known key comes in at once, others are told to come again, and a load lasts
// two seconds at most.
func TestProviderAway(t *testing.T) {
	p := testservers.NewOpenID(t)
	p.Break(true)
	k, now := tokens(t, p, func(c *TokenConfig) { c.Timeout = 300 * time.Millisecond })
	alice := map[string]any{"sub": "alice", "exp": time.Now().Add(240 * time.Hour).Unix()}
	token := p.Token(t, alice)
	if _, _, err := k.check(context.Background(), "alice", []byte(token)); !errors.Is(err, errUnavailable) {
		t.Fatalf("without any key: %v", err)
	}
	p.Break(false)
	now.step(5 * time.Second) // the first keys are asked for sooner than every three minutes
	accepted(t, k, "alice", token)

	p.Hang()
	p.Rotate(t, false)
	newer := p.Token(t, alice)
	now.step(180 * time.Second)
	var waiting sync.WaitGroup
	started := make(chan struct{})
	loads := p.Loads()
	waiting.Go(func() {
		close(started)
		begin := time.Now()
		if got, reason, err := k.check(context.Background(), "alice", []byte(newer)); got != nil || err != nil || reason == "" {
			t.Errorf("while the provider hangs: %+v, %s, %v", got, reason, err)
		}
		if took := time.Since(begin); took < 250*time.Millisecond || took > 5*time.Second {
			t.Errorf("a provider that hangs held a log-in for %s", took)
		}
	})
	<-started
	waitFor(t, func() bool { return p.Loads() > loads })
	for range 50 {
		begin := time.Now()
		accepted(t, k, "alice", token)
		if took := time.Since(begin); took > 200*time.Millisecond {
			t.Errorf("another log-in waited for %s", took)
		}
	}
	waiting.Wait()
	p.Answer()
	// A day later nobody trusts keys that nobody could load again.
	p.Break(true)
	now.step(26 * time.Hour)
	if _, _, err := k.check(context.Background(), "alice", []byte(token)); !errors.Is(err, errUnavailable) {
		t.Errorf("with keys of yesterday: %v", err)
	}
}

// The provider's certificate and name are checked.
func TestProviderIsTheRightOne(t *testing.T) {
	p := testservers.NewOpenID(t)
	other := testservers.NewOpenID(t)
	alice := map[string]any{"sub": "alice"}
	unknown, _ := tokens(t, p, func(c *TokenConfig) { c.CA = nil })
	if _, _, err := unknown.check(context.Background(), "alice", []byte(p.Token(t, alice))); !errors.Is(err, errUnavailable) {
		t.Errorf("with an unknown authority: %v", err)
	}
	k, _ := tokens(t, p, func(c *TokenConfig) { c.JWKSURL = other.KeysURL() })
	refused(t, k, "alice", p.Token(t, alice), "no key")
	k, _ = tokens(t, p, func(c *TokenConfig) { c.Issuer += "/" }) // its configuration says another name
	if _, _, err := k.check(context.Background(), "alice", []byte(p.Token(t, alice))); !errors.Is(err, errUnavailable) {
		t.Errorf("with another issuer's configuration: %v", err)
	}
}

func FuzzToken(f *testing.F) {
	c := DefaultTokenConfig()
	c.Algorithms, c.Key = []string{"HS256"}, []byte(strings.Repeat("s", 32))
	k, err := NewTokens(c, time.Now)
	if err != nil {
		f.Fatal(err)
	}
	f.Add([]byte("eyJhbGciOiJIUzI1NiJ9.e30.AAAA"))
	f.Add([]byte(testservers.Sign(f, jose.HS256, c.Key, map[string]any{"sub": "a", "exp": 1e10, "permissions": []any{"a:b:1", map[string]any{"op": nil}}})))
	f.Fuzz(func(t *testing.T, secret []byte) {
		p, reason, err := k.check(context.Background(), "alice", secret)
		if (p == nil) == (reason == "" && err == nil) {
			t.Errorf("got %+v, %q, %v", p, reason, err)
		}
	})
}
