package answer

import (
	"context"
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strconv"
	"time"

	"github.com/dpproxy/dpproxy/budget"
	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/engine"
	"github.com/dpproxy/dpproxy/privacy"
	"github.com/dpproxy/dpproxy/ratelimit"
	"github.com/dpproxy/dpproxy/rewrite"
)

// record is one row of a table of schema dp, by the column's name. Columns that it does not name are NULL.
type record map[string]Cell

// systemTable makes the rows of a table of schema dp: what this analyst may see, and no more.
func (s *Service) systemTable(ctx context.Context, q *query, name string) (engine.Input, error) {
	var table rewrite.SystemTable
	for _, t := range rewrite.SystemTables() {
		if t.Name == name || t.Input == name {
			table = t
		}
	}
	records, err := s.records(ctx, q, table.Name)
	if err != nil {
		return engine.Input{}, err
	}
	in := engine.Input{Name: table.Input}
	for _, c := range table.Columns {
		in.Columns = append(in.Columns, engine.InputColumn{Name: c.Name, Type: c.Type})
	}
	in.Rows = cells(table.Columns, records)
	return in, nil
}

func (s *Service) records(ctx context.Context, q *query, table string) ([]record, error) {
	switch table {
	case "dp.budget":
		return s.budgetRecords(ctx, q)
	case "dp.history":
		return s.historyRecords(ctx, q)
	case "dp.limits":
		return limitRecords(q), nil
	case "dp.tables":
		return tableRecords(q.dataset.Catalog), nil
	case "dp.columns":
		return columnRecords(q.dataset.Catalog), nil
	case "dp.about":
		return aboutRecords(q), nil
	case "dp.functions":
		return functionRecords(q), nil
	case "dp.datasets":
		return s.datasetRecords(q)
	case "dp.classes":
		return classRecords(q), nil
	case "dp.rules":
		return ruleRecords(q), nil
	case "dp.service":
		return s.serviceRecords(ctx, q), nil
	}
	return nil, &Internal{Stage: "system table", Cause: "no rows for " + table}
}

// budgetRecords are the analyst's account and the data set's, over all analysts.
func (s *Service) budgetRecords(ctx context.Context, q *query) ([]record, error) {
	var out []record
	analyst, dataset := q.accounts()
	for _, a := range []budget.Account{analyst, dataset} {
		b, err := s.Ledger.Balance(ctx, a)
		if err != nil {
			return nil, s.ledgerFailed(ctx, "balance", err)
		}
		whose := "analyst"
		if a.Key.Analyst == "" {
			whose = "dataset"
		}
		r := record{
			"account": text(whose), "analyst": textOrNull(a.Key.Analyst), "dataset": text(a.Key.Dataset),
			"accountant": text(string(a.Budget.Accountant)),
			"epsilon":    amount(b.Effective.Epsilon.Rat()), "delta": amount(b.Effective.Delta.Rat()),
			"epsilon_spent": amount(b.SpentEpsilon.Rat()), "epsilon_left": amount(b.LeftEpsilon.Rat()),
			"delta_spent": amount(b.Spent.Delta.Rat()), "delta_left": amount(b.Left.Delta.Rat()),
			"epsilon_reserved": amount(b.Reserved.Epsilon.Rat()), "queries": whole(b.Queries), "delta_reserved": amount(b.Reserved.Delta.Rat()),
			"initial_epsilon": amount(a.Budget.Epsilon.Rat()), "initial_delta": amount(a.Budget.Delta.Rat()),
			"window_ends": timeOrNull(b.WindowEnds), "refresh": null(),
		}
		if a.Budget.Accountant == privacy.ZCDP {
			r["rho"], r["rho_spent"], r["rho_left"] = amount(b.Limit.Rho.Rat()), amount(b.Spent.Rho.Rat()), amount(b.Left.Rho.Rat())
			r["rho_reserved"] = amount(b.Reserved.Rho.Rat())
		}
		if a.Budget.Refresh > 0 {
			r["refresh"] = text(a.Budget.Refresh.String())
		}
		if a.Key.Analyst != "" && q.grant.MaxQueries > 0 {
			r["max_queries"] = whole(q.grant.MaxQueries)
		}
		out = append(out, r)
	}
	return out, nil
}

