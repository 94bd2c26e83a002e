package rewrite

import "github.com/dpproxy/dpproxy/catalog"

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
			{"delta", num}, {"delta_spent", num}, {"delta_left", num}, {"rho", num}, {"rho_spent", num}, {"rho_left", num},
			{"refresh", text}, {"window_ends", stamp}, {"queries", whole}, {"max_queries", whole}}},
		{Name: "dp.history", Input: "dp_history", Columns: []Column{{"id", whole}, {"time", stamp}, {"dataset", text}, {"sql", text}, {"outcome", text},
			{"sqlstate", text}, {"epsilon", num}, {"delta", num}, {"rho", num}, {"application", text}, {"client", text}, {"plan", text}}},
		{Name: "dp.limits", Input: "dp_limits", Columns: []Column{{"name", text}, {"value", text}, {"description", text}}},
		{Name: "dp.tables", Input: "dp_tables", Columns: []Column{{"name", text}, {"public", flag}, {"unit", text}, {"description", text}, {"pipeline", text}}},
		{Name: "dp.columns", Input: "dp_columns", Columns: []Column{{"table_name", text}, {"column_name", text}, {"position", small}, {"type", text},
			{"nullable", flag}, {"lower", text}, {"upper", text}, {"values", text}, {"description", text}}},
		{Name: "dp.functions", Input: "dp_functions", Columns: []Column{{"name", text}, {"kind", text}, {"allowed", flag}}},
	}
}
