package budget

import (
	"errors"
	"math"
	"math/big"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/dpproxy/dpproxy/privacy"
)

const (
	one  = privacy.EpsilonUnits
	tiny = privacy.DeltaUnits / 1_000_000 // δ = 1e-6
)

func TestValidate(t *testing.T) {
	for _, c := range []struct {
		budget Budget
		want   string // part of the error; "" for none
	}{
		{Budget{Accountant: privacy.Pure, Epsilon: one}, ""},
		{Budget{Accountant: privacy.Pure, Epsilon: one, Delta: tiny}, ""},
		{Budget{Accountant: privacy.Pure}, ""},
		{Budget{Accountant: privacy.Approx, Epsilon: one}, ""},
		{Budget{Accountant: privacy.ZCDP, Epsilon: one, Delta: tiny, Refresh: time.Hour}, ""},
		{Budget{Accountant: privacy.ZCDP, Epsilon: one, Delta: 2}, ""},
		{Budget{Accountant: privacy.ZCDP, Epsilon: one, Delta: 1}, "delta greater than 0"},
		{Budget{Accountant: privacy.ZCDP, Epsilon: one}, "delta greater than 0"},
		{Budget{Accountant: "renyi", Epsilon: one}, "unknown accountant"},
		{Budget{Epsilon: one}, "unknown accountant"},
		{Budget{Accountant: privacy.Pure, Epsilon: -1}, "epsilon"},
		{Budget{Accountant: privacy.Approx, Epsilon: one, Delta: -1}, "delta"},
		{Budget{Accountant: privacy.Approx, Epsilon: one, Delta: privacy.DeltaUnits}, "delta"},
		{Budget{Accountant: privacy.Pure, Epsilon: one, Refresh: -time.Hour}, "refresh"},
		{Budget{Accountant: privacy.Pure, Epsilon: one, Refresh: time.Millisecond}, "refresh"},
	} {
		err := Validate(c.budget)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: got %v, want %q", c.budget, err, c.want)
		}
	}
}

// δ is halved: what the conversion of ρ and group selection use together is never more than the budget.
func TestLimitHalvesDelta(t *testing.T) {
	for _, delta := range []privacy.Delta{2, 3, tiny, tiny + 1} {
		limit, err := Limit(Budget{Accountant: privacy.ZCDP, Epsilon: one, Delta: delta})
		if err != nil {
			t.Fatal(err)
		}
		if limit.Delta != delta/2 || 2*limit.Delta > delta {
			t.Errorf("δ = %d: selection has %d", delta, limit.Delta)
		}
		back, err := privacy.EpsilonOf(limit.Rho, delta/2)
		if err != nil {
			t.Fatal(err)
		}
		// MaxRho and EpsilonOf round in opposite directions, so that the way back may be one unit of rounding above.
		if limit.Epsilon != 0 || limit.Rho <= 0 || float64(back) > one*1.000_001 {
			t.Errorf("δ = %d: limit %+v is ε = %v", delta, limit, back)
		}
	}
}

