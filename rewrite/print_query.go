package rewrite

import (
	"strconv"

	"github.com/dpproxy/dpproxy/catalog"

	"github.com/dpproxy/dpproxy/rewrite/expr"
)

// queryStyle says how a query is printed.
type queryStyle struct {
	unit         bool // with its unit as an extra column u, if no column of its own shows it
	always       bool // with u even if a column shows the unit: the other side of a union needs it
	dropNullUnit bool // without the rows that belong to no unit
}

// printQuery prints a query; its output columns are c1, c2, …
func printQuery(p *expr.Printer, q *query, style queryStyle) {
	switch {
	case q.op != "":
		printSetOperation(p, q, style)
	case q.values != nil:
		printValues(p, q)
	default:
		printBlock(p, q, style)
	}
	if q.ties && p.Dialect == expr.DuckDB {
		p.WriteString(" QUALIFY rank() OVER (ORDER BY ")
		printOrder(p, q.order)
		p.WriteString(") <= ")
		p.Expr(q.limit)
	}
	if len(q.order) > 0 {
		p.WriteString(" ORDER BY ")
		printOrder(p, q.order)
	}
	if q.ties && p.Dialect != expr.DuckDB {
		p.WriteString(" FETCH FIRST (")
		p.Expr(q.limit)
		p.WriteString(") ROWS WITH TIES")
	}
	if q.limit != nil && !q.ties {
		p.WriteString(" LIMIT ")
		p.Expr(q.limit)
	}
	if q.offset != nil {
		p.WriteString(" OFFSET ")
		p.Expr(q.offset)
	}
}

func printSetOperation(p *expr.Printer, q *query, style queryStyle) {
	style.always = style.always || style.unit && q.unitColumn() == "u"
	side := func(s *query) {
		p.WriteByte('(')
		printQuery(p, s, style)
		p.WriteByte(')')
	}
	side(q.left)
	p.WriteString(" " + q.op + " ")
	if q.all {
		p.WriteString("ALL ")
	}
	side(q.right)
}

func printValues(p *expr.Printer, q *query) {
	p.WriteString("SELECT * FROM (VALUES ")
	for i, row := range q.values {
		if i > 0 {
			p.WriteString(", ")
		}
		p.WriteByte('(')
		printList(p, row)
		p.WriteByte(')')
	}
	p.WriteString(`) AS "v"(`)
	for i := range q.items {
		if i > 0 {
			p.WriteString(", ")
		}
		p.Ident("c" + strconv.Itoa(i+1))
	}
	p.WriteByte(')')
}

func printBlock(p *expr.Printer, q *query, style queryStyle) {
	p.WriteString("SELECT ")
	if len(q.on) > 0 {
		p.WriteString("DISTINCT ON (")
		printList(p, q.on)
		p.WriteString(") ")
	} else if q.distinct {
		p.WriteString("DISTINCT ")
	}
	for i, it := range q.items {
		if i > 0 {
			p.WriteString(", ")
		}
		p.Expr(it.e)
		p.WriteString(" AS ")
		p.Ident("c" + strconv.Itoa(i+1))
	}
	if style.unit && q.unit.e != nil && (style.always || q.unitColumn() == "u") {
		if len(q.items) > 0 {
			p.WriteString(", ")
		}
		p.Expr(q.unit.e)
		p.WriteString(` AS "u"`)
	}
	if q.from != nil {
		p.WriteString(" FROM ")
		printFrom(p, q.from)
	}
	where := q.where
	if style.dropNullUnit && q.unit.e != nil {
		where = append(append([]expr.Expr{}, where...), notNull{q.unit.e})
	}
	printConjunction(p, " WHERE ", where)
	printGroupBy(p, q)
	printConjunction(p, " HAVING ", q.having)
}

func printConjunction(p *expr.Printer, keyword string, terms []expr.Expr) {
	for i, t := range terms {
		if i == 0 {
			p.WriteString(keyword)
		} else {
			p.WriteString(" AND ")
		}
		p.Expr(t)
	}
}

func printFrom(p *expr.Printer, f from) {
	switch v := f.(type) {
	case *scan:
		printScan(p, v)
	case *derived:
		if v.lateral {
			p.WriteString("LATERAL ")
		}
		p.WriteByte('(')
		printQuery(p, v.q, queryStyle{unit: v.q.prop == Protected && v.beside == nil})
		p.WriteString(") AS ")
		p.Ident(v.alias)
	case *join:
		p.WriteByte('(')
		printFrom(p, v.l)
		p.WriteString(" " + v.kind + " ")
		printFrom(p, v.r)
		if v.kind != "CROSS JOIN" {
			printConjunction(p, " ON ", v.on)
			if len(v.on) == 0 {
				p.WriteString(" ON TRUE")
			}
		}
		p.WriteByte(')')
	case *releasedRef:
		if v.sets != nil {
			v.printSets(p)
			return
		}
		p.Ident(v.d.name)
		p.WriteString(" AS ")
		p.Ident(v.alias)
	case *systemRef:
		p.Ident(v.table.Input)
		p.WriteString(" AS ")
		p.Ident(v.alias)
	case *nullExtended:
		v.print(p)
	case *series:
		p.WriteString("generate_series(")
		printList(p, v.args)
		p.WriteString(") AS ")
		p.Ident(v.alias)
		p.WriteString(`("c1")`)
	}
}

func printScan(p *expr.Printer, s *scan) {
	if len(s.via) > 0 {
		p.WriteByte('(')
	}
	p.Ident(s.table.Schema)
	p.WriteByte('.')
	p.Ident(s.table.SourceName)
	p.WriteString(" AS ")
	p.Ident(s.alias)
	for _, h := range s.via {
		p.WriteString(" JOIN ")
		p.Ident(h.table.Schema)
		p.WriteByte('.')
		p.Ident(h.table.SourceName)
		p.WriteString(" AS ")
		p.Ident(h.alias)
		p.WriteString(" ON ")
		p.Expr(h.on)
	}
	if len(s.via) > 0 {
		p.WriteByte(')')
	}
}

// notNull prints e IS NOT NULL.
type notNull struct{ e expr.Expr }

func (n notNull) Print(p *expr.Printer) {
	p.WriteByte('(')
	p.Expr(n.e)
	p.WriteString(" IS NOT NULL)")
}

// Type, Domain and Children make notNull an expression.
func (n notNull) Type() catalog.Type    { return catalog.Of(catalog.Bool) }
func (n notNull) Domain() expr.Domain   { return expr.Domain{Values: []string{"f", "t"}} }
func (n notNull) Children() []expr.Expr { return []expr.Expr{n.e} }
