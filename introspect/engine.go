package introspect

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	duckdb "github.com/duckdb/duckdb-go/v2"

	"github.com/dpproxy/dpproxy/refusal"
)

// engine is the embedded database: schema s holds the static catalog, schema v<n> that of view n. It has no file, no
// network and no extension to load, and its configuration is locked.
type engine struct {
	db      *sql.DB
	started time.Time
}

var settings = []string{
	"SET GLOBAL integer_division=true",
	"SET GLOBAL default_null_order='postgres'",
	"SET GLOBAL temp_directory=''", // nothing is ever written to disk
	"SET GLOBAL autoinstall_known_extensions=false",
	"SET GLOBAL autoload_known_extensions=false",
	"SET GLOBAL enable_external_access=false",
	"SET GLOBAL lock_configuration=true",
}

func openEngine(s *static, views func(int) *snapshot) (*engine, error) {
	connector, err := duckdb.NewConnector("?threads=1&memory_limit=256MB", nil)
	if err != nil {
		return nil, fmt.Errorf("embedded engine: %w", err)
	}
	e := &engine{db: sql.OpenDB(connector)}
	e.db.SetMaxOpenConns(8)
	e.db.SetMaxIdleConns(8)
	if err := e.prepare(s, views); err != nil {
		return nil, fmt.Errorf("embedded engine: %w", err)
	}
	return e, nil
}

func (e *engine) close() error { return e.db.Close() }

