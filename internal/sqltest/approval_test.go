package sqltest

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/dpproxy/dpproxy/answer"
	"github.com/dpproxy/dpproxy/approval"
	"github.com/dpproxy/dpproxy/budget"
	"github.com/dpproxy/dpproxy/budget/ledgersql"
	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/internal/datasets"
	"github.com/dpproxy/dpproxy/mechanism"
	"github.com/dpproxy/dpproxy/privacy"
	"github.com/dpproxy/dpproxy/refusal"
	"github.com/dpproxy/dpproxy/rewrite"
)

// bench is an authorized data set with an analyst, two approvers and somebody else.
type bench struct {
	t                        *testing.T
	service                  *answer.Service
	ledger                   *ledgersql.Ledger
	loaded                   *datasets.Loaded
	now                      time.Time
	alice, anna, bert, other *approval.Secret
	nonce                    string
}

func newBench(t *testing.T) *bench {
	b := &bench{t: t, now: time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC), nonce: strings.Repeat("ab", 32)}
	_, b.loaded = load(t, newSources(t, cleanRows())[1])
	for _, s := range []struct {
		to   **approval.Secret
		name string
	}{{&b.alice, "alice"}, {&b.anna, "anna"}, {&b.bert, "bert"}, {&b.other, "other"}} {
		key, err := approval.NewSecret(s.name)
		if err != nil {
			t.Fatal(err)
		}
		*s.to = key
	}
	clock := func() time.Time { return b.now }
	var err error
	if b.ledger, err = ledgersql.Open(t.Context(), "sqlite:"+filepath.Join(t.TempDir(), "ledger.db"), ledgersql.Options{Clock: clock}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.ledger.Close() })
	money := budget.Budget{Accountant: privacy.Approx, Epsilon: 9e18, Delta: 9e17}
	grants := map[string]answer.Grant{"clinic": {Budget: money}}
	b.service, err = answer.New(answer.Options{
		Datasets: []*answer.Dataset{{Catalog: b.loaded.Catalog, Engine: b.loaded.Engine, Budget: money, Approvers: b.approvers()}},
		Users:    []*answer.User{{Name: "alice", MayQuery: true, Datasets: grants}, {Name: "mallory", MayQuery: true, Datasets: grants}},
		Ledger:   b.ledger, Limiter: unlimited{}, Planner: rewrite.NewPlanner(100), Random: mechanism.NewCryptoSource(), Clock: clock,
		Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func (b *bench) approvers() *approval.Approvers {
	return &approval.Approvers{Parties: []approval.Party{{Name: "anna", Key: b.anna.Public()}, {Name: "bert", Key: b.bert.Public()}}}
}

// ask runs a statement as a user under settings.
func (b *bench) ask(user, sql string, settings map[string]string, params ...string) ([][]answer.Cell, error) {
	list, err := b.service.Parse(sql)
	if err != nil {
		return nil, err
	}
	req := answer.Request{Identity: answer.Identity{User: user, Dataset: "clinic", Nonce: b.nonce}, Statement: list[0], Settings: settings}
	for _, p := range params {
		req.Params = append(req.Params, answer.Param{Type: catalog.Of(catalog.Unknown), Cell: answer.Cell{Text: p}})
	}
	result, err := b.service.Answer(context.Background(), req)
	if err != nil {
		return nil, err
	}
	defer result.Rows.Close()
	var rows [][]answer.Cell
	for result.Rows.Next() {
		rows = append(rows, append([]answer.Cell{}, result.Rows.Values()...))
	}
	return rows, result.Rows.Err()
}

const (
	stepOne   = "SELECT sex, count(*) AS n FROM patients GROUP BY sex"
	stepTwo   = "SELECT avg(age) FROM patients WHERE age >= $1"
	stepThree = "SELECT count(*) FROM patients WHERE age >= $1 AND sex = $2"
)

// script is the approved study: three steps in order.
func (b *bench) script(change func(*approval.Script)) *approval.Approved {
	s := approval.Script{Format: approval.ScriptFormat, Name: "study", Purpose: "a test", Dataset: "clinic", Kind: approval.Linear,
		Version: b.loaded.Catalog.Version, Schema: b.loaded.Catalog.SchemaHash(), Analyst: approval.Party{Name: "alice", Key: b.alice.Public()},
		NotBefore: "2026-10-01T00:00:00Z", Expires: "2026-12-01T00:00:00Z", Runs: 2}
	age := approval.Slot{Type: "integer", Lower: "18", Upper: "90", Label: "age", Sample: "40"}
	sex := approval.Slot{Type: "text", Values: []string{"f", "m"}, Sample: "f"}
	for _, step := range []approval.Step{{SQL: stepOne}, {SQL: stepTwo, Parameters: []approval.Slot{age}}, {SQL: stepThree, Parameters: []approval.Slot{age, sex}}} {
		step.Settings, step.Plan = map[string]string{"dp.epsilon": "0.5"}, "recorded"
		s.Steps = append(s.Steps, step)
	}
	if change != nil {
		change(&s)
	}
	a := &approval.Approved{Script: s}
	a.Sign(b.anna)
	a.Sign(b.bert)
	return a
}

// order signs an execution.
func (b *bench) order(a *approval.Approved, run string, step int, params ...string) approval.Execution {
	e := approval.Execution{Script: a.Script.ID(), Run: run, Step: step, Parameters: append([]string{}, params...), Nonce: b.nonce}
	e.Sign(b.alice)
	return e
}

func newTag(t *testing.T) string {
	tag, err := approval.NewRun()
	if err != nil {
		t.Fatal(err)
	}
	return tag
}

// with are a session's settings with scripts and orders loaded.
func with(a *approval.Approved, orders ...approval.Execution) map[string]string {
	b := approval.Bundle{Scripts: []approval.Approved{*a}, Executions: orders}
	return map[string]string{"dp.epsilon": "0.5", "dp.authorization": b.Encode()}
}

// refused checks an error's code, and that its message says which check failed.
func refused(t *testing.T, name string, err error, want string) {
	t.Helper()
	r, ok := refusal.As(err)
	if !ok || r.Code != refusal.InsufficientPrivilege && r.Code != refusal.InvalidParameterValue {
		t.Errorf("%s: want a refusal, got %v", name, err)
		return
	}
	if !strings.Contains(r.Message, want) {
		t.Errorf("%s: the refusal does not say %q: %s", name, want, r.Message)
	}
}

func TestApprovedScriptRuns(t *testing.T) {
	b := newBench(t)
	a, run := b.script(nil), newTag(t)
	if _, err := b.ask("alice", "SELECT count(*) FROM departments", nil); err != nil {
		t.Errorf("public tables are free: %v", err)
	}
	if _, err := b.ask("alice", "EXPLAIN "+stepOne, nil); err != nil {
		t.Errorf("EXPLAIN is free: %v", err)
	}
	// In other words: aliases, names of columns, quotes, schemas and spelling do not matter.
	if _, err := b.ask("alice", `SELECT p."sex" AS "Sex", COUNT(*) FROM public.patients AS p GROUP BY 1`, with(a, b.order(a, run, 1))); err != nil {
		t.Fatal(err)
	}
	if _, err := b.ask("alice", `select avg( p.age ) as "Mean" from patients p where (p.age) >= $1`, with(a, b.order(a, run, 2, "65")), "65"); err != nil {
		t.Fatal(err)
	}
	_, err := b.ask("alice", stepThree, with(a, b.order(a, run, 3, "66", "m")), "66", "m")
	refused(t, "another value of a label", err, `label "age" has had another value`)
}

// TestUnapprovedIsRefused goes through what may be tried with an approval of something else.
func TestUnapprovedIsRefused(t *testing.T) {
	b := newBench(t)
	good := b.script(nil)
	tag := func() string { return newTag(t) }
	for name, c := range map[string]struct {
		user, sql, want string
		params          []string
		settings        func() map[string]string
	}{
		"nothing loaded":    {sql: stepOne, want: "no authorization is loaded", settings: func() map[string]string { return nil }},
		"a changed literal": {sql: stepOne + " HAVING count(*) > 5", want: "no approved step has the plan"},
		"a filter more":     {sql: "SELECT sex, count(*) AS n FROM patients WHERE age > 30 GROUP BY sex", want: "no approved step has the plan"},
		"another column":    {sql: "SELECT region, count(*) AS n FROM patients GROUP BY region", want: "no approved step has the plan"},
		"another ε":         {sql: stepOne, want: "no approved step has the plan", settings: func() map[string]string { return changed(with(good, b.order(good, tag(), 1)), "dp.epsilon", "0.75") }},
		"another bound":     {sql: "SELECT count(*) FROM visits", want: "no approved step has the plan"},
		"a literal for $1":  {sql: "SELECT avg(age) FROM patients WHERE age >= 40", want: "no approved step has the plan"},
		"another analyst":   {user: "mallory", sql: stepOne, want: "approved for another analyst"},
		"no execution":      {sql: stepOne, want: "no signed execution", settings: func() map[string]string { return with(good) }},
		"another connection": {sql: stepOne, want: "another connection", settings: func() map[string]string {
			e := b.order(good, tag(), 1)
			e.Nonce = strings.Repeat("cd", 32)
			e.Sign(b.alice)
			return with(good, e)
		}},
		"signed by another":             {sql: stepOne, want: "not signed by the analyst", settings: func() map[string]string { e := b.order(good, tag(), 1); e.Sign(b.other); return with(good, e) }},
		"an unsigned change of the run": {sql: stepOne, want: "not signed by the analyst", settings: func() map[string]string { e := b.order(good, tag(), 1); e.Run = tag(); return with(good, e) }},
		"a short run tag":               {sql: stepOne, want: "32 bytes", settings: func() map[string]string { e := b.order(good, "abcd", 1); return with(good, e) }},
		"a step left out":               {sql: stepTwo, params: []string{"40"}, want: "step 1 comes next", settings: func() map[string]string { return with(good, b.order(good, tag(), 2, "40")) }},
		"out of the range":              {sql: stepTwo, params: []string{"17"}, want: "is below 18", settings: func() map[string]string { return with(good, b.order(good, tag(), 2, "17")) }},
		"not in the list":               {sql: stepThree, params: []string{"40", "x"}, want: "not in the list", settings: func() map[string]string { return with(good, b.order(good, tag(), 3, "40", "x")) }},
		"bound to another":              {sql: stepTwo, params: []string{"41"}, want: "bound to another value", settings: func() map[string]string { return with(good, b.order(good, tag(), 2, "40")) }},
		"one approver": {sql: stepOne, want: "1 of 2 required approvers", settings: func() map[string]string {
			a := b.script(nil)
			a.Approvals = a.Approvals[:1]
			return with(a, b.order(a, tag(), 1))
		}},
		"one approver twice": {sql: stepOne, want: "signed twice", settings: func() map[string]string {
			a := b.script(nil)
			a.Approvals[1] = a.Approvals[0]
			return with(a, b.order(a, tag(), 1))
		}},
		"no approver": {sql: stepOne, want: "0 of 2 required approvers", settings: func() map[string]string {
			a := b.script(nil)
			a.Approvals = nil
			a.Sign(b.other)
			a.Sign(b.alice)
			return with(a, b.order(a, tag(), 1))
		}},
		"a signature of another script": {sql: stepOne, want: "signature of approver", settings: func() map[string]string {
			a, c := b.script(nil), b.script(func(s *approval.Script) { s.Name = "another" })
			a.Approvals = c.Approvals
			return with(a, b.order(a, tag(), 1))
		}},
		"expired":                {sql: stepOne, want: "expired", settings: b.changed(func(s *approval.Script) { s.NotBefore, s.Expires = "2026-01-01T00:00:00Z", "2026-11-01T12:00:00Z" })},
		"not yet":                {sql: stepOne, want: "not valid before", settings: b.changed(func(s *approval.Script) { s.NotBefore = "2026-11-02T00:00:00Z" })},
		"another version":        {sql: stepOne, want: "another version", settings: b.changed(func(s *approval.Script) { s.Version = "older" })},
		"another schema":         {sql: stepOne, want: "declaration of the data set has changed", settings: b.changed(func(s *approval.Script) { s.Schema = strings.Repeat("0", 64) })},
		"another data set":       {sql: stepOne, want: "another data set", settings: b.changed(func(s *approval.Script) { s.Dataset = "census" })},
		"a step that reads more": {sql: "SELECT sex, count(*) FROM patients GROUP BY sex UNION ALL SELECT 'x', count(*) FROM visits", want: "no approved step has the plan"},
		"text that is no bundle": {sql: stepOne, want: "dp.authorization", settings: func() map[string]string { return map[string]string{"dp.authorization": "####"} }},
	} {
		t.Run(name, func(t *testing.T) {
			settings := with(good, b.order(good, tag(), 1), b.order(good, tag(), 2, "40"))
			if c.settings != nil {
				settings = c.settings()
			}
			user := c.user
			if user == "" {
				user = "alice"
			}
			_, err := b.ask(user, c.sql, settings, c.params...)
			refused(t, name, err, c.want)
		})
	}
	balance, err := b.ledger.Balance(t.Context(), budget.Account{Key: budget.Key{Dataset: "clinic"}, Budget: budget.Budget{Accountant: privacy.Approx, Epsilon: 1, Delta: 1}})
	if err != nil || !balance.Spent.IsZero() || !balance.Reserved.IsZero() {
		t.Errorf("what was not approved was charged: %+v %v", balance.Spent, err)
	}
}

func changed(settings map[string]string, name, v string) map[string]string {
	settings[name] = v
	return settings
}

// changed loads a script that its approvers signed as it is.
func (b *bench) changed(change func(*approval.Script)) func() map[string]string {
	return func() map[string]string {
		a := b.script(change)
		return with(a, b.order(a, newTag(b.t), 1))
	}
}

// TestEveryFieldIsSigned changes each field of an approved script: no signature is left.
func TestEveryFieldIsSigned(t *testing.T) {
	b := newBench(t)
	good := b.script(nil)
	var doc map[string]any
	text, _ := json.Marshal(good.Script)
	if err := json.Unmarshal(text, &doc); err != nil {
		t.Fatal(err)
	}
	changes := 0
	var walk func(v any, set func(any))
	walk = func(v any, set func(any)) {
		switch v := v.(type) {
		case map[string]any:
			for k, child := range v {
				walk(child, func(n any) { v[k] = n })
			}
		case []any:
			for i, child := range v {
				walk(child, func(n any) { v[i] = n })
			}
		case string:
			b.changedField(t, doc, func() { set(v + "x") }, func() { set(v) })
			changes++
		case float64:
			b.changedField(t, doc, func() { set(v + 1) }, func() { set(v) })
			changes++
		case bool:
			b.changedField(t, doc, func() { set(!v) }, func() { set(v) })
			changes++
		}
	}
	walk(doc, nil)
	if changes < 25 {
		t.Errorf("only %d fields were changed", changes)
	}
}

func (b *bench) changedField(t *testing.T, doc map[string]any, change, back func()) {
	change()
	defer back()
	text, err := json.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	script, err := approval.ReadScript(text)
	if err != nil {
		return // refused even earlier
	}
	a := &approval.Approved{Script: *script, Approvals: b.script(nil).Approvals}
	if err := a.Verify(*b.approvers()); err == nil {
		t.Errorf("a changed script is still approved:\n%s", text)
	}
}

func TestRunsAreCounted(t *testing.T) {
	b := newBench(t)
	a := b.script(nil)
	one, two := newTag(t), newTag(t)
	for _, run := range []string{one, two} {
		if _, err := b.ask("alice", stepOne, with(a, b.order(a, run, 1))); err != nil {
			t.Fatal(err)
		}
	}
	_, err := b.ask("alice", stepOne, with(a, b.order(a, newTag(t), 1)))
	refused(t, "a third run of two", err, "has had its 2 runs")
	_, err = b.ask("alice", stepOne, with(a, b.order(a, one, 1)))
	refused(t, "a step again", err, "executed already")
	_, err = b.ask("alice", stepTwo, with(a, b.order(a, one, 2, "40")), "40")
	refused(t, "the run after that", err, "the run has ended")
	if _, err = b.ask("alice", stepTwo, with(a, b.order(a, two, 2, "40")), "40"); err != nil {
		t.Errorf("the other run goes on: %v", err)
	}
}

func TestLooseScript(t *testing.T) {
	b := newBench(t)
	a := b.script(func(s *approval.Script) { s.Kind = approval.Loose })
	run := newTag(t)
	for _, step := range []int{2, 1, 1, 2} {
		sql, params := stepOne, []string(nil)
		if step == 2 {
			sql, params = stepTwo, []string{"40"}
		}
		if _, err := b.ask("alice", sql, with(a, b.order(a, run, step, params...)), params...); err != nil {
			t.Fatal(err)
		}
	}
}

// TestActsOfApprovers: a revocation and a change of approvers count as soon as they are in the ledger, and only with the right
// signatures.
func TestActsOfApprovers(t *testing.T) {
	b := newBench(t)
	a := b.script(nil)
	add := func(kind string, v any) {
		body, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		acts, err := b.ledger.Acts(t.Context(), "clinic")
		if err != nil {
			t.Fatal(err)
		}
		if err := b.ledger.AddAct(t.Context(), budget.Act{Dataset: "clinic", Kind: kind, Body: body, By: "somebody"}, len(acts)); err != nil {
			t.Fatal(err)
		}
	}
	forged := approval.Revocation{Dataset: "clinic", Script: a.Script.ID(), Kind: approval.ActRevoke}
	forged.Sign(b.other)
	add(approval.ActRevoke, forged)
	change := approval.Change{Dataset: "clinic", Approvers: approval.Approvers{Parties: []approval.Party{{Name: "other", Key: b.other.Public()}}}}
	change.Sign(b.anna)
	add(approval.ActApprovers, change) // one of two
	if _, err := b.ask("alice", stepOne, with(a, b.order(a, newTag(t), 1))); err != nil {
		t.Fatalf("acts without the right signatures count: %v", err)
	}
	real := approval.Revocation{Dataset: "clinic", Script: a.Script.ID(), Kind: approval.ActRevoke, Why: "enough"}
	real.Sign(b.bert)
	add(approval.ActRevoke, real)
	_, err := b.ask("alice", stepOne, with(a, b.order(a, newTag(t), 1)))
	refused(t, "revoked", err, `revoked by "bert"`)

	change.Sign(b.bert)
	add(approval.ActApprovers, change)
	c := b.script(func(s *approval.Script) { s.Name = "second" })
	_, err = b.ask("alice", stepOne, with(c, b.order(c, newTag(t), 1)))
	refused(t, "by approvers who are none any more", err, "0 of 1 required approvers")
	c.Sign(b.other)
	if _, err := b.ask("alice", stepOne, with(c, b.order(c, newTag(t), 1))); err != nil {
		t.Errorf("the new approver's signature: %v", err)
	}
	add(approval.ActApprovers, change) // replayed: it was number 0
	if _, err := b.ledger.Verify(t.Context()); err != nil {
		t.Error(err)
	}
	// In the ledger: handed in, then signed.
	d := b.script(func(s *approval.Script) { s.Name = "third" })
	add(approval.ActSubmit, d.Script)
	e := b.order(d, newTag(t), 1)
	load := map[string]string{"dp.epsilon": "0.5", "dp.authorization": approval.Bundle{Executions: []approval.Execution{e}}.Encode()}
	_, err = b.ask("alice", stepOne, load)
	refused(t, "not signed yet", err, "0 of 1 required approvers")
	d.Approvals = nil
	d.Sign(b.other)
	add(approval.ActApprove, approval.Grant{Script: d.Script.ID(), Signature: d.Approvals[0]})
	if _, err := b.ask("alice", stepOne, load); err != nil {
		t.Errorf("approved in the ledger: %v", err)
	}
}

// TestStrictJSON: one meaning has one text.
func TestStrictJSON(t *testing.T) {
	b := newBench(t)
	text, _ := json.Marshal(b.script(nil).Script)
	for name, broken := range map[string]string{
		"unknown field":           strings.Replace(string(text), `"name":`, `"nickname":"x","name":`, 1),
		"duplicate key":           strings.Replace(string(text), `"runs":2`, `"runs":2,"runs":3`, 1),
		"duplicate in other case": strings.Replace(string(text), `"runs":2`, `"runs":2,"Runs":3`, 1),
		"text after the end":      string(text) + "{}",
		"another format":          strings.Replace(string(text), approval.ScriptFormat, "dpproxy-script-2", 1),
		"free text in a slot":     strings.Replace(string(text), `"values":["f","m"],`, "", 1),
		"no steps":                string(text[:strings.Index(string(text), `"steps":`)]) + `"steps":[],"per_run":{"epsilon":"","delta":"","rho":""},"in_all":{"epsilon":"","delta":"","rho":""}}`,
	} {
		if broken == string(text) {
			t.Fatalf("%s: the text was not changed", name)
		}
		if _, err := approval.ReadScript([]byte(broken)); err == nil {
			t.Errorf("%s is read", name)
		}
	}
	if _, err := hex.DecodeString(b.script(nil).Script.ID()); err != nil {
		t.Error(err)
	}
}
