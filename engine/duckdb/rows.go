package duckdb

import (
	"context"
	"fmt"

	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/engine"
	"github.com/dpproxy/dpproxy/mechanism"
)

// OpenRows makes an engine whose tables hold the given rows and nothing else: it has no file and no source behind it, and
// none can be opened later. Columns whose type has no text form here (arrays) are NULL throughout.
func OpenRows(ctx context.Context, tables []engine.Input, o Options) (*Engine, error) {
	o = o.withDefaults()
	db, err := openDatabase("", o.config(), o.MaxConns)
	if err != nil {
		return nil, err
	}
	e := &Engine{db: db, options: o}
	if err := e.fill(ctx, tables); err != nil {
		db.close()
		return nil, fmt.Errorf("duckdb: %w", err)
	}
	return e, nil
}

// fill makes the tables and then locks the doors.
func (e *Engine) fill(ctx context.Context, tables []engine.Input) error {
	c, err := e.db.connect(ctx)
	if err != nil {
		return err
	}
	defer c.release(true)
	if err := c.execute(inUTC); err != nil {
		return err
	}
	for _, t := range tables {
		if err := c.makeTable(t); err != nil {
			return fmt.Errorf("table %s: %w", t.Name, err)
		}
	}
	return c.lock()
}

// makeTable makes one table. Its types are exactly those of the columns.
func (c *connection) makeTable(t engine.Input) error {
	in := engine.Input{Name: "made", Columns: append([]engine.InputColumn(nil), t.Columns...)}
	list := ""
	for i, column := range t.Columns {
		name := identifier(column.Name)
		elem := column.Type
		elem.Array = false
		duck, ok := typeName(elem)
		if !ok {
			duck = "VARCHAR"
		}
		if column.Type.Array {
			duck += "[]"
		}
		if _, err := castInput("x", column.Type, nil); err != nil {
			in.Columns[i].Type = catalog.Of(catalog.Text)
			name = "NULL"
		}
		if i > 0 {
			list += ", "
		}
		list += "CAST(" + name + " AS " + duck + ")" + " AS " + identifier(column.Name)
	}
	for _, row := range t.Rows {
		in.Rows = append(in.Rows, append([]mechanism.Cell(nil), row...)) // castInput may change cells
	}
	with, parameters, err := bindInputs([]engine.Input{in})
	if err != nil {
		return err
	}
	r, err := c.run(modeOwn, "CREATE TABLE main."+identifier(t.Name)+" AS "+with+"SELECT "+list+" FROM made", parameters, nil)
	if err != nil {
		return err
	}
	r.close()
	return nil
}
