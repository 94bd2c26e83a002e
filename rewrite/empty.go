package rewrite

import (
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/mechanism"
	"github.com/dpproxy/dpproxy/refusal"
	"github.com/dpproxy/dpproxy/rewrite/expr"
	"github.com/dpproxy/dpproxy/rewrite/syntax"
)

// Tools learn the columns of a query by asking for none of its rows: LIMIT 0, WHERE 1 = 0. That the answer is empty follows
// from constants alone, so it holds nothing of the data, whatever the query reads: it has columns, no rows, no price, and
// nothing is sent to the source.
//
//	text ──mayBeEmpty──► planned as if every table were public ──noRows──► columns, no rows
//	                       (what is refused over private rows has columns too)
//
// A constant is what expr.Fold evaluates. A condition that is false for another reason (bounds, NOT NULL) is not looked for.

// planEmpty is the plan of a statement that has no rows by its constants alone; nil if it is none.
func planEmpty(st *Statement, ds *catalog.Dataset, s Settings, params []Param) (plan *Plan, volatile bool) {
	if !mayBeEmpty(st) {
		return nil, false
	}
	q, r := emptyQuery(st, ds, s, params, false)
	if q == nil {
		return nil, false
	}
	columns := q.answerColumns()
	if live := liveColumns(st, ds, s, params); live != nil {
		columns = live
	}
	return &Plan{Columns: columns, Rules: []string{"NoRowsByConstants"}, Post: Post{Constants: [][]mechanism.Cell{}}}, r.volatile
}

// emptyQuery resolves a statement as if every table were public; nil if that fails, or if it may have rows. While describing, a
// LIMIT that is a parameter may be 0.
func emptyQuery(st *Statement, ds *catalog.Dataset, s Settings, params []Param, describing bool) (*query, *resolver) {
	made := allPublic(ds)
	for _, total := range []bool{true, false} { // as it is answered live first: its types, its columns of intervals
		s.Design = total
		r := newResolver(st, made, s, params)
		r.describing = describing
		if q, err := r.root(st); err == nil {
			if !q.noRows(describing) {
				return nil, nil
			}
			return q, r
		}
	}
	return nil, nil
}

// describeWithoutValues describes a statement that cannot be planned before its parameters have values: over private rows many functions
// take constants alone (the zone of AT TIME ZONE, the limits of width_bucket), and a NULL in their place is none. Its types are those that it has
// over public tables; it is planned, or refused, with its values. r is the attempt over the real tables, which failed with err.
// nil if values would not help.
func describeWithoutValues(st *Statement, r *resolver, declared []catalog.Type, err error) (*query, *resolver) {
	refused, ok := refusal.As(err)
	if !ok || len(r.paramAt) == 0 || r.set.Intervals || refused.Code != refusal.NotSupported && refused.Code != refusal.InvalidParameterValue {
		return nil, nil
	}
	s := r.set
	s.Design = false
	public := newResolver(st, allPublic(r.ds), s, typed(declared))
	public.describing = true
	q, err := public.root(st)
	if err != nil {
		return nil, nil
	}
	return q, public
}

// typed is parameters that have types and no values.
func typed(declared []catalog.Type) []Param {
	params := make([]Param, len(declared))
	for i, t := range declared {
		params[i].Type = t
	}
	return params
}

// liveColumns are those of the statement over the real tables; nil if it is refused there.
func liveColumns(st *Statement, ds *catalog.Dataset, s Settings, params []Param) []Column {
	var columns []Column
	err := inClasses(ds, s.Class, func(class *catalog.QueryClass) (bool, error) {
		r := newResolver(st, ds, s, params)
		r.policy = newPolicy(class)
		q, err := r.root(st)
		if err == nil {
			columns = q.answerColumns()
		}
		return r.policy.otherClass, err
	})
	if err != nil {
		return nil
	}
	return columns
}

