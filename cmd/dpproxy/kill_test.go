package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/dpproxy/dpproxy/budget"
	"github.com/dpproxy/dpproxy/budget/ledgersql"
	"github.com/dpproxy/dpproxy/internal/testservers"
	"github.com/dpproxy/dpproxy/privacy"
)

// killsVariable is an environment variable: how many processes are killed. `make kill` sets 200.
const killsVariable = "DPPROXY_KILLS"

// Clients are the load on a process that will be killed; some of them are patient, some cancel, some hang up.
const loadClients = 6

// carolsQueries is what carol's budget allows; alice's allows more than the test can ask.
const carolsQueries = 40

// After kill -9 at random points under load, with cancels and hang-ups, the next process opens the ledger by itself, and
// what clients saw is on it: every answer was paid for, and nobody had more answers than the budget allows.
func TestKillUnderLoad(t *testing.T) {
	kills := 5 // of each kind
	if text := os.Getenv(killsVariable); text != "" {
		var err error
		if kills, err = strconv.Atoi(text); err != nil {
			t.Fatal(err)
		}
	}
	for _, kind := range []string{"sqlite", "postgres"} {
		t.Run(kind, func(t *testing.T) {
			seed := rand.Uint64()
			t.Logf("seed %d", seed)
			random := rand.New(rand.NewPCG(seed, 0))
			url := "sqlite:./state/ledger.db"
			if kind == "postgres" {
				url = testservers.Postgres(t)
			}
			s := newLoadedSite(t, url)
			for range kills {
				c := s.child(t)
				load := s.hammer(t, c.address)
				load.await(random.IntN(60))
				c.kill()
				load.stop()
				s.reconcile(t)
			}
			if s.seen["carol"].Load() == 0 || s.seen["alice"].Load() < int64(kills) {
				t.Errorf("%d and %d answers were seen", s.seen["alice"].Load(), s.seen["carol"].Load())
			}
		})
	}
}

// The same with two processes on one ledger, of which one is killed and the other goes on.
func TestTwoProcessesOneLedger(t *testing.T) {
	for _, kind := range []string{"sqlite", "postgres"} {
		t.Run(kind, func(t *testing.T) {
			url := "sqlite:./state/ledger.db"
			restart := func() {}
			if kind == "postgres" {
				server := testservers.PostgresServer(t, testservers.Durable())
				url = server.URL()
				restart = func() {
					server.Crash()
					if err := server.Start(); err != nil {
						t.Fatal(err)
					}
				}
			}
			s := newLoadedSite(t, url)
			first, second := s.child(t), s.child(t)
			one, two := s.hammer(t, first.address), s.hammer(t, second.address)
			one.await(20)
			first.kill()
			one.stop()
			restart()
			two.await(20) // the other goes on by itself, also after the ledger's restart
			second.kill()
			two.stop()
			s.reconcile(t)
			if s.seen["carol"].Load() == 0 {
				t.Error("carol saw nothing")
			}
		})
	}
}

// loadedSite counts the answers that clients saw, over all processes.
type loadedSite struct {
	*site
	ledger  string
	seen    map[string]*atomic.Int64 // answers by analyst, complete up to CommandComplete
	unclear map[string]*atomic.Int64 // queries sent of which no end was seen
}

func newLoadedSite(t *testing.T, ledger string) *loadedSite {
	t.Helper()
	s := &loadedSite{site: newSite(t), ledger: ledger, seen: map[string]*atomic.Int64{}, unclear: map[string]*atomic.Int64{}}
	if err := os.WriteFile(s.config, fmt.Appendf(nil, `listen: 127.0.0.1:0
ledger: %s
timing: {method: none}
datasets:
  - name: census
    source: {files: {persons: persons.csv}}
    privacy_unit: persons.person_id
    query: {epsilon: 1, max_epsilon: 2}
    reuse: "off"
    budget: {epsilon: 1000000, accountant: pure}
    tables: {persons: {columns: {person_id: {key: true}, sex: {values: [f, m]}, age: {lower: 0, upper: 110}}}}
users:
  - {name: alice, password: "%s", datasets: {census: {budget: {epsilon: 1000000, accountant: pure}}}}
  - {name: carol, password: "%s", datasets: {census: {budget: {epsilon: %d, accountant: pure}}}}
`, ledger, s.verifier, s.verifier, carolsQueries), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"alice", "carol"} {
		s.seen[name], s.unclear[name] = &atomic.Int64{}, &atomic.Int64{}
	}
	return s
}

