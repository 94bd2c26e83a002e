package config

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/privacy"
)

// setText makes a reader that stores a text.
func setText(to *string) func(value) {
	return func(v value) {
		if s, ok := v.text(); ok {
			*to = s
		}
	}
}

func setBool(to *bool) func(value) {
	return func(v value) {
		if b, ok := v.boolean(); ok {
			*to = b
		}
	}
}

func (v value) boolean() (b, ok bool) {
	s, ok := v.text()
	if !ok {
		return false, false
	}
	switch s {
	case "true", "True", "TRUE":
		return true, true
	case "false", "False", "FALSE":
		return false, true
	}
	v.fault("must be true or false, not %q", s)
	return false, false
}

// setChoice makes a reader that stores one of a closed list of words.
func setChoice(to *string, choices ...string) func(value) {
	return func(v value) {
		if s, ok := v.choice(choices...); ok {
			*to = s
		}
	}
}

func (v value) choice(choices ...string) (string, bool) {
	s, ok := v.text()
	if !ok {
		return "", false
	}
	if slices.Contains(choices, s) {
		return s, true
	}
	f := v.fault("must be one of %s, not %q", strings.Join(choices, ", "), s)
	if near := catalog.Nearest(s, choices); near != "" {
		f.Hint = "did you mean " + near + "?"
	}
	return "", false
}

// number text without the underscores that YAML allows in it.
func (v value) numberText() (string, bool) {
	s, ok := v.text()
	if v.node.Tag == "!!int" || v.node.Tag == "!!float" {
		s = strings.ReplaceAll(s, "_", "")
	}
	return s, ok
}

