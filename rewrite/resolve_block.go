package rewrite

import (
	"strconv"

	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/refusal"
	"github.com/dpproxy/dpproxy/rewrite/expr"
	"github.com/dpproxy/dpproxy/rewrite/syntax"
)

// block resolves one SELECT … FROM … WHERE … GROUP BY … block.
func (r *resolver) block(s *syntax.SelectStmt, outer *scope, e *env) (*query, error) {
	sc, before := &scope{parent: outer}, outer.reads()
	q := &query{}
	var err error
	if q.from, err = r.fromClause(s.FromClause, sc, e); err != nil {
		return nil, err
	}
	if q.from != nil {
		q.prop = q.from.property()
	}
	sc.private = q.prop == Protected
	rows := &exprContext{r: r, sc: sc, b: r.builder(q.prop, sc, s != r.top), env: e, clause: "WHERE", prop: q.prop, unit: &q.unit, block: q}
	if err := r.where(q, s, rows); err != nil {
		return nil, err
	}
	rows.named = s.WindowClause
	if isGrouped(s) {
		if err := r.groupedBlock(q, s, rows); err != nil {
			return nil, err
		}
		if _, measured := q.from.(*releasedRef); measured && outer.reads() != before {
			return nil, r.correlated(blockLocation(s))
		}
		return q, nil
	}
	if d := distinctAsGroups(q, s); d != nil && (s == r.top || q.tiedTo == nil && !rows.selectsUnit(s)) {
		return q, r.groupedBlock(q, d, rows)
	}
	return q, r.plainBlock(q, s, rows)
}

// where finds the unit of the block's rows and resolves the filter.
func (r *resolver) where(q *query, s *syntax.SelectStmt, rows *exprContext) error {
	terms := normalTerms(s.WhereClause)
	var pairs []pair
	for _, n := range terms {
		pairs = append(pairs, rows.equalities(n)...)
	}
	if q.prop == Protected {
		u, err := r.joinUnits(q.from, pairs)
		if err != nil {
			return err
		}
		q.unit = u
		rows.sc.unit, rows.sc.from = &q.unit, q.from
	}
	q.tied = pairs
	r.tie(q, rows.sc)
	fixed := r.fixedColumns(q)
	for _, n := range terms {
		cond, err := rows.filter(n)
		if err != nil {
			return err
		}
		q.where = append(q.where, cond)
	}
	if q.prop != Protected {
		return nil
	}
	by := map[expr.ColumnKey]expr.Domain{} // of all terms at once: those that contradict each other say nothing, in whichever order
	for _, cond := range q.where {
		by = both(by, expr.Narrow(cond))
	}
	for k := range fixed {
		delete(by, k)
	}
	if len(by) > 0 {
		rows.sc.narrow(by)
		r.rule("NarrowDomains")
	}
	r.firstOfUnit(q)
	r.narrowByEquality(rows.sc, append(pairs, innerPairs(q.from)...), fixed)
	return nil
}

// fixedColumns are the columns that name units: their domain is never narrowed, since clamping would merge units.
func (r *resolver) fixedColumns(q *query) map[expr.ColumnKey]bool {
	out := map[expr.ColumnKey]bool{}
	if u, ok := q.unit.e.(expr.Column); ok {
		out[expr.ColumnKey{Alias: u.Alias, Name: u.Name}] = true
	}
	if q.from == nil {
		return out
	}
	for _, s := range scansOf(q.from) {
		for _, c := range s.table.Columns {
			if !s.table.Public && r.onPath(s.table, c.Name) {
				out[expr.ColumnKey{Alias: s.alias, Name: c.SourceName}] = true
			}
		}
	}
	return out
}

func isGrouped(s *syntax.SelectStmt) bool {
	if len(s.GroupClause) > 0 || s.HavingClause != nil {
		return true
	}
	for _, n := range s.TargetList {
		if containsCall(n, isAggregate) {
			return true
		}
	}
	for _, n := range s.SortClause {
		if containsCall(n, isAggregate) {
			return true
		}
	}
	return false
}

