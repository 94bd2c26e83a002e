package introspect

import (
	"strings"
)

// schemaView is a relation of information_schema as a query over pg_catalog, in the engine's SQL. Columns that are not
// named are NULL. {class} and its like stand for the relations of pg_catalog, {db}, {user} and {view} for constants.
type schemaView struct {
	from    string
	columns map[string]string
}

// fill writes a schemaView out for a view and a relation's columns.
func (c *compiler) fill(v schemaView, r *relation) string {
	var b strings.Builder
	b.WriteString("SELECT ")
	for i, cl := range r.columns {
		if i > 0 {
			b.WriteString(", ")
		}
		e, ok := v.columns[cl.name]
		if !ok {
			e = "NULL::" + cl.typ.engineType()
		}
		b.WriteString(e + ` AS "` + cl.name + `"`)
	}
	b.WriteString(" FROM " + v.from)
	pairs := []string{"{db}", literal(c.view.Database) + "::text", "{user}", literal(c.view.User) + "::text", "{view}", formatInt(int64(c.snap.id))}
	for _, name := range dynamicRelations {
		query := c.snap.schema() + "." + name
		if len(c.static.catalog[name].rows) > 0 {
			query = "(SELECT * FROM s." + name + " UNION ALL SELECT * FROM " + query + ")"
		}
		pairs = append(pairs, "{"+strings.TrimPrefix(name, "pg_")+"}", query)
	}
	return strings.NewReplacer(pairs...).Replace(b.String())
}

const (
	classesOf = `{class} c JOIN {namespace} n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'v')`

	columnsOf = `{attribute} a JOIN {class} c ON c.oid = a.attrelid JOIN {namespace} n ON n.oid = c.relnamespace
	  JOIN {type} t ON t.oid = a.atttypid LEFT JOIN {type} b ON t.typtype = 'd' AND b.oid = t.typbasetype
	  WHERE a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'v')`

	keysOf = `{constraint} k JOIN {class} c ON c.oid = k.conrelid JOIN {namespace} n ON n.oid = k.connamespace AND k.oid >= 16384`

	privilegesOf = `{class} c JOIN {namespace} n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'v') AND c.oid >= 16384`
)

// number gives a declared length, precision or scale of a column's type; the domain's base type counts.
const (
	typeID = `coalesce(b.oid, t.oid)`
	isChar = `coalesce(b.typname, t.typname) IN ('varchar', 'bpchar')`
	mod    = `CASE WHEN t.typtype = 'd' THEN t.typtypmod ELSE a.atttypmod END`
)

