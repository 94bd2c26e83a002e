package expr

import (
	"math/big"
	"strings"

	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/refusal"
)

// The fields of INTERVAL … YEAR TO SECOND, as PostgreSQL's grammar counts them in a type's first modifier.
const (
	fieldMonth, fieldYear, fieldDay = 1 << 1, 1 << 2, 1 << 3
	fieldHour, fieldMinute          = 1 << 10, 1 << 11
	fieldSecond                     = 1 << 12
	allFields                       = 0x7FFF
)

// IntervalOf casts to interval with fields (INTERVAL '30' DAY) or a precision. Only constants have them: they are read and cut here.
func (b *Builder) IntervalOf(e Expr, mods []int, pos int) (Expr, error) {
	fields, digits := mods[0], 6
	if len(mods) > 1 {
		digits = mods[1]
	}
	c, ok := e.(Const)
	switch {
	case ok && c.Null:
		return Const{Typ: catalog.Of(itv), Null: true, Pos: pos}, nil
	case ok && (isUnknown(e) || c.Typ.Kind == itv):
	case fields == allFields && digits >= 6:
		return b.Cast(e, catalog.Of(itv), pos)
	default:
		return nil, refusal.New(refusal.NotSupported, "fields and precision of intervals are supported for constants only").At(pos).
			WithHint("Write ::interval, and date_trunc or extract around it.")
	}
	text := c.Text
	if fields == fieldMinute|fieldSecond && strings.Count(text, ":") == 1 {
		text = "00:" + strings.TrimSpace(text) // minutes and seconds, where it would else be hours and minutes
	}
	d, ok := parseIntervalIn(text, bareUnit(fields))
	if !ok {
		return nil, refusal.New(refusal.InvalidDatetime, "invalid input syntax for type interval: \"%s\"", c.Text).At(c.Pos)
	}
	return Const{Typ: catalog.Of(itv), Text: d.cut(fields, digits).text(), Pos: c.Pos}, nil
}

// bareUnit is what a number without a unit counts: the last of the fields.
func bareUnit(fields int) string {
	switch {
	case fields == allFields || fields&fieldSecond != 0:
		return "second"
	case fields&fieldMinute != 0:
		return "minute"
	case fields&fieldHour != 0:
		return "hour"
	case fields&fieldDay != 0:
		return "day"
	case fields&fieldMonth != 0:
		return "month"
	}
	return "year"
}

// cut drops what is finer than the last field, and rounds the seconds' fraction to so many digits.
func (d duration) cut(fields, digits int) duration {
	whole := func(n, of int64) int64 { return n / of * of }
	switch bareUnit(fields) {
	case "year":
		return duration{months: whole(d.months, 12)}
	case "month":
		return duration{months: d.months}
	case "day":
		d.micros = 0
	case "hour":
		d.micros = whole(d.micros, 3600*secondMicros)
	case "minute":
		d.micros = whole(d.micros, 60*secondMicros)
	case "second":
		step := int64(1)
		for i := digits; i < 6; i++ {
			step *= 10
		}
		r := roundRat(big.NewRat(d.micros, step))
		d.micros = r.Num().Int64() * step
	}
	return d
}

// yearMonth reads "1-2" as a year and two months.
func yearMonth(f string) (years, months int64, ok bool) {
	sign, rest := int64(1), f
	if len(f) > 0 && (f[0] == '-' || f[0] == '+') {
		if f[0] == '-' {
			sign = -1
		}
		rest = f[1:]
	}
	y, m, found := strings.Cut(rest, "-")
	if !found || y == "" || m == "" || len(y) > 6 || len(m) > 2 || strings.Trim(y+m, "0123456789") != "" {
		return 0, 0, false
	}
	for _, c := range y {
		years = years*10 + int64(c-'0')
	}
	for _, c := range m {
		months = months*10 + int64(c-'0')
	}
	return sign * years, sign * months, months < 12
}

