package introspect

import "github.com/dpproxy/dpproxy/rewrite/syntax"

// aclType is the composite that aclexplode returns. Privileges are read from the has_*_privilege functions and from
// information_schema; aclexplode has no rows.
const aclType sqlType = "aclrecord"

var aclFields = map[string]sqlType{"grantor": "oid", "grantee": "oid", "privilege_type": "text", "is_grantable": "bool"}

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
