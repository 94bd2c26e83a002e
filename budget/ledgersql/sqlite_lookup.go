package ledgersql

import (
	"bytes"
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
)

// sqliteLookup reads single statements on a connection of its own, past package database/sql, whose ways cost more than
// finding a row by its key. Each statement is a snapshot.
type sqliteLookup struct {
	conn  *sql.Conn
	stmts prepared[driver.StmtQueryContext]
	args  []driver.NamedValue // of the present statement
}

// lookup runs f with a reader whose statements are not in one transaction.
func (s *sqliteStore) lookup(ctx context.Context, f func(reader) error) error {
	select {
	case s.turns <- struct{}{}:
		defer func() { <-s.turns }()
	case <-ctx.Done():
		return ctx.Err()
	}
	var l *sqliteLookup
	select {
	case l = <-s.idle:
	default:
		conn, err := s.readDB.Conn(ctx)
		if err != nil {
			return sqliteFault(err)
		}
		l = &sqliteLookup{conn: conn, stmts: prepared[driver.StmtQueryContext]{}}
	}
	err := f(l)
	if err != nil { // its connection may be of no use any more
		return sqliteFault(errors.Join(err, l.close()))
	}
	select {
	case s.idle <- l:
	default:
		err = errors.Join(err, l.close())
	}
	return sqliteFault(err)
}

func (l *sqliteLookup) close() error {
	return errors.Join(l.stmts.close(), l.conn.Close())
}

func (l *sqliteLookup) each(_ context.Context, text string, args []any, scan func(row) error) error {
	return l.conn.Raw(func(conn any) (err error) {
		stmt, err := l.stmts.on(conn, text)
		if err != nil {
			return err
		}
		if l.args, err = namedValues(l.args[:0], args); err != nil {
			return err
		}
		rows, err := stmt.QueryContext(context.Background(), l.args)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, rows.Close()) }()
		found := make(foundRow, len(rows.Columns()))
		for {
			switch err := rows.Next(found); {
			case errors.Is(err, io.EOF):
				return nil
			case err != nil:
				return err
			}
			if err := scan(found); err != nil {
				return err
			}
		}
	})
}

// prepared are the statements that one connection keeps, by their text, past package database/sql. S is the driver's
// interface for them: with rows or without.
type prepared[S any] map[string]S

// on is a statement prepared once on its connection.
func (p prepared[S]) on(conn any, text string) (S, error) {
	if stmt, ok := p[text]; ok {
		return stmt, nil
	}
	var none S
	c, ok := conn.(driver.Conn)
	if !ok {
		return none, fmt.Errorf("the connection is a %T", conn)
	}
	stmt, err := c.Prepare(sqliteText(text))
	if err != nil {
		return none, err
	}
	s, ok := stmt.(S)
	if !ok {
		return none, errors.Join(fmt.Errorf("a statement is a %T", stmt), stmt.Close())
	}
	p[text] = s
	return s, nil
}

func (p prepared[S]) close() error {
	var errs []error
	for _, stmt := range p {
		if c, ok := any(stmt).(io.Closer); ok {
			errs = append(errs, c.Close())
		}
	}
	return errors.Join(errs...)
}

// namedValues turns arguments into the driver's.
func namedValues(to []driver.NamedValue, args []any) ([]driver.NamedValue, error) {
	for i, a := range args {
		v, err := driver.DefaultParameterConverter.ConvertValue(a)
		if err != nil {
			return to, invalid(err)
		}
		to = append(to, driver.NamedValue{Ordinal: i + 1, Value: v})
	}
	return to, nil
}

// foundRow is a row as the driver gives it.
type foundRow []driver.Value

// Scan takes the types that look-ups read.
func (r foundRow) Scan(dest ...any) error {
	if len(dest) != len(r) {
		return fmt.Errorf("a row has %d columns, not %d", len(r), len(dest))
	}
	for i, d := range dest {
		ok := false
		switch to := d.(type) {
		case *int64:
			*to, ok = r[i].(int64)
		case *string:
			*to, ok = r[i].(string)
		case *[]byte:
			var b []byte
			b, ok = r[i].([]byte)
			*to = bytes.Clone(b)
		}
		if !ok {
			return fmt.Errorf("column %d is a %T, wanted for a %T", i+1, r[i], d)
		}
	}
	return nil
}
