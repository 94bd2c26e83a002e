// Package expr holds typed scalar expressions: types, domains, totality, and their SQL in each engine's dialect.
//
//	syntax tree (package rewrite) ──Builder──► Expr{Type, Domain} ──Print──► SQL
//
// Every function and operator stands in one table with its types, how it maps domains (interval arithmetic), and how it
// is made total: an expression over private rows can never make the engine fail, whatever the rows hold.
//
// The invariant that everything rests on: an Expr's value, as printed, lies in its Domain for every row, also for rows
// that a WHERE in the same query would drop (an engine may reorder). A Column enforces its domain by its own clamp.
//
// It knows no relations, no aggregates and no privacy units.
package expr
