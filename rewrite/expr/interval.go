package expr

import (
	"fmt"
	"math/big"
	"strconv"
	"strings"

	"github.com/dpproxy/dpproxy/catalog"
)

// span of time as PostgreSQL keeps it: months, days and microseconds apart.
type duration struct{ months, days, micros int64 }

const (
	secondMicros = int64(1_000_000)
	dayMicros    = 86_400 * secondMicros
)

// parseInterval reads the usual forms of PostgreSQL's interval: "1 year 2 mons 3 days 04:05:06", "-1 week", "2 hours ago",
// "1.5 hours", "04:05", SQL's "1-2" (years and months) and ISO 8601's "P1DT2H" (not its form with colons).
func parseInterval(text string) (duration, bool) { return parseIntervalIn(text, "second") }

// parseIntervalIn reads an interval in which a number without a unit counts the unit that is given: INTERVAL '30' DAY.
func parseIntervalIn(text, bare string) (duration, bool) {
	var d duration
	if t := strings.TrimSpace(text); strings.HasPrefix(t, "P") {
		return isoInterval(t)
	}
	fields := strings.Fields(strings.ToLower(text))
	if len(fields) == 0 {
		return d, false
	}
	if fields[0] == "@" {
		fields = fields[1:]
	}
	sign := int64(1)
	if len(fields) > 0 && fields[len(fields)-1] == "ago" {
		sign, fields = -1, fields[:len(fields)-1]
	}
	for i := 0; i < len(fields); i++ {
		f := fields[i]
		if strings.Contains(f, ":") {
			micros, ok := clock(f)
			if !ok {
				return d, false
			}
			d.micros += micros
			continue
		}
		if years, months, ok := yearMonth(f); ok {
			d.months += years*12 + months
			continue
		}
		digits := strings.TrimRight(f, "abcdefghijklmnopqrstuvwxyz")
		unit := f[len(digits):]
		if unit == "" {
			if i+1 == len(fields) {
				unit = bare
			} else if strings.Contains(fields[i+1], ":") {
				unit = "day" // "3 04:05"
			} else {
				i++
				unit = fields[i]
			}
		}
		amount, err := catalog.ParseDecimal(digits)
		if err != nil || !d.add(amount, unit) {
			return d, false
		}
	}
	d.months, d.days, d.micros = sign*d.months, sign*d.days, sign*d.micros
	return d, d.small() && len(fields) > 0
}

// clock reads [+-]HH:MM[:SS[.ffffff]] as microseconds.
func clock(f string) (int64, bool) {
	sign := int64(1)
	if strings.HasPrefix(f, "-") {
		sign = -1
	}
	parts := strings.Split(strings.TrimLeft(f, "+-"), ":")
	if len(parts) > 3 {
		return 0, false
	}
	total := new(big.Rat)
	for i, scale := range []int64{3600, 60, 1}[:len(parts)] {
		v, err := catalog.ParseDecimal(parts[i])
		if err != nil || v.Sign() < 0 || (i < 2 && !v.IsInt()) || v.Cmp(rat(1<<40)) > 0 {
			return 0, false
		}
		total.Add(total, v.Mul(v, rat(scale*secondMicros)))
	}
	total = roundRat(total)
	return sign * total.Num().Int64(), total.Num().IsInt64()
}

// add adds an amount of a unit; broken months and days go on into days and microseconds as in PostgreSQL.
func (d *duration) add(amount *big.Rat, unit string) bool {
	if new(big.Rat).Abs(amount).Cmp(rat(1<<40)) > 0 {
		return false
	}
	months, days, micros := int64(0), int64(0), int64(0)
	switch strings.TrimSuffix(unit, "s") {
	case "millennium", "millennia", "mil":
		months = 12_000
	case "century", "centurie", "cent", "c":
		months = 1200
	case "decade", "dec":
		months = 120
	case "year", "yr", "y":
		months = 12
	case "month", "mon":
		months = 1
	case "week", "w":
		days = 7
	case "day", "d":
		days = 1
	case "hour", "hr", "h":
		micros = 3600 * secondMicros
	case "minute", "min", "m":
		micros = 60 * secondMicros
	case "second", "sec", "":
		micros = secondMicros
	case "millisecond", "m sec", "msec":
		micros = 1000
	case "microsecond", "usec", "us":
		micros = 1
	default:
		return false
	}
	if months != 0 {
		whole := truncRat(new(big.Rat).Mul(amount, rat(months)))
		rest := new(big.Rat).Sub(new(big.Rat).Mul(amount, rat(months)), whole)
		d.months += whole.Num().Int64()
		amount, days = rest, 30
	}
	if days != 0 {
		whole := truncRat(new(big.Rat).Mul(amount, rat(days)))
		rest := new(big.Rat).Sub(new(big.Rat).Mul(amount, rat(days)), whole)
		d.days += whole.Num().Int64()
		amount, micros = rest, dayMicros
	}
	m := roundRat(new(big.Rat).Mul(amount, rat(micros)))
	d.micros += m.Num().Int64()
	return m.Num().IsInt64()
}

