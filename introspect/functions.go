package introspect

import (
	"maps"
	"slices"
	"strings"

	"github.com/dpproxy/dpproxy/refusal"
	"github.com/dpproxy/dpproxy/rewrite/syntax"
)

type (
	nodes = []*syntax.Node
	emit  = func(c *compiler, args []*syntax.Node, types []sqlType) (*syntax.Node, error)
)

// functions is the closed list. A function that is not here is never given to the engine.
var functions = merge(catalogFunctions(), sessionFunctions(), privilegeFunctions(), arrayFunctions(), plainFunctions(), actFunctions(), tableFunctionEntries(), recordFunctions(), moreFunctions())

func merge(lists ...map[string]function) map[string]function {
	all := map[string]function{}
	for _, l := range lists {
		for name, f := range l {
			all[name] = f
		}
	}
	return all
}

// types splits "oid,text" into types.
func types(list string) []sqlType {
	if list == "" {
		return nil
	}
	var out []sqlType
	for _, t := range strings.Split(list, ",") {
		if t == "any" {
			t = ""
		}
		out = append(out, sqlType(t))
	}
	return out
}

// fixed makes an entry of which every argument must be given.
func fixed(args string, ret sqlType, e emit) function {
	t := types(args)
	return function{args: t, min: len(t), ret: ret, emit: e, lookup: true}
}

// optional makes an entry of which only the first min arguments must be given.
func optional(min int, args string, ret sqlType, e emit) function {
	f := fixed(args, ret, e)
	f.min = min
	return f
}

// byView calls one of this package's functions for the view, with leading constants and all arguments but those after keep.
func byView(name string, keep int, leading ...string) emit {
	return func(c *compiler, args []*syntax.Node, _ []sqlType) (*syntax.Node, error) {
		var all nodes
		for _, l := range leading {
			all = append(all, textConst(l))
		}
		return c.viewCall(name, append(all, args[:min(keep, len(args))]...)...), nil
	}
}

// engineCall calls an engine's function or macro with the first keep arguments.
func engineCall(name string, keep int) emit {
	return func(_ *compiler, args []*syntax.Node, _ []sqlType) (*syntax.Node, error) {
		return fn(name, args[:min(keep, len(args))]...), nil
	}
}

// value is the same for all arguments.
func value(n func() *syntax.Node) emit {
	return func(*compiler, []*syntax.Node, []sqlType) (*syntax.Node, error) { return n(), nil }
}

func nullText() *syntax.Node { return cast(nullConst(), "text") }
func emptySet() *syntax.Node { return fn("dp_nothing", intConst(0)) }

