package duckdb

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/engine"
	"github.com/dpproxy/dpproxy/mechanism"
)

// Finish runs SQL over inputs and public tables. Its SQL must not begin with WITH, as the inputs are put there.
func (e *Engine) Finish(
	ctx context.Context, sql string, inputs []engine.Input, types []catalog.Type,
) (engine.Rows, error) {
	with, parameters, err := bindInputs(inputs)
	if err != nil {
		return nil, fmt.Errorf("duckdb: %w", err)
	}
	if types == nil {
		types = []catalog.Type{}
	}
	ctx, cancel := context.WithCancelCause(ctx)
	var timer *time.Timer
	if e.options.StatementTimeout > 0 {
		timer = time.AfterFunc(e.options.StatementTimeout, func() { cancel(engine.ErrTimeout) })
		defer timer.Stop() // rows may be read as slowly as the client likes
	}
	c, err := e.db.connect(ctx)
	if err != nil {
		cancel(nil)
		return nil, err
	}
	r := &rows{connection: c, cancel: cancel}
	if err = c.execute(begin); err == nil {
		r.result, err = c.run(modeStream, with+sql, parameters, types)
	}
	if err != nil {
		err = wrap(ctx, err)
		r.release(false)
		return nil, err
	}
	r.cells = make([]mechanism.Cell, len(types))
	return r, nil
}

// rows streams one result. It holds its connection until Next returned false or Close was called.
type rows struct {
	connection *connection // nil when given back
	result     *result
	cancel     context.CancelCauseFunc
	cells      []mechanism.Cell
	err        error
}

func (r *rows) Next() bool {
	if r.connection == nil {
		return false
	}
	if r.result.next() {
		for i := range r.cells {
			if r.cells[i], r.err = r.result.cell(i); r.err != nil {
				break
			}
		}
		if r.err == nil {
			return true
		}
	} else {
		r.err = r.result.err
	}
	r.err = wrap(r.connection.ctx, r.err)
	if r.err == nil {
		r.result.close() // before COMMIT: it still counts as running
		r.err = r.connection.execute("COMMIT")
	}
	r.release(r.err == nil)
	return false
}

func (r *rows) Values() []mechanism.Cell { return r.cells }

func (r *rows) Err() error { return r.err }

// Close before the end interrupts the query and drops the connection.
func (r *rows) Close() {
	if r.connection != nil {
		r.release(false)
	}
}

func (r *rows) release(clean bool) {
	if r.result != nil {
		r.result.close()
	}
	r.connection.release(clean)
	r.connection = nil
	r.cancel(nil)
}

// bindInputs makes the WITH clause that gives the inputs their names, and its parameters: one list of text a column.
//
//	WITH "released_1"("sex", "n") AS (SELECT c1, CAST(c2 AS BIGINT) FROM (SELECT unnest($1::VARCHAR[]) AS c1, …))
//
// Lists of one SELECT are unnested side by side, and their order is kept. Without inputs the clause is empty.
func bindInputs(inputs []engine.Input) (with string, parameters []parameter, err error) {
	var sql strings.Builder
	for i, input := range inputs {
		sql.WriteString(map[bool]string{true: "WITH ", false: ", "}[i == 0])
		if len(input.Columns) == 0 {
			return "", nil, fmt.Errorf("input %s has no columns", input.Name)
		}
		var names, casts, lists []string
		for j, column := range input.Columns {
			cells := make([]mechanism.Cell, len(input.Rows))
			for k, row := range input.Rows {
				if len(row) != len(input.Columns) {
					return "", nil, fmt.Errorf("input %s: row %d has %d cells, want %d", input.Name, k, len(row), len(input.Columns))
				}
				cells[k] = row[j]
			}
			name := "c" + strconv.Itoa(j+1)
			cast, err := castInput(name, column.Type, cells)
			if err != nil {
				return "", nil, fmt.Errorf("input %s, column %s: %w", input.Name, column.Name, err)
			}
			parameters = append(parameters, parameter{isList: true, list: cells})
			names = append(names, identifier(column.Name))
			casts = append(casts, cast)
			lists = append(lists, fmt.Sprintf("unnest($%d::VARCHAR[]) AS %s", len(parameters), name))
		}
		fmt.Fprintf(&sql, "%s(%s) AS (SELECT %s FROM (SELECT %s))", identifier(input.Name),
			strings.Join(names, ", "), strings.Join(casts, ", "), strings.Join(lists, ", "))
	}
	if len(inputs) > 0 {
		sql.WriteByte(' ')
	}
	return sql.String(), parameters, nil
}

