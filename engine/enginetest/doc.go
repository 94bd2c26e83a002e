// Package enginetest is the one suite that every engine passes.
//
//	enginetest.Run(t, harness)    types │ run │ finish │ read-only │ cancel │ schema │ keys
//
// A Harness makes engines over sources that the suite fills with the same rows by the same SQL; the suite then expects
// the same text from all of them: PostgreSQL's. What only one kind of source can do (a server that stops, a second
// writer) is tested in the engine's own package.
//
// Only tests import this package. Values reads an Exact, which nothing else can.
package enginetest
