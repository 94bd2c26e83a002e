package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
)

const edited = `# The owner's file.
listen: 127.0.0.1:6432   # loopback
ledger: sqlite:./ledger.db
includes: more.yaml
datasets:
  - name: census
    source: duckdb:census.duckdb
    budget: {epsilon: 10, delta: 1e-6}
    tables: {cities: {public: true}}

# People.
users:
  # alice leads.
  - name: alice
    password: "%"   # from the vault
    datasets:
      census: {budget: {epsilon: 5, delta: 1e-7}}

  # bob is new.
  - name: bob
    password: "%"
    # no data yet
    may_query: false

log: {level: info}
`

func openEdited(t *testing.T, more string) (*Editor, string) {
	t.Helper()
	dir := t.TempDir()
	path := filepath.Join(dir, "c.yaml")
	for name, text := range map[string]string{"c.yaml": edited, "more.yaml": more} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(strings.ReplaceAll(text, "%", verifier)), 0o640); err != nil {
			t.Fatal(err)
		}
	}
	e, err := OpenEditor(path, os.LookupEnv)
	if err != nil {
		t.Fatal(err)
	}
	return e, dir
}

func node(t *testing.T, text string) *yaml.Node {
	t.Helper()
	var n yaml.Node
	if err := yaml.Unmarshal([]byte(text), &n); err != nil {
		t.Fatal(err)
	}
	return n.Content[0]
}

// TestEditorChangesNothingElse: items are added, replaced and removed, and every other line stays.
func TestEditorChangesNothingElse(t *testing.T) {
	e, dir := openEdited(t, "users: []\n")
	if err := e.Put("users", "bob", nil); err != nil {
		t.Fatal(err)
	}
	if err := e.Put("users", "carol", node(t, "{name: carol, password: '"+verifier+"'}")); err != nil {
		t.Fatal(err)
	}
	alice, _ := e.Item("users", "alice")
	Child(alice, "password").LineComment = "# changed"
	if err := e.Put("users", "alice", alice); err != nil {
		t.Fatal(err)
	}
	if _, faults := e.Check(); len(faults) > 1 { // carol has no data set, a warning
		t.Errorf("faults: %v", faults)
	}
	if err := e.Save(); err != nil {
		t.Fatal(err)
	}
	text, _ := os.ReadFile(filepath.Join(dir, "c.yaml"))
	got := strings.ReplaceAll(string(text), verifier, "%")
	want := strings.Replace(edited, "  # bob is new.\n  - name: bob\n    password: \"%\"\n    # no data yet\n    may_query: false\n", "", 1)
	want = strings.Replace(want, "# from the vault", "# changed", 1)
	want = strings.Replace(want, "password: \"%\"   #", "password: \"%\" #", 1)
	want = strings.Replace(want, "delta: 1e-7}}\n", "delta: 1e-7}}\n  - {name: carol, password: '%'}\n", 1)
	if got != want {
		t.Errorf("the file is\n%s\nwant\n%s", got, want)
	}
	if info, _ := os.Stat(filepath.Join(dir, "c.yaml")); info.Mode().Perm() != 0o640 {
		t.Errorf("mode is %v", info.Mode())
	}
	if left, _ := filepath.Glob(filepath.Join(dir, ".*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestEditorOverIncludes(t *testing.T) {
	e, dir := openEdited(t, "users:\n- name: dora\n  password: \"%\"\n  may_query: false\n")
	if got := strings.Join(e.Items("users"), " "); got != "alice bob dora" {
		t.Errorf("users are %s", got)
	}
	if err := e.Put("users", "eve", node(t, "{name: eve, password: '"+verifier+"', may_query: false}")); err != nil {
		t.Fatal(err)
	}
	if err := e.Put("users", "dora", nil); err != nil {
		t.Fatal(err)
	}
	if err := e.Put("users", "nobody", nil); err == nil {
		t.Error("a user that is not there was removed")
	}
	if _, faults := e.Check(); len(faults) > 0 {
		t.Errorf("faults: %v", faults)
	}
	if err := os.WriteFile(filepath.Join(dir, "more.yaml"), []byte("users: [] # somebody else\n"), 0o640); err != nil {
		t.Fatal(err)
	}
	if err := e.Save(); err == nil {
		t.Error("somebody else's change was overwritten")
	}
}

func TestEditorOfOtherForms(t *testing.T) {
	for text, want := range map[string]string{
		"users: [{name: zoe, password: \"%\", may_query: false}]\n":               "inside [ ]",
		"users:\n  -\n    name: zoe\n    password: \"%\"\n    may_query: false\n": "dash",
	} {
		e, _ := openEdited(t, text)
		if err := e.Put("users", "zoe", nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s gave %v, want %q", text, err, want)
		}
	}
	e, _ := openEdited(t, "users: []\n")
	for _, name := range []string{"alice", "bob"} {
		if err := e.Put("users", name, nil); err != nil {
			t.Fatal(err)
		}
	}
	if _, faults := e.Check(); len(faults) > 0 {
		t.Errorf("without users: %v", faults)
	}
	if err := e.Put("users", "new", node(t, "{name: new, password: '"+verifier+"', may_query: false}")); err != nil {
		t.Fatal(err)
	}
	if c, faults := e.Check(); len(faults) > 0 || len(c.Users) != 1 {
		t.Errorf("with a new one: %v", faults)
	}
}
