package introspect

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/dpproxy/dpproxy/catalog"
)

// addTables adds declared tables with their columns, row types, comments, and the keys that the declaration implies.
// d is nil for the proxy's own tables.
func (s *snapshot) addTables(schema string, namespace uint32, d *catalog.Dataset, tables []*catalog.Table) {
	for _, t := range tables {
		s.addTable(schema, namespace, d, t)
	}
}

// inForeignKey says that a table refers to another, or is referred to: both have triggers in PostgreSQL, and psql looks
// for foreign keys only where it sees them.
func inForeignKey(d *catalog.Dataset, t *catalog.Table) bool {
	if d == nil {
		return false
	}
	for _, other := range d.Tables {
		if u := other.Unit; u != nil && u.References != nil && (other == t || u.References.Table == t.Name) {
			return true
		}
	}
	return false
}

func (s *snapshot) addTable(schema string, namespace uint32, d *catalog.Dataset, t *catalog.Table) {
	oid, rowType := s.oid("table", schema, t.Name), s.addRowType(schema, namespace, t.Name)
	s.classes[oid] = object{schema, t.Name, namespace}
	s.classByName[schema+"."+t.Name] = oid
	s.types[rowType].relid = oid
	columns := visible(t)
	keys := uniqueColumns(t)
	s.add("pg_class", fields{"oid": id32(oid), "relname": t.Name, "relnamespace": id32(namespace), "reltype": id32(rowType),
		"relowner": id32(ownerRole), "relam": id32(heapAM), "reltuples": "-1", "relkind": "r", "relnatts": strconv.Itoa(len(columns)),
		"relhasindex": boolText(len(keys) > 0), "relhastriggers": boolText(inForeignKey(d, t)), "relpersistence": "p", "relreplident": "d", "relispopulated": "t",
		"relacl": s.acl("r")})
	s.add("pg_type", s.rowTypeFields(rowType, oid, namespace, t.Name))
	s.add("pg_type", s.arrayTypeFields(s.types[rowType].array, rowType, namespace, "_"+t.Name))
	s.depend(ref{classClass, oid, 0}, ref{classNamespace, namespace, 0}, "n")
	s.depend(ref{classType, rowType, 0}, ref{classClass, oid, 0}, "i")
	s.depend(ref{classType, s.types[rowType].array, 0}, ref{classType, rowType, 0}, "i")
	s.add("pg_tables", fields{"schemaname": schema, "tablename": t.Name, "tableowner": ownerName, "hasindexes": boolText(len(keys) > 0)})
	s.comment(oid, classClass, 0, describeTable(d, t))
	for i, c := range columns {
		s.addColumn(oid, i+1, c)
		s.columns[Name{schema, t.Name, c.Name}] = At{oid, int16(i + 1)}
		s.comment(oid, classClass, i+1, describeColumn(d, t, c))
	}
	s.addSystemColumns(oid)
	for _, c := range keys {
		s.addKey(schema, namespace, oid, t, c, c == keys[0] && !c.Nullable)
	}
}

// acl says in PostgreSQL's way that the session's users may do what the letters stand for.
func (s *snapshot) acl(letters string) string {
	var items []string
	for _, u := range s.view.Users {
		items = append(items, arrayItem(quoteIdent(u)+"="+letters+"/"+ownerName))
	}
	if len(items) == 0 {
		return null
	}
	return "{" + strings.Join(items, ",") + "}"
}

// visible lists the columns that a client may see: all but those whose type nobody can be sent.
func visible(t *catalog.Table) []*catalog.Column {
	var columns []*catalog.Column
	for _, c := range t.Columns {
		if c.Type.Kind != catalog.Unsupported {
			columns = append(columns, c)
		}
	}
	return columns
}

