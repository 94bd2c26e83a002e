package rewrite

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/refusal"
	"github.com/dpproxy/dpproxy/rewrite/expr"
	"github.com/dpproxy/dpproxy/rewrite/syntax"
)

// groupedBlock resolves a block with GROUP BY, HAVING or aggregates. What it becomes depends on its rows:
//
//	Public, Released            → the engine aggregates
//	Protected, keys hold unit   → Protected: an exact row per unit (and key)
//	Protected                   → Released: a measurement, and an outer block over its noisy rows
func (r *resolver) groupedBlock(q *query, s *syntax.SelectStmt, rows *exprContext) error {
	rows.clause = "GROUP BY"
	keys, sets, err := r.keysAndSets(s, rows)
	if err != nil {
		return err
	}
	if sets == nil {
		if keys, err = r.addDetermined(s, rows, q.from, keys); err != nil {
			return err
		}
	}
	within := q.prop == Protected && (r.holdsUnit(q, keys) || q.tiedTo != nil || s != r.top && r.tellsUnit(q, keys))
	if sets != nil && (within || q.prop != Protected && rows.b.Mode == expr.Private) {
		return r.fail(refusal.NotSupported, -1, "grouping sets, ROLLUP and CUBE are not supported within a query over private rows").
			WithHint("Put them into the outermost query.")
	}
	g := &grouping{inner: rows, sets: sets}
	outer := &exprContext{r: r, sc: rows.sc, env: rows.env, clause: "SELECT", prop: q.prop, unit: &q.unit, group: g, block: q, named: rows.named}
	switch {
	case q.prop == Protected && r.holdsUnit(q, keys):
		r.perUnit(q, g, keys)
		outer.b, outer.windows = builder(Protected), true
	case q.prop == Protected && q.tiedTo != nil:
		r.withinOuterUnit(q, g, keys)
		outer.b, outer.windows = builder(Protected), true
	case q.prop == Protected && s != r.top && r.tellsUnit(q, keys):
		r.perKeyOfUnit(q, g, keys)
		outer.b, outer.windows = builder(Protected), true
	case q.prop == Protected:
		if err := r.measure(q, g, keys); err != nil {
			return err
		}
		if ref, ok := q.from.(*releasedRef); ok {
			defer ref.spread()
		}
		outer.b, outer.prop, outer.windows = builder(Released), Released, true
		outer.unit = nil
		outer.sc = &scope{parent: rows.sc.parent, cols: rows.sc.cols, tables: rows.sc.tables, gone: true}
	default:
		rows.sc.sealed = rows.sc.underPrivate()
		for _, k := range keys {
			k.out = k.e
			g.keys = append(g.keys, k)
			q.groups = append(q.groups, k.e)
		}
		q.grouped, q.sets = true, sets
		outer.b, outer.windows = rows.b, !rows.sc.sealed
	}
	if err := r.selectList(q, s, outer); err != nil {
		return err
	}
	outer.clause = "HAVING"
	for _, n := range conjuncts(s.HavingClause) {
		cond, err := outer.filter(n)
		if err != nil {
			return meantOutput(s, err)
		}
		if g.draft != nil {
			q.where = append(q.where, cond)
		} else {
			q.having = append(q.having, cond)
		}
	}
	if d := g.draft; d != nil && g.sets == nil && len(d.keys) == 0 && len(d.cols) == 0 {
		d.column(&call{fn: "count", star: true, typ: catalog.Of(catalog.Int8), loc: -1, name: "count"}, "") // its one row needs a column
	}
	if q.prop == Protected {
		return r.plainProtected(q, s, outer)
	}
	return r.finishBlock(q, s, outer)
}

