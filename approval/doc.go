// Package approval is the language of approved queries: scripts that analysts record, signatures of approvers, and
// signed executions.
//
//	analyst   ── record ──►  Script ── review, Sign ──►  Approved ── Execution ──► server
//	approvers ───────────────────────┘                                             │
//	ledger: acts of the approvers (who they are now, what is revoked), runs ───────┘ Check
//
// What is signed is canonical: a Script is decoded strictly (unknown fields, duplicate keys and text after the end are
// refused) and encoded anew from its type, so that the same meaning has the same bytes, and each signature begins with the name of
// what it signs, so that none can stand for another. Every field that changes what is run is inside of the signed bytes.
//
// The package knows no SQL: that a statement is the approved one is decided by package answer, on plans.
package approval
