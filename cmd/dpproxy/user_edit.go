package main

import (
	"crypto/rand"
	"encoding/base64"
	"fmt"

	"github.com/spf13/cobra"
	"gopkg.in/yaml.v3"

	"github.com/dpproxy/dpproxy/budget/ledgersql"
	"github.com/dpproxy/dpproxy/config"
	"github.com/dpproxy/dpproxy/proxy/scram"
)

// grantFlags are what a user may do on a data set.
type grantFlags struct {
	dataset, epsilon, delta, refresh *string
	queries                          *int64
	limits, functions, classes       *[]string
}

func newGrantFlags(cmd *cobra.Command) grantFlags {
	f := cmd.Flags()
	return grantFlags{
		dataset: f.StringP("dataset", "d", "", "the data set"),
		epsilon: f.String("epsilon", "", "ε of the budget"), delta: f.String("delta", "", "δ of the budget"),
		refresh: f.String("refresh", "", "when the budget comes back, such as 30d"),
		queries: f.Int64("max-queries", 0, "charged queries for ever; 0: any number"),
		limits:  f.StringArray("rate-limit", nil, "such as '5/60 seconds' (several times for several)"), functions: f.StringSlice("functions", nil, "allowed aggregate functions"),
		classes: f.StringSlice("query-classes", nil, "allowed query classes"),
	}
}

// apply writes the flags that were given into a user's entry.
func (g grantFlags) apply(user *yaml.Node) {
	datasets := config.Child(user, "datasets")
	if datasets == nil || datasets.Kind != yaml.MappingNode {
		datasets = mappingNode(false)
		setKey(user, "datasets", datasets)
	}
	grant := config.Child(datasets, *g.dataset)
	if grant == nil || grant.Kind != yaml.MappingNode {
		grant = mappingNode(false)
		setKey(datasets, *g.dataset, grant)
	}
	b := config.Child(grant, "budget")
	if b == nil || b.Kind != yaml.MappingNode {
		b = mappingNode(true)
	}
	setAmounts(b, *g.epsilon, *g.delta)
	if *g.refresh != "" {
		setKey(b, "refresh", scalarNode(*g.refresh))
	}
	if len(b.Content) > 0 {
		setKey(grant, "budget", b)
	}
	if *g.queries > 0 {
		setKey(grant, "max_queries", numberNode(fmt.Sprint(*g.queries)))
	}
	setList(grant, "rate_limits", *g.limits)
	setList(grant, "allowed_functions", *g.functions)
	setList(grant, "query_classes", *g.classes)
}

// setAmounts writes ε and δ, where they are given.
func setAmounts(b *yaml.Node, epsilon, delta string) {
	for _, a := range [][2]string{{"epsilon", epsilon}, {"delta", delta}} {
		if a[1] != "" {
			setKey(b, a[0], numberNode(a[1]))
		}
	}
}

func setList(n *yaml.Node, key string, list []string) {
	if len(list) == 0 {
		return
	}
	seq := &yaml.Node{Kind: yaml.SequenceNode, Style: yaml.FlowStyle}
	for _, s := range list {
		seq.Content = append(seq.Content, scalarNode(s))
	}
	setKey(n, key, seq)
}

func newUserAdd() *cobra.Command {
	cmd := &cobra.Command{
		Use: "add NAME", Short: "Add an analyst to the configuration", Args: exactly("NAME"),
		Long: `add writes a new analyst into the configuration, after its last one, and leaves every other line as it is. The password is
read from standard input, one line, unless --verifier or --generate-password says otherwise. With --dataset the analyst may use a data
set at once. What somebody of this name has spent before still counts.`,
		Example: `  dpproxy user add carol --generate-password --dataset census --epsilon 5 --delta 1e-7 --config dpproxy.yaml
  echo secret | dpproxy user add carol --config dpproxy.yaml`,
	}
	o, g := editFlags(cmd), newGrantFlags(cmd)
	verifier := cmd.Flags().String("verifier", "", "the output of `dpproxy hash-password`, in place of a password")
	generate := cmd.Flags().Bool("generate-password", false, "make a password, and print it once")
	account := cmd.Flags().String("account", "", "the account, to share it with others; without it, one of the user's own")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		password := ""
		err := o.edit(cmd, "users", func(e *config.Editor) ([]change, error) {
			if _, exists := e.Item("users", args[0]); exists {
				return nil, fmt.Errorf("the configuration has a user %q already; `dpproxy user grant` changes it", args[0])
			}
			v := *verifier
			if v == "" {
				var err error
				if password, v, err = newPassword(cmd, *generate); err != nil {
					return nil, err
				}
			}
			user := mappingNode(false)
			setKey(user, "name", scalarNode(args[0]))
			if *account != "" {
				setKey(user, "account", scalarNode(*account))
			}
			setKey(user, "password", scalarNode(v))
			if *g.dataset != "" {
				g.apply(user)
			}
			return []change{{Action: "add", Kind: "user", Name: args[0]}}, e.Put("users", args[0], user)
		})
		if err == nil && *generate && !*o.dry {
			_, err = fmt.Fprintf(cmd.ErrOrStderr(), "password of %s: %s\n", args[0], password)
		}
		return err
	}
	return cmd
}

