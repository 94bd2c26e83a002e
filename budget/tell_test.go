package budget

import (
	"testing"

	"github.com/dpproxy/dpproxy/privacy"
)

// What is told is the exact conversion, at most a few units above it and never below.
func TestTellEpsilon(t *testing.T) {
	for delta := privacy.Delta(1); delta < privacy.DeltaUnits; delta *= 7 {
		for rho := privacy.Rho(1); rho < 10_000*privacy.RhoUnits; rho *= 11 {
			exact, err := privacy.EpsilonOf(rho, delta)
			if err != nil {
				t.Fatal(err)
			}
			got := tellEpsilon(rho, delta)
			if got < exact || float64(got-exact) > 10+1e-7*float64(exact) {
				t.Errorf("ρ = %v, δ = %v: told %v, exactly %v", rho, delta, got, exact)
			}
		}
	}
	if got := tellEpsilon(0, 1); got != 0 {
		t.Errorf("ρ = 0 is told as %v", got)
	}
}

func BenchmarkTellEpsilon(b *testing.B) {
	for i := range b.N {
		tellEpsilon(privacy.Rho(1_000_000+i), privacy.DeltaUnits/2_000_000)
	}
}