// castInput makes a value of the type out of its PostgreSQL text. Where DuckDB reads another text, it changes the cells.
func castInput(name string, t catalog.Type, cells []mechanism.Cell) (string, error) {
	if t.Array {
		return castList(name, t, cells)
	}
	switch t.Kind {
	case catalog.Bytea:
		return "unhex(substr(" + name + ", 3))", nil
	case catalog.Numeric:
		return "CAST(" + name + " AS " + decimalType(t, cells) + ")", nil
	case catalog.Date, catalog.Timestamp, catalog.Timestamptz:
		for i, cell := range cells {
			if text, ok := strings.CutSuffix(cell.Text, " BC"); ok {
				day, clock, _ := strings.Cut(text, " ")
				cells[i].Text = strings.TrimSpace(day + " (BC) " + clock)
			}
		}
	case catalog.Interval:
		for i, cell := range cells {
			cells[i].Text = strings.ReplaceAll(cell.Text, "+", "")
		}
	}
	duck, ok := typeName(t)
	if !ok {
		return "", errNoText
	}
	return "CAST(" + name + " AS " + duck + ")", nil
}

// castList makes a list out of the text of an array of numbers, dates or timestamps: {1,2} is [1, 2] in DuckDB. Elements with
// commas, quotes or brackets in them are not read.
func castList(name string, t catalog.Type, cells []mechanism.Cell) (string, error) {
	element := t
	element.Array = false
	duck, ok := typeName(element)
	if !ok || element.IsText() || element.Kind == catalog.Bytea || element.Kind == catalog.Interval {
		return "", errNoText
	}
	parts := []mechanism.Cell{}
	for i, cell := range cells {
		if cell.Null {
			continue
		}
		body, isArray := strings.CutPrefix(cell.Text, "{")
		body, closed := strings.CutSuffix(body, "}")
		if !isArray || !closed || strings.ContainsAny(body, `{}[]\`) {
			return "", errNoText
		}
		body = strings.ReplaceAll(body, `"`, "")
		for _, e := range strings.Split(body, ",") {
			parts = append(parts, mechanism.Cell{Text: e})
		}
		cells[i].Text = "[" + body + "]"
	}
	if element.Kind == catalog.Numeric {
		duck = decimalType(element, parts)
	}
	return "CAST(" + name + " AS " + duck + "[])", nil
}

// decimalType finds a type that holds all the values: the widest DECIMAL with the scale of the type, or else that of
// the values; DOUBLE where no DECIMAL does, as for NaN.
func decimalType(t catalog.Type, cells []mechanism.Cell) string {
	const width = 38
	whole, scale := 1, 0
	if t.HasScale {
		scale = max(t.Scale, 0)
	}
	for _, cell := range cells {
		if cell.Null {
			continue
		}
		text := strings.TrimLeft(cell.Text, "-")
		if strings.Trim(text, "0123456789.") != "" {
			return "DOUBLE"
		}
		before, after, _ := strings.Cut(text, ".")
		whole, scale = max(whole, len(before)), max(scale, len(after))
	}
	if whole+scale > width {
		return "DOUBLE"
	}
	return fmt.Sprintf("DECIMAL(%d, %d)", width, scale)
}

// typeName is DuckDB's name of a type; modifiers are left out, but for those that DuckDB cannot do without.
func typeName(t catalog.Type) (string, bool) {
	switch t.Kind {
	case catalog.Bool:
		return "BOOLEAN", true
	case catalog.Int2:
		return "SMALLINT", true
	case catalog.Int4:
		return "INTEGER", true
	case catalog.Int8:
		return "BIGINT", true
	case catalog.Numeric:
		if t.HasScale && t.Precision <= 38 && t.Scale >= 0 && t.Scale <= t.Precision {
			return fmt.Sprintf("DECIMAL(%d, %d)", t.Precision, t.Scale), true
		}
		return "DECIMAL(38, 10)", true
	case catalog.Float4:
		return "FLOAT", true
	case catalog.Float8:
		return "DOUBLE", true
	case catalog.Text, catalog.Varchar, catalog.Bpchar, catalog.Name, catalog.Unknown:
		return "VARCHAR", true
	case catalog.Date:
		return "DATE", true
	case catalog.Time:
		return "TIME", true
	case catalog.Timestamp:
		return "TIMESTAMP", true
	case catalog.Timestamptz:
		return "TIMESTAMPTZ", true
	case catalog.Interval:
		return "INTERVAL", true
	case catalog.UUID:
		return "UUID", true
	case catalog.Bytea:
		return "BLOB", true
	case catalog.JSON, catalog.JSONB:
		return "JSON", true
	case catalog.OID:
		return "BIGINT", true
	}
	return "", false
}
