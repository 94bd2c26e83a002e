package answer

import (
	"strings"
	"testing"

	"github.com/dpproxy/dpproxy/budget"
	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/privacy"
	"github.com/dpproxy/dpproxy/refusal"
	"github.com/dpproxy/dpproxy/rewrite"
)

// systemPlan reads a whole table of schema dp.
func systemPlan(t rewrite.SystemTable) *rewrite.Plan {
	return &rewrite.Plan{Post: rewrite.Post{SQL: `SELECT * FROM ` + t.Input}, System: []string{t.Name}, Columns: t.Columns}
}

func TestSystemTablesShowWhatIsTheAnalystsOwn(t *testing.T) {
	f := newFixture(t, withGrant(Grant{Budget: pure(1000 * privacy.EpsilonUnits), MaxQueries: 50}),
		func(s *setup) { s.archive = Archiving{Answers: true, MaxBytes: 1000} })
	f.served.access.Operator = Operator{Name: "o", Title: "t", URL: "u", Contact: "c", Description: "d", Terms: "e"}
	d := f.served.datasets["census"]
	d.Terms, d.Catalog.Title, d.Catalog.Description = "e", "t", "d"
	f.planner.plans[question] = countBySex(privacy.EpsilonUnits)
	f.mustAsk(f.request("alice", question))
	f.mustAsk(f.request("bob", question))
	for _, table := range rewrite.SystemTables() {
		sql := "SELECT * FROM " + table.Name
		f.planner.plans[sql] = systemPlan(table)
		lines, result := f.mustAsk(f.request("alice", sql))
		text := strings.Join(lines, "\n")
		if len(lines) == 0 || !result.Public {
			t.Errorf("%s: %d rows, public %v", table.Name, len(lines), result.Public)
		}
		if strings.Contains(text, "bob") {
			t.Errorf("%s shows alice what is bob's:\n%s", table.Name, text)
		}
		for i, c := range table.Columns {
			if empty(lines, i) && c.Name != "description" && c.Name != "refresh" && c.Name != "window_ends" && !strings.HasPrefix(c.Name, "rho") &&
				c.Name != "application" && c.Name != "client" && c.Name != "sqlstate" {
				t.Errorf("%s.%s is NULL in every row:\n%s", table.Name, c.Name, text)
			}
		}
	}
	lines, _ := f.mustAsk(f.request("alice", "SELECT * FROM dp.history"))
	if len(lines) != 1 {
		t.Errorf("alice's history is %q", lines)
	}
	if got := f.spent("alice"); got != privacy.EpsilonUnits {
		t.Errorf("tables of schema dp were charged: %v", got)
	}
}

func empty(lines []string, column int) bool {
	for _, l := range lines {
		if cells := strings.Split(l, "|"); column < len(cells) && cells[column] != "NULL" {
			return false
		}
	}
	return true
}

func TestPublicTablesAreFreeAndStream(t *testing.T) {
	f := newFixture(t)
	sql := "SELECT city FROM cities"
	f.planner.plans[sql] = &rewrite.Plan{
		Post: rewrite.Post{SQL: `SELECT city FROM cities ORDER BY city`}, Reads: true, Columns: []rewrite.Column{{Name: "city", Type: catalog.Of(catalog.Text)}},
	}
	lines, result := f.mustAsk(f.request("alice", sql))
	if strings.Join(lines, ",") != "Oslo,Roma" || !result.Public || len(result.Notices) > 0 {
		t.Errorf("rows %q, public %v, notices %v", lines, result.Public, result.Notices)
	}
	if f.spent("alice") != 0 || f.outcomes("alice") != "" {
		t.Errorf("charged %v, recorded %q", f.spent("alice"), f.outcomes("alice"))
	}
}

// TestTheOuterQuery: it reads releases by name, its errors over values are told in our words, and the release stays.
func TestTheOuterQuery(t *testing.T) {
	f := newFixture(t)
	plan := countBySex(largeEpsilon)
	plan.Post = rewrite.Post{SQL: `SELECT k1, v1 + 1 FROM released_1 ORDER BY v1`}
	f.planner.plans[question] = plan
	if lines, _ := f.mustAsk(f.request("alice", question)); strings.Join(lines, ",") != "m|101,f|301" {
		t.Errorf("rows are %q", lines)
	}
	broken := "SELECT sex, error(count(*)) FROM persons GROUP BY sex"
	bad := countBySex(largeEpsilon)
	bad.Post = rewrite.Post{SQL: `SELECT k1, error('secret 4711') FROM released_1`}
	f.planner.plans[broken] = bad
	_, _, err := f.ask(f.request("alice", broken))
	if r, ok := refusal.As(err); err == nil || strings.Contains(err.Error(), "4711") || ok && strings.Contains(r.Detail+r.Hint, "4711") {
		t.Errorf("the outer query's error is %v", err)
	}
	if got := f.spent("alice"); got != largeEpsilon {
		t.Errorf("charged %v, want once", got)
	}
}