// uniqueColumns are the declared keys, the one that can be a primary key first.
func uniqueColumns(t *catalog.Table) []*catalog.Column {
	var keys []*catalog.Column
	for _, c := range visible(t) {
		if c.Unique {
			keys = append(keys, c)
		}
	}
	slices.SortStableFunc(keys, func(a, b *catalog.Column) int {
		switch {
		case a.Nullable == b.Nullable:
			return 0
		case b.Nullable:
			return -1
		}
		return 1
	})
	return keys
}

func attnum(t *catalog.Table, name string) int {
	for i, c := range visible(t) {
		if c.Name == name {
			return i + 1
		}
	}
	return 0
}

func boolText(b bool) string {
	if b {
		return "t"
	}
	return "f"
}

// addRowType reserves a table's composite type and its array type.
func (s *snapshot) addRowType(schema string, namespace uint32, name string) uint32 {
	row := &typeRow{oid: s.oid("type", schema, name), namespace: namespace, name: name, length: -1, align: "d", storage: "x",
		category: "C", typmod: -1}
	array := &typeRow{oid: s.oid("type", schema, "_"+name), namespace: namespace, name: "_" + name, elem: row.oid, length: -1,
		align: "d", storage: "x", category: "A", typmod: -1, isArray: true}
	row.array = array.oid
	for _, t := range []*typeRow{row, array} {
		s.types[t.oid] = t
		s.typeByName[schema+"."+t.name] = t
	}
	return row.oid
}

func (s *snapshot) rowTypeFields(oid, relid, namespace uint32, name string) fields {
	return fields{"oid": id32(oid), "typname": name, "typnamespace": id32(namespace), "typowner": id32(ownerRole), "typlen": "-1",
		"typtype": "c", "typcategory": "C", "typisdefined": "t", "typdelim": ",", "typrelid": id32(relid),
		"typarray": id32(s.types[oid].array), "typinput": s.proc("record_in"), "typoutput": s.proc("record_out"),
		"typreceive": s.proc("record_recv"), "typsend": s.proc("record_send"), "typalign": "d", "typstorage": "x", "typtypmod": "-1"}
}

func (s *snapshot) arrayTypeFields(oid, elem, namespace uint32, name string) fields {
	return fields{"oid": id32(oid), "typname": name, "typnamespace": id32(namespace), "typowner": id32(ownerRole), "typlen": "-1",
		"typtype": "b", "typcategory": "A", "typisdefined": "t", "typdelim": ",", "typelem": id32(elem),
		"typsubscript": s.proc("array_subscript_handler"), "typinput": s.proc("array_in"), "typoutput": s.proc("array_out"),
		"typreceive": s.proc("array_recv"), "typsend": s.proc("array_send"), "typanalyze": s.proc("array_typanalyze"),
		"typalign": "d", "typstorage": "x", "typtypmod": "-1"}
}

func (s *snapshot) proc(name string) string {
	if oids := s.static.procByName[name]; len(oids) > 0 {
		return id32(oids[0])
	}
	return "0"
}

// columnType is a declared column's row of pg_type, and its modifier.
func (s *snapshot) columnType(t catalog.Type) (*typeRow, int) {
	row, ok := s.static.types[catalog.Type{Kind: t.Kind, Array: t.Array}.OID()] // as RowDescription has it
	if !ok {
		row = s.static.typeByName["text"]
	}
	return row, int(t.Typmod())
}

func (s *snapshot) addColumn(table uint32, num int, c *catalog.Column) {
	row, mod := s.columnType(c.Type)
	dims := "0"
	if c.Type.Array {
		dims = "1"
	}
	s.add("pg_attribute", fields{"attrelid": id32(table), "attname": c.Name, "atttypid": id32(row.oid), "attstattarget": "-1",
		"attlen": strconv.Itoa(row.length), "attnum": strconv.Itoa(num), "attndims": dims, "attcacheoff": "-1",
		"atttypmod": strconv.Itoa(mod), "attbyval": boolText(row.byval), "attalign": row.align, "attstorage": row.storage,
		"attnotnull": boolText(!c.Nullable), "attislocal": "t", "attcollation": id32(row.collation), "attmissingval": null})
}