// catalogFunctions look things up in the catalog.
func catalogFunctions() map[string]function {
	noText, zero := value(nullText), engineCall("dp_zero", 1)
	m := map[string]function{
		"format_type":                        optional(2, "oid,int4", "text", byView("dp_format_type", 2)),
		"pg_get_userbyid":                    fixed("oid", "name", byView("dp_role_name", 1)),
		"pg_get_constraintdef":               optional(1, "oid,bool", "text", byView("dp_constraintdef", 1)),
		"pg_get_indexdef":                    optional(1, "oid,int4,bool", "text", indexDef),
		"pg_get_expr":                        optional(2, "text,oid,bool", "text", noText),
		"pg_get_viewdef":                     optional(1, "oid,any", "text", viewDefinition),
		"pg_get_ruledef":                     optional(1, "oid,bool", "text", noText),
		"pg_get_triggerdef":                  optional(1, "oid,bool", "text", noText),
		"pg_get_functiondef":                 fixed("oid", "text", byView("dp_functiondef", 1)),
		"pg_get_function_arguments":          fixed("oid", "text", procText(0)),
		"pg_get_function_identity_arguments": fixed("oid", "text", procText(1)),
		"pg_get_function_result":             fixed("oid", "text", procText(2)),
		"pg_get_function_sqlbody":            fixed("oid", "text", noText),
		"pg_get_partkeydef":                  fixed("oid", "text", noText),
		"pg_get_partition_constraintdef":     fixed("oid", "text", noText),
		"pg_get_statisticsobjdef":            fixed("oid", "text", noText),
		"pg_get_statisticsobjdef_columns":    fixed("oid", "text", noText),
		"pg_get_serial_sequence":             fixed("text,text", "text", noText),
		"pg_get_replica_identity_index":      fixed("oid", "regclass", engineCall("dp_zero", 1)),
		"pg_relation_filenode":               fixed("oid", "oid", zero),
		"pg_relation_filepath":               fixed("oid", "text", noText),
		"pg_relation_is_publishable":         fixed("oid", "bool", engineCall("dp_false", 1)),
		"pg_relation_is_updatable":           fixed("oid,bool", "int4", zero),
		"pg_column_is_updatable":             fixed("oid,int2,bool", "bool", engineCall("dp_false", 1)),
		"pg_tablespace_location":             fixed("oid", "text", value(func() *syntax.Node { return textConst("") })),
		"pg_encoding_to_char":                fixed("int4", "name", engineCall("dp_encoding", 1)),
		"pg_char_to_encoding":                fixed("text", "int4", engineCall("dp_encoding_number", 1)),
		"obj_description":                    optional(1, "oid,text", "text", objDescription),
		"col_description":                    fixed("oid,int4", "text", colDescription),
		"shobj_description":                  fixed("oid,text", "text", objDescription),
		"pg_partition_ancestors":             fixed("oid", "regclass", value(emptySet)),
		"pg_partition_root":                  fixed("oid", "regclass", value(func() *syntax.Node { return cast(nullConst(), "int8") })),
		"pg_is_other_temp_schema":            fixed("oid", "bool", engineCall("dp_false", 1)),
		"pg_my_temp_schema":                  fixed("", "oid", value(func() *syntax.Node { return intConst(0) })),
		"pg_stat_get_numscans":               fixed("oid", "int8", zero),
		"age":                                fixed("any", "int4", zero),
		"mxid_age":                           fixed("any", "int4", zero),
		"pg_stat_get_tuples_inserted":        fixed("oid", "int8", zero),
		"pg_size_pretty":                     fixed("int8", "text", engineCall("dp_size_pretty", 1)),
		"quote_ident":                        fixed("text", "text", engineCall("dp_quote_ident", 1)),
		"quote_literal":                      fixed("text", "text", engineCall("dp_quote_literal", 1)),
		"pg_get_keywords":                    fixed("", "text", nil),
		"pg_sequence_last_value":             fixed("oid", "int8", value(func() *syntax.Node { return cast(nullConst(), "int8") })),
		"acldefault":                         fixed("char,oid", "_aclitem", aclDefault),
		"format":                             optional(1, "text,any,any,any,any,any,any", "text", format),
		"pg_describe_object":                 fixed("oid,oid,int4", "text", noText),
		"pg_identify_object":                 fixed("oid,oid,int4", "text", noText),
		"_pg_expandarray":                    fixed("_int2", pairType, engineCall("dp_pairs", 1)),
		"pg_indexam_has_property":            fixed("oid,text", "bool", engineCall("dp_false", 1)),
		"pg_index_has_property":              fixed("oid,text", "bool", engineCall("dp_false", 1)),
		"pg_index_column_has_property":       fixed("oid,int4,text", "bool", engineCall("dp_false", 1)),
	}
	for _, name := range []string{"age", "mxid_age", "format"} { // say nothing of the catalog by themselves
		f := m[name]
		f.lookup = false
		m[name] = f
	}
	for _, name := range []string{"pg_relation_size", "pg_table_size", "pg_total_relation_size", "pg_indexes_size", "pg_database_size",
		"pg_tablespace_size"} {
		m[name] = optional(1, "regclass,text", "int8", zero)
	}
	for _, class := range []string{"table", "type", "function", "operator", "opclass", "opfamily", "collation", "conversion",
		"statistics_obj", "ts_config", "ts_dict", "ts_parser", "ts_template"} {
		of := map[string]string{"table": "pg_class", "type": "pg_type"}[class]
		m["pg_"+class+"_is_visible"] = fixed("oid", "bool", byView("dp_visible", 1, of))
	}
	for _, kind := range []string{"regclass", "regtype", "regproc", "regprocedure", "regnamespace", "regrole", "regoper", "regoperator"} {
		m["to_"+kind] = fixed("text", sqlType(kind), byView("dp_to_reg", 1, kind))
	}
	return m
}

func procText(which int64) emit {
	return func(c *compiler, args []*syntax.Node, _ []sqlType) (*syntax.Node, error) {
		return c.viewCall("dp_proc_text", args[0], intConst(which)), nil
	}
}

func indexDef(c *compiler, args []*syntax.Node, _ []sqlType) (*syntax.Node, error) {
	column, pretty := intConst(0), boolConst(false)
	if len(args) > 2 {
		column, pretty = args[1], args[2]
	}
	return c.viewCall("dp_indexdef", args[0], column, pretty), nil
}

