package rewrite

import (
	"strconv"
	"strings"

	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/refusal"
	"github.com/dpproxy/dpproxy/rewrite/expr"
	"github.com/dpproxy/dpproxy/rewrite/syntax"
)

// fromClause resolves FROM a, b, c as cross joins.
func (r *resolver) fromClause(items []*syntax.Node, sc *scope, e *env) (from, error) {
	var out from
	for _, n := range items {
		f, cols, err := r.fromItem(n, sc, e)
		if err != nil {
			return nil, err
		}
		if err := r.addColumns(sc, cols); err != nil {
			return nil, err
		}
		if out == nil {
			out = f
		} else {
			r.policy.joins++
			out = &join{kind: "CROSS JOIN", l: out, r: f, loc: fromLocation(n)}
		}
		sc.left = out
	}
	return out, nil
}

// fromColumns are what one FROM item shows.
type fromColumns struct {
	cols   []scopeColumn
	tables []string
	loc    int32
}

func (r *resolver) addColumns(sc *scope, c fromColumns) error {
	for _, t := range c.tables {
		for _, have := range sc.tables {
			if t == have {
				return r.fail(refusal.DuplicateAlias, c.loc, "table name %q specified more than once", t)
			}
		}
		sc.tables = append(sc.tables, t)
	}
	sc.cols = append(sc.cols, c.cols...)
	return nil
}

func (r *resolver) fromItem(n *syntax.Node, outer *scope, e *env) (from, fromColumns, error) {
	if err := r.enter(-1); err != nil {
		return nil, fromColumns{}, err
	}
	defer r.leave()
	switch v := n.GetNode().(type) {
	case *syntax.Node_RangeVar:
		return r.rangeVar(v.RangeVar, e)
	case *syntax.Node_RangeSubselect:
		s := v.RangeSubselect
		if s.Lateral {
			return r.lateral(s, outer, e)
		}
		q, err := r.selectBlock(s.Subquery.GetSelectStmt(), outer.parent, e)
		if err != nil {
			return nil, fromColumns{}, err
		}
		return r.derive(q, s.Alias, "", blockLocation(s.Subquery.GetSelectStmt()))
	case *syntax.Node_JoinExpr:
		return r.joinExpr(v.JoinExpr, outer, e)
	case *syntax.Node_RangeFunction:
		return r.rangeFunction(v.RangeFunction, outer)
	case *syntax.Node_RangeTableSample:
		return nil, fromColumns{}, r.fail(refusal.NotSupported, v.RangeTableSample.Location, "TABLESAMPLE is not supported").
			WithHint("Leave it out, and ask for an aggregate of all rows.")
	}
	return nil, fromColumns{}, r.fail(refusal.NotSupported, -1, "this kind of FROM item is not supported")
}

// rangeVar resolves a name in FROM: a WITH query, a declared table, or a table of schema dp.
func (r *resolver) rangeVar(v *syntax.RangeVar, e *env) (from, fromColumns, error) {
	if v.Catalogname != "" && v.Catalogname != r.set.Database {
		return nil, fromColumns{}, r.fail(refusal.NotSupported, v.Location, "cross-database references are not implemented")
	}
	if v.Schemaname == "" {
		if found := e.find(v.Relname); found != nil {
			q, err := r.selectBlock(found.cte.Ctequery.GetSelectStmt(), nil, found.parent)
			if err != nil {
				return nil, fromColumns{}, err
			}
			alias := v.Alias
			if alias == nil {
				alias = &syntax.Alias{Aliasname: v.Relname}
			}
			return r.derive(q, &syntax.Alias{Aliasname: alias.Aliasname, Colnames: firstNames(alias.Colnames, found.cte.Aliascolnames)}, v.Relname, v.Location)
		}
	}
	if v.Schemaname == "dp" {
		return r.systemTable(v)
	}
	name := v.Relname
	// ONLY (v.Inh) says nothing here: no declared table has another below it.
	// The data set's own name is a schema too: SmartNoise and MySQL write FROM census.persons.
	if v.Schemaname != "" && v.Schemaname != "public" && v.Schemaname != r.set.Database {
		return nil, fromColumns{}, r.fail(refusal.UndefinedTable, v.Location, "relation \"%s.%s\" does not exist", v.Schemaname, name)
	}
	table, ok := r.ds.Table(name)
	if view, isView := r.ds.DeclaredView(name); !ok && isView {
		return r.view(view, v)
	}
	if !ok {
		return nil, fromColumns{}, r.fail(refusal.UndefinedTable, v.Location, "relation %q does not exist", name).
			WithHint("SELECT * FROM dp.tables lists what this data set has.")
	}
	r.reads = true
	return r.scan(table, v)
}

