package main

import (
	"slices"
	"testing"

	"github.com/dpproxy/dpproxy/approval"
)

// TestReviewDistrustsTheScript: what a script says of itself is compared with what the server says.
func TestReviewDistrustsTheScript(t *testing.T) {
	p := &planned{Groups: []string{"sex"}}
	p.Price.Epsilon, p.Price.Delta, p.Price.Rho = "0.5", "0", "0"
	honest := approval.Step{SQL: "SELECT 1"}
	p.fill(&honest)
	if wrong := retold(honest, p); wrong != nil {
		t.Errorf("an honest step is wrong: %v", wrong)
	}
	forged := honest
	forged.Loss.Epsilon, forged.Groups, forged.Filters = "0.005", []string{}, []string{"age > 17"}
	if wrong := retold(forged, p); !slices.Equal(wrong, []string{"price", "groups", "filters"}) {
		t.Errorf("found %v", wrong)
	}
	if got := printable("a\u202eb\x1b[2J"); got != "a?b?[2J" {
		t.Errorf("%q can change what a terminal shows", got)
	}
}
