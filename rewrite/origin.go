package rewrite

import (
	"strconv"
	"strings"

	"github.com/dpproxy/dpproxy/rewrite/expr"
)

// Analysts' tables are in schema public, the proxy's own in dp.
const (
	tableSchema  = "public"
	systemSchema = "dp"
)

// answerColumns are the columns of a statement's answer, with the columns of tables that they are.
func (q *query) answerColumns() []Column {
	out := q.columns()
	for i := range out {
		out[i].From = q.origin(i)
	}
	return out
}

// origin is the column of a table that column i is.
func (q *query) origin(i int) Origin {
	if q.op != "" || q.values != nil {
		return Origin{}
	}
	return originOf(q.items[i].e, q.from)
}

// originOf is the column of a table that an expression is, given the FROM clause in which its names mean something.
func originOf(e expr.Expr, f from) Origin {
	col, ok := e.(expr.Column)
	if !ok {
		return Origin{}
	}
	switch v := f.(type) {
	case *join:
		if o := originOf(col, v.l); o != (Origin{}) {
			return o
		}
		return originOf(col, v.r)
	case *scan:
		return v.origin(col)
	case *systemRef:
		if v.alias == col.Alias {
			return Origin{systemSchema, strings.TrimPrefix(v.table.Name, systemSchema+"."), col.Name}
		}
	case *derived:
		if v.alias == col.Alias {
			return v.origin(col)
		}
	case *releasedRef:
		for _, k := range v.d.keys {
			if v.alias == col.Alias && k.column == col.Name {
				return originOf(k.asked, v.d.from)
			}
		}
	}
	return Origin{}
}

func (s *scan) origin(col expr.Column) Origin {
	if s.alias != col.Alias {
		return Origin{}
	}
	for _, c := range s.table.Columns {
		if c.SourceName == col.Name {
			return Origin{tableSchema, s.table.Name, c.Name}
		}
	}
	return Origin{}
}

// origin follows a column of a sub-query, which is named c1, c2, …; that of a view is the view's own.
func (d *derived) origin(col expr.Column) Origin {
	n, err := strconv.Atoi(strings.TrimPrefix(col.Name, "c"))
	if err != nil || n < 1 || n > len(d.q.columns()) {
		return Origin{}
	}
	if d.view != "" {
		return Origin{tableSchema, d.view, d.q.columns()[n-1].Name}
	}
	return d.q.origin(n - 1)
}
