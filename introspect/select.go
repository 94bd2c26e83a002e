package introspect

import (
	"github.com/dpproxy/dpproxy/refusal"
	"github.com/dpproxy/dpproxy/rewrite/syntax"
)

// selectStmt compiles a query and tells its columns.
func (c *compiler) selectStmt(st *syntax.SelectStmt, parent *scope) ([]col, error) {
	if err := c.enter(); err != nil {
		return nil, err
	}
	defer func() { c.depth-- }()
	if st == nil || st.IntoClause != nil || len(st.LockingClause) > 0 {
		return nil, unsupported("INTO or FOR UPDATE")
	}
	sc := &scope{parent: parent, ctes: map[string][]col{}}
	if err := c.with(st.WithClause, sc); err != nil {
		return nil, err
	}
	cols, err := c.body(st, sc)
	if err != nil {
		return nil, err
	}
	for _, s := range st.SortClause {
		if err := c.sortBy(s, sc, cols); err != nil {
			return nil, err
		}
	}
	for _, n := range []*syntax.Node{st.LimitCount, st.LimitOffset} {
		if _, err := c.expr(n, sc, "int8"); err != nil {
			return nil, err
		}
	}
	return cols, nil
}

func (c *compiler) body(st *syntax.SelectStmt, sc *scope) ([]col, error) {
	switch {
	case st.Op != syntax.SETOP_NONE:
		return c.setOperation(st, sc)
	case len(st.ValuesLists) > 0:
		return c.values(st.ValuesLists, sc)
	}
	return c.plainSelect(st, sc)
}

func (c *compiler) with(w *syntax.WithClause, sc *scope) error {
	if w == nil {
		return nil
	}
	for _, n := range w.Ctes {
		cte := n.GetCommonTableExpr()
		if cte == nil || cte.Ctequery.GetSelectStmt() == nil || cte.SearchClause != nil || cte.CycleClause != nil {
			return unsupported("WITH of another statement")
		}
		inner := &scope{parent: sc}
		if w.Recursive {
			inner.pending = cte
		}
		cols, err := c.selectStmt(cte.Ctequery.GetSelectStmt(), inner)
		if err != nil {
			return err
		}
		cte.Ctematerialized = 0
		sc.ctes[cte.Ctename] = rename(cols, names(cte.Aliascolnames))
	}
	return nil
}

// rename gives columns the names of an alias list, which may be shorter.
func rename(cols []col, names []string) []col {
	out := append([]col(nil), cols...)
	for i := range names {
		if i < len(out) {
			out[i].name = names[i]
		}
	}
	return out
}

func (c *compiler) setOperation(st *syntax.SelectStmt, sc *scope) ([]col, error) {
	left, err := c.selectStmt(st.Larg, sc)
	if err != nil {
		return nil, err
	}
	if p := sc.parent; p != nil && p.pending != nil {
		p.ctes = map[string][]col{p.pending.Ctename: rename(left, names(p.pending.Aliascolnames))}
	}
	right, err := c.selectStmt(st.Rarg, sc)
	if err != nil {
		return nil, err
	}
	if len(left) != len(right) {
		return nil, refusal.New(refusal.SyntaxError, "each set operation query must have the same number of columns")
	}
	for i := range left {
		left[i].typ = common(left[i].typ, right[i].typ)
	}
	return left, nil
}

// common is the type of two alternatives: the first that is known.
func common(a, b sqlType) sqlType {
	if a == unknownType || a == "" && b != unknownType {
		return b
	}
	if a == "int4" && (b == "int8" || b == "numeric" || b == "oid") {
		return b
	}
	return a
}

func (c *compiler) values(lists []*syntax.Node, sc *scope) ([]col, error) {
	var cols []col
	for i, l := range lists {
		for j, n := range l.GetList().GetItems() {
			t, err := c.expr(n, sc, "")
			if err != nil {
				return nil, err
			}
			if i == 0 {
				cols = append(cols, col{"column" + formatInt(int64(j+1)), t})
			} else if j < len(cols) {
				cols[j].typ = common(cols[j].typ, t)
			}
		}
	}
	return cols, nil
}

func (c *compiler) plainSelect(st *syntax.SelectStmt, sc *scope) ([]col, error) {
	for _, n := range st.FromClause {
		if err := c.from(n, sc); err != nil {
			return nil, err
		}
	}
	if err := c.condition(st.WhereClause, sc); err != nil {
		return nil, err
	}
	cols, err := c.targets(st, sc)
	if err != nil {
		return nil, err
	}
	for _, n := range st.GroupClause {
		if err := c.groupBy(n, sc, cols); err != nil {
			return nil, err
		}
	}
	for _, n := range st.DistinctClause {
		if n.GetNode() == nil { // plain DISTINCT
			continue
		}
		if err := c.groupBy(n, sc, cols); err != nil {
			return nil, err
		}
	}
	for _, n := range st.WindowClause {
		if err := c.window(n.GetWindowDef(), sc); err != nil {
			return nil, err
		}
	}
	return cols, c.condition(st.HavingClause, sc)
}