// allPublic is a data set with every table public and no rules. It is for names and types alone: no plan is made over it.
func allPublic(ds *catalog.Dataset) *catalog.Dataset {
	out := *ds
	out.Policy, out.CellKey = catalog.Policy{}, nil
	out.RowUnit, out.UnitTable, out.UnitColumn = false, "", ""
	out.Tables = make([]*catalog.Table, len(ds.Tables))
	for i, t := range ds.Tables {
		table := *t
		table.Public, table.Hidden, table.Weight, table.Unit = true, nil, "", nil
		table.Columns = make([]*catalog.Column, len(t.Columns))
		for j, c := range t.Columns {
			column := *c
			column.Uses, column.Breaks, column.Sentinels = catalog.Uses{}, nil, nil
			table.Columns[j] = &column
		}
		out.Tables[i] = &table
	}
	return &out
}

// mayBeEmpty tells, without resolving anything, that a statement limits its rows to other than a plain number above 0, or has a
// condition with a term that names no column. It is what keeps other statements from being resolved twice.
func mayBeEmpty(st *Statement) bool {
	s := st.node().GetSelectStmt()
	if s == nil {
		return false
	}
	found := false
	eachMessage(s.ProtoReflect(), func(m protoreflect.Message) {
		switch v := m.Interface().(type) {
		case *syntax.SelectStmt:
			limit := v.LimitCount.GetAConst()
			plain := v.LimitCount == nil || limit != nil && (limit.Isnull || limit.GetIval().GetIval() > 0)
			found = found || !plain || constantTerm(v.WhereClause) || constantTerm(v.HavingClause)
		case *syntax.JoinExpr:
			found = found || constantTerm(v.Quals)
		}
	})
	return found
}

// constantTerm tells that a condition has a term of AND that names no column and holds no sub-query.
func constantTerm(n *syntax.Node) bool {
	if n == nil {
		return false
	}
	for _, term := range conjuncts(n) {
		constant := true
		walkTree(term, func(n *syntax.Node) bool {
			constant = constant && n.GetColumnRef() == nil && n.GetSubLink() == nil
			return constant
		})
		if constant {
			return true
		}
	}
	return false
}

// noRows tells that a query has no rows, whatever its tables hold. While describing, a LIMIT without a value is taken for 0.
func (q *query) noRows(describing bool) bool {
	if k, ok := q.limit.(expr.Const); ok && (k.Null && describing || !k.Null && k.Text == "0") {
		return true
	}
	switch q.op {
	case "UNION":
		return q.left.noRows(describing) && q.right.noRows(describing)
	case "INTERSECT":
		return q.left.noRows(describing) || q.right.noRows(describing)
	case "EXCEPT":
		return q.left.noRows(describing)
	}
	if neverTrue(q.having) {
		return true
	}
	if q.grouped && q.hasTotal() {
		return false // one row, also of no rows
	}
	return neverTrue(q.where) || q.from != nil && noRowsFrom(q.from, describing)
}

// hasTotal tells that a grouped query has a group of all rows, which is there also if there are none.
func (q *query) hasTotal() bool {
	for _, set := range q.sets {
		if len(set) == 0 {
			return true
		}
	}
	return len(q.groups) == 0
}

func noRowsFrom(f from, describing bool) bool {
	switch v := f.(type) {
	case *derived:
		return v.q.noRows(describing)
	case *join:
		inner := v.kind == "JOIN" || v.kind == "CROSS JOIN"
		return v.everyRow(noRowsFrom(v.l, describing), noRowsFrom(v.r, describing)) || inner && neverTrue(v.on)
	}
	return false
}

// neverTrue tells that one of the terms of AND is the constant false or NULL.
func neverTrue(terms []expr.Expr) bool {
	for _, e := range terms {
		if k, ok := expr.Fold(e); ok && (k.Null || k.Typ.Kind == catalog.Bool && (k.Text == "f" || k.Text == "false")) {
			return true
		}
	}
	return false
}
