package sqltest

import (
	"math/big"
	"testing"

	"github.com/dpproxy/dpproxy/catalog"
)

// TestApprovedUnderItsClass: a step that was approved with rounded numbers is not run under a class that does not round them.
func TestApprovedUnderItsClass(t *testing.T) {
	b := newBench(t)
	round := catalog.AfterNoise{Round: map[string]*big.Rat{"count": big.NewRat(50, 1)}}
	b.loaded.Catalog.Policy.Classes = []catalog.QueryClass{{Name: "rounded", AfterNoise: round}, {Name: "plain"}, {Name: "same", AfterNoise: round}}
	a, run := b.script(nil), newTag(t)
	for _, class := range []string{"plain", "same"} {
		_, err := b.ask("alice", stepOne, changed(with(a, b.order(a, run, 1)), "dp.query_class", class))
		refused(t, class, err, "no approved step has the plan")
	}
	rows, err := b.ask("alice", stepOne, with(a, b.order(a, run, 1)))
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rows {
		n, ok := new(big.Int).SetString(r[1].Text, 10)
		if !ok || n.Mod(n, big.NewInt(50)).Sign() != 0 {
			t.Errorf("a number is not rounded: %v", r)
		}
	}
}