// addSystemColumns adds the columns that every table has and nobody asks for.
func (s *snapshot) addSystemColumns(table uint32) {
	for i, c := range []struct {
		name, typ string
	}{{"ctid", "tid"}, {"xmin", "xid"}, {"cmin", "cid"}, {"xmax", "xid"}, {"cmax", "cid"}, {"tableoid", "oid"}} {
		row := s.static.typeByName[c.typ]
		s.add("pg_attribute", fields{"attrelid": id32(table), "attname": c.name, "atttypid": id32(row.oid), "attstattarget": "0",
			"attlen": strconv.Itoa(row.length), "attnum": strconv.Itoa(-1 - i), "attcacheoff": "-1", "atttypmod": "-1",
			"attbyval": boolText(row.byval), "attalign": row.align, "attstorage": row.storage, "attnotnull": "t", "attislocal": "t",
			"attmissingval": null})
	}
}

// addKey adds a unique constraint of one column with its index.
func (s *snapshot) addKey(schema string, namespace, table uint32, t *catalog.Table, c *catalog.Column, primary bool) {
	name, kind, word := t.Name+"_"+c.Name+"_key", "u", "UNIQUE"
	if primary {
		name, kind, word = t.Name+"_pkey", "p", "PRIMARY KEY"
	}
	index, constraint := s.oid("table", schema, name), s.oid("constraint", schema, t.Name, name)
	num := strconv.Itoa(attnum(t, c.Name))
	s.classes[index] = object{schema, name, namespace}
	s.classByName[schema+"."+name] = index
	s.add("pg_class", fields{"oid": id32(index), "relname": name, "relnamespace": id32(namespace), "relowner": id32(ownerRole),
		"relam": id32(btreeAM), "relkind": "i", "relnatts": "1", "relpersistence": "p", "relreplident": "n",
		"relispopulated": "t"})
	row, _ := s.columnType(c.Type)
	s.addColumn(index, 1, &catalog.Column{Name: c.Name, Type: c.Type, Nullable: true})
	s.add("pg_index", fields{"indexrelid": id32(index), "indrelid": id32(table), "indnatts": "1", "indnkeyatts": "1",
		"indisunique": "t", "indisprimary": boolText(primary), "indimmediate": "t", "indisvalid": "t", "indisready": "t",
		"indislive": "t", "indkey": num, "indcollation": id32(row.collation), "indclass": id32(s.static.operatorClass(row)), "indoption": "0"})
	s.add("pg_constraint", fields{"oid": id32(constraint), "conname": name, "connamespace": id32(namespace), "contype": kind,
		"convalidated": "t", "conrelid": id32(table), "conindid": id32(index), "confupdtype": " ",
		"confdeltype": " ", "confmatchtype": " ", "conislocal": "t", "connoinherit": "t",
		"conkey": "{" + num + "}"})
	s.constraints[constraint] = word + " (" + quoteIdent(c.Name) + ")"
	head, tail := "CREATE UNIQUE INDEX "+quoteIdent(name)+" ON ", quoteIdent(t.Name)+" USING btree ("+quoteIdent(c.Name)+")"
	definition, pretty := head+quoteIdent(schema)+"."+tail, head+tail
	if schema != "public" {
		pretty = definition
	}
	s.indexes[index] = indexText{definition, pretty, []string{quoteIdent(c.Name)}}
	s.add("pg_indexes", fields{"schemaname": schema, "tablename": t.Name, "indexname": name, "indexdef": definition})
	s.depend(ref{classClass, index, 0}, ref{classConstr, constraint, 0}, "i")
	s.depend(ref{classConstr, constraint, 0}, ref{classClass, table, attnum(t, c.Name)}, "a")
}

