package datasets

import (
	"context"
	"errors"
	"log/slog"
	"strings"

	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/config"
	"github.com/dpproxy/dpproxy/engine"
	"github.com/dpproxy/dpproxy/engine/duckdb"
	"github.com/dpproxy/dpproxy/engine/postgres"
	"github.com/dpproxy/dpproxy/rewrite"
)

// Loaded is a dataset that can be served. Close its Engine after use.
type Loaded struct {
	Config  *config.Dataset // part of the configuration, read only
	Catalog *catalog.Dataset
	Engine  engine.Engine
	// Design makes an engine with generated rows of so many units, or the owner's own dummy rows, and no source.
	Design  func(ctx context.Context, units int, seed uint64) (engine.Engine, error)
	Preview engine.Engine // holds generated rows; nil where none are shown
}

// Open opens every dataset of a configuration, in its order, and returns all faults that only the live sources show. A
// dataset with a fault that is more than a warning is left out, and its source closed again.
func Open(ctx context.Context, cfg *config.Config, logger *slog.Logger) ([]*Loaded, []config.Fault) {
	var all []*Loaded
	var faults []config.Fault
	for i := range cfg.Datasets {
		d := &cfg.Datasets[i]
		if d.Source.Kind == "" {
			continue // a fault of the configuration, reported where it was read
		}
		loaded, found := open(ctx, cfg, d, logger.With("dataset", d.Name))
		faults = append(faults, found...)
		if loaded != nil {
			all = append(all, loaded)
		}
	}
	return all, faults
}

// Close closes the engines of datasets.
func Close(all []*Loaded) error {
	var errs []error
	for _, l := range all {
		errs = append(errs, l.Engine.Close())
		if l.Preview != nil {
			errs = append(errs, l.Preview.Close())
		}
	}
	return errors.Join(errs...)
}

// open opens one dataset; nil if it cannot be served.
func open(ctx context.Context, cfg *config.Config, d *config.Dataset, logger *slog.Logger) (*Loaded, []config.Fault) {
	e, err := OpenSource(ctx, cfg, d, logger)
	if err != nil {
		return nil, []config.Fault{sourceFault(d, "cannot be opened", err)}
	}
	ds, faults := build(ctx, d, e)
	if ds == nil {
		if err := e.Close(); err != nil {
			logger.Warn("source could not be closed", "error", err)
		}
		return nil, faults
	}
	loaded := &Loaded{Config: d, Catalog: ds, Engine: e}
	given, found := openDummies(ctx, cfg, d, ds, logger)
	if faults = append(faults, found...); catalog.Blocking(found) {
		if err := e.Close(); err != nil {
			logger.Warn("source could not be closed", "error", err)
		}
		return nil, faults
	}
	loaded.Design = func(ctx context.Context, units int, seed uint64) (engine.Engine, error) {
		return openDesign(ctx, cfg, ds, given, units, seed, logger)
	}
	if d.Preview == config.PreviewSynthetic {
		if loaded.Preview, err = openPreview(ctx, cfg, ds, logger); err != nil {
			faults = append(faults, d.Position.Fault(d.Declaration.Path+".preview", "cannot be made: %s", oneLine(err)))
			if err := e.Close(); err != nil {
				logger.Warn("source could not be closed", "error", err)
			}
			return nil, faults
		}
	}
	return loaded, faults
}

// build asks the source for its schema and makes the catalog; nil if that is impossible.
func build(ctx context.Context, d *config.Dataset, e engine.Engine) (*catalog.Dataset, []config.Fault) {
	schema, err := e.Schema(ctx)
	if err != nil {
		return nil, []config.Fault{sourceFault(d, "cannot be read", err)}
	}
	faults := checkClaims(ctx, d, e, schema)
	ds, found := catalog.Build(d.Declaration, schema)
	faults = append(faults, found...)
	if ds == nil || catalog.Blocking(faults) {
		return nil, faults
	}
	faults = append(faults, checkRecordKeys(ctx, d, ds, e)...)
	for name, err := range rewrite.CompleteViews(ds) {
		if v, ok := ds.DeclaredView(name); ok {
			faults = append(faults, v.Position.Fault(v.Path+".view", "view %q cannot be read: %s", name, oneLine(err)).
				WithHint("write one SELECT over declared tables that keeps rows"))
		}
	}
	if catalog.Blocking(faults) {
		return nil, faults
	}
	if d.VersionFrom != "" {
		version, err := readVersion(ctx, d, ds, e)
		if err != nil {
			return nil, append(faults, d.Position.Fault(d.Declaration.Path+".version", "%s", oneLine(err)).
				WithHint("write a SELECT over a public table that gives one row of one column"))
		}
		ds.Version = version
	}
	return ds, faults
}

