package smartnoise

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/dpproxy/dpproxy/catalog"
)

// Source is what one schema's data set reads: the value of `source:` as YAML (several lines begin with a line feed), and its
// schema as the source tells it.
type Source struct {
	YAML   string
	Tables []catalog.SourceTable
}

// Config writes a configuration. Every table and column is matched with the source's without regard to case; analysts see
// lower-case names, as PostgreSQL folds what SmartNoise's users write without quotes. name is the data set's where the file gives none.
func (m *Metadata) Config(s Source, name string) (string, error) {
	w := &writer{source: s}
	w.line(0, "# Made from metadata of %s. What has no equal is told where it stood; read those lines once.", m.product())
	w.line(0, "# Privacy differs: a budget is kept for ever (SmartNoise's ε is the analyst's), bounds on units are always enforced, floats")
	w.line(0, "# are counted on a grid, and groups that one person could reveal are left out unless their values are listed.")
	w.line(0, "# docs/coming-from.md compares the two.")
	w.line(0, "listen: 127.0.0.1:6432")
	w.line(0, "ledger: sqlite:./state/ledger.db")
	w.line(0, "")
	w.line(0, "datasets:")
	var names []string
	for _, schema := range m.Schemas {
		names = append(names, m.datasetName(schema, name))
		if err := w.dataset(schema, names[len(names)-1]); err != nil {
			return "", err
		}
	}
	w.line(0, "")
	w.line(0, "# Analysts: SmartNoise has none. Take the signs off, and put in the output of `dpproxy hash-password`.")
	w.line(0, "# users:")
	w.line(0, "#   - name: analyst")
	w.line(0, "#     password: SCRAM-SHA-256$4096:…")
	w.line(0, "#     datasets:")
	for _, n := range names {
		w.line(0, "#       %s: {budget: {epsilon: 10, delta: 1e-5}}", catalog.QuoteYAML(n))
	}
	return w.out.String(), nil
}

func (m *Metadata) product() string {
	if m.Lomas {
		return "Lomas"
	}
	return "SmartNoise SQL"
}

// datasetName is the schema's, so that `FROM schema.table` finds it; else the database's.
func (m *Metadata) datasetName(s Schema, fallback string) string {
	for _, n := range []string{s.Name, m.Database, fallback} {
		if n = strings.ToLower(n); n != "" && n != "public" && n != "dbo" && n != "dp" && n != "pg_catalog" && n != "information_schema" {
			return n
		}
	}
	return "data"
}

type writer struct {
	source Source
	out    strings.Builder
}

func (w *writer) line(indent int, format string, args ...any) {
	w.out.WriteString(strings.Repeat(" ", indent) + fmt.Sprintf(format, args...) + "\n")
}

// none tells of something that has no equal.
func (w *writer) none(indent int, what, why string) {
	w.line(indent, "# %s: %s", strings.Join(strings.Fields(what), " "), why)
}

func (w *writer) dataset(s Schema, name string) error {
	tables := slices.Clone(s.Tables)
	var left []Table
	unit := unitOf(tables)
	w.line(2, "- name: %s", catalog.QuoteYAML(name))
	yaml := w.source.YAML
	if !strings.HasPrefix(yaml, "\n") {
		yaml = " " + yaml
	}
	w.line(4, "source:%s", yaml)
	if unit.table == "" {
		w.line(4, "privacy_unit: row                 # row_privacy")
	} else {
		w.line(4, "privacy_unit: %s.%s          # private_id", catalog.QuoteYAML(strings.ToLower(unit.table)), catalog.QuoteYAML(strings.ToLower(unit.column)))
	}
	bound := int64(1)
	for _, t := range tables {
		bound = max(bound, t.MaxIDs)
		if private(t) == "" && !t.RowPrivacy || unit.table != "" && private(t) == "" {
			left = append(left, t)
		}
	}
	rows := ""
	if unit.table != "" {
		rows = fmt.Sprintf(", max_unit_rows: %d", bound)
	}
	w.line(4, "query: {epsilon: 1, max_epsilon: 10, delta: 1e-6%s}   # SmartNoise gives ε and δ with each reader; analysts: SET dp.epsilon = …", rows)
	if differ(tables) && unit.table != "" {
		w.none(4, "max_ids", "differs between tables; the largest is taken for all")
	}
	w.line(4, "allowed_functions: [count, sum, avg, var_pop, var_samp, variance, stddev_pop, stddev_samp, stddev, min, max, median]")
	w.line(4, "max_functions: 50")
	w.line(4, "budget: {epsilon: 10, delta: 1e-5}   # for all analysts together, for ever: yours to decide, SmartNoise has none")
	w.line(4, "tables:")
	if len(left) == len(tables) {
		return fmt.Errorf("no table of schema %q has a private_id or row_privacy, so it is unknown whom to protect", s.Name)
	}
	for _, t := range tables {
		if slices.ContainsFunc(left, func(l Table) bool { return l.Name == t.Name }) {
			w.none(6, t.Name, "left out: it has no private_id. Declare it `public: true` if no row is about anybody, or give it a unit")
			continue
		}
		w.table(t, unit)
	}
	return nil
}

type unitColumn struct{ table, column string }

// unitOf is the table that names the units: of those with a private_id, the one in which a unit has the fewest rows.
func unitOf(tables []Table) (u unitColumn) {
	best := int64(0)
	for _, t := range tables {
		if c := private(t); c != "" && (best == 0 || t.MaxIDs < best) {
			u, best = unitColumn{t.Name, c}, t.MaxIDs
		}
	}
	return u
}

