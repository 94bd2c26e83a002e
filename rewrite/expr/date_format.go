package expr

import (
	"fmt"
	"math/big"
	"slices"
	"strings"
	"time"

	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/refusal"
)

// dateField is a field of to_char's formats. grain is the finest unit that it shows, duck a template over the timestamp $1, and
// show its text at a time.
type dateField struct {
	name, grain, duck string
	show              func(t time.Time) string
}

// shownFields are the fields of to_char that both engines write alike. The longest that fits is taken. FM before a field leaves
// out blanks and leading zeroes of it.
func shownFields() []dateField {
	number := func(digits int, of func(time.Time) int) func(time.Time) string {
		return func(t time.Time) string { return fmt.Sprintf("%0*d", digits, of(t)) }
	}
	hour12 := func(t time.Time) int { return (t.Hour()+11)%12 + 1 }
	isoYear := func(t time.Time) int { y, _ := t.ISOWeek(); return y }
	isoWeek := func(t time.Time) int { _, w := t.ISOWeek(); return w }
	month := func(t time.Time) string { return t.Month().String() }
	day := func(t time.Time) string { return t.Weekday().String() }
	short := func(of func(time.Time) string) func(time.Time) string {
		return func(t time.Time) string { return of(t)[:3] }
	}
	blanks := func(of func(time.Time) string) func(time.Time) string {
		return func(t time.Time) string { return fmt.Sprintf("%-9s", of(t)) }
	}
	cased := func(by func(string) string, of func(time.Time) string) func(time.Time) string {
		return func(t time.Time) string { return by(of(t)) }
	}
	upper, lower := strings.ToUpper, strings.ToLower
	f := func(format string) string { return "strftime($1, '" + format + "')" }
	text := func(e string) string { return "CAST(" + e + " AS VARCHAR)" }
	return []dateField{
		{"YYYY", "year", f("%Y"), number(4, time.Time.Year)},
		{"YY", "year", f("%y"), number(2, func(t time.Time) int { return t.Year() % 100 })},
		{"IYYY", "day", f("%G"), number(4, isoYear)},
		{"Q", "month", text("quarter($1)"), number(1, func(t time.Time) int { return (int(t.Month()) + 2) / 3 })},
		{"MM", "month", f("%m"), number(2, func(t time.Time) int { return int(t.Month()) })},
		{"MONTH", "month", "upper(rpad(" + f("%B") + ", 9, ' '))", cased(upper, blanks(month))},
		{"Month", "month", "rpad(" + f("%B") + ", 9, ' ')", blanks(month)},
		{"month", "month", "lower(rpad(" + f("%B") + ", 9, ' '))", cased(lower, blanks(month))},
		{"MON", "month", "upper(" + f("%b") + ")", cased(upper, short(month))},
		{"Mon", "month", f("%b"), short(month)},
		{"mon", "month", "lower(" + f("%b") + ")", cased(lower, short(month))},
		{"DDD", "day", f("%j"), number(3, time.Time.YearDay)},
		{"DD", "day", f("%d"), number(2, time.Time.Day)},
		{"D", "day", text("dayofweek($1) + 1"), number(1, func(t time.Time) int { return int(t.Weekday()) + 1 })},
		{"ID", "day", f("%u"), number(1, func(t time.Time) int { return (int(t.Weekday())+6)%7 + 1 })},
		{"DAY", "day", "upper(rpad(" + f("%A") + ", 9, ' '))", cased(upper, blanks(day))},
		{"Day", "day", "rpad(" + f("%A") + ", 9, ' ')", blanks(day)},
		{"day", "day", "lower(rpad(" + f("%A") + ", 9, ' '))", cased(lower, blanks(day))},
		{"DY", "day", "upper(" + f("%a") + ")", cased(upper, short(day))},
		{"Dy", "day", f("%a"), short(day)},
		{"dy", "day", "lower(" + f("%a") + ")", cased(lower, short(day))},
		{"IW", "day", f("%V"), number(2, isoWeek)},
		{"WW", "day", "lpad(" + text("(dayofyear($1) + 6) // 7") + ", 2, '0')", number(2, func(t time.Time) int { return (t.YearDay() + 6) / 7 })},
		{"W", "day", text("(day($1) + 6) // 7"), number(1, func(t time.Time) int { return (t.Day() + 6) / 7 })},
		{"HH24", "hour", f("%H"), number(2, time.Time.Hour)},
		{"HH12", "hour", f("%I"), number(2, hour12)},
		{"HH", "hour", f("%I"), number(2, hour12)},
		{"AM", "hour", f("%p"), func(t time.Time) string { return t.Format("PM") }},
		{"PM", "hour", f("%p"), func(t time.Time) string { return t.Format("PM") }},
		{"am", "hour", "lower(" + f("%p") + ")", func(t time.Time) string { return t.Format("pm") }},
		{"pm", "hour", "lower(" + f("%p") + ")", func(t time.Time) string { return t.Format("pm") }},
		{"MI", "minute", f("%M"), number(2, time.Time.Minute)},
		{"SS", "second", f("%S"), number(2, time.Time.Second)},
		{"MS", "", f("%g"), nil},
		{"US", "", f("%f"), nil},
	}
}

