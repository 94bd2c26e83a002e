package sqltest

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/engine"
	"github.com/dpproxy/dpproxy/mechanism"
	"github.com/dpproxy/dpproxy/rewrite"
)

// TestTemplates plans every case, with all tables public, again and again with other literals and other parameters, on one
// planner: what it makes of a template must be what it plans from nothing, and must read the same rows from PostgreSQL.
func TestTemplates(t *testing.T) {
	for _, s := range newSources(t, cleanRows()) {
		t.Run(s.name, func(t *testing.T) {
			_, loaded := load(t, s)
			x := &templates{t: t, ds: allPublic(loaded.Catalog), shared: rewrite.NewPlanner(100)}
			if s.name == "postgres" {
				x.engine = loaded.Engine
			}
			cases := append(readCases(t, "queries/*.sql"), readCases(t, "refusals/*.sql")...)
			for _, c := range append(cases, extraTemplates()...) {
				x.literals(c)
				x.parameters(c)
			}
			t.Logf("%d plans, of which %d were made of templates", x.plans, x.bound)
			if *only == "" && x.engine != nil && x.bound < 200 {
				t.Errorf("%d plans were made of templates; more of them have conditions", x.bound)
			}
		})
	}
}

// extraTemplates are those where a template is tempted to be wrong.
func extraTemplates() []sqlCase {
	var out []sqlCase
	for i, text := range []string{
		"SELECT * FROM departments WHERE id = 2",
		"SELECT name FROM departments WHERE id IN (1, 2, 3) ORDER BY 1",
		"SELECT id, id > 2 FROM departments WHERE id > 2 GROUP BY id, id > 2",
		"SELECT id FROM departments WHERE id BETWEEN 2 AND 4 AND id <> 3 ORDER BY id LIMIT 2 OFFSET 1",
		"SELECT CASE WHEN id > 3 THEN 'a' ELSE 'b' END FROM departments WHERE id >= 2",
		"SELECT count(*) FROM departments WHERE id = 3 OR id = 3",
		"SELECT count(*) FROM departments WHERE id > 4 AND id < 2",
		"SELECT d.name, e.name FROM departments d JOIN departments e ON d.id = e.id AND e.id > 1 WHERE d.id < 5",
		"SELECT (SELECT max(id) FROM departments WHERE id < 4) FROM departments WHERE id = 2",
		"SELECT name FROM departments WHERE name = 'surgery' OR name > 'm'",
		"SELECT id FROM departments WHERE 2 < id AND -1 < id",
		"WITH w AS (SELECT id AS k FROM departments WHERE id > 1) SELECT k FROM w WHERE k < 4",
		"SELECT id FROM departments WHERE id = 999999999 UNION SELECT id FROM departments WHERE id = 1",
	} {
		out = append(out, sqlCase{file: "extra", name: strconv.Itoa(i + 1), sql: text})
	}
	return out
}

// allPublic is a data set in which nothing is private.
func allPublic(ds *catalog.Dataset) *catalog.Dataset {
	out := *ds
	out.Tables = nil
	for _, t := range ds.Tables {
		public := *t
		public.Public, public.Unit = true, nil
		out.Tables = append(out.Tables, &public)
	}
	return &out
}

type templates struct {
	t            *testing.T
	ds           *catalog.Dataset
	shared       *rewrite.Planner
	engine       engine.Engine
	plans, bound int
}

var (
	numberLiteral = regexp.MustCompile(`\b[0-9]+\b`)
	stringLiteral = regexp.MustCompile(`'[a-z]+'`)
)

// literals asks with other numbers and strings in the text; the last is the first again, and one has other white space.
func (x *templates) literals(c sqlCase) {
	for _, k := range []int{0, 1, 2, 7, 0} {
		text := numberLiteral.ReplaceAllStringFunc(c.sql, func(n string) string {
			i, err := strconv.Atoi(n)
			if err != nil || k == 0 {
				return n
			}
			return strconv.Itoa(i + k)
		})
		text = stringLiteral.ReplaceAllStringFunc(text, func(s string) string {
			return "'" + strings.Trim(s, "'") + strings.Repeat("x", k%3) + "'"
		})
		if k == 7 {
			text = " \n" + text + " ; "
		}
		x.compare(c, text, c.params())
	}
}