// isoInterval reads ISO 8601's form with designators: P1Y2M3W4DT5H6M7.5S, each number with a sign of its own.
func isoInterval(t string) (duration, bool) {
	var d duration
	rest := strings.TrimPrefix(t, "P")
	units := map[byte]string{'Y': "year", 'M': "month", 'W': "week", 'D': "day"}
	seen := false
	for rest != "" {
		if rest[0] == 'T' {
			units, rest = map[byte]string{'H': "hour", 'M': "minute", 'S': "second"}, rest[1:]
			continue
		}
		end := strings.IndexFunc(rest, func(r rune) bool { return !strings.ContainsRune("0123456789.+-", r) })
		if end < 1 {
			return d, false
		}
		amount, err := catalog.ParseDecimal(rest[:end])
		unit, known := units[rest[end]]
		if err != nil || !known || !d.small() || !d.add(amount, unit) {
			return d, false
		}
		rest, seen = rest[end+1:], true
	}
	return d, seen && d.small()
}

// times multiplies as PostgreSQL does: broken months go on into days of which a month has 30, broken days into time.
func (d duration) times(f *big.Rat) (duration, bool) {
	part := func(n int64) (int64, *big.Rat, bool) {
		v := new(big.Rat).Mul(rat(n), f)
		whole := truncRat(v)
		return whole.Num().Int64(), v.Sub(v, whole), whole.Num().IsInt64()
	}
	months, restMonths, ok1 := part(d.months)
	days, restDays, ok2 := part(d.days)
	micro := rat(1_000_000) // PostgreSQL rounds what is left of months to millionths of a day
	restMonths.Quo(roundRat(restMonths.Mul(restMonths, rat(30*1_000_000))), micro)
	more := truncRat(restMonths)
	restDays.Add(restDays, restMonths.Sub(restMonths, more))
	over := truncRat(restDays)
	restDays.Sub(restDays, over)
	micros := new(big.Rat).Mul(rat(d.micros), f)
	micros = roundRat(micros.Add(micros, roundRat(restDays.Mul(restDays, rat(dayMicros)))))
	out := duration{months, days + more.Num().Int64() + over.Num().Int64(), micros.Num().Int64()}
	return out, ok1 && ok2 && micros.Num().IsInt64() && out.small()
}

func (d duration) plus(o duration, sign int64) (duration, bool) {
	out := duration{d.months + sign*o.months, d.days + sign*o.days, d.micros + sign*o.micros}
	return out, out.small()
}

// small tells that an interval has room where PostgreSQL keeps it, and that two of them can be added here.
func (d duration) small() bool {
	in := func(n int64, limit int64) bool { return n < limit && n > -limit }
	return in(d.months, 1<<31) && in(d.days, 1<<31) && in(d.micros, 1<<62)
}

// foldIntervals evaluates arithmetic of constant intervals. Of numbers only decimals are taken, and products that are exact.
func foldIntervals(op string) func([]Const) (Const, bool) {
	return func(args []Const) (Const, bool) {
		var of []duration
		var by *big.Rat
		for _, a := range args {
			if a.Typ.Kind == itv {
				d, ok := parseInterval(a.Text)
				if !ok {
					return Const{}, false
				}
				of = append(of, d)
				continue
			}
			r, ok := ratOf(a)
			if !ok || r.Cmp(rat(-1<<40)) < 0 || r.Cmp(rat(1<<40)) > 0 {
				return Const{}, false
			}
			by = r
		}
		out, ok := duration{}, false
		switch {
		case op == "*" && by != nil && len(of) == 1:
			out, ok = of[0].times(by)
		case op == "/" && by != nil && by.Sign() != 0 && len(of) == 1:
			out, ok = of[0].times(new(big.Rat).Inv(by))
		case op == "-x" && len(of) == 1:
			out, ok = duration{}.plus(of[0], -1)
		case len(of) == 2 && op == "+":
			out, ok = of[0].plus(of[1], 1)
		case len(of) == 2 && op == "-":
			out, ok = of[0].plus(of[1], -1)
		}
		return Const{Typ: catalog.Of(itv), Text: out.text()}, ok
	}
}

// constantOrPublic refuses over private rows what is not constant, and puts the constant in place of what is.
func constantOrPublic(n *node) error {
	if n.mode == Public {
		return nil
	}
	if c, ok := Fold(n); ok {
		n.write = func(p *Printer, _ *node) { c.Print(p) }
		return nil
	}
	return n.refusePrivate("Use it over the released values.")
}
