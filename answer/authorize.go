package answer

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/dpproxy/dpproxy/approval"
	"github.com/dpproxy/dpproxy/budget"
	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/refusal"
	"github.com/dpproxy/dpproxy/rewrite"
)

// execution is one step of an approved script that this query is.
type execution struct {
	script, run [32]byte
	keepOn      bool // an error does not stop the run
}

// noAuthorization is what SHOW dp.authorization says where nothing is loaded.
const noAuthorization = "none"

// authorization checks a value of dp.authorization by itself.
func authorization(value string) error {
	if value == "" || value == noAuthorization {
		return nil
	}
	if _, err := approval.ReadBundle(value); err != nil {
		return refusal.New(refusal.InvalidParameterValue, "dp.authorization %s", err).
			WithHint("`dpproxy run` sets it; `dpproxy authorize` prints it for other clients.")
	}
	return nil
}

// authorize lets a query on private rows of an authorized data set pass only as a step of an approved script: signatures of the
// approvers, then the plan, then the analyst's signed order, then the run's order and counts. It reads no data, and a step that
// passes is taken durably.
func (s *Service) authorize(ctx context.Context, q *query) error {
	if q.dataset.Approvers == nil || len(q.plan.Blocks) == 0 {
		return nil
	}
	state, err := s.approvals(ctx, q.dataset)
	if err != nil {
		return err
	}
	bundle, err := approval.ReadBundle(q.request.Settings["dp.authorization"])
	if err != nil {
		return unapproved("no authorization is loaded")
	}
	scripts, err := s.scriptsInForce(q, state, bundle)
	if err != nil {
		return err
	}
	reason := errors.New("no approved step has the plan of this query: a literal, a bound, a setting, a column or a table differs")
	for _, script := range scripts {
		for i := range script.Steps {
			same, err := s.isStep(q, &script.Steps[i])
			if err != nil {
				reason = fmt.Errorf("%s of script %q cannot be planned on these data any more: %w", approval.StepNumber(i), script.Name, err)
			}
			if !same {
				continue
			}
			if reason = s.take(ctx, q, script, i+1, bundle.Executions); reason == nil {
				return nil
			}
			if r, ok := refusal.As(reason); ok {
				return r
			}
			if internal := (*Internal)(nil); errors.As(reason, &internal) {
				return reason
			}
		}
	}
	return unapproved(reason.Error())
}

// unapproved says which check failed, and nothing about data.
func unapproved(reason string) *refusal.Error {
	return refusal.New(refusal.InsufficientPrivilege, "this data set answers approved queries only: %s", reason).
		WithHint("Record a script with `dpproxy record`, have it approved, and run it with `dpproxy run`.")
}

// approvals replays the acts on a data set's approvals.
func (s *Service) approvals(ctx context.Context, d *Dataset) (*approval.State, error) {
	state, _, err := Approvals(ctx, s.Ledger, d.Catalog.Name, *d.Approvers)
	if err != nil {
		return nil, s.ledgerFailed(ctx, "approvals", err)
	}
	return state, nil
}

// scriptsInForce are the analyst's scripts that may run now: those of the bundle, and those that were approved in the ledger. Where
// there is none, the error is what is wrong with the last one.
func (s *Service) scriptsInForce(q *query, state *approval.State, b approval.Bundle) ([]*approval.Script, error) {
	var out []*approval.Script
	reason := "no authorization is loaded"
	candidates := b.Scripts
	for _, w := range state.Scripts {
		candidates = append(candidates, w.Approved)
	}
	for i := range candidates {
		if err := s.inForce(q, state, &candidates[i]); err != nil {
			if i < len(b.Scripts) || candidates[i].Script.Analyst.Name == q.request.Identity.User {
				reason = fmt.Sprintf("script %q: %s", candidates[i].Script.Name, err)
			}
			continue
		}
		out = append(out, &candidates[i].Script)
	}
	if len(out) == 0 {
		return nil, unapproved(reason)
	}
	return out, nil
}

func (s *Service) inForce(q *query, state *approval.State, a *approval.Approved) error {
	script, d := &a.Script, q.dataset.Catalog
	switch {
	case script.Dataset != d.Name:
		return fmt.Errorf("it is for another data set")
	case script.Analyst.Name != q.request.Identity.User:
		return fmt.Errorf("it is approved for another analyst")
	}
	if err := a.Verify(state.Approvers); err != nil {
		return err
	}
	if who, gone := state.RevokedBy(script.ID()); gone {
		return fmt.Errorf("its approval was revoked by %q", who)
	}
	if err := script.InForce(s.Clock()); err != nil {
		return err
	}
	if script.Version != d.Version {
		return fmt.Errorf("the data set has another version by now")
	}
	if script.Schema != d.SchemaHash() {
		return fmt.Errorf("the declaration of the data set has changed")
	}
	return nil
}

