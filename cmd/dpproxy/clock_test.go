package main

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/dpproxy/dpproxy/budget"
	"github.com/dpproxy/dpproxy/config"
	"github.com/dpproxy/dpproxy/privacy"
)

// wall is a clock that a test sets; it never goes by itself.
type wall struct {
	mu  sync.Mutex
	now time.Time
}

func (w *wall) Now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

func (w *wall) step(d time.Duration) time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
	return w.now
}

// clocked is a running server, all of whose parts have one clock.
type clocked struct {
	*site
	app  *app
	wall *wall
	port uint16
}

const (
	daily       = 3  // what alice's budget allows in a window, and dora's
	ever        = 40 // what carol's budget allows
	inMinute    = 2  // what bob's rate limit allows
	tokenSecret = "a secret of the tokens' provider, long enough"
)

func newClocked(t *testing.T, strategy string) *clocked {
	t.Helper()
	s := &clocked{site: newSite(t), wall: &wall{now: time.Date(2026, 11, 5, 12, 0, 0, 0, time.UTC)}}
	pair := newAuthority(t).issue(t, "server")
	key, err := x509.MarshalPKCS8PrivateKey(pair.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Dir(s.site.config)
	writePEM(t, filepath.Join(dir, "server.crt"), "CERTIFICATE", pair.Certificate[0])
	writePEM(t, filepath.Join(dir, "server.key"), "PRIVATE KEY", key)
	text := fmt.Sprintf(`listen: 127.0.0.1:0
tls: {cert: server.crt, key: server.key}
ledger: sqlite:./state/ledger.db
timing: {method: stall, bucket: 10ms}
rate_limits: {strategy: %s}
auth: {cleartext_for: ["token*"], jwt: {algorithms: [HS256], key: "%s"}}
token_users: {datasets: {census: {budget: {epsilon: 1000, accountant: pure}}}}
datasets:
  - name: census
    source: {files: {persons: persons.csv}}
    privacy_unit: persons.person_id
    query: {epsilon: 1, max_epsilon: 2}
    reuse: "off"
    budget: {epsilon: 1000000, accountant: pure}
    tables: {persons: {columns: {person_id: {key: true}, sex: {values: [f, m]}, age: {lower: 0, upper: 110}}}}
users:
`, strategy, tokenSecret)
	for _, u := range []struct{ name, budget, more string }{
		{"alice", fmt.Sprintf("epsilon: %d, refresh: 1d", daily), ""}, {"dora", fmt.Sprintf("epsilon: %d, refresh: 1d", daily), ""},
		{"carol", fmt.Sprintf("epsilon: %d", ever), ""}, {"bob", "epsilon: 1000", fmt.Sprintf(", rate_limits: [%d/minute]", inMinute)},
	} {
		text += fmt.Sprintf("  - {name: %s, password: \"%s\", datasets: {census: {budget: {%s, accountant: pure}%s}}}\n", u.name, s.verifier, u.budget, u.more)
	}
	if err := os.WriteFile(s.site.config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	c, faults := config.Load(s.site.config, os.LookupEnv)
	if c == nil {
		t.Fatal(faults)
	}
	ctx, cancel := context.WithCancel(context.Background())
	if s.app, err = openAppAt(ctx, c, slog.New(slog.DiscardHandler), s.wall.Now); err != nil {
		t.Fatal(err)
	}
	l, err := listen(c.Listen)
	if err != nil {
		t.Fatal(err)
	}
	s.port = uint16(l.Addr().(*net.TCPAddr).Port)
	ended := make(chan error, 1)
	go func() { ended <- serve(ctx, s.app, l, func() {}) }()
	t.Cleanup(func() {
		cancel()
		if err := errors.Join(<-ended, s.app.close()); err != nil {
			t.Error(err)
		}
	})
	return s
}

func (s *clocked) connect(t *testing.T, user, password string) *pgconn.PgConn {
	t.Helper()
	c, err := s.dial(t, user, password)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close(context.Background()) })
	return c
}

func (s *clocked) dial(t *testing.T, user, password string) (*pgconn.PgConn, error) {
	c, err := pgconn.ParseConfig("host=127.0.0.1 sslmode=require dbname=census user=" + user)
	if err != nil {
		return nil, err
	}
	c.Port = s.port
	c.Password = password
	ctx, cancel := context.WithTimeout(t.Context(), testDeadline)
	defer cancel()
	return pgconn.ConnectConfig(ctx, c)
}

// ask returns the SQLSTATE, "" for an answer. It fails where nothing comes for long.
func ask(t *testing.T, c *pgconn.PgConn) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), testDeadline)
	defer cancel()
	_, err := c.Exec(ctx, "SELECT count(*) FROM persons").ReadAll()
	var said *pgconn.PgError
	if errors.As(err, &said) {
		return said.Code
	}
	if err != nil {
		t.Fatal(err)
	}
	return ""
}

// step is one move of the clock, and how many of five queries are answered then.
type step struct {
	d        time.Duration
	answered int
}

func (s *clocked) follow(t *testing.T, c *pgconn.PgConn, steps []step) (answered int) {
	t.Helper()
	for i, x := range steps {
		now, n := s.wall.step(x.d), 0
		for range 5 {
			switch code := ask(t, c); code {
			case "":
				n++
			case "53400":
			default:
				t.Fatalf("step %d: %s", i, code)
			}
		}
		if n != x.answered {
			t.Errorf("step %d, at %v: %d of 5 queries are answered, want %d", i, now, n, x.answered)
		}
		answered += n
	}
	return answered
}

