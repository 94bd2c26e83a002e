package rewrite

import (
	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/rewrite/expr"
)

// Property says how far a relation has come. It is derived from what the relation is made of, never assumed.
type Property int

// The properties. Bounded (a unit's contribution is limited) exists only inside a measurement.
const (
	Public    Property = iota // no private row can be told from it
	Released                  // noisy results: post-processing is free
	Protected                 // each row belongs to one privacy unit
)

func (p Property) String() string { return [...]string{"Public", "Released", "Protected"}[p] }

// unit tells how a Protected relation's rows belong to privacy units.
type unit struct {
	e      expr.Expr // the unit's value; nil where each row is its own unit
	unique bool      // no unit has more than one row
	// same are columns, by printed text, that equal the unit on every row, as a join or WHERE sets them equal.
	same map[string]bool
	// owners are the aliases whose columns are a function of the unit alone, and single such columns (see ownedColumn): groups by them
	// hold all of a unit's rows.
	owners map[string]bool
}

// is tells that an expression is the unit's value.
func (u unit) is(e expr.Expr) bool {
	if u.e == nil {
		return false
	}
	t := text(e)
	return t == text(u.e) || u.same[t]
}

// from is a node of a FROM clause.
type from interface{ property() Property }

// scan reads a declared table. via are hidden joins along the declared unit path.
type scan struct {
	table *catalog.Table
	alias string
	shown string // the analyst's name for it
	via   []hop
	unit  unit
	kept  bool // via must stay
	loc   int32
}

// hop joins the next table of a unit path: JOIN table AS alias ON on.
type hop struct {
	table *catalog.Table
	alias string
	on    expr.Expr
}

func (s *scan) property() Property {
	if s.table.Public {
		return Public
	}
	return Protected
}

// derived is a sub-query in FROM. Its printed columns are c1, c2, … and, where it is Protected, the unit under name u,
// so that analysts' names never reach the engine.
type derived struct {
	q     *query
	alias string
	loc   int32
	view  string // the declared view that it is, if it is one
	// lateral says that it is computed for each row to its left; beside is the unit of that row, if its own rows are of the same.
	lateral bool
	beside  expr.Expr
}

func (d *derived) property() Property { return d.q.prop }

// join is a join of two FROM items.
type join struct {
	kind string // JOIN, LEFT JOIN, RIGHT JOIN, FULL JOIN, CROSS JOIN
	l, r from
	on   []expr.Expr
	// equal are the pairs of plain columns that `on` sets equal, as printed text.
	equal []pair
	// condition is how far sub-queries in `on` have come.
	condition Property
	// whenMatched is what holds where the sides that an outer join fills with NULL have a row.
	whenMatched []matched
	loc         int32 // of the right side, for messages
}

type pair struct{ l, r string }

func (j *join) property() Property { return max(j.l.property(), j.r.property(), j.condition) }

// releasedRef reads the noisy result of a measurement.
type releasedRef struct {
	d     *draft
	alias string
	sets  []releasedSet // of grouping sets, where d is only what they have in common; see grouping_sets.go
}

func (*releasedRef) property() Property { return Released }

// systemRef reads one of the proxy's own tables (schema dp), given as values.
type systemRef struct {
	table SystemTable
	alias string
}

// property is Released: its rows are values that an outer query may read, and that no measurement can, as they are not in
// the source.
func (*systemRef) property() Property { return Released }

// series is generate_series over constants in FROM.
type series struct {
	args  []expr.Expr
	alias string
	typ   catalog.Type
}

func (*series) property() Property { return Public }

// query is one SELECT block, a VALUES list, or a set operation of two.
type query struct {
	from     from // nil: no FROM clause
	where    []expr.Expr
	groups   []expr.Expr // GROUP BY of Public and Released relations, and of sub-queries per unit
	sets     [][]int     // grouping sets of them; nil is one set of all
	grouped  bool        // aggregated, with or without GROUP BY
	having   []expr.Expr
	items    []item
	distinct bool
	on       []expr.Expr // DISTINCT ON
	order    []order
	limit    expr.Expr
	ties     bool // FETCH … WITH TIES
	offset   expr.Expr

	values [][]expr.Expr // VALUES

	op          string // UNION, INTERSECT, EXCEPT
	all         bool
	left, right *query

	prop Property
	unit unit // of a Protected block, in the block's own terms
	// tied are the equalities of columns in WHERE, those with an outer block's columns among them.
	tied []pair
	// tiedTo is the scope of the row outside whose unit all rows have; nil if they have any.
	tiedTo *scope
}

// item is one column of a select list.
type item struct {
	name string
	e    expr.Expr
	made *provenance // nil: as the expression tells
	// literal is what it was before it became text: a constant without a type, which in a set operation takes the other side's.
	literal *expr.Const
}

// order is one ORDER BY term.
type order struct {
	e          expr.Expr
	desc       bool
	nullsFirst bool
}

// columns are the query's output columns.
func (q *query) columns() []Column {
	if q.op != "" {
		return q.left.columns()
	}
	out := make([]Column, len(q.items))
	for i, it := range q.items {
		out[i] = Column{Name: it.name, Type: it.e.Type()}
	}
	return out
}
