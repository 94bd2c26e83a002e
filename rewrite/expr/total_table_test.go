package expr

import (
	"strings"

	"github.com/dpproxy/dpproxy/catalog"
)

// entry is one line of the table of total expressions: what is built, over columns of which types. Each is run over the worst
// values of those types on both engines, with several bounds on the columns and with none.
type entry struct {
	name  string
	types []string
	build func(b *Builder, a []Expr) (Expr, error)
	// differs says why the guarded result may be another than PostgreSQL's own where that does not fail; "" compares.
	differs string
	// engines says why DuckDB's result may be another than PostgreSQL's; "" compares.
	engines string
}

func call(name string, more ...Expr) func(b *Builder, a []Expr) (Expr, error) {
	return func(b *Builder, a []Expr) (Expr, error) {
		return b.Call(name, append(append([]Expr{}, a...), more...), -1)
	}
}

func op(name string, more ...Expr) func(b *Builder, a []Expr) (Expr, error) {
	return func(b *Builder, a []Expr) (Expr, error) {
		a = append(append([]Expr{}, a...), more...)
		return b.Op(name, a[0], a[1], -1)
	}
}

func prefix(name string) func(b *Builder, a []Expr) (Expr, error) {
	return func(b *Builder, a []Expr) (Expr, error) { return b.Op(name, nil, a[0], -1) }
}

func castTo(name string) func(b *Builder, a []Expr) (Expr, error) {
	return func(b *Builder, a []Expr) (Expr, error) {
		t, err := catalog.ParseType(name)
		if err != nil {
			return nil, err
		}
		return b.Cast(a[0], t, -1)
	}
}

func extract(field string) func(b *Builder, a []Expr) (Expr, error) {
	return func(b *Builder, a []Expr) (Expr, error) { return b.Extract(field, a[0], -1) }
}

func match(kind, pattern string) func(b *Builder, a []Expr) (Expr, error) {
	return func(b *Builder, a []Expr) (Expr, error) { return b.Like(a[0], untyped(pattern), nil, kind, false, -1) }
}

// float8 is a constant of type float8.
func float8(text string) Const { return Const{Typ: catalog.Of(f8), Text: text, Pos: -1} }

func literalOf(k catalog.Kind, text string) Const {
	return Const{Typ: catalog.Of(k), Text: text, Pos: -1}
}

const (
	nearZero   = "float products below 2^-500 count as 0, and divisors too near to 0 give NULL"
	beyond     = "dates beyond the years 1 to 9999 count as their ends"
	cutText    = "texts are cut to a million characters"
	fewForms   = "only the plain forms of numbers and dates are read from private text"
	fifteen    = "DuckDB carries numeric without known decimals as DOUBLE"
	nanIsNull  = "NaN"
	capped     = "limited to results that both engines can hold"
	noBlanks   = "DuckDB pads no char(n)"
	notUnicode = "upper and lower case beyond ASCII depend on the engine's tables"
)

