package duckdb

import (
	"compress/gzip"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/dpproxy/dpproxy/catalog"
)

// loadCSV reads CSV files: the first line holds the columns' names; fields are separated by tab, comma, semicolon or bar,
// whichever the header has first in this order; quotes are "; an empty field is NULL, a quoted one is an empty string.
//
// DuckDB's own detection is not used: with one line too long it takes the file for one of another kind, and loads less
// than there is without a word. Columns without a declared type get the first of csvTypes that all of their values have.
func loadCSV(c *connection, table, path string, files []string, types map[string]catalog.Type) error {
	header, separator, err := headerOf(files)
	if err != nil {
		return err
	}
	for column := range types {
		if !slices.Contains(header, column) {
			return fmt.Errorf("column %s is not in the file", column)
		}
	}
	var columns, open []string
	for _, name := range header {
		duck := "VARCHAR"
		if t, declared := types[name]; declared {
			var ok bool
			if duck, ok = typeName(t); !ok || t.Array {
				return fmt.Errorf("column %s: no file holds values of type %s", name, t)
			}
		} else {
			open = append(open, name)
		}
		columns = append(columns, literal(name)+": "+literal(duck))
	}
	const stage = `temp."csv stage"`
	if err := c.execute("CREATE TEMPORARY TABLE " + stage + " AS SELECT * FROM read_csv(" + literal(path) +
		`, auto_detect = false, header = true, allow_quoted_nulls = false, quote = '"', escape = '"', delim = ` +
		literal(separator) + ", columns = {" + strings.Join(columns, ", ") + "})"); err != nil {
		return err
	}
	replace, err := detect(c, stage, open)
	if err != nil {
		return err
	}
	if err := c.execute("CREATE TABLE " + identifier(table) + " AS SELECT *" + replace + " FROM " + stage); err != nil {
		return err
	}
	return c.execute("DROP TABLE " + stage)
}

// csvTypes are the types that are looked for, in order, each with the condition that a value has to meet. They keep
// every digit: 007 is text, and a number of 30 digits is no float.
func csvTypes() [][2]string {
	const date, clock = `\d{4}-\d\d-\d\d`, `\d\d:\d\d(:\d\d(\.\d{1,6})?)?`
	matches := func(pattern string) string { return "regexp_full_match(%[1]s, '" + pattern + "')" }
	return [][2]string{
		{"BIGINT", "CAST(TRY_CAST(%[1]s AS BIGINT) AS VARCHAR) = %[1]s"},
		{"HUGEINT", "CAST(TRY_CAST(%[1]s AS HUGEINT) AS VARCHAR) = %[1]s"},
		{"DOUBLE", matches(`[-+]?((0|[1-9]\d{0,17})(\.\d*)?|\.\d+)([eE][-+]?\d+)?`)},
		{"BOOLEAN", matches(`(?i)true|false`)},
		{"DATE", matches(date)},
		{"TIMESTAMP", matches(date + "[ T]" + clock)},
		{"TIMESTAMPTZ", matches(date + "[ T]" + clock + `(Z|[-+]\d\d(:?\d\d)?)`)},
		{"TIME", matches(clock)},
		{"UUID", matches("[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")},
	}
}

// detect finds the types of text columns in one pass, and prints the clause that replaces them. A type whose cast fails
// on a value is not that column's type, whatever the value looks like.
func detect(c *connection, stage string, columns []string) (string, error) {
	if len(columns) == 0 {
		return "", nil
	}
	types := csvTypes()
	var tests []string
	for _, name := range columns {
		column := identifier(name)
		for _, t := range types {
			tests = append(tests, fmt.Sprintf("bool_and(TRY_CAST(%[1]s AS "+t[0]+") IS NOT NULL AND "+t[1]+
				") FILTER (WHERE %[1]s IS NOT NULL)", column))
		}
	}
	rows, err := c.all("SELECT " + strings.Join(tests, ", ") + " FROM " + stage)
	if err != nil {
		return "", err
	}
	var casts []string
	for i, name := range columns {
		for j, t := range types {
			if rows[0][i*len(types)+j].Text == "t" { // NULL where the column has no values: it stays text
				casts = append(casts, "CAST("+identifier(name)+" AS "+t[0]+") AS "+identifier(name))
				break
			}
		}
	}
	if len(casts) == 0 {
		return "", nil
	}
	return " REPLACE (" + strings.Join(casts, ", ") + ")", nil
}

// headerOf reads the header that all files must share, and the separator.
func headerOf(files []string) (header []string, separator string, err error) {
	for i, path := range files {
		names, sep, err := readHeader(path)
		if err != nil {
			return nil, "", fmt.Errorf("%s, line 1: %w", path, err)
		}
		if i > 0 && (sep != separator || !slices.Equal(names, header)) {
			return nil, "", fmt.Errorf("%s, line 1: the header is not that of %s", path, files[0])
		}
		header, separator = names, sep
	}
	return header, separator, nil
}

func readHeader(path string) (names []string, separator string, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, "", err
	}
	defer f.Close()
	var in io.Reader = f
	if strings.HasSuffix(strings.ToLower(path), ".gz") {
		if in, err = gzip.NewReader(f); err != nil {
			return nil, "", err
		}
	}
	const most = 1 << 20 // of a header
	start, err := io.ReadAll(io.LimitReader(in, most))
	if err != nil {
		return nil, "", err
	}
	text := strings.TrimPrefix(string(start), "\ufeff")
	line, _, _ := strings.Cut(text, "\n")
	separator = ","
	for _, s := range []string{"\t", ",", ";", "|"} {
		if strings.Contains(line, s) {
			separator = s
			break
		}
	}
	r := csv.NewReader(strings.NewReader(text))
	r.Comma = rune(separator[0])
	names, err = r.Read()
	if err != nil {
		return nil, "", errors.New("no header")
	}
	for i, name := range names {
		if name == "" || slices.Contains(names[:i], name) {
			return nil, "", fmt.Errorf("column %d has no name of its own", i+1)
		}
	}
	return names, separator, nil
}
