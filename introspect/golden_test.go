package introspect

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/refusal"
)

var update = flag.Bool("update", false, "rewrite the expected answers in testdata/sql/introspect")

// goldenCase is one statement of a client with its answer; testdata/sql/introspect/README.md describes the form.
type goldenCase struct {
	title  string
	params []*string
	sql    string
	want   string
}

const goldenDir = "../testdata/sql/introspect"

func readGolden(t testing.TB, file string) []goldenCase {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var cases []goldenCase
	for i, block := range strings.Split("\n"+string(data), "\n### ") {
		if i == 0 {
			continue
		}
		head, want, ok := strings.Cut(block, "\n----\n")
		if !ok {
			t.Fatalf("%s: case %d has no ---- line", file, i)
		}
		title, sql, _ := strings.Cut(head, "\n")
		c := goldenCase{title: title, want: strings.TrimSpace(want)}
		if p, ok := strings.CutPrefix(sql, "params "); ok {
			line, rest, _ := strings.Cut(p, "\n")
			if err := json.Unmarshal([]byte(line), &c.params); err != nil {
				t.Fatalf("%s: %s: %v", file, title, err)
			}
			sql = rest
		}
		c.sql = sql
		cases = append(cases, c)
	}
	return cases
}

func (c goldenCase) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "### %s\n", c.title)
	if c.params != nil {
		var line bytes.Buffer
		e := json.NewEncoder(&line)
		e.SetEscapeHTML(false)
		if err := e.Encode(c.params); err != nil {
			return err.Error()
		}
		fmt.Fprintf(&b, "params %s", line.String())
	}
	fmt.Fprintf(&b, "%s\n----\n%s\n\n", c.sql, c.want)
	return b.String()
}

func (c goldenCase) bound(types []catalog.Type) []Param {
	params := make([]Param, len(c.params))
	for i, p := range c.params {
		if i < len(types) {
			params[i].Type = types[i]
		}
		if params[i].Cell.Null = p == nil; p != nil {
			params[i].Cell.Text = *p
		}
	}
	return params
}

// run answers a case as a client with prepared statements does: Describe, then Answer, which must agree on the columns.
func (c goldenCase) run(t *testing.T, s *Service, v View) string {
	ctx := context.Background()
	if !s.Handles(c.sql) {
		return "not handled"
	}
	types, columns, err := s.Describe(ctx, v, c.sql, nil)
	if err != nil {
		return errorText(t, err)
	}
	if len(types) != len(c.params) {
		t.Errorf("%d parameters described, %d given", len(types), len(c.params))
	}
	result, err := s.Answer(ctx, v, c.sql, c.bound(types))
	if err != nil {
		return errorText(t, err)
	}
	if !slices.Equal(columns, result.Columns) {
		t.Errorf("described %v, answered %v", columns, result.Columns)
	}
	return printResult(result, strings.Contains(strings.ToLower(c.sql), "order by"))
}

func errorText(t *testing.T, err error) string {
	r, ok := refusal.As(err)
	if !ok {
		t.Errorf("an error that is no refusal: %v", err)
		return "?"
	}
	return fmt.Sprintf("error %s %s", r.Code, r.Message)
}

const shownRows = 12

func printResult(r *Result, ordered bool) string {
	var head []string
	for _, c := range r.Columns {
		head = append(head, c.Name+":"+typeText(c.Type))
	}
	lines := make([]string, len(r.Rows))
	for i, row := range r.Rows {
		cells := make([]string, len(row))
		for j, c := range row {
			cells[j] = strings.NewReplacer("\\", "\\\\", "\n", "\\n", "|", "\\|").Replace(shown(c))
			if c.Null {
				cells[j] = "NULL"
			}
		}
		lines[i] = strings.TrimRight(strings.Join(cells, " | "), " ")
	}
	if !ordered {
		slices.Sort(lines)
	}
	tail := fmt.Sprintf("(%d rows)", len(lines))
	if len(lines) > shownRows {
		lines = append(lines[:shownRows], "…")
	}
	return strings.Join(append(append([]string{strings.Join(head, " | ")}, lines...), tail), "\n")
}

func typeText(t catalog.Type) string {
	name := "?"
	for n, k := range kinds {
		if k == t.Kind {
			name = string(n)
		}
	}
	if t.Array {
		return name + "[]"
	}
	return name
}

func goldenFiles(t testing.TB) []string {
	t.Helper()
	files, err := filepath.Glob(goldenDir + "/*.sql")
	if err != nil || len(files) == 0 {
		t.Fatal("no golden files", err)
	}
	return files
}

// TestClients runs every statement that clients are known to send.
func TestClients(t *testing.T) {
	s, v := testService(t), testView()
	for _, file := range goldenFiles(t) {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".sql"), func(t *testing.T) {
			var out strings.Builder
			for _, c := range readGolden(t, file) {
				t.Run(c.title, func(t *testing.T) {
					got := c.run(t, s, v)
					if !*update && got != c.want {
						t.Errorf("%s\ngot:\n%s\nwant:\n%s", c.sql, got, c.want)
					}
					c.want = got
				})
				out.WriteString(c.String())
			}
			if *update {
				if err := os.WriteFile(file, []byte(out.String()), 0o644); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}
