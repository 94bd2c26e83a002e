package main

import (
	"strings"

	"github.com/spf13/cobra"
)

// newRoot makes the command line.
func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:   "dpproxy",
		Short: "A SQL proxy that gives differentially private answers",
		Long: `dpproxy stands between PostgreSQL clients and a database that they can never read. Analysts connect to it with
psql or any driver, send ordinary SQL, and get differentially private answers, charged to a privacy budget.`,
		Example: `  dpproxy demo                                    # a data set, a server and a first private answer
  dpproxy init --source postgres://… > dpproxy.yaml   # a first configuration of your own database
  dpproxy check dpproxy.yaml
  dpproxy serve --config dpproxy.yaml
  psql "host=127.0.0.1 port=6432 user=alice dbname=census"`,
		SilenceUsage:  true,
		SilenceErrors: true,
		Args:          noCommand,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.CompletionOptions.HiddenDefaultCmd = true
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return usagef("%w\nTry '%s --help'.", err, cmd.CommandPath())
	})
	root.AddCommand(newServe(), newDemo(), newExplain(), newBudget(), newHistory(), newUser(), newDataset(), newVersion())
	root.AddCommand(newCheck(), newInit(), newHashPassword(), newRecordKeys(), newAudit())
	root.AddCommand(newKeygen(), newRecord(), newReview(), newApprove(), newRefuse(), newVerify(), newAuthorize(), newRun(), newApprovals())
	return root
}

// noCommand refuses what is no command, as `dpproxy serv`.
func noCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	message := "unknown command %q for %s"
	if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
		message += "; did you mean " + strings.Join(near, " or ") + "?"
	}
	return usagef(message+"\nTry '%s --help'.", args[0], cmd.CommandPath(), cmd.CommandPath())
}

// exactly takes n arguments; names are theirs, for the message.
func exactly(names ...string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) == len(names) {
			return nil
		}
		if len(names) == 0 {
			return usagef("%s takes no arguments, got %q\nTry '%s --help'.", cmd.CommandPath(), args, cmd.CommandPath())
		}
		return usagef("%s takes %s\nTry '%s --help'.", cmd.CommandPath(), strings.Join(names, " and "), cmd.CommandPath())
	}
}

// group makes a command that only has commands below it.
func group(use, short string, below ...*cobra.Command) *cobra.Command {
	cmd := &cobra.Command{Use: use, Short: short, Args: noCommand, RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() }}
	cmd.AddCommand(below...)
	return cmd
}
