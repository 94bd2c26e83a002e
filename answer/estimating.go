package answer

import (
	"context"
	"math/big"

	"github.com/dpproxy/dpproxy/budget"
	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/engine"
	"github.com/dpproxy/dpproxy/privacy"
	"github.com/dpproxy/dpproxy/refusal"
	"github.com/dpproxy/dpproxy/rewrite"
)

// estimateColumns are those of dp.estimate: a row for each column of the query's answer that has noise (or one without a
// name, if none has), beside the price of the whole query.
func estimateColumns() []Column {
	const text, num, whole, flag = catalog.Text, catalog.Numeric, catalog.Int8, catalog.Bool
	var out []Column
	for _, c := range []struct {
		name string
		kind catalog.Kind
	}{
		{"column_name", text}, {"expected_error", num}, {"per_row", flag}, {"expected_error_text", text},
		{"epsilon", num}, {"delta", num}, {"rho", num},
		{"epsilon_left", num}, {"delta_left", num}, {"rho_left", num}, {"allowed", flag}, {"queries_left", whole},
		{"query_class", text}, {"groups", whole},
	} {
		out = append(out, Column{Name: c.name, Type: catalog.Of(c.kind)})
	}
	return out
}

// estimate prices a query that is not asked. It reads accounts and the names of releases, and no data; who may not ask
// the query learns nothing but that.
func (s *Service) estimate(ctx context.Context, q *query, sql string) ([]record, error) {
	if err := s.enabled(ctx, q); err != nil {
		return nil, err
	}
	list, err := s.Planner.Parse(sql)
	if err != nil {
		return nil, inEstimate(err)
	}
	if len(list) != 1 || planned(list[0]).Kind != rewrite.Select {
		return nil, refusal.New(refusal.NotSupported, "dp.estimate takes the text of one SELECT")
	}
	asked := *q
	asked.request.Statement, asked.request.Params = list[0], nil
	asked.choices.inDesign = false // what it would cost live
	if err := s.price(ctx, &asked); err != nil {
		return nil, inEstimate(err)
	}
	if err := s.publicKeysKnown(ctx, &asked); err != nil {
		return nil, inEstimate(err)
	}
	x, err := s.explained(ctx, &asked)
	if err != nil {
		return nil, err
	}
	price := record{"epsilon": amount(x.price.Epsilon.Rat()), "delta": amount(x.price.Delta.Rat()), "rho": null(),
		"query_class": textOrNull(asked.plan.Class), "groups": groupsOf(asked.plan), "allowed": boolCell(false), "queries_left": null()}
	left, ok := after(x.own, x.price)
	_, all := after(x.all, x.owners)
	price["allowed"] = boolCell(ok && all)
	if !ok {
		left = x.own.Left
	}
	price["epsilon_left"], price["delta_left"], price["rho_left"] = amount(left.Epsilon.Rat()), amount(left.Delta.Rat()), null()
	if x.accountant() == privacy.ZCDP {
		price["rho"], price["rho_left"] = amount(x.price.Rho.Rat()), amount(left.Rho.Rat())
		price["epsilon_left"] = null() // ρ is what is left; ε would be a conversion
	}
	if n, limited := times(x); limited {
		price["queries_left"] = whole(n)
	}
	var out []record
	for _, e := range x.expected {
		r := record{"column_name": text(e.Column), "per_row": boolCell(e.PerRow), "expected_error_text": text(e.text()), "expected_error": null()}
		if half, ok := new(big.Rat).SetString(figures(e.HalfWidth)); ok && !e.InRank { // not in what the column counts
			r["expected_error"] = amount(half)
		}
		for k, v := range price {
			r[k] = v
		}
		out = append(out, r)
	}
	if len(out) == 0 {
		out = append(out, price)
	}
	return out, nil
}

// inEstimate takes the position out of a refusal: it counts in another text.
func inEstimate(err error) error {
	if r, ok := refusal.As(err); ok {
		e := *r
		e.Position = 0
		return &e
	}
	return err
}

// groupsOf is the number of groups of an answer, where the query alone tells.
func groupsOf(p *rewrite.Plan) Cell {
	if len(p.Blocks) == 1 && (len(p.Blocks[0].Keys) == 0 || len(p.Blocks[0].PublicKeys) > 0) {
		return whole(int64(max(len(p.Blocks[0].PublicKeys), 1)))
	}
	return null()
}

// times is how often a query of that price can still be paid for, by the analyst's account and the data set's.
func times(x *explanation) (n int64, limited bool) {
	part := func(left, price int64) {
		if price <= 0 {
			return
		}
		if k := max(left, 0) / price; !limited || k < n {
			n, limited = k, true
		}
	}
	account := func(b budget.Balance, price privacy.Loss) {
		if b.Account.Budget.Accountant == privacy.ZCDP {
			part(int64(b.Left.Rho), int64(price.Rho))
		} else {
			part(int64(b.Left.Epsilon), int64(price.Epsilon))
		}
		if b.Account.Budget.Accountant != privacy.Pure {
			part(int64(b.Left.Delta), int64(price.Delta))
		}
	}
	account(x.own, x.price)
	account(x.all, x.owners)
	return n, limited
}

// systemColumns tells the columns of a function of schema dp while a query is planned.
func (s *Service) systemColumns(q *query) func(string, []Cell) ([]Column, error) {
	return func(name string, args []Cell) ([]Column, error) {
		switch name {
		case "dp.estimate":
			return estimateColumns(), nil
		case "dp.replay":
			ctx, cancel := context.WithTimeout(context.Background(), endTimeout)
			defer cancel()
			a, err := s.replayed(ctx, q, args[0])
			return a.Columns, err
		}
		return nil, refusal.New(refusal.UndefinedFunction, "function %s does not exist", name)
	}
}

// systemCall makes the rows of a function of schema dp.
func (s *Service) systemCall(ctx context.Context, q *query, call rewrite.SystemCall) (engine.Input, error) {
	in := engine.Input{Name: call.Input}
	for _, c := range call.Columns {
		in.Columns = append(in.Columns, engine.InputColumn{Name: c.Name, Type: c.Type})
	}
	if call.Name == "dp.replay" {
		a, err := s.replayed(ctx, q, call.Args[0])
		in.Rows = a.rows()
		return in, err
	}
	records, err := s.estimate(ctx, q, call.Args[0].Text)
	in.Rows = cells(call.Columns, records)
	return in, err
}

// cells puts records into the order of columns; what a record does not name is NULL.
func cells(columns []Column, records []record) [][]Cell {
	out := make([][]Cell, len(records))
	for i, r := range records {
		out[i] = make([]Cell, len(columns))
		for j, c := range columns {
			cell, ok := r[c.Name]
			if !ok {
				cell = null()
			}
			out[i][j] = cell
		}
	}
	return out
}
