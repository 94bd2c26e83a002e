package catalog

import "testing"

func TestTypeNames(t *testing.T) {
	for _, c := range []struct {
		in, want string
		oid      uint32
		typmod   int32
		size     int16
	}{
		{"int", "integer", 23, -1, 4}, {"INT4", "integer", 23, -1, 4}, {"int2", "smallint", 21, -1, 2}, {"bigint", "bigint", 20, -1, 8},
		{"numeric", "numeric", 1700, -1, -1}, {"numeric(10, 2)", "numeric(10,2)", 1700, 655366, -1}, {"decimal(5)", "numeric(5,0)", 1700, 327684, -1},
		{"numeric(3,-2)", "numeric(3,-2)", 1700, 198658, -1}, {"double  precision", "double precision", 701, -1, 8}, {"float(10)", "real", 700, -1, 4},
		{"float(30)", "double precision", 701, -1, 8}, {"varchar(20)", "character varying(20)", 1043, 24, -1}, {"character varying", "character varying", 1043, -1, -1},
		{"char", "character(1)", 1042, 5, -1}, {"bpchar", "bpchar", 1042, -1, -1}, {"timestamp(3) with time zone", "timestamp with time zone", 1184, -1, 8},
		{"timestamp", "timestamp without time zone", 1114, -1, 8}, {"time", "time without time zone", 1083, -1, 8}, {"text[]", "text[]", 1009, -1, -1},
		{"pg_catalog.int4[][3]", "integer[]", 1007, -1, -1}, {"uuid", "uuid", 2950, -1, 16}, {"bool", "boolean", 16, -1, 1}, {"name", "name", 19, -1, 64}, {`"char"`, `"char"`, 18, -1, 1},
	} {
		typ, err := ParseType(c.in)
		if err != nil {
			t.Errorf("ParseType(%q): %v", c.in, err)
			continue
		}
		if typ.String() != c.want || typ.OID() != c.oid || typ.Typmod() != c.typmod || typ.Size() != c.size {
			t.Errorf("ParseType(%q) = %s, oid %d, typmod %d, size %d; want %s, %d, %d, %d", c.in, typ, typ.OID(), typ.Typmod(), typ.Size(), c.want, c.oid, c.typmod, c.size)
		}
		if back, ok := FromOID(c.oid, c.typmod); !ok || back != typ {
			t.Errorf("FromOID(%d, %d) = %+v, want %+v", c.oid, c.typmod, back, typ)
		}
	}
}

func TestParseTypeRefuses(t *testing.T) {
	for _, in := range []string{"", "geometry", "int(3)", "numeric(0,2)", "numeric(2,3,4)", "varchar(0)", "varchar(x)", "timestamp(9)", "int[", "int]", "text[a]", "numeric(1"} {
		if typ, err := ParseType(in); err == nil {
			t.Errorf("ParseType(%q) = %s, want an error", in, typ)
		}
	}
}

func TestEveryKindHasItsRow(t *testing.T) {
	seen := map[uint32]Kind{}
	for k := Bool; k <= Char; k++ {
		if k == Unsupported {
			continue
		}
		oid := Of(k).OID()
		if other, dup := seen[oid]; dup || oid == 705 {
			t.Errorf("kind %d has the object id %d of kind %d", k, oid, other)
		}
		seen[oid] = k
		if got, err := ParseType(Of(k).String()); err != nil || got.Kind != k {
			t.Errorf("ParseType(%q) = %v, %v", Of(k).String(), got, err)
		}
	}
	if Of(Unknown).OID() != 705 || Of(Unknown).Size() != -2 {
		t.Error("Unknown is not PostgreSQL's unknown")
	}
}
