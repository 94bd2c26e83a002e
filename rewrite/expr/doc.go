// Package expr holds typed scalar expressions: types, domains, totality, and their SQL in each engine's dialect.
//
//	syntax tree (package rewrite) ──Builder──► Expr{Type, Domain} ──Print──► SQL
//
// Every function and operator stands in one table (functions_*.go, arith_table.go, compare.go) with its operand types, its
// domain rule (interval arithmetic on big.Rat), how it is made total, and its SQL where the engines differ. What is not
// in the table cannot be called.
//
// # Totality
//
// Over private rows (Private) an expression can never make the engine fail, whatever the rows hold, since that it failed would
// be one bit about a row. A guard in another condition guards nothing, as planners reorder; so every expression brings its own:
//
//   - whole numbers are widened where the interval of the result leaves the type: integer → bigint → numeric (HUGEINT in
//     DuckDB). Type goes on telling PostgreSQL's type; reprOf tells the printed one; values stay exact, also where
//     PostgreSQL itself would have failed. GroupKey, narrowing casts and functions that take an integer bring them back, to
//     NULL where they do not fit;
//   - a divisor that can be 0 becomes NULL there, and so does what ln, sqrt, power or a cast cannot take;
//   - float operands must be bounded so that nothing overflows; magnitudes so small that a product underflows (an error in
//     PostgreSQL) count as 0, a divisor too near to 0 gives NULL;
//   - private text is cast only where a fixed regular expression says that it reads as the type; texts of unknown length are
//     cut to a million characters where a function copies them; patterns are constants that need no backtracking;
//   - dates and timestamps outside the years 1 to 9999 count as the ends of that calendar where one calculates with them;
//     timestamptz is seen in UTC whatever the session says.
//
// Where PostgreSQL's own expression succeeds the guarded one gives the same, but for these limits. Over public and released rows
// (Public) nothing is guarded.
//
// # Domains
//
// The invariant that everything rests on: an Expr's value, as printed, lies in its Domain's Lo, Hi and Step for every row,
// also for rows that a WHERE in the same query would drop (an engine may reorder). A Column enforces its bounds by its own
// clamp; a comparison with a constant within them leaves the clamp out, as the outcome is the same and an index can be used.
// Inside, every node has a span besides, which knows the types' own ranges and guards: guards rest on the span, sums on
// the Domain, so that a column without declared bounds stays one.
//
// Domain.Values of a column is the owner's claim, which nothing enforces: it makes keys public and goes through functions of
// constants, but no guard and no bound rests on it.
//
// # Adding a function
//
// Add a row to the list of its family: operand kinds, result, a template for PostgreSQL (and for DuckDB, where it differs),
// a build function if it can fail or if its domain is known, a fold if constants and listed values should go through it.
// Then add a line to totalTable in total_table_test.go: name, column types, and how it is built. The test runs it over the
// worst values of those types on both engines, with and without bounds: no failure, values within the Domain, PostgreSQL's own
// result where that does not fail, both engines alike. typing_test.go compares its types with PostgreSQL's by itself.
//
// The package knows no relations, no aggregates and no privacy units; other packages' nodes (aggregate and window calls) take
// part by implementing Expr, and WithChildren(children []Expr) Expr for Rewrite.
package expr
