package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/dpproxy/dpproxy/answer"
	"github.com/dpproxy/dpproxy/budget"
	"github.com/dpproxy/dpproxy/budget/ledgersql"
	"github.com/dpproxy/dpproxy/config"
)

func newHistoryReplay() *cobra.Command {
	cmd := &cobra.Command{
		Use: "replay ID", Short: "Show an answer as it was given", Args: exactly("ID"),
		Long:    "replay reads an answer from the archive. Nothing is asked of the source, and nothing is charged.",
		Example: "  dpproxy history replay 17 --config dpproxy.yaml",
	}
	path, format := configFlag(cmd), outputFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		out, err := newOutput(cmd, *format)
		if err != nil {
			return err
		}
		id, err := strconv.ParseInt(args[0], 10, 64)
		if err != nil || id < 1 {
			return usagef("%q is no number of an entry; `dpproxy history list` shows them", args[0])
		}
		return withLedger(cmd, *path, func(_ *config.Config, l *ledgersql.Ledger) error {
			a, ok, err := readAnswer(cmd.Context(), l, id)
			if err != nil {
				return err
			}
			if !ok {
				return fmt.Errorf("no answer of entry %d is kept: it is too large, too old, was refused, or there is no such entry", id)
			}
			return out.print(answerTable(a))
		})
	}
	return cmd
}

func readAnswer(ctx context.Context, l *ledgersql.Ledger, id int64) (answer.ArchivedAnswer, bool, error) {
	kept, ok, err := l.Archived(ctx, id)
	if err != nil || !ok {
		return answer.ArchivedAnswer{}, false, err
	}
	a, err := answer.DecodeArchived(kept.Body)
	return a, err == nil, err
}

func answerTable(a answer.ArchivedAnswer) ([]column, [][]any) {
	columns := make([]column, len(a.Columns))
	for i, c := range a.Columns {
		columns[i] = column{title: c.Name, name: c.Name, right: c.Type.IsNumeric()}
	}
	rows := make([][]any, len(a.Rows))
	for i, r := range a.Rows {
		rows[i] = make([]any, len(r))
		for j, c := range r {
			if !c.Null {
				rows[i][j] = c.Text
			}
		}
	}
	return columns, rows
}

// exported is one line of an export.
type exported struct {
	ID             int64           `json:"id"`
	Time           string          `json:"time"`
	Analyst        string          `json:"analyst,omitempty"`
	Dataset        string          `json:"dataset,omitempty"`
	Outcome        string          `json:"outcome"`
	SQLState       string          `json:"sqlstate,omitempty"`
	SQL            string          `json:"sql,omitempty"`
	Plan           string          `json:"plan,omitempty"`
	Epsilon        string          `json:"epsilon"`
	Delta          string          `json:"delta"`
	Rho            string          `json:"rho"`
	DatasetEpsilon string          `json:"dataset_epsilon"`
	DatasetDelta   string          `json:"dataset_delta"`
	DatasetRho     string          `json:"dataset_rho"`
	DurationMS     int64           `json:"duration_ms"`
	Application    string          `json:"application,omitempty"`
	Client         string          `json:"client,omitempty"`
	By             string          `json:"by,omitempty"`
	Note           string          `json:"note,omitempty"`
	Rows           *int64          `json:"rows,omitempty"`
	Answer         *exportedAnswer `json:"answer,omitempty"`
}

type exportedAnswer struct {
	Columns []map[string]string `json:"columns"`
	Rows    [][]*string         `json:"rows"`
}

