package expr

// moreEntries are those of functions_more.go.
func moreEntries() []entry {
	const lastBits = "the last bits of a library's sine are its own"
	var list []entry
	for _, t := range []string{"int4", "float8", "numeric(10,2)"} {
		for _, f := range []string{"sin", "cos", "tan", "atan", "degrees", "radians"} {
			list = append(list, entry{name: f + " " + t, types: []string{t}, build: call(f), differs: capped, engines: lastBits})
		}
		for _, f := range []string{"asin", "acos"} {
			list = append(list, entry{name: f + " " + t, types: []string{t}, build: call(f), differs: nanIsNull, engines: lastBits})
		}
	}
	list = append(list, entry{name: "atan2", types: []string{"float8", "float8"}, build: call("atan2"), differs: capped, engines: lastBits})
	for _, t := range []string{"text", "varchar(20)"} {
		list = append(list,
			entry{name: "md5 " + t, types: []string{t}, build: call("md5"), differs: cutText},
			entry{name: "ascii " + t, types: []string{t}, build: call("ascii")},
			entry{name: "regexp_replace " + t, types: []string{t}, build: call("regexp_replace", untyped("[a-c]+"), untyped("xy")), differs: cutText},
			entry{name: "regexp_replace g " + t, types: []string{t}, build: call("regexp_replace", untyped("[a-c,]"), untyped(""), untyped("g")), differs: cutText},
			entry{name: "regexp_replace of nothing " + t, types: []string{t}, build: call("regexp_replace", untyped("q*"), untyped("xyz"), untyped("g")), differs: cutText})
	}
	list = append(list, entry{name: "make_date", types: []string{"int4", "int2", "int2"}, differs: beyond, build: func(b *Builder, a []Expr) (Expr, error) {
		for i := range a[1:] {
			e, err := b.Cast(a[i+1], literalOf(i4, "0").Typ, -1)
			if err != nil {
				return nil, err
			}
			a[i+1] = e
		}
		return b.Call("make_date", a, -1)
	}})
	for _, t := range []string{"timestamp", "timestamptz"} {
		for _, zone := range []string{"Europe/Berlin", "america/new_york", "Pacific/Auckland"} {
			list = append(list, entry{name: t + " at time zone " + zone, types: []string{t}, differs: beyond, engines: "engines know other rules of the past", build: func(b *Builder, a []Expr) (Expr, error) {
				return b.AtTimeZone(a[0], untyped(zone), -1)
			}})
		}
	}
	for _, base := range []string{"10", "2", "0.5"} {
		list = append(list, entry{name: "log to base " + base, types: []string{"numeric(10,2)"}, build: func(b *Builder, a []Expr) (Expr, error) {
			return b.Call("log", []Expr{literalOf(num, base), a[0]}, -1)
		}})
	}
	for _, f := range []string{"Mon YYYY", "FMDay, DD.MM", "IYYY-IW", "HH12:MI", "DDD", "Dy FMMonth", "Month|MONTH|month", "Day|DAY|day", "MON mon DY dy",
		`YYYY"-Q"Q`, "HH12 AM pm", "yy/mm/dd hh24:00", "D ID W WW", "FMMM/FMDD/FMYYYY", "FMHH24:FMMI:FMSS FMDDD FMWW FMIW", "MS"} {
		list = append(list, entry{name: "to_char " + f, types: []string{"timestamp"}, build: call("to_char", untyped(f)), differs: beyond})
	}
	list = append(list, entry{name: "boolean of a widened integer", types: []string{"int4"}, differs: capped, build: func(b *Builder, a []Expr) (Expr, error) {
		e, err := b.Call("abs", a, -1)
		if err != nil {
			return nil, err
		}
		return b.Cast(e, literalOf(boo, "t").Typ, -1)
	}})
	return append(list, wideDecimals()...)
}

// wideDecimals fill DuckDB's 38 digits: nothing that is brought to one type with them, or made a DOUBLE and back, has room.
func wideDecimals() []entry {
	wide, tiny, null := []string{"numeric(38,10)"}, decimalConst("0.0000000000001"), Const{Null: true, Pos: -1}
	entries := []entry{
		{name: "wide % tiny", types: wide, build: op("%", tiny)},
		{name: "wide + tiny", types: wide, build: op("+", tiny)},
		{name: "wide * tiny", types: wide, build: op("*", tiny)},
		{name: "nullif(wide, tiny)", types: wide, build: func(b *Builder, a []Expr) (Expr, error) { return b.NullIf(a[0], tiny, -1) }},
		{name: "least(wide, tiny)", types: wide, build: func(b *Builder, a []Expr) (Expr, error) { return b.Least([]Expr{a[0], tiny}, -1) }},
		{name: "case when … then wide end", types: append([]string{"boolean"}, wide...), build: func(b *Builder, a []Expr) (Expr, error) {
			return b.Case(nil, []When{{Cond: a[0], Result: a[1]}}, null, -1)
		}},
	}
	for _, to := range []string{"int2", "int4", "int8", "float4", "text"} {
		for _, from := range []string{"numeric(38,0)", "numeric(38,37)", "numeric(39,0)"} {
			differs := map[bool]string{true: capped, false: nanIsNull}[to == "float4"]
			entries = append(entries, entry{name: from + " to " + to, types: []string{from}, build: castTo(to), differs: differs})
		}
	}
	huge := []string{"numeric(39,0)"}
	entries = append(entries, entry{name: "- huge", types: huge, build: prefix("-")}, entry{name: "abs huge", types: huge, build: call("abs")},
		entry{name: "huge % wide", types: append(huge, wide...), build: op("%")},
		entry{name: "coalesce(huge, null)", types: huge, build: func(b *Builder, a []Expr) (Expr, error) { return b.Coalesce([]Expr{a[0], null}, -1) }},
		entry{name: "greatest(huge, tiny)", types: huge, build: func(b *Builder, a []Expr) (Expr, error) { return b.Greatest([]Expr{a[0], tiny}, -1) }})
	for i := range entries {
		if entries[i].engines = fifteen; entries[i].differs == "" {
			entries[i].differs = nanIsNull
		}
	}
	return entries
}
