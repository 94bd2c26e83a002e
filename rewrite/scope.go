package rewrite

import (
	"github.com/dpproxy/dpproxy/refusal"
	"github.com/dpproxy/dpproxy/rewrite/expr"
)

// scope is what names mean inside one SELECT block.
type scope struct {
	parent *scope // of a correlated sub-query
	cols   []scopeColumn
	tables []string // qualifiers, to tell "no such column" from "no such table"
	// private says that the block's own rows are private: expressions of sub-queries that see its columns must be total.
	private bool
	// sealed says that the block aggregates public rows, which no column of a private row outside may take part in.
	sealed bool
	// gone says that the block's rows were measured: only what was released of them is left.
	gone bool
	// unit and from are those of the block's private rows, to which sub-queries may be tied.
	unit *unit
	from from
	// left is what stands to the left of a FROM item that is being resolved, for LATERAL.
	left from
	// refs counts what inner blocks read of this one.
	refs int
}

// scopeColumn is one visible column.
type scopeColumn struct {
	table, name string
	e           expr.Expr
	// merged columns of USING are reached by qualified name only, and not by *.
	merged bool
}

// underPrivate tells whether a column of a private row is visible from here.
func (s *scope) underPrivate() bool {
	for ; s != nil; s = s.parent {
		if s.private {
			return true
		}
	}
	return false
}

// at is the block `depth` blocks outward.
func (s *scope) at(depth int) *scope {
	for ; depth > 0 && s != nil; depth-- {
		s = s.parent
	}
	return s
}

// noteRead counts a column that was found `depth` blocks outward.
func (s *scope) noteRead(depth int) {
	if s = s.at(depth); s != nil {
		s.refs++
	}
}

// reads sums what inner blocks have read of this block and those around it.
func (s *scope) reads() int {
	n := 0
	for ; s != nil; s = s.parent {
		n += s.refs
	}
	return n
}

// sealedWithin tells whether one of the `depth` innermost blocks is sealed.
func (s *scope) sealedWithin(depth int) bool {
	for ; depth > 0 && s != nil; s, depth = s.parent, depth-1 {
		if s.sealed {
			return true
		}
	}
	return false
}

// lookup resolves a column by name and optional qualifier. depth counts the blocks outward.
func (s *scope) lookup(table, name string) (e expr.Expr, depth int, err *refusal.Error) {
	for sc := s; sc != nil; sc = sc.parent {
		var found expr.Expr
		n := 0
		for _, c := range sc.cols {
			if c.name != name || (table != "" && c.table != table) || (table == "" && c.merged) {
				continue
			}
			found = c.e
			n++
		}
		switch {
		case n == 1:
			return found, depth, nil
		case n > 1:
			return nil, 0, refusal.New(refusal.AmbiguousColumn, "column reference %q is ambiguous", name)
		}
		depth++
	}
	return nil, 0, s.missing(table, name)
}

func (s *scope) missing(table, name string) *refusal.Error {
	if table == "" {
		err := refusal.New(refusal.UndefinedColumn, "column %q does not exist", name)
		if s.hasTable(name) {
			return refusal.New(refusal.NotSupported, "the whole row %q cannot be used as a value", name).
				WithHint("Name the columns, or write count(*).")
		}
		if systemColumn(name) {
			return err.WithHint(noSystemColumns)
		}
		if near := s.nearest(name); near != "" {
			return err.WithHint("Perhaps you meant to reference the column %q.", near)
		}
		return err
	}
	if !s.hasTable(table) {
		return refusal.New(refusal.UndefinedTable, "missing FROM-clause entry for table %q", table)
	}
	err := refusal.New(refusal.UndefinedColumn, "column %s.%s does not exist", table, name)
	if systemColumn(name) {
		return err.WithHint(noSystemColumns)
	}
	return err
}

const noSystemColumns = "Rows have no place here that could be told. Leave it out: the table's columns are all that there is."

// systemColumn tells PostgreSQL's own columns, which each of its tables has.
func systemColumn(name string) bool {
	switch name {
	case "ctid", "xmin", "xmax", "cmin", "cmax", "tableoid":
		return true
	}
	return false
}

func (s *scope) hasTable(name string) bool {
	for sc := s; sc != nil; sc = sc.parent {
		for _, t := range sc.tables {
			if t == name {
				return true
			}
		}
	}
	return false
}

// nearest finds a visible column whose name differs by at most two edits.
func (s *scope) nearest(name string) string {
	best, bestDistance := "", 3
	for sc := s; sc != nil; sc = sc.parent {
		for _, c := range sc.cols {
			if d := distance(name, c.name); d < bestDistance && d < len(name) {
				best, bestDistance = c.name, d
			}
		}
	}
	return best
}

// distance is Levenshtein's.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		diagonal := row[0]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			diagonal, row[j] = row[j], min(row[j]+1, row[j-1]+1, diagonal+cost)
		}
	}
	return row[len(b)]
}

// star lists the columns of * or table.*.
func (s *scope) star(table string) []scopeColumn {
	var out []scopeColumn
	for _, c := range s.cols {
		if table == "" && !c.merged || table != "" && c.table == table {
			out = append(out, c)
		}
	}
	return out
}

// narrow replaces plain columns by the same columns with what a WHERE condition implies.
func (s *scope) narrow(by map[expr.ColumnKey]expr.Domain) {
	if len(by) == 0 {
		return
	}
	for i, c := range s.cols {
		col, ok := c.e.(expr.Column)
		if !ok {
			continue
		}
		if d, ok := by[expr.ColumnKey{Alias: col.Alias, Name: col.Name}]; ok {
			was := col.Dom
			if col.Dom = was.Intersect(d); col.Dom.Lo != nil && col.Dom.Hi != nil && col.Dom.Lo.Cmp(col.Dom.Hi) > 0 {
				continue // no row can pass: what was known stays true, and a domain is never turned around
			}
			// The engine may evaluate an expression before it filters, so the narrower bounds are enforced in print.
			if d.Lo != nil || d.Hi != nil {
				col.Clamp, col.Dom = true, col.Dom.Aligned()
			}
			s.cols[i].e = col
		}
	}
}
