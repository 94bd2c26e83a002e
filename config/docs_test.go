package config

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// Every key that the decoder knows is in the owner's reference.
func TestReferenceNamesEveryKey(t *testing.T) {
	reference, err := os.ReadFile("../docs/configuration.md")
	if err != nil {
		t.Fatal(err)
	}
	files, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	keys := 0
	for _, file := range files {
		if !strings.HasPrefix(file.Name(), "decode_") {
			continue
		}
		code, err := os.ReadFile(file.Name())
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`(?m)(?:^\s*|\{|, )"([a-z_]+)":\s`).FindAllStringSubmatch(string(code), -1) {
			keys++
			if !regexp.MustCompile("`[^`\n]*\\b" + m[1] + "\\b[^`\n]*`").Match(reference) {
				t.Errorf("docs/configuration.md does not name the key %s", m[1])
			}
		}
	}
	if keys < 60 {
		t.Errorf("only %d keys were found in the decoder", keys)
	}
}

// The example at the top of the reference is a configuration.
func TestReferenceExampleLoads(t *testing.T) {
	reference, err := os.ReadFile("../docs/configuration.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(reference), "```yaml\n")
	example, _, _ := strings.Cut(rest, "```")
	file := t.TempDir() + "/c.yaml"
	if err := os.WriteFile(file, []byte(strings.Replace(example, "SCRAM-SHA-256$4096:…", verifier, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	if c := mustLoad(t, file); len(c.Datasets) != 1 || len(c.Users) != 1 {
		t.Errorf("got %d datasets and %d users", len(c.Datasets), len(c.Users))
	}
}
