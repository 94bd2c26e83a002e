package expr

import (
	"context"
	"math/big"
	"strings"
	"testing"

	"github.com/dpproxy/dpproxy/catalog"
)

// What Fold says of a constant expression must be what PostgreSQL answers, to the letter: it goes into answers and lists of
// values unseen. The operands are what tells folds apart: signs, ties, scales, ends of ranges.
func TestFoldIsPostgres(t *testing.T) {
	conn := openPostgres(t)
	b := &Builder{Mode: Public}
	var built []Expr
	add := func(e Expr, err error) {
		if err == nil {
			built = append(built, e)
		}
	}
	numbers := []Expr{integer(7), integer(-2), integer(0), literalOf(i8, "9000000000"), literalOf(i2, "-32768"), literalOf(i4, "2147483647"), decimalConst("2.50"), decimalConst("-0.5"),
		decimalConst("3"), float8("2.5"), float8("-1.5"), float8("0.1"), float8("3.5")}
	for _, x := range numbers {
		for _, y := range numbers {
			for _, o := range []string{"+", "-", "*", "/", "%", "=", "<", ">="} {
				add(b.Op(o, x, y, -1))
			}
			add(b.Greatest([]Expr{x, y}, -1))
			add(b.Least([]Expr{x, y}, -1))
			add(b.NullIf(x, y, -1))
			add(b.Call("div", []Expr{x, y}, -1))
		}
		for _, f := range []string{"abs", "ceil", "floor", "round", "trunc"} {
			add(b.Call(f, []Expr{x}, -1))
		}
		for _, digits := range []int64{0, 1, -1, 3} {
			add(b.Call("round", []Expr{x, integer(digits)}, -1))
			add(b.Call("trunc", []Expr{x, integer(digits)}, -1))
		}
		for _, to := range []string{"int2", "int4", "int8", "numeric", "numeric(5,1)", "float8", "text", "varchar(2)"} {
			add(castTo(to)(b, []Expr{x}))
		}
		add(b.Call("width_bucket", []Expr{x, integer(-3), integer(5), integer(4)}, -1))
		add(b.In(x, []Expr{integer(7), decimalConst("2.5")}, true, -1))
		add(b.Op("-", nil, x, -1))
	}
	texts := []Expr{literalOf(txt, "Hello, you"), literalOf(txt, ""), literalOf(txt, " a,b "), literalOf(txt, "12")}
	for _, x := range texts {
		for _, f := range []string{"lower", "upper", "btrim", "ltrim", "rtrim", "length"} {
			add(b.Call(f, []Expr{x}, -1))
		}
		for _, n := range []int64{-4, -1, 0, 2, 50} {
			add(b.Call("left", []Expr{x, integer(n)}, -1))
			add(b.Call("right", []Expr{x, integer(n)}, -1))
			add(b.Call("substring", []Expr{x, integer(n)}, -1))
			add(b.Call("substring", []Expr{x, integer(n), integer(3)}, -1))
			add(b.Call("split_part", []Expr{x, untyped(","), integer(n)}, -1))
		}
		add(b.Call("replace", []Expr{x, untyped("l"), untyped("LL")}, -1))
		add(b.Call("btrim", []Expr{x, untyped("Hu ")}, -1))
		add(b.Call("starts_with", []Expr{x, untyped("He")}, -1))
		add(b.Call("concat", []Expr{x, integer(5), untyped("z")}, -1))
		add(b.Op("||", x, integer(5), -1))
		for _, to := range []string{"int4", "numeric", "varchar(3)", "boolean"} {
			add(castTo(to)(b, []Expr{x}))
		}
	}
	for _, x := range []Expr{literalOf(dat, "2020-02-29"), literalOf(ts, "1969-12-31 23:59:59.5"), literalOf(tz, "2020-01-01 10:00:00+00"), literalOf(boo, "t")} {
		for _, to := range []string{"date", "timestamp", "timestamptz", "text", "int4"} {
			add(castTo(to)(b, []Expr{x}))
		}
	}
	checked := 0
	for _, e := range built {
		c, ok := Fold(e)
		if !ok {
			continue
		}
		var want *string
		if err := conn.QueryRow(context.Background(), "SELECT CAST("+Text(e, PostgreSQL)+" AS text)").Scan(&want); err != nil {
			t.Errorf("%s folds to %q, PostgreSQL fails: %v", Source(e), c.Text, err)
			continue
		}
		checked++
		got := c.Text
		if c.Typ.Kind == boo {
			got = map[string]string{"t": "true", "f": "false"}[got]
		}
		if (want == nil) != c.Null || (want != nil && *want != got) {
			t.Errorf("%s folds to %q, PostgreSQL gives %s", Text(e, PostgreSQL), got, show(want))
		}
	}
	if checked < 500 {
		t.Errorf("only %d constants were folded", checked)
	}
}

