package expr

import (
	"math"
	"math/big"

	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/refusal"
)

// finite is a guard for functions of floats that fail on what is infinite, too large, or so small that a product with it
// underflows: NULL for the first two and for NaN, 0 for the last.
const finite = "CASE WHEN abs($1) < 1e-300 THEN 0 WHEN abs($1) <= 1e300 THEN $1 END"

// guardFinite makes operand i of a private node finite.
func (n *node) guardFinite(i int) {
	if n.mode == Public {
		return
	}
	most := pow2(900)
	if s := spanOf(n.args[i]); !s.within(new(big.Rat).Neg(most), most) {
		n.dom.Nullable = true
	}
	n.shown[i] = guarded(n.shown[i], finite, "", 3)
}

// buildCircular is a function of an angle whose results lie in [lo, hi], whatever the library's last bit.
func buildCircular(lo, hi float64) func(n *node) error {
	return func(n *node) error {
		for i := range n.args {
			n.guardFinite(i)
		}
		s := span{lo: new(big.Rat).SetFloat64(lo), hi: new(big.Rat).SetFloat64(hi)}
		if n.mode == Public {
			s.over = true
		}
		n.tell(s, s)
		return nil
	}
}

// buildTangent has no bounds.
func buildTangent(n *node) error {
	n.guardFinite(0)
	n.in = &span{over: true, under: true}
	return nil
}

// buildArc is asin and acos: NULL outside of [−1, 1].
func buildArc(lo, hi float64) func(n *node) error {
	return func(n *node) error {
		if n.mode == Private && !spanOf(n.args[0]).within(rat(-1), rat(1)) {
			n.guard(0, "$1 BETWEEN -1 AND 1")
		}
		s := span{lo: new(big.Rat).SetFloat64(lo), hi: new(big.Rat).SetFloat64(hi)}
		n.tell(s, s)
		return nil
	}
}

// buildScale is degrees and radians.
func buildScale(factor float64) func(n *node) error {
	return func(n *node) error {
		n.guardFinite(0)
		f := func(x float64) float64 { return x * factor }
		n.tell(about(reported(n.args[0]), f), about(spanOf(n.args[0]).cut(rat(0).Neg(pow2(1000)), pow2(1000)), f))
		n.in.over, n.in.under = n.mode == Public, n.mode == Public
		return nil
	}
}

// angleFunctions lists the functions of angles.
func angleFunctions() []function {
	over := func(v float64) float64 { return v * (1 + 1e-9) }
	half, whole := over(math.Pi/2), over(math.Pi)
	return []function{
		{name: "sin", args: kinds(f8), result: f8, build: buildCircular(-1, 1)},
		{name: "cos", args: kinds(f8), result: f8, build: buildCircular(-1, 1)},
		{name: "tan", args: kinds(f8), result: f8, build: buildTangent},
		{name: "atan", args: kinds(f8), result: f8, build: buildCircular(-half, half)},
		{name: "atan2", args: kinds(f8, f8), result: f8, build: buildCircular(-whole, whole)},
		{name: "asin", args: kinds(f8), result: f8, build: buildArc(-half, half)},
		{name: "acos", args: kinds(f8), result: f8, build: buildArc(-1e-9, whole)},
		{name: "degrees", args: kinds(f8), result: f8, build: buildScale(180 / math.Pi)},
		{name: "radians", args: kinds(f8), result: f8, build: buildScale(math.Pi / 180)},
	}
}

// buildDigest is md5: of as much text as is copied anywhere.
func buildDigest(n *node) error {
	n.capTexts()
	n.dom.MaxLen = 32
	return nil
}

// buildCode is ascii: the first character's number, 0 of the empty text.
func buildCode(n *node) error {
	n.dom.Step = rat(1)
	s := span{lo: rat(0), hi: rat(0x10FFFF)}
	n.tell(s, s)
	return nil
}

// buildMakeDate: what is no date of the years 1 to 9999 is NULL.
func buildMakeDate(n *node) error {
	n.narrowInts()
	n.dom.Step, n.dom.Nullable = rat(1), true
	lo, hi := calendarOf(catalog.Of(dat))
	in := span{lo: lo, hi: hi}
	told := span{}
	if y := reported(n.args[0]); y.lo != nil && y.hi != nil {
		from, to := larger(y.lo, rat(1)), smaller(y.hi, rat(9999))
		if from.Cmp(to) <= 0 {
			told = span{lo: rat(daysOf(ceilRat(from).Num().Int64(), 1, 1)), hi: rat(daysOf(floorRat(to).Num().Int64(), 12, 31))}
			in = told
		}
	}
	if n.mode == Public {
		n.in = &span{over: true, under: true}
		return nil
	}
	n.tell(told, in)
	at := "(make_date(LEAST(GREATEST($1, 1), 9999), LEAST(GREATEST($2, 1), 12), 1) + (LEAST(GREATEST($3, 1), 31) - 1))"
	valid := "CASE WHEN $1 BETWEEN 1 AND 9999 AND $2 BETWEEN 1 AND 12 AND $3 BETWEEN 1 AND 31 AND "
	pg := valid + "EXTRACT(month FROM " + at + ") = $2 THEN " + at + " END"
	at = "(make_date(LEAST(GREATEST($1, 1), 9999), LEAST(GREATEST($2, 1), 12), 1) + CAST(LEAST(GREATEST($3, 1), 31) - 1 AS INTEGER))"
	n.times = 4
	n.write = templates(pg, valid+"date_part('month', "+at+") = $2 THEN "+at+" END")
	return nil
}

// buildRegexReplace replaces what a constant pattern finds by a constant text.
func buildRegexReplace(n *node) error {
	pattern, ok, err := n.constantText(1, "pattern")
	if err != nil {
		return err
	}
	flags, plain := "", true
	if len(n.args) == 4 {
		if flags, plain, err = n.constantText(3, "flags"); err != nil {
			return err
		}
	}
	by, fixed := Fold(n.args[2])
	if n.mode == Public {
		return nil
	}
	if !ok || !fixed || by.Null || !plain || (flags != "" && flags != "g" && flags != "i" && flags != "gi" && flags != "ig") {
		return refusal.New(refusal.NotSupported, "over private rows regexp_replace needs a constant pattern and text, and flags g and i at most").At(n.pos)
	}
	for _, c := range pattern + by.Text {
		if c == '|' || c == '\\' && len(by.Text) > 0 && containsRune(by.Text, '\\') {
			return refusal.New(refusal.NotSupported, "over private rows regexp_replace takes no alternatives, and no references in the new text").At(n.pos).
				WithHint("Write one regexp_replace for each alternative.")
		}
	}
	if err := checkRegex(pattern, n.pos); err != nil {
		return err
	}
	n.capTexts()
	// A pattern that matches nothing does so before each character and at the end, and every character stays.
	most := n.shownLimit(0)
	if err := n.limitBuilt(most + (most+1)*len([]rune(by.Text))); err != nil {
		return err
	}
	n.write = templates("regexp_replace($1, $2, $3, '"+flags+"')", "regexp_replace($1, $2, $3, '"+flags+"s')")
	return nil
}

func containsRune(s string, r rune) bool {
	for _, c := range s {
		if c == r {
			return true
		}
	}
	return false
}
