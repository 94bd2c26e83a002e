package expr

import (
	"math/big"

	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/refusal"
)

// dateFunctions lists the functions and operators over dates, times and intervals. timestamptz is always seen in UTC.
func dateFunctions() []function {
	onlyPublic := publicOnly("Use it over the released values.")
	list := []function{
		{name: "+", args: kinds(dat, i4), result: dat, build: buildDayShift(1), fold: foldDayShift(1), pg: "($1 + $2)"},
		{name: "+", args: kinds(i4, dat), result: dat, build: buildDayShift(1), fold: foldDayShift(1), pg: "($1 + $2)"},
		{name: "-", args: kinds(dat, i4), result: dat, build: buildDayShift(-1), fold: foldDayShift(-1), pg: "($1 - $2)"},
		{name: "-", args: kinds(dat, dat), result: i4, build: buildDayCount, fold: foldDayCount, pg: "($1 - $2)", duck: "CAST(($1 - $2) AS INTEGER)"},
		{name: "-", args: kinds(ts, ts), result: itv, build: buildDifference, pg: "($1 - $2)"},
		{name: "-", args: kinds(tz, tz), result: itv, build: buildDifference, pg: "($1 - $2)"},
		{name: "age", args: kinds(ts, ts), result: itv, build: buildDifference},
		{name: "age", args: kinds(tz, tz), result: itv, build: buildDifference,
			pg: "age(($1 AT TIME ZONE 'UTC'), ($2 AT TIME ZONE 'UTC'))"},
		{name: "age", args: kinds(ts), result: itv, build: refuseAge},
		{name: "age", args: kinds(tz), result: itv, build: refuseAge},
		{name: "date_trunc", args: kinds(txt, ts), result: ts, build: buildTrunc, fold: foldTrunc},
		{name: "date_trunc", args: kinds(txt, tz), result: tz, build: buildTrunc, fold: foldTrunc,
			pg: "(date_trunc($1, ($2 AT TIME ZONE 'UTC')) AT TIME ZONE 'UTC')"}, // where the unit is no constant
		{name: "date_trunc", args: kinds(txt, itv), result: itv, build: onlyPublic},
		{name: "isfinite", args: kinds(dat), result: boo},
		{name: "isfinite", args: kinds(ts), result: boo},
		{name: "isfinite", args: kinds(tz), result: boo},
		{name: "isfinite", args: kinds(itv), result: boo, build: onlyPublic, duck: "($1 = $1)"},
		{name: "make_date", args: kinds(i4, i4, i4), result: dat, build: buildMakeDate, fold: foldMakeDate},
		{name: "make_time", args: kinds(i4, i4, f8), result: tim, build: onlyPublic},
		{name: "make_timestamp", args: kinds(i4, i4, i4, i4, i4, f8), result: ts, build: onlyPublic},
		{name: "to_timestamp", args: kinds(f8), result: tz, build: buildEpoch, fold: foldEpoch},
		{name: "to_date", args: kinds(txt, txt), result: dat, build: buildFromText, fold: foldFromText(dat)},
		{name: "to_timestamp", args: kinds(txt, txt), result: tz, build: buildFromText, fold: foldFromText(tz)},
		{name: "to_number", args: kinds(txt, txt), result: num, build: postgresOnly},
		{name: "justify_days", args: kinds(itv), result: itv, build: postgresOnly},
		{name: "justify_hours", args: kinds(itv), result: itv, build: postgresOnly},
		{name: "justify_interval", args: kinds(itv), result: itv, build: postgresOnly},
		{name: "to_char", args: kinds(ts, txt), result: txt, build: buildToChar},
		{name: "to_char", args: kinds(tz, txt), result: txt, build: buildToChar},
		{name: "+", args: kinds(dat, tim), result: ts, build: onlyPublic, pg: "($1 + $2)"},
		{name: "+", args: kinds(tim, dat), result: ts, build: onlyPublic, pg: "($1 + $2)"},
		{name: "+", args: kinds(tim, itv), result: tim, build: onlyPublic, pg: "($1 + $2)"},
		{name: "+", args: kinds(itv, tim), result: tim, build: onlyPublic, pg: "($1 + $2)"},
		{name: "-", args: kinds(tim, itv), result: tim, build: onlyPublic, pg: "($1 - $2)"},
		{name: "-", args: kinds(tim, tim), result: itv, build: onlyPublic, pg: "($1 - $2)"},
		{name: "+", args: kinds(itv, itv), result: itv, build: constantOrPublic, pg: "($1 + $2)", fold: foldIntervals("+")},
		{name: "-", args: kinds(itv, itv), result: itv, build: constantOrPublic, pg: "($1 - $2)", fold: foldIntervals("-")},
		{name: "*", args: kinds(itv, f8), result: itv, build: constantOrPublic, pg: "($1 * $2)", fold: foldIntervals("*")},
		{name: "*", args: kinds(f8, itv), result: itv, build: constantOrPublic, pg: "($1 * $2)", fold: foldIntervals("*")},
		{name: "/", args: kinds(itv, f8), result: itv, build: constantOrPublic, pg: "($1 / $2)", fold: foldIntervals("/")},
		{name: "-x", args: kinds(itv), result: itv, build: constantOrPublic, pg: "(- $1)", fold: foldIntervals("-x")},
	}
	for _, k := range kinds(itv, i4, i8, num, f8) {
		list = append(list, function{name: "to_char", args: kinds(k, txt), result: txt, build: postgresOnly})
	}
	for _, k := range kinds(ts, tz, dat) {
		result := max(k, ts)
		list = append(list,
			function{name: "+", args: kinds(k, itv), result: result, build: buildShift(1), fold: foldShift(1), pg: "($1 + $2)"},
			function{name: "+", args: kinds(itv, k), result: result, build: buildShift(1), fold: foldShift(1), pg: "($2 + $1)"},
			function{name: "-", args: kinds(k, itv), result: result, build: buildShift(-1), fold: foldShift(-1), pg: "($1 - $2)"})
	}
	return list
}