// groupKey resolves one expression of the GROUP BY list: an input column's name first, then an output column's name or
// position, else an expression.
func (r *resolver) groupKey(s *syntax.SelectStmt, n *syntax.Node, rows *exprContext) (groupKey, error) {
	target, err := r.groupTarget(s, n, rows)
	if err != nil {
		return groupKey{}, err
	}
	name := figureName(target)
	if containsCall(target, isAggregate) {
		return groupKey{}, r.fail(refusal.GroupingError, location(target), "aggregate functions are not allowed in GROUP BY")
	}
	e, err := r.policy.stands(target, grouped, func() (expr.Expr, error) { return rows.resolve(target) })
	if err != nil {
		return groupKey{}, err
	}
	if e, err = r.known(rows.b, e, location(target)); err != nil {
		return groupKey{}, err
	}
	k := groupKey{name: name, e: e, text: text(e)}
	if containsSubLink(target) {
		k.node, k.written = target, written(target)
	}
	return k, nil
}

// groupTarget finds the expression that a GROUP BY item stands for.
func (r *resolver) groupTarget(s *syntax.SelectStmt, n *syntax.Node, rows *exprContext) (*syntax.Node, error) {
	if k := n.GetAConst(); k != nil {
		iv, ok := k.Val.(*syntax.A_Const_Ival)
		if !ok {
			return nil, r.fail(refusal.SyntaxError, k.Location, "non-integer constant in GROUP BY")
		}
		i := int(iv.Ival.GetIval())
		if i < 1 || i > len(s.TargetList) {
			return nil, r.fail(refusal.InvalidColumnReference, k.Location, "GROUP BY position %d is not in select list", i)
		}
		t := s.TargetList[i-1].GetResTarget()
		if _, _, star := starOf(t.Val); star {
			return nil, r.fail(refusal.NotSupported, k.Location, "GROUP BY position %d is *", i).WithHint("Name the columns.")
		}
		return t.Val, nil
	}
	if ref := n.GetColumnRef(); ref != nil && len(ref.Fields) == 1 {
		name := ref.Fields[0].GetString_().GetSval()
		if _, depth, err := rows.sc.lookup("", name); err != nil && err.Code == refusal.UndefinedColumn || depth > 0 {
			for _, tn := range s.TargetList {
				if t := tn.GetResTarget(); t.Name == name {
					return t.Val, nil
				}
			}
		}
	}
	return n, nil
}

// holdsUnit tells that the keys contain the unit: each group is (a part of) one unit.
func (r *resolver) holdsUnit(q *query, keys []groupKey) bool {
	if q.unit.e == nil {
		return false
	}
	for _, k := range keys {
		if q.unit.is(k.e) {
			return true
		}
	}
	return false
}

// perUnit groups within units: exact, since nothing leaves a unit.
func (r *resolver) perUnit(q *query, g *grouping, keys []groupKey) {
	r.rule("AggregateWithinUnit")
	unique := true
	for _, k := range keys {
		k.out = k.e
		g.keys = append(g.keys, k)
		q.groups = append(q.groups, k.e)
		unique = unique && (q.unit.is(k.e) || onlyOwners(k.e, q.unit.owners))
	}
	q.grouped = true
	// The rows are groups now: the unit is the key that holds it.
	for _, k := range keys {
		if q.unit.is(k.e) {
			q.unit = unit{e: k.e, unique: unique, owners: q.unit.owners}
			return
		}
	}
}

// withinOuterUnit groups the rows that belong to the unit of the row outside: exact, one group where there are no keys.
func (r *resolver) withinOuterUnit(q *query, g *grouping, keys []groupKey) {
	r.rule("AggregateWithinUnit")
	for _, k := range keys {
		k.out = k.e
		g.keys = append(g.keys, k)
		q.groups = append(q.groups, k.e)
	}
	q.grouped = true
	q.unit = unit{e: q.tiedTo.unit.e, unique: len(keys) == 0}
}

