package main

import (
	"context"
	"sync"

	"github.com/dpproxy/dpproxy/answer"
	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/introspect"
	"github.com/dpproxy/dpproxy/proxy"
	"github.com/dpproxy/dpproxy/rewrite"
)

// catalogs lets the proxy ask package introspect: it brings together who asks, what that analyst may see, and the
// statement's text. It decides nothing.
type catalogs struct {
	service *answer.Service
	intro   *introspect.Service
	system  []*catalog.Table // schema dp

	mu    sync.Mutex
	known map[string]verdict // by text: the same statements come again and again
}

// verdict says whose a statement is.
type verdict struct{ catalog, mixed bool }

// maxVerdicts bounds what is remembered; then it starts afresh.
const maxVerdicts = 10_000

// introspection is an Introspector with its end.
type introspection struct {
	introspector proxy.Introspector
	close        func()
}

func newIntrospector(a *app) (*introspection, error) {
	intro, err := introspect.New(a.log)
	if err != nil {
		return nil, err
	}
	c := &catalogs{service: a.service, intro: intro, system: systemTables(), known: map[string]verdict{}}
	return &introspection{introspector: c, close: func() {
		if err := intro.Close(); err != nil {
			a.log.Warn("the embedded catalog did not close", "error", err)
		}
	}}, nil
}

// systemTables are the tables of schema dp, for clients that list tables.
func systemTables() []*catalog.Table {
	var out []*catalog.Table
	for _, t := range rewrite.SystemTables() {
		table := &catalog.Table{Name: t.Name[len("dp."):], Public: true}
		for _, c := range t.Columns {
			table.Columns = append(table.Columns, &catalog.Column{Name: c.Name, Type: c.Type, Nullable: true})
		}
		out = append(out, table)
	}
	return out
}

// Handles says whether a SELECT is a catalog query, or one that mixes catalogs with tables, which is refused.
func (c *catalogs) Handles(st *answer.Statement, _ string) bool {
	v := c.verdict(st)
	return v.catalog || v.mixed
}

func (c *catalogs) verdict(st *answer.Statement) verdict {
	if st.Kind != answer.Select {
		return verdict{}
	}
	c.mu.Lock()
	v, ok := c.known[st.Text]
	c.mu.Unlock()
	if ok {
		return v
	}
	v.catalog = c.intro.Handles(st.Text)
	v.mixed = !v.catalog && c.intro.Mixed(st.Text)
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.known) >= maxVerdicts {
		clear(c.known)
	}
	c.known[st.Text] = v
	return v
}

// view is what a session may see.
func (c *catalogs) view(r answer.Request) (introspect.View, error) {
	all, current, err := c.service.Visible(r.Identity)
	if err != nil {
		return introspect.View{}, err
	}
	system := c.system
	if current == nil { // no data set, and so none of its accounts
		system = nil
	}
	return introspect.View{
		User: r.Identity.User, Database: r.Identity.Dataset, Datasets: all, Current: current, System: system,
		Settings: r.CurrentSetting, PID: r.Identity.PID, Users: []string{r.Identity.User},
		Session: session(r),
	}, nil
}

// session is the request's session, or none: an interface that holds nil would not be nil.
func session(r answer.Request) introspect.Session {
	if r.Session == nil {
		return nil
	}
	return r.Session
}

// Describe tells the types of a catalog query.
func (c *catalogs) Describe(ctx context.Context, r answer.Request) (answer.Description, error) {
	if c.verdict(r.Statement).mixed {
		return answer.Description{}, c.intro.RefuseMixed(r.Statement.Text)
	}
	v, err := c.view(r)
	if err != nil {
		return answer.Description{}, err
	}
	types := make([]catalog.Type, len(r.Params))
	for i, p := range r.Params {
		types[i] = p.Type
	}
	params, columns, err := c.intro.Describe(ctx, v, r.Statement.Text, types)
	return answer.Description{Params: params, Columns: introColumns(columns)}, err
}

// Answer answers a catalog query.
func (c *catalogs) Answer(ctx context.Context, r answer.Request) (*answer.Result, error) {
	if c.verdict(r.Statement).mixed {
		return nil, c.intro.RefuseMixed(r.Statement.Text)
	}
	v, err := c.view(r)
	if err != nil {
		return nil, err
	}
	params := make([]introspect.Param, len(r.Params))
	for i, p := range r.Params {
		params[i] = introspect.Param{Type: p.Type, Cell: introspect.Cell(p.Cell)}
	}
	result, err := c.intro.Answer(ctx, v, r.Statement.Text, params)
	if err != nil {
		return nil, err
	}
	return &answer.Result{Columns: introColumns(result.Columns), Rows: &introRows{rows: result.Rows}, Tag: result.Tag, Public: true}, nil
}

func introColumns(columns []introspect.Column) []answer.Column {
	out := make([]answer.Column, len(columns))
	for i, c := range columns {
		out[i] = answer.Column{Name: c.Name, Type: c.Type}
	}
	return out
}

// Locate tells where the catalogs have the columns of tables that an answer's columns are.
func (c *catalogs) Locate(id answer.Identity, columns []answer.Column) []proxy.Place {
	v, err := c.view(answer.Request{Identity: id})
	if err != nil {
		return nil
	}
	names := make([]introspect.Name, len(columns))
	for i, column := range columns {
		names[i] = introspect.Name{Schema: column.From.Schema, Relation: column.From.Table, Column: column.From.Column}
	}
	found, err := c.intro.Locate(v, names)
	if err != nil {
		return nil
	}
	places := make([]proxy.Place, len(found))
	for i, at := range found {
		places[i] = proxy.Place{Relation: at.OID, Number: uint16(at.Number)}
	}
	return places
}

// introRows are the rows of a catalog query as the proxy reads them.
type introRows struct {
	rows [][]introspect.Cell
	row  []answer.Cell
	next int
}

// Next goes to the next row.
func (r *introRows) Next() bool {
	if r.next >= len(r.rows) {
		return false
	}
	r.row = r.row[:0]
	for _, c := range r.rows[r.next] {
		r.row = append(r.row, answer.Cell(c))
	}
	r.next++
	return true
}

// Values is the row that Next went to.
func (r *introRows) Values() []answer.Cell { return r.row }

// Err is nil.
func (r *introRows) Err() error { return nil }

// Close does nothing.
func (r *introRows) Close() {}