func (c *compiler) condition(n *syntax.Node, sc *scope) error {
	_, err := c.expr(n, sc, "bool")
	return err
}

// targets compiles the select list.
func (c *compiler) targets(st *syntax.SelectStmt, sc *scope) ([]col, error) {
	var cols []col
	var list []*syntax.Node
	for _, n := range st.TargetList {
		rt := n.GetResTarget()
		if rt == nil || len(rt.Indirection) > 0 {
			return nil, unsupported("target")
		}
		if ref := rt.Val.GetColumnRef(); ref != nil && ref.Fields[len(ref.Fields)-1].GetAStar() != nil {
			star, nodes, err := c.star(ref, sc)
			if err != nil {
				return nil, err
			}
			cols, list = append(cols, star...), append(list, nodes...)
			continue
		}
		name := rt.Name
		if name == "" {
			name = columnName(rt.Val)
		}
		t, err := c.expr(rt.Val, sc, "")
		if err != nil {
			return nil, err
		}
		rt.Name = name
		cols, list = append(cols, col{name, t}), append(list, n)
	}
	st.TargetList = list
	return cols, nil
}

// star expands * and alias.*, so that the columns' names and types are ours to decide.
func (c *compiler) star(ref *syntax.ColumnRef, sc *scope) ([]col, []*syntax.Node, error) {
	parts := names(ref.Fields)
	items := sc.items
	if len(parts) > 0 {
		it := sc.item(parts[len(parts)-1])
		if it == nil {
			return nil, nil, refusal.New(refusal.UndefinedTable, "missing FROM-clause entry for table \"%s\"", parts[len(parts)-1]).
				At(int(ref.Location))
		}
		items = []*item{it}
	}
	var cols []col
	var nodes []*syntax.Node
	merged := map[string]bool{}
	for _, it := range items {
		for _, cl := range it.cols {
			if len(parts) == 0 && sc.merged(cl.name) {
				if merged[cl.name] {
					continue
				}
				merged[cl.name] = true
			}
			cols, nodes = append(cols, cl), append(nodes, target(colRef(it.alias, cl.name), cl.name))
		}
	}
	return cols, nodes, nil
}

// printed turns a value that PostgreSQL prints as a name into that name.
func (c *compiler) printed(n *syntax.Node, t sqlType) (*syntax.Node, sqlType) {
	switch {
	case t.isReg():
		return c.viewCall("dp_reg_out", textConst(string(t)), n), "text"
	case t == unknownType && n.GetAConst() != nil && !n.GetAConst().Isnull:
		return n, "text"
	}
	return n, t
}

// viewCall calls a function of this package for the statement's view.
func (c *compiler) viewCall(name string, args ...*syntax.Node) *syntax.Node {
	return fn(name, append([]*syntax.Node{intConst(int64(c.snap.id))}, args...)...)
}

// sortBy compiles ORDER BY: a name of the output comes first, then a column.
func (c *compiler) sortBy(n *syntax.Node, sc *scope, cols []col) error {
	s := n.GetSortBy()
	if s == nil || s.SortbyDir == syntax.SORTBY_USING {
		return unsupported("ORDER BY … USING")
	}
	return c.outputOr(s.Node, sc, cols, true)
}

// groupBy compiles GROUP BY and DISTINCT ON: a column comes first, then a name of the output.
func (c *compiler) groupBy(n *syntax.Node, sc *scope, cols []col) error {
	if g := n.GetGroupingSet(); g != nil {
		for _, inner := range g.Content {
			if err := c.groupBy(inner, sc, cols); err != nil {
				return err
			}
		}
		return nil
	}
	return c.outputOr(n, sc, cols, false)
}

func (c *compiler) outputOr(n *syntax.Node, sc *scope, cols []col, outputFirst bool) error {
	if k := n.GetAConst(); k != nil && k.GetIval() != nil {
		return nil
	}
	if ref := n.GetColumnRef(); ref != nil && len(ref.Fields) == 1 {
		name := names(ref.Fields)
		isOutput := false
		for _, cl := range cols {
			isOutput = isOutput || len(name) == 1 && cl.name == name[0]
		}
		_, _, isColumn := sc.lookup("", name[0])
		if isOutput && (outputFirst || !isColumn) {
			return nil
		}
	}
	_, err := c.expr(n, sc, "")
	return err
}

func (c *compiler) window(w *syntax.WindowDef, sc *scope) error {
	if w == nil {
		return nil
	}
	for _, n := range w.PartitionClause {
		if _, err := c.expr(n, sc, ""); err != nil {
			return err
		}
	}
	for _, n := range w.OrderClause {
		if _, err := c.expr(n.GetSortBy().GetNode(), sc, ""); err != nil {
			return err
		}
	}
	for _, n := range []*syntax.Node{w.StartOffset, w.EndOffset} {
		if _, err := c.expr(n, sc, "int8"); err != nil {
			return err
		}
	}
	return nil
}