func TestFoldLeavesTheRestToTheEngine(t *testing.T) {
	b := &Builder{Mode: Public}
	for _, build := range []func() (Expr, error){
		func() (Expr, error) { return b.Op("/", integer(1), integer(0), -1) },
		func() (Expr, error) { return b.Op("+", literalOf(i4, "2147483647"), integer(1), -1) },
		func() (Expr, error) { return b.Op("*", float8("1e308"), float8("10"), -1) },
		func() (Expr, error) { return b.Op("<", literalOf(txt, "a"), literalOf(txt, "B"), -1) },
		func() (Expr, error) { return b.Call("sqrt", []Expr{integer(4)}, -1) },
		func() (Expr, error) { return b.Op("+", unbounded("x", catalog.Of(i4)), integer(1), -1) },
	} {
		e, err := build()
		if err != nil {
			t.Error(err)
			continue
		}
		if c, ok := Fold(e); ok {
			t.Errorf("%s folds to %q", Source(e), c.Text)
		}
	}
}

// The text of intervals, and adding them to timestamps, are PostgreSQL's: domains rest on both.
func TestIntervalsArePostgres(t *testing.T) {
	conn := openPostgres(t)
	for _, text := range []string{"1 day", "1 year 2 months", "-1 month", "3 weeks", "04:05:06", "-04:05:06.5", "1 mon -2 days", "1.5 hours", "2 years ago", "1.5 days", "1.5 months",
		"100", "1 day 25:00", "-1 year 3 mons 2 days -04:00", "1 decade", "90 min", "1h 2m 3s", "0", "1 century", "@ 1 minute",
		"1-2", "-1-2", "3 04:05", "3 4:05:06", "P1Y", "P1Y2M3W4DT5H6M7.5S", "P-1DT-2H", "PT90M", "P1.5M", "PT0.000001S"} {
		d, ok := parseInterval(text)
		if !ok {
			t.Errorf("%q was not read", text)
			continue
		}
		var want string
		if err := conn.QueryRow(context.Background(), "SELECT CAST(CAST($1::text AS interval) AS text)", text).Scan(&want); err != nil {
			t.Fatal(text, err)
		}
		if got := d.text(); got != want {
			t.Errorf("%q is %q, PostgreSQL has %q", text, got, want)
		}
		for _, at := range []string{"2020-01-31 10:11:12", "1970-01-01 00:00:00", "2000-02-29 23:59:59.999999", "0004-12-31 00:00:00"} {
			r, err := catalog.ToRat(catalog.Of(ts), at)
			if err != nil {
				t.Fatal(err)
			}
			if err := conn.QueryRow(context.Background(), "SELECT CAST(CAST($2::text AS timestamp) + CAST($1::text AS interval) AS text)", text, at).Scan(&want); err != nil {
				t.Fatal(text, err)
			}
			if got := catalog.FormatTimestamp(d.addTo(r.Num().Int64()), false); got != want {
				t.Errorf("%s + %s is %s, PostgreSQL has %s", at, text, got, want)
			}
		}
	}
	for _, text := range []string{"", "x", "1 fortnight", "1:2:3:4", "day", "1e30 years", "P", "P1", "PY", "P1H", "1-13", "1-", "P1Y-", "-P1D", "9999999999 days", "200000000 years"} {
		if d, ok := parseInterval(text); ok {
			t.Errorf("%q was read as %s", text, d.text())
		}
	}
}

