// Package testservers starts real PostgreSQL and Redis servers for tests.
//
//	Postgres(t)        URL of a fresh, empty database on a server that the whole test process shares
//	Redis(t)           URL of a fresh, empty database number, likewise
//	PostgresServer(t)  a *Server of the test's own, which it may stop, crash and start again
//	RedisServer(t)     likewise
//
// The shared servers start when they are first asked for and stop when the process ends, however it ends: each server
// hangs on a small supervising shell that reads from a pipe, and the pipe's end is the test process's end. Nothing
// is left behind, neither a process nor a directory.
//
// If DPPROXY_TEST_POSTGRES or DPPROXY_TEST_REDIS holds a URL, the shared server is that one. The command
// internal/testservers/cmd/testservers starts both servers once, sets the variables, and runs a command:
//
//	go run ./internal/testservers/cmd/testservers go test ./...
//
// If DPPROXY_POSTGRES_BIN holds a directory, PostgreSQL's programs are taken from there, so that a test runs on another
// version than the installed one.
//
// A server that is not installed is installed by apt-get, where the process is root on a Debian system; otherwise the
// test fails and says what is missing. Tests are never skipped.
//
// The shared servers are state of the process by nature; this package is the one place that keeps such state, and only
// tests import it.
package testservers
