package rewrite

import (
	"sort"

	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/mechanism"
	"github.com/dpproxy/dpproxy/rewrite/syntax"
)

// aggregateKind is what an aggregate function needs and gives. Every step reads it from the table below; what the table does not
// say is refused.
type aggregateKind struct {
	args int
	// result is the type of the aggregate over an argument of type t; ok is false where PostgreSQL has no such function.
	result func(t catalog.Type) (catalog.Type, bool)
	// private says how it is measured over private rows; the zero value says that it is not.
	private measured
	// ordered says that it is written WITHIN GROUP (ORDER BY …).
	ordered bool
	// means writes a plain call of a function that PostgreSQL does not know as a call of the function that is named, which is all that
	// is read from there on; nil: it is itself.
	means func(*syntax.FuncCall) (*syntax.FuncCall, string)
}

// measured says how an aggregate is measured over private rows.
type measured struct {
	by measuredBy
	// degree is, of moments, the highest power of each argument (y, x) that is summed: 0, 1 or 2.
	degree [2]int
	// formula makes the value of the moments. Linear is the number of rows, or of degree 1 the sum.
	formula mechanism.EstimatorKind
	// cell is what pipeline tbe answers; "" refuses.
	cell mechanism.CellKind
}

type measuredBy string

const (
	byMoments   measuredBy = "moments"     // sums of powers over bounded rows: specs.go, spec_plane.go
	byHistogram measuredBy = "a histogram" // of points of a grid: quantiles.go, rule_histogram.go
)

// isCount tells that a function is the number of its rows, isSum that it is a sum alone: it does not hold the number of its rows.
func (m measured) isCount() bool {
	return m.by == byMoments && m.formula == mechanism.Linear && m.degree == [2]int{}
}

func (m measured) isSum() bool {
	return m.by == byMoments && m.formula == mechanism.Linear && m.degree != [2]int{}
}

func always(k catalog.Kind) func(catalog.Type) (catalog.Type, bool) {
	return func(catalog.Type) (catalog.Type, bool) { return catalog.Of(k), true }
}

// extreme is the type of min and max, which PostgreSQL has for text and none of its relatives but char(n).
func extreme(t catalog.Type) (catalog.Type, bool) {
	switch t.Kind {
	case catalog.Varchar, catalog.Name, catalog.Char:
		if !t.Array {
			return catalog.Of(catalog.Text), true
		}
	}
	return itself(t)
}

func itself(t catalog.Type) (catalog.Type, bool) {
	t.Precision, t.Scale, t.HasScale, t.Length = 0, 0, false, 0
	return t, !t.Array
}

func sumType(t catalog.Type) (catalog.Type, bool) {
	switch {
	case t.Array:
		return t, false
	case t.Kind == catalog.Int2 || t.Kind == catalog.Int4:
		return catalog.Of(catalog.Int8), true
	case t.Kind == catalog.Int8 || t.Kind == catalog.Numeric:
		return catalog.Of(catalog.Numeric), true
	case t.Kind == catalog.Float4 || t.Kind == catalog.Float8 || t.Kind == catalog.Interval:
		return catalog.Of(t.Kind), true
	}
	return t, false
}

func averageType(t catalog.Type) (catalog.Type, bool) {
	switch {
	case t.Array:
		return t, false
	case t.Kind == catalog.Int2 || t.Kind == catalog.Int4 || t.Kind == catalog.Int8 || t.Kind == catalog.Numeric:
		return catalog.Of(catalog.Numeric), true
	case t.Kind == catalog.Float4 || t.Kind == catalog.Float8:
		return catalog.Of(catalog.Float8), true
	case t.Kind == catalog.Interval:
		return t, true
	}
	return t, false
}

func arrayOf(t catalog.Type) (catalog.Type, bool) {
	if t.Kind == catalog.Unknown {
		t = catalog.Of(catalog.Text)
	}
	out := catalog.Of(t.Kind)
	out.Array = true
	return out, !t.Array
}

func jsonOf(k catalog.Kind) func(catalog.Type) (catalog.Type, bool) {
	return func(t catalog.Type) (catalog.Type, bool) { return catalog.Of(k), !t.Array }
}

func boolean(t catalog.Type) (catalog.Type, bool) { return t, t.Kind == catalog.Bool && !t.Array }

