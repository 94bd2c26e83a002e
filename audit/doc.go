// Package audit tries to catch dpproxy lying, on the owner's own data and queries.
//
//	source ──Without(unit)──► D, D′                       one unit less, by a filter in the SQL: nothing is written
//	D, D′ ──one fixed salt──► whole numbers ──exact──► moved by more than declared?          no statistics
//	      └─proxy over TCP──► thousands of answers each ──events──► ε found against ε claimed   Clopper–Pearson
//
// For each query it takes units out, one at a time. It compares the whole numbers that the engine gives for both databases with the
// sensitivities of the plan, exactly. Then, for the unit that moves most, it serves both databases by two complete
// proxies, asks each the query thousands of times over the wire protocol, lets half of the answers choose the event that tells them apart
// best (half lines, single outcomes, residues, low bits, what textbook noise in floating point can reach, a group's presence, the
// length of a text, a linear classifier over all columns), and bounds what that event proves with the other half. Rows that belong to no unit are taken
// out too: nothing may move with them.
//
// The salt that chooses a unit's rows is fixed for both sides: the guarantee holds for every salt, so for this one too. It
// lets one run of the engine serve all answers.
//
// It writes to no source and to no ledger: charges go to a ledger in memory that forgets them. True values stay in the
// memory of the process, and no text of this package holds one: a report names the kind of event, never where the line was drawn.
//
// Read audit.go next.
package audit
