package expr

import (
	"math/big"
	"strconv"
	"strings"

	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/refusal"
)

// Whole numbers: shifts of bits, greatest common divisors and least common multiples, characters by number. Over private rows
// what does not fit is NULL.

// buildShiftBits is a << n and a >> n. Engines disagree on shifts of negative numbers, by too many bits, and past the end, so over
// private rows n is a constant within the type's width, and what would lose bits is NULL.
func buildShiftBits(left bool) func(n *node) error {
	return func(n *node) error {
		n.dom.Step = rat(1)
		if n.mode == Public {
			return nil
		}
		width := map[catalog.Kind]int64{i2: 15, i4: 31, i8: 63}[n.typ.Kind]
		by, ok := constInt(n.args[1])
		if !ok || by < 0 || by >= width {
			return refusal.New(refusal.NotSupported, "a shift over private rows needs a constant from 0 to %d", width-1).At(n.pos).
				WithHint("Multiply or divide by a power of two instead.")
		}
		if reprOf(n.args[0]) != n.typ.Kind {
			n.shown[0] = narrowed(n.args[0], n.typ.Kind)
			n.dom.Nullable = true
		}
		factor := pow2(int(by))
		at := strconv.FormatInt(by, 10)
		if !left {
			down := func(r *big.Rat) *big.Rat { return floorRat(new(big.Rat).Quo(r, factor)) }
			n.tell(reported(n.args[0]).mapEnds(down), spanOf(n.shown[0]).mapEnds(down))
			n.write = templates("($1 >> "+at+")", "($1 >> "+at+")")
			return nil
		}
		lo, hi, _ := catalog.Of(n.typ.Kind).Range()
		lo, hi = ceilRat(new(big.Rat).Quo(lo, factor)), floorRat(new(big.Rat).Quo(hi, factor))
		in := spanOf(n.shown[0])
		if !in.within(lo, hi) {
			n.guard(0, "$1 BETWEEN ("+lo.RatString()+") AND ("+hi.RatString()+")")
			in = in.cut(lo, hi)
		}
		up := func(r *big.Rat) *big.Rat { return new(big.Rat).Mul(r, factor) }
		n.tell(reported(n.args[0]).cut(lo, hi).mapEnds(up), in.mapEnds(up))
		whole := intSQL(n.typ.Kind, DuckDB)
		n.write = templates("($1 << "+at+")", "CAST(CAST($1 AS HUGEINT) * "+factor.RatString()+" AS "+whole+")")
		return nil
	}
}

// buildDivisor is gcd and lcm of whole numbers. The smallest number of a type has no absolute value; a multiple that could pass 64
// bits needs operands of less than 2³¹·⁵.
func buildDivisor(n *node) error {
	n.dom.Step = rat(1)
	if n.mode == Public {
		return nil
	}
	k := n.typ.Kind
	top, most := new(big.Rat).Sub(pow2(31), rat(1)), rat(0)
	if k == i8 {
		if top = new(big.Rat).Sub(pow2(63), rat(1)); n.name == "lcm" {
			top = rat(3_037_000_499)
		}
	}
	for i, a := range n.args {
		if reprOf(a) != k {
			n.shown[i] = narrowed(a, k)
			n.dom.Nullable = true
		}
		low := new(big.Rat).Neg(top)
		s := spanOf(n.shown[i])
		if !s.within(low, top) {
			n.guard(i, "$1 BETWEEN ("+low.RatString()+") AND "+top.RatString())
			s = s.cut(low, top)
		}
		if n.name == "lcm" && i > 0 {
			most = new(big.Rat).Mul(most, s.maxAbs())
		} else {
			most = larger(most, s.maxAbs())
		}
	}
	n.tell(span{lo: rat(0), hi: most}, span{lo: rat(0), hi: most})
	work := k
	if n.name == "lcm" {
		work = i8
	}
	n.setRepr(work)
	wide := intSQL(work, DuckDB)
	n.write = templates(n.name+"(CAST($1 AS "+intSQL(work, PostgreSQL)+"), CAST($2 AS "+intSQL(work, PostgreSQL)+"))", "CAST("+n.name+"(CAST($1 AS HUGEINT), CAST($2 AS HUGEINT)) AS "+wide+")")
	return nil
}

