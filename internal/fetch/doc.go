// Package fetch brings files from HTTPS and from S3-compatible storage onto this machine, whole and checked, or not at all.
//
//	Address ──► client (net/http, minio-go) ──► name.part, counted and hashed ──► length, SHA-256 ──► name
//
// A file that is too long, cut short, late or of another checksum is removed and never seen by anybody. Credentials are
// given by the caller; no message repeats them, nor the query of an address.
package fetch
