package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// TestExamplesOfPolicyAndAccounts: the examples of policy and accounts can be served, and their collection imported.
func TestExamplesOfPolicyAndAccounts(t *testing.T) {
	for _, name := range []string{"policy", "owner"} {
		dir := t.TempDir()
		if err := os.CopyFS(dir, os.DirFS(filepath.Join("../../examples", name))); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, "dpproxy.yaml")
		var out, messages bytes.Buffer
		if code := run(t.Context(), []string{"check", path}, &out, &messages); code != 0 {
			t.Errorf("%s: exit code %d\n%s%s", name, code, &out, &messages)
		}
		if name == "owner" {
			args := []string{"user", "import", filepath.Join(dir, "users.yml"), "--overwrite", "--yes", "--config", path}
			if code := run(t.Context(), args, &out, &messages); code != 0 {
				t.Errorf("import: exit code %d\n%s%s", code, &out, &messages)
			}
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			want(t, string(text), "# Ana asks every month.", "name: dora")
		}
	}
}