// distinctAsGroups reads SELECT DISTINCT a, b over private rows as SELECT a, b … GROUP BY a, b; nil if it is none.
func distinctAsGroups(q *query, s *syntax.SelectStmt) *syntax.SelectStmt {
	if q.prop != Protected || len(s.DistinctClause) == 0 || s.DistinctClause[0].GetNode() != nil {
		return nil
	}
	out := &syntax.SelectStmt{TargetList: s.TargetList, SortClause: s.SortClause, LimitCount: s.LimitCount, LimitOffset: s.LimitOffset}
	for _, n := range s.TargetList {
		t := n.GetResTarget()
		if _, _, star := starOf(t.Val); star {
			return nil
		}
		if t.Val.GetAConst() != nil {
			continue // tells no groups apart, and a number would be a position
		}
		out.GroupClause = append(out.GroupClause, t.Val)
	}
	return out
}

// selectsUnit tells that the block's columns show its unit, so that it has rows of units and not groups of them. What does not
// resolve is told where the columns are.
func (c *exprContext) selectsUnit(s *syntax.SelectStmt) bool {
	for _, n := range s.TargetList {
		e, err := c.resolve(n.GetResTarget().Val)
		if err != nil || c.block.unit.is(e) {
			return true
		}
	}
	return false
}

// plainBlock resolves a block without aggregation.
func (r *resolver) plainBlock(q *query, s *syntax.SelectStmt, rows *exprContext) error {
	rows.clause, rows.windows = "SELECT", q.prop == Protected || !rows.sc.underPrivate()
	if err := r.selectList(q, s, rows); err != nil {
		return err
	}
	if q.prop == Protected {
		return r.plainProtected(q, s, rows)
	}
	return r.finishBlock(q, s, rows)
}

// plainProtected allows what keeps each row with its unit.
func (r *resolver) plainProtected(q *query, s *syntax.SelectStmt, c *exprContext) error {
	if s == r.top {
		return nil // raw rows are refused as a whole, in plainer words
	}
	if q.tiedTo != nil && c != nil {
		return r.ofOneUnit(q, s, c)
	}
	if len(s.DistinctClause) > 0 && s.DistinctClause[0].GetNode() != nil && c != nil {
		return r.distinctOn(q, s, c)
	}
	switch {
	case s.LimitCount != nil || s.LimitOffset != nil:
		return r.noLimit(s)
	case len(s.SortClause) > 0:
		return r.fail(refusal.NotSupported, location(s.SortClause[0].GetSortBy().Node), "ORDER BY is not supported on private rows").
			WithHint("Put ORDER BY on the aggregated query.")
	case len(s.DistinctClause) > 0:
		if q.unitColumn() == "u" {
			return r.fail(refusal.NotSupported, blockLocation(s), "DISTINCT on private rows must include the privacy unit's column").
				WithHint("Add it to the columns; or put the columns into GROUP BY, or DISTINCT into the outermost SELECT, for the values that may be shown.")
		}
		q.distinct = true
		alone := true
		for _, it := range q.items {
			alone = alone && (q.unit.is(it.e) || onlyOwners(it.e, q.unit.owners))
		}
		q.unit.unique = q.unit.unique || alone
		return r.seen(q, true)
	}
	return nil
}

func firstOf(ns ...*syntax.Node) *syntax.Node {
	for _, n := range ns {
		if n != nil {
			return n
		}
	}
	return nil
}

// unitColumn is the name of the column by which a derived table shows its unit: one of its own, or the extra column u.
func (q *query) unitColumn() string {
	if q.op != "" {
		if l, r := q.left.unitColumn(), q.right.unitColumn(); l == r {
			return l
		}
		return "u"
	}
	if q.unit.e != nil {
		for i, it := range q.items {
			if q.unit.is(it.e) {
				return "c" + strconv.Itoa(i+1)
			}
		}
	}
	return "u"
}

