package catalog

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
)

const (
	maxFloat32 = math.MaxFloat32
	maxFloat64 = math.MaxFloat64
	// maxExponent bounds powers of ten in declared numbers, so that "1e999999999" costs nothing. It covers float8 and all
	// that a bound can sensibly be; PostgreSQL's numeric goes further.
	maxExponent = 2000
)

var errNoNumber = errors.New("is no number")

// ParseDecimal reads a decimal number exactly: optional sign, digits with an optional point, optional exponent of at
// most ±2000. NaN and infinities are no decimals.
func ParseDecimal(text string) (*big.Rat, error) {
	s := strings.TrimSpace(text)
	digits, exponent, hasExponent := s, 0, false
	if i := strings.IndexAny(s, "eE"); i >= 0 {
		n, err := strconv.Atoi(s[i+1:])
		if err != nil {
			return nil, errNoNumber
		}
		digits, exponent, hasExponent = s[:i], n, true
	}
	whole, fraction, _ := strings.Cut(strings.TrimLeft(digits, "+-"), ".")
	if len(digits)-len(strings.TrimLeft(digits, "+-")) > 1 || whole+fraction == "" || strings.Trim(whole+fraction, "0123456789") != "" {
		return nil, errNoNumber
	}
	if len(digits) > maxExponent || (hasExponent && (exponent > maxExponent || exponent < -maxExponent)) {
		return nil, errors.New("has too many digits")
	}
	n, ok := new(big.Int).SetString(whole+fraction, 10)
	if !ok {
		return nil, errNoNumber
	}
	if strings.HasPrefix(digits, "-") {
		n.Neg(n)
	}
	return new(big.Rat).Mul(new(big.Rat).SetInt(n), ratPow10(exponent-len(fraction))), nil
}

// FormatDecimal prints r with exactly `scale` digits after the point, rounded half away from zero as PostgreSQL's
// numeric does. A negative scale counts as 0 digits, after rounding to 10^−scale.
func FormatDecimal(r *big.Rat, scale int) string {
	n := roundRat(new(big.Rat).Mul(r, ratPow10(scale)))
	if scale <= 0 {
		return n.Mul(n, pow10(-scale)).String()
	}
	sign := ""
	if n.Sign() < 0 {
		sign = "-"
	}
	digits := new(big.Int).Abs(n).String()
	if len(digits) <= scale {
		digits = strings.Repeat("0", scale+1-len(digits)) + digits
	}
	return sign + digits[:len(digits)-scale] + "." + digits[len(digits)-scale:]
}

// roundRat rounds half away from zero.
func roundRat(r *big.Rat) *big.Int {
	twice := new(big.Int).Lsh(new(big.Int).Abs(r.Num()), 1)
	twice.Add(twice, r.Denom())
	n := twice.Quo(twice, new(big.Int).Lsh(r.Denom(), 1))
	if r.Sign() < 0 {
		n.Neg(n)
	}
	return n
}

// FormatQuotient prints r as PostgreSQL prints the quotient of two whole numbers (and so avg of integers): at least 16
// significant digits, in groups of four: 16 decimals for 1 ≤ |r| < 10⁴, 12 for 10⁴ ≤ |r| < 10⁸, 20 below 1 and for 0
// (select_div_scale in numeric.c).
func FormatQuotient(r *big.Rat) string { return FormatDecimal(r, quotientScale(r)) }

func quotientScale(r *big.Rat) int {
	const minDigits, group = 16, 4
	weight := -1 // of the first group of four digits: 0 for 1 ≤ |r| < 10⁴
	if r.Sign() != 0 {
		abs := new(big.Rat).Abs(r)
		// The lengths of numerator and denominator place the weight to within one; then look.
		weight = floorDiv(len(abs.Num().String())-len(abs.Denom().String()), group) + 1
		for abs.Cmp(ratPow10(weight*group)) < 0 {
			weight--
		}
	}
	return min(max(minDigits-weight*group, 0), 1000)
}

func floorDiv(a, b int) int {
	q := a / b
	if a%b != 0 && (a < 0) != (b < 0) {
		q--
	}
	return q
}

// FormatFloat prints a float of 32 or 64 bits as PostgreSQL does: shortest digits that read back the same, exponent
// below 1e-4 and from 1e15 (float8) or 1e6 (float4) on.
func FormatFloat(f float64, bits int) string {
	switch {
	case math.IsNaN(f):
		return "NaN"
	case math.IsInf(f, 1):
		return "Infinity"
	case math.IsInf(f, -1):
		return "-Infinity"
	}
	sci := strconv.FormatFloat(f, 'e', -1, bits)
	exponent, err := strconv.Atoi(sci[strings.IndexByte(sci, 'e')+1:])
	limit := 15
	if bits == 32 {
		limit = 6
	}
	if err != nil || (f != 0 && (exponent < -4 || exponent >= limit)) {
		return sci
	}
	return strconv.FormatFloat(f, 'f', -1, bits)
}

// parseFloat reads a float of the type's width, as PostgreSQL's input function: out of range is an error.
func parseFloat(t Type, text string) (float64, error) {
	bits := 64
	if t.Kind == Float4 {
		bits = 32
	}
	s := strings.TrimSpace(text)
	if f, ok := specialFloat(s); ok {
		return f, nil
	}
	r, err := ParseDecimal(s)
	if err != nil {
		return 0, err
	}
	return ratToFloat(r, bits, s)
}

// ratToFloat rounds to the nearest float of the width. text is for the message.
func ratToFloat(r *big.Rat, bits int, text string) (float64, error) {
	var f float64
	if bits == 32 {
		f32, _ := r.Float32()
		f = float64(f32)
	} else {
		f, _ = r.Float64()
	}
	if math.IsInf(f, 0) || (f == 0 && r.Sign() != 0) {
		return 0, fmt.Errorf("%q is out of range", text)
	}
	return f, nil
}

func specialFloat(s string) (float64, bool) {
	switch strings.ToLower(s) {
	case "nan":
		return math.NaN(), true
	case "inf", "+inf", "infinity", "+infinity":
		return math.Inf(1), true
	case "-inf", "-infinity":
		return math.Inf(-1), true
	}
	return 0, false
}