// firstNames lays explicit column aliases over those of a WITH query.
func firstNames(over, under []*syntax.Node) []*syntax.Node {
	if len(over) >= len(under) {
		return over
	}
	return append(append([]*syntax.Node{}, over...), under[len(over):]...)
}

func columnNames(a *syntax.Alias) []string {
	var names []string
	for _, n := range a.GetColnames() {
		names = append(names, n.GetString_().GetSval())
	}
	return names
}

// rename lays an alias over columns.
func (r *resolver) rename(cols []scopeColumn, table string, names []string, loc int32) (fromColumns, error) {
	if len(names) > len(cols) {
		return fromColumns{}, r.fail(refusal.InvalidColumnReference, loc, "table %q has %d columns available but %d columns specified", table, len(cols), len(names))
	}
	for i := range cols {
		cols[i].table = table
		if i < len(names) {
			cols[i].name = names[i]
		}
	}
	out := fromColumns{cols: cols, loc: loc}
	if table != "" {
		out.tables = []string{table}
	}
	return out, nil
}

// derive makes a FROM item of a sub-query.
func (r *resolver) derive(q *query, a *syntax.Alias, fallback string, loc int32) (from, fromColumns, error) {
	d := &derived{q: q, alias: r.alias("q"), loc: loc}
	name := a.GetAliasname()
	if name == "" {
		name = fallback
	}
	var cols []scopeColumn
	for i, c := range q.columns() {
		column := r.derivedColumn(d, i, c)
		r.noteComputed(q, i, column)
		cols = append(cols, scopeColumn{name: c.Name, e: column})
	}
	out, err := r.rename(cols, name, columnNames(a), loc)
	return d, out, err
}

// derivedColumn is an output column of a sub-query as the outer block sees it, with all that is known of it.
func (r *resolver) derivedColumn(d *derived, i int, c Column) expr.Column {
	q := d.q
	column := expr.Column{Alias: d.alias, Name: "c" + strconv.Itoa(i+1), Typ: c.Type, Dom: q.domain(i), Repr: q.repr(i)}
	key := expr.ColumnKey{Alias: column.Alias, Name: column.Name}
	r.policy.derived(key, q, i)
	if q.prop != Protected {
		return column
	}
	if !q.fixed(i) {
		column.Typ.Precision, column.Typ.Scale, column.Typ.HasScale = 0, 0, false
	}
	open := r.openInQuery(q, i)
	if q.op == "" && q.values == nil {
		open = open.Intersect(withNullOf(r.withinUnit(q, i, &column), open))
		r.passAnchor(q.items[i].e, key)
		r.oncePerUnit(q.items[i].e, key)
		if inner, ok := q.items[i].e.(expr.Column); ok && r.notNullByList[expr.ColumnKey{Alias: inner.Alias, Name: inner.Name}] {
			r.notNullByList[key] = true
		}
	}
	r.markUndeclared(column, open)
	return column
}

// repr is the kind that the engine gives to a query's output column.
func (q *query) repr(i int) catalog.Kind {
	switch {
	case q.op != "":
		return max(q.left.repr(i), q.right.repr(i))
	case q.values != nil:
		return catalog.Unknown
	}
	return expr.ReprOf(q.items[i].e)
}

// fixed tells that a query's output column keeps its type's precision and scale.
func (q *query) fixed(i int) bool {
	if q.op != "" {
		return q.left.fixed(i) && q.right.fixed(i)
	}
	return q.values == nil && expr.Fixed(q.items[i].e)
}

// markUndeclared notes which ends of a column's domain rest on types alone, given what is known without them.
func (r *resolver) markUndeclared(c expr.Column, open expr.Domain) {
	var by expr.Domain
	if open.Lo == nil {
		by.Lo = c.Dom.Lo
	}
	if open.Hi == nil {
		by.Hi = c.Dom.Hi
	}
	if by.Lo != nil || by.Hi != nil {
		r.undeclared[expr.ColumnKey{Alias: c.Alias, Name: c.Name}] = by
	}
}

