package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/dpproxy/dpproxy/internal/smartnoise"
)

// fromSmartNoise prints the configuration that a metadata file becomes, matched with its source's schema.
func fromSmartNoise(ctx context.Context, w io.Writer, path string, sources []string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	m, err := smartnoise.Read(text)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	if len(sources) == 0 {
		if sources = besides(m, path); len(sources) == 0 {
			return usagef("no file of a table's name is beside %s: name the source with --source (a CSV or Parquet file for each table, or a database)", path)
		}
	}
	d, err := initDataset(sources)
	if err != nil {
		return err
	}
	if table, ok := m.OnlyTable(); ok && len(d.Source.Files) == 1 { // whatever the file is called: PUMS_pid.csv is PUMS, Lomas' is df
		d.Source.Files[0].Table = table
	}
	schema, err := schemaOf(ctx, d)
	if err != nil {
		return err
	}
	out, err := m.Config(smartnoise.Source{YAML: sourceText(d, sources), Tables: schema}, strings.TrimSuffix(nameOf(path), "_metadata"))
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	_, err = io.WriteString(w, out)
	return err
}

// besides finds the files of the tables in the metadata's folder: PUMS.csv beside PUMS.yaml.
func besides(m *smartnoise.Metadata, path string) (files []string) {
	names := []string{strings.TrimSuffix(filepath.Base(path), filepath.Ext(path))}
	for _, s := range m.Schemas {
		for _, t := range s.Tables {
			names = append(names, t.Name)
		}
	}
	seen := map[string]bool{}
	found, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		return nil
	}
	for _, name := range names {
		for _, f := range found {
			ext := strings.ToLower(filepath.Ext(f.Name()))
			if base := strings.TrimSuffix(f.Name(), filepath.Ext(f.Name())); strings.EqualFold(base, name) && (ext == ".csv" || ext == ".parquet") && !seen[f.Name()] {
				seen[f.Name()] = true
				files = append(files, filepath.Join(filepath.Dir(path), f.Name()))
			}
		}
	}
	return files
}
