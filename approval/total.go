package approval

import (
	"fmt"
	"math/big"
	"strconv"
	"strings"
)

// Total fills in what a run costs, each step once, and what all runs cost together.
func (s *Script) Total() error {
	run, all, err := s.sums()
	if err != nil {
		return err
	}
	s.PerRun, s.InAll = run.text(), all.text()
	return nil
}

// checkTotal refuses a script whose prices are not the sums of its steps': they are what a reviewer reads first, and who
// wrote the script wrote them too.
func (s *Script) checkTotal() error {
	run, all, err := s.sums()
	if err != nil {
		return err
	}
	for _, part := range []struct {
		told Loss
		is   amounts
	}{{s.PerRun, run}, {s.InAll, all}} {
		if told, err := part.told.amounts(); err != nil || told.text() != part.is.text() {
			return fmt.Errorf("the script's prices are not the sums of its steps': one run%s; all runs%s", LossWords(run.text()), LossWords(all.text()))
		}
	}
	return nil
}

// amounts are ε, δ and ρ.
type amounts [3]*big.Rat

// amounts reads a price. Each is a decimal number of at least 0; nothing is 0.
func (l Loss) amounts() (out amounts, err error) {
	for i, text := range []string{l.Epsilon, l.Delta, l.Rho} {
		if text == "" {
			text = "0"
		}
		x, ok := lossNumber(text)
		if !ok || x.Sign() < 0 {
			return out, fmt.Errorf("has the loss %q, which is no decimal number from 0 on", text)
		}
		out[i] = x
	}
	return out, nil
}

// lossNumber reads a decimal number as EXPLAIN writes prices: 0.5, 1e-9.
func lossNumber(text string) (*big.Rat, bool) {
	digits, exponent, small := strings.Cut(text, "e")
	x, ok := decimal(digits)
	if !small || !ok {
		return x, ok
	}
	n, err := strconv.Atoi(exponent)
	if err != nil || n < -18 || n > 18 {
		return nil, false
	}
	return x.SetString(text)
}

func (a amounts) text() Loss { return Loss{exactText(a[0]), exactText(a[1]), exactText(a[2])} }

// sums are the prices of one run and of all.
func (s *Script) sums() (run, all amounts, err error) {
	for i := range run {
		run[i], all[i] = new(big.Rat), new(big.Rat)
	}
	for i := range s.Steps {
		cost, err := s.Steps[i].Loss.amounts()
		if err != nil {
			return run, all, fmt.Errorf("%s %w", StepNumber(i), err)
		}
		for j := range run {
			run[j].Add(run[j], cost[j])
		}
	}
	for j := range all {
		all[j].Mul(run[j], new(big.Rat).SetInt64(s.Runs))
	}
	return run, all, nil
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
