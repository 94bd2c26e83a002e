package audit

import (
	"context"
	"fmt"
	"math/big"

	"github.com/dpproxy/dpproxy/mechanism"
	"github.com/dpproxy/dpproxy/rewrite"
)

// exact takes units out, one at a time, and compares what moved with what the plan declares. It returns the database
// without the unit that moves most, for its size.
func (a *auditor) exact(ctx context.Context, plan *rewrite.Plan, whole *fixed, r *Report) (*fixed, error) {
	var worst *fixed
	most := -1.0
	r.Sensitivity = "within"
	for _, u := range a.units {
		tables, err := without(a.Dataset.Catalog, u)
		if err != nil {
			return nil, err
		}
		less := newFixed(a.Dataset.Engine, a.salt, tables)
		size := 0.0
		err = inBoth(ctx, plan, whole, less, func(m *rewrite.Measurement, before, after map[string][]*big.Int) bool {
			share, fault := movement(m, before, after)
			size = max(size, share)
			if fault != "" {
				r.Sensitivity, r.Verdict, r.Reason = "beyond", Violation, fault
			}
			return true
		})
		if err != nil {
			return nil, err
		}
		if size > most {
			worst, most = less, size
		}
	}
	r.Units = len(a.units)
	return worst, nil
}

// inBoth gives f each measurement of a plan, and its numbers in the whole database and in the lesser one, while f says true.
func inBoth(
	ctx context.Context, plan *rewrite.Plan, whole, less *fixed,
	f func(m *rewrite.Measurement, before, after map[string][]*big.Int) bool,
) error {
	for i := range plan.Blocks {
		texts, _ := plan.Blocks[i].Texts()
		for j := range texts {
			before, err := whole.numbers(ctx, &texts[j])
			if err != nil {
				return err
			}
			after, err := less.numbers(ctx, &texts[j])
			if err != nil {
				return err
			}
			if !f(&texts[j], before, after) {
				return nil
			}
		}
	}
	return nil
}

// movement is the largest part of a declared sensitivity that was used up, and what moved by more than declared.
func movement(m *rewrite.Measurement, before, after map[string][]*big.Int) (share float64, fault string) {
	first := 0
	if m.Units {
		l1, _ := moved(before, after, 0, 1)
		if l1.Cmp(big.NewInt(m.Selection.Groups)) > 0 {
			fault = "one unit moves the numbers of units by more than is declared"
		}
		share, first = part(l1, big.NewInt(m.Selection.Groups)), 1
	}
	if m.Selection.Kind != mechanism.PublicKeys && newKeys(before, after) > m.Selection.Groups {
		fault = "one unit brings more groups than are declared"
	}
	for _, s := range m.Specs {
		l1, l2 := moved(before, after, first, first+s.Width)
		if l1.Cmp(s.L1) > 0 || l2.Cmp(s.L2Squared) > 0 {
			fault = fmt.Sprintf("one unit moves %s by more than is declared", s.Name)
		}
		share = max(share, part(l1, s.L1))
		first += s.Width
	}
	return share, fault
}

func part(a, b *big.Int) float64 {
	f, _ := new(big.Rat).SetFrac(a, b).Float64()
	return f
}

// moved sums the changes of columns [from, to) over all groups, and their squares.
func moved(a, b map[string][]*big.Int, from, to int) (l1, l2 *big.Int) {
	l1, l2 = new(big.Int), new(big.Int)
	add := func(x, y []*big.Int) {
		for i := from; i < to; i++ {
			d := new(big.Int)
			if x != nil {
				d.Set(x[i])
			}
			if y != nil {
				d.Sub(d, y[i])
			}
			l1.Add(l1, new(big.Int).Abs(d))
			l2.Add(l2, d.Mul(d, d))
		}
	}
	for k, x := range a {
		add(x, b[k])
	}
	for k, y := range b {
		if a[k] == nil {
			add(nil, y)
		}
	}
	return l1, l2
}

// newKeys counts the groups that only one of two databases has.
func newKeys(a, b map[string][]*big.Int) (n int64) {
	for k := range a {
		if b[k] == nil {
			n++
		}
	}
	for k := range b {
		if a[k] == nil {
			n++
		}
	}
	return n
}
