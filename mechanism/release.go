package mechanism

import (
	"errors"
	"math/big"
)

// Release turns true values into publishable ones: it is the only way from Exact to Noisy, and can be taken once for each
// Exact (ErrReleased); the true values are forgotten.
//
// Every number of every spec gets its own independent, exact draw of the spec's noise. With PublicKeys every combination of
// publicKeys is in the result, in that order: missing ones are zeros with noise, and groups of the engine that are not in the list are
// dropped. With the other kinds publicKeys is ignored, and a group is in the result if the selection keeps it; of the others
// nothing remains. Those come in an order made of their keys, whatever order the engine had; sorting as people expect is the caller's.
//
// src is asked for all randomness. With public keys the order of draws depends on the plan alone.
//
// Of an Exact that Releases (see there) the noise has been drawn already, for the same specs and selection or else it is an error;
// src is then not asked.
//
// Errors are faults of the plan or of the engine; they name no value.
func Release(src Source, exact *Exact, specs []Spec, sel Selection, publicKeys [][]Cell) (*Noisy, error) {
	groups, err := exact.claim()
	if err != nil {
		return nil, err
	}
	if exact.releasing != nil {
		return exact.releasing.finish(specs, sel)
	}
	r, err := newReleaser(src, exact.width, specs, sel)
	if err != nil {
		return nil, err
	}
	defer r.stream.close()
	if sel.Kind == PublicKeys {
		groups, err = filled(groups, publicKeys, exact.width)
	} else {
		groups, err = sorted(groups)
	}
	if err != nil {
		return nil, err
	}
	noisy := &Noisy{Groups: make([]NoisyGroup, 0, len(groups))}
	for _, g := range groups {
		values := r.noise(g.values)
		if r.keep(g.units, values) {
			noisy.Groups = append(noisy.Groups, NoisyGroup{Keys: g.keys, Values: values})
		}
	}
	if sel.Kind != PublicKeys {
		// A slice's spare capacity would tell how many groups there were.
		noisy.Groups = append(make([]NoisyGroup, 0, len(noisy.Groups)), noisy.Groups...)
	}
	return noisy, nil
}

// releaser holds the prepared samplers of one Release.
type releaser struct {
	stream    *stream
	columns   []drawer // one for each number
	selection Selection
	column    int // OwnThreshold: the number that is compared
	threshold *big.Int
	optimal   *optimal
	units     drawer // GaussianThreshold: noise on the unit count, not published
}

func newReleaser(src Source, width int, specs []Spec, sel Selection) (*releaser, error) {
	r := &releaser{selection: sel, threshold: big.NewInt(max(sel.Threshold, sel.MinUnits))}
	for i, spec := range specs {
		d, err := spec.drawer()
		if err != nil {
			return nil, err
		}
		if i == sel.Spec {
			r.column = len(r.columns)
		}
		if spec.Width > width-len(r.columns) {
			return nil, errWidth
		}
		for range spec.Width {
			r.columns = append(r.columns, d)
		}
	}
	if len(r.columns) != width {
		return nil, errWidth
	}
	if err := sel.Validate(specs); err != nil {
		return nil, err
	}
	if err := r.prepareSelection(specs); err != nil {
		return nil, err
	}
	r.stream = newStream(src)
	return r, nil
}

// errWidth would publish a number without noise, or noise without a number.
var errWidth = errors.New("mechanism: the specs do not cover the engine's numbers")

