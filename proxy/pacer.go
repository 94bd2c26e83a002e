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
// bucket is added. With none, nothing is done.
//
// It is applied to every answer that touched private data and to every error, whatever the path. What others could see of
// the answer before (the ledger, a release that is there, a cancel that came too late) waits as well: Settle holds it until
// shortly before that multiple, and OnGrid lets a cancel take effect on one.
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

// Hold waits until an answer to a request that began at `began` may be shown. It ends early only if the context ends.
// Without random bits for a jitter there is no answer.
func (p *Pacer) Hold(ctx context.Context, began time.Time) error {
	d, err := p.delay(p.clock().Sub(began))
	if err != nil || d <= 0 {
		return err
	}
	p.wait(ctx, d)
	return nil
}

// Settle waits until what a measurement changed may be seen: a margin before the multiple that its answer is held for, so
// that the rest of the work fits between. It ends early only if the context ends.
func (p *Pacer) Settle(ctx context.Context, began time.Time) {
	b := p.timing.Bucket
	if p.timing.Method != TimingStall {
		return
	}
	elapsed := max(0, p.clock().Sub(began)) + p.margin()
	p.wait(ctx, b-elapsed%b)
}

// margin is what the outer query and the encoding of an answer have before its multiple.
func (p *Pacer) margin() time.Duration { return min(p.timing.Bucket/5, mostMargin) }

const mostMargin = 50 * time.Millisecond

// OnGrid makes of cancel one that takes effect on the next multiple: whether a query was ended by it or had its answer
// tells no more than the grid does.
func (p *Pacer) OnGrid(ctx context.Context, began time.Time, cancel context.CancelCauseFunc) context.CancelCauseFunc {
	if p.timing.Method != TimingStall {
		return cancel
	}
	return func(cause error) {
		b := p.timing.Bucket
		elapsed := max(0, p.clock().Sub(began))
		go func() {
			p.wait(ctx, b-elapsed%b)
			cancel(cause)
		}()
	}
}

func (p *Pacer) wait(ctx context.Context, d time.Duration) {
	c, stop := p.after(d)
	defer stop()
	select {
	case <-c:
	case <-ctx.Done():
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

// Timeout is when, from now on, a time-out of a request that began at `began` ends it: on the grid, as one between two
// multiples would tell more than the grid does.
func (p *Pacer) Timeout(began time.Time, d time.Duration) time.Duration {
	b := p.timing.Bucket
	if p.timing.Method != TimingStall || d <= 0 {
		return d
	}
	if d%b != 0 {
		d += b - d%b
	}
	return max(1, d-max(0, p.clock().Sub(began)))
}
