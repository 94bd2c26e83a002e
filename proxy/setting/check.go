package setting

import (
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/dpproxy/dpproxy/proxy/value"
	"github.com/dpproxy/dpproxy/refusal"
)

func itoa(n int) string { return strconv.Itoa(n) }

func onOff(b bool) string {
	if b {
		return "on"
	}
	return "off"
}

func invalid(value string) error {
	return refusal.New(refusal.InvalidParameterValue, "invalid value: %q", value)
}

// boolean follows PostgreSQL's parse_bool: unambiguous prefixes.
func boolean(value string) (string, error) {
	v := strings.ToLower(value)
	for _, c := range []struct {
		word  string
		least int // letters that make it unambiguous
		on    bool
	}{{"true", 1, true}, {"false", 1, false}, {"yes", 1, true}, {"no", 1, false}, {"on", 2, true}, {"off", 2, false}, {"1", 1, true}, {"0", 1, false}} {
		if len(v) >= c.least && strings.HasPrefix(c.word, v) {
			return onOff(c.on), nil
		}
	}
	return "", refusal.New(refusal.InvalidParameterValue, "a Boolean value is required, not %q", value)
}

func onlyOn(name string) func(string) (string, error) {
	return func(value string) (string, error) {
		v, err := boolean(value)
		if err == nil && v == "off" {
			return "", refusal.New(refusal.NotSupported, "%s cannot be turned off here", name)
		}
		return v, err
	}
}

func enum(words ...string) func(string) (string, error) {
	return func(value string) (string, error) {
		v := strings.ToLower(strings.TrimSpace(value))
		for _, w := range words {
			if v == w {
				return w, nil
			}
		}
		return "", invalid(value).(*refusal.Error).WithHint("Available values: %s.", strings.Join(words, ", "))
	}
}

func integer(lowest, highest int) func(string) (string, error) {
	return func(value string) (string, error) {
		n, err := strconv.Atoi(strings.TrimSpace(value))
		if err != nil {
			return "", invalid(value)
		}
		if n < lowest || n > highest {
			return "", refusal.New(refusal.InvalidParameterValue, "%d is outside the valid range (%d .. %d)", n, lowest, highest)
		}
		return strconv.Itoa(n), nil
	}
}

// milliseconds reads a duration with PostgreSQL's units and prints it with the largest unit that divides it.
func milliseconds(name string) func(string) (string, error) {
	return func(value string) (string, error) {
		d, err := ParseMilliseconds(value)
		if err != nil {
			return "", err
		}
		if d < 0 || d > math.MaxInt32*time.Millisecond {
			return "", refusal.New(refusal.InvalidParameterValue, "%d ms is outside the valid range for parameter %q (0 .. %d)",
				d.Milliseconds(), name, math.MaxInt32)
		}
		return FormatMilliseconds(d), nil
	}
}

// ParseMilliseconds reads "1500", "1.5s", "2 min"; a number without a unit counts milliseconds.
func ParseMilliseconds(value string) (time.Duration, error) {
	v := strings.TrimSpace(value)
	at := len(strings.TrimRight(v, "abcdefghijklmnopqrstuvwxyz"))
	n, err := strconv.ParseFloat(strings.TrimSpace(v[:at]), 64)
	if err != nil || math.IsNaN(n) || math.IsInf(n, 0) {
		return 0, invalid(value)
	}
	units := map[string]float64{"us": 1e-3, "": 1, "ms": 1, "s": 1e3, "min": 60e3, "h": 3600e3, "d": 86400e3}
	unit, ok := units[v[at:]]
	if !ok {
		return 0, invalid(value).(*refusal.Error).WithHint(
			"Valid units for this parameter are \"us\", \"ms\", \"s\", \"min\", \"h\", and \"d\".")
	}
	ms := math.Round(n * unit)
	if math.Abs(ms) > math.MaxInt32 {
		ms = math.Copysign(math.MaxInt32+1, ms) // out of range for whoever checks
	}
	return time.Duration(ms) * time.Millisecond, nil
}

