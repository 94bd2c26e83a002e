package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/spf13/cobra"

	"github.com/dpproxy/dpproxy/approval"
	"github.com/dpproxy/dpproxy/rewrite"
)

func newRecord() *cobra.Command {
	cmd := &cobra.Command{
		Use: "record SESSION.sql", Short: "Make a script for approval out of the statements of a session", Args: exactly("a file of SQL, or -"),
		Long: `Plans each statement of a file (or of standard input) on a proxy, and writes a script: what approvers sign. Nothing is
measured and nothing is charged. SET statements apply to what follows and are kept with each step. Comments mark what may
vary and what may fail:

  -- slot $1: integer 18..99 label=age sample=40
  -- slot $2: text [north, south] sample=north
  -- allow errors

Types are integer, number, text, date, timestamp and boolean. Literals are fixed. Slots of one label have one value
throughout a run.`,
		Example: `  dpproxy record study.sql --name "income study" --purpose "thesis of A. Meier" --key alice.pk \
      --dsn "host=127.0.0.1 port=6432 user=alice dbname=census" --runs 3 --expires 2027-01-31 > study.json`,
	}
	r := recorder{dsn: dsnFlag(cmd)}
	cmd.Flags().StringVar(&r.name, "name", "", "the script's name (required)")
	cmd.Flags().StringVar(&r.purpose, "purpose", "", "what the answers are for (required)")
	cmd.Flags().StringVarP(&r.key, "key", "k", "", "the analyst's public key: NAME.pk, or the key itself (required)")
	cmd.Flags().StringVar(&r.analyst, "analyst", "", "the analyst's user name; default: who connects")
	cmd.Flags().BoolVar(&r.loose, "loose", false, "steps in any order, many times, instead of each once in order")
	cmd.Flags().Int64Var(&r.runs, "runs", 1, "how many runs are asked for")
	cmd.Flags().StringVar(&r.from, "not-before", "", "a date or time; default: now")
	cmd.Flags().StringVar(&r.until, "expires", "", "a date or time; default: in 90 days")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		text, err := readText(cmd.InOrStdin(), args[0])
		if err != nil {
			return err
		}
		script, err := r.record(cmd.Context(), text, cmd.ErrOrStderr())
		if err != nil {
			return err
		}
		_, err = cmd.OutOrStdout().Write(script.Indent())
		return err
	}
	return cmd
}

func readText(stdin io.Reader, path string) (string, error) {
	if path == "-" {
		data, err := io.ReadAll(io.LimitReader(stdin, approval.MaxBytes))
		return string(data), err
	}
	data, err := os.ReadFile(path)
	return string(data), err
}

// recorder makes a script.
type recorder struct {
	dsn                         *string
	name, purpose, key, analyst string
	loose                       bool
	runs                        int64
	from, until                 string
}

func (r *recorder) record(ctx context.Context, text string, progress io.Writer) (*approval.Script, error) {
	if r.name == "" || r.purpose == "" || r.key == "" {
		return nil, usagef("dpproxy record needs --name, --purpose and --key")
	}
	key, err := readPublic(r.key)
	if err != nil {
		return nil, err
	}
	s := &approval.Script{Format: approval.ScriptFormat, Name: r.name, Purpose: r.purpose, Kind: approval.Linear, Runs: r.runs}
	if r.loose {
		s.Kind = approval.Loose
	}
	now := time.Now().UTC().Truncate(time.Second)
	if s.NotBefore, err = moment(r.from, now); err != nil {
		return nil, err
	}
	if s.Expires, err = moment(r.until, now.AddDate(0, 0, 90)); err != nil {
		return nil, err
	}
	conn, err := connectProxy(ctx, *r.dsn)
	if err != nil {
		return nil, err
	}
	defer conn.Close(ctx)
	s.Analyst = approval.Party{Name: r.analyst, Key: key}
	if s.Analyst.Name == "" {
		if s.Analyst.Name, err = oneValue(ctx, conn, "SELECT current_user"); err != nil {
			return nil, err
		}
	}
	if err := r.steps(ctx, conn, s, text, progress); err != nil {
		return nil, err
	}
	if len(s.Steps) == 0 {
		return nil, fmt.Errorf("no statement reads private tables, so that there is nothing to approve")
	}
	if err := s.Total(); err != nil {
		return nil, err
	}
	return s, s.Check()
}

// moment reads a date or a time; empty is the default.
func moment(text string, otherwise time.Time) (string, error) {
	if text == "" {
		return otherwise.Format(time.RFC3339), nil
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02"} {
		if t, err := time.Parse(layout, text); err == nil {
			return t.UTC().Format(time.RFC3339), nil
		}
	}
	return "", usagef("%q is no date or time: write 2027-01-31 or 2027-01-31T12:00:00Z", text)
}

