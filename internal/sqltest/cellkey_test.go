package sqltest

import (
	"context"
	"database/sql"
	"encoding/csv"
	"fmt"
	"log/slog"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/dpproxy/dpproxy/answer"
	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/config"
	"github.com/dpproxy/dpproxy/internal/datasets"
	"github.com/dpproxy/dpproxy/internal/testservers"
	"github.com/dpproxy/dpproxy/refusal"
	"github.com/dpproxy/dpproxy/rewrite"
)

const exampleTBE = "../../examples/tbe"

// TestCellKeys answers testdata/sql/tbe over the example's files on both engines: the golden answers, to the last digit;
// the same numbers in every spelling of a table; and refusals.
func TestCellKeys(t *testing.T) {
	cases := readCases(t, "tbe/*.sql")
	for i, s := range tbeServices(t) {
		engine := []string{"duckdb", "postgres"}[i]
		var golden strings.Builder
		same := map[string]string{}
		for _, c := range cases {
			got, err := askTBE(s[c.options["tbe"]], c)
			fmt.Fprintf(&golden, "== %s\n%s\n----\n%s\n", c.name, c.sql, got)
			if want := c.options["refused"]; want != "" || err != nil {
				r, _ := refusal.As(err)
				if r == nil || string(r.Code) != want {
					t.Errorf("%s %s: want refusal %q, got %v", engine, c.name, want, err)
				}
				continue
			}
			if group := c.options["same"]; group != "" {
				if same[group] != "" && same[group] != got {
					t.Errorf("%s %s: the same cells have other numbers:\n%s\n%s", engine, c.name, same[group], got)
				}
				same[group] = got
			}
		}
		compareGolden(t, filepath.Join(root, "tbe", "answers.txt"), golden.String())
	}
}

// TestCellKeysByHand computes the example's tables anew, cell by cell, with none of the product's code.
func TestCellKeysByHand(t *testing.T) {
	h := newByHand(t)
	for i, s := range tbeServices(t) {
		for _, by := range [][]string{{"sex"}, {"region"}, {"sex", "region"}} {
			h.check(t, i, s["sparsity: off"], by, "")
			h.check(t, i, s["weight: weight"], by, "weight")
		}
	}
}

// check compares the tables of one service, with weights or without.
func (h *byHand) check(t *testing.T, engine int, s *answer.Service, by []string, weight string) {
	keys := strings.Join(by, ", ")
	sql := fmt.Sprintf("SELECT %s, count(*), sum(income), avg(income) FROM persons GROUP BY %s ORDER BY %s", keys, keys, keys)
	got, err := askTBE(s, sqlCase{sql: sql})
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(got), "\n")
	want := h.table(by, "income", weight)
	if len(lines) != len(want) {
		t.Fatalf("%d cells, want %d", len(lines), len(want))
	}
	for _, line := range lines {
		f := strings.Split(line, "|")
		key := strings.Join(f[:len(by)], "|")
		for j, x := range want[key] {
			if y, ok := new(big.Rat).SetString(f[len(by)+j]); !ok || !near(x, y) {
				t.Errorf("engine %d, cell %s, weight %q, number %d: got %s, want %s", engine, key, weight, j, f[len(by)+j], x.FloatString(6))
			}
		}
	}
}

// near compares up to what a double shows.
func near(x, y *big.Rat) bool {
	d := new(big.Rat).Sub(x, y)
	limit := new(big.Rat).Add(new(big.Rat).Abs(x), big.NewRat(1, 1))
	return d.Abs(d).Cmp(limit.Mul(limit, big.NewRat(1, 1e12))) <= 0
}

// tbeServices serve the example from files and from PostgreSQL, as it is and with one more line of `tbe:`.
func tbeServices(t *testing.T) []map[string]*answer.Service {
	var out []map[string]*answer.Service
	url := testservers.Postgres(t)
	copyTBE(t, url)
	for _, source := range []string{"", url} {
		variants := map[string]*answer.Service{}
		for _, line := range []string{"", "sparsity: off", "weight: weight"} {
			all := openTBE(t, source, line)
			all.Catalog.Name = "clinic"
			variants[line] = newService(t, all)
		}
		out = append(out, variants)
	}
	return out
}

