package proxy

import (
	"container/list"
	"context"
	"net/netip"
	"sync"
	"time"

	"github.com/dpproxy/dpproxy/answer"
)

// The shape of the slowing down after failed log-ins.
const (
	throttleFirst   = 100 * time.Millisecond // after the first failure too many; doubles with each
	throttleMost    = 5 * time.Second
	throttleForget  = 5 * time.Minute // without a failure
	throttleEntries = 10_000          // remembered at once; the oldest goes first
	// addressFactor: an address may fail this many times more than one user from it, since many may sit behind it.
	addressFactor = 10
)

// throttle slows log-ins after failures: by user and address together, so that nobody can lock out somebody else from
// elsewhere, and by address alone, so that nobody can try one password on all users. Known and unknown users are alike.
type throttle struct {
	free  int // failures without a delay
	clock answer.Clock

	mu      sync.Mutex
	entries map[string]*list.Element
	order   *list.List // of *throttled, the oldest first
}

type throttled struct {
	key      string
	failures int
	next     time.Time // when the next attempt may start
	last     time.Time
}

func newThrottle(free int, clock answer.Clock) *throttle {
	return &throttle{free: free, clock: clock, entries: map[string]*list.Element{}, order: list.New()}
}

// keys are the counters of an attempt, and how many failures each forgives.
func (t *throttle) keys(user string, addr netip.Addr) map[string]int {
	a := network(addr).String()
	return map[string]int{"u\x00" + a + "\x00" + user: t.free, "a\x00" + a: t.free * addressFactor}
}

// wait reserves the next attempt and waits for it.
func (t *throttle) wait(ctx context.Context, user string, addr netip.Addr) error {
	d := t.reserve(user, addr)
	if d <= 0 {
		return nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// reserve says how long the attempt must wait. Attempts at the same time queue up behind each other.
func (t *throttle) reserve(user string, addr netip.Addr) time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.clock()
	var longest time.Duration
	for key, free := range t.keys(user, addr) {
		e, ok := t.entries[key]
		if !ok {
			continue
		}
		v := e.Value.(*throttled)
		if now.Sub(v.last) > throttleForget {
			t.remove(e)
			continue
		}
		if v.failures < free {
			continue
		}
		delay := throttleMost
		if n := v.failures - free; n < 6 {
			delay = throttleFirst << n
		}
		start := now
		if v.next.After(start) {
			start = v.next
		}
		v.next = start.Add(delay)
		longest = max(longest, v.next.Sub(now))
	}
	return longest
}

// failed counts a failure; succeeded forgets those of the user from this address.
func (t *throttle) failed(user string, addr netip.Addr) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for key := range t.keys(user, addr) {
		e, ok := t.entries[key]
		if !ok {
			if t.order.Len() >= throttleEntries {
				t.remove(t.order.Front())
			}
			e = t.order.PushBack(&throttled{key: key})
			t.entries[key] = e
		}
		v := e.Value.(*throttled)
		v.failures, v.last = v.failures+1, t.clock()
		t.order.MoveToBack(e)
	}
}

func (t *throttle) succeeded(user string, addr netip.Addr) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for key, free := range t.keys(user, addr) {
		if e, ok := t.entries[key]; ok && free == t.free {
			t.remove(e)
		}
	}
}

func (t *throttle) remove(e *list.Element) {
	t.order.Remove(e)
	delete(t.entries, e.Value.(*throttled).key)
}
