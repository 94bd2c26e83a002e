package expr

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/refusal"
)

// age is an integer column that is clamped to [0, 110].
func age() Column {
	return Column{Alias: "t", Name: "age", Typ: catalog.Of(i4), Dom: Domain{Nullable: true, Lo: rat(0), Hi: rat(110)}, Clamp: true}
}

// city is a text column with declared values.
func city() Column {
	return Column{Alias: "t", Name: "city", Typ: catalog.Of(txt), Dom: Domain{Nullable: true, Values: []string{"Bern", "Paris", "Rome"}}}
}

const clampedAge = `CASE WHEN "t"."age" > 110 THEN 110 WHEN "t"."age" < 0 THEN 0 ELSE "t"."age" END`

// A comparison with a constant within the bounds needs no clamp; at the bounds it depends on the operator.
func TestComparisonsLeaveTheClampOut(t *testing.T) {
	b := &Builder{Mode: Private}
	for _, c := range []struct {
		op   string
		at   Expr
		bare bool
	}{
		{">", integer(30), true}, {">", integer(0), true}, {">", integer(110), false}, {">", integer(-1), false}, {">", integer(111), false},
		{">=", integer(0), false}, {">=", integer(110), true}, {">=", integer(1), true},
		{"<", integer(110), true}, {"<", integer(0), false}, {"<", integer(109), true},
		{"<=", integer(110), false}, {"<=", integer(0), true},
		{"=", integer(0), false}, {"=", integer(110), false}, {"=", integer(1), true}, {"<>", integer(50), true}, {"<>", integer(110), false},
		{">", decimalConst("30.5"), true}, {"=", untyped("50"), true}, {">", unbounded("x", catalog.Of(i4)), false},
	} {
		e, err := b.Op(c.op, age(), c.at, -1)
		if err != nil {
			t.Fatal(err)
		}
		if text := Text(e, PostgreSQL); strings.Contains(text, "CASE") == c.bare {
			t.Errorf("age %s %s prints %s", c.op, Source(c.at), text)
		}
		mirrored, err := b.Op(mirrored(c.op), c.at, age(), -1)
		if err != nil {
			t.Fatal(err)
		}
		if text := Text(mirrored, PostgreSQL); strings.Contains(text, "CASE") == c.bare {
			t.Errorf("mirrored age %s %s prints %s", c.op, Source(c.at), text)
		}
	}
}

// The SQL that common expressions print: short where nothing can go wrong.
func TestPrintedSQL(t *testing.T) {
	b := &Builder{Mode: Private}
	for _, c := range []struct {
		name     string
		build    func() (Expr, error)
		pg, duck string
	}{
		{"addition that fits", func() (Expr, error) { return b.Op("+", age(), integer(1), -1) },
			"(" + clampedAge + " + 1)", ""},
		{"product that needs bigint", func() (Expr, error) { return b.Op("*", age(), integer(2147483647), -1) },
			"(CAST(" + clampedAge + " AS bigint) * 2147483647)", ""},
		{"division", func() (Expr, error) { return b.Op("/", integer(7), age(), -1) },
			"(7 / NULLIF(" + clampedAge + ", 0))", ""},
		{"division by a constant", func() (Expr, error) { return b.Op("/", age(), integer(10), -1) },
			"(" + clampedAge + " / 10)", ""},
		{"text", func() (Expr, error) { return b.Op("=", city(), untyped("O'Hara"), -1) },
			`("t"."city" = 'O''Hara'::text)`, `("t"."city" = 'O''Hara'::VARCHAR)`},
		{"regular expression", func() (Expr, error) { return b.Like(city(), untyped("^P"), nil, "regex", true, -1) },
			`(NOT (left("t"."city", 1000000) ~ '^P'::text))`, `(NOT regexp_matches(left("t"."city", 1000000), '^P'::VARCHAR, 's'))`},
		{"is null", func() (Expr, error) { return b.IsNull(age(), false, -1) }, `("t"."age" IS NULL)`, `("t"."age" IS NULL)`},
	} {
		e, err := c.build()
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if got := Text(e, PostgreSQL); got != c.pg {
			t.Errorf("%s prints %s, want %s", c.name, got, c.pg)
		}
		if got := Text(e, DuckDB); c.duck != "" && got != c.duck {
			t.Errorf("%s prints %s, want %s", c.name, got, c.duck)
		}
	}
}

