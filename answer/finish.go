package answer

import (
	"context"
	"errors"
	"strings"

	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/engine"
	"github.com/dpproxy/dpproxy/refusal"
	"github.com/dpproxy/dpproxy/rewrite"
)

// finish runs the analyst's outer query over releases, public tables and the proxy's own tables. Plain projections and
// constants need no engine. Answers over private tables are complete in memory when it returns.
func (s *Service) finish(ctx context.Context, q *query, released []engine.Input) (*Result, error) {
	defer s.stage(q, "finish", s.Clock())
	post := q.plan.Post
	result := &Result{Columns: q.plan.Columns, Tag: "SELECT", Public: len(q.plan.Blocks) == 0}
	switch {
	case post.Constants != nil:
		rows, err := setConfig(q, post.Constants)
		if err != nil {
			return nil, err
		}
		result.Rows = s.stream(ctx, q, &memoryRows{rows: rows})
	case post.Projection != nil:
		result.Rows = &memoryRows{rows: project(released[0].Rows, post.Projection)}
	default:
		rows, err := s.outer(ctx, q, released)
		if err != nil {
			return nil, err
		}
		if result.Public {
			result.Rows = s.stream(ctx, q, rows)
			break
		}
		kept, err := collect(rows)
		if err != nil {
			return nil, s.outerFailed(ctx, q, err)
		}
		result.Rows = kept
	}
	return result, nil
}

// setConfig does the calls of set_config that the plan names, in their order, and puts the values in force into the row.
func setConfig(q *query, rows [][]Cell) ([][]Cell, error) {
	calls := q.plan.SetConfig
	if len(calls) == 0 {
		return rows, nil
	}
	if q.request.SetConfig == nil {
		return nil, refusal.New(refusal.NotSupported, "set_config needs a session")
	}
	row := append([]Cell{}, rows[0]...)
	for _, c := range calls {
		value, err := q.request.SetConfig(c.Name, c.Value, c.Local)
		if err != nil {
			return nil, err
		}
		row[c.Column] = Cell{Text: value}
	}
	return [][]Cell{row}, nil
}

// stream passes a public answer's rows on. The data set is in use until they are closed.
func (s *Service) stream(ctx context.Context, q *query, rows engine.Rows) Rows {
	return &streamRows{Rows: rows, done: q.done, failed: func(err error) error { return s.outerFailed(ctx, q, err) }}
}

// outer runs Post.SQL. What it reads is publishable: releases, rows of schema dp, public tables.
func (s *Service) outer(ctx context.Context, q *query, released []engine.Input) (engine.Rows, error) {
	inputs := released
	for _, name := range q.plan.System {
		in, err := s.systemTable(ctx, q, name)
		if err != nil {
			return nil, err
		}
		inputs = append(inputs, in)
	}
	for _, call := range q.plan.SystemCalls {
		in, err := s.systemCall(ctx, q, call)
		if err != nil {
			return nil, err
		}
		inputs = append(inputs, in)
	}
	types := make([]catalog.Type, len(q.plan.Columns))
	for i, c := range q.plan.Columns {
		types[i] = c.Type
	}
	rows, err := q.run(ctx, inputs, types)
	if err != nil {
		return nil, s.outerFailed(ctx, q, err)
	}
	return rows, nil
}

// run runs the outer query: with parameters where the engine keeps it prepared. What that finds wrong before the first row is
// for the plain query to find and to tell.
func (q *query) run(ctx context.Context, inputs []engine.Input, types []catalog.Type) (engine.Rows, error) {
	source, b := q.source(), q.plan.Post.Bound
	if binder, ok := source.(engine.Binder); ok && b != nil && len(inputs) == 0 {
		rows, err := binder.FinishBound(ctx, engine.Bound(*b), types)
		if err == nil || ctx.Err() != nil || errors.Is(err, engine.ErrUnavailable) || errors.Is(err, engine.ErrTimeout) {
			return rows, err
		}
	}
	return source.Finish(ctx, q.plan.Post.SQL, inputs, types)
}

