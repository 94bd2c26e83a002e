package answer

import (
	"testing"

	"github.com/dpproxy/dpproxy/mechanism"
	"github.com/dpproxy/dpproxy/privacy"
	"github.com/dpproxy/dpproxy/refusal"
)

// TestPipelinesAreNotMixed: a measurement of the cell-key pipeline on a data set of differential privacy is never asked, whoever planned it.
func TestPipelinesAreNotMixed(t *testing.T) {
	f := newFixture(t)
	plan := countBySex(privacy.EpsilonUnits)
	plan.Blocks[0].Cells = &mechanism.CellSpec{Tables: &mechanism.CellTables{}}
	f.planner.plans[question] = plan
	lines, _, err := f.ask(f.request("alice", question))
	if _, told := refusal.As(err); err == nil || told || len(lines) > 0 {
		t.Errorf("answered %q, %v", lines, err)
	}
}
