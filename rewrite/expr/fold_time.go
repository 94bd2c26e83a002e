package expr

import (
	"math/big"
	"strings"

	"github.com/dpproxy/dpproxy/catalog"
)

// Constant dates and timestamps are worked out here, so that what BI tools write around them, as in
// order_date >= to_date('2023-01-01', 'YYYY-MM-DD') or date_trunc('month', current_date) - interval '1 year', narrows keys as
// a plain literal does, and may stand beside private rows.

// pointIn is a date or timestamp of the calendar as a constant.
func pointIn(k catalog.Kind, at *big.Rat) (Const, bool) {
	to := catalog.Of(k)
	lo, hi := calendarOf(to)
	if !at.IsInt() || at.Cmp(lo) < 0 || at.Cmp(hi) > 0 {
		return Const{}, false
	}
	return Const{Typ: to, Text: catalog.FormatRat(to, at), Pos: -1}, true
}

// micros is a constant date or timestamp in microseconds.
func microsOf(c Const) (int64, bool) {
	r, ok := ratOf(c)
	if !ok || !c.Typ.IsDateTime() {
		return 0, false
	}
	if c.Typ.Kind == dat {
		r = new(big.Rat).Mul(r, rat(dayMicros))
	}
	lo, hi := calendarOf(catalog.Of(ts))
	if r.Cmp(lo) < 0 || r.Cmp(hi) > 0 {
		return 0, false
	}
	return r.Num().Int64(), true
}

// foldShift is timestamp ± interval, in UTC.
func foldShift(sign int64) func([]Const) (Const, bool) {
	return func(args []Const) (Const, bool) {
		at, by := args[0], args[1]
		if at.Typ.Kind == itv {
			at, by = by, at
		}
		micros, ok1 := microsOf(at)
		d, ok2 := parseInterval(by.Text)
		if !ok1 || !ok2 || !d.inReach() {
			return Const{}, false
		}
		d.months, d.days, d.micros = sign*d.months, sign*d.days, sign*d.micros
		return pointIn(max(at.Typ.Kind, ts), rat(d.addTo(micros)))
	}
}

// inReach tells that an interval moves a timestamp by at most yearLimit years.
func (d duration) inReach() bool {
	days := new(big.Rat).Abs(rat(d.months * 31))
	days.Add(days, new(big.Rat).Abs(rat(d.days)))
	days.Add(days, new(big.Rat).Quo(new(big.Rat).Abs(rat(d.micros)), rat(dayMicros)))
	return days.Cmp(rat(yearLimit*366)) <= 0
}

// foldDayShift is date ± integer.
func foldDayShift(sign int64) func([]Const) (Const, bool) {
	return func(args []Const) (Const, bool) {
		at, by := args[0], args[1]
		if at.Typ.Kind != dat {
			at, by = by, at
		}
		day, ok1 := ratOf(at)
		n, ok2 := ratOf(by)
		if !ok1 || !ok2 {
			return Const{}, false
		}
		return pointIn(dat, new(big.Rat).Add(day, new(big.Rat).Mul(n, rat(sign))))
	}
}

func foldDayCount(args []Const) (Const, bool) {
	a, ok1 := ratOf(args[0])
	b, ok2 := ratOf(args[1])
	if !ok1 || !ok2 {
		return Const{}, false
	}
	return whole(i4, new(big.Rat).Sub(a, b))
}

func foldTrunc(args []Const) (Const, bool) {
	micros, ok := microsOf(args[1])
	if !ok {
		return Const{}, false
	}
	start, known := truncTo(micros, unitNamed(args[0].Text))
	if !known {
		return Const{}, false
	}
	return pointIn(args[1].Typ.Kind, rat(start))
}

func foldMakeDate(args []Const) (Const, bool) {
	var n [3]int64
	for i, a := range args {
		r, ok := ratOf(a)
		if !ok || !r.IsInt() || r.Num().BitLen() > 20 {
			return Const{}, false
		}
		n[i] = r.Num().Int64()
	}
	if n[0] < 1 || n[0] > 9999 || n[1] < 1 || n[1] > 12 || n[2] < 1 || n[2] > monthLength(n[0], n[1]) {
		return Const{}, false
	}
	return pointIn(dat, rat(daysOf(n[0], n[1], n[2])))
}

