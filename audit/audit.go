package audit

import (
	"context"
	"errors"
	"fmt"

	"github.com/dpproxy/dpproxy/answer"
	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/engine"
	"github.com/dpproxy/dpproxy/mechanism"
	"github.com/dpproxy/dpproxy/refusal"
)

// Options are what is audited, and how hard.
type Options struct {
	Dataset *answer.Dataset // as it is served; its engine is only read
	Planner answer.Planner
	Random  mechanism.Source
	Queries []Query
	Units   int // privacy units that are taken out for each query; default 5
	Samples int // answers of each of the two databases for each query; default 4000
	// Odds is how often, at most, the whole audit reports a violation though there is none; default 1e-9.
	Odds float64
	// Progress is told what happens, without values; nil is silent.
	Progress func(text string)
}

// Query is one statement, and the dp.* settings that it is asked under.
type Query struct {
	SQL      string
	Settings map[string]string
}

// Verdict of one query.
type Verdict string

// The verdicts.
const (
	Holds     Verdict = "holds"     // no test found more than is claimed
	Violation Verdict = "VIOLATION" // one did
	Refused   Verdict = "refused"   // dpproxy does not answer the query
	Public    Verdict = "public"    // it touches no private row
)

// Report is what was found about one query.
type Report struct {
	Query string
	// Claimed and Found are in ε. In a zcdp account the claim is ρ, told as ε = √(2ρ). Found is a lower bound that the
	// answers prove, 0 if they prove none.
	Claimed, Delta, Found float64
	Event                 string // what told the two databases apart best
	Sensitivity           string // "within", "beyond", or why it was not looked at
	Units, Samples        int
	Verdict               Verdict
	Reason                string // of a refusal or violation
}

func (o Options) withDefaults() Options {
	if o.Units <= 0 {
		o.Units = 5
	}
	if o.Samples <= 0 {
		o.Samples = 4000
	}
	if o.Odds <= 0 {
		o.Odds = 1e-9
	}
	if o.Progress == nil {
		o.Progress = func(string) {}
	}
	return o
}

// Run audits every query. Its errors are those of the source or of the configuration; what is found is in the reports.
func Run(ctx context.Context, o Options) ([]Report, error) {
	o = o.withDefaults()
	if len(o.Queries) == 0 {
		return nil, errors.New("audit: there are no queries")
	}
	a := &auditor{Options: o, planner: &capture{Planner: o.Planner}}
	a.salt = newSalt(o.Random)
	var err error
	if a.units, err = candidates(ctx, o.Dataset.Engine, o.Dataset.Catalog, o.Units); err != nil {
		return nil, err
	}
	if len(a.units) == 0 {
		return nil, errors.New("audit: the private tables have no unit")
	}
	var reports []Report
	for i, q := range o.Queries {
		o.Progress(fmt.Sprintf("query %d of %d", i+1, len(o.Queries)))
		r, err := a.query(ctx, q)
		if err != nil {
			return reports, fmt.Errorf("query %d: %w", i+1, err)
		}
		reports = append(reports, r)
	}
	return reports, nil
}

// auditor is one audit.
type auditor struct {
	Options
	planner *capture
	salt    int64
	units   []unitValue
}

// query audits one query: its plan, its sensitivities, its answers.
func (a *auditor) query(ctx context.Context, q Query) (Report, error) {
	r := Report{Query: q.SQL, Verdict: Holds}
	whole := newFixed(a.Dataset.Engine, a.salt, nil)
	all, err := a.serve(ctx, whole)
	if err != nil {
		return r, err
	}
	defer all.close()
	a.planner.last = nil
	if _, err := all.ask(ctx, q, 1); err != nil {
		var refused *askError
		if errors.As(err, &refused) && refused.code != string(refusal.InternalError) {
			r.Verdict, r.Reason = Refused, refused.Error()
			return r, nil
		}
		return r, err
	}
	plan := a.planner.last
	if plan == nil || len(plan.Blocks) == 0 {
		r.Verdict = Public
		return r, nil
	}
	for _, m := range plan.Blocks {
		if m.Cells != nil {
			r.Verdict, r.Reason = Refused, "this data set's pipeline claims no differential privacy, so there is nothing to hold it to"
			return r, nil
		}
	}
	claim := claimOf(plan.Loss, a.Dataset.Catalog.Accountant)
	r.Claimed, r.Delta = claim.epsilon, claim.delta
	worst, err := a.exact(ctx, plan, whole, &r)
	if err != nil {
		return r, err
	}
	if less, err := a.rowsOfNobody(ctx, plan, whole); err != nil {
		return r, err
	} else if less != nil {
		r.Sensitivity, r.Verdict, r.Reason = "beyond", Violation, "rows that belong to no unit move the numbers"
		worst, claim.epsilon, claim.delta = less, 0, 0
	}
	less, err := a.serve(ctx, worst)
	if err != nil {
		return r, err
	}
	defer less.close()
	known, err := aims(ctx, plan, claim, [2]*fixed{whole, worst})
	if err != nil {
		return r, err
	}
	return r, a.sample(ctx, q, claim, [2]*side{all, less}, known, &r)
}

// sample asks both databases, and bounds what their answers prove.
func (a *auditor) sample(ctx context.Context, q Query, c claim, sides [2]*side, aims []aim, r *Report) error {
	var answers [2][]sampled
	for i, s := range sides {
		for len(answers[i]) < a.Samples {
			more, err := s.ask(ctx, q, min(batch, a.Samples-len(answers[i])))
			if err != nil {
				return err
			}
			answers[i] = append(answers[i], more...)
			a.Progress(fmt.Sprintf("  database %d of 2: %d of %d answers", i+1, len(answers[i]), a.Samples))
		}
	}
	r.Samples = a.Samples
	found := compare(answers[0], answers[1], c, a.Odds/float64(len(a.Queries)), aims)
	r.Found, r.Event = found.Epsilon, found.Event
	if found.Epsilon > c.epsilon {
		r.Verdict, r.Reason = Violation, "the answers tell the two databases apart better than is claimed"
	}
	return nil
}

var _ engine.Engine = (*fixed)(nil)

// private lists the private tables of a data set.
func private(ds *catalog.Dataset) []*catalog.Table {
	var out []*catalog.Table
	for _, t := range ds.Tables {
		if !t.Public {
			out = append(out, t)
		}
	}
	return out
}
