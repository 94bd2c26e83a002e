// Package introspect answers clients' questions to pg_catalog and information_schema from the declared catalog alone,
// as a PostgreSQL 16 would that has the declared tables and nothing else. It never reaches a source.
//
//	client's SQL ──Handles──► catalog statement?       every relation a catalog's, every function on the closed list
//	     │ compile            syntax tree → the engine's dialect; types of columns and parameters
//	     ▼
//	plan ──► embedded engine  schema s: what is the same in every PostgreSQL 16 (static/, made by gen/)
//	     │                    schema v<n>: tables, columns, keys, comments of one View
//	     ▼
//	Result                    cells in PostgreSQL's output text, types of the catalog's columns
//
// The engine is an in-memory DuckDB without files, network or extensions, and with its configuration locked. It sees only
// text that this package printed from a tree in which every node kind, relation, function and type was found in a closed
// list; its own errors never leave: a client gets `0A000 this catalog query is not supported`, and the operator's log the
// statement's fingerprint.
//
// Row counts, sizes and statistics are absent or zero, privileges follow the policy, keys are the declared ones, and
// comments say what may be asked.
//
// What tells of sessions (pg_stat_activity, pg_prepared_statements, pg_cursors) or does something to them (pg_cancel_backend,
// pg_terminate_backend, pg_sleep) goes through View.Session, which knows the sessions of the same user alone (sessions.go).
//
// Read next: service.go (the entry points), compile.go and select.go (the rewriting), functions.go (the closed list),
// snapshot.go and objects.go (what a View becomes).
package introspect