// buildCharacter is chr. Over private rows it is one of ASCII's characters: which others there are depends on the database's encoding.
func buildCharacter(n *node) error {
	n.dom.MaxLen = 1
	if n.mode == Public {
		return nil
	}
	if reprOf(n.args[0]) != i4 {
		n.shown[0] = narrowed(n.args[0], i4)
		n.dom.Nullable = true
	}
	if !spanOf(n.shown[0]).within(rat(1), rat(127)) {
		n.guard(0, "$1 BETWEEN 1 AND 127")
	}
	return nil
}

// initials writes the first letter of each word large and the others small.
func initials(s string) string {
	out, inside := []byte(strings.ToLower(s)), false
	for i, c := range out {
		letter := c >= 'a' && c <= 'z'
		if letter && !inside {
			out[i] = c - 'a' + 'A'
		}
		inside = letter || c >= '0' && c <= '9'
	}
	return string(out)
}

// buildBin is date_bin. Over private rows stride and origin are constants; the origin is moved by whole strides to the first that no
// timestamp lies before, where engines agree.
func buildBin(n *node) error {
	n.in = &span{over: true, under: true}
	if n.mode == Public {
		return nil
	}
	d, ok := constInterval(n.args[0])
	origin, known := Fold(n.args[2])
	at, finite := ratOf(origin)
	days := new(big.Rat).Add(rat(d.days), new(big.Rat).Quo(rat(d.micros), rat(dayMicros)))
	if !ok || !known || !finite || d.months != 0 || days.Sign() <= 0 || days.Cmp(rat(yearLimit*366)) > 0 {
		return refusal.New(refusal.NotSupported, "date_bin over private rows needs a constant stride of days or less, and a constant origin").At(n.pos).
			WithHint("For months and years use date_trunc.")
	}
	stride := new(big.Rat).Mul(days, rat(dayMicros))
	n.shown[1] = inCalendar(n.args[1])
	in := spanOf(n.shown[1])
	first, last := calendarOf(n.typ)
	if in.lo == nil || in.hi == nil || at.Cmp(first) < 0 || at.Cmp(last) > 0 {
		return refusal.New(refusal.NotSupported, "the origin of date_bin over private rows must be in the years 1 to 9999").At(n.pos)
	}
	bin := func(r *big.Rat) *big.Rat {
		steps := floorRat(new(big.Rat).Quo(new(big.Rat).Sub(r, at), stride))
		return steps.Mul(steps, stride).Add(steps, at)
	}
	start := bin(in.lo)
	if start.Cmp(first) < 0 {
		start.Add(start, stride)
	}
	n.shown[2] = Const{Typ: plain(n.typ), Text: catalog.FormatRat(n.typ, start), Pos: -1}
	n.tell(reported(n.args[1]).mapEnds(bin), in.mapEnds(bin))
	n.dom.Values = n.eachStride(stride)
	return nil
}

// eachStride lists the starts of strides in the node's bounds.
func (n *node) eachStride(stride *big.Rat) []string {
	if !n.dom.Bounded() || new(big.Rat).Quo(new(big.Rat).Sub(n.dom.Hi, n.dom.Lo), stride).Cmp(rat(maxValues-1)) > 0 {
		return nil
	}
	values := []string{}
	for at := new(big.Rat).Set(n.dom.Lo); at.Cmp(n.dom.Hi) <= 0; at = new(big.Rat).Add(at, stride) {
		values = append(values, catalog.FormatRat(n.typ, at))
	}
	return values
}
