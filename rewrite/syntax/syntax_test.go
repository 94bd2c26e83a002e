package syntax_test

import (
	"strings"
	"testing"
	"time"

	"github.com/dpproxy/dpproxy/internal/hostile"
	"github.com/dpproxy/dpproxy/refusal"
	"github.com/dpproxy/dpproxy/rewrite/syntax"
)

// Every construct, as long as a message may be and about as long as is let through: the process lives, each is parsed or
// refused, and none takes long (limits of time are a hundred times what they take).
func TestNoTextEndsTheProcess(t *testing.T) {
	for _, c := range hostile.Constructs() {
		most := c.Most(syntax.MaxBytes)
		for _, n := range []int{most, longest(c, syntax.MaxChain), longest(c, syntax.MaxDepth)} {
			start := time.Now()
			trees, err := syntax.Parse(c.SQL(n))
			if err != nil {
				r, ok := refusal.As(err)
				if !ok || r.Code != refusal.StatementTooComplex && r.Code != refusal.SyntaxError && r.Code != refusal.ProgramLimitExceeded {
					t.Errorf("%s × %d gave %v", c.Name, n, err)
				}
				continue
			}
			for _, tree := range trees {
				if _, err := syntax.Deparse(tree.Stmt); err != nil {
					t.Errorf("%s × %d was parsed and not printed: %v", c.Name, n, err)
					break
				}
			}
			if took := time.Since(start); took > time.Minute {
				t.Errorf("%s × %d took %v", c.Name, n, took)
			}
		}
	}
}

// longest is the largest of three n near a limit that Check lets through.
func longest(c hostile.Construct, limit int) int {
	for _, n := range []int{limit - 2, limit/2 - 2} {
		if syntax.Check(c.SQL(n)) == nil {
			return n
		}
	}
	return limit/3 - 2
}

func TestLimits(t *testing.T) {
	deep := strings.Repeat("(", syntax.MaxDepth+1) + "1" + strings.Repeat(")", syntax.MaxDepth+1)
	for _, c := range []struct {
		sql  string
		code refusal.Code
	}{
		{"SELECT " + deep, refusal.StatementTooComplex},
		{"SELECT " + deep[1:len(deep)-1], ""},
		{"SELECT '" + strings.Repeat("a", syntax.MaxBytes) + "'", refusal.ProgramLimitExceeded},
		{"SELECT 1" + strings.Repeat("+1", syntax.MaxChain+1), refusal.StatementTooComplex},
		{"SELECT now()" + strings.Repeat(" AT TIME ZONE 'UTC'", syntax.MaxChain+1), refusal.StatementTooComplex},
		{"SELECT " + strings.Repeat("+", syntax.MaxRun+1) + "1", refusal.StatementTooComplex},
		{"SELECT 1 -- " + strings.Repeat("-", syntax.MaxRun+1), refusal.StatementTooComplex},
		{"SELECT 1 -- " + strings.Repeat("-", 80) + "\n/*" + strings.Repeat("*", 120) + "*/", ""},
		{"SELECT CASE " + strings.Repeat("WHEN true THEN 1 ", 2*syntax.MaxDepth) + "END", ""},
		{"SELECT " + strings.Repeat("CASE WHEN true THEN 1 END, ", 2*syntax.MaxDepth) + "1", ""},
		{"SELECT 1 IN (" + strings.Repeat("1, ", 20_000) + "1)", ""},
		{"SELECT 1\x00; DROP TABLE t", refusal.CharacterNotInRepertory},
		{"SELECT '\xff'", refusal.CharacterNotInRepertory},
	} {
		_, err := syntax.Parse(c.sql)
		r, _ := refusal.As(err)
		if (err == nil) != (c.code == "") || r != nil && r.Code != c.code {
			t.Errorf("%.60q… gave %v, want %s", c.sql, err, c.code)
		}
	}
}
