package catalog

import (
	"encoding/hex"
	"errors"
	"fmt"
	"math/big"
	"strconv"
	"strings"
	"unicode/utf8"
)

// ParseValue reads a value as the type's input function would and returns its output text in PostgreSQL's form: "t"
// for true, "007" as int is "7", 1.5 as numeric(10,2) is "1.50", dates ISO, floats shortest, char(n) padded, uuid lower
// case. Numeric without a scale is printed without trailing zeros. What the type cannot hold without loss is an error
// ("is no whole number", …) that reads as the end of a sentence whose subject is the value.
func ParseValue(t Type, text string) (string, error) {
	if !t.HasValues() {
		return "", fmt.Errorf("cannot be a declared value, as the type is %s", t)
	}
	switch t.Kind {
	case Bool:
		return parseBool(text)
	case Int2, Int4, Int8, Numeric:
		return parseExactNumber(t, text)
	case OID:
		n, err := strconv.ParseUint(strings.TrimSpace(text), 10, 32)
		if err != nil {
			return "", errors.New("is no object id")
		}
		return strconv.FormatUint(n, 10), nil
	case Float4, Float8:
		f, err := parseFloat(t, text)
		if err != nil {
			return "", err
		}
		return FormatFloat(f, int(t.Size())*8), nil
	case Text, Varchar, Bpchar, Name:
		return parseText(t, text)
	case Date, Time, Timestamp, Timestamptz:
		return parsePointInTime(t, text)
	case UUID:
		return parseUUID(text)
	case Bytea:
		return parseBytea(text)
	}
	return "", fmt.Errorf("cannot be a declared value, as the type is %s", t)
}

// parseBool follows PostgreSQL: unambiguous prefixes of true, false, yes, no, on, off, and 1, 0.
func parseBool(text string) (string, error) {
	s := strings.ToLower(strings.TrimSpace(text))
	switch {
	case s == "":
	case s == "1", s == "on", strings.HasPrefix("true", s), strings.HasPrefix("yes", s):
		return "t", nil
	case s == "0", s == "of", s == "off", strings.HasPrefix("false", s), strings.HasPrefix("no", s):
		return "f", nil
	}
	return "", errors.New("is no boolean")
}

// parseExactNumber reads integers and numeric.
func parseExactNumber(t Type, text string) (string, error) {
	if isPlainInt(t, text) {
		return text, nil
	}
	if f, ok := specialFloat(strings.TrimSpace(text)); ok && t.Kind == Numeric {
		if f != f || !t.HasScale { // numeric(p, s) holds NaN, but no infinity
			return FormatFloat(f, 64), nil
		}
	}
	r, err := ParseDecimal(text)
	if err != nil {
		return "", err
	}
	if err := t.CheckRat(r); err != nil {
		return "", err
	}
	if t.Kind == Numeric && !t.HasScale {
		// Exact: the denominator divides a power of ten of as many digits as it has bits.
		return trimDecimal(FormatDecimal(r, r.Denom().BitLen()-1)), nil
	}
	return FormatRat(t, r), nil
}

// isPlainInt tells that a text is a whole number of the type as it would be printed; most that are asked about are.
func isPlainInt(t Type, text string) bool {
	bits := 0
	switch t.Kind {
	case Int2:
		bits = 16
	case Int4:
		bits = 32
	case Int8:
		bits = 64
	}
	digits := strings.TrimPrefix(text, "-")
	if bits == 0 || t.Array || digits == "" || digits[0] < '1' && text != "0" || digits[0] > '9' {
		return false // signs and zeros before it, and blanks, are for the long way
	}
	_, err := strconv.ParseInt(text, 10, bits)
	return err == nil
}

// CheckRat tells whether the type holds exactly this number (for dates days, for timestamps microseconds). Floats hold
// every number in their range, rounded. The error reads as the end of a sentence whose subject is the number.
func (t Type) CheckRat(r *big.Rat) error {
	if !t.HasBounds() {
		return fmt.Errorf("is no value of type %s", t)
	}
	if lowest, highest, ok := t.Range(); ok && (r.Cmp(lowest) < 0 || r.Cmp(highest) > 0) {
		return fmt.Errorf("is out of the range of %s", t)
	}
	switch {
	case t.Kind == Numeric && t.HasScale:
		if !new(big.Rat).Mul(r, ratPow10(t.Scale)).IsInt() {
			return fmt.Errorf("has more decimals than %s", t)
		}
	case t.IsInteger() || t.IsDateTime():
		if !r.IsInt() {
			return errors.New("is no whole number")
		}
	}
	return nil
}

