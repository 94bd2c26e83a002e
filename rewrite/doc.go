// Package rewrite decides which SQL is answered and what is sent to the engine.
//
//	text ──Parse──► Statement        every node kind is on a closed list
//	     ──Resolve─► Relation        names, types, domains, privacy unit from the catalog
//	     ──rules───► Relation        Public | Protected → Bounded → Released, one rule a file
//	     ──plan────► Plan            measurements with their sensitivity and price, and the outer query
//
// Keys that are columns of public tables are known after a second pass: the plan says what to read, see Complete.
// It owns sensitivity, the SQL that is printed for each engine's dialect, and the texts of refusals. It reads no data,
// keeps no state but its plan cache, and knows no budgets and no wire. Read plan.go next.
//
// How to add an aggregate. If it is a formula of sums of powers, as variance is: one entry in the table in aggregates.go says its
// arguments, its result, its degree and its formula; the formula is one in mechanism/estimator.go, with its interval. If it
// is a rank, its entry says "a histogram", and quantiles.go gives the ranks. A name that PostgreSQL does not know is an entry
// with a function that writes it as one that it knows. Then name it in catalog.Functions, docs/sql.md and docs/configuration.md, and
// add cases to testdata/sql/queries: their plans, answers and stability are checked on both engines, and a test fails until all of
// these are there. An aggregate of another shape needs a spec of its own: see the list of kinds in specs.go.
package rewrite
