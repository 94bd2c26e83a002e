package datasets

import (
	"context"
	"log/slog"

	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/config"
	"github.com/dpproxy/dpproxy/dummy"
	"github.com/dpproxy/dpproxy/engine"
	"github.com/dpproxy/dpproxy/engine/duckdb"
	"github.com/dpproxy/dpproxy/mechanism"
)

// openPreview makes an engine with generated rows. It knows the declaration alone: neither the source's address nor its
// engine comes near it.
func openPreview(ctx context.Context, cfg *config.Config, ds *catalog.Dataset, logger *slog.Logger) (engine.Engine, error) {
	const conns, threads = 4, 2
	tables := inputs(dummy.Generate(ds, dummy.Options{Seed: dummy.Seed(ds)}))
	return duckdb.OpenRows(ctx, tables, duckdb.Options{MaxConns: conns, Threads: threads, MemoryLimit: "512MB",
		StatementTimeout: cfg.Limits.QueryTimeout, Logger: logger})
}

// inputs are generated tables as an engine takes them.
func inputs(tables []dummy.Table) []engine.Input {
	out := make([]engine.Input, 0, len(tables))
	for _, t := range tables {
		in := engine.Input{Name: t.Name}
		for _, c := range t.Columns {
			in.Columns = append(in.Columns, engine.InputColumn{Name: c.Name, Type: c.Type})
		}
		for _, row := range t.Rows {
			cells := make([]mechanism.Cell, len(row))
			for i, c := range row {
				cells[i] = mechanism.Cell(c)
			}
			in.Rows = append(in.Rows, cells)
		}
		out = append(out, in)
	}
	return out
}