// totalTable is the list. A new function needs one line here.
func totalTable() []entry {
	var list []entry
	add := func(e entry) { list = append(list, e) }
	for _, o := range []string{"+", "-", "*", "/", "%"} {
		add(entry{name: "int4 " + o + " int4", types: []string{"int4", "int4"}, build: op(o)})
		add(entry{name: "int2 " + o + " int8", types: []string{"int2", "int8"}, build: opOrMod(o)})
		add(entry{name: "int8 " + o + " int8", types: []string{"int8", "int8"}, build: op(o)})
		add(entry{name: "numeric(10,2) " + o + " numeric(10,2)", types: []string{"numeric(10,2)", "numeric(10,2)"}, build: op(o), differs: nanIsNull})
		add(entry{name: "numeric " + o + " numeric", types: []string{"numeric", "numeric"}, build: op(o), engines: fifteen})
		add(entry{name: "int4 " + o + " 2.5", types: []string{"int4"}, build: op(o, decimalConst("2.5"))})
		if o != "%" {
			add(entry{name: "float8 " + o + " float8", types: []string{"float8", "float8"}, build: op(o), differs: nearZero, engines: nearZero})
			add(entry{name: "float4 " + o + " float4", types: []string{"float4", "float4"}, build: op(o), differs: nearZero, engines: nearZero})
			add(entry{name: "int4 " + o + " float8", types: []string{"int4", "float8"}, build: op(o), differs: nearZero, engines: nearZero})
		}
		add(entry{name: "(int4 * int4 * int4) " + o + " int4", types: []string{"int4", "int4"}, build: func(b *Builder, a []Expr) (Expr, error) {
			cube, err := b.Op("*", a[0], a[0], -1)
			if err == nil {
				cube, err = b.Op("*", cube, a[1], -1)
			}
			if err != nil {
				return nil, err
			}
			return b.Op(o, cube, a[1], -1)
		}})
	}
	for _, t := range []string{"int2", "int4", "int8", "numeric(10,2)", "numeric", "float4", "float8"} {
		add(entry{name: "- " + t, types: []string{t}, build: prefix("-")})
		add(entry{name: "abs " + t, types: []string{t}, build: call("abs")})
		for _, f := range []string{"ceil", "floor", "round", "trunc", "sign"} {
			add(entry{name: f + " " + t, types: []string{t}, build: call(f), engines: ifText(t == "numeric", fifteen)})
		}
		for _, f := range []string{"sqrt", "cbrt", "ln", "log", "log10"} {
			add(entry{name: f + " " + t, types: []string{t}, build: call(f), differs: ifText(f == "cbrt", capped), engines: fifteen})
		}
		add(entry{name: "exp " + t, types: []string{t}, build: call("exp"), differs: capped, engines: fifteen})
		for _, to := range []string{"int2", "int4", "int8", "numeric", "numeric(6,2)", "float4", "float8", "text", "varchar(3)"} {
			add(entry{name: t + " to " + to, types: []string{t}, build: castTo(to), differs: castDiffers(to),
				engines: ifText(t == "numeric" || to == "numeric" || to == "varchar(3)" || to == "text" || to == "numeric(6,2)" || to == "float4" || to == "float8", fifteen)})
		}
		for _, c := range []string{"=", "<>", "<", "<=", ">", ">="} {
			for _, at := range []string{"-100", "0", "50", "100"} {
				if t == "int2" || t == "int4" || t == "int8" {
					add(entry{name: t + " " + c + " " + at, types: []string{t}, build: op(c, literalOf(i4, at))})
				} else {
					add(entry{name: t + " " + c + " " + at, types: []string{t}, build: op(c, literalOf(num, at))})
				}
			}
		}
		add(entry{name: "width_bucket " + t, types: []string{t}, engines: "edges between buckets are rounded",
			build: call("width_bucket", integer(-50), integer(50), integer(7))})
		add(entry{name: "in " + t, types: []string{t}, build: func(b *Builder, a []Expr) (Expr, error) {
			return b.In(a[0], []Expr{integer(1), integer(50)}, false, -1)
		}})
		add(entry{name: "greatest least " + t, types: []string{t}, build: func(b *Builder, a []Expr) (Expr, error) {
			low, err := b.Greatest([]Expr{a[0], integer(-10)}, -1)
			if err != nil {
				return nil, err
			}
			return b.Least([]Expr{low, integer(10)}, -1)
		}, engines: ifText(t == "numeric", fifteen)})
		add(entry{name: "key " + t, types: []string{t}, build: func(b *Builder, a []Expr) (Expr, error) {
			product, err := b.Op("+", a[0], integer(1), -1)
			if err != nil {
				return nil, err
			}
			return GroupKey(product)
		}, differs: "in its canonical form", engines: fifteen})
	}
	for _, t := range []string{"numeric(10,2)", "numeric", "int4"} {
		add(entry{name: "round 1 " + t, types: []string{t}, build: call("round", integer(1)), engines: ifText(t == "numeric", fifteen)})
		add(entry{name: "round -1 " + t, types: []string{t}, build: call("round", integer(-1)), engines: ifText(t == "numeric", fifteen)})
		add(entry{name: "trunc 1 " + t, types: []string{t}, build: call("trunc", integer(1)), engines: ifText(t == "numeric", fifteen)})
		add(entry{name: "div " + t, types: []string{t, "numeric(10,2)"}, build: call("div"), differs: nanIsNull, engines: fifteen})
	}
	for _, y := range []string{"2", "-2", "0.5", "-0.5", "3", "0", "10"} {
		add(entry{name: "float8 ^ " + y, types: []string{"float8"}, build: op("^", float8(y)), differs: nearZero, engines: nearZero})
		add(entry{name: "numeric ^ " + y, types: []string{"numeric(10,2)"}, build: op("^", decimalConst(y)), differs: nearZero, engines: fifteen})
		add(entry{name: "int4 ^ " + y, types: []string{"int4"}, build: op("^", float8(y)), engines: fifteen})
	}
	add(entry{name: "power int4 int4", types: []string{"int4", "int4"}, build: func(b *Builder, a []Expr) (Expr, error) {
		x, err := b.Greatest([]Expr{a[0], integer(1)}, -1)
		if err == nil {
			x, err = b.Least([]Expr{x, integer(9)}, -1)
		}
		if err != nil {
			return nil, err
		}
		return b.Call("power", []Expr{x, a[1]}, -1)
	}})
	return append(append(append(list, textEntries()...), dateEntries()...), moreEntries()...)
}