// addForeignKeys adds the references by which private tables reach the privacy unit.
func (s *snapshot) addForeignKeys(d *catalog.Dataset) {
	for _, t := range d.Tables {
		if t.Unit == nil || t.Unit.References == nil {
			continue
		}
		ref, ok := d.Table(t.Unit.References.Table)
		if !ok {
			continue
		}
		from, to := attnum(t, t.Unit.Column), attnum(ref, t.Unit.References.Column)
		if from == 0 || to == 0 {
			continue
		}
		s.addForeignKey(t, ref, from, to)
	}
}

func (s *snapshot) addForeignKey(t, target *catalog.Table, from, to int) {
	column, key := visible(t)[from-1].Name, visible(target)[to-1].Name
	name := t.Name + "_" + column + "_fkey"
	oid := s.oid("constraint", "public", t.Name, name)
	index := s.classByName["public."+target.Name+"_pkey"]
	if other, ok := s.classByName["public."+target.Name+"_"+key+"_key"]; ok {
		index = other
	}
	row, _ := s.columnType(visible(target)[to-1].Type)
	equal := null
	if op := s.static.equality(row); op != 0 {
		equal = "{" + id32(op) + "}"
	}
	s.add("pg_constraint", fields{"oid": id32(oid), "conname": name, "connamespace": id32(publicSchema), "contype": "f",
		"convalidated": "t", "conrelid": id32(s.classByName["public."+t.Name]), "conindid": id32(index),
		"confrelid": id32(s.classByName["public."+target.Name]), "confupdtype": "a", "confdeltype": "a", "confmatchtype": "s",
		"conislocal": "t", "connoinherit": "t", "conkey": "{" + strconv.Itoa(from) + "}", "confkey": "{" + strconv.Itoa(to) + "}",
		"conpfeqop": equal, "conppeqop": equal, "conffeqop": equal})
	s.depend(ref{classConstr, oid, 0}, ref{classClass, s.classByName["public."+t.Name], from}, "a")
	s.depend(ref{classConstr, oid, 0}, ref{classClass, s.classByName["public."+target.Name], to}, "n")
	if index != 0 {
		s.depend(ref{classConstr, oid, 0}, ref{classClass, index, 0}, "n")
	}
	s.constraints[oid] = fmt.Sprintf("FOREIGN KEY (%s) REFERENCES %s(%s)", quoteIdent(column), quoteIdent(target.Name), quoteIdent(key))
}

// quoteIdent writes a name as SQL, as quote_ident does: plain where that is safe.
func quoteIdent(name string) string {
	plain := name != ""
	for i, c := range name {
		if !(c == '_' || c >= 'a' && c <= 'z' || i > 0 && c >= '0' && c <= '9') {
			plain = false
		}
	}
	if plain && !reserved[name] {
		return name
	}
	return `"` + strings.ReplaceAll(name, `"`, `""`) + `"`
}

// reserved are the grammar's words that cannot name a column without quotes.
var reserved = wordSet(`all analyse analyze and any array as asc asymmetric authorization between bigint binary bit boolean
both case cast char character check coalesce collate collation column concurrently constraint create cross current_catalog
current_date current_role current_schema current_time current_timestamp current_user dec decimal default deferrable desc
distinct do else end except exists extract false fetch float for foreign freeze from full grant greatest group grouping having
ilike in initially inner inout int integer intersect interval into is isnull join lateral leading least left like limit
localtime localtimestamp national natural nchar none not notnull null nullif numeric offset on only or order out outer overlaps
overlay placing position precision primary real references returning right row select session_user setof similar smallint some
substring symmetric system_user table tablesample then time timestamp to trailing treat trim true union unique user using values
varchar variadic verbose when where window with xmlattributes`)

func wordSet(words string) map[string]bool {
	set := map[string]bool{}
	for _, w := range strings.Fields(words) {
		set[w] = true
	}
	return set
}
