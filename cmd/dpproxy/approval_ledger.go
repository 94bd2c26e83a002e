package main

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/dpproxy/dpproxy/answer"
	"github.com/dpproxy/dpproxy/approval"
	"github.com/dpproxy/dpproxy/budget"
	"github.com/dpproxy/dpproxy/budget/ledgersql"
	"github.com/dpproxy/dpproxy/config"
)

func newApprovals() *cobra.Command {
	return group("approvals", "Scripts, signatures and approvers in the ledger", newApprovalsList(), newApprovalsAdd(), newApprovalsPropose(), newApprovalsSign())
}

// approvalState is the state of a data set's approvals; acts is how many acts made it.
func approvalState(ctx context.Context, c *config.Config, l *ledgersql.Ledger, dataset string) (state *approval.State, acts int, err error) {
	d, ok := c.Dataset(dataset)
	if !ok {
		return nil, 0, fmt.Errorf("the configuration has no data set %q", dataset)
	}
	if d.Authorized == nil {
		return nil, 0, fmt.Errorf("data set %q has no approvers: it answers without approval", dataset)
	}
	return answer.Approvals(ctx, l, dataset, *d.Authorized)
}

// ledgerState is the state of a data set's approvals under a configuration.
func ledgerState(cmd *cobra.Command, path, dataset string) (state *approval.State, err error) {
	err = withLedger(cmd, path, func(c *config.Config, l *ledgersql.Ledger) error {
		state, _, err = approvalState(cmd.Context(), c, l, dataset)
		return err
	})
	return state, err
}

func newApprovalsList() *cobra.Command {
	cmd := &cobra.Command{
		Use: "list", Short: "List scripts, who has signed them, and the present approvers", Args: exactly(),
		Example: "  dpproxy approvals list --config dpproxy.yaml --output json",
	}
	path, format := configFlag(cmd), outputFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		out, err := newOutput(cmd, *format)
		if err != nil {
			return err
		}
		return withLedger(cmd, *path, func(c *config.Config, l *ledgersql.Ledger) error {
			var rows [][]any
			for _, d := range c.Datasets {
				if d.Authorized == nil {
					continue
				}
				state, _, err := approvalState(cmd.Context(), c, l, d.Name)
				if err != nil {
					return err
				}
				var names []string
				for _, p := range state.Approvers.Parties {
					names = append(names, p.Name)
				}
				who := fmt.Sprintf("%d of %s", state.Approvers.Needed(), strings.Join(names, ", "))
				rows = append(rows, []any{d.Name, nil, nil, nil, "approvers", who})
				revoked := state.Revoked()
				for _, w := range state.Scripts {
					rows = append(rows, scriptRow(d.Name, state, w))
					delete(revoked, w.Approved.Script.ID())
				}
				for _, id := range slices.Sorted(maps.Keys(revoked)) { // of scripts that were never handed in
					rows = append(rows, []any{d.Name, id, nil, nil, "revoked", revoked[id]})
				}
			}
			return out.print([]column{{"data set", "dataset", false}, {"script", "script", false}, {"name", "name", false}, {"analyst", "analyst", false},
				{"state", "state", false}, {"who", "who", false}}, rows)
		})
	}
	return cmd
}

func scriptRow(dataset string, state *approval.State, w *approval.Waiting) []any {
	s, id := &w.Approved.Script, w.Approved.Script.ID()
	what, who := "waits", ""
	for _, sig := range w.Approved.Approvals {
		who += sig.Approver + " "
	}
	if w.Approved.Verify(state.Approvers) == nil {
		what = "approved"
	}
	if len(w.Refused) > 0 && what == "waits" {
		what, who = "refused", w.Refused[0].Approver+": "+w.Refused[0].Why
	}
	if by, gone := state.RevokedBy(id); gone {
		what, who = "revoked", by
	}
	return []any{dataset, id, s.Name, s.Analyst.Name, what, strings.TrimSpace(who)}
}