// text is PostgreSQL's output with IntervalStyle postgres, which DuckDB reads too.
func (d duration) text() string {
	var parts []string
	before := false // a negative part was written: the next positive one gets its sign
	unit := func(n int64, name string) {
		if n == 0 {
			return
		}
		plus := ""
		if before && n > 0 {
			plus = "+"
		}
		if n != 1 {
			name += "s"
		}
		parts = append(parts, fmt.Sprintf("%s%d %s", plus, n, name))
		before = n < 0
	}
	unit(d.months/12, "year")
	unit(d.months%12, "mon")
	unit(d.days, "day")
	if d.micros != 0 || len(parts) == 0 {
		sign, m := "", d.micros
		if m < 0 {
			sign, m = "-", -m
		} else if before {
			sign = "+"
		}
		seconds := m / secondMicros
		clock := fmt.Sprintf("%s%02d:%02d:%02d", sign, seconds/3600, seconds/60%60, seconds%60)
		if fraction := m % secondMicros; fraction != 0 {
			clock += strings.TrimRight("."+fmt.Sprintf("%06d", fraction), "0")
		}
		parts = append(parts, clock)
	}
	return strings.Join(parts, " ")
}

// constInterval is the value of a constant interval.
func constInterval(e Expr) (duration, bool) {
	c, ok := Fold(e)
	if !ok || c.Null || c.Typ.Kind != itv {
		return duration{}, false
	}
	return parseInterval(c.Text)
}

// addTo moves a timestamp (µs since 1970, whole) by the interval, as PostgreSQL does: months first, the day cut to the
// month's length, then days and time.
func (d duration) addTo(micros int64) int64 {
	day := floorDiv(micros, dayMicros)
	clock := micros - day*dayMicros
	if d.months != 0 {
		year, month, dayOfMonth := civil(day)
		index := year*12 + month - 1 + d.months
		year, month = floorDiv(index, 12), index-floorDiv(index, 12)*12+1
		day = daysOf(year, month, min(dayOfMonth, monthLength(year, month)))
	}
	return (day+d.days)*dayMicros + clock + d.micros
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

// civil splits days since 1970-01-01 into the proleptic Gregorian calendar's year (0 is 1 BC), month and day.
func civil(days int64) (year, month, day int64) {
	// 400 years have 146,097 days; count from 0000-03-01 so that the leap day comes last.
	days += 719_468
	era := floorDiv(days, 146_097)
	d := days - era*146_097
	y := (d - d/1460 + d/36_524 - d/146_096) / 365
	dayOfYear := d - (365*y + y/4 - y/100)
	m := (5*dayOfYear + 2) / 153
	day, month, year = dayOfYear-(153*m+2)/5+1, m+3, y+era*400
	if month > 12 {
		month, year = month-12, year+1
	}
	return year, month, day
}

// daysOf is the inverse of civil.
func daysOf(year, month, day int64) int64 {
	if month <= 2 {
		year, month = year-1, month+12
	}
	era := floorDiv(year, 400)
	y := year - era*400
	return era*146_097 + y*365 + y/4 - y/100 + (153*(month-3)+2)/5 + day - 1 - 719_468
}

func monthLength(year, month int64) int64 {
	next := month + 1
	y := year
	if next > 12 {
		next, y = 1, year+1
	}
	return daysOf(y, next, 1) - daysOf(year, month, 1)
}

func itoa(n int64) string { return strconv.FormatInt(n, 10) }
