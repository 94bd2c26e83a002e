package answer

import (
	"context"
	"errors"
	"time"

	"github.com/dpproxy/dpproxy/budget"
	"github.com/dpproxy/dpproxy/mechanism"
	"github.com/dpproxy/dpproxy/privacy"
	"github.com/dpproxy/dpproxy/rewrite"
)

// order is what a query needs: one release for each block of its plan, and who pays for it.
type order struct {
	blocks []block
	// analystLoss and datasetLoss are the sums of what is to be paid.
	analystLoss, datasetLoss privacy.Loss
	reservation              budget.Reservation // nil until reserved; stays nil where nothing is to be paid
	store                    bool               // new releases are kept, to be read back
	close                    func()             // ends the single flights; more calls do nothing
}

// block is one measurement on its way to a release.
type block struct {
	plan  *rewrite.Measurement
	id    budget.ReleaseID
	noisy *mechanism.Noisy // nil until it is read back or measured
	body  []byte           // noisy as the ledger stores it
	made  time.Time
	paid  bool // by this analyst's account
	twin  int  // index of an earlier block of the same identity, or -1: it is measured and paid once
}

// costs tells that an account must be charged. A release that this analyst has paid for is free; one that another has
// paid for is charged to the analyst, and not again to the data set.
func (o *order) costs() bool {
	return !o.analystLoss.IsZero() || !o.datasetLoss.IsZero() || o.missing() > 0
}

// missing is the number of blocks that must be measured.
func (o *order) missing() int {
	n := 0
	for _, b := range o.blocks {
		if b.noisy == nil && b.twin < 0 {
			n++
		}
	}
	return n
}

// reused tells that the whole private answer was read back.
func (o *order) reused() bool { return len(o.blocks) > 0 && o.reservation == nil }

// order looks for the plan's releases among those that were made before. Where releases are reused, it holds the
// identities until close, so that the same release is not measured twice at the same time.
func (s *Service) order(ctx context.Context, q *query) (*order, error) {
	if len(q.plan.Needs) > 0 {
		return nil, s.internal("order", errors.New("the plan lacks its public keys"))
	}
	o := newOrder(q)
	if len(o.blocks) == 0 {
		q.outcome = "public"
		if q.designed != nil {
			q.outcome = "design"
		}
		if q.preview {
			q.outcome = "preview"
		}
		return o, nil
	}
	defer s.stage(q, "releases", s.Clock())
	if err := s.enabled(ctx, q); err != nil {
		return nil, err
	}
	if o.store {
		var err error
		if o.close, err = s.flights.acquire(ctx, o.ids()); err != nil {
			return nil, s.interrupted(ctx, err)
		}
	}
	if err := s.priced(ctx, q, o); err != nil {
		o.close()
		return nil, err
	}
	if !o.costs() {
		q.outcome = "reused"
	}
	return o, nil
}

// newOrder lists a plan's blocks, none of them answered yet.
func newOrder(q *query) *order {
	o := &order{blocks: make([]block, len(q.plan.Blocks)), close: func() {}, store: !q.choices.reuse.Off}
	first := map[budget.ReleaseID]int{}
	for i := range o.blocks {
		b := block{plan: &q.plan.Blocks[i], twin: -1}
		b.id = identity(q.dataset.Catalog, b.plan)
		if !b.plan.Asks() {
			b.noisy, b.paid = publicGroups(b.plan), true
		}
		if j, ok := first[b.id]; ok && o.store && b.noisy == nil {
			b.twin = j
		} else {
			first[b.id] = i
		}
		o.blocks[i] = b
	}
	return o
}

func (o *order) ids() []budget.ReleaseID {
	var ids []budget.ReleaseID
	for _, b := range o.blocks {
		if b.twin < 0 && b.noisy == nil {
			ids = append(ids, b.id)
		}
	}
	return ids
}

// publicGroups are the groups of a measurement that asks nothing of the source.
func publicGroups(m *rewrite.Measurement) *mechanism.Noisy {
	noisy := &mechanism.Noisy{Groups: make([]mechanism.NoisyGroup, len(m.PublicKeys))}
	for i, keys := range m.PublicKeys {
		noisy.Groups[i].Keys = keys
	}
	if len(m.Keys) == 0 {
		noisy.Groups = []mechanism.NoisyGroup{{}}
	}
	return noisy
}

// priced reads back what was released before, and adds up what is to be paid for the rest.
func (s *Service) priced(ctx context.Context, q *query, o *order) error {
	if o.store && len(o.blocks) > 0 {
		if err := s.readBack(ctx, q, o, o.ids()); err != nil {
			return err
		}
	}
	return o.sum()
}

// readBack fills in the blocks whose releases the ledger has.
func (s *Service) readBack(ctx context.Context, q *query, o *order, ids []budget.ReleaseID) error {
	analyst, _ := q.accounts()
	found, err := s.Ledger.Releases(ctx, analyst.Key, ids, q.choices.reuse.MaxAge)
	if err != nil {
		return s.ledgerFailed(ctx, "releases", err)
	}
	for _, f := range found {
		for i := range o.blocks {
			b := &o.blocks[i]
			if b.id != f.Release.ID || b.twin >= 0 {
				continue
			}
			noisy, err := decode(f.Release.Body, b.plan)
			if err != nil {
				return s.internal("stored release", err)
			}
			b.noisy, b.body, b.made, b.paid = noisy, f.Release.Body, f.Release.Made, f.Paid
		}
	}
	return nil
}

// sum adds up what the blocks cost: nothing where the analyst has paid, the analyst's share where somebody else has.
func (o *order) sum() (err error) {
	for _, b := range o.blocks {
		if b.paid || b.twin >= 0 {
			continue
		}
		if o.analystLoss, err = o.analystLoss.Add(b.plan.Loss); err != nil {
			return err
		}
		if b.noisy != nil {
			continue
		}
		if o.datasetLoss, err = o.datasetLoss.Add(b.plan.Loss); err != nil {
			return err
		}
	}
	return nil
}