// outerFailed is an error of the outer query, which saw nothing private: that a value did not fit (SQLSTATE class 22) may
// be told, in words of ours; the rest is internal.
func (s *Service) outerFailed(ctx context.Context, q *query, err error) error {
	if ctx.Err() != nil {
		return s.interrupted(ctx, err)
	}
	if _, ok := refusal.As(err); ok {
		return err
	}
	if errors.Is(err, engine.ErrUnavailable) {
		return s.unavailable(ctx, q, err)
	}
	if state := sqlState(err); strings.HasPrefix(state, "22") || state == cardinality {
		return valueError(refusal.Code(state), err)
	}
	return s.engineFailed(q, "outer query", err)
}

// valueError tells that the outer query met a value that it cannot compute with.
func valueError(state refusal.Code, err error) error {
	message := map[refusal.Code]string{
		refusal.DivisionByZero: "division by zero", refusal.NumericOutOfRange: "value out of range",
		refusal.DatetimeOverflow: "date or time out of range", refusal.InvalidTextRepresent: "text is no value of the type",
		refusal.InvalidDatetime: "text is no date or time", cardinality: "more than one row returned by a subquery used as an expression",
	}[state]
	if own := fixedMessage(err); own != "" {
		message = own
	}
	if message == "" {
		message = "a value does not fit what the query does with it"
	}
	return refusal.New(state, "%s", message).
		WithDetail("It happened over published or public rows, after all aggregation.").
		WithHint("Write NULLIF(x, 0) for a divisor. What was measured is kept, and reading it again is free.")
}

// cardinality is the SQLSTATE of a sub-query that stands for one value and has several.
const cardinality = "21000"

// fixedMessage is PostgreSQL's own message, if it is one of those that are the same whatever the values are; else it is empty.
func fixedMessage(err error) string {
	text := err.Error()
	for _, known := range []string{"smallint out of range", "integer out of range", "bigint out of range", "value out of range: overflow",
		"value out of range: underflow", "numeric field overflow", "interval out of range", "timestamp out of range", "date out of range",
		"cannot take square root of a negative number", "cannot take logarithm of zero", "cannot take logarithm of a negative number",
		"zero raised to a negative power is undefined", "a negative number raised to a non-integer power yields a complex result",
		"input is out of range", "negative substring length not allowed", "step size cannot equal zero"} {
		if strings.Contains(text, " "+known+" (SQLSTATE ") {
			return known
		}
	}
	return ""
}

// project picks columns of a released relation.
func project(rows [][]Cell, columns []int) [][]Cell {
	out := make([][]Cell, len(rows))
	for i, row := range rows {
		cells := make([]Cell, len(columns))
		for j, c := range columns {
			cells[j] = row[c]
		}
		out[i] = cells
	}
	return out
}

// relations are the releases as the outer query reads them.
func (o *order) relations() ([]engine.Input, error) {
	out := make([]engine.Input, len(o.blocks))
	for i := range o.blocks {
		b := &o.blocks[i]
		noisy := b.noisy
		if b.twin >= 0 {
			noisy = o.blocks[b.twin].noisy
		}
		in := engine.Input{Name: b.plan.Name, Columns: inputColumns(b.plan)}
		var err error
		if in.Rows, err = publish(b.plan, noisy); err != nil {
			if _, ok := refusal.As(err); ok {
				return nil, err
			}
			return nil, &Internal{Stage: "estimate", Cause: err.Error()}
		}
		out[i] = in
	}
	return out, nil
}

func inputColumns(m *rewrite.Measurement) []engine.InputColumn {
	columns := make([]engine.InputColumn, len(m.Outputs))
	for i, o := range m.Outputs {
		columns[i] = engine.InputColumn{Name: o.Name, Type: o.Type}
	}
	return columns
}