// Fields of constants, and arithmetic of constant intervals, are PostgreSQL's.
func TestConstantIntervalsArePostgres(t *testing.T) {
	conn := openPostgres(t)
	same := func(written string, d duration) {
		t.Helper()
		var want string
		if err := conn.QueryRow(context.Background(), "SELECT CAST("+written+" AS text)").Scan(&want); err != nil {
			t.Fatal(written, err)
		}
		if got := d.text(); got != want {
			t.Errorf("%s is %q, PostgreSQL has %q", written, got, want)
		}
	}
	b := &Builder{Mode: Private}
	fields := map[string]int{"YEAR": fieldYear, "MONTH": fieldMonth, "DAY": fieldDay, "HOUR": fieldHour, "MINUTE": fieldMinute, "SECOND": fieldSecond,
		"YEAR TO MONTH": fieldYear | fieldMonth, "DAY TO HOUR": fieldDay | fieldHour, "DAY TO SECOND": fieldDay | fieldHour | fieldMinute | fieldSecond,
		"HOUR TO MINUTE": fieldHour | fieldMinute, "MINUTE TO SECOND": fieldMinute | fieldSecond}
	for name, mask := range fields {
		for _, text := range []string{"30", "-7", "1.5", "1 year 14 months 3 days 04:05:06.789", "04:05", "3 days"} {
			e, err := b.IntervalOf(Const{Text: text, Pos: -1}, []int{mask}, -1)
			if err != nil {
				t.Errorf("%q %s: %v", text, name, err)
				continue
			}
			d, _ := parseInterval(e.(Const).Text)
			same("INTERVAL '"+text+"' "+name, d)
		}
	}
	e, err := b.IntervalOf(Const{Text: "1.23456 seconds", Pos: -1}, []int{allFields, 2}, -1)
	if err != nil {
		t.Fatal(err)
	}
	d, _ := parseInterval(e.(Const).Text)
	same("INTERVAL(2) '1.23456 seconds'", d)
	for _, a := range []string{"1 day", "1 year 5 months 3 days 04:05:06.7", "-17 days 23:00", "00:00:01", "11 months"} {
		x, _ := parseInterval(a)
		for _, f := range []string{"7", "-2", "0.3", "1.9", "0", "365.25"} {
			by, _ := new(big.Rat).SetString(f)
			product, ok := x.times(by)
			if !ok {
				t.Fatal(a, f)
			}
			same("interval '"+a+"' * "+f, product)
			if by.Sign() != 0 {
				quotient, _ := x.times(new(big.Rat).Inv(by))
				same("interval '"+a+"' / "+f, quotient)
			}
		}
		y, _ := parseInterval("2 mons -3 days 01:00")
		sum, _ := x.plus(y, 1)
		same("interval '"+a+"' + interval '2 mons -3 days 01:00'", sum)
		difference, _ := x.plus(y, -1)
		same("interval '"+a+"' - interval '2 mons -3 days 01:00'", difference)
	}
}

// date_trunc's and extract's calendar, which lists of values are made of, is PostgreSQL's.
func TestCalendarIsPostgres(t *testing.T) {
	conn := openPostgres(t)
	for _, at := range []string{"2020-01-31 10:11:12.345678", "1969-12-29 00:00:00", "2000-12-31 23:59:59", "2001-01-01 00:00:00", "0001-01-01 00:00:00", "0009-05-06 07:08:09", "9999-12-31 23:59:59", "2021-01-03 00:00:00"} {
		r, err := catalog.ToRat(catalog.Of(ts), at)
		if err != nil {
			t.Fatal(err)
		}
		for _, unit := range []string{"microseconds", "milliseconds", "second", "minute", "hour", "day", "week", "month", "quarter", "year", "decade", "century", "millennium"} {
			var want string
			if err := conn.QueryRow(context.Background(), "SELECT CAST(date_trunc($1::text, CAST($2::text AS timestamp)) AS text)", unit, at).Scan(&want); err != nil {
				t.Fatal(err)
			}
			start, _ := truncTo(r.Num().Int64(), unit)
			if got := catalog.FormatTimestamp(start, false); got != want {
				t.Errorf("date_trunc(%s, %s) is %s, PostgreSQL has %s", unit, at, got, want)
			}
			if next := nextUnit(start, unit); next <= r.Num().Int64() {
				t.Errorf("the %s after %s starts at %s", unit, at, catalog.FormatTimestamp(next, false))
			}
		}
		for _, field := range []string{"year", "isoyear", "decade", "century", "millennium", "epoch"} {
			var want string
			if err := conn.QueryRow(context.Background(), "SELECT CAST(date_part($1::text, CAST($2::text AS timestamp)) AS text)", field, at).Scan(&want); err != nil {
				t.Fatal(err)
			}
			got, wanted := fieldAt(r, field, unbounded("x", catalog.Of(ts))), new(big.Rat)
			if _, ok := wanted.SetString(want); !ok || new(big.Rat).Sub(got, wanted).Abs(new(big.Rat).Sub(got, wanted)).Cmp(big.NewRat(1, 1000)) > 0 {
				t.Errorf("%s of %s is %s, PostgreSQL has %s", field, at, got.FloatString(6), want)
			}
		}
	}
}