// opOrMod: % has no mixed form with int2 in PostgreSQL's table, so that int8 is taken.
func opOrMod(o string) func(b *Builder, a []Expr) (Expr, error) { return op(o) }

func castDiffers(to string) string {
	switch to {
	case "float4", "float8":
		return capped
	case "numeric(6,2)":
		return nanIsNull
	}
	return ""
}

func ifText(cond bool, text string) string {
	if cond {
		return text
	}
	return ""
}

func textEntries() []entry {
	var list []entry
	one := func(name string, build func(b *Builder, a []Expr) (Expr, error), engines string) {
		for _, t := range []string{"text", "varchar(20)", "char(5)"} {
			e := entry{name: name + " " + t, types: []string{t}, build: build, differs: cutText, engines: engines}
			if t == "char(5)" && (strings.Contains(name, "like") || strings.Contains(name, "regex")) {
				e.engines = noBlanks
			}
			list = append(list, e)
		}
	}
	for _, f := range []string{"lower", "upper", "reverse", "btrim", "ltrim", "rtrim", "length", "char_length", "octet_length"} {
		one(f, call(f), ifText(f == "lower" || f == "upper", notUnicode))
	}
	for _, to := range []string{"int2", "int4", "int8", "numeric", "numeric(6,2)", "float8", "boolean", "date", "time", "timestamp", "timestamptz", "uuid"} {
		list = append(list, entry{name: "text to " + to, types: []string{"text"}, build: castTo(to), differs: fewForms,
			engines: ifText(to == "numeric", fifteen)})
	}
	for _, n := range []int64{-3, 0, 2, 100} {
		one("left "+itoa(n), call("left", integer(n)), "")
		one("right "+itoa(n), call("right", integer(n)), "")
		one("substring from "+itoa(n), call("substring", integer(n)), "")
		one("substring from "+itoa(n)+" for 2", call("substring", integer(n), integer(2)), "")
		if n != 0 {
			one("split_part "+itoa(n), call("split_part", untyped(","), integer(n)), "")
		}
	}
	one("replace", call("replace", untyped("b"), untyped("xyz")), "")
	one("replace by nothing", call("replace", untyped("bc"), untyped("")), "")
	one("translate", call("translate", untyped("ab"), untyped("x")), "")
	one("starts_with", call("starts_with", untyped("a")), "")
	one("strpos", call("strpos", untyped("b")), "")
	one("lpad", call("lpad", integer(4), untyped("xy")), "")
	one("rpad", call("rpad", integer(4)), "")
	one("repeat", call("repeat", integer(3)), "")
	one("concat", call("concat", untyped("-"), integer(5)), noBlanks)
	one("||", op("||", untyped("x")), "")
	one("= 'abc'", op("=", untyped("abc")), "")
	one("like", match("like", "a%c_"), "")
	one("like escaped", match("like", `a\_c%`), "")
	one("ilike", match("ilike", "A%"), "")
	one("similar to", match("similar to", "(a|b)%[0-9]*"), "")
	one("regex", match("regex", "^a.*[0-9c]$"), "")
	one("iregex", match("iregex", "B+"), "")
	list = append(list,
		entry{name: "substring int int", types: []string{"text", "int4", "int4"}, build: call("substring")},
		entry{name: "left int", types: []string{"text", "int4"}, build: call("left"), differs: cutText},
		entry{name: "split_part int", types: []string{"text", "text", "int4"}, build: call("split_part"), differs: cutText},
		entry{name: "strpos text", types: []string{"text", "text"}, build: call("strpos")},
		entry{name: "concat_ws", types: []string{"text", "int4", "boolean"}, build: call("concat_ws"), differs: cutText},
		entry{name: "|| int4", types: []string{"text", "int4"}, build: op("||"), differs: cutText},
		entry{name: "text < text", types: []string{"text", "text"}, build: op("<"), engines: "the order of texts is the database's"},
		entry{name: "boolean to int4", types: []string{"boolean"}, build: castTo("int4")},
		entry{name: "boolean to text", types: []string{"boolean"}, build: castTo("text")},
		entry{name: "int4 to boolean", types: []string{"int4"}, build: castTo("boolean")},
		entry{name: "case", types: []string{"int4", "numeric(10,2)"}, build: func(b *Builder, a []Expr) (Expr, error) {
			small, err := b.Op("<", a[0], integer(10), -1)
			if err != nil {
				return nil, err
			}
			return b.Case(nil, []When{{Cond: small, Result: a[0]}}, a[1], -1)
		}},
		entry{name: "coalesce", types: []string{"int4", "int8"}, build: func(b *Builder, a []Expr) (Expr, error) { return b.Coalesce(a, -1) }},
		entry{name: "nullif", types: []string{"int4", "int8"}, build: func(b *Builder, a []Expr) (Expr, error) { return b.NullIf(a[0], a[1], -1) }},
		entry{name: "distinct", types: []string{"float8", "numeric(10,2)"}, build: func(b *Builder, a []Expr) (Expr, error) {
			return b.IsDistinct(a[0], a[1], false, -1)
		}},
		entry{name: "between", types: []string{"int4", "int4"}, build: func(b *Builder, a []Expr) (Expr, error) {
			return b.Between(a[0], integer(0), a[1], true, true, -1)
		}},
		entry{name: "int4 & int4", types: []string{"int4", "int4"}, build: op("&")},
		entry{name: "int4 | int4", types: []string{"int4", "int4"}, build: op("|")},
		entry{name: "int4 # int4", types: []string{"int4", "int4"}, build: op("#")},
		entry{name: "~ int4", types: []string{"int4"}, build: prefix("~")},
		entry{name: "int4 >> 3", types: []string{"int4"}, build: op(">>", integer(3))},
		entry{name: "int8 >> 62", types: []string{"int8"}, build: op(">>", integer(62))},
		entry{name: "int2 << 3", types: []string{"int2"}, build: op("<<", integer(3)), differs: capped},
		entry{name: "int4 << 3", types: []string{"int4"}, build: op("<<", integer(3)), differs: capped},
		entry{name: "int8 << 40", types: []string{"int8"}, build: op("<<", integer(40)), differs: capped},
		entry{name: "gcd int4", types: []string{"int4", "int4"}, build: call("gcd"), differs: capped},
		entry{name: "gcd int8", types: []string{"int8", "int8"}, build: call("gcd"), differs: capped},
		entry{name: "lcm int4", types: []string{"int4", "int4"}, build: call("lcm"), differs: capped},
		entry{name: "lcm int8", types: []string{"int8", "int8"}, build: call("lcm"), differs: capped},
		entry{name: "chr", types: []string{"int4"}, build: call("chr"), differs: capped},
		entry{name: "initcap", types: []string{"text"}, build: call("initcap"), differs: cutText, engines: notUnicode},
		entry{name: "greatest", types: []string{"float8", "float8"}, build: func(b *Builder, a []Expr) (Expr, error) { return b.Greatest(a, -1) }},
		entry{name: "least", types: []string{"float8", "float8"}, build: func(b *Builder, a []Expr) (Expr, error) { return b.Least(a, -1) }},
	)
	return list
}

