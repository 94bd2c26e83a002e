package answer

import "testing"

// TestFunctionsAreKnownAgain: what a user may use is worked out once, and not told apart by who asks.
func TestFunctionsAreKnownAgain(t *testing.T) {
	f := newFixture(t)
	v, done := f.Service.use()
	defer done()
	var first []string
	for range 3 {
		_, _, g, err := v.find(f.request("alice", "SELECT 1").Identity, f.Service.Clock())
		if err != nil {
			t.Fatal(err)
		}
		if len(g.functions) == 0 || first != nil && &g.functions[0] != &first[0] {
			t.Fatalf("functions %v are worked out again", g.functions)
		}
		first = g.functions
	}
}
