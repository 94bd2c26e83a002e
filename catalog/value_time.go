package catalog

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Dates count days, and timestamps microseconds, since 1970-01-01 in the proleptic Gregorian calendar, as PostgreSQL
// has it.
const (
	microsPerSecond int64 = 1_000_000
	microsPerDay    int64 = 86_400 * microsPerSecond

	minDate      int64 = -2440588             // 4714-11-24 BC, Julian day 0
	maxDate      int64 = 2147483493 - 2440588 // 5874897-12-31
	minTimestamp int64 = -210866803200000000  // 4714-11-24 00:00:00 BC
	// PostgreSQL counts from 2000 and so reaches the year 294276; int64 from 1970 ends in January 294247.
	maxTimestamp int64 = math.MaxInt64
)

var (
	errNoDate      = errors.New("is no date; write YYYY-MM-DD")
	errNoTime      = errors.New("is no time; write HH:MM:SS")
	errNoTimestamp = errors.New("is no timestamp; write YYYY-MM-DD HH:MM:SS")
)

// daysFromCivil counts days since 1970-01-01; year 0 is 1 BC. (Howard Hinnant, "chrono-Compatible Low-Level Date
// Algorithms": years that start in March put the leap day last.)
func daysFromCivil(year, month, day int64) int64 {
	if month <= 2 {
		year--
	}
	era := year / 400
	if year < 0 {
		era = (year - 399) / 400
	}
	yearOfEra := year - era*400
	dayOfYear := (153*((month+9)%12)+2)/5 + day - 1
	dayOfEra := yearOfEra*365 + yearOfEra/4 - yearOfEra/100 + dayOfYear
	return era*146097 + dayOfEra - 719468
}

// civilFromDays is the inverse of daysFromCivil.
func civilFromDays(days int64) (year, month, day int64) {
	days += 719468
	era := days / 146097
	if days < 0 {
		era = (days - 146096) / 146097
	}
	dayOfEra := days - era*146097
	yearOfEra := (dayOfEra - dayOfEra/1460 + dayOfEra/36524 - dayOfEra/146096) / 365
	dayOfYear := dayOfEra - (365*yearOfEra + yearOfEra/4 - yearOfEra/100)
	shifted := (5*dayOfYear + 2) / 153
	month = (shifted+2)%12 + 1
	year = yearOfEra + era*400
	if month <= 2 {
		year++
	}
	return year, month, dayOfYear - (153*shifted+2)/5 + 1
}

// parseDate reads an ISO date, years of 1 to 7 digits, " BC" at the end, into days.
func parseDate(text string) (int64, error) {
	s, bc := cutBC(strings.TrimSpace(text))
	days, err := parseCivil(s, bc)
	if err != nil {
		return 0, err
	}
	if days < minDate || days > maxDate {
		return 0, errors.New("is out of the range of dates")
	}
	return days, nil
}

func cutBC(s string) (rest string, bc bool) {
	if len(s) > 3 && strings.EqualFold(s[len(s)-3:], " BC") {
		return strings.TrimSpace(s[:len(s)-3]), true
	}
	return s, false
}

func parseCivil(s string, bc bool) (int64, error) {
	parts := strings.Split(s, "-")
	if len(parts) != 3 || len(parts[0]) < 4 || len(parts[0]) > 7 || len(parts[1]) > 2 || len(parts[2]) > 2 {
		return 0, errNoDate
	}
	var n [3]int64
	for i, part := range parts {
		v, err := strconv.ParseUint(part, 10, 32)
		if err != nil {
			return 0, errNoDate
		}
		n[i] = int64(v)
	}
	year, month, day := n[0], n[1], n[2]
	if year == 0 || month < 1 || month > 12 || day < 1 {
		return 0, errNoDate
	}
	if bc {
		year = 1 - year
	}
	days := daysFromCivil(year, month, day)
	if y, m, d := civilFromDays(days); y != year || m != month || d != day {
		return 0, fmt.Errorf("is no date: month %d has no day %d", month, day)
	}
	return days, nil
}

// parseTimeOfDay reads HH:MM[:SS[.ffffff]] into microseconds; 24:00:00 is allowed, as in PostgreSQL.
func parseTimeOfDay(s string) (int64, error) {
	parts := strings.Split(strings.TrimSpace(s), ":")
	if len(parts) < 2 || len(parts) > 3 {
		return 0, errNoTime
	}
	hour, err1 := parseTwo(parts[0], 24)
	minute, err2 := parseTwo(parts[1], 59)
	if err1 != nil || err2 != nil {
		return 0, errNoTime
	}
	var second, micros int64
	if len(parts) == 3 {
		whole, fraction, _ := strings.Cut(parts[2], ".")
		var err error
		if second, err = parseTwo(whole, 59); err != nil || len(fraction) > 6 {
			return 0, errNoTime
		}
		if fraction != "" {
			v, err := strconv.ParseUint((fraction + "000000")[:6], 10, 32)
			if err != nil {
				return 0, errNoTime
			}
			micros = int64(v)
		}
	}
	total := ((hour*60+minute)*60+second)*microsPerSecond + micros
	if total > microsPerDay {
		return 0, errNoTime
	}
	return total, nil
}

