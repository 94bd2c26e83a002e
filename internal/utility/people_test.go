package utility

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/dpproxy/dpproxy/answer"
	"github.com/dpproxy/dpproxy/budget"
	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/config"
	"github.com/dpproxy/dpproxy/engine"
	"github.com/dpproxy/dpproxy/internal/datasets"
	"github.com/dpproxy/dpproxy/mechanism"
	"github.com/dpproxy/dpproxy/mechanism/mechanismtest"
	"github.com/dpproxy/dpproxy/ratelimit"
	"github.com/dpproxy/dpproxy/rewrite"
)

// people is how many rows there are.
const people = 1000

// Bounds that the owner declares.
const (
	ageLower, ageUpper       = 0, 100
	incomeLower, incomeUpper = 0, 500_000
)

// person is a row in the manner of census micro data (PUMS): ages as in a population, incomes with a long tail.
type person struct {
	age    int
	income float64
}

// population is the same for every run.
func population() []person {
	r := rand.New(rand.NewPCG(7, 11))
	out := make([]person, people)
	for i := range out {
		age := int(18 + 62*(r.Float64()+r.Float64()+0.6*r.Float64())/2.6*1.15)
		if r.IntN(4) == 0 {
			age = 18 + r.IntN(75)
		}
		income := 0.0
		if r.IntN(12) > 0 {
			income = float64(int(30_000*(0.2+r.ExpFloat64())*(0.5+float64(min(age, 60))/60))) / 1
		}
		out[i] = person{min(age, ageUpper), min(income, incomeUpper)}
	}
	return out
}

// truth is what the rows say, as PostgreSQL computes it.
func (c aggregate) truth(rows []person) float64 {
	xs := c.column(rows)
	n, sum, squares := float64(len(xs)), 0.0, 0.0
	for _, x := range xs {
		sum += x
		squares += x * x
	}
	switch c.kind {
	case "count":
		return n
	case "sum":
		return sum
	case "mean":
		return sum / n
	case "variance":
		return squares/n - sum/n*sum/n
	}
	sort.Float64s(xs)
	at := c.rank * (n - 1)
	i := int(at)
	if i == len(xs)-1 {
		return xs[i]
	}
	return xs[i] + (at-float64(i))*(xs[i+1]-xs[i])
}

func (c aggregate) column(rows []person) []float64 {
	out := make([]float64, len(rows))
	for i, p := range rows {
		out[i] = float64(p.age)
		if c.of == "income" {
			out[i] = p.income
		}
	}
	return out
}

const configuration = `
listen: 127.0.0.1:0
ledger: sqlite:./ledger.db
datasets:
  - name: census
    source: {files: {people: FOLDER/people.csv}}
    privacy_unit: people.id
    query: {epsilon: 1, max_epsilon: 100, delta: 0}
    allowed_functions: all
    max_functions: 10
    reuse: "off"
    budget: {epsilon: 1000000000, refresh: never, accountant: pure}
    tables:
      people:
        columns: {id: {key: true}, age: {lower: 0, upper: 100}, income: {lower: 0, upper: 500000}}
users: []
`

