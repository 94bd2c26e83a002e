package ratelimit

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

// Strategy says how a window moves.
type Strategy string

// The strategies.
const (
	// FixedWindow opens at the first hit and ends after its length; refused hits count.
	FixedWindow Strategy = "fixed-window"
	// MovingWindow looks back from each hit; refused hits do not count, in any of the limits.
	MovingWindow Strategy = "moving-window"
)

// MostMoving is the largest N of a moving window: each request is remembered as long as it counts.
const MostMoving = 100_000

// movingStore remembers hits one by one. take counts a hit against all limits, or against none of them: then refused is
// the index of the limit that refuses. It tells of each limit how many hits remain and when the oldest one stops to count.
type movingStore interface {
	take(ctx context.Context, key string, limits []Limit) (states []movingState, refused int, err error)
}

type movingState struct {
	remaining int64
	reset     time.Duration
}

// allowMoving is Allow for moving windows.
func (l *storeLimiter) allowMoving(ctx context.Context, key string, limits []Limit) (Decision, error) {
	deadline, cancel := context.WithTimeout(ctx, l.options.Timeout)
	defer cancel()
	limits = byPeriod(limits)
	states, refused, err := l.moving.take(deadline, key, limits)
	if err != nil {
		return l.failed(ctx, err)
	}
	l.failing.over(l.options.Logger)
	if refused >= 0 {
		reset := min(max(states[refused].reset, time.Millisecond), limits[refused].Period)
		return Decision{Limit: limits[refused], RetryIn: reset, ResetIn: reset}, nil
	}
	d := Decision{Allowed: true}
	for i, s := range states {
		if i == 0 || s.remaining < d.Remaining {
			d.Limit, d.Remaining, d.ResetIn = limits[i], s.remaining, s.reset
		}
	}
	return d, nil
}

// memoryMoving keeps hits of one process.
type memoryMoving struct {
	clock func() time.Time

	mu    sync.Mutex
	hits  map[string][]time.Time // by window and key, the oldest first
	swept time.Time
}

func newMemoryMoving(clock func() time.Time) *memoryMoving {
	return &memoryMoving{clock: clock, hits: map[string][]time.Time{}, swept: clock()}
}

func (m *memoryMoving) take(_ context.Context, key string, limits []Limit) ([]movingState, int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := m.clock()
	m.sweep(now)
	states := make([]movingState, len(limits))
	for i, limit := range limits {
		name := windowKey(key, limit)
		hits := m.hits[name]
		for j := len(hits) - 1; j >= 0 && hits[j].After(now); j-- {
			hits[j] = now // the clock went back: no hit counts for longer than its window
		}
		for len(hits) > 0 && !hits[0].After(now.Add(-limit.Period)) {
			hits = hits[1:]
		}
		m.hits[name] = hits
		if int64(len(hits)) >= limit.N {
			// As many must stop to count as are too many: a limit may have been lowered.
			last := hits[int64(len(hits))-limit.N]
			states[i].reset = last.Add(limit.Period).Sub(now)
			return states, i, nil
		}
		first := now
		if len(hits) > 0 {
			first = hits[0]
		}
		states[i] = movingState{remaining: limit.N - int64(len(hits)) - 1, reset: first.Add(limit.Period).Sub(now)}
	}
	for _, limit := range limits {
		name := windowKey(key, limit)
		m.hits[name] = append(m.hits[name], now)
	}
	return states, -1, nil
}

// sweep forgets keys whose hits have all stopped to count. The window's length stands in front of the key.
func (m *memoryMoving) sweep(now time.Time) {
	if since := now.Sub(m.swept); 0 <= since && since < cleanUp {
		return
	}
	m.swept = now
	for name, hits := range m.hits {
		var seconds int64
		if _, err := fmt.Sscanf(name, "%d:", &seconds); err != nil || len(hits) == 0 ||
			!hits[len(hits)-1].After(now.Add(-time.Duration(seconds)*time.Second)) {
			delete(m.hits, name)
		}
	}
}

// redisMoving keeps hits in sorted sets, by Redis' own clock in microseconds. All windows of a key are on one node of a
// cluster, as the key is what is hashed.
type redisMoving struct{ client *redis.Client }

// movingScript counts a hit in all windows or in none. KEYS are the windows; ARGV a name for the hit, then of each window
// the length in microseconds and the limit. It answers with the index of the window that refuses (0: none), and with what
// remains and the time until the next change of each.
const movingScript = `
local t = redis.call('TIME')
local now = t[1] * 1000000 + t[2]
local out = {0}
for i, key in ipairs(KEYS) do
  local period, most = tonumber(ARGV[2 * i]), tonumber(ARGV[2 * i + 1])
  redis.call('ZREMRANGEBYSCORE', key, '-inf', string.format('%.0f', now - period))
  local n = redis.call('ZCARD', key)
  if n >= most then
    local last = redis.call('ZRANGE', key, n - most, n - most, 'WITHSCORES')
    out[1] = i
    out[2 * i], out[2 * i + 1] = 0, last[2] + period - now
    return out
  end
  local first = redis.call('ZRANGE', key, 0, 0, 'WITHSCORES')
  out[2 * i], out[2 * i + 1] = most - n - 1, (first[2] or now) + period - now
end
for i, key in ipairs(KEYS) do
  redis.call('ZADD', key, string.format('%.0f', now), ARGV[1])
  redis.call('PEXPIRE', key, string.format('%.0f', ARGV[2 * i] / 1000 + 1))
end
return out`

func (r *redisMoving) take(ctx context.Context, key string, limits []Limit) ([]movingState, int, error) {
	var name [12]byte
	if _, err := rand.Read(name[:]); err != nil {
		return nil, 0, err
	}
	keys := make([]string, len(limits))
	args := []any{hex.EncodeToString(name[:])}
	for i, limit := range limits {
		keys[i] = prefix + ":moving:{" + hex.EncodeToString([]byte(key)) + "}:" + windowKey("", limit)
		args = append(args, limit.Period.Microseconds(), limit.N)
	}
	out, err := redis.NewScript(movingScript).Run(ctx, r.client, keys, args...).Int64Slice()
	if err != nil {
		return nil, 0, err
	}
	if len(out) == 0 || out[0] < 0 || out[0] > int64(len(limits)) || out[0] == 0 && len(out) != 1+2*len(limits) || out[0] > 0 && int64(len(out)) != 1+2*out[0] {
		return nil, 0, fmt.Errorf("ratelimit: Redis answered with %d numbers", len(out))
	}
	states := make([]movingState, len(limits))
	for i := range (len(out) - 1) / 2 {
		states[i] = movingState{remaining: out[1+2*i], reset: time.Duration(out[2+2*i]) * time.Microsecond}
	}
	return states, int(out[0]) - 1, nil
}
