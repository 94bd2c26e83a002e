package answer

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/dpproxy/dpproxy/budget"
	"github.com/dpproxy/dpproxy/refusal"
)

// defaultPlaceLasts is how long a place for a query in flight outlives its process: short enough that nobody waits long
// after a crash, long enough for a ledger that is slow to renew it.
const defaultPlaceLasts = time.Minute

// occupy takes one of the user's places for queries in flight, if their number is limited. The place is given back when
// the query's use of the data set ends, which for streamed rows is when they were read.
func (s *Service) occupy(ctx context.Context, q *query) error {
	places := q.user.Places
	if places == 0 {
		places = q.access.Places
	}
	if places == 0 || !q.plan.Reads {
		return nil
	}
	lasts := q.access.PlaceLasts
	if lasts == 0 {
		lasts = defaultPlaceLasts
	}
	place, err := s.Ledger.Acquire(ctx, q.request.Identity.User, places, lasts)
	if busy := (*budget.Busy)(nil); errors.As(err, &busy) {
		return refusal.New(refusal.TooManyConnections, "user %q has %s in flight already", q.request.Identity.User, queriesText(places)).
			WithDetail("That is as many as the owner of the data allows at once. Nothing was charged.").
			WithHint("Wait for it to end, or cancel it. EXPLAIN and the tables of schema dp are not limited.")
	}
	if err != nil {
		return s.ledgerFailed(ctx, "place", err)
	}
	quit := make(chan struct{})
	var renewing sync.WaitGroup
	renewing.Go(func() { s.renew(place, lasts, quit) })
	done := q.done
	q.done = sync.OnceFunc(func() {
		close(quit)
		renewing.Wait()
		place.Leave()
		done()
	})
	return nil
}

// renew renews a place while its query runs. One that is lost (the ledger was away for long) does not end the query: it is
// charged already.
func (s *Service) renew(place budget.Place, lasts time.Duration, quit <-chan struct{}) {
	tick := time.NewTicker(lasts / 4)
	defer tick.Stop()
	for {
		select {
		case <-quit:
			return
		case <-tick.C:
			if err := place.Renew(); err != nil {
				s.Logger.Warn("a place for a query in flight was not renewed", "error", err)
			}
		}
	}
}
