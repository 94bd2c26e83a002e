package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/spf13/cobra"

	"github.com/dpproxy/dpproxy/approval"
)

func newReview() *cobra.Command {
	cmd := &cobra.Command{
		Use: "review SCRIPT", Short: "Show in plain words what a script asks", Args: exactly("a script"),
		Long: `Shows what a script would run: what it reads and on which line, groups, filters, bounds, cost, expected errors, what may vary,
who may run it, when and how often. With --dsn, a proxy plans each step anew, and what differs from the script is told; of a design
database the answers on dummy rows are shown too.`,
		Example: `  dpproxy review study.json --dsn "host=127.0.0.1 port=6432 user=anna dbname=census_design"`,
	}
	dsn := dsnFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		a, err := readScriptFile(args[0])
		if err != nil {
			return err
		}
		approval.WriteReview(cmd.OutOrStdout(), a)
		if *dsn == "" {
			return nil
		}
		return replan(cmd.Context(), cmd.OutOrStdout(), *dsn, &a.Script)
	}
	return cmd
}

// retold names what a script tells reviewers of a step otherwise than the server does.
func retold(step approval.Step, p *planned) []string {
	own := approval.Step{SQL: step.SQL}
	p.fill(&own)
	var out []string
	for _, part := range []struct {
		name string
		same bool
	}{
		{"price", own.Loss == step.Loss}, {"columns", slices.Equal(own.Reads, step.Reads)}, {"groups", slices.Equal(own.Groups, step.Groups)},
		{"filters", slices.Equal(own.Filters, step.Filters)}, {"expected errors", slices.Equal(own.Errors, step.Errors)},
	} {
		if !part.same {
			out = append(out, part.name)
		}
	}
	return out
}

// replan asks a proxy for each step's plan, and tells what differs.
func replan(ctx context.Context, w io.Writer, dsn string, s *approval.Script) error {
	conn, err := connectProxy(ctx, dsn)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	fmt.Fprintln(w)
	mode, err := oneValue(ctx, conn, "SHOW dp.mode")
	if err != nil {
		return err
	}
	differs := false
	tell := func(format string, args ...any) {
		differs = true
		fmt.Fprintln(w, printable(fmt.Sprintf(format, args...)))
	}
	for i, step := range s.Steps {
		plan := replanStep(ctx, conn, i, step, tell)
		if plan == nil {
			continue
		}
		if plan.Dataset != s.Dataset || plan.Version != s.Version || plan.Schema != s.Schema {
			tell("Step %d: the server has data set %q, version %q, declared as %.16s…", i+1, plan.Dataset, plan.Version, plan.Schema)
		}
		if mode != "design" {
			continue
		}
		dummy, err := execText(ctx, conn, step.SQL, samples(&step))
		if err != nil {
			tell("Step %d has no answer on dummy rows: %s", i+1, err)
			continue
		}
		fmt.Fprintln(w, "On dummy rows:")
		if err := printResult(w, "table", i, dummy); err != nil {
			return err
		}
	}
	if differs {
		return fmt.Errorf("the script is not what this server would run")
	}
	fmt.Fprintln(w, "The server plans each step as the script says.")
	return nil
}

// replanStep asks for one step's plan, and tells what differs from what the script says of it; nil if there is no plan.
func replanStep(ctx context.Context, conn *pgconn.PgConn, i int, step approval.Step, tell func(string, ...any)) *planned {
	for name, v := range step.Settings {
		if err := set(ctx, conn, name, v); err != nil {
			tell("Step %d: the server refuses %s = %s: %s", i+1, name, v, err)
		}
	}
	plan, err := explainJSON(ctx, conn, step.SQL, samples(&step))
	if err != nil {
		tell("Step %d cannot be planned: %s", i+1, err)
		return nil
	}
	if plan.Fingerprint != step.Plan {
		tell("Step %d has another plan on this server than the script says", i+1)
	}
	if wrong := retold(step, plan); len(wrong) > 0 {
		tell("Step %d: the script's %s are not what this server says:%s", i+1, strings.Join(wrong, ", "), approval.LossWords(plan.loss()))
	}
	return plan
}

