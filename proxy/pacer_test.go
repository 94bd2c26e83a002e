package proxy

import (
	"context"
	"encoding/binary"
	"math/rand"
	"net/netip"
	"sync/atomic"
	"testing"
	"time"
)

// fakeTime is a clock that stands still until it is moved.
type fakeTime struct{ now time.Time }

func (f *fakeTime) clock() time.Time { return f.now }

func TestStallEndsOnTheGrid(t *testing.T) {
	f := &fakeTime{now: time.Unix(1000, 0)}
	p := NewPacer(Timing{TimingStall, 250 * time.Millisecond}, f.clock, nil)
	var waited time.Duration
	p.after = func(d time.Duration) (<-chan time.Time, func() bool) {
		waited = d
		c := make(chan time.Time, 1)
		c <- f.now
		return c, func() bool { return true }
	}
	for _, elapsed := range []time.Duration{0, 1, 100 * time.Millisecond, 249999999, 250 * time.Millisecond, 777 * time.Millisecond, -time.Second} {
		if err := p.Hold(context.Background(), f.now.Add(-elapsed)); err != nil {
			t.Fatal(err)
		}
		if end := max(elapsed, 0) + waited; end%(250*time.Millisecond) != 0 || waited <= 0 || waited > 250*time.Millisecond {
			t.Errorf("after %v it waited %v, to %v", elapsed, waited, end)
		}
	}
	for in, want := range map[time.Duration]time.Duration{0: 0, 1: 250 * time.Millisecond, 250 * time.Millisecond: 250 * time.Millisecond, 300 * time.Millisecond: 500 * time.Millisecond} {
		if got := p.Timeout(f.now, in); got != want {
			t.Errorf("a time-out of %v became %v, want %v", in, got, want)
		}
	}
}

func TestHoldEndsWithItsContext(t *testing.T) {
	p := NewPacer(Timing{TimingStall, time.Hour}, time.Now, nil)
	ctx, cancel := context.WithCancelCause(context.Background())
	cancel(errShutdown)
	if err := p.Hold(ctx, time.Now()); err != nil {
		t.Fatal(err)
	}
	p.Settle(ctx, time.Now())
}

// What a measurement changes is seen a margin before the multiple of its answer, whenever it was ready.
func TestSettleEndsBeforeTheGrid(t *testing.T) {
	const bucket, margin = 250 * time.Millisecond, 50 * time.Millisecond
	f := &fakeTime{now: time.Unix(1000, 0)}
	p := NewPacer(Timing{TimingStall, bucket}, f.clock, nil)
	p.after = func(d time.Duration) (<-chan time.Time, func() bool) {
		f.now = f.now.Add(d)
		c := make(chan time.Time, 1)
		c <- f.now
		return c, func() bool { return true }
	}
	for _, elapsed := range []time.Duration{0, 1, 199 * time.Millisecond, 200 * time.Millisecond, 249 * time.Millisecond, 777 * time.Millisecond} {
		began := f.now
		f.now = f.now.Add(elapsed)
		p.Settle(context.Background(), began)
		settled := f.now.Sub(began)
		if (settled+margin)%bucket != 0 || settled <= elapsed || settled > elapsed+bucket {
			t.Errorf("after %v it settled at %v", elapsed, settled)
		}
		if err := p.Hold(context.Background(), began); err != nil {
			t.Fatal(err)
		}
		if held := f.now.Sub(began); held != settled+margin {
			t.Errorf("what settled at %v was shown at %v", settled, held)
		}
	}
}

func TestJitterAndNone(t *testing.T) {
	p := NewPacer(Timing{TimingJitter, time.Second}, time.Now, rand.New(rand.NewSource(1)))
	seen := map[time.Duration]bool{}
	for range 100 {
		d, err := p.delay(time.Minute)
		if err != nil || d < 0 || d >= time.Second {
			t.Fatalf("%v, %v", d, err)
		}
		seen[d] = true
	}
	if len(seen) < 90 {
		t.Fatalf("%d different delays of 100", len(seen))
	}
	if d, err := NewPacer(Timing{Method: TimingNone}, time.Now, nil).delay(time.Second); d != 0 || err != nil {
		t.Fatalf("%v, %v", d, err)
	}
}

