package duckdb

import (
	"errors"
	"testing"

	"github.com/dpproxy/dpproxy/catalog"
)

// Values that do not fit have the SQLSTATE that PostgreSQL gives, so that analysts are told; other failures have none.
func TestSQLStates(t *testing.T) {
	path := create(t, "CREATE TABLE t(name VARCHAR, n INTEGER)", "INSERT INTO t VALUES ('x', 0)")
	e := open(t, Source{Path: path}, Options{})
	for _, c := range []struct{ sql, want string }{
		{"SELECT CAST(name AS INTEGER) FROM t", "22P02"},
		{"SELECT CAST(n + 2147483647 AS INTEGER) + 1 FROM t", "22003"},
		{"SELECT 1 // CASE WHEN n = 0 THEN error('dpproxy:22012') ELSE n END FROM t", "22012"},
		{"SELECT missing FROM t", ""},
	} {
		rows, err := e.Finish(t.Context(), c.sql, nil, []catalog.Type{catalog.Of(catalog.Int4)})
		if err == nil {
			for rows.Next() {
			}
			err = rows.Err()
			rows.Close()
		}
		if err == nil {
			t.Errorf("%s does not fail", c.sql)
			continue
		}
		state := ""
		if coded, ok := errors.AsType[interface {
			error
			SQLState() string
		}](err); ok {
			state = coded.SQLState()
		}
		if state != c.want {
			t.Errorf("%s: SQLSTATE %q, want %q (%v)", c.sql, state, c.want, err)
		}
	}
}
