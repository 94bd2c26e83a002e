package postgres

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/engine"
	"github.com/dpproxy/dpproxy/mechanism"
)

const oidInt8, oidTextArray = 20, 1009

// Run runs all queries in one snapshot and one round trip.
func (e *Engine) Run(ctx context.Context, queries []engine.Query) ([]*mechanism.Exact, error) {
	if len(queries) == 0 {
		return nil, nil
	}
	statements := make([]statement, len(queries))
	for i, q := range queries {
		statements[i].sql = q.SQL
		if q.Salted {
			statements[i].params = [][]byte{strconv.AppendInt(nil, q.Salt, 10)}
			statements[i].oids = []uint32{oidInt8}
		}
	}
	var results []*mechanism.Exact
	err := e.transact(ctx, func(conn *pgxpool.Conn) error {
		defer release(ctx, conn)
		results = make([]*mechanism.Exact, 0, len(queries))
		t, err := start(ctx, conn.Conn().PgConn(), beginSnapshot, statements, e.options.Statements)
		if err != nil {
			return err
		}
		for _, q := range queries {
			rows, err := t.next()
			if err != nil {
				return err
			}
			exact, err := readExact(rows, q)
			if err != nil {
				return t.fail(err)
			}
			results = append(results, exact)
		}
		return t.end()
	})
	if err != nil {
		return nil, err
	}
	return results, nil
}

// readExact reads one measurement to its end.
func readExact(rows *pgconn.ResultReader, q engine.Query) (*mechanism.Exact, error) {
	keys, units := len(q.Keys), 0
	if q.Units {
		units = 1
	}
	if got, want := len(rows.FieldDescriptions()), keys+units+q.Width; got != want {
		return nil, fmt.Errorf("measurement has %d columns, want %d", got, want)
	}
	exact := q.Exact()
	for rows.NextRow() {
		values := rows.Values()
		cells, numbers := appendCells(make([]mechanism.Cell, 0, keys), values[:keys]), make([]string, q.Width)
		var n string
		if q.Units {
			n = whole(values[keys])
		}
		for i := range numbers {
			numbers[i] = whole(values[keys+units+i])
		}
		if err := exact.Add(cells, n, numbers); err != nil {
			return nil, err
		}
	}
	if _, err := rows.Close(); err != nil {
		return nil, err
	}
	return exact, nil
}

// whole is a number's text; NULL counts as 0.
func whole(value []byte) string {
	if value == nil {
		return "0"
	}
	return string(value)
}

// appendCells copies values out of the connection's buffer.
func appendCells(cells []mechanism.Cell, values [][]byte) []mechanism.Cell {
	for _, v := range values {
		cells = append(cells, mechanism.Cell{Text: string(v), Null: v == nil})
	}
	return cells
}

// query runs one statement of our own and returns all of its rows.
func (e *Engine) query(ctx context.Context, sql string) ([][]mechanism.Cell, error) {
	rows, err := e.stream(ctx, statement{sql: sql}, -1)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all [][]mechanism.Cell
	for rows.Next() {
		all = append(all, append([]mechanism.Cell(nil), rows.Values()...))
	}
	return all, rows.Err()
}

// Finish runs SQL over inputs and public tables. Its SQL must not begin with WITH, as the inputs are put there.
func (e *Engine) Finish(
	ctx context.Context, sql string, inputs []engine.Input, types []catalog.Type,
) (engine.Rows, error) {
	with, params, oids, err := bindInputs(inputs)
	if err != nil {
		return nil, err
	}
	return e.stream(ctx, statement{sql: with + sql, params: params, oids: oids}, len(types))
}

// stream starts a statement and returns its rows as they come; width is how many columns it must have, or -1.
func (e *Engine) stream(ctx context.Context, s statement, width int) (engine.Rows, error) {
	var r *rows
	err := e.transact(ctx, func(conn *pgxpool.Conn) error {
		ctx, cancel := context.WithCancel(ctx)
		begin := beginReadOnly
		// One statement needs no transaction around it where the server says that all of them are read-only.
		if isReadOnly(conn.Conn().PgConn()) {
			begin = ""
		}
		t, err := start(ctx, conn.Conn().PgConn(), begin, []statement{s}, e.options.Statements)
		var reader *pgconn.ResultReader
		if err == nil {
			reader, err = t.next()
		}
		if err == nil && width >= 0 && len(reader.FieldDescriptions()) != width {
			err = t.fail(errors.New("result has another number of columns than its plan"))
		}
		if err != nil {
			release(ctx, conn)
			cancel()
			return err
		}
		r = &rows{conn: conn, transaction: t, reader: reader, cancel: cancel}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return r, nil
}

// rows streams one result. It holds its connection until Next returned false or Close was called.
type rows struct {
	conn        *pgxpool.Conn // nil when given back
	transaction *transaction
	reader      *pgconn.ResultReader
	cancel      context.CancelFunc
	cells       []mechanism.Cell
	err         error
}

func (r *rows) Next() bool {
	if r.conn == nil {
		return false
	}
	if r.reader.NextRow() {
		r.cells = appendCells(r.cells[:0], r.reader.Values())
		return true
	}
	if _, err := r.reader.Close(); err != nil {
		r.err = r.transaction.fail(err)
	} else {
		r.err = r.transaction.end()
	}
	r.release()
	return false
}

func (r *rows) Values() []mechanism.Cell { return r.cells }

func (r *rows) Err() error { return r.err }

// Close before the end cancels the query on the server and drops the connection.
func (r *rows) Close() {
	if r.conn == nil {
		return
	}
	r.cancel()
	_ = r.transaction.pipeline.Close()
	r.release()
}

func (r *rows) release() {
	release(r.transaction.ctx, r.conn)
	r.cancel()
	r.conn = nil
}
