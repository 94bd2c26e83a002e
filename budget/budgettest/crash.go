package budgettest

import (
	"bufio"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/dpproxy/dpproxy/budget"
	"github.com/dpproxy/dpproxy/privacy"
)

// childURL and killsVariable are environment variables: the store of a process that will be killed, and how many are.
const (
	childURL      = "BUDGETTEST_URL"
	killsVariable = "DPPROXY_KILLS"
)

// Main runs the tests of a package, or, where this process was started to be killed, the load on a ledger.
func Main(m *testing.M, s Store) int {
	url := os.Getenv(childURL)
	if url == "" {
		return m.Run()
	}
	if err := load(s, url); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// load charges from many goroutines until the process is killed, and says each charge after it was acknowledged.
func load(s Store, url string) error {
	l, err := s.Open(context.Background(), url, NewClock().Now)
	if err != nil {
		return err
	}
	failed := make(chan error)
	for g := range 16 {
		go func() {
			for k := 0; ; k++ {
				if err := one(l, g, k); err != nil {
					failed <- err
				}
			}
		}()
	}
	return <-failed
}

// one makes a charge, says so in one write, and ends it in one of several ways, or not at all.
func one(l budget.Ledger, g, k int) error {
	ctx := context.Background()
	r, err := l.Reserve(ctx, charge(pure(1_000_000_000), laplace(1)))
	if err != nil {
		return err
	}
	if _, err := os.Stdout.WriteString("+"); err != nil {
		return err
	}
	switch (g + k) % 4 {
	case 0:
		made := release("k", fmt.Sprint(g, k), NewClock().Now())
		made.ID[10], made.ID[11], made.ID[12] = byte(g), byte(k), byte(k>>8)
		return r.Commit(ctx, []budget.Release{made}, budget.Outcome{})
	case 1:
		return r.Fail(ctx, budget.Outcome{})
	}
	return nil
}

// testKill: after kill -9 at random points under load, the ledger opens by itself and holds every acknowledged charge.
func testKill(t *testing.T, s Store) {
	kills := 6
	if text := os.Getenv(killsVariable); text != "" {
		var err error
		kills, err = strconv.Atoi(text)
		noError(t, err)
	}
	b := setUp(t, s)
	acknowledged := int64(0)
	for n := range kills {
		after := int(randomByte()) + int(randomByte())
		t.Logf("killed after %d charges", after)
		acknowledged += killOne(t, b.url, after)
		got := b.balance(account(pure(1_000_000_000)))
		charges := int64(used(t, got).Epsilon / eps(1))
		if charges < acknowledged {
			t.Fatalf("%d charges are on the ledger, and %d were acknowledged", charges, acknowledged)
		}
		// At most one more for each goroutine can be there without its acknowledgement having been read.
		if charges > acknowledged+16 {
			t.Fatalf("%d charges are on the ledger, and only %d were acknowledged", charges, acknowledged)
		}
		check(t, "queries", got.Queries, charges)
		check(t, "dataset", used(t, b.balance(whole(pure(1)))), used(t, got))
		noError(t, b.another().Close())          // the next process opens it
		if n < 10 || n%20 == 0 || n == kills-1 { // it takes as long as the history is
			_, err := b.Verify(context.Background())
			noError(t, err)
		}
		acknowledged = charges
	}
	// After the lease, what was left is marked, and stays charged.
	before := b.balance(account(pure(1)))
	b.clock.Step(time.Hour)
	b.reopen()
	after := b.balance(account(pure(1)))
	check(t, "reserved", after.Reserved, privacy.Loss{})
	check(t, "used", used(t, after), used(t, before))
}

func randomByte() byte {
	var b [1]byte
	_, _ = rand.Read(b[:]) // never fails
	return b[0]
}

// killOne runs a process, kills it after it has acknowledged some charges, and counts those that it acknowledged.
func killOne(t *testing.T, url string, after int) (acknowledged int64) {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childURL+"="+url)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	noError(t, err)
	noError(t, cmd.Start())
	r := bufio.NewReader(out)
	for {
		if _, err := r.ReadByte(); err != nil {
			break
		}
		if acknowledged++; acknowledged == int64(after)+1 {
			noError(t, cmd.Process.Kill()) // and read on: what was said before the end counts
		}
	}
	if err := cmd.Wait(); err == nil || acknowledged <= int64(after) {
		t.Fatalf("the process ended by itself after %d charges: %v", acknowledged, err)
	}
	return acknowledged
}