// open serves the people from a CSV file, with repeatable noise and an account without end.
func open(t testing.TB, rows []person, seed uint64) *answer.Service {
	t.Helper()
	dir := t.TempDir()
	var text strings.Builder
	text.WriteString("id,age,income\n")
	for i, p := range rows {
		fmt.Fprintf(&text, "%d,%d,%.1f\n", i+1, p.age, p.income)
	}
	path := filepath.Join(dir, "dpproxy.yaml")
	for file, body := range map[string]string{filepath.Join(dir, "people.csv"): text.String(), path: strings.ReplaceAll(configuration, "FOLDER", dir)} {
		if err := os.WriteFile(file, []byte(body), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cfg, faults := config.Load(path, func(string) (string, bool) { return "", false })
	if cfg == nil {
		t.Fatalf("configuration: %v", faults)
	}
	all, faults := datasets.Open(context.Background(), cfg, slog.New(slog.DiscardHandler))
	if len(all) != 1 {
		t.Fatalf("data set: %v", faults)
	}
	t.Cleanup(func() { all[0].Engine.Close() })
	money := budget.Budget{Accountant: "pure", Epsilon: 9e18}
	service, err := answer.New(answer.Options{
		Datasets: []*answer.Dataset{{Catalog: all[0].Catalog, Engine: &remembering{Engine: all[0].Engine, known: map[string][][]mechanism.Cell{}}, Budget: money,
			Reuse: answer.Reuse{Off: true}}},
		Users:  []*answer.User{{Name: "alice", MayQuery: true, Datasets: map[string]answer.Grant{"census": {Budget: money}}}},
		Ledger: endless{}, Limiter: unlimited{}, Planner: rewrite.NewPlanner(100), Random: mechanismtest.Seeded(t, seed), Clock: time.Now,
		Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	return service
}

// ask is one answer's one value.
func ask(t testing.TB, s *answer.Service, sql, epsilon string) float64 {
	t.Helper()
	list, err := s.Parse(sql)
	if err != nil {
		t.Fatal(err)
	}
	result, err := s.Answer(context.Background(), answer.Request{Identity: answer.Identity{User: "alice", Dataset: "census"}, Statement: list[0],
		Settings: map[string]string{"dp.epsilon": epsilon}})
	if err != nil {
		t.Fatalf("%v\n%s", err, sql)
	}
	defer result.Rows.Close()
	var value float64
	if !result.Rows.Next() {
		t.Fatalf("no rows: %v", result.Rows.Err())
	}
	if _, err := fmt.Sscan(result.Rows.Values()[0].Text, &value); err != nil {
		t.Fatal(err)
	}
	return value
}

// remembering asks its engine each text once: only the noise is drawn anew.
type remembering struct {
	engine.Engine
	mu    sync.Mutex
	known map[string][][]mechanism.Cell
}

func (r *remembering) Run(ctx context.Context, queries []engine.Query) ([]*mechanism.Exact, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	var out []*mechanism.Exact
	for _, q := range queries {
		if _, ok := r.known[q.SQL]; !ok {
			if err := r.read(ctx, q); err != nil {
				return nil, err
			}
		}
		exact := q.Exact()
		for _, row := range r.known[q.SQL] {
			var numbers []string
			for _, c := range row[len(q.Keys):] {
				whole, _, _ := strings.Cut(c.Text, ".")
				numbers = append(numbers, whole)
			}
			if err := exact.Add(row[:len(q.Keys)], "", numbers); err != nil {
				return nil, err
			}
		}
		out = append(out, exact)
	}
	return out, nil
}

func (r *remembering) read(ctx context.Context, q engine.Query) error {
	types := append([]catalog.Type{}, q.Keys...)
	for range q.Width {
		types = append(types, catalog.Of(catalog.Numeric))
	}
	rows, err := r.Engine.Finish(ctx, q.SQL, nil, types)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		r.known[q.SQL] = append(r.known[q.SQL], append([]mechanism.Cell{}, rows.Values()...))
	}
	return rows.Err()
}

// endless is a ledger that allows everything and forgets it.
type endless struct{ budget.Ledger }

func (endless) Disabled(context.Context, string) (bool, error) { return false, nil }
func (endless) Reserve(_ context.Context, c budget.Charge) (budget.Reservation, error) {
	return paid{a: budget.Balance{Account: c.Analyst}, d: budget.Balance{Account: c.Dataset}}, nil
}
func (endless) Archive(context.Context, budget.Answer) error { return nil }
func (endless) Record(context.Context, budget.Entry) error   { return nil }
func (endless) Close() error                                 { return nil }

type paid struct {
	budget.Reservation
	a, d budget.Balance
}

func (paid) ID() int64                                                      { return 0 }
func (paid) Commit(context.Context, []budget.Release, budget.Outcome) error { return nil }
func (p paid) Balances() (analyst, dataset budget.Balance)                  { return p.a, p.d }

type unlimited struct{}

func (unlimited) Allow(context.Context, string, []ratelimit.Limit) (ratelimit.Decision, error) {
	return ratelimit.Decision{Allowed: true}, nil
}
func (unlimited) Close() error               { return nil }
func (unlimited) Ping(context.Context) error { return nil }