// Through a running server, a clock that is set forward and back opens no window of a budget twice, and none before its edge; and
// what was released is on the ledger.
func TestClockStepsOpenNoBudget(t *testing.T) {
	s := newClocked(t, "fixed-window")
	answered := s.follow(t, s.connect(t, "alice", "secret"), []step{
		{0, daily},
		{12*time.Hour - 1, 0}, {1, daily}, // midnight, to the nanosecond
		{-12 * time.Hour, 0}, {-300 * 24 * time.Hour, 0}, // yesterday, last year
		{300*24*time.Hour + 13*time.Hour, 0}, // today again
		{24 * time.Hour, daily}, {-24 * time.Hour, 0},
	})
	s.holds(t, "alice", answered)
}

// holds compares what a client saw with the ledger.
func (s *clocked) holds(t *testing.T, analyst string, answered int) {
	t.Helper()
	entries, err := s.app.ledger.History(t.Context(), budget.HistoryQuery{Analyst: analyst, Limit: 10_000})
	if err != nil {
		t.Fatal(err)
	}
	charged := privacy.Epsilon(0)
	last := int64(0)
	for i, e := range entries {
		charged += e.Loss.Epsilon
		if i > 0 && e.ID >= last {
			t.Errorf("entry %d follows entry %d", last, e.ID)
		}
		last = e.ID
	}
	if charged != privacy.Epsilon(answered)*privacy.EpsilonUnits {
		t.Errorf("%s saw %d answers, and ε = %s is on the ledger", analyst, answered, charged)
	}
	if _, err := s.app.ledger.Verify(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestClockStepsOpenNoRateLimit(t *testing.T) {
	for _, strategy := range []string{"fixed-window", "moving-window"} {
		t.Run(strategy, func(t *testing.T) {
			s := newClocked(t, strategy)
			s.follow(t, s.connect(t, "bob", "secret"), []step{
				{0, inMinute}, {time.Minute - 1, 0}, {1, inMinute},
				{-time.Hour, 0}, {-24 * time.Hour, 0}, {time.Minute - 1, 0}, {1, inMinute}, // no longer than a window after the last step
				{24 * time.Hour, inMinute},
			})
		})
	}
}

// token is one of HS256 that is valid until a time.
func token(expires time.Time) string {
	part := base64.RawURLEncoding.EncodeToString
	body := part([]byte(`{"alg":"HS256","typ":"JWT"}`)) + "." + part(fmt.Appendf(nil,
		`{"sub":"token1","exp":%d,"permissions":[{"op":"*","dataset":"census"}]}`, expires.Unix()))
	mac := hmac.New(sha256.New, []byte(tokenSecret))
	mac.Write([]byte(body))
	return body + "." + part(mac.Sum(nil))
}

// A token ends at its second, also for a session that is open; a clock that was set back does not let one in that is expired by then.
func TestClockStepsAndTokens(t *testing.T) {
	s := newClocked(t, "fixed-window")
	hour := token(s.wall.Now().Add(time.Hour))
	session := s.connect(t, "token1", hour)
	s.wall.step(time.Hour - 1)
	if code := ask(t, session); code != "" {
		t.Errorf("before its end: %s", code)
	}
	s.wall.step(1)
	if code := ask(t, session); code == "" {
		t.Error("an expired token still gets answers")
	}
	if c, err := s.dial(t, "token1", hour); err == nil {
		c.Close(context.Background())
		t.Error("an expired token was let in")
	}
	s.wall.step(-time.Minute)
	if c, err := s.dial(t, "token1", token(s.wall.Now().Add(-time.Second))); err == nil {
		c.Close(context.Background())
		t.Error("a token that expired before was let in")
	}
}

// While a clock jumps about, every query ends (a stall lasts one bucket, whatever the clock says), nobody has more than his budget, and
// the ledger has all of it. dora's budget opens with each new day that the clock has ever shown.
func TestClockJumpsUnderLoad(t *testing.T) {
	s := newClocked(t, "fixed-window")
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	var seen [2]atomic.Int64
	var clients sync.WaitGroup
	for i := range 4 {
		name := []string{"carol", "dora"}[i%2]
		c := s.connect(t, name, "secret")
		clients.Go(func() {
			for range 30 {
				if ask(t, c) == "" {
					seen[i%2].Add(1)
				}
			}
		})
	}
	done := make(chan struct{})
	go func() { clients.Wait(); close(done) }()
	latest, windows := s.wall.Now().Unix()/86400, int64(1)
	for jumping := true; jumping; {
		if day := s.wall.step(time.Duration(random.Int64N(int64(48*time.Hour)))-24*time.Hour).Unix() / 86400; day > latest {
			latest, windows = day, windows+1
		}
		select {
		case <-done:
			jumping = false
		case <-time.After(5 * time.Millisecond): // so often, not so long
		}
	}
	if n := seen[0].Load(); n != ever {
		t.Errorf("carol saw %d answers, and her budget is %d", n, ever)
	}
	if n := seen[1].Load(); n < daily || n > daily*windows {
		t.Errorf("dora saw %d answers in %d windows of %d", n, windows, daily)
	}
	s.holds(t, "carol", int(seen[0].Load()))
	s.holds(t, "dora", int(seen[1].Load()))
}
