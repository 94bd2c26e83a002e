package introspect

import (
	"strings"

	"github.com/dpproxy/dpproxy/rewrite/syntax"
)

// recordPrefix starts the type of what a function with several output columns returns; its name follows. In the engine such
// a value is the text of its fields, with a mark between them.
const recordPrefix = "record of "

// fieldMark stands between the fields of a record.
const fieldMark = "\x1e"

// emptySets are functions of several output columns that have no rows here: what they tell of does not exist.
var emptySets = []string{"pg_options_to_table", "pg_partition_tree", "pg_get_publication_tables", "pg_stat_get_wal_senders",
	"pg_show_replication_origin_status", "pg_get_replication_slots", "pg_prepared_xact", "pg_stat_get_progress_info"}

// recordFunctions are the functions of several output columns that stand in FROM, or of which (f(x)).field is taken.
func recordFunctions() map[string]function {
	m := map[string]function{}
	for _, name := range emptySets {
		m[name] = function{args: types("any,any"), ret: sqlType(recordPrefix + name), lookup: true,
			emit: func(*compiler, []*syntax.Node, []sqlType) (*syntax.Node, error) { return cast(emptySet(), "text"), nil }}
	}
	m["aclexplode"] = fixed("_aclitem", recordPrefix+"aclexplode", func(c *compiler, args []*syntax.Node, _ []sqlType) (*syntax.Node, error) {
		items := fn("array_to_string", args[0], textConst("\n"))
		return fn("dp_lines", c.viewCall("dp_acl", items)), nil
	})
	return m
}

// recordFields are the columns of a record, nil where the type is none.
func (c *compiler) recordFields(t sqlType) []col {
	if name, ok := strings.CutPrefix(string(t), recordPrefix); ok {
		return c.static.procOut[name]
	}
	return nil
}

// recordField takes field i out of a record.
func recordField(n *syntax.Node, i int, t sqlType) *syntax.Node {
	return cast(fn("nullif", fn("split_part", n, textConst(fieldMark), intConst(int64(i+1))), textConst("")), t.engineType())
}

// staticFunctions are functions in FROM whose rows are the same in every database.
var staticFunctions = wordSet("pg_get_keywords ts_token_type")

// staticRows are a static function's columns, and the table that has its rows.
func (c *compiler) staticRows(name string) (cols []col, targets, from []*syntax.Node) {
	for _, cl := range c.static.functions[name].columns {
		cols, targets = append(cols, col(cl)), append(targets, target(colRef(cl.name), ""))
	}
	table := &syntax.RangeVar{Schemaname: "s", Relname: name, Inh: true, Relpersistence: "p"}
	return cols, targets, []*syntax.Node{{Node: &syntax.Node_RangeVar{RangeVar: table}}}
}

// tableFunctions are the functions, without arguments and in FROM alone, that relations of pg_catalog are made of.
var tableFunctions = map[string]string{
	"pg_show_all_settings": "pg_settings", "pg_available_extensions": "pg_available_extensions", "pg_lock_status": "pg_locks",
	"pg_cursor": "pg_cursors", "pg_prepared_statement": "pg_prepared_statements", "pg_timezone_names": "pg_timezone_names",
}

// tableFunctionEntries are their entries in the closed list, with a few that such relations are read by.
func tableFunctionEntries() map[string]function {
	m := map[string]function{}
	for name := range tableFunctions {
		m[name] = function{lookup: true, emit: func(*compiler, []*syntax.Node, []sqlType) (*syntax.Node, error) {
			return nil, unsupported("%s outside of FROM", name)
		}}
	}
	// Addresses, bytes and padded text are plain text here.
	m["host"] = function{args: []sqlType{"text"}, min: 1, ret: "text", emit: func(_ *compiler, args []*syntax.Node, _ []sqlType) (*syntax.Node, error) {
		return fn("split_part", args[0], textConst("/"), intConst(1)), nil
	}}
	for name, ret := range map[string]sqlType{"bpchar": "bpchar", "encode": "text"} {
		m[name] = function{args: []sqlType{"text", "text"}, min: 1, ret: ret, emit: func(_ *compiler, args []*syntax.Node, _ []sqlType) (*syntax.Node, error) {
			return cast(args[0], "text"), nil
		}}
	}
	return m
}

// tableFunction is a relation where a function stands in FROM.
func (c *compiler) tableFunction(r *relation) (cols []col, targets, from []*syntax.Node, err error) {
	for _, cl := range r.columns2() {
		if r.name == "pg_available_extensions" && cl.name == "installed_version" {
			continue // the view has it beside the function's
		}
		cols, targets = append(cols, cl), append(targets, target(colRef(cl.name), ""))
	}
	query, err := c.source(r)
	if err != nil {
		return nil, nil, nil, err
	}
	if query != nil {
		return cols, targets, []*syntax.Node{{Node: subselect(query, &syntax.Alias{Aliasname: "rows"})}}, nil
	}
	table := &syntax.RangeVar{Schemaname: "s", Relname: r.table(), Inh: true, Relpersistence: "p"}
	return cols, targets, []*syntax.Node{{Node: &syntax.Node_RangeVar{RangeVar: table}}}, nil
}
