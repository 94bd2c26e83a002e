package value

import (
	"encoding/binary"
	"strconv"
	"strings"
)

// The sign words of numeric's binary form (numeric.c).
const (
	signPositive = 0x0000
	signNegative = 0x4000
	signNaN      = 0xC000
	signPosInf   = 0xD000
	signNegInf   = 0xF000
	// infinityScale is the display scale that PostgreSQL sends with an infinity.
	infinityScale = 0x20
)

// What numeric can hold (numeric.h): digits before and after the point.
const (
	maxNumericWhole = 131072
	maxNumericScale = 16383
)

// appendNumeric writes numeric's binary form: the number of base-10000 digits, the weight of the first, the sign, the
// display scale, and the digits. The text is plain decimal, as PostgreSQL prints it, or has an exponent.
func appendNumeric(dst []byte, text string) ([]byte, error) {
	switch text {
	case "NaN":
		return appendWords(dst, 0, 0, signNaN, 0), nil
	case "Infinity":
		return appendWords(dst, 0, 0, signPosInf, infinityScale), nil
	case "-Infinity":
		return appendWords(dst, 0, 0, signNegInf, infinityScale), nil
	}
	sign := uint16(signPositive)
	if strings.HasPrefix(text, "-") {
		sign, text = signNegative, text[1:]
	}
	whole, fraction, err := plainDecimal(text)
	if err != nil {
		return dst, err
	}
	scale := len(fraction)
	whole = strings.TrimLeft(whole, "0")
	if len(whole) > maxNumericWhole || scale > maxNumericScale {
		return dst, errCell
	}
	pad := (4 - len(whole)%4) % 4
	digits := strings.Repeat("0", pad) + whole + fraction + strings.Repeat("0", (4-scale%4)%4)
	weight := (len(whole)+pad)/4 - 1
	for strings.HasPrefix(digits, "0000") {
		digits, weight = digits[4:], weight-1
	}
	for strings.HasSuffix(digits, "0000") {
		digits = digits[:len(digits)-4]
	}
	if digits == "" {
		sign, weight = signPositive, 0
	}
	dst = appendWords(dst, uint16(len(digits)/4), uint16(int16(weight)), sign, uint16(scale))
	for i := 0; i < len(digits); i += 4 {
		d := uint16(digits[i]-'0')*1000 + uint16(digits[i+1]-'0')*100 + uint16(digits[i+2]-'0')*10 + uint16(digits[i+3]-'0')
		dst = binary.BigEndian.AppendUint16(dst, d)
	}
	return dst, nil
}

func appendWords(dst []byte, words ...uint16) []byte {
	for _, w := range words {
		dst = binary.BigEndian.AppendUint16(dst, w)
	}
	return dst
}

// plainDecimal splits a decimal without sign at its point, after moving the point by an exponent.
func plainDecimal(text string) (whole, fraction string, err error) {
	mantissa, exponent := text, 0
	if i := strings.IndexAny(text, "eE"); i >= 0 {
		mantissa = text[:i]
		if exponent, err = strconv.Atoi(text[i+1:]); err != nil || exponent > maxNumericWhole || exponent < -maxNumericScale {
			return "", "", errCell
		}
	}
	whole, fraction, _ = strings.Cut(mantissa, ".")
	if whole+fraction == "" || strings.Trim(whole+fraction, "0123456789") != "" {
		return "", "", errCell
	}
	if exponent > 0 {
		fraction += strings.Repeat("0", max(0, exponent-len(fraction)))
		whole, fraction = whole+fraction[:exponent], fraction[exponent:]
	} else if exponent < 0 {
		whole = strings.Repeat("0", max(0, -exponent-len(whole))) + whole
		at := len(whole) + exponent
		whole, fraction = whole[:at], whole[at:]+fraction
	}
	return whole, fraction, nil
}

// numericText reads numeric's binary form into plain decimal text.
func numericText(raw []byte) (string, error) {
	if len(raw) < 8 || len(raw)%2 != 0 {
		return "", errBinary
	}
	word := func(i int) uint16 { return binary.BigEndian.Uint16(raw[2*i:]) }
	count, weight, sign, scale := int(word(0)), int(int16(word(1))), word(2), int(word(3))
	switch sign {
	case signNaN:
		return "NaN", nil
	case signPosInf:
		return "Infinity", nil
	case signNegInf:
		return "-Infinity", nil
	case signPositive, signNegative:
	default:
		return "", errBinary
	}
	if len(raw) != 8+2*count || scale > maxNumericScale {
		return "", errBinary
	}
	digit := func(i int) (string, error) { // the base-10000 digit i places after the first; zero outside
		d := uint16(0)
		if i >= 0 && i < count {
			if d = word(4 + i); d > 9999 {
				return "", errBinary
			}
		}
		s := strconv.Itoa(int(d))
		return "0000"[len(s):] + s, nil
	}
	var b strings.Builder
	for i := 0; i <= weight; i++ {
		s, err := digit(i)
		if err != nil {
			return "", err
		}
		b.WriteString(s)
	}
	whole := strings.TrimLeft(b.String(), "0")
	if whole == "" {
		whole = "0"
	}
	b.Reset()
	for i := weight + 1; b.Len() < scale; i++ {
		s, err := digit(i)
		if err != nil {
			return "", err
		}
		b.WriteString(s)
	}
	text := whole
	if scale > 0 {
		text += "." + b.String()[:scale]
	}
	if sign == signNegative && strings.Trim(text, "0.") != "" {
		text = "-" + text
	}
	return text, nil
}
