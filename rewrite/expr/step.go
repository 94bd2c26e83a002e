package expr

import "math/big"

// StepOf is a step of which every value is a whole multiple, as Domain's, with constant factors counted: age / 10 * 10 has step
// 10. nil is unknown.
func StepOf(e Expr) *big.Rat {
	n, ok := e.(*node)
	if !ok {
		return stepFor(e)
	}
	told := stepFor(e)
	switch {
	case n.name == "*" && len(n.args) == 2 && told != nil:
		if a, b := factor(n.args[0]), factor(n.args[1]); a != nil && b != nil {
			return new(big.Rat).Mul(a, b)
		}
	case (n.name == "+" || n.name == "-") && len(n.args) == 2 && told != nil:
		if s := commonStep(factor(n.args[0]), factor(n.args[1])); s != nil {
			return s
		}
	case (n.name == "key" || n.name == "cast" || n.name == "guard" || n.widening) && len(n.args) == 1 && n.typ.IsNumeric() && n.args[0].Type().IsNumeric():
		if s := StepOf(n.args[0]); s != nil && s.IsInt() {
			return s
		}
	}
	return told
}

// factor is StepOf; of a constant it is the constant.
func factor(e Expr) *big.Rat {
	if c, ok := Fold(e); ok && !c.Null {
		if r, ok := ratOf(c); ok && r.Sign() != 0 {
			return new(big.Rat).Abs(r)
		}
	}
	return StepOf(e)
}
