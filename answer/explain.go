package answer

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/dpproxy/dpproxy/budget"
	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/privacy"
	"github.com/dpproxy/dpproxy/rewrite"
)

// explain shows the plan, the price, the expected error and what would be left. It is free, reads no data but values of public tables that are
// keys, and works also where the budget is used up.
func (s *Service) explain(ctx context.Context, q *query) (*Result, error) {
	q.outcome = "explained"
	if err := s.enabled(ctx, q); err != nil {
		return nil, err
	}
	if err := s.publicKeysKnown(ctx, q); err != nil {
		return nil, err
	}
	x, err := s.explained(ctx, q)
	if err != nil {
		return nil, err
	}
	columns := explainColumns(q.request.Statement)
	result := &Result{Columns: columns, Tag: "EXPLAIN", Public: true}
	if columns[0].Type.Kind == catalog.JSON {
		text, err := x.json()
		if err != nil {
			return nil, s.internal("explain", err)
		}
		result.Rows = &memoryRows{rows: [][]Cell{{{Text: text}}}}
		return result, nil
	}
	rows := &memoryRows{}
	for _, line := range x.lines() {
		rows.rows = append(rows.rows, []Cell{{Text: line}})
	}
	result.Rows = rows
	return result, nil
}

// explained is what EXPLAIN and dp.estimate tell of a planned query. It reads accounts and which releases exist, and no data.
func (s *Service) explained(ctx context.Context, q *query) (*explanation, error) {
	analyst, dataset := q.accounts()
	own, err := s.Ledger.Balance(ctx, analyst)
	if err != nil {
		return nil, s.ledgerFailed(ctx, "balance", err)
	}
	all, err := s.Ledger.Balance(ctx, dataset)
	if err != nil {
		return nil, s.ledgerFailed(ctx, "balance", err)
	}
	o := newOrder(q)
	if err := s.priced(ctx, q, o); err != nil {
		return nil, err
	}
	x := &explanation{plan: q.shown(), fingerprint: q.plan.Fingerprint(), preview: q.preview, own: own, all: all, price: o.analystLoss, owners: o.datasetLoss,
		dataset: q.dataset.Catalog, settings: q.choices.recorded(q.dataset.Catalog)}
	if x.expected, err = expectedErrors(q.plan, confidenceShown); err != nil {
		return nil, s.internal("expected error", err)
	}
	return x, nil
}

// explainColumns is the one column of EXPLAIN: text, or json as FORMAT says.
func explainColumns(st *Statement) []Column {
	kind := catalog.Text
	if strings.EqualFold(st.Options["format"], "json") {
		kind = catalog.JSON
	}
	return []Column{{Name: "QUERY PLAN", Type: catalog.Of(kind)}}
}

// explanation is what EXPLAIN shows.
type explanation struct {
	plan        *rewrite.Plan // as it is shown
	fingerprint string
	preview     bool
	own, all    budget.Balance // the analyst's account, and all analysts'
	// price is the analyst's: less than the plan's where releases were paid for before. owners is the data set's.
	price, owners privacy.Loss
	expected      []expectedError
	dataset       *catalog.Dataset
	settings      map[string]string // dp.* in force, but for what is the session's own
}

func (x *explanation) accountant() privacy.Accountant { return x.own.Account.Budget.Accountant }

// lines are EXPLAIN's rows: the summary for people first, then the plan.
func (x *explanation) lines() []string {
	var out []string
	add := func(format string, args ...any) { out = append(out, fmt.Sprintf(format, args...)) }
	switch {
	case cellBlocks(x.plan):
		add("Price: nothing, as pipeline tbe is not differential privacy: it perturbs cells by fixed tables, and charges no ε")
		return append(out, strings.Split(strings.TrimRight(planText(x.plan), "\n"), "\n")...)
	case x.preview:
		add("Price: nothing, as the rows are generated from the declaration, and no data is read")
	case len(x.plan.Blocks) == 0:
		add("Price: nothing, as no private table is read")
	case x.price != x.plan.Loss:
		add("Price: %s (accountant %s); it is %s without the answers that you have paid for before",
			lossText(x.accountant(), x.price), x.accountant(), lossText(x.accountant(), x.plan.Loss))
	default:
		add("Price: %s (accountant %s)", lossText(x.accountant(), x.price), x.accountant())
	}
	add("Left: %s. %s", leftText(x.own), comesBack(x.own))
	if left, ok := after(x.own, x.price); !ok {
		add("Left after it: nothing, as the budget does not allow this query")
	} else if !x.price.IsZero() {
		add("Left after it: %s", lossText(x.accountant(), left))
	}
	if _, ok := after(x.all, x.owners); !ok {
		add("The data set's budget over all analysts does not allow this query")
	}
	if len(x.expected) > 0 {
		add("Expected error, half width at 95 %% (n: rows of the group that count):")
		for _, e := range x.expected {
			add("  %s: %s", e.Column, e.text())
		}
	}
	return append(out, strings.Split(strings.TrimRight(planText(x.plan), "\n"), "\n")...)
}

