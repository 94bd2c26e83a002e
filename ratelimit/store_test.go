package ratelimit_test

import (
	"bytes"
	"context"
	"log/slog"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/dpproxy/dpproxy/internal/testservers"
	"github.com/dpproxy/dpproxy/ratelimit"
	"github.com/dpproxy/dpproxy/ratelimit/ratelimittest"
)

func open(t testing.TB, o ratelimit.Options) ratelimit.Limiter {
	t.Helper()
	l, err := ratelimit.Open(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	return l
}

func TestMemory(t *testing.T) {
	ratelimittest.Run(t, func(t *testing.T) ratelimit.Limiter { return open(t, ratelimit.Options{}) })
}

func TestRedis(t *testing.T) {
	ratelimittest.Run(t, func(t *testing.T) ratelimit.Limiter {
		return open(t, ratelimit.Options{Redis: testservers.Redis(t), Timeout: 10 * time.Second})
	})
}

// Two processes share what is in Redis.
func TestRedisIsShared(t *testing.T) {
	url := testservers.Redis(t)
	limits, err := ratelimit.Parse("1/hour")
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []bool{true, false} {
		d, err := open(t, ratelimit.Options{Redis: url, Timeout: 10 * time.Second}).Allow(context.Background(), "k", limits)
		if err != nil || d.Allowed != want {
			t.Errorf("process %d: %+v, %v", i, d, err)
		}
	}
}

// A Redis that dies: requests are refused, or allowed if the owner wants that, without a long wait, and limits are
// in force again when it is back, though it has forgotten the scripts that were loaded.
func TestRedisDiesAndComesBack(t *testing.T) {
	server := testservers.RedisServer(t)
	var log bytes.Buffer
	logger := slog.New(slog.NewTextHandler(&log, nil))
	deny := open(t, ratelimit.Options{Redis: server.URL(), Logger: logger})
	lenient := open(t, ratelimit.Options{Redis: server.URL(), AllowOnFailure: true, Logger: logger})
	limits, err := ratelimit.Parse("2/hour")
	if err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	for _, l := range []ratelimit.Limiter{deny, lenient} {
		if d, err := l.Allow(ctx, "k", limits); err != nil || !d.Allowed {
			t.Fatalf("with Redis: %+v, %v", d, err)
		}
	}
	if err := deny.Ping(ctx); err != nil {
		t.Error(err)
	}
	server.Crash()
	if deny.Ping(ctx) == nil {
		t.Error("a Redis that is dead answers")
	}
	for range 3 {
		begin := time.Now()
		if d, err := deny.Allow(ctx, "k", limits); err == nil || d.Allowed {
			t.Errorf("without Redis, deny: %+v, %v", d, err)
		}
		if d, err := lenient.Allow(ctx, "k", limits); err != nil || !d.Allowed {
			t.Errorf("without Redis, allow: %+v, %v", d, err)
		}
		if took := time.Since(begin); took > 3*time.Second {
			t.Errorf("two decisions without Redis took %s", took)
		}
	}
	if n := strings.Count(log.String(), "level=WARN"); n != 2 {
		t.Errorf("%d warnings, want one of each limiter:\n%s", n, log.String())
	}
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	for i, want := range []bool{true, true, false} { // it has forgotten all counters
		if d, err := deny.Allow(ctx, "k", limits); err != nil || d.Allowed != want {
			t.Errorf("after the restart, request %d: %+v, %v", i, d, err)
		}
	}
	if !strings.Contains(log.String(), "rate limit storage is back") {
		t.Errorf("nobody was told that Redis is back:\n%s", log.String())
	}
}

// A Redis that was never there does not keep the proxy from starting.
func TestRedisIsDownAtTheStart(t *testing.T) {
	server := testservers.RedisServer(t)
	server.Crash()
	l := open(t, ratelimit.Options{Redis: server.URL(), Logger: slog.New(slog.DiscardHandler)})
	limits, err := ratelimit.Parse("1/hour")
	if err != nil {
		t.Fatal(err)
	}
	if d, err := l.Allow(context.Background(), "k", limits); err == nil || d.Allowed {
		t.Errorf("without Redis: %+v, %v", d, err)
	}
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	if d, err := l.Allow(context.Background(), "k", limits); err != nil || !d.Allowed {
		t.Errorf("with Redis: %+v, %v", d, err)
	}
}

// A Redis that accepts connections and never answers does not hang queries.
func TestRedisHangs(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() }) // connections wait in the kernel's queue for ever
	l := open(t, ratelimit.Options{
		Redis: "redis://" + listener.Addr().String(), Timeout: 100 * time.Millisecond, Logger: slog.New(slog.DiscardHandler),
	})
	limits, err := ratelimit.Parse("1/hour")
	if err != nil {
		t.Fatal(err)
	}
	begin := time.Now()
	if d, err := l.Allow(context.Background(), "k", limits); err == nil || d.Allowed {
		t.Errorf("got %+v, %v", d, err)
	}
	if took := time.Since(begin); took > 2*time.Second {
		t.Errorf("a Redis that hangs held a query for %s", took)
	}
}

func TestOpenRefusesAWrongURL(t *testing.T) {
	_, err := ratelimit.Open(ratelimit.Options{Redis: "http://user:secret@host"})
	if err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("got %v", err)
	}
}

func BenchmarkMemory(b *testing.B) { ratelimittest.Benchmark(b, open(b, ratelimit.Options{})) }

func BenchmarkRedis(b *testing.B) {
	ratelimittest.Benchmark(b, open(b, ratelimit.Options{Redis: testservers.Redis(b), Timeout: 10 * time.Second}))
}

func TestMovingMemory(t *testing.T) {
	ratelimittest.RunMoving(t, func(t *testing.T) ratelimit.Limiter {
		return open(t, ratelimit.Options{Strategy: ratelimit.MovingWindow})
	})
}

func TestMovingRedis(t *testing.T) {
	ratelimittest.RunMoving(t, func(t *testing.T) ratelimit.Limiter {
		return open(t, ratelimit.Options{Redis: testservers.Redis(t), Strategy: ratelimit.MovingWindow, Timeout: 10 * time.Second})
	})
}

// The memory store forgets keys that count no more.
func TestMovingMemoryForgets(t *testing.T) {
	now := time.Unix(1_000_000, 0)
	l := open(t, ratelimit.Options{Strategy: ratelimit.MovingWindow, Clock: func() time.Time { return now }})
	limits, err := ratelimit.Parse("2/minute")
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		after   time.Duration
		allowed bool
	}{{0, true}, {30 * time.Second, true}, {29 * time.Second, false}, {time.Second, true}, {time.Second, false}, {29 * time.Second, true}, {time.Hour, true}} {
		now = now.Add(step.after)
		d, err := l.Allow(context.Background(), "k", limits)
		if err != nil || d.Allowed != step.allowed {
			t.Errorf("at %s: %+v, %v", now, d, err)
		}
	}
}

func TestOpenRefusesAnUnknownStrategy(t *testing.T) {
	if _, err := ratelimit.Open(ratelimit.Options{Strategy: "leaky-bucket"}); err == nil {
		t.Error("it was opened")
	}
}