// domain is what is known of a query's output column.
func (q *query) domain(i int) expr.Domain {
	if q.op == "" {
		if q.values != nil {
			return expr.Domain{Nullable: true}
		}
		return q.items[i].e.Domain()
	}
	return unionDomain(q.left.domain(i), q.right.domain(i))
}

func (r *resolver) scan(t *catalog.Table, v *syntax.RangeVar) (from, fromColumns, error) {
	s := &scan{table: t, alias: r.alias("t"), loc: v.Location}
	r.policy.scanned(s)
	var cols []scopeColumn
	for _, c := range t.Columns {
		if c.Type.Kind == catalog.Unsupported {
			continue
		}
		cols = append(cols, scopeColumn{name: c.Name, e: r.columnOf(s, c)})
	}
	if !t.Public {
		if err := r.unitOf(s, v.Location); err != nil {
			return nil, fromColumns{}, err
		}
		r.noteAnchors(s)
	}
	name := t.Name
	if v.Alias != nil {
		name = v.Alias.Aliasname
	}
	s.shown = name
	out, err := r.rename(cols, name, columnNames(v.Alias), v.Location)
	return s, out, err
}

func (r *resolver) joinExpr(j *syntax.JoinExpr, outer *scope, e *env) (from, fromColumns, error) {
	none := fromColumns{}
	kind, ok := map[syntax.JoinType]string{syntax.JOIN_INNER: "JOIN", syntax.JOIN_LEFT: "LEFT JOIN",
		syntax.JOIN_RIGHT: "RIGHT JOIN", syntax.JOIN_FULL: "FULL JOIN"}[j.Jointype]
	if !ok {
		return nil, none, r.fail(refusal.NotSupported, -1, "this kind of join is not supported")
	}
	l, lc, err := r.fromItem(j.Larg, outer, e)
	if err != nil {
		return nil, none, err
	}
	rt, rc, err := r.fromItem(j.Rarg, rightOf(outer, l, lc), e)
	if err != nil {
		return nil, none, err
	}
	if isLateral(rt) && (kind == "RIGHT JOIN" || kind == "FULL JOIN") {
		return nil, none, r.fail(refusal.NotSupported, -1, "the join of a LATERAL sub-query must be INNER or LEFT")
	}
	out := &join{kind: kind, l: l, r: rt, loc: fromLocation(j.Rarg)}
	r.policy.joins++
	both := &scope{parent: outer.parent}
	if err := r.addColumns(both, lc); err != nil {
		return nil, none, err
	}
	if err := r.addColumns(both, rc); err != nil {
		return nil, none, err
	}
	b := r.builder(out.property(), both, true)
	switch {
	case j.IsNatural || len(j.UsingClause) > 0:
		names := columnNames(&syntax.Alias{Colnames: j.UsingClause})
		if j.IsNatural {
			names = common(lc.cols, rc.cols)
		}
		merged, err := r.using(out, b, names, lc, rc)
		if err != nil {
			return nil, none, err
		}
		both.cols = merged
		if j.JoinUsingAlias != nil { // JOIN … USING (x) AS j: the merged columns, and the two tables as they are
			name := j.JoinUsingAlias.Aliasname
			alias := fromColumns{tables: []string{name}, loc: -1}
			for _, c := range merged[:len(names)] {
				alias.cols = append(alias.cols, scopeColumn{table: name, name: c.name, e: c.e, merged: true})
			}
			if err := r.addColumns(both, alias); err != nil {
				return nil, none, err
			}
		}
	case j.Quals != nil:
		holder := &query{prop: out.property()}
		ctx := &exprContext{r: r, sc: both, b: b, env: e, clause: "JOIN conditions", prop: out.property(), block: holder}
		for _, c := range normalTerms(j.Quals) {
			cond, err := ctx.filter(c)
			if err != nil {
				return nil, none, err
			}
			out.on = append(out.on, cond)
			out.equal = append(out.equal, ctx.equalities(c)...)
		}
		out.condition = holder.prop
	}
	if kind == "FULL JOIN" && !mayBeFull(out) {
		return nil, none, r.fail(refusal.NotSupported, -1, "FULL JOIN is only supported with merge-joinable or hash-joinable join conditions").
			WithHint("Set a column of one side equal to a column of the other.")
	}
	if len(out.on) == 0 && kind == "JOIN" {
		out.kind = "CROSS JOIN"
	}
	nullable(both.cols, len(lc.cols), kind, out)
	cols := fromColumns{cols: both.cols, tables: both.tables, loc: -1}
	if j.Alias != nil {
		cols, err = r.rename(visible(both.cols), j.Alias.Aliasname, columnNames(j.Alias), -1)
	}
	return out, cols, err
}

