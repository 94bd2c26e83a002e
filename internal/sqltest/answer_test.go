package sqltest

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"math"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/dpproxy/dpproxy/answer"
	"github.com/dpproxy/dpproxy/budget"
	"github.com/dpproxy/dpproxy/budget/ledgersql"
	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/engine"
	"github.com/dpproxy/dpproxy/internal/datasets"
	"github.com/dpproxy/dpproxy/mechanism"
	"github.com/dpproxy/dpproxy/privacy"
	"github.com/dpproxy/dpproxy/ratelimit"
	"github.com/dpproxy/dpproxy/rewrite"
)

// hugeEpsilon makes the noise vanish beside the values: the whole way of a query is walked, and the answer must be the
// query's own.
const hugeEpsilon = "10000000"

// TestAnswers compares each accepted query's answer at a very large ε, with bounds that cut nothing, with what PostgreSQL
// itself answers to the same text over the same rows.
func TestAnswers(t *testing.T) {
	cases := readCases(t, "queries/*.sql")
	sources := newSources(t, cleanRows())
	truth := sources[0].db
	for _, s := range sources {
		t.Run(s.name, func(t *testing.T) {
			_, loaded := load(t, s)
			service := newService(t, loaded)
			for _, c := range cases {
				t.Run(c.file+"/"+c.name, func(t *testing.T) { compareAnswer(t, service, truth, c) })
			}
		})
	}
}