// newPassword reads or makes a password, and its verifier.
func newPassword(cmd *cobra.Command, generate bool) (password, verifier string, err error) {
	if generate {
		var raw [18]byte
		if _, err := rand.Read(raw[:]); err != nil {
			return "", "", err
		}
		password = base64.RawURLEncoding.EncodeToString(raw[:])
	} else if password, err = readPassword(cmd.InOrStdin(), cmd.ErrOrStderr()); err != nil {
		return "", "", err
	}
	verifier, err = verifierOf(password)
	return password, verifier, err
}

func verifierOf(password string) (string, error) {
	salt := make([]byte, scram.SaltLen)
	if _, err := rand.Read(salt); err != nil {
		return "", err
	}
	v, err := scram.NewVerifier(password, salt, scram.DefaultIterations)
	return v.String(), err
}

func newUserGrant() *cobra.Command {
	cmd := &cobra.Command{
		Use: "grant NAME", Short: "Let an analyst use a data set, or change what he may do there", Args: exactly("NAME"),
		Long:    "grant writes the flags that are given into the analyst's entry, and leaves what is not given as it is.",
		Example: "  dpproxy user grant carol --dataset census --epsilon 5 --delta 1e-7 --query-classes aggregation --config dpproxy.yaml",
	}
	o, g := editFlags(cmd), newGrantFlags(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if *g.dataset == "" {
			return usagef("%s needs --dataset", cmd.CommandPath())
		}
		return o.changeUser(cmd, args[0], func(user *yaml.Node) error { g.apply(user); return nil })
	}
	return cmd
}

func newUserRevoke() *cobra.Command {
	cmd := &cobra.Command{
		Use: "revoke NAME", Short: "Take a data set away from an analyst", Args: exactly("NAME"),
		Long:    "revoke takes the data set out of the analyst's entry. What was spent stays on the ledger, and counts when it is granted again.",
		Example: "  dpproxy user revoke carol --dataset census --config dpproxy.yaml",
	}
	o := editFlags(cmd)
	dataset := cmd.Flags().StringP("dataset", "d", "", "the data set (required)")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return o.changeUser(cmd, args[0], func(user *yaml.Node) error {
			datasets := config.Child(user, "datasets")
			if config.Child(datasets, *dataset) == nil {
				return fmt.Errorf("user %q has no data set %q", args[0], *dataset)
			}
			setKey(datasets, *dataset, nil)
			if len(datasets.Content) == 0 {
				setKey(user, "datasets", nil)
			}
			return nil
		})
	}
	return cmd
}

// changeUser changes one analyst's entry.
func (o editing) changeUser(cmd *cobra.Command, name string, f func(*yaml.Node) error) error {
	return o.edit(cmd, "users", func(e *config.Editor) ([]change, error) {
		before, ok := e.Item("users", name)
		if !ok {
			return nil, fmt.Errorf("the configuration has no user %q", name)
		}
		now, _ := e.Item("users", name) // parsed anew: before stays as it is
		if err := f(now); err != nil {
			return nil, err
		}
		fields := fieldsOf(before, now)
		if len(fields) == 0 {
			return nil, nil
		}
		return []change{{Action: "change", Kind: "user", Name: name, Fields: fields}}, e.Put("users", name, now)
	})
}

// newRemove makes the command that takes a user or a data set out of the configuration.
func newRemove(kind string) *cobra.Command {
	cmd := &cobra.Command{
		Use: "remove NAME", Short: "Take a " + kind + " out of the configuration", Args: exactly("NAME"),
		Long: "remove takes the entry out of the configuration. The ledger keeps what was spent and asked: who is added again under the same\n" +
			"name begins where he ended.",
		Example: "  dpproxy " + kind + " remove NAME --config dpproxy.yaml",
	}
	o := editFlags(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return o.edit(cmd, kind+"s", func(e *config.Editor) ([]change, error) {
			return []change{{Action: "remove", Kind: kind, Name: args[0]}}, e.Put(kind+"s", args[0], nil)
		})
	}
	return cmd
}

func newUserShow() *cobra.Command {
	cmd := &cobra.Command{
		Use: "show NAME", Short: "Show an analyst's data sets, and what is spent and left", Args: exactly("NAME"),
		Example: "  dpproxy user show alice --config dpproxy.yaml",
	}
	path, format := configFlag(cmd), outputFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		out, err := newOutput(cmd, *format)
		if err != nil {
			return err
		}
		return withLedger(cmd, *path, func(c *config.Config, l *ledgersql.Ledger) error {
			rows, err := userRows(cmd.Context(), c, l, args[0])
			if err != nil {
				return err
			}
			return out.print([]column{{"data set", "dataset", false}, {"configured", "configured", false}, {"ε", "epsilon", true}, {"δ", "delta", true},
				{"ε spent", "epsilon_spent", true}, {"ε left", "epsilon_left", true}, {"queries", "queries", true}, {"max queries", "max_queries", true}, {"notes", "notes", false}}, rows)
		})
	}
	return cmd
}