func objDescription(c *compiler, args []*syntax.Node, _ []sqlType) (*syntax.Node, error) {
	class := textConst("")
	if len(args) > 1 {
		class = args[1]
	}
	return c.viewCall("dp_describe", args[0], class, intConst(0)), nil
}

func colDescription(c *compiler, args []*syntax.Node, _ []sqlType) (*syntax.Node, error) {
	return c.viewCall("dp_describe", args[0], textConst("pg_class"), args[1]), nil
}

// format compiles a format that is written out, with %s, %I, %L and %%.
func format(c *compiler, args []*syntax.Node, types []sqlType) (*syntax.Node, error) {
	pattern, ok := stringConst(args[0])
	if !ok {
		return nil, unsupported("format of a computed pattern")
	}
	parts := nodes{textConst("")}
	next := 1
	for i := 0; i < len(pattern); i++ {
		j := strings.IndexByte(pattern[i:], '%')
		if j < 0 {
			parts = append(parts, textConst(pattern[i:]))
			break
		}
		if j > 0 {
			parts = append(parts, textConst(pattern[i:i+j]))
		}
		i += j + 1
		if i < len(pattern) && pattern[i] == '%' {
			parts = append(parts, textConst("%"))
			continue
		}
		if i >= len(pattern) || next >= len(args) || !strings.ContainsRune("sIL", rune(pattern[i])) {
			return nil, unsupported("format pattern")
		}
		arg, _ := c.printed(args[next], types[next])
		arg = cast(arg, "text")
		switch pattern[i] {
		case 'I':
			arg = fn("dp_quote_ident", arg)
		case 'L':
			arg = fn("dp_quote_literal", arg)
		}
		parts, next = append(parts, arg), next+1
	}
	return fn("concat", parts...), nil
}

// sessionFunctions tell about the session and the server.
func sessionFunctions() map[string]function {
	text := func(get func(c *compiler) string) emit {
		return func(c *compiler, _ []*syntax.Node, _ []sqlType) (*syntax.Node, error) {
			return cast(textConst(get(c)), "text"), nil
		}
	}
	null := func(engineType string) emit {
		return value(func() *syntax.Node { return cast(nullConst(), engineType) })
	}
	now := value(func() *syntax.Node { return cast(fn("now"), "timestamp") })
	pid := func(c *compiler, _ []*syntax.Node, _ []sqlType) (*syntax.Node, error) {
		c.perSession = true
		return intConst(int64(c.view.PID)), nil
	}
	constantBool := func(b bool) emit { return value(func() *syntax.Node { return boolConst(b) }) }
	m := map[string]function{
		"version":                  fixed("", "text", version),
		"current_database":         fixed("", "name", text(func(c *compiler) string { return c.view.Database })),
		"current_catalog":          fixed("", "name", text(func(c *compiler) string { return c.view.Database })),
		"current_schema":           fixed("", "name", text(func(*compiler) string { return "public" })),
		"current_user":             fixed("", "name", text(func(c *compiler) string { return c.view.User })),
		"session_user":             fixed("", "name", text(func(c *compiler) string { return c.view.User })),
		"getdatabaseencoding":      fixed("", "name", text(func(*compiler) string { return "UTF8" })),
		"pg_client_encoding":       fixed("", "name", text(clientEncoding)),
		"current_schemas":          fixed("bool", "_name", engineCall("dp_schemas", 1)),
		"current_setting":          optional(1, "text,bool", "text", currentSetting),
		"pg_backend_pid":           fixed("", "int4", pid),
		"pg_is_in_recovery":        fixed("", "bool", constantBool(false)),
		"pg_is_wal_replay_paused":  fixed("", "bool", constantBool(false)),
		"pg_jit_available":         fixed("", "bool", constantBool(false)),
		"txid_current":             fixed("", "int8", value(func() *syntax.Node { return intConst(1) })),
		"txid_current_if_assigned": fixed("", "int8", null("int8")),
		"pg_current_xact_id":       fixed("", "xid8", value(func() *syntax.Node { return intConst(1) })),
		"pg_postmaster_start_time": fixed("", "timestamptz", now),
		"pg_conf_load_time":        fixed("", "timestamptz", now),
		"now":                      fixed("", "timestamptz", now),
		"inet_server_addr":         fixed("", "inet", null("text")),
		"inet_server_port":         fixed("", "int4", null("int4")),
		"inet_client_addr":         fixed("", "inet", null("text")),
		"inet_client_port":         fixed("", "int4", null("int4")),
		"pg_blocking_pids":         fixed("int4", "_int4", value(func() *syntax.Node { return cast(textConst("[]"), "int4[]") })),
	}
	for _, name := range []string{"now", "current_setting"} {
		f := m[name]
		f.lookup = false
		m[name] = f
	}
	return m
}

