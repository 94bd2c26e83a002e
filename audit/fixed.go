package audit

import (
	"context"
	"fmt"
	"math/big"
	"strings"
	"sync"

	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/engine"
	"github.com/dpproxy/dpproxy/mechanism"
	"github.com/dpproxy/dpproxy/rewrite"
)

// fixed is a source that asks each measurement once, with one salt, and from then on gives the same whole numbers again. It
// may leave a unit out. What it keeps is true, and leaves this package only as mechanism.Exact.
type fixed struct {
	engine.Engine
	salt   int64
	tables map[string]string // what stands in the place of private tables; nil: all units are there

	mu    sync.Mutex
	known map[string][]group
}

// group is one row of a measurement.
type group struct {
	keys    []mechanism.Cell
	units   string
	numbers []string
}

func newFixed(e engine.Engine, salt int64, tables map[string]string) *fixed {
	return &fixed{Engine: e, salt: salt, tables: tables, known: map[string][]group{}}
}

// Run answers from what was asked before, or asks.
func (f *fixed) Run(ctx context.Context, queries []engine.Query) ([]*mechanism.Exact, error) {
	var out []*mechanism.Exact
	for _, q := range queries {
		groups, err := f.groups(ctx, q)
		if err != nil {
			return nil, err
		}
		exact := q.Exact()
		for _, g := range groups {
			if err := exact.Add(g.keys, g.units, g.numbers); err != nil {
				return nil, err
			}
		}
		out = append(out, exact)
	}
	return out, nil
}

// Close leaves the source open: it belongs to the caller.
func (f *fixed) Close() error { return nil }

func (f *fixed) groups(ctx context.Context, q engine.Query) ([]group, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if have, ok := f.known[q.SQL]; ok {
		return have, nil
	}
	types := append([]catalog.Type{}, q.Keys...)
	numbers := q.Width
	if q.Units {
		numbers++
	}
	for range numbers {
		types = append(types, catalog.Of(catalog.Numeric))
	}
	rows, err := f.Engine.Finish(ctx, replace(q.SQL, f.tables, f.salt), nil, types)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	groups := []group{}
	for rows.Next() {
		cells := rows.Values()
		g := group{keys: append([]mechanism.Cell{}, cells[:len(q.Keys)]...)}
		for _, c := range cells[len(q.Keys):] {
			if c.Null {
				c.Text = "0"
			}
			whole, _, _ := strings.Cut(c.Text, ".") // a decimal's zeros
			g.numbers = append(g.numbers, whole)
		}
		if q.Units {
			g.units, g.numbers = g.numbers[0], g.numbers[1:]
		}
		groups = append(groups, g)
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	f.known[q.SQL] = groups
	return groups, nil
}

// numbers are a measurement's groups by key, the unit count first where there is one.
func (f *fixed) numbers(ctx context.Context, m *rewrite.Measurement) (map[string][]*big.Int, error) {
	q := engine.Query{SQL: m.SQL, Salted: m.Salted, Units: m.Units, Width: m.Width}
	for _, k := range m.Keys {
		q.Keys = append(q.Keys, k.Type)
	}
	groups, err := f.groups(ctx, q)
	if err != nil {
		return nil, err
	}
	out := map[string][]*big.Int{}
	for _, g := range groups {
		var row []*big.Int
		for _, text := range append(unitsFirst(m.Units, g.units), g.numbers...) {
			n, ok := new(big.Int).SetString(text, 10)
			if !ok {
				return nil, fmt.Errorf("audit: the source gave a value that is no whole number")
			}
			row = append(row, n)
		}
		out[fmt.Sprintf("%+v", g.keys)] = row
	}
	return out, nil
}

func unitsFirst(has bool, units string) []string {
	if has {
		return []string{units}
	}
	return nil
}