// isStep tells that a query is a step, whatever its spelling: both have one plan under the step's settings.
func (s *Service) isStep(q *query, step *approval.Step) (bool, error) {
	if len(q.request.Params) != len(step.Parameters) {
		return false, nil
	}
	plan, err := s.planStep(q, step)
	if err != nil {
		return false, err
	}
	return plan.Fingerprint() == q.plan.Fingerprint(), nil
}

// planStep plans a step's own text with the query's parameters.
func (s *Service) planStep(q *query, step *approval.Step) (*rewrite.Plan, error) {
	list, err := s.Planner.Parse(step.SQL)
	if err != nil {
		return nil, err
	}
	if len(list) != 1 {
		return nil, errors.New("it is not one statement")
	}
	c, err := choose(q.dataset, q.grant, Request{Identity: q.request.Identity, Settings: step.Settings}, s.Clock)
	if err != nil {
		return nil, err
	}
	c.Now = q.choices.Now
	return s.Planner.Plan(planned(list[0]), q.dataset.Catalog, c.Settings, params(q.request))
}

// take finds the analyst's signed order for a step, and takes the step in the ledger.
func (s *Service) take(ctx context.Context, q *query, script *approval.Script, step int, orders []approval.Execution) error {
	reason := errors.New("no signed execution of the step is loaded")
	for i := range orders {
		e := &orders[i]
		if e.Script != script.ID() || e.Step != step {
			continue
		}
		if reason = e.Verify(script, q.request.Identity.Nonce); reason != nil {
			continue
		}
		if reason = sameParameters(q, &script.Steps[step-1], e); reason != nil {
			continue
		}
		labels, err := e.Labels(script)
		if err != nil {
			reason = err
			continue
		}
		x := &execution{keepOn: script.Kind == approval.Loose || script.Steps[step-1].AllowErrors}
		if !fillHash(&x.script, e.Script) || !fillHash(&x.run, e.Run) {
			reason = errors.New("the run's tag is not 32 bytes in hex")
			continue
		}
		err = s.Ledger.Advance(ctx, budget.Execution{Script: x.script, Run: x.run, Analyst: q.request.Identity.User, Dataset: q.dataset.Catalog.Name,
			Step: step, Linear: script.Kind == approval.Linear, MaxRuns: script.Runs, Labels: labels})
		if refused := (*budget.RunRefused)(nil); errors.As(err, &refused) {
			reason = refused
			continue
		}
		if err != nil {
			return s.ledgerFailed(ctx, "approvals", err)
		}
		q.ordered = x
		return nil
	}
	return reason
}

func fillHash(to *[32]byte, text string) bool {
	raw, err := hex.DecodeString(text)
	return err == nil && copy(to[:], raw) == 32 && len(raw) == 32
}

// sameParameters compares what is bound with what is signed.
func sameParameters(q *query, step *approval.Step, e *approval.Execution) error {
	for i, p := range q.request.Params {
		if p.Cell.Null || !step.Parameters[i].SameValues(p.Cell.Text, e.Parameters[i]) {
			return fmt.Errorf("$%d is bound to another value than was signed", i+1)
		}
	}
	return nil
}

// stopRun ends the run of a linear script whose step failed, for good.
func (s *Service) stopRun(ctx context.Context, q *query) {
	if q.ordered.keepOn {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), endTimeout)
	defer cancel()
	if err := s.Ledger.StopRun(ctx, q.ordered.script, q.ordered.run); err != nil {
		s.Logger.Error("the run of a script could not be stopped", "dataset", q.dataset.Catalog.Name, "user", q.request.Identity.User, "error", err)
	}
}

// recorded are the settings that decide what a query measures and costs.
func (c *choices) recorded(d *catalog.Dataset) map[string]string {
	out := map[string]string{}
	for _, name := range []string{"dp.epsilon", "dp.delta", "dp.mechanism", "dp.intervals", "dp.confidence"} {
		out[name] = c.texts()[name]
	}
	if len(d.Policy.Classes) > 0 {
		out["dp.query_class"] = c.texts()["dp.query_class"]
	}
	if d.CellKey != nil {
		out["dp.pad"] = c.texts()["dp.pad"]
	}
	if c.Bounds.UnitRows > 0 {
		out["dp.max_unit_rows"] = c.texts()["dp.max_unit_rows"]
	} else {
		out["dp.max_groups"], out["dp.max_rows"] = c.texts()["dp.max_groups"], c.texts()["dp.max_rows"]
	}
	return out
}
