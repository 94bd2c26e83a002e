package sqltest

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dpproxy/dpproxy/answer"
	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/config"
	"github.com/dpproxy/dpproxy/engine"
	"github.com/dpproxy/dpproxy/internal/datasets"
	"github.com/dpproxy/dpproxy/mechanism"
	"github.com/dpproxy/dpproxy/refusal"
)

// untouched is a source that must not be asked.
type untouched struct {
	engine.Engine
	t *testing.T
}

func (u untouched) Run(context.Context, []engine.Query) ([]*mechanism.Exact, error) {
	u.t.Error("the source was asked for a measurement")
	return nil, engine.ErrUnavailable
}

func (u untouched) Finish(_ context.Context, sql string, _ []engine.Input, _ []catalog.Type) (engine.Rows, error) {
	u.t.Errorf("the source was asked: %s", sql)
	return nil, engine.ErrUnavailable
}

// inDesign serves a data set whose source must not be asked, with its design mode.
func inDesign(t *testing.T, loaded *datasets.Loaded) *answer.Service {
	guarded := *loaded
	guarded.Engine = untouched{loaded.Engine, t}
	return newService(t, &guarded)
}

// designed asks in design mode, and gives rows as lines, and the notices.
func designed(t *testing.T, s *answer.Service, sql string, settings ...string) (string, []answer.Notice) {
	t.Helper()
	list, err := s.Parse(sql)
	if err != nil {
		t.Fatal(err)
	}
	req := answer.Request{Identity: answer.Identity{User: "alice", Dataset: "clinic"}, Statement: list[0], Settings: map[string]string{"dp.mode": "design"}}
	for i := 0; i+1 < len(settings); i += 2 {
		req.Settings[settings[i]] = settings[i+1]
	}
	result, err := s.Answer(context.Background(), req)
	if err != nil {
		t.Fatalf("%v\n%s", describeError(err), sql)
	}
	defer result.Rows.Close()
	var b strings.Builder
	for result.Rows.Next() {
		for i, v := range result.Rows.Values() {
			if i > 0 {
				b.WriteByte('|')
			}
			if v.Null {
				v.Text = "NULL"
			}
			b.WriteString(v.Text)
		}
		b.WriteByte('\n')
	}
	if err := result.Rows.Err(); err != nil {
		t.Fatal(err)
	}
	return b.String(), result.Notices
}

// TestDesign: raw rows and every accepted query are answered, the same seed gives the same rows, nothing is charged, and the source
// is never asked.
func TestDesign(t *testing.T) {
	_, loaded := load(t, newSources(t, cleanRows())[0])
	s := inDesign(t, loaded)
	rows, notices := designed(t, s, "SELECT * FROM patients")
	if n := strings.Count(rows, "\n"); n != 100 {
		t.Errorf("%d patients, want 100", n)
	}
	if len(notices) != 1 || !strings.Contains(notices[0].Message, "design mode") || !strings.Contains(notices[0].Detail, "refused") {
		t.Errorf("notices: %+v", notices)
	}
	again, _ := designed(t, s, "SELECT * FROM patients")
	other, _ := designed(t, s, "SELECT * FROM patients", "dp.design_seed", "43")
	few, _ := designed(t, s, "SELECT * FROM patients", "dp.design_rows", "7")
	if rows != again || rows == other || strings.Count(few, "\n") != 7 {
		t.Errorf("seeds and rows: same %t, other seed %t, %d rows of 7", rows == again, rows != other, strings.Count(few, "\n"))
	}
	if joined, _ := designed(t, s, "SELECT count(*) FROM visits v JOIN patients p ON v.patient_id = p.patient_id"); joined == "0\n" {
		t.Error("no visit has a patient")
	}
	_, notices = designed(t, s, "SELECT count(*) FROM patients", "dp.epsilon", "0.5")
	if !strings.Contains(notices[0].Detail, "Live, this would cost ε = 0.5") {
		t.Errorf("the live price: %+v", notices)
	}
	for i := range 6 { // more sets of rows than are kept
		designed(t, s, "SELECT count(*) FROM items", "dp.design_seed", fmt.Sprint(i))
	}
	for _, c := range readCases(t, "queries/*.sql") {
		if len(c.params()) == 0 && c.options["design"] != "no" {
			t.Run(c.file+"/"+c.name, func(t *testing.T) { designed(t, s, c.sql) })
		}
	}
}

// TestDummyRows: the owner's own rows stand in for a table, if they have its columns and types.
func TestDummyRows(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	write("persons.csv", "person_id,sex,age\n1,f,30\n2,m,40\n")
	write("own.csv", "person_id,sex,age\n7,m,99\n8,m,98\n9,f,97\n")
	write("wrong.csv", "person_id,sex,age\n7,m,young\n")
	open := func(own string) ([]*datasets.Loaded, []config.Fault) {
		path := write("c.yaml", `datasets:
  - name: clinic
    source: {files: {persons: persons.csv}}
    privacy_unit: persons.person_id
    budget: {epsilon: 1, delta: 1e-6}
    query: {epsilon: 0.1}
    tables:
      persons: {dummy: `+own+`, columns: {person_id: {}, sex: {values: [f, m]}, age: {lower: 0, upper: 110}}}
`)
		cfg, faults := config.Load(path, os.LookupEnv)
		if cfg == nil {
			t.Fatal(faults)
		}
		return datasets.Open(context.Background(), cfg, slog.New(slog.DiscardHandler))
	}
	all, faults := open("own.csv")
	if len(all) != 1 {
		t.Fatal(faults)
	}
	defer datasets.Close(all)
	if rows, _ := designed(t, inDesign(t, all[0]), "SELECT person_id, sex, age FROM persons ORDER BY age"); rows != "9|f|97\n8|m|98\n7|m|99\n" {
		t.Errorf("got %q", rows)
	}
	if all, faults := open("wrong.csv"); len(all) != 0 || len(faults) != 1 {
		t.Errorf("dummy rows of another type are taken: %v", faults)
	}
}

// TestDesignNeverMixes: what was answered live is not joined with generated rows.
func TestDesignNeverMixes(t *testing.T) {
	_, loaded := load(t, newSources(t, cleanRows())[0])
	s := inDesign(t, loaded)
	list, err := s.Parse("SELECT count(*) FROM patients, dp.estimate('SELECT count(*) FROM patients') AS e")
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.Answer(context.Background(), answer.Request{Identity: answer.Identity{User: "alice", Dataset: "clinic"}, Statement: list[0],
		Settings: map[string]string{"dp.mode": "design"}})
	if r, ok := refusal.As(err); !ok || r.Code != refusal.NotSupported {
		t.Errorf("got %v", err)
	}
	designed(t, s, "SELECT epsilon FROM dp.estimate('SELECT count(*) FROM patients')")
}
