package answer

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/dpproxy/dpproxy/budget"
	"github.com/dpproxy/dpproxy/budget/ledgersql"
	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/engine"
	"github.com/dpproxy/dpproxy/engine/duckdb"
	"github.com/dpproxy/dpproxy/mechanism"
	"github.com/dpproxy/dpproxy/privacy"
	"github.com/dpproxy/dpproxy/ratelimit"
	"github.com/dpproxy/dpproxy/refusal"
	"github.com/dpproxy/dpproxy/rewrite"
)

// The hand-made data: 400 people, 100 of sex m and 300 of sex f.
const (
	men   = 100
	women = 300
)

// largeEpsilon makes noise that is 0 with odds of more than 1 − 1e-40.
const largeEpsilon = 100 * privacy.EpsilonUnits

// fixture is a service over hand-made plans, real engines, a real ledger and a real limiter. Its clock stands still.
type fixture struct {
	*Service
	t       testing.TB
	mu      sync.Mutex
	now     time.Time
	planner *planner
	log     *strings.Builder
}

// planner gives the plans that a test made, by the text of the statement; it parses as package rewrite does.
type planner struct {
	plans     map[string]*rewrite.Plan
	completed int // plans that were made with public keys that had been read
}

func (p *planner) Parse(sql string) ([]*rewrite.Statement, error) { return rewrite.Parse(sql) }

func (p *planner) Plan(st *rewrite.Statement, _ *catalog.Dataset, s rewrite.Settings, _ []rewrite.Param) (*rewrite.Plan, error) {
	for text, plan := range p.plans {
		if strings.HasSuffix(st.Text, text) {
			if s.Public != nil {
				whole := *plan
				whole.Needs = nil
				p.completed++
				return &whole, nil
			}
			return plan, nil
		}
	}
	return nil, refusal.New(refusal.InsufficientPrivilege, "rows of private tables cannot be read").WithHint("Aggregate them.")
}

func (p *planner) Describe(st *rewrite.Statement, d *catalog.Dataset, s rewrite.Settings, _ []catalog.Type) ([]catalog.Type, []rewrite.Column, error) {
	plan, err := p.Plan(st, d, s, nil)
	if err != nil {
		return nil, nil, err
	}
	return nil, plan.Columns, nil
}

// option changes a fixture before it is made.
type option func(*setup)

type setup struct {
	engine  engine.Engine
	grant   Grant
	owner   budget.Budget
	reuse   Reuse
	ledger  string
	limiter ratelimit.Options
	archive Archiving
}

func pure(epsilon privacy.Epsilon) budget.Budget {
	return budget.Budget{Accountant: privacy.Pure, Epsilon: epsilon}
}

