package rewrite

import (
	"fmt"
	"strings"

	"github.com/dpproxy/dpproxy/catalog"
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

// place is where the right side of a join stands.
func (j *join) place() int32 {
	if at := locationOf(j.r); at >= 0 {
		return at
	}
	return j.loc
}

// joinHint says how two private sides can be joined: on columns that tell the same, or with the tables between them.
func (r *resolver) joinHint(l, rt from) string {
	for _, between := range []bool{false, true} {
		for _, a := range privateScans(l) {
			for _, b := range privateScans(rt) {
				if hint := r.pairHint(a, b, between); hint != "" {
					return hint
				}
				if hint := r.pairHint(b, a, between); hint != "" && between {
					return hint
				}
			}
		}
	}
	return "Give each side the column of the privacy unit, and set the two equal in the join's condition."
}

func privateScans(f from) []*scan {
	var out []*scan
	for _, s := range scansOf(f) {
		if !s.table.Public {
			out = append(out, s)
		}
	}
	return out
}

// pairHint follows a's path to the unit until it tells what a column of b tells.
func (r *resolver) pairHint(a, b *scan, between bool) string {
	var conditions, tables []string
	shown, table := a.shown, a.table
	for {
		for _, tell := range r.tells(table) {
			for _, other := range r.tells(b.table) {
				if tell.is != other.is {
					continue
				}
				last := fmt.Sprintf("%s.%s = %s.%s", shown, tell.column, b.shown, other.column)
				if len(tables) == 0 {
					return fmt.Sprintf("Add %s to the join's condition.", last)
				}
				return fmt.Sprintf("Join %s too: %s AND %s.", strings.Join(tables, " and "), strings.Join(conditions, " AND "), last)
			}
		}
		path := r.pathOf(table)
		if !between || path == nil || path.Via == nil {
			return ""
		}
		next, ok := r.ds.Table(path.Via.Table)
		if !ok {
			return ""
		}
		conditions = append(conditions, fmt.Sprintf("%s.%s = %s.%s", shown, path.Column, next.Name, path.Via.Column))
		tables = append(tables, next.Name)
		shown, table = next.Name, next
	}
}

// tell is a column that tells whose a row is: the value of the unit, or of a key of a table on the way to it.
type tell struct {
	column string
	is     anchor
}

func (r *resolver) tells(t *catalog.Table) []tell {
	path := r.pathOf(t)
	if path == nil {
		return nil
	}
	out := []tell{{path.Column, anchor{r.ds.UnitTable, r.ds.UnitColumn}}}
	if path.Via != nil {
		out[0].is = anchor{path.Via.Table, path.Via.Column}
	}
	for _, c := range t.Columns {
		if c.Unique {
			out = append(out, tell{c.Name, anchor{t.Name, c.Name}})
		}
	}
	return out
}