func parseTwo(s string, limit int64) (int64, error) {
	if len(s) == 0 || len(s) > 2 {
		return 0, errNoTime
	}
	n, err := strconv.ParseUint(s, 10, 8)
	if err != nil || int64(n) > limit {
		return 0, errNoTime
	}
	return int64(n), nil
}

// parseTimestamp reads an ISO date with an optional time, into microseconds. With a zone (timestamptz), an offset may
// follow and UTC is meant where it does not; without a zone an offset is an error.
func parseTimestamp(text string, zoned bool) (int64, error) {
	s, bc := cutBC(strings.TrimSpace(text))
	date, clock := s, ""
	if i := strings.IndexAny(s, " Tt"); i >= 0 {
		date, clock = s[:i], strings.TrimSpace(s[i+1:])
	}
	days, err := parseCivil(date, bc)
	if err != nil {
		return 0, errNoTimestamp
	}
	var micros, offset int64
	if clock != "" {
		if clock, offset, err = cutOffset(clock); err != nil || (offset != noOffset && !zoned) {
			return 0, errNoTimestamp
		}
		if micros, err = parseTimeOfDay(clock); err != nil {
			return 0, errNoTimestamp
		}
	}
	if offset == noOffset {
		offset = 0
	}
	// A day less than the range keeps the sum below from overflowing, whatever the time and the offset.
	if days < minTimestamp/microsPerDay-1 || days >= maxTimestamp/microsPerDay-1 {
		return 0, errors.New("is out of the range of timestamps")
	}
	total := days*microsPerDay + (micros - offset)
	if total < minTimestamp {
		return 0, errors.New("is out of the range of timestamps")
	}
	return total, nil
}

// noOffset is what cutOffset returns where no offset is written; real ones are within ±16 hours.
const noOffset int64 = 1 << 62

// cutOffset takes "Z", "+00", "+05:30" or "-0800" off the end of a time; the offset is in microseconds east of UTC.
func cutOffset(clock string) (rest string, offset int64, err error) {
	if strings.HasSuffix(clock, "Z") || strings.HasSuffix(clock, "z") {
		return clock[:len(clock)-1], 0, nil
	}
	i := strings.LastIndexAny(clock, "+-")
	if i < 0 {
		return clock, noOffset, nil
	}
	digits := strings.ReplaceAll(clock[i+1:], ":", "")
	if len(digits) != 2 && len(digits) != 4 {
		return "", 0, errNoTimestamp
	}
	hours, err := parseTwo(digits[:2], 15)
	if err != nil {
		return "", 0, err
	}
	var minutes int64
	if len(digits) == 4 {
		if minutes, err = parseTwo(digits[2:], 59); err != nil {
			return "", 0, err
		}
	}
	offset = (hours*60 + minutes) * 60 * microsPerSecond
	if clock[i] == '-' {
		offset = -offset
	}
	return strings.TrimSpace(clock[:i]), offset, nil
}

// FormatDate prints days since 1970-01-01 as PostgreSQL does with DateStyle ISO: "2020-02-29", "0044-03-15 BC".
func FormatDate(days int64) string {
	date, era := formatCivil(days)
	return date + era
}

func formatCivil(days int64) (date, era string) {
	year, month, day := civilFromDays(days)
	if year <= 0 {
		year, era = 1-year, " BC"
	}
	return fmt.Sprintf("%04d-%02d-%02d", year, month, day), era
}

// FormatTimestamp prints microseconds since 1970-01-01 00:00 with DateStyle ISO; zoned adds the offset of UTC, "+00".
func FormatTimestamp(micros int64, zoned bool) string {
	days := micros / microsPerDay
	if micros%microsPerDay < 0 {
		days--
	}
	date, era := formatCivil(days)
	text := date + " " + formatTimeOfDay(micros-days*microsPerDay)
	if zoned {
		text += "+00"
	}
	return text + era
}

// formatTimeOfDay prints the fraction without trailing zeros, as PostgreSQL does.
func formatTimeOfDay(micros int64) string {
	seconds, fraction := micros/microsPerSecond, micros%microsPerSecond
	text := fmt.Sprintf("%02d:%02d:%02d", seconds/3600, seconds/60%60, seconds%60)
	if fraction != 0 {
		text += "." + strings.TrimRight(fmt.Sprintf("%06d", fraction), "0")
	}
	return text
}
