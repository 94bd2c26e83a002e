package syntax_test

import (
	"testing"

	"github.com/dpproxy/dpproxy/internal/hostile"
	"github.com/dpproxy/dpproxy/refusal"
	"github.com/dpproxy/dpproxy/rewrite/syntax"
)

// FuzzParse: whatever bytes come, the parser gives a tree that can be printed and read again, or a refusal; n repeats a
// piece of the text.
func FuzzParse(f *testing.F) {
	for _, c := range hostile.Constructs() {
		f.Add(c.Head, c.Open, c.Middle, c.Close+c.Tail, uint16(3))
	}
	f.Fuzz(func(t *testing.T, head, open, middle, end string, n uint16) {
		sql := hostile.Construct{Head: head, Open: open, Middle: middle, Tail: end}.SQL(min(int(n), syntax.MaxBytes/max(1, len(open))))
		trees, err := syntax.Parse(sql)
		if err != nil {
			if _, ok := refusal.As(err); !ok {
				t.Fatalf("%q: %v", sql, err)
			}
			return
		}
		for _, tree := range trees {
			_, _ = syntax.Deparse(tree.Stmt) // of statements that are on no list, some cannot be printed
		}
	})
}
