package datasets

import (
	"context"
	"errors"
	"fmt"

	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/config"
	"github.com/dpproxy/dpproxy/engine"
	"github.com/dpproxy/dpproxy/rewrite"
)

// readVersion runs `version: {from: …}`. It goes the way of an analyst's query, so that it can only read what is public:
// a plan that measures anything is refused.
func readVersion(ctx context.Context, d *config.Dataset, ds *catalog.Dataset, e engine.Engine) (string, error) {
	statements, err := rewrite.Parse(d.VersionFrom)
	if err != nil {
		return "", err
	}
	if len(statements) != 1 || statements[0].Kind != rewrite.Select {
		return "", errors.New("is not one SELECT")
	}
	q := ds.Query
	plan, err := rewrite.NewPlanner(1).Plan(statements[0], ds, rewrite.Settings{
		Database: ds.Name, Epsilon: q.Epsilon, Delta: q.Delta, Bounds: q.Bounds, Mechanism: "auto",
		AllowedFunctions: catalog.Functions(), MaxFunctions: len(catalog.Functions()),
	}, nil)
	if err != nil {
		return "", err
	}
	if len(plan.Blocks) > 0 || len(plan.System) > 0 {
		return "", errors.New("reads more than public tables")
	}
	if len(plan.Columns) != 1 {
		return "", fmt.Errorf("gives %d columns", len(plan.Columns))
	}
	if plan.Post.Constants != nil {
		return "", errors.New("reads no table")
	}
	rows, err := e.Finish(ctx, plan.Post.SQL, nil, []catalog.Type{plan.Columns[0].Type})
	if err != nil {
		return "", err
	}
	defer rows.Close()
	return onlyValue(rows)
}

// onlyValue reads the one value of one row.
func onlyValue(rows engine.Rows) (string, error) {
	version, n := "", 0
	for rows.Next() {
		cell := rows.Values()[0]
		if n++; cell.Null {
			return "", errors.New("gives NULL")
		}
		version = cell.Text
	}
	if err := rows.Err(); err != nil {
		return "", err
	}
	if n != 1 {
		return "", fmt.Errorf("gives %d rows", n)
	}
	return version, nil
}
