// Package proxy is the PostgreSQL wire: bytes, TLS, log-in, sessions, cancel, SQLSTATE, text and binary encoding.
//
//	accept ─► start-up reader ─► TLS ─► SCRAM ─► session ─┬─ simple: Query
//	                                                      ├─ extended: Parse Bind Describe Execute Close Flush Sync
//	                                                      └─ answer.Request ─► Introspector or Backend ─► pacer ─► rows
//
// One goroutine serves one connection. Messages are decoded and encoded by pgx's pgproto3; frames are cut by our own
// reader (wire_read.go), which looks at a length before it allocates, and the phase before log-in is read by our own
// parser (packet.go), since pgproto3's refuses protocol versions that must be negotiated.
//
// An answer is drawn once for a portal or cursor (draw.go) and then paged from there: fetching on, fetching again and
// rewinding never ask the backend a second time. Parse and Describe read nothing.
//
// The package knows no ε, plans nothing and reads no data. Values that it encodes are answer.Cell, which only
// publishable values become. Errors that are no *refusal.Error reach the client as XX000 with an incident number.
//
// Read next: session.go for the loop, run.go for the statements, sessions.go for what sessions of one user see of each other, subpackages scram, setting and value.
package proxy
