package dummy

import (
	"fmt"
	"math/big"
	"strconv"
	"strings"

	"github.com/dpproxy/dpproxy/catalog"
)

const (
	nullEvery = 20 // one value of so many is NULL where NULL may occur
	words     = 20 // different texts of a column that declares none
)

// value makes column c of row i of n.
func (g *generator) value(t *catalog.Table, c *catalog.Column, i, n int) Cell {
	unit := g.isUnit(t, c)
	if c.Nullable && !c.Unique && !unit && g.random(t, c, i, "null")%nullEvery == 0 {
		return Cell{Null: true}
	}
	number := g.random(t, c, i, "value")
	if c.Type.Array {
		return Cell{Text: "{}"}
	}
	if values := c.Domain.Values; len(values) > 0 {
		if c.Unique {
			return Cell{Text: values[i%len(values)]}
		}
		return Cell{Text: values[number%uint64(len(values))]}
	}
	if unit && !c.Unique {
		units := max(n/perParent, 1)
		if most := distinct(c); most > 0 {
			units = min(units, most)
		}
		number = g.random(t, c, i, "unit") % uint64(units)
		return Cell{Text: ordinal(c, int(number))}
	}
	if c.Unique {
		return Cell{Text: ordinal(c, i)}
	}
	if lower, upper, ok := bounds(c); ok {
		return Cell{Text: between(c.Type, lower, upper, number)}
	}
	return Cell{Text: plain(c, number)}
}

// bounds are the declared ones, or those that a type of numbers or times gets where none are.
func bounds(c *catalog.Column) (lower, upper *big.Rat, ok bool) {
	if c.Domain.Lower != nil && c.Domain.Upper != nil {
		return c.Domain.Lower, c.Domain.Upper, true
	}
	return nil, nil, false
}

// step is the distance between two values that may occur: they look like what people write.
func step(t catalog.Type, lower, upper *big.Rat) *big.Rat {
	switch t.Kind {
	case catalog.Timestamp, catalog.Timestamptz:
		return big.NewRat(1_000_000, 1) // a second
	case catalog.Float4, catalog.Float8, catalog.Numeric:
		scale := 2
		if t.HasScale {
			scale = t.Scale
		}
		s := new(big.Rat).SetFrac(big.NewInt(1), new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(max(scale, 0))), nil))
		if !t.HasScale && new(big.Rat).Mul(s, big.NewRat(100, 1)).Cmp(new(big.Rat).Sub(upper, lower)) > 0 {
			return big.NewRat(1, 1<<20) // a narrow range
		}
		return s
	}
	return big.NewRat(1, 1)
}

// between picks one of the values lower, lower + step, … up to upper.
func between(t catalog.Type, lower, upper *big.Rat, number uint64) string {
	s := step(t, lower, upper)
	first := new(big.Rat).SetInt(ceiling(new(big.Rat).Quo(lower, s)))
	last := floor(new(big.Rat).Quo(upper, s))
	count := new(big.Int).Sub(last, first.Num())
	count.Add(count, big.NewInt(1))
	if count.Sign() <= 0 {
		return catalog.FormatRat(t, lower)
	}
	n := new(big.Int).Mod(new(big.Int).SetUint64(number), count)
	at := new(big.Rat).SetInt(n.Add(n, first.Num()))
	return catalog.FormatRat(t, at.Mul(at, s))
}

func floor(r *big.Rat) *big.Int { return new(big.Int).Div(r.Num(), r.Denom()) } // Euclidean, and the divisor is positive

func ceiling(r *big.Rat) *big.Int {
	n := floor(r)
	if !r.IsInt() {
		n.Add(n, big.NewInt(1))
	}
	return n
}

// ordinal is value number i of a column in which each row, or each unit, has its own.
func ordinal(c *catalog.Column, i int) string {
	if lower, upper, ok := bounds(c); ok {
		s := step(c.Type, lower, upper)
		at := new(big.Rat).SetInt(ceiling(new(big.Rat).Quo(lower, s)))
		return catalog.FormatRat(c.Type, at.Mul(at.Add(at, big.NewRat(int64(i), 1)), s))
	}
	switch c.Type.Kind {
	case catalog.Bool:
		return string("ft"[i%2])
	case catalog.Int2, catalog.Int4, catalog.Int8, catalog.Numeric, catalog.Float4, catalog.Float8, catalog.OID:
		return strconv.Itoa(i + 1)
	case catalog.Text, catalog.Varchar, catalog.Name, catalog.Bpchar:
		return fit(c, i+1)
	}
	return plain(c, uint64(i))
}

// fit is "<column> <number>", or the number alone where the type is too narrow.
func fit(c *catalog.Column, n int) string {
	text := c.Name + " " + strconv.Itoa(n)
	limit := c.Type.Length
	if c.Type.Kind == catalog.Name {
		limit = 63
	}
	if limit > 0 && len(text) > limit {
		text = strconv.Itoa(n)
		text = text[max(len(text)-limit, 0):]
	}
	if c.Type.Kind == catalog.Bpchar {
		text += strings.Repeat(" ", max(c.Type.Length-len(text), 0))
	}
	return text
}

// The years that days and times without bounds lie in: from 2000-01-01 on, as days and microseconds since 1970-01-01.
const (
	firstDay  = 10957
	someDays  = 9000
	dayMicros = 86_400_000_000
)

// plain is a value of a column of which the type alone is known.
func plain(c *catalog.Column, number uint64) string {
	micros := int64(number % (86400 * 1000) * 1000)
	clock := fmt.Sprintf("%02d:%02d:%02d", micros/3_600_000_000, micros/60_000_000%60, micros/1_000_000%60)
	day := firstDay + int64(number%someDays)
	switch c.Type.Kind {
	case catalog.Bool:
		return string("ft"[number%2])
	case catalog.Int2, catalog.Int4, catalog.Int8, catalog.OID:
		return strconv.FormatUint(number%1000, 10)
	case catalog.Numeric:
		if c.Type.HasScale {
			return between(c.Type, new(big.Rat), decimalTop(c.Type), number)
		}
		return catalog.FormatRat(c.Type, big.NewRat(int64(number%100_000), 100))
	case catalog.Float4, catalog.Float8:
		return catalog.FormatRat(c.Type, big.NewRat(int64(number%100_000), 100))
	case catalog.Text, catalog.Varchar, catalog.Name, catalog.Bpchar:
		return fit(c, int(number%words)+1)
	case catalog.Date:
		return catalog.FormatDate(day)
	case catalog.Timestamp, catalog.Timestamptz:
		return catalog.FormatTimestamp(day*dayMicros+micros/1_000_000*1_000_000, c.Type.Kind == catalog.Timestamptz)
	case catalog.Time:
		return clock
	case catalog.Timetz:
		return clock + "+00"
	case catalog.Interval:
		return clock
	case catalog.UUID:
		return fmt.Sprintf("00000000-0000-4000-8000-%012x", number&0xffffffffffff)
	case catalog.Bytea:
		return fmt.Sprintf(`\x%08x`, uint32(number))
	case catalog.JSON, catalog.JSONB:
		return "{}"
	}
	return ""
}

// decimalTop is the largest value of a numeric(p, s), and no more than 1000.
func decimalTop(t catalog.Type) *big.Rat {
	_, top, ok := t.Range()
	if limit := big.NewRat(1000, 1); !ok || top.Cmp(limit) > 0 {
		return limit
	}
	return top
}
