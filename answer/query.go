package answer

import (
	"context"
	"fmt"
	"time"

	"github.com/dpproxy/dpproxy/budget"
	"github.com/dpproxy/dpproxy/privacy"
	"github.com/dpproxy/dpproxy/refusal"
	"github.com/dpproxy/dpproxy/rewrite"
)

// query is one request on its way: what is known of it grows with each step.
type query struct {
	request  Request
	dataset  *Dataset
	user     *User
	grant    Grant
	access   *Access
	choices  choices
	plan     *rewrite.Plan
	preview  bool      // the plan is over generated rows
	designed *designed // the plan is over generated rows, as dp.mode = design

	rateNotices []Notice // what is left of the rate limits

	started time.Time
	done    func()     // the end of its use of the data set
	outcome string     // see budget.Entry.Outcome; "" until it is known
	ordered *execution // of an approved script; nil where none is needed
	charged bool       // an entry of history exists: the reservation's
	trace   Trace
}

// open finds out who asks, of which data set, and under which settings.
func (s *Service) open(req Request) (*query, error) {
	v, done := s.use()
	q := &query{request: req, access: v.access, started: s.Clock(), done: done, trace: noTrace{}}
	var err error
	if q.dataset, q.user, q.grant, err = v.find(req.Identity, q.started); err == nil {
		q.choices, err = choose(q.dataset, q.grant, req, s.Clock)
		q.choices.System = s.systemColumns(q)
		q.choices.Now = func() time.Time { return q.started } // one time for the whole statement
	}
	if err != nil {
		done()
		return nil, err
	}
	return q, nil
}

// planned is the statement that is planned: the SELECT itself, also inside EXPLAIN and the like.
func planned(st *Statement) *Statement {
	for st.Query != nil {
		st = st.Query
	}
	return st
}

// price plans the query. Its price is known then, before any data is read.
func (s *Service) price(ctx context.Context, q *query) error {
	defer s.stage(q, "plan", s.Clock())
	params := params(q.request)
	if q.choices.inDesign {
		return s.design(ctx, q, params)
	}
	var err error
	q.plan, err = s.Planner.Plan(planned(q.request.Statement), q.dataset.Catalog, q.choices.Settings, params)
	if q.dataset.lobby {
		return s.inLobby(q, err)
	}
	if err == nil || !q.previews(err) {
		return q.hintPreview(err)
	}
	plan, previewed := s.Planner.Plan(planned(q.request.Statement), q.dataset.Preview.catalogOf(q.dataset.Catalog), q.choices.Settings, params)
	if previewed != nil || len(plan.Blocks) > 0 || len(plan.System)+len(plan.SystemCalls) > 0 {
		return err // why the real rows are refused says more
	}
	q.plan, q.preview = plan, true
	return nil
}

func (s *Service) stage(q *query, name string, since time.Time) {
	now := s.Clock()
	s.Observer.Stage(name, now.Sub(since))
	q.trace.Stage(name, since, now)
}

// accounts are those that a query is charged to: the analyst's, and all analysts' together.
func (q *query) accounts() (analyst, dataset budget.Account) {
	name := q.dataset.Catalog.Name
	return budget.Account{Key: budget.Key{Analyst: q.user.account(), Dataset: name}, Budget: q.grant.Budget},
		budget.Account{Key: budget.Key{Dataset: name}, Budget: q.dataset.Budget}
}

// payer names the analyst's account in words.
func (q *query) payer() string {
	if name := q.user.account(); name != q.request.Identity.User {
		return fmt.Sprintf("account %q", name)
	}
	return fmt.Sprintf("user %q", q.request.Identity.User)
}

// accountant says in which currency the query is paid.
func (s *Service) accountant(q *query) privacy.Accountant { return q.grant.Budget.Accountant }

// entry is the query's line of history, as far as it is known.
func (q *query) entry() budget.Entry {
	e := budget.Entry{
		Time: q.started, Analyst: q.user.account(), Dataset: q.dataset.Catalog.Name,
		SQL: q.request.Statement.Text, Application: q.request.Identity.Application, Client: q.request.Identity.Client,
	}
	if who := q.request.Identity.User; who != e.Analyst {
		e.By = who
	}
	if q.plan != nil {
		e.Plan = q.planText()
	}
	return e
}

// end completes what is known of a query whose answer, or refusal, is ready: metrics, and the history of refusals.
func (s *Service) end(ctx context.Context, q *query, err error) {
	took, state := s.Clock().Sub(q.started), ""
	if err != nil {
		r, ok := refusal.As(err)
		state = string(refusal.InternalError)
		if ok {
			state = string(r.Code)
		}
		q.outcome = "failed"
		if ok && !q.charged {
			q.outcome = "refused"
		}
	}
	if err != nil && q.ordered != nil {
		s.stopRun(ctx, q)
	}
	s.Observer.Query(q.dataset.Catalog.Name, q.outcome, state, took)
	q.trace.End(q.outcome, state, q.started.Add(took))
	s.logQuery(q, state, took)
	refused := q.outcome == "refused" && recorded(refusal.Code(state))
	if !refused && (q.outcome != "reused" || q.charged) {
		return
	}
	e := q.entry()
	e.Outcome, e.SQLState, e.Duration = q.outcome, state, took
	if refused {
		s.refuse(e)
	} else {
		s.record(e)
	}
}

// recorded says which refusals the history keeps: what the analyst may not do, and what is used up. Mistakes in
// writing are not the owner's business.
func recorded(code refusal.Code) bool {
	return code == refusal.InsufficientPrivilege || code == refusal.BudgetExceeded
}
