package login

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
)

const (
	// maxKeySet is the largest document that is read, in bytes: a hundred keys have some 100 KB.
	maxKeySet = 1 << 20
	// firstRetry is the time between loads as long as there are no keys at all.
	firstRetry = 5 * time.Second
	// maxStale is how long keys that cannot be loaded again are still used: a provider that is away for a day locks
	// everybody out rather than trusting a key that it has withdrawn.
	maxStale = 24 * time.Hour
)

// keySet keeps a provider's keys. Log-ins with a key that is known never wait: only one load runs at a time, beside them.
type keySet struct {
	url, issuer string // url is found out from the issuer where it is empty
	client      *http.Client
	timeout     time.Duration
	reload      time.Duration
	maxAge      time.Duration
	clock       func() time.Time

	mu       sync.Mutex
	keys     *jose.JSONWebKeySet // nil until the first load
	loaded   time.Time           // when keys were loaded
	tried    time.Time           // when a load began last
	inFlight chan struct{}       // closed when the load that runs ends; nil if none runs
	failure  error               // of the last load
}

// keysFor gives the keys among which one of this name may be. It waits for a load only where no key that is known can be
// the right one, or where those were tried already (afresh).
func (k *keySet) keysFor(ctx context.Context, id string, afresh bool) (*jose.JSONWebKeySet, error) {
	k.mu.Lock()
	now := k.clock()
	keys := k.usable(now)
	known := !afresh && keys != nil && (id == "" || len(keys.Key(id)) > 0)
	if !known || now.Sub(k.loaded) > k.maxAge {
		k.start(now)
	}
	wait := k.inFlight
	k.mu.Unlock()
	if known {
		return keys, nil
	}
	if wait != nil {
		select {
		case <-wait:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if keys = k.usable(k.clock()); keys == nil {
		return nil, errors.Join(errUnavailable, k.failure)
	}
	return keys, nil
}

func (k *keySet) usable(now time.Time) *jose.JSONWebKeySet {
	if k.keys == nil || now.Sub(k.loaded) > k.maxAge+maxStale {
		return nil
	}
	return k.keys
}

// start begins a load, unless one runs or the last one is too near.
func (k *keySet) start(now time.Time) {
	pause := k.reload
	if k.keys == nil {
		pause = min(firstRetry, k.reload)
	}
	if k.inFlight != nil || !k.tried.IsZero() && now.Sub(k.tried) < pause && now.After(k.tried.Add(-time.Second)) {
		return
	}
	k.tried = now
	done := make(chan struct{})
	k.inFlight = done
	go func() {
		// Not a log-in's context: the one that began it may go away, and others wait.
		ctx, cancel := context.WithTimeout(context.Background(), k.timeout)
		defer cancel()
		keys, err := k.load(ctx)
		k.mu.Lock()
		defer k.mu.Unlock()
		if k.failure = err; err == nil {
			k.keys, k.loaded = keys, k.clock()
		}
		k.inFlight = nil
		close(done)
	}()
}

// load fetches the key set, and its address first if the issuer has to be asked for it.
func (k *keySet) load(ctx context.Context) (*jose.JSONWebKeySet, error) {
	url := k.url
	if url == "" {
		body, err := k.get(ctx, strings.TrimSuffix(k.issuer, "/")+"/.well-known/openid-configuration")
		if err != nil {
			return nil, err
		}
		var found struct {
			Issuer string `json:"issuer"`
			JWKS   string `json:"jwks_uri"`
		}
		if err := json.Unmarshal(body, &found); err != nil || found.JWKS == "" {
			return nil, errors.New("login: the provider's configuration names no key set")
		}
		if found.Issuer != k.issuer {
			return nil, errors.New("login: the provider's configuration is another issuer's")
		}
		if strings.HasPrefix(k.issuer, "https:") && !strings.HasPrefix(found.JWKS, "https:") {
			return nil, errors.New("login: the provider's key set is not on HTTPS")
		}
		url = found.JWKS
	}
	body, err := k.get(ctx, url)
	if err != nil {
		return nil, err
	}
	return parseKeySet(body)
}

func (k *keySet) get(ctx context.Context, url string) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, errors.New("login: an address of the provider is no URL")
	}
	request.Header.Set("Accept", "application/json")
	response, err := k.client.Do(request)
	if err != nil {
		return nil, fmt.Errorf("login: %w", err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("login: the provider answered with HTTP status %d", response.StatusCode)
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, maxKeySet+1))
	if err != nil {
		return nil, fmt.Errorf("login: %w", err)
	}
	if len(body) > maxKeySet {
		return nil, errors.New("login: the provider's answer is too long")
	}
	return body, nil
}

// parseKeySet keeps the public keys of signatures. Keys of kinds that are not known are left out, as RFC 7517 says.
func parseKeySet(text []byte) (*jose.JSONWebKeySet, error) {
	var raw struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := json.Unmarshal(text, &raw); err != nil {
		return nil, errors.New("login: the key set is no JSON Web Key Set")
	}
	set := &jose.JSONWebKeySet{}
	for _, one := range raw.Keys {
		var key jose.JSONWebKey
		if err := key.UnmarshalJSON(one); err != nil || !key.Valid() {
			continue
		}
		public := key.Public()
		if !public.Valid() {
			continue // a secret has no public half, and must not stand in a public set
		}
		set.Keys = append(set.Keys, public)
	}
	if len(set.Keys) == 0 {
		return nil, errors.New("login: the key set holds no public key")
	}
	return set, nil
}

func tlsConfig(pool *x509.CertPool) *tls.Config {
	return &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
}
