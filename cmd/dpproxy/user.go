package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/dpproxy/dpproxy/budget/ledgersql"
	"github.com/dpproxy/dpproxy/config"
)

func newUser() *cobra.Command {
	return group("user", "Analysts: list, show, add, grant, revoke, remove, import, enable, disable", newUserList(), newUserShow(), newUserAdd(), newUserGrant(),
		newUserRevoke(), newRemove("user"), newImport("user"),
		newUserSwitch("disable", "Ban an analyst at once, whatever the configuration says", true),
		newUserSwitch("enable", "Lift a ban", false))
}

func newUserList() *cobra.Command {
	cmd := &cobra.Command{
		Use: "list", Short: "List analysts, their data sets, and who is banned", Args: exactly(),
		Example: "  dpproxy user list --config dpproxy.yaml --output json",
	}
	path, format := configFlag(cmd), outputFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		out, err := newOutput(cmd, *format)
		if err != nil {
			return err
		}
		return withLedger(cmd, *path, func(c *config.Config, l *ledgersql.Ledger) error {
			banned, err := l.DisabledAnalysts(cmd.Context())
			if err != nil {
				return err
			}
			var rows [][]any
			for _, u := range c.Users {
				var datasets []string
				for _, g := range u.Grants {
					datasets = append(datasets, g.Dataset)
				}
				var shown any = datasets
				if !out.json {
					shown = strings.Join(datasets, ", ")
				}
				rows = append(rows, []any{u.Name, u.AccountName(), u.MayQuery, slices.Contains(banned, u.Name), shown})
			}
			if err := tellContradictions(cmd, c, l); err != nil {
				return err
			}
			return out.print([]column{{"name", "name", false}, {"account", "account", false}, {"may query", "may_query", false}, {"disabled", "disabled", false},
				{"data sets", "datasets", false}}, rows)
		})
	}
	return cmd
}

func newUserSwitch(use, short string, disabled bool) *cobra.Command {
	cmd := &cobra.Command{
		Use: use + " NAME", Short: short, Args: exactly("NAME"),
		Example: "  dpproxy user " + use + " alice --config dpproxy.yaml",
	}
	path, by := configFlag(cmd), byFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return withLedger(cmd, *path, func(c *config.Config, l *ledgersql.Ledger) error {
			strangers := c.Auth.Tokens != nil || c.Auth.Keys != nil || args[0] == c.Auth.Anonymous
			if _, ok := c.User(args[0]); !ok && disabled && !strangers {
				return fmt.Errorf("the configuration has no user %q", args[0])
			}
			if err := l.SetDisabled(cmd.Context(), args[0], disabled, *by); err != nil {
				return err
			}
			_, err := fmt.Fprintf(cmd.OutOrStdout(), "user %s is %sd\n", args[0], use)
			return err
		})
	}
	return cmd
}
