package setting

import (
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

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

// only is an enum of PostgreSQL of which one value is supported here.
func only(name, word string) func(string) (string, error) {
	return func(value string) (string, error) {
		if strings.EqualFold(value, word) {
			return word, nil
		}
		return "", refusal.New(refusal.NotSupported, "%s %q is not supported", name, value).WithHint("Use %s.", word)
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
			return "", refusal.New(refusal.InvalidParameterValue, "%d ms is outside the valid range for parameter %q (0 ms .. %d ms)",
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

// encoding accepts UTF-8 under its many names, and SQL_ASCII, which means that nothing is converted.
func encoding(value string) (string, error) {
	key := strings.Map(func(r rune) rune {
		// As PostgreSQL, which looks at letters and digits alone: asyncpg sends 'utf-8' with its quotes.
		if r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, strings.ToUpper(value))
	switch key {
	case "UTF8", "UNICODE":
		return "UTF8", nil
	case "SQLASCII":
		return "SQL_ASCII", nil
	}
	return "", refusal.New(refusal.InvalidParameterValue, "invalid value for parameter \"client_encoding\": %q", value).
		WithHint("Only UTF8 is supported.")
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
