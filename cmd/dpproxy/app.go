package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/dpproxy/dpproxy/answer"
	"github.com/dpproxy/dpproxy/budget/ledgersql"
	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/config"
	"github.com/dpproxy/dpproxy/engine"
	"github.com/dpproxy/dpproxy/internal/datasets"
	"github.com/dpproxy/dpproxy/internal/metrics"
	"github.com/dpproxy/dpproxy/internal/tracing"
	"github.com/dpproxy/dpproxy/login"
	"github.com/dpproxy/dpproxy/mechanism"
	"github.com/dpproxy/dpproxy/proxy"
	"github.com/dpproxy/dpproxy/ratelimit"
	"github.com/dpproxy/dpproxy/rewrite"
)

// planCache is how many plans are kept: a dashboard has tens, and a plan takes some tens of KB.
const planCache = 2000

// tracesTimeout is how long the last traces may take to be sent.
const tracesTimeout = 5 * time.Second

// app is everything that answers queries, in the order of construction.
type app struct {
	config   *config.Config
	log      *slog.Logger
	clock    answer.Clock
	loaded   []*datasets.Loaded
	ledger   *ledgersql.Ledger
	limiter  ratelimit.Limiter
	registry *prometheus.Registry
	metrics  *metrics.Metrics
	tracer   *tracing.Tracer // nil: none
	service  *answer.Service
	checker  *login.Checker // of tokens and keys; nil: none

	mu sync.Mutex // guards config and loaded, which a reload replaces
}

// faultsError says that a configuration cannot be served as its sources are now.
type faultsError struct{ faults []config.Fault }

func (e *faultsError) Error() string { return "the configuration cannot be served" }

// print writes the faults, one a line.
func (e *faultsError) print(w io.Writer) {
	for _, f := range e.faults {
		fmt.Fprintln(w, f)
	}
}

// openApp builds what a configuration describes, on the machine's clock.
func openApp(ctx context.Context, c *config.Config, log *slog.Logger) (*app, error) {
	return openAppAt(ctx, c, log, time.Now)
}

// openAppAt is openApp on any clock. Nothing is built half: on an error all is closed again.
func openAppAt(ctx context.Context, c *config.Config, log *slog.Logger, clock answer.Clock) (_ *app, err error) {
	a := &app{config: c, log: log, clock: clock, registry: prometheus.NewRegistry()}
	defer func() {
		if err != nil {
			err = errors.Join(err, a.close())
		}
	}()
	if a.loaded, err = openDatasets(ctx, c, log); err != nil {
		return nil, err
	}
	if a.ledger, err = openLedgerAt(ctx, c, log, clock); err != nil {
		return nil, err
	}
	a.limiter, err = ratelimit.Open(ratelimit.Options{
		Redis: c.RateLimits.Redis, Strategy: c.RateLimits.Strategy, AllowOnFailure: c.RateLimits.AllowOnFailure,
		Clock: clock, Logger: log,
	})
	if err != nil {
		return nil, fmt.Errorf("cannot open the rate limits' store: %w", err)
	}
	if a.checker, err = newChecker(ctx, c, log, clock); err != nil {
		return nil, err
	}
	if a.tracer, err = tracing.FromEnvironment(ctx, buildVersion(), os.LookupEnv); err != nil {
		return nil, err
	}
	served, users := servedBy(c, a.loaded)
	a.metrics = metrics.New(a.registry)
	a.counts(served)
	options := answer.Options{
		Datasets: served, Users: users, Access: accessOf(c, a.checker), Ledger: a.ledger, Limiter: a.limiter, Planner: rewrite.NewPlanner(planCache),
		Random: mechanism.NewCryptoSource(), Clock: clock, Logger: log, Observer: a.metrics, Archive: archiving(c),
	}
	if a.tracer != nil {
		options.Tracer = a.tracer
	}
	a.service, err = answer.New(options)
	return a, err
}

// counts has the metrics of data sets begin.
func (a *app) counts(served []*answer.Dataset) {
	for _, d := range served {
		a.metrics.Serve(d.Catalog.Name)
	}
}

// openDatasets opens all data sets of a configuration, or none; with `validate_on_startup: false` those that can be served,
// as no data set is ever served unvalidated. Warnings are logged.
func openDatasets(ctx context.Context, c *config.Config, log *slog.Logger) ([]*datasets.Loaded, error) {
	loaded, faults := datasets.Open(ctx, c, log)
	if catalog.Blocking(faults) && c.ValidateOnStartup {
		return nil, errors.Join(&faultsError{faults}, datasets.Close(loaded))
	}
	logFaults(log, faults)
	if n := len(c.Datasets) - len(loaded); n > 0 {
		log.Error("data sets are not served, as they have faults; SIGHUP tries again", "missing", n, "served", len(loaded))
	}
	return loaded, nil
}

