package audit

import (
	"context"
	"fmt"
	"math/big"

	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/rewrite"
)

// nobody is the database without the rows that belong to no unit, or nil where every row is a unit. Nothing that is measured
// depends on such rows, and so a query's claim about them is ε = 0.
func (a *auditor) nobody() (*fixed, error) {
	ds := a.Dataset.Catalog
	if ds.RowUnit {
		return nil, nil
	}
	tables := map[string]string{}
	for _, t := range private(ds) {
		none, err := ownerless(ds, t, "r", 0)
		if err != nil {
			return nil, err
		}
		tables[tableName(t)] = fmt.Sprintf("(SELECT * FROM %s AS r WHERE NOT (%s))", tableName(t), none)
	}
	return newFixed(a.Dataset.Engine, a.salt, tables), nil
}

// ownerless is a condition on a table's row, true or false: no path leads from it to a unit.
func ownerless(ds *catalog.Dataset, t *catalog.Table, alias string, depth int) (string, error) {
	if c, ok := unitColumn(ds, t); ok {
		return fmt.Sprintf("%s.%s IS NULL", alias, ident(c.SourceName)), nil
	}
	next, from, key, err := step(ds, t, depth)
	if err != nil {
		return "", err
	}
	inner := fmt.Sprintf("r%d", depth+1)
	none, err := ownerless(ds, next, inner, depth+1)
	return fmt.Sprintf("NOT EXISTS (SELECT 1 FROM %s AS %s WHERE %s.%s = %s.%s AND NOT (%s))", tableName(next), inner,
		inner, ident(key.SourceName), alias, ident(from.SourceName), none), err
}

// rowsOfNobody returns the database without them if a measurement depends on them, else nil.
func (a *auditor) rowsOfNobody(ctx context.Context, plan *rewrite.Plan, whole *fixed) (*fixed, error) {
	less, err := a.nobody()
	if less == nil || err != nil {
		return nil, err
	}
	depends := false
	err = inBoth(ctx, plan, whole, less, func(m *rewrite.Measurement, before, after map[string][]*big.Int) bool {
		width := m.Width
		if m.Units {
			width++
		}
		l1, _ := moved(before, after, 0, width)
		depends = l1.Sign() > 0 || newKeys(before, after) > 0
		return !depends
	})
	if err != nil || !depends {
		return nil, err
	}
	return less, nil
}
