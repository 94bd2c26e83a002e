package rewrite

import (
	"fmt"
	"math/big"
	"strings"

	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/mechanism"
	"github.com/dpproxy/dpproxy/privacy"
)

// Histogram is one more SQL text of a measurement: how many rows each group has at each point of a public grid, from which the
// exponential mechanism draws quantiles. It runs in the same snapshot and with the same salt; the groups that are reported are those that
// the measurement's selection keeps, and one of them that has no rows here gets an answer all the same.
type Histogram struct {
	Name   string // what it is of, e.g. "quantiles(age)"
	SQL    string // its columns: the measurement's keys, the point (bigint), the number of rows in parts
	Salted bool   // $1 is the measurement's salt
	Spec   mechanism.QuantileSpec
	Points Points
	First  int // index of its first rank's point among a noisy group's values
}

// L1 is the most parts that one unit can move in all.
func (h *Histogram) L1() *big.Int {
	n := new(big.Int).Mul(big.NewInt(h.Spec.Rows), big.NewInt(h.Spec.Groups))
	return n.Mul(n, big.NewInt(h.Spec.Unit))
}

// Points are the values that grid points stand for: (First + p)·Step, not beyond Lower and Upper, counted as catalog.ToRat does;
// or the p-th of Values.
type Points struct {
	First              *big.Int
	Step, Lower, Upper *big.Rat
	Values             []string
}

// Text is a point's value in a type; of numbers fineness points make one step.
func (p Points) Text(t catalog.Type, at *big.Int, fineness int64) string {
	if p.Values != nil {
		i := 0
		if at.IsInt64() {
			i = int(min(max(at.Int64(), 0), int64(len(p.Values)-1)))
		}
		return p.Values[i]
	}
	return catalog.FormatRat(t, p.Value(at, fineness))
}

// Value is a point's place among numbers, dates or timestamps. Only where Values is nil.
func (p Points) Value(at *big.Int, fineness int64) *big.Rat {
	v := new(big.Rat).SetFrac(at, big.NewInt(fineness))
	v.Add(v, new(big.Rat).SetInt(p.First)).Mul(v, p.Step)
	return smallerOf(largerOf(v, p.Lower), p.Upper)
}

func largerOf(a, b *big.Rat) *big.Rat {
	if a.Cmp(b) < 0 {
		return b
	}
	return a
}

func smallerOf(a, b *big.Rat) *big.Rat {
	if a.Cmp(b) > 0 {
		return b
	}
	return a
}

// QuantileOutput says which drawn points are a column of the released relation: one, or those of an array.
type QuantileOutput struct {
	Histogram int
	Ranks     []int
	Array     bool
}

// Numbers is how many whole numbers a noisy group has: those of the specs and a point for each rank.
func (m *Measurement) Numbers() int {
	n := m.Width
	for i := range m.Histograms {
		n += len(m.Histograms[i].Spec.Ranks)
	}
	return n
}

// Texts are the SQL texts of a measurement in the order in which they are asked, each as a measurement of its own, and the histogram that
// it is (nil: the measurement's own numbers). Of a histogram the point is one more key, and its one number may move by the
// parts that a unit can add; which groups of it are seen is the measurement's affair.
func (m *Measurement) Texts() (texts []Measurement, of []*Histogram) {
	if m.SQL != "" {
		texts, of = append(texts, *m), append(of, nil)
	}
	for i := range m.Histograms {
		h := &m.Histograms[i]
		l1 := h.L1()
		texts = append(texts, Measurement{Name: m.Name, SQL: h.SQL, Salted: h.Salted, Width: 1, Bounds: m.Bounds,
			Selection: mechanism.Selection{Kind: mechanism.PublicKeys},
			Keys:      append(append([]Column{}, m.Keys...), Column{Name: "p", Type: catalog.Of(catalog.Int8)}),
			Specs:     []mechanism.Spec{{Name: h.Name, Width: 1, L1: l1, L2Squared: new(big.Int).Mul(l1, l1)}}})
		of = append(of, h)
	}
	return texts, of
}

// Asks tells that the source is asked. A measurement that does not ask is of public keys alone, all of which are shown: it holds
// nothing of the data, and costs nothing.
func (m *Measurement) Asks() bool {
	return m.SQL != "" || len(m.Histograms) > 0 || len(m.Specs) > 0 || m.Cells != nil || m.Selection.Kind != mechanism.PublicKeys || !m.Loss.IsZero() || !m.After.IsZero()
}

// print shows a histogram in a plan.
func (h *Histogram) print(b *strings.Builder) {
	var ranks []string
	for _, r := range h.Spec.Ranks {
		ranks = append(ranks, r.String())
	}
	groups := fmt.Sprintf("at most %d groups a unit, %d rows in each", h.Spec.Groups, h.Spec.Rows)
	if h.Spec.Unit > 1 {
		groups += fmt.Sprintf(", counted in parts of 1/%d", h.Spec.Unit)
	}
	grid := fmt.Sprintf("%d points", h.Spec.Grid+1)
	if h.Points.Values == nil {
		grid += " " + h.Points.Step.RatString() + " apart"
	}
	fmt.Fprintf(b, "  Release: %s, ranks %s\n    exponential mechanism, %s, %s, share %s\n", h.Name, strings.Join(ranks, ", "), grid, groups,
		h.share())
}

func (h *Histogram) share() string {
	if h.Spec.Accountant == privacy.ZCDP {
		return "ρ = " + h.Spec.Share.Rho.String()
	}
	return "ε = " + h.Spec.Share.Epsilon.String()
}
