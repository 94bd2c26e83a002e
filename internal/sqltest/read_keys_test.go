package sqltest

import (
	"context"
	"fmt"
	"time"

	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/engine"
	"github.com/dpproxy/dpproxy/mechanism"
	"github.com/dpproxy/dpproxy/rewrite"
)

// reader reads public keys for a plan.
type reader func(rewrite.PublicRead) ([][]mechanism.Cell, error)

// planWith plans, and completes the plan with the public keys that it needs, as the service does.
func planWith(p *rewrite.Planner, st *rewrite.Statement, ds *catalog.Dataset, s rewrite.Settings, params []rewrite.Param, read reader) (*rewrite.Plan, error) {
	plan, err := p.Plan(st, ds, s, params)
	if err != nil {
		return nil, err
	}
	return rewrite.Complete(plan, func(rows rewrite.PublicRows) (*rewrite.Plan, error) {
		s.Public = rows
		return p.Plan(st, ds, s, params)
	}, read)
}

// fromEngine reads as the service does.
func fromEngine(e engine.Engine) reader {
	return func(r rewrite.PublicRead) ([][]mechanism.Cell, error) {
		rows, err := e.Finish(context.Background(), r.SQL, nil, r.Types)
		if err != nil {
			return nil, fmt.Errorf("%w\n%s", err, r.SQL)
		}
		defer rows.Close()
		var out [][]mechanism.Cell
		for rows.Next() {
			out = append(out, append([]mechanism.Cell{}, rows.Values()...))
		}
		return out, rows.Err()
	}
}

// fromTables reads through a raw handle, where a test has no engine. Values are as good as any that are different.
func fromTables(db queryer) reader {
	return func(r rewrite.PublicRead) ([][]mechanism.Cell, error) {
		rows, err := db.Query(r.SQL)
		if err != nil {
			return nil, fmt.Errorf("%w\n%s", err, r.SQL)
		}
		defer rows.Close()
		var out [][]mechanism.Cell
		for rows.Next() {
			cells := make([]any, len(r.Types))
			for i := range cells {
				cells[i] = new(any)
			}
			if err := rows.Scan(cells...); err != nil {
				return nil, err
			}
			row := make([]mechanism.Cell, len(cells))
			for i, c := range cells {
				switch v := (*c.(*any)).(type) {
				case nil:
					row[i].Null = true
				case time.Time:
					row[i].Text = v.Format(time.RFC3339Nano)
				default:
					row[i].Text = fmt.Sprint(v)
				}
			}
			out = append(out, row)
		}
		return out, rows.Err()
	}
}
