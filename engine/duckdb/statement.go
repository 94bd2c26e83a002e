package duckdb

import (
	"errors"
	"fmt"
	"strings"

	native "github.com/duckdb/duckdb-go-bindings"

	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/mechanism"
)

// parameter is a value to bind: a whole number, or one column of an input as a list of text.
type parameter struct {
	number int64
	isList bool
	list   []mechanism.Cell
}

// mode is how a statement is run.
type mode int

const (
	// modeOwn runs a statement of ours, whatever it does. Its result is in memory.
	modeOwn mode = iota
	// modeRead runs a statement that must be a SELECT. Its result is in memory.
	modeRead
	// modeStream runs a SELECT whose result is made as it is fetched.
	modeStream
)

// result is a statement's result while it is read.
type result struct {
	connection *connection
	handle     native.Result
	columns    []column
	chunk      native.DataChunk
	row, rows  int // in chunk
	err        error
}

// run runs exactly one statement. want are the types that columns are printed as, or nil for each column's own.
// The result must be closed before the connection is used again.
func (c *connection) run(m mode, sql string, parameters []parameter, want []catalog.Type) (*result, error) {
	statement, err := c.prepare(m, sql)
	if err != nil {
		return nil, err
	}
	defer native.DestroyPrepare(&statement)
	if err := bind(statement, parameters); err != nil {
		return nil, err
	}
	if err := c.ctx.Err(); err != nil {
		return nil, err
	}
	var pending native.PendingResult
	start := native.PendingPrepared
	if m == modeStream {
		start = native.PendingPreparedStreaming
	}
	if start(statement, &pending) == native.StateError {
		defer native.DestroyPending(&pending)
		return nil, c.failure(native.PendingError(pending))
	}
	defer native.DestroyPending(&pending)
	r := &result{connection: c}
	if native.ExecutePending(pending, &r.handle) == native.StateError {
		defer r.close()
		return nil, c.failure(native.ResultError(&r.handle))
	}
	if err := r.describe(want); err != nil {
		r.close()
		return nil, err
	}
	return r, nil
}

// prepare refuses text that is not exactly one statement, and, but for ours, whatever is no SELECT: COPY, ATTACH, SET,
// PRAGMA, CALL, EXPLAIN and all that writes are other kinds of statement to DuckDB.
func (c *connection) prepare(m mode, sql string) (native.PreparedStatement, error) {
	var statement native.PreparedStatement
	if strings.IndexByte(sql, 0) >= 0 {
		return statement, errors.New("statement contains a zero byte")
	}
	var all native.ExtractedStatements
	count := native.ExtractStatements(c.handle, sql, &all)
	defer native.DestroyExtracted(&all)
	if count == 0 {
		return statement, c.failure(native.ExtractStatementsError(all))
	}
	if count != 1 {
		return statement, fmt.Errorf("%d statements where one is expected", count)
	}
	if native.PrepareExtractedStatement(c.handle, all, 0, &statement) == native.StateError {
		err := c.failure(native.PrepareError(statement))
		native.DestroyPrepare(&statement)
		return statement, err
	}
	if m != modeOwn && native.PreparedStatementType(statement) != native.StatementTypeSelect {
		native.DestroyPrepare(&statement)
		return statement, errors.New("statement is no SELECT")
	}
	return statement, nil
}

// bind gives $1, $2, … their values.
func bind(statement native.PreparedStatement, parameters []parameter) error {
	for i, p := range parameters {
		var index native.IdxT
		if native.BindParameterIndex(statement, &index, fmt.Sprint(i+1)) == native.StateError {
			return fmt.Errorf("statement has no parameter $%d", i+1)
		}
		value := native.CreateInt64(p.number)
		if p.isList {
			native.DestroyValue(&value)
			value = listValue(p.list)
		}
		state := native.BindValue(statement, index, value)
		native.DestroyValue(&value)
		if state == native.StateError {
			return fmt.Errorf("parameter $%d cannot be bound", i+1)
		}
	}
	return nil
}

// listValue makes a VARCHAR[].
func listValue(cells []mechanism.Cell) native.Value {
	text := native.CreateLogicalType(native.TypeVarchar)
	defer native.DestroyLogicalType(&text)
	values := make([]native.Value, len(cells))
	for i, cell := range cells {
		if cell.Null {
			values[i] = native.CreateNullValue()
		} else {
			values[i] = native.CreateVarchar(cell.Text)
		}
	}
	list := native.CreateListValue(text, values)
	for i := range values {
		native.DestroyValue(&values[i])
	}
	return list
}

// failure is the library's message as an error; a cancelled context is the reason of whatever failed under it.
func (c *connection) failure(message string) error {
	if err := c.ctx.Err(); err != nil {
		return err
	}
	if message == "" {
		message = "no statement"
	}
	return failed{message}
}

// failed is a message of the library. Those of values that do not fit have the SQLSTATE that PostgreSQL would give.
type failed struct{ message string }

func (f failed) Error() string { return f.message }

// SQLState is "" where the library gives no class of errors that PostgreSQL has.
func (f failed) SQLState() string {
	switch {
	case strings.Contains(f.message, "dpproxy:22012"):
		return "22012"
	case strings.HasPrefix(f.message, "Conversion Error"):
		return "22P02"
	case strings.HasPrefix(f.message, "Out of Range Error"):
		return "22003"
	case strings.HasPrefix(f.message, "Invalid Input Error"):
		return "22023"
	}
	return ""
}

// describe makes the readers of the columns.
func (r *result) describe(want []catalog.Type) error {
	n := int(native.ColumnCount(&r.handle))
	if want != nil && len(want) != n {
		return fmt.Errorf("result has %d columns, want %d", n, len(want))
	}
	r.columns = make([]column, n)
	for i := range r.columns {
		t := native.ColumnLogicalType(&r.handle, native.IdxT(i))
		c, err := newColumn(t)
		native.DestroyLogicalType(&t)
		if err != nil {
			return fmt.Errorf("column %d: %w", i+1, err)
		}
		if want != nil {
			c.want = want[i]
		}
		r.columns[i] = c
	}
	return nil
}

// next goes to the next row; false at the end and on error.
func (r *result) next() bool {
	if r.err != nil {
		return false
	}
	r.row++
	for r.row >= r.rows {
		native.DestroyDataChunk(&r.chunk)
		r.row, r.rows = 0, 0
		r.chunk = native.FetchChunk(r.handle)
		if r.chunk.Ptr == nil {
			if message := native.ResultError(&r.handle); message != "" {
				r.err = r.connection.failure(message)
			}
			return false
		}
		r.rows = int(native.DataChunkGetSize(r.chunk))
		for i := range r.columns {
			r.columns[i].read(native.DataChunkGetVector(r.chunk, native.IdxT(i)))
		}
	}
	return true
}

// cell prints column i of the current row.
func (r *result) cell(i int) (mechanism.Cell, error) {
	c := &r.columns[i]
	if c.isNull(r.row) {
		return mechanism.Cell{Null: true}, nil
	}
	text, err := c.text(r.row)
	if err != nil {
		return mechanism.Cell{}, fmt.Errorf("column %d: %w", i+1, err)
	}
	return mechanism.Cell{Text: text}, nil
}

// close frees the result; more often than once does nothing.
func (r *result) close() {
	native.DestroyDataChunk(&r.chunk)
	native.DestroyResult(&r.handle)
}
