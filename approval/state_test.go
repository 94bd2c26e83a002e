package approval

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
)

func body(t *testing.T, v any) []byte {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// acts are what a document stands for.
func acts(t *testing.T, v any) []Act {
	t.Helper()
	_, list, err := ActsOf(body(t, v))
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func party(s *Secret) Party { return Party{Name: s.Name, Key: s.Public()} }

// TestSignatures: enough of the present approvers must have signed these very bytes, each by his own key.
func TestSignatures(t *testing.T) {
	alice, anna, bert, carl := secret(t, "alice"), secret(t, "anna"), secret(t, "bert"), secret(t, "carl")
	both := Approvers{Parties: []Party{party(anna), party(bert)}}
	a := &Approved{Script: study(t, alice)}
	verify := func(what string, ok bool) {
		t.Helper()
		if err := a.Verify(both); (err == nil) != ok {
			t.Errorf("%s: %v", what, err)
		}
	}
	verify("nobody", false)
	a.Sign(anna)
	a.Sign(anna)
	a.Sign(carl)
	if verify("one of two, twice, and somebody else", false); len(a.Approvals) != 2 {
		t.Errorf("%d signatures", len(a.Approvals))
	}
	a.Sign(bert)
	verify("both", true)
	a.Script.Runs, a.Script.InAll = 1, a.Script.PerRun
	verify("the script was changed", false)
	a.Approvals = nil
	a.Sign(anna)
	a.Approvals = append(a.Approvals, a.Approvals[0])
	verify("one signature twice", false)
	a.Approvals[1].Key = bert.Public()
	verify("one signature under another's key", false)
	r := Revocation{Dataset: "census", Script: a.Script.ID(), Kind: ActRevoke}
	r.Sign(bert)
	a.Approvals[1].Signature = r.Signature
	verify("the signature of a revocation", false)
}

// TestHandIn: a document is taken whole or not at all, what is there already is left out, and the name of who signs is the
// approvers', not the document's.
func TestHandIn(t *testing.T) {
	alice, anna, bert, carl := secret(t, "alice"), secret(t, "anna"), secret(t, "bert"), secret(t, "carl")
	s := NewState("census", Approvers{Parties: []Party{party(anna), party(bert)}})
	hand := func(v any, want ...string) {
		t.Helper()
		fresh, err := s.HandIn(acts(t, v))
		var got []string
		for _, a := range fresh {
			got = append(got, a.Kind)
		}
		if err != nil || strings.Join(got, " ") != strings.Join(want, " ") {
			t.Errorf("taken: %v, %v", got, err)
		}
	}
	refuse := func(part string, v any) {
		t.Helper()
		if fresh, err := s.HandIn(acts(t, v)); err == nil || len(fresh) > 0 || !strings.Contains(err.Error(), part) {
			t.Errorf("taken: %v, %v, want %q", fresh, err, part)
		}
	}
	a := Approved{Script: study(t, alice)}
	hand(a.Script, ActSubmit)
	refuse("already", a.Script)
	anna.Name = "bert"
	a.Sign(anna)
	hand(a, ActApprove)
	a.Sign(bert)
	hand(a, ActApprove)
	hand(a)
	a.Sign(carl)
	refuse("no approver", a)
	w := s.Find(a.Script.ID())
	if w == nil || w.Approved.Verify(s.Approvers) != nil || w.Approved.Approvals[0].Approver != "anna" {
		t.Errorf("%+v", w)
	}
	other := study(t, alice)
	other.Dataset = "clinic"
	refuse("clinic", other)

	r := Revocation{Dataset: "census", Script: a.Script.ID(), Why: "no", Kind: ActRevoke}
	r.Sign(carl)
	refuse("no approver", r)
	r.Sign(bert)
	r.Why = "yes"
	refuse("wrong", r)
	r.Sign(bert)
	hand(r, ActRevoke)
	if who, gone := s.RevokedBy(a.Script.ID()); !gone || who != "bert" {
		t.Errorf("revoked: %t by %q", gone, who)
	}
	for _, text := range []string{"", "{}", "[]", `{"kind":"submit"}`, "null"} {
		if _, list, err := ActsOf([]byte(text)); err == nil {
			if fresh, err := s.HandIn(list); err == nil {
				t.Errorf("%q is taken as %v", text, fresh)
			}
		}
	}
}

// TestChange: the present approvers replace themselves, once for each signature.
func TestChange(t *testing.T) {
	anna, bert, carl := secret(t, "anna"), secret(t, "bert"), secret(t, "carl")
	s := NewState("census", Approvers{Parties: []Party{party(anna), party(bert)}})
	c := Change{Dataset: "census", Approvers: Approvers{Parties: []Party{party(carl)}}, Signatures: []Signature{}}
	c.Sign(anna)
	c.Sign(carl)
	if _, err := s.HandIn(acts(t, c)); err == nil {
		t.Error("one of two changes the approvers")
	}
	c.Sign(bert)
	if _, err := s.HandIn(acts(t, c)); err != nil || s.Changes != 1 || s.Approvers.Needed() != 1 {
		t.Errorf("both: %v, %+v", err, s.Approvers)
	}
	if _, err := s.HandIn(acts(t, c)); err == nil {
		t.Error("a change can be replayed")
	}
	for name, p := range map[string]Approvers{"nobody": {}, "too many": {Parties: []Party{party(anna)}, Required: 2}, "below 0": {Parties: []Party{party(anna)}, Required: -1},
		"one twice": {Parties: []Party{party(anna), {Name: "x", Key: anna.Public()}}}, "no key": {Parties: []Party{{Name: "x"}}}} {
		if p.Check() == nil {
			t.Errorf("%s: the approvers pass", name)
		}
	}
}

// TestExecution: an order counts on one connection, for one step, with the values that it names.
func TestExecution(t *testing.T) {
	alice, bert := secret(t, "alice"), secret(t, "bert")
	s := study(t, alice)
	run, err := NewRun()
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*Execution){
		"":           func(*Execution) {},
		"script":     func(e *Execution) { e.Script = "other" },
		"connection": func(e *Execution) { e.Nonce = "other" },
		"run":        func(e *Execution) { e.Run = "ab" },
		"step":       func(e *Execution) { e.Step = 3 },
		"parameters": func(e *Execution) { e.Parameters = nil },
		"range":      func(e *Execution) { e.Parameters[0] = "17" },
	} {
		e := &Execution{Script: s.ID(), Run: run, Step: 2, Parameters: []string{"40"}, Nonce: "nonce"}
		change(e)
		e.Sign(alice)
		if err := e.Verify(&s, "nonce"); (err == nil) != (name == "") {
			t.Errorf("%s: %v", name, err)
		}
	}
	e := &Execution{Script: s.ID(), Run: run, Step: 2, Parameters: []string{"40"}, Nonce: "nonce"}
	if e.Sign(bert); e.Verify(&s, "nonce") == nil {
		t.Error("another's key passes")
	}
	e.Sign(alice)
	if e.Parameters[0] = "41"; e.Verify(&s, "nonce") == nil {
		t.Error("a value that was changed passes")
	}
	e.Nonce = ""
	if e.Sign(alice); e.Verify(&s, "") == nil {
		t.Error("a connection without a nonce passes")
	}
	if b, err := ReadBundle(Bundle{Scripts: []Approved{{Script: s}}, Executions: []Execution{*e}}.Encode()); err != nil || b.Scripts[0].Script.ID() != s.ID() {
		t.Errorf("a bundle: %v", err)
	}
}

// TestSecretFile: what is written is read again, with the passphrase alone where there is one.
func TestSecretFile(t *testing.T) {
	s, dir := secret(t, "anna"), t.TempDir()
	for _, passphrase := range []string{"", "geheim"} {
		path := filepath.Join(dir, "key"+passphrase)
		if err := WriteSecret(path, s, passphrase); err != nil {
			t.Fatal(err)
		}
		if err := WriteSecret(path, s, passphrase); err == nil {
			t.Error("a key was overwritten")
		}
		got, err := ReadSecret(path, func() (string, error) { return passphrase, nil })
		if err != nil || got.Public() != s.Public() || got.Name != "anna" {
			t.Errorf("%q: %v, %v", passphrase, got, err)
		}
	}
	if _, err := ReadSecret(filepath.Join(dir, "keygeheim"), func() (string, error) { return "x", nil }); err == nil {
		t.Error("a wrong passphrase opens a key")
	}
	for _, text := range []string{"", "ed25519:", "ed25519:AAAA", string(s.Public())[8:], string(s.Public()) + "\n", strings.ToUpper(string(s.Public()))} {
		if _, err := Key(text).Public(); err == nil {
			t.Errorf("%q is a key", text)
		}
	}
}
