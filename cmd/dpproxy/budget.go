package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/dpproxy/dpproxy/budget"
	"github.com/dpproxy/dpproxy/budget/ledgersql"
	"github.com/dpproxy/dpproxy/config"
	"github.com/dpproxy/dpproxy/privacy"
)

func newBudget() *cobra.Command {
	return group("budget", "Show and change privacy budgets", newBudgetList(), newBudgetShow(),
		newBudgetAct("grant", "Add to an account's budget until its window ends", budget.Grant, true),
		newBudgetAct("set", "Set an account's budget, instead of the configuration's", budget.SetBudget, true),
		newBudgetAct("unset", "Let the configuration's budget count again", budget.UnsetBudget, false),
		newBudgetAct("reset-window", "Forget what was spent in the current window (this weakens what people were promised)", budget.ResetWindow, false))
}

func newBudgetList() *cobra.Command {
	cmd := &cobra.Command{
		Use: "list", Short: "List all accounts: what was spent and what is left", Args: exactly(),
		Example: "  dpproxy budget list --config dpproxy.yaml --output json",
	}
	path, format := configFlag(cmd), outputFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		return printBalances(cmd, *path, *format, func(*config.Config, budget.Key) bool { return true })
	}
	return cmd
}

func newBudgetShow() *cobra.Command {
	cmd := &cobra.Command{
		Use: "show", Short: "Show the accounts of a user or a data set", Args: exactly(),
		Example: "  dpproxy budget show --config dpproxy.yaml --user alice --dataset census",
	}
	path, format := configFlag(cmd), outputFlag(cmd)
	user, dataset := cmd.Flags().StringP("user", "u", "", "only this analyst's accounts"), cmd.Flags().StringP("dataset", "d", "", "only accounts on this data set")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if *user == "" && *dataset == "" {
			return usagef("%s needs --user, --dataset or both", cmd.CommandPath())
		}
		found := false
		err := printBalances(cmd, *path, *format, func(c *config.Config, k budget.Key) bool {
			match := (*user == "" || k.Analyst == c.AccountOf(*user)) && (*dataset == "" || k.Dataset == *dataset)
			found = found || match
			return match
		})
		if err == nil && !found {
			err = fmt.Errorf("there is no such account")
		}
		return err
	}
	return cmd
}

func printBalances(cmd *cobra.Command, path, format string, match func(*config.Config, budget.Key) bool) error {
	out, err := newOutput(cmd, format)
	if err != nil {
		return err
	}
	return withLedger(cmd, path, func(c *config.Config, l *ledgersql.Ledger) error {
		var rows [][]any
		known := map[budget.Key]bool{}
		for _, a := range accounts(c) {
			known[a.Key] = true
			if !match(c, a.Key) {
				continue
			}
			b, err := l.Balance(cmd.Context(), a)
			if err != nil {
				return err
			}
			rows = append(rows, balanceRow(b))
		}
		states, err := l.Accounts(cmd.Context())
		if err != nil {
			return err
		}
		for _, s := range states { // accounts that the configuration does not name any more: what they spent is never forgotten
			if !known[s.Key] && match(c, s.Key) {
				rows = append(rows, []any{analystName(s.Key), s.Key.Dataset, nil, nil, nil, s.Spent.Epsilon.String(), nil,
					s.Spent.Delta.String(), s.Spent.Rho.String(), s.Reserved.Epsilon.String(), s.Reserved.Rho.String(), s.Queries, nil})
			}
		}
		if err := tellContradictions(cmd, c, l); err != nil {
			return err
		}
		return out.print(balanceColumns(), rows)
	})
}

func balanceColumns() []column {
	return []column{
		{"analyst", "analyst", false}, {"dataset", "dataset", false}, {"accountant", "accountant", false},
		{"ε", "epsilon", true}, {"δ", "delta", true}, {"ε spent", "epsilon_spent", true}, {"ε left", "epsilon_left", true},
		{"δ spent", "delta_spent", true}, {"ρ spent", "rho_spent", true}, {"ε reserved", "epsilon_reserved", true}, {"ρ reserved", "rho_reserved", true},
		{"queries", "queries", true}, {"window ends", "window_ends", false},
	}
}

func balanceRow(b budget.Balance) []any {
	var rho, reserved, ends any
	if b.Account.Budget.Accountant == privacy.ZCDP {
		rho, reserved = b.Spent.Rho.String(), b.Reserved.Rho.String()
	}
	if !b.WindowEnds.IsZero() {
		ends = b.WindowEnds.UTC().Format("2006-01-02T15:04:05Z")
	}
	return []any{analystName(b.Account.Key), b.Account.Key.Dataset, string(b.Account.Budget.Accountant),
		b.Effective.Epsilon.String(), b.Effective.Delta.String(), b.SpentEpsilon.String(), b.LeftEpsilon.String(),
		b.Spent.Delta.String(), rho, b.Reserved.Epsilon.String(), reserved, b.Queries, ends}
}

// analystName is the analyst, or "(all)" for a data set's account.
func analystName(k budget.Key) string {
	if k.Analyst == "" {
		return "(all)"
	}
	return k.Analyst
}

// newBudgetAct makes a command that changes one account; the history keeps who did it and why.
func newBudgetAct(use, short string, kind budget.AdjustKind, amount bool) *cobra.Command {
	cmd := &cobra.Command{Use: use, Short: short, Args: exactly()}
	if kind == budget.ResetWindow {
		cmd.Aliases = []string{"reset"}
	}
	cmd.Example = "  dpproxy budget " + use + " --config dpproxy.yaml --dataset census --user alice --why 'quarterly report'"
	path, by := configFlag(cmd), byFlag(cmd)
	user, dataset := cmd.Flags().StringP("user", "u", "", "the analyst; without it, the data set's own account"), cmd.Flags().StringP("dataset", "d", "", "the data set (required)")
	why := cmd.Flags().String("why", "", "the reason, for the history")
	var epsilon, delta *string
	if amount {
		epsilon, delta = cmd.Flags().String("epsilon", "", "ε (required)"), cmd.Flags().String("delta", "0", "δ")
		cmd.Example += " --epsilon 1"
	}
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		act := budget.Adjustment{Key: budget.Key{Analyst: *user, Dataset: *dataset}, Kind: kind, By: *by, Why: *why}
		if *dataset == "" {
			return usagef("%s needs --dataset", cmd.CommandPath())
		}
		if amount {
			var err error
			if act.Amount.Epsilon, err = privacy.ParseEpsilonDown(*epsilon); err != nil {
				return usagef("--epsilon: %w", err)
			}
			if act.Amount.Delta, err = privacy.ParseDeltaDown(*delta); err != nil {
				return usagef("--delta: %w", err)
			}
		}
		return withLedger(cmd, *path, func(c *config.Config, l *ledgersql.Ledger) error {
			if act.Key.Analyst != "" {
				act.Key.Analyst = c.AccountOf(act.Key.Analyst)
			}
			for _, a := range accounts(c) {
				if a.Key == act.Key {
					act.Refresh = a.Budget.Refresh
					return l.Adjust(cmd.Context(), act)
				}
			}
			return fmt.Errorf("the configuration has no account of %s on %s", analystName(act.Key), act.Key.Dataset)
		})
	}
	return cmd
}