// openTBE opens the example over its files, or over a database, with one more line of `tbe:`.
func openTBE(t *testing.T, source, line string) *datasets.Loaded {
	text, err := os.ReadFile(filepath.Join(exampleTBE, "dpproxy.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	dir, _ := filepath.Abs(exampleTBE)
	y := string(text)
	for _, f := range []string{"persons.csv", "visits.csv", "p.csv", "s.csv"} {
		y = strings.ReplaceAll(y, ": "+f, ": "+filepath.Join(dir, f))
	}
	if source != "" {
		from := strings.Index(y, "source: {")
		y = y[:from] + "source: " + source + y[from+strings.Index(y[from:], "\n"):]
	}
	y = strings.Replace(y, "allowed_functions: [count, sum, avg]", "allowed_functions: all", 1)
	if line != "" {
		y = strings.Replace(y, "s_table:", line+"\n      s_table:", 1)
	}
	path := filepath.Join(t.TempDir(), "tbe.yaml")
	if err := os.WriteFile(path, []byte(y), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg, faults := config.Load(path, os.LookupEnv)
	if cfg == nil {
		t.Fatal(faults)
	}
	all, faults := datasets.Open(context.Background(), cfg, slog.New(slog.DiscardHandler))
	if len(all) != 1 {
		t.Fatal(faults)
	}
	t.Cleanup(func() { all[0].Engine.Close() })
	return all[0]
}

// tbeDataset is the example's catalog.
func tbeDataset(t *testing.T) *catalog.Dataset { return openTBE(t, "", "").Catalog }

func copyTBE(t *testing.T, url string) {
	db, err := sql.Open("pgx", url)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	ddl := []string{"CREATE TABLE persons (person_id bigint PRIMARY KEY, sex text, region text, age bigint, income float8, weight float8, record_key bigint)",
		"CREATE TABLE visits (visit_id bigint, person_id bigint, department text, cost float8)"}
	for i, table := range []string{"persons", "visits"} {
		rows := readCSV(t, table+".csv")
		var values []string
		for _, row := range rows[1:] {
			values = append(values, "('"+strings.Join(row, "','")+"')")
		}
		if _, err := db.Exec(ddl[i] + "; INSERT INTO " + table + " VALUES " + strings.Join(values, ",")); err != nil {
			t.Fatal(err)
		}
	}
}

func readCSV(t *testing.T, name string) [][]string {
	f, err := os.Open(filepath.Join(exampleTBE, name))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// askTBE answers as lines of cells, or the refusal.
func askTBE(s *answer.Service, c sqlCase) (string, error) {
	list, err := s.Parse(c.sql)
	if err != nil {
		return describeError(err), err
	}
	settings := map[string]string{}
	if v := c.options["dp.pad"]; v != "" {
		settings["dp.pad"] = v
	}
	result, err := s.Answer(context.Background(), answer.Request{Identity: answer.Identity{User: "alice", Dataset: "clinic"}, Statement: list[0], Settings: settings})
	if err != nil {
		return describeError(err), err
	}
	defer result.Rows.Close()
	var b strings.Builder
	for result.Rows.Next() {
		var row []string
		for _, v := range result.Rows.Values() {
			if v.Null {
				v.Text = "NULL"
			}
			row = append(row, v.Text)
		}
		b.WriteString(strings.Join(row, "|") + "\n")
	}
	return b.String(), result.Rows.Err()
}

// byHand is the method written out over the example's rows, from its description alone.
type byHand struct {
	head map[string]int
	rows [][]string
	p    [][]string
	s    [][]string
}

func newByHand(t *testing.T) *byHand {
	h := &byHand{head: map[string]int{}, p: readCSV(t, "p.csv")[1:], s: readCSV(t, "s.csv")}
	all := readCSV(t, "persons.csv")
	for i, name := range all[0] {
		h.head[name] = i
	}
	h.rows = all[1:]
	return h
}

func (h *byHand) table(by []string, x, weight string) map[string][3]*big.Rat {
	cells := map[string][][]string{}
	for _, r := range h.rows {
		var key []string
		for _, k := range by {
			key = append(key, r[h.head[k]])
		}
		cells[strings.Join(key, "|")] = append(cells[strings.Join(key, "|")], r)
	}
	out := map[string][3]*big.Rat{}
	for key, rows := range cells {
		out[key] = h.cell(rows, x, weight)
	}
	return out
}

func (h *byHand) cell(rows [][]string, x, weight string) [3]*big.Rat {
	dec := func(s string) *big.Rat { r, _ := new(big.Rat).SetString(s); return r }
	whole := func(s string) uint64 { n, _ := strconv.ParseUint(s, 10, 64); return n }
	stands := func(r []string) *big.Rat { // what a record stands for
		if weight == "" {
			return big.NewRat(1, 1)
		}
		return dec(r[h.head[weight]])
	}
	part := func(r []string) *big.Rat { return new(big.Rat).Mul(stands(r), dec(r[h.head[x]])) }
	var keys uint64
	sum, all := new(big.Rat), new(big.Rat)
	for _, r := range rows {
		keys += whole(r[h.head["record_key"]])
		sum.Add(sum, part(r))
		all.Add(all, stands(r))
	}
	cellKey := keys % 1766976779
	line := cellKey&255 ^ cellKey>>8&255 ^ cellKey>>16&255 ^ cellKey>>24&255
	n := len(rows)
	column := n
	if n > 5 {
		column = 6 + n%8
	}
	count := new(big.Rat).Add(big.NewRat(int64(n), 1), dec(h.p[line][column-1]))
	slices.SortFunc(rows, func(a, b []string) int {
		if c := part(b).Cmp(part(a)); c != 0 {
			return c
		}
		return int(whole(a[0])) - int(whole(b[0]))
	})
	for k, m := range []string{"0.5", "0.3", "0.15", "0.05"} {
		if k >= n {
			break
		}
		key := whole(rows[k][h.head["record_key"]])
		place := cellKey%32 + 1
		if n <= 5 {
			place = 32 + uint64(n)
		}
		move := new(big.Rat).Mul(dec(m), dec(h.s[key%256][place-1]))
		move.Mul(move, part(rows[k]))
		if key>>8&1 == 0 {
			move.Neg(move)
		}
		sum.Add(sum, move)
	}
	mean := new(big.Rat).Quo(sum, all)
	count.Mul(count, all).Quo(count, big.NewRat(int64(n), 1))
	shown, _ := new(big.Rat).SetString(count.FloatString(0))
	return [3]*big.Rat{shown, new(big.Rat).Mul(mean, count), mean}
}

// TestPipelinesNeverMix holds that a plan of one pipeline has nothing of the other: no cell keys where differential privacy
// answers, and no noise, share or loss where cells are perturbed.
func TestPipelinesNeverMix(t *testing.T) {
	planner := rewrite.NewPlanner(10)
	_, private := load(t, newSources(t, cleanRows())[0])
	for _, c := range readCases(t, "queries/*.sql") {
		st, err := parseOne(c.sql)
		if err != nil {
			t.Fatal(err)
		}
		plan, err := planner.Plan(st, private.Catalog, settings(tight), c.params())
		if err != nil {
			continue // some need other settings; TestPlans has them all
		}
		for _, m := range plan.Blocks {
			if m.Cells != nil || slices.Contains(plan.Rules, "PerturbCells") {
				t.Errorf("%s is answered by cell keys", c.name)
			}
		}
	}
	perturbed := tbeDataset(t)
	for _, c := range readCases(t, "tbe/*.sql") {
		st, err := parseOne(c.sql)
		if err != nil {
			t.Fatal(err)
		}
		plan, err := planner.Plan(st, perturbed, settings(tight), nil)
		if err != nil {
			continue
		}
		for _, m := range plan.Blocks {
			if m.Cells == nil || len(m.Specs) > 0 || !m.Loss.IsZero() || !plan.Loss.IsZero() {
				t.Errorf("%s is answered by differential privacy:\n%s", c.name, plan)
			}
		}
	}
}