// mayBeFull tells that PostgreSQL can plan a full join: one term sets something of the left side equal to something of the right, or
// all are constants.
func mayBeFull(j *join) bool {
	left, right := map[string]bool{}, map[string]bool{}
	aliasesOf(j.l, left)
	aliasesOf(j.r, right)
	constant := true
	for _, cond := range j.on {
		if _, ok := expr.Fold(cond); !ok {
			constant = false
		}
		sides := cond.Children()
		if expr.Operator(cond) == "=" && len(sides) == 2 &&
			(onlyOf(sides[0], left) && onlyOf(sides[1], right) || onlyOf(sides[0], right) && onlyOf(sides[1], left)) {
			return true
		}
	}
	return constant
}

// onlyOf tells that an expression reads columns of these aliases, and nothing else.
func onlyOf(e expr.Expr, aliases map[string]bool) bool {
	reads := false
	expr.Walk(e, func(e expr.Expr) bool {
		_, isColumn := e.(expr.Column)
		reads = reads || isColumn
		return true
	})
	return reads && onlyOwners(e, aliases)
}

func visible(cols []scopeColumn) []scopeColumn {
	var out []scopeColumn
	for _, c := range cols {
		if !c.merged {
			out = append(out, c)
		}
	}
	return out
}

// common are the names that NATURAL joins on, in the left side's order.
func common(l, r []scopeColumn) []string {
	var out []string
	for _, a := range l {
		for _, b := range r {
			if a.name == b.name && !a.merged && !b.merged {
				out = append(out, a.name)
			}
		}
	}
	return out
}

// using joins on columns of the same name. The merged columns come first and are reached without a qualifier.
func (r *resolver) using(j *join, b *expr.Builder, names []string, lc, rc fromColumns) ([]scopeColumn, error) {
	var front []scopeColumn
	ls, rs := &scope{cols: lc.cols, tables: lc.tables}, &scope{cols: rc.cols, tables: rc.tables}
	taken := map[string]bool{}
	for _, name := range names {
		le, _, lerr := ls.lookup("", name)
		re, _, rerr := rs.lookup("", name)
		if lerr != nil || rerr != nil {
			return nil, r.fail(refusal.UndefinedColumn, -1, "column %q specified in USING clause does not exist in both tables", name)
		}
		if err := r.usingColumns(le, re); err != nil {
			return nil, err
		}
		cond, err := b.Op("=", le, re, -1)
		if err != nil {
			return nil, r.at(err, -1)
		}
		j.on = append(j.on, cond)
		j.equal = append(j.equal, pair{text(le), text(re)})
		m := le
		switch j.kind {
		case "RIGHT JOIN":
			m = re
		case "FULL JOIN":
			if m, err = b.Coalesce([]expr.Expr{withNull(le), withNull(re)}, -1); err != nil {
				return nil, r.at(err, -1)
			}
		}
		taken[name] = true
		front = append(front, scopeColumn{name: name, e: m})
	}
	out := front
	for _, c := range append(append([]scopeColumn{}, lc.cols...), rc.cols...) {
		c.merged = c.merged || taken[c.name]
		out = append(out, c)
	}
	return out, nil
}

func withNull(e expr.Expr) expr.Expr {
	if c, ok := e.(expr.Column); ok {
		c.Dom.Nullable = true
		return c
	}
	return e
}

// nullable marks the columns that an outer join fills with NULL.
func nullable(cols []scopeColumn, _ int, kind string, j *join) {
	left, right := map[string]bool{}, map[string]bool{}
	aliasesOf(j.l, left)
	aliasesOf(j.r, right)
	for i, c := range cols {
		col, ok := c.e.(expr.Column)
		if !ok {
			continue
		}
		if (right[col.Alias] && (kind == "LEFT JOIN" || kind == "FULL JOIN")) || (left[col.Alias] && (kind == "RIGHT JOIN" || kind == "FULL JOIN")) {
			cols[i].e = withNull(col)
		}
	}
}

