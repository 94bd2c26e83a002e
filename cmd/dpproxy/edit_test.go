package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
)

// ownerReads is owner with something on standard input.
func (s *site) ownerReads(t *testing.T, code int, stdin string, args ...string) string {
	t.Helper()
	var out bytes.Buffer
	root := newRoot()
	root.SetIn(strings.NewReader(stdin))
	root.SetOut(&out)
	root.SetErr(&out)
	root.SetArgs(append(args, "--config", s.config))
	err := root.ExecuteContext(t.Context())
	if (err != nil) != (code != 0) {
		t.Fatalf("%v: %v, want exit code %d\n%s", args, err, code, &out)
	}
	if err != nil {
		out.WriteString(err.Error())
	}
	return out.String()
}

func (s *site) text(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(s.config)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func want(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, p := range parts {
		if !strings.Contains(text, p) {
			t.Errorf("%q is not in\n%s", p, text)
		}
	}
}

// TestEditUsers: a user comes, is granted, revoked, removed, and comes again; what was spent stays, and nothing that exists changes
// without a word.
func TestEditUsers(t *testing.T) {
	s := newSite(t)
	before := s.text(t)
	out := s.ownerReads(t, 0, "geheim\n", "user", "add", "carol", "--dataset", "census", "--epsilon", "8", "--delta", "1e-8")
	want(t, out, "+ user carol", "+  - name: carol", "SCRAM-SHA-256$…", "SIGHUP")
	if strings.Contains(out, "geheim") || strings.Count(s.text(t), "SCRAM") != 2 || !strings.HasPrefix(s.text(t), before) {
		t.Errorf("the file is\n%s\noutput\n%s", s.text(t), out)
	}
	want(t, s.ownerReads(t, 1, "x\n", "user", "add", "carol"), "already")
	want(t, s.ownerReads(t, 1, "x\n", "user", "add", "dora", "--dataset", "nowhere"), `dataset "nowhere" is not declared`, "nothing was written")
	want(t, s.ownerReads(t, 1, "", "user", "grant", "carol", "--dataset", "census", "--epsilon", "9"), "datasets.census.budget.epsilon: 8 -> 9", "--yes")
	want(t, s.ownerReads(t, 0, "", "user", "grant", "carol", "--dataset", "census", "--epsilon", "9", "--max-queries", "7", "--yes"), "~ user carol")
	want(t, s.text(t), "budget: {epsilon: 9, delta: 1e-8}", "max_queries: 7")

	_, address, stop := s.start(t)
	conn, err := connect(t, address, "carol", "geheim")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Exec(t.Context(), "SELECT count(*) FROM persons"); err != nil {
		t.Fatal(err)
	}
	stop()
	want(t, s.ownerReads(t, 0, "", "user", "show", "carol"), "census", "true", "7")
	want(t, s.ownerReads(t, 0, "", "user", "remove", "carol", "--dry-run"), "- user carol", "stays: carol on census has spent", "-  - name: carol")
	s.ownerReads(t, 0, "", "user", "remove", "carol", "--yes")
	if s.text(t) != before {
		t.Errorf("after all the file is\n%s", s.text(t))
	}
	want(t, s.ownerReads(t, 0, "", "budget", "list"), "note: the account of carol on census is not in the configuration, and has spent")
	want(t, s.ownerReads(t, 0, "again\n", "user", "add", "carol", "--dataset", "census", "--epsilon", "1", "--delta", "1e-8"), "stays: carol on census has spent")
	want(t, s.ownerReads(t, 0, "", "budget", "show", "--user", "carol"), "has spent more than its budget is now")
	s.ownerReads(t, 0, "", "user", "disable", "carol", "--by", "tester")
	want(t, s.ownerReads(t, 0, "", "user", "list"), "note: user carol may query in the configuration, and is banned at run time")
	s.ownerReads(t, 0, "", "user", "revoke", "carol", "--dataset", "census", "--yes")
	want(t, s.ownerReads(t, 0, "", "history", "list"), "configured", "add user carol", "remove user carol")
	s.owner(t, 0, "history", "verify")
}

func TestImport(t *testing.T) {
	s := newSite(t)
	file := filepath.Join(t.TempDir(), "users.yaml")
	write := func(text string) {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(`users:
  - name: alice
    datasets: {census: {budget: {epsilon: 4, delta: 1e-7}}}
  - name: erin
    password: ` + s.verifier + `
    datasets: {census: {budget: {epsilon: 1, delta: 1e-7}}}
`)
	before := s.text(t)
	want(t, s.ownerReads(t, 1, "", "user", "import", file), `user "alice" exists and differs`, "datasets.census.budget.epsilon: 10 -> 4", "--overwrite")
	want(t, s.ownerReads(t, 0, "", "user", "import", file, "--overwrite", "--dry-run"), "+ user erin", "~ user alice")
	if s.text(t) != before {
		t.Error("a dry run changed the file")
	}
	s.ownerReads(t, 0, "", "user", "import", file, "--overwrite", "--yes")
	want(t, s.text(t), "name: erin", "epsilon: 4", s.verifier)
	want(t, s.ownerReads(t, 0, "", "user", "import", file, "--overwrite", "--clean"), "nothing changes")

	write(`- id: {name: Frank, email: frank@example.org, client_secret: frank}
  may_query: True
  datasets_list:
  - {dataset_name: census, initial_epsilon: 9.0, initial_delta: 0.0000001, total_spent_epsilon: 1.5, total_spent_delta: 0.0}
`)
	out := s.ownerReads(t, 0, "", "user", "import", file, "--clean", "--yes")
	want(t, out, "what Frank has spent elsewhere (ε = 1.5) is not taken over", "+ user Frank", "- user alice", "- user erin")
	want(t, s.ownerReads(t, 0, "", "user", "list"), "Frank")
	_, address, _ := s.start(t)
	if _, err := connect(t, address, "Frank", "frank"); err != nil {
		t.Error(err)
	}

	write(`datasets:
  - name: towns
    source: {files: {persons: ` + filepath.Join(filepath.Dir(s.config), "persons.csv") + `}}
    tables: {persons: {public: true}}
`)
	s.ownerReads(t, 0, "", "dataset", "import", file)
	want(t, s.owner(t, 0, "dataset", "list", "--output", "json"), `"name": "towns"`, `"name": "census"`)
	want(t, s.ownerReads(t, 1, "", "dataset", "remove", "census", "--yes"), "nothing was written") // Frank has it
	s.ownerReads(t, 0, "", "dataset", "remove", "towns", "--yes")
	s.ownerReads(t, 0, "", "dataset", "add", "second", "--source", filepath.Join(filepath.Dir(s.config), "persons.csv"), "--unit", "persons.person_id", "--epsilon", "5", "--delta", "1e-7")
	want(t, s.owner(t, 0, "dataset", "show", "second"), "person_id", "age")
}

// TestEditHidesSecrets: what an edit shows, and leaves in the history, holds no password, and a password that alone changes is a
// change.
func TestEditHidesSecrets(t *testing.T) {
	node := func(text string) *yaml.Node {
		var document yaml.Node
		if err := yaml.Unmarshal([]byte(text), &document); err != nil {
			t.Fatal(err)
		}
		return document.Content[0]
	}
	for was, now := range map[string]string{
		"source: postgres://u:old-secret@h/d":                   "source: postgres://u:new-secret@h/d",
		"source: {url: 'postgres://u:p%40-secret@h/d'}":         "source: {url: 'postgres://u:q:r-secret@h/d'}",
		"source: host=h user=u password=old-secret dbname=d":    "source: host=h user=u password='new \\' secret' dbname=d",
		"source: postgres://h/d?user=u&password=old-secret":     "source: postgres://h/d?user=u&sslpassword=new-secret",
		"password: SCRAM-SHA-256$4096:c2FsdA==$secret1:secret2": "password: SCRAM-SHA-256$4096:c2FsdA==$secret3:secret4",
		"list: [{url: 'postgres://u:old-secret@h/d'}]":          "list: [{url: 'postgres://u:new-secret@h/d'}]",
	} {
		fields := fieldsOf(node(was), node(now))
		var b strings.Builder
		writeDiff(&b, []string{was}, []string{now})
		if text := strings.Join(fields, "\n") + b.String(); len(fields) != 1 || strings.Contains(text, "secret") || !strings.Contains(text, "…") {
			t.Errorf("%d fields:\n%s", len(fields), text)
		}
	}
}
