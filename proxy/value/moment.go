package value

import (
	"encoding/binary"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/dpproxy/dpproxy/catalog"
)

// PostgreSQL counts days and microseconds from 2000-01-01; package catalog from 1970-01-01.
const (
	epochDays    = 10957
	maxYear      = 5874897
	microsPerDay = 24 * 60 * 60 * 1_000_000
)

// The binary forms of the infinities.
const (
	dateInfinity      = math.MaxInt32
	dateNegInfinity   = math.MinInt32
	momentInfinity    = math.MaxInt64
	momentNegInfinity = math.MinInt64
)

func appendMoment(dst []byte, k catalog.Kind, text string) ([]byte, error) {
	if k == catalog.Date {
		switch text {
		case "infinity":
			return binary.BigEndian.AppendUint32(dst, uint32(math.MaxInt32)), nil
		case "-infinity":
			return binary.BigEndian.AppendUint32(dst, 1<<31), nil
		}
		days, err := parseDate(text)
		if err != nil {
			return dst, err
		}
		return binary.BigEndian.AppendUint32(dst, uint32(int32(days-epochDays))), nil
	}
	var micros int64
	var err error
	switch {
	case k == catalog.Time:
		micros, err = parseClock(text)
	case text == "infinity":
		micros = momentInfinity
	case text == "-infinity":
		micros = momentNegInfinity
	default:
		if micros, err = parseTimestamp(text, k == catalog.Timestamptz); err == nil {
			micros -= epochDays * microsPerDay
		}
	}
	if err != nil {
		return dst, err
	}
	return binary.BigEndian.AppendUint64(dst, uint64(micros)), nil
}

// parseDate reads "2020-02-29" or "0044-03-15 BC" into days since 1970-01-01.
func parseDate(text string) (int64, error) {
	body, bc := strings.CutSuffix(text, " BC")
	parts := strings.SplitN(body, "-", 3)
	if len(parts) != 3 {
		return 0, errCell
	}
	y, e1 := strconv.Atoi(parts[0])
	m, e2 := strconv.Atoi(parts[1])
	d, e3 := strconv.Atoi(parts[2])
	if e1 != nil || e2 != nil || e3 != nil || y < 1 || y > maxYear || m < 1 || m > 12 || d < 1 || d > 31 {
		return 0, errCell
	}
	if bc {
		y = 1 - y
	}
	at := time.Date(y, time.Month(m), d, 0, 0, 0, 0, time.UTC)
	if at.Day() != d {
		return 0, errCell
	}
	return floorDiv(at.Unix(), 86400), nil
}

// parseClock reads "13:05:06.789" into microseconds.
func parseClock(text string) (int64, error) {
	if len(text) < 8 || text[2] != ':' || text[5] != ':' {
		return 0, errCell
	}
	h, e1 := strconv.ParseUint(text[:2], 10, 8)
	m, e2 := strconv.ParseUint(text[3:5], 10, 8)
	s, e3 := strconv.ParseUint(text[6:8], 10, 8)
	if e1 != nil || e2 != nil || e3 != nil || h > 24 || m > 59 || s > 60 {
		return 0, errCell
	}
	micros := int64((h*60+m)*60+s) * 1_000_000
	if rest := text[8:]; rest != "" {
		if rest[0] != '.' || len(rest) < 2 || len(rest) > 7 {
			return 0, errCell
		}
		f, err := strconv.ParseUint(rest[1:]+"000000"[len(rest)-1:], 10, 32)
		if err != nil {
			return 0, errCell
		}
		micros += int64(f)
	}
	return micros, nil
}

// parseTimestamp reads "2020-02-29 13:05:06.789[+05:30][ BC]" into microseconds since 1970-01-01 (UTC if zoned).
func parseTimestamp(text string, zoned bool) (int64, error) {
	body, bc := strings.CutSuffix(text, " BC")
	date, clock, ok := strings.Cut(body, " ")
	if !ok {
		return 0, errCell
	}
	var offset int64
	if zoned {
		i := strings.LastIndexAny(clock, "+-")
		if i < 0 {
			return 0, errCell
		}
		var err error
		if offset, err = parseOffset(clock[i:]); err != nil {
			return 0, err
		}
		clock = clock[:i]
	}
	if bc {
		date += " BC"
	}
	days, err := parseDate(date)
	if err != nil {
		return 0, err
	}
	micros, err := parseClock(clock)
	if err != nil {
		return 0, err
	}
	return days*microsPerDay + micros - offset*1_000_000, nil
}

// parseOffset reads "+05", "-03:30" or "+01:02:03" into seconds east of UTC.
func parseOffset(s string) (int64, error) {
	var seconds int64
	unit := int64(3600)
	for _, part := range strings.Split(s[1:], ":") {
		n, err := strconv.ParseUint(part, 10, 8)
		if err != nil || unit == 0 {
			return 0, errCell
		}
		seconds += int64(n) * unit
		unit /= 60
	}
	if s[0] == '-' {
		seconds = -seconds
	}
	return seconds, nil
}

// appendZoned prints a timestamptz in a time zone, as PostgreSQL does with DateStyle ISO.
func appendZoned(dst []byte, micros int64, zone *time.Location) []byte {
	at := time.UnixMicro(micros).In(zone)
	_, offset := at.Zone()
	local := micros + int64(offset)*1_000_000
	text := catalog.FormatTimestamp(local, false)
	text, bc := strings.CutSuffix(text, " BC")
	dst = append(dst, text...)
	dst = appendZone(dst, offset)
	if bc {
		dst = append(dst, " BC"...)
	}
	return dst
}

func appendTwo(dst []byte, n int) []byte { return append(dst, byte('0'+n/10%10), byte('0'+n%10)) }

func clockText(micros int64) string {
	dst := appendTwo(nil, int(micros/3_600_000_000))
	dst = appendTwo(append(dst, ':'), int(micros/60_000_000%60))
	dst = appendTwo(append(dst, ':'), int(micros/1_000_000%60))
	if f := micros % 1_000_000; f != 0 {
		digits := strconv.FormatInt(1_000_000+f, 10)[1:]
		dst = append(append(dst, '.'), strings.TrimRight(digits, "0")...)
	}
	return string(dst)
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}
