package main

import (
	"context"
	"sync"
	"time"

	"github.com/dpproxy/dpproxy/engine"
	"github.com/dpproxy/dpproxy/internal/metrics"
	"github.com/dpproxy/dpproxy/privacy"
	"github.com/dpproxy/dpproxy/proxy"
)

// balancesKept is how long the balances of the metrics page are kept: one account is one read of the ledger.
const balancesKept = 5 * time.Second

// registerLive adds to the metrics what is read when the page is asked for.
func registerLive(a *app, server *proxy.Server) error {
	b := &balances{app: a}
	return metrics.RegisterLive(a.registry, metrics.Live{
		Sessions: func() float64 { return float64(server.Sessions()) },
		Accounts: b.read,
		Pools:    a.pools,
	})
}

// pools are the connections to the sources.
func (a *app) pools() []metrics.Pool {
	_, loaded := a.current()
	var out []metrics.Pool
	for _, l := range loaded {
		if p, ok := l.Engine.(engine.Pooled); ok {
			s := p.Pool()
			out = append(out, metrics.Pool{Dataset: l.Config.Name, Busy: float64(s.Busy), Idle: float64(s.Idle), Most: float64(s.Most),
				Waits: float64(s.Waits), Waited: s.Waited})
		}
	}
	return out
}

// balances reads the accounts' balances, at most once in a while.
type balances struct {
	app *app

	mu   sync.Mutex
	at   time.Time
	kept []metrics.Account
}

func (b *balances) read() ([]metrics.Account, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if time.Since(b.at) < balancesKept {
		return b.kept, nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	c, _ := b.app.current()
	var out []metrics.Account
	for _, account := range accounts(c) {
		balance, err := b.app.ledger.Balance(ctx, account)
		if err != nil {
			return nil, err
		}
		out = append(out, metrics.Account{Analyst: account.Key.Analyst, Dataset: account.Key.Dataset, Count: float64(balance.Queries),
			Spent: amount(balance.SpentEpsilon), Left: amount(balance.LeftEpsilon), Limit: amount(balance.Effective.Epsilon)})
	}
	b.at, b.kept = time.Now(), out
	return out, nil
}

// amount is ε as Prometheus has it.
func amount(e privacy.Epsilon) float64 { f, _ := e.Rat().Float64(); return f }
