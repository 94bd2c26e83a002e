package ratelimit

import (
	"context"
	"sync"
	"time"

	"github.com/ulule/limiter/v3"
)

// fixedStore counts a hit in a fixed window.
type fixedStore interface {
	Get(ctx context.Context, key string, rate limiter.Rate) (limiter.Context, error)
}

// memoryFixed keeps the fixed windows of one process. It measures how long a window has lasted by the difference of two times of
// its clock: time.Now's are not moved by a machine's clock that is set. Of a clock that goes back all the same, a window begins anew
// with the hits that it has, so that none lasts longer than its length after that.
type memoryFixed struct {
	clock func() time.Time

	mu      sync.Mutex
	windows map[string]*fixedWindow
	swept   time.Time
}

type fixedWindow struct {
	begin  time.Time
	length time.Duration
	hits   int64
}

func newMemoryFixed(clock func() time.Time) *memoryFixed {
	return &memoryFixed{clock: clock, windows: map[string]*fixedWindow{}, swept: clock()}
}

// Get counts a hit; one that is refused counts too.
func (m *memoryFixed) Get(_ context.Context, key string, rate limiter.Rate) (limiter.Context, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := m.clock()
	m.sweep(now)
	w := m.windows[key]
	if w == nil || w.over(now) {
		w = &fixedWindow{begin: now, length: rate.Period}
		m.windows[key] = w
	}
	if now.Before(w.begin) {
		w.begin = now
	}
	w.hits++
	return limiter.Context{Limit: rate.Limit, Remaining: max(0, rate.Limit-w.hits), Reached: w.hits > rate.Limit,
		Reset: now.Add(w.length - now.Sub(w.begin)).Unix()}, nil
}

func (w *fixedWindow) over(now time.Time) bool { return now.Sub(w.begin) >= w.length }

// sweep forgets windows that are over.
func (m *memoryFixed) sweep(now time.Time) {
	if since := now.Sub(m.swept); 0 <= since && since < cleanUp {
		return
	}
	m.swept = now
	for key, w := range m.windows {
		if w.over(now) {
			delete(m.windows, key)
		}
	}
}
