// Package clienttest runs real clients of PostgreSQL against the proxy: drivers, BI tools, another PostgreSQL.
//
//	site        PostgreSQL ◄── dpproxy serve (TLS, SCRAM) ◄── what a client needs to know, as variables
//	cmd/site    starts a site and runs a command: go run ./internal/clienttest/cmd/site psql
//	testdata/   one folder for each client: run.sh installs it from its registry and runs its checks
//
// A run.sh prints a line `ok WHAT` for each check that passed and ends with status 0; it ends with status 77, and says
// why, where the toolchain is not on this machine. The tests need the network, and so stand behind the build tag
// `clients`: make test-clients.
package clienttest