// newFixture serves data set "census" to alice and bob, with ε = 1000 each and 5000 in all, unless options say else.
func newFixture(t testing.TB, options ...option) *fixture {
	t.Helper()
	s := &setup{
		grant: Grant{Budget: pure(1000 * privacy.EpsilonUnits)}, owner: pure(5000 * privacy.EpsilonUnits),
		ledger: "sqlite:" + filepath.Join(t.TempDir(), "ledger.db"),
	}
	for _, o := range options {
		o(s)
	}
	if s.engine == nil {
		s.engine = openDuckDB(t)
	}
	f := &fixture{t: t, now: time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC), log: &strings.Builder{}}
	f.planner = &planner{plans: map[string]*rewrite.Plan{}}
	ledger, err := ledgersql.Open(t.Context(), s.ledger, ledgersql.Options{Clock: f.clock})
	if err != nil {
		t.Fatal(err)
	}
	s.limiter.Clock = f.clock
	limiter, err := ratelimit.Open(s.limiter)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(limiter.Close(), ledger.Close()); err != nil {
			t.Error(err)
		}
	})
	users := []*User{}
	for _, name := range []string{"alice", "bob"} {
		users = append(users, &User{Name: name, Verifier: "SCRAM-SHA-256$4096:" + name, MayQuery: true, Datasets: map[string]Grant{"census": s.grant}})
	}
	f.Service, err = New(Options{
		Datasets: []*Dataset{{Catalog: census(), Engine: s.engine, Budget: s.owner, Reuse: s.reuse}}, Users: users,
		Ledger: ledger, Limiter: limiter, Planner: f.planner, Random: mechanism.NewCryptoSource(), Clock: f.clock, Archive: s.archive,
		Logger: slog.New(slog.NewTextHandler(&lockedWriter{b: f.log}, nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	return f
}

type lockedWriter struct {
	mu sync.Mutex
	b  *strings.Builder
}

func (w *lockedWriter) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.b.Write(p)
}

func (f *fixture) clock() time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.now
}

func (f *fixture) pass(d time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.now = f.now.Add(d)
}

func census() *catalog.Dataset {
	rat := func(n int64) *big.Rat { return big.NewRat(n, 1) }
	groups, joins := 100, 2
	return &catalog.Dataset{
		Name: "census", Title: "Census", Version: "1", Engine: catalog.DuckDB, UnitTable: "persons", UnitColumn: "person_id", Accountant: privacy.Pure,
		Query:            catalog.QueryDefaults{Epsilon: privacy.EpsilonUnits, MaxEpsilon: 200 * privacy.EpsilonUnits, Bounds: privacy.Contribution{Groups: 1, Rows: 1}},
		AllowedFunctions: []string{"avg", "count", "sum"}, MaxFunctions: 4, MaxCombinations: 1000,
		Policy: catalog.Policy{
			Classes: []catalog.QueryClass{{Name: "all", MaxGroups: &groups, MaxJoins: &joins, AfterNoise: catalog.AfterNoise{SmallCells: 5},
				Exclusions: []catalog.Exclusion{{Columns: []string{"sex", "age"}, Max: 1}}}},
		},
		Tables: []*catalog.Table{
			{Name: "persons", SourceName: "persons", Columns: []*catalog.Column{
				{Name: "person_id", Type: catalog.Of(catalog.Int4)},
				{Name: "sex", Type: catalog.Of(catalog.Text), Domain: catalog.Domain{Values: []string{"f", "m"}}},
				{Name: "age", Type: catalog.Of(catalog.Int4), Domain: catalog.Domain{Lower: rat(0), Upper: rat(110)},
					Breaks: []*big.Rat{rat(18)}, Sentinels: []string{"-1"}},
			}},
			{Name: "cities", Public: true, SourceName: "cities", Columns: []*catalog.Column{{Name: "city", Type: catalog.Of(catalog.Text)}}},
		},
	}
}

// openDuckDB loads the people from CSV files.
func openDuckDB(t testing.TB) engine.Engine {
	t.Helper()
	var persons strings.Builder
	persons.WriteString("person_id,sex,age\n")
	for i := range men + women {
		sex := "f"
		if i < men {
			sex = "m"
		}
		fmt.Fprintf(&persons, "%d,%s,%d\n", i, sex, i%90)
	}
	dir := t.TempDir()
	for name, text := range map[string]string{"persons.csv": persons.String(), "cities.csv": "city\nOslo\nRoma\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	e, err := duckdb.Open(t.Context(), duckdb.Source{Dir: dir, Files: map[string]string{"persons": "persons.csv", "cities": "cities.csv"}}, duckdb.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	return e
}

// countBySex is the plan of a private query: sex, count(*) by public keys at a loss of ε.
func countBySex(epsilon privacy.Epsilon) *rewrite.Plan {
	return bySex(epsilon, "SELECT sex, count(*)::bigint FROM persons GROUP BY sex")
}

func bySex(epsilon privacy.Epsilon, sql string) *rewrite.Plan {
	loss := privacy.Loss{Epsilon: epsilon}
	text, int8 := catalog.Of(catalog.Text), catalog.Of(catalog.Int8)
	m := rewrite.Measurement{
		Name: "released_1", SQL: sql, Width: 1, Keys: []rewrite.Column{{Name: "k1", Type: text}},
		Specs:     []mechanism.Spec{{Name: "count(*)", Width: 1, Noise: mechanism.Laplace, L1: big.NewInt(1), L2Squared: big.NewInt(1), Share: loss}},
		Selection: mechanism.Selection{Kind: mechanism.PublicKeys, Groups: 1}, PublicKeys: [][]mechanism.Cell{{{Text: "f"}}, {{Text: "m"}}},
		Outputs: []rewrite.Output{
			{Column: rewrite.Column{Name: "k1", Type: text}, Key: 0},
			{Column: rewrite.Column{Name: "v1", Type: int8}, Key: -1, Estimator: mechanism.Estimator{Kind: mechanism.Linear, Coef: []*big.Rat{big.NewRat(1, 1)}}},
		},
		Bounds: privacy.Contribution{Groups: 1, Rows: 1}, Loss: loss, Identity: sql,
	}
	return &rewrite.Plan{
		Blocks: []rewrite.Measurement{m}, Post: rewrite.Post{Projection: []int{0, 1}}, Loss: loss,
		Columns: []rewrite.Column{{Name: "sex", Type: text}, {Name: "count", Type: int8}}, Rules: []string{"BoundContribution"}, Reads: true, Sources: []rewrite.Source{{Block: 0, Output: 0}, {Block: 0, Output: 1}},
	}
}

// request is alice's (or another's) query of one statement.
func (f *fixture) request(user, sql string) Request {
	f.t.Helper()
	statements, err := f.Parse(sql)
	if err != nil || len(statements) != 1 {
		f.t.Fatalf("%s: %v", sql, err)
	}
	return Request{Identity: Identity{User: user, Dataset: "census"}, Statement: statements[0], Settings: map[string]string{}}
}

// ask answers a query and reads its rows, as lines of cells.
func (f *fixture) ask(r Request) (lines []string, result *Result, err error) {
	f.t.Helper()
	return f.askContext(f.t.Context(), r)
}

func (f *fixture) askContext(ctx context.Context, r Request) (lines []string, result *Result, err error) {
	result, err = f.Answer(ctx, r)
	if err != nil {
		return nil, nil, err
	}
	defer result.Rows.Close()
	for result.Rows.Next() {
		var cells []string
		for _, c := range result.Rows.Values() {
			if c.Null {
				c.Text = "NULL"
			}
			cells = append(cells, c.Text)
		}
		lines = append(lines, strings.Join(cells, "|"))
	}
	return lines, result, result.Rows.Err()
}

func (f *fixture) mustAsk(r Request) ([]string, *Result) {
	f.t.Helper()
	lines, result, err := f.ask(r)
	if err != nil {
		f.t.Fatalf("%s: %v", r.Statement.Text, err)
	}
	return lines, result
}

// spent is ε of an account; "" is the data set's.
func (f *fixture) spent(analyst string) privacy.Epsilon {
	f.t.Helper()
	a := budget.Account{Key: budget.Key{Analyst: analyst, Dataset: "census"}, Budget: pure(5000 * privacy.EpsilonUnits)}
	b, err := f.Ledger.Balance(f.t.Context(), a)
	if err != nil {
		f.t.Fatal(err)
	}
	return b.Spent.Epsilon + b.Reserved.Epsilon
}

// outcomes are those of an analyst's history, newest first.
func (f *fixture) outcomes(analyst string) string {
	f.t.Helper()
	entries, err := f.Ledger.History(f.t.Context(), budget.HistoryQuery{Analyst: analyst, Dataset: "census"})
	if err != nil {
		f.t.Fatal(err)
	}
	var out []string
	for _, e := range entries {
		out = append(out, strings.TrimSpace(e.Outcome+" "+e.SQLState))
	}
	return strings.Join(out, ", ")
}

// refused checks that an error is a refusal with a code and words in it, and returns it.
func refused(t testing.TB, err error, code refusal.Code, words ...string) {
	t.Helper()
	r, ok := refusal.As(err)
	if !ok {
		t.Fatalf("error is %v, want a refusal", err)
	}
	text := r.Message + "\n" + r.Detail + "\n" + r.Hint
	if r.Code != code {
		t.Errorf("refused with %s (%s), want %s", r.Code, r.Message, code)
	}
	for _, w := range words {
		if !strings.Contains(text, w) {
			t.Errorf("the refusal does not say %q:\n%s", w, text)
		}
	}
}

const question = "SELECT sex, count(*) FROM persons GROUP BY sex"
