package value

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/dpproxy/dpproxy/catalog"
	"github.com/jackc/pgx/v5/pgtype"
)

// Style is how a session wants values in text format. The zero value is ISO dates, PostgreSQL's own intervals, UTC and hex.
type Style struct {
	Zone        *time.Location // of timestamptz; nil is UTC
	EscapeBytea bool           // bytea_output = escape
	Date        DateStyle
	DayFirst    bool // DateStyle's DMY, which counts outside of ISO and German
	Interval    IntervalStyle
	FloatDigits int // extra_float_digits less 1: 0 and more is the shortest text that reads back the same
}

// Cells come from our own engines, so text that does not fit its type is a defect of ours: the caller reports it as an
// incident, and the text is not repeated.
var errCell = errors.New("value: a cell's text does not fit its column's type")

// AppendText appends a value in text format.
func (s Style) AppendText(dst []byte, t catalog.Type, text string) []byte {
	if t.HasNumbers() {
		return appendNamed(dst, text)
	}
	if !s.Changes(t) {
		return append(dst, text...)
	}
	if t.Array {
		return s.appendItems(dst, t, text)
	}
	out, err := dst, error(nil)
	switch t.Kind {
	case catalog.Bytea:
		var raw []byte
		if raw, err = byteaBytes(text); err == nil {
			out = appendEscaped(dst, raw)
		}
	case catalog.Float4, catalog.Float8:
		out, err = appendRounded(dst, t.Kind, text, s.FloatDigits+1)
	case catalog.Interval:
		out, err = s.Interval.append(dst, text)
	default:
		out, err = s.appendMoment(dst, t.Kind, text)
	}
	if err != nil { // infinity, and what only an engine with other limits has: as it stands
		return append(dst, text...)
	}
	return out
}

