package rewrite

import (
	"github.com/dpproxy/dpproxy/rewrite/expr"
	"github.com/dpproxy/dpproxy/rewrite/syntax"
)

// addDetermined adds to the keys what they determine: where the list holds a table's key column, as in
//
//	SELECT p.product_id, p.name, sum(l.quantity) … GROUP BY p.product_id
//
// PostgreSQL lets the table's other columns stand outside of aggregates, and grouping by them too changes nothing.
func (r *resolver) addDetermined(s *syntax.SelectStmt, rows *exprContext, from from, keys []groupKey) ([]groupKey, error) {
	if from == nil {
		return keys, nil
	}
	tables := determinedBy(keys, from)
	if len(tables) == 0 {
		return keys, nil
	}
	var refs []*syntax.Node
	for _, n := range append(append(append([]*syntax.Node{}, s.TargetList...), s.SortClause...), s.HavingClause) {
		refs = append(refs, bareColumns(n, rows.sc)...)
	}
	for _, n := range refs {
		e, depth, err := rows.sc.lookup(refName(n))
		if err != nil || depth > 0 {
			continue // the ordinary way tells what is wrong with it
		}
		c, ok := e.(expr.Column)
		if !ok || !tables[c.Alias] || hasKey(keys, text(e)) {
			continue
		}
		k, kerr := r.groupKey(s, n, rows)
		if kerr != nil {
			return nil, kerr
		}
		keys = append(keys, k)
	}
	return keys, nil
}

// determinedBy are the aliases of tables of which a key column, never NULL in the table, is among the keys.
func determinedBy(keys []groupKey, from from) map[string]bool {
	out := map[string]bool{}
	for _, s := range scansOf(from) {
		for _, col := range s.table.Columns {
			if !col.Unique || col.Nullable {
				continue
			}
			for _, k := range keys {
				if c, ok := k.e.(expr.Column); ok && c.Alias == s.alias && c.Name == col.SourceName {
					out[s.alias] = true
				}
			}
		}
	}
	return out
}

func hasKey(keys []groupKey, printed string) bool {
	for _, k := range keys {
		if k.text == printed {
			return true
		}
	}
	return false
}

// bareColumns lists the columns below a node that stand outside of aggregates and sub-queries; * stands for all of its columns.
func bareColumns(n *syntax.Node, sc *scope) []*syntax.Node {
	var out []*syntax.Node
	walkTree(n, func(n *syntax.Node) bool {
		if f := n.GetFuncCall(); f != nil && isAggregate(f) || n.GetSubLink() != nil || n.GetGroupingFunc() != nil {
			return false
		}
		if n.GetColumnRef() == nil {
			return true
		}
		loc, table, star := starOf(n)
		if !star {
			out = append(out, n)
			return true
		}
		for _, c := range sc.star(table) {
			if c.table != "" {
				out = append(out, columnRef(loc, c.table, c.name))
			}
		}
		return true
	})
	return out
}

func columnRef(loc int32, names ...string) *syntax.Node {
	ref := &syntax.ColumnRef{Location: loc}
	for _, name := range names {
		ref.Fields = append(ref.Fields, &syntax.Node{Node: &syntax.Node_String_{String_: &syntax.String{Sval: name}}})
	}
	return &syntax.Node{Node: &syntax.Node_ColumnRef{ColumnRef: ref}}
}

// refName splits a reference into its table's name, "" if there is none, and the column's.
func refName(n *syntax.Node) (table, name string) {
	fields := n.GetColumnRef().GetFields()
	if len(fields) > 1 {
		table = fields[len(fields)-2].GetString_().GetSval()
	}
	return table, fields[len(fields)-1].GetString_().GetSval()
}
