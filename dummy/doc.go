// Package dummy makes rows that nobody lived: they follow a data set's declaration alone, and no source is ever read.
//
//	catalog.Dataset + Options{Seed, Units} ──Generate──► []Table     the same seed and declaration give the same rows
//
// Values have the column's type, lie within its bounds or in its list, are NULL now and then where NULL may occur, and are
// unique where the column is; a table that points to the unit, or to another table on the way to it, has only values that
// exist there, so that joins find rows; units have several rows. Beyond that they mean nothing: no distribution, and no
// dependence between columns, is declared or imitated.
//
// Each value depends on the seed, the table, the column and the row's number alone, so that another column in the
// declaration changes no other.
//
// Read next: generate.go (tables and their order), value.go (one value).
package dummy