func textual(t catalog.Type) (catalog.Type, bool) {
	switch t.Kind {
	case catalog.Text, catalog.Varchar, catalog.Bpchar, catalog.Name, catalog.Unknown:
		return catalog.Of(catalog.Text), !t.Array
	}
	return t, false
}

// aggregates is the closed list of aggregate functions, by name.
func aggregates() map[string]aggregateKind {
	moment := func(degree int, formula mechanism.EstimatorKind) measured {
		return measured{by: byMoments, degree: [2]int{degree}, formula: formula}
	}
	variance := func(formula mechanism.EstimatorKind) aggregateKind {
		return aggregateKind{args: 1, result: averageType, private: moment(2, formula)}
	}
	regression := func(y, x int, formula mechanism.EstimatorKind) aggregateKind {
		return aggregateKind{args: 2, result: always(catalog.Float8), private: measured{by: byMoments, degree: [2]int{y, x}, formula: formula}}
	}
	quantiles := measured{by: byHistogram}
	count, sum, avg := moment(0, mechanism.Linear), moment(1, mechanism.Linear), moment(1, mechanism.Mean)
	count.cell, sum.cell, avg.cell = mechanism.CellCount, mechanism.CellSum, mechanism.CellMean
	return map[string]aggregateKind{
		"count":           {args: 1, result: always(catalog.Int8), private: count},
		"sum":             {args: 1, result: sumType, private: sum},
		"avg":             {args: 1, result: averageType, private: avg},
		"var_pop":         variance(mechanism.VarPop),
		"var_samp":        variance(mechanism.VarSamp),
		"variance":        variance(mechanism.VarSamp),
		"stddev_pop":      variance(mechanism.StddevPop),
		"stddev_samp":     variance(mechanism.StddevSamp),
		"stddev":          variance(mechanism.StddevSamp),
		"min":             {args: 1, result: extreme, private: quantiles},
		"max":             {args: 1, result: extreme, private: quantiles},
		"median":          {args: 1, result: always(catalog.Float8), private: quantiles, means: asMedian},
		"bool_and":        {args: 1, result: boolean},
		"bool_or":         {args: 1, result: boolean},
		"every":           {args: 1, result: boolean},
		"string_agg":      {args: 2, result: textual},
		"array_agg":       {args: 1, result: arrayOf},
		"json_agg":        {args: 1, result: jsonOf(catalog.JSON)},
		"jsonb_agg":       {args: 1, result: jsonOf(catalog.JSONB)},
		"mode":            {args: 0, result: itself, ordered: true},
		"corr":            regression(2, 2, mechanism.Corr),
		"covar_pop":       regression(1, 1, mechanism.CovarPop),
		"covar_samp":      regression(1, 1, mechanism.CovarSamp),
		"regr_slope":      regression(1, 2, mechanism.Slope),
		"regr_intercept":  regression(1, 2, mechanism.Intercept),
		"regr_r2":         regression(2, 2, mechanism.RSquared),
		"regr_avgx":       regression(0, 1, mechanism.Mean),
		"regr_avgy":       regression(1, 0, mechanism.Mean),
		"regr_sxx":        regression(0, 2, mechanism.SumSquares),
		"regr_syy":        regression(2, 0, mechanism.SumSquares),
		"regr_sxy":        regression(1, 1, mechanism.SumProducts),
		"regr_count":      {args: 2, result: always(catalog.Int8), private: moment(0, mechanism.Linear)},
		"percentile_cont": {args: 1, result: always(catalog.Float8), private: quantiles, ordered: true},
		"percentile_disc": {args: 1, result: itself, private: quantiles, ordered: true},
	}
}

// measuredAs is how an aggregate is measured over private rows.
func measuredAs(fn string) measured { return aggregates()[fn].private }

// MeasuredAggregates lists, sorted, the aggregate functions that are answered over private rows.
func MeasuredAggregates() []string {
	var out []string
	for name, kind := range aggregates() {
		if kind.private.by != "" {
			out = append(out, name)
		}
	}
	sort.Strings(out)
	return out
}

// canonicalAggregate gives the one name of functions that have two.
func canonicalAggregate(name string) string {
	switch name {
	case "variance":
		return "var_samp"
	case "stddev":
		return "stddev_samp"
	case "every":
		return "bool_and"
	}
	return name
}
