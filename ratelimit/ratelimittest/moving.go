package ratelimittest

import (
	"context"
	"testing"
	"time"

	"github.com/dpproxy/dpproxy/ratelimit"
)

// RunMoving runs the suite of moving windows. open makes a limiter over an empty store of its own.
func RunMoving(t *testing.T, open func(t *testing.T) ratelimit.Limiter) {
	run(t, open, map[string]func(*testing.T, ratelimit.Limiter){
		"refused hits do not count": testRefusedHitsDoNotCount, "all or none": testAllOrNone, "moves": testMoves,
	})
}

func testRefusedHitsDoNotCount(t *testing.T, l ratelimit.Limiter) {
	for range 5 {
		allow(t, l, "k", "1/hour")
	}
	if d := allow(t, l, "k", "3/hour"); !d.Allowed || d.Remaining != 1 {
		t.Errorf("after one request and four refusals: %+v", d)
	}
	// A limit that was lowered below what counts already.
	if d := allow(t, l, "k", "1/hour"); d.Allowed || d.RetryIn < 59*time.Minute || d.RetryIn > time.Hour {
		t.Errorf("one of two: %+v", d)
	}
}

// testAllOrNone: what one window refuses counts in no other.
func testAllOrNone(t *testing.T, l ratelimit.Limiter) {
	const text = "2/minute; 1/hour"
	allow(t, l, "k", text)
	for range 3 {
		if d := allow(t, l, "k", text); d.Allowed || d.Limit.Text != "1/hour" || d.ResetIn != d.RetryIn {
			t.Errorf("another request: %+v", d)
		}
	}
	if d := allow(t, l, "k", "2/minute"); !d.Allowed || d.Remaining != 0 || d.ResetIn > time.Minute || d.ResetIn < 50*time.Second {
		t.Errorf("the minute after refusals of the hour: %+v", d)
	}
}

// testMoves: at no time are there more than two requests in what is behind it. A fixed window of two a second would let
// four through around its edge.
func testMoves(t *testing.T, l ratelimit.Limiter) {
	two := limits(t, "2/second")
	var allowed []time.Time
	begin := time.Now()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for len(allowed) < 5 {
		before := time.Now()
		d, err := l.Allow(context.Background(), "k", two)
		if err != nil {
			t.Fatal(err)
		}
		if d.Allowed {
			if n := len(allowed); n >= 2 && time.Since(allowed[n-2]) < 990*time.Millisecond {
				t.Fatalf("three requests within %s", time.Since(allowed[n-2]))
			}
			allowed = append(allowed, before)
			if len(allowed) == 1 { // the second one comes half a second later: the windows of both must count
				for time.Since(begin) < 500*time.Millisecond {
					<-tick.C
				}
			}
			continue
		}
		if d.RetryIn <= 0 || d.RetryIn > time.Second {
			t.Fatalf("retry in %s", d.RetryIn)
		}
		if time.Since(begin) > 20*time.Second {
			t.Fatal("the window does not move")
		}
		<-tick.C
	}
}
