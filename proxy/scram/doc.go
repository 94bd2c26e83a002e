// Package scram is the server's side of SCRAM-SHA-256 and SCRAM-SHA-256-PLUS (RFC 5802, 7677; channel binding
// tls-server-end-point, RFC 5929), and the verifiers that PostgreSQL stores for it.
//
//	client-first ──First──► server-first ──► client ──Final──► server-final, and whether the proof was right
//
// It never sees a password except in NewVerifier. An unknown user gets Mock's verifier, which nobody can satisfy, so
// that the exchange takes the same messages, the same round trips and the same work as a known one's.
//
// It reads no socket and knows no users; package proxy carries the messages.
package scram
