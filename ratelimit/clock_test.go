package ratelimit_test

import (
	"context"
	"testing"
	"time"

	"github.com/dpproxy/dpproxy/ratelimit"
)

// A clock that is set forward or back lets no more hits through in a window, and no window lasts longer than its length
// after that.
func TestClockSteps(t *testing.T) {
	limits, err := ratelimit.Parse("2/minute")
	if err != nil {
		t.Fatal(err)
	}
	for _, strategy := range []ratelimit.Strategy{ratelimit.FixedWindow, ratelimit.MovingWindow} {
		t.Run(string(strategy), func(t *testing.T) {
			now := time.Date(2026, 11, 5, 12, 0, 0, 0, time.UTC)
			l := open(t, ratelimit.Options{Strategy: strategy, Clock: func() time.Time { return now }})
			for i, c := range []struct {
				step    time.Duration
				allowed bool
			}{
				{0, true}, {0, true}, {0, false},
				{time.Minute - 1, false}, {1, true}, {0, true}, {0, false}, // the window's edge, to the nanosecond
				{-time.Hour, false}, {-300 * 24 * time.Hour, false}, // back: the hits still count
				{time.Minute - 1, false}, {1, true}, {0, true}, {0, false}, // and for no longer than a window
				{24 * time.Hour, true}, {0, true}, {0, false},
			} {
				now = now.Add(c.step)
				d, err := l.Allow(context.Background(), "k", limits)
				if err != nil || d.Allowed != c.allowed {
					t.Fatalf("hit %d at %v: %+v, %v", i, now, d, err)
				}
				if !d.Allowed && (d.RetryIn <= 0 || d.RetryIn > time.Minute) {
					t.Errorf("hit %d is told to come back in %v", i, d.RetryIn)
				}
			}
		})
	}
}
