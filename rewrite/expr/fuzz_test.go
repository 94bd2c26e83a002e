package expr

import (
	"regexp"
	"testing"
)

// What checkRegex accepts compiles as RE2, and so in DuckDB; reading it ends.
func FuzzCheckRegex(f *testing.F) {
	for _, p := range []string{"abc", "^a.*b$", "[a-z]+[0-9]{2,4}", "(foo|bar)?x", `\d+\.\d*`, "[[:alpha:]_-]", "a{3,1}", "(?:ab){2}", "[^,]*", `(a)\1`, "(a*)*", "[a[b]"} {
		f.Add(p)
	}
	f.Fuzz(func(t *testing.T, pattern string) {
		if checkRegex(pattern, -1) != nil {
			return
		}
		if _, err := regexp.Compile("(?s)" + pattern); err != nil {
			t.Errorf("%q was accepted: %v", pattern, err)
		}
	})
}

// An interval that is read has an output text that reads as the same interval.
func FuzzInterval(f *testing.F) {
	for _, s := range []string{"1 day", "1 year 2 mons -3 days +04:05:06", "90 min ago", "1.5 months", "-04:05", "1e5 s"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		d, ok := parseInterval(text)
		if !ok {
			return
		}
		if again, ok := parseInterval(d.text()); !ok || again != d {
			t.Errorf("%q is %+v, its text %q is %+v", text, d, d.text(), again)
		}
	})
}