// foldEpoch is to_timestamp of whole seconds since 1970; fractions are rounded by the engine.
func foldEpoch(args []Const) (Const, bool) {
	r, ok := ratOf(args[0])
	if !ok || !r.IsInt() {
		return Const{}, false
	}
	return pointIn(tz, new(big.Rat).Mul(r, rat(secondMicros)))
}

// buildEpoch is to_timestamp of seconds since 1970; what is beyond the calendar is NULL over private rows.
func buildEpoch(n *node) error {
	lo, hi := calendarOf(n.typ)
	seconds := func(r *big.Rat) *big.Rat { return floorRat(new(big.Rat).Quo(r, rat(secondMicros))) }
	told, in := reported(n.args[0]), spanOf(n.args[0])
	if n.mode == Private {
		first, last := seconds(lo), seconds(hi)
		if !in.within(first, last) {
			n.guard(0, "$1 >= "+first.RatString()+" AND $1 <= "+last.RatString())
			told, in = bounded(told, first, last), in.cut(first, last)
		}
	}
	// The engines round fractions of a microsecond in their own ways.
	down := func(r *big.Rat) *big.Rat {
		return new(big.Rat).Sub(floorRat(new(big.Rat).Mul(r, rat(secondMicros))), rat(64))
	}
	up := func(r *big.Rat) *big.Rat {
		return new(big.Rat).Add(ceilRat(new(big.Rat).Mul(r, rat(secondMicros))), rat(64))
	}
	n.dom.Step = rat(1)
	if s := n.args[0].Domain().Step; s != nil && s.IsInt() {
		n.dom.Step = new(big.Rat).Mul(s, rat(secondMicros))
		down = func(r *big.Rat) *big.Rat { return new(big.Rat).Mul(r, rat(secondMicros)) }
		up = down
	}
	spread := func(s span) span {
		if s.lo != nil {
			s.lo = larger(down(s.lo), lo)
		}
		if s.hi != nil {
			s.hi = smaller(up(s.hi), hi)
		}
		return s
	}
	n.tell(spread(told), spread(in))
	return nil
}

// foldFromText is to_date and to_timestamp of a text that has the fields of its format, each with all of its digits, and
// the format's own separators. All else PostgreSQL reads more freely than is worth following.
func foldFromText(k catalog.Kind) func([]Const) (Const, bool) {
	return func(args []Const) (Const, bool) {
		text, format := args[0].Text, strings.ToUpper(args[1].Text)
		n := map[string]int64{"YYYY": -1, "MM": 1, "DD": 1}
		fields := []struct {
			name   string
			digits int
		}{{"YYYY", 4}, {"MM", 2}, {"DD", 2}, {"HH24", 2}, {"MI", 2}, {"SS", 2}, {"MS", 3}, {"US", 6}}
	next:
		for format != "" {
			for _, f := range fields {
				rest, ok := strings.CutPrefix(format, f.name)
				if !ok {
					continue
				}
				if len(text) < f.digits || strings.Trim(text[:f.digits], "0123456789") != "" {
					return Const{}, false
				}
				v, err := catalog.ParseDecimal(text[:f.digits])
				if err != nil {
					return Const{}, false
				}
				n[f.name], text, format = v.Num().Int64(), text[f.digits:], rest
				continue next
			}
			if text == "" || text[0] != format[0] || !strings.Contains("-/:. _,T", format[:1]) {
				return Const{}, false
			}
			text, format = text[1:], format[1:]
		}
		if text != "" || n["YYYY"] < 1 || n["MM"] < 1 || n["MM"] > 12 || n["DD"] < 1 || n["DD"] > monthLength(n["YYYY"], n["MM"]) ||
			n["HH24"] > 23 || n["MI"] > 59 || n["SS"] > 59 {
			return Const{}, false
		}
		day := daysOf(n["YYYY"], n["MM"], n["DD"])
		if k == dat {
			return pointIn(dat, rat(day))
		}
		clock := ((n["HH24"]*60+n["MI"])*60+n["SS"])*secondMicros + n["MS"]*1000 + n["US"]
		return pointIn(k, rat(day*dayMicros+clock))
	}
}
