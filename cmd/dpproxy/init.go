package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/config"
	"github.com/dpproxy/dpproxy/internal/datasets"
)

// schemaTimeout bounds how long a source may take to tell its schema, or DuckDB to load files.
const schemaTimeout = 5 * time.Minute

func newInit() *cobra.Command {
	var sources []string
	var unit, metadata string
	cmd := &cobra.Command{
		Use:   "init --source URL",
		Short: "Write the first version of a configuration from a source's schema",
		Long: `Reads the names, types and keys of a source, never its values, and prints a configuration. What only you know (bounds of
columns, which tables are public, budgets, users) is left empty and marked TODO; "dpproxy check" reports each such place
until it is filled in.`,
		Example: `  dpproxy init --source postgres://reader:secret@db/census > dpproxy.yaml
  dpproxy init --source duckdb:census.duckdb --unit persons.person_id
  dpproxy init --source persons.csv --source visits.parquet
  dpproxy init --from-smartnoise PUMS.yaml --source PUMS.csv > dpproxy.yaml`,
		Args: exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if metadata != "" {
				if unit != "" {
					return usagef("--unit does not go with --from-smartnoise: the metadata's private_id tells it")
				}
				ctx, cancel := context.WithTimeout(cmd.Context(), schemaTimeout)
				defer cancel()
				return fromSmartNoise(ctx, cmd.OutOrStdout(), metadata, sources)
			}
			if len(sources) == 0 {
				return usagef("--source is needed\nTry '%s --help'.", cmd.CommandPath())
			}
			table, column, dotted := strings.Cut(unit, ".")
			if unit != "" && (!dotted || table == "" || column == "") {
				return usagef("--unit must be table.column, not %q", unit)
			}
			ctx, cancel := context.WithTimeout(cmd.Context(), schemaTimeout)
			defer cancel()
			return writeConfig(ctx, cmd.OutOrStdout(), sources, catalog.Reference{Table: table, Column: column})
		},
	}
	cmd.Flags().StringArrayVar(&sources, "source", nil, "postgres://…, duckdb:path, or the path of a CSV or Parquet file (several times for several files)")
	cmd.Flags().StringVar(&metadata, "from-smartnoise", "", "metadata `FILE` of SmartNoise SQL or Lomas: bounds, keys and limits come from there; the source is named by --source, or is the file of the table's name beside it")
	cmd.Flags().StringVar(&unit, "unit", "", "table.column that identifies the privacy unit, if you know it")
	return cmd
}

// schemaOf reads names, types and keys of a data set's source, and no value.
func schemaOf(ctx context.Context, d *config.Dataset) ([]catalog.SourceTable, error) {
	e, err := datasets.OpenSource(ctx, &config.Config{}, d, slog.New(slog.DiscardHandler))
	if err != nil {
		return nil, err
	}
	defer e.Close() // it was only read
	return e.Schema(ctx)
}

// writeConfig prints the configuration of a source.
func writeConfig(ctx context.Context, w io.Writer, sources []string, unit catalog.Reference) error {
	d, err := initDataset(sources)
	if err != nil {
		return err
	}
	schema, err := schemaOf(ctx, d)
	if err != nil {
		return err
	}
	if len(schema) == 0 {
		return fmt.Errorf("the source has no table that this user may read")
	}
	tables, err := catalog.FromSchema(schema, unit, "    ")
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, initTemplate, d.Name, spaced(sourceText(d, sources)), tables, d.Name)
	return err
}

// initTemplate is filled in with the dataset's name, its source, its tables, and its name again. Empty values are
// faults that `dpproxy check` reports until the owner has decided.
const initTemplate = `# A first version, made from the schema alone. Fill in what is marked TODO; "dpproxy check" tells what is missing.
# docs/configuration.md explains every key.
listen: 127.0.0.1:6432
ledger: sqlite:./state/ledger.db

datasets:
  - name: %s
    source:%s
    query: {epsilon: 0.5}            # what a query costs unless the analyst says otherwise
    allowed_functions: [count, sum, avg]
    max_functions: 4
    budget: {epsilon: , delta: }     # TODO: for all analysts together; delta well below 1/number of units
%s
users:
  - name: analyst
    password:                        # TODO: the output of "dpproxy hash-password"
    datasets:
      %s:
        budget: {epsilon: , delta: } # TODO
`

// initDataset describes a source as a configuration would.
func initDataset(sources []string) (*config.Dataset, error) {
	d := &config.Dataset{Name: "data"}
	first := sources[0]
	switch {
	case strings.HasPrefix(first, "postgres://"), strings.HasPrefix(first, "postgresql://"), strings.Contains(first, "="):
		d.Source = config.Source{Kind: config.SourcePostgres, URL: first}
		if u, err := url.Parse(first); err == nil {
			d.Name = nameOf(u.Path)
		}
	case strings.HasPrefix(first, "duckdb:"):
		d.Source = config.Source{Kind: config.SourceDuckDB, Path: strings.TrimPrefix(first, "duckdb:")}
		d.Name = nameOf(d.Source.Path)
	default:
		d.Source.Kind = config.SourceFiles
		for _, path := range sources {
			d.Source.Files = append(d.Source.Files, config.SourceFile{Table: nameOf(path), Path: path})
		}
		return d, nil
	}
	if len(sources) > 1 {
		return nil, usagef("only files can be named by several --source")
	}
	return d, nil
}

// nameOf makes a name of a path: "/data/my visits.csv" is my_visits.
func nameOf(path string) string {
	base, _, _ := strings.Cut(filepath.Base(path), ".")
	name := strings.Trim(regexp.MustCompile(`[^a-z0-9_]+`).ReplaceAllString(strings.ToLower(base), "_"), "_")
	if name == "" {
		return "data"
	}
	return name
}

// spaced puts a space before what stands on the key's own line.
func spaced(text string) string {
	if strings.HasPrefix(text, "\n") {
		return text
	}
	return " " + text
}

// sourceText is the source as YAML, without its password.
func sourceText(d *config.Dataset, sources []string) string {
	if d.Source.Kind == config.SourceFiles {
		var b strings.Builder
		b.WriteString("\n      files:")
		for _, f := range d.Source.Files {
			fmt.Fprintf(&b, "\n        %s: %q", f.Table, f.Path)
		}
		return b.String()
	}
	text := sources[0]
	hidden := "${DB_PASSWORD}   # the password comes from the environment"
	if u, err := url.Parse(text); err == nil && u.User != nil {
		if _, has := u.User.Password(); has {
			user := u.User.Username()
			u.User = nil
			before, after, _ := strings.Cut(u.String(), "://")
			password, comment, _ := strings.Cut(hidden, " ")
			return before + "://" + url.User(user).String() + ":" + password + "@" + after + " " + comment
		}
	}
	password := regexp.MustCompile(`password\s*=\s*('(?:[^'\\]|\\.)*'|[^\s&]+)`)
	return fmt.Sprintf("%q", password.ReplaceAllLiteralString(text, "password=${DB_PASSWORD}"))
}
