package value

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/refusal"
	"github.com/jackc/pgx/v5/pgtype"
)

// The formats of the protocol.
const (
	Text   int16 = 0
	Binary int16 = 1
)

var errBinary = errors.New("value: malformed binary value")

// Param reads parameter number n (from 1) of Bind into text. raw is not kept. Errors are refusals and name the
// client's own value at most.
func Param(t catalog.Type, format int16, raw []byte, n int) (string, error) {
	if format == Binary {
		text, err := binaryText(t, raw)
		if err != nil {
			return "", refusal.New(refusal.InvalidBinaryRepresent, "incorrect binary data format in bind parameter %d", n)
		}
		return checkText(text)
	}
	text, err := checkText(string(raw))
	if err != nil || t.Array {
		return text, err
	}
	return checkInput(t, text)
}

// checkText refuses what no text of PostgreSQL can hold.
func checkText(s string) (string, error) {
	if strings.IndexByte(s, 0) >= 0 || !utf8.ValidString(s) {
		return "", refusal.New(refusal.CharacterNotInRepertory, "invalid byte sequence for encoding \"UTF8\"")
	}
	return s, nil
}

// checkInput reads the text as the type's input function would, for the types that have few ways to be written. Other
// types (interval, json, time) pass as they are: who uses the value reads it.
func checkInput(t catalog.Type, text string) (string, error) {
	switch t.Kind {
	case catalog.Numeric:
		if _, err := catalog.ParseValue(catalog.Of(catalog.Numeric), text); err != nil {
			return "", inputError(t, text)
		}
		return strings.TrimSpace(text), nil // keeps the scale that was written
	case catalog.Bool, catalog.Int2, catalog.Int4, catalog.Int8, catalog.OID, catalog.Float4, catalog.Float8,
		catalog.UUID, catalog.Date, catalog.Timestamp, catalog.Timestamptz, catalog.Bytea:
		plain := catalog.Of(t.Kind)
		out, err := catalog.ParseValue(plain, text)
		if err != nil {
			return "", inputError(plain, text)
		}
		return out, nil
	}
	return text, nil
}

func inputError(t catalog.Type, text string) error {
	const shown = 100
	if len(text) > shown {
		text = strings.ToValidUTF8(text[:shown], "") + "…"
	}
	switch {
	case t.IsDateTime():
		return refusal.New(refusal.InvalidDatetime, "invalid input syntax for type %s: %q", t, text)
	case t.IsInteger():
		if _, err := strconv.ParseInt(strings.TrimSpace(text), 10, 8); errors.Is(err, strconv.ErrRange) {
			return refusal.New(refusal.NumericOutOfRange, "value %q is out of range for type %s", text, t)
		}
	}
	return refusal.New(refusal.InvalidTextRepresent, "invalid input syntax for type %s: %q", t, text)
}

// binaryText reads a value in binary format into PostgreSQL's output text.
func binaryText(t catalog.Type, raw []byte) (string, error) {
	if t.Array {
		return arrayText(t, raw)
	}
	if size := t.Size(); size > 0 && t.Kind != catalog.Name && len(raw) != int(size) {
		return "", errBinary
	}
	switch t.Kind {
	case catalog.Text, catalog.Varchar, catalog.Bpchar, catalog.Name, catalog.JSON, catalog.Unknown:
		return string(raw), nil
	case catalog.JSONB:
		if len(raw) == 0 || raw[0] != 1 {
			return "", errBinary
		}
		return string(raw[1:]), nil
	case catalog.Bool:
		if raw[0] > 1 {
			return "", errBinary
		}
		return string("ft"[raw[0]]), nil
	case catalog.Int2:
		return strconv.Itoa(int(int16(binary.BigEndian.Uint16(raw)))), nil
	case catalog.Int4:
		return strconv.Itoa(int(int32(binary.BigEndian.Uint32(raw)))), nil
	case catalog.Int8:
		return strconv.FormatInt(int64(binary.BigEndian.Uint64(raw)), 10), nil
	case catalog.OID, catalog.Xid:
		return strconv.FormatUint(uint64(binary.BigEndian.Uint32(raw)), 10), nil
	case catalog.Float4:
		return catalog.FormatFloat(float64(math.Float32frombits(binary.BigEndian.Uint32(raw))), 32), nil
	case catalog.Float8:
		return catalog.FormatFloat(math.Float64frombits(binary.BigEndian.Uint64(raw)), 64), nil
	case catalog.Numeric:
		return numericText(raw)
	case catalog.Bytea:
		return `\x` + hex.EncodeToString(raw), nil
	case catalog.UUID:
		h := hex.EncodeToString(raw)
		return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:], nil
	case catalog.Date, catalog.Time, catalog.Timestamp, catalog.Timestamptz:
		return momentText(t.Kind, raw)
	case catalog.Timetz:
		return timetzText(raw)
	case catalog.Interval:
		return intervalText(raw)
	}
	if t.IsReg() {
		return strconv.FormatUint(uint64(binary.BigEndian.Uint32(raw)), 10), nil
	}
	return "", errBinary
}

// The range of PostgreSQL's dates and timestamps: 4714-11-24 BC to the ends of years 5874897 and 294276.
const (
	minDay = -2440588 // since 1970-01-01
	maxDay = 2145042905
)

func momentText(k catalog.Kind, raw []byte) (string, error) {
	if k == catalog.Date {
		switch d := int32(binary.BigEndian.Uint32(raw)); d {
		case dateInfinity:
			return "infinity", nil
		case dateNegInfinity:
			return "-infinity", nil
		default:
			days := int64(d) + epochDays
			if days < minDay || days > maxDay {
				return "", errBinary
			}
			return catalog.FormatDate(days), nil
		}
	}
	n := int64(binary.BigEndian.Uint64(raw))
	switch {
	case k == catalog.Time:
		if n < 0 || n > microsPerDay {
			return "", errBinary
		}
		return clockText(n), nil
	case n == momentInfinity:
		return "infinity", nil
	case n == momentNegInfinity:
		return "-infinity", nil
	case n < (minDay-epochDays)*microsPerDay || n > math.MaxInt64-epochDays*microsPerDay:
		return "", errBinary
	}
	return catalog.FormatTimestamp(n+epochDays*microsPerDay, k == catalog.Timestamptz), nil
}

func intervalText(raw []byte) (string, error) {
	v := pgtype.Interval{Microseconds: int64(binary.BigEndian.Uint64(raw)), Days: int32(binary.BigEndian.Uint32(raw[8:])),
		Months: int32(binary.BigEndian.Uint32(raw[12:])), Valid: true}
	text, err := v.Value()
	if err != nil {
		return "", errBinary
	}
	s, _ := text.(string)
	return s, nil
}
