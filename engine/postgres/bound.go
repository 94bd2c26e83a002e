package postgres

import (
	"context"
	"errors"
	"strconv"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/engine"
	"github.com/dpproxy/dpproxy/mechanism"
)

// FinishBound runs a statement that comes again and again with other values: it is prepared once on each connection, and then
// costs one message each way. It returns when the first row is there, so that an error before it is returned here.
func (e *Engine) FinishBound(ctx context.Context, b engine.Bound, types []catalog.Type) (engine.Rows, error) {
	var r *boundRows
	plain := e.options.Statements <= 0
	if !plain {
		err := e.transact(ctx, func(conn *pgxpool.Conn) error {
			if plain = !isReadOnly(conn.Conn().PgConn()); plain {
				release(ctx, conn)
				return nil
			}
			own, cancel := context.WithCancel(ctx)
			var err error
			if r, err = startBound(own, conn, b, len(types), e.options.Statements); err != nil {
				release(ctx, conn)
				cancel()
				return err
			}
			if r.cancel = cancel; r.conn == nil { // it had no rows
				cancel()
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	if plain {
		return e.stream(ctx, statement{sql: b.SQL, params: textParams(b.Values)}, len(types))
	}
	return r, nil
}

// isReadOnly tells that the server itself says that all transactions of the connection are read-only, and that no settings
// have to be made in each: one statement needs no transaction around it then.
func isReadOnly(conn *pgconn.PgConn) bool {
	return conn.ParameterStatus("default_transaction_read_only") == "on" && conn.CustomData()[prologueKey] == nil
}

func textParams(values []mechanism.Cell) [][]byte {
	params := make([][]byte, len(values))
	for i, v := range values {
		params[i] = []byte(v.Text)
	}
	return params
}

func startBound(ctx context.Context, conn *pgxpool.Conn, b engine.Bound, width, keep int) (*boundRows, error) {
	pg := conn.Conn().PgConn()
	bound := boundOf(pg, keep)
	d, err := bound.describe(ctx, pg, b.SQL)
	if err != nil {
		return nil, failure(ctx, err, false)
	}
	r := &boundRows{ctx: ctx, conn: conn, reader: pg.ExecStatement(ctx, d, textParams(b.Values), nil, nil)}
	if r.ahead = r.reader.NextRow(); !r.ahead {
		if _, err := r.reader.Close(); err != nil {
			// Its table may have changed, which the server holds against the statement for ever.
			return nil, errors.Join(failure(ctx, err, false), bound.forget(ctx, pg, b.SQL))
		}
		r.release()
	}
	if len(d.Fields) != width {
		return nil, errors.New("result has another number of columns than its plan")
	}
	return r, nil
}

// boundStatements are those that a connection keeps, apart from the others: their text does not change with their values.
type boundStatements struct {
	known map[string]*pgconn.StatementDescription // by SQL
	order []string                                // SQL, oldest first
	count int                                     // of names ever given
	keep  int
}

const boundKey = "dpproxy.bound"

func boundOf(conn *pgconn.PgConn, keep int) *boundStatements {
	if b, ok := conn.CustomData()[boundKey].(*boundStatements); ok {
		return b
	}
	b := &boundStatements{known: map[string]*pgconn.StatementDescription{}, keep: keep}
	conn.CustomData()[boundKey] = b
	return b
}

// describe prepares a statement that the connection does not have yet.
func (b *boundStatements) describe(ctx context.Context, conn *pgconn.PgConn, sql string) (*pgconn.StatementDescription, error) {
	if d, ok := b.known[sql]; ok {
		return d, nil
	}
	if len(b.order) >= b.keep {
		if err := b.forget(ctx, conn, b.order[0]); err != nil {
			return nil, err
		}
	}
	b.count++
	d, err := conn.Prepare(ctx, "dpproxy_bound_"+strconv.Itoa(b.count), sql, nil)
	if err != nil {
		return nil, err
	}
	b.known[sql] = d
	b.order = append(b.order, sql)
	return d, nil
}

// forget takes a statement away from the connection.
func (b *boundStatements) forget(ctx context.Context, conn *pgconn.PgConn, sql string) error {
	d, ok := b.known[sql]
	if !ok || conn.IsClosed() {
		return nil
	}
	delete(b.known, sql)
	for i, s := range b.order {
		if s == sql {
			b.order = append(b.order[:i], b.order[i+1:]...)
			break
		}
	}
	return conn.Deallocate(ctx, d.Name)
}

// boundRows streams one result. It holds its connection until Next returned false or Close was called.
type boundRows struct {
	ctx    context.Context
	conn   *pgxpool.Conn // nil when given back
	reader *pgconn.ResultReader
	cancel context.CancelFunc
	ahead  bool // the first row was read, and Next has not gone to it
	cells  []mechanism.Cell
	err    error
}

// Next goes to the next row.
func (r *boundRows) Next() bool {
	if r.conn == nil {
		return false
	}
	if r.ahead || r.reader.NextRow() {
		r.ahead = false
		r.cells = appendCells(r.cells[:0], r.reader.Values())
		return true
	}
	if _, err := r.reader.Close(); err != nil {
		r.err = failure(r.ctx, err, true)
	}
	r.release()
	return false
}

// Values is the row that Next went to.
func (r *boundRows) Values() []mechanism.Cell { return r.cells }

// Err is why the rows ended early.
func (r *boundRows) Err() error { return r.err }

// Close before the end cancels the query on the server and drops the connection.
func (r *boundRows) Close() {
	if r.conn == nil {
		return
	}
	if r.cancel != nil {
		r.cancel()
	}
	_, _ = r.reader.Close()
	r.release()
}

func (r *boundRows) release() {
	release(r.ctx, r.conn)
	if r.cancel != nil {
		r.cancel()
	}
	r.conn = nil
}
