// Package utility measures how far answers are off: mean absolute errors of dpproxy, the whole way from SQL to text, beside
// those of Google's differential privacy library for Go on the same rows at the same ε and δ.
//
//	make bench-utility                  the table of docs/utility.md
//	go test ./internal/utility          the yardsticks: what a change must not make worse
//
// It has tests only, as Google's library is for tests only.
package utility