// historyRecords are the entries of the analyst's account on this data set, newest first, each with who asked: what one of its
// users has paid for, all may read. Those who are anonymous have a name in
// common and are not the same: none of them sees any.
func (s *Service) historyRecords(ctx context.Context, q *query) ([]record, error) {
	if q.anonymous() {
		return nil, nil
	}
	account := q.user.account()
	entries, err := s.Ledger.History(ctx, budget.HistoryQuery{Analyst: account, Dataset: q.dataset.Catalog.Name})
	if err != nil {
		return nil, s.ledgerFailed(ctx, "history", err)
	}
	var out []record
	for _, e := range entries {
		if e.Analyst != account || e.Dataset != q.dataset.Catalog.Name {
			continue // an empty name would have listed everybody's
		}
		r := record{
			"id": whole(e.ID), "time": timeOrNull(e.Time), "sql": text(e.SQL), "plan": textOrNull(e.Plan),
			"outcome": text(e.Outcome), "sqlstate": textOrNull(e.SQLState),
			"epsilon": amount(e.Loss.Epsilon.Rat()), "delta": amount(e.Loss.Delta.Rat()), "rho": amount(e.Loss.Rho.Rat()),
			"application": textOrNull(e.Application), "client": textOrNull(e.Client), "dataset": text(e.Dataset), "duration_ms": whole(e.Duration.Milliseconds()),
		}
		if e.SQL != "" { // else an act of the owner's
			if r["user_name"] = text(e.Analyst); e.By != "" {
				r["user_name"] = text(e.By)
			}
		}
		if e.Archived {
			r["rows"] = whole(e.Rows)
		}
		out = append(out, r)
	}
	return out, nil
}

// limitRecords are the limits in force for one query and on requests, one a row.
func limitRecords(q *query) []record {
	var out []record
	add := func(name, value, description string) {
		out = append(out, record{"name": text(name), "value": text(value), "description": text(description)})
	}
	d, c := q.dataset.Catalog, q.choices
	add("dp.epsilon", c.Epsilon.String(), "ε of the next query")
	add("max_epsilon", d.Query.MaxEpsilon.String(), "the largest dp.epsilon")
	add("dp.delta", c.Delta.String(), "δ of the next query, for private group keys; the data set's is the largest")
	if c.Bounds.UnitRows > 0 {
		add("dp.max_unit_rows", strconv.FormatInt(c.Bounds.UnitRows, 10), "rows of one privacy unit that count in all")
	} else {
		add("dp.max_groups", strconv.FormatInt(c.Bounds.Groups, 10), "groups that one privacy unit may touch")
		add("dp.max_rows", strconv.FormatInt(c.Bounds.Rows, 10), "rows of one privacy unit that count in one group")
	}
	add("max_functions", strconv.Itoa(c.MaxFunctions), "aggregates in one query")
	if c.MinUnits > 0 {
		add("min_units", strconv.FormatInt(c.MinUnits, 10), "the smallest number of units of a group that is shown")
	}
	add("max_combinations", strconv.Itoa(d.MaxCombinations), "combinations of public keys in one query")
	if q.grant.MaxQueries > 0 {
		add("max_queries", strconv.FormatInt(q.grant.MaxQueries, 10), "charged queries for ever")
	}
	for _, class := range slices.Sorted(maps.Keys(q.grant.ClassQueries)) {
		add("max_queries", strconv.FormatInt(q.grant.ClassQueries[class], 10), "charged queries of class "+class+" for ever")
	}
	if q.dataset.MaxQueries > 0 {
		add("max_queries", strconv.FormatInt(q.dataset.MaxQueries, 10), "charged queries of all analysts together for ever")
	}
	for _, op := range slices.Sorted(maps.Keys(q.grant.Operations)) {
		limit := "without a limit"
		if n := q.grant.Operations[op]; n > 0 {
			limit = strconv.FormatInt(n, 10)
		}
		add("permission", op, "query class that your credential permits (empty: metadata), and its limit for ever: "+limit)
	}
	if n := max(q.user.Places, 0); n > 0 || q.access.Places > 0 {
		if n == 0 {
			n = q.access.Places
		}
		add("max_parallel", strconv.Itoa(n), "queries in flight at once")
	}
	q.rates().All(func(scope string, l ratelimit.Limit) {
		what := "requests in a window of time"
		if scope != "" {
			what += " (" + scope + ")"
		}
		add("rate_limit", l.Text, what)
	})
	return out
}

