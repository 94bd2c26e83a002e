package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"

	"github.com/spf13/cobra"

	"github.com/dpproxy/dpproxy/answer"
	"github.com/dpproxy/dpproxy/config"
	"github.com/dpproxy/dpproxy/refusal"
)

func newExplain() *cobra.Command {
	cmd := &cobra.Command{
		Use: "explain 'SELECT …'", Short: "Show a query's plan, price and expected error, without a server", Args: exactly("one SELECT"),
		Long: `explain shows what EXPLAIN shows an analyst: the price, what would be left, the expected error of each column, and the
SQL that would be sent. It reads no rows and costs nothing.`,
		Example: `  dpproxy explain --config dpproxy.yaml --user alice --dataset census 'SELECT sex, count(*) FROM persons GROUP BY sex'
  dpproxy explain -c dpproxy.yaml -u alice -d census --set dp.epsilon=0.1 'SELECT avg(age) FROM persons'`,
	}
	path := configFlag(cmd)
	format := cmd.Flags().StringP("output", "o", "text", "text or json")
	user, dataset := cmd.Flags().StringP("user", "u", "", "the analyst (required)"), cmd.Flags().StringP("dataset", "d", "", "the data set (required)")
	sets := cmd.Flags().StringArray("set", nil, "a session setting, as dp.epsilon=0.1; may be repeated")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		switch {
		case *format != "text" && *format != "json":
			return usagef("--output is text or json, not %q", *format)
		case *user == "" || *dataset == "":
			return usagef("%s needs --user and --dataset", cmd.CommandPath())
		}
		settings, err := settingsOf(*sets)
		if err != nil {
			return err
		}
		c, err := loadConfig(cmd, *path)
		if err != nil {
			return err
		}
		id := answer.Identity{User: *user, Dataset: *dataset, Application: "dpproxy explain"}
		err = explain(cmd.Context(), cmd.OutOrStdout(), onlyDataset(c, *dataset), id, args[0], *format, settings)
		return printed(cmd.ErrOrStderr(), err)
	}
	return cmd
}

func settingsOf(sets []string) (map[string]string, error) {
	settings := map[string]string{}
	for _, s := range sets {
		name, value, ok := strings.Cut(s, "=")
		if !ok {
			return nil, usagef("--set takes name=value, not %q", s)
		}
		settings[strings.ToLower(strings.TrimSpace(name))] = value
	}
	return settings, nil
}

// onlyDataset leaves one data set in a configuration, so that no other source is opened.
func onlyDataset(c *config.Config, name string) *config.Config {
	one := *c
	one.Datasets = nil
	for _, d := range c.Datasets {
		if d.Name == name {
			one.Datasets = append(one.Datasets, d)
		}
	}
	return &one
}

// explain prints what EXPLAIN shows.
func explain(ctx context.Context, w io.Writer, c *config.Config, id answer.Identity, sql, format string, settings map[string]string) (err error) {
	a, err := openApp(ctx, c, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.close()) }()
	statements, err := a.service.Parse(sql)
	if err != nil {
		return err
	}
	if len(statements) != 1 {
		return fmt.Errorf("explain takes one SELECT, not %d statements", len(statements))
	}
	st := *statements[0]
	switch st.Kind {
	case answer.Select:
		st = answer.Statement{Kind: answer.Explain, Text: st.Text, Query: statements[0], Options: map[string]string{}}
	case answer.Explain:
		st.Options = map[string]string{"format": st.Options["format"]}
	default:
		return fmt.Errorf("explain takes a SELECT, not %s", st.Kind)
	}
	if format == "json" {
		st.Options["format"] = "json"
	}
	result, err := a.service.Answer(ctx, answer.Request{Identity: id, Statement: &st, Settings: settings, Owner: true})
	if err != nil {
		return err
	}
	defer result.Rows.Close()
	for result.Rows.Next() {
		if _, err := fmt.Fprintln(w, result.Rows.Values()[0].Text); err != nil {
			return err
		}
	}
	return result.Rows.Err()
}

// printed prints faults and refusals as they are for people; the error that is left says no more.
func printed(w io.Writer, err error) error {
	if faults := (*faultsError)(nil); errors.As(err, &faults) {
		faults.print(w)
		return &silentError{}
	}
	r, ok := refusal.As(err)
	if !ok {
		return err
	}
	fmt.Fprintf(w, "ERROR:  %s (SQLSTATE %s)\n", r.Message, r.Code)
	if r.Position > 0 {
		fmt.Fprintf(w, "at character %d\n", r.Position)
	}
	if r.Detail != "" {
		fmt.Fprintf(w, "DETAIL:  %s\n", r.Detail)
	}
	if r.Hint != "" {
		fmt.Fprintf(w, "HINT:  %s\n", r.Hint)
	}
	return &silentError{}
}
