package mechanism

import (
	"math/big"
	"testing"

	"github.com/dpproxy/dpproxy/privacy"
)

// On the largest grid and with the most parts, the runs still cover every point once.
func TestPlacesCoverTheLargestGrid(t *testing.T) {
	r := Rank{Q: big.NewRat(1, 3), Between: true}
	s := QuantileSpec{Name: "q", Ranks: []Rank{r}, Grid: maxBetween - 1, Unit: 1, Rows: 1, Groups: 1,
		Share: privacy.Loss{Epsilon: 2000 * privacy.EpsilonUnits}, Accountant: privacy.Pure}
	if err := s.Validate(); err != nil || !s.between(r) || s.parts(r) != maxParts || s.Fineness(r) != fineness {
		t.Fatalf("%v, between %v, %d parts, fineness %d", err, s.between(r), s.parts(r), s.Fineness(r))
	}
	next := int64(0)
	for _, gapOrPoint := range s.placesOf([]bar{{5, 1}, {s.Grid / 2, 3}}, r, big.NewInt(4)) {
		runs := []run{gapOrPoint}
		if gapOrPoint.gap != nil {
			runs = gapOrPoint.gap.parts()
		}
		for _, run := range runs {
			if run.from != next || run.length < 1 {
				t.Fatalf("a run of %d points begins at %d, and the one before ends before %d", run.length, run.from, next)
			}
			next += run.length
		}
	}
	if next != s.Grid*fineness+1 {
		t.Errorf("%d points are covered, of %d", next, s.Grid*fineness+1)
	}
	s.Grid = maxBetween
	if s.between(r) {
		t.Error("a larger grid has places between rows")
	}
}
