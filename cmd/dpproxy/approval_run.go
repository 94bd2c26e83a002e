package main

import (
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/spf13/cobra"

	"github.com/dpproxy/dpproxy/approval"
)

func newRun() *cobra.Command {
	cmd := &cobra.Command{
		Use: "run SCRIPT.approved", Short: "Run an approved script on a proxy, as its analyst", Args: exactly("an approved script"),
		Long: `Connects to a proxy, signs each execution with the analyst's key, and prints the answers. A linear script runs whole, in order; of a loose one
--step chooses. Parameters are given by label or by place.`,
		Example: `  dpproxy run study.approved --key alice.sk --param age=40 --param 2.1=north --output csv \
      --dsn "host=127.0.0.1 port=6432 user=alice dbname=census"`,
	}
	key, dsn := keyFlag(cmd, "the analyst's"), dsnFlag(cmd)
	params := cmd.Flags().StringArray("param", nil, "LABEL=VALUE or STEP.PLACE=VALUE; may be repeated")
	format := cmd.Flags().StringP("output", "o", "table", "table, csv or json")
	only := cmd.Flags().Int("step", 0, "of a loose script: the step to run; 0: all, in their order")
	tag := cmd.Flags().String("run", "", "the run's tag, to go on with a run; default: a new run")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if *format != "table" && *format != "csv" && *format != "json" {
			return usagef("--output is table, csv or json, not %q", *format)
		}
		x, err := newScriptRun(cmd, args[0], *key, *params, *tag)
		if err != nil {
			return err
		}
		conn, err := connectProxy(cmd.Context(), *dsn)
		if err != nil {
			return err
		}
		defer conn.Close(cmd.Context())
		if x.nonce, err = oneValue(cmd.Context(), conn, "SHOW dp.nonce"); err != nil {
			return err
		}
		for i := range x.approved.Script.Steps {
			if *only > 0 && *only != i+1 {
				continue
			}
			if err := x.step(cmd.Context(), conn, i, cmd.OutOrStdout(), *format); err != nil {
				if x.approved.Script.Steps[i].AllowErrors {
					fmt.Fprintf(cmd.ErrOrStderr(), "step %d: %s\n", i+1, err)
					continue
				}
				return fmt.Errorf("step %d: %w", i+1, err)
			}
		}
		return nil
	}
	return cmd
}

func newAuthorize() *cobra.Command {
	cmd := &cobra.Command{
		Use: "authorize SCRIPT.approved", Short: "Print the SET that lets any client run an approved script", Args: exactly("an approved script"),
		Long: `Signs one execution of each step for one connection, and prints the SET statement for it. The connection's nonce is what SHOW dp.nonce says
on it. Afterwards the client sends the steps as it likes to spell them.`,
		Example: `  dpproxy authorize study.approved --key alice.sk --param age=40 --nonce $(psql … -Atc 'SHOW dp.nonce')`,
	}
	key := keyFlag(cmd, "the analyst's")
	params := cmd.Flags().StringArray("param", nil, "LABEL=VALUE or STEP.PLACE=VALUE; may be repeated")
	nonce := cmd.Flags().String("nonce", "", "the connection's nonce (required)")
	tag := cmd.Flags().String("run", "", "the run's tag, to go on with a run; default: a new run")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if *nonce == "" {
			return usagef("dpproxy authorize needs --nonce: what SHOW dp.nonce says")
		}
		x, err := newScriptRun(cmd, args[0], *key, *params, *tag)
		if err != nil {
			return err
		}
		x.nonce = *nonce
		b := approval.Bundle{Scripts: []approval.Approved{*x.approved}}
		for i := range x.approved.Script.Steps {
			e, err := x.execution(i)
			if err != nil {
				return err
			}
			b.Executions = append(b.Executions, *e)
		}
		_, err = fmt.Fprintf(cmd.OutOrStdout(), "SET dp.authorization = '%s';\n", b.Encode())
		return err
	}
	return cmd
}

