package expr

import (
	"math/big"

	"github.com/dpproxy/dpproxy/catalog"
)

// narrowThrough tells what a comparison of a monotone function of a date or timestamp column with a constant implies of the
// column: date '2023-05-01' <= date_trunc('month', at), at::date = '2023-05-01', extract(year FROM at) = 2023.
func narrowThrough(e Expr, op string, v Const, facts map[ColumnKey]Domain) {
	at, ok := ratOf(v)
	if !ok {
		return
	}
	t := e.Type()
	if v.Typ.Kind == dat && t.Kind != dat || v.Typ.Kind != dat && t.Kind == dat {
		return // days and microseconds: Coerce has made them alike
	}
	var d Domain
	d.bound(op, at, t.IsInteger() || t.IsDateTime())
	s := span{lo: d.Lo, hi: d.Hi}
	c, ok := preimage(e, &s)
	if !ok || s.lo == nil && s.hi == nil {
		return
	}
	facts[keyOf(c)] = Domain{Lo: s.lo, Hi: s.hi}
}

// narrowDays is the comparison of a date column with a constant timestamp, or of a timestamp column with a constant date.
func narrowDays(c Column, op string, v Const, facts map[ColumnKey]Domain) {
	at, ok := ratOf(v)
	if !ok {
		return
	}
	day := rat(dayMicros)
	if c.Typ.Kind == dat {
		at = new(big.Rat).Quo(at, day)
	} else {
		at = new(big.Rat).Mul(at, day)
	}
	var d Domain
	if op == "=" {
		d.Values = []string{}
		if at.IsInt() {
			d.Values = []string{catalog.FormatRat(c.Typ, at)}
		}
	}
	d.bound(op, at, true)
	s := span{lo: d.Lo, hi: d.Hi}
	if _, ok := preimage(c, &s); !ok || s.lo == nil && s.hi == nil {
		return
	}
	d.Lo, d.Hi = s.lo, s.hi
	facts[keyOf(c)] = d
}

// preimage finds the column below monotone functions and turns the span of the function's values into one of the column's:
// whatever the column is outside of it, the function is outside of s. Ends near those of the calendar, to which private
// values are moved, are unknown.
func preimage(e Expr, s *span) (Column, bool) {
	switch x := e.(type) {
	case Column:
		lo, hi := calendarOf(x.Typ)
		if !x.Typ.IsDateTime() {
			return x, false
		}
		if s.lo != nil && s.lo.Cmp(lo) <= 0 {
			s.lo = nil
		}
		if s.hi != nil && s.hi.Cmp(hi) >= 0 {
			s.hi = nil
		}
		return x, true
	case *node:
		if !x.preimage(s) {
			return Column{}, false
		}
		return preimage(x.args[len(x.args)-1], s)
	}
	return Column{}, false
}

// preimage turns a span of the node's values into one of its last operand's.
func (n *node) preimage(s *span) bool {
	day := rat(dayMicros)
	ends := func(lo, hi func(*big.Rat) *big.Rat) bool {
		if s.lo != nil {
			s.lo = lo(s.lo)
		}
		if s.hi != nil {
			s.hi = hi(s.hi)
		}
		return true
	}
	from := n.args[len(n.args)-1].Type()
	switch {
	case n.name == "cast" && from.Kind == dat && (n.typ.Kind == ts || n.typ.Kind == tz):
		return ends(func(r *big.Rat) *big.Rat { return ceilRat(new(big.Rat).Quo(r, day)) }, func(r *big.Rat) *big.Rat { return floorRat(new(big.Rat).Quo(r, day)) })
	case n.name == "cast" && (from.Kind == ts || from.Kind == tz) && n.typ.Kind == dat:
		return ends(func(r *big.Rat) *big.Rat { return new(big.Rat).Mul(r, day) },
			func(r *big.Rat) *big.Rat {
				return new(big.Rat).Sub(new(big.Rat).Mul(new(big.Rat).Add(r, rat(1)), day), rat(1))
			})
	case n.name == "cast" && (from.Kind == ts || from.Kind == tz) && (n.typ.Kind == ts || n.typ.Kind == tz),
		n.name == "cast" && from.Kind == num && n.typ.Kind == f8, n.name == "cast" && from.IsInteger() && n.typ.Kind == num:
		return true
	case n.name == "cast" && from.Kind == num && n.typ.IsInteger() && isYear(n.args[0]):
		return true
	case n.name == "date_trunc" && len(n.args) == 2 && (from.Kind == ts || from.Kind == tz):
		c, ok := Fold(n.args[0])
		unit := unitNamed(c.Text)
		if _, known := truncTo(0, unit); !ok || c.Null || !known || !inYears(s.lo) || !inYears(s.hi) {
			return false
		}
		return ends(func(r *big.Rat) *big.Rat { return r }, func(r *big.Rat) *big.Rat {
			start, _ := truncTo(floorRat(r).Num().Int64(), unit)
			return rat(nextUnit(start, unit) - 1)
		})
	case isYear(n):
		scale := rat(1)
		if from.Kind != dat {
			scale = day
		}
		first := func(year *big.Rat) *big.Rat {
			if year.Cmp(rat(1)) < 0 || year.Cmp(rat(9998)) > 0 {
				return nil
			}
			return new(big.Rat).Mul(rat(daysOf(year.Num().Int64(), 1, 1)), scale)
		}
		return (from.Kind == dat || from.Kind == ts || from.Kind == tz) && ends(func(r *big.Rat) *big.Rat { return first(ceilRat(r)) }, func(r *big.Rat) *big.Rat {
			next := first(new(big.Rat).Add(floorRat(r), rat(1)))
			if next == nil {
				return nil
			}
			return next.Sub(next, rat(1))
		})
	}
	return false
}

func isYear(e Expr) bool {
	n, ok := e.(*node)
	return ok && n.name == "extract_year"
}

// inYears tells that a point in microseconds, if there is one, is well within the calendar.
func inYears(r *big.Rat) bool {
	lo, hi := calendarOf(catalog.Of(catalog.Timestamp))
	return r == nil || r.Cmp(lo) > 0 && r.Cmp(hi) < 0
}