// FormatMilliseconds prints as SHOW does: "0", "1500ms", "2min".
func FormatMilliseconds(d time.Duration) string {
	ms := d.Milliseconds()
	if ms == 0 {
		return "0"
	}
	for _, u := range []struct {
		ms   int64
		name string
	}{{86400_000, "d"}, {3600_000, "h"}, {60_000, "min"}, {1000, "s"}} {
		if ms%u.ms == 0 {
			return strconv.FormatInt(ms/u.ms, 10) + u.name
		}
	}
	return strconv.FormatInt(ms, 10) + "ms"
}

// encoding accepts what package value can write, and SQL_ASCII, which means that nothing is converted. UNICODE, an old name of
// UTF8, stays as it is written, as in PostgreSQL.
func encoding(text string) (string, error) {
	if text == "UNICODE" {
		return text, nil
	}
	if e, known := value.FindEncoding(text); known {
		return e.Name(), nil
	}
	if key := strings.ToUpper(strings.ReplaceAll(text, "_", "")); key == "SQLASCII" {
		return "SQL_ASCII", nil
	}
	return "", refusal.New(refusal.InvalidParameterValue, "invalid value for parameter \"client_encoding\": %q", text).
		WithHint("UTF8, and the encodings of one byte a character, as LATIN1 and WIN1252, are supported.")
}

// dateStyle reads "ISO, DMY" and the like: a style, an order of day, month and year, or both. What is not said stays as
// it is, but German brings its own order.
func dateStyle(current, value string) (string, error) {
	style, order, _ := strings.Cut(current, ", ")
	haveStyle, haveOrder := false, false
	set := func(to *string, have *bool, word string) bool {
		conflict := *have && *to != word
		*to, *have = word, true
		return conflict
	}
	for _, part := range strings.Split(value, ",") {
		conflict := false
		switch p := strings.ToUpper(strings.Trim(part, " \"")); {
		case p == "ISO", p == "SQL":
			conflict = set(&style, &haveStyle, p)
		case strings.HasPrefix(p, "POSTGRES"):
			conflict = set(&style, &haveStyle, "Postgres")
		case p == "GERMAN":
			conflict = set(&style, &haveStyle, "German")
			if !haveOrder {
				order = "DMY"
			}
		case p == "YMD":
			conflict = set(&order, &haveOrder, p)
		case p == "DMY", strings.HasPrefix(p, "EURO"):
			conflict = set(&order, &haveOrder, "DMY")
		case p == "MDY", p == "US", strings.HasPrefix(p, "NONEURO"):
			conflict = set(&order, &haveOrder, "MDY")
		case p == "DEFAULT":
			if !haveStyle {
				style = "ISO"
			}
			if !haveOrder {
				order = "MDY"
			}
		default:
			return "", refusal.New(refusal.InvalidParameterValue, "invalid value for parameter \"DateStyle\": %q", value).
				WithDetail("Unrecognized key word: %q.", strings.ToLower(strings.Trim(part, " \"")))
		}
		if conflict {
			return "", refusal.New(refusal.InvalidParameterValue, "invalid value for parameter \"DateStyle\": %q", value).
				WithDetail("Conflicting \"datestyle\" specifications.")
		}
	}
	return style + ", " + order, nil
}

// ascii replaces what is not printable ASCII, as PostgreSQL does for names that go to logs.
func ascii(value string) (string, error) {
	if !utf8.ValidString(value) {
		return "", invalid(value)
	}
	var b strings.Builder
	for i := 0; i < len(value); i++ {
		if c := value[i]; c >= 0x20 && c <= 0x7e {
			b.WriteByte(c)
		} else {
			b.WriteString("\\x" + strconv.FormatUint(uint64(c)+0x100, 16)[1:])
		}
	}
	return b.String(), nil
}