// scriptRun is one run of a script by its analyst.
type scriptRun struct {
	approved *approval.Approved
	secret   *approval.Secret
	params   map[string]string
	tag      string
	nonce    string
}

func newScriptRun(cmd *cobra.Command, path, key string, params []string, tag string) (*scriptRun, error) {
	x := &scriptRun{params: map[string]string{}, tag: tag}
	var err error
	if x.approved, err = readScriptFile(path); err != nil {
		return nil, err
	}
	if x.secret, err = readKey(cmd, key); err != nil {
		return nil, err
	}
	if x.secret.Public() != x.approved.Script.Analyst.Key {
		return nil, fmt.Errorf("the script is approved for the key %s of %s", x.approved.Script.Analyst.Key, x.approved.Script.Analyst.Name)
	}
	for _, p := range params {
		name, v, ok := strings.Cut(p, "=")
		if !ok {
			return nil, usagef("--param %q: write LABEL=VALUE or STEP.PLACE=VALUE", p)
		}
		x.params[name] = v
	}
	if x.tag == "" {
		x.tag, err = approval.NewRun()
	}
	return x, err
}

// execution signs step i with its parameters: those given by place, else by label.
func (x *scriptRun) execution(i int) (*approval.Execution, error) {
	s := &x.approved.Script
	e := &approval.Execution{Script: s.ID(), Run: x.tag, Step: i + 1, Parameters: []string{}, Nonce: x.nonce}
	for j, slot := range s.Steps[i].Parameters {
		v, ok := x.params[strconv.Itoa(i+1)+"."+strconv.Itoa(j+1)]
		if !ok && slot.Label != "" {
			v, ok = x.params[slot.Label]
		}
		if !ok {
			return nil, usagef("step %d needs a value for $%d, which may be %s: --param %d.%d=…", i+1, j+1, approval.SlotWords(slot), i+1, j+1)
		}
		if err := slot.Allows(v); err != nil {
			return nil, fmt.Errorf("step %d: $%d %w", i+1, j+1, err)
		}
		e.Parameters = append(e.Parameters, v)
	}
	e.Sign(x.secret)
	return e, nil
}

// step signs, runs and prints one step.
func (x *scriptRun) step(ctx context.Context, conn *pgconn.PgConn, i int, w io.Writer, format string) error {
	step := x.approved.Script.Steps[i]
	e, err := x.execution(i)
	if err != nil {
		return err
	}
	for name, v := range step.Settings {
		if err := set(ctx, conn, name, v); err != nil {
			return err
		}
	}
	b := approval.Bundle{Scripts: []approval.Approved{*x.approved}, Executions: []approval.Execution{*e}}
	if err := set(ctx, conn, "dp.authorization", b.Encode()); err != nil {
		return err
	}
	result, err := execText(ctx, conn, step.SQL, e.Parameters)
	if err != nil {
		return err
	}
	return printResult(w, format, i, result)
}

func printResult(w io.Writer, format string, i int, result *pgconn.Result) error {
	var columns []column
	var head []string
	for _, f := range result.FieldDescriptions {
		columns = append(columns, column{title: f.Name, name: f.Name})
		head = append(head, f.Name)
	}
	if format == "csv" {
		out := csv.NewWriter(w)
		out.Write(head)
		for _, row := range result.Rows {
			var cells []string
			for _, v := range row {
				cells = append(cells, string(v))
			}
			out.Write(cells)
		}
		out.Flush()
		return out.Error()
	}
	var rows [][]any
	for _, row := range result.Rows {
		var cells []any
		for _, v := range row {
			if v == nil {
				cells = append(cells, nil)
			} else {
				cells = append(cells, string(v))
			}
		}
		rows = append(rows, cells)
	}
	if format == "table" {
		fmt.Fprintf(w, "-- step %d\n", i+1)
	}
	return output{w: w, json: format == "json"}.print(columns, rows)
}
