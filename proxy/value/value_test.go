package value

import (
	"bytes"
	"context"
	"encoding/hex"
	"testing"
	"time"

	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/internal/testservers"
	"github.com/jackc/pgx/v5"
)

// samples are values of every type that a result can carry.
var samples = map[string][]string{
	"bool": {"true", "false"}, "int2": {"-32768", "32767", "0"}, "int4": {"-2147483648", "7"}, "int8": {"-9223372036854775808", "9007199254740993"},
	"oid": {"4294967295"}, "float4": {"1.5", "NaN", "-Infinity", "3.4e38", "-0"}, "float8": {"0.1", "1e308", "1e-5", "123456789012345680", "NaN", "Infinity"},
	"numeric": {"0", "0.00", "1", "-1", "1.50", "10000", "9999.9999", "0.0001", "0.00001", "12345678901234567890.123456789", "1e10", "-0.5", "100000000", "NaN", "Infinity", "-Infinity", "1.0000"},
	"text":    {"", "a", "ünï", "a\"b"}, "varchar": {"x"}, "name": {"pg_class"}, "bpchar": {"ab"},
	"date": {"2020-02-29", "1999-12-31", "0044-03-15 BC", "infinity", "-infinity", "4713-01-01 BC", "5874897-12-31"},
	"time": {"00:00:00", "23:59:59.999999", "24:00:00", "12:30:00.5"}, "timestamp": {"2020-02-29 12:34:56.789", "1970-01-01 00:00:00", "0001-01-01 00:00:00 BC", "infinity", "290000-12-31 23:59:59.999999"},
	"timestamptz": {"2020-02-29 12:34:56.789+00", "1969-07-20 20:17:40+00", "-infinity"},
	"interval":    {"1 day", "1 year 2 mons 3 days 04:05:06.789", "-00:00:01", "00:00:00", "-1 mons +5 days", "100:00:00"},
	"uuid":        {"00112233-4455-6677-8899-aabbccddeeff"}, "bytea": {`\x`, `\x00ff41`}, "json": {`{"a": [1, null]}`}, "jsonb": {`{"a": [1, null]}`},
	"int4[]": {"{}", "{1,NULL,3}", "{{1,2},{3,4}}"}, "text[]": {`{a,"b c","NULL",NULL,"",  "x\"y\\z"}`}, "float8[]": {"{1.5,NaN}"}, "numeric[]": {"{1.50,2}"}, "bool[]": {"{t,f}"},
	"date[]": {"{2020-01-01}"}, "timestamptz[]": {`{"2020-01-01 00:00:00+00"}`}, "uuid[]": {"{00112233-4455-6677-8899-aabbccddeeff}"}, "bytea[]": {`{"\\x0102"}`}, "int2[]": {"{1}"}, "int8[]": {"{1}"},
}

func connect(t *testing.T) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(context.Background(), testservers.Postgres(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(context.Background()) })
	return conn
}

func exec(t *testing.T, conn *pgx.Conn, sql string, format int16) []byte {
	t.Helper()
	r := conn.PgConn().ExecParams(context.Background(), sql, nil, nil, nil, []int16{format}).Read()
	if r.Err != nil {
		t.Fatalf("%s: %v", sql, r.Err)
	}
	return r.Rows[0][0]
}

