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
	return []SystemTable{
		{Name: "dp.budget", Input: "dp_budget", Columns: []Column{{"account", text}, {"analyst", text}, {"dataset", text}, {"accountant", text},
			{"epsilon", num}, {"epsilon_spent", num}, {"epsilon_reserved", num}, {"epsilon_left", num},
			{"delta", num}, {"delta_spent", num}, {"delta_reserved", num}, {"delta_left", num},
			{"rho", num}, {"rho_spent", num}, {"rho_reserved", num}, {"rho_left", num}, {"initial_epsilon", num}, {"initial_delta", num},
			{"refresh", text}, {"window_ends", stamp}, {"queries", whole}, {"max_queries", whole}}},
		{Name: "dp.history", Input: "dp_history", Columns: []Column{{"id", whole}, {"time", stamp}, {"dataset", text}, {"sql", text}, {"outcome", text},
			{"sqlstate", text}, {"epsilon", num}, {"delta", num}, {"rho", num}, {"application", text}, {"client", text}, {"plan", text}, {"rows", whole}, {"duration_ms", whole}}},
		{Name: "dp.limits", Input: "dp_limits", Columns: []Column{{"name", text}, {"value", text}, {"description", text}}},
		{Name: "dp.tables", Input: "dp_tables", Columns: []Column{{"name", text}, {"public", flag}, {"unit", text}, {"description", text}, {"pipeline", text}}},
		{Name: "dp.columns", Input: "dp_columns", Columns: []Column{{"table_name", text}, {"column_name", text}, {"position", small}, {"type", text},
			{"nullable", flag}, {"lower", text}, {"upper", text}, {"values", text}, {"description", text},
			{"use", text}, {"breaks", text}, {"sentinels", text}}},
		{Name: "dp.about", Input: "dp_about", Columns: []Column{{"organization", text}, {"title", text}, {"url", text}, {"contact", text},
			{"description", text}, {"terms", text}, {"dataset", text}, {"dataset_title", text}, {"dataset_description", text},
			{"dataset_terms", text}, {"dataset_version", text}}},
		{Name: "dp.functions", Input: "dp_functions", Columns: []Column{{"name", text}, {"kind", text}, {"allowed", flag}}},
		{Name: "dp.datasets", Input: "dp_datasets", Columns: []Column{{"name", text}, {"title", text}, {"description", text}, {"version", text},
			{"accountant", text}, {"privacy_unit", text}, {"current", flag}}},
		{Name: "dp.classes", Input: "dp_classes", Columns: []Column{{"name", text}, {"description", text}, {"functions", text}, {"max_functions", whole},
			{"max_custom_groups", whole}, {"max_joins", whole}, {"private_groups", flag}, {"weighted", flag}, {"after_noise", text}}},
		{Name: "dp.rules", Input: "dp_rules", Columns: []Column{{"query_class", text}, {"columns", text}, {"max", whole}}},
		{Name: "dp.service", Input: "dp_service", Columns: []Column{{"name", text}, {"value", text}, {"description", text}}},
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
