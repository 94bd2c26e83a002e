package answer

import (
	"context"
	"sync"
	"time"

	"github.com/dpproxy/dpproxy/engine"
	"github.com/dpproxy/dpproxy/mechanism"
	"github.com/dpproxy/dpproxy/refusal"
	"github.com/dpproxy/dpproxy/rewrite"
)

// publicKeys completes a plan whose keys are values of public tables: it reads them, as fresh as any query over public tables, and
// plans again. It reads nothing private and charges nothing; what the query costs does not change, but where there are so many
// values that their groups are private.
func (s *Service) publicKeys(ctx context.Context, q *query) error {
	if q.plan == nil || len(q.plan.Needs) == 0 {
		return nil
	}
	defer s.stage(q, "plan", s.Clock())
	settings := q.choices.Settings
	if q.plan.Class != "" {
		settings.Class = q.plan.Class // what was permitted
	}
	plan, err := rewrite.Complete(q.plan,
		func(rows rewrite.PublicRows) (*rewrite.Plan, error) {
			settings.Public = rows
			return s.Planner.Plan(planned(q.request.Statement), q.dataset.Catalog, settings, params(q.request))
		},
		func(read rewrite.PublicRead) ([][]Cell, error) { return s.readKeys(ctx, q, read) })
	if err != nil {
		return err
	}
	q.plan = plan
	return nil
}

// publicKeysKnown is publicKeys for a query that is only told about: where the session may not query, in design mode, where the
// source cannot be reached, or where somebody asks for more than his limits, the plan is told as it is.
func (s *Service) publicKeysKnown(ctx context.Context, q *query) error {
	if q.choices.inDesign || q.plan == nil || len(q.plan.Needs) == 0 || q.permitted() != nil || !s.mayReadKeys(ctx, q) {
		return nil
	}
	told := *q // its place is given back here
	told.done = func() {}
	if s.occupy(ctx, &told) != nil {
		return nil
	}
	defer func() { told.done() }()
	err := s.publicKeys(ctx, q)
	if r, ok := refusal.As(err); ok && r.Code == refusal.SourceUnavailable {
		return nil
	}
	return err
}

// mayReadKeys counts what is read for a query that is only told about, which asks something of the source too: against the rate limits
// that the query has, and apart from queries, as telling about them takes none of theirs away.
func (s *Service) mayReadKeys(ctx context.Context, q *query) bool {
	for _, counter := range q.rates().For(q.class(), q.request.Several) {
		d, err := s.Limiter.Allow(ctx, "explain:"+q.limitKey(counter.Scope), counter.Limits)
		if err != nil || !d.Allowed {
			return false
		}
	}
	return true
}

// readKeys reads values of public keys.
func (s *Service) readKeys(ctx context.Context, q *query, read rewrite.PublicRead) ([][]Cell, error) {
	name := wideRead{q.dataset.Engine, read.SQL, read.Most}
	now := s.Clock()
	if s.wide.knows(name, now) {
		return make([][]Cell, read.Most+1), nil // more than can be shown, whatever they are
	}
	rows, err := q.dataset.Engine.Finish(ctx, read.SQL, nil, read.Types)
	if err != nil {
		return nil, s.outerFailed(ctx, q, err)
	}
	defer rows.Close()
	out := [][]Cell{}
	for rows.Next() {
		out = append(out, append([]mechanism.Cell{}, rows.Values()...))
	}
	if err := rows.Err(); err != nil {
		return nil, s.outerFailed(ctx, q, err)
	}
	if len(out) > read.Most {
		s.wide.note(name, now)
		return make([][]Cell, read.Most+1), nil
	}
	return out, nil
}

// params are the request's parameters as the planner takes them.
func params(req Request) []rewrite.Param {
	out := make([]rewrite.Param, len(req.Params))
	for i, p := range req.Params {
		out[i] = rewrite.Param{Type: p.Type, Cell: p.Cell}
	}
	return out
}

// wideReads remembers for a while which public keys have more values than can be shown, as to find that out may mean to read a
// large table.
type wideReads struct {
	mu    sync.Mutex
	until map[wideRead]time.Time
}

type wideRead struct {
	engine engine.Engine
	sql    string
	most   int
}

// How long, and how many.
const (
	wideFor  = time.Minute
	mostWide = 1000
)

func (w *wideReads) knows(name wideRead, now time.Time) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return now.Before(w.until[name])
}

func (w *wideReads) note(name wideRead, now time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.until == nil || len(w.until) >= mostWide {
		w.until = map[wideRead]time.Time{}
	}
	w.until[name] = now.Add(wideFor)
}