// servedBy is a configuration and its opened data sets as package answer takes them.
func servedBy(c *config.Config, loaded []*datasets.Loaded) ([]*answer.Dataset, []*answer.User) {
	var served []*answer.Dataset
	for _, l := range loaded {
		d := &answer.Dataset{
			Catalog: l.Catalog, Engine: l.Engine, Budget: l.Config.Budget,
			Reuse: answer.Reuse{Off: l.Config.Reuse.Off, MaxAge: l.Config.Reuse.MaxAge}, Approvers: l.Config.Authorized,
			Public: l.Config.Public, PublicRates: l.Config.Rates,
			MaxQueries: l.Config.MaxQueries, MaxQueriesMessage: l.Config.MaxQueriesMessage, Terms: l.Config.Terms,
		}
		d.Design = answer.NewDesign(func(ctx context.Context, rows answer.DesignRows) (engine.Engine, error) {
			return l.Design(ctx, rows.Units, rows.Seed)
		})
		if l.Preview != nil {
			d.Preview = answer.NewPreview(l.Preview)
		}
		served = append(served, d)
	}
	var users []*answer.User
	for _, u := range c.Users {
		user := &answer.User{Name: u.Name, Account: u.Account, Verifier: u.Password, MayQuery: u.MayQuery, Places: u.MaxParallel, Datasets: map[string]answer.Grant{}}
		for _, g := range u.Grants {
			user.Datasets[g.Dataset] = grantOf(g)
		}
		users = append(users, user)
	}
	return served, users
}

// reload serves what the configuration says now. If it cannot be served, everything stays as it is.
func (a *app) reload(ctx context.Context, c *config.Config) error {
	loaded, err := openDatasets(ctx, c, a.log)
	if err != nil {
		return err
	}
	if ledgerURL(c) != ledgerURL(a.config) || c.Listen != a.config.Listen || c.RateLimits != a.config.RateLimits || c.Admin != a.config.Admin {
		a.log.Warn("listen, admin, ledger and the storage of rate limits change only with a restart")
	}
	checker, err := newChecker(ctx, c, a.log, a.clock)
	if err != nil {
		return errors.Join(err, datasets.Close(loaded))
	}
	served, users := servedBy(c, loaded)
	a.counts(served)
	idle := a.service.Replace(served, users, accessOf(c, checker))
	a.service.SetArchiving(archiving(c))
	a.mu.Lock()
	old, former := a.loaded, a.checker
	a.loaded, a.config, a.checker = loaded, c, checker
	a.mu.Unlock()
	go func() { // engines whose last query has ended
		<-idle
		former.Close()
		if err := datasets.Close(old); err != nil {
			a.log.Warn("a source did not close", "error", err)
		}
	}()
	return nil
}

func archiving(c *config.Config) answer.Archiving {
	return answer.Archiving{Answers: c.Archive.Answers, Public: c.Archive.Public, MaxBytes: c.Archive.MaxAnswer}
}

// current is what is served now.
func (a *app) current() (*config.Config, []*datasets.Loaded) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.config, a.loaded
}

// close closes everything that was opened, the ledger last but for the sources.
func (a *app) close() error {
	a.checker.Close()
	var errs []error
	if a.tracer != nil {
		ctx, cancel := context.WithTimeout(context.Background(), tracesTimeout)
		defer cancel()
		if err := a.tracer.Close(ctx); err != nil {
			a.log.Warn("the last traces were not sent", "error", err)
		}
	}
	if a.limiter != nil {
		errs = append(errs, a.limiter.Close())
	}
	if a.service != nil {
		a.service.Close()
	}
	if a.ledger != nil {
		errs = append(errs, a.ledger.Close())
	}
	return errors.Join(append(errs, datasets.Close(a.loaded))...)
}

// listen opens the address of a server. A port that is taken is the most common mistake, so it is said plainly.
func listen(address string) (net.Listener, error) {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("cannot listen on %s: %w (is another dpproxy or PgBouncer running there? choose another address)", address, err)
	}
	return l, nil
}

// wireConfig is the configuration of the wire.
func wireConfig(c *config.Config, secret []byte) proxy.Config {
	l := c.Limits
	w := proxy.Config{
		Listen: c.Listen, MaxClientConn: l.MaxClientConn, MaxLoginConn: l.MaxLoginConn, MaxUserConnections: l.MaxUserConnections, MaxPacketSize: l.MaxPacketSize,
		MaxPrepared: l.MaxPreparedStatements, MaxPortals: l.MaxPortals, LoginTimeout: l.ClientLoginTimeout, IdleTimeout: l.ClientIdleTimeout,
		IdleInTransaction: l.IdleTransaction, QueryTimeout: l.QueryTimeout, WriteTimeout: l.ClientWriteTimeout, MockSecret: secret,
		Timing: proxy.Timing{Method: proxy.TimingMethod(c.Timing.Method), Bucket: c.Timing.Bucket}, TLS: wireTLS(c), Auth: wireAuth(c),
	}
	return w
}

func wireTLS(c *config.Config) proxy.TLS {
	if c.TLS == nil {
		return proxy.TLS{}
	}
	return proxy.TLS{Cert: c.TLS.Cert, Key: c.TLS.Key, ClientCA: c.TLS.ClientCA, ClientOptional: c.TLS.ClientOptional, Required: c.TLS.Required}
}
