package rewrite

import (
	"strconv"

	"github.com/dpproxy/dpproxy/rewrite/expr"
)

// holds tells that an expression reads public columns of the part alone, in sub-queries too.
func (p *publicPart) holds(e expr.Expr) bool {
	inner, ok := map[string]bool{}, true
	eachDeep(e, func(x expr.Expr) {
		switch v := x.(type) {
		case *subQuery:
			ok = ok && onlyPublic(v.q, inner)
		case aggregateCall, windowCall, groupingCall, outputColumn:
			ok = false
		}
	})
	if !ok {
		return false
	}
	eachDeep(e, func(x expr.Expr) {
		if c, isColumn := x.(expr.Column); isColumn && !inner[c.Alias] && !p.has(c) {
			ok = false
		}
	})
	return ok
}

func (p *publicPart) has(c expr.Column) bool {
	for _, i := range p.items {
		if i.aliases[c.Alias] {
			return !i.hidden[expr.ColumnKey{Alias: c.Alias, Name: c.Name}]
		}
	}
	return false
}

// mentioned tells that expressions read columns of an item.
func mentioned(i *publicItem, es []expr.Expr) bool {
	found := false
	for _, e := range es {
		eachDeep(e, func(x expr.Expr) {
			if c, ok := x.(expr.Column); ok && i.aliases[c.Alias] {
				found = true
			}
		})
	}
	return found
}

// eachDeep visits an expression, its operands, and all expressions of sub-queries in it.
func eachDeep(e expr.Expr, f func(expr.Expr)) {
	walkDeep(e, func(x expr.Expr) bool {
		f(x)
		return true
	})
}

// onlyPublic tells that a query reads public tables alone, at any depth, and notes the aliases of what it reads.
func onlyPublic(q *query, aliases map[string]bool) bool {
	if q == nil {
		return true
	}
	if q.prop != Public || !onlyPublic(q.left, aliases) || !onlyPublic(q.right, aliases) || !onlyPublicFrom(q.from, aliases) {
		return false
	}
	ok := true
	eachExpr(&query{where: q.where, groups: q.groups, having: q.having, items: q.items, on: q.on, order: q.order, values: q.values}, func(e expr.Expr) bool {
		if s, isSub := e.(*subQuery); isSub {
			ok = ok && onlyPublic(s.q, aliases)
		}
		return ok
	})
	return ok
}

func onlyPublicFrom(f from, aliases map[string]bool) bool {
	switch v := f.(type) {
	case nil:
		return true
	case *scan:
		aliases[v.alias] = true
		return v.table.Public
	case *series:
		aliases[v.alias] = true
		return true
	case *derived:
		aliases[v.alias] = true
		return onlyPublic(v.q, aliases)
	case *nullExtended:
		return onlyPublicFrom(v.f, aliases)
	case *join:
		ok := onlyPublicFrom(v.l, aliases) && onlyPublicFrom(v.r, aliases)
		for _, e := range v.on {
			eachDeep(e, func(x expr.Expr) {
				if s, isSub := x.(*subQuery); isSub {
					ok = ok && onlyPublic(s.q, aliases)
				}
			})
		}
		return ok
	}
	return false // released results and the proxy's own tables are no source's rows
}

// selfContained tells that a public FROM item reads public tables alone, and no column of what stands beside or around it.
func selfContained(f from) bool {
	aliases := map[string]bool{}
	if !onlyPublicFrom(f, aliases) {
		return false
	}
	ok := true
	eachInFrom(f, func(e expr.Expr) bool {
		if c, isColumn := e.(expr.Column); isColumn && !aliases[c.Alias] {
			ok = false
		}
		return ok
	})
	return ok
}

func columnName(i int) string { return "c" + strconv.Itoa(i+1) }
