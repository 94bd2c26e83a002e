// Package sqltest runs the SQL cases of testdata/sql against real engines. See testdata/sql/README.md.
// It has tests only.
package sqltest
