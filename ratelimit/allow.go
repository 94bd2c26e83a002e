package ratelimit

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/ulule/limiter/v3"
)

// Allow implements Limiter. Limits with windows of one length share a counter, of which the smallest N is in force.
// A longer window does not count what a shorter one refused.
func (l *storeLimiter) Allow(ctx context.Context, key string, limits []Limit) (Decision, error) {
	if len(limits) == 0 {
		return Decision{Allowed: true}, nil
	}
	if l.moving != nil {
		return l.allowMoving(ctx, key, limits)
	}
	deadline, cancel := context.WithTimeout(ctx, l.options.Timeout)
	defer cancel()
	decision := Decision{Allowed: true}
	for i, limit := range byPeriod(limits) {
		state, err := l.hit(deadline, key, limit)
		if err != nil {
			return l.failed(ctx, err)
		}
		if state.Reached {
			l.failing.over(l.options.Logger)
			retry := l.retryIn(state, limit)
			return Decision{Limit: limit, RetryIn: retry, ResetIn: retry}, nil
		}
		if i == 0 || state.Remaining < decision.Remaining {
			decision.Limit, decision.Remaining, decision.ResetIn = limit, state.Remaining, l.retryIn(state, limit)
		}
	}
	l.failing.over(l.options.Logger)
	return decision, nil
}

// byPeriod sorts limits by window and keeps the tightest of each length.
func byPeriod(limits []Limit) []Limit {
	sorted := Sort(slices.Clone(limits))
	return slices.CompactFunc(sorted, func(a, b Limit) bool { return a.Period == b.Period })
}

// retryIn is how long the window lasts. The store tells its end in whole seconds, rounded down: one more makes it late
// rather than early, and never later than a whole window.
func (l *storeLimiter) retryIn(state limiter.Context, limit Limit) time.Duration {
	left := time.Unix(state.Reset+1, 0).Sub(l.options.Clock())
	return min(max(left, time.Millisecond), limit.Period)
}

// failed decides about a request that could not be counted.
func (l *storeLimiter) failed(ctx context.Context, err error) (Decision, error) {
	if ctx.Err() != nil {
		return Decision{}, ctx.Err() // the client went away; that says nothing about the store
	}
	l.failing.report(l.options.Logger, err, l.options.AllowOnFailure)
	if l.options.AllowOnFailure {
		return Decision{Allowed: true}, nil
	}
	return Decision{}, fmt.Errorf("ratelimit: the store cannot be reached: %w", err)
}

// failures logs when a store goes and when it comes back, not every request in between.
type failures struct {
	mu      sync.Mutex
	failing bool
	count   int
}

func (f *failures) report(logger *slog.Logger, err error, allowed bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.count++
	if f.failing {
		return
	}
	f.failing = true
	consequence := "requests are refused"
	if allowed {
		consequence = "requests are not limited"
	}
	logger.Warn("rate limit storage cannot be reached: "+consequence, "error", err)
}

func (f *failures) over(logger *slog.Logger) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.failing {
		logger.Info("rate limit storage is back", "requests_without_it", f.count)
	}
	f.failing, f.count = false, 0
}
