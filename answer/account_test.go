package answer

import (
	"slices"
	"strings"
	"testing"

	"github.com/dpproxy/dpproxy/privacy"
	"github.com/dpproxy/dpproxy/refusal"
)

// shareAccount lets alice and bob spend from account team.
func (f *fixture) shareAccount(grant Grant) {
	var users []*User
	for _, name := range []string{"alice", "bob"} {
		users = append(users, &User{Name: name, Account: "team", Verifier: "SCRAM-SHA-256$4096:" + name, MayQuery: true, Datasets: map[string]Grant{"census": grant}})
	}
	users = append(users, &User{Name: "carol", MayQuery: true, Datasets: map[string]Grant{"census": grant}})
	f.Replace([]*Dataset{f.served.datasets["census"]}, users, Access{Strangers: map[string]Grant{"census": grant}})
}

// TestSharedAccount: what one user of an account has paid for is free for the others; the account, and the data set, are charged
// once; the history has the account and who asked.
func TestSharedAccount(t *testing.T) {
	f := newFixture(t)
	f.shareAccount(Grant{Budget: pure(100 * privacy.EpsilonUnits)})
	question := "SELECT sex, count(*) FROM persons GROUP BY sex"
	f.planner.plans[question] = countBySex(privacy.EpsilonUnits)
	first, _ := f.mustAsk(f.request("alice", question))
	second, result := f.mustAsk(f.request("bob", question))
	if !slices.Equal(first, second) {
		t.Errorf("bob reads %v, alice %v", second, first)
	}
	if len(result.Notices) == 0 || !strings.Contains(result.Notices[0].Message, "spent nothing") {
		t.Errorf("bob is told %v", result.Notices)
	}
	for name, want := range map[string]privacy.Epsilon{"team": 1, "alice": 0, "bob": 0, "": 1} {
		if got := f.spent(name); got != want*privacy.EpsilonUnits {
			t.Errorf("%q has spent %s, want %d", name, got, want)
		}
	}
	if got := f.outcomes("team"); got != "reused, answered" {
		t.Errorf("history: %s", got)
	}
	for _, user := range []string{"alice", "bob"} {
		q := &query{request: f.request(user, question), dataset: f.served.datasets["census"], user: f.served.users[user]}
		records, err := f.historyRecords(t.Context(), q)
		if err != nil || len(records) != 2 || records[0]["user_name"].Text != "bob" || records[1]["user_name"].Text != "alice" {
			t.Errorf("%s sees %v %v", user, records, err)
		}
	}
	f.mustAsk(f.request("carol", question)) // the same release, on an account of her own
	if f.spent("carol") != privacy.EpsilonUnits || f.spent("") != privacy.EpsilonUnits {
		t.Errorf("carol has spent %s, and all together %s", f.spent("carol"), f.spent(""))
	}
}

// TestSharedAccountLimits: the budget and lifetime limits are the account's; rates and bans are each user's own.
func TestSharedAccountLimits(t *testing.T) {
	f := newFixture(t)
	f.shareAccount(Grant{Budget: pure(2 * privacy.EpsilonUnits), MaxQueries: 2, RateLimits: parsed(t, "2/hour")})
	for _, name := range []string{"a", "b", "c"} {
		q := "SELECT sex, count(*) FROM persons GROUP BY sex -- " + name
		f.planner.plans[q] = bySex(privacy.EpsilonUnits, "SELECT sex, count(*)::bigint FROM persons GROUP BY sex -- "+name)
	}
	ask := func(user, name string) error {
		_, _, err := f.ask(f.request(user, "SELECT sex, count(*) FROM persons GROUP BY sex -- "+name))
		return err
	}
	if err := ask("alice", "a"); err != nil {
		t.Fatal(err)
	}
	if err := ask("bob", "b"); err != nil {
		t.Fatal(err)
	}
	refused(t, ask("alice", "c"), refusal.BudgetExceeded, "2 of 2 queries were charged to account \"team\"")
	refused(t, ask("alice", "a"), refusal.BudgetExceeded, "rate limit reached") // alice's own
	if err := ask("bob", "a"); err != nil {
		t.Errorf("bob shares alice's rate: %v", err)
	}
	f.shareAccount(Grant{Budget: pure(2 * privacy.EpsilonUnits)})
	refused(t, ask("bob", "c"), refusal.BudgetExceeded, "the privacy budget of account \"team\"")
	if err := f.Ledger.SetDisabled(t.Context(), "alice", true, "owner"); err != nil {
		t.Fatal(err)
	}
	refused(t, ask("alice", "a"), refusal.InsufficientPrivilege, `user "alice" is disabled`)
	if err := ask("bob", "a"); err != nil {
		t.Errorf("bob is banned with alice: %v", err)
	}
}

// TestAccountIsNoStranger: nobody comes to an account by calling himself as it is called.
func TestAccountIsNoStranger(t *testing.T) {
	f := newFixture(t)
	f.shareAccount(Grant{Budget: pure(2 * privacy.EpsilonUnits)})
	for _, name := range []string{"dora", "team"} {
		_, found := f.served.person(Identity{User: name, Principal: &Principal{User: name, Method: "token"}})
		if found != (name == "dora") {
			t.Errorf("%s: %t", name, found)
		}
	}
}