func refuseAge(n *node) error {
	return refusal.New(refusal.NotSupported, "age with one argument is not supported").At(n.pos).
		WithHint("Write age(current_date, %s).", Source(n.args[0]))
}

// dayLimit is how many days a private date may be moved: from the calendar's ends both engines still have room.
const dayLimit = 1_000_000

// buildDayShift is date ± integer: dates beyond the calendar count as its ends, and a shift of more than a million days
// is NULL.
func buildDayShift(sign int) func(n *node) error {
	return func(n *node) error {
		d, i := 0, 1
		if n.args[0].Type().Kind == i4 {
			d, i = 1, 0
		}
		n.dom.Step = rat(1)
		days := spanOf(n.args[i])
		if n.mode == Private {
			n.shown[d] = inCalendar(n.args[d])
			if !days.within(rat(-dayLimit), rat(dayLimit)) {
				n.guard(i, "$1 BETWEEN -1000000 AND 1000000")
				days = days.cut(rat(-dayLimit), rat(dayLimit))
			}
			if reprOf(n.args[i]) != i4 {
				n.shown[i] = narrowed(n.shown[i], i4)
				n.dom.Nullable = true
			}
		}
		told := bounded(reported(n.args[i]), rat(-dayLimit), rat(dayLimit))
		if sign < 0 {
			days, told = neg(days), neg(told)
		}
		n.tell(add(reported(n.args[d]), told), add(spanOf(n.shown[d]), days))
		return nil
	}
}

// buildDayCount is date − date.
func buildDayCount(n *node) error {
	if n.mode == Private {
		n.shown[0], n.shown[1] = inCalendar(n.args[0]), inCalendar(n.args[1])
	}
	n.dom.Step = rat(1)
	n.tell(add(reported(n.args[0]), neg(reported(n.args[1]))), add(spanOf(n.shown[0]), neg(spanOf(n.shown[1]))))
	return nil
}

// buildDifference is timestamp − timestamp and age: an interval, of which extract makes a number. Its span is that of
// the difference in microseconds.
func buildDifference(n *node) error {
	if n.mode == Private {
		n.shown[0], n.shown[1] = inCalendar(n.args[0]), inCalendar(n.args[1])
	}
	told := add(reported(n.args[0]), neg(reported(n.args[1])))
	in := add(spanOf(n.shown[0]), neg(spanOf(n.shown[1])))
	n.in, n.elapsed = &in, &told
	return nil
}

// monthLimit and so on bound a constant interval that moves private timestamps: 4000 years.
const yearLimit = 4000