// selectList resolves the output columns, * among them.
func (r *resolver) selectList(q *query, s *syntax.SelectStmt, c *exprContext) error {
	for _, n := range s.TargetList {
		t := n.GetResTarget()
		if star, table, ok := starOf(t.Val); ok {
			if err := r.expandStar(q, c, star, table); err != nil {
				return err
			}
			continue
		}
		e, err := r.policy.stands(t.Val, carried, func() (expr.Expr, error) { return c.resolve(t.Val) })
		if err != nil {
			return err
		}
		var made *provenance
		if c.group == nil {
			made = c.itemMade(t.Val, e)
		}
		literal := untypedConst(e)
		if e, err = r.known(c.b, e, t.Location); err != nil {
			return err
		}
		name := t.Name
		if name == "" {
			name = figureName(t.Val)
		}
		q.items = append(q.items, item{name: name, e: e, made: made, literal: literal})
		if r.set.Intervals && c.group != nil && c.group.draft != nil {
			r.addInterval(q, c.group.draft, name, e)
		}
		if _, aggregate := e.(aggregateCall); aggregate && r.set.Intervals && r.set.Design {
			q.items = append(q.items, item{name: name + "_low", e: e, made: made}, item{name: name + "_high", e: e, made: made})
		}
	}
	return nil
}

// addInterval adds <column>_low and <column>_high after a column that is an aggregate.
func (r *resolver) addInterval(q *query, d *draft, name string, e expr.Expr) {
	col, ok := e.(expr.Column)
	if !ok {
		return
	}
	for _, end := range []string{"low", "high"} {
		if out, ok := d.intervalColumn(col, end); ok {
			q.items = append(q.items, item{name: name + "_" + end, e: out})
		}
	}
}

// known turns an untyped literal into text, as PostgreSQL does for output columns.
func (r *resolver) known(b *expr.Builder, e expr.Expr, loc int32) (expr.Expr, error) {
	if e.Type().Kind != catalog.Unknown {
		return e, nil
	}
	out, err := b.Coerce(e, catalog.Of(catalog.Text), int(loc))
	if err != nil {
		return nil, r.at(err, loc)
	}
	return out, nil
}

func starOf(n *syntax.Node) (loc int32, table string, ok bool) {
	ref := n.GetColumnRef()
	if ref == nil || len(ref.Fields) == 0 || ref.Fields[len(ref.Fields)-1].GetAStar() == nil {
		return 0, "", false
	}
	if len(ref.Fields) > 1 {
		table = ref.Fields[len(ref.Fields)-2].GetString_().GetSval()
	}
	return ref.Location, table, true
}

func (r *resolver) expandStar(q *query, c *exprContext, loc int32, table string) error {
	cols := c.sc.star(table)
	if table != "" && !c.sc.hasTable(table) {
		return r.fail(refusal.UndefinedTable, loc, "missing FROM-clause entry for table %q", table)
	}
	if len(c.sc.tables) == 0 {
		return r.fail(refusal.SyntaxError, loc, "SELECT * with no tables specified is not valid")
	}
	for _, col := range cols {
		e, err := c.carriedStar(col.e)
		if err != nil {
			return err
		}
		made := r.policy.of(col.e)
		if c.group != nil {
			found := false
			for _, k := range c.group.keys {
				if k.text == text(e) {
					e, found = k.out, true
					break
				}
			}
			if !found {
				return r.fail(refusal.GroupingError, loc, "column %q must appear in the GROUP BY clause or be used in an aggregate function", col.name)
			}
		}
		q.items = append(q.items, item{name: col.name, e: e, made: &made})
	}
	return nil
}

// finishBlock resolves DISTINCT, ORDER BY, LIMIT and OFFSET of a block whose rows are publishable.
func (r *resolver) finishBlock(q *query, s *syntax.SelectStmt, c *exprContext) error {
	if len(s.DistinctClause) > 0 {
		if s.DistinctClause[0].GetNode() == nil {
			q.distinct = true
		} else {
			on, err := c.all(s.DistinctClause)
			if err != nil {
				return err
			}
			q.on = on
		}
	}
	c.clause = "ORDER BY"
	var err error
	if q.order, err = c.orderBy(s.SortClause, q.items); err != nil {
		return err
	}
	if q.distinct {
		for _, o := range q.order {
			if !shows(q.items, o.e) {
				return r.fail(refusal.InvalidColumnReference, -1, "for SELECT DISTINCT, ORDER BY expressions must appear in select list")
			}
		}
	}
	return r.limits(q, s, c)
}

