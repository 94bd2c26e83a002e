package answer

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/dpproxy/dpproxy/budget"
	"github.com/dpproxy/dpproxy/ratelimit"
	"github.com/dpproxy/dpproxy/refusal"
)

// limit counts a request that reads tables against rate limits, and one of public tables against lifetime limits too:
// those of private tables are counted with their charge. EXPLAIN, constants and the proxy's own tables are free: they ask
// nothing of the source.
func (s *Service) limit(ctx context.Context, q *query) error {
	if !q.plan.Reads || q.designed != nil {
		return nil
	}
	if err := s.limitRate(ctx, q); err != nil {
		return err
	}
	limits := q.queryLimits()
	if len(q.plan.Blocks) > 0 || !limits.Any() {
		return nil
	}
	key := budget.Key{Analyst: q.user.account(), Dataset: q.dataset.Catalog.Name}
	err := s.Ledger.CountQuery(ctx, budget.Count{Key: key, Class: q.class(), Limits: limits})
	if exhausted := (*budget.Exhausted)(nil); errors.As(err, &exhausted) {
		return s.usedUp(q, exhausted)
	}
	if err != nil {
		return s.ledgerFailed(ctx, "count", err)
	}
	return nil
}

func (s *Service) limitRate(ctx context.Context, q *query) error {
	defer s.stage(q, "limit", s.Clock())
	for _, counter := range q.rates().For(q.class(), q.request.Several) {
		d, err := s.Limiter.Allow(ctx, q.limitKey(counter.Scope), counter.Limits)
		if err != nil {
			s.Logger.Error("rate limits cannot be read", "dataset", q.dataset.Catalog.Name, "error", err)
			return refusal.New(refusal.SourceUnavailable, "the rate limits cannot be checked now").
				WithDetail("Nothing was asked and nothing was charged.").WithHint("Try again later.")
		}
		if !d.Allowed {
			s.Observer.Limited(q.dataset.Catalog.Name, "rate")
			return refusal.New(refusal.BudgetExceeded, "rate limit reached: %s", d.Limit.Text).
				WithDetail("It applies to %s on data set %q, and lets a query through again in %s, at %s. Nothing was charged.",
					q.limited(counter.Scope), q.dataset.Catalog.Name, wait(d.RetryIn), moment(s.Clock().Add(d.RetryIn))).
				WithHint("EXPLAIN and the tables of schema dp are not limited.")
		}
		if d.Limit.N > 0 {
			q.rateNotices = append(q.rateNotices, s.rateNotice(counter.Scope, d))
		}
	}
	return nil
}

// limited says whom a counter is about.
func (q *query) limited(scope string) string {
	who := fmt.Sprintf("user %q", q.request.Identity.User)
	if q.anonymous() {
		who = "all anonymous users together"
	}
	if scope != "" {
		who += " (" + scope + ")"
	}
	return who
}

// rateNotice tells limit, remaining and reset, as HTTP's X-RateLimit headers do.
func (s *Service) rateNotice(scope string, d ratelimit.Decision) Notice {
	what := d.Limit.Text
	if scope != "" {
		what += " (" + scope + ")"
	}
	return Notice{
		Severity: "NOTICE", Code: "00000",
		Message: fmt.Sprintf("rate limit %s: limit %d, remaining %d, reset in %s", what, d.Limit.N, d.Remaining, wait(d.ResetIn)),
		Detail:  "Reset at " + moment(s.Clock().Add(d.ResetIn)) + ".",
	}
}

// rates are all the rate limits that apply to the query.
func (q *query) rates() ratelimit.Rules {
	own := q.grant.Rates
	own.Default = append(append([]ratelimit.Limit{}, q.grant.RateLimits...), own.Default...)
	if q.anonymous() {
		return ratelimit.Merge(q.access.Rates, q.dataset.PublicRates)
	}
	return ratelimit.Merge(q.access.Rates, own)
}

// limitKey names the counter: user × data set, or one for all who are anonymous. Quoting keeps names apart.
func (q *query) limitKey(scope string) string {
	key := "user:" + strconv.Quote(q.request.Identity.User) + ":" + strconv.Quote(q.dataset.Catalog.Name)
	if q.anonymous() {
		key = "public:" + strconv.Quote(q.dataset.Catalog.Name)
	}
	if scope != "" {
		key += ":" + scope
	}
	return key
}

func (q *query) anonymous() bool {
	p := q.request.Identity.Principal
	return p != nil && p.Method == "anonymous"
}

// queryLimits are the lifetime limits of the query: the file's, and the credential's where they are tighter.
func (q *query) queryLimits() budget.QueryLimits {
	class := q.class()
	l := budget.QueryLimits{Analyst: q.grant.MaxQueries, Class: q.grant.ClassQueries[class], Dataset: q.dataset.MaxQueries}
	tighter := func(to *int64, limit int64) {
		if limit > 0 && (*to == 0 || limit < *to) {
			*to = limit
		}
	}
	if limit, named := q.grant.Operations[class]; named {
		tighter(&l.Class, limit)
	} else {
		tighter(&l.Analyst, q.grant.Operations["*"])
	}
	return l
}

// The classes of queries where the owner declared none.
const (
	classPrivate = "aggregation"
	classPublic  = "public"
)

// class names the query's class: what permissions, rate limits and lifetime limits may be about.
func (q *query) class() string {
	switch {
	case q.plan == nil || !q.plan.Reads:
		return ""
	case len(q.plan.Blocks) == 0:
		return classPublic
	case q.plan.Class != "":
		return q.plan.Class
	}
	return classPrivate
}

// onlyMetadata tells that the credential of the session includes no queries.
func (q *query) onlyMetadata() bool {
	for op := range q.grant.Operations {
		if op != "" {
			return false
		}
	}
	return q.grant.Operations != nil
}

// permitted refuses what the credential of the session does not include.
func (q *query) permitted() error {
	ops := q.grant.Operations
	if ops == nil || !q.plan.Reads {
		return nil
	}
	class := q.class()
	if _, all := ops["*"]; all {
		return nil
	}
	if _, ok := ops[class]; ok {
		return nil
	}
	if class == classPublic && !q.onlyMetadata() {
		return nil // whoever may query at all may read what is public
	}
	err := refusal.New(refusal.InsufficientPrivilege, "your credential does not permit queries of class %q on data set %q", class, q.dataset.Catalog.Name)
	if q.onlyMetadata() {
		return err.WithDetail("It permits metadata only.").WithHint("EXPLAIN, catalogs and the tables of schema dp can be read.")
	}
	if q.plan.Class != "" {
		return err.WithHint("It permits %s: choose one by SET dp.query_class.", list(slices.Sorted(maps.Keys(ops))))
	}
	return err.WithHint("EXPLAIN, catalogs and the tables of schema dp can be read.")
}