func tableRecords(d *catalog.Dataset) []record {
	var out []record
	for _, t := range d.Listed() {
		r := record{
			"schema": text("public"), "name": text(t.Name), "table_name": text(t.Name), "public": boolCell(t.Public),
			"description": textOrNull(t.Description), "unit": null(), "unit_column": null(), "pipeline": null(),
		}
		if !t.Public {
			r["pipeline"] = text(pipelineOf(d))
			r["unit"] = text(unitText(d, t))
			if t.Unit != nil {
				r["unit_column"] = text(t.Unit.Column)
			}
		}
		out = append(out, r)
	}
	return out
}

// unitText tells how a private table's rows belong to a unit.
func unitText(d *catalog.Dataset, t *catalog.Table) string {
	_, isView := d.DeclaredView(t.Name)
	switch {
	case d.RowUnit:
		return "row"
	case isView:
		return "that of its tables"
	case t.Unit == nil:
		return d.UnitColumn
	case t.Unit.Via != nil:
		return fmt.Sprintf("%s -> %s.%s", t.Unit.Column, t.Unit.Via.Table, t.Unit.Via.Column)
	case t.Unit.References != nil:
		return fmt.Sprintf("%s -> %s.%s", t.Unit.Column, t.Unit.References.Table, t.Unit.References.Column)
	}
	return t.Unit.Column
}

func columnRecords(d *catalog.Dataset) []record {
	var out []record
	for _, t := range d.Listed() {
		for i, c := range t.Columns {
			r := record{
				"schema": text("public"), "table": text(t.Name), "table_name": text(t.Name), "name": text(c.Name), "column_name": text(c.Name),
				"position": whole(int64(i + 1)), "type": text(c.Type.String()), "nullable": boolCell(c.Nullable),
				"description": textOrNull(c.Description), "lower": null(), "upper": null(), "values": null(),
			}
			if c.Domain.Lower != nil && c.Domain.Upper != nil {
				r["lower"], r["upper"] = text(catalog.FormatRat(c.Type, c.Domain.Lower)), text(catalog.FormatRat(c.Type, c.Domain.Upper))
			}
			if c.Domain.Values != nil {
				r["values"] = text(list(c.Domain.Values))
			}
			policyCells(r, c)
			out = append(out, r)
		}
	}
	return out
}

// functionRecords are the aggregates that the analyst may use.
func functionRecords(q *query) []record {
	var out []record
	measured := rewrite.MeasuredAggregates()
	for _, f := range q.dataset.Catalog.AllowedFunctions {
		allowed := slices.Contains(q.choices.AllowedFunctions, f) && slices.Contains(measured, f)
		out = append(out, record{"name": text(f), "kind": text("aggregate"), "allowed": boolCell(allowed)})
	}
	return out
}

func null() Cell             { return Cell{Null: true} }
func text(s string) Cell     { return Cell{Text: s} }
func whole(n int64) Cell     { return Cell{Text: strconv.FormatInt(n, 10)} }
func amount(r *big.Rat) Cell { return Cell{Text: catalog.FormatRat(catalog.Of(catalog.Numeric), r)} }
func timeOrNull(t time.Time) Cell {
	if t.IsZero() {
		return null()
	}
	return Cell{Text: catalog.FormatTimestamp(t.UnixMicro(), true)}
}

func textOrNull(s string) Cell { return Cell{Text: s, Null: s == ""} }

func boolCell(b bool) Cell {
	if b {
		return Cell{Text: "t"}
	}
	return Cell{Text: "f"}
}
