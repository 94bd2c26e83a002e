package utility

import (
	"testing"

	"github.com/google/differential-privacy/go/v3/dpagg"
	"github.com/google/differential-privacy/go/v3/noise"
)

// google is one answer of Google's library, with Laplace noise and δ = 0, over one row a person.
func (c aggregate) google(t testing.TB, rows []float64, epsilon float64) float64 {
	t.Helper()
	lower, upper := float64(ageLower), float64(ageUpper)
	if c.of == "income" {
		lower, upper = incomeLower, incomeUpper
	}
	value, err := func() (float64, error) {
		switch c.kind {
		case "count":
			n, err := dpagg.NewCount(&dpagg.CountOptions{Epsilon: epsilon, MaxPartitionsContributed: 1, Noise: noise.Laplace()})
			if err != nil {
				return 0, err
			}
			if err := n.IncrementBy(int64(len(rows))); err != nil {
				return 0, err
			}
			out, err := n.Result()
			return float64(out), err
		case "sum":
			s, err := dpagg.NewBoundedSumFloat64(&dpagg.BoundedSumFloat64Options{Epsilon: epsilon, MaxPartitionsContributed: 1, Lower: lower, Upper: upper,
				Noise: noise.Laplace()})
			return each(s, err, rows, func() (float64, error) { return s.Result() })
		case "mean":
			m, err := dpagg.NewBoundedMean(&dpagg.BoundedMeanOptions{Epsilon: epsilon, MaxPartitionsContributed: 1, MaxContributionsPerPartition: 1,
				Lower: lower, Upper: upper, Noise: noise.Laplace()})
			return each(m, err, rows, func() (float64, error) { return m.Result() })
		case "variance":
			v, err := dpagg.NewBoundedVariance(&dpagg.BoundedVarianceOptions{Epsilon: epsilon, MaxPartitionsContributed: 1, MaxContributionsPerPartition: 1,
				Lower: lower, Upper: upper, Noise: noise.Laplace()})
			return each(v, err, rows, func() (float64, error) { return v.Result() })
		}
		q, err := dpagg.NewBoundedQuantiles(&dpagg.BoundedQuantilesOptions{Epsilon: epsilon, MaxPartitionsContributed: 1, MaxContributionsPerPartition: 1,
			Lower: lower, Upper: upper, Noise: noise.Laplace()})
		return each(q, err, rows, func() (float64, error) { return q.Result(c.rank) })
	}()
	if err != nil {
		t.Fatal(err)
	}
	return value
}

func each(to interface{ Add(float64) error }, err error, rows []float64, result func() (float64, error)) (float64, error) {
	if err != nil {
		return 0, err
	}
	for _, x := range rows {
		if err := to.Add(x); err != nil {
			return 0, err
		}
	}
	return result()
}
