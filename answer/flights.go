package answer

import (
	"bytes"
	"context"
	"slices"
	"sync"

	"github.com/dpproxy/dpproxy/budget"
)

// flights lets one query at a time measure a release: whoever asks the same meanwhile waits, and then reads it back.
type flights struct {
	mu   sync.Mutex
	held map[budget.ReleaseID]chan struct{} // closed when the holder is through
}

// acquire holds all ids, in one order for everybody so that no two queries wait for each other, or fails with the
// context's error. The returned function gives them back; more calls do nothing.
func (f *flights) acquire(ctx context.Context, ids []budget.ReleaseID) (func(), error) {
	sorted := slices.Clone(ids)
	slices.SortFunc(sorted, func(a, b budget.ReleaseID) int { return bytes.Compare(a[:], b[:]) })
	sorted = slices.Compact(sorted)
	var got []budget.ReleaseID
	free := sync.OnceFunc(func() { f.free(got) })
	for _, id := range sorted {
		if err := f.acquireOne(ctx, id); err != nil {
			free()
			return nil, err
		}
		got = append(got, id)
	}
	return free, nil
}

func (f *flights) acquireOne(ctx context.Context, id budget.ReleaseID) error {
	for {
		f.mu.Lock()
		if f.held == nil {
			f.held = map[budget.ReleaseID]chan struct{}{}
		}
		busy, ok := f.held[id]
		if !ok {
			f.held[id] = make(chan struct{})
			f.mu.Unlock()
			return nil
		}
		f.mu.Unlock()
		select {
		case <-busy:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (f *flights) free(ids []budget.ReleaseID) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, id := range ids {
		close(f.held[id])
		delete(f.held, id)
	}
}