// prepare makes the static tables, the macros and the functions, then locks the configuration.
func (e *engine) prepare(s *static, views func(int) *snapshot) error {
	ctx := context.Background()
	conn, err := e.db.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	if err := registerFunctions(conn, s, views); err != nil { // before the macros that call them
		return err
	}
	var ddl strings.Builder
	ddl.WriteString("BEGIN; CREATE SCHEMA s;")
	for _, r := range s.relations {
		writeTable(&ddl, "s", r.table(), r.columns)
	}
	for _, m := range append(listMacros(), macros...) {
		ddl.WriteString("CREATE MACRO " + m + ";")
	}
	ddl.WriteString("COMMIT;")
	if _, err := conn.ExecContext(ctx, ddl.String()); err != nil {
		return err
	}
	err = conn.Raw(func(c any) error {
		for _, r := range s.relations {
			if err := appendRows(c.(driver.Conn), "s", r.table(), r.columns, r.rows); err != nil {
				return fmt.Errorf("%s: %w", r.name, err)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, set := range settings {
		if _, err := conn.ExecContext(ctx, set); err != nil {
			return err
		}
	}
	return nil
}

func writeTable(b *strings.Builder, schema, name string, columns []column) {
	fmt.Fprintf(b, "CREATE TABLE %s.%s (", schema, name)
	for i, c := range columns {
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(b, `"%s" %s`, c.name, c.typ.engineType())
	}
	b.WriteString(");")
}

// load makes a view's tables.
func (e *engine) load(ctx context.Context, snap *snapshot) error {
	conn, err := e.db.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	var ddl strings.Builder
	fmt.Fprintf(&ddl, "BEGIN; CREATE SCHEMA %s;", snap.schema())
	for _, t := range snap.tables {
		writeTable(&ddl, snap.schema(), t.name, t.columns)
	}
	ddl.WriteString("COMMIT;")
	if _, err := conn.ExecContext(ctx, ddl.String()); err != nil {
		return err
	}
	return conn.Raw(func(c any) error {
		for _, t := range snap.tables {
			if err := appendRows(c.(driver.Conn), snap.schema(), t.name, t.columns, t.rows); err != nil {
				return fmt.Errorf("%s: %w", t.name, err)
			}
		}
		return nil
	})
}

func (e *engine) drop(ctx context.Context, snap *snapshot) error {
	_, err := e.db.ExecContext(ctx, "DROP SCHEMA "+snap.schema()+" CASCADE")
	return err
}

// check binds a statement without running it, and asks the engine for the types that the statement does not tell.
func (e *engine) check(ctx context.Context, p *plan) error {
	ctx, cancel := context.WithTimeout(ctx, maxTime)
	defer cancel()
	args := make([]any, len(p.used))
	rows, err := e.db.QueryContext(ctx, "SELECT * FROM ("+p.sql+") LIMIT 0", args...)
	if err != nil {
		return withContext(ctx, engineError(err))
	}
	defer rows.Close()
	types, err := rows.ColumnTypes()
	if err != nil {
		return withContext(ctx, engineError(err))
	}
	if len(types) != len(p.columns) {
		return fmt.Errorf("engine has %d columns, the statement %d", len(types), len(p.columns))
	}
	for i, t := range types {
		if p.types[i] == "" {
			p.types[i] = fromEngine(t.DatabaseTypeName())
			p.columns[i].Type = p.types[i].wire()
		}
	}
	return withContext(ctx, rows.Err())
}

// fromEngine is the PostgreSQL type for an engine's type.
func fromEngine(name string) sqlType {
	if e, ok := strings.CutSuffix(name, "[]"); ok {
		return fromEngine(e).array()
	}
	if strings.HasPrefix(name, "DECIMAL") {
		return "numeric"
	}
	switch name {
	case "BOOLEAN":
		return "bool"
	case "TINYINT", "SMALLINT":
		return "int2"
	case "INTEGER":
		return "int4"
	case "BIGINT", "UINTEGER":
		return "int8"
	case "HUGEINT", "UBIGINT":
		return "numeric"
	case "FLOAT":
		return "float4"
	case "DOUBLE":
		return "float8"
	case "DATE":
		return "date"
	case "TIMESTAMP":
		return "timestamp"
	case "TIMESTAMPTZ":
		return "timestamptz"
	case "INTERVAL":
		return "interval"
	}
	return "text"
}

// query runs a compiled statement to its end.
func (e *engine) query(ctx context.Context, snap *snapshot, sql string, args []any, types []sqlType) ([][]Cell, error) {
	ctx, cancel := context.WithTimeout(ctx, maxTime)
	defer cancel()
	rows, err := e.db.QueryContext(ctx, sql, args...)
	if err != nil {
		return nil, withContext(ctx, engineError(err))
	}
	defer rows.Close()
	var out [][]Cell
	bytes := 0
	values, into := make([]any, len(types)), make([]any, len(types))
	for i := range values {
		into[i] = &values[i]
	}
	for rows.Next() {
		if len(out) == maxRows {
			return nil, refusal.New(refusal.ProgramLimitExceeded, "this catalog query returns more than %d rows", maxRows)
		}
		if err := rows.Scan(into...); err != nil {
			return nil, withContext(ctx, engineError(err))
		}
		row := make([]Cell, len(types))
		for i, v := range values {
			row[i] = snap.cell(v, types[i])
			bytes += len(row[i].Text)
		}
		if bytes > maxBytes {
			return nil, refusal.New(refusal.ProgramLimitExceeded, "this catalog query returns more than %d bytes", maxBytes)
		}
		out = append(out, row)
	}
	if err := rows.Err(); err != nil {
		return nil, withContext(ctx, engineError(err))
	}
	return out, nil
}

// withContext is why the context ended, where that is why the engine failed.
func withContext(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	if _, ok := refusal.As(err); !ok && ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

// raised finds the refusals that our own functions raise inside the engine: their texts come out wrapped.
var raised = regexp.MustCompile(`«([0-9A-Z]{5}) ([^«»]*)»`)

func raise(code refusal.Code, message string) error {
	return fmt.Errorf("«%s %s»", code, strings.NewReplacer("«", "", "»", "").Replace(message))
}

func engineError(err error) error {
	if m := raised.FindStringSubmatch(err.Error()); m != nil {
		return refusal.New(refusal.Code(m[1]), "%s", m[2])
	}
	return err
}

// appendRows loads rows of text into a table of the engine.
func appendRows(conn driver.Conn, schema, table string, columns []column, rows [][]string) error {
	if len(rows) == 0 {
		return nil
	}
	a, err := duckdb.NewAppenderFromConn(conn, schema, table)
	if err != nil {
		return err
	}
	values := make([]driver.Value, len(columns))
	for _, row := range rows {
		for i, c := range columns {
			if values[i], err = engineValue(row[i], c.typ); err != nil {
				return fmt.Errorf("%s: %w", c.name, err)
			}
		}
		if err := a.AppendRow(values...); err != nil {
			return err
		}
	}
	return a.Close()
}

// engineValue turns output text into the engine's value.
func engineValue(text string, t sqlType) (driver.Value, error) {
	if text == null {
		return nil, nil
	}
	if e := t.base().element(); e != "" {
		items := strings.Fields(text)
		if !t.isVector() {
			items = parseArray(text)
		}
		list := make([]any, len(items))
		for i, item := range items {
			v, err := engineValue(item, e)
			if err != nil {
				return nil, err
			}
			list[i] = v
		}
		return list, nil
	}
	switch t.engineType() {
	case "bool":
		return text == "t" || text == "true", nil
	case "int2":
		n, err := strconv.ParseInt(text, 10, 16)
		return int16(n), err
	case "int4":
		n, err := strconv.ParseInt(text, 10, 32)
		return int32(n), err
	case "int8":
		return strconv.ParseInt(text, 10, 64)
	case "float4":
		f, err := strconv.ParseFloat(text, 32)
		return float32(f), err
	case "float8":
		return strconv.ParseFloat(text, 64)
	case "timestamp":
		return time.Parse("2006-01-02 15:04:05", text)
	case "interval":
		return duckdb.Interval{}, nil
	}
	return text, nil
}