// named tells that text writes the field: those of numbers in any case of letters.
func (d dateField) named(text string) bool {
	switch strings.ToLower(d.name) {
	case "month", "mon", "day", "dy", "am", "pm":
		return text == d.name
	}
	return strings.EqualFold(text, d.name)
}

// withoutFill is the field with FM before it.
func (d dateField) withoutFill() (dateField, bool) {
	name := strings.ToLower(d.name)
	switch {
	case name == "month" || name == "day":
		d.duck = "rtrim(" + d.duck + ")"
	case slices.Contains([]string{"yyyy", "yy", "iyyy", "mm", "dd", "ddd", "hh24", "hh12", "hh", "mi", "ss", "ww", "iw"}, name):
		d.duck = "CAST(CAST(" + d.duck + " AS INTEGER) AS VARCHAR)"
	case slices.Contains([]string{"q", "d", "id", "w", "mon", "dy", "am", "pm"}, name):
	default:
		return d, false
	}
	show := d.show
	d.show = func(t time.Time) string {
		text := show(t)
		if strings.Trim(text, "0123456789") != "" {
			return strings.TrimRight(text, " ")
		}
		if text = strings.TrimLeft(text, "0"); text == "" {
			return "0"
		}
		return text
	}
	return d, true
}

// fieldsOf reads a format: fields, and text between them (dateField.grain "text"). ok is false where there is more in it.
func fieldsOf(format string) (out []dateField, ok bool) {
	fields := shownFields()
	literal := func(text string) { out = append(out, dateField{name: text, grain: "text"}) }
	for rest := format; rest != ""; {
		after, fill := strings.CutPrefix(rest, "FM")
		found := dateField{}
		for _, f := range fields {
			if len(f.name) > len(found.name) && len(after) >= len(f.name) && f.named(after[:len(f.name)]) {
				found = f
			}
		}
		if found.name != "" {
			rest = after[len(found.name):]
			if strings.HasPrefix(strings.ToLower(rest), "th") {
				return nil, false // 1st, 2nd
			}
			if fill {
				if found, ok = found.withoutFill(); !ok {
					return nil, false
				}
			}
			out = append(out, found)
			continue
		}
		switch c := rest[0]; {
		case c == '"':
			text, next, closed := strings.Cut(rest[1:], `"`)
			if !closed || strings.ContainsAny(text, `\$#`) { // $ and # are the templates' own
				return nil, false
			}
			literal(text)
			rest = next
		case c >= 0x80 || strings.ContainsRune(`\$#`, rune(c)) || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z':
			return nil, false
		default:
			literal(rest[:1])
			rest = rest[1:]
		}
	}
	return out, true
}