// A real PostgreSQL's text output, encoded by us, is its own binary output; and read back, its text again.
func TestBinaryIsPostgres(t *testing.T) {
	conn := connect(t)
	if _, err := conn.Exec(context.Background(), "SET TimeZone = 'UTC'"); err != nil {
		t.Fatal(err)
	}
	for name, texts := range samples {
		typ, err := catalog.ParseType(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, in := range texts {
			sql := "SELECT " + quote(in) + "::" + name
			text, want := string(exec(t, conn, sql, Text)), exec(t, conn, sql, Binary)
			got, err := AppendBinary(nil, typ, text)
			if err != nil || !bytes.Equal(got, want) {
				t.Errorf("%s %q: binary %x, %v; PostgreSQL has %x", name, text, got, err, want)
				continue
			}
			back, err := Param(typ, Binary, want, 1, nil)
			if err != nil {
				t.Errorf("%s %q: %v", name, text, err)
				continue
			}
			// Intervals are spelled differently; PostgreSQL says whether they are the same.
			if back != text && string(exec(t, conn, "SELECT "+quote(back)+"::"+name, Text)) != text {
				t.Errorf("%s %q: read back as %q", name, text, back)
			}
		}
	}
}

func TestZonesArePostgres(t *testing.T) {
	conn := connect(t)
	for _, zone := range []string{"America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "Europe/Amsterdam"} {
		loc, err := time.LoadLocation(zone)
		if err != nil {
			t.Fatal(err)
		}
		for _, utc := range []string{"2020-02-29 12:34:56.789+00", "2020-07-01 00:00:00+00", "1890-01-01 00:00:00+00", "0044-03-15 12:00:00+00 BC"} {
			want := string(exec(t, conn, "SELECT set_config('TimeZone', '"+zone+"', false)", Text))
			if want != zone {
				t.Fatal(want)
			}
			want = string(exec(t, conn, "SELECT '"+utc+"'::timestamptz", Text))
			if got := string(Style{Zone: loc}.AppendText(nil, catalog.Of(catalog.Timestamptz), utc)); got != want {
				t.Errorf("%s in %s: %q, PostgreSQL has %q", utc, zone, got, want)
			}
		}
	}
}

func TestEscapeBytea(t *testing.T) {
	got := string(Style{EscapeBytea: true}.AppendText(nil, catalog.Of(catalog.Bytea), `\x00ff415c`))
	if got != `\000\377A\\` {
		t.Fatalf("got %q", got)
	}
}

func TestParamRefuses(t *testing.T) {
	for _, c := range []struct {
		typ    string
		format int16
		raw    string
		code   string
	}{
		{"int4", Text, "12x", "22P02"}, {"int4", Text, "2147483648", "22003"}, {"date", Text, "yesterday?", "22007"},
		{"uuid", Text, "1", "22P02"}, {"bool", Text, "maybe", "22P02"}, {"text", Text, "a\x00b", "22021"}, {"text", Binary, "\xff", "22021"},
		{"int4", Binary, "abc", "08P01"}, {"int8", Binary, "", "08P01"}, {"int4", Binary, "abcde", "22P03"}, {"numeric", Binary, "\x00\x01\x7f\xff\x00\x00\x00\x00", "22P03"},
		{"jsonb", Binary, "\x02{}", "22P03"}, {"int4[]", Binary, "\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x17\x7f\xff\xff\xff\x00\x00\x00\x01", "22P03"},
		{"time", Binary, "\xff\xff\xff\xff\xff\xff\xff\xff", "22P03"}, {"date", Binary, "\x7f\xff\xff\xfe", "22P03"},
	} {
		typ, err := catalog.ParseType(c.typ)
		if err != nil {
			t.Fatal(err)
		}
		_, err = Param(typ, c.format, []byte(c.raw), 1, nil)
		if code(err) != c.code {
			t.Errorf("%s %d %q: %v, want %s", c.typ, c.format, c.raw, err, c.code)
		}
	}
}

// A value that is read from binary is one that can be written, and nothing panics.
func FuzzBinaryParam(f *testing.F) {
	f.Add(uint32(1700), []byte("\x00\x01\x00\x00\x00\x00\x00\x02\x00\x01"))
	f.Add(uint32(1007), []byte("\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x17\x00\x00\x00\x01\x00\x00\x00\x01\x00\x00\x00\x04\x00\x00\x00\x05"))
	f.Add(uint32(1114), []byte("\x80\x00\x00\x00\x00\x00\x00\x00"))
	f.Fuzz(func(t *testing.T, oid uint32, raw []byte) {
		typ, ok := catalog.FromOID(oid, -1)
		if !ok {
			return
		}
		text, err := binaryText(typ, raw)
		if err != nil {
			return
		}
		if _, err := AppendBinary(nil, typ, text); err != nil {
			t.Fatalf("%s: %x was read as %q, which cannot be written: %v", typ, raw, text, err)
		}
	})
}

func BenchmarkInt8Binary(b *testing.B) {
	buf := make([]byte, 0, 16)
	typ := catalog.Of(catalog.Int8)
	for b.Loop() {
		buf, _ = AppendBinary(buf[:0], typ, "1234567")
	}
}

// TestCatalogTypes: the types of the catalogs alone in both formats, as PostgreSQL sends them.
func TestCatalogTypes(t *testing.T) {
	array := func(k catalog.Kind) catalog.Type { return catalog.Type{Kind: k, Array: true} }
	for _, c := range []struct {
		typ                catalog.Type
		cell, text, binary string
	}{
		{catalog.Of(catalog.Regclass), "pg_class" + catalog.NumberMark + "1259", "pg_class", "000004eb"},
		{catalog.Of(catalog.Regtype), "0", "0", "00000000"},
		{array(catalog.Regtype), "{integer" + catalog.NumberMark + "23,\"character varying" + catalog.NumberMark + "1043\"}",
			"{integer,\"character varying\"}", "000000010000000000000" + "89e0000000200000001" + "0000000400000017" + "0000000400000413"},
		{catalog.Of(catalog.Int2vector), "1 2", "1 2", "0000000100000000000000150000000200000000" + "000000020001" + "000000020002"},
		{catalog.Of(catalog.Oidvector), "", "", "00000001000000000000001a0000000000000000"},
		{catalog.Of(catalog.Xid), "7", "7", "00000007"},
		{catalog.Of(catalog.Tid), "(1,2)", "(1,2)", "000000010002"},
		{catalog.Of(catalog.Inet), "10.0.0.0/8", "10.0.0.0/8", "020800040a000000"},
		{catalog.Of(catalog.Record), "(1,\"a \"\"b\"\"\",)" + catalog.NumberMark + "23;25;16", "(1,\"a \"\"b\"\"\",)",
			"00000003" + "000000170000000400000001" + "0000001900000005" + "6120226222" + "00000010ffffffff"},
	} {
		if got := string(Style{}.AppendText(nil, c.typ, c.cell)); got != c.text {
			t.Errorf("%s in text: %q, want %q", c.typ, got, c.text)
		}
		got, err := AppendBinary(nil, c.typ, c.cell)
		if err != nil || hex.EncodeToString(got) != c.binary {
			t.Errorf("%s in binary: %x %v, want %s", c.typ, got, err, c.binary)
		}
	}
	for _, k := range []catalog.Kind{catalog.Regclass, catalog.Xid, catalog.Tid, catalog.Inet, catalog.Record, catalog.Int2vector} {
		if _, err := AppendBinary(nil, catalog.Of(k), "no such value"); err == nil {
			t.Errorf("%s: a cell that does not fit has a binary form", catalog.Of(k))
		}
	}
}
