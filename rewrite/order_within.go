package rewrite

import (
	"strconv"

	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/refusal"
	"github.com/dpproxy/dpproxy/rewrite/expr"
	"github.com/dpproxy/dpproxy/rewrite/syntax"
)

// Where the order of a unit's rows decides which of them is taken, it is made total by all that can be seen of a row: then
// only rows that nobody can tell apart are left in an order of the engine's, and no other unit's row has a say in it.

// tieBreak is a column as an ORDER BY term that tells all of its values apart.
type tieBreak struct{ c expr.Column }

func (t tieBreak) Type() catalog.Type    { return t.c.Typ }
func (t tieBreak) Domain() expr.Domain   { return expr.Domain{Nullable: true} }
func (t tieBreak) Children() []expr.Expr { return []expr.Expr{t.c} }

// WithChildren rebuilds the term over another column.
func (t tieBreak) WithChildren(children []expr.Expr) expr.Expr {
	if c, ok := children[0].(expr.Column); ok {
		t.c = c
	}
	return t
}

// Print: numbers that are equal may be written differently (1.0 and 1.00, 0 and −0), and some collations call different texts
// equal; as text in the order of bytes they differ.
func (t tieBreak) Print(p *expr.Printer) {
	switch k := t.c.Typ.Kind; {
	case k == catalog.Int2, k == catalog.Int4, k == catalog.Int8, k == catalog.Bool, k == catalog.Date, k == catalog.Time,
		k == catalog.Timestamp, k == catalog.Timestamptz, k == catalog.UUID:
		p.Expr(t.c)
		return
	}
	p.WriteString("CAST(")
	p.Expr(t.c)
	if p.Dialect == expr.DuckDB {
		p.WriteString(" AS VARCHAR)")
		return
	}
	p.WriteString(` AS text) COLLATE "C"`)
}

// tieBreakers are the terms that make an order of a block's rows total: the keys of groups, or every column of FROM.
func (r *resolver) tieBreakers(q *query) []order {
	var out []order
	if q.grouped {
		for _, e := range q.groups {
			out = append(out, order{e: e})
		}
		return out
	}
	for _, c := range r.columnsBelow(q.from) {
		out = append(out, order{e: tieBreak{c}})
	}
	return out
}

// columnsBelow lists the stored columns of all parts of FROM.
func (r *resolver) columnsBelow(f from) []expr.Column {
	var out []expr.Column
	switch v := f.(type) {
	case *scan:
		for _, c := range v.table.Columns {
			if c.Type.Kind != catalog.Unsupported && !c.Type.Array {
				out = append(out, expr.Column{Alias: v.alias, Name: c.SourceName, Typ: c.Type, Enumerated: c.Enumerated, Collated: c.Collated})
			}
		}
	case *derived:
		for i, c := range v.q.columns() {
			out = append(out, expr.Column{Alias: v.alias, Name: "c" + strconv.Itoa(i+1), Typ: c.Type})
		}
	case *series:
		out = append(out, expr.Column{Alias: v.alias, Name: "c1", Typ: v.typ})
	case *join:
		return append(r.columnsBelow(v.l), r.columnsBelow(v.r)...)
	}
	return out
}

// checkOrder refuses what has no order.
func (c *exprContext) checkOrder(terms []order, loc int32) error {
	for _, o := range terms {
		if k := o.e.Type().Kind; k == catalog.JSON || o.e.Type().Array {
			return c.fail(refusal.UndefinedFunction, loc, "could not identify an ordering operator for type %s", o.e.Type())
		}
	}
	return nil
}

// ofOneUnit resolves DISTINCT, ORDER BY and LIMIT of rows that all belong to the unit of the row outside.
func (r *resolver) ofOneUnit(q *query, s *syntax.SelectStmt, c *exprContext) error {
	if len(s.DistinctClause) > 0 && s.DistinctClause[0].GetNode() != nil {
		return r.distinctOn(q, s, c)
	}
	q.distinct = len(s.DistinctClause) > 0
	if s.LimitCount == nil && s.LimitOffset == nil {
		return nil // the order of rows decides nothing
	}
	var err error
	if q.order, err = r.totalOrder(q, s, c); err != nil {
		return err
	}
	return r.limits(q, s, c)
}

