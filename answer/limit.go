package answer

import (
	"context"
	"strconv"

	"github.com/dpproxy/dpproxy/refusal"
)

// limit counts a request that reads tables against the user's rate limits. EXPLAIN, constants and the proxy's own
// tables are free: they ask nothing of the source.
func (s *Service) limit(ctx context.Context, q *query) error {
	limits := q.grant.RateLimits
	if len(limits) == 0 || !q.plan.Reads {
		return nil
	}
	defer s.stage(q, "limit", s.Clock())
	d, err := s.Limiter.Allow(ctx, q.limitKey(), limits)
	if err != nil {
		s.Logger.Error("rate limits cannot be read", "dataset", q.dataset.Catalog.Name, "error", err)
		return refusal.New(refusal.SourceUnavailable, "the rate limits cannot be checked now").
			WithDetail("Nothing was asked and nothing was charged.").WithHint("Try again later.")
	}
	if d.Allowed {
		return nil
	}
	s.Observer.Limited(q.dataset.Catalog.Name, "rate")
	return refusal.New(refusal.BudgetExceeded, "rate limit reached: %s", d.Limit.Text).
		WithDetail("It applies to user %q on data set %q, and lets a query through again in %s, at %s. Nothing was charged.",
			q.request.Identity.User, q.dataset.Catalog.Name, wait(d.RetryIn), moment(s.Clock().Add(d.RetryIn))).
		WithHint("EXPLAIN and the tables of schema dp are not limited.")
}

// limitKey names the counter: user × data set, or one for all where nothing is private. Quoting keeps names apart.
func (q *query) limitKey() string {
	if !q.dataset.private() {
		return "public:" + strconv.Quote(q.dataset.Catalog.Name)
	}
	return "user:" + strconv.Quote(q.request.Identity.User) + ":" + strconv.Quote(q.dataset.Catalog.Name)
}