func newApprove() *cobra.Command {
	cmd := &cobra.Command{
		Use: "approve SCRIPT", Short: "Sign a script as an approver", Args: exactly("a script"),
		Long: `Adds your signature to a script, and writes it with all signatures so far. It signs every field: a script in which anything is
changed afterwards has no signature. Read "dpproxy review" first.`,
		Example: `  dpproxy approve study.json --key anna.sk --out study.approved`,
	}
	key := keyFlag(cmd, "your")
	out := cmd.Flags().String("out", "", "the approved script; default: standard output")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		a, err := readScriptFile(args[0])
		if err != nil {
			return err
		}
		secret, err := readKey(cmd, *key)
		if err != nil {
			return err
		}
		a.Sign(secret)
		return writeJSON(cmd.OutOrStdout(), *out, a)
	}
	return cmd
}

// writeJSON writes a document to a file, or to w where there is none.
func writeJSON(w io.Writer, path string, v any) error {
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	text = append(text, '\n')
	if path != "" {
		return os.WriteFile(path, text, 0o644)
	}
	_, err = w.Write(text)
	return err
}

func newRefuse() *cobra.Command {
	cmd := &cobra.Command{
		Use: "refuse SCRIPT", Short: "Refuse a script as an approver, or revoke its approval", Args: exactly("a script"),
		Long: `Writes a signed refusal, with the reason, for the analyst. With --revoke it ends an approval that was given; hand it in with
"dpproxy approvals add", and it takes effect at once, in all replicas.`,
		Example: `  dpproxy refuse study.json --key anna.sk --why "step 2 asks for more than the thesis needs"
  dpproxy refuse study.approved --revoke --key anna.sk --why "the project has ended" --out revoked.json`,
	}
	key := keyFlag(cmd, "your")
	why := cmd.Flags().String("why", "", "the reason (required)")
	revoke := cmd.Flags().Bool("revoke", false, "end an approval")
	out := cmd.Flags().String("out", "", "the refusal; default: standard output")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if *why == "" {
			return usagef("dpproxy refuse needs --why")
		}
		a, err := readScriptFile(args[0])
		if err != nil {
			return err
		}
		secret, err := readKey(cmd, *key)
		if err != nil {
			return err
		}
		r := approval.Revocation{Dataset: a.Script.Dataset, Script: a.Script.ID(), Why: *why, Kind: approval.ActRefuse}
		if *revoke {
			r.Kind = approval.ActRevoke
		}
		r.Sign(secret)
		return writeJSON(cmd.OutOrStdout(), *out, r)
	}
	return cmd
}

func newVerify() *cobra.Command {
	cmd := &cobra.Command{
		Use: "verify SCRIPT", Short: "Check the signatures and dates of an approved script", Args: exactly("an approved script"),
		Long: `Checks that enough approvers have signed. The approvers are those of a data set in a configuration (and what acts in its ledger
made of them), or those given by --approver.`,
		Example: `  dpproxy verify study.approved --config dpproxy.yaml
  dpproxy verify study.approved --approver anna.pk --approver bert.pk --required 2`,
	}
	path := cmd.Flags().StringP("config", "c", "", "a configuration")
	keys := cmd.Flags().StringArray("approver", nil, "an approver's public key, NAME.pk; may be repeated")
	required := cmd.Flags().Int("required", 0, "how many must have signed; 0: all")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		a, err := readScriptFile(args[0])
		if err != nil {
			return err
		}
		p := approval.Approvers{Required: *required}
		if *path != "" {
			state, err := ledgerState(cmd, *path, a.Script.Dataset)
			if err != nil {
				return err
			}
			if who, gone := state.RevokedBy(a.Script.ID()); gone {
				return fmt.Errorf("the approval was revoked by %q", who)
			}
			p = state.Approvers
		}
		for _, text := range *keys {
			key, err := readPublic(text)
			if err != nil {
				return err
			}
			p.Parties = append(p.Parties, approval.Party{Name: strings.TrimSuffix(text[strings.LastIndex(text, "/")+1:], ".pk"), Key: key})
		}
		if err := p.Check(); err != nil {
			return fmt.Errorf("the approvers: %w", err)
		}
		if err := a.Verify(p); err != nil {
			return err
		}
		if err := a.Script.InForce(time.Now()); err != nil {
			return err
		}
		_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s: approved for %s, %d run(s) until %s\n", a.Script.Name, a.Script.Analyst.Name, a.Script.Runs, a.Script.Expires)
		return err
	}
	return cmd
}