func version(c *compiler, _ []*syntax.Node, _ []sqlType) (*syntax.Node, error) {
	v := "16.0"
	if c.view.Settings != nil {
		c.perSession = true
		if set, ok := c.view.Settings("server_version"); ok {
			v = set
		}
	}
	return textConst("PostgreSQL " + v), nil
}

// currentSetting reads a setting whose name is written out.
func currentSetting(c *compiler, args []*syntax.Node, _ []sqlType) (*syntax.Node, error) {
	name, ok := stringConst(args[0])
	c.perSession = true
	if !ok {
		return c.computedSetting(args[0])
	}
	lower := strings.ToLower(name)
	if v, ok := c.setting(lower); ok {
		return cast(textConst(v), "text"), nil
	}
	if v, ok := c.static.settings[lower]; ok {
		return cast(textConst(v), "text"), nil
	}
	if len(args) > 1 && args[1].GetAConst().GetBoolval().GetBoolval() {
		return nullText(), nil
	}
	return nil, refusal.New(refusal.UndefinedObject, "unrecognized configuration parameter \"%s\"", name)
}

// computedSetting reads the setting whose name a row tells, as SHOW prints it.
func (c *compiler) computedSetting(name *syntax.Node) (*syntax.Node, error) {
	c.perSession = true
	var b strings.Builder
	b.WriteString("SELECT CASE name")
	for _, known := range slices.Sorted(maps.Keys(c.static.settings)) {
		v, ok := c.setting(known)
		if !ok {
			v = c.static.settings[known]
		}
		b.WriteString(" WHEN " + literal(known) + " THEN " + literal(v))
	}
	b.WriteString(" END")
	st, err := parseSelect(b.String())
	if err != nil {
		return nil, err
	}
	choice := st.GetSelectStmt().TargetList[0].GetResTarget().Val
	choice.GetCaseExpr().Arg = fn("lower", name)
	return choice, nil
}

// privilegeFunctions answer from the policy.
func privilegeFunctions() map[string]function {
	m := map[string]function{
		"pg_has_role": optional(2, "any,any,text", "bool", hasRole),
	}
	for name, class := range map[string]struct{ kind, reg string }{
		"table": {"table", "regclass"}, "any_column": {"table", "regclass"}, "schema": {"schema", "regnamespace"},
		"database": {"database", ""}, "function": {"function", "regproc"}, "sequence": {"sequence", "regclass"},
		"type": {"type", "regtype"}, "language": {"language", ""}, "tablespace": {"tablespace", ""}, "server": {"server", ""},
		"foreign_data_wrapper": {"server", ""}, "parameter": {"parameter", ""},
	} {
		m["has_"+name+"_privilege"] = optional(2, "any,any,any", "bool", privilege(class.kind, class.reg, 2))
	}
	m["has_column_privilege"] = optional(3, "any,any,any,any", "bool", privilege("table", "regclass", 3))
	return m
}

// privilege drops the user, whose privileges are the analyst's own or nobody's business, and finds the object by name or
// number. n is the number of arguments without a user.
func privilege(kind, reg string, n int) emit {
	return func(c *compiler, args []*syntax.Node, types []sqlType) (*syntax.Node, error) {
		if len(args) > n {
			args, types = args[1:], types[1:]
		}
		object := args[0]
		if types[0].isText() {
			object = intConst(0)
			if reg != "" {
				object = c.viewCall("dp_reg_in", textConst(reg), cast(args[0], "text"))
			}
		}
		return c.viewCall("dp_privilege", textConst(kind), object, cast(args[len(args)-1], "text")), nil
	}
}

// hasRole is true for the analyst's own role.
func hasRole(c *compiler, args []*syntax.Node, types []sqlType) (*syntax.Node, error) {
	at := len(args) - 2
	role := args[at]
	if !types[at].isText() {
		role = c.viewCall("dp_role_name", role)
	}
	return binary("=", cast(role, "text"), cast(textConst(c.view.User), "text")), nil
}

func clientEncoding(c *compiler) string {
	if v, ok := c.setting("client_encoding"); ok {
		return v
	}
	return "UTF8"
}