// On every path an answer, and an error of one, is held until the grid; public answers and settings do not wait.
func TestEveryPathIsPaced(t *testing.T) {
	const bucket = time.Hour // nobody waits for it: the timer is ours
	backend := newThroughBackend(t)
	srv := serveTest(t, backend, func(c *Config) { c.Timing = Timing{TimingStall, bucket} })
	var held atomic.Int64
	srv.pacer.after = func(time.Duration) (<-chan time.Time, func() bool) {
		held.Add(1)
		c := make(chan time.Time, 1)
		c <- time.Time{}
		return c, func() bool { return true }
	}
	client := hijack(t, srv.url(""))
	client.exchange(t, step{send: []string{`Query "PREPARE p AS SELECT 1"`}})
	for _, c := range []struct {
		paced bool
		lines []string
	}{
		{true, []string{`Query "SELECT 1"`}}, {true, []string{`Query "SELECT 1/0"`}}, {true, []string{`Query "EXECUTE p"`}}, {true, []string{`Query "COPY (SELECT 1) TO STDOUT"`}},
		{true, []string{`Query "BEGIN; DECLARE c CURSOR FOR SELECT 1; FETCH c; COMMIT"`}},
		{true, []string{`Parse "" "SELECT 1/0"`, `Bind "" ""`, `Execute ""`, "Sync"}}, {true, []string{`Parse "" "SELECT 1"`, `Bind "" ""`, `Execute ""`, "Sync"}},
		{true, []string{`Query "SELEC"`}}, {true, []string{`Parse "" "SELEC"`, "Sync"}}, {true, []string{`Parse "" "SELECT nothing"`, "Sync"}},
		{true, []string{`Query "EXECUTE nobody"`}}, {true, []string{`Query "COPY (SELECT 1/0) TO STDOUT"`}}, {true, []string{`Execute "nobody"`, "Sync"}},
		{true, []string{`Query "FETCH nothing"`}}, {true, []string{`FunctionCall 1`}}, {true, []string{`Query "SET nothing = 1"`}},
		{true, []string{`Parse "" "SELECT generate_series(1, 3)"`, `Bind "" ""`, `Execute "" 1`, `Execute "" 1`, "Sync"}},
		{false, []string{`Query "SHOW DateStyle"`}}, {false, []string{`Parse "" "SELECT 1"`, `Describe S ""`, "Sync"}},
	} {
		before := held.Load()
		client.exchange(t, step{send: c.lines})
		if n := held.Load() - before; (n == 1) != c.paced || n > 1 {
			t.Errorf("%q was held %d times, paced should be %v", c.lines, n, c.paced)
		}
	}
	backend.public.Store(true)
	before := held.Load()
	client.exchange(t, step{send: []string{`Query "SELECT 1"`}})
	if held.Load() != before {
		t.Error("a public answer was held")
	}
}

func TestThrottle(t *testing.T) {
	f := &fakeTime{now: time.Unix(1000, 0)}
	th := newThrottle(3, f.clock)
	here, there := netip.MustParseAddr("10.0.0.1"), netip.MustParseAddr("10.0.0.2")
	for range 3 {
		if d := th.reserve("alice", here); d != 0 {
			t.Fatalf("an early attempt waits %v", d)
		}
		th.failed("alice", here)
	}
	first, second := th.reserve("alice", here), th.reserve("alice", here)
	if first != throttleFirst || second != 2*throttleFirst {
		t.Fatalf("attempts at once wait %v and %v: they must queue up", first, second)
	}
	if d := th.reserve("alice", there); d != 0 {
		t.Fatalf("from elsewhere she waits %v", d)
	}
	if d := th.reserve("bob", here); d != 0 {
		t.Fatalf("another user waits %v", d)
	}
	for range 30 {
		th.failed("bob", here) // one password on all users
	}
	if d := th.reserve("carol", here); d == 0 {
		t.Fatal("an address that failed 33 times does not wait")
	}
	th.succeeded("alice", here)
	f.now = f.now.Add(throttleForget + time.Second)
	for _, user := range []string{"alice", "bob", "carol"} {
		if d := th.reserve(user, here); d != 0 {
			t.Fatalf("%s still waits %v", user, d)
		}
	}
	for i := range throttleEntries + 10 {
		th.failed("u", netip.AddrFrom4([4]byte(binary.BigEndian.AppendUint32(nil, uint32(i)))))
	}
	if len(th.entries) > throttleEntries {
		t.Fatalf("%d entries", len(th.entries))
	}
	six := netip.MustParseAddr("2001:db8::1")
	for range 4 {
		th.failed("alice", six)
	}
	if d := th.reserve("alice", netip.MustParseAddr("2001:db8::2")); d == 0 {
		t.Fatal("the next address of the same network does not wait")
	}
}
