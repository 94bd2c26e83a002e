package main

import (
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/spf13/cobra"
	"gopkg.in/yaml.v3"

	"github.com/dpproxy/dpproxy/config"
)

// newImport makes the command that takes a whole collection of users or data sets from a file.
func newImport(kind string) *cobra.Command {
	list := kind + "s"
	cmd := &cobra.Command{
		Use: "import FILE", Short: "Take a collection of " + list + " from a YAML file", Args: exactly("FILE"),
		Long: `import adds the entries of FILE (a list, or a mapping with the key ` + list + `) to the configuration. What exists already and
differs is left alone, and is an error, unless --overwrite; what FILE does not have is removed with --clean. The effects are shown
first. What was spent is on the ledger: no import changes it. An entry without a password keeps the one it has.`,
		Example: "  dpproxy " + kind + " import " + list + ".yaml --overwrite --dry-run --config dpproxy.yaml",
	}
	if kind == "user" {
		cmd.Long += "\nCollections of Lomas are understood too (id.name, datasets_list); their total_spent_* are not taken over."
	}
	o := editFlags(cmd)
	overwrite := cmd.Flags().Bool("overwrite", false, "change what exists already and differs")
	clean := cmd.Flags().Bool("clean", false, "remove what the file does not have")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		items, err := readCollection(args[0], list)
		if err != nil {
			return err
		}
		return o.edit(cmd, list, func(e *config.Editor) ([]change, error) {
			return importItems(e, kind, items, *overwrite, *clean, func(format string, a ...any) { fmt.Fprintf(cmd.ErrOrStderr(), format+"\n", a...) })
		})
	}
	return cmd
}

// readCollection reads the entries of a file.
func readCollection(path, list string) ([]*yaml.Node, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var document yaml.Node
	if err := yaml.Unmarshal(text, &document); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if len(document.Content) == 0 {
		return nil, fmt.Errorf("%s is empty", path)
	}
	root := document.Content[0]
	if root.Kind == yaml.MappingNode {
		if root = config.Child(root, list); root == nil {
			return nil, fmt.Errorf("%s has no key %s", path, list)
		}
	}
	if root.Kind != yaml.SequenceNode {
		return nil, fmt.Errorf("%s: %s must be a list", path, list)
	}
	return root.Content, nil
}

// importItems works a collection into the configuration.
func importItems(e *config.Editor, kind string, items []*yaml.Node, overwrite, clean bool, warn func(string, ...any)) ([]change, error) {
	list := kind + "s"
	var changes []change
	var conflicts []error
	named := map[string]bool{}
	for _, item := range items {
		if kind == "user" {
			var err error
			if item, err = ofLomas(item, warn); err != nil {
				return nil, err
			}
		}
		name := config.Child(item, "name")
		if name == nil || name.Value == "" {
			return nil, fmt.Errorf("line %d: a %s needs a name", item.Line, kind)
		}
		if named[name.Value] {
			return nil, fmt.Errorf("line %d: %s %q occurs twice", item.Line, kind, name.Value)
		}
		named[name.Value] = true
		before, exists := e.Item(list, name.Value)
		if !exists {
			changes = append(changes, change{Action: "add", Kind: kind, Name: name.Value})
			if err := e.Put(list, name.Value, item); err != nil {
				return nil, err
			}
			continue
		}
		if kind == "user" && config.Child(item, "password") == nil {
			setKey(item, "password", config.Child(before, "password"))
		}
		fields := fieldsOf(before, item)
		switch {
		case len(fields) == 0:
		case !overwrite:
			conflicts = append(conflicts, fmt.Errorf("%s %q exists and differs: %v", kind, name.Value, fields))
		default:
			changes = append(changes, change{Action: "change", Kind: kind, Name: name.Value, Fields: fields})
			if err := e.Put(list, name.Value, item); err != nil {
				return nil, err
			}
		}
	}
	if len(conflicts) > 0 {
		return nil, errors.Join(append(conflicts, errors.New("--overwrite changes what exists; what was spent stays"))...)
	}
	if clean {
		for _, name := range e.Items(list) {
			if !named[name] {
				changes = append(changes, change{Action: "remove", Kind: kind, Name: name})
				if err := e.Put(list, name, nil); err != nil {
					return nil, err
				}
			}
		}
	}
	slices.SortStableFunc(changes, func(a, b change) int { return order(a.Action) - order(b.Action) })
	return changes, nil
}

func order(action string) int { return map[string]int{"add": 0, "change": 1, "remove": 2}[action] }

// ofLomas turns a user of a Lomas collection into one of ours; others stay as they are.
func ofLomas(item *yaml.Node, warn func(string, ...any)) (*yaml.Node, error) {
	id, list := config.Child(item, "id"), config.Child(item, "datasets_list")
	name := config.Child(id, "name")
	if name == nil {
		name = config.Child(item, "user_name")
	}
	if name == nil {
		return item, nil
	}
	out := mappingNode(false)
	setKey(out, "name", scalarNode(name.Value))
	if secret := config.Child(id, "client_secret"); secret != nil {
		v, err := verifierOf(secret.Value)
		if err != nil {
			return nil, err
		}
		setKey(out, "password", scalarNode(v))
	}
	if may := config.Child(item, "may_query"); may != nil {
		setKey(out, "may_query", &yaml.Node{Kind: yaml.ScalarNode, Value: map[bool]string{true: "true", false: "false"}[may.Value == "True" || may.Value == "true"]})
	}
	datasets := mappingNode(false)
	if list != nil {
		for _, d := range list.Content {
			b, grant := mappingNode(true), mappingNode(false)
			amount := func(key string) string {
				if v := config.Child(d, key); v != nil {
					return v.Value
				}
				return ""
			}
			setAmounts(b, amount("initial_epsilon"), amount("initial_delta"))
			setKey(grant, "budget", b)
			if v := config.Child(d, "dataset_name"); v != nil {
				setKey(datasets, v.Value, grant)
			}
			if v := config.Child(d, "total_spent_epsilon"); v != nil && v.Value != "0" && v.Value != "0.0" {
				warn("line %d: what %s has spent elsewhere (ε = %s) is not taken over; grant him less if it should count", d.Line, name.Value, v.Value)
			}
		}
	}
	if len(datasets.Content) > 0 {
		setKey(out, "datasets", datasets)
	}
	return out, nil
}
