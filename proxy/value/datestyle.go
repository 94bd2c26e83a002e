package value

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/dpproxy/dpproxy/catalog"
)

// DateStyle is the first word of PostgreSQL's setting of that name; cells are in ISO.
type DateStyle int

// The styles of dates.
const (
	ISO DateStyle = iota
	SQL
	PostgresDate
	German
)

// appendMoment prints a date or timestamp in the session's style and time zone.
func (s Style) appendMoment(dst []byte, k catalog.Kind, text string) ([]byte, error) {
	if k == catalog.Date {
		days, err := parseDate(text)
		if err != nil {
			return dst, err
		}
		y, m, d, era := s.civil(days)
		return append(s.appendDay(dst, y, m, d), era...), nil
	}
	micros, err := parseTimestamp(text, k == catalog.Timestamptz)
	if err != nil {
		return dst, err
	}
	zone := ""
	if k == catalog.Timestamptz {
		if s.Date == ISO {
			return appendZoned(dst, micros, s.Zone), nil
		}
		place := s.Zone
		if place == nil {
			place = time.UTC
		}
		name, offset := time.UnixMicro(micros).In(place).Zone()
		micros += int64(offset) * 1_000_000
		zone = " " + name
	}
	days := floorDiv(micros, microsPerDay)
	y, m, d, era := s.civil(days)
	clock := clockText(micros - days*microsPerDay)
	if s.Date != PostgresDate {
		dst = append(append(s.appendDay(dst, y, m, d), ' '), clock...)
		return append(append(dst, zone...), era...), nil
	}
	weekday := time.Weekday((days%7 + 11) % 7).String()[:3] // 1970-01-01 was a Thursday
	dayMonth := fmt.Sprintf("%s %02d", m.String()[:3], d)
	if s.DayFirst {
		dayMonth = fmt.Sprintf("%02d %s", d, m.String()[:3])
	}
	return fmt.Appendf(dst, "%s %s %s %04d%s%s", weekday, dayMonth, clock, y, zone, era), nil
}

// civil splits days since 1970-01-01; era is " BC" or nothing.
func (s Style) civil(days int64) (year int, month time.Month, day int, era string) {
	at := time.Unix(days*86400, 0).UTC()
	if year = at.Year(); year <= 0 {
		year, era = 1-year, " BC"
	}
	return year, at.Month(), at.Day(), era
}

// appendDay prints 02/29/2024, 29/02/2024, 02-29-2024, 29-02-2024 or 29.02.2024.
func (s Style) appendDay(dst []byte, y int, m time.Month, d int) []byte {
	switch {
	case s.Date == German:
		return fmt.Appendf(dst, "%02d.%02d.%04d", d, int(m), y)
	case s.Date == ISO:
		return fmt.Appendf(dst, "%04d-%02d-%02d", y, int(m), d)
	}
	mark := "/"
	if s.Date == PostgresDate {
		mark = "-"
	}
	first, second := int(m), d
	if s.DayFirst {
		first, second = d, int(m)
	}
	return fmt.Appendf(dst, "%02d%s%02d%s%04d", first, mark, second, mark, y)
}

// appendItems prints an array with each element in the session's style.
func (s Style) appendItems(dst []byte, t catalog.Type, text string) []byte {
	a, err := catalog.ParseArray(text)
	if err != nil {
		return append(dst, text...)
	}
	t.Array = false
	for i, item := range a.Items {
		if !item.Null {
			a.Items[i].Text = string(s.AppendText(nil, t, item.Text))
		}
	}
	return append(dst, a.String()...)
}

// IntervalStyle is PostgreSQL's setting of that name; cells are in Postgres.
type IntervalStyle int

// The styles of intervals.
const (
	Postgres IntervalStyle = iota
	Verbose
	Standard
	ISO8601
)

// span is an interval in the parts that are printed; all have their own sign.
type span struct{ year, month, day, hour, minute, second, micro int64 }

func (i IntervalStyle) append(dst []byte, text string) ([]byte, error) {
	p, err := parseSpan(text)
	if err != nil {
		return dst, err
	}
	switch i {
	case Verbose:
		return append(dst, p.verbose()...), nil
	case Standard:
		return append(dst, p.standard()...), nil
	case ISO8601:
		return append(dst, p.iso()...), nil
	}
	return append(dst, text...), nil
}

