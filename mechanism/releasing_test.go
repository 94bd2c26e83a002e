package mechanism

import (
	"errors"
	"fmt"
	"math/big"
	"runtime"
	"testing"

	"github.com/dpproxy/dpproxy/privacy"
)

// visits is a measurement of one count with a selection of its own.
func visits() ([]Spec, Selection) {
	one := big.NewInt(1)
	return []Spec{{Name: "count(*)", Width: 1, Noise: Laplace, L1: one, L2Squared: one, Share: privacy.Loss{Epsilon: privacy.EpsilonUnits / 2}}},
		Selection{Kind: Optimal, Groups: 1, Share: privacy.Loss{Epsilon: privacy.EpsilonUnits / 2, Delta: privacy.DeltaUnits / 1_000_000_000}}
}

// Two million groups of one unit each are gone when they have been read; the two that many units are in are seen.
func TestManyGroupsTakeNoMemory(t *testing.T) {
	specs, sel := visits()
	e, err := Releases(NewCryptoSource(), 1, specs, sel)
	if err != nil {
		t.Fatal(err)
	}
	before := live()
	for i := range 2_000_000 {
		n := "1"
		if i%1_000_000 == 7 {
			n = "5000"
		}
		if err := e.Add([]Cell{{Text: fmt.Sprint("key ", i)}}, n, []string{n}); err != nil {
			t.Fatal(err)
		}
	}
	if more := live() - before; more > 1<<20 {
		t.Errorf("%d bytes are held", more)
	}
	noisy, err := Release(NewCryptoSource(), e, specs, sel, nil)
	if err != nil {
		t.Fatal(err)
	}
	// A group of one unit shows with probability 1e-9, and one of 5000 always: more than 50 of 2 million have odds below 1e-150.
	if n := len(noisy.Groups); n < 2 || n > 50 {
		t.Errorf("%d groups are seen", n)
	}
	if _, err := Release(NewCryptoSource(), e, specs, sel, nil); !errors.Is(err, ErrReleased) {
		t.Errorf("released twice: %v", err)
	}
}

func live() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// The numbers and the groups that are seen are distributed alike, whether groups are released as they come or held.
func TestReleasesAsRelease(t *testing.T) {
	specs, sel := visits()
	sel.Share.Delta = privacy.DeltaUnits / 100
	const n = 20_000
	var seen, sum [2]float64
	for way := range 2 {
		e := NewExact(1)
		if way == 1 {
			var err error
			if e, err = Releases(NewCryptoSource(), 1, specs, sel); err != nil {
				t.Fatal(err)
			}
		}
		for i := range n {
			if err := e.Add([]Cell{{Text: fmt.Sprint(n - i)}}, "6", []string{"6"}); err != nil {
				t.Fatal(err)
			}
		}
		noisy, err := Release(NewCryptoSource(), e, specs, sel, nil)
		if err != nil {
			t.Fatal(err)
		}
		for i, g := range noisy.Groups {
			seen[way]++
			sum[way] += float64(g.Values[0].Int64())
			if i > 0 && name(noisy.Groups[i-1].Keys) >= name(g.Keys) {
				t.Fatal("the order of groups is not that of their keys")
			}
		}
	}
	// Standard deviations of the differences are at most 100 (√(2n/4)) and 2.9/√1000; six and a half of them have odds below 1e-10.
	if d := seen[0] - seen[1]; seen[0] < 1000 || d > 650 || d < -650 {
		t.Errorf("%v groups are seen", seen)
	}
	if d := sum[0]/seen[0] - sum[1]/seen[1]; d > 0.9 || d < -0.9 {
		t.Errorf("means %v and %v", sum[0]/seen[0], sum[1]/seen[1])
	}
}

// Noise that was drawn for one plan is not released as another's.
func TestReleasesForOnePlan(t *testing.T) {
	specs, sel := visits()
	e, err := Releases(NewCryptoSource(), 1, specs, sel)
	if err != nil {
		t.Fatal(err)
	}
	other, _ := visits()
	other[0].Share.Epsilon++
	if _, err := Release(NewCryptoSource(), e, other, sel, nil); !errors.Is(err, errReleasing) {
		t.Errorf("got %v", err)
	}
	if _, err := Releases(NewCryptoSource(), 1, specs, Selection{Kind: PublicKeys}); err == nil {
		t.Error("public keys have groups that the engine does not know")
	}
	if _, err := Releases(NewCryptoSource(), 2, specs, sel); err == nil {
		t.Error("a number without noise was accepted")
	}
}

// A histogram keeps the rows of visible groups alone, also when the engine asks again.
func TestAmong(t *testing.T) {
	specs, sel := visits()
	first, err := Releases(NewCryptoSource(), 1, specs, sel)
	if err != nil {
		t.Fatal(err)
	}
	second := Among(first, 1)
	for range 2 {
		first.Restart()
		second.Restart()
		for _, g := range []struct{ key, n string }{{"many", "5000"}, {"few", "1"}} {
			if err := first.Add([]Cell{{Text: g.key}}, g.n, []string{g.n}); err != nil {
				t.Fatal(err)
			}
		}
		for point := range 3 {
			for _, key := range []string{"few", "many"} {
				if err := second.Add([]Cell{{Text: key}, {Text: fmt.Sprint(point)}}, "", []string{"2"}); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	if n := len(second.groups); n != 3 { // "few" shows with probability 1e-9
		t.Errorf("%d rows are held, want the 3 of the visible group", n)
	}
}
