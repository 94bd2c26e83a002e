package rewrite

import (
	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/refusal"
	"github.com/dpproxy/dpproxy/rewrite/expr"
)

// parameterTypes reads the types that parameters were given where they stand: each was resolved as a NULL constant at its
// place in the text. One that stands nowhere, and that the client gave no type, has none.
func (r *resolver) parameterTypes(q *query) ([]catalog.Type, error) {
	out := make([]catalog.Type, len(r.params))
	for i, p := range r.params {
		out[i] = p.Type
	}
	see := func(e expr.Expr) bool {
		if k, ok := e.(expr.Const); ok {
			if n, isParam := r.paramAt[k.Pos]; isParam && out[n-1].Kind == catalog.Unknown && k.Typ.Kind != catalog.Unknown {
				out[n-1] = k.Typ
			}
		}
		return true
	}
	eachExpr(q, see)
	for _, d := range r.drafts {
		eachInFrom(d.from, see)
		for _, e := range d.where {
			walkDeep(e, see)
		}
		for _, k := range d.keys {
			walkDeep(k.e, see)
		}
		for _, k := range d.calls {
			walkDeep(k.arg, see)
			walkDeep(k.arg2, see)
			walkDeep(k.filter, see)
		}
	}
	written := map[int]bool{}
	for _, n := range r.paramAt {
		written[n] = true
	}
	for i, t := range out {
		switch {
		case t.Kind != catalog.Unknown:
		case !written[i+1]:
			return nil, refusal.New(indeterminateType, "could not determine data type of parameter $%d", i+1)
		default:
			out[i] = catalog.Of(catalog.Text)
		}
	}
	return out, nil
}

// repeated tells that a parameter without a declared type stands in several places.
func (r *resolver) repeated(declared []catalog.Type) bool {
	places := map[int]int{}
	for _, n := range r.paramAt {
		if places[n]++; places[n] > 1 && (n > len(declared) || declared[n-1].Kind == catalog.Unknown) {
			return true
		}
	}
	return false
}

// indeterminateType is the SQLSTATE of a parameter that nothing gives a type.
const indeterminateType refusal.Code = "42P18"

// walkDeep walks an expression and the sub-queries in it.
func walkDeep(e expr.Expr, f func(expr.Expr) bool) {
	if e == nil {
		return
	}
	expr.Walk(e, func(e expr.Expr) bool {
		if s, ok := e.(*subQuery); ok {
			eachExpr(s.q, f)
		}
		return f(e)
	})
}

// eachExpr walks all expressions of a query.
func eachExpr(q *query, f func(expr.Expr) bool) {
	if q == nil {
		return
	}
	eachExpr(q.left, f)
	eachExpr(q.right, f)
	eachInFrom(q.from, f)
	for _, list := range [][]expr.Expr{q.where, q.groups, q.having, q.on, {q.limit, q.offset}} {
		for _, e := range list {
			walkDeep(e, f)
		}
	}
	for _, it := range q.items {
		walkDeep(it.e, f)
	}
	for _, o := range q.order {
		walkDeep(o.e, f)
	}
	for _, row := range q.values {
		for _, e := range row {
			walkDeep(e, f)
		}
	}
}

func eachInFrom(n from, f func(expr.Expr) bool) {
	switch v := n.(type) {
	case *derived:
		eachExpr(v.q, f)
	case *join:
		eachInFrom(v.l, f)
		eachInFrom(v.r, f)
		for _, e := range v.on {
			walkDeep(e, f)
		}
	case *nullExtended:
		eachInFrom(v.f, f)
	case *series:
		for _, e := range v.args {
			walkDeep(e, f)
		}
	}
}
