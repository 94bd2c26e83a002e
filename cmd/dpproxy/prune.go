package main

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/dpproxy/dpproxy/budget/ledgersql"
)

// pruneEvery is how often a server takes old answers away. Retention is in days; an hour more does not matter.
const pruneEvery = time.Hour

// pruner takes answers and releases away that are older than the configuration keeps them.
type pruner struct {
	ledger *ledgersql.Ledger
	log    *slog.Logger
	retain atomic.Int64
	again  chan struct{}
	cancel context.CancelFunc
	ended  sync.WaitGroup
}

// newPruner starts with what is too old now.
func newPruner(a *app) *pruner {
	ctx, cancel := context.WithCancel(context.Background())
	p := &pruner{ledger: a.ledger, log: a.log, again: make(chan struct{}, 1), cancel: cancel}
	p.set(a.config.Archive.Retain)
	p.ended.Add(1)
	go p.run(ctx)
	return p
}

// set changes the retention, and prunes soon.
func (p *pruner) set(retain time.Duration) {
	p.retain.Store(int64(retain))
	select {
	case p.again <- struct{}{}:
	default:
	}
}

func (p *pruner) run(ctx context.Context) {
	defer p.ended.Done()
	tick := time.NewTicker(pruneEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		case <-p.again:
		}
		retain := time.Duration(p.retain.Load())
		if retain <= 0 {
			continue
		}
		pruned, err := p.ledger.Prune(ctx, time.Now().Add(-retain), "dpproxy")
		switch {
		case err != nil && ctx.Err() == nil:
			p.log.Error("old answers were not taken away", "error", err)
		case pruned.Answers+pruned.Releases > 0:
			p.log.Info("old answers were taken away", "answers", pruned.Answers, "releases", pruned.Releases)
		}
	}
}

func (p *pruner) close() {
	p.cancel()
	p.ended.Wait()
}
