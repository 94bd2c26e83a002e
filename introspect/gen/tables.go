package main

// rows names the relations of pg_catalog whose rows are the same in every database, with the filter that keeps them so.
var rows = map[string]string{
	"pg_aggregate": "ORDER BY 1",
	"pg_am":        "ORDER BY 1",
	"pg_amop":      "ORDER BY 1",
	"pg_amproc":    "ORDER BY 1",
	"pg_attribute": `WHERE attrelid IN (SELECT oid FROM pg_class WHERE relkind IN ('r', 'v', 'i')
	  AND relnamespace IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)) ORDER BY attrelid, attnum`,
	"pg_cast":             "ORDER BY 1",
	"pg_class":            "WHERE relkind IN ('r', 'v', 'i') AND relnamespace IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace) ORDER BY 1",
	"pg_constraint":       "WHERE oid < 16384 ORDER BY 1",
	"pg_collation":        "WHERE oid < 12000 OR collname IN ('ucs_basic') ORDER BY 1",
	"pg_conversion":       "ORDER BY 1",
	"pg_description":      "WHERE objoid < 16384 AND classoid <> 'pg_extension'::regclass AND NOT (classoid = 'pg_language'::regclass AND objoid NOT IN (12, 13, 14)) ORDER BY 2, 1, 3",
	"pg_index":            "WHERE indrelid IN (SELECT oid FROM pg_class WHERE relnamespace = 'pg_catalog'::regnamespace) ORDER BY 1",
	"pg_indexes":          "WHERE schemaname = 'pg_catalog' ORDER BY 2, 3",
	"pg_tables":           "WHERE schemaname IN ('pg_catalog', 'information_schema') ORDER BY 1, 2",
	"pg_views":            "WHERE schemaname IN ('pg_catalog', 'information_schema') ORDER BY 1, 2",
	"pg_language":         "WHERE lanname <> 'plpgsql' ORDER BY 1",
	"pg_namespace":        "WHERE nspname IN ('pg_catalog', 'information_schema', 'public', 'pg_toast') ORDER BY 1",
	"pg_opclass":          "ORDER BY 1",
	"pg_operator":         "ORDER BY 1",
	"pg_opfamily":         "ORDER BY 1",
	"pg_proc":             "WHERE oid < 16384 AND proname !~ '^plpgsql' ORDER BY 1",
	"pg_range":            "ORDER BY 1",
	"pg_settings":         "WHERE name = 'search_path' OR name !~ '(file|directory|directories|command|path|socket|location|ssl|listen|krb|port|cluster_name|preset|hba)' ORDER BY 1",
	"pg_tablespace":       "ORDER BY 1",
	"pg_timezone_abbrevs": "ORDER BY 1",
	"pg_ts_config":        "ORDER BY 1",
	"pg_ts_config_map":    "ORDER BY 1, 2, 3",
	"pg_ts_dict":          "ORDER BY 1",
	"pg_ts_parser":        "ORDER BY 1",
	"pg_ts_template":      "ORDER BY 1",
	"pg_type": `WHERE oid < 16384 AND (typrelid = 0 OR typrelid IN (SELECT oid FROM pg_class WHERE relkind IN ('r', 'v')))
	  ORDER BY 1`,
}

// smallViews are those of information_schema that describe the server alone.
var smallViews = map[string]bool{"sql_features": true, "sql_implementation_info": true, "sql_parts": true, "sql_sizing": true}

// overrides replace what depends on the server that was asked, and fill columns of a newer version.
var overrides = map[string]string{
	"pg_class.relfilenode": "0", "pg_class.relpages": "0", "pg_class.reltuples": "CASE relkind WHEN 'i' THEN 0 ELSE -1 END", "pg_class.relallvisible": "0",
	"pg_class.reltoastrelid": "0", "pg_class.relfrozenxid": "'0'", "pg_class.relminmxid": "'0'",
	"pg_class.reloptions":       "NULL",
	"pg_collation.collicurules": "NULL", "pg_collation.collversion": "NULL",
	"pg_namespace.nspowner": "10", "pg_tables.tableowner": "'dpproxy'", "pg_views.viewowner": "'dpproxy'",
	"pg_namespace.nspacl": "CASE nspname WHEN 'pg_toast' THEN NULL ELSE '{dpproxy=UC/dpproxy,=U/dpproxy}' END", "pg_proc.proacl": "NULL", "pg_tablespace.spcacl": "NULL",
	"pg_proc.proconfig":   "NULL",
	"pg_proc.prosrc":      "CASE WHEN prolang = 12 THEN prosrc ELSE '' END",
	"pg_settings.setting": "CASE name WHEN 'server_version' THEN '16.0' WHEN 'server_version_num' THEN '160000' WHEN 'TimeZone' THEN 'UTC' WHEN 'log_timezone' THEN 'UTC' ELSE reset_val END", "pg_settings.source": "'default'", "pg_settings.reset_val": "boot_val",
	"pg_settings.pending_restart": "false", "pg_settings.sourcefile": "NULL", "pg_settings.sourceline": "NULL",
}

type extra struct {
	name, sql string
	columns   []column
}

// extras are answers of functions, one row for each argument that can occur.
var extras = []extra{
	{"proc_text", `SELECT oid, pg_get_function_arguments(oid), pg_get_function_identity_arguments(oid), pg_get_function_result(oid)
	   FROM pg_proc WHERE oid < 16384 ORDER BY 1`,
		[]column{{"oid", "oid"}, {"arguments", "text"}, {"identity", "text"}, {"result", "text"}}},
	{"pg_get_keywords", `SELECT word, catcode, barelabel, catdesc, baredesc FROM pg_get_keywords() ORDER BY 1`,
		[]column{{"word", "text"}, {"catcode", "char"}, {"barelabel", "bool"}, {"catdesc", "text"}, {"baredesc", "text"}}},
	{"ts_token_type", `SELECT tokid, alias, description FROM ts_token_type('default') ORDER BY 1`,
		[]column{{"tokid", "int4"}, {"alias", "text"}, {"description", "text"}}},
	{"index_text", `SELECT indexrelid, pg_get_indexdef(indexrelid), pg_get_indexdef(indexrelid, 0, true),
	   ARRAY(SELECT pg_get_indexdef(indexrelid, k, true) FROM generate_series(1, indnkeyatts) k)
	   FROM pg_index WHERE indrelid IN (SELECT oid FROM pg_class WHERE relnamespace = 'pg_catalog'::regnamespace) ORDER BY 1`,
		[]column{{"oid", "oid"}, {"definition", "text"}, {"pretty", "text"}, {"columns", "_text"}}},
	{"constraint_text", `SELECT oid, pg_get_constraintdef(oid) FROM pg_constraint WHERE oid < 16384 ORDER BY 1`,
		[]column{{"oid", "oid"}, {"definition", "text"}}},
	{"view_text", `SELECT c.oid, pg_get_viewdef(c.oid), pg_get_viewdef(c.oid, true) FROM pg_class c
	   WHERE relkind = 'v' AND relnamespace IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace) ORDER BY 1`,
		[]column{{"oid", "oid"}, {"definition", "text"}, {"pretty", "text"}}},
	{"timezones", `SELECT name FROM pg_timezone_names WHERE name !~ '^posix' ORDER BY 1`, []column{{"name", "text"}}},
}
