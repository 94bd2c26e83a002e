// Package ratelimittest is the suite that every store of package ratelimit passes.
package ratelimittest

import (
	"context"
	"fmt"
	"maps"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/dpproxy/dpproxy/ratelimit"
)

// Run runs the suite of fixed windows. open makes a limiter over an empty store of its own.
func Run(t *testing.T, open func(t *testing.T) ratelimit.Limiter) {
	run(t, open, map[string]func(*testing.T, ratelimit.Limiter){
		"shortest window first": testShortestFirst, "refused hits count": testRefusedHitsCount, "window opens at the first hit": testWindow,
	})
}

// run runs what holds of all windows, and what holds of one kind, at the same time: tests wait for windows.
func run(t *testing.T, open func(t *testing.T) ratelimit.Limiter, own map[string]func(*testing.T, ratelimit.Limiter)) {
	tests := map[string]func(*testing.T, ratelimit.Limiter){
		"no limits": testNoLimits, "counts down": testCountsDown, "keys are apart": testKeys, "same window": testSameWindow,
		"many at once": testConcurrent, "canceled": testCanceled,
	}
	maps.Copy(tests, own)
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, open(t))
		})
	}
}

func limits(t *testing.T, text string) []ratelimit.Limit {
	t.Helper()
	l, err := ratelimit.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func allow(t *testing.T, l ratelimit.Limiter, key, text string) ratelimit.Decision {
	t.Helper()
	d, err := l.Allow(context.Background(), key, limits(t, text))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func testNoLimits(t *testing.T, l ratelimit.Limiter) {
	d, err := l.Allow(context.Background(), "k", nil)
	if err != nil || !d.Allowed {
		t.Errorf("got %+v, %v", d, err)
	}
}

func testCountsDown(t *testing.T, l ratelimit.Limiter) {
	for want := int64(2); want >= 0; want-- {
		if d := allow(t, l, "k", "3/hour"); !d.Allowed || d.Remaining != want || d.Limit.Text != "3/hour" || d.RetryIn != 0 {
			t.Errorf("with %d to remain: %+v", want, d)
		}
	}
	d := allow(t, l, "k", "3/hour")
	if d.Allowed || d.Limit.N != 3 || d.Limit.Text != "3/hour" || d.Remaining != 0 {
		t.Errorf("the fourth request: %+v", d)
	}
	if d.RetryIn < 59*time.Minute || d.RetryIn > time.Hour {
		t.Errorf("a window of an hour that has just begun ends in %s", d.RetryIn)
	}
}

// testKeys: names that only differ in where a separator stands must not share a counter, nor must windows.
func testKeys(t *testing.T, l ratelimit.Limiter) {
	for _, key := range []string{"a:b", "a", "a:", ":a", "60:a", "", "a b", "a\nb", "a*", "ä", "user:\"x\":\"y\""} {
		if d := allow(t, l, key, "1/minute"); !d.Allowed {
			t.Errorf("key %q is counted together with another: %+v", key, d)
		}
	}
	if d := allow(t, l, "a", "1/60 seconds"); d.Allowed {
		t.Error("the same window in other words is another counter")
	}
	if d := allow(t, l, "a", "1/61 seconds"); !d.Allowed {
		t.Error("windows of two lengths share a counter")
	}
}

func testShortestFirst(t *testing.T, l ratelimit.Limiter) {
	const text = "2/day; 1/hour"
	if d := allow(t, l, "k", text); !d.Allowed || d.Limit.Text != "1/hour" {
		t.Errorf("the first request: %+v", d)
	}
	for range 5 {
		if d := allow(t, l, "k", text); d.Allowed || d.Limit.Text != "1/hour" {
			t.Errorf("another request: %+v", d)
		}
	}
	// What the hour refused the day did not count: it has one request left.
	if d := allow(t, l, "k", "2/day"); !d.Allowed || d.Remaining != 0 {
		t.Errorf("the day after refusals of the hour: %+v", d)
	}
}

func testRefusedHitsCount(t *testing.T, l ratelimit.Limiter) {
	for range 5 {
		allow(t, l, "k", "1/hour")
	}
	// Five were counted, though four were refused: a limit of five in the same window is used up.
	if d := allow(t, l, "k", "5/hour"); d.Allowed {
		t.Errorf("refused hits were not counted: %+v", d)
	}
}

func testSameWindow(t *testing.T, l ratelimit.Limiter) {
	if d := allow(t, l, "k", "3/minute, 2/60 seconds"); !d.Allowed || d.Remaining != 1 {
		t.Errorf("two limits of one window: %+v", d)
	}
	if d := allow(t, l, "k", "3/minute, 2/60 seconds"); !d.Allowed || d.Remaining != 0 {
		t.Errorf("a request was counted twice: %+v", d)
	}
}

// testWindow uses a window of one real second, as the stores have clocks of their own, and polls until it is over.
func testWindow(t *testing.T, l ratelimit.Limiter) {
	begin := time.Now()
	if d := allow(t, l, "k", "1/second"); !d.Allowed {
		t.Fatalf("the first request: %+v", d)
	}
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for refused := 0; ; refused++ {
		d := allow(t, l, "k", "1/second")
		took := time.Since(begin)
		switch {
		case d.Allowed && took < 900*time.Millisecond:
			t.Fatalf("the window was over after %s and %d refusals", took, refused)
		case d.Allowed:
			return
		case d.RetryIn <= 0 || d.RetryIn > time.Second:
			t.Fatalf("retry in %s", d.RetryIn)
		case took > 10*time.Second:
			t.Fatal("refused hits prolong the window")
		}
		<-tick.C
	}
}

func testConcurrent(t *testing.T, l ratelimit.Limiter) {
	var allowed atomic.Int64
	var wait sync.WaitGroup
	hour := limits(t, "20/hour")
	for range 8 {
		wait.Go(func() {
			for range 10 {
				d, err := l.Allow(context.Background(), "k", hour)
				if err != nil {
					t.Error(err)
				}
				if d.Allowed {
					allowed.Add(1)
				}
			}
		})
	}
	wait.Wait()
	if allowed.Load() != 20 {
		t.Errorf("%d of 80 requests were allowed, want 20", allowed.Load())
	}
}

// testCanceled: a client that went away gets no permission from it. (The memory store does not look.)
func testCanceled(t *testing.T, l ratelimit.Limiter) {
	allow(t, l, "k", "1/hour")
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if d, err := l.Allow(ctx, "k", limits(t, "1/hour")); d.Allowed {
		t.Errorf("got %+v, %v", d, err)
	}
}

// Benchmark measures one decision about two limits that are never reached.
func Benchmark(b *testing.B, l ratelimit.Limiter) {
	list, err := ratelimit.Parse("1000000000/minute; 1000000000/day")
	if err != nil {
		b.Fatal(err)
	}
	keys := make([]string, 64)
	for i := range keys {
		keys[i] = fmt.Sprintf("user:%d", i)
	}
	b.ResetTimer()
	for i := 0; b.Loop(); i++ {
		if d, err := l.Allow(context.Background(), keys[i%len(keys)], list); err != nil || !d.Allowed {
			b.Fatal(d, err)
		}
	}
}
