package answer

import (
	"strings"
	"sync"

	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/engine"
	"github.com/dpproxy/dpproxy/refusal"
	"github.com/dpproxy/dpproxy/rewrite"
)

// Preview answers statements that would show private rows as they are (see rewrite.ShowsRows) from generated rows, where the
// owner wants it. Every table of such a statement is generated, public ones too: nothing live is ever mixed in. What is
// refused for another reason stays refused.
type Preview struct {
	engine engine.Engine

	mu       sync.Mutex
	catalogs map[*catalog.Dataset]*catalog.Dataset // of what a user sees: the same with every table public
}

// NewPreview answers from an engine that holds generated rows under the declared names, and has no source.
func NewPreview(e engine.Engine) *Preview {
	return &Preview{engine: e, catalogs: map[*catalog.Dataset]*catalog.Dataset{}}
}

// catalogOf is a data set as its generated rows have it. It is made once, since plans are kept by its address.
func (p *Preview) catalogOf(d *catalog.Dataset) *catalog.Dataset {
	p.mu.Lock()
	defer p.mu.Unlock()
	if made, ok := p.catalogs[d]; ok {
		return made
	}
	made := *d
	made.Engine, made.Policy, made.CellKey = catalog.DuckDB, catalog.Policy{}, nil
	made.RowUnit, made.UnitTable, made.UnitColumn = false, "", ""
	made.Tables = make([]*catalog.Table, 0, len(d.Tables))
	for _, t := range d.Tables {
		table := &catalog.Table{Name: t.Name, Public: true, Description: t.Description, Schema: "main", SourceName: t.Name}
		for _, c := range t.Columns {
			column := &catalog.Column{Name: c.Name, SourceName: c.Name, Type: c.Type, Nullable: c.Nullable, Unique: c.Unique, Domain: c.Domain}
			table.Columns = append(table.Columns, column)
		}
		made.Tables = append(made.Tables, table)
	}
	p.catalogs[d] = &made
	return &made
}

// previews says whether a statement that the planner refused is answered from generated rows.
func (q *query) previews(refused error) bool {
	return q.dataset.Preview != nil && q.couldPreview(refused)
}

// couldPreview says the same of a data set with previews.
func (q *query) couldPreview(refused error) bool {
	r, ok := refusal.As(refused)
	return ok && (r.Code == refusal.InsufficientPrivilege || r.Code == refusal.NotSupported) &&
		rewrite.ShowsRows(planned(q.request.Statement), q.dataset.Catalog)
}

// hintPreview tells whoever looks at rows that the owner can let him see generated ones.
func (q *query) hintPreview(refused error) error {
	if refused == nil || q.dataset.Preview != nil || !q.couldPreview(refused) {
		return refused
	}
	r, _ := refusal.As(refused)
	told := *r
	told.Hint = strings.TrimSpace(told.Hint + " The owner of the data can let tools see generated rows here: preview: synthetic.")
	return &told
}

// source is the engine that the outer query runs on.
func (q *query) source() engine.Engine {
	if q.designed != nil {
		return q.designed.engine
	}
	if q.preview {
		return q.dataset.Preview.engine
	}
	return q.dataset.Engine
}

// previewNotice marks generated rows.
func previewNotice() Notice {
	return Notice{
		Severity: "NOTICE", Code: "00000", Message: "these rows are generated, not real: they follow the declared types and values alone",
		Detail: "No private data was read, and nothing was charged.",
		Hint:   "Ask for aggregates to learn about the data: SELECT count(*), with GROUP BY if you like.",
	}
}
