package approval

import (
	"bytes"
	"strings"
	"testing"
	"time"
)

func secret(t *testing.T, name string) *Secret {
	t.Helper()
	s, err := NewSecret(name)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// study is a script of two steps that can be approved.
func study(t *testing.T, analyst *Secret) Script {
	t.Helper()
	s := Script{
		Format: ScriptFormat, Name: "study", Purpose: "a test", Dataset: "census", Version: "1", Schema: "abc", Kind: Linear,
		Analyst: Party{Name: analyst.Name, Key: analyst.Public()}, NotBefore: "2026-01-01T00:00:00Z", Expires: "2027-01-01T00:00:00Z", Runs: 3,
		Steps: []Step{
			{SQL: "SELECT count(*) FROM p", Plan: "one", Settings: map[string]string{"dp.epsilon": "0.5"}, Loss: Loss{Epsilon: "0.5", Delta: "1e-9"}},
			{SQL: "SELECT avg(age) FROM p WHERE age > $1", Plan: "two", Loss: Loss{Epsilon: "0.25"},
				Parameters: []Slot{{Type: "integer", Lower: "18", Upper: "90", Label: "age", Sample: "40"}}},
		},
	}
	if err := s.Total(); err != nil {
		t.Fatal(err)
	}
	if err := s.Check(); err != nil {
		t.Fatal(err)
	}
	return s
}

// TestTotals: prices that are not the sums of the steps' make a script impossible, as does a step that gives something back.
func TestTotals(t *testing.T) {
	analyst := secret(t, "alice")
	s := study(t, analyst)
	if s.PerRun != (Loss{"0.75", "0.000000001", "0"}) || s.InAll != (Loss{"2.25", "0.000000003", "0"}) {
		t.Errorf("one run %v, all runs %v", s.PerRun, s.InAll)
	}
	for name, change := range map[string]func(*Script){
		"one run":  func(s *Script) { s.PerRun.Epsilon = "0.075" },
		"all runs": func(s *Script) { s.InAll.Delta = "" },
		"runs":     func(s *Script) { s.Runs = 4 },
		"a step":   func(s *Script) { s.Steps[0].Loss.Rho = "1" },
		"below 0":  func(s *Script) { s.Steps[0].Loss.Epsilon, s.PerRun.Epsilon, s.InAll.Epsilon = "-0.5", "-0.25", "-0.75" },
		"memory":   func(s *Script) { s.Steps[0].Loss.Epsilon = "1e999999" },
		"fraction": func(s *Script) { s.Steps[0].Loss.Epsilon = "1/2" },
	} {
		s := study(t, analyst)
		if change(&s); s.Check() == nil {
			t.Errorf("%s: it passes", name)
		}
	}
}

// TestCheck: what cannot be approved.
func TestCheck(t *testing.T) {
	analyst := secret(t, "alice")
	for name, change := range map[string]func(*Script){
		"format":       func(s *Script) { s.Format = "dpproxy-script-2" },
		"data set":     func(s *Script) { s.Dataset = "" },
		"schema":       func(s *Script) { s.Schema = "" },
		"kind":         func(s *Script) { s.Kind = "" },
		"analyst":      func(s *Script) { s.Analyst.Name = "" },
		"key":          func(s *Script) { s.Analyst.Key = "ed25519:AAAA" },
		"no step":      func(s *Script) { s.Steps = nil },
		"runs":         func(s *Script) { s.Runs, s.InAll = 0, Loss{} },
		"dates":        func(s *Script) { s.Expires = s.NotBefore },
		"plan":         func(s *Script) { s.Steps[0].Plan = "" },
		"setting":      func(s *Script) { s.Steps[0].Settings["search_path"] = "x" },
		"mode":         func(s *Script) { s.Steps[0].Settings["dp.mode"] = "design" },
		"line feed":    func(s *Script) { s.Steps[0].Settings["dp.epsilon"] = "1\n" },
		"free text":    func(s *Script) { s.Steps[1].Parameters[0] = Slot{Type: "text", Sample: "x"} },
		"sample":       func(s *Script) { s.Steps[1].Parameters[0].Sample = "17" },
		"type":         func(s *Script) { s.Steps[1].Parameters[0].Type = "regclass" },
		"empty list":   func(s *Script) { s.Steps[1].Parameters[0] = Slot{Type: "integer", Values: []string{}, Sample: "1"} },
		"broken bound": func(s *Script) { s.Steps[1].Parameters[0].Upper = "many" },
	} {
		s := study(t, analyst)
		if change(&s); s.Check() == nil {
			t.Errorf("%s: it passes", name)
		}
	}
}

// TestDates: the first moment counts, the last one does not.
func TestDates(t *testing.T) {
	s := study(t, secret(t, "alice"))
	for text, ok := range map[string]bool{"2025-12-31T23:59:59Z": false, "2026-01-01T00:00:00Z": true, "2026-12-31T23:59:59Z": true, "2027-01-01T00:00:00Z": false} {
		now, err := time.Parse(time.RFC3339, text)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.InForce(now); (err == nil) != ok {
			t.Errorf("%s: %v", text, err)
		}
	}
	if s.Expires = "soon"; s.InForce(time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)) == nil {
		t.Error("dates that cannot be read let a script pass")
	}
}

