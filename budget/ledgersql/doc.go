// Package ledgersql is the durable budget.Ledger: one SQL schema, in a SQLite file or in PostgreSQL.
//
//	Reserve, Adjust … ─┐ urgent: the caller waits
//	                   ├─► queue ──writer goroutine──► one write transaction a batch ──► SQLite | PostgreSQL
//	Commit, Record …  ─┘ lazy: rides with the next batch, at most 20 ms later
//
//	in each transaction:  lock and read the head of the history's chain
//	                      read the accounts, apply each operation to them in memory, refuse what does not fit
//	                      write accounts, reservations, history and the head; COMMIT, durable
//
// Group commit: what arrives while a transaction is being written shares the next one. Each operation is still decided
// by itself, in order, on balances that contain everything before it, so that a batch never allows what single
// transactions would have refused.
//
// Processes: the head's row is locked first by every write transaction (SQLite: BEGIN IMMEDIATE locks the file), so that
// writes of all processes are serial, and the chain has one order. Nothing is cached from one transaction to the next.
//
// Crashes: a reservation is on disk before Reserve returns, and counts until it is ended. One whose process has vanished
// is marked "crashed" after its lease (two minutes) and stays charged. A COMMIT whose outcome is unknown counts as made.
//
// What a lazy write promises: it is seen at once by every call on this ledger, is written in the order of the calls,
// survives Close, and is kept and tried again while the store is away. After a crash it may be missing: then the
// reservation is charged without its release, and the question has to be paid for again.
//
// The package decides nothing about accountants, windows and limits: that is package budget (State, Window, Limit).
package ledgersql