// aliasesOf collects the printed aliases below a FROM node.
func aliasesOf(f from, out map[string]bool) {
	switch v := f.(type) {
	case *scan:
		out[v.alias] = true
	case *derived:
		out[v.alias] = true
	case *releasedRef:
		out[v.alias] = true
	case *systemRef:
		out[v.alias] = true
	case *series:
		out[v.alias] = true
	case *nullExtended:
		aliasesOf(v.f, out)
	case *join:
		aliasesOf(v.l, out)
		aliasesOf(v.r, out)
	}
}

func (r *resolver) systemTable(v *syntax.RangeVar) (from, fromColumns, error) {
	for _, t := range SystemTables() {
		if t.Name != "dp."+v.Relname {
			continue
		}
		s := &systemRef{table: t, alias: r.alias("s")}
		r.system[t.Name] = true
		var cols []scopeColumn
		for _, c := range t.Columns {
			cols = append(cols, scopeColumn{name: c.Name, e: expr.Column{Alias: s.alias, Name: c.Name, Typ: c.Type, Dom: expr.Domain{Nullable: true}}})
		}
		name := v.Relname
		if v.Alias != nil {
			name = v.Alias.Aliasname
		}
		out, err := r.rename(cols, name, columnNames(v.Alias), v.Location)
		return s, out, err
	}
	return nil, fromColumns{}, r.fail(refusal.UndefinedTable, v.Location, "relation \"dp.%s\" does not exist", v.Relname).
		WithHint("Schema dp has the tables %s.", systemNames())
}

// rangeFunction allows generate_series over constants: no length may depend on data.
func (r *resolver) rangeFunction(f *syntax.RangeFunction, outer *scope) (from, fromColumns, error) {
	none := fromColumns{}
	refuse := r.fail(refusal.NotSupported, location(f.Functions[0].GetList().GetItems()[0]), "functions in FROM are not supported, except generate_series over constants").
		WithHint("Join a table, or VALUES in its place: JOIN (VALUES (1, 'a'), (2, 'b')) AS v(x, y) ON …")
	if len(f.Functions) != 1 || f.Ordinality || f.IsRowsfrom || len(f.Coldeflist) > 0 {
		return nil, none, refuse
	}
	call := f.Functions[0].GetList().GetItems()[0].GetFuncCall()
	if call != nil && strings.HasPrefix(functionName(call), "dp.") {
		return r.systemFunction(f, call, functionName(call))
	}
	if call == nil || functionName(call) != "generate_series" || len(call.Args) < 2 || len(call.Args) > 3 {
		return nil, none, refuse
	}
	ctx := &exprContext{r: r, sc: &scope{}, b: builder(Public), clause: "functions in FROM"}
	s := &series{alias: r.alias("g")}
	for _, a := range call.Args {
		e, err := ctx.resolve(a)
		if err != nil {
			return nil, none, err
		}
		if _, ok := expr.Fold(e); !ok {
			return nil, none, refuse
		}
		s.args = append(s.args, e)
	}
	t, err := expr.CommonType(s.args[:2], "generate_series", -1)
	if err != nil {
		return nil, none, r.at(err, call.Location)
	}
	if t.IsText() {
		const ambiguousFunction refusal.Code = "42725"
		return nil, none, r.fail(ambiguousFunction, call.Location, "function generate_series(unknown, unknown) is not unique").
			WithHint("Cast the arguments: generate_series($1::int, $2::int).")
	}
	if s.typ = t; t.Kind == catalog.Date {
		s.typ = catalog.Of(catalog.Timestamptz)
	}
	if len(s.args) == 3 && s.args[2].Type().Kind == catalog.Unknown {
		step := t
		if t.IsDateTime() {
			step = catalog.Of(catalog.Interval)
		}
		if s.args[2], err = ctx.b.Coerce(s.args[2], step, -1); err != nil {
			return nil, none, r.at(err, call.Location)
		}
	}
	name := "generate_series"
	if f.Alias != nil {
		name = f.Alias.Aliasname
	}
	col := scopeColumn{name: name, e: expr.Column{Alias: s.alias, Name: "c1", Typ: s.typ}}
	out, err := r.rename([]scopeColumn{col}, name, columnNames(f.Alias), -1)
	return s, out, err
}

// fromLocation is where a FROM item stands, or −1.
func fromLocation(n *syntax.Node) int32 {
	switch v := n.GetNode().(type) {
	case *syntax.Node_RangeVar:
		return v.RangeVar.Location
	case *syntax.Node_JoinExpr:
		return fromLocation(v.JoinExpr.Larg)
	}
	return -1
}
