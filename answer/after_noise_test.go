package answer

import (
	"errors"
	"math/big"
	"testing"

	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/mechanism"
	"github.com/dpproxy/dpproxy/privacy"
)

func TestRounded(t *testing.T) {
	for _, c := range []struct{ value, base, bound, want string }{
		{"12", "5", "", "10"}, {"12.5", "5", "", "15"}, {"13", "5", "", "15"}, {"-12", "5", "", "-10"}, {"-13", "5", "", "-15"},
		{"12", "5", "low", "10"}, {"12", "5", "high", "15"}, {"-12", "5", "low", "-15"}, {"-12", "5", "high", "-10"},
		{"15", "5", "low", "15"}, {"15", "5", "high", "15"}, {"0.26", "0.5", "", "0.5"}, {"0.24", "0.5", "", "0"},
	} {
		value, _ := new(big.Rat).SetString(c.value)
		base, _ := new(big.Rat).SetString(c.base)
		want, _ := new(big.Rat).SetString(c.want)
		before := new(big.Rat).Set(value)
		if got := rounded(value, base, c.bound); got.Cmp(want) != 0 || value.Cmp(before) != 0 {
			t.Errorf("%s to %s %s is %s, want %s (and the value %s)", c.value, c.base, c.bound, got, want, value)
		}
	}
	if v := big.NewRat(7, 3); rounded(v, nil, "") != v {
		t.Error("without a base a value changes")
	}
}

// A table that cannot be judged is not shown.
func TestSparsityNeedsCounts(t *testing.T) {
	m := countBySex(privacy.EpsilonUnits).Blocks[0]
	m.After.Sparsity = &catalog.Sparsity{Ones: big.NewRat(1, 1), OnesAndTwos: big.NewRat(1, 1)}
	noisy := &mechanism.Noisy{Groups: []mechanism.NoisyGroup{{Keys: []Cell{{Text: "f"}}, Values: []*big.Int{big.NewInt(9)}}}}
	if _, err := publish(&m, noisy); !errors.Is(err, errUncounted) {
		t.Errorf("without a count: %v", err)
	}
	m.Outputs[1].Stand.Rows = &m.Outputs[1].Estimator
	if rows, err := publish(&m, noisy); err != nil || len(rows) != 1 {
		t.Errorf("with a count: %v, %v", rows, err)
	}
}