func private(t Table) string {
	for _, c := range t.Columns {
		if c.Private {
			return c.Name
		}
	}
	return ""
}

func differ(tables []Table) bool {
	for _, t := range tables {
		if t.MaxIDs != tables[0].MaxIDs {
			return true
		}
	}
	return false
}

func (w *writer) table(t Table, unit unitColumn) {
	src := w.find(t.Name)
	w.line(6, "%s:", catalog.QuoteYAML(strings.ToLower(t.Name)))
	w.options(t, unit)
	if src == nil {
		w.line(8, "# TODO: the source has no table of this name")
		src = &catalog.SourceTable{Name: t.Name}
	}
	if name := src.Name; name != strings.ToLower(t.Name) || src.Schema != "" && src.Schema != "public" && src.Schema != "main" {
		if src.Schema != "" {
			name = src.Schema + "." + name
		}
		w.line(8, "source: %s", catalog.QuoteYAML(name))
	}
	if own := private(t); unit.table != "" && t.Name != unit.table {
		w.line(8, "unit: %s   # it holds the unit itself", catalog.QuoteYAML(strings.ToLower(own)))
	}
	w.line(8, "columns:")
	for _, c := range t.Columns {
		w.column(c, src)
	}
}

// options tells what became of a table's options.
func (w *writer) options(t Table, unit unitColumn) {
	for _, name := range []string{"rows", "rows_exact", "sample_max_ids", "censor_dims", "clamp_counts", "clamp_columns", "use_dpsu", "tau"} {
		value, ok := t.Options[name]
		if !ok {
			continue
		}
		on, err := truth(value)
		switch {
		case name == "rows" || name == "rows_exact":
			w.none(8, name+": "+value, "not needed; the number of rows is private")
		case name == "tau":
			w.none(8, "tau: "+value, "thresholds follow from δ; `min_units` under query sets a floor")
		case name == "sample_max_ids" && !on && err == nil:
			w.none(8, "sample_max_ids: "+value, "no equal: a unit's rows are always bounded")
		case name == "censor_dims" && !on && err == nil:
			w.none(8, "censor_dims: "+value, "no equal: list a key's `values` to see all groups, else rare ones are left out")
		case name == "clamp_counts" && on:
			w.none(8, "clamp_counts: "+value, "write greatest(count(*), 0); noisy counts can be negative")
		case name == "clamp_columns" && !on && err == nil:
			w.none(8, "clamp_columns: "+value, "no equal: values are always clamped to their bounds")
		case name == "use_dpsu" && on:
			w.none(8, "use_dpsu: "+value, "no equal: groups are chosen by the rule that keeps most")
		}
	}
	var others []string
	for name, value := range t.Options {
		if !tableOptions()[name] {
			others = append(others, name+": "+value)
		}
	}
	slices.Sort(others)
	for _, o := range others {
		w.none(8, o, "has no equal")
	}
	switch {
	case t.RowPrivacy && unit.table != "":
		w.none(8, "row_privacy", "not taken: the private_id protects all rows of a unit, which is more")
	case unit.table == "" && t.MaxIDs > 1:
		w.none(8, fmt.Sprint("max_ids: ", t.MaxIDs), "not needed where each row is a unit of its own")
	}
}

func (w *writer) column(c Column, src *catalog.SourceTable) {
	for _, o := range c.Other {
		w.none(10, c.Name+"."+o, "has no equal")
	}
	found := findColumn(src, c.Name)
	if found == nil && len(src.Columns) > 0 {
		w.none(10, c.Name, "left out: the source has no column of this name")
		return
	}
	var parts []string
	if found != nil && found.Name != strings.ToLower(c.Name) {
		parts = append(parts, "source: "+catalog.QuoteYAML(found.Name))
	}
	note := ""
	switch {
	case c.Private:
	case len(c.Values) > 0 && (found == nil || found.Type.HasValues()):
		values := make([]string, len(c.Values))
		for i, v := range c.Values {
			values[i] = valueYAML(v, found)
		}
		parts = append(parts, "values: ["+strings.Join(values, ", ")+"]")
	case c.Lower != "" && c.Upper != "" && (found == nil || found.Type.HasBounds()):
		parts = append(parts, "lower: "+c.Lower, "upper: "+c.Upper)
	case c.Lower != "" || c.Upper != "":
		note = fmt.Sprintf("   # lower: %s, upper: %s: bounds need both ends, and a column of numbers or dates", c.Lower, c.Upper)
	}
	w.line(10, "%s: {%s}%s", catalog.QuoteYAML(strings.ToLower(c.Name)), strings.Join(parts, ", "), note)
}

// valueYAML quotes texts, so that YAML takes none for a number or a truth.
func valueYAML(v string, c *catalog.SourceColumn) string {
	if c != nil && c.Type.IsNumeric() {
		return v
	}
	text, _ := json.Marshal(v) // a string always has one
	return string(text)
}

func (w *writer) find(name string) *catalog.SourceTable {
	var best *catalog.SourceTable
	for i := range w.source.Tables {
		if t := &w.source.Tables[i]; strings.EqualFold(t.Name, name) && (best == nil || t.Name == name) {
			best = t
		}
	}
	return best
}

func findColumn(t *catalog.SourceTable, name string) *catalog.SourceColumn {
	for _, same := range []func(a, b string) bool{func(a, b string) bool { return a == b }, strings.EqualFold} {
		for i := range t.Columns {
			if same(t.Columns[i].Name, name) {
				return &t.Columns[i]
			}
		}
	}
	return nil
}
