package answer

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/dpproxy/dpproxy/budget"
	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/privacy"
	"github.com/dpproxy/dpproxy/ratelimit"
	"github.com/dpproxy/dpproxy/refusal"
	"github.com/dpproxy/dpproxy/rewrite"
)

// askAs asks a question as somebody; the refusal's code, or "".
func (f *fixture) askAs(id Identity, sql string, several bool) (code string, message string) {
	f.t.Helper()
	statements, err := f.Parse(sql)
	if err != nil {
		f.t.Fatal(err)
	}
	id.Dataset = "census"
	res, err := f.Answer(f.t.Context(), Request{Identity: id, Statement: statements[0], Several: several})
	if err == nil {
		res.Rows.Close()
		return "", ""
	}
	r, ok := refusal.As(err)
	if !ok {
		f.t.Fatal(err)
	}
	return string(r.Code), r.Message + " | " + r.Detail
}

func parsed(t *testing.T, text string) []ratelimit.Limit {
	t.Helper()
	l, err := ratelimit.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

const sexes = "SELECT sex, count(*) FROM persons GROUP BY sex"

// A credential's permissions: what each lets through.
func TestPermissions(t *testing.T) {
	f := newFixture(t, withReuse(Reuse{Off: true}))
	f.planner.plans[sexes] = countBySex(largeEpsilon)
	f.served.access.Strangers = map[string]Grant{"census": {Budget: pure(1000 * privacy.EpsilonUnits)}}
	soon := f.now.Add(time.Minute)
	for name, c := range map[string]struct {
		permissions []Permission
		want        string
	}{
		"class":             {[]Permission{{"aggregation", "census", 0}}, ""},
		"all classes":       {[]Permission{{"*", "census", 0}}, ""},
		"all datasets":      {[]Permission{{"aggregation", "*", 0}}, ""},
		"another class":     {[]Permission{{"distribution", "census", 0}}, "42501"},
		"metadata":          {[]Permission{{"", "census", 0}}, "42501"},
		"another dataset":   {[]Permission{{"*", "other", 0}}, "3D000"},
		"none":              {nil, "3D000"},
		"class and another": {[]Permission{{"distribution", "census", 0}, {"aggregation", "census", 5}}, ""},
	} {
		p := &Principal{User: "carol-" + name, Method: "token", Restricted: true, Permissions: c.permissions, Expires: soon}
		if code, message := f.askAs(Identity{User: p.User, Principal: p}, sexes, false); code != c.want {
			t.Errorf("%s: %s %s, want %s", name, code, message, c.want)
		}
	}
	carol := &Principal{User: "carol", Method: "token", Expires: soon}
	if code, message := f.askAs(Identity{User: "carol", Principal: carol}, sexes, false); code != "" {
		t.Errorf("without restriction: %s", message)
	}
	f.pass(time.Minute)
	if code, _ := f.askAs(Identity{User: "carol", Principal: carol}, sexes, false); code != "28000" {
		t.Errorf("with a token that has expired: %s", code)
	}
	if code, _ := f.askAs(Identity{User: "carol"}, sexes, false); code != "28000" {
		t.Errorf("somebody whom nobody vouched for: %s", code)
	}
	if code, _ := f.askAs(Identity{User: "carol", Principal: &Principal{User: "carol", Method: "certificate"}}, sexes, false); code != "28000" {
		t.Errorf("a certificate of somebody who is not in the list: %s", code)
	}
	if code, _ := f.askAs(Identity{User: "nobody", Principal: &Principal{User: "nobody", Method: "anonymous"}}, sexes, false); code != "28000" {
		t.Errorf("somebody anonymous where nobody is: %s", code)
	}
}

// Lifetime limits: the file's and the credential's, the tighter one counts; by class and over all analysts; a reload with
// a lower limit counts what was asked before.
func TestLifetimeLimits(t *testing.T) {
	f := newFixture(t, withReuse(Reuse{Off: true}), withGrant(Grant{
		Budget: pure(1000 * privacy.EpsilonUnits), MaxQueries: 4, ClassQueries: map[string]int64{"aggregation": 3, "distribution": 1},
	}))
	f.planner.plans[sexes] = countBySex(privacy.EpsilonUnits)
	f.served.access.MaxQueriesMessage = "Enough."
	alice := Identity{User: "alice"}
	token := Identity{User: "bob", Principal: &Principal{User: "bob", Method: "token", Restricted: true, Permissions: []Permission{{"*", "census", 2}}}}
	for i, want := range []string{"", "", "53400"} {
		if code, message := f.askAs(token, sexes, false); code != want {
			t.Errorf("query %d of a token for two: %s %s", i+1, code, message)
		}
	}
	for i, want := range []string{"", "", "", "53400"} {
		code, message := f.askAs(alice, sexes, false)
		if code != want || want != "" && message != `Enough. | 3 of 3 queries were charged to user "alice" in class "aggregation". The limit is for ever. Nothing was charged now.` {
			t.Errorf("query %d: %s %s", i+1, code, message)
		}
	}
	f.served.users["alice"].Datasets["census"] = Grant{Budget: pure(1000 * privacy.EpsilonUnits)}
	d := f.served.datasets["census"]
	d.MaxQueries, d.MaxQueriesMessage = 6, "No more of the census."
	for i, want := range []string{"", "53400"} { // 5 were charged to both
		code, message := f.askAs(alice, sexes, false)
		if code != want || want != "" && !strings.Contains(message, "No more of the census. | 6 of 6 queries were charged to all users together.") {
			t.Errorf("query %d of all: %s %s", i+6, code, message)
		}
	}
}

// Rate limits by class, and stricter ones for messages of several statements.
func TestRateRules(t *testing.T) {
	f := newFixture(t, withGrant(Grant{
		Budget: pure(1000 * privacy.EpsilonUnits), RateLimits: parsed(t, "5/hour"),
		Rates: ratelimit.Rules{
			ClassRules: ratelimit.ClassRules{Semicolon: parsed(t, "1/hour")},
			Classes:    map[string]ratelimit.ClassRules{"aggregation": {Default: parsed(t, "3/hour")}, "distribution": {Default: parsed(t, "1/hour")}},
		},
	}))
	f.planner.plans[sexes] = countBySex(privacy.EpsilonUnits)
	f.served.access.RateNotices = true
	id := Identity{User: "alice"}
	for i, c := range []struct {
		several bool
		want    string
	}{{true, ""}, {true, "1/hour"}, {false, ""}, {false, ""}, {false, "3/hour"}} {
		code, message := f.askAs(id, sexes, c.several)
		if (code == "") != (c.want == "") || !strings.Contains(message, c.want) {
			t.Errorf("request %d: %s %s, want %s", i, code, message, c.want)
		}
	}
	if code, message := f.askAs(Identity{User: "bob"}, sexes, true); code != "" {
		t.Errorf("bob shares alice's counter: %s", message)
	}
	statements, err := f.Parse(sexes)
	if err != nil {
		t.Fatal(err)
	}
	res, err := f.Answer(t.Context(), Request{Identity: Identity{User: "bob", Dataset: "census"}, Statement: statements[0]})
	if err != nil {
		t.Fatal(err)
	}
	defer res.Rows.Close()
	var got []string
	for _, n := range res.Notices {
		if strings.HasPrefix(n.Message, "rate limit") {
			got = append(got, n.Message)
		}
	}
	if want := "[rate limit 5/hour: limit 5, remaining 3, reset in 1h0m0s rate limit 3/hour (class:aggregation): limit 3, remaining 1, reset in 1h0m0s]"; !similar(fmt.Sprint(got), want) {
		t.Errorf("got %s, want %s", got, want)
	}
}

// similar compares without the seconds, as the store of fixed windows counts by a clock of its own.
func similar(a, b string) bool {
	cut := func(s string) string {
		var out []string
		for _, part := range strings.Split(s, "reset in ") {
			_, rest, _ := strings.Cut(part, " ")
			out = append(out, rest)
		}
		return strings.Join(out, "|")
	}
	return cut(a) == cut(b)
}

// One query at a time: a second one is refused while the first one's rows stream, and let in when they are read; a process
// that vanished locks nobody out for longer than its place lasts; a ban is another thing.
func TestPlaces(t *testing.T) {
	f := newFixture(t)
	f.planner.plans[sexes] = countBySex(privacy.EpsilonUnits)
	f.served.access.Places = 1
	id := Identity{User: "alice"}
	place, err := f.Ledger.Acquire(t.Context(), "alice", 1, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	code, message := f.askAs(id, sexes, false)
	if code != "53300" || !strings.Contains(message, `user "alice" has 1 query in flight already`) {
		t.Errorf("got %s %s", code, message)
	}
	if code, message := f.askAs(id, "EXPLAIN "+sexes, false); code != "" {
		t.Errorf("EXPLAIN: %s", message)
	}
	if code, message := f.askAs(Identity{User: "bob"}, sexes, false); code != "" {
		t.Errorf("bob: %s", message)
	}
	f.served.users["alice"].Places = 2
	if code, message := f.askAs(id, sexes, false); code != "" {
		t.Errorf("with two places: %s", message)
	}
	f.served.users["alice"].Places = 0
	f.pass(time.Minute) // the holder of the place was never seen again
	for range 3 {
		if code, message := f.askAs(id, sexes, false); code != "" {
			t.Errorf("after the place has expired: %s", message)
		}
	}
	place.Leave()
	if err := f.Ledger.SetDisabled(context.Background(), "alice", true, "owner"); err != nil {
		t.Fatal(err)
	}
	for range 2 { // a query that ends lifts no ban
		if code, message := f.askAs(id, sexes, false); code != "42501" {
			t.Errorf("banned: %s %s", code, message)
		}
	}
}

// Those who are anonymous have one name and are not the same: nobody sees what another asked or was answered.
func TestAnonymousSeeNobodysHistory(t *testing.T) {
	f := newFixture(t, func(s *setup) { s.archive = Archiving{Public: true, MaxBytes: 1000} })
	f.served.access.Anonymous = "anonymous"
	f.served.datasets["census"].Public = true
	asked := "SELECT city FROM cities"
	f.planner.plans[asked] = &rewrite.Plan{Post: rewrite.Post{SQL: asked}, Reads: true, Columns: []rewrite.Column{{Name: "city", Type: catalog.Of(catalog.Text)}}}
	var history rewrite.SystemTable
	for _, table := range rewrite.SystemTables() {
		if table.Name == "dp.history" {
			history = table
		}
	}
	f.planner.plans["SELECT * FROM dp.history"] = systemPlan(history)
	for id, want := range map[Identity]struct {
		entries int
		replay  refusal.Code
	}{
		{User: "alice"}: {1, ""},
		{User: "anonymous", Principal: &Principal{User: "anonymous", Method: "anonymous"}}: {0, refusal.InvalidParameterValue},
	} {
		as := func(sql string) Request {
			r := f.request(id.User, sql)
			r.Identity.Principal = id.Principal
			return r
		}
		f.mustAsk(as(asked))
		entries, err := f.Ledger.History(t.Context(), budget.HistoryQuery{Analyst: id.User, Dataset: "census"})
		if err != nil || len(entries) != 1 || !entries[0].Archived {
			t.Fatalf("%s: the owner sees %+v, %v", id.User, entries, err)
		}
		if lines, _ := f.mustAsk(as("SELECT * FROM dp.history")); len(lines) != want.entries {
			t.Errorf("%s sees %q", id.User, lines)
		}
		f.replay(as(asked), entries[0].ID, want.replay)
	}
}

// replay reads a kept answer, and checks how it is refused.
func (f *fixture) replay(r Request, id int64, want refusal.Code) {
	f.t.Helper()
	q, err := f.open(r)
	if err != nil {
		f.t.Fatal(err)
	}
	defer q.done()
	_, err = f.replayed(f.t.Context(), q, whole(id))
	if want != "" {
		refused(f.t, err, want)
	} else if err != nil {
		f.t.Error(err)
	}
}

// A credential for metadata alone reads no answers, also not those that its user was given before.
func TestMetadataAreNoAnswers(t *testing.T) {
	f := newFixture(t, func(s *setup) { s.archive = Archiving{Answers: true, MaxBytes: 1000} })
	f.planner.plans[sexes] = countBySex(privacy.EpsilonUnits)
	f.mustAsk(f.request("alice", sexes))
	entries, err := f.Ledger.History(t.Context(), budget.HistoryQuery{Analyst: "alice", Dataset: "census"})
	if err != nil || len(entries) != 1 {
		t.Fatal(entries, err)
	}
	for operation, want := range map[string]refusal.Code{"": refusal.InsufficientPrivilege, "aggregation": "", "*": ""} {
		r := f.request("alice", sexes)
		r.Identity.Principal = &Principal{User: "alice", Method: "token", Restricted: true, Permissions: []Permission{{Operation: operation, Dataset: "census"}}}
		f.replay(r, entries[0].ID, want)
	}
}