// after is what would be left of an account; ok is false where it does not allow the loss.
func after(b budget.Balance, l privacy.Loss) (left privacy.Loss, ok bool) {
	left = privacy.Loss{Epsilon: b.Left.Epsilon - l.Epsilon, Delta: b.Left.Delta - l.Delta, Rho: b.Left.Rho - l.Rho}
	switch b.Account.Budget.Accountant {
	case privacy.Pure:
		return left, left.Epsilon >= 0 && l.Delta == 0
	case privacy.ZCDP:
		return left, left.Rho >= 0 && left.Delta >= 0
	}
	return left, left.Epsilon >= 0 && left.Delta >= 0
}

func (x *explanation) json() (string, error) {
	type amount struct {
		Epsilon string `json:"epsilon,omitempty"`
		Rho     string `json:"rho,omitempty"`
		Delta   string `json:"delta,omitempty"`
	}
	loss := func(l privacy.Loss) amount {
		a := amount{Epsilon: l.Epsilon.String()}
		if x.accountant() == privacy.ZCDP {
			a = amount{Rho: l.Rho.String()}
		}
		if x.accountant() != privacy.Pure {
			a.Delta = l.Delta.String()
		}
		return a
	}
	type use struct {
		Table    string `json:"table"`
		Column   string `json:"column"`
		Position int    `json:"position"`
	}
	type share struct {
		Name  string `json:"name"`
		Noise string `json:"noise"`
		L1    string `json:"l1_sensitivity"`
		Share amount `json:"share"`
	}
	type block struct {
		Name      string   `json:"name"`
		SQL       string   `json:"sql,omitempty"`
		Counted   []string `json:"histogram_sql,omitempty"`
		Shares    []share  `json:"shares"`
		Selection string   `json:"selection"`
		Threshold int64    `json:"threshold,omitempty"`
		Selecting amount   `json:"selection_share"`
	}
	out := struct {
		Price      amount          `json:"price"`
		Accountant string          `json:"accountant"`
		Full       amount          `json:"price_if_nothing_was_paid_before"`
		Left       amount          `json:"left"`
		After      *amount         `json:"left_after"` // null: the budget does not allow the query
		Errors     []expectedError `json:"expected_error_95"`
		Rules      []string        `json:"rules"`
		Blocks     []block         `json:"measurements"`
		Outer      string          `json:"outer_sql,omitempty"`
		Plan       string          `json:"plan"`
		// What a script of approved queries needs to know.
		Dataset     string            `json:"dataset"`
		Version     string            `json:"dataset_version"`
		Schema      string            `json:"schema"`
		Fingerprint string            `json:"fingerprint"`
		Settings    map[string]string `json:"settings"`
		Uses        []use             `json:"uses"`
		Columns     []string          `json:"columns"`
		Groups      []string          `json:"groups"`
		Filters     []string          `json:"filters"`
	}{
		Price: loss(x.price), Accountant: string(x.accountant()), Full: loss(x.plan.Loss), Left: loss(x.own.Left),
		Errors: x.expected, Rules: x.plan.Rules, Outer: x.plan.Post.SQL, Plan: planText(x.plan),
	}
	out.Dataset, out.Version, out.Schema = x.dataset.Name, x.dataset.Version, x.dataset.SchemaHash()
	out.Fingerprint, out.Settings = x.fingerprint, x.settings
	for _, u := range x.plan.Uses {
		out.Uses = append(out.Uses, use(u))
	}
	out.Groups, out.Filters = x.plan.Groups, x.plan.Filters
	for _, c := range x.plan.Columns {
		out.Columns = append(out.Columns, c.Name)
	}
	if left, ok := after(x.own, x.price); ok {
		a := loss(left)
		out.After = &a
	}
	for _, m := range x.plan.Blocks {
		b := block{Name: m.Name, SQL: m.SQL, Selection: string(m.Selection.Kind), Threshold: m.Selection.Threshold, Selecting: loss(m.Selection.Share)}
		for _, s := range m.Specs {
			b.Shares = append(b.Shares, share{s.Name, string(s.Noise), s.L1.String(), loss(s.Share)})
		}
		for _, h := range m.Histograms {
			b.Shares = append(b.Shares, share{h.Name, "exponential", h.L1().String(), loss(h.Spec.Share)})
			b.Counted = append(b.Counted, h.SQL)
		}
		out.Blocks = append(out.Blocks, b)
	}
	text, err := json.MarshalIndent([]any{out}, "", "  ")
	return string(text), err
}
