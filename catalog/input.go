package catalog

import (
	"encoding/hex"
	"math"
	"math/big"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/dpproxy/dpproxy/refusal"
)

// Input reads text as PostgreSQL's input function of a type does, and returns the type's output text: 0x1F as int4 is "31",
// 1e2 as numeric "100", \x0A as bytea "\x0a". Modifiers (lengths, scales) do not count. Intervals, which rewrite/expr reads, and
// types that have no values here pass as they are. An error is a *refusal.Error with PostgreSQL's code and words, without a position.
//
// It is for what a client sends: literals and parameters. ParseValue is for what an owner declares, and stricter.
func Input(t Type, text string) (string, error) {
	if t.Array {
		return inputArray(t, text)
	}
	switch t.Kind {
	case Int2, Int4, Int8:
		return inputInteger(t, text)
	case Numeric:
		return inputNumeric(text)
	case Float4, Float8:
		return inputFloat(t, text)
	case OID:
		return inputOID(text)
	case Name:
		return cutName(text), nil
	case Bytea:
		return inputBytea(text)
	case JSON, JSONB:
		out, err := jsonbText(text)
		switch {
		case err != nil:
			return "", refusal.New(refusal.InvalidTextRepresent, "invalid input syntax for type json")
		case t.Kind == JSON:
			return text, nil // json keeps how it is written
		}
		return out, nil
	case Date, Timestamp, Timestamptz, Time, Timetz:
		return inputTime(t, text)
	case Bool, UUID:
		out, err := ParseValue(Of(t.Kind), text)
		if err != nil {
			return "", badSyntax(t, text)
		}
		return out, nil
	}
	return text, nil
}

// shownInput is the most bytes of a value that a message repeats.
const shownInput = 100

func shorten(text string) string {
	if len(text) > shownInput {
		return strings.ToValidUTF8(text[:shownInput], "") + "…"
	}
	return text
}

func badSyntax(t Type, text string) error {
	code := refusal.InvalidTextRepresent
	name := Of(t.Kind).String()
	switch t.Kind {
	case Date, Timetz, Timestamptz:
		code = refusal.InvalidDatetime
	case Time, Timestamp: // PostgreSQL's messages leave "without time zone" out
		code, name = refusal.InvalidDatetime, strings.TrimSuffix(name, " without time zone")
	}
	return refusal.New(code, "invalid input syntax for type %s: \"%s\"", name, shorten(text))
}

// isSpace is C's isspace, which the input functions of numbers skip at both ends.
func isSpace(r rune) bool { return r == ' ' || r >= '\t' && r <= '\r' }

// inputInteger takes decimal, hexadecimal, octal and binary digits, with single underscores between them.
func inputInteger(t Type, text string) (string, error) {
	if isPlainInt(t, text) {
		return text, nil
	}
	n, ok := wholeNumber(strings.TrimFunc(text, isSpace))
	if !ok {
		return "", badSyntax(t, text)
	}
	bits := uint(t.Size()) * 8
	limit := new(big.Int).Lsh(big.NewInt(1), bits-1)
	if n.Cmp(limit) >= 0 || n.Cmp(new(big.Int).Neg(limit)) < 0 {
		return "", refusal.New(refusal.NumericOutOfRange, "value \"%s\" is out of range for type %s", shorten(text), Of(t.Kind))
	}
	return n.String(), nil
}

// wholeNumber reads an integer in any of PostgreSQL's bases.
func wholeNumber(s string) (*big.Int, bool) {
	digits := s
	if digits != "" && (digits[0] == '-' || digits[0] == '+') {
		digits = digits[1:]
	}
	base := 10
	if len(digits) > 2 && digits[0] == '0' {
		switch digits[1] | 0x20 {
		case 'x':
			base = 16
		case 'o':
			base = 8
		case 'b':
			base = 2
		}
	}
	if base != 10 {
		digits = strings.TrimPrefix(digits[2:], "_")
	}
	digits, ok := withoutUnderscores(digits)
	if !ok || len(digits) > maxExponent || digits[0] == '-' || digits[0] == '+' {
		return nil, false
	}
	n, ok := new(big.Int).SetString(digits, base)
	if ok && s[0] == '-' {
		n.Neg(n)
	}
	return n, ok
}

// withoutUnderscores takes out single underscores between digits; others, and no digits, are wrong.
func withoutUnderscores(digits string) (string, bool) {
	if digits == "" || digits[0] == '_' || digits[len(digits)-1] == '_' || strings.Contains(digits, "__") {
		return "", false
	}
	return strings.ReplaceAll(digits, "_", ""), true
}