func (r *recorder) steps(ctx context.Context, conn *pgconn.PgConn, s *approval.Script, text string, progress io.Writer) error {
	list, err := rewrite.Parse(text)
	if err != nil {
		return err
	}
	marks := directives(text)
	for _, st := range list {
		switch st.Kind {
		case rewrite.Select:
		case rewrite.Set, rewrite.Reset:
			if err := conn.Exec(ctx, st.Text).Close(); err != nil {
				return err
			}
			continue
		default: // COPY, FETCH, EXECUTE … would measure something
			return usagef("%s: record takes SELECT, SET and RESET, not %s", firstLine(st.Text), st.Kind)
		}
		step := approval.Step{SQL: st.Text, Parameters: []approval.Slot{}}
		if err := applyDirectives(&step, &marks, st.Offset+len(st.Text)); err != nil {
			return err
		}
		p, err := explainJSON(ctx, conn, step.SQL, samples(&step))
		if err != nil {
			return fmt.Errorf("%s: %w", firstLine(step.SQL), err)
		}
		if len(p.Blocks) == 0 {
			fmt.Fprintf(progress, "left out, as it needs no approval: %s\n", firstLine(step.SQL))
			continue
		}
		s.Dataset, s.Version, s.Schema = p.Dataset, p.Version, p.Schema
		p.fill(&step)
		s.Steps = append(s.Steps, step)
		fmt.Fprintf(progress, "step %d: %s\n", len(s.Steps), firstLine(step.SQL))
	}
	return nil
}

// firstLine names a statement for people.
func firstLine(sql string) string {
	line, _, _ := strings.Cut(sql, "\n")
	return printable(line)
}

// fill completes a step with its plan.
func (p *planned) fill(step *approval.Step) {
	step.Settings, step.Plan = p.Settings, p.Fingerprint
	step.PlanText = strings.Split(strings.TrimRight(p.Plan, "\n"), "\n")
	step.Loss = p.loss()
	step.Reads, step.Groups, step.Filters, step.Errors = []string{}, notNil(p.Groups), notNil(p.Filters), []string{}
	for _, u := range p.Uses {
		read := u.Table + "." + u.Column
		if line := lineOf(step.SQL, u.Position-len(explainPrefix)); line > 0 {
			read += fmt.Sprintf(" (line %d)", line)
		}
		step.Reads = append(step.Reads, read)
	}
	for _, e := range p.Expected {
		text := fmt.Sprintf("%s ± %.3g", e.Column, e.HalfWidth)
		if e.PerRow {
			text += "/n"
		}
		step.Errors = append(step.Errors, text)
	}
}

func notNil(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}

func samples(step *approval.Step) []string {
	var out []string
	for _, p := range step.Parameters {
		out = append(out, p.Sample)
	}
	return out
}

// directive is a comment that marks the statement after it.
type directive struct {
	at   int
	text string
}

var directiveLine = regexp.MustCompile(`(?m)^[ \t]*--[ \t]*(slot[ \t]+\$\d+:.*|allow errors)[ \t]*$`)

func directives(text string) []directive {
	var out []directive
	for _, m := range directiveLine.FindAllStringSubmatchIndex(text, -1) {
		out = append(out, directive{m[0], text[m[2]:m[3]]})
	}
	return out
}

var slotLine = regexp.MustCompile(`^slot[ \t]+\$(\d+):[ \t]*([a-z]+)[ \t]*(?:\[([^\]]*)\]|(\S+?)\.\.(\S+))?[ \t]*(.*)$`)

// applyDirectives takes the marks that stand before the end of a statement.
func applyDirectives(step *approval.Step, marks *[]directive, end int) error {
	for len(*marks) > 0 && (*marks)[0].at < end {
		d := (*marks)[0]
		*marks = (*marks)[1:]
		if d.text == "allow errors" {
			step.AllowErrors = true
			continue
		}
		if err := applySlot(step, d.text); err != nil {
			return err
		}
	}
	return nil
}

func applySlot(step *approval.Step, text string) error {
	m := slotLine.FindStringSubmatch(strings.TrimSpace(text))
	if m == nil {
		return fmt.Errorf("cannot read %q: write -- slot $1: integer 18..99 label=age sample=40", text)
	}
	if n, err := strconv.Atoi(m[1]); err != nil || n != len(step.Parameters)+1 {
		return fmt.Errorf("%q: the next slot is $%d", text, len(step.Parameters)+1)
	}
	slot := approval.Slot{Type: m[2], Lower: m[4], Upper: m[5]}
	if strings.Contains(text, "[") {
		for _, v := range strings.Split(m[3], ",") {
			slot.Values = append(slot.Values, strings.TrimSpace(v))
		}
	}
	for _, option := range strings.Fields(m[6]) {
		name, v, _ := strings.Cut(option, "=")
		switch name {
		case "label":
			slot.Label = v
		case "sample":
			slot.Sample = v
		default:
			return fmt.Errorf("%q: %q is neither label=… nor sample=…", text, option)
		}
	}
	step.Parameters = append(step.Parameters, slot)
	return nil
}
