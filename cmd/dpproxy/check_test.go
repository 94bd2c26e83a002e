package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/spf13/cobra"

	"github.com/dpproxy/dpproxy/config"
	"github.com/dpproxy/dpproxy/internal/testservers"
	"github.com/dpproxy/dpproxy/proxy/scram"
)

// runCommand runs one command with standard input, and returns what it printed.
func runCommand(t *testing.T, cmd *cobra.Command, stdin string, args ...string) (string, error) {
	t.Helper()
	var out bytes.Buffer
	cmd.SetIn(strings.NewReader(stdin))
	cmd.SetOut(&out)
	cmd.SetErr(&out)
	cmd.SilenceUsage, cmd.SilenceErrors = true, true
	cmd.SetArgs(args)
	err := cmd.ExecuteContext(context.Background())
	return out.String(), err
}

func writeFile(t *testing.T, name, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

const personsCSV = "person_id,age,born\n1,30,1990-01-01\n2,40,1980-01-01\n2,41,1980-01-02\n"

func checkedConfig(csv, columns string) string {
	return `datasets:
  - name: d
    source: {files: {persons: ` + csv + `}}
    privacy_unit: persons.person_id
    budget: {epsilon: 10, delta: 1e-6}
    tables:
      persons:
        columns: ` + columns + `
`
}

func TestCheckOK(t *testing.T) {
	csv := writeFile(t, "persons.csv", personsCSV)
	file := writeFile(t, "c.yaml", checkedConfig(csv, "{age: {lower: 0, upper: 110}}"))
	for _, args := range [][]string{{file}, {file, "--offline"}} {
		out, err := runCommand(t, newCheck(), "", args...)
		if err != nil || !strings.HasPrefix(out, file+": ok (1 dataset, 1 table, 0 users") || strings.Count(out, "\n") != 1 {
			t.Errorf("check %v: %v\n%s", args[1:], err, out)
		}
	}
}

// One run shows the faults of the file and those of the live source, in the order of lines.
func TestCheckShowsAllFaultsAtOnce(t *testing.T) {
	csv := writeFile(t, "persons.csv", personsCSV)
	text := "lisen: x\n" + checkedConfig(csv, "{age: {lower: 0}, agee: {}, person_id: {key: true}}")
	file := writeFile(t, "c.yaml", text)
	out, err := runCommand(t, newCheck(), "", file)
	want := []string{
		`:1:1: lisen: unknown key "lisen" (did you mean listen?)`,
		`:9:32: datasets[0].tables.persons.columns.age: has a lower bound but no upper bound (write both or neither)`,
		`:9:36: datasets[0].tables.persons.columns.agee: table main.persons of the source has no column "agee" (did you mean age?)`,
		`:9:46: datasets[0].tables.persons.columns.person_id: persons.person_id is not unique, but key: true`,
	}
	lines := strings.Split(strings.TrimSpace(out), "\n")
	if silent := (*silentError)(nil); !errors.As(err, &silent) || len(lines) != len(want) {
		t.Fatalf("got %v\n%s", err, out)
	}
	for i := range want {
		if !strings.HasPrefix(lines[i], file+want[i]) {
			t.Errorf("line %d is %s, want %s", i+1, lines[i], want[i])
		}
	}
	if offline, _ := runCommand(t, newCheck(), "", file, "--offline"); strings.Contains(offline, "agee") {
		t.Errorf("--offline asked the source:\n%s", offline)
	}
}

func TestCheckJSON(t *testing.T) {
	file := writeFile(t, "c.yaml", "lisen: x\n")
	out, err := runCommand(t, newCheck(), "", file, "--output", "json")
	var report struct {
		OK     bool
		Faults []config.Fault
	}
	if json.Unmarshal([]byte(out), &report) != nil || err == nil || report.OK || len(report.Faults) != 1 || report.Faults[0].Line != 1 {
		t.Errorf("got %v\n%s", err, out)
	}
}

func TestCheckReadsCertificates(t *testing.T) {
	csv := writeFile(t, "persons.csv", personsCSV)
	file := writeFile(t, "c.yaml", "tls: {cert: no.crt, key: no.key, client_ca: "+csv+"}\n"+checkedConfig(csv, "{age: {}}"))
	out, err := runCommand(t, newCheck(), "", file)
	if err == nil || !strings.Contains(out, ":1:6: tls: certificate and key cannot be used") || !strings.Contains(out, "tls.client_ca: cannot be used: it holds no certificate") {
		t.Errorf("got %v\n%s", err, out)
	}
}

func TestCheckUsage(t *testing.T) {
	for _, args := range [][]string{{}, {"a", "b"}, {"a", "--output", "xml"}} {
		_, err := runCommand(t, newCheck(), "", args...)
		if usage := (*usageError)(nil); !errors.As(err, &usage) {
			t.Errorf("check %v: %v", args, err)
		}
	}
	if out, err := runCommand(t, newCheck(), "", "/does/not/exist.yaml"); err == nil || !strings.Contains(out, "cannot read /does/not/exist.yaml") {
		t.Errorf("got %v\n%s", err, out)
	}
}

// What init writes from a schema is YAML in which check finds each place to fill in, and nothing else; filled in, it
// passes.
func TestInitThenCheck(t *testing.T) {
	source := testservers.Postgres(t)
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, source)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	if _, err := conn.Exec(ctx, `
		CREATE TABLE patients (patient_id bigint PRIMARY KEY, age int, sex text, "on" boolean, "Odd name: #1" date, place point);
		CREATE TABLE visits (visit_id int PRIMARY KEY, patient_id bigint REFERENCES patients, cost numeric(8,2));
		CREATE TABLE items (visit_id int REFERENCES visits, label text);
		CREATE TABLE departments (department_id int PRIMARY KEY, name text);
		INSERT INTO patients VALUES (1, 71, 'secretvalue')`); err != nil {
		t.Fatal(err)
	}
	out, err := runCommand(t, newInit(), "", "--source", source)
	if err != nil {
		t.Fatal(err, out)
	}
	if strings.Contains(out, "secretvalue") || !strings.Contains(out, "privacy_unit: patients.patient_id") ||
		!strings.Contains(out, "unit: visit_id -> visits.visit_id") {
		t.Errorf("got\n%s", out)
	}
	file := writeFile(t, "c.yaml", out)
	report, err := runCommand(t, newCheck(), "", file)
	for _, want := range []string{"columns.age.lower: is empty", "columns.cost.upper: is empty", "budget.epsilon: is empty", "tables.departments: the table is private", "users[0].password: is empty"} {
		if err == nil || !strings.Contains(report, want) {
			t.Errorf("check does not say %q (%v):\n%s", want, err, report)
		}
	}
	verifier, err := runCommand(t, newHashPassword(), "analyst\n")
	if err != nil {
		t.Fatal(err)
	}
	filled := strings.NewReplacer(
		"age: {lower: , upper: }", "age: {lower: 0, upper: 110}", "cost: {lower: , upper: }", "cost: {lower: 0, upper: 500.25}",
		`"Odd name: #1": {lower: , upper: }`, `"Odd name: #1": {lower: 2000-01-01, upper: 2020-01-01}`,
		"{epsilon: , delta: }", "{epsilon: 10, delta: 1e-6}", "departments:", "departments:\n        public: true",
		"    password:  ", "    password: "+strings.TrimSpace(verifier),
	).Replace(out)
	password := "any" // the server trusts its own machine
	if u, err := url.Parse(source); err == nil && u.User != nil {
		if p, has := u.User.Password(); has {
			password = p
		}
	}
	t.Setenv("DB_PASSWORD", password)
	if report, err := runCommand(t, newCheck(), "", writeFile(t, "c.yaml", filled)); err != nil {
		t.Errorf("filled in, check says\n%s\nof\n%s", report, filled)
	}
}

