// Package config reads the one YAML (or JSON) file that a data owner writes.
//
//	file, includes ──parse──► nodes with places ──decode, ${ENV}──► Config ──check──► []Fault, or a Config to serve
//	                                                      └──► catalog.Declaration ──(package catalog, with the
//	                                                           source's schema)──► catalog.Dataset
//
// Everything is denied unless it is written. Decoding is strict: an unknown key, a key that occurs twice or a value of
// the wrong form is a fault with file, line and column, and all faults are found in one run. Defaults are declared
// once, in defaults.go, with the reason beside each number. The reference for owners is docs/configuration.md.
//
// It opens no source and no ledger: package internal/datasets does, for `dpproxy check` and `dpproxy serve` alike.
package config
