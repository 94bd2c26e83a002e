package privacy

import (
	"fmt"
	"math/big"
	"strings"
)

// Limits on the text of an amount. They only keep a hostile or mistyped number from costing time.
const (
	maxAmountText     = 64
	maxAmountExponent = 400
)

// ParseEpsilonUp reads a loss: "0.5", "1", "1e-3". What lies between two units rounds up, so that "1e-30" is one unit.
// It fails on anything that is no decimal number ≥ 0 (signs, NaN, Inf, hex, fractions) and, with ErrOverflow, beyond
// about 9.2e9.
func ParseEpsilonUp(text string) (Epsilon, error) {
	return parseAmount[Epsilon](text, EpsilonUnits, up)
}

// ParseEpsilonDown reads an allowance: as ParseEpsilonUp, but what lies between two units rounds down.
func ParseEpsilonDown(text string) (Epsilon, error) {
	return parseAmount[Epsilon](text, EpsilonUnits, down)
}

// ParseDeltaUp reads δ as a loss. Beside what ParseEpsilonUp refuses it refuses δ > 1.
func ParseDeltaUp(text string) (Delta, error) { return parseDelta(text, up) }

// ParseDeltaDown reads δ as an allowance.
func ParseDeltaDown(text string) (Delta, error) { return parseDelta(text, down) }

// ParseRhoUp reads ρ as a loss.
func ParseRhoUp(text string) (Rho, error) { return parseAmount[Rho](text, RhoUnits, up) }

// ParseRhoDown reads ρ as an allowance.
func ParseRhoDown(text string) (Rho, error) { return parseAmount[Rho](text, RhoUnits, down) }

func parseDelta(text string, r rounding) (Delta, error) {
	d, err := parseAmount[Delta](text, DeltaUnits, r)
	if err == nil && d > DeltaUnits {
		return 0, fmt.Errorf("privacy: δ is a probability and cannot be more than 1: %w", ErrOverflow)
	}
	return d, err
}

// rounding says on which side of the exact value a whole number of units lies.
type rounding bool

const (
	down rounding = false
	up   rounding = true
)

func parseAmount[T ~int64](text string, units int64, r rounding) (T, error) {
	value, err := parseDecimal(text)
	if err != nil {
		return 0, err
	}
	n, err := wholeUnits(value.Mul(value, new(big.Rat).SetInt64(units)), r)
	return T(n), err
}

// wholeUnits rounds a number ≥ 0 to a whole number that fits an int64.
func wholeUnits(value *big.Rat, r rounding) (int64, error) {
	n, rest := new(big.Int).QuoRem(value.Num(), value.Denom(), new(big.Int))
	if r == up && rest.Sign() > 0 {
		n.Add(n, big.NewInt(1))
	}
	if value.Sign() < 0 || !n.IsInt64() {
		return 0, ErrOverflow
	}
	return n.Int64(), nil
}

// parseDecimal reads digits [. digits] [e [+-] digits] exactly. big.Rat alone would also take "1/3", "0x1p-2" and "1_0".
func parseDecimal(text string) (*big.Rat, error) {
	mantissa, exponent, hasExponent := strings.Cut(strings.ToLower(text), "e")
	whole, fraction, hasPoint := strings.Cut(mantissa, ".")
	if len(text) > maxAmountText || !isDigits(whole) || hasPoint && !isDigits(fraction) ||
		hasExponent && !isDigits(strings.TrimPrefix(strings.TrimPrefix(exponent, "-"), "+")) ||
		strings.HasPrefix(exponent, "-+") {
		return nil, fmt.Errorf("privacy: %q is not a decimal number of at least 0", clip(text))
	}
	if hasExponent {
		var e int
		if _, err := fmt.Sscanf(exponent, "%d", &e); err != nil || e < -maxAmountExponent || e > maxAmountExponent {
			return nil, fmt.Errorf("privacy: %q: %w", clip(text), ErrOverflow)
		}
	}
	value, ok := new(big.Rat).SetString(text)
	if !ok {
		return nil, fmt.Errorf("privacy: %q is not a decimal number of at least 0", clip(text))
	}
	return value, nil
}

func isDigits(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}

// clip keeps a wrong text short in a message.
func clip(text string) string {
	if len(text) > maxAmountText {
		return text[:maxAmountText] + "…"
	}
	return text
}

// String is the exact value in short decimal text: "0.5", "12", "2.5e-7".
func (e Epsilon) String() string { return formatAmount(int64(e), 9) }

// String is the exact value in short decimal text: "1e-9", "0.001".
func (d Delta) String() string { return formatAmount(int64(d), 18) }

// String is the exact value in short decimal text.
func (r Rho) String() string { return formatAmount(int64(r), 9) }

// formatAmount prints n·10^−digits without rounding; below 0.001 in scientific notation.
func formatAmount(n int64, digits int) string {
	sign := ""
	text := new(big.Int).SetInt64(n).String()
	if n < 0 {
		sign, text = "-", text[1:]
	}
	if n == 0 {
		return "0"
	}
	if len(text) <= digits-3 {
		exponent := digits - len(text) + 1
		mantissa := strings.TrimRight(text, "0")
		if len(mantissa) > 1 {
			mantissa = mantissa[:1] + "." + mantissa[1:]
		}
		return fmt.Sprintf("%s%se-%d", sign, mantissa, exponent)
	}
	text = strings.Repeat("0", max(0, digits+1-len(text))) + text
	whole, fraction := text[:len(text)-digits], strings.TrimRight(text[len(text)-digits:], "0")
	if fraction == "" {
		return sign + whole
	}
	return sign + whole + "." + fraction
}

// Text is the loss in the currency of an accountant: "ε 0.5", "ε 0.5, δ 1e-9" or "ρ 0.125, δ 1e-9". A δ of 0 is left out.
func (l Loss) Text(a Accountant) string {
	var text string
	switch a {
	case ZCDP:
		text = "ρ " + l.Rho.String()
	default:
		text = "ε " + l.Epsilon.String()
	}
	if a != Pure && l.Delta != 0 {
		text += ", δ " + l.Delta.String()
	}
	return text
}