func TestLiterals(t *testing.T) {
	b := &Builder{Mode: Private}
	for _, c := range []struct{ typ, text, want string }{
		{"int4", " 42 ", "42"}, {"numeric", "1.50", "1.50"}, {"numeric(5,1)", "1.55", "1.6"}, {"boolean", "yes", "t"},
		{"date", "2020-02-29", "2020-02-29"}, {"varchar(2)", "abc", "ab"}, {"interval", "90 minutes", "01:30:00"}, {"float8", "1e3", "1000"},
		{"int4", "x", "22P02"}, {"int4", "99999999999", "22003"}, {"date", "2021-02-29", "22008"}, {"boolean", "maybe", "22P02"}, {"uuid", "1", "22P02"},
		{"date", "today", "22007"}, {"interval", "soon", "22007"},
	} {
		literal := untyped(c.text)
		literal.Pos = 4
		e, err := b.Cast(literal, named(t, c.typ), 4)
		got := ""
		if err != nil {
			got = err.Error()[strings.LastIndex(err.Error(), " ")+1:]
			got = strings.TrimSuffix(got, ")")
		} else if folded, ok := Fold(e); ok {
			got = folded.Text
		}
		if got != c.want {
			t.Errorf("%q as %s is %q (%v), want %q", c.text, c.typ, got, err, c.want)
		}
	}
}

// Literal dates and timestamps beyond the ISO form read as PostgreSQL reads them.
func TestLooseTimesArePostgres(t *testing.T) {
	conn := openPostgres(t)
	b := &Builder{Mode: Private}
	for _, text := range []string{"2023-01-02 03:04:05.000000", "2023-01-02T03:04:05Z", "2023-01-02T03:04:05.123456789Z", "2023-01-02 03:04:05+02", "2023-01-02 03:04:05-05:30", "20230102",
		"20230102T030405", "2023/01/02", "2023.01.02 03:04", "Jan 2, 2023", "2 January 2023", "02-Sep-2023", "2023-01-02 03:04:05 UTC", "2023-01-02 03:04:05.5000000",
		"2023-02-30 00:00", "2023-13-01 00:00", "1/2/2023", "2023-01", "today", "2023-01-02x", "2023-01-02 25:00", "2023-01-02 03:04:05 Mars/Base"} {
		for _, typ := range []string{"date", "timestamp", "timestamptz"} {
			e, err := b.Cast(untyped(text), named(t, typ), 0)
			if err != nil {
				continue // what is not read is an error in ours alone, never another value
			}
			var want string
			shown := "CAST(CAST($1::text AS " + typ + ") AS text)"
			if typ == "timestamptz" {
				shown = "CAST(CAST($1::text AS timestamptz) AT TIME ZONE 'UTC' AS text) || '+00'"
			}
			if err := conn.QueryRow(context.Background(), "SELECT "+shown, text).Scan(&want); err != nil {
				t.Errorf("%q as %s was read, PostgreSQL says %v", text, typ, err)
				continue
			}
			if c, ok := Fold(e); !ok || c.Text != want {
				t.Errorf("%q as %s is %q, PostgreSQL has %q", text, typ, c.Text, want)
			}
		}
	}
	for _, read := range [][2]string{{"date", "2023-01-02 03:04:05.000000"}, {"timestamp", "2023-01-02T03:04:05Z"}, {"date", "Jan 2, 2023"}, {"timestamptz", "20230102"}} {
		if _, err := b.Cast(untyped(read[1]), named(t, read[0]), 0); err != nil {
			t.Errorf("%q as %s: %v", read[1], read[0], err)
		}
	}
}

// PostgreSQL knows every zone of the list.
func TestZonesArePostgres(t *testing.T) {
	conn := openPostgres(t)
	for _, zone := range zones() {
		for _, at := range []string{"0001-01-01 00:00:00", "1950-06-30 12:00:00", "2024-03-31 02:30:00", "9999-12-31 23:59:59"} {
			var hours float64
			err := conn.QueryRow(context.Background(), "SELECT extract(epoch FROM (CAST($1::text AS timestamp) AT TIME ZONE $2::text) - (CAST($1::text AS timestamp) AT TIME ZONE 'UTC'))::float8 / 3600", at, zone).Scan(&hours)
			if err != nil || hours < -16 || hours > 16 {
				t.Errorf("%s at %s is off by %v hours: %v", zone, at, hours, err)
			}
		}
	}
}
