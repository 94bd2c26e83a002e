package privacy

import (
	"errors"
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
)

func TestParseRoundsByDirection(t *testing.T) {
	for _, c := range []struct {
		text     string
		down, up int64 // ε in nano-units
	}{
		{"0", 0, 0}, {"0.5", 500_000_000, 500_000_000}, {"1", 1e9, 1e9}, {"1e-3", 1e6, 1e6}, {"2.5E+1", 25e9, 25e9},
		{"0.1", 100_000_000, 100_000_000}, {"1e-30", 0, 1}, {"0.3333333333", 333_333_333, 333_333_334},
		{"0.0000000019", 1, 2}, {"9223372036.854775807", math.MaxInt64, math.MaxInt64}, {"007", 7e9, 7e9},
		{"1e-400", 0, 1}, {"0e400", 0, 0},
	} {
		if got, err := ParseEpsilonDown(c.text); err != nil || int64(got) != c.down {
			t.Errorf("ParseEpsilonDown(%q) = %d, %v; want %d", c.text, got, err, c.down)
		}
		if got, err := ParseEpsilonUp(c.text); err != nil || int64(got) != c.up {
			t.Errorf("ParseEpsilonUp(%q) = %d, %v; want %d", c.text, got, err, c.up)
		}
		if got, err := ParseRhoUp(c.text); err != nil || int64(got) != c.up {
			t.Errorf("ParseRhoUp(%q) = %d, %v; want %d", c.text, got, err, c.up)
		}
		if got, err := ParseRhoDown(c.text); err != nil || int64(got) != c.down {
			t.Errorf("ParseRhoDown(%q) = %d, %v; want %d", c.text, got, err, c.down)
		}
	}
	if d, err := ParseDeltaUp("1e-9"); err != nil || d != 1e9 {
		t.Errorf("ParseDeltaUp(1e-9) = %d, %v", d, err)
	}
	if d, err := ParseDeltaDown("1e-19"); err != nil || d != 0 {
		t.Errorf("ParseDeltaDown(1e-19) = %d, %v", d, err)
	}
	if d, err := ParseDeltaUp("1"); err != nil || d != DeltaUnits {
		t.Errorf("ParseDeltaUp(1) = %d, %v", d, err)
	}
}

func TestParseRefuses(t *testing.T) {
	long := "0." + string(make([]byte, 80))
	for _, text := range []string{"", " ", "-1", "+1", "-0", "NaN", "Inf", "inf", "infinity", "1/2", "0x10", "0x1p-2", "1_000", ".5", "5.",
		"1e", "1e-", "1e+-2", "1e-+2", "1e--2", "1e1.5", "e5", "1 ", " 1", "1,5", "١", "0b1", "1e5e5", "1.2.3", "1p3", "0.5\x00", long} {
		if v, err := ParseEpsilonUp(text); err == nil {
			t.Errorf("ParseEpsilonUp(%q) = %d, want an error", text, v)
		}
		if v, err := ParseDeltaDown(text); err == nil {
			t.Errorf("ParseDeltaDown(%q) = %d, want an error", text, v)
		}
	}
	for _, text := range []string{"9223372036.854775808", "1e10", "1e400", "1e401", "1e-401", "1e99999999999999999999"} {
		if v, err := ParseEpsilonUp(text); !errors.Is(err, ErrOverflow) {
			t.Errorf("ParseEpsilonUp(%q) = %d, %v; want ErrOverflow", text, v, err)
		}
	}
	for _, text := range []string{"1.0000000000000000001", "2", "1e3", "10"} {
		if v, err := ParseDeltaUp(text); !errors.Is(err, ErrOverflow) {
			t.Errorf("ParseDeltaUp(%q) = %d, %v; want ErrOverflow", text, v, err)
		}
	}
}

// What is parsed up is never below the text's value, what is parsed down never above, and both are within one unit.
func TestParseDirectionProperty(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 5000 {
		exact := big.NewRat(r.Int64N(1e15), 1+r.Int64N(1e9))
		text := exact.FloatString(int(r.Int64N(25)))
		exact.SetString(text)
		lo, err1 := ParseEpsilonDown(text)
		hi, err2 := ParseEpsilonUp(text)
		if err1 != nil || err2 != nil {
			if v, _ := exact.Float64(); v < 9.2e9 {
				t.Fatalf("%s: %v, %v", text, err1, err2)
			}
			continue
		}
		if lo.Rat().Cmp(exact) > 0 || hi.Rat().Cmp(exact) < 0 || hi-lo > 1 {
			t.Fatalf("%s: down %d, up %d", text, lo, hi)
		}
	}
}

func TestString(t *testing.T) {
	for _, c := range []struct{ got, want string }{
		{Epsilon(0).String(), "0"}, {Epsilon(500_000_000).String(), "0.5"}, {Epsilon(12e9).String(), "12"},
		{Epsilon(1).String(), "1e-9"}, {Epsilon(999_999).String(), "9.99999e-4"}, {Epsilon(1_000_000).String(), "0.001"},
		{Epsilon(1_234_567_891).String(), "1.234567891"}, {Epsilon(-5e8).String(), "-0.5"},
		{Delta(1e9).String(), "1e-9"}, {Delta(DeltaUnits).String(), "1"}, {Delta(15e8).String(), "1.5e-9"},
		{Rho(125_000_000).String(), "0.125"}, {Epsilon(math.MaxInt64).String(), "9223372036.854775807"},
		{Loss{Epsilon: 5e8, Delta: 1e9, Rho: 125e6}.Text(Pure), "ε 0.5"},
		{Loss{Epsilon: 5e8, Delta: 1e9, Rho: 125e6}.Text(Approx), "ε 0.5, δ 1e-9"},
		{Loss{Epsilon: 5e8, Delta: 1e9, Rho: 125e6}.Text(ZCDP), "ρ 0.125, δ 1e-9"},
		{Loss{Rho: 125e6}.Text(ZCDP), "ρ 0.125"},
	} {
		if c.got != c.want {
			t.Errorf("got %q, want %q", c.got, c.want)
		}
	}
}

// Text and value go back and forth without loss, whichever way the reader rounds.
func TestStringRoundTrip(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 5000 {
		n := r.Int64() >> r.IntN(63)
		lo, err1 := ParseEpsilonDown(Epsilon(n).String())
		hi, err2 := ParseEpsilonUp(Epsilon(n).String())
		if err1 != nil || err2 != nil || int64(lo) != n || int64(hi) != n {
			t.Fatalf("ε %d: %q → %d, %d", n, Epsilon(n).String(), lo, hi)
		}
		d := Delta(n % (DeltaUnits + 1))
		if got, err := ParseDeltaUp(d.String()); err != nil || got != d {
			t.Fatalf("δ %d: %q → %d, %v", d, d.String(), got, err)
		}
	}
}

func FuzzParseEpsilon(f *testing.F) {
	for _, s := range []string{"0.5", "1e-9", "-1", "NaN", "1e400", "0x1", "1/3"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		lo, err1 := ParseEpsilonDown(text)
		hi, err2 := ParseEpsilonUp(text)
		if err1 == nil && err2 == nil && (lo < 0 || hi < lo || hi-lo > 1) {
			t.Fatalf("%q: down %d, up %d", text, lo, hi)
		}
	})
}
