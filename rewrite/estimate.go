package rewrite

import (
	"errors"
	"math/big"

	"github.com/dpproxy/dpproxy/mechanism"
)

func big1(n int64) *big.Int { return big.NewInt(n) }

// estimator is the formula from a spec's noisy whole numbers to the value of a call. One that does not fit the numbers is an error.
func (p *pending) estimator(k *call) (mechanism.Estimator, error) {
	for i, s := range p.specs {
		if !s.serves(k) {
			continue
		}
		e := mechanism.Estimator{Spec: i, First: s.first}
		e = s.formula(e, k)
		return e, e.Validate(s.spec)
	}
	return mechanism.Estimator{}, errors.New("rewrite: an aggregate has no measurement")
}

// serves tells that a spec holds what a call asks.
func (s *released) serves(k *call) bool {
	if (s.filter == nil) != (k.filter == nil) || s.filter != nil && text(s.filter) != text(k.filter) {
		return false
	}
	if k.units || s.kind == specUnits {
		return k.units && s.kind == specUnits
	}
	return s.sets[setOf(k)]
}

// formula computes a call's value. With y the spec's numbers, step the grid and L the lower bound:
//
//	pair    n = (y0 + y1)/G                Σx = L·n + step·y0
//	triple  n = (y0 + y1 + y2)/G²          Σx = L·n + step·(y1/2 + y2)/G
func (s *released) formula(e mechanism.Estimator, k *call) mechanism.Estimator {
	if s.kind == specPlane {
		return s.formulaOfPlane(e, k)
	}
	how := measuredAs(k.fn)
	e.Kind = how.formula
	switch s.kind {
	case specUnits, specRows:
		e.Coef = []*big.Rat{big.NewRat(1, 1)}
		return e
	case specSum:
		e.Coef = []*big.Rat{s.grid.Step}
		return e
	}
	e.Lower, e.Upper, e.Row = s.grid.Lower, s.grid.Upper, s.grid.G
	if s.kind == specTriple {
		e.Row = new(big.Int).Mul(s.grid.G, s.grid.G)
	}
	inverse := new(big.Rat).SetFrac(big.NewInt(1), s.grid.G)
	step := new(big.Rat).Mul(new(big.Rat).Sub(e.Upper, e.Lower), inverse)
	n := []*big.Rat{inverse, inverse}
	sum := []*big.Rat{step, new(big.Rat)}
	if s.kind == specTriple {
		square := new(big.Rat).Mul(inverse, inverse)
		n = []*big.Rat{square, square, square}
		whole := new(big.Rat).Mul(step, inverse)
		sum = []*big.Rat{new(big.Rat), new(big.Rat).Mul(whole, big.NewRat(1, 2)), whole}
	}
	switch {
	case how.isCount():
		e.Coef = n
	case how.isSum():
		for i := range n {
			e.Coef = append(e.Coef, new(big.Rat).Add(sum[i], new(big.Rat).Mul(s.grid.Lower, n[i])))
		}
	case s.kind == specTriple && how.formula == mechanism.Mean:
		e.Kind = mechanism.MeanOfTriple
	}
	return e
}
