package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/dpproxy/dpproxy/internal/datasets"
)

// admin is the owner's listener: is the process alive, may clients come, and the metrics. It shows no query and no
// value, but how much is asked and how long it takes: keep it on an address that analysts cannot reach.
type admin struct {
	server *http.Server
	ready  atomic.Bool
}

// newAdmin makes the pages; serve must be called for them to be seen.
func newAdmin(a *app) *admin {
	p := &admin{}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "alive") })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		if err := p.check(r.Context(), a); err != nil {
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
			return
		}
		fmt.Fprintln(w, "ready")
		c, loaded := a.current()
		fmt.Fprintf(w, "ledger: ready\ndatasets: %d\nusers: %d\nversion: %s\n", len(c.Datasets), len(c.Users), buildVersion())
		for i, state := range sources(r.Context(), loaded) {
			fmt.Fprintf(w, "source %s: %s\n", loaded[i].Catalog.Name, state)
		}
		fmt.Fprintf(w, "rate limits: %s\n", p.limits(r.Context(), a))
	})
	if page, err := newOwnerPage(a, p); err != nil {
		a.log.Error("the owner's page is not served", "error", err)
	} else if page != nil {
		mux.Handle("/", page)
	}
	mux.Handle("GET /metrics", promhttp.HandlerFor(a.registry, promhttp.HandlerOpts{}))
	p.server = &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second, WriteTimeout: 30 * time.Second, IdleTimeout: time.Minute}
	return p
}

// sourceTimeout is how long a source may take to answer when /readyz asks whether it can be reached.
const sourceTimeout = time.Second

// sources tells of each data set's source whether it answers.
func sources(ctx context.Context, loaded []*datasets.Loaded) []string {
	ctx, cancel := context.WithTimeout(ctx, sourceTimeout)
	defer cancel()
	states := make([]string, len(loaded))
	var all sync.WaitGroup
	for i, l := range loaded {
		all.Go(func() {
			states[i] = "ready"
			if err := l.Engine.Ping(ctx); err != nil {
				states[i] = "does not answer; its data set says 58000"
			}
		})
	}
	all.Wait()
	return states
}

// limits tells of the store of rate limits whether it answers.
func (p *admin) limits(ctx context.Context, a *app) string {
	ctx, cancel := context.WithTimeout(ctx, sourceTimeout)
	defer cancel()
	if err := a.limiter.Ping(ctx); err != nil {
		return "do not answer; queries that they are on are refused with 58000, unless rate_limits.on_storage_failure is allow"
	}
	return "ready"
}

// check says why clients should go elsewhere now. A source that is away is no reason: its data set says 58000, and
// others are served.
func (p *admin) check(ctx context.Context, a *app) error {
	if !p.ready.Load() {
		return errors.New("starting or shutting down")
	}
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	if err := a.ledger.Ping(ctx); err != nil {
		a.log.Error("the ledger cannot be written", "error", err)
		return errors.New("the ledger cannot be written")
	}
	return nil
}

func (p *admin) serve(l net.Listener, log *slog.Logger) {
	if err := p.server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		log.Error("admin pages ended", "error", err)
	}
}

func (p *admin) close() { _ = p.server.Close() }
