package ratelimit

import (
	"context"
	"fmt"
	"log/slog"
	"strconv"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/ulule/limiter/v3"
	redisstore "github.com/ulule/limiter/v3/drivers/store/redis"
)

const (
	// defaultTimeout bounds what a query waits for the store: a Redis in the same network answers in 1 ms.
	defaultTimeout = 500 * time.Millisecond
	// cleanUp is how often the memory store forgets windows that are over.
	cleanUp = time.Minute
	// prefix keeps our keys apart from others in a shared Redis.
	prefix = "dpproxy:limit"
)

// Options choose the store of a Limiter.
type Options struct {
	// Redis is a redis://, rediss:// or unix:// URL; empty means memory, which one process has for itself.
	Redis string
	// Strategy of all windows; empty means FixedWindow.
	Strategy Strategy
	// AllowOnFailure lets requests pass while the store cannot be reached; otherwise they are refused.
	AllowOnFailure bool
	// Timeout of one decision; 0 means 500 ms.
	Timeout time.Duration
	// Clock is that of windows in memory, and tells how long a window still lasts; nil means time.Now. Redis counts time by its
	// server's clock.
	Clock  func() time.Time
	Logger *slog.Logger // gets failures of the store; nil means slog.Default
}

// Open makes a Limiter. It does not connect: a Redis that is down is found out, and reported, by the first request.
func Open(o Options) (Limiter, error) {
	if o.Timeout == 0 {
		o.Timeout = defaultTimeout
	}
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	l := &storeLimiter{options: o}
	switch {
	case o.Strategy != "" && o.Strategy != FixedWindow && o.Strategy != MovingWindow:
		return nil, fmt.Errorf("ratelimit: there is no strategy %q", o.Strategy)
	case o.Redis == "" && o.Strategy == MovingWindow:
		l.moving = newMemoryMoving(o.Clock)
		return l, nil
	case o.Redis == "":
		l.store = newMemoryFixed(o.Clock)
		return l, nil
	}
	client, err := newClient(o.Redis, o.Timeout)
	if err != nil {
		return nil, err
	}
	l.client = client
	if o.Strategy == MovingWindow {
		l.moving = &redisMoving{client: client}
	}
	return l, nil
}

// newClient makes a client that gives up early: no wait in it is longer than a decision may take.
func newClient(url string, timeout time.Duration) (*redis.Client, error) {
	options, err := redis.ParseURL(url)
	if err != nil {
		return nil, fmt.Errorf("ratelimit: the URL of Redis cannot be read")
	}
	options.DialTimeout, options.ReadTimeout, options.WriteTimeout, options.PoolTimeout = timeout, timeout, timeout, timeout
	options.ContextTimeoutEnabled = true
	options.MaxRetries = 1 // one more, for a pooled connection that died with a Redis that is back
	options.MinRetryBackoff, options.MaxRetryBackoff = -1, -1
	return redis.NewClient(options), nil
}

// storeLimiter counts in memory or in ulule/limiter's Redis store, or in moving windows of our own.
type storeLimiter struct {
	options Options
	client  *redis.Client // nil for memory
	moving  movingStore   // nil for fixed windows

	mu    sync.Mutex
	store fixedStore // nil until Redis was reached for the first time

	failing failures
}

// connected returns the store. That of Redis loads its scripts when it is made, so it is made when Redis is there.
func (l *storeLimiter) connected(ctx context.Context) (fixedStore, error) {
	l.mu.Lock()
	store := l.store
	l.mu.Unlock()
	if store != nil {
		return store, nil
	}
	// The library loads scripts without a context, but every step of it has the client's short time-outs. Several
	// requests may do this at once; they all load the same scripts.
	if err := l.client.Ping(ctx).Err(); err != nil {
		return nil, err
	}
	store, err := redisstore.NewStoreWithOptions(l.client, limiter.StoreOptions{Prefix: prefix})
	if err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.store == nil {
		l.store = store
	}
	return l.store, nil
}

// hit counts one request in the window of a length and tells how many there are, and when the window ends.
func (l *storeLimiter) hit(ctx context.Context, key string, limit Limit) (limiter.Context, error) {
	store, err := l.connected(ctx)
	if err != nil {
		return limiter.Context{}, err
	}
	return store.Get(ctx, windowKey(key, limit), limiter.Rate{Period: limit.Period, Limit: limit.N})
}

// windowKey names a key's window. The length comes first and holds no colon, so that no key can look like another's.
func windowKey(key string, limit Limit) string {
	return strconv.FormatInt(int64(limit.Period/time.Second), 10) + ":" + key
}

// Ping asks Redis, where the windows are there.
func (l *storeLimiter) Ping(ctx context.Context) error {
	if l.client == nil {
		return nil
	}
	return l.client.Ping(ctx).Err()
}

// Close closes the connections to Redis.
func (l *storeLimiter) Close() error {
	if l.client == nil {
		return nil
	}
	return l.client.Close()
}
