package catalog

import (
	"cmp"
	"math"
	"math/big"
	"slices"
	"strings"
)

// Compare orders two values in PostgreSQL's output text as the type does: -1, 0 or 1. Text is in C order (bytes), as
// an order that depends on a locale is none that two machines share; blanks at the end of char(n) do not count; false
// before true; NaN after every number; infinities at the ends. Text that is no value of the type sorts by bytes after
// all that is.
func Compare(t Type, a, b string) int {
	if t.Array {
		return strings.Compare(a, b)
	}
	switch t.Kind {
	case Bpchar:
		return strings.Compare(strings.TrimRight(a, " "), strings.TrimRight(b, " "))
	case Int2, Int4, Int8, Numeric, Float4, Float8, Date, Timestamp, Timestamptz, OID, Time:
		return comparePlaces(placeOf(t, a), placeOf(t, b), a, b)
	}
	return strings.Compare(a, b) // text, uuid and bytea (hexadecimal keeps the order), "f" < "t"
}

// SortValues sorts values in the type's order and removes equal ones, in place.
func SortValues(t Type, values []string) []string {
	slices.SortFunc(values, func(a, b string) int { return Compare(t, a, b) })
	return slices.CompactFunc(values, func(a, b string) bool { return Compare(t, a, b) == 0 })
}

// place is a position on the line of a type's values: class first, then number.
type place struct {
	class  int // -1 minus infinity, 0 finite, 1 infinity, 2 NaN, 3 no value
	number *big.Rat
}

func placeOf(t Type, text string) place {
	if f, ok := specialFloat(strings.TrimSpace(text)); ok {
		switch {
		case math.IsNaN(f):
			return place{class: 2}
		case f < 0:
			return place{class: -1}
		}
		return place{class: 1}
	}
	var r *big.Rat
	var err error
	switch t.Kind {
	case Time:
		var micros int64
		micros, err = parseTimeOfDay(text)
		r = ratInt(micros)
	case OID:
		r, err = ParseDecimal(text)
	case Numeric:
		r, err = ParseDecimal(text) // the scale of an expression's result may be larger than the declared one
	default:
		r, err = ToRat(t, text)
	}
	if err != nil {
		return place{class: 3}
	}
	return place{number: r}
}

func comparePlaces(p, q place, a, b string) int {
	switch {
	case p.class != q.class:
		return cmp.Compare(p.class, q.class)
	case p.class == 0:
		return p.number.Cmp(q.number)
	case p.class == 3:
		return strings.Compare(a, b)
	}
	return 0
}