func newService(t testing.TB, d *datasets.Loaded) *answer.Service {
	t.Helper()
	clock := func() time.Time { return time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC) }
	ledger, err := ledgersql.Open(context.Background(), "sqlite:"+filepath.Join(t.TempDir(), "ledger.db"), ledgersql.Options{Clock: clock})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ledger.Close() })
	limiter := unlimited{}
	money := budget.Budget{Accountant: privacy.Approx, Epsilon: 9e18, Delta: 9e17}
	service, err := answer.New(answer.Options{
		Datasets: []*answer.Dataset{{Catalog: d.Catalog, Engine: d.Engine, Budget: money, Reuse: answer.Reuse{Off: true},
			Design: answer.NewDesign(func(ctx context.Context, r answer.DesignRows) (engine.Engine, error) {
				return d.Design(ctx, r.Units, r.Seed)
			})}},
		Users:  []*answer.User{{Name: "alice", MayQuery: true, Datasets: map[string]answer.Grant{d.Catalog.Name: {Budget: money}}}},
		Ledger: ledger, Limiter: limiter, Planner: rewrite.NewPlanner(100), Random: mechanism.NewCryptoSource(), Clock: clock,
		Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	return service
}

type unlimited struct{}

func (unlimited) Allow(context.Context, string, []ratelimit.Limit) (ratelimit.Decision, error) {
	return ratelimit.Decision{Allowed: true}, nil
}
func (unlimited) Close() error               { return nil }
func (unlimited) Ping(context.Context) error { return nil }

// table is an answer: cells in text, NULL as "NULL".
type table struct {
	columns []rewrite.Column
	rows    [][]string
}

func ask(t *testing.T, s *answer.Service, c sqlCase) table {
	t.Helper()
	out, err := tryAsk(t, s, "clinic", c)
	if err != nil {
		t.Fatalf("%v\n%s", describeError(err), c.sql)
	}
	return out
}

// tryAsk is ask for a query that may be refused.
func tryAsk(t *testing.T, s *answer.Service, dataset string, c sqlCase) (table, error) {
	t.Helper()
	list, err := s.Parse(c.sql)
	if err != nil {
		t.Fatal(describeError(err))
	}
	req := answer.Request{Identity: answer.Identity{User: "alice", Dataset: dataset}, Statement: list[0],
		Settings: map[string]string{"dp.epsilon": hugeEpsilon, "dp.max_groups": "16", "dp.max_rows": "16"}}
	if c.options["set"] != "" {
		req.Settings["dp.query_class"] = c.options["set"]
	}
	if c.options["delta"] != "" {
		req.Settings["dp.delta"] = c.options["delta"]
	}
	for _, p := range c.params() {
		req.Params = append(req.Params, answer.Param{Cell: p.Cell})
	}
	result, err := s.Answer(context.Background(), req)
	if err != nil {
		return table{}, err
	}
	defer result.Rows.Close()
	out := table{columns: result.Columns}
	for result.Rows.Next() {
		var row []string
		for _, v := range result.Rows.Values() {
			if v.Null {
				row = append(row, "NULL")
			} else {
				row = append(row, v.Text)
			}
		}
		out.rows = append(out.rows, row)
	}
	return out, result.Rows.Err()
}

// askTruth runs the analyst's own text on PostgreSQL.
func askTruth(t *testing.T, db *sql.DB, c sqlCase) table {
	t.Helper()
	var args []any
	for _, p := range c.params() {
		args = append(args, p.Cell.Text)
	}
	rows, err := db.Query(c.sql, args...)
	if err != nil {
		t.Fatalf("PostgreSQL itself refuses: %v\n%s", err, c.sql)
	}
	defer rows.Close()
	types, err := rows.ColumnTypes()
	if err != nil {
		t.Fatal(err)
	}
	var out table
	for _, ct := range types {
		out.columns = append(out.columns, rewrite.Column{Name: ct.Name()})
		name := strings.ToLower(ct.DatabaseTypeName())
		if element, isArray := strings.CutPrefix(name, "_"); isArray {
			name = element + "[]"
		}
		typ, err := catalog.ParseType(name)
		if err == nil {
			out.columns[len(out.columns)-1].Type = typ
		}
	}
	for rows.Next() {
		cells := make([]any, len(types))
		for i := range cells {
			cells[i] = new(any)
		}
		if err := rows.Scan(cells...); err != nil {
			t.Fatal(err)
		}
		var row []string
		for i, cell := range cells {
			row = append(row, truthText(*(cell.(*any)), out.columns[i].Type))
		}
		out.rows = append(out.rows, row)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

func truthText(v any, typ catalog.Type) string {
	switch x := v.(type) {
	case nil:
		return "NULL"
	case bool:
		return strconv.FormatBool(x)[:1]
	case []byte:
		return string(x)
	case time.Time:
		switch typ.Kind {
		case catalog.Date:
			return x.Format("2006-01-02")
		case catalog.Timestamptz:
			return x.UTC().Format("2006-01-02 15:04:05.999999+00")
		}
		return x.Format("2006-01-02 15:04:05.999999")
	}
	return fmt.Sprint(v)
}

func compareAnswer(t *testing.T, s *answer.Service, truth *sql.DB, c sqlCase) {
	if c.options["own"] != "" {
		ask(t, s, c) // PostgreSQL answers differently, for the reason that the option gives
		return
	}
	got, want := ask(t, s, c), askTruth(t, truth, c)
	if len(got.columns) != len(want.columns) {
		t.Fatalf("%d columns, want %d", len(got.columns), len(want.columns))
	}
	for i := range got.columns {
		if got.columns[i].Name != want.columns[i].Name || got.columns[i].Type.Kind != want.columns[i].Type.Kind {
			t.Errorf("column %d is %q %s, want %q %s", i+1, got.columns[i].Name, got.columns[i].Type, want.columns[i].Name, want.columns[i].Type)
		}
	}
	ordered := strings.Contains(c.sql, "ORDER BY")
	if !ordered {
		sortRows(got.rows)
		sortRows(want.rows)
	}
	// Public keys without rows are reported, PostgreSQL leaves them out; with ORDER BY … LIMIT that changes the answer.
	rows := got.rows
	if len(rows) > len(want.rows) {
		rows = nonEmpty(got, want)
	}
	if len(rows) != len(want.rows) {
		t.Fatalf("rows differ\n%s\ngot  %v\nwant %v", c.sql, got.rows, want.rows)
	}
	for i := range want.rows {
		for j := range want.rows[i] {
			if !alike(rows[i][j], want.rows[i][j], got.columns[j].Type) {
				t.Fatalf("row %d column %q: got %s, want %s\n%s\ngot  %v\nwant %v", i+1, got.columns[j].Name, rows[i][j], want.rows[i][j], c.sql, rows, want.rows)
			}
		}
	}
}

func sortRows(rows [][]string) {
	sort.SliceStable(rows, func(i, j int) bool { return strings.Join(rows[i], "|") < strings.Join(rows[j], "|") })
}

// nonEmpty keeps the rows that the truth has too; what is left over are public keys without rows.
func nonEmpty(got, want table) [][]string {
	var out [][]string
	for _, r := range got.rows {
		for _, w := range want.rows {
			same := true
			for j := range w {
				same = same && alike(r[j], w[j], got.columns[j].Type)
			}
			if same {
				out = append(out, r)
				break
			}
		}
	}
	return out
}

// alike compares two values: numbers to a part in a thousand (what noise is left at ε = 10⁷, and the grid of floats).
func alike(got, want string, typ catalog.Type) bool {
	if got == want {
		return true
	}
	g, gerr := strconv.ParseFloat(got, 64)
	if want == "NULL" && gerr == nil {
		return math.Abs(g) < 0.5 // the sum of nothing is noise around 0
	}
	w, werr := strconv.ParseFloat(want, 64)
	if gerr != nil || werr != nil || typ.Kind == catalog.Text {
		return false
	}
	return math.Abs(g-w) <= 1e-3*math.Max(1, math.Abs(w))
}
