// Package site starts a PostgreSQL with the tables of the client tests, and a proxy in front of it, as an owner would: a
// built binary, a configuration file, a certificate. Only tests and internal/clienttest/cmd/site import it.
package site
