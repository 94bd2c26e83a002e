package config

import (
	"testing"

	"github.com/dpproxy/dpproxy/internal/fetch"
)

// TestSameSource: two data sets of files share a source where they share one file, be it here or elsewhere.
func TestSameSource(t *testing.T) {
	files := func(list ...SourceFile) Source { return Source{Kind: SourceFiles, Files: list} }
	remote := func(url string) SourceFile { return SourceFile{Table: "t", Remote: &fetch.Address{URL: url}} }
	for _, c := range []struct {
		a, b Source
		same bool
	}{
		{files(SourceFile{Path: "/a"}), files(SourceFile{Path: "/b"}, SourceFile{Path: "/a"}), true},
		{files(SourceFile{Path: "/a"}), files(SourceFile{Path: "/b"}), false},
		{files(remote("https://h/a.csv")), files(remote("https://h/a.csv?token=x")), true},
		{files(remote("https://h/a.csv")), files(remote("https://h/b.csv")), false},
		{files(remote("https://h/a.csv")), files(SourceFile{Path: "/a"}), false},
	} {
		if sameSource(c.a, c.b) != c.same {
			t.Errorf("%+v and %+v: %t", c.a, c.b, !c.same)
		}
	}
}
