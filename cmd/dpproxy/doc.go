// Command dpproxy is a SQL proxy that gives differentially private answers to ordinary PostgreSQL clients.
//
// It holds the command line, the order of construction, and shutdown; it decides nothing. Each command has a file of
// its own; root.go lists them.
package main
