// Package dpproxy_test holds what is true of the whole repository: which room may import which.
package dpproxy_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/dpproxy/dpproxy/"

// leaves are imported by everybody: errors that an analyst may see, and nothing of ours below them.
const leaves = "refusal"

// rooms is the import table: who may open which door. Folders below a room belong to it unless they stand here
// themselves; a room may import its own folders, and those import the room. Tests may import more: they are not read.
//
// The rows follow docs/architecture: data goes one way, and the graph has no cycle.
func rooms() map[string]string {
	return map[string]string{
		".":              "",
		"refusal":        "",
		"privacy":        "",
		"catalog":        "privacy",
		"rewrite":        "catalog privacy mechanism",
		"rewrite/expr":   "catalog",
		"rewrite/syntax": "",
		"dummy":          "catalog",
		"mechanism":      "privacy",
		"budget":         "privacy",
		"ratelimit":      "",
		"engine":         "mechanism catalog",
		"introspect":     "catalog rewrite/syntax", // trees only: it plans nothing
		"approval":       "",
		"answer":         "approval rewrite engine budget ratelimit mechanism catalog privacy",
		"proxy":          "answer introspect catalog",
		"login":          "answer",
		"config":         "approval catalog privacy budget ratelimit mechanism login internal/fetch", // each package's Config type
		"audit":          "answer proxy engine budget ratelimit rewrite mechanism catalog privacy",   // two proxies of its own, to be attacked
		"cmd/dpproxy":    "*",

		"internal/hostile":     "",
		"internal/sqltest":     "", // tests only
		"internal/utility":     "", // tests only
		"internal/fetch":       "",
		"internal/metrics":     "",
		"internal/ownerpage":   "approval config budget answer privacy",
		"internal/smartnoise":  "catalog",
		"internal/testservers": "",
		"internal/clienttest":  "internal/testservers proxy", // a tool for tests
		"internal/tracing":     "answer",
		"internal/demodata":    "",
		"internal/datasets":    "catalog config dummy engine internal/fetch mechanism rewrite", // part of the construction order of cmd/dpproxy
	}
}

// TestImportTable fails where a package opens a door that the table does not give it.
func TestImportTable(t *testing.T) {
	table := rooms()
	seen := map[string]bool{}
	err := filepath.WalkDir(".", func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && file != "." && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata") {
			return fs.SkipDir
		}
		if !strings.HasSuffix(file, ".go") || strings.HasSuffix(file, "_test.go") {
			return nil
		}
		dir := filepath.ToSlash(filepath.Dir(file))
		room := roomOf(table, dir)
		if room == "" {
			t.Errorf("%s: no row of the import table covers this folder", dir)
			return nil
		}
		seen[room] = true
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		for _, spec := range parsed.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			if strings.HasPrefix(imported, module) && !allowed(table, room, dir, strings.TrimPrefix(imported, module)) {
				t.Errorf("%s imports %s, which the import table does not allow to %s", file, imported, room)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for room := range table {
		if !seen[room] {
			t.Errorf("the import table has a row for %s, which does not exist", room)
		}
	}
}

// TestDangerousDoors holds the imports of others' packages that only one room may have.
func TestDangerousDoors(t *testing.T) {
	for imported, owners := range map[string][]string{
		"github.com/pganalyze/pg_query_go/v5":          {"rewrite/syntax"},
		"github.com/duckdb/duckdb-go/v2":               {"engine", "internal/demodata", "introspect"},
		"github.com/duckdb/duckdb-go-bindings":         {"engine"},
		"math/rand":                                    nil,
		"math/rand/v2":                                 nil,
		"github.com/google/differential-privacy/go/v3": nil,
		"github.com/mattn/go-sqlite3":                  {"budget"},
		"github.com/ulule/limiter/v3":                  {"ratelimit"},
	} {
		for file, paths := range importsOf(t) {
			for _, p := range paths {
				if p != imported && !strings.HasPrefix(p, imported+"/") {
					continue
				}
				// Rooms that serve tests alone may have what they like, but for noise that can be told in advance.
				forTests := strings.HasSuffix(path.Dir(file), "test") && !strings.HasPrefix(imported, "math/rand")
				if room := roomOf(rooms(), path.Dir(file)); !slices.Contains(owners, room) && !forTests {
					t.Errorf("%s imports %s, which only %v may", file, p, owners)
				}
			}
		}
	}
}

// importsOf lists the imports of every file that is no test.
func importsOf(t *testing.T) map[string][]string {
	t.Helper()
	out := map[string][]string{}
	err := filepath.WalkDir(".", func(file string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(file, ".go") || strings.HasSuffix(file, "_test.go") {
			return err
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		for _, spec := range parsed.Imports {
			p, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			out[filepath.ToSlash(file)] = append(out[filepath.ToSlash(file)], p)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// roomOf finds the longest row that covers a folder. The root's row covers its own files alone.
func roomOf(table map[string]string, dir string) string {
	if dir == "." {
		return dir
	}
	for d := dir; d != "." && d != "/"; d = path.Dir(d) {
		if _, ok := table[d]; ok {
			return d
		}
	}
	return ""
}

func allowed(table map[string]string, room, dir, imported string) bool {
	target := roomOf(table, imported)
	switch {
	case target == room || target == leaves:
		return true
	case table[room] == "*":
		return true
	case strings.HasPrefix(target, room+"/"):
		return true // a room's own folders
	case strings.HasSuffix(dir, "test"):
		return true // suites that several packages' tests share
	}
	return slices.Contains(strings.Fields(table[room]), target)
}
