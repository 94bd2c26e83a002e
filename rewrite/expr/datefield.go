package expr

import (
	"math/big"
	"strings"

	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/refusal"
)

// unitNamed is the usual name of a field or unit: "years" and "y" are "year".
func unitNamed(text string) string {
	name := strings.ToLower(strings.TrimSpace(text))
	switch name {
	case "y", "yr", "yrs", "years":
		return "year"
	case "mon", "mons", "months":
		return "month"
	case "w", "weeks":
		return "week"
	case "d", "days":
		return "day"
	case "h", "hr", "hrs", "hours":
		return "hour"
	case "m", "min", "mins", "minutes":
		return "minute"
	case "s", "sec", "secs", "seconds":
		return "second"
	case "ms", "msec", "millisecond":
		return "milliseconds"
	case "us", "usec", "microsecond":
		return "microseconds"
	case "qtr", "quarters":
		return "quarter"
	case "decades", "dec", "decs":
		return "decade"
	case "c", "cent", "centuries":
		return "century"
	case "mil", "mils", "millennia":
		return "millennium"
	}
	return name
}

// unitStep is the number of microseconds of which every start of the unit is a multiple.
func unitStep(unit string) *big.Rat {
	switch unit {
	case "microseconds":
		return rat(1)
	case "milliseconds":
		return rat(1000)
	case "second":
		return rat(secondMicros)
	case "minute":
		return rat(60 * secondMicros)
	case "hour":
		return rat(3600 * secondMicros)
	}
	return rat(dayMicros)
}

// truncTo is the start of the unit that holds a timestamp; ok is false for an unknown unit.
func truncTo(micros int64, unit string) (int64, bool) {
	day := floorDiv(micros, dayMicros)
	year, month, _ := civil(day)
	start := func(year, month int64) (int64, bool) { return daysOf(year, month, 1) * dayMicros, true }
	switch unit {
	case "microseconds", "milliseconds", "second", "minute", "hour", "day":
		step := unitStep(unit).Num().Int64()
		return floorDiv(micros, step) * step, true
	case "week":
		return (day - weekday(day)) * dayMicros, true
	case "month":
		return start(year, month)
	case "quarter":
		return start(year, (month-1)/3*3+1)
	case "year":
		return start(year, 1)
	case "decade":
		return start(floorDiv(year, 10)*10, 1)
	case "century":
		return start(floorDiv(year-1, 100)*100+1, 1)
	case "millennium":
		return start(floorDiv(year-1, 1000)*1000+1, 1)
	}
	return 0, false
}

// weekday counts from Monday, 0.
func weekday(day int64) int64 { return day + 3 - floorDiv(day+3, 7)*7 }

// nextUnit is the start of the unit after one that starts at a timestamp.
func nextUnit(micros int64, unit string) int64 {
	months := map[string]int64{"month": 1, "quarter": 3, "year": 12, "decade": 120, "century": 1200, "millennium": 12_000}[unit]
	switch {
	case months > 0:
		return duration{months: months}.addTo(micros)
	case unit == "week":
		return micros + 7*dayMicros
	}
	return micros + unitStep(unit).Num().Int64()
}

// datePart is date_part: extract as float8.
func (b *Builder) datePart(field, e Expr, pos int) (Expr, error) {
	c, ok := Fold(field)
	if !ok {
		return nil, refusal.New(refusal.NotSupported, "the field of date_part must be a constant").At(pos)
	}
	if c.Null { // a NULL, also a parameter that has no value yet
		return Const{Typ: catalog.Of(f8), Null: true, Pos: -1}, nil
	}
	if e.Type().Kind == dat { // date_part sees a date as a timestamp
		var err error
		if e, err = b.Coerce(e, catalog.Of(ts), pos); err != nil {
			return nil, err
		}
	}
	part, err := b.Extract(c.Text, e, pos)
	if err != nil {
		return nil, err
	}
	return b.Cast(part, catalog.Of(f8), pos)
}

// Extract builds EXTRACT(field FROM e), which is numeric since PostgreSQL 14.
func (b *Builder) Extract(field string, e Expr, pos int) (Expr, error) {
	unit := unitNamed(field)
	if isUnknown(e) {
		return nil, refusal.New("42725", "function pg_catalog.extract(unknown, unknown) is not unique").At(pos).WithHint(castHint)
	}
	k := e.Type().Kind
	if k != dat && k != ts && k != tz && k != tim && k != itv || e.Type().Array {
		return nil, refusal.New(refusal.UndefinedFunction, "function pg_catalog.extract(unknown, %s) does not exist", bareName(e.Type())).At(pos).WithHint(castHint)
	}
	if !fieldOf(unit, k) {
		code, text := refusal.NotSupported, "unit \"%s\" not supported for type %s"
		if !fieldOf(unit, ts) {
			code, text = refusal.InvalidParameterValue, "unit \"%s\" not recognized for type %s"
		}
		return nil, refusal.New(code, text, field, bareName(e.Type())).At(pos)
	}
	n := b.newNode("extract_"+unit, catalog.Of(num), []Expr{e}, pos, func(args []Expr) (Expr, error) { return b.Extract(field, args[0], pos) })
	if e.Type().IsDateTime() && b.Mode == Private {
		n.shown[0] = inCalendar(e)
	}
	n.extractDomain(unit)
	n.write = writeExtract(unit)
	return n.finish()
}

