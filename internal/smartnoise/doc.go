// Package smartnoise turns the metadata files of SmartNoise SQL and of Lomas into a configuration of dpproxy.
//
//	metadata.yaml ──Read──► Metadata ──Config(source's schema)──► YAML of our own, with a line on each thing that has no equal
//
// SmartNoise writes database → schema → table → columns, with the table's options (rows, max_ids, row_privacy, censor_dims, …)
// between the columns. Lomas writes one table: its options, and the columns under `columns`. Keys that neither knows are told in a comment,
// not dropped.
//
// It reads names and types of a source, never values.
package smartnoise