func newHistoryExport() *cobra.Command {
	cmd := &cobra.Command{
		Use: "export", Short: "Print the history as JSON lines, newest first", Args: exactly(),
		Long: `export prints every entry as one line of JSON: who asked what, its plan, its price, how it ended. With --answers the
released rows stand in it, as they were given.`,
		Example: "  dpproxy history export --config dpproxy.yaml --answers > history.jsonl",
	}
	path := configFlag(cmd)
	user, dataset := cmd.Flags().StringP("user", "u", "", "only this analyst's"), cmd.Flags().StringP("dataset", "d", "", "only on this data set")
	answers := cmd.Flags().Bool("answers", false, "with the released rows")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		return withLedger(cmd, *path, func(_ *config.Config, l *ledgersql.Ledger) error {
			e := json.NewEncoder(cmd.OutOrStdout())
			e.SetEscapeHTML(false)
			q := budget.HistoryQuery{Analyst: *user, Dataset: *dataset, Limit: 500}
			for {
				page, err := l.History(cmd.Context(), q)
				if err != nil || len(page) == 0 {
					return err
				}
				for _, entry := range page {
					line, err := exportLine(cmd.Context(), l, entry, *answers)
					if err == nil {
						err = e.Encode(line)
					}
					if err != nil {
						return err
					}
				}
				q.Before = page[len(page)-1].ID
			}
		})
	}
	return cmd
}

func exportLine(ctx context.Context, l *ledgersql.Ledger, e budget.Entry, answers bool) (exported, error) {
	out := exported{
		ID: e.ID, Time: e.Time.UTC().Format(time.RFC3339Nano), Analyst: e.Analyst, Dataset: e.Dataset, Outcome: e.Outcome, SQLState: e.SQLState,
		SQL: e.SQL, Plan: e.Plan, Epsilon: e.Loss.Epsilon.String(), Delta: e.Loss.Delta.String(), Rho: e.Loss.Rho.String(),
		DatasetEpsilon: e.DatasetLoss.Epsilon.String(), DatasetDelta: e.DatasetLoss.Delta.String(), DatasetRho: e.DatasetLoss.Rho.String(),
		DurationMS: e.Duration.Milliseconds(), Application: e.Application, Client: e.Client, By: e.By, Note: e.Note,
	}
	if !e.Archived {
		return out, nil
	}
	out.Rows = &e.Rows
	if !answers {
		return out, nil
	}
	a, ok, err := readAnswer(ctx, l, e.ID)
	if err != nil || !ok {
		return out, err
	}
	out.Answer = &exportedAnswer{Rows: make([][]*string, len(a.Rows))}
	for _, c := range a.Columns {
		out.Answer.Columns = append(out.Answer.Columns, map[string]string{"name": c.Name, "type": c.Type.String()})
	}
	for i, r := range a.Rows {
		out.Answer.Rows[i] = make([]*string, len(r))
		for j := range r {
			if !r[j].Null {
				out.Answer.Rows[i][j] = &r[j].Text
			}
		}
	}
	return out, nil
}

func newHistoryPrune() *cobra.Command {
	cmd := &cobra.Command{
		Use: "prune", Short: "Take old answers and releases away; the history stays, and stays verifiable", Args: exactly(),
		Long: `prune takes the rows of answers away, and the releases by which the same question is answered again for free, where they
are older than a duration. Entries of the history stay with the hash of each answer, and what was spent stays spent. Who asks
again what was pruned pays again. archive.retain in the configuration does the same by itself.`,
		Example: "  dpproxy history prune --older-than 90d --config dpproxy.yaml",
	}
	path, format, by := configFlag(cmd), outputFlag(cmd), byFlag(cmd)
	age := cmd.Flags().String("older-than", "", "such as 90d or 24h (required)")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		out, err := newOutput(cmd, *format)
		if err != nil {
			return err
		}
		d, err := parseAge(*age)
		if err != nil {
			return err
		}
		return withLedger(cmd, *path, func(_ *config.Config, l *ledgersql.Ledger) error {
			p, err := l.Prune(cmd.Context(), time.Now().Add(-d), *by)
			if err != nil {
				return err
			}
			return out.print([]column{{"answers", "answers", true}, {"releases", "releases", true}}, [][]any{{p.Answers, p.Releases}})
		})
	}
	return cmd
}

// parseAge reads days, or a duration as Go writes it.
func parseAge(text string) (time.Duration, error) {
	if days, ok := strings.CutSuffix(text, "d"); ok {
		if n, err := strconv.Atoi(days); err == nil && n >= 0 && n < 100_000 {
			return time.Duration(n) * 24 * time.Hour, nil
		}
	}
	d, err := time.ParseDuration(text)
	if err != nil || d < 0 {
		return 0, usagef("--older-than takes a duration such as 90d or 24h, not %q", text)
	}
	return d, nil
}
