package rewrite

import (
	"strings"

	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/refusal"
	"github.com/dpproxy/dpproxy/rewrite/syntax"
)

// view resolves a declared view as the sub-query that it is, over declared tables alone.
func (r *resolver) view(view *catalog.View, v *syntax.RangeVar) (from, fromColumns, error) {
	q, err := r.viewQuery(view)
	if err != nil {
		e, ok := refusal.As(err)
		if !ok {
			return nil, fromColumns{}, err
		}
		return nil, fromColumns{}, r.fail(e.Code, v.Location, "view %q cannot be read: %s", view.Table.Name, e.Message)
	}
	alias := v.Alias
	if alias == nil {
		alias = &syntax.Alias{Aliasname: v.Relname}
	}
	f, cols, err := r.derive(q, alias, v.Relname, v.Location)
	if d, ok := f.(*derived); ok {
		d.view = view.Table.Name
	}
	return f, cols, err
}

func (r *resolver) viewQuery(view *catalog.View) (*query, error) {
	name := view.Table.Name
	for _, open := range r.open {
		if open == name {
			return nil, refusal.New(refusal.NotSupported, "it reads itself")
		}
	}
	// The view's positions come after those of the statement, so that none is taken for another's.
	source := strings.Repeat(" ", len(r.source)) + view.SQL
	s, err := selectOf(source)
	if err != nil {
		return nil, err
	}
	was := r.source
	r.source, r.open = source, append(r.open, name)
	defer func() { r.source, r.open = was, r.open[:len(r.open)-1] }()
	q, err := r.selectBlock(s, nil, nil)
	if err != nil {
		return nil, err
	}
	if q.prop == Released {
		return nil, refusal.New(refusal.NotSupported, "it aggregates private rows: a view keeps rows, and queries aggregate them")
	}
	return q, nil
}

// selectOf reads a text that must be one SELECT.
func selectOf(sql string) (*syntax.SelectStmt, error) {
	raw, err := syntax.Parse(sql)
	if err != nil {
		return nil, err
	}
	if len(raw) != 1 || raw[0].Stmt.GetSelectStmt() == nil {
		return nil, refusal.New(refusal.SyntaxError, "it must be one SELECT")
	}
	return raw[0].Stmt.GetSelectStmt(), nil
}

// CompleteViews resolves the declared views of a data set, and fills in how they are listed. It is called once, before the data
// set is used. It returns what is wrong with each view that cannot be read.
func CompleteViews(ds *catalog.Dataset) map[string]error {
	faults := map[string]error{}
	for _, v := range ds.Views {
		if _, taken := ds.Table(v.Table.Name); taken {
			faults[v.Table.Name] = refusal.New(refusal.DuplicateAlias, "a table has its name")
			continue
		}
		r := newResolver(&Statement{}, ds, Settings{}, nil)
		r.private = true
		q, err := r.viewQuery(v)
		if err != nil {
			faults[v.Table.Name] = err
			continue
		}
		v.Table.Public = q.prop == Public
		for i, c := range q.columns() {
			column := &catalog.Column{Name: c.Name, SourceName: c.Name, Type: c.Type, Nullable: q.domain(i).Nullable}
			if open := r.openInQuery(q, i); open.Bounded() && c.Type.HasBounds() {
				column.Domain.Lower, column.Domain.Upper = open.Lo, open.Hi
			}
			v.Table.Columns = append(v.Table.Columns, column)
		}
	}
	return faults
}