// buildToChar formats a timestamp. Over private rows the format must be a constant of known fields.
func buildToChar(n *node) error {
	c, ok := Fold(n.args[1])
	var fields []dateField
	if known := ok && !c.Null; known {
		if fields, ok = fieldsOf(c.Text); !ok {
			n.lacks = "this format of function to_char"
		}
	} else if n.lacks, ok = "this format of function to_char", false; c.Null {
		n.lacks = ""
	}
	if n.mode == Private {
		if !ok {
			return refusal.New(refusal.NotSupported, "the format of to_char is not supported over private rows").At(n.pos).
				WithHint("Use a constant made of YYYY, MM, Mon, Month, DD, Day, Dy, Q, IYYY, IW, HH24, HH12, AM, MI, SS, separators and \"text in quotes\".")
		}
		n.shown[0] = inCalendar(n.args[0])
		n.dom.MaxLen = 3*len(c.Text) + 4
	}
	at := "$1"
	if n.args[0].Type().Kind == tz {
		at = "($1 AT TIME ZONE 'UTC')"
	}
	duck, parts := duckText(fields, at)
	if parts == 0 && len(fields) > 0 {
		duck = "CASE WHEN " + at + " IS NOT NULL THEN " + duck + " END"
	}
	n.times = max(parts, 1)
	n.write = templates("to_char("+at+", $2)", duck)
	if ok {
		n.dom.Values = n.eachText(fields)
	}
	return nil
}

// duckText is a template of the fields' text over a timestamp, and how often it prints that; "NULL" without fields. What strftime
// writes stands in one call of it.
func duckText(fields []dateField, at string) (duck string, parts int) {
	var terms []string
	format, plain := "", true
	flush := func() {
		quoted := "'" + strings.ReplaceAll(format, "'", "''") + "'"
		switch {
		case format == "":
		case plain:
			terms = append(terms, strings.ReplaceAll(quoted, "%%", "%"))
		default:
			terms = append(terms, "strftime("+at+", "+quoted+")")
			parts++
		}
		format, plain = "", true
	}
	for _, f := range fields {
		simple, ok := strings.CutPrefix(f.duck, "strftime($1, '")
		switch {
		case f.grain == "text":
			format += strings.ReplaceAll(f.name, "%", "%%")
		case ok && strings.HasSuffix(simple, "')") && len(simple) == 4:
			format, plain = format+simple[:2], false
		default:
			flush()
			terms = append(terms, strings.ReplaceAll(f.duck, "$1", at))
			parts++
		}
	}
	flush()
	switch len(terms) {
	case 0:
		return "NULL", 0
	case 1:
		return terms[0], parts
	}
	return "(" + strings.Join(terms, " || ") + ")", parts
}

// maxTimes bounds the times that are formatted to list a format's texts.
const maxTimes = 60_000

// eachText lists to_char's results over a bounded operand, in steps of the finest field in the format.
func (n *node) eachText(fields []dateField) []string {
	order := []string{"text", "year", "month", "day", "hour", "minute", "second"}
	unit := "text"
	for _, f := range fields {
		at := slices.Index(order, f.grain)
		if at < 0 {
			return nil
		}
		unit = order[max(at, slices.Index(order, unit))]
	}
	d := reported(n.args[0])
	if d.lo == nil || d.hi == nil || unit == "text" {
		return nil
	}
	lo, hi := floorRat(d.lo).Num(), floorRat(d.hi).Num()
	first, last := calendarOf(catalog.Of(ts))
	if d.lo.Cmp(first) < 0 || d.hi.Cmp(last) > 0 || new(big.Rat).Quo(rat(hi.Int64()-lo.Int64()), unitStep(unit)).Cmp(rat(40*maxTimes)) > 0 {
		return nil
	}
	from, _ := truncTo(lo.Int64(), unit)
	seen, values := map[string]bool{}, []string{}
	for at, steps := from, 0; at <= hi.Int64(); at, steps = nextUnit(at, unit), steps+1 {
		if steps == maxTimes || len(values) > maxValues {
			return nil
		}
		text := ""
		for _, f := range fields {
			if f.grain == "text" {
				text += f.name
			} else {
				text += f.show(time.UnixMicro(at).UTC())
			}
		}
		if !seen[text] {
			seen[text] = true
			values = append(values, text)
		}
	}
	return catalog.SortValues(n.typ, values)
}
