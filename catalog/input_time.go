package catalog

import (
	"math"
	"math/big"
	"regexp"
	"strconv"
	"strings"

	"github.com/dpproxy/dpproxy/refusal"
)

// inputTime reads dates and times in ISO form and the forms of isoTime. A fraction of a second is rounded to microseconds.
func inputTime(t Type, text string) (string, error) {
	s := strings.TrimFunc(text, isSpace)
	if strings.EqualFold(s, "epoch") && (t.Kind == Date || t.IsDateTime()) {
		return FormatRat(Of(t.Kind), new(big.Rat)), nil
	}
	switch t.Kind {
	case Time:
		return inputClock(t, text, s)
	case Timetz:
		return inputTimetz(t, text, s)
	}
	short, micros, ok := cutFraction(s)
	if !ok {
		return "", badSyntax(t, text)
	}
	out, err := readTime(t, short, micros)
	if at := leapSecond.FindStringSubmatchIndex(short); err != nil && at != nil { // it is the next minute's first one
		out, err = readTime(t, short[:at[2]]+":59"+short[at[3]:], micros+microsPerSecond)
	}
	if err == nil {
		return out, nil
	}
	return "", timeError(t, text)
}

// readTime reads a date or timestamp without a fraction, and adds microseconds to it.
func readTime(t Type, text string, micros int64) (string, error) {
	plain := Of(t.Kind)
	iso := text
	if _, err := ParseValue(plain, text); err != nil {
		var ok bool
		if iso, ok = isoTime(text, t.Kind); !ok {
			return "", err
		}
	}
	if micros == 0 || t.Kind == Date {
		return ParseValue(plain, iso)
	}
	r, err := ToRat(plain, iso)
	if err != nil {
		return "", err
	}
	r.Add(r, ratInt(micros))
	if err := plain.CheckRat(r); err != nil {
		return "", err
	}
	return FormatRat(plain, r), nil
}

// leapSecond finds the second 60 of a time, and no minute or offset of a zone.
var leapSecond = regexp.MustCompile(`[ Tt][0-9]{1,2}:[0-9]{1,2}(:60)(?:[^0-9:]|$)`)

var fractionForm = regexp.MustCompile(`(:[0-9]{1,2})(\.[0-9]*)`)

// cutFraction takes the fraction of a second out of a text, as microseconds.
func cutFraction(s string) (rest string, micros int64, ok bool) {
	m := fractionForm.FindStringSubmatchIndex(s)
	if m == nil {
		return s, 0, true
	}
	fraction := s[m[4]:m[5]]
	if len(fraction) > 32 {
		return "", 0, false
	}
	f, err := strconv.ParseFloat("0"+fraction, 64)
	if err != nil {
		return "", 0, false
	}
	return s[:m[4]] + s[m[5]:], int64(math.RoundToEven(f * float64(microsPerSecond))), true
}

var (
	dateForm = regexp.MustCompile(`^[0-9]{4,}-[0-9]{1,2}-[0-9]{1,2}([ Tt].*)?$`)
	// badClock finds an hour, a minute or a second that no day has, behind a day.
	badClock  = regexp.MustCompile(`[ Tt](?:(?:2[5-9]|[3-9][0-9]):|[0-9]{1,2}:[6-9][0-9]|[0-9]{1,2}:[0-9]{1,2}:(?:6[1-9]|[7-9][0-9]))`)
	clockForm = regexp.MustCompile(`^[0-9]{1,2}:[0-9]{1,2}(:[0-9]{1,2}(\.[0-9]*)?)?$`)
)

func fieldRange(text string) error {
	return refusal.New(refusal.DatetimeOverflow, "date/time field value out of range: \"%s\"", shorten(text))
}

// timeError tells a field that is out of range from what is no date at all.
func timeError(t Type, text string) error {
	s := strings.TrimFunc(text, isSpace)
	body, _ := cutBC(s)
	switch {
	case dateForm.MatchString(body) && (!validDay(body) || badClock.MatchString(body)):
		return fieldRange(text)
	case t.Kind == Date && dateForm.MatchString(body):
		return refusal.New(refusal.DatetimeOverflow, "date out of range: \"%s\"", shorten(text))
	case dateForm.MatchString(body) && beyond(body):
		return refusal.New(refusal.DatetimeOverflow, "timestamp out of range: \"%s\"", shorten(text))
	}
	return badSyntax(t, text)
}

// validDay tells that the day at the start of a text is one of the calendar.
func validDay(s string) bool {
	day := strings.FieldsFunc(s, func(r rune) bool { return strings.ContainsRune(" Tt", r) })[0]
	year, _, _ := strings.Cut(day, "-")
	if len(year) > 7 {
		return true // of some calendar
	}
	_, err := parseCivil(day, false)
	return err == nil
}

func beyond(s string) bool {
	year, _, _ := strings.Cut(s, "-")
	n, err := strconv.Atoi(year)
	return err != nil || n > 294276 || n > 4713
}

// inputClock reads a time of day, with AM or PM too.
func inputClock(t Type, text, s string) (string, error) {
	lower := strings.ToLower(s)
	if lower == "allballs" {
		return "00:00:00", nil
	}
	half := ""
	for _, suffix := range []string{"am", "pm"} {
		if rest, ok := strings.CutSuffix(lower, suffix); ok {
			half, lower = suffix, strings.TrimSpace(rest)
		}
	}
	short, fraction, ok := cutFraction(lower)
	if !ok || !clockForm.MatchString(short) {
		return "", badSyntax(t, text)
	}
	if strings.HasSuffix(short, ":60") && strings.Count(short, ":") == 2 {
		short, fraction = strings.TrimSuffix(short, ":60")+":59", fraction+microsPerSecond
	}
	micros, err := parseTimeOfDay(short)
	if err != nil {
		return "", fieldRange(text)
	}
	const hour = 3600 * microsPerSecond
	switch {
	case half != "" && (micros >= 13*hour || micros < hour && half == "pm"):
		return "", fieldRange(text)
	case half == "pm" && micros < 12*hour:
		micros += 12 * hour
	case half == "am" && micros >= 12*hour:
		micros -= 12 * hour
	}
	if micros += fraction; micros > microsPerDay {
		return "", fieldRange(text)
	}
	return formatTimeOfDay(micros), nil
}

var zoneForm = regexp.MustCompile(`^(.*[0-9])\s*([+-](?:0?[0-9]|1[0-5])(?::?[0-5][0-9]){0,2}|[Zz]|[Uu][Tt][Cc])$`)

// inputTimetz reads a time of day with an offset from UTC: nothing is computed with such values.
func inputTimetz(t Type, text, s string) (string, error) {
	m := zoneForm.FindStringSubmatch(s)
	if m == nil {
		return "", badSyntax(t, text)
	}
	clock, err := inputClock(Of(Time), text, m[1])
	if err != nil {
		return "", badSyntax(t, text)
	}
	sign, digits := m[2][:1], strings.ReplaceAll(m[2][1:], ":", "")
	if sign != "+" && sign != "-" {
		sign, digits = "+", "00"
	}
	if len(digits)%2 == 1 {
		digits = "0" + digits
	}
	zone := sign + digits[:2]
	for rest := digits[2:]; rest != ""; rest = rest[2:] {
		if strings.Trim(rest, "0") == "" {
			break // zeros at the end are not printed
		}
		zone += ":" + rest[:2]
	}
	if strings.Trim(digits, "0") == "" {
		zone = "+00"
	}
	return clock + zone, nil
}
