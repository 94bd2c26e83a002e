package answer

import (
	"context"
	"errors"
	"log/slog"
	"sync"

	"github.com/dpproxy/dpproxy/budget"
)

// recorder writes the history entries that cost nothing (reused, refused) behind the answers, in order. Where more
// than recorderRoom wait, queries wait for the ledger too. Charged queries do not pass here: their entries are part
// of their reservation, which is durable before the engine is asked.
type recorder struct {
	ledger budget.Ledger
	logger *slog.Logger
	queue  chan recordJob
	done   chan struct{}

	mu     sync.RWMutex // guards closed against sends
	closed bool
}

const recorderRoom = 1024

// recordJob is an entry to write, or a question to be told when all before it is written.
type recordJob struct {
	entry   *budget.Entry
	flushed chan<- struct{}
}

var errClosed = errors.New("answer: the service is closed")

func newRecorder(ledger budget.Ledger, logger *slog.Logger) *recorder {
	r := &recorder{ledger: ledger, logger: logger, queue: make(chan recordJob, recorderRoom), done: make(chan struct{})}
	go r.run()
	return r
}

func (r *recorder) run() {
	defer close(r.done)
	for job := range r.queue {
		if job.flushed != nil {
			close(job.flushed)
			continue
		}
		if err := r.ledger.Record(context.Background(), *job.entry); err != nil {
			r.logger.Error("history entry was not written", "analyst", job.entry.Analyst, "dataset", job.entry.Dataset,
				"outcome", job.entry.Outcome, "error", err)
		}
	}
}

func (r *recorder) send(ctx context.Context, job recordJob) error {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if r.closed {
		return errClosed
	}
	select {
	case r.queue <- job:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// record hands an entry over. It fails only where there was no room until the context ended.
func (r *recorder) record(ctx context.Context, e budget.Entry) error {
	return r.send(ctx, recordJob{entry: &e})
}

// flush returns when everything that was handed over before is written.
func (r *recorder) flush(ctx context.Context) error {
	flushed := make(chan struct{})
	if err := r.send(ctx, recordJob{flushed: flushed}); err != nil {
		return err
	}
	select {
	case <-flushed:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (r *recorder) close(ctx context.Context) error {
	r.mu.Lock()
	if !r.closed {
		r.closed = true
		close(r.queue)
	}
	r.mu.Unlock()
	select {
	case <-r.done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