func TestInitFilesAndUnit(t *testing.T) {
	csv := writeFile(t, "persons.csv", personsCSV)
	out, err := runCommand(t, newInit(), "", "--source", csv, "--unit", "persons.person_id")
	if err != nil || !strings.Contains(out, "privacy_unit: persons.person_id\n") || !strings.Contains(out, "persons: \""+csv) || strings.Contains(out, "1990") {
		t.Errorf("got %v\n%s", err, out)
	}
	for _, args := range [][]string{{}, {"--source", csv, "--unit", "x"}, {"--source", "duckdb:x", "--source", "duckdb:y"}, {"--source", csv, "--unit", "persons.x"}, {"--source", "missing.csv"}} {
		if out, err := runCommand(t, newInit(), "", args...); err == nil {
			t.Errorf("init %v:\n%s", args, out)
		}
	}
}

func TestInitHidesThePassword(t *testing.T) {
	for _, source := range []string{
		"postgres://reader:hunter2@db/census?sslmode=require", "host=db dbname=census user=reader password=hunter2",
		"host=db password='hun ter2' dbname=x", "postgres://db/census?password=hunter2&sslmode=require",
	} {
		d, err := initDataset([]string{source})
		if err != nil {
			t.Fatal(err)
		}
		text := sourceText(d, []string{source})
		if strings.Contains(text, "hun") || strings.Contains(text, "ter2") || !strings.Contains(text, "${DB_PASSWORD}") {
			t.Errorf("%s is printed as %s", source, text)
		}
	}
}

func TestHashPassword(t *testing.T) {
	for _, stdin := range []string{"pässword 1", "pässword 1\n", "pässword 1\r\n", "pässword 1\nmore"} {
		out, err := runCommand(t, newHashPassword(), stdin)
		if err != nil {
			t.Fatal(err)
		}
		got, err := scram.ParseVerifier(strings.TrimSpace(out))
		if err != nil {
			t.Fatal(err, out)
		}
		want, err := scram.NewVerifier("pässword 1", got.Salt, got.Iterations)
		if err != nil || want.String() != got.String() || len(got.Salt) != 16 || got.Iterations != 4096 {
			t.Errorf("got %s, want %s (%v)", got, want, err)
		}
	}
	if a, _ := runCommand(t, newHashPassword(), "x"); a == "" {
		t.Error("nothing was printed")
	} else if b, _ := runCommand(t, newHashPassword(), "x"); a == b {
		t.Error("two verifiers of one password have the same salt")
	}
	for _, stdin := range []string{"", "\n", strings.Repeat("x", 2000), "a\x00b"} {
		if out, err := runCommand(t, newHashPassword(), stdin); err == nil {
			t.Errorf("%q: %s", stdin[:min(len(stdin), 9)], out)
		}
	}
}
