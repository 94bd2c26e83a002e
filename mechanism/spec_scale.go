package mechanism

import (
	"errors"
	"fmt"
	"math/big"

	"github.com/dpproxy/dpproxy/privacy"
)

// Validate tells what makes s impossible to release. Its errors hold the query's shape only.
func (s Spec) Validate() error {
	switch {
	case s.Width < 1:
		return fmt.Errorf("mechanism: spec %q has width %d", s.Name, s.Width)
	case s.Share.Epsilon < 0 || s.Share.Delta < 0 || s.Share.Rho < 0:
		return fmt.Errorf("mechanism: spec %q has a negative share", s.Name)
	case s.Noise == Laplace:
		return s.validateNoise(s.L1, int64(s.Share.Epsilon), "ε")
	case s.Noise == Gaussian:
		return s.validateNoise(s.L2Squared, int64(s.Share.Rho), "ρ")
	}
	return fmt.Errorf("mechanism: spec %q has unknown noise %q", s.Name, s.Noise)
}

func (s Spec) validateNoise(sensitivity *big.Int, share int64, unit string) error {
	if sensitivity == nil || sensitivity.Sign() < 1 {
		return fmt.Errorf("mechanism: spec %q has no sensitivity of at least 1", s.Name)
	}
	if share < 1 {
		return fmt.Errorf("mechanism: the share of %s for %q is less than one unit", unit, s.Name)
	}
	return nil
}

// LaplaceScale is b = L1/ε, exact. Only for a valid spec with Laplace noise; else nil.
func (s Spec) LaplaceScale() *big.Rat {
	if s.Noise != Laplace || s.Validate() != nil {
		return nil
	}
	return new(big.Rat).Quo(new(big.Rat).SetInt(s.L1), s.Share.Epsilon.Rat())
}

// GaussianVariance is σ² = L2Squared/(2ρ), exact. Only for a valid spec with Gaussian noise; else nil.
func (s Spec) GaussianVariance() *big.Rat {
	if s.Noise != Gaussian || s.Validate() != nil {
		return nil
	}
	return gaussianVariance(s.L2Squared, s.Share.Rho)
}

// gaussianVariance is Δ²/(2ρ): Bun and Steinke 2016, Prop. 1.6; CKS 2020, Theorem 4 for the discrete distribution.
func gaussianVariance(l2Squared *big.Int, rho privacy.Rho) *big.Rat {
	return new(big.Rat).Quo(new(big.Rat).SetInt(l2Squared), new(big.Rat).Mul(rho.Rat(), big.NewRat(2, 1)))
}

// drawer is an exact sampler: laplace or gaussian.
type drawer interface {
	draw(s *stream, z *big.Int) *big.Int
}

func (s Spec) drawer() (drawer, error) {
	if err := s.Validate(); err != nil {
		return nil, err
	}
	if s.Noise == Gaussian {
		return newGaussian(s.GaussianVariance()), nil
	}
	return newLaplace(s.LaplaceScale()), nil
}

// Validate tells what makes sel impossible to apply to specs. Its errors hold the query's shape only.
func (sel Selection) Validate(specs []Spec) error {
	if sel.Kind == PublicKeys {
		return nil
	}
	if sel.Groups < 1 || sel.Share.Delta < 1 || sel.Share.Delta > privacy.DeltaUnits || sel.MinUnits < 0 {
		return errors.New("mechanism: selection of groups needs a δ in (0, 1] and at least one group a unit")
	}
	switch sel.Kind {
	case OwnThreshold:
		if sel.Spec < 0 || sel.Spec >= len(specs) {
			return errors.New("mechanism: selection reads a spec that is not there")
		}
		if sel.Threshold < 2 {
			return errors.New("mechanism: a threshold is at least 2")
		}
	case GaussianThreshold:
		if sel.Threshold < 2 || sel.Share.Rho < 1 {
			return errors.New("mechanism: a Gaussian threshold is at least 2 and needs a share of ρ")
		}
	case Optimal:
		if sel.Share.Epsilon < 0 {
			return errors.New("mechanism: selection of groups has a negative ε")
		}
	default:
		return fmt.Errorf("mechanism: unknown selection %q", sel.Kind)
	}
	return nil
}