// TestCanonical: a script has one ID whatever its spelling, and another one where anything in it differs.
func TestCanonical(t *testing.T) {
	s := study(t, secret(t, "alice"))
	id := s.ID()
	again, err := ReadScript(s.Indent())
	if err != nil || again.ID() != id {
		t.Fatalf("read again: %v, or another ID", err)
	}
	again, err = ReadScript(canonical(s))
	if err != nil || again.ID() != id || !bytes.Equal(canonical(again), canonical(s)) {
		t.Fatalf("canonical bytes: %v, or another ID", err)
	}
	for name, change := range map[string]func(*Script){
		"purpose": func(s *Script) { s.Purpose += " " }, "version": func(s *Script) { s.Version = "2" }, "kind": func(s *Script) { s.Kind = Loose },
		"SQL": func(s *Script) { s.Steps[0].SQL += " " }, "setting": func(s *Script) { s.Steps[0].Settings["dp.epsilon"] = "0.50" },
		"errors": func(s *Script) { s.Steps[1].AllowErrors = true }, "bound": func(s *Script) { s.Steps[1].Parameters[0].Lower = "17" },
		"label": func(s *Script) { s.Steps[1].Parameters[0].Label = "" }, "order": func(s *Script) { s.Steps[0], s.Steps[1] = s.Steps[1], s.Steps[0] },
		"plan": func(s *Script) { s.Steps[0].Plan = "three" }, "loss": func(s *Script) { s.Steps[0].Loss.Epsilon = "0.50" }, "runs": func(s *Script) { s.Runs = 2 },
	} {
		again, err := ReadScript(s.Indent())
		if err != nil {
			t.Fatal(err)
		}
		if change(again); again.ID() == id {
			t.Errorf("%s: the same ID", name)
		}
	}
}

// TestStrictJSON: nothing may stand in a document that is not signed or is read in two ways.
func TestStrictJSON(t *testing.T) {
	s := study(t, secret(t, "alice"))
	text := string(s.Indent())
	for name, bad := range map[string]string{
		"unknown field": strings.Replace(text, `"name"`, `"nickname": "x", "name"`, 1),
		"twice":         strings.Replace(text, `"name"`, `"name": "other", "name"`, 1),
		"other case":    strings.Replace(text, `"name"`, `"NAME": "other", "name"`, 1),
		"twice below":   strings.Replace(text, `"dp.epsilon"`, `"dp.epsilon": "9", "dp.epsilon"`, 1),
		"after the end": text + "{}",
		"cut":           text[:len(text)-3],
		"deep":          strings.Repeat("[", 100) + strings.Repeat("]", 100),
		"large":         text + strings.Repeat(" ", MaxBytes),
		"a list":        "[" + text + "]",
		"nothing":       "",
	} {
		if _, err := ReadScript([]byte(bad)); err == nil {
			t.Errorf("%s: it is read", name)
		}
	}
}

// TestReview: a reviewer sees every setting, which signatures are none, and no character that moves what he sees.
func TestReview(t *testing.T) {
	s := study(t, secret(t, "alice"))
	s.Name, s.Steps[0].Settings["dp.intervals"] = "x\x1b[2J\u202ey", "on"
	a := Approved{Script: s}
	a.Sign(secret(t, "anna"))
	forged := a.Approvals[0]
	forged.Key = secret(t, "bert").Public()
	a.Approvals = append(a.Approvals, forged, Signature{Approver: "carl", Key: "\x1b[1A", Signature: "x"})
	var b strings.Builder
	WriteReview(&b, &a)
	for _, part := range []string{"dp.epsilon = 0.5, dp.intervals = on", "Signed   by anna", "NOT signed, for the signature is wrong, by anna", "wrong, by carl (?[1A)", "x?[2J?y",
		"an integer from 18 to 90", "all runs ε = 2.25 δ = 0.000000003"} {
		if !strings.Contains(b.String(), part) {
			t.Errorf("%q is not in\n%s", part, b.String())
		}
	}
	if strings.ContainsAny(b.String(), "\x1b\u202e") {
		t.Error("the review holds characters that a terminal obeys")
	}
}
