package datasets

import (
	"context"
	"fmt"
	"log/slog"
	"strings"

	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/config"
	"github.com/dpproxy/dpproxy/dummy"
	"github.com/dpproxy/dpproxy/engine"
	"github.com/dpproxy/dpproxy/engine/duckdb"
	"github.com/dpproxy/dpproxy/engine/postgres"
	"github.com/dpproxy/dpproxy/mechanism"
)

// maxDummyRows bounds the rows of one table that an owner gives for design mode.
const maxDummyRows = 100_000

// openDesign makes an engine for design mode: generated rows, but for the tables that the owner gave rows of. It knows the
// declaration alone; no source is behind it.
func openDesign(ctx context.Context, cfg *config.Config, ds *catalog.Dataset, given map[string]engine.Input, units int, seed uint64, logger *slog.Logger) (engine.Engine, error) {
	tables := inputs(dummy.Generate(ds, dummy.Options{Seed: seed, Units: units}))
	for i := range tables {
		if own, ok := given[tables[i].Name]; ok {
			tables[i] = own
		}
	}
	return duckdb.OpenRows(ctx, tables, duckdb.Options{MaxConns: 4, Threads: 2, MemoryLimit: "512MB",
		StatementTimeout: cfg.Limits.QueryTimeout, Logger: logger})
}

// openDummies reads the rows that the owner gives for design mode, by the table's name, and checks that each table has the columns
// and types of the real one.
func openDummies(ctx context.Context, cfg *config.Config, d *config.Dataset, ds *catalog.Dataset, logger *slog.Logger) (map[string]engine.Input, []config.Fault) {
	given := map[string]engine.Input{}
	var faults []config.Fault
	for _, decl := range d.Declaration.Tables {
		t, ok := ds.Table(decl.Name)
		if decl.Dummy == nil || !ok {
			continue
		}
		in, err := readDummy(ctx, cfg, decl.Dummy, t, logger)
		if err != nil {
			faults = append(faults, decl.Dummy.Fault(decl.Dummy.Path, "%s", oneLine(err)).
				WithHint("dummy rows have the columns and types of the real table"))
			continue
		}
		given[t.Name] = in
	}
	return given, faults
}

// readDummy reads one table of dummy rows.
func readDummy(ctx context.Context, cfg *config.Config, d *catalog.DummyDeclaration, t *catalog.Table, logger *slog.Logger) (engine.Input, error) {
	in := engine.Input{Name: t.Name}
	e, name, err := openDummy(ctx, cfg, d, t, logger)
	if err != nil {
		return in, err
	}
	defer e.Close()
	schema, err := e.Schema(ctx)
	if err != nil {
		return in, err
	}
	source, err := dummyTable(schema, name)
	if err != nil {
		return in, err
	}
	var list []string
	var types []catalog.Type
	for _, c := range t.Columns {
		have, ok := dummyColumn(source, c)
		if !ok {
			return in, fmt.Errorf("has no column %q", c.SourceName)
		}
		if !sameFamily(have.Type, c.Type) {
			return in, fmt.Errorf("column %q has type %s, and the real one has %s", c.SourceName, have.Type, c.Type)
		}
		in.Columns = append(in.Columns, engine.InputColumn{Name: c.Name, Type: c.Type})
		list = append(list, quoted(have.Name))
		types = append(types, have.Type)
	}
	sql := fmt.Sprintf("SELECT %s FROM %s.%s LIMIT %d", strings.Join(list, ", "), quoted(source.Schema), quoted(source.Name), maxDummyRows+1)
	rows, err := e.Finish(ctx, sql, nil, types)
	if err != nil {
		return in, err
	}
	defer rows.Close()
	for rows.Next() {
		if len(in.Rows) == maxDummyRows {
			return in, fmt.Errorf("has more than %d rows", maxDummyRows)
		}
		in.Rows = append(in.Rows, append([]mechanism.Cell(nil), rows.Values()...))
	}
	return in, rows.Err()
}

func openDummy(ctx context.Context, cfg *config.Config, d *catalog.DummyDeclaration, t *catalog.Table, logger *slog.Logger) (engine.Engine, string, error) {
	o := duckdb.Options{MaxConns: 1, StatementTimeout: cfg.Limits.QueryTimeout, Logger: logger}
	path, isDuckDB := strings.CutPrefix(d.URL, "duckdb:")
	switch {
	case d.Files != "":
		types := map[string]catalog.Type{}
		for _, c := range t.Columns {
			types[c.SourceName] = c.Type
		}
		e, err := duckdb.Open(ctx, duckdb.Source{Files: map[string]string{t.SourceName: d.Files}, Types: map[string]map[string]catalog.Type{t.SourceName: types}}, o)
		return e, t.SourceName, err
	case isDuckDB:
		e, err := duckdb.Open(ctx, duckdb.Source{Path: path}, o)
		return e, t.SourceName, err
	}
	e, err := postgres.Open(ctx, d.URL, postgres.Options{MaxConns: 1, StatementTimeout: cfg.Limits.QueryTimeout, ConnectTimeout: cfg.Limits.ServerConnectTimeout, Logger: logger})
	return e, t.SourceName, err
}

func dummyTable(schema []catalog.SourceTable, name string) (*catalog.SourceTable, error) {
	for i := range schema {
		if schema[i].Name == name {
			return &schema[i], nil
		}
	}
	return nil, fmt.Errorf("has no table %q", name)
}

func dummyColumn(t *catalog.SourceTable, c *catalog.Column) (catalog.SourceColumn, bool) {
	for _, have := range t.Columns {
		if have.Name == c.SourceName {
			return have, true
		}
	}
	return catalog.SourceColumn{}, false
}

// sameFamily tells that values of one type can stand for those of another: both numbers, both text, or the same type.
func sameFamily(a, b catalog.Type) bool {
	switch {
	case a.Array != b.Array:
		return false
	case a.IsNumeric() && b.IsNumeric(), a.IsText() && b.IsText():
		return true
	}
	return a.Kind == b.Kind
}

func quoted(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }
