package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/dpproxy/dpproxy/proxy/scram"
)

// messages is a log that a test waits on.
type messages struct {
	mu   sync.Mutex
	text bytes.Buffer
	grew chan struct{}
}

func newMessages() *messages { return &messages{grew: make(chan struct{}, 1)} }

func (m *messages) Write(p []byte) (int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	select {
	case m.grew <- struct{}{}:
	default:
	}
	return m.text.Write(p)
}

func (m *messages) String() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.text.String()
}

// await returns what a pattern's group holds once the log has it.
func (m *messages) await(t *testing.T, pattern string) string {
	t.Helper()
	re := regexp.MustCompile(pattern)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for {
		if found := re.FindStringSubmatch(m.String()); found != nil {
			return found[len(found)-1]
		}
		select {
		case <-m.grew:
		case <-ctx.Done():
			t.Fatalf("no %q in\n%s", pattern, m)
		}
	}
}

// site is a directory with a configuration and a CSV file.
type site struct{ config, verifier string }

func newSite(t *testing.T) *site {
	t.Helper()
	dir := t.TempDir()
	var people strings.Builder
	people.WriteString("person_id,sex,age\n")
	for i := range 400 {
		fmt.Fprintf(&people, "%d,%c,%d\n", i, "fm"[i%2], i%90)
	}
	if err := os.WriteFile(filepath.Join(dir, "persons.csv"), []byte(people.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	salt := make([]byte, scram.SaltLen)
	if _, err := rand.Read(salt); err != nil {
		t.Fatal(err)
	}
	v, err := scram.NewVerifier("secret", salt, scram.DefaultIterations)
	if err != nil {
		t.Fatal(err)
	}
	s := &site{config: filepath.Join(dir, "dpproxy.yaml"), verifier: v.String()}
	s.write(t, "count, avg")
	return s
}

func (s *site) write(t *testing.T, functions string) {
	t.Helper()
	text := fmt.Sprintf(`listen: 127.0.0.1:0
admin: {listen: 127.0.0.1:0}
ledger: sqlite:./state/ledger.db
timing: {method: none}
datasets:
  - name: census
    source: {files: {persons: persons.csv}}
    privacy_unit: persons.person_id
    query: {epsilon: 1, max_epsilon: 2, delta: 1e-8}
    allowed_functions: [%s]
    max_functions: 3
    budget: {epsilon: 100, delta: 1e-6}
    tables:
      persons:
        columns: {person_id: {key: true}, sex: {values: [f, m]}, age: {lower: 0, upper: 110}}
users:
  - name: alice
    password: %s
    datasets:
      census: {budget: {epsilon: 10, delta: 1e-7}}
`, functions, s.verifier)
	if err := os.WriteFile(s.config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// addUser adds a user with the same password and rights.
func (s *site) addUser(t *testing.T, name string) {
	t.Helper()
	text, err := os.ReadFile(s.config)
	if err != nil {
		t.Fatal(err)
	}
	user := fmt.Sprintf("  - name: %s\n    password: %s\n    datasets:\n      census: {budget: {epsilon: 10, delta: 1e-7}}\n", name, s.verifier)
	if err := os.WriteFile(s.config, append(text, user...), 0o600); err != nil {
		t.Fatal(err)
	}
}

// start serves a site, and returns its log, its address, and a function that stops it and returns the exit code.
func (s *site) start(t *testing.T) (log *messages, address string, stop func() int) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	log = newMessages()
	ended := make(chan int, 1)
	go func() { ended <- run(ctx, []string{"serve", "--config", s.config}, io.Discard, log) }()
	stop = sync.OnceValue(func() int {
		cancel()
		return <-ended
	})
	t.Cleanup(func() { stop() })
	return log, log.await(t, `msg=ready address=(\S+)`), stop
}

func connect(t *testing.T, address, user, password string) (*pgx.Conn, error) {
	t.Helper()
	host, port, _ := strings.Cut(address, ":")
	conn, err := pgx.Connect(t.Context(), fmt.Sprintf("host=%s port=%s user=%s password=%s dbname=census sslmode=disable", host, port, user, password))
	if err == nil {
		t.Cleanup(func() { conn.Close(context.Background()) })
	}
	return conn, err
}

func sqlState(err error) string {
	if e := (*pgconn.PgError)(nil); errors.As(err, &e) {
		return e.Code
	}
	return fmt.Sprint(err)
}

// owner runs a command of the owner's, and returns what it printed.
func (s *site) owner(t *testing.T, code int, args ...string) string {
	t.Helper()
	var out, messages bytes.Buffer
	if got := run(t.Context(), append(args, "--config", s.config), &out, &messages); got != code {
		t.Fatalf("%v: exit code %d, want %d\n%s%s", args, got, code, &out, &messages)
	}
	return out.String() + messages.String()
}

func TestServe(t *testing.T) {
	s := newSite(t)
	log, address, stop := s.start(t)
	conn, err := connect(t, address, "alice", "secret")
	if err != nil {
		t.Fatal(err)
	}
	var women, men int64
	const question = "SELECT count(*) FILTER (WHERE sex = 'f'), count(*) FILTER (WHERE sex = 'm') FROM persons"
	if err := conn.QueryRow(t.Context(), question).Scan(&women, &men); err != nil {
		t.Fatal(err)
	}
	// Each count has noise of variance 2 at ρ = 1/4; 60 is beyond 40 standard deviations.
	if women < 140 || women > 260 || men < 140 || men > 260 {
		t.Errorf("counted %d and %d, of 200 each", women, men)
	}
	if _, err := conn.Exec(t.Context(), "SELECT * FROM persons"); sqlState(err) != "42501" {
		t.Errorf("rows gave %v", err)
	}
	if _, err := connect(t, address, "alice", "wrong"); sqlState(err) != "28P01" {
		t.Errorf("a wrong password gave %v", err)
	}
	ownersView(t, s)
	adminPages(t, log.await(t, `msg="admin pages" address=(\S+)`))
	reload(t, s, log, conn)
	if code := stop(); code != 0 {
		t.Errorf("exit code %d after draining\n%s", code, log)
	}
	log.await(t, "msg=stopped")
	if text := log.String(); strings.Contains(text, "level=ERROR") && !strings.Contains(text, "not reloaded") {
		t.Errorf("log is\n%s", text)
	}
}

// ownersView: the commands beside the running server.
func ownersView(t *testing.T, s *site) {
	t.Helper()
	history := ""
	for range 100 { // the server writes soon, not at once
		history = s.owner(t, 0, "history", "list")
		if strings.Contains(history, "answered") && strings.Contains(history, "refused") {
			break
		}
	}
	if !strings.Contains(history, "answered") || !strings.Contains(history, "refused") {
		t.Errorf("history is\n%s", history)
	}
	var accounts []map[string]any
	if err := json.Unmarshal([]byte(s.owner(t, 0, "budget", "list", "--output", "json")), &accounts); err != nil {
		t.Fatal(err)
	}
	if len(accounts) != 2 || accounts[1]["analyst"] != "alice" || accounts[1]["queries"] != 1.0 || accounts[1]["rho_spent"] == "0" {
		t.Errorf("accounts are %v", accounts)
	}
	if out := s.owner(t, 0, "history", "verify"); !strings.Contains(out, "entries") {
		t.Errorf("verify says\n%s", out)
	}
	s.owner(t, 0, "user", "disable", "alice", "--by", "tester")
	if out := s.owner(t, 0, "user", "list"); !regexp.MustCompile(`alice +\| true +\| true`).MatchString(out) {
		t.Errorf("users are\n%s", out)
	}
	s.owner(t, 0, "user", "enable", "alice", "--by", "tester")
	s.owner(t, 0, "budget", "grant", "--user", "alice", "--dataset", "census", "--epsilon", "1", "--why", "a test")
	if out := s.owner(t, 0, "budget", "show", "--user", "alice"); !strings.Contains(out, "11") {
		t.Errorf("a grant of 1 to 10 shows\n%s", out)
	}
	if out := s.owner(t, 0, "dataset", "list"); !strings.Contains(out, "census") {
		t.Errorf("data sets are\n%s", out)
	}
	if out := s.owner(t, 0, "dataset", "show", "census"); !strings.Contains(out, "age") || !strings.Contains(out, "110") {
		t.Errorf("data set is\n%s", out)
	}
	out := s.owner(t, 0, "explain", "--user", "alice", "--dataset", "census", "--set", "dp.epsilon=0.1", "SELECT avg(age) FROM persons")
	if !strings.Contains(out, "Price: ρ = 0.005") || !strings.Contains(out, "avg: ±") {
		t.Errorf("explain is\n%s", out)
	}
	if out := s.owner(t, 1, "explain", "--user", "alice", "--dataset", "census", "SELECT age FROM persons"); !strings.Contains(out, "SQLSTATE 42501") {
		t.Errorf("a refused query explains as\n%s", out)
	}
}

func adminPages(t *testing.T, address string) {
	t.Helper()
	for page, want := range map[string]string{"healthz": "alive", "readyz": "ready", "metrics": `dpproxy_queries_total{dataset="census",outcome="answered",sqlstate=""} 1`} {
		r, err := http.Get("http://" + address + "/" + page)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(r.Body)
		r.Body.Close()
		if err != nil || r.StatusCode != http.StatusOK || !strings.Contains(string(body), want) {
			t.Errorf("/%s is %d %v, lacks %q:\n%s", page, r.StatusCode, err, want, body)
		}
	}
}

// reload: a broken file leaves everything as it was; a good one counts from the next query on.
func reload(t *testing.T, s *site, log *messages, conn *pgx.Conn) {
	t.Helper()
	if err := os.WriteFile(s.config, []byte("datasets: [{name: census, nonsense: 1}]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	hup(t)
	log.await(t, "was not reloaded")
	var n int64
	if err := conn.QueryRow(t.Context(), "SELECT count(*) FROM persons").Scan(&n); err != nil {
		t.Errorf("a broken configuration stopped the old one: %v", err)
	}
	s.write(t, "count")
	hup(t)
	log.await(t, "configuration reloaded")
	if _, err := conn.Exec(t.Context(), "SELECT avg(age) FROM persons"); sqlState(err) != "42501" {
		t.Errorf("a function that is not allowed any more gave %v", err)
	}
	if err := conn.QueryRow(t.Context(), "SELECT count(*) FROM persons WHERE age > 50").Scan(&n); err != nil {
		t.Errorf("after the reload: %v", err)
	}
}

func hup(t *testing.T) {
	t.Helper()
	if err := syscall.Kill(os.Getpid(), syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
}

func TestAPortThatIsTaken(t *testing.T) {
	s := newSite(t)
	_, address, _ := s.start(t)
	var out, messages bytes.Buffer
	code := run(t.Context(), []string{"demo", "--listen", address, "--dir", filepath.Join(t.TempDir(), "demo")}, &out, &messages)
	if code != exitFailed || !strings.Contains(messages.String(), "cannot listen on "+address) {
		t.Errorf("exit code %d, %s", code, &messages)
	}
}

func TestUsage(t *testing.T) {
	for _, c := range []struct {
		args string
		code int
		want string
	}{
		{"serv", exitUsage, "did you mean serve"},
		{"serve", exitUsage, "needs --config"},
		{"serve --confg x", exitUsage, "unknown flag"},
		{"serve more --config x", exitUsage, "takes no arguments"},
		{"budget lisst", exitUsage, "unknown command"},
		{"budget show --config x", exitUsage, "needs --user, --dataset or both"},
		{"budget list --config x --output xml", exitUsage, "table or json"},
		{"explain --config x", exitUsage, "takes one SELECT"},
		{"serve --config /nonexistent/dpproxy.yaml", exitFailed, "cannot read"},
		{"version", 0, ""},
		{"", 0, ""},
		{"demo --help", 0, ""},
	} {
		var out, messages bytes.Buffer
		if code := run(t.Context(), strings.Fields(c.args), &out, &messages); code != c.code || !strings.Contains(messages.String(), c.want) {
			t.Errorf("dpproxy %s: exit code %d, want %d with %q:\n%s", c.args, code, c.code, c.want, &messages)
		}
	}
}

// TestDemo: a newcomer's first minute.
func TestDemo(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	out, ended := newMessages(), make(chan int, 1)
	dir := filepath.Join(t.TempDir(), "demo")
	go func() { ended <- run(ctx, []string{"demo", "--listen", "127.0.0.1:0", "--dir", dir}, out, out) }()
	out.await(t, "Serving on 127.0.0.1:[0-9]+ until it is stopped")
	cancel()
	if code := <-ended; code != 0 {
		t.Errorf("exit code %d", code)
	}
	for _, want := range []string{"SELECT region", "centre |", "Expected error, half width at 95 %", "  patients: ±", "NOTICE:  spent ρ = ", `psql "host=127.0.0.1 port=`} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the demonstration lacks %q:\n%s", want, out)
		}
	}
	var checked, messages bytes.Buffer
	if code := run(t.Context(), []string{"check", filepath.Join(dir, "dpproxy.yaml")}, &checked, &messages); code != 0 {
		t.Errorf("the demonstration's configuration has faults:\n%s%s", &checked, &messages)
	}
}