func parseText(t Type, text string) (string, error) {
	if !utf8.ValidString(text) || strings.IndexByte(text, 0) >= 0 {
		return "", errors.New("is no text that PostgreSQL can hold")
	}
	n := utf8.RuneCountInString(text)
	switch {
	case t.Kind == Name && len(text) > 63:
		return "", errors.New("is longer than 63 bytes")
	case t.Kind == Varchar && t.Length > 0 && n > t.Length:
		return "", fmt.Errorf("is longer than %s", t)
	case t.Kind == Bpchar:
		text = strings.TrimRight(text, " ") // blanks at the end do not count in char(n)
		if n = utf8.RuneCountInString(text); t.Length > 0 && n > t.Length {
			return "", fmt.Errorf("is longer than %s", t)
		}
		if n < t.Length {
			text += strings.Repeat(" ", t.Length-n)
		}
	}
	return text, nil
}

func parsePointInTime(t Type, text string) (string, error) {
	s := strings.ToLower(strings.TrimSpace(text))
	if t.Kind != Time && (s == "infinity" || s == "-infinity") {
		return s, nil
	}
	if t.Kind == Time {
		micros, err := parseTimeOfDay(text)
		if err != nil {
			return "", err
		}
		return formatTimeOfDay(micros), nil
	}
	r, err := ToRat(t, text)
	if err != nil {
		return "", err
	}
	return FormatRat(t, r), nil
}

func parseUUID(text string) (string, error) {
	s := strings.ToLower(strings.TrimSpace(text))
	s = strings.TrimSuffix(strings.TrimPrefix(s, "{"), "}")
	digits := strings.ReplaceAll(s, "-", "")
	if raw, err := hex.DecodeString(digits); err != nil || len(raw) != 16 {
		return "", errors.New("is no uuid")
	}
	return strings.Join([]string{digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]}, "-"), nil
}

func parseBytea(text string) (string, error) {
	raw, err := hex.DecodeString(strings.TrimPrefix(text, `\x`))
	if err != nil || !strings.HasPrefix(text, `\x`) {
		return "", errors.New(`is no bytea; write \x and hexadecimal digits`)
	}
	return `\x` + hex.EncodeToString(raw), nil
}

// ToRat reads a number, a date (days since 1970-01-01) or a timestamp (microseconds since 1970-01-01 00:00, UTC for
// timestamptz) exactly. Floats are first rounded to the type. NaN and infinities are errors, as is a number that an
// integer or numeric(p, s) cannot hold.
func ToRat(t Type, text string) (*big.Rat, error) {
	if t.Array {
		return nil, fmt.Errorf("is no value of type %s", t)
	}
	switch t.Kind {
	case Int2, Int4, Int8, Numeric:
		r, err := ParseDecimal(text)
		if err != nil {
			return nil, err
		}
		return r, t.CheckRat(r)
	case Float4, Float8:
		f, err := parseFloat(t, text)
		if err != nil {
			return nil, err
		}
		r := new(big.Rat).SetFloat64(f)
		if r == nil {
			return nil, errors.New("is not finite")
		}
		return r, nil
	case Date:
		days, err := parseDate(text)
		return ratInt(days), err
	case Timestamp, Timestamptz:
		micros, err := parseTimestamp(text, t.Kind == Timestamptz)
		return ratInt(micros), err
	}
	return nil, fmt.Errorf("is no value of type %s", t)
}

// FormatRat prints a number, date, timestamp or boolean (as ToRat counts them) in PostgreSQL's output text. Integers, days and
// microseconds are rounded half away from zero; numeric(p, s) to s digits; numeric without a scale without trailing zeros
// where 16 digits hold it exactly, else like PostgreSQL's division (FormatQuotient, which always does so); floats shortest, the
// largest finite float where r is beyond. Other types print r as a fraction.
func FormatRat(t Type, r *big.Rat) string {
	switch {
	case t.Array:
		return r.RatString()
	case t.Kind == Bool: // 0 and 1
		if r.Sign() > 0 {
			return "t"
		}
		return "f"
	case t.IsInteger():
		return roundRat(r).String()
	case t.Kind == Numeric && t.HasScale:
		return FormatDecimal(r, t.Scale)
	case t.Kind == Numeric:
		text := FormatQuotient(r)
		if short := trimDecimal(text); exactly(short, r) {
			return short
		}
		return text
	case t.IsFloat():
		return FormatFloat(clampFloat(t, r), int(t.Size())*8)
	case t.Kind == Date:
		return FormatDate(roundRat(r).Int64())
	case t.Kind == Timestamp, t.Kind == Timestamptz:
		return FormatTimestamp(roundRat(r).Int64(), t.Kind == Timestamptz)
	}
	return r.RatString()
}

func trimDecimal(text string) string {
	if !strings.Contains(text, ".") {
		return text
	}
	return strings.TrimSuffix(strings.TrimRight(text, "0"), ".")
}

func exactly(text string, r *big.Rat) bool {
	got, err := ParseDecimal(text)
	return err == nil && got.Cmp(r) == 0
}

func clampFloat(t Type, r *big.Rat) float64 {
	limit := maxFloat64
	if t.Kind == Float4 {
		limit = maxFloat32
		f32, _ := r.Float32()
		return min(max(float64(f32), -limit), limit)
	}
	f, _ := r.Float64()
	return min(max(f, -limit), limit)
}
