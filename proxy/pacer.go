package proxy

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"io"
	"time"

	"github.com/dpproxy/dpproxy/answer"
)

// Pacer hides how long an answer took. With stall, what is ready is held until the next multiple of the bucket since
// the request began, so that time tells which multiple it was and no more. With jitter, a uniform delay of at most one
// bucket is added. With none, nothing is done. It is applied to every answer and every error of a query that could have
// touched private data, whatever the path.
type Pacer struct {
	timing Timing
	clock  answer.Clock
	random io.Reader
	after  func(time.Duration) (<-chan time.Time, func() bool)
}

// NewPacer makes a pacer. random may be nil for crypto/rand.
func NewPacer(t Timing, clock answer.Clock, random io.Reader) *Pacer {
	if random == nil {
		random = rand.Reader
	}
	return &Pacer{timing: t, clock: clock, random: random, after: func(d time.Duration) (<-chan time.Time, func() bool) {
		t := time.NewTimer(d)
		return t.C, t.Stop
	}}
}

// Hold waits until an answer to a request that began at `began` may be shown. It ends early, with the context's error,
// only if the context ends.
func (p *Pacer) Hold(ctx context.Context, began time.Time) error {
	d, err := p.delay(p.clock().Sub(began))
	if err != nil || d <= 0 {
		return err
	}
	c, stop := p.after(d)
	defer stop()
	select {
	case <-c:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// delay is how long to wait after `elapsed`.
func (p *Pacer) delay(elapsed time.Duration) (time.Duration, error) {
	b := p.timing.Bucket
	switch p.timing.Method {
	case TimingStall:
		if elapsed < 0 { // a clock that was set back
			elapsed = 0
		}
		return b - elapsed%b, nil
	case TimingJitter:
		var raw [8]byte
		if _, err := io.ReadFull(p.random, raw[:]); err != nil {
			return 0, err
		}
		// The bias of a 64-bit remainder is below 2^-20 for any bucket of less than five hours.
		return time.Duration(binary.BigEndian.Uint64(raw[:]) % uint64(b)), nil
	}
	return 0, nil
}

// Timeout rounds a time-out up to the grid: one that ends between two multiples would tell more than the grid does.
func (p *Pacer) Timeout(d time.Duration) time.Duration {
	b := p.timing.Bucket
	if p.timing.Method != TimingStall || d <= 0 || d%b == 0 {
		return d
	}
	return d + b - d%b
}
