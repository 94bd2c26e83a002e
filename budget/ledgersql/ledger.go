package ledgersql

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/dpproxy/dpproxy/budget"
	"github.com/dpproxy/dpproxy/privacy"
)

// Ledger is a budget.Ledger and budget.Admin on a store. Safe for concurrent use.
type Ledger struct {
	store   store
	clock   func() time.Time
	log     *slog.Logger
	queue   *queue
	process string // names this ledger among the processes on the store

	stopped chan struct{} // closed when the writer and the heartbeat have stopped
	quit    chan struct{} // closed by Close
	once    sync.Once
	closed  error

	unsettled atomic.Int64 // lazy operations that are not on the store yet
	left      atomic.Int64 // lazy operations that were ever left to be written
	ended     atomic.Int64 // and those of them that are settled, in their order
	live      atomic.Int64 // reservations of this ledger that have not ended
	beatAt    atomic.Int64 // when this process was last seen by the store
	holders   atomic.Int64 // numbers the places that were asked for
	pending   overlay      // releases that are not on the store yet

	mu     sync.Mutex
	limits map[budget.Budget]privacy.Loss // of zcdp budgets, which take some arithmetic
}

var _ budget.Admin = (*Ledger)(nil)

// Options are what a ledger needs from outside.
type Options struct {
	Clock func() time.Time // time.Now if nil
	Log   *slog.Logger     // for the operator; discarded if nil
}

// errBehind says that too much waits to be written.
var errBehind = errors.New("ledger: the store is away, and too many entries wait for it")

// Open opens the ledger at a URL, and creates it if there is none:
//
//	sqlite:PATH               a file; directories are made with mode 0700, the file with 0600. Further processes on the
//	                          same machine may open it too (the command line beside the server)
//	postgres://…              the schema dpproxy in that database; any number of processes
//
// A ledger that was left by a crash opens by itself.
func Open(ctx context.Context, url string, o Options) (*Ledger, error) {
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	var s store
	var err error
	switch {
	case isPostgres(url):
		s, err = openPostgres(ctx, url, o.Log)
	case strings.HasPrefix(url, "sqlite:"):
		s, err = openSQLite(ctx, strings.TrimPrefix(url, "sqlite:"), o.Log)
	default:
		err = errors.New("ledger: the URL must begin with sqlite: or postgres://")
	}
	if err != nil {
		return nil, err
	}
	var name [12]byte
	if _, err := rand.Read(name[:]); err != nil {
		return nil, errors.Join(err, s.close())
	}
	l := &Ledger{
		store: s, clock: o.Clock, log: o.Log, queue: newQueue(), process: hex.EncodeToString(name[:]),
		stopped: make(chan struct{}), quit: make(chan struct{}), limits: map[budget.Budget]privacy.Loss{},
	}
	l.pending.init()
	go l.write()
	go l.heartbeat()
	if err := l.sweep(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("ledger: cannot write: %w", err), l.Close())
	}
	return l, nil
}

// Close writes what waits, and fails if it could not.
func (l *Ledger) Close() error {
	l.once.Do(func() {
		// Nobody keeps this process's open reservations alive any more.
		_ = l.lazy(&leaveOp{}, false)
		close(l.quit)
		l.queue.close()
		<-l.stopped
		if n := l.unsettled.Load(); n > 0 {
			l.closed = fmt.Errorf("ledger: %d entries could not be written; their charges stand", n)
		}
		l.closed = errors.Join(l.closed, l.store.close())
	})
	return l.closed
}

// limit is budget.Limit, kept.
func (l *Ledger) limit(b budget.Budget) (privacy.Loss, error) {
	b.Refresh = 0
	l.mu.Lock()
	defer l.mu.Unlock()
	if limit, ok := l.limits[b]; ok {
		return limit, nil
	}
	limit, err := budget.Limit(b)
	if err != nil {
		return privacy.Loss{}, err
	}
	if len(l.limits) > 10_000 { // grants make new budgets, but not that many
		clear(l.limits)
	}
	l.limits[b] = limit
	return limit, nil
}

// Ping tells whether the ledger can be written, by writing it.
func (l *Ledger) Ping(ctx context.Context) error { return l.do(ctx, &beatOp{}) }

// Balance reads an account.
func (l *Ledger) Balance(ctx context.Context, a budget.Account) (budget.Balance, error) {
	if err := l.flush(ctx); err != nil {
		return budget.Balance{}, err
	}
	s := budget.State{Key: a.Key}
	err := l.store.read(ctx, func(r reader) error {
		const text = `SELECT ` + accountColumns + ` FROM accounts WHERE analyst = $1 AND dataset = $2`
		return r.each(ctx, text, []any{a.Key.Analyst, a.Key.Dataset}, func(r row) (err error) {
			s, err = scanAccount(r)
			return err
		})
	})
	if err != nil {
		return budget.Balance{}, err
	}
	return l.balance(s.At(l.clock(), a.Budget.Refresh), a)
}

// balance is a state, which is at the present time, as people read it.
func (l *Ledger) balance(s budget.State, a budget.Account) (budget.Balance, error) {
	effective, err := s.Effective(a.Budget)
	if err != nil {
		return budget.Balance{}, err
	}
	limit, err := l.limit(effective)
	if err != nil {
		return budget.Balance{}, err
	}
	return s.Balance(a, effective, limit)
}
