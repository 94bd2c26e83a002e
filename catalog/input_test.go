package catalog

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/dpproxy/dpproxy/refusal"
)

// inputs are texts of each type that PostgreSQL's input functions take or refuse.
func inputs() map[string][]string {
	return map[string][]string{
		"int2": {"1", " -32768\n", "32768", "x", "", "1.5", "1e2", "+7", "--1"}, "int8": {"9223372036854775807", "9223372036854775808", "007"},
		"oid":     {"4294967295", "-1", "x", "4294967296"},
		"float4":  {"1.5", "NaN", "-inf", "1e39", "1e-46", "abc", "", "16777217", "0x1p3", "1e"},
		"float8":  {"1.5", "nan", "1e309", "1e-400", "5e-324", "1e15", "1e-5", "0", " 2 "},
		"numeric": {"1.50", "NaN", "-Infinity", "1e30", "1e-20", "-0.0", ".5", "5.", "15.0e-1", "007.50", "x", "", "1e", "+3"},
		"name":    {"n", strings.Repeat("x", 70), strings.Repeat("é", 40)},
		"date": {"2024-02-29", "2024-02-30", "2024-13-01", "0044-03-15 BC", "infinity", "epoch", "20240131", "Jan 5 2024", "2024-02-29 12:00:00", "5874898-01-01", "x",
			"2024/02/29"},
		"time": {"12:34:56.789", "24:00:00", "12:34", "allballs", "25:00", "12:34:56.1234567", "12:34:56.9999999", "4 PM", "04:05 PM", "12:05 am", "23:59:60", "13:05 pm", "x", ""},
		"timetz": {"12:34:56+02", " 12:34:56.500-03:30 ", "00:00:00.000+00", "24:00:00+00", "12:34 UTC", "12:34:56Z", "1:02:03+4", "12:34:56.1234567+00", "23:59:59.5+15:59:59",
			"x"},
		"timestamp": {"2024-02-29 12:34:56.789", "2024-02-29T12:34:56", "2024-02-29 12:34:56.9999999", "1999-12-31 23:59:60", "2024-02-29 24:00:00", "294277-01-01",
			"2024-02-29 10:60:00", "2024-02-29 10:60", "2024-02-29T10:59:60", "4714-01-01 00:00 BC", "epoch", "-infinity", "2024-02-29 12:34:56+05", "2024-02-30 00:00", "x", "0044-03-15 01:02:03.5 BC"},
		"timestamptz": {"2024-02-29 12:34:56.789+02", "2024-02-29 10:59:60+02", "2024-02-29 10:59:60.5 Z", "2024-02-29 25:00:00Z", "2024-02-29T12:34:56Z", "2024-02-29 12:34:56.1234567-03:30", "2024-02-29", "epoch", "x"},
		"bool":        {"t", " Yes ", "of", "maybe", "", "1", "2"}, "uuid": {"{00112233-4455-6677-8899-AABBCCDDEEFF}", "0011"},
		"bytea": {`\x00FF`, `\x00 ff`, `abc\000\\`, "", `\xf`, `\x0g`, `\9`, `\400`, `a\`},
		"json":  {`{"b":1, "b":2}`, "x", " null", "[1,]", "{} {}"},
		"jsonb": {`{"bb":1,"a":2,"c":0,"a":3}`, `[1, 2.50, "x\u0041\u001f\u20ac\"/"]`, "1e5", "-1.5e-3", "x", `{"a":{"b":[],"c":{}}}`, "true", "", `"`, `[1]]`},
		"int4[]": {"{1,NULL,3}", "{}", " { 1 , 2 } ", "{{1,2},{3,4}}", "[0:1]={1,2}", "[2][0:0] = {{5},{6}}", "[0:2]={1,2}", "{1,", "{{1},{2,3}}", "{1,{2}}", "{{1},2}", "x", "{1}x",
			"{,}", "{1,}", "{x}", "{99999999999}"},
		"text[]": {`{a,"b c",NULL,"NULL","",q\"x}`, "{null}", `{a b , "c" }`, `{"a}`, `{\n\u}`, `{a"b"}`, `{"a,b","c\\d","{}"}`, "{NULLx}"}, "jsonb[]": {`{"{\"b\":1,\"a\":2}"}`},
	}
}

// What Input makes of each is what PostgreSQL prints of it, and what it refuses is refused with PostgreSQL's code and message.
func TestInputAgreesWithPostgres(t *testing.T) {
	conn := server(t)
	for name, texts := range inputs() {
		typ, err := ParseType(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range texts {
			var want string
			if err := conn.QueryRow(context.Background(), outputOf("'"+strings.ReplaceAll(text, "'", "''")+"'::"+name)).Scan(&want); err != nil {
				var pg *pgconn.PgError
				if !errors.As(err, &pg) {
					t.Fatal(err)
				}
				want = pg.Code + " " + pg.Message
			}
			got, err := Input(typ, text)
			if r, ok := refusal.As(err); ok {
				got = string(r.Code) + " " + r.Message
			}
			if got != want {
				t.Errorf("%s %q is read as %s, PostgreSQL has %s", name, text, got, want)
			}
		}
	}
}

// PostgreSQL reads these from version 16 on.
func TestInputOfOtherBases(t *testing.T) {
	for _, c := range [][3]string{
		{"int4", "0x1F", "31"}, {"int4", "-0b11", "-3"}, {"int8", "0o17", "15"}, {"int4", "1_000", "1000"}, {"int4", "0x_1f", "31"}, {"numeric", "1_0.2_5", "10.25"}, {"numeric", "0x1F", "31"},
		{"int2", "0x8000", "22003"}, {"int2", "-0x8000", "-32768"}, {"int4", "_1", "22P02"}, {"int4", "1__0", "22P02"}, {"int4", "1_", "22P02"}, {"int4", "0x", "22P02"}, {"int4", "0x-1", "22P02"},
		{"numeric", "1_.5", "22P02"}, {"float8", "1_0", "22P02"},
	} {
		typ, err := ParseType(c[0])
		if err != nil {
			t.Fatal(err)
		}
		got, err := Input(typ, c[1])
		if r, ok := refusal.As(err); ok {
			got = string(r.Code)
		}
		if got != c[2] {
			t.Errorf("%s %q is read as %s, want %s", c[0], c[1], got, c[2])
		}
	}
}
