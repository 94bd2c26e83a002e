package proxy

import (
	"context"
	"strings"
	"testing"

	"github.com/dpproxy/dpproxy/answer"
	"github.com/dpproxy/dpproxy/catalog"
)

// explainingBackend answers EXPLAIN with the text and the parameters of what it is asked about.
type explainingBackend struct{ *throughBackend }

func (b *explainingBackend) Describe(ctx context.Context, r answer.Request) (answer.Description, error) {
	if r.Statement.Kind == answer.Explain {
		return answer.Description{Columns: []answer.Column{{Name: "QUERY PLAN", Type: catalog.Of(catalog.Text)}}}, nil
	}
	return b.throughBackend.Describe(ctx, r)
}

func (b *explainingBackend) Answer(ctx context.Context, r answer.Request) (*answer.Result, error) {
	if r.Statement.Kind != answer.Explain {
		return b.throughBackend.Answer(ctx, r)
	}
	line := r.Statement.Options["format"] + " " + r.Statement.Query.Text
	for _, p := range r.Params {
		line += " " + p.Cell.Text
	}
	return &answer.Result{Columns: []answer.Column{{Name: "QUERY PLAN", Type: catalog.Of(catalog.Text)}}, Rows: &fixedRows{cells: [][]answer.Cell{{{Text: line}}}, at: -1}, Tag: "EXPLAIN"}, nil
}

// TestExplainExecute: EXPLAIN EXECUTE explains the statement that was prepared, by PREPARE or by Parse, with the parameters that it names.
func TestExplainExecute(t *testing.T) {
	srv := serveTest(t, &explainingBackend{newThroughBackend(t)}, nil)
	client := hijack(t, srv.url(""))
	for _, c := range []struct {
		lines []string
		want  string
	}{
		{[]string{`Query "PREPARE p(int4) AS SELECT $1 + 1; EXPLAIN EXECUTE p(41)"`}, `SELECT $1 + 1 41"`},
		{[]string{`Query "EXPLAIN (FORMAT JSON) EXECUTE p(7)"`}, `json`},
		{[]string{`Parse "" "EXPLAIN EXECUTE p(8)"`, `Describe S ""`, `Bind "" ""`, `Execute ""`, "Sync"}, `SELECT $1 + 1 8"`},
		{[]string{`Parse "q" "SELECT 5"`, "Sync"}, "ParseComplete"},
		{[]string{`Query "EXPLAIN EXECUTE q"`}, `SELECT 5"`},
		{[]string{`Query "PREPARE s AS VALUES (1)"`}, "PREPARE"},
		{[]string{`Query "EXPLAIN EXECUTE p('x')"`}, "ErrorResponse ERROR 22P02"},
		{[]string{`Query "EXPLAIN ANALYZE EXECUTE q"`}, "ErrorResponse ERROR 0A000"},
		{[]string{`Parse "" "EXPLAIN EXECUTE nowhere"`, "Sync"}, "ErrorResponse ERROR 26000"},
	} {
		if out := client.exchange(t, step{send: c.lines}); !strings.Contains(strings.ToLower(out), strings.ToLower(c.want)) {
			t.Errorf("%s: %s", c.lines, out)
		}
	}
}
