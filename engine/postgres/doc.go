// Package postgres is the engine for PostgreSQL and for whatever speaks its protocol.
//
//	Run     BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY │ query │ … │ COMMIT      one round trip
//	Finish  BEGIN READ ONLY │ WITH inputs AS (bound arrays) query │ COMMIT            rows stream
//
// Every statement is sent by the extended protocol, one statement a message, inside a read-only transaction, and results
// come back as PostgreSQL's own output text. Settings that change that text, or what a name means, are fixed when a
// connection starts (see settings); where a pooler between us and the server refuses that, they are set in each
// transaction instead.
//
// A cancelled context cancels the query on the server, until the server says that it ended, and gives the connection up. A connection whose transaction did not
// end well is never used again.
//
// The package decides nothing about privacy, and it prints no SQL but its own: measurements and outer queries come from
// package rewrite.
package postgres
