package main

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/config"
)

func newDataset() *cobra.Command {
	return group("dataset", "Data sets: list, show, add, remove, import", newDatasetList(), newDatasetShow(), newDatasetAdd(), newRemove("dataset"), newImport("dataset"))
}

func newDatasetList() *cobra.Command {
	cmd := &cobra.Command{
		Use: "list", Short: "List data sets", Args: exactly(), Example: "  dpproxy dataset list --config dpproxy.yaml",
	}
	path, format := configFlag(cmd), outputFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		out, err := newOutput(cmd, *format)
		if err != nil {
			return err
		}
		c, err := loadConfig(cmd, *path)
		if err != nil {
			return err
		}
		var rows [][]any
		for _, d := range c.Datasets {
			rows = append(rows, []any{d.Name, string(d.Source.Kind), d.Declaration.Version, unitName(d.Declaration),
				string(d.Budget.Accountant), d.Budget.Epsilon.String(), d.Budget.Delta.String(), reuseText(d.Reuse), len(d.Declaration.Tables)})
		}
		return out.print([]column{{"name", "name", false}, {"source", "source", false}, {"version", "version", false},
			{"privacy unit", "privacy_unit", false}, {"accountant", "accountant", false}, {"ε", "epsilon", true}, {"δ", "delta", true},
			{"reuse", "reuse", false}, {"tables", "tables", true}}, rows)
	}
	return cmd
}

func reuseText(r config.Reuse) string {
	switch {
	case r.Off:
		return "off"
	case r.MaxAge == 0:
		return "forever"
	case r.MaxAge%time.Hour == 0:
		return fmt.Sprintf("%dh", r.MaxAge/time.Hour)
	}
	return r.MaxAge.String()
}

func newDatasetShow() *cobra.Command {
	cmd := &cobra.Command{
		Use: "show NAME", Short: "Show the tables and columns that are declared", Args: exactly("NAME"),
		Example: "  dpproxy dataset show census --config dpproxy.yaml",
	}
	path, format := configFlag(cmd), outputFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		out, err := newOutput(cmd, *format)
		if err != nil {
			return err
		}
		c, err := loadConfig(cmd, *path)
		if err != nil {
			return err
		}
		d, ok := c.Dataset(args[0])
		if !ok {
			return fmt.Errorf("the configuration has no data set %q", args[0])
		}
		return out.print([]column{{"table", "table", false}, {"column", "column", false}, {"public", "public", false}, {"unit", "unit", false},
			{"lower", "lower", true}, {"upper", "upper", true}, {"values", "values", false}}, declaredRows(d.Declaration))
	}
	return cmd
}

// declaredRows has a row for each declared column, and one for a table that declares none (a public one has all).
func declaredRows(d catalog.Declaration) [][]any {
	var rows [][]any
	for _, t := range d.Tables {
		unit := ""
		if t.Unit != nil {
			unit = t.Unit.Column
			if t.Unit.RefTable != "" {
				unit += " -> " + t.Unit.RefTable + "." + t.Unit.RefColumn
			}
		} else if t.Name == d.UnitTable {
			unit = d.UnitColumn
		}
		if len(t.Columns) == 0 {
			rows = append(rows, []any{t.Name, nil, t.Public, unit, nil, nil, nil})
		}
		for _, c := range t.Columns {
			var lower, upper, values any
			if c.Lower != nil {
				lower = c.Lower.Text
			}
			if c.Upper != nil {
				upper = c.Upper.Text
			}
			if c.Values != nil {
				list := make([]any, len(c.Values))
				for i, v := range c.Values {
					if !v.Null {
						list[i] = v.Text
					}
				}
				values = list
			}
			rows = append(rows, []any{t.Name, c.Name, t.Public, unit, lower, upper, values})
		}
	}
	return rows
}