// totalOrder is ORDER BY with ties broken.
func (r *resolver) totalOrder(q *query, s *syntax.SelectStmt, c *exprContext) ([]order, error) {
	clause := c.clause
	c.clause = "ORDER BY"
	defer func() { c.clause = clause }()
	terms, err := c.orderBy(s.SortClause, q.items)
	if err != nil {
		return nil, err
	}
	if err := c.checkOrder(terms, firstLocation(s.SortClause)); err != nil {
		return nil, err
	}
	if s.LimitCount != nil && s.LimitOption == syntax.LIMIT_OPTION_WITH_TIES && len(s.DistinctClause) == 0 && s.LimitOffset == nil {
		return terms, nil // all peers are taken or none, so their order decides nothing
	}
	if !q.distinct {
		return append(terms, r.tieBreakers(q)...), nil
	}
	for _, o := range terms {
		if !shows(q.items, o.e) {
			return nil, r.fail(refusal.InvalidColumnReference, firstLocation(s.SortClause), "for SELECT DISTINCT, ORDER BY expressions must appear in select list")
		}
	}
	for _, it := range q.items {
		terms = append(terms, order{e: it.e})
	}
	return terms, c.checkOrder(terms, -1)
}

func firstLocation(nodes []*syntax.Node) int32 {
	if len(nodes) == 0 {
		return -1
	}
	return location(nodes[0].GetSortBy().Node)
}

// distinctOn resolves DISTINCT ON over private rows: the unit must be among its expressions, so that which row is kept is
// decided by the rows of one unit.
func (r *resolver) distinctOn(q *query, s *syntax.SelectStmt, c *exprContext) error {
	clause := c.clause
	c.clause = "DISTINCT ON"
	defer func() { c.clause = clause }()
	within, alone := q.tiedTo != nil, true
	for _, n := range s.DistinctClause {
		e, err := c.outputTerm(n, q.items, "DISTINCT ON")
		if err == nil && e == nil {
			e, err = c.resolve(n)
		}
		if err != nil {
			return err
		}
		q.on = append(q.on, e)
		if q.unit.is(e) {
			within = true
		} else {
			alone = alone && onlyOwners(e, q.unit.owners)
		}
	}
	if !within && r.partitionTellsUnit(q, q.on) {
		within, alone = true, false
		q.on = append(q.on, q.unit.e)
	}
	if !within {
		return r.fail(refusal.NotSupported, location(s.DistinctClause[0]), "DISTINCT ON over private rows must include the privacy unit's column").
			WithHint("Write DISTINCT ON (unit, …), so that each unit's rows are chosen among themselves.")
	}
	terms, err := r.totalOrder(q, s, c)
	if err != nil {
		return err
	}
	if q.order, err = onFirst(q.on, terms); err != nil {
		return r.fail(refusal.InvalidColumnReference, firstLocation(s.SortClause), "SELECT DISTINCT ON expressions must match initial ORDER BY expressions")
	}
	if q.tiedTo != nil {
		return r.limits(q, s, c)
	}
	if s.LimitCount != nil || s.LimitOffset != nil {
		return r.noLimit(s)
	}
	q.unit.unique = q.unit.unique || alone
	return nil
}

// onFirst puts the expressions of DISTINCT ON in front of the order, or says that the order begins with others.
func onFirst(on []expr.Expr, terms []order) ([]order, error) {
	var front []order
	rest := terms
	for len(rest) > 0 && len(front) < len(on) && isOneOf(rest[0].e, on) {
		front, rest = append(front, rest[0]), rest[1:]
	}
	for _, e := range on {
		found := false
		for _, o := range front {
			found = found || text(o.e) == text(e)
		}
		if found {
			continue
		}
		if _, isTie := firstOrder(rest).(tieBreak); !isTie && len(rest) > 0 {
			return nil, refusal.New(refusal.InvalidColumnReference, "")
		}
		front = append(front, order{e: e})
	}
	return append(front, rest...), nil
}

func firstOrder(terms []order) expr.Expr {
	if len(terms) == 0 {
		return nil
	}
	return terms[0].e
}

func isOneOf(e expr.Expr, list []expr.Expr) bool {
	for _, o := range list {
		if text(o) == text(e) {
			return true
		}
	}
	return false
}

func (r *resolver) noLimit(s *syntax.SelectStmt) error {
	return r.fail(refusal.NotSupported, location(firstOf(s.LimitCount, s.LimitOffset)), "LIMIT and OFFSET are not supported on private rows").
		WithHint("Put LIMIT on the aggregated query.")
}

// partitionTellsUnit tells that one of a list of expressions is a key of one row, and so of one unit.
func (r *resolver) partitionTellsUnit(q *query, list []expr.Expr) bool {
	var keys []groupKey
	for _, e := range list {
		keys = append(keys, groupKey{e: e})
	}
	return r.tellsUnit(q, keys)
}
