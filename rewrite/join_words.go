package rewrite

import (
	"fmt"
	"strings"

	"github.com/dpproxy/dpproxy/rewrite/syntax"
)

// This file says where a join stands in the text, and how to write it so that it is answered.

// blockLocation is where a SELECT begins to say something: its first column.
func blockLocation(s *syntax.SelectStmt) int32 {
	for s.GetLarg() != nil {
		s = s.Larg
	}
	if targets := s.GetTargetList(); len(targets) > 0 {
		return location(targets[0].GetResTarget().GetVal())
	}
	return -1
}

// columnLocation is where an output column of a SELECT stands.
func columnLocation(s *syntax.SelectStmt, i int) int32 {
	if targets := s.GetTargetList(); i < len(targets) {
		return location(targets[i].GetResTarget().GetVal())
	}
	return blockLocation(s)
}

// locationOf is where a FROM node's first part stands.
func locationOf(f from) int32 {
	switch v := f.(type) {
	case *scan:
		return v.loc
	case *derived:
		return v.loc
	case *join:
		return locationOf(v.l)
	}
	return -1
}

// unitWords tell the way from a private table to its unit: the joins that lead there, and the column that is the unit in the end.
type unitWords struct {
	joins []string
	unit  string
	key   string // table and column that the first step points to; "" without steps
	first string // the column that points to it
}

// wordsOf finds the way of the first private table of a FROM node.
func (r *resolver) wordsOf(f from) (w unitWords, ok bool) {
	for _, s := range scansOf(f) {
		if s.table.Public {
			continue
		}
		t, name := s.table, s.shown
		for range r.ds.Tables {
			p := r.pathOf(t)
			if p == nil {
				break
			}
			if p.Via == nil {
				w.unit = name + "." + p.Column
				return w, true
			}
			if w.key == "" {
				w.key, w.first = p.Via.Table+"."+p.Via.Column, name+"."+p.Column
			}
			w.joins = append(w.joins, fmt.Sprintf("JOIN %s ON %s.%s = %s.%s", p.Via.Table, name, p.Column, p.Via.Table, p.Via.Column))
			next, found := r.ds.Table(p.Via.Table)
			if !found {
				break
			}
			t, name = next, next.Name
		}
	}
	return unitWords{}, false
}

// howToJoin is the hint for two private sides whose units are not set equal.
func (r *resolver) howToJoin(left, right from) string {
	a, okA := r.wordsOf(left)
	b, okB := r.wordsOf(right)
	switch {
	case !okA || !okB:
		return "Give each side the column of the privacy unit, and set the two equal in the join's condition."
	case a.key != "" && a.key == b.key:
		return fmt.Sprintf("Add %s = %s to the join's condition.", a.first, b.first)
	case len(a.joins)+len(b.joins) == 0:
		return fmt.Sprintf("Add %s = %s to the join's condition.", a.unit, b.unit)
	}
	return fmt.Sprintf("Write %s, and set %s = %s.", strings.Join(append(a.joins, b.joins...), " "), a.unit, b.unit)
}
