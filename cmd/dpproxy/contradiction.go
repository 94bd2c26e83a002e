package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/dpproxy/dpproxy/budget"
	"github.com/dpproxy/dpproxy/budget/ledgersql"
	"github.com/dpproxy/dpproxy/config"
)

func discard() *slog.Logger { return slog.New(slog.NewTextHandler(io.Discard, nil)) }

// contradictions tell where the configuration and the ledger say different things, so that it never happens silently: bans
// and budgets of the ledger count, and what is spent counts for who is added again.
func contradictions(ctx context.Context, c *config.Config, l budget.Admin) ([]string, error) {
	states, err := l.Accounts(ctx)
	if err != nil {
		return nil, err
	}
	banned, err := l.DisabledAnalysts(ctx)
	if err != nil {
		return nil, err
	}
	configured := map[budget.Key]budget.Account{}
	for _, a := range accounts(c) {
		configured[a.Key] = a
	}
	var out []string
	for _, name := range banned {
		if u, ok := c.User(name); ok && u.MayQuery {
			out = append(out, fmt.Sprintf("user %s may query in the configuration, and is banned at run time: the ban counts (`dpproxy user enable %s` lifts it)", name, name))
		}
	}
	for _, s := range states {
		a, known := configured[s.Key]
		whose := fmt.Sprintf("the account of %s on %s", analystName(s.Key), s.Key.Dataset)
		switch {
		case !known && !s.Spent.IsZero():
			out = append(out, fmt.Sprintf("%s is not in the configuration, and has spent ε = %s, ρ = %s: it counts when the account comes back", whose, s.Spent.Epsilon, s.Spent.Rho))
		case !known:
		case s.IsSet && (s.Set.Epsilon != a.Budget.Epsilon || s.Set.Delta != a.Budget.Delta):
			out = append(out, fmt.Sprintf("%s has ε = %s, δ = %s in the configuration, and ε = %s, δ = %s as set at run time: the latter counts (`dpproxy budget unset` ends it)",
				whose, a.Budget.Epsilon, a.Budget.Delta, s.Set.Epsilon, s.Set.Delta))
		}
		if !known {
			continue
		}
		if b, err := l.Balance(ctx, a); err == nil && overspent(b) {
			out = append(out, whose+" has spent more than its budget is now: further queries are refused")
		}
	}
	return out, nil
}

// tellContradictions prints them beside a table, for people.
func tellContradictions(cmd *cobra.Command, c *config.Config, l budget.Admin) error {
	list, err := contradictions(cmd.Context(), c, l)
	for _, t := range list {
		fmt.Fprintln(cmd.ErrOrStderr(), "note: "+printable(t))
	}
	return err
}

// overspent tells that a budget was lowered below what is spent.
func overspent(b budget.Balance) bool {
	used, limit := b.Spent, b.Limit
	return used.Epsilon > limit.Epsilon && limit.Rho == 0 && limit.Epsilon > 0 || limit.Rho > 0 && used.Rho > limit.Rho
}

// userRows are an analyst's accounts: those of the configuration, and those that only the ledger remembers.
func userRows(ctx context.Context, c *config.Config, l *ledgersql.Ledger, name string) ([][]any, error) {
	all, err := contradictions(ctx, c, l)
	if err != nil {
		return nil, err
	}
	account := c.AccountOf(name)
	notes := func(dataset string) any {
		var mine []string
		for _, t := range all {
			if strings.Contains(t, "the account of "+account+" on "+dataset+" ") || strings.HasPrefix(t, "user "+name+" ") {
				mine = append(mine, t)
			}
		}
		return strings.Join(mine, "; ")
	}
	var rows [][]any
	u, ok := c.User(name)
	known := map[string]bool{}
	if ok {
		for _, g := range u.Grants {
			known[g.Dataset] = true
			b, err := l.Balance(ctx, budget.Account{Key: budget.Key{Analyst: account, Dataset: g.Dataset}, Budget: g.Budget})
			if err != nil {
				return nil, err
			}
			var most any
			if g.MaxQueries > 0 {
				most = g.MaxQueries
			}
			rows = append(rows, []any{g.Dataset, true, b.Effective.Epsilon.String(), b.Effective.Delta.String(), b.SpentEpsilon.String(), b.LeftEpsilon.String(), b.Queries, most, notes(g.Dataset)})
		}
	}
	states, err := l.Accounts(ctx)
	if err != nil {
		return nil, err
	}
	for _, s := range states {
		if s.Key.Analyst == account && !known[s.Key.Dataset] {
			ok = true
			rows = append(rows, []any{s.Key.Dataset, false, nil, nil, s.Spent.Epsilon.String(), nil, s.Queries, nil, notes(s.Key.Dataset)})
		}
	}
	if !ok {
		return nil, fmt.Errorf("neither the configuration nor the ledger has a user %q", name)
	}
	slices.SortStableFunc(rows, func(a, b []any) int { return strings.Compare(a[0].(string), b[0].(string)) })
	return rows, nil
}
