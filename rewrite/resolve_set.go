package rewrite

import (
	"strconv"

	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/refusal"
	"github.com/dpproxy/dpproxy/rewrite/expr"
	"github.com/dpproxy/dpproxy/rewrite/syntax"
)

// setOperation resolves UNION, INTERSECT and EXCEPT.
func (r *resolver) setOperation(s *syntax.SelectStmt, outer *scope, e *env) (*query, error) {
	l, err := r.selectBlock(s.Larg, outer, e)
	if err != nil {
		return nil, err
	}
	rt, err := r.selectBlock(s.Rarg, outer, e)
	if err != nil {
		return nil, err
	}
	q := &query{op: map[syntax.SetOperation]string{syntax.SETOP_UNION: "UNION", syntax.SETOP_INTERSECT: "INTERSECT", syntax.SETOP_EXCEPT: "EXCEPT"}[s.Op],
		all: s.All, left: l, right: rt, prop: max(l.prop, rt.prop)}
	if len(l.columns()) != len(rt.columns()) {
		return nil, r.fail(refusal.SyntaxError, blockLocation(s.Rarg), "each %s query must have the same number of columns", q.op)
	}
	if !q.all {
		for _, side := range []*query{l, rt} {
			if err := r.seen(side, true); err != nil {
				return nil, err
			}
		}
	}
	if err := r.alignTypes(q, outer, s.Rarg); err != nil {
		return nil, err
	}
	if q.prop == Protected {
		return q, r.protectedUnion(q, s)
	}
	alias := &exprContext{r: r, sc: &scope{}, b: builder(q.prop), env: e, clause: "ORDER BY", block: q}
	var items []item
	for _, c := range q.columns() {
		items = append(items, item{name: c.Name, e: outputColumn{name: c.Name, typ: c.Type}})
	}
	for i := range items {
		o := items[i].e.(outputColumn)
		o.position = i + 1
		items[i].e = o
	}
	if q.order, err = alias.orderBy(s.SortClause, items); err != nil {
		return nil, err
	}
	return q, r.limits(q, s, alias)
}

// alignTypes casts both sides' columns to their common types.
func (r *resolver) alignTypes(q *query, outer *scope, right *syntax.SelectStmt) error {
	for i := range q.left.columns() {
		a, b := outputColumn{typ: q.left.typeIn(i)}, outputColumn{typ: q.right.typeIn(i)}
		t, err := expr.CommonType([]expr.Expr{a, b}, q.op, -1)
		if err != nil {
			return r.at(err, columnLocation(right, i))
		}
		for _, side := range []*query{q.left, q.right} {
			if err := r.castColumn(side, i, t, outer); err != nil {
				return err
			}
		}
	}
	return nil
}

// untyped tells that a side's column is a literal without a type, which takes the other side's: SELECT NULL, count(*) …
func (q *query) untyped(i int) bool {
	return q.op == "" && q.values == nil && q.items[i].literal != nil
}

// untypedConst is a constant without a type, or nil.
func untypedConst(e expr.Expr) *expr.Const {
	if c, ok := e.(expr.Const); ok && c.Typ.Kind == catalog.Unknown && !c.Typ.Array {
		return &c
	}
	return nil
}

// typeIn is the type that a side's column brings into a set operation.
func (q *query) typeIn(i int) catalog.Type {
	if q.untyped(i) {
		return catalog.Of(catalog.Unknown)
	}
	return q.columns()[i].Type
}

func (r *resolver) castColumn(q *query, i int, t catalog.Type, outer *scope) error {
	if q.op != "" {
		if err := r.castColumn(q.left, i, t, outer); err != nil {
			return err
		}
		return r.castColumn(q.right, i, t, outer)
	}
	if q.untyped(i) {
		q.items[i].e = *q.items[i].literal
	}
	have := q.items[i].e.Type()
	if have.Kind == t.Kind && have.Array == t.Array {
		return nil
	}
	e, err := r.builder(q.prop, outer, true).Coerce(q.items[i].e, t, -1)
	if err != nil {
		return r.at(err, -1)
	}
	q.items[i].e = e
	return nil
}