func (r *releaser) prepareSelection(specs []Spec) error {
	sel := r.selection
	if sel.Kind == PublicKeys {
		return nil
	}
	p, err := tailShare(big.NewRat(1, 1), 1, sel.Share.Delta, sel.Groups)
	if err != nil {
		return err
	}
	switch sel.Kind {
	case OwnThreshold:
		r.threshold = big.NewInt(sel.Threshold) // MinUnits is in it
		// A planner's mistake must not show groups: a threshold below that of a unit count is never right.
		k := new(big.Int).Sub(r.threshold, big.NewInt(1))
		if s := specs[sel.Spec]; s.Noise == Laplace && !laplaceTailWithin(s.LaplaceScale(), k, p) {
			return ErrThreshold
		}
	case Optimal:
		groups := new(big.Rat).SetInt64(sel.Groups)
		r.optimal = newOptimal(new(big.Rat).Quo(sel.Share.Epsilon.Rat(), groups), p)
	case GaussianThreshold:
		r.units = newGaussian(sel.unitVariance())
	}
	return nil
}

// unitVariance is σ² of the unit count that GaussianThreshold reads: a unit changes at most Groups counts by 1, so
// that L2² = Groups, and ρ is the selection's share.
func (sel Selection) unitVariance() *big.Rat {
	return gaussianVariance(big.NewInt(sel.Groups), sel.Share.Rho)
}

// UnitThreshold is τ for GaussianThreshold with the selection's own Groups and Share; MinUnits raises it.
func (sel Selection) UnitThreshold() (int64, error) {
	if sel.Groups < 1 || sel.Share.Rho < 1 {
		return 0, ErrThreshold
	}
	tau, err := ThresholdGaussian(sel.unitVariance(), 1, sel.Share.Delta, sel.Groups)
	return max(tau, sel.MinUnits), err
}

// noise adds a fresh draw to each number.
func (r *releaser) noise(values []*big.Int) []*big.Int {
	out := make([]*big.Int, len(values))
	for i, v := range values {
		z := r.columns[i].draw(r.stream, new(big.Int))
		out[i] = z.Add(z, v)
	}
	return out
}

// keep applies the selection to one group.
//
// MinUnits: for GaussianThreshold it raises the threshold of the noisy count. For Optimal it is subtracted from the
// true count first, so that the rule sees n − (MinUnits − 1): a group of fewer units is never kept, and since that
// changes by at most 1 with a unit, the guarantee is the same (the paper's "pre-thresholding").
func (r *releaser) keep(units *big.Int, noisy []*big.Int) bool {
	switch r.selection.Kind {
	case PublicKeys:
		return true
	case OwnThreshold:
		if units != nil && units.Sign() < 1 {
			return false
		}
		return noisy[r.column].Cmp(r.threshold) >= 0
	case Optimal:
		if units == nil || units.Sign() < 1 {
			return false
		}
		n := new(big.Int).Sub(units, big.NewInt(max(r.selection.MinUnits, 1)-1))
		if n.Sign() > 0 && !n.IsInt64() {
			return true
		}
		return n.Sign() > 0 && r.stream.bernoulli(r.optimal.probability(n.Int64()))
	case GaussianThreshold:
		if units == nil || units.Sign() < 1 {
			return false
		}
		z := r.units.draw(r.stream, new(big.Int))
		return z.Add(z, units).Cmp(r.threshold) >= 0
	}
	return false
}

// HalfPoint is the number of units (or rows, for a row count) at which a group is kept about every second time: the
// planner compares selections by it. It costs nothing and reads no data.
func (sel Selection) HalfPoint(specs []Spec) (int64, error) {
	if err := sel.Validate(specs); err != nil {
		return 0, err
	}
	switch sel.Kind {
	case PublicKeys:
		return 0, nil
	case Optimal:
		groups := new(big.Rat).SetInt64(sel.Groups)
		o := newOptimal(new(big.Rat).Quo(sel.Share.Epsilon.Rat(), groups), new(big.Rat).Quo(sel.Share.Delta.Rat(), groups))
		half := big.NewRat(1, 2)
		return max(sel.MinUnits, 1) - 1 + searchUnits(float64(o.first), func(n int64) bool { return o.probability(n).Cmp(half) >= 0 }), nil
	default:
		return max(sel.Threshold, sel.MinUnits), nil
	}
}