func TestLogin(t *testing.T) {
	f := newFixture(t)
	for _, c := range []struct {
		user, database string
		want           Login
	}{
		{"alice", "census", Login{Verifier: "SCRAM-SHA-256$4096:alice", Allowed: true, Enabled: true}},
		{"alice", "other", Login{Verifier: "SCRAM-SHA-256$4096:alice", Enabled: true, Hint: "Each data set is a database of its own. Connect to: census."}},
		{"Alice", "census", Login{}},
		{"nobody", "census", Login{}},
	} {
		if got, err := f.Login(t.Context(), c.user, c.database); err != nil || got != c.want {
			t.Errorf("%s on %s: %+v, %v, want %+v", c.user, c.database, got, err, c.want)
		}
	}
}

// TestReplace: a reload counts from the next query on, and engines may close once the last query has ended.
func TestReplace(t *testing.T) {
	f := newFixture(t)
	sql := "SELECT city FROM cities"
	f.planner.plans[sql] = &rewrite.Plan{Post: rewrite.Post{SQL: `SELECT city FROM cities`}, Columns: []rewrite.Column{{Name: "city", Type: catalog.Of(catalog.Text)}}}
	streaming, err := f.Answer(t.Context(), f.request("alice", sql))
	if err != nil {
		t.Fatal(err)
	}
	idle := f.Replace(nil, []*User{{Name: "alice", MayQuery: true}}, Access{})
	select {
	case <-idle:
		t.Error("the old data sets are said to be idle while rows are read from them")
	default:
	}
	if !streaming.Rows.Next() {
		t.Errorf("rows of an old data set ended: %v", streaming.Rows.Err())
	}
	_, _, err = f.ask(f.request("alice", sql))
	refused(t, err, refusal.InvalidCatalogName)
	_, _, err = f.ask(f.request("bob", sql))
	refused(t, err, refusal.InvalidAuthorization)
	streaming.Rows.Close()
	<-idle
}

// TestATakenAwayUserKeepsHisSpending: deleting and adding a user again never resets what was spent.
func TestATakenAwayUserKeepsHisSpending(t *testing.T) {
	f := newFixture(t, withReuse(Reuse{Off: true}), withGrant(Grant{Budget: pure(privacy.EpsilonUnits)}))
	f.planner.plans[question] = countBySex(privacy.EpsilonUnits)
	datasets := []*Dataset{f.served.datasets["census"]}
	users := []*User{f.served.users["alice"]}
	f.mustAsk(f.request("alice", question))
	f.Replace(datasets, nil, Access{})
	f.Replace(datasets, users, Access{})
	_, _, err := f.ask(f.request("alice", question))
	refused(t, err, refusal.BudgetExceeded)
}

func TestNewWantsAllParts(t *testing.T) {
	f := newFixture(t)
	o := f.Options
	o.Ledger = budget.Ledger(nil)
	if _, err := New(o); err == nil {
		t.Error("a service without a ledger was made")
	}
}

// TestArchive: answers over private tables are kept with their entries, those over public tables once they were read whole;
// what is too large is noted without its rows.
func TestArchive(t *testing.T) {
	f := newFixture(t, func(s *setup) { s.archive = Archiving{Answers: true, Public: true, MaxBytes: 150} })
	f.planner.plans[question] = countBySex(privacy.EpsilonUnits)
	large := "SELECT a.city FROM cities a, cities b, cities c"
	for sql, body := range map[string]string{"SELECT city FROM cities": "SELECT city FROM cities", large: large} {
		f.planner.plans[sql] = &rewrite.Plan{Post: rewrite.Post{SQL: body}, Reads: true, Columns: []rewrite.Column{{Name: "city", Type: catalog.Of(catalog.Text)}}}
	}
	for _, sql := range []string{question, question, "SELECT city FROM cities", large} {
		f.mustAsk(f.request("alice", sql))
	}
	left, err := f.Answer(t.Context(), f.request("alice", "SELECT city FROM cities"))
	if err != nil {
		t.Fatal(err)
	}
	left.Rows.Next()
	left.Rows.Close()
	left.Rows.Close()
	list, err := f.Ledger.History(t.Context(), budget.HistoryQuery{Analyst: "alice"})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range list {
		kept := "without rows"
		if e.Archived {
			a, ok, err := f.Ledger.Archived(t.Context(), e.ID)
			if err != nil || !ok {
				t.Fatal(ok, err)
			}
			rows, err := DecodeArchived(a.Body)
			if err != nil || int64(len(rows.Rows)) != e.Rows || len(rows.Columns) != len(rows.Rows[0]) {
				t.Errorf("answer is %+v, %v; the entry has %d rows", rows, err, e.Rows)
			}
			kept = "with rows"
		}
		got = append(got, e.Outcome+" "+kept)
	}
	if want := "public without rows, public without rows, public with rows, reused with rows, answered with rows"; strings.Join(got, ", ") != want {
		t.Errorf("the archive has %q, want %q", strings.Join(got, ", "), want)
	}
	for _, body := range []string{"", "x", "\x1f\x8b"} {
		if _, err := DecodeArchived([]byte(body)); err == nil {
			t.Errorf("%q was read as an answer", body)
		}
	}
}
