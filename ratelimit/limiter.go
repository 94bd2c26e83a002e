package ratelimit

import (
	"context"
	"time"
)

// Limit is N requests in a window of Period, as its Strategy moves it.
type Limit struct {
	N      int64         // ≥ 1
	Period time.Duration // > 0
	Text   string        // as the owner wrote it, for messages
}

// Decision is the answer about one request.
type Decision struct {
	Allowed bool
	// Limit is the one that refused, or the tightest one (fewest requests remaining) if allowed. Zero without limits.
	Limit     Limit
	Remaining int64
	RetryIn   time.Duration // when the refusing limit lets a request through again; 0 if allowed
	// ResetIn is when Limit's window ends (fixed), or its oldest request stops to count (moving).
	ResetIn time.Duration
}

// Limiter counts requests. Allow counts one hit of key against every limit, shortest window first, stops at the first
// that refuses (of moving windows, none counts a hit that one refuses), and fails closed (or open, as configured by
// on_storage_failure) when its store cannot be reached.
type Limiter interface {
	Allow(ctx context.Context, key string, limits []Limit) (Decision, error)
	// Ping tells whether the store answers.
	Ping(ctx context.Context) error
	Close() error
}
