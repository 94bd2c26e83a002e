package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// An audit tells claim and finding for each query, and leaves ledger, limits and budgets alone.
func TestAuditCommand(t *testing.T) {
	csv := writeFile(t, "persons.csv", personsCSV)
	file := writeFile(t, "c.yaml", strings.Replace("ledger: sqlite:./state/ledger.db\n"+checkedConfig(csv, "{age: {lower: 0, upper: 110}}"),
		"    tables:", "    query: {epsilon: 0.5, max_epsilon: 1}\n    tables:", 1))
	queries := writeFile(t, "q.sql", "SET dp.epsilon = 0.1;\nSELECT count(*) FROM persons; RESET dp.epsilon;\n")
	var out, messages bytes.Buffer
	if code := run(context.Background(), []string{"audit", "-c", file, "-q", queries}, &out, &messages); code != exitUsage || !strings.Contains(messages.String(), "not RESET") {
		t.Errorf("exit %d: %s", code, &messages)
	}
	queries = writeFile(t, "q.sql", "SET dp.epsilon = 0.1;\nSELECT count(*) FROM persons; SET dp.epsilon TO DEFAULT;\nSELECT * FROM persons; SELECT 1;\n")
	out.Reset()
	if code := run(context.Background(), []string{"audit", "-c", file, "-q", queries, "--samples", "100", "-o", "json"}, &out, &messages); code != 0 {
		t.Fatalf("exit %d: %s", code, &messages)
	}
	var reports []map[string]any
	if err := json.Unmarshal(out.Bytes(), &reports); err != nil || len(reports) != 3 {
		t.Fatalf("%v\n%s", err, &out)
	}
	if r := reports[0]; r["verdict"] != "holds" || r["claimed_epsilon"] != 0.1 || r["sensitivity"] != "within" || r["units"] != 2.0 {
		t.Errorf("%v", r)
	}
	if reports[1]["verdict"] != "refused" || reports[2]["verdict"] != "public" {
		t.Errorf("%s", &out)
	}
	if _, err := os.Stat(filepath.Join(filepath.Dir(file), "state")); !os.IsNotExist(err) {
		t.Errorf("the ledger was opened: %v", err)
	}
	for _, args := range [][]string{{"audit"}, {"audit", "-c", file}, {"audit", "-c", file, "-q", queries, "--units", "0"}} {
		if code := run(context.Background(), args, &out, &messages); code != exitUsage {
			t.Errorf("%v: exit %d", args, code)
		}
	}
}