// protectedUnion allows UNION ALL of private rows that belong to one kind of unit, and the operations that compare rows where
// both sides show the unit in the same column: then only rows of one unit are compared.
func (r *resolver) protectedUnion(q *query, s *syntax.SelectStmt) error {
	shown := q.left.unitColumn()
	compares := q.op != "UNION" || !q.all
	switch {
	case q.left.prop != Protected || q.right.prop != Protected:
		return r.fail(refusal.NotSupported, blockLocation(s.Rarg), "a union cannot mix private rows with rows that are not private").
			WithHint("Aggregate the private side first, and combine the results.")
	case q.left.unit.e == nil || q.right.unit.e == nil:
		return r.fail(refusal.NotSupported, blockLocation(s.Rarg), "in this data set each row is its own privacy unit, so private rows cannot be combined").
			WithHint("Aggregate each side first, and combine the results.")
	case family(q.left.unit.e.Type()) != family(q.right.unit.e.Type()):
		return r.fail(refusal.NotSupported, blockLocation(s.Rarg), "the two sides of the union belong to privacy units of different types")
	}
	if compares && (shown == "u" || shown != q.right.unitColumn()) {
		return r.fail(refusal.NotSupported, blockLocation(s.Rarg), "%s of private rows must have the privacy unit's column in the same place on both sides", q.op).
			WithHint("Select that column too, write UNION ALL, or aggregate each side first and combine the results.")
	}
	r.rule("UnionUnits")
	q.unit = unit{e: q.left.unit.e}
	if compares && !q.all && len(q.columns()) == 1 {
		q.unit.unique = true // each unit once
	}
	if q.left.tiedTo == q.right.tiedTo {
		q.tiedTo = q.left.tiedTo
	}
	return r.plainProtected(q, s, nil)
}

// outputColumn is an output column of a set operation, for ORDER BY.
type outputColumn struct {
	name     string
	typ      catalog.Type
	position int
}

func (o outputColumn) Type() catalog.Type    { return o.typ }
func (o outputColumn) Domain() expr.Domain   { return expr.Domain{Nullable: true} }
func (o outputColumn) Children() []expr.Expr { return nil }
func (o outputColumn) Print(p *expr.Printer) { p.WriteString(strconv.Itoa(o.position)) }

// unionDomain is what is known of a column that comes from either side.
func unionDomain(a, b expr.Domain) expr.Domain {
	out := expr.Domain{Nullable: a.Nullable || b.Nullable}
	if a.Bounded() && b.Bounded() {
		out.Lo, out.Hi = a.Lo, a.Hi
		if b.Lo.Cmp(out.Lo) < 0 {
			out.Lo = b.Lo
		}
		if b.Hi.Cmp(out.Hi) > 0 {
			out.Hi = b.Hi
		}
		if a.Step != nil && b.Step != nil && a.Step.Cmp(b.Step) == 0 {
			out.Step = a.Step
		}
	}
	if a.MaxLen > 0 && b.MaxLen > 0 {
		out.MaxLen = max(a.MaxLen, b.MaxLen)
	}
	return out
}

// valuesList resolves VALUES (…), (…).
func (r *resolver) valuesList(s *syntax.SelectStmt, outer *scope, e *env) (*query, error) {
	q := &query{}
	ctx := &exprContext{r: r, sc: &scope{parent: outer}, b: r.builder(Public, outer, s != r.top), env: e, clause: "VALUES", block: q}
	for _, n := range s.ValuesLists {
		row, err := ctx.all(n.GetList().GetItems())
		if err != nil {
			return nil, err
		}
		if len(q.values) > 0 && len(row) != len(q.values[0]) {
			return nil, r.fail(refusal.SyntaxError, -1, "VALUES lists must all be the same length")
		}
		q.values = append(q.values, row)
	}
	for i := range q.values[0] {
		var column []expr.Expr
		for _, row := range q.values {
			column = append(column, row[i])
		}
		t, err := expr.CommonType(column, "VALUES", -1)
		if err != nil {
			return nil, r.at(err, -1)
		}
		for _, row := range q.values {
			if row[i], err = ctx.b.Coerce(row[i], t, -1); err != nil {
				return nil, r.at(err, -1)
			}
		}
		q.items = append(q.items, item{name: "column" + strconv.Itoa(i+1), e: outputColumn{name: "column" + strconv.Itoa(i+1), typ: t, position: i + 1}})
	}
	var err error
	if q.order, err = ctx.orderBy(s.SortClause, q.items); err != nil {
		return nil, err
	}
	return q, r.limits(q, s, ctx)
}