// seconds prints seconds and their fraction without a sign, with two digits before the point if padded.
func (p span) seconds(padded bool) string {
	s := strconv.FormatInt(max(p.second, -p.second), 10)
	if padded && len(s) < 2 {
		s = "0" + s
	}
	if f := max(p.micro, -p.micro); f != 0 {
		s += "." + strings.TrimRight(strconv.FormatInt(1_000_000+f, 10)[1:], "0")
	}
	return s
}

// verbose is "@ 1 year 2 days 3 hours ago": the sign of the first part is everybody's, and parts of another have one.
func (p span) verbose() string {
	out, zero, before := "@", true, false
	part := func(n int64, unit string) {
		switch {
		case n == 0:
			return
		case zero:
			before = n < 0
			n = max(n, -n)
		case before:
			n = -n
		}
		out += " " + strconv.FormatInt(n, 10) + " " + unit
		if n != 1 {
			out += "s"
		}
		zero = false
	}
	part(p.year, "year")
	part(p.month, "mon")
	part(p.day, "day")
	part(p.hour, "hour")
	part(p.minute, "min")
	if p.second != 0 || p.micro != 0 {
		out += " "
		negative := p.second < 0 || p.micro < 0
		switch {
		case zero:
			before = negative
		case negative != before:
			out += "-"
		}
		out += p.seconds(false) + " sec"
		if p.second != 1 && p.second != -1 || p.micro != 0 {
			out += "s"
		}
		zero = false
	}
	if zero {
		out += " 0"
	}
	if before {
		out += " ago"
	}
	return out
}

// standard is SQL's: "1-2", "3 4:05:06", and with signs in front of each part where they differ or both kinds occur.
func (p span) standard() string {
	parts := []*int64{&p.year, &p.month, &p.day, &p.hour, &p.minute, &p.second, &p.micro}
	var negative, positive bool
	for _, n := range parts {
		negative, positive = negative || *n < 0, positive || *n > 0
	}
	months := p.year != 0 || p.month != 0
	clock := p.hour != 0 || p.minute != 0 || p.second != 0 || p.micro != 0
	plain := !(negative && positive) && !(months && (p.day != 0 || clock))
	sign := func(minus bool) string {
		if minus {
			return "-"
		}
		return "+"
	}
	yearSign, daySign, clockSign := sign(p.year < 0 || p.month < 0), sign(p.day < 0),
		sign(p.hour < 0 || p.minute < 0 || p.second < 0 || p.micro < 0)
	for _, n := range parts {
		*n = max(*n, -*n)
	}
	time := fmt.Sprintf("%d:%02d:%s", p.hour, p.minute, p.seconds(true))
	switch {
	case !negative && !positive:
		return "0"
	case !plain:
		return fmt.Sprintf("%s%d-%d %s%d %s%s", yearSign, p.year, p.month, daySign, p.day, clockSign, time)
	}
	out := time
	switch {
	case months:
		out = fmt.Sprintf("%d-%d", p.year, p.month)
	case p.day != 0:
		out = fmt.Sprintf("%d %s", p.day, time)
	}
	if negative {
		out = "-" + out
	}
	return out
}

// iso is "P1Y2M3DT4H5M6S".
func (p span) iso() string {
	out := "P"
	part := func(n int64, unit string) {
		if n != 0 {
			out += strconv.FormatInt(n, 10) + unit
		}
	}
	part(p.year, "Y")
	part(p.month, "M")
	part(p.day, "D")
	if p.hour != 0 || p.minute != 0 || p.second != 0 || p.micro != 0 {
		out += "T"
	}
	part(p.hour, "H")
	part(p.minute, "M")
	if p.second != 0 || p.micro != 0 {
		if p.second < 0 || p.micro < 0 {
			out += "-"
		}
		out += p.seconds(false) + "S"
	}
	if out == "P" {
		return "PT0S"
	}
	return out
}

// SetDate takes DateStyle as SHOW prints it: "ISO, MDY", "SQL, DMY", "Postgres, MDY", "German, DMY".
func (s *Style) SetDate(setting string) {
	word, order, _ := strings.Cut(setting, ", ")
	s.Date = map[string]DateStyle{"SQL": SQL, "Postgres": PostgresDate, "German": German}[word]
	s.DayFirst = order == "DMY"
}

// SetInterval takes IntervalStyle as SHOW prints it.
func (s *Style) SetInterval(setting string) {
	s.Interval = map[string]IntervalStyle{"postgres_verbose": Verbose, "sql_standard": Standard, "iso_8601": ISO8601}[setting]
}
