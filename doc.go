// Package dpproxy is the root of a SQL proxy that gives differentially private answers. It has no code but a test of which
// room may import which (imports_test.go).
//
// Each folder is one room with one job, and doc.go in it draws its part; docs/architecture.md draws the whole. To begin
// reading, take answer/answer.go, which tells the way of a query in one function; README.md lists the rooms.
package dpproxy
