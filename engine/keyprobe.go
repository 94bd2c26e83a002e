package engine

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/dpproxy/dpproxy/mechanism"
)

// SQL is the probe's query, the same on every engine: one row of two whole numbers.
func (p KeyProbe) SQL() string {
	quote := func(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }
	key := quote(p.Column)
	return fmt.Sprintf("SELECT count(*) FILTER (WHERE %s IS NULL), count(*) FILTER (WHERE %s < 0 OR %s >= %d) FROM %s.%s",
		key, key, key, p.Below, quote(p.Schema), quote(p.Table))
}

// Read reads the result of SQL.
func (p KeyProbe) Read(rows [][]mechanism.Cell) (missing, outside int64, err error) {
	if len(rows) != 1 || len(rows[0]) != 2 {
		return 0, 0, errors.New("engine: the check of record keys has another shape")
	}
	missing, err1 := strconv.ParseInt(rows[0][0].Text, 10, 64)
	outside, err2 := strconv.ParseInt(rows[0][1].Text, 10, 64)
	return missing, outside, errors.Join(err1, err2)
}
