package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/dpproxy/dpproxy/budget"
	"github.com/dpproxy/dpproxy/budget/ledgersql"
	"github.com/dpproxy/dpproxy/config"
)

func newHistory() *cobra.Command {
	return group("history", "Show who asked what, and verify the record", newHistoryList(), newHistoryReplay(), newHistoryExport(), newHistoryPrune(), newHistoryVerify())
}

func newHistoryList() *cobra.Command {
	cmd := &cobra.Command{
		Use: "list", Short: "List queries and the owner's acts, newest first", Args: exactly(),
		Example: "  dpproxy history list --config dpproxy.yaml --user alice --limit 20",
	}
	path, format := configFlag(cmd), outputFlag(cmd)
	user, dataset := cmd.Flags().StringP("user", "u", "", "only this analyst's"), cmd.Flags().StringP("dataset", "d", "", "only on this data set")
	limit := cmd.Flags().IntP("limit", "n", 50, "at most so many")
	before := cmd.Flags().Int64("before", 0, "only entries with a smaller id")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		out, err := newOutput(cmd, *format)
		if err != nil {
			return err
		}
		if *limit < 1 {
			return usagef("--limit is at least 1")
		}
		return withLedger(cmd, *path, func(_ *config.Config, l *ledgersql.Ledger) error {
			entries, err := l.History(cmd.Context(), budget.HistoryQuery{Analyst: *user, Dataset: *dataset, Limit: *limit, Before: *before})
			if err != nil {
				return err
			}
			return out.print(historyColumns(out.json), historyRows(out.json, entries))
		})
	}
	return cmd
}

// historyColumns: people get what fits a line, programs get all.
func historyColumns(all bool) []column {
	columns := []column{
		{"id", "id", true}, {"time", "time", false}, {"analyst", "analyst", false}, {"dataset", "dataset", false},
		{"outcome", "outcome", false}, {"state", "sqlstate", false}, {"ε", "epsilon", true}, {"δ", "delta", true}, {"ρ", "rho", true}, {"SQL", "sql", false},
	}
	if all {
		columns = append(columns, column{"", "dataset_epsilon", true}, column{"", "dataset_delta", true}, column{"", "dataset_rho", true},
			column{"", "plan", false}, column{"", "duration_ms", true}, column{"", "application", false}, column{"", "client", false},
			column{"", "by", false}, column{"", "note", false})
	}
	return columns
}

func historyRows(all bool, entries []budget.Entry) [][]any {
	rows := make([][]any, 0, len(entries))
	for _, e := range entries {
		what := e.SQL
		if what == "" {
			what = e.Note
		}
		if !all {
			what = shorten(what, 80)
		}
		row := []any{e.ID, e.Time.UTC().Format("2006-01-02T15:04:05.000Z"), e.Analyst, e.Dataset, e.Outcome, e.SQLState,
			e.Loss.Epsilon.String(), e.Loss.Delta.String(), e.Loss.Rho.String(), what}
		if all {
			row[len(row)-1] = e.SQL
			row = append(row, e.DatasetLoss.Epsilon.String(), e.DatasetLoss.Delta.String(), e.DatasetLoss.Rho.String(),
				e.Plan, e.Duration.Milliseconds(), e.Application, e.Client, e.By, e.Note)
		}
		rows = append(rows, row)
	}
	return rows
}

func shorten(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n-1]) + "…"
	}
	return s
}

func newHistoryVerify() *cobra.Command {
	cmd := &cobra.Command{
		Use: "verify", Short: "Check that nobody has changed the record", Args: exactly(),
		Long: `verify reads the whole history and checks its chain of hashes. It prints the number of entries and the hash of the
last one: keep that elsewhere, and a cut-off end shows too. The exit code is 1 where the chain is broken.`,
		Example: "  dpproxy history verify --config dpproxy.yaml",
	}
	path, format := configFlag(cmd), outputFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		out, err := newOutput(cmd, *format)
		if err != nil {
			return err
		}
		return withLedger(cmd, *path, func(_ *config.Config, l *ledgersql.Ledger) error {
			v, err := l.Verify(cmd.Context())
			if broken := (*budget.Tampered)(nil); errors.As(err, &broken) {
				return fmt.Errorf("the history is not as it was written: entry %d: %s", broken.ID, broken.Reason)
			}
			if err != nil {
				return err
			}
			return out.print([]column{{"entries", "entries", true}, {"head", "head", false}}, [][]any{{v.Entries, fmt.Sprintf("%x", v.Head)}})
		})
	}
	return cmd
}