// inputNumeric keeps the scale that is written, as numeric does.
func inputNumeric(text string) (string, error) {
	s := strings.TrimFunc(text, isSpace)
	if f, ok := specialFloat(s); ok {
		return FormatFloat(f, 64), nil
	}
	if n, ok := wholeNumber(s); ok {
		return n.String(), nil
	}
	plain := s
	if strings.Contains(s, "_") {
		for _, part := range strings.FieldsFunc(s, func(r rune) bool { return strings.ContainsRune("+-.eE", r) }) {
			if _, ok := withoutUnderscores(part); !ok {
				return "", badSyntax(Of(Numeric), text)
			}
		}
		plain = strings.ReplaceAll(s, "_", "")
	}
	r, err := ParseDecimal(plain)
	if err != nil {
		if err != errNoNumber {
			return "", refusal.New(refusal.NumericOutOfRange, "value overflows numeric format")
		}
		return "", badSyntax(Of(Numeric), text)
	}
	return FormatDecimal(r, scaleOf(plain)), nil
}

// scaleOf is how many decimals a number has as it is written: 2 of "1.50" and of "15.0e-1", 0 of "1e5".
func scaleOf(number string) int {
	mantissa, exponent, _ := strings.Cut(strings.ToLower(number), "e")
	_, fraction, _ := strings.Cut(mantissa, ".")
	n, err := strconv.Atoi(exponent)
	if err != nil {
		n = 0
	}
	return max(0, len(fraction)-n)
}

func inputFloat(t Type, text string) (string, error) {
	bits := int(t.Size()) * 8
	s := strings.TrimFunc(text, isSpace)
	if f, ok := specialFloat(s); ok {
		return FormatFloat(f, bits), nil
	}
	number := strings.ToLower(s)
	hexadecimal := strings.HasPrefix(strings.TrimLeft(number, "+-"), "0x")
	if hexadecimal && !strings.Contains(number, "p") {
		number += "p0"
	}
	f, err := strconv.ParseFloat(number, bits)
	out := refusal.New(refusal.NumericOutOfRange, "\"%s\" is out of range for type %s", shorten(s), Of(t.Kind))
	if err != nil {
		if e, ok := err.(*strconv.NumError); ok && e.Err == strconv.ErrRange && !strings.Contains(number, "_") {
			return "", out
		}
		return "", badSyntax(t, text)
	}
	mantissa, _, _ := strings.Cut(number, "e")
	switch {
	case strings.ContainsAny(number, "_in"), math.IsInf(f, 0):
		return "", badSyntax(t, text)
	case f == 0 && !hexadecimal && strings.ContainsAny(mantissa, "123456789"):
		return "", out
	}
	if f == 0 {
		f = 0 // minus zero is zero: they are equal, and one question
	}
	return FormatFloat(f, bits), nil
}

func inputOID(text string) (string, error) {
	n, err := strconv.ParseInt(strings.TrimFunc(text, isSpace), 10, 64)
	switch {
	case err != nil:
		return "", badSyntax(Of(OID), text)
	case n < math.MinInt32 || n > math.MaxUint32:
		return "", refusal.New(refusal.NumericOutOfRange, "value \"%s\" is out of range for type oid", shorten(text))
	}
	return strconv.FormatUint(uint64(uint32(n)), 10), nil
}

// cutName cuts what is longer than a name may be, between characters.
func cutName(text string) string {
	const longest = 63
	if len(text) <= longest {
		return text
	}
	end := longest
	for end > 0 && !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end]
}

// inputBytea reads the hexadecimal and the escape format.
func inputBytea(text string) (string, error) {
	if digits, ok := strings.CutPrefix(text, `\x`); ok {
		digits = strings.Map(func(r rune) rune {
			if strings.ContainsRune(" \n\t\r", r) {
				return -1
			}
			return r
		}, digits)
		raw, err := hex.DecodeString(digits)
		if bad, ok := err.(hex.InvalidByteError); ok {
			return "", refusal.New(refusal.InvalidParameterValue, "invalid hexadecimal digit: \"%s\"", strings.ToValidUTF8(string(rune(bad)), "?"))
		}
		if err != nil {
			return "", refusal.New(refusal.InvalidParameterValue, "invalid hexadecimal data: odd number of digits")
		}
		return `\x` + hex.EncodeToString(raw), nil
	}
	var raw []byte
	for i := 0; i < len(text); i++ {
		switch rest := text[i:]; {
		case text[i] != '\\':
			raw = append(raw, text[i])
		case strings.HasPrefix(rest, `\\`):
			raw, i = append(raw, '\\'), i+1
		case len(rest) >= 4 && rest[1] >= '0' && rest[1] <= '3' && rest[2] >= '0' && rest[2] <= '7' && rest[3] >= '0' && rest[3] <= '7':
			raw, i = append(raw, (rest[1]-'0')<<6|(rest[2]-'0')<<3|(rest[3]-'0')), i+3
		default:
			return "", refusal.New(refusal.InvalidTextRepresent, "invalid input syntax for type bytea")
		}
	}
	return `\x` + hex.EncodeToString(raw), nil
}
