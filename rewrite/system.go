package rewrite

import (
	"strings"

	"github.com/dpproxy/dpproxy/catalog"
)

// SystemTable is a table of schema dp whose rows the caller gives: its name (as SQL knows it) and columns.
type SystemTable struct {
	Name    string // "dp.budget"
	Input   string // the name of the input that Post.SQL reads
	Columns []Column
}

// SystemTables lists the tables of schema dp.
func SystemTables() []SystemTable {
	text, num, whole := catalog.Of(catalog.Text), catalog.Of(catalog.Numeric), catalog.Of(catalog.Int8)
	flag, stamp, small := catalog.Of(catalog.Bool), catalog.Of(catalog.Timestamptz), catalog.Of(catalog.Int4)
	col := func(name string, t catalog.Type) Column { return Column{Name: name, Type: t} }
	return []SystemTable{
		{Name: "dp.budget", Input: "dp_budget", Columns: []Column{col("account", text), col("analyst", text), col("dataset", text), col("accountant", text),
			col("epsilon", num), col("epsilon_spent", num), col("epsilon_reserved", num), col("epsilon_left", num),
			col("delta", num), col("delta_spent", num), col("delta_reserved", num), col("delta_left", num),
			col("rho", num), col("rho_spent", num), col("rho_reserved", num), col("rho_left", num), col("initial_epsilon", num), col("initial_delta", num),
			col("refresh", text), col("window_ends", stamp), col("queries", whole), col("max_queries", whole)}},
		{Name: "dp.history", Input: "dp_history", Columns: []Column{col("id", whole), col("time", stamp), col("dataset", text), col("sql", text), col("outcome", text),
			col("sqlstate", text), col("epsilon", num), col("delta", num), col("rho", num), col("application", text), col("client", text), col("plan", text), col("rows", whole), col("duration_ms", whole), col("user_name", text)}},
		{Name: "dp.limits", Input: "dp_limits", Columns: []Column{col("name", text), col("value", text), col("description", text)}},
		{Name: "dp.tables", Input: "dp_tables", Columns: []Column{col("name", text), col("public", flag), col("unit", text), col("description", text), col("pipeline", text)}},
		{Name: "dp.columns", Input: "dp_columns", Columns: []Column{col("table_name", text), col("column_name", text), col("position", small), col("type", text),
			col("nullable", flag), col("lower", text), col("upper", text), col("values", text), col("description", text),
			col("use", text), col("breaks", text), col("sentinels", text)}},
		{Name: "dp.about", Input: "dp_about", Columns: []Column{col("organization", text), col("title", text), col("url", text), col("contact", text),
			col("description", text), col("terms", text), col("dataset", text), col("dataset_title", text), col("dataset_description", text),
			col("dataset_terms", text), col("dataset_version", text)}},
		{Name: "dp.functions", Input: "dp_functions", Columns: []Column{col("name", text), col("kind", text), col("allowed", flag)}},
		{Name: "dp.datasets", Input: "dp_datasets", Columns: []Column{col("name", text), col("title", text), col("description", text), col("version", text),
			col("accountant", text), col("privacy_unit", text), col("current", flag)}},
		{Name: "dp.classes", Input: "dp_classes", Columns: []Column{col("name", text), col("description", text), col("functions", text), col("max_functions", whole),
			col("max_custom_groups", whole), col("max_joins", whole), col("private_groups", flag), col("weighted", flag), col("after_noise", text)}},
		{Name: "dp.rules", Input: "dp_rules", Columns: []Column{col("query_class", text), col("columns", text), col("max", whole)}},
		{Name: "dp.service", Input: "dp_service", Columns: []Column{col("name", text), col("value", text), col("description", text)}},
	}
}

// systemNames lists the tables of schema dp for a hint.
func systemNames() string {
	var names []string
	for _, t := range SystemTables() {
		names = append(names, strings.TrimPrefix(t.Name, "dp."))
	}
	return strings.Join(names, ", ")
}
