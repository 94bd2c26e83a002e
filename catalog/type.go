package catalog

// Kind is a SQL type's family, one for each PostgreSQL type that dpproxy can carry.
type Kind int

// The kinds. Unknown is an untyped literal or parameter, as PostgreSQL's "unknown".
const (
	Unknown Kind = iota
	Bool
	Int2
	Int4
	Int8
	Numeric
	Float4
	Float8
	Text
	Varchar
	Bpchar
	Date
	Time
	Timestamp
	Timestamptz
	Interval
	UUID
	Bytea
	JSON
	JSONB
	Name
	OID
	Unsupported // a source column of this type can be seen by nobody
	Char        // PostgreSQL's one-byte "char", which its own catalogs use
	Timetz      // passes through public tables and parameters; nothing is computed with it

	// What follows occurs in answers about the catalogs alone: no declared column and no plan has such a type.
	Regproc
	Regprocedure
	Regoper
	Regoperator
	Regclass
	Regtype
	Regrole
	Regnamespace
	Regcollation
	Regconfig
	Regdictionary
	Int2vector
	Oidvector
	Xid
	Cid
	Xid8
	Tid
	Inet
	NodeTree // pg_node_tree
	Aclitem
	Anyarray
	PgLSN
	Ndistinct    // pg_ndistinct
	Dependencies // pg_dependencies
	MCVList      // pg_mcv_list
	Void
	Record // a row of several values, as (1,"a b")
)

// Type is a SQL type. Precision and Scale are those of numeric(p, s); Length is that of varchar(n) and char(n).
// Zero means "not given". Array says that it is an array of Kind (values of arrays occur in public tables and
// parameters only).
type Type struct {
	Kind      Kind
	Precision int
	Scale     int
	HasScale  bool // numeric(p, s) was given, so Scale counts even if it is 0
	Length    int
	Array     bool
}

// Of makes a plain type without modifiers.
func Of(k Kind) Type { return Type{Kind: k} }