// testVanished: a reservation whose process is gone is reserved, then crashed, and always charged.
func testVanished(t *testing.T, s Store) {
	b := setUp(t, s)
	gone := b.another()
	_, err := gone.Reserve(context.Background(), charge(pure(1000), laplace(400)))
	noError(t, err)
	expect := func(spent, reserved int64, outcome string) {
		t.Helper()
		got := b.balance(account(pure(1000)))
		check(t, "spent", got.Spent, laplace(spent))
		check(t, "reserved", got.Reserved, laplace(reserved))
		check(t, "outcome", outcomes(b.history(budget.HistoryQuery{})), outcome)
		b.refused(charge(pure(1000), laplace(601)))
	}
	expect(0, 400, "reserved")
	b.reopen()
	expect(0, 400, "reserved") // it lives, as far as one knows
	b.clock.Step(-time.Hour)
	b.reopen()
	expect(0, 400, "reserved")
	b.clock.Step(2 * time.Hour)
	b.reopen()
	expect(400, 0, "crashed")
	b.reopen()
	expect(400, 0, "crashed")
}

// testManyVanished: however many were left, all are marked when the ledger opens.
func testManyVanished(t *testing.T, s Store) {
	b := setUp(t, s)
	gone := b.another()
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			for range 50 {
				if _, err := gone.Reserve(context.Background(), charge(pure(1_000_000), laplace(1))); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	noError(t, gone.Close())
	b.reopen()
	got := b.balance(account(pure(1_000_000)))
	check(t, "spent", got.Spent.Epsilon, eps(2500))
	check(t, "reserved", got.Reserved, privacy.Loss{})
}

// testSlowProcess: a process that was taken for gone ends its reservations: the charge stays, the releases are stored.
func testSlowProcess(t *testing.T, s Store) {
	b, ctx := setUp(t, s), context.Background()
	slow := b.another()
	c := charge(pure(1000), laplace(100))
	committed, err := slow.Reserve(ctx, c)
	noError(t, err)
	released, err := slow.Reserve(ctx, c)
	noError(t, err)
	b.clock.Step(time.Hour)
	b.reopen()
	made := release("1", "body", b.clock.Now())
	noError(t, committed.Commit(ctx, []budget.Release{made}, budget.Outcome{}))
	noError(t, released.Release(ctx, budget.Outcome{}))
	noError(t, slow.Close())
	check(t, "used", b.balance(account(pure(1000))).Spent.Epsilon, eps(200))
	check(t, "outcomes", outcomes(b.history(budget.HistoryQuery{})), "released answered")
	expectRelease(t, b, "alice", made, 0, "body", true)
	_, err = b.Verify(ctx)
	noError(t, err)
}

// testClose: what was lazy is written by Close, and afterwards nothing is possible.
func testClose(t *testing.T, s Store) {
	b, ctx := setUp(t, s), context.Background()
	made := release("1", "body", b.clock.Now())
	open := b.reserve(charge(pure(1000), laplace(1)))
	var wg sync.WaitGroup
	for i := range 50 {
		wg.Go(func() {
			r, err := b.Reserve(ctx, charge(pure(1000), laplace(1)))
			if err == nil {
				m := made
				m.ID[5] = byte(i)
				err = r.Commit(ctx, []budget.Release{m}, budget.Outcome{})
			}
			if err == nil {
				err = b.Record(ctx, budget.Entry{Analyst: "alice", Dataset: "census", Outcome: "reused"})
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	closed := b.Admin
	noError(t, closed.Close())
	noError(t, closed.Close())
	if _, err := closed.Reserve(ctx, charge(pure(1000), laplace(1))); !errors.Is(err, budget.ErrClosed) {
		t.Errorf("Reserve: got %v, want ErrClosed", err)
	}
	if err := closed.Ping(ctx); !errors.Is(err, budget.ErrClosed) {
		t.Errorf("Ping: got %v, want ErrClosed", err)
	}
	if err := open.Fail(ctx, budget.Outcome{}); !errors.Is(err, budget.ErrClosed) {
		t.Errorf("Fail: got %v, want ErrClosed", err)
	}
	if _, err := closed.Balance(ctx, account(pure(1000))); err == nil {
		t.Error("a closed ledger told a balance")
	}
	b.Admin = b.another()
	noError(t, b.Ping(ctx))
	for i := range 50 {
		made.ID[5] = byte(i)
		expectRelease(t, b, "alice", made, 0, "body", true)
	}
	// The open one is marked when the ledger opens: its process has left.
	check(t, "spent", b.balance(account(pure(1000))).Spent.Epsilon, eps(51))
	check(t, "entries", len(b.history(budget.HistoryQuery{})), 101)
}