// Names and literals cannot break out of their quotes.
func TestQuoting(t *testing.T) {
	e, err := (&Builder{}).Op("=", Column{Alias: `a"b`, Name: `c" OR 1=1 --`, Typ: catalog.Of(txt)}, untyped(`'; DROP TABLE x; -- \`), -1)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := Text(e, PostgreSQL), `("a""b"."c"" OR 1=1 --" = '''; DROP TABLE x; -- \'::text)`; got != want {
		t.Errorf("printed %s, want %s", got, want)
	}
}

// Refusals over private rows: code, position and the way out.
func TestRefusals(t *testing.T) {
	b := &Builder{Mode: Private}
	x, f, s := unbounded("x", catalog.Of(num)), unbounded("f", catalog.Of(f8)), city()
	for _, c := range []struct {
		name  string
		build func() (Expr, error)
		code  refusal.Code
		hint  string
	}{
		{"unbounded product", func() (Expr, error) { return b.Op("*", f, f, 6) }, refusal.NotSupported, "least(greatest(f, 0), 100)"},
		{"unbounded numeric", func() (Expr, error) { return b.Op("+", x, integer(1), 6) }, refusal.NotSupported, "least(greatest(x, 0), 100)"},
		{"pattern of a row", func() (Expr, error) { return b.Like(s, s, nil, "like", false, 6) }, refusal.NotSupported, ""},
		{"back-reference", func() (Expr, error) { return b.Like(s, untyped(`(a)\1`), nil, "regex", false, 6) }, refusal.NotSupported, "Over private rows"},
		{"nested quantifiers", func() (Expr, error) { return b.Like(s, untyped(`(a+)+`), nil, "regex", false, 6) }, refusal.NotSupported, "Over private rows"},
		{"open pattern", func() (Expr, error) { return b.Like(s, untyped(`a\`), nil, "like", false, 6) }, "22025", ""},
		{"repeat of a row", func() (Expr, error) { return b.Call("repeat", []Expr{s, age()}, 6) }, refusal.NotSupported, ""},
		{"unknown function", func() (Expr, error) { return b.Call("pg_sleep", []Expr{age()}, 6) }, refusal.UndefinedFunction, "not on the list"},
		{"function of an operator", func() (Expr, error) { return b.Call("-x", []Expr{age()}, 6) }, refusal.UndefinedFunction, "not on the list"},
		{"operator", func() (Expr, error) { return b.Op("+", s, s, 6) }, refusal.UndefinedFunction, "type casts"},
		{"ambiguous", func() (Expr, error) { return b.Op("+", untyped("1"), untyped("2"), 6) }, "42725", "type casts"},
		{"interval of a row", func() (Expr, error) {
			d, err := b.Op("-", unbounded("a", catalog.Of(ts)), unbounded("b", catalog.Of(ts)), 6)
			if err != nil {
				return nil, err
			}
			return b.Op("+", unbounded("a", catalog.Of(ts)), d, 6)
		}, refusal.NotSupported, ""},
		{"json from text", func() (Expr, error) { return b.Cast(s, catalog.Of(catalog.JSON), 6) }, refusal.NotSupported, "can be read from text"},
		{"no such cast", func() (Expr, error) { return b.Cast(age(), catalog.Of(dat), 6) }, refusal.CannotCoerce, ""},
		{"mixed branches", func() (Expr, error) { return b.Coalesce([]Expr{age(), s}, 6) }, refusal.DatatypeMismatch, ""},
		{"condition of another type", func() (Expr, error) { return b.And([]Expr{age()}, 6) }, refusal.DatatypeMismatch, ""},
		{"width_bucket of a row", func() (Expr, error) { return b.Call("width_bucket", []Expr{age(), integer(0), age(), integer(3)}, 6) }, refusal.NotSupported, "width_bucket(age, 0, 100, 10)"},
		{"other zone", func() (Expr, error) { return b.AtTimeZone(unbounded("a", catalog.Of(tz)), untyped("Mars/Base"), 6) }, refusal.NotSupported, "UTC"},
	} {
		e, err := c.build()
		r, ok := refusal.As(err)
		if !ok {
			t.Errorf("%s: accepted as %v (%v)", c.name, e, err)
			continue
		}
		if r.Code != c.code || r.Position != 7 || !strings.Contains(r.Hint, c.hint) {
			t.Errorf("%s: %s at %d, hint %q: %s", c.name, r.Code, r.Position, r.Hint, r.Message)
		}
	}
}

// Lists of values go through functions of constants; they are what makes a key public.
func TestValues(t *testing.T) {
	b := &Builder{Mode: Private}
	born := Column{Alias: "t", Name: "born", Typ: catalog.Of(dat), Dom: Domain{Lo: rat(daysOf(2019, 11, 5)), Hi: rat(daysOf(2020, 2, 1))}, Clamp: true}
	for _, c := range []struct {
		name  string
		build func() (Expr, error)
		want  string
	}{
		{"lower", func() (Expr, error) { return b.Call("lower", []Expr{city()}, -1) }, "bern paris rome"},
		{"left", func() (Expr, error) { return b.Call("left", []Expr{city(), integer(1)}, -1) }, "B P R"},
		{"concat of two", func() (Expr, error) {
			first, err := b.Call("left", []Expr{city(), integer(1)}, -1)
			if err != nil {
				return nil, err
			}
			return b.Op("||", first, untyped("!"), -1)
		}, "B! P! R!"},
		{"case", func() (Expr, error) {
			old, err := b.Op(">=", age(), integer(65), -1)
			if err != nil {
				return nil, err
			}
			return b.Case(nil, []When{{Cond: old, Result: untyped("old")}}, untyped("adult"), -1)
		}, "adult old"},
		{"width_bucket", func() (Expr, error) {
			return b.Call("width_bucket", []Expr{age(), integer(0), integer(100), integer(4)}, -1)
		}, "1 2 3 4 5"},
		{"year", func() (Expr, error) { return b.Extract("year", born, -1) }, "2019 2020"},
		{"month", func() (Expr, error) {
			month, err := b.Call("date_trunc", []Expr{untyped("month"), born}, -1)
			if err != nil {
				return nil, err
			}
			return b.Cast(month, catalog.Of(dat), -1)
		}, "2019-11-01 2019-12-01 2020-01-01 2020-02-01"},
		{"to_char", func() (Expr, error) { return b.Call("to_char", []Expr{born, untyped("YYYY-MM")}, -1) }, "2019-11 2019-12 2020-01 2020-02"},
		{"to_char of names", func() (Expr, error) { return b.Call("to_char", []Expr{born, untyped(`FMMon|YY|"q"Q`)}, -1) }, "Dec|19|q4 Feb|20|q1 Jan|20|q1 Nov|19|q4"},
		{"coalesce", func() (Expr, error) { return b.Coalesce([]Expr{city(), untyped("none")}, -1) }, "Bern Paris Rome none"},
		{"boolean", func() (Expr, error) { return b.Op("=", city(), untyped("Rome"), -1) }, "f t"},
		{"in", func() (Expr, error) { return b.In(city(), []Expr{untyped("Rome")}, false, -1) }, "f t"},
		{"sign", func() (Expr, error) {
			return b.Call("sign", []Expr{Column{Alias: "t", Name: "n", Typ: named(t, "numeric(5,1)"), Dom: Domain{Lo: rat(0), Hi: rat(9)}, Clamp: true}}, -1)
		}, "0 1"},
		{"arithmetic", func() (Expr, error) {
			flag, err := b.Cast(Column{Alias: "t", Name: "b", Typ: catalog.Of(boo), Dom: boolean(false)}, catalog.Of(i4), -1)
			if err != nil {
				return nil, err
			}
			return b.Op("*", flag, integer(-5), -1)
		}, ""},
	} {
		e, err := c.build()
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		values := slices.Clone(e.Domain().Values)
		if got := strings.Join(values, " "); got != c.want && c.want != "" {
			t.Errorf("%s has values %q, want %q", c.name, got, c.want)
		}
	}
}

func TestNarrow(t *testing.T) {
	b := &Builder{Mode: Private}
	must := func(e Expr, err error) Expr {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return e
	}
	day := unbounded("day", catalog.Of(dat))
	plainAge := Column{Alias: "t", Name: "age", Typ: catalog.Of(i4)}
	over := must(b.Op(">", plainAge, integer(17), -1))
	under := must(b.Op("<=", plainAge, decimalConst("65.5"), -1))
	for _, c := range []struct {
		name string
		cond Expr
		want string
	}{
		{"above", over, "t.age [18, ] "},
		{"numeric constant", under, "t.age [, 65] "},
		{"and", must(b.And([]Expr{over, under}, -1)), "t.age [18, 65] "},
		{"or of one column", must(b.Or([]Expr{must(b.Op("=", plainAge, integer(3), -1)), must(b.Op("=", plainAge, integer(8), -1))}, -1)), "t.age [3, 8] 3 8"},
		{"or of two columns", must(b.Or([]Expr{over, must(b.IsNull(day, true, -1))}, -1)), ""},
		{"between", must(b.Between(day, untyped("2020-01-01"), untyped("2020-12-31"), false, false, -1)), "w.day [18262, 18627] "},
		{"in", must(b.In(city(), []Expr{untyped("Rome"), untyped("Bern")}, false, -1)), "t.city [, ] Bern Rome"},
		{"not in", must(b.In(city(), []Expr{untyped("Rome")}, true, -1)), ""},
		{"not null", must(b.IsNull(city(), true, -1)), "t.city [, ] "},
		{"is null", must(b.IsNull(city(), false, -1)), ""},
		{"mirrored", must(b.Op(">=", integer(5), plainAge, -1)), "t.age [, 5] "},
		{"not", must(b.Not(over, -1)), "t.age [, 17] "},
		{"neither", must(b.Not(must(b.Or([]Expr{under, must(b.Op(">", plainAge, integer(90), -1))}, -1)), -1)), "t.age [66, 90] "},
		{"not both", must(b.Not(must(b.And([]Expr{over, must(b.Op(">", plainAge, integer(30), -1))}, -1)), -1)), "t.age [, 30] "},
		{"not both of two columns", must(b.Not(must(b.And([]Expr{over, must(b.Op(">", day, literalOf(dat, "2020-01-01"), -1))}, -1)), -1)), ""},
		{"not equal", must(b.Not(must(b.Op("=", plainAge, integer(3), -1)), -1)), ""},
		{"another column", must(b.Op("<", plainAge, unbounded("x", catalog.Of(i4)), -1)), ""},
		{"boolean column", Column{Alias: "t", Name: "b", Typ: catalog.Of(boo)}, "t.b [1, 1] t"},
		{"date and timestamp", must(b.Op(">", day, literalOf(ts, "2020-01-01 00:00:00"), -1)), "w.day [18263, ] "},
		{"date and a time of day", must(b.Op("<=", day, literalOf(ts, "2020-01-01 12:00:00"), -1)), "w.day [, 18262] "},
	} {
		got := ""
		for k, d := range Narrow(c.cond) {
			lo, hi := "", ""
			if d.Lo != nil {
				lo = d.Lo.RatString()
			}
			if d.Hi != nil {
				hi = d.Hi.RatString()
			}
			got += fmt.Sprintf("%s.%s [%s, %s] %s", k.Alias, k.Name, lo, hi, strings.Join(d.Values, " "))
			if d.Nullable {
				t.Errorf("%s: %v may be NULL", c.name, k)
			}
		}
		if got != c.want {
			t.Errorf("%s tells %q, want %q", c.name, got, c.want)
		}
	}
}

func TestGroupKeyRefuses(t *testing.T) {
	for _, k := range []catalog.Kind{itv, catalog.JSON, catalog.JSONB, catalog.Bytea} {
		if _, err := GroupKey(unbounded("x", catalog.Of(k))); err == nil {
			t.Errorf("a key of type %s was accepted", catalog.Of(k))
		} else if r, ok := refusal.As(err); !ok || r.Code != refusal.NotSupported || r.Hint == "" {
			t.Errorf("%s: %v", catalog.Of(k), err)
		}
	}
}

// Rewrite builds nodes anew, with the guards that the new operands need; nodes of other packages take part.
func TestRewrite(t *testing.T) {
	b := &Builder{Mode: Private}
	sum, err := b.Op("+", age(), integer(1), -1)
	if err != nil {
		t.Fatal(err)
	}
	outer := foreign{[]Expr{sum}}
	wide := Column{Alias: "s", Name: "n", Typ: catalog.Of(i4)} // any integer: the sum needs bigint now
	replaced := Rewrite(outer, func(e Expr) (Expr, bool) {
		if c, ok := e.(Column); ok && c.Name == "age" {
			return wide, true
		}
		return nil, false
	})
	if got, want := Text(replaced, PostgreSQL), `f((CAST("s"."n" AS bigint) + 1))`; got != want {
		t.Errorf("rewritten to %s, want %s", got, want)
	}
	var seen []string
	Walk(replaced, func(e Expr) bool { seen = append(seen, Source(e)); return true })
	if got := strings.Join(seen, "; "); got != "…; n + 1; n; 1" {
		t.Errorf("walked %s", got)
	}
	ratio, err := b.Op("*", Column{Alias: "t", Name: "h", Typ: catalog.Of(f8), Dom: Domain{Lo: rat(0), Hi: rat(1)}, Clamp: true}, float8("2"), -1)
	if err != nil {
		t.Fatal(err)
	}
	unbound := func(e Expr) (Expr, bool) { _, ok := e.(Column); return unbounded("h", catalog.Of(f8)), ok }
	if e := Rewrite(ratio, unbound); Text(e, PostgreSQL) != "NULL::double precision" {
		t.Errorf("what cannot be total became %s", Text(e, PostgreSQL))
	}
	if _, err := TryRewrite(ratio, unbound); err == nil {
		t.Error("what cannot be total was accepted")
	}
}

// foreign is an expression of another package.
type foreign struct{ args []Expr }

func (f foreign) Type() catalog.Type         { return catalog.Of(i8) }
func (f foreign) Domain() Domain             { return Domain{} }
func (f foreign) Children() []Expr           { return f.args }
func (f foreign) WithChildren(c []Expr) Expr { return foreign{c} }
func (f foreign) Print(p *Printer)           { p.WriteString("f("); p.list(f.args); p.WriteByte(')') }

func TestParseTypeName(t *testing.T) {
	for _, c := range []struct {
		names []string
		mods  []int
		array bool
		want  string
	}{
		{[]string{"pg_catalog", "int4"}, nil, false, "integer"},
		{[]string{"text"}, nil, true, "text[]"},
		{[]string{"_int8"}, nil, false, "bigint[]"},
		{[]string{"pg_catalog", "numeric"}, []int{10, 2}, false, "numeric(10,2)"},
		{[]string{"pg_catalog", "varchar"}, []int{5}, false, "character varying(5)"},
		{[]string{"pg_catalog", "bpchar"}, []int{1}, false, "character(1)"},
		{[]string{"pg_catalog", "interval"}, []int{32767}, false, "interval"},
		{[]string{"pg_catalog", "timestamptz"}, nil, false, "timestamp with time zone"},
		{[]string{"regclass"}, nil, false, "0A000"},
		{[]string{"no_such"}, nil, false, "42704"},
		{[]string{"public", "int4"}, nil, false, "42704"},
		{[]string{"pg_catalog", "numeric"}, []int{1001}, false, "22023"},
		{[]string{"pg_catalog", "timestamp"}, []int{3}, false, "0A000"},
		{[]string{"pg_catalog", "int4"}, []int{3}, false, "42601"},
	} {
		typ, err := ParseTypeName(c.names, c.mods, c.array, 2)
		got := typ.String()
		if err != nil {
			r, ok := refusal.As(err)
			if !ok || r.Position != 3 {
				t.Errorf("%v: %v", c.names, err)
				continue
			}
			got = string(r.Code)
		}
		if got != c.want {
			t.Errorf("%v%v is %s, want %s", c.names, c.mods, got, c.want)
		}
	}
}

// Regular expressions over private rows: what both engines read alike, and nothing that backtracks or refers back.
func TestCheckRegex(t *testing.T) {
	for _, p := range []string{"abc", "^a.*b$", "[a-z]+[0-9]{2,4}", "(foo|bar)?x", `\d+\.\d*`, "[[:alpha:]_-]", "a|b|", "(?:ab){2}", "[^,]*", "é+", `a\\b`, "[.]"} {
		if err := checkRegex(p, -1); err != nil {
			t.Errorf("%q: %v", p, err)
		}
	}
	for _, p := range []string{"(a*)*", "(a+b)+", "((a?)b){3}", `(a)\1`, `\y`, `\m`, "(?=a)", "(?i)a", "a**", "*a", "a+?", "a{2}{3}", "a{1000}", "[z-a]", "[", "(", ")", "a)", `a\`,
		"^*", "[a[b]", "[[:foo:]]", "[]", "[a-\\d]", "a{3,1}", "]", "}", strings.Repeat("a", 201), "[[.a.]]", `\x41`} {
		if err := checkRegex(p, -1); err == nil {
			t.Errorf("%q was accepted", p)
		}
	}
}

// The regular expressions that are accepted compile in both engines and match alike.
func TestRegexesMatchAlike(t *testing.T) {
	h := newHarness(t)
	types := []catalog.Type{catalog.Of(txt)}
	table := h.table(types)
	column := unbounded("c0", catalog.Of(txt))
	for _, p := range []string{"abc", "^a.*c$", "[a-z]+[0-9]{1,4}", "(abc|x)?c", `\d+\.\d*`, "[[:alpha:]_-]", "a|b|", "(?:ab){1}", "^[^,]*$", "À", "[.]", "^$", "a.c", `^\s`} {
		for _, kind := range []string{"regex", "iregex"} {
			e, err := (&Builder{Mode: Private}).Like(column, untyped(p), nil, kind, false, -1)
			if err != nil {
				t.Errorf("%q: %v", p, err)
				continue
			}
			pg, err := h.run(PostgreSQL, e, table)
			if err != nil {
				t.Errorf("%q: %v", p, err)
				continue
			}
			duck, err := h.run(DuckDB, e, table)
			if err != nil {
				t.Errorf("%q: %v", p, err)
				continue
			}
			for i := range pg {
				if !alike(e.Type(), pg[i], duck[i]) {
					t.Errorf("%q over %q: PostgreSQL %s, DuckDB %s", p, brief(h.rows[table][i]), show(pg[i]), show(duck[i]))
				}
			}
		}
	}
}