// whole reads a whole number from lowest on.
func (v value) whole(lowest int64) (int64, bool) {
	s, ok := v.numberText()
	if !ok {
		return 0, false
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < lowest {
		v.fault("must be a whole number of at least %d, not %q", lowest, s)
		return 0, false
	}
	return n, true
}

func setWhole(to *int64, lowest int64) func(value) {
	return func(v value) {
		if n, ok := v.whole(lowest); ok {
			*to = n
		}
	}
}

func setInt(to *int, lowest int64) func(value) {
	return func(v value) {
		if n, ok := v.whole(lowest); ok {
			*to = int(min(n, math.MaxInt32))
		}
	}
}

// setBytes reads a size: "65536", "64KiB", "1MB". K, M and G are powers of 1024, as PostgreSQL has them.
func setBytes(to *int, lowest int) func(value) {
	return func(v value) {
		s, ok := v.numberText()
		if !ok {
			return
		}
		digits := strings.TrimRightFunc(s, func(r rune) bool { return !unicode.IsDigit(r) })
		n, err := strconv.ParseInt(digits, 10, 32)
		unit, known := map[string]int64{"": 1, "b": 1, "k": kib, "m": mib, "g": kib * mib}[sizeUnit(s[len(digits):])]
		if err != nil || !known || n*unit < int64(lowest) || n*unit > math.MaxInt32 {
			v.fault("must be a number of bytes from %d to 2147483647, such as 65536, 64KiB or 1MiB, not %q", lowest, s)
			return
		}
		*to = int(n * unit)
	}
}

// parseBytes reads a size of up to some terabytes.
func parseBytes(s string) (int64, bool) {
	digits := strings.TrimRightFunc(s, func(r rune) bool { return !unicode.IsDigit(r) })
	n, err := strconv.ParseInt(digits, 10, 44)
	unit, known := map[string]int64{"": 1, "b": 1, "k": kib, "m": mib, "g": kib * mib, "t": mib * mib}[sizeUnit(s[len(digits):])]
	if err != nil || !known || n > math.MaxInt64/unit {
		return 0, false
	}
	return n * unit, true
}

// sizeUnit turns "KiB", "kB" and " k" into "k".
func sizeUnit(s string) string {
	s = strings.ToLower(strings.TrimSpace(s))
	if len(s) > 1 {
		s = strings.TrimSuffix(strings.TrimSuffix(s, "b"), "i")
	}
	return s
}

const longestDuration = 200 * 360 * 24 * time.Hour // what a time.Duration holds, with room

// parseDuration reads "250ms", "30d", "1h30m", "90 seconds", "1 month". A month is 30 days, and a year 360 days.
func parseDuration(text string) (time.Duration, bool) {
	s := strings.ToLower(strings.TrimSpace(text))
	var total time.Duration
	for first := true; first || s != ""; first = false {
		digits := len(s) - len(strings.TrimLeft(s, "0123456789"))
		n, err := strconv.ParseInt(s[:digits], 10, 64)
		if err != nil {
			return 0, false
		}
		s = strings.TrimLeft(s[digits:], " ")
		letters := len(s) - len(strings.TrimLeft(s, "abcdefghijklmnopqrstuvwxyz"))
		unit, ok := durationUnit(s[:letters])
		if !ok || n > int64(longestDuration/unit) {
			return 0, false
		}
		s = strings.TrimLeft(s[letters:], " ")
		if total += time.Duration(n) * unit; total > longestDuration {
			return 0, false
		}
	}
	return total, true
}

func durationUnit(s string) (time.Duration, bool) {
	const day = 24 * time.Hour
	switch s {
	case "ms", "millisecond", "milliseconds":
		return time.Millisecond, true
	case "s", "sec", "second", "seconds":
		return time.Second, true
	case "m", "min", "minute", "minutes":
		return time.Minute, true
	case "h", "hour", "hours":
		return time.Hour, true
	case "d", "day", "days":
		return day, true
	case "w", "week", "weeks":
		return 7 * day, true
	case "month", "months":
		return 30 * day, true
	case "y", "year", "years":
		return 360 * day, true
	}
	return 0, false
}

// setTimeout reads a duration or, as PgBouncer does, a whole number of seconds. zero tells whether 0 (no limit) is
// allowed.
func setTimeout(to *time.Duration, zero bool) func(value) {
	return func(v value) {
		s, ok := v.numberText()
		if !ok {
			return
		}
		d, ok := parseDuration(s)
		if n, err := strconv.ParseUint(s, 10, 31); err == nil {
			d, ok = time.Duration(n)*time.Second, true
		}
		switch {
		case !ok:
			v.fault("%q is no duration", s).Hint = "write 250ms, 30s, 5m, 2h, or a number of seconds"
		case d == 0 && !zero:
			v.fault("must be more than 0")
		default:
			*to = d
		}
	}
}

// amount reads an exact decimal by one of package privacy's parsers.
func amount[T any](v value, parse func(string) (T, error)) (T, bool) {
	var zero T
	s, ok := v.numberText()
	if !ok {
		return zero, false
	}
	if strings.HasPrefix(s, ".") {
		s = "0" + s
	}
	n, err := parse(s)
	if err != nil {
		v.fault("%s", strings.TrimSuffix(strings.TrimPrefix(err.Error(), "privacy: "), ": "+privacy.ErrOverflow.Error()))
		return zero, false
	}
	return n, true
}

func setEpsilon(to *privacy.Epsilon, parse func(string) (privacy.Epsilon, error)) func(value) {
	return func(v value) {
		e, ok := amount(v, parse)
		switch {
		case !ok:
		case e == 0:
			v.fault("must be more than 0, in steps of 1e-9")
		default:
			*to = e
		}
	}
}

func setDelta(to *privacy.Delta, parse func(string) (privacy.Delta, error)) func(value) {
	return func(v value) {
		d, ok := amount(v, parse)
		switch {
		case !ok:
		case d == privacy.DeltaUnits:
			v.fault("must be less than 1").Hint = "δ is the probability that nothing is protected: well below 1/number of units"
		default:
			*to = d
		}
	}
}

// name reads a name that is shown to people and used as an identifier: at most 63 bytes, as in PostgreSQL.
func (v value) name() (string, bool) {
	s, ok := v.text()
	return s, ok && v.checkName(s)
}

func (v value) checkName(s string) bool {
	switch {
	case s == "":
		v.fault("a name cannot be empty")
	case len(s) > 63:
		v.fault("the name is longer than 63 bytes, which no client can send")
	case !utf8.ValidString(s) || strings.ContainsFunc(s, unicode.IsControl):
		v.fault("the name holds control characters")
	default:
		return true
	}
	return false
}

// scalar keeps a value as it is written, for the catalog to read in its column's type.
func (v value) scalar() (catalog.Scalar, bool) {
	if v.isNull() {
		return catalog.Scalar{Position: v.position(), Null: true}, true
	}
	s, ok := v.text()
	if v.node.Tag == "!!int" || v.node.Tag == "!!float" {
		s = strings.ReplaceAll(s, "_", "")
	}
	return catalog.Scalar{Position: v.position(), Text: s}, ok
}

func sortedKeys[T any](m map[string]T) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
