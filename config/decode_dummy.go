package config

import (
	"strings"

	"github.com/dpproxy/dpproxy/catalog"
)

// dummy reads `dummy:` of a table: a file, {files: path} or {source: URL}.
func (v value) dummy() *catalog.DummyDeclaration {
	d := &catalog.DummyDeclaration{Position: v.position(), Path: v.path}
	file := func(v value) {
		if s, ok := v.text(); ok {
			d.Files = resolve(v.file, s)
		}
	}
	if v.form() != "a mapping" {
		file(v)
		return d
	}
	v.object(fields{
		"files": file,
		"source": func(v value) {
			s, ok := v.urlText()
			path, isDuckDB := strings.CutPrefix(s, "duckdb:")
			switch {
			case !ok:
			case isDuckDB:
				d.URL = "duckdb:" + resolve(v.file, strings.TrimPrefix(path, "//"))
			case isPostgresURL(s), isDSN(s):
				d.URL = s
			default:
				v.fault("is no source that dpproxy knows").Hint = "write duckdb:path or postgres://…"
			}
		},
	})
	if (d.Files == "") == (d.URL == "") {
		v.fault("needs files or source").Hint = "write dummy: rows.csv, or dummy: {source: duckdb:rows.duckdb}"
	}
	return d
}
