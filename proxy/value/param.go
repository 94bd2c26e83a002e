package value

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"math"
	"strconv"
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

// Param reads parameter number n (from 1) of Bind into text. raw is not kept, and its texts are in the client's encoding. Errors
// are refusals and name the client's own value at most.
func Param(t catalog.Type, format int16, raw []byte, n int, e *Encoding) (string, error) {
	if format == Binary {
		text, err := binaryText(t, raw)
		if err != nil {
			if size := int(t.Size()); !t.Array && size > 0 && t.Kind != catalog.Name && len(raw) < size {
				return "", refusal.New(refusal.ProtocolViolation, "insufficient data left in message")
			}
			return "", refusal.New(refusal.InvalidBinaryRepresent, "incorrect binary data format in bind parameter %d", n)
		}
		if text, err = decodeText(text, e); err != nil || t.Kind != catalog.JSON && t.Kind != catalog.JSONB {
			return text, err
		}
		return catalog.Input(t, text) // both forms of these are text
	}
	text, err := decodeText(string(raw), e)
	if err != nil {
		return "", err
	}
	return catalog.Input(t, text)
}

func decodeText(raw string, e *Encoding) (string, error) {
	text, err := e.Decode(raw)
	if err != nil {
		return "", err
	}
	return checkText(text)
}

// checkText refuses what no text of PostgreSQL can hold.
func checkText(s string) (string, error) {
	for i, r := range s {
		if _, size := utf8.DecodeRuneInString(s[i:]); r == 0 || r == utf8.RuneError && size == 1 {
			return "", refusal.New(refusal.CharacterNotInRepertory, "invalid byte sequence for encoding \"UTF8\": %s", badBytes(s[i:]))
		}
	}
	return s, nil
}

// badBytes shows the bytes of a character that is none, as many as its first one promises.
func badBytes(s string) string {
	length := 1
	switch c := s[0]; {
	case c&0xe0 == 0xc0:
		length = 2
	case c&0xf0 == 0xe0:
		length = 3
	case c&0xf8 == 0xf0:
		length = 4
	}
	return shownBytes(s[:min(length, len(s))])
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
