// Package duckdb is the engine inside the process: CSV, Parquet and JSON files, and DuckDB database files.
//
//	Open    files ──load──► tables in memory        or a database file, read-only
//	        then: no file, network or extension can be reached any more, and no setting changed
//	Run     BEGIN READ ONLY │ query │ … │ ROLLBACK   one snapshot
//	Finish  WITH inputs AS (bound lists) query        rows stream, chunk by chunk
//
// Values leave as PostgreSQL's output text, whatever DuckDB itself would print: package catalog has the formats,
// vector.go the values as they lie in DuckDB's memory.
//
// It speaks to the library by github.com/duckdb/duckdb-go-bindings, not by database/sql: that driver runs every
// statement of a text (we want exactly one), re-reads JSON (we want its text), folds infinite dates into others, and
// holds whole results in memory. native.go and statement.go are the only files that know the library's handles.
//
// The package decides nothing about privacy. A crash in the library ends the process, which is why a charge is in the
// ledger before a query comes here.
package duckdb
