package smartnoise

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"
)

// Metadata is one file: the schemas of one database, each with its tables.
type Metadata struct {
	Database string
	Schemas  []Schema
	Lomas    bool // one table without names
}

// Schema is what becomes a data set.
type Schema struct {
	Name   string
	Tables []Table
}

// Table is one table with its options, and the columns in the file's order.
type Table struct {
	Name       string
	RowPrivacy bool
	MaxIDs     int64             // ≥ 1
	Options    map[string]string // as written, by lower-case name, those that are set
	Columns    []Column
}

// Column is one column. Other are attributes without an equal, as "name: value".
type Column struct {
	Name, Type   string
	Lower, Upper string
	Values       []string
	Private      bool
	Other        []string
}

// lomasTable is the name that queries of Lomas call their one table.
const lomasTable = "df"

// tableOptions are the keys of a table that are no columns, where their values are plain.
func tableOptions() map[string]bool {
	return map[string]bool{"rows": true, "rows_exact": true, "row_privacy": true, "max_ids": true, "sample_max_ids": true, "censor_dims": true, "clamp_counts": true,
		"clamp_columns": true, "use_dpsu": true, "tau": true, "synth_allowed": true, "engine": true, "description": true}
}

// Read reads a metadata file. Its errors tell lines.
func Read(text []byte) (*Metadata, error) {
	var doc yaml.Node
	if err := yaml.Unmarshal(text, &doc); err != nil {
		return nil, err
	}
	if len(doc.Content) != 1 || doc.Content[0].Kind != yaml.MappingNode {
		return nil, errors.New("this is no metadata of SmartNoise or Lomas: it must be a mapping")
	}
	root := doc.Content[0]
	if columns := child(root, "columns"); columns != nil && columns.Kind == yaml.MappingNode {
		t, err := readTable(lomasTable, root)
		return &Metadata{Lomas: true, Schemas: []Schema{{Tables: []Table{t}}}}, err
	}
	m := &Metadata{}
	for _, db := range pairs(root) {
		if db.key.Value == "engine" && db.value.Kind == yaml.ScalarNode {
			continue // whose rules for names apply; SmartNoise writes it into the files that it saves
		}
		if db.value.Kind != yaml.MappingNode || m.Database != "" || len(m.Schemas) > 0 {
			return nil, fmt.Errorf("line %d: a metadata file describes one database, as database: {schema: {table: …}}", db.key.Line)
		}
		m.Database = db.key.Value
		for _, s := range pairs(db.value) {
			schema := Schema{Name: s.key.Value}
			for _, t := range pairs(s.value) {
				if t.value.Kind != yaml.MappingNode {
					return nil, fmt.Errorf("line %d: %q must be a table, with its columns below", t.key.Line, t.key.Value)
				}
				table, err := readTable(t.key.Value, t.value)
				if err != nil {
					return nil, err
				}
				schema.Tables = append(schema.Tables, table)
			}
			m.Schemas = append(m.Schemas, schema)
		}
	}
	if len(m.Schemas) == 0 {
		return nil, errors.New("the metadata describes no table")
	}
	return m, nil
}

// OnlyTable is the name of the table, where there is one.
func (m *Metadata) OnlyTable() (string, bool) {
	if len(m.Schemas) != 1 || len(m.Schemas[0].Tables) != 1 {
		return "", false
	}
	return m.Schemas[0].Tables[0].Name, true
}

type pair struct{ key, value *yaml.Node }

func pairs(n *yaml.Node) []pair {
	var out []pair
	if n.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		value := n.Content[i+1]
		if value.Kind == yaml.AliasNode {
			value = value.Alias
		}
		out = append(out, pair{n.Content[i], value})
	}
	return out
}

func child(n *yaml.Node, name string) *yaml.Node {
	for _, p := range pairs(n) {
		if p.key.Value == name {
			return p.value
		}
	}
	return nil
}

// readTable reads a table: SmartNoise has options and columns side by side, Lomas has the columns under one key.
func readTable(name string, n *yaml.Node) (Table, error) {
	t := Table{Name: name, MaxIDs: 1, Options: map[string]string{}}
	columns := n
	if below := child(n, "columns"); below != nil && below.Kind == yaml.MappingNode {
		columns = below
	}
	for _, p := range pairs(n) {
		option := strings.ToLower(p.key.Value)
		if p.value.Kind != yaml.ScalarNode || columns == n && !tableOptions()[option] {
			continue
		}
		t.Options[option] = p.value.Value
	}
	var err error
	if t.RowPrivacy, err = truth(t.Options["row_privacy"]); err != nil {
		return t, fmt.Errorf("table %q: row_privacy: %w", name, err)
	}
	if text, ok := t.Options["max_ids"]; ok {
		if t.MaxIDs, err = strconv.ParseInt(strings.ReplaceAll(text, "_", ""), 10, 32); err != nil || t.MaxIDs < 1 {
			return t, fmt.Errorf("table %q: max_ids must be a whole number from 1 on, not %q", name, text)
		}
	}
	for _, p := range pairs(columns) {
		if p.value.Kind != yaml.MappingNode {
			if columns == n && tableOptions()[strings.ToLower(p.key.Value)] {
				continue
			}
			return t, fmt.Errorf("line %d: column %q of table %q must be a mapping with its type", p.key.Line, p.key.Value, name)
		}
		c, err := readColumn(p.key.Value, p.value)
		if err != nil {
			return t, err
		}
		t.Columns = append(t.Columns, c)
	}
	return t, nil
}

func readColumn(name string, n *yaml.Node) (Column, error) {
	c := Column{Name: name}
	for _, p := range pairs(n) {
		v := p.value
		switch strings.ToLower(p.key.Value) {
		case "type":
			c.Type = strings.ToLower(v.Value)
		case "lower":
			c.Lower = scalar(v)
		case "upper":
			c.Upper = scalar(v)
		case "private_id", "private_key":
			private, err := truth(v.Value)
			if err != nil {
				return c, fmt.Errorf("line %d: %s: %w", v.Line, p.key.Value, err)
			}
			c.Private = c.Private || private
		case "categories":
			for _, e := range v.Content {
				c.Values = append(c.Values, scalar(e))
			}
		default:
			if v.Kind == yaml.ScalarNode {
				c.Other = append(c.Other, p.key.Value+": "+v.Value)
			} else {
				c.Other = append(c.Other, p.key.Value)
			}
		}
	}
	return c, nil
}

// scalar is a plain value without the underscores that YAML allows in numbers.
func scalar(n *yaml.Node) string {
	switch {
	case n.Tag == "!!null":
		return ""
	case n.Tag == "!!int" || n.Tag == "!!float":
		return strings.ReplaceAll(n.Value, "_", "")
	}
	return n.Value
}

// truth reads a boolean as YAML 1.1 and Python write it.
func truth(text string) (bool, error) {
	switch strings.ToLower(text) {
	case "", "false", "no", "off", "0":
		return false, nil
	case "true", "yes", "on", "1":
		return true, nil
	}
	return false, fmt.Errorf("%q is neither true nor false", text)
}
