package approval

import (
	"fmt"
	"math/big"
)

// Total fills in what a run costs, each step once, and what all runs cost together.
func (s *Script) Total() error {
	var sum [3]*big.Rat
	for i := range sum {
		sum[i] = new(big.Rat)
	}
	for i, step := range s.Steps {
		for j, text := range []string{step.Loss.Epsilon, step.Loss.Delta, step.Loss.Rho} {
			if text == "" {
				continue
			}
			x, ok := new(big.Rat).SetString(text)
			if !ok {
				return fmt.Errorf("%s has the loss %q", StepNumber(i), text)
			}
			sum[j].Add(sum[j], x)
		}
	}
	runs := new(big.Rat).SetInt64(s.Runs)
	s.PerRun = Loss{exactText(sum[0]), exactText(sum[1]), exactText(sum[2])}
	for i := range sum {
		sum[i].Mul(sum[i], runs)
	}
	s.InAll = Loss{exactText(sum[0]), exactText(sum[1]), exactText(sum[2])}
	return nil
}

// exactText prints a decimal number without trailing zeros; losses have at most 18 decimals.
func exactText(x *big.Rat) string {
	text := x.FloatString(18)
	for text[len(text)-1] == '0' {
		text = text[:len(text)-1]
	}
	if text[len(text)-1] == '.' {
		text = text[:len(text)-1]
	}
	return text
}
