package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"
	"gopkg.in/yaml.v3"

	"github.com/dpproxy/dpproxy/budget"
	"github.com/dpproxy/dpproxy/budget/ledgersql"
	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/config"
)

// change is one effect of an edit, as it is shown before it happens.
type change struct {
	Action string   `json:"action"` // add, change, remove
	Kind   string   `json:"kind"`   // user, dataset
	Name   string   `json:"name"`
	Fields []string `json:"fields,omitempty"` // "datasets.census.budget.epsilon: 10 -> 5"
	Spent  []string `json:"spent,omitempty"`  // what stays on the ledger whatever the file says
}

// editing are the flags that every command has which changes the configuration.
type editing struct {
	path, format, by *string
	dry, yes         *bool
}

func editFlags(cmd *cobra.Command) editing {
	return editing{
		path: configFlag(cmd), format: outputFlag(cmd), by: byFlag(cmd),
		dry: cmd.Flags().Bool("dry-run", false, "show what would change, and change nothing"),
		yes: cmd.Flags().BoolP("yes", "y", false, "do not ask before changing or removing what exists"),
	}
}

// edit opens the configuration, lets f change it, shows the effects, and saves. Nothing is saved that could not be served.
func (o editing) edit(cmd *cobra.Command, list string, f func(*config.Editor) ([]change, error)) error {
	out, err := newOutput(cmd, *o.format)
	if err != nil {
		return err
	}
	if *o.path == "" {
		return usagef("%s needs --config FILE", cmd.CommandPath())
	}
	e, err := config.OpenEditor(*o.path, os.LookupEnv)
	if err != nil {
		return err
	}
	changes, err := f(e)
	if err != nil {
		return err
	}
	next, faults := e.Check()
	if catalog.Blocking(faults) {
		for _, f := range faults {
			fmt.Fprintln(cmd.ErrOrStderr(), f)
		}
		return fmt.Errorf("nothing was written, as the configuration could not be served like that")
	}
	l, err := openLedger(cmd.Context(), next, discard())
	if err != nil {
		return err
	}
	defer l.Close()
	if err := addSpent(cmd.Context(), l, changes); err != nil {
		return err
	}
	if err := o.show(out, e, changes); err != nil || *o.dry || len(changes) == 0 {
		return err
	}
	if !o.agreed(cmd, changes) {
		return fmt.Errorf("nothing was written; --yes agrees without a question")
	}
	if err := e.Save(); err != nil {
		return err
	}
	for _, c := range changes {
		note := c.Action + " " + c.Kind + " " + c.Name
		if len(c.Fields) > 0 {
			note += ": " + strings.Join(c.Fields, "; ")
		}
		if err := l.Record(cmd.Context(), budget.Entry{Outcome: "configured", By: *o.by, Note: note}); err != nil {
			return err
		}
	}
	_, err = fmt.Fprintln(cmd.ErrOrStderr(), "written. A running server takes it with SIGHUP.")
	return err
}

// show prints the effects: a line for each, and the difference of the files.
func (o editing) show(out output, e *config.Editor, changes []change) error {
	if out.json {
		return out.printJSON([]column{{name: "changes"}, {name: "diff"}}, [][]any{{slices.Concat([]change{}, changes), diffOf(e)}})
	}
	if len(changes) == 0 {
		_, err := fmt.Fprintln(out.w, "nothing changes")
		return err
	}
	for _, c := range changes {
		sign := map[string]string{"add": "+", "change": "~", "remove": "-"}[c.Action]
		fmt.Fprintf(out.w, "%s %s %s\n", sign, c.Kind, printable(c.Name))
		for _, f := range c.Fields {
			fmt.Fprintf(out.w, "    %s\n", printable(f))
		}
		for _, s := range c.Spent {
			fmt.Fprintf(out.w, "    stays: %s\n", printable(s))
		}
	}
	_, err := fmt.Fprintf(out.w, "\n%s", diffOf(e))
	return err
}

// agreed asks where something that exists changes. Adding needs no question.
func (o editing) agreed(cmd *cobra.Command, changes []change) bool {
	if *o.yes || !slices.ContainsFunc(changes, func(c change) bool { return c.Action != "add" }) {
		return true
	}
	in, ok := cmd.InOrStdin().(*os.File)
	if !ok || !term.IsTerminal(int(in.Fd())) {
		return false
	}
	fmt.Fprint(cmd.ErrOrStderr(), "Write this? [y/N] ")
	line, _ := bufio.NewReader(in).ReadString('\n')
	return strings.EqualFold(strings.TrimSpace(line), "y") || strings.EqualFold(strings.TrimSpace(line), "yes")
}

