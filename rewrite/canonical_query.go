package rewrite

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"strings"

	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/rewrite/expr"
)

// query is the canonical text of a sub-query, and how its columns are named: by what they are, so that the order of the select
// list does not matter.
func (c *canon) query(q *query, outer *canon) (text string, shown func(column string) string) {
	asPlaced := func(column string) string { return column }
	switch {
	case q.values != nil:
		var rows []string
		for _, row := range q.values {
			var cells []string
			for _, e := range row {
				if outer != nil {
					cells = append(cells, expr.Canonical(outer.expr(e)))
				} else {
					cells = append(cells, c.constant(e))
				}
			}
			rows = append(rows, "("+strings.Join(cells, ", ")+")")
		}
		return "VALUES " + strings.Join(rows, ", ") + c.rest(q, nil), asPlaced
	case q.op != "":
		sides := []string{c.side(q.left, outer, q.unitColumn() == "u"), c.side(q.right, outer, q.unitColumn() == "u")}
		if q.op == "UNION" || q.op == "INTERSECT" {
			sides = append([]string{}, sides...)
			if sides[1] < sides[0] {
				sides[0], sides[1] = sides[1], sides[0]
			}
		}
		return sides[0] + " " + q.op + " " + strconv.FormatBool(q.all) + " " + sides[1] + c.rest(q, nil), asPlaced
	}
	in := c.r.canonOf(q.from, q.where, outer)
	if in == nil {
		c.fault = true
		return "", asPlaced
	}
	text = in.least(func() string { return in.block(q) })
	c.fault = c.fault || in.fault
	return text, func(column string) string {
		e := q.shows(column)
		if e == nil {
			c.fault = true
			return column
		}
		if column == "u" {
			return short(in.unitText(unit{e: e}))
		}
		return short(in.text(e))
	}
}

// short is a name for a text: names that hold names, each quoted again, would grow without bound.
func short(text string) string {
	h := sha256.Sum256([]byte(text))
	return hex.EncodeToString(h[:])
}

// side is one side of a set operation: its columns have places.
func (c *canon) side(q *query, outer *canon, unitToo bool) string {
	text, shown := c.query(q, outer)
	var columns []string
	for i := range q.columns() {
		columns = append(columns, shown("c"+strconv.Itoa(i+1)))
	}
	if unitToo {
		if name := q.unitColumn(); q.op == "" || name == "u" {
			columns = append(columns, shown(name))
		} else {
			columns = append(columns, name)
		}
	}
	return "(" + text + " SELECT " + strings.Join(columns, ", ") + ")"
}

// block is the text of a SELECT without its select list; DISTINCT needs that.
func (c *canon) block(q *query) string {
	var b strings.Builder
	b.WriteString(c.rows())
	list := func(word string, es []expr.Expr) {
		var texts []string
		for _, e := range es {
			texts = append(texts, c.text(e))
		}
		if len(texts) > 0 {
			b.WriteString(" " + word + " " + strings.Join(expr.Once(texts), ", "))
		}
	}
	if q.grouped {
		b.WriteString(" GROUPED")
	}
	c.fault = c.fault || q.sets != nil
	list("GROUP BY", q.groups)
	if len(q.having) > 0 {
		var terms []string
		for _, h := range q.having {
			terms = append(terms, expr.Conjuncts(c.stand(h))...)
		}
		b.WriteString(" HAVING " + strings.Join(expr.Once(terms), " AND "))
	}
	if q.distinct {
		var items []expr.Expr
		for _, it := range q.items {
			items = append(items, it.e)
		}
		list("DISTINCT", items)
	}
	list("DISTINCT ON", q.on)
	b.WriteString(c.rest(q, c))
	return b.String()
}

// rest is ORDER BY, LIMIT and OFFSET. Names are resolved in `in`, or are places.
func (c *canon) rest(q *query, in *canon) string {
	var b strings.Builder
	order := append([]order{}, q.order...)
	if in != nil {
		for i, o := range order {
			if _, placed := o.e.(outputColumn); !placed {
				order[i].e = in.stand(o.e)
			}
		}
		order = in.decisive(order)
	}
	for _, o := range order {
		text := ""
		if _, placed := o.e.(outputColumn); placed || in == nil {
			text = c.constant(o.e)
		} else {
			text = expr.Canonical(o.e)
		}
		b.WriteString(" ORDER BY " + text + " " + strconv.FormatBool(o.desc) + " " + strconv.FormatBool(o.nullsFirst))
	}
	for _, e := range []expr.Expr{q.limit, q.offset} {
		if e != nil {
			b.WriteString(" LIMIT OR OFFSET " + c.constant(e))
		} else {
			b.WriteString(" -")
		}
	}
	if q.ties {
		b.WriteString(" WITH TIES")
	}
	return strings.TrimSuffix(b.String(), " - -")
}

// constant is the text of what reads no column by name.
func (c *canon) constant(e expr.Expr) string {
	if o, ok := e.(outputColumn); ok {
		return "place " + strconv.Itoa(o.position)
	}
	expr.Walk(e, func(e expr.Expr) bool {
		if _, isConst := e.(expr.Const); !isConst && !expr.Composed(e) {
			c.fault = true
		}
		return true
	})
	return expr.Canonical(e)
}

// verbatim is a sub-query in an expression, by its canonical text.
type verbatim struct {
	text string
	typ  catalog.Type
	dom  expr.Domain
}

func (v verbatim) Type() catalog.Type    { return v.typ }
func (v verbatim) Domain() expr.Domain   { return v.dom }
func (v verbatim) Children() []expr.Expr { return nil }

// Print writes the text.
func (v verbatim) Print(p *expr.Printer) { p.WriteString(v.text) }

// subQuery is a sub-query in an expression.
func (c *canon) subQuery(s *subQuery) expr.Expr {
	if e, ok := c.texts[s]; ok {
		return e
	}
	text, shown := c.query(s.q, c)
	var b strings.Builder
	b.WriteString("(" + s.kind)
	if s.test != nil {
		b.WriteString(" " + expr.Canonical(c.expr(s.test)) + " " + s.op + " " + strconv.FormatBool(s.all) + " " + strconv.FormatBool(s.not))
	}
	b.WriteString(" " + strconv.FormatBool(s.dropNull) + " " + strconv.FormatBool(s.once) + " (" + text + ")")
	if s.kind != "exists" {
		b.WriteString(" SELECT " + shown("c1"))
	}
	if s.dropNull && s.q.unit.e != nil && s.q.op == "" {
		b.WriteString(" UNIT " + shown("u"))
	}
	if s.value != nil {
		value := *s.value
		value.Alias, value.Name = "v", "v"
		b.WriteString(" AS " + expr.Canonical(value))
	}
	b.WriteString(")")
	out := verbatim{text: b.String(), typ: s.typ, dom: s.Domain()}
	c.texts[s] = out
	return out
}
