package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/user"
	"time"

	"github.com/spf13/cobra"

	"github.com/dpproxy/dpproxy/answer"
	"github.com/dpproxy/dpproxy/budget"
	"github.com/dpproxy/dpproxy/budget/ledgersql"
	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/config"
)

// configFlag adds --config to a command.
func configFlag(cmd *cobra.Command) *string {
	return cmd.Flags().StringP("config", "c", "", "the configuration `FILE` (required)")
}

// loadConfig reads a configuration. Its faults are printed, one a line; the error then says no more.
func loadConfig(cmd *cobra.Command, path string) (*config.Config, error) {
	if path == "" {
		return nil, usagef("%s needs --config FILE", cmd.CommandPath())
	}
	c, faults := config.Load(path, os.LookupEnv)
	for _, f := range faults {
		fmt.Fprintln(cmd.ErrOrStderr(), f)
	}
	if c == nil {
		return nil, &silentError{}
	}
	return c, nil
}

// ledgerURL is where a configuration's ledger is, as ledgersql.Open takes it.
func ledgerURL(c *config.Config) string {
	if c.Ledger.Postgres != "" {
		return c.Ledger.Postgres
	}
	return "sqlite:" + c.Ledger.SQLite
}

func openLedger(ctx context.Context, c *config.Config, log *slog.Logger) (*ledgersql.Ledger, error) {
	return openLedgerAt(ctx, c, log, time.Now)
}

func openLedgerAt(ctx context.Context, c *config.Config, log *slog.Logger, clock answer.Clock) (*ledgersql.Ledger, error) {
	l, err := ledgersql.Open(ctx, ledgerURL(c), ledgersql.Options{Log: log, Clock: clock})
	if err != nil {
		return nil, fmt.Errorf("cannot open the ledger: %w", err)
	}
	return l, nil
}

// withLedger runs an owner's command on the ledger of a configuration.
func withLedger(cmd *cobra.Command, path string, f func(*config.Config, *ledgersql.Ledger) error) error {
	c, err := loadConfig(cmd, path)
	if err != nil {
		return err
	}
	l, err := openLedger(cmd.Context(), c, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	err = f(c, l)
	if closing := l.Close(); err == nil {
		err = closing
	}
	return err
}

// accounts lists the accounts of a configuration: each data set's, then its analysts'.
func accounts(c *config.Config) []budget.Account {
	var out []budget.Account
	seen := map[budget.Key]bool{}
	for _, d := range c.Datasets {
		out = append(out, budget.Account{Key: budget.Key{Dataset: d.Name}, Budget: d.Budget})
		for _, u := range c.Users {
			key := budget.Key{Analyst: u.AccountName(), Dataset: d.Name}
			if g, ok := u.Grant(d.Name); ok && !seen[key] { // users who share an account have one budget
				seen[key] = true
				out = append(out, budget.Account{Key: key, Budget: g.Budget})
			}
		}
	}
	return out
}

// byFlag adds --by, which defaults to the name of who runs the command: it stands in the history.
func byFlag(cmd *cobra.Command) *string {
	name := "owner"
	if u, err := user.Current(); err == nil && u.Username != "" {
		name = u.Username
	}
	return cmd.Flags().String("by", name, "who does it, for the history")
}

// unitName is a declaration's privacy unit as the configuration writes it.
func unitName(d catalog.Declaration) string {
	switch {
	case d.RowUnit:
		return "row"
	case d.UnitTable == "":
		return ""
	}
	return d.UnitTable + "." + d.UnitColumn
}