// appendRounded prints a float with so many digits more (or less) than its type surely holds: 6 of a float4, 15 of a float8.
func appendRounded(dst []byte, k catalog.Kind, text string, extra int) ([]byte, error) {
	digits := 15
	if k == catalog.Float4 {
		digits = 6
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsNaN(f) || math.IsInf(f, 0) {
		return append(dst, text...), nil
	}
	return appendGeneral(dst, f, max(1, digits+extra)), nil
}

// appendGeneral is C's %.*g.
func appendGeneral(dst []byte, f float64, digits int) []byte {
	text := strconv.FormatFloat(f, 'e', digits-1, 64)
	mantissa, exponent, _ := strings.Cut(text, "e")
	n, err := strconv.Atoi(exponent)
	if err == nil && n >= -4 && n < digits {
		fixed := strconv.FormatFloat(f, 'f', max(0, digits-1-n), 64)
		if strings.Contains(fixed, ".") {
			fixed = strings.TrimRight(strings.TrimRight(fixed, "0"), ".")
		}
		return append(dst, fixed...)
	}
	if strings.Contains(mantissa, ".") {
		mantissa = strings.TrimRight(strings.TrimRight(mantissa, "0"), ".")
	}
	return append(append(append(dst, mantissa...), 'e'), exponent...)
}

// Changes says whether the style prints values of a type, or of its elements, other than as they stand in cells.
func (s Style) Changes(t catalog.Type) bool {
	switch t.Kind {
	case catalog.Timestamptz:
		return s.Date != ISO || s.Zone != nil && s.Zone != time.UTC
	case catalog.Date, catalog.Timestamp:
		return s.Date != ISO
	case catalog.Interval:
		return s.Interval != Postgres
	case catalog.Bytea:
		return s.EscapeBytea
	case catalog.Float4, catalog.Float8:
		return s.FloatDigits < 0
	}
	return false
}

// AppendBinary appends a value in binary format, without its length. On error dst is as before.
func AppendBinary(dst []byte, t catalog.Type, text string) ([]byte, error) {
	if t.Array {
		return appendArray(dst, t, text)
	}
	switch t.Kind {
	case catalog.Text, catalog.Varchar, catalog.Bpchar, catalog.Name, catalog.JSON, catalog.Unknown:
		return append(dst, text...), nil
	case catalog.JSONB:
		return append(append(dst, 1), text...), nil // the only version of jsonb's binary form
	case catalog.Bool:
		switch text {
		case "t", "true":
			return append(dst, 1), nil
		case "f", "false":
			return append(dst, 0), nil
		}
	case catalog.Int2, catalog.Int4, catalog.Int8, catalog.OID:
		return appendInt(dst, t.Kind, text)
	case catalog.Float4:
		if f, err := strconv.ParseFloat(text, 32); err == nil {
			return binary.BigEndian.AppendUint32(dst, float32Bits(f)), nil
		}
	case catalog.Float8:
		if f, err := strconv.ParseFloat(text, 64); err == nil {
			return binary.BigEndian.AppendUint64(dst, float64Bits(f)), nil
		}
	case catalog.Numeric:
		return appendNumeric(dst, text)
	case catalog.Date, catalog.Time, catalog.Timestamp, catalog.Timestamptz:
		return appendMoment(dst, t.Kind, text)
	case catalog.Timetz:
		return appendTimetz(dst, text)
	case catalog.Char:
		if text == "" { // "char" has no empty value: it is the zero byte
			return append(dst, 0), nil
		}
		return append(dst, text[0]), nil
	case catalog.UUID:
		return appendUUID(dst, text)
	case catalog.Bytea:
		raw, err := byteaBytes(text)
		return append(dst, raw...), err
	case catalog.Interval:
		var v pgtype.Interval
		if err := v.Scan(text); err != nil {
			return dst, errCell
		}
		dst = binary.BigEndian.AppendUint64(dst, uint64(v.Microseconds))
		dst = binary.BigEndian.AppendUint32(dst, uint32(v.Days))
		return binary.BigEndian.AppendUint32(dst, uint32(v.Months)), nil
	default:
		return appendSystem(dst, t, text)
	}
	return dst, errCell
}

func appendInt(dst []byte, k catalog.Kind, text string) ([]byte, error) {
	if k == catalog.OID {
		n, err := strconv.ParseUint(text, 10, 32)
		if err != nil {
			return dst, errCell
		}
		return binary.BigEndian.AppendUint32(dst, uint32(n)), nil
	}
	bits := intBits(k)
	n, err := strconv.ParseInt(text, 10, bits)
	if err != nil {
		return dst, errCell
	}
	switch bits {
	case 16:
		return binary.BigEndian.AppendUint16(dst, uint16(n)), nil
	case 32:
		return binary.BigEndian.AppendUint32(dst, uint32(n)), nil
	}
	return binary.BigEndian.AppendUint64(dst, uint64(n)), nil
}

func intBits(k catalog.Kind) int {
	switch k {
	case catalog.Int2:
		return 16
	case catalog.Int4:
		return 32
	}
	return 64
}

func appendUUID(dst []byte, text string) ([]byte, error) {
	if len(text) != 36 {
		return dst, errCell
	}
	var raw [16]byte
	at := 0
	for i := 0; i < len(text); {
		if text[i] == '-' {
			i++
			continue
		}
		if at == len(raw) || i+2 > len(text) {
			return dst, errCell
		}
		if _, err := hex.Decode(raw[at:at+1], []byte(text[i:i+2])); err != nil {
			return dst, errCell
		}
		at, i = at+1, i+2
	}
	if at != len(raw) {
		return dst, errCell
	}
	return append(dst, raw[:]...), nil
}

// byteaBytes reads bytea's output text, hex or escape.
func byteaBytes(text string) ([]byte, error) {
	if len(text) >= 2 && text[:2] == `\x` {
		raw, err := hex.DecodeString(text[2:])
		if err != nil {
			return nil, errCell
		}
		return raw, nil
	}
	var raw []byte
	for i := 0; i < len(text); i++ {
		switch {
		case text[i] != '\\':
			raw = append(raw, text[i])
		case i+1 < len(text) && text[i+1] == '\\':
			raw, i = append(raw, '\\'), i+1
		case i+3 < len(text):
			n, err := strconv.ParseUint(text[i+1:i+4], 8, 8)
			if err != nil {
				return nil, errCell
			}
			raw, i = append(raw, byte(n)), i+3
		default:
			return nil, errCell
		}
	}
	return raw, nil
}

func appendEscaped(dst, raw []byte) []byte {
	for _, b := range raw {
		switch {
		case b == '\\':
			dst = append(dst, '\\', '\\')
		case b < 0x20 || b > 0x7e:
			dst = append(dst, '\\', '0'+b>>6, '0'+b>>3&7, '0'+b&7)
		default:
			dst = append(dst, b)
		}
	}
	return dst
}

// Go's NaN has a bit set that PostgreSQL's has not.
func float64Bits(f float64) uint64 {
	if math.IsNaN(f) {
		return 0x7ff8 << 48
	}
	return math.Float64bits(f)
}

func float32Bits(f float64) uint32 {
	if math.IsNaN(f) {
		return 0x7fc0 << 16
	}
	return math.Float32bits(float32(f))
}
