package catalog

import "fmt"

// typeInfo is one row of pg_type.
type typeInfo struct {
	name     string // format_type's text without modifiers
	oid      uint32
	arrayOID uint32
	size     int16 // pg_type.typlen: bytes, -1 for variable length, -2 for a C string
}

// infoOf returns the row of pg_type for a kind. A switch instead of a table keeps the package free of state.
func infoOf(k Kind) typeInfo {
	switch k {
	case Bool:
		return typeInfo{"boolean", 16, 1000, 1}
	case Bytea:
		return typeInfo{"bytea", 17, 1001, -1}
	case Name:
		return typeInfo{"name", 19, 1003, 64}
	case Int8:
		return typeInfo{"bigint", 20, 1016, 8}
	case Int2:
		return typeInfo{"smallint", 21, 1005, 2}
	case Int4:
		return typeInfo{"integer", 23, 1007, 4}
	case Text:
		return typeInfo{"text", 25, 1009, -1}
	case OID:
		return typeInfo{"oid", 26, 1028, 4}
	case JSON:
		return typeInfo{"json", 114, 199, -1}
	case Float4:
		return typeInfo{"real", 700, 1021, 4}
	case Float8:
		return typeInfo{"double precision", 701, 1022, 8}
	case Bpchar:
		return typeInfo{"character", 1042, 1014, -1}
	case Varchar:
		return typeInfo{"character varying", 1043, 1015, -1}
	case Date:
		return typeInfo{"date", 1082, 1182, 4}
	case Time:
		return typeInfo{"time without time zone", 1083, 1183, 8}
	case Timestamp:
		return typeInfo{"timestamp without time zone", 1114, 1115, 8}
	case Timestamptz:
		return typeInfo{"timestamp with time zone", 1184, 1185, 8}
	case Interval:
		return typeInfo{"interval", 1186, 1187, 16}
	case Numeric:
		return typeInfo{"numeric", 1700, 1231, -1}
	case UUID:
		return typeInfo{"uuid", 2950, 2951, 16}
	case JSONB:
		return typeInfo{"jsonb", 3802, 3807, -1}
	case Char:
		return typeInfo{`"char"`, 18, 1002, 1}
	case Timetz:
		return typeInfo{"time with time zone", 1266, 1270, 12}
	case Unsupported:
		return typeInfo{"unsupported", 0, 0, -1}
	}
	return systemInfo(k)
}

// String is the text of PostgreSQL's format_type(oid, typmod), e.g. "numeric(10,2)", "character varying(20)[]".
func (t Type) String() string {
	name := infoOf(t.Kind).name
	switch {
	case t.Kind == Numeric && t.HasScale:
		name = fmt.Sprintf("numeric(%d,%d)", t.Precision, t.Scale)
	case t.Kind == Varchar && t.Length > 0:
		name = fmt.Sprintf("character varying(%d)", t.Length)
	case t.Kind == Bpchar && t.Length > 0:
		name = fmt.Sprintf("character(%d)", t.Length)
	case t.Kind == Bpchar:
		name = "bpchar"
	}
	if t.Array {
		name += "[]"
	}
	return name
}

// OID is the type's object id in pg_type; that of the array type for arrays; 705 ("unknown") for Unknown; 0 for Unsupported.
func (t Type) OID() uint32 {
	info := infoOf(t.Kind)
	if t.Array {
		return info.arrayOID
	}
	return info.oid
}

// Typmod is the type modifier as RowDescription carries it; -1 means none.
func (t Type) Typmod() int32 {
	const header = 4 // VARHDRSZ, which PostgreSQL adds to these modifiers
	switch {
	case t.Kind == Numeric && t.HasScale:
		// The scale has 11 bits since PostgreSQL 15, as it may be negative.
		return int32(t.Precision)<<16 | int32(t.Scale)&0x7ff + header
	case (t.Kind == Varchar || t.Kind == Bpchar) && t.Length > 0:
		return int32(t.Length) + header
	case t.Kind == Timestamptz && t.Precision > 0: // of a view of information_schema: no declared column has one
		return int32(t.Precision)
	}
	return -1
}

// Size is pg_type.typlen: bytes of the fixed-length binary form, -1 for variable length, -2 for "unknown".
func (t Type) Size() int16 {
	if t.Array {
		return -1
	}
	return infoOf(t.Kind).size
}

// FromOID finds the type of an object id and type modifier; ok is false for types that dpproxy cannot carry.
// Object ids 0 and 705 are Unknown.
func FromOID(oid uint32, typmod int32) (t Type, ok bool) {
	if oid == 0 {
		return Of(Unknown), true
	}
	for k := Unknown; k <= Timetz; k++ {
		if k == Unsupported {
			continue
		}
		switch info := infoOf(k); oid {
		case info.oid:
			return withTypmod(k, typmod), true
		case info.arrayOID:
			t := withTypmod(k, typmod)
			t.Array = true
			return t, true
		}
	}
	return Of(Unsupported), false
}

func withTypmod(k Kind, typmod int32) Type {
	t := Of(k)
	if typmod < 4 {
		return t
	}
	mod := typmod - 4
	switch k {
	case Numeric:
		t.Precision, t.HasScale = int(mod>>16&0xffff), true
		t.Scale = int((mod&0x7ff)^0x400) - 0x400 // sign extension of 11 bits
	case Varchar, Bpchar:
		t.Length = int(mod)
	}
	return t
}