var schemaViews = map[string]schemaView{
	"tables": {classesOf, map[string]string{"table_catalog": "{db}", "table_schema": "n.nspname", "table_name": "c.relname",
		"table_type":         "CASE c.relkind WHEN 'r' THEN 'BASE TABLE' ELSE 'VIEW' END",
		"is_insertable_into": "'NO'::text", "is_typed": "'NO'::text"}},
	"views": {`{class} c JOIN {namespace} n ON n.oid = c.relnamespace WHERE c.relkind = 'v'`, map[string]string{
		"table_catalog": "{db}", "table_schema": "n.nspname", "table_name": "c.relname", "check_option": "'NONE'::text",
		"is_updatable": "'NO'::text", "is_insertable_into": "'NO'::text", "is_trigger_updatable": "'NO'::text",
		"is_trigger_deletable": "'NO'::text", "is_trigger_insertable_into": "'NO'::text"}},
	"columns": {columnsOf, map[string]string{"table_catalog": "{db}", "table_schema": "n.nspname", "table_name": "c.relname",
		"column_name": "a.attname", "ordinal_position": "a.attnum::int4",
		"is_nullable": "CASE WHEN a.attnotnull THEN 'NO' ELSE 'YES' END",
		"data_type": `CASE WHEN t.typelem <> 0 AND t.typlen = -1 AND t.typcategory = 'A' THEN 'ARRAY'
		  WHEN t.typnamespace = 11 OR t.typtype = 'd' THEN dp_format_type({view}, ` + typeID + `, NULL) ELSE 'USER-DEFINED' END`,
		"character_maximum_length": "CASE WHEN " + isChar + " AND " + mod + " > 4 THEN " + mod + " - 4 END",
		"character_octet_length":   "CASE WHEN coalesce(b.typname, t.typname) IN ('text', 'varchar', 'bpchar') THEN CASE WHEN " + isChar + " AND " + mod + " > 4 THEN 4 * (" + mod + " - 4) ELSE 1073741824 END END",
		"numeric_precision": `CASE coalesce(b.typname, t.typname) WHEN 'int2' THEN 16 WHEN 'int4' THEN 32 WHEN 'int8' THEN 64
		  WHEN 'float4' THEN 24 WHEN 'float8' THEN 53 WHEN 'numeric' THEN CASE WHEN a.atttypmod >= 4 THEN (a.atttypmod - 4) / 65536 END END`,
		"numeric_precision_radix": `CASE WHEN coalesce(b.typname, t.typname) IN ('int2', 'int4', 'int8', 'float4', 'float8') THEN 2
		  WHEN t.typname = 'numeric' THEN 10 END`,
		"numeric_scale": `CASE WHEN coalesce(b.typname, t.typname) IN ('int2', 'int4', 'int8') THEN 0
		  WHEN t.typname = 'numeric' AND a.atttypmod >= 4 THEN (a.atttypmod - 4) % 2048 END`,
		"datetime_precision": `CASE WHEN t.typname = 'date' THEN 0
		  WHEN coalesce(b.typname, t.typname) IN ('time', 'timetz', 'timestamp', 'timestamptz', 'interval') THEN 6 END`,
		"domain_catalog": "CASE WHEN t.typtype = 'd' THEN {db} END", "domain_schema": "CASE WHEN t.typtype = 'd' THEN 'information_schema' END",
		"domain_name": "CASE WHEN t.typtype = 'd' THEN t.typname END", "udt_catalog": "{db}",
		"udt_schema":     "CASE WHEN coalesce(b.typnamespace, t.typnamespace) = 11 THEN 'pg_catalog' ELSE 'public' END",
		"udt_name":       "coalesce(b.typname, t.typname)",
		"dtd_identifier": "a.attnum::text", "is_self_referencing": "'NO'::text", "is_identity": "'NO'::text", "identity_cycle": "'NO'::text",
		"is_generated": "'NEVER'::text", "is_updatable": "'NO'::text"}},
	"schemata": {"{namespace} n", map[string]string{"catalog_name": "{db}", "schema_name": "n.nspname", "schema_owner": "'dpproxy'::text"}},
	"table_constraints": {keysOf, map[string]string{"constraint_catalog": "{db}", "constraint_schema": "n.nspname",
		"constraint_name": "k.conname", "table_catalog": "{db}", "table_schema": "n.nspname", "table_name": "c.relname",
		"constraint_type": "CASE k.contype WHEN 'p' THEN 'PRIMARY KEY' WHEN 'u' THEN 'UNIQUE' ELSE 'FOREIGN KEY' END",
		"is_deferrable":   "'NO'::text", "initially_deferred": "'NO'::text", "enforced": "'YES'::text",
		"nulls_distinct": "CASE k.contype WHEN 'u' THEN 'YES' END"}},
	"key_column_usage": {`{constraint} k JOIN {class} c ON c.oid = k.conrelid JOIN {namespace} n ON n.oid = k.connamespace AND k.oid >= 16384
	  JOIN {attribute} a ON a.attrelid = c.oid AND a.attnum = k.conkey[1]`, map[string]string{"constraint_catalog": "{db}",
		"constraint_schema": "n.nspname", "constraint_name": "k.conname", "table_catalog": "{db}", "table_schema": "n.nspname",
		"table_name": "c.relname", "column_name": "a.attname", "ordinal_position": "1",
		"position_in_unique_constraint": "CASE k.contype WHEN 'f' THEN 1 END"}},
	"constraint_column_usage": {`{constraint} k JOIN {class} c ON c.oid = CASE k.contype WHEN 'f' THEN k.confrelid ELSE k.conrelid END
	  JOIN {namespace} n ON n.oid = k.connamespace AND k.oid >= 16384 JOIN {attribute} a ON a.attrelid = c.oid
	  AND a.attnum = CASE k.contype WHEN 'f' THEN k.confkey[1] ELSE k.conkey[1] END`, map[string]string{"table_catalog": "{db}",
		"table_schema": "n.nspname", "table_name": "c.relname", "column_name": "a.attname", "constraint_catalog": "{db}",
		"constraint_schema": "n.nspname", "constraint_name": "k.conname"}},
	"constraint_table_usage": {keysOf, map[string]string{"table_catalog": "{db}", "table_schema": "n.nspname",
		"table_name": "c.relname", "constraint_catalog": "{db}", "constraint_schema": "n.nspname", "constraint_name": "k.conname"}},
	"referential_constraints": {`{constraint} k JOIN {namespace} n ON n.oid = k.connamespace
	  LEFT JOIN {constraint} u ON u.conrelid = k.confrelid AND u.conindid = k.conindid AND u.contype IN ('p', 'u')
	  WHERE k.contype = 'f'`, map[string]string{"constraint_catalog": "{db}", "constraint_schema": "n.nspname",
		"constraint_name": "k.conname", "unique_constraint_catalog": "CASE WHEN u.oid IS NOT NULL THEN {db} END",
		"unique_constraint_schema": "CASE WHEN u.oid IS NOT NULL THEN n.nspname END", "unique_constraint_name": "u.conname",
		"match_option": "'NONE'::text", "update_rule": "'NO ACTION'::text", "delete_rule": "'NO ACTION'::text"}},
	"table_privileges":                {privilegesOf, tableGrant},
	"role_table_grants":               {privilegesOf, tableGrant},
	"column_privileges":               {columnsOf + " AND c.oid >= 16384", columnGrant},
	"role_column_grants":              {columnsOf + " AND c.oid >= 16384", columnGrant},
	"information_schema_catalog_name": {"(SELECT 1) one", map[string]string{"catalog_name": "{db}"}},
	"enabled_roles":                   {"(SELECT 1) one", map[string]string{"role_name": "{user}"}},
	"character_sets": {"(SELECT 1) one", map[string]string{"character_set_name": "'UTF8'::text", "character_repertoire": "'UCS'::text",
		"form_of_use": "'UTF8'::text", "default_collate_catalog": "{db}", "default_collate_schema": "'pg_catalog'::text",
		"default_collate_name": "'default'::text"}},
	"collations": {"s.pg_collation l", map[string]string{"collation_catalog": "{db}", "collation_schema": "'pg_catalog'::text",
		"collation_name": "l.collname", "pad_attribute": "'NO PAD'::text"}},
}

var tableGrant = map[string]string{"grantor": "'dpproxy'::text", "grantee": "{user}", "table_catalog": "{db}",
	"table_schema": "n.nspname", "table_name": "c.relname", "privilege_type": "'SELECT'::text", "is_grantable": "'NO'::text",
	"with_hierarchy": "'YES'::text"}

var columnGrant = map[string]string{"grantor": "'dpproxy'::text", "grantee": "{user}", "table_catalog": "{db}",
	"table_schema": "n.nspname", "table_name": "c.relname", "column_name": "a.attname", "privilege_type": "'SELECT'::text",
	"is_grantable": "'NO'::text"}
