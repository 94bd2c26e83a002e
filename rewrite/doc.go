// Package rewrite decides which SQL is answered and what is sent to the engine.
//
//	text ──Parse──► Statement        every node kind is on a closed list
//	     ──Resolve─► Relation        names, types, domains, privacy unit from the catalog
//	     ──rules───► Relation        Public | Protected → Bounded → Released, one rule a file
//	     ──plan────► Plan            measurements with their sensitivity and price, and the outer query
//
// It owns sensitivity, the SQL that is printed for each engine's dialect, and the texts of refusals. It reads no data,
// keeps no state but its plan cache, and knows no budgets and no wire. Read plan.go next.
package rewrite
