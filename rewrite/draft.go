package rewrite

import (
	"strconv"

	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/rewrite/expr"
)

// draft is a measurement while its query is being resolved: a Protected relation, group keys, and the aggregates asked.
// It becomes a Measurement when the whole statement is known, since all measurements share one loss.
type draft struct {
	name  string // released_1
	alias string // under which the outer query sees it
	from  from
	where []expr.Expr
	tied  []pair // equalities of columns in where
	unit  unit
	keys  []draftKey
	asked []draftKey // in the order in which they were asked for, once keys has that of their canonical texts
	calls []*call
	cols  []draftColumn
	// nullable says that a published number may be hidden as NULL.
	nullable bool
	canon    *canon // of from and where; nil before shape, and where they have no canonical text
}

// draftKey is a group key.
type draftKey struct {
	name   string
	e      expr.Expr // canonical: equal keys print alike
	asked  expr.Expr // as the block has it
	column string    // its name in the released relation: k1, k2, …
	sent   string    // its name in the SQL that is sent, by its place among the keys: the same numbers in the order of canonical texts
}

// sentName is a key's name in the SQL that is sent.
func (k draftKey) sentName() string {
	if k.sent != "" {
		return k.sent
	}
	return k.column
}

// call is one aggregate asked of private rows.
type call struct {
	name     string // as written
	fn       string // canonical
	arg      expr.Expr
	arg2     expr.Expr // the independent variable of the regression family
	star     bool
	distinct bool
	units    bool // count(DISTINCT unit)
	filter   expr.Expr
	typ      catalog.Type
	loc      int32
	written  string // the argument in the analyst's own terms
	written2 string // the second one
	quantile *quantileAsk
}

// text names the call: two calls of one text are one column. One that is shown as another type (one percentile, an array of one) is
// a column of its own.
func (k *call) text() string {
	s := k.fn + "(" + k.quantile.text()
	switch {
	case k.units:
		s += "DISTINCT unit"
	case k.star:
		s += "*"
	default:
		if k.distinct {
			s += "DISTINCT "
		}
		s += text(k.arg)
		if k.arg2 != nil {
			s += ", " + text(k.arg2)
		}
	}
	s += ") " + k.typ.String()
	if k.filter != nil {
		s += " FILTER (" + text(k.filter) + ")"
	}
	return s
}

// draftColumn is a published number of the released relation.
type draftColumn struct {
	name string // v1, v2, …
	call int    // index into calls
	end  string // "", low, high
}

// column finds or adds the column of a call.
func (d *draft) column(k *call, end string) expr.Expr {
	at := -1
	for i, have := range d.calls {
		if have.text() == k.text() {
			at = i
		}
	}
	if at < 0 {
		at = len(d.calls)
		d.calls = append(d.calls, k)
	}
	return d.columnAt(at, end)
}

func (d *draft) columnAt(at int, end string) expr.Expr {
	name := ""
	for _, c := range d.cols {
		if c.call == at && c.end == end {
			name = c.name
		}
	}
	if name == "" {
		name = "v" + strconv.Itoa(len(d.cols)+1)
		d.cols = append(d.cols, draftColumn{name: name, call: at, end: end})
	}
	return expr.Column{Alias: d.alias, Name: name, Typ: d.calls[at].typ, Dom: expr.Domain{Nullable: d.nullable}}
}

// intervalColumn finds or adds an end of the interval of a column that stands for a call.
func (d *draft) intervalColumn(col expr.Column, end string) (expr.Expr, bool) {
	if col.Alias != d.alias {
		return nil, false
	}
	for _, c := range d.cols {
		if c.name == col.Name && c.end == "" {
			return d.columnAt(c.call, end), true
		}
	}
	return nil, false
}