func dateEntries() []entry {
	var list []entry
	for _, t := range []string{"date", "timestamp", "timestamptz"} {
		for _, to := range []string{"date", "timestamp", "timestamptz", "time", "text"} {
			if t != "date" || to != "time" {
				list = append(list, entry{name: t + " to " + to, types: []string{t}, build: castTo(to), differs: beyond, engines: ifText(to == "text", beyond)})
			}
		}
		for _, unit := range []string{"second", "hour", "day", "week", "month", "quarter", "year", "decade", "century", "millennium"} {
			list = append(list, entry{name: "date_trunc " + unit + " " + t, types: []string{t}, differs: beyond,
				build: func(b *Builder, a []Expr) (Expr, error) {
					return b.Call("date_trunc", []Expr{untyped(unit), a[0]}, -1)
				}})
		}
		if t != "date" {
			for _, stride := range []string{"15 mins", "7 days", "1 day 00:00:00.000003"} {
				list = append(list, entry{name: "date_bin " + stride + " " + t, types: []string{t}, differs: beyond, build: func(b *Builder, a []Expr) (Expr, error) {
					return b.Call("date_bin", []Expr{literalOf(itv, stride), a[0], untyped("2020-02-29 00:01:00")}, -1)
				}})
			}
		}
		for _, field := range []string{"year", "month", "day", "dow", "isodow", "doy", "week", "isoyear", "quarter", "decade", "century", "millennium",
			"epoch", "hour", "minute", "second", "milliseconds", "microseconds"} {
			if t == "date" && (field == "hour" || field == "minute" || field == "second" || field == "milliseconds" || field == "microseconds") {
				continue
			}
			list = append(list, entry{name: field + " of " + t, types: []string{t}, build: extract(field), differs: beyond})
		}
		for _, d := range []string{"1 mon", "-1 mon", "1 year 2 mons 3 days 04:05:06", "-100 years", "40 days", "90000:00:00"} {
			list = append(list,
				entry{name: t + " + " + d, types: []string{t}, build: op("+", literalOf(itv, d)), differs: beyond},
				entry{name: t + " - " + d, types: []string{t}, build: op("-", literalOf(itv, d)), differs: beyond})
		}
		list = append(list,
			entry{name: t + " > constant", types: []string{t}, build: op(">", untyped("2010-05-06"))},
			entry{name: t + " = " + t, types: []string{t, t}, build: op("=")},
			entry{name: t + " < timestamptz", types: []string{t, "timestamptz"}, build: op("<"), differs: beyond},
			entry{name: "to_char " + t, types: []string{t}, build: call("to_char", untyped("YYYY-MM-DD HH24:MI")), differs: beyond},
			entry{name: "to_char month " + t, types: []string{t}, build: call("to_char", untyped("YYYY-MM")), differs: beyond},
			entry{name: "isfinite " + t, types: []string{t}, build: call("isfinite")})
		for _, field := range []string{"year", "month", "day", "hour", "minute", "second", "epoch"} {
			list = append(list,
				entry{name: field + " of age " + t, types: []string{t, t}, differs: beyond, engines: "engines justify intervals differently",
					build: func(b *Builder, a []Expr) (Expr, error) {
						age, err := b.Call("age", a, -1)
						if err != nil {
							return nil, err
						}
						return b.Extract(field, age, -1)
					}})
		}
	}
	for _, field := range []string{"day", "hour", "minute", "second", "epoch"} {
		list = append(list, entry{name: field + " of timestamp - timestamp", types: []string{"timestamp", "timestamp"}, differs: beyond,
			build: func(b *Builder, a []Expr) (Expr, error) {
				d, err := b.Op("-", a[0], a[1], -1)
				if err != nil {
					return nil, err
				}
				return b.Extract(field, d, -1)
			}})
	}
	for _, field := range []string{"hour", "minute", "second", "epoch"} {
		list = append(list, entry{name: field + " of time", types: []string{"time"}, build: extract(field), engines: ifText(field == "hour" || field == "epoch", "24:00")})
	}
	return append(list,
		entry{name: "date + int4", types: []string{"date", "int4"}, build: op("+"), differs: beyond},
		entry{name: "date - int4", types: []string{"date", "int4"}, build: op("-"), differs: beyond},
		entry{name: "int4 + date", types: []string{"int4", "date"}, build: op("+"), differs: beyond},
		entry{name: "date - date", types: []string{"date", "date"}, build: op("-"), differs: beyond},
		entry{name: "date + 30 + int4", types: []string{"date", "int4"}, differs: beyond, build: func(b *Builder, a []Expr) (Expr, error) {
			later, err := b.Op("+", a[0], integer(30), -1)
			if err != nil {
				return nil, err
			}
			return b.Op("+", later, a[1], -1)
		}},
		entry{name: "(date - date) / 365", types: []string{"date", "date"}, differs: beyond, build: func(b *Builder, a []Expr) (Expr, error) {
			days, err := b.Op("-", a[0], a[1], -1)
			if err != nil {
				return nil, err
			}
			return b.Op("/", days, integer(365), -1)
		}},
		entry{name: "timestamptz at UTC", types: []string{"timestamptz"}, differs: beyond, build: func(b *Builder, a []Expr) (Expr, error) {
			return b.AtTimeZone(a[0], untyped("UTC"), -1)
		}})
}
