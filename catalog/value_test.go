package catalog

import (
	"math/big"
	"testing"
)

// mustType reads a type's name or ends the test.
func mustType(t *testing.T, name string) Type {
	t.Helper()
	typ, err := ParseType(name)
	if err != nil {
		t.Fatalf("ParseType(%q): %v", name, err)
	}
	return typ
}

type parseCase struct{ typ, in, want string }

// parseCases are values and their output texts. TestPostgresAgrees asks a real server about each.
func parseCases() []parseCase {
	return []parseCase{
		{"int", "007", "7"}, {"int", "+5", "5"}, {"int", "-0", "0"}, {"int", "2147483647", "2147483647"},
		{"smallint", "-32768", "-32768"}, {"bigint", "9223372036854775807", "9223372036854775807"},
		{"bool", "true", "t"}, {"bool", "F", "f"}, {"bool", "yes", "t"}, {"bool", "0", "f"}, {"bool", "off", "f"}, {"bool", "tru", "t"},
		{"numeric(10,2)", "1.5", "1.50"}, {"numeric(10,2)", "-0.004e1", "-0.04"}, {"numeric(10,2)", "7", "7.00"},
		{"numeric(4,-2)", "1200", "1200"}, {"numeric", "1.500", "1.5"}, {"numeric", "1e-20", "0.00000000000000000001"},
		{"numeric", "1e20", "100000000000000000000"}, {"numeric", "NaN", "NaN"}, {"numeric", "inf", "Infinity"},
		{"float8", "0.1", "0.1"}, {"float8", "1e15", "1e+15"}, {"float8", "100000000000000", "100000000000000"},
		{"float8", "1e14", "100000000000000"}, {"float8", "0.0001", "0.0001"}, {"float8", "0.00001", "1e-05"},
		{"float8", "123456789012345678", "1.2345678901234568e+17"}, {"float8", "-infinity", "-Infinity"}, {"float8", "1e300", "1e+300"},
		{"float4", "123456", "123456"}, {"float4", "1e6", "1e+06"}, {"float4", "1234567", "1.234567e+06"}, {"float4", "0.1", "0.1"},
		{"text", " a'b ", " a'b "}, {"text", "", ""}, {"varchar(3)", "äöü", "äöü"}, {"char(5)", "ab", "ab   "}, {"char(2)", "ab   ", "ab"}, {"char", "x", "x"},
		{"date", "2020-02-29", "2020-02-29"}, {"date", "2020-2-9", "2020-02-09"}, {"date", "0044-03-15 BC", "0044-03-15 BC"}, {"date", "12020-01-01", "12020-01-01"}, {"date", "Infinity", "infinity"},
		{"timestamp", "2020-01-01", "2020-01-01 00:00:00"}, {"timestamp", "2020-01-01T10:11:12.500", "2020-01-01 10:11:12.5"}, {"timestamp", "1969-12-31 23:59:59.999999", "1969-12-31 23:59:59.999999"},
		{"timestamptz", "2020-01-01 10:00+02", "2020-01-01 08:00:00+00"}, {"timestamptz", "2020-01-01 00:00:00Z", "2020-01-01 00:00:00+00"}, {"timestamptz", "2020-01-01 00:00-0530", "2020-01-01 05:30:00+00"},
		{"time", "9:05", "09:05:00"}, {"time", "24:00:00", "24:00:00"}, {"time", "10:00:00.120", "10:00:00.12"},
		{"uuid", "{A0EEBC99-9C0B4EF8-BB6D6BB9BD380A11}", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"},
		{"bytea", `\xDEAD`, `\xdead`}, {"oid", "42", "42"}, {"name", "x", "x"},
	}
}

func TestParseValue(t *testing.T) {
	for _, c := range parseCases() {
		got, err := ParseValue(mustType(t, c.typ), c.in)
		if err != nil || got != c.want {
			t.Errorf("ParseValue(%s, %q) = %q, %v; want %q", c.typ, c.in, got, err, c.want)
		}
	}
}

func TestParseValueRefuses(t *testing.T) {
	for _, c := range []struct{ typ, in string }{
		{"int", "1.5"}, {"int", ""}, {"int", "2147483648"}, {"smallint", "32768"}, {"int", "0x10"}, {"int", "--1"}, {"int", "1 2"}, {"int", "NaN"},
		{"numeric(3,1)", "100"}, {"numeric(3,1)", "1.25"}, {"numeric(3,1)", "Infinity"}, {"numeric", "1e999999999"}, {"numeric", "."}, {"numeric", "1e"},
		{"float8", "1e400"}, {"float4", "1e39"}, {"float8", "1e-400"}, {"bool", "maybe"}, {"bool", "o"}, {"bool", ""},
		{"varchar(3)", "abcd"}, {"char(2)", "abc"}, {"text", "a\x00b"}, {"text", "\xff"},
		{"date", "2021-02-29"}, {"date", "2020-13-01"}, {"date", "01/02/2020"}, {"date", "0000-01-01"}, {"date", "4715-01-01 BC"}, {"date", "20-01-01"},
		{"timestamp", "2020-01-01 10:00+02"}, {"timestamp", "2020-01-01 25:00"}, {"timestamp", "300000-01-01"}, {"time", "24:00:01"}, {"time", "10:60"},
		{"uuid", "a0eebc99"}, {"bytea", "DEAD"}, {"bytea", `\xf`}, {"oid", "-1"}, {"json", "{}"}, {"interval", "1 day"}, {"int[]", "{1}"},
	} {
		if got, err := ParseValue(mustType(t, c.typ), c.in); err == nil {
			t.Errorf("ParseValue(%s, %q) = %q, want an error", c.typ, c.in, got)
		}
	}
}

func TestRatRoundTrip(t *testing.T) {
	for _, c := range []struct{ typ, in, rat string }{
		{"int", "-12", "-12"}, {"numeric(10,2)", "1.25", "5/4"}, {"float8", "0.5", "1/2"}, {"float8", "0.1", "3602879701896397/36028797018963968"},
		{"float4", "0.1", "13421773/134217728"}, {"date", "1970-01-01", "0"}, {"date", "2020-01-01", "18262"}, {"date", "1900-03-01", "-25508"},
		{"date", "4714-11-24 BC", "-2440588"}, {"date", "5874897-12-31", "2145042905"},
		{"timestamp", "1970-01-02 00:00:00.000001", "86400000001"}, {"timestamptz", "1970-01-01 01:00:00+01", "0"}, {"timestamp", "1969-12-31 23:59:59", "-1000000"},
		{"timestamp", "4714-11-24 00:00:00 BC", "-210866803200000000"},
	} {
		typ := mustType(t, c.typ)
		got, err := ToRat(typ, c.in)
		if err != nil || got.RatString() != c.rat {
			t.Errorf("ToRat(%s, %q) = %v, %v; want %s", c.typ, c.in, got, err, c.rat)
			continue
		}
		canonical, err := ParseValue(typ, c.in)
		if back := FormatRat(typ, got); err != nil || back != canonical {
			t.Errorf("FormatRat(%s, ToRat(%q)) = %q; want %q (%v)", c.typ, c.in, back, canonical, err)
		}
	}
}

func TestFormatRat(t *testing.T) {
	for _, c := range []struct{ typ, rat, want string }{
		{"int", "5/2", "3"}, {"int", "-5/2", "-3"}, {"int", "7/3", "2"}, {"numeric(10,2)", "1/200", "0.01"}, {"numeric(10,2)", "-1/3", "-0.33"},
		{"numeric", "10/3", "3.3333333333333333"}, {"numeric", "1/3", "0.33333333333333333333"}, {"numeric", "100000/3", "33333.333333333333"},
		{"numeric", "2000000000/3", "666666666.66666667"}, {"numeric", "5/2", "2.5"}, {"numeric", "-12", "-12"}, {"numeric", "0", "0"},
		{"float8", "1/3", "0.3333333333333333"}, {"float4", "1/3", "0.33333334"}, {"float8", "1", "1"}, {"date", "1/2", "1970-01-02"},
	} {
		r, _ := new(big.Rat).SetString(c.rat)
		if got := FormatRat(mustType(t, c.typ), r); got != c.want {
			t.Errorf("FormatRat(%s, %s) = %q, want %q", c.typ, c.rat, got, c.want)
		}
	}
	huge := new(big.Rat).SetInt(pow10(400))
	if got := FormatRat(Of(Float8), huge); got != "1.7976931348623157e+308" {
		t.Errorf("a number beyond float8 prints as %q", got)
	}
	for rat, want := range map[string]string{"5/2": "2.5000000000000000", "0": "0.00000000000000000000", "9999": "9999.0000000000000000", "10000": "10000.000000000000"} {
		r, _ := new(big.Rat).SetString(rat)
		if got := FormatQuotient(r); got != want {
			t.Errorf("FormatQuotient(%s) = %q, want %q", rat, got, want)
		}
	}
}

func TestCompareIsTheTypesOrder(t *testing.T) {
	for _, c := range []struct {
		typ    string
		sorted []string
	}{
		{"int", []string{"-10", "-9", "0", "9", "10"}},
		{"numeric", []string{"-Infinity", "-1.5", "1.25", "1.5", "10", "Infinity", "NaN"}},
		{"float8", []string{"-Infinity", "-1e+300", "0", "1e-05", "2", "NaN"}},
		{"text", []string{"", "A", "Z", "a", "ä"}}, {"char(3)", []string{"a  ", "b  "}}, {"bool", []string{"f", "t"}},
		{"date", []string{"-infinity", "0044-03-15 BC", "0001-01-01", "2020-01-01", "12020-01-01", "infinity"}},
		{"timestamptz", []string{"2020-01-01 00:00:00+00", "2020-01-01 00:00:00.5+00"}},
		{"time", []string{"09:00:00", "10:00:00", "24:00:00"}}, {"oid", []string{"9", "10", "4294967295"}}, {"bytea", []string{`\x00`, `\xff`}},
	} {
		typ := mustType(t, c.typ)
		for i, a := range c.sorted {
			for j, b := range c.sorted {
				want := 0
				if i < j {
					want = -1
				} else if i > j {
					want = 1
				}
				if got := Compare(typ, a, b); got != want {
					t.Errorf("Compare(%s, %q, %q) = %d, want %d", c.typ, a, b, got, want)
				}
			}
		}
	}
}
