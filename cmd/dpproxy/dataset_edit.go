package main

import (
	"bytes"
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"gopkg.in/yaml.v3"

	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/config"
)

func newDatasetAdd() *cobra.Command {
	cmd := &cobra.Command{
		Use: "add NAME", Short: "Add a data set to the configuration, from its source's schema", Args: exactly("NAME"),
		Long: `add reads the names, types and keys of a source, never its values, and writes a data set with all of its tables into the
configuration, after the last one. Bounds and lists of values are for you to add. "dpproxy dataset import" takes data sets that are written already.`,
		Example: "  dpproxy dataset add census --source duckdb:census.duckdb --unit persons.person_id --epsilon 100 --delta 1e-6 --public cities --config dpproxy.yaml",
	}
	o := editFlags(cmd)
	f := cmd.Flags()
	sources := f.StringArray("source", nil, "postgres://…, duckdb:path, or the path of a CSV or Parquet file (several times for several files)")
	unit := f.String("unit", "", "table.column that identifies the privacy unit")
	epsilon, delta := f.String("epsilon", "", "ε of all analysts together"), f.String("delta", "", "δ of all analysts together")
	public := f.StringSlice("public", nil, "tables whose rows are about nobody")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		table, column, dotted := strings.Cut(*unit, ".")
		if len(*sources) == 0 || *unit != "" && (!dotted || table == "" || column == "") {
			return usagef("%s needs --source, and --unit table.column", cmd.CommandPath())
		}
		return o.edit(cmd, "datasets", func(e *config.Editor) ([]change, error) {
			if _, exists := e.Item("datasets", args[0]); exists {
				return nil, fmt.Errorf("the configuration has a data set %q already", args[0])
			}
			item, err := schemaItem(cmd.Context(), *sources, catalog.Reference{Table: table, Column: column})
			if err != nil {
				return nil, err
			}
			setKey(item, "name", scalarNode(args[0]))
			b := mappingNode(true)
			setAmounts(b, *epsilon, *delta)
			setKey(item, "budget", nil)
			if len(b.Content) > 0 {
				setKey(item, "budget", b)
			}
			for _, t := range *public {
				decl := config.Child(config.Child(item, "tables"), t)
				if decl == nil {
					return nil, fmt.Errorf("the source has no table %q", t)
				}
				*decl = *mappingNode(true)
				setKey(decl, "public", &yaml.Node{Kind: yaml.ScalarNode, Value: "true"})
			}
			return []change{{Action: "add", Kind: "dataset", Name: args[0]}}, e.Put("datasets", args[0], item)
		})
	}
	return cmd
}

// schemaItem is a data set's entry as `dpproxy init` would write it.
func schemaItem(ctx context.Context, sources []string, unit catalog.Reference) (*yaml.Node, error) {
	ctx, cancel := context.WithTimeout(ctx, schemaTimeout)
	defer cancel()
	var b bytes.Buffer
	if err := writeConfig(ctx, &b, sources, unit); err != nil {
		return nil, err
	}
	var document yaml.Node
	if err := yaml.Unmarshal(b.Bytes(), &document); err != nil {
		return nil, err
	}
	list := config.Child(document.Content[0], "datasets")
	if list == nil || len(list.Content) != 1 {
		return nil, fmt.Errorf("the source's schema gave no data set")
	}
	dropEmpty(list.Content[0])
	return list.Content[0], nil
}

// dropEmpty takes away what init leaves for the owner to fill in: the new data set can be served as it is.
func dropEmpty(n *yaml.Node) {
	if n.Kind == yaml.MappingNode {
		for i := 0; i+1 < len(n.Content); {
			if v := n.Content[i+1]; v.Kind == yaml.ScalarNode && v.Tag == "!!null" {
				n.Content = append(n.Content[:i], n.Content[i+2:]...)
				continue
			}
			i += 2
		}
	}
	n.HeadComment, n.LineComment, n.FootComment = "", "", ""
	for _, c := range n.Content {
		dropEmpty(c)
	}
}
