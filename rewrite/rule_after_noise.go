package rewrite

import (
	"math/big"

	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/mechanism"
	"github.com/dpproxy/dpproxy/rewrite/expr"
)

// AfterNoise prepares what the owner wants done to released numbers: rounding, and hiding numbers that stand on few rows or
// units. For that a noisy count must be there for each number. What the query asks for is used first: a count under the same
// FILTER, or the rows that an average counts. Where there is none, one is measured in addition, and takes its share.

// Stand tells on what a published number stands, for rules about small cells.
type Stand struct {
	Cell  string               // numbers of one name stand on the same rows of a group: the FILTER, as text
	Rows  *mechanism.Estimator // the noisy number of rows; nil where no rule needs it
	Units *mechanism.Estimator // the noisy number of units; nil where no rule needs it
	Round *big.Rat             // the base whose multiples are shown; nil: as it is
}

// afterNoise is what the data set, the user and the class want together.
func (r *resolver) afterNoise() catalog.AfterNoise {
	a := r.ds.Policy.AfterNoise
	if k := r.policy.class; k != nil {
		a = a.Both(k.AfterNoise)
	}
	return a
}

// countCells adds the counts that the rules need and the query does not ask for.
func (r *resolver) countCells(d *draft) {
	a := r.afterNoise()
	if !a.Counts() {
		return
	}
	r.rule("AfterNoise")
	filters := map[string]expr.Expr{}
	var order []string
	for _, c := range d.cols {
		f := filterText(d.calls[c.call])
		if _, seen := filters[f]; !seen {
			filters[f] = d.calls[c.call].filter
			order = append(order, f)
		}
	}
	for _, f := range order {
		counted, needed, units := false, false, false
		for _, k := range d.calls {
			if filterText(k) != f {
				continue
			}
			counted = counted || k.fn == "count" && !k.distinct
			needed = needed || !countsItsRows(k)
			units = units || k.units
		}
		if needed && !counted {
			d.calls = append(d.calls, &call{fn: "count", name: "count", star: true, filter: filters[f], typ: catalog.Of(catalog.Int8)})
		}
		if a.MinUnits > 0 && !units {
			d.calls = append(d.calls, &call{fn: "count", name: "count", units: true, filter: filters[f], typ: catalog.Of(catalog.Int8)})
		}
	}
}

func filterText(k *call) string {
	if k.filter == nil {
		return ""
	}
	return text(k.filter)
}

// countsItsRows tells that what is measured for a call holds the number of its rows.
func countsItsRows(k *call) bool {
	how := measuredAs(k.fn)
	return !k.distinct && how.by == byMoments && !how.isSum()
}

// stand finds the counts that a call's number stands on.
func (p *pending) stand(k *call, a catalog.AfterNoise) Stand {
	s := Stand{Cell: filterText(k)}
	name := k.name
	if s.Round = a.Round[name]; s.Round == nil {
		s.Round = a.Round[canonicalAggregate(name)]
	}
	if !a.Counts() {
		return s
	}
	count := func(c call) *mechanism.Estimator {
		c.fn, c.filter, c.typ = "count", k.filter, catalog.Of(catalog.Int8)
		e, err := p.estimator(&c)
		if err != nil {
			return nil
		}
		switch p.specs[e.Spec].kind {
		case specUnits, specRows, specPair, specTriple, specPlane:
			return &e
		}
		return nil // what is measured there holds no number of rows
	}
	if k.arg != nil && !k.distinct {
		s.Rows = count(call{arg: k.arg, arg2: k.arg2})
	}
	candidates := []call{{star: true}, {units: true}}
	for _, other := range p.d.calls {
		if other.fn == "count" && other.arg != nil && !other.distinct && filterText(other) == s.Cell {
			candidates = append(candidates, call{arg: other.arg})
		}
	}
	for _, c := range candidates {
		if s.Rows == nil {
			s.Rows = count(c)
		}
	}
	if a.MinUnits > 0 {
		s.Units = count(call{units: true})
	}
	return s
}