// load is the clients of one process.
type load struct {
	ctx    context.Context
	cancel context.CancelFunc
	wg     sync.WaitGroup
	answer chan struct{}
}

// hammer starts the clients.
func (s *loadedSite) hammer(t *testing.T, address string) *load {
	ctx, cancel := context.WithTimeout(t.Context(), testDeadline)
	l := &load{ctx: ctx, cancel: cancel, answer: make(chan struct{}, 100_000)}
	t.Cleanup(cancel)
	for i := range loadClients {
		l.wg.Go(func() {
			for round := i; ctx.Err() == nil; round++ {
				s.one(l, address, []string{"alice", "carol"}[i%2], round)
			}
		})
	}
	return l
}

// await waits for so many answers.
func (l *load) await(n int) {
	for range n {
		select {
		case <-l.answer:
		case <-l.ctx.Done():
			return
		}
	}
}

func (l *load) stop() {
	l.cancel()
	l.wg.Wait()
}

// one connects and asks some queries, each ended in one of several ways. A process that is gone ends it.
func (s *loadedSite) one(l *load, address, analyst string, round int) {
	conn, err := pgconn.Connect(l.ctx, "postgres://"+analyst+":secret@"+address+"/census?sslmode=disable")
	if err != nil {
		return
	}
	defer conn.Close(context.Background())
	for k := range 4 {
		// A round of its own for each, so that no two are one statement.
		question := fmt.Sprintf("SELECT count(*) FROM persons WHERE age > %d", (round*4+k)%90)
		reader := conn.Exec(l.ctx, question)
		switch (round + k) % 5 {
		case 0:
			_ = conn.CancelRequest(l.ctx)
		case 1: // half of it hangs up, without a word
			if k%2 == 0 {
				_ = conn.Conn().(*net.TCPConn).SetLinger(0)
				_ = conn.Conn().Close()
			}
		}
		_, err := reader.ReadAll()
		var said *pgconn.PgError
		switch {
		case err == nil:
			s.seen[analyst].Add(1)
			select {
			case l.answer <- struct{}{}:
			default:
			}
		case errors.As(err, &said) && said.Code != "57014" && said.Code != "XX000":
			// Refused, certainly without a charge: 53400 where the budget is used up.
		default:
			s.unclear[analyst].Add(1)
			if said == nil {
				return
			}
		}
	}
}

// reconcile compares what clients saw with the ledger, opened as an owner's command would.
func (s *loadedSite) reconcile(t *testing.T) {
	t.Helper()
	url := s.ledger
	if strings.HasPrefix(url, "sqlite:./") {
		url = "sqlite:" + strings.TrimSuffix(s.config, "dpproxy.yaml") + strings.TrimPrefix(url, "sqlite:./")
	}
	ledger, err := ledgersql.Open(t.Context(), url, ledgersql.Options{})
	if err != nil {
		t.Fatalf("the ledger does not open after the kill: %v", err)
	}
	defer ledger.Close()
	if _, err := ledger.Verify(t.Context()); err != nil {
		t.Error(err)
	}
	var total int64
	for analyst, seen := range s.seen {
		b, err := ledger.Balance(t.Context(), budget.Account{Key: budget.Key{Analyst: analyst, Dataset: "census"},
			Budget: budget.Budget{Accountant: privacy.Pure, Epsilon: 1_000_000 * privacy.EpsilonUnits}})
		if err != nil {
			t.Fatal(err)
		}
		charged := int64((b.Spent.Epsilon + b.Reserved.Epsilon) / privacy.EpsilonUnits)
		total += charged
		if charged < seen.Load() || charged > seen.Load()+s.unclear[analyst].Load() {
			t.Errorf("%s: %d answers were seen, %d ended unseen, %d are charged", analyst, seen.Load(), s.unclear[analyst].Load(), charged)
		}
		if analyst == "carol" && charged > carolsQueries {
			t.Errorf("carol was charged %d times, and her budget allows %d", charged, carolsQueries)
		}
	}
	b, err := ledger.Balance(t.Context(), budget.Account{Key: budget.Key{Dataset: "census"},
		Budget: budget.Budget{Accountant: privacy.Pure, Epsilon: 1_000_000 * privacy.EpsilonUnits}})
	if err != nil {
		t.Fatal(err)
	}
	if all := int64((b.Spent.Epsilon + b.Reserved.Epsilon) / privacy.EpsilonUnits); all != total {
		t.Errorf("the data set was charged %d times, its analysts %d times", all, total)
	}
}