// addSpent tells for each change what stays on the ledger: no edit of the file touches it.
func addSpent(ctx context.Context, l *ledgersql.Ledger, changes []change) error {
	states, err := l.Accounts(ctx)
	if err != nil {
		return err
	}
	banned, err := l.DisabledAnalysts(ctx)
	if err != nil {
		return err
	}
	for i := range changes {
		c := &changes[i]
		for _, s := range states {
			if c.Kind == "user" && s.Key.Analyst != c.Name || c.Kind == "dataset" && s.Key.Dataset != c.Name {
				continue
			}
			c.Spent = append(c.Spent, fmt.Sprintf("%s on %s has spent ε = %s, δ = %s, ρ = %s in %d queries", analystName(s.Key), s.Key.Dataset,
				s.Spent.Epsilon, s.Spent.Delta, s.Spent.Rho, s.Queries))
			if s.IsSet {
				c.Spent = append(c.Spent, fmt.Sprintf("the budget of %s on %s is ε = %s, as set at run time, whatever the file says; `dpproxy budget unset` ends that",
					analystName(s.Key), s.Key.Dataset, s.Set.Epsilon))
			}
		}
		if c.Kind == "user" && slices.Contains(banned, c.Name) {
			c.Spent = append(c.Spent, "the user is banned at run time; `dpproxy user enable` lifts that")
		}
	}
	return nil
}

// diffOf is the difference of the files, line by line.
func diffOf(e *config.Editor) string {
	files, was, now := e.Changed()
	var b strings.Builder
	for _, f := range files {
		fmt.Fprintf(&b, "--- %s\n+++ %s\n", f, f)
		writeDiff(&b, strings.Split(strings.TrimSuffix(string(was[f]), "\n"), "\n"), strings.Split(strings.TrimSuffix(string(now[f]), "\n"), "\n"))
	}
	return b.String()
}

// writeDiff writes what differs between the first and the last line that differ: an edit changes one place of a file, or few.
// Passwords and their verifiers are not shown.
func writeDiff(b *strings.Builder, was, now []string) {
	from, tail := 0, 0
	for from < len(was) && from < len(now) && was[from] == now[from] {
		from++
	}
	for tail < len(was)-from && tail < len(now)-from && was[len(was)-1-tail] == now[len(now)-1-tail] {
		tail++
	}
	fmt.Fprintf(b, "@@ line %d @@\n", from+1)
	for _, part := range []struct {
		sign  string
		lines []string
	}{{"-", was[from : len(was)-tail]}, {"+", now[from : len(now)-tail]}} {
		for _, l := range part.lines {
			b.WriteString(part.sign + printable(withoutSecrets(l)) + "\n")
		}
	}
}

// fieldsOf compares two nodes, and tells what differs by path.
func fieldsOf(was, now *yaml.Node) []string {
	a, b := map[string]string{}, map[string]string{}
	flatten(was, "", a)
	flatten(now, "", b)
	var out []string
	for k, v := range b {
		if old, ok := a[k]; !ok {
			out = append(out, k+": added "+withoutSecrets(v))
		} else if old != v {
			out = append(out, k+": "+withoutSecrets(old)+" -> "+withoutSecrets(v))
		}
	}
	for k, v := range a {
		if _, ok := b[k]; !ok {
			out = append(out, k+": "+withoutSecrets(v)+" removed")
		}
	}
	slices.Sort(out)
	return out
}

func flatten(n *yaml.Node, path string, out map[string]string) {
	switch {
	case n == nil:
	case n.Kind == yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			flatten(n.Content[i+1], strings.TrimPrefix(path+"."+n.Content[i].Value, "."), out)
		}
	case n.Kind == yaml.SequenceNode:
		var items []string
		for _, c := range n.Content {
			m := map[string]string{}
			flatten(c, "", m)
			var parts []string
			for k, v := range m {
				parts = append(parts, strings.TrimPrefix(k+"="+v, "="))
			}
			slices.Sort(parts)
			items = append(items, strings.Join(parts, " "))
		}
		out[path] = "[" + strings.Join(items, ", ") + "]"
	default:
		out[path] = n.Value
	}
}

// withoutSecrets hides verifiers, and passwords in addresses of sources: what changes is shown, and kept in the history.
func withoutSecrets(text string) string {
	secret := regexp.MustCompile(`(SCRAM-SHA-256\$|://[^:@/\s]*:|(?i:password)\s*=\s*)('(?:[^'\\]|\\.)*'|[^@\s"',}&]+)`)
	return secret.ReplaceAllString(text, "${1}…")
}

// setKey puts a key of a mapping, or takes it away with a nil value.
func setKey(n *yaml.Node, key string, value *yaml.Node) {
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value != key {
			continue
		}
		if value == nil {
			n.Content = slices.Delete(n.Content, i, i+2)
		} else {
			n.Content[i+1] = value
		}
		return
	}
	if value != nil {
		n.Content = append(n.Content, scalarNode(key), value)
	}
}

func scalarNode(s string) *yaml.Node {
	var n yaml.Node
	n.SetString(s)
	return &n
}

// numberNode writes a number as it was typed, without quotes.
func numberNode(s string) *yaml.Node { return &yaml.Node{Kind: yaml.ScalarNode, Value: s} }

func mappingNode(flow bool) *yaml.Node {
	n := &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"}
	if flow {
		n.Style = yaml.FlowStyle
	}
	return n
}