// fieldOf tells whether a type has a field that is answered.
func fieldOf(unit string, k catalog.Kind) bool {
	switch unit {
	case "hour", "minute", "second", "milliseconds", "microseconds":
		return k != dat
	case "epoch":
		return true
	case "year", "month", "day", "quarter", "decade", "century", "millennium":
		return k != tim
	case "dow", "isodow", "doy", "week", "isoyear":
		return k != tim && k != itv
	}
	return false
}

// extractDomain: fields that go round have fixed ranges, the others follow the operand's.
func (n *node) extractDomain(unit string) {
	e := n.args[0]
	n.dom.Step = rat(1)
	fixed := func(lo, hi, decimals int64) {
		n.dom.Step = step10(int(decimals))
		scale := func(v int64) *big.Rat { return new(big.Rat).Mul(rat(v), n.dom.Step) }
		n.tell(span{lo: scale(lo), hi: scale(hi)}, span{lo: scale(lo), hi: scale(hi)})
		if decimals == 0 && hi-lo < 400 {
			n.dom.Values = between(lo, hi, *n.in)
		}
	}
	switch {
	case e.Type().Kind == itv:
		n.intervalDomain(unit)
	case unit == "epoch" && e.Type().Kind == tim:
		fixed(0, dayMicros, 6)
	case unit == "month":
		fixed(1, 12, 0)
		n.sameYear()
	case unit == "quarter":
		fixed(1, 4, 0)
	case unit == "day":
		fixed(1, 31, 0)
	case unit == "dow":
		fixed(0, 6, 0)
	case unit == "isodow":
		fixed(1, 7, 0)
	case unit == "doy":
		fixed(1, 366, 0)
	case unit == "week":
		fixed(1, 53, 0)
	case unit == "hour":
		fixed(0, 24, 0) // a time can be 24:00
		if e.Type().Kind != tim {
			fixed(0, 23, 0)
		}
	case unit == "minute":
		fixed(0, 59, 0)
	case unit == "second":
		fixed(0, 59_999_999, 6)
	case unit == "milliseconds":
		fixed(0, 59_999_999, 3)
	case unit == "microseconds":
		fixed(0, 59_999_999, 0)
	default:
		n.growingField(unit)
	}
}

// sameYear narrows the months where the operand stays within one year.
func (n *node) sameYear() {
	lo, hi := fieldAt(reported(n.args[0]).lo, "year", n.args[0]), fieldAt(reported(n.args[0]).hi, "year", n.args[0])
	if lo == nil || hi == nil || lo.Cmp(hi) != 0 {
		return
	}
	first, last := fieldAt(reported(n.args[0]).lo, "month", n.args[0]), fieldAt(reported(n.args[0]).hi, "month", n.args[0])
	n.tell(span{lo: first, hi: last}, span{lo: first, hi: last})
	n.dom.Values = between(1, 12, *n.in)
}

// growingField: year, isoyear, decade, century, millennium and epoch never fall as time goes on.
func (n *node) growingField(unit string) {
	e := n.args[0]
	if unit == "epoch" && e.Type().Kind != dat {
		n.dom.Step = step10(6)
	}
	at := func(r *big.Rat) *big.Rat { return fieldAt(r, unit, e) }
	n.tell(reported(e).mapEnds(at), spanOf(n.shown[0]).mapEnds(at))
	if n.dom.Bounded() && unit != "epoch" {
		if lo, hi := n.dom.Lo.Num().Int64(), n.dom.Hi.Num().Int64(); hi-lo < maxValues {
			n.dom.Values = between(lo, hi, *n.in)
		}
	}
}

