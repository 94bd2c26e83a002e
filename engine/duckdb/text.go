package duckdb

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/dpproxy/dpproxy/catalog"
)

// These functions print DuckDB's values as PostgreSQL prints values of the type that is wanted. Where DuckDB's type is
// another one (avg(numeric) is DOUBLE, sum(bigint) is HUGEINT), the text is that of PostgreSQL's cast, as long as the
// cast loses nothing but digits of a float; what would lose more is an error.

var errLoss = errors.New("a value does not fit the type that was planned")

// wholeText prints a whole number.
func wholeText(n int64, want catalog.Type) (string, error) {
	switch want.Kind {
	case catalog.Float4, catalog.Float8, catalog.Numeric:
		return decimalText(strconv.FormatInt(n, 10), 0, want)
	}
	return strconv.FormatInt(n, 10), nil
}

// decimalText prints unscaled·10^-scale.
func decimalText(unscaled string, scale int, want catalog.Type) (string, error) {
	sign := ""
	if strings.HasPrefix(unscaled, "-") {
		sign, unscaled = "-", unscaled[1:]
	}
	if pad := scale + 1 - len(unscaled); pad > 0 {
		unscaled = strings.Repeat("0", pad) + unscaled
	}
	whole, fraction := unscaled[:len(unscaled)-scale], unscaled[len(unscaled)-scale:]
	switch want.Kind {
	case catalog.Float4, catalog.Float8:
		bits := map[catalog.Kind]int{catalog.Float4: 32, catalog.Float8: 64}[want.Kind]
		f, err := strconv.ParseFloat(sign+whole+"."+fraction, bits)
		if err != nil {
			return "", errLoss
		}
		return catalog.FormatFloat(f, bits), nil
	case catalog.Int2, catalog.Int4, catalog.Int8, catalog.OID:
		if strings.Trim(fraction, "0") != "" {
			return "", errLoss
		}
		if whole == "0" {
			sign = ""
		}
		return sign + whole, nil
	case catalog.Numeric:
		if pad := want.Scale - len(fraction); want.HasScale && pad > 0 {
			fraction += strings.Repeat("0", pad)
		}
	}
	if fraction != "" {
		whole += "." + fraction
	}
	return sign + whole, nil
}

// floatText prints a float of 32 or 64 bits.
func floatText(f float64, bits int, want catalog.Type) (string, error) {
	switch want.Kind {
	case catalog.Float8:
		return catalog.FormatFloat(f, 64), nil
	case catalog.Float4:
		return catalog.FormatFloat(f, 32), nil
	case catalog.Numeric:
		return numericText(f, bits, want), nil
	case catalog.Int2, catalog.Int4, catalog.Int8:
		if f != math.Trunc(f) || math.Abs(f) >= 1<<63 {
			return "", errLoss
		}
		return strconv.FormatInt(int64(f), 10), nil
	}
	return catalog.FormatFloat(f, bits), nil
}

// numericText prints a float as numeric: never with an exponent.
func numericText(f float64, bits int, want catalog.Type) string {
	switch {
	case math.IsNaN(f), math.IsInf(f, 0):
		return catalog.FormatFloat(f, 64)
	case f == 0:
		f = 0 // numeric has no -0
	}
	digits := -1
	if want.HasScale {
		digits = max(want.Scale, 0)
	}
	return strconv.FormatFloat(f, 'f', digits, bits)
}

// dateText prints days since 1970-01-01. The two ends of DuckDB's range are infinite.
func dateText(days int32, want catalog.Type) (string, error) {
	switch days {
	case math.MaxInt32:
		return "infinity", nil
	case -math.MaxInt32:
		return "-infinity", nil
	}
	switch want.Kind {
	case catalog.Timestamp, catalog.Timestamptz:
		return catalog.FormatTimestamp(int64(days)*86_400_000_000, want.Kind == catalog.Timestamptz), nil
	}
	return catalog.FormatDate(int64(days)), nil
}

// timestampText prints microseconds since 1970-01-01.
func timestampText(micros int64, zoned bool, want catalog.Type) (string, error) {
	switch micros {
	case math.MaxInt64:
		return "infinity", nil
	case -math.MaxInt64:
		return "-infinity", nil
	}
	switch want.Kind {
	case catalog.Timestamp:
		zoned = false
	case catalog.Timestamptz:
		zoned = true
	case catalog.Date:
		const day = 86_400_000_000
		if micros%day != 0 {
			return "", errLoss
		}
		return catalog.FormatDate(micros / day), nil
	}
	return catalog.FormatTimestamp(micros, zoned), nil
}

// scaledTimestamp prints a timestamp whose unit is `unit` microseconds.
func scaledTimestamp(n, unit int64, want catalog.Type) (string, error) {
	if n != math.MaxInt64 && n != -math.MaxInt64 {
		if n > math.MaxInt64/unit || n < -math.MaxInt64/unit {
			return "", errLoss
		}
		n *= unit
	}
	return timestampText(n, false, want)
}

// timeText prints a time of day in microseconds.
func timeText(micros int64) string {
	return clockText(micros/3_600_000_000, micros%3_600_000_000)
}

// clockText prints hours and the microseconds within the hour, without trailing zeros.
func clockText(hours, micros int64) string {
	text := fmt.Sprintf("%02d:%02d:%02d", hours, micros/60_000_000, micros/1_000_000%60)
	if fraction := micros % 1_000_000; fraction != 0 {
		text += "." + strings.TrimRight(fmt.Sprintf("%06d", fraction), "0")
	}
	return text
}

// intervalText prints as IntervalStyle postgres does: "1 year 2 mons -3 days +04:05:06.7". A part that follows a
// negative one shows its plus sign.
func intervalText(v interval) string {
	var parts []string
	negative := false
	for _, part := range []struct {
		n    int64
		unit string
	}{{int64(v.months / 12), "year"}, {int64(v.months % 12), "mon"}, {int64(v.days), "day"}} {
		if part.n == 0 {
			continue
		}
		plus, plural := "", "s"
		if negative && part.n > 0 {
			plus = "+"
		}
		if part.n == 1 {
			plural = ""
		}
		parts = append(parts, fmt.Sprintf("%s%d %s%s", plus, part.n, part.unit, plural))
		negative = part.n < 0
	}
	if v.micros != 0 || len(parts) == 0 {
		sign, hours, micros := "", v.micros/3_600_000_000, v.micros%3_600_000_000
		if v.micros < 0 {
			sign, hours, micros = "-", -hours, -micros
		} else if negative {
			sign = "+"
		}
		parts = append(parts, sign+clockText(hours, micros))
	}
	return strings.Join(parts, " ")
}

// uuidText prints a UUID, which DuckDB stores as a number with its first bit turned, so that it sorts.
func uuidText(h hugeint) string {
	h.upper ^= 1 << 63
	return fmt.Sprintf("%08x-%04x-%04x-%04x-%012x",
		h.upper>>32, h.upper>>16&0xffff, h.upper&0xffff, h.lower>>48, h.lower&0xffff_ffff_ffff)
}