func newApprovalsAdd() *cobra.Command {
	cmd := &cobra.Command{
		Use: "add FILE", Short: "Put a script, signatures, a refusal, a revocation or a change of approvers into the ledger", Args: exactly("a file"),
		Long: `Puts a document into the ledger, where all replicas see it at once, and where it stays in the history: a script waits for
signatures; an approved script brings its signatures; a refusal, a revocation or a change of approvers counts if it is signed as it must be.`,
		Example: `  dpproxy approvals add study.json --config dpproxy.yaml
  dpproxy approvals add revoked.json --config dpproxy.yaml`,
	}
	path, by := configFlag(cmd), byFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		data, err := os.ReadFile(args[0])
		if err != nil {
			return err
		}
		dataset, acts, err := approval.ActsOf(data)
		if err != nil {
			return fmt.Errorf("%s: %w", args[0], err)
		}
		return withLedger(cmd, *path, func(c *config.Config, l *ledgersql.Ledger) error {
			state, seen, err := approvalState(cmd.Context(), c, l, dataset)
			if err != nil {
				return err
			}
			fresh, err := state.HandIn(acts)
			if err != nil {
				return err
			}
			for i, a := range fresh {
				if err := l.AddAct(cmd.Context(), budget.Act{Dataset: dataset, Kind: a.Kind, Body: a.Body, By: *by, Note: filepath.Base(args[0])}, seen+i); err != nil {
					return err
				}
				fmt.Fprintf(cmd.OutOrStdout(), "added: %s\n", a.Kind)
			}
			if len(fresh) == 0 {
				fmt.Fprintln(cmd.OutOrStdout(), "the ledger has all of it already")
			}
			return nil
		})
	}
	return cmd
}

func newApprovalsPropose() *cobra.Command {
	cmd := &cobra.Command{
		Use: "propose", Short: "Write a change of approvers, for the present ones to sign", Args: exactly(),
		Example: `  dpproxy approvals propose --config dpproxy.yaml --dataset census --approver anna=anna.pk --approver carl=carl.pk --required 2 > change.json
  dpproxy approvals sign change.json --key anna.sk --out change.json`,
	}
	path := configFlag(cmd)
	dataset := cmd.Flags().StringP("dataset", "d", "", "the data set (required)")
	parties := cmd.Flags().StringArray("approver", nil, "NAME=NAME.pk, or NAME=ed25519:…; all who shall be approvers")
	required := cmd.Flags().Int("required", 0, "how many must sign; 0: all")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		state, err := ledgerState(cmd, *path, *dataset)
		if err != nil {
			return err
		}
		change := approval.Change{Dataset: *dataset, Number: state.Changes, Approvers: approval.Approvers{Required: *required}, Signatures: []approval.Signature{}}
		for _, text := range *parties {
			name, file, ok := strings.Cut(text, "=")
			if !ok {
				return usagef("--approver %q: write NAME=NAME.pk", text)
			}
			key, err := readPublic(file)
			if err != nil {
				return err
			}
			change.Approvers.Parties = append(change.Approvers.Parties, approval.Party{Name: name, Key: key})
		}
		if err := change.Approvers.Check(); err != nil {
			return err
		}
		return writeJSON(cmd.OutOrStdout(), "", change)
	}
	return cmd
}

func newApprovalsSign() *cobra.Command {
	cmd := &cobra.Command{
		Use: "sign CHANGE", Short: "Sign a change of approvers, as a present approver", Args: exactly("a change"),
		Example: "  dpproxy approvals sign change.json --key anna.sk --out change.json",
	}
	key := keyFlag(cmd, "your")
	out := cmd.Flags().String("out", "", "the signed change; default: standard output")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		data, err := os.ReadFile(args[0])
		if err != nil {
			return err
		}
		change, err := approval.ReadChange(data)
		if err != nil {
			return err
		}
		secret, err := readKey(cmd, *key)
		if err != nil {
			return err
		}
		change.Sign(secret)
		return writeJSON(cmd.OutOrStdout(), *out, change)
	}
	return cmd
}
