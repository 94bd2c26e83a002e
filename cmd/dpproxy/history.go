package main

import (
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"

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
	user, dataset := cmd.Flags().StringP("user", "u", "", "only this analyst's; the name of an account: of all who share it"), cmd.Flags().StringP("dataset", "d", "", "only on this data set")
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
		return withLedger(cmd, *path, func(c *config.Config, l *ledgersql.Ledger) error {
			q := budget.HistoryQuery{Analyst: *user, Dataset: *dataset, Limit: *limit, Before: *before}
			if c.AccountOf(*user) != *user {
				q.Analyst, q.User = "", *user // of the account that he shares, his own alone
			}
			entries, err := l.History(cmd.Context(), q)
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
		who := e.Analyst
		if !all && e.SQL != "" && e.By != "" {
			who += " (" + e.By + ")" // the account, and who asked
		}
		row := []any{e.ID, e.Time.UTC().Format("2006-01-02T15:04:05.000Z"), who, e.Dataset, e.Outcome, e.SQLState,
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
last one: note both elsewhere, as in 120:9f2c… A chain shows that an entry was changed, taken out, put in or moved, and
that its end was cut off, unless whoever did it computed all later hashes and the head anew. Against that, and against a
ledger that was put back to an older copy, nothing in the ledger helps: give what you noted with --noted, and verify
checks that the history still begins with it. The exit code is 1 where something was changed.`,
		Example: "  dpproxy history verify --config dpproxy.yaml --noted 120:9f2c…",
	}
	path, format := configFlag(cmd), outputFlag(cmd)
	noted := cmd.Flags().String("noted", "", "`ENTRIES:HEAD` as an earlier verify printed them")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		out, err := newOutput(cmd, *format)
		if err != nil {
			return err
		}
		entries, head, err := parseNoted(*noted)
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
			if entries > 0 {
				hash, ok, err := l.HashAt(cmd.Context(), entries)
				switch {
				case err != nil:
					return err
				case !ok:
					return fmt.Errorf("the history is not as it was noted: it has %d entries, and had %d", v.Entries, entries)
				case hex.EncodeToString(hash[:]) != head:
					return fmt.Errorf("the history is not as it was noted: its first %d entries are others", entries)
				}
			}
			return out.print([]column{{"entries", "entries", true}, {"head", "head", false}}, [][]any{{v.Entries, fmt.Sprintf("%x", v.Head)}})
		})
	}
	return cmd
}

// parseNoted reads ENTRIES:HEAD; nothing is 0 entries.
func parseNoted(text string) (entries int64, head string, err error) {
	if text == "" {
		return 0, "", nil
	}
	number, head, ok := strings.Cut(text, ":")
	entries, err = strconv.ParseInt(number, 10, 64)
	if raw, bad := hex.DecodeString(head); !ok || err != nil || entries < 1 || bad != nil || len(raw) != 32 {
		return 0, "", usagef("--noted is ENTRIES:HEAD, as history verify printed them")
	}
	return entries, strings.ToLower(head), nil
}