// tellsUnit tells that a key belongs to one row of a private table, and so to one unit.
func (r *resolver) tellsUnit(q *query, keys []groupKey) bool {
	if q.unit.e == nil {
		return false
	}
	for _, k := range keys {
		c, ok := k.e.(expr.Column)
		if _, isAnchor := r.anchorOf(k.e); !ok || !isAnchor {
			continue
		}
		for _, n := range unitNodes(q.from, false) {
			if n.alias == c.Alias {
				return true
			}
		}
	}
	return false
}

// perKeyOfUnit groups by such a key, and by the unit besides, so that no group mixes units whatever is stored.
func (r *resolver) perKeyOfUnit(q *query, g *grouping, keys []groupKey) {
	r.rule("AggregateWithinUnit")
	for _, k := range keys {
		k.out = k.e
		g.keys = append(g.keys, k)
		q.groups = append(q.groups, k.e)
	}
	q.groups = append(q.groups, q.unit.e)
	q.grouped = true
	q.unit = unit{e: q.unit.e, same: q.unit.same, owners: map[string]bool{}}
}

// onlyOwners tells that an expression is a function of the unit alone.
func onlyOwners(e expr.Expr, owners map[string]bool) bool {
	ok := true
	expr.Walk(e, func(e expr.Expr) bool {
		switch v := e.(type) {
		case expr.Column:
			ok = ok && (owners[v.Alias] || owners[ownedColumn(v.Alias, v.Name)])
		case *subQuery, aggregateCall, windowCall:
			ok = false
		}
		return ok
	})
	return ok
}

// measure starts a measurement and puts its released relation in the place of the block's rows.
func (r *resolver) measure(q *query, g *grouping, keys []groupKey) error {
	d := &draft{name: "released_" + strconv.Itoa(len(r.drafts)+1), alias: r.alias("r"), from: q.from, where: q.where, tied: q.tied, unit: q.unit, nullable: r.afterNoise().Counts()}
	for i, k := range keys {
		e := k.e
		if c, ok := e.(expr.Column); ok && c.Dom.Values != nil {
			// Rows outside the declared values are dropped, not moved to the nearest one.
			c.Clamp = false
			e = c
		}
		canonical, err := expr.GroupKey(e)
		if err != nil {
			return r.at(err, -1)
		}
		dk := draftKey{name: k.name, e: canonical, asked: k.e, column: "k" + strconv.Itoa(i+1)}
		k.out = expr.Column{Alias: d.alias, Name: dk.column, Typ: keyType(canonical), Dom: expr.Domain{Nullable: true}}
		if k.e.Type().Kind == catalog.Bpchar { // it was grouped without its blanks
			if k.out, err = builder(Released).Cast(k.out, k.e.Type(), -1); err != nil {
				return r.at(err, -1)
			}
		}
		g.keys = append(g.keys, k)
		d.keys = append(d.keys, dk)
	}
	g.draft = d
	g.inner.unit = &d.unit // FILTER may hold a sub-query of the same unit
	g.inner.sc.unit = &d.unit
	ref := &releasedRef{d: d, alias: d.alias}
	if g.sets != nil {
		ref.sets = r.measureSets(d, g.sets)
	} else {
		r.drafts = append(r.drafts, d)
	}
	q.from, q.where, q.prop, q.unit = ref, nil, Released, unit{}
	return nil
}

// keyType is a key's type in the released relation. A numeric key is trimmed, so its scale is no longer fixed.
func keyType(e expr.Expr) catalog.Type { return e.Type() }

// meantOutput says of a column that HAVING does not know, and that the output has, what to write.
func meantOutput(s *syntax.SelectStmt, err error) error {
	var refused *refusal.Error
	if !errors.As(err, &refused) || refused.Code != refusal.UndefinedColumn {
		return err
	}
	for _, n := range s.TargetList {
		t := n.GetResTarget()
		if t.GetName() != "" && refused.Message == fmt.Sprintf("column %q does not exist", t.Name) {
			_ = refused.WithHint("HAVING does not see the names of the output: write %s in its place.", written(t.Val))
		}
	}
	return err
}
