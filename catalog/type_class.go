package catalog

import "math/big"

// IsInteger tells that the type's values are whole numbers of 2, 4 or 8 bytes.
func (t Type) IsInteger() bool {
	return !t.Array && (t.Kind == Int2 || t.Kind == Int4 || t.Kind == Int8)
}

// IsFloat tells that the type is float4 or float8.
func (t Type) IsFloat() bool { return !t.Array && (t.Kind == Float4 || t.Kind == Float8) }

// IsNumeric tells that the type's values are numbers: integers, numeric and floats. An oid is a name, not a number.
func (t Type) IsNumeric() bool {
	return t.IsInteger() || t.IsFloat() || (!t.Array && t.Kind == Numeric)
}

// IsText tells that the type's values are character strings: text, varchar, char and name.
func (t Type) IsText() bool {
	if t.Array {
		return false
	}
	switch t.Kind {
	case Text, Varchar, Bpchar, Name:
		return true
	}
	return false
}

// IsDateTime tells that the type is a date or a timestamp: a point in time that ToRat can place on a line.
func (t Type) IsDateTime() bool {
	return !t.Array && (t.Kind == Date || t.Kind == Timestamp || t.Kind == Timestamptz)
}

// HasBounds tells that `lower` and `upper` can be declared for the type.
func (t Type) HasBounds() bool { return t.IsNumeric() || t.IsDateTime() }

// HasValues tells that a list of `values` can be declared for the type: it has equality, and each value has exactly
// one output text.
func (t Type) HasValues() bool {
	if t.Array {
		return false
	}
	switch t.Kind {
	case Unknown, Unsupported, JSON, JSONB, Interval, Char, Timetz:
		return false
	}
	return true
}

// IntRange gives the smallest and the largest value of an integer type; ok is false for all other types.
func (t Type) IntRange() (lowest, highest *big.Int, ok bool) {
	bits := map[Kind]uint{Int2: 15, Int4: 31, Int8: 63}[t.Kind]
	if bits == 0 || t.Array {
		return nil, nil, false
	}
	top := new(big.Int).Lsh(big.NewInt(1), bits)
	return new(big.Int).Neg(top), top.Sub(top, big.NewInt(1)), true
}

// Range gives the smallest and the largest finite value that the type holds, as ToRat counts them; ok is false where
// the type has no bounds or is unlimited (numeric without precision).
func (t Type) Range() (lowest, highest *big.Rat, ok bool) {
	if t.Array {
		return nil, nil, false
	}
	switch t.Kind {
	case Int2, Int4, Int8:
		lo, hi, _ := t.IntRange()
		return new(big.Rat).SetInt(lo), new(big.Rat).SetInt(hi), true
	case Numeric:
		if !t.HasScale {
			return nil, nil, false
		}
		// numeric(p, s) holds |v| ≤ (10^p − 1)·10^−s.
		top := new(big.Rat).SetInt(new(big.Int).Sub(pow10(t.Precision), big.NewInt(1)))
		top.Mul(top, ratPow10(-t.Scale))
		return new(big.Rat).Neg(top), top, true
	case Float4:
		top := new(big.Rat).SetFloat64(maxFloat32)
		return new(big.Rat).Neg(top), top, true
	case Float8:
		top := new(big.Rat).SetFloat64(maxFloat64)
		return new(big.Rat).Neg(top), top, true
	case Date:
		return ratInt(minDate), ratInt(maxDate), true
	case Timestamp, Timestamptz:
		return ratInt(minTimestamp), ratInt(maxTimestamp), true
	}
	return nil, nil, false
}

func ratInt(n int64) *big.Rat { return new(big.Rat).SetInt64(n) }

// pow10 is 10^n for n ≥ 0.
func pow10(n int) *big.Int { return new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n)), nil) }

// ratPow10 is 10^n for any n.
func ratPow10(n int) *big.Rat {
	if n >= 0 {
		return new(big.Rat).SetInt(pow10(n))
	}
	return new(big.Rat).SetFrac(big.NewInt(1), pow10(-n))
}
