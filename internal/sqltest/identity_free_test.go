package sqltest

import (
	"bytes"
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/dpproxy/dpproxy/answer"
	"github.com/dpproxy/dpproxy/budget"
	"github.com/dpproxy/dpproxy/mechanism"
	"github.com/dpproxy/dpproxy/rewrite"
)

// TestSecondSpellingIsFree: of each group of spellings the first is paid for by alice, and the others cost bob, who shares her account,
// nothing; one number is the same number, noise included.
func TestSecondSpellingIsFree(t *testing.T) {
	cfg, loaded := load(t, newSources(t, cleanRows())[1])
	name := loaded.Catalog.Name
	ledger, limits := stores(t)
	grant, _ := cfg.Users[0].Grant(name)
	rights := map[string]answer.Grant{name: {Budget: grant.Budget}}
	service, err := answer.New(answer.Options{
		Datasets: []*answer.Dataset{{Catalog: loaded.Catalog, Engine: loaded.Engine, Budget: loaded.Config.Budget}},
		Users:    []*answer.User{{Name: "alice", Account: "team", MayQuery: true, Datasets: rights}, {Name: "bob", Account: "team", MayQuery: true, Datasets: rights}},
		Ledger:   ledger, Limiter: limits, Planner: rewrite.NewPlanner(1000), Random: mechanism.NewCryptoSource(), Clock: time.Now,
		Logger: slog.New(slog.NewTextHandler(&bytes.Buffer{}, nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	spent := func() budget.Balance {
		b, err := ledger.Balance(t.Context(), budget.Account{Key: budget.Key{Analyst: "team", Dataset: name}, Budget: grant.Budget})
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	ask := func(user string, s spelling) [][]answer.Cell {
		st, err := service.Parse(s.sql)
		if err != nil {
			t.Fatal(err)
		}
		req := answer.Request{Identity: answer.Identity{User: user, Dataset: name}, Statement: st[0]}
		for _, p := range s.params {
			req.Params = append(req.Params, answer.Param{Type: p.Type, Cell: p.Cell})
		}
		result, err := service.Answer(context.Background(), req)
		if err != nil {
			t.Fatalf("%s: %v\n%s", s.group, err, s.sql)
		}
		defer result.Rows.Close()
		var out [][]answer.Cell
		for result.Rows.Next() {
			out = append(out, append([]answer.Cell{}, result.Rows.Values()...))
		}
		if err := result.Rows.Err(); err != nil {
			t.Fatalf("%s: %v\n%s", s.group, err, s.sql)
		}
		return out
	}
	for _, group := range readSpellings(t, "same.sql") {
		first := ask("alice", group[0])
		before := spent()
		for _, s := range group[1:] {
			again := ask("bob", s)
			if after := spent(); after.Spent != before.Spent || after.Queries != before.Queries {
				t.Errorf("%s cost ε = %s more: %s", s.group, after.Spent.Epsilon-before.Spent.Epsilon, s.sql)
				before = after
			}
			one := len(first) == 1 && len(again) == 1 && len(first[0]) == 1 && len(again[0]) == 1
			if one && again[0][0] != first[0][0] {
				t.Errorf("%s reads %v, and %v before: %s", s.group, again, first, s.sql)
			}
		}
	}
}
