package config

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dpproxy/dpproxy/budget"
	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/login"
	"github.com/dpproxy/dpproxy/privacy"
	"github.com/dpproxy/dpproxy/ratelimit"
)

var update = flag.Bool("update", false, "write the golden files anew")

const verifier = "SCRAM-SHA-256$4096:WLNSsVQSbYT3nCX0ZwTE4Q==$qLVUhYSeXwiPzO6THdqKTOZmz8D2xAP2nEVFHN5WzCs=:yX/c4N6dkMsb0Ysf2nXD4SGO0V2YKDaJzPwE6tXJvR8="

// environment is what the files of testdata/config may use. Its password holds characters that YAML gives a meaning.
func environment(name string) (string, bool) {
	value, ok := map[string]string{
		"DB_PASSWORD": `p: {"#&*'`, "BOB_VERIFIER": verifier, "EMPTY": "", "ADDRESS": "127.0.0.1:6433",
	}[name]
	return value, ok
}

// Each broken file shows one rule; the faults that it must give are beside it, complete and in order.
func TestBrokenFiles(t *testing.T) {
	t.Chdir("../testdata/config/broken")
	var files []string
	for _, pattern := range []string{"*.yaml", "*.json"} {
		found, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, found...)
	}
	if len(files) < 40 {
		t.Fatalf("only %d broken files were found", len(files))
	}
	for _, file := range files {
		t.Run(file, func(t *testing.T) {
			config, faults := Load(file, environment)
			if len(faults) == 0 {
				t.Fatal("no fault was found")
			}
			if blocking := catalog.Blocking(faults); (config == nil) != blocking {
				t.Errorf("configuration returned: %v, blocking faults: %v", config != nil, blocking)
			}
			var got strings.Builder
			for _, f := range faults {
				fmt.Fprintln(&got, f)
				if f.Line < 1 || f.Column < 1 || f.File == "" {
					t.Errorf("a fault has no place: %+v", f)
				}
			}
			if strings.Contains(got.String(), "secret") || strings.Contains(got.String(), "hunter2") {
				t.Errorf("a fault repeats a secret:\n%s", got.String())
			}
			golden := file + ".faults"
			if *update {
				if err := os.WriteFile(golden, []byte(got.String()), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if got.String() != string(want) {
				t.Errorf("got\n%swant\n%s", got.String(), want)
			}
		})
	}
}

// mustLoad loads a file that has no fault at all.
func mustLoad(t *testing.T, file string) *Config {
	t.Helper()
	config, faults := Load(file, environment)
	for _, f := range faults {
		t.Error(f)
	}
	if config == nil {
		t.FailNow()
	}
	return config
}

func describe(b budget.Budget) string {
	return fmt.Sprintf("%s %s %s %s", b.Epsilon, b.Delta, b.Refresh, b.Accountant)
}

func TestFullFile(t *testing.T) {
	c := mustLoad(t, "../testdata/config/good/full.yaml")
	dir, err := filepath.Abs("../testdata/config/good")
	if err != nil {
		t.Fatal(err)
	}
	d := c.Datasets[0]
	g, _ := c.Users[0].Grant("census")
	for name, pair := range map[string][2]any{
		"ledger":       {c.Ledger.SQLite, filepath.Join(dir, "state/ledger.db")},
		"cert":         {c.TLS.Cert, filepath.Join(dir, "server.crt")},
		"timing":       {c.Timing, Timing{"stall", 250 * time.Millisecond}},
		"source":       {d.Source.URL, "postgres://reader:p%3A%20%7B%22%23&*'@db/census"},
		"unit":         {d.Declaration.UnitTable + "." + d.Declaration.UnitColumn, "persons.person_id"},
		"version":      {d.Declaration.Version, "2026-11"},
		"query":        {d.Declaration.Query, catalog.QueryDefaults{Epsilon: 500_000_000, MaxEpsilon: 2_000_000_000, Delta: 10_000_000_000, Bounds: privacy.Contribution{Groups: 3, Rows: 2}}},
		"functions":    {fmt.Sprint(d.Declaration.AllowedFunctions), "[avg count sum]"},
		"budget":       {describe(d.Budget), "100 1e-6 0s zcdp"},
		"tables":       {len(d.Declaration.Tables), 3},
		"unit path":    {*d.Declaration.Tables[1].Unit, catalog.UnitDeclaration{Position: d.Declaration.Tables[1].Unit.Position, Path: "datasets[0].tables.visits.unit", Column: "person_id", RefTable: "persons", RefColumn: "person_id"}},
		"column place": {d.Declaration.Tables[0].Columns[2].Position.Line, 26},
		"date":         {d.Declaration.Tables[1].Columns[0].Lower.Text, "2020-01-01"},
		"grant budget": {describe(g.Budget), "10 1e-7 720h0m0s zcdp"},
		"limits":       {fmt.Sprint(g.RateLimits), "[{5 1m0s 5/60 seconds} {8 2m0s 8/2 minutes}]"},
		"max queries":  {g.MaxQueries, int64(1000)},
		"narrowed":     {fmt.Sprint(g.AllowedFunctions), "[count]"},
		"verifier":     {c.Users[0].Password, verifier},
	} {
		if pair[0] != pair[1] {
			t.Errorf("%s is %v, want %v", name, pair[0], pair[1])
		}
	}
}

func TestIncludesJSONAndDefaults(t *testing.T) {
	c := mustLoad(t, "../testdata/config/good/includes.yaml")
	d := c.Datasets[0]
	g, _ := c.Users[0].Grant("files")
	parts, err := filepath.Abs("../testdata/config/good/parts")
	if err != nil {
		t.Fatal(err)
	}
	for name, pair := range map[string][2]any{
		"files read":       {len(c.Files), 3},
		"title":            {d.Declaration.Title, "😀 ${HOME}"},
		"path":             {d.Source.Files[0].Path, filepath.Join(parts, "persons.csv")},
		"row unit":         {d.Declaration.RowUnit, true},
		"unit rows":        {d.Declaration.Query.Bounds, privacy.Contribution{Groups: 1, Rows: 1, UnitRows: 3}},
		"max epsilon":      {d.Declaration.Query.MaxEpsilon, privacy.Epsilon(1_000_000)},
		"reuse":            {d.Reuse, Reuse{MaxAge: 24 * time.Hour}},
		"functions":        {len(d.Declaration.AllowedFunctions), len(catalog.Functions())},
		"null value":       {d.Declaration.Tables[0].Columns[0].Values[1].Null, true},
		"default budget":   {describe(d.Budget), "1 1e-6 720h0m0s zcdp"},
		"grant's default":  {g.Budget, d.Budget},
		"clients":          {c.Limits.MaxClientConn, 1000},
		"query timeout":    {c.Limits.QueryTimeout, 90 * time.Second},
		"idle timeout":     {c.Limits.ClientIdleTimeout, 90 * time.Minute},
		"packet":           {c.Limits.MaxPacketSize, 65536},
		"pool":             {d.MaxDBConnections, 20},
		"may query":        {c.Users[0].MayQuery, true},
		"listen":           {c.Listen, "127.0.0.1:6432"},
		"plain by default": {c.TLS == nil, true},
	} {
		if pair[0] != pair[1] {
			t.Errorf("%s is %v, want %v", name, pair[0], pair[1])
		}
	}
}

// What is allowed rounds down, what is spent rounds up, and neither passes through a float: 0.1 + 2⁻⁶⁰ and the like
// would show.
func TestAmountsAreExact(t *testing.T) {
	file := filepath.Join(t.TempDir(), "c.yaml")
	text := `datasets:
  - name: d
    source: duckdb:d
    privacy_unit: row
    query: {epsilon: 0.1000000001, max_epsilon: 0.9999999999, delta: 1.0000000000000000001e-9}
    budget: {epsilon: 9007199.254740993, delta: 1.9999999999999999999e-9, accountant: approx}
    tables: {t: {columns: {x: {}}}}
`
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	d := mustLoad(t, file).Datasets[0]
	if q := d.Declaration.Query; q.Epsilon != 100_000_001 || q.MaxEpsilon != 999_999_999 || q.Delta != 1_000_000_001 {
		t.Errorf("query: %d %d %d", q.Epsilon, q.MaxEpsilon, q.Delta)
	}
	if b := d.Budget; b.Epsilon != 9_007_199_254_740_993 || b.Delta != 1_999_999_999 {
		t.Errorf("budget: %d %d", b.Epsilon, b.Delta)
	}
}

func FuzzLoad(f *testing.F) {
	for _, pattern := range []string{"../testdata/config/*/*.yaml", "../testdata/config/*/*.json"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			f.Fatal(err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(text, strings.HasSuffix(file, ".json"))
		}
	}
	f.Fuzz(func(t *testing.T, text []byte, asJSON bool) {
		name := filepath.Join(t.TempDir(), "c.yaml")
		if asJSON {
			name = filepath.Join(t.TempDir(), "c.json")
		}
		if err := os.WriteFile(name, text, 0o644); err != nil {
			t.Fatal(err)
		}
		config, faults := Load(name, environment)
		if (config == nil) != catalog.Blocking(faults) {
			t.Errorf("configuration returned: %v, faults: %v", config != nil, faults)
		}
	})
}

// TestLoginFile: log-in, limits and what analysts are told.
func TestLoginFile(t *testing.T) {
	c := mustLoad(t, "../testdata/config/good/login.yaml")
	a := c.Auth
	alice, _ := c.User("alice")
	token, census, places := c.Tokens[0], c.Datasets[0], c.Datasets[1]
	jwt := *a.Tokens
	jwt.Keys = login.PermissionKeys{}
	keys := *a.Keys
	keys.URL = ""
	for name, pair := range map[string][2]any{
		"tls":          {c.TLS.ClientOptional, true},
		"operator":     {c.Operator, Operator{"office", "Office of Statistics", "https://office.example.org", "data@office.example.org", "Counts of people.", "Publish nothing about single people.", true}},
		"validate":     {c.ValidateOnStartup, false},
		"parallel":     {[2]int{c.MaxParallel, alice.MaxParallel}, [2]int{1, 3}},
		"messages":     {[2]string{c.MaxQueriesMessage, census.MaxQueriesMessage}, [2]string{"That is all for you.", "The census is used up."}},
		"log":          {fmt.Sprint(c.Log), "{info text [client pid] true}"},
		"rate limits":  {fmt.Sprint(c.RateLimits), "{ false moving-window true}"},
		"rates":        {rates(c.Rates), "100/hour; class aggregation 10/minute; class aggregation, semicolon 1/minute; class public 3/minute; semicolon 5/hour"},
		"auth":         {fmt.Sprintln(a.Cleartext, a.MaxCredential, a.Anonymous, a.Certificate, a.CertificateOf), "[*@example.org] 4096 anonymous email map[a@example.org:alice]\n"},
		"jwt":          {fmt.Sprintf("%+v", jwt), "{Issuer:https://id.example.org Audience:[dpproxy census] Algorithms:[RS256 ES256] Key:[] KeySet:[] JWKSURL: CA:[] Timeout:2s Reload:3m0s MaxAge:1h0m0s Leeway:30s MaxLife:0s UserClaim:email AnyName:false PermissionsClaim:permissions Keys:{Operation: Dataset: Limit:}}"},
		"jwt keys":     {a.Tokens.Keys, login.PermissionKeys{Operation: "query_class", Dataset: "dataset", Limit: "limit"}},
		"table":        {fmt.Sprintf("%+v", keys), "{URL: Table:auth.api_keys Key:key Hashed:true User:owner AnyName:false Permission:permission Dataset:dataset Limit:limit Expires:until Timeout:2s}"},
		"token users":  {fmt.Sprintln(token.Dataset, token.MaxQueries, token.ClassQueries, describe(token.Budget)), "census 100 map[aggregation:50] 4 1e-6 0s zcdp\n"},
		"token rates":  {fmt.Sprint(token.RateLimits[0].Text, " ", token.Rates.Semicolon[0].Text), "5/hour 1/hour"},
		"dataset":      {fmt.Sprintln(census.MaxQueries, census.Terms, census.Public, places.Public, places.Rates.Default[0].Text), "5000 As the law says. false true 60/hour\n"},
		"no password":  {alice.Password, ""},
		"includes all": {len(c.Datasets), 2},
	} {
		if pair[0] != pair[1] {
			t.Errorf("%s: got\n%v, want\n%v", name, pair[0], pair[1])
		}
	}
}

// TestSharedAccount: users who name one account share it, where it gives all of them the same.
func TestSharedAccount(t *testing.T) {
	file := filepath.Join(t.TempDir(), "c.yaml")
	user := "  - {name: %s, account: %s, password: 'SCRAM-SHA-256$4096:AAAAAAAAAAAAAAAAAAAAAA==$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=', datasets: {d: {budget: {epsilon: 1, delta: 1e-7, accountant: approx}}}}\n"
	text := "datasets: [{name: d, source: 'duckdb:d', privacy_unit: row, budget: {epsilon: 10, delta: 1e-6, accountant: approx}, tables: {t: {columns: {x: {}}}}}]\nusers:\n" +
		fmt.Sprintf(user, "alice", "team") + fmt.Sprintf(user, "bob", "team") + fmt.Sprintf(user, "carol", "carol") + fmt.Sprintf(user, "dora", "carol")
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	c := mustLoad(t, file)
	for name, want := range map[string]string{"alice": "team", "bob": "team", "carol": "carol", "dora": "carol", "team": "team", "nobody": "nobody"} {
		if got := c.AccountOf(name); got != want {
			t.Errorf("%s has account %s, want %s", name, got, want)
		}
	}
	// What is hidden from one is hidden from none of them, as each reads what the others asked: the owner is told.
	narrowed := strings.Replace(text, "accountant: approx}}}}\n  - {name: carol", "accountant: approx}, hidden_columns: [t.x]}}}\n  - {name: carol", 1)
	if err := os.WriteFile(file, []byte(narrowed), 0o644); err != nil {
		t.Fatal(err)
	}
	c, faults := Load(file, os.LookupEnv)
	if c == nil || !strings.Contains(fmt.Sprint(faults), "not the policy") {
		t.Errorf("faults are %v", faults)
	}
}

// rates prints rules, sorted.
func rates(r ratelimit.Rules) string {
	var out []string
	r.All(func(scope string, l ratelimit.Limit) { out = append(out, strings.TrimSpace(scope+" "+l.Text)) })
	slices.Sort(out)
	return strings.Join(out, "; ")
}

// TestMaxEpsilonFollowsEpsilon: an owner who says nothing of a query's loss allows the default, and no more.
func TestMaxEpsilonFollowsEpsilon(t *testing.T) {
	for query, want := range map[string]privacy.Epsilon{"": defaultEpsilon, "    query: {epsilon: 2}\n": 2 * privacy.EpsilonUnits, "    query: {delta: 1e-8}\n": defaultEpsilon} {
		file := filepath.Join(t.TempDir(), "c.yaml")
		text := "datasets:\n  - name: d\n    source: duckdb:d.duckdb\n    privacy_unit: row\n    budget: {epsilon: 10, delta: 1e-6}\n" + query + "    tables: {t: {columns: {a: {}}}}\n"
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		c, faults := Load(file, os.LookupEnv)
		if c == nil {
			t.Fatal(faults)
		}
		if got := c.Datasets[0].Declaration.Query.MaxEpsilon; got != want {
			t.Errorf("query %q: the largest epsilon is %s, want %s", query, got, want)
		}
	}
}
