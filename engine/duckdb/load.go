package duckdb

import (
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/dpproxy/dpproxy/catalog"
)

// Source says where the data is: a database file, or files that become tables.
type Source struct {
	// Path is a DuckDB database file; empty with Files.
	Path string
	// Files has a path for each table's name: .csv, .tsv, .parquet, .json, .ndjson, .jsonl, also with .gz. It
	// may be a pattern ("visits-*.parquet"), and then all of its files are one table. CSV: see loadCSV.
	Files map[string]string
	// Types are types that the owner declared, by table and column, instead of those found in the files.
	Types map[string]map[string]catalog.Type
	// Dir is what relative paths are relative to; empty means the working directory.
	Dir string
}

// check returns the database's absolute path, or "" with files.
func (s Source) check() (string, error) {
	if (s.Path == "") == (len(s.Files) == 0) {
		return "", errors.New("duckdb: a source is either a database file or a list of files")
	}
	if s.Path == "" {
		return "", nil
	}
	path := s.absolute(s.Path)
	return path, nil
}

func (s Source) absolute(path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(s.Dir, path)
}

// tables are the names of the tables to load, in a fixed order.
func (s Source) tables() []string { return slices.Sorted(maps.Keys(s.Files)) }

// load reads one table's files into memory.
func load(c *connection, s Source, table string) error {
	path := s.absolute(s.Files[table])
	found, err := filepath.Glob(path)
	if err != nil {
		return fmt.Errorf("table %s: %s is no pattern of file names", table, path)
	}
	if len(found) == 0 {
		return fmt.Errorf("table %s: no file %s", table, path)
	}
	name := strings.ToLower(path)
	switch filepath.Ext(strings.TrimSuffix(name, ".gz")) {
	case ".csv", ".tsv":
		err = loadCSV(c, table, path, found, s.Types[table])
	case ".json", ".ndjson", ".jsonl":
		err = loadTyped(c, table, "read_json("+literal(path)+", sample_size = -1)", s.Types[table])
	case ".parquet":
		err = loadTyped(c, table, "read_parquet("+literal(path)+")", s.Types[table])
	default:
		return fmt.Errorf("table %s: %s is neither CSV nor Parquet nor JSON by its name", table, path)
	}
	if err != nil {
		return fileError(table, path, err)
	}
	return nil
}

// loadTyped makes a table of what one of DuckDB's table functions reads with types of its own.
func loadTyped(c *connection, table, reader string, types map[string]catalog.Type) error {
	columns, err := replacements(c, reader, types)
	if err != nil {
		return err
	}
	return c.execute("CREATE TABLE " + identifier(table) + " AS SELECT " + columns + " FROM " + reader)
}

// replacements makes the SELECT list that casts declared columns to their types, and nanoseconds, which PostgreSQL does
// not have, to microseconds: otherwise two values could have the same text.
func replacements(c *connection, reader string, types map[string]catalog.Type) (string, error) {
	rows, err := c.all("SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM " + reader + ")")
	if err != nil {
		return "", err
	}
	var casts []string
	declared := maps.Clone(types)
	for _, row := range rows {
		name, to := row[0].Text, ""
		if t, ok := declared[name]; ok {
			delete(declared, name)
			if to, ok = typeName(t); !ok {
				return "", fmt.Errorf("column %s: no file holds values of type %s", name, t)
			}
		} else if row[1].Text == "TIMESTAMP_NS" {
			to = "TIMESTAMP"
		}
		if to != "" {
			casts = append(casts, "CAST("+identifier(name)+" AS "+to+") AS "+identifier(name))
		}
	}
	for name := range declared {
		return "", fmt.Errorf("column %s is not in the file", name)
	}
	if len(casts) == 0 {
		return "*", nil
	}
	return "* REPLACE (" + strings.Join(casts, ", ") + ")", nil
}

// fileError says which line of which file is wrong and why, without DuckDB's copy of the line, which is private data.
func fileError(table, path string, err error) error {
	message := err.Error()
	line := regexp.MustCompile(`CSV Error on Line: (\d+)`).FindStringSubmatch(message)
	if line == nil {
		first, _, _ := strings.Cut(message, "\n")
		return fmt.Errorf("table %s: cannot read %s: %s", table, path, first)
	}
	why := "cannot be read as CSV"
	if m := regexp.MustCompile(`(?s)Error when converting column "([^"]*)".* to '([^']+)'`).FindStringSubmatch(message); m != nil {
		why = fmt.Sprintf("column %s is no %s", m[1], m[2])
	} else if m := regexp.MustCompile(`Expected Number of Columns: (\d+) Found: (\d+)`).FindStringSubmatch(message); m != nil {
		why = fmt.Sprintf("%s columns where the header has %s", m[2], m[1])
	}
	if m := regexp.MustCompile(`(?m)^\s*file\s*=\s*(.+)$`).FindStringSubmatch(message); m != nil {
		path = m[1]
	}
	return fmt.Errorf("table %s: %s, line %s: %s", table, path, line[1], why)
}