// OpenSource opens the engine behind a dataset. It may not connect yet.
func OpenSource(ctx context.Context, cfg *config.Config, d *config.Dataset, logger *slog.Logger) (engine.Engine, error) {
	switch d.Source.Kind {
	case config.SourcePostgres:
		return postgres.Open(ctx, d.Source.URL, postgres.Options{
			MaxConns: d.MaxDBConnections, StatementTimeout: cfg.Limits.QueryTimeout,
			ConnectTimeout: cfg.Limits.ServerConnectTimeout, WaitTimeout: cfg.Limits.QueryWaitTimeout, Logger: logger,
		})
	case config.SourceDuckDB, config.SourceFiles:
		source := duckSource(d)
		done, err := fetchFiles(ctx, d, &source, logger)
		if err != nil {
			return nil, err
		}
		defer done()
		return duckdb.Open(ctx, source, duckdb.Options{
			MaxConns: d.MaxDBConnections, StatementTimeout: cfg.Limits.QueryTimeout, WaitTimeout: cfg.Limits.QueryWaitTimeout, Logger: logger,
		})
	}
	return nil, errors.New("datasets: the source has no kind")
}

// duckSource says what DuckDB opens. Written types decide how files are read, as a CSV file has none of its own.
func duckSource(d *config.Dataset) duckdb.Source {
	s := duckdb.Source{Path: d.Source.Path}
	if d.Source.Kind != config.SourceFiles {
		return s
	}
	s.Files = map[string]string{}
	for _, f := range d.Source.Files {
		s.Files[f.Table] = f.Path
	}
	s.Types = map[string]map[string]catalog.Type{}
	for _, t := range d.Declaration.Tables {
		types := map[string]catalog.Type{}
		for _, c := range t.Columns {
			if c.Type == nil {
				continue
			}
			if typ, err := catalog.ParseType(c.Type.Text); err == nil {
				types[sourceName(c.Name, c.Source)] = typ
			}
		}
		table := sourceName(t.Name, t.Source)
		if _, loaded := s.Files[table]; loaded && len(types) > 0 {
			s.Types[table] = types
		}
	}
	return s
}

func sourceName(name, source string) string {
	if source != "" {
		return source
	}
	return name
}

// checkClaims asks the source about each column that is said to be a key.
func checkClaims(ctx context.Context, d *config.Dataset, e engine.Engine, schema []catalog.SourceTable) []config.Fault {
	var faults []config.Fault
	for _, claim := range catalog.KeyClaims(d.Declaration, schema) {
		if claim.Enforced {
			continue
		}
		unique, err := e.IsUnique(ctx, engine.UniqueProbe{Schema: claim.Schema, Table: claim.SourceTable, Column: claim.SourceColumn})
		name := claim.Table + "." + claim.Column
		switch {
		case err != nil:
			faults = append(faults, claim.Fault(claim.Path, "whether %s is unique could not be found out: %s", name, oneLine(err)))
		case !unique:
			faults = append(faults, claim.Fault(claim.Path, "%s is not unique, but %s", name, claim.Why).
				WithHint("a key holds each value once; where a column holds the unit itself, write unit: column"))
		case claim.Immutable:
			claim.Confirm(schema)
		default:
			faults = append(faults, claim.Fault(claim.Path, "%s is unique now, but no constraint of the source keeps it so", name).
				WithHint("add a primary key or a unique constraint").AsWarning())
		}
	}
	return faults
}

func sourceFault(d *config.Dataset, what string, err error) config.Fault {
	return d.Source.Position.Fault(d.Declaration.Path+".source", "%s: %s", what, oneLine(err))
}

// oneLine keeps a message of several lines on the one line that a fault has.
func oneLine(err error) string { return strings.Join(strings.Fields(err.Error()), " ") }