// Random charges against exact sums in big integers, for each accountant: what is admitted never exceeds the limit, and
// what would not exceed it is never refused.
func TestAdmitIsExact(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	for seed := range uint64(300) {
		random := rand.New(rand.NewPCG(seed, 2))
		accountant := []privacy.Accountant{privacy.Pure, privacy.Approx, privacy.ZCDP}[seed%3]
		b := Budget{Accountant: accountant, Epsilon: privacy.Epsilon(1 + random.Int64N(5*one)), Delta: privacy.Delta(2 + random.Int64N(tiny))}
		limit, err := Limit(b)
		if err != nil {
			t.Fatal(err)
		}
		s := State{Key: Key{Analyst: "a", Dataset: "d"}}.At(now, 0)
		var epsilon, delta, rho big.Int
		for range 60 {
			loss := randomLoss(random, accountant, limit)
			asked := Currency(accountant, loss)
			fits := fitsIn(&epsilon, int64(asked.Epsilon), int64(limit.Epsilon)) &&
				fitsIn(&delta, int64(asked.Delta), int64(limit.Delta)) && fitsIn(&rho, int64(asked.Rho), int64(limit.Rho))
			ok, err := s.Admit(accountant, limit, loss)
			if err != nil || ok != (fits || asked.IsZero()) {
				t.Fatalf("seed %d: %+v on %+v of %+v: got %v, %v; want %v", seed, loss, s, limit, ok, err, fits)
			}
			if !ok {
				continue
			}
			if s, err = s.Reserve(accountant, loss); err != nil {
				t.Fatal(err)
			}
			if random.IntN(2) == 0 {
				if s, err = s.Settle(s.Window.Start, loss); err != nil {
					t.Fatal(err)
				}
			} else if random.IntN(3) == 0 {
				s = s.GiveBack(s.Window.Start, loss)
				continue
			}
			epsilon.Add(&epsilon, big.NewInt(int64(asked.Epsilon)))
			delta.Add(&delta, big.NewInt(int64(asked.Delta)))
			rho.Add(&rho, big.NewInt(int64(asked.Rho)))
		}
	}
}

// fitsIn tells that sum + asked ≤ limit.
func fitsIn(sum *big.Int, asked, limit int64) bool {
	return new(big.Int).Add(sum, big.NewInt(asked)).Cmp(big.NewInt(limit)) <= 0
}

func randomLoss(random *rand.Rand, accountant privacy.Accountant, limit privacy.Loss) privacy.Loss {
	part := func(n int64) int64 { return random.Int64N(n/4 + 2) }
	loss := privacy.Loss{Epsilon: privacy.Epsilon(1 + part(int64(limit.Epsilon))), Rho: privacy.Rho(1 + part(int64(limit.Rho)))}
	if accountant == privacy.ZCDP {
		loss.Epsilon = 0
	}
	if accountant != privacy.Pure || random.IntN(5) == 0 {
		loss.Delta = privacy.Delta(part(int64(limit.Delta)))
	}
	if random.IntN(10) == 0 {
		return privacy.Loss{}
	}
	return loss
}

func TestAdmitOverflow(t *testing.T) {
	s := State{Spent: privacy.Loss{Epsilon: math.MaxInt64 - 1}, Reserved: privacy.Loss{Epsilon: 1}}
	limit := privacy.Loss{Epsilon: math.MaxInt64}
	if ok, err := s.Admit(privacy.Pure, limit, privacy.Loss{Epsilon: 1}); ok || !errors.Is(err, privacy.ErrOverflow) {
		t.Errorf("got %v, %v; want ErrOverflow", ok, err)
	}
	if _, err := s.Effective(Budget{Epsilon: math.MaxInt64}); err != nil {
		t.Error(err)
	}
	s.Granted = privacy.Loss{Epsilon: 1}
	if _, err := s.Effective(Budget{Epsilon: math.MaxInt64}); !errors.Is(err, privacy.ErrOverflow) {
		t.Errorf("got %v, want ErrOverflow", err)
	}
}

func TestExhaustedSaysWhoseAndWhen(t *testing.T) {
	ends := time.Date(2026, 11, 6, 0, 0, 0, 0, time.UTC)
	for want, e := range map[string]*Exhausted{
		"budget: the account of alice on dataset d does not allow this and refreshes at 2026-11-06T00:00:00Z": {
			Key: Key{"alice", "d"}, Balance: Balance{WindowEnds: ends}},
		"budget: the dataset's account on dataset d does not allow this and does not refresh": {Key: Key{"", "d"}},
		"budget: the account of alice on dataset d has made its 7 queries":                    {Key: Key{"alice", "d"}, MaxQueries: 7},
	} {
		if e.Error() != want {
			t.Errorf("got %q, want %q", e.Error(), want)
		}
	}
}
