package expr

import (
	"math/big"

	"github.com/dpproxy/dpproxy/catalog"
)

// The calendar of private dates and timestamps: the years 1 to 9999, which both engines read, print and calculate with.
// Operations that could fail outside see a value beyond moved to its end; −infinity and infinity are beyond.
const (
	calendarFirst int64 = -719_162  // 0001-01-01, in days since 1970-01-01
	calendarLast  int64 = 2_932_896 // 9999-12-31
)

// calendarOf is the calendar in the units of a type.
func calendarOf(t catalog.Type) (lo, hi *big.Rat) {
	if t.Kind == dat {
		return rat(calendarFirst), rat(calendarLast)
	}
	return rat(calendarFirst * dayMicros), rat(calendarLast*dayMicros + dayMicros - 1)
}

// inCalendar moves what is beyond the calendar to its ends, unless it cannot be beyond.
func inCalendar(e Expr) Expr {
	lo, hi := calendarOf(e.Type())
	s := spanOf(e)
	if s.within(lo, hi) {
		return e
	}
	p := Printer{Dialect: PostgreSQL}
	p.bound(e.Type(), lo)
	first := p.String()
	p.Reset()
	p.bound(e.Type(), hi)
	last := p.String()
	g := guarded(e, "CASE WHEN $1 > "+last+" THEN "+last+" WHEN $1 < "+first+" THEN "+first+" ELSE $1 END", "", 3)
	g.dom.Nullable = e.Domain().Nullable
	cut := span{lo: s.lo, hi: s.hi}.cut(lo, hi)
	g.in = &cut
	return g
}

// convertTime casts between date, timestamp, timestamptz and time. Zones are UTC, whatever the session's setting.
func (n *node) convertTime() {
	e := n.args[0]
	from, to := e.Type().Kind, n.typ.Kind
	if n.mode == Private && e.Type().IsDateTime() {
		n.shown[0] = inCalendar(e)
	}
	in, told := spanOf(n.shown[0]), reported(e)
	scale := rat(1)
	name := postgresType(n.typ)
	n.dom.Step = rat(1)
	switch {
	case from == dat && (to == ts || to == tz):
		scale = rat(dayMicros)
		n.dom.Step = scale
		n.write = templates("CAST($1 AS timestamp)", "CAST($1 AS TIMESTAMP)")
		if to == tz {
			n.write = templates("(CAST($1 AS timestamp) AT TIME ZONE 'UTC')", "(CAST($1 AS TIMESTAMP) AT TIME ZONE 'UTC')")
		}
	case (from == ts || from == tz) && to == dat:
		inner := "$1"
		if from == tz {
			inner = "($1 AT TIME ZONE 'UTC')"
		}
		n.write = templates("CAST("+inner+" AS date)", "CAST("+inner+" AS DATE)")
		day := func(r *big.Rat) *big.Rat { return floorRat(new(big.Rat).Quo(r, rat(dayMicros))) }
		n.tell(told.mapEnds(day), in.mapEnds(day))
		return
	case from == ts && to == tz, from == tz && to == ts:
		n.write = templates("($1 AT TIME ZONE 'UTC')", "($1 AT TIME ZONE 'UTC')")
	case to == tim:
		inner := "$1"
		if from == tz {
			inner = "($1 AT TIME ZONE 'UTC')"
		}
		n.write = templates("CAST("+inner+" AS "+name+")", "CAST("+inner+" AS TIME)")
		n.dom.Step, n.in = nil, &span{}
		return
	}
	times := func(r *big.Rat) *big.Rat { return new(big.Rat).Mul(r, scale) }
	n.tell(told.mapEnds(times), in.mapEnds(times))
}

// foldTime converts between constant dates and timestamps, in UTC.
func foldTime(c Const, to catalog.Type) (Const, bool) {
	r, ok := ratOf(c)
	if !ok {
		return Const{}, false
	}
	if c.Typ.Kind == dat && to.Kind != dat {
		r = new(big.Rat).Mul(r, rat(dayMicros))
	}
	if c.Typ.Kind != dat && to.Kind == dat {
		r = floorRat(new(big.Rat).Quo(r, rat(dayMicros)))
	}
	lo, hi := calendarOf(to)
	if r.Cmp(lo) < 0 || r.Cmp(hi) > 0 {
		return Const{}, false
	}
	return Const{Typ: to, Text: catalog.FormatRat(to, r), Pos: c.Pos}, true
}

// AtTimeZone builds `e AT TIME ZONE zone`: a timestamp becomes a timestamptz and the other way round. Over private rows
// the zone is one of a list, as an engine may fail on a name that it does not know.
func (b *Builder) AtTimeZone(e Expr, zone Expr, pos int) (Expr, error) {
	z, err := b.Coerce(zone, catalog.Of(txt), pos)
	if err != nil {
		return nil, err
	}
	to := catalog.Of(tz)
	switch {
	case isUnknown(e), e.Type().Kind == dat:
		if e, err = b.Coerce(e, catalog.Of(tz), pos); err != nil {
			return nil, err
		}
		to = catalog.Of(ts)
	case e.Type().Kind == tz:
		to = catalog.Of(ts)
	case e.Type().Kind != ts:
		return nil, noFunction("timezone", []Expr{zone, e}, pos, false)
	}
	if c, ok := Fold(z); ok && (c.Text == "UTC" || c.Text == "utc") {
		return b.convert(e, to, pos)
	}
	n := b.newNode("timezone", to, []Expr{e, z}, pos, func(args []Expr) (Expr, error) { return b.AtTimeZone(args[0], args[1], pos) })
	if b.Mode == Private {
		if err := n.moveZone(); err != nil {
			return nil, err
		}
	}
	n.write = templates("($1 AT TIME ZONE $2)", "($1 AT TIME ZONE $2)")
	return n.finish()
}
