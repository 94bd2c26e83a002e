package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/dpproxy/dpproxy/config"
	"github.com/dpproxy/dpproxy/proxy"
)

func newServe() *cobra.Command {
	cmd := &cobra.Command{
		Use: "serve", Short: "Serve the data sets of a configuration", Args: exactly(),
		Long: `serve opens the sources, the ledger and the listener, and logs one line with "ready" and the address when clients
may connect. SIGTERM and SIGINT drain: running queries end, new ones are refused. SIGHUP reads the configuration again;
if it cannot be served, the old one stays and the log says why.`,
		Example: "  dpproxy serve --config /etc/dpproxy/dpproxy.yaml",
	}
	path := configFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		c, err := loadConfig(cmd, *path)
		if err != nil {
			return err
		}
		log := newLogger(cmd.ErrOrStderr(), c.Log)
		a, err := openApp(cmd.Context(), c, log)
		if err != nil {
			return printed(cmd.ErrOrStderr(), err)
		}
		l, err := listen(c.Listen)
		if err != nil {
			return errors.Join(err, a.close())
		}
		err = serve(cmd.Context(), a, l, func() {})
		return errors.Join(err, a.close())
	}
	return cmd
}

// serve serves an app until the context ends, and drains. started is called when clients may connect.
func serve(ctx context.Context, a *app, l net.Listener, started func()) error {
	secret, err := mockSecret(a.config)
	if err != nil {
		return errors.Join(err, l.Close())
	}
	intro, err := newIntrospector(a)
	if err != nil {
		return errors.Join(err, l.Close())
	}
	defer intro.close()
	server, err := proxy.New(wireConfig(a.config, secret), a.service, intro.introspector, a.log, a.clock)
	if err != nil {
		return errors.Join(err, l.Close())
	}
	if err := registerLive(a, server); err != nil {
		return errors.Join(err, l.Close())
	}
	pages, err := startAdmin(a)
	if err != nil {
		return errors.Join(err, l.Close())
	}
	defer pages.close()
	// A file that may not grow is an error of a write, as a full disk is, and not the end of the process.
	signal.Ignore(syscall.SIGXFSZ)
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP)
	defer signal.Stop(hangups)

	warnContradictions(ctx, a)
	retention := newPruner(a)
	defer retention.close()
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(context.WithoutCancel(ctx), l) }()
	pages.ready.Store(true)
	a.log.Info("ready", "address", l.Addr().String(), "datasets", len(a.config.Datasets), "version", buildVersion())
	started()
	for {
		select {
		case <-hangups:
			hangup(ctx, a, server)
			warnContradictions(ctx, a)
			retention.set(a.config.Archive.Retain)
		case <-ctx.Done():
			pages.ready.Store(false)
			return errors.Join(drain(a, server), <-ended)
		case err := <-ended:
			pages.ready.Store(false)
			return errors.Join(err, drain(a, server))
		}
	}
}

// startAdmin serves the owner's pages, if the configuration has an address for them.
func startAdmin(a *app) (*admin, error) {
	pages := newAdmin(a)
	if a.config.Admin.Listen == "" {
		return pages, nil
	}
	l, err := listen(a.config.Admin.Listen)
	if err != nil {
		return nil, fmt.Errorf("admin: %w", err)
	}
	a.log.Info("admin pages", "address", l.Addr().String())
	go pages.serve(l, a.log)
	return pages, nil
}

// drain lets running queries end, for the time that the configuration gives.
func drain(a *app, server *proxy.Server) error {
	ctx, cancel := context.Background(), func() {}
	if t := a.config.Limits.ShutdownTimeout; t > 0 {
		ctx, cancel = context.WithTimeout(ctx, t)
	}
	defer cancel()
	a.log.Info("draining", "sessions", server.Sessions())
	if err := server.Shutdown(ctx); err != nil {
		a.log.Warn("queries were cancelled, as they did not end in time", "error", err)
	}
	a.log.Info("stopped")
	return nil
}

// warnContradictions logs where the configuration and the ledger say different things.
func warnContradictions(ctx context.Context, a *app) {
	list, err := contradictions(ctx, a.config, a.ledger)
	if err != nil {
		a.log.Error("the configuration was not compared with the ledger", "error", err)
	}
	for _, t := range list {
		a.log.Warn("configuration and ledger differ", "what", t)
	}
}

// hangup reads the configuration again.
func hangup(ctx context.Context, a *app, server *proxy.Server) {
	c, faults := config.Load(a.config.Path, os.LookupEnv)
	logFaults(a.log, faults)
	if c == nil {
		a.log.Error("the configuration was not reloaded: it has faults; the old one stays in force")
		return
	}
	err := a.reload(ctx, c)
	if err == nil {
		err = server.Reload(wireTLS(c), wireAuth(c))
	}
	if broken := (*faultsError)(nil); errors.As(err, &broken) {
		logFaults(a.log, broken.faults)
	}
	if err != nil {
		a.log.Error("the configuration was not reloaded; the old one stays in force", "error", err)
		return
	}
	a.log.Info("configuration reloaded", "datasets", len(c.Datasets), "users", len(c.Users))
}

func logFaults(log *slog.Logger, faults []config.Fault) {
	for _, f := range faults {
		if f.Warning {
			log.Warn("configuration", "fault", f.String())
		} else {
			log.Error("configuration", "fault", f.String())
		}
	}
}
