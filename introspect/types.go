package introspect

import (
	"strings"

	"github.com/dpproxy/dpproxy/catalog"
)

// sqlType is a PostgreSQL type by its name in pg_type; arrays have a leading underscore. "" is a type that nothing in
// the statement tells; the engine's own type decides then.
type sqlType string

const (
	unknownType sqlType = "unknown" // an untyped literal
	pairType    sqlType = "pair"    // the composite (x, n) of information_schema._pg_expandarray
)

// domains of information_schema, and types that only look different, by the type that stands for them on the wire.
var baseTypes = map[sqlType]sqlType{
	"sql_identifier": "name", "character_data": "varchar", "cardinal_number": "int4", "yes_or_no": "varchar",
	"time_stamp": "timestamptz", "pg_node_tree": "text", "aclitem": "text", "_aclitem": "_text", "anyarray": "text",
	"xid": "oid", "cid": "oid", "pg_lsn": "text", "inet": "text", "pg_ndistinct": "text", "pg_dependencies": "text",
	"pg_mcv_list": "text", "_pg_statistic": "_text", "tid": "text", "cstring": "text",
	"bytea": "text", "xid8": "oid", "void": "text", "record": "text",
}

func (t sqlType) base() sqlType {
	if b, ok := baseTypes[t]; ok {
		return b
	}
	return t
}

func (t sqlType) isArray() bool { return strings.HasPrefix(string(t), "_") }

// isVector says that the type is one of the catalogs' own arrays, whose subscripts start at 0.
func (t sqlType) isVector() bool { return t == "int2vector" || t == "oidvector" }

// isReg says that the type is an object identifier that prints as a name.
func (t sqlType) isReg() bool { return strings.HasPrefix(string(t), "reg") }

func (t sqlType) isText() bool {
	switch t.base() {
	case "text", "name", "varchar", "bpchar", "char", unknownType:
		return true
	}
	return false
}

// element is the type of an array's element, "" if it is no array.
func (t sqlType) element() sqlType {
	switch {
	case t == "int2vector":
		return "int2"
	case t == "oidvector":
		return "oid"
	case t.isArray():
		return t[1:]
	}
	return ""
}

// array is the type of an array of t.
func (t sqlType) array() sqlType {
	switch {
	case t == "" || t == pairType:
		return ""
	case t == unknownType:
		return "_text"
	case t.isArray() || t.isVector():
		return t
	}
	return "_" + t
}

// engineType is the engine's type for t, with its array suffix.
func (t sqlType) engineType() string {
	t = t.base()
	switch {
	case t.isReg(), t == "oid":
		return "int8"
	case t.isVector(), t.isArray():
		return t.element().engineType() + "[]"
	}
	switch t {
	case "bool", "int2", "int4", "int8", "float4", "float8", "date", "time", "timestamp", "interval", "uuid":
		return string(t)
	case "timestamptz":
		return "timestamp"
	case "numeric":
		return "float8"
	}
	return "text"
}

var kinds = map[sqlType]catalog.Kind{
	"bool": catalog.Bool, "int2": catalog.Int2, "int4": catalog.Int4, "int8": catalog.Int8, "numeric": catalog.Numeric,
	"float4": catalog.Float4, "float8": catalog.Float8, "text": catalog.Text, "varchar": catalog.Varchar,
	"bpchar": catalog.Bpchar, "date": catalog.Date, "time": catalog.Time, "timestamp": catalog.Timestamp,
	"timestamptz": catalog.Timestamptz, "interval": catalog.Interval, "uuid": catalog.UUID, "json": catalog.JSON,
	"jsonb": catalog.JSONB, "name": catalog.Name, "oid": catalog.OID, "char": catalog.Char, "bytea": catalog.Bytea,
	"regproc": catalog.Regproc, "regprocedure": catalog.Regprocedure, "regoper": catalog.Regoper,
	"regoperator": catalog.Regoperator, "regclass": catalog.Regclass, "regtype": catalog.Regtype, "regrole": catalog.Regrole,
	"regnamespace": catalog.Regnamespace, "regcollation": catalog.Regcollation, "regconfig": catalog.Regconfig,
	"regdictionary": catalog.Regdictionary, "int2vector": catalog.Int2vector, "oidvector": catalog.Oidvector,
	"xid": catalog.Xid, "cid": catalog.Cid, "xid8": catalog.Xid8, "tid": catalog.Tid, "inet": catalog.Inet,
	"pg_node_tree": catalog.NodeTree, "aclitem": catalog.Aclitem, "anyarray": catalog.Anyarray, "pg_lsn": catalog.PgLSN,
	"pg_ndistinct": catalog.Ndistinct, "pg_dependencies": catalog.Dependencies, "pg_mcv_list": catalog.MCVList,
	"void": catalog.Void, "record": catalog.Record,
}

// wire is the type that a client is told: that of the domain's base for information_schema's domains.
func (t sqlType) wire() catalog.Type {
	switch t {
	case "yes_or_no":
		return catalog.Type{Kind: catalog.Varchar, Length: 3}
	case pairType:
		return catalog.Of(catalog.Record)
	case "time_stamp":
		return catalog.Type{Kind: catalog.Timestamptz, Precision: 2}
	}
	if k, ok := kinds[t]; ok {
		return catalog.Of(k)
	}
	if t.isArray() {
		e := t.element().wire()
		e.Array = true
		return e
	}
	if k, ok := kinds[t.base()]; ok {
		return catalog.Of(k)
	}
	return catalog.Of(catalog.Text)
}

// typeOf is the inverse of wire, for declared columns and parameters.
func typeOf(t catalog.Type) sqlType {
	for name, k := range kinds {
		if k == t.Kind {
			if t.Array {
				return name.array()
			}
			return name
		}
	}
	return ""
}

// aliases are the grammar's and SQL's other names of types.
var aliases = map[string]sqlType{
	"int": "int4", "integer": "int4", "bigint": "int8", "smallint": "int2", "boolean": "bool", "real": "float4",
	"character varying": "varchar", "decimal": "numeric", "string": "text",
	"regprocedure": "regprocedure", "regoperator": "regoperator",
}

// castType finds the type that a cast names; ok is false if it may not be named.
func castType(name string) (sqlType, bool) {
	t := sqlType(name)
	if a, ok := aliases[name]; ok {
		t = a
	}
	if _, ok := kinds[t]; ok {
		return t, true
	}
	if _, ok := baseTypes[t]; ok {
		return t, true
	}
	return "", false
}