// buildShift is timestamp ± interval. Adding months is not quite monotone within a day (of January 30 and 31 both become
// February's last), so that the ends of the domain move by whole days.
func buildShift(sign int64) func(n *node) error {
	return func(n *node) error {
		t, i := 0, 1
		if n.args[0].Type().Kind == itv {
			t, i = 1, 0
		}
		n.dom.Step, n.in = rat(1), &span{over: true, under: true}
		d, ok := constInterval(n.args[i])
		at := "$" + itoa(int64(t+1))
		op := " + "
		if sign < 0 {
			op = " - "
		}
		text := "(" + at + op + "$" + itoa(int64(i+1)) + ")"
		if n.typ.Kind == tz {
			text = "(((" + at + " AT TIME ZONE 'UTC')" + op + "$" + itoa(int64(i+1)) + ") AT TIME ZONE 'UTC')"
		}
		n.write = templates(text, text)
		if n.mode == Public && !ok {
			return nil
		}
		small := d.inReach()
		if k, isConst := n.args[i].(Const); isConst && k.Null {
			return nil // nothing moves by NULL
		}
		if n.mode == Private && (!ok || !small) {
			return refusal.New(refusal.NotSupported, "private dates and timestamps can be moved by a constant interval of at most %d years", yearLimit).At(n.pos)
		}
		if !small {
			return nil
		}
		e := n.args[t]
		if e.Type().Kind == dat {
			var err error
			if e, err = (&Builder{Mode: n.mode}).Coerce(e, catalog.Of(ts), n.pos); err != nil {
				return err
			}
		}
		if n.mode == Private {
			n.shown[t] = inCalendar(e)
		}
		d.months, d.days, d.micros = sign*d.months, sign*d.days, sign*d.micros
		n.tell(d.shift(reported(e)), d.shift(spanOf(n.shown[t])))
		return nil
	}
}

// shift moves a span of microseconds.
func (d duration) shift(s span) span {
	r := span{over: s.over, under: s.under}
	lo, hi := calendarOf(catalog.Of(ts))
	room := rat(yearLimit * 366 * dayMicros)
	inside := func(x *big.Rat) bool {
		return x != nil && x.Cmp(new(big.Rat).Sub(lo, room)) >= 0 && x.Cmp(new(big.Rat).Add(hi, room)) <= 0
	}
	if inside(s.lo) {
		from := floorRat(s.lo).Num().Int64()
		if d.months != 0 {
			from = floorDiv(from, dayMicros) * dayMicros
		}
		r.lo = rat(d.addTo(from))
	}
	if inside(s.hi) {
		to := ceilRat(s.hi).Num().Int64()
		if d.months != 0 {
			to = (floorDiv(to, dayMicros)+1)*dayMicros - 1
		}
		r.hi = rat(d.addTo(to))
	}
	return r
}

// buildTrunc is date_trunc with a constant unit.
func buildTrunc(n *node) error {
	c, ok := Fold(n.args[0])
	unit := unitNamed(c.Text)
	if !ok || c.Null {
		n.in = &span{over: true, under: true}
		if n.mode == Private && !c.Null {
			return refusal.New(refusal.NotSupported, "the unit of date_trunc must be a constant over private rows").At(n.pos)
		}
		return nil
	}
	if _, known := truncTo(0, unit); !known {
		return refusal.New(refusal.InvalidParameterValue, "unit \"%s\" not recognized for type %s", c.Text, bareName(n.typ)).At(n.pos)
	}
	n.shown[0] = Const{Typ: catalog.Of(txt), Text: unit, Pos: -1}
	n.write = writeTrunc(unit)
	if n.mode == Private {
		n.shown[1] = inCalendar(n.args[1])
	}
	to := func(r *big.Rat) *big.Rat {
		v := floorRat(r).Num()
		if !v.IsInt64() {
			return nil
		}
		t, _ := truncTo(v.Int64(), unit)
		return rat(t)
	}
	n.tell(reported(n.args[1]).mapEnds(to), spanOf(n.shown[1]).mapEnds(to))
	n.dom.Step = unitStep(unit)
	n.dom.Values = n.eachUnit(unit)
	return nil
}

// writeTrunc: in UTC; DuckDB's centuries begin in years 0 instead of 1.
func writeTrunc(unit string) func(p *Printer, n *node) {
	return func(p *Printer, n *node) {
		at, end := "$2", ""
		if n.typ.Kind == tz {
			at, end = "($2 AT TIME ZONE 'UTC')", " AT TIME ZONE 'UTC')"
			p.WriteByte('(')
		}
		if p.Dialect == DuckDB && (unit == "century" || unit == "millennium") {
			p.template("(date_trunc($1, "+at+" - INTERVAL 1 YEAR) + INTERVAL 1 YEAR)", n.shown)
		} else {
			p.template("date_trunc($1, "+at+")", n.shown)
		}
		p.WriteString(end)
	}
}

// eachUnit lists the starts of a unit in the node's bounds.
func (n *node) eachUnit(unit string) []string {
	if !n.dom.Bounded() {
		return nil
	}
	at, end := n.dom.Lo.Num().Int64(), n.dom.Hi.Num().Int64()
	step := unitStep(unit)
	if count := new(big.Rat).Quo(rat(end-at), step); count.Cmp(rat(400*maxValues)) > 0 {
		return nil
	}
	values := []string{}
	for at <= end {
		if len(values) == maxValues {
			return nil
		}
		values = append(values, catalog.FormatTimestamp(at, n.typ.Kind == tz))
		at = nextUnit(at, unit)
	}
	return values
}
