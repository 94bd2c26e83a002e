package login

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/dpproxy/dpproxy/answer"
	"github.com/dpproxy/dpproxy/internal/testservers"
	"github.com/dpproxy/dpproxy/refusal"
)

// database runs SQL in a fresh database and returns its URL.
func database(t *testing.T, sql string) string {
	t.Helper()
	url := testservers.Postgres(t)
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	if _, err := conn.Exec(ctx, sql); err != nil {
		t.Fatal(err)
	}
	return url
}

func keys(t *testing.T, c KeyConfig) (*Keys, *clock) {
	t.Helper()
	now := newClock()
	k, err := NewKeys(context.Background(), c, now.Now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(k.Close)
	return k, now
}

func hashed(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}

func TestKeys(t *testing.T) {
	url := database(t, fmt.Sprintf(`CREATE SCHEMA auth;
	  CREATE TABLE auth."Api keys" (digest text, owner text, op varchar(20), data text, "limit" int, until timestamptz);
	  INSERT INTO auth."Api keys" VALUES
	    ('%s', 'alice', 'aggregation', 'census', 10, now() + interval '1 hour'), ('%[1]s', 'alice', '*', 'places', NULL, NULL), ('%[1]s', 'alice', NULL, 'open', NULL, NULL),
	    ('%s', 'alice', '*', '*', NULL, now() - interval '1 minute'),
	    ('%s', 'alice', '*', '*', NULL, NULL), ('%[3]s', 'bob', '*', '*', NULL, NULL),
	    ('%s', NULL, '*', '*', NULL, NULL),
	    ('%s', 'alice', '*', 'census', -4, NULL),
	    ('%s', 'alice', '*', NULL, NULL, NULL)`,
		hashed("good"), hashed("old"), hashed("shared"), hashed("nobody's"), hashed("negative"), hashed("nowhere")))
	c := DefaultKeyConfig()
	c.URL, c.Table, c.Hashed, c.Key, c.User, c.Permission, c.Dataset = url, "auth.Api keys", true, "digest", "owner", "op", "data"
	c.Limit, c.Expires = "limit", "until"
	k, now := keys(t, c)
	ctx := context.Background()
	p, reason, err := k.check(ctx, "alice", []byte("good"))
	if p == nil || err != nil {
		t.Fatalf("refused: %s, %v", reason, err)
	}
	if got := fmt.Sprint(p.User, p.Method, p.Restricted, p.Permissions); got != "alicekeytrue [{aggregation census 10} {* places 0} { open 0}]" {
		t.Errorf("got %s", got)
	}
	if left := p.Expires.Sub(now.Now()).Minutes(); left < 55 || left > 61 {
		t.Errorf("expires in %v minutes", left)
	}
	for name, c := range map[string]struct{ user, secret, want string }{
		"unknown":           {"alice", "bad", "no such key"},
		"the hash itself":   {"alice", hashed("good"), "no such key"},
		"SQL":               {"alice", "' OR true --", "no such key"},
		"empty":             {"alice", "", "no such key"},
		"another user's":    {"bob", "good", "another user's"},
		"expired":           {"alice", "old", "expired"},
		"of several users":  {"alice", "shared", "no user, or several"},
		"of no user":        {"alice", "nobody's", "no user, or several"},
		"negative limit":    {"alice", "negative", "below 0"},
		"invalid UTF-8":     {"alice", "\xff", "no text"},
		"a thousand letter": {"alice", strings.Repeat("k", 1000), "no such key"},
	} {
		if p, reason, err := k.check(ctx, c.user, []byte(c.secret)); p != nil || err != nil || reason != c.want && !strings.Contains(reason, c.want) {
			t.Errorf("%s: %+v, %q, %v", name, p, reason, err)
		}
	}
	if p, _, err := k.check(ctx, "alice", []byte("nowhere")); err != nil || len(p.Permissions) != 0 {
		t.Errorf("a key of no data set: %+v, %v", p, err)
	}
}

// A table as Protari has it: keys in plain text, one permission a row, no names.
func TestPlainKeys(t *testing.T) {
	url := database(t, `CREATE TABLE permissions (key text, permission text, dataset text);
	  INSERT INTO permissions VALUES ('abc123', 'aggregation', 'census'), ('abc123', '', 'places')`)
	c := DefaultKeyConfig()
	c.URL, c.Table = url, "permissions"
	k, _ := keys(t, c)
	want := "key-" + hashed("abc123")[:16] + " [{aggregation census 0} { places 0}]"
	for _, user := range []string{"alice", "protari"} { // one account, whatever the client calls itself
		p, reason, err := k.check(context.Background(), user, []byte("abc123"))
		if err != nil || p == nil {
			t.Fatal(reason, err)
		}
		if got := fmt.Sprint(p.User, " ", p.Permissions); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	if p, reason, err := k.check(context.Background(), "alice", []byte(hashed("abc123"))); p != nil || err != nil {
		t.Errorf("the hash of a plain key: %+v, %s, %v", p, reason, err)
	}
}

// A table that cannot be read is nobody's wrong password, and its address stays with the operator.
func TestKeysAway(t *testing.T) {
	c := DefaultKeyConfig()
	c.URL, c.Table = "postgres://keys:hunter2@127.0.0.1:1/keys", "permissions"
	k, _ := keys(t, c)
	var log strings.Builder
	checker := &Checker{Keys: k, Log: slog.New(slog.NewTextHandler(&log, nil))}
	_, _, err := checker.Check(context.Background(), "alice", []byte("abc"))
	r, ok := refusal.As(err)
	if !ok || r.Code != refusal.CannotConnectNow || strings.Contains(r.Error()+r.Detail+r.Hint, "127.0.0.1") {
		t.Errorf("got %v", err)
	}
	if !strings.Contains(log.String(), "could not be checked") || strings.Contains(log.String(), "hunter2") {
		t.Errorf("the log says\n%s", log.String())
	}
}

// TestKeysOfOtherTypes: a secret that the key's column cannot hold is a wrong key, and what the database says of it, which
// repeats it, reaches no log. A key whose end is infinity has none.
func TestKeysOfOtherTypes(t *testing.T) {
	c := DefaultKeyConfig()
	c.URL = database(t, `CREATE TABLE k (key uuid, permission text, dataset text, until timestamptz);
		INSERT INTO k VALUES ('11111111-1111-1111-1111-111111111111', '*', 'census', 'infinity'), ('22222222-2222-2222-2222-222222222222', '*', 'census', '-infinity')`)
	c.Table, c.Expires = "k", "until"
	k, _ := keys(t, c)
	var log strings.Builder
	checker := &Checker{Keys: k, Log: slog.New(slog.NewTextHandler(&log, nil))}
	p, reason, err := checker.Check(t.Context(), "x", []byte("my-secret"))
	if p != nil || err != nil || reason == "" || strings.Contains(log.String()+reason, "secret") {
		t.Errorf("%+v, %q, %v\n%s", p, reason, err, log.String())
	}
	if p, reason, err := checker.Check(t.Context(), "x", []byte("11111111-1111-1111-1111-111111111111")); p == nil || err != nil || !p.Expires.IsZero() {
		t.Errorf("a key without an end: %+v, %q, %v", p, reason, err)
	}
	if p, _, err := checker.Check(t.Context(), "x", []byte("22222222-2222-2222-2222-222222222222")); p != nil || err != nil {
		t.Errorf("a key that ended: %+v, %v", p, err)
	}
}

// What looks like a token is one, and is not tried as a key; a reserved name is nobody's.
func TestChecker(t *testing.T) {
	p := testservers.NewOpenID(t)
	tok, _ := tokens(t, p, nil)
	token := p.Token(t, map[string]any{"sub": "alice", "permissions": "*:*"})
	url := database(t, "CREATE TABLE permissions (key text, permission text, dataset text)")
	c := DefaultKeyConfig()
	c.URL, c.Table = url, "permissions"
	k, _ := keys(t, c)
	database := context.Background()
	wrong := token[:len(token)-4] + "AAAA"
	if _, err := k.pool.Exec(database, "INSERT INTO permissions VALUES ($1, '*', '*'), ('plain', '*', '*')", wrong); err != nil {
		t.Fatal(err)
	}
	checker := &Checker{Tokens: tok, Keys: k, Reserved: []string{"anonymous"}, Log: slog.New(slog.DiscardHandler)}
	check := func(user, secret string) *answer.Principal {
		t.Helper()
		p, _, err := checker.Check(context.Background(), user, []byte(secret))
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	if p := check("alice", token); p == nil || p.Method != "token" {
		t.Errorf("a token: %+v", p)
	}
	if p := check("x", "plain"); p == nil || p.Method != "key" {
		t.Errorf("a key: %+v", p)
	}
	if p := check("alice", wrong); p != nil {
		t.Errorf("a wrong token that is a key too: %+v", p)
	}
	if p := check("anonymous", p.Token(t, map[string]any{"sub": "anonymous"})); p != nil {
		t.Errorf("a reserved name: %+v", p)
	}
	if p, reason, err := (&Checker{Log: slog.New(slog.DiscardHandler)}).Check(database, "alice", []byte(token)); p != nil || reason != "" || err != nil {
		t.Errorf("without any way: %+v, %s, %v", p, reason, err)
	}
}
