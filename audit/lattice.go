package audit

import (
	"math"
	"math/big"
	"math/bits"
	"slices"
	"strings"
)

// latticeEvents ask on which grid a number lies: a sum with noise in floating point has finer bits near 0 than elsewhere, and
// so tells how far it is from the true value; and the last digits of a text may follow those of the true value.
func latticeEvents(name string, sides ...[]features) []event {
	var out []event
	for _, t := range quantiles(each(sides, func(f features) (float64, bool) { return lowest(f.numbers[name]) })) {
		out = append(out, event{"finest bit", func(f features) bool { e, ok := lowest(f.numbers[name]); return ok && e >= t }})
	}
	for _, t := range quantiles(each(sides, func(f features) (float64, bool) { return decimals(f.texts[name]) })) {
		out = append(out, event{"number of decimals", func(f features) bool { n, ok := decimals(f.texts[name]); return ok && n >= t }})
	}
	for _, m := range []int64{2, 3, 5, 7, 16} {
		for r := range min(m, 4) {
			out = append(out, event{"residue of the digits", func(f features) bool {
				n, ok := digits(f.texts[name])
				return ok && new(big.Int).Mod(n, big.NewInt(m)).Int64() == r
			}})
		}
	}
	return out
}

// each collects what the answers of all sides have.
func each(sides [][]features, of func(features) (float64, bool)) (out []float64) {
	for _, side := range sides {
		for _, f := range side {
			if x, ok := of(f); ok {
				out = append(out, x)
			}
		}
	}
	return out
}

// quantiles are some of the values, without repetition, that cut the others into parts of about one size.
func quantiles(values []float64) []float64 {
	slices.Sort(values)
	var out []float64
	for i := 1; i < 20 && len(values) > 0; i++ {
		out = append(out, values[i*len(values)/20])
	}
	return slices.Compact(out)
}

// lowest is the exponent of the last bit that is set: x is a multiple of 2 to that power, and of no higher one.
func lowest(x float64) (float64, bool) {
	if x == 0 {
		return 0, false
	}
	mantissa, exponent := math.Frexp(math.Abs(x))
	return float64(exponent - 53 + bits.TrailingZeros64(uint64(mantissa*(1<<53)))), true
}

// decimals is the number of a text's digits after the point, zeros at the end left out.
func decimals(text string) (float64, bool) {
	_, after, found := strings.Cut(text, ".")
	if !found || strings.ContainsAny(after, "eE") {
		return 0, false
	}
	return float64(len(strings.TrimRight(after, "0"))), true
}

// digits are those of a plain decimal with a point, as one whole number.
func digits(text string) (*big.Int, bool) {
	before, after, found := strings.Cut(text, ".")
	if !found {
		return nil, false
	}
	return new(big.Int).SetString(before+after, 10)
}
