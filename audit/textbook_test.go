package audit

import (
	"math"
	"testing"
)

// What textbook noise makes is reachable from its own true value, always; of the neighbours of such numbers many are not.
func TestReachable(t *testing.T) {
	const truth, scale, n = 44.5, 90.0, 2000
	others := 0
	for range n {
		y := truth + textbook(scale)
		if !reachable(y, truth, scale) {
			t.Fatalf("%v is not reachable", y)
		}
		if !reachable(math.Nextafter(y, math.Inf(1)), truth, scale) {
			others++
		}
	}
	if others < n/10 { // about a third; fewer than a tenth is hundreds of standard deviations away
		t.Errorf("only %d of %d neighbours are out of reach", others, n)
	}
}

func TestLowest(t *testing.T) {
	for x, want := range map[float64]float64{1: 0, -1: 0, 6: 1, 0.75: -2, 1 << 60: 60, math.SmallestNonzeroFloat64: -1074, 1 + 1.0/(1<<52): -52} {
		if got, ok := lowest(x); !ok || got != want {
			t.Errorf("%v: got 2^%v, want 2^%v", x, got, want)
		}
	}
	if _, ok := lowest(0); ok {
		t.Error("0 lies on every grid")
	}
}

func TestDigits(t *testing.T) {
	for _, c := range []struct {
		text     string
		decimals float64
		digits   string
	}{{"-12.50", 1, "-1250"}, {"0.125", 3, "125"}, {"7", -1, ""}, {"1e5", -1, ""}, {"1.5e5", -1, ""}} {
		n, ok := decimals(c.text)
		if ok != (c.decimals >= 0) || ok && n != c.decimals {
			t.Errorf("%s: %v decimals, %t", c.text, n, ok)
		}
		if d, ok := digits(c.text); ok != (c.digits != "") || ok && d.String() != c.digits {
			t.Errorf("%s: digits %v", c.text, d)
		}
	}
}
