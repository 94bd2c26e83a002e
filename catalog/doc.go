// Package catalog is what the data owner declared: datasets, tables, columns, bounds, domains, the privacy unit and
// public tables. What is not declared does not exist.
//
//	YAML (package config) ──┐
//	                        ├─► Build ──► *Dataset (immutable) ──► rewrite, introspect, answer
//	source's schema ────────┘
//
// A *Dataset is immutable after Build; a reload makes a new one. It holds no connection, no values of rows and no
// statistics. It knows no SQL grammar: see package rewrite.
package catalog