func shows(items []item, e expr.Expr) bool {
	for _, it := range items {
		if text(it.e) == text(e) {
			return true
		}
	}
	return false
}

func (r *resolver) limits(q *query, s *syntax.SelectStmt, c *exprContext) error {
	for _, part := range []struct {
		n        *syntax.Node
		name     string
		to       *expr.Expr
		negative refusal.Code
	}{{s.LimitCount, "LIMIT", &q.limit, refusal.InvalidRowCountInLimit}, {s.LimitOffset, "OFFSET", &q.offset, refusal.InvalidRowCountInOffset}} {
		if part.n == nil {
			continue
		}
		if k := part.n.GetAConst(); k != nil && k.Isnull {
			continue // LIMIT ALL
		}
		ctx := &exprContext{r: r, sc: &scope{}, b: builder(Public), env: c.env, clause: part.name}
		e, err := ctx.resolve(part.n)
		if err != nil {
			return err
		}
		loc := location(part.n)
		if e.Type().Kind == catalog.Unknown || e.Type().Kind == catalog.Int4 || e.Type().Kind == catalog.Int2 {
			if e, err = ctx.b.Coerce(e, catalog.Of(catalog.Int8), int(loc)); err != nil {
				return r.at(err, loc)
			}
		}
		k, ok := expr.Fold(e)
		if !ok || e.Type().Kind != catalog.Int8 {
			return r.fail(refusal.NotSupported, loc, "%s takes a constant whole number", part.name)
		}
		if len(k.Text) > 0 && k.Text[0] == '-' {
			return r.fail(part.negative, loc, "%s must not be negative", part.name)
		}
		if k.Null && !r.describing {
			continue
		}
		*part.to = k
	}
	q.ties = s.LimitOption == syntax.LIMIT_OPTION_WITH_TIES && q.limit != nil
	return nil
}

// orderBy resolves ORDER BY terms: an output column's name or position, or an expression.
func (c *exprContext) orderBy(nodes []*syntax.Node, items []item) ([]order, error) {
	var out []order
	for _, n := range nodes {
		s := n.GetSortBy()
		if len(s.UseOp) > 0 {
			return nil, c.fail(refusal.NotSupported, s.Location, "ORDER BY … USING is not supported")
		}
		e, err := c.outputTerm(s.Node, items, "ORDER BY")
		if err != nil {
			return nil, err
		}
		if e == nil {
			if e, err = c.resolve(s.Node); err != nil {
				return nil, err
			}
			if e, err = c.r.known(c.b, e, location(s.Node)); err != nil {
				return nil, err
			}
		}
		o := order{e: e, desc: s.SortbyDir == syntax.SORTBY_DESC}
		o.nullsFirst = s.SortbyNulls == syntax.SORTBY_NULLS_FIRST || o.desc && s.SortbyNulls == syntax.SORTBY_NULLS_DEFAULT
		out = append(out, o)
	}
	return out, nil
}

// outputTerm finds what a position or an output column's name stands for; nil if the term is an expression.
func (c *exprContext) outputTerm(n *syntax.Node, items []item, clause string) (expr.Expr, error) {
	if k := n.GetAConst(); k != nil && items != nil {
		iv, ok := k.Val.(*syntax.A_Const_Ival)
		if !ok {
			return nil, c.fail(refusal.SyntaxError, k.Location, "non-integer constant in %s", clause)
		}
		i := int(iv.Ival.GetIval())
		if i < 1 || i > len(items) {
			return nil, c.fail(refusal.InvalidColumnReference, k.Location, "%s position %d is not in select list", clause, i)
		}
		return items[i-1].e, nil
	}
	ref := n.GetColumnRef()
	if ref == nil || len(ref.Fields) != 1 {
		return nil, nil
	}
	name := ref.Fields[0].GetString_().GetSval()
	var found expr.Expr
	for _, it := range items {
		if it.name != name {
			continue
		}
		if found != nil && text(found) != text(it.e) {
			return nil, c.fail(refusal.AmbiguousColumn, ref.Location, "%s %q is ambiguous", clause, name)
		}
		found = it.e
	}
	return found, nil
}
