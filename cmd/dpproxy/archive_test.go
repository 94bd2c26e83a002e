package main

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
)

// texts reads a query's rows as text.
func texts(t *testing.T, conn *pgx.Conn, sql string) [][]string {
	t.Helper()
	rows, err := conn.Query(t.Context(), sql, pgx.QueryExecModeSimpleProtocol)
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	defer rows.Close()
	var out [][]string
	for rows.Next() {
		var row []string
		for _, v := range rows.RawValues() {
			row = append(row, string(v))
		}
		out = append(out, row)
	}
	if err := rows.Err(); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return out
}

// TestEstimateAndReplay: what a query would cost is free to know, and an answer that was given is free to read again.
func TestEstimateAndReplay(t *testing.T) {
	s := newSite(t)
	text, err := os.ReadFile(s.config)
	if err != nil {
		t.Fatal(err)
	}
	text = []byte(strings.Replace(string(text), "  - name: alice\n", "  - {name: bob, password: '"+s.verifier+"', datasets: {census: {budget: {epsilon: 10, delta: 1e-7}}}}\n  - name: alice\n", 1))
	if err := os.WriteFile(s.config, text, 0o600); err != nil {
		t.Fatal(err)
	}
	_, address, _ := s.start(t)
	alice, err := connect(t, address, "alice", "secret")
	if err != nil {
		t.Fatal(err)
	}
	bob, err := connect(t, address, "bob", "secret")
	if err != nil {
		t.Fatal(err)
	}
	const question = "SELECT sex, count(*) AS n, avg(age) AS a FROM persons GROUP BY sex"
	spent := func() string {
		return texts(t, alice, "SELECT rho_spent, queries FROM dp.budget WHERE account = 'analyst'")[0][0]
	}

	got := texts(t, alice, "SELECT column_name, expected_error > 0, rho, rho_left, allowed, queries_left, groups FROM dp.estimate('"+question+"') ORDER BY 1")
	if len(got) != 2 || got[0][0] != "a" || got[1][0] != "n" || got[1][1] != "t" || got[1][2] != "0.500000000" && got[1][2] != "0.5" || got[1][4] != "t" || got[1][6] != "2" {
		t.Errorf("the estimate is %v", got)
	}
	left := got[0][5]
	if n := len(texts(t, alice, "SELECT * FROM dp.estimate('SELECT 1')")); n != 1 {
		t.Errorf("a free query is estimated in %d rows", n)
	}
	for sql, state := range map[string]string{
		"SELECT * FROM dp.estimate('SELECT age FROM persons')":                "42501",
		"SELECT * FROM dp.estimate('SELECT count(*) FROM nowhere')":           "42P01",
		"SELECT * FROM dp.estimate('SELECT count(*) FROM persons; SELECT 1')": "0A000",
		"SELECT * FROM dp.estimate('DELETE FROM persons')":                    "42501",
		"SELECT * FROM dp.estimate((SELECT sql FROM dp.history LIMIT 1))":     "0A000",
		"SELECT * FROM dp.replay(1)":                                          "22023",
		"SELECT * FROM dp.replay('x')":                                        "22P02",
		"SELECT * FROM dp.replays(1)":                                         "42883",
	} {
		if _, err := alice.Exec(t.Context(), sql); sqlState(err) != state {
			t.Errorf("%s gave %v, want %s", sql, err, state)
		}
	}
	if spent() != "0" {
		t.Errorf("an estimate cost %s", spent())
	}

	answered := texts(t, alice, question)
	after := spent()
	again := texts(t, alice, "SELECT column_name, rho, queries_left FROM dp.estimate('"+question+"')")
	if again[0][1] != "0" || again[0][2] != "" {
		t.Errorf("an answer that was paid for is estimated as %v", again)
	}
	if fewer := texts(t, alice, "SELECT queries_left FROM dp.estimate('SELECT sex, count(*) AS n, avg(age + 1) AS a FROM persons GROUP BY sex')"); fewer[0][0] == left {
		t.Errorf("%s queries were left before one was asked, and are after", left)
	}
	history := texts(t, alice, "SELECT id, rows, outcome FROM dp.history WHERE rows IS NOT NULL ORDER BY id DESC")
	if len(history) != 1 || history[0][1] != "2" || history[0][2] != "answered" {
		t.Fatalf("kept are %v", history)
	}
	id := history[0][0]
	replayed := texts(t, alice, "SELECT sex, n, a FROM dp.replay("+id+")")
	if flat(replayed) != flat(answered) {
		t.Errorf("the answer was %v, and is replayed as %v", answered, replayed)
	}
	if got := texts(t, alice, "SELECT sum(n) FROM dp.replay("+id+") r WHERE r.sex = 'f'"); len(got) != 1 {
		t.Errorf("a replay is no table: %v", got)
	}
	if spent() != after {
		t.Errorf("replaying cost something: %s, then %s", after, spent())
	}
	_, errBob := bob.Exec(t.Context(), "SELECT * FROM dp.replay("+id+")")
	_, errNone := bob.Exec(t.Context(), "SELECT * FROM dp.replay(9999)")
	if sqlState(errBob) != "22023" || strings.ReplaceAll(errBob.Error(), " "+id+" ", " 9999 ") != errNone.Error() {
		t.Errorf("another's answer gave %v, and none %v", errBob, errNone)
	}

	if out := s.owner(t, 0, "history", "replay", id, "--output", "json"); !strings.Contains(out, `"sex": "f"`) {
		t.Errorf("the owner's replay is\n%s", out)
	}
	entries := map[string]bool{}
	for line := range strings.Lines(s.owner(t, 0, "history", "export", "--answers")) {
		var e struct {
			Outcome string
			Answer  *struct {
				Columns []map[string]string
				Rows    [][]*string
			}
		}
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatalf("line %q: %v", line, err)
		}
		entries[e.Outcome] = entries[e.Outcome] || e.Answer != nil && len(e.Answer.Rows) == 2 && e.Answer.Columns[1]["name"] == "n"
	}
	if !entries["answered"] {
		t.Errorf("the export has %v", entries)
	}
	s.owner(t, 0, "history", "prune", "--older-than", "0s", "--by", "tester")
	if out := s.owner(t, 1, "history", "replay", id); !strings.Contains(out, "no answer") {
		t.Errorf("a pruned answer is\n%s", out)
	}
	s.owner(t, 0, "history", "verify")
}

func flat(rows [][]string) string {
	var lines []string
	for _, r := range rows {
		lines = append(lines, strings.Join(r, "|"))
	}
	return strings.Join(lines, "\n")
}