// fieldAt is a growing field of a date's or timestamp's place; nil for nil.
func fieldAt(r *big.Rat, unit string, e Expr) *big.Rat {
	if r == nil {
		return nil
	}
	scale := rat(dayMicros)
	if e.Type().Kind == dat {
		scale = rat(1)
	}
	if unit == "epoch" {
		return new(big.Rat).Quo(new(big.Rat).Mul(r, new(big.Rat).Quo(rat(dayMicros), scale)), rat(secondMicros))
	}
	days := floorRat(new(big.Rat).Quo(r, scale)).Num()
	if !days.IsInt64() {
		return nil
	}
	day := days.Int64()
	year, month, _ := civil(day)
	switch unit {
	case "month":
		return rat(month)
	case "isoyear":
		year, _, _ = civil(day - weekday(day) + 3) // the year of the week's Thursday
	case "decade":
		year = floorDiv(year, 10)
	case "century":
		year = floorDiv(year-1, 100) + 1
	case "millennium":
		year = floorDiv(year-1, 1000) + 1
	}
	if year <= 0 && (unit == "year" || unit == "isoyear") {
		year-- // there is no year 0
	}
	return rat(year)
}

// intervalDomain: of the interval between two timestamps, years are at most 365 days each, and so on.
func (n *node) intervalDomain(unit string) {
	in, told := n.intervalSpan(n.span0(), unit), span{}
	if d, ok := n.args[0].(*node); ok && d.elapsed != nil {
		told = n.intervalSpan(*d.elapsed, unit)
	}
	n.tell(told, in)
	switch unit {
	case "second":
		n.dom.Step = step10(6)
	case "milliseconds":
		n.dom.Step = step10(3)
	case "epoch":
		n.dom.Step = nil
		n.tell(told.outward(f8), in.outward(f8))
	}
	if n.dom.Bounded() && n.dom.Step != nil && n.dom.Step.IsInt() {
		if lo, hi := n.dom.Lo.Num().Int64(), n.dom.Hi.Num().Int64(); hi-lo < 400 {
			n.dom.Values = between(lo, hi, *n.in)
		}
	}
}

func (n *node) span0() span {
	if c, ok := n.args[0].(*node); ok && c.in != nil {
		return *c.in
	}
	return span{over: true, under: true}
}

// intervalSpan bounds a field of an interval that spans s microseconds.
func (n *node) intervalSpan(s span, unit string) span {
	if s.lo == nil || s.hi == nil {
		return span{}
	}
	days := ceilRat(new(big.Rat).Quo(s.maxAbs(), rat(dayMicros)))
	var top *big.Rat
	div := func(d int64) *big.Rat { return ceilRat(new(big.Rat).Quo(days, rat(d))) }
	switch unit {
	case "year":
		top = div(365)
	case "month":
		top = rat(11)
	case "quarter":
		return span{lo: rat(-3), hi: rat(4)}
	case "day":
		top = days
	case "decade":
		top = div(3650)
	case "century":
		top = div(36_500)
	case "millennium":
		top = div(365_000)
	case "hour":
		top = rat(23)
	case "minute":
		top = rat(59)
	case "second":
		top = rat(60)
	case "milliseconds":
		top = rat(60_000)
	case "microseconds":
		top = rat(60_000_000)
	case "epoch":
		// age counts years as 365.25 days and months as 30.
		top = new(big.Rat).Mul(days, rat(87_000))
		top.Add(top, rat(31*86_400))
	}
	r := span{lo: new(big.Rat).Neg(top), hi: top}
	if s.lo.Sign() >= 0 {
		r.lo = rat(0)
	}
	if s.hi.Sign() <= 0 {
		r.hi = rat(0)
	}
	return r
}

func writeExtract(unit string) func(p *Printer, n *node) {
	return func(p *Printer, n *node) {
		e := n.shown[0]
		at := "$1"
		if e.Type().Kind == tz && unit != "epoch" {
			at = "($1 AT TIME ZONE 'UTC')"
		}
		if p.Dialect == PostgreSQL {
			p.template("EXTRACT("+unit+" FROM "+at+")", n.shown)
			return
		}
		micros := "CAST(date_part('microseconds', " + at + ") AS DECIMAL(18,0))"
		switch {
		case unit == "second":
			p.template("("+micros+" * '0.000001'::DECIMAL(7,6))", n.shown)
		case unit == "milliseconds":
			p.template("("+micros+" * '0.001'::DECIMAL(4,3))", n.shown)
		case unit == "epoch" && e.Type().Kind == dat:
			p.template("(CAST(($1 - DATE '1970-01-01') AS BIGINT) * 86400)", n.shown)
		case unit == "epoch" && e.Type().Kind == itv:
			p.template("epoch($1)", n.shown)
		case unit == "epoch" && e.Type().Kind == tim:
			p.template("(CAST(date_diff('microsecond', TIME '00:00:00', $1) AS DECIMAL(20,0)) * '0.000001'::DECIMAL(7,6))", n.shown)
		case unit == "epoch":
			p.template("(CAST(epoch_us($1) AS DECIMAL(20,0)) * '0.000001'::DECIMAL(7,6))", n.shown)
		default:
			p.template("date_part('"+unit+"', "+at+")", n.shown)
		}
	}
}
