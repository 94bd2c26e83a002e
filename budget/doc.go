// Package budget keeps the accounts: what each analyst, and all analysts together, have spent on a dataset.
//
//	plan's Loss ──Reserve──► Reservation (durable) ──engine is asked──► Commit(releases, outcome)
//	                                                              └───► Fail(outcome): the charge stays
//	                                 └─ engine could not be asked ────► Release: nothing was asked, nothing is charged
//
// A Ledger is durable state in SQLite (one process) or PostgreSQL (any number of processes): accounts' spent loss by
// refresh window, reservations, releases (to answer the same question again for free), query counters and history.
// Both stores run the same SQL schema and pass one suite (budget/budgettest).
//
// It knows no SQL of analysts, no noise and no wire.
package budget
