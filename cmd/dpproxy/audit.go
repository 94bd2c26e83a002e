package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/dpproxy/dpproxy/answer"
	"github.com/dpproxy/dpproxy/audit"
	"github.com/dpproxy/dpproxy/config"
	"github.com/dpproxy/dpproxy/internal/datasets"
	"github.com/dpproxy/dpproxy/mechanism"
	"github.com/dpproxy/dpproxy/rewrite"
)

func newAudit() *cobra.Command {
	cmd := &cobra.Command{
		Use: "audit", Short: "Attack your own data set with your own queries, and compare what is found with what is claimed", Args: exactly(),
		Long: `audit takes privacy units out of your data, one at a time (by a filter in the SQL: it writes to no source), and tries to tell
the two databases apart. It compares the sensitivities of each plan exactly, then asks each query thousands of times over the wire
and reports the ε that the answers prove, next to the ε that is claimed. Settings in the file count from there on:

  SET dp.epsilon = 0.5;
  SELECT sex, count(*) FROM persons GROUP BY sex;

No budget is charged, no release is stored, and no true value is printed. A sound proxy fails the audit less than once in 1e9 runs.
Exit code: 0 if nothing was found above the claim, 1 if something was, 2 for a command line that is not understood.`,
		Example: `  dpproxy audit --config dpproxy.yaml --queries queries.sql
  dpproxy audit -c dpproxy.yaml -d census --queries queries.sql --units 20 --samples 20000 --output json`,
	}
	path, format := configFlag(cmd), outputFlag(cmd)
	file := cmd.Flags().StringP("queries", "q", "", "`FILE` of SELECT statements and SETs, - for standard input (required)")
	dataset := cmd.Flags().StringP("dataset", "d", "", "the data set, if the configuration has several")
	units := cmd.Flags().Int("units", 5, "how many privacy units are taken out for each query")
	samples := cmd.Flags().Int("samples", 4000, "how many answers of each of the two databases are compared for each query")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		out, err := newOutput(cmd, *format)
		switch {
		case err != nil:
			return err
		case *file == "":
			return usagef("%s needs --queries FILE", cmd.CommandPath())
		case *units < 1 || *samples < 2:
			return usagef("--units and --samples take positive numbers")
		}
		c, err := loadConfig(cmd, *path)
		if err != nil {
			return err
		}
		if *dataset == "" && len(c.Datasets) == 1 {
			*dataset = c.Datasets[0].Name
		}
		queries, err := auditQueries(cmd.InOrStdin(), *file)
		if err != nil {
			return err
		}
		progress := func(text string) { fmt.Fprintln(cmd.ErrOrStderr(), text) }
		reports, err := runAudit(cmd.Context(), onlyDataset(c, *dataset), audit.Options{Queries: queries, Units: *units, Samples: *samples, Progress: progress})
		if err != nil {
			return printed(cmd.ErrOrStderr(), err)
		}
		if err := printAudit(out, reports); err != nil {
			return err
		}
		for _, r := range reports {
			if r.Verdict == audit.Violation {
				return &silentError{}
			}
		}
		return nil
	}
	return cmd
}

// runAudit audits the one data set of a configuration. Its ledger is not opened.
func runAudit(ctx context.Context, c *config.Config, o audit.Options) (_ []audit.Report, err error) {
	if len(c.Datasets) != 1 {
		return nil, usagef("audit needs --dataset NAME, one of the configuration's data sets")
	}
	loaded, err := openDatasets(ctx, c, slog.New(slog.DiscardHandler))
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, datasets.Close(loaded)) }()
	served, _ := servedBy(c, loaded)
	o.Dataset, o.Planner, o.Random = served[0], rewrite.NewPlanner(planCache), mechanism.NewCryptoSource()
	return audit.Run(ctx, o)
}

// auditQueries reads a file of statements: each SELECT is a query under the settings before it.
func auditQueries(in io.Reader, path string) ([]audit.Query, error) {
	if path != "-" {
		f, err := os.Open(path)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		in = f
	}
	text, err := io.ReadAll(in)
	if err != nil {
		return nil, err
	}
	statements, err := rewrite.Parse(string(text))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	settings := map[string]string{}
	var out []audit.Query
	for _, st := range statements {
		switch st.Kind {
		case answer.Select:
			own := map[string]string{}
			for name, value := range settings {
				own[name] = value
			}
			out = append(out, audit.Query{SQL: strings.TrimSpace(st.Text), Settings: own})
		case answer.Set:
			delete(settings, st.Name)
			if len(st.Args) == 1 { // none is DEFAULT
				settings[st.Name] = st.Args[0].Text
			}
		default:
			return nil, usagef("%s: audit takes SELECT and SET, not %s", path, st.Kind)
		}
	}
	if len(out) == 0 {
		return nil, usagef("%s has no SELECT", path)
	}
	return out, nil
}

func printAudit(out output, reports []audit.Report) error {
	columns := []column{{"query", "query", false}, {"ε claimed", "claimed_epsilon", true}, {"δ", "claimed_delta", true}, {"ε found", "found_epsilon", true},
		{"by", "event", false}, {"sensitivity", "sensitivity", false}, {"units", "units", true}, {"answers", "samples", true}, {"verdict", "verdict", false}, {"reason", "reason", false}}
	var rows [][]any
	for _, r := range reports {
		query := strings.Join(strings.Fields(r.Query), " ")
		if short := []rune(query); !out.json && len(short) > 60 {
			query = string(short[:59]) + "…"
		}
		row := []any{query, nil, nil, nil, nil, nil, nil, nil, string(r.Verdict), nil}
		if r.Verdict == audit.Holds || r.Verdict == audit.Violation {
			row = []any{query, rounded(r.Claimed), r.Delta, rounded(r.Found), r.Event, r.Sensitivity, r.Units, r.Samples, string(r.Verdict), nil}
		}
		if r.Reason != "" {
			row[len(row)-1] = r.Reason
		}
		rows = append(rows, row)
	}
	return out.print(columns, rows)
}

// rounded keeps four decimals.
func rounded(x float64) float64 { return float64(int64(x*1e4+0.5)) / 1e4 }