// parameters asks with a parameter in the place of each of the first numbers, of the type that it is described with.
func (x *templates) parameters(c sqlCase) {
	if len(c.params()) > 0 {
		return
	}
	places := numberLiteral.FindAllStringIndex(c.sql, 3)
	for _, at := range places {
		text := c.sql[:at[0]] + "$1" + c.sql[at[1]:]
		st, err := parseOne(text)
		if err != nil {
			continue
		}
		types, _, err := rewrite.NewPlanner(1).Describe(st, x.ds, settings(tight), nil)
		if err != nil || len(types) != 1 {
			continue
		}
		for _, value := range []string{"3", "-2", "3", "4", "2147483648", "2.5", "2020-02-03", "x"} {
			typed := rewrite.Param{Type: types[0], Cell: mechanism.Cell{Text: value}}
			if types[0].HasValues() {
				if _, err := catalog.ParseValue(types[0], value); err != nil {
					continue // it never gets past Bind
				}
			}
			x.compare(c, text, []rewrite.Param{typed})
		}
		x.compare(c, text, []rewrite.Param{{Type: types[0], Cell: mechanism.Cell{Null: true}}})
	}
}

func (x *templates) compare(c sqlCase, text string, params []rewrite.Param) {
	x.t.Helper()
	plan, got := x.plan(x.shared, x.shared.Parse, text, params)
	_, want := x.plan(rewrite.NewPlanner(1), rewrite.Parse, text, params)
	if got != want {
		x.t.Errorf("%s/%s: of a template\n%s\n%v\n%s\nfrom nothing\n%s", c.file, c.name, text, params, got, want)
	}
	if plan == nil {
		return
	}
	x.plans++
	if plan.Post.Bound != nil {
		x.bound++
	}
	if plan.Post.Bound != nil && x.engine != nil {
		x.read(c, text, plan)
	}
}

func (x *templates) plan(p *rewrite.Planner, parse func(string) ([]*rewrite.Statement, error), text string, params []rewrite.Param) (*rewrite.Plan, string) {
	list, err := parse(text)
	if err != nil {
		return nil, describeError(err)
	}
	if len(list) != 1 {
		return nil, fmt.Sprint(len(list), " statements")
	}
	st := list[0]
	head := fmt.Sprintf("%s %q at %d\n", st.Kind, st.Text, st.Offset)
	plan, err := p.Plan(st, x.ds, settings(tight), params)
	if err != nil {
		return nil, head + describeError(err)
	}
	return plan, head + fmt.Sprintf("%s%s%v %v %v %v", plan, plan.ShownText(x.ds), plan.Columns, plan.Rules, plan.Reads, plan.Class)
}

// read compares what the two forms of the outer query give.
func (x *templates) read(c sqlCase, text string, plan *rewrite.Plan) {
	types := make([]catalog.Type, len(plan.Columns))
	for i, column := range plan.Columns {
		types[i] = column.Type
	}
	plain := x.rows(x.engine.Finish(context.Background(), plan.Post.SQL, nil, types))
	bound := x.rows(x.engine.(engine.Binder).FinishBound(context.Background(), engine.Bound(*plan.Post.Bound), types))
	if plain != bound {
		x.t.Errorf("%s/%s: %s\n%s\ngives\n%s\nand with parameters\n%s", c.file, c.name, text, plan.Post.SQL, plain, bound)
	}
}

// rows are a result's rows in the order of their text, or that there was an error.
func (x *templates) rows(rows engine.Rows, err error) string {
	if err != nil {
		return "error"
	}
	defer rows.Close()
	var out []string
	for rows.Next() {
		out = append(out, fmt.Sprint(rows.Values()))
	}
	if rows.Err() != nil {
		return "error"
	}
	slices.Sort(out)
	return strings.Join(out, "\n")
}
