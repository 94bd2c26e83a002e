package rewrite

import (
	"math/big"

	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/rewrite/expr"
)

// aggregateCall is an aggregate over public or released rows: the engine computes it.
type aggregateCall struct {
	fn       string
	args     []expr.Expr
	star     bool
	distinct bool
	filter   expr.Expr
	order    []order // within the call, or WITHIN GROUP
	within   bool
	array    bool // args are the elements of one array
	exact    bool // within a unit: never released, and never to fail
	typ      catalog.Type
}

func (a aggregateCall) Type() catalog.Type { return a.typ }

// Repr is the kind of the printed call: of min and max their argument's, and a sum of what was widened is numeric.
func (a aggregateCall) Repr() catalog.Kind {
	values := a.values()
	if len(values) != 1 || !values[0].Type().IsInteger() {
		return a.typ.Kind
	}
	of := expr.ReprOf(values[0])
	switch {
	case a.fn == "min" || a.fn == "max" || a.fn == "percentile_disc":
		return of
	case a.fn == "sum" && of > catalog.Int4:
		return catalog.Numeric
	}
	return a.typ.Kind
}

// Domain is what holds for any group of any rows; see perUnitBounds for what the query's bounds add.
func (a aggregateCall) Domain() expr.Domain {
	d := expr.Domain{Nullable: a.fn != "count"}
	if a.fn == "count" {
		d.Lo, d.Step = new(big.Rat), big.NewRat(1, 1)
		return d
	}
	values := a.values()
	if len(values) != 1 {
		return d
	}
	of := values[0].Domain()
	if isSpread(a.fn) || isPercentile(a.fn) {
		return a.spread(of)
	}
	switch a.fn {
	case "min", "max":
		d.Lo, d.Hi, d.Step, d.MaxLen = of.Lo, of.Hi, of.Step, of.MaxLen
	case "avg":
		d.Lo, d.Hi = of.Lo, of.Hi
	case "sum":
		d.Step = of.Step
		if of.Lo != nil && of.Lo.Sign() >= 0 {
			d.Lo = new(big.Rat)
		}
		if of.Hi != nil && of.Hi.Sign() <= 0 {
			d.Hi = new(big.Rat)
		}
	}
	return d
}

func (a aggregateCall) Children() []expr.Expr {
	out := append([]expr.Expr{}, a.args...)
	if a.filter != nil {
		out = append(out, a.filter)
	}
	for _, o := range a.order {
		out = append(out, o.e)
	}
	return out
}

// WithChildren rebuilds the call over other operands.
func (a aggregateCall) WithChildren(children []expr.Expr) expr.Expr {
	a.args = children[:len(a.args)]
	rest := children[len(a.args):]
	if a.filter != nil {
		a.filter, rest = rest[0], rest[1:]
	}
	a.order = append([]order{}, a.order...)
	for i := range a.order {
		a.order[i].e = rest[i]
	}
	return a
}

func (a aggregateCall) Print(p *expr.Printer) {
	// sum of whole numbers is HUGEINT and avg of decimals DOUBLE in DuckDB; the cast gives PostgreSQL's type.
	if p.Dialect == expr.DuckDB && (a.fn == "json_agg" || a.fn == "jsonb_agg") {
		a.printDuckJSON(p)
		return
	}
	cast := duckCast(p.Dialect, a.fn, a.args) || p.Dialect == expr.DuckDB && a.exact && isSpread(a.fn)
	if cast {
		p.WriteString("CAST(")
	}
	p.WriteString(a.fn)
	p.WriteByte('(')
	switch {
	case a.star:
		p.WriteByte('*')
	default:
		if a.distinct {
			p.WriteString("DISTINCT ")
		}
		if a.array {
			p.WriteString(map[bool]string{true: "[", false: "ARRAY["}[p.Dialect == expr.DuckDB])
		}
		printList(p, a.args)
		if a.array {
			p.WriteByte(']')
		}
	}
	if len(a.order) > 0 && !a.within {
		p.WriteString(" ORDER BY ")
		printOrder(p, a.order)
	}
	p.WriteByte(')')
	if a.within {
		p.WriteString(" WITHIN GROUP (ORDER BY ")
		printOrder(p, a.order)
		p.WriteByte(')')
	}
	printFilter(p, a.filter)
	if cast {
		p.WriteString(" AS " + duckType(a.fn, a.typ, a.Repr()) + ")")
	}
}

// duckCast tells that DuckDB gives another type than PostgreSQL: sums of decimals are decimals of the same scale on both.
func duckCast(d expr.Dialect, fn string, args []expr.Expr) bool {
	return d == expr.DuckDB && (fn == "avg" || fn == "sum" && len(args) == 1 && args[0].Type().Kind != catalog.Numeric)
}

// duckType is the type that a DuckDB aggregate of a type, printed as of a kind, is cast to.
func duckType(fn string, t catalog.Type, as catalog.Kind) string {
	switch t.Kind {
	case catalog.Int4:
		return "INTEGER"
	case catalog.Int8:
		if as == catalog.Numeric {
			return "HUGEINT"
		}
		return "BIGINT"
	case catalog.Numeric:
		if fn == "sum" {
			return "DECIMAL(38,0)"
		}
		return "DECIMAL(38,12)"
	case catalog.Float4:
		return "REAL"
	case catalog.Interval:
		return "INTERVAL"
	}
	return "DOUBLE"
}

// windowCall is a window function over public or released rows, or partitioned by the unit over private ones.
type windowCall struct {
	fn        string
	args      []expr.Expr
	star      bool
	filter    expr.Expr
	partition []expr.Expr
	order     []order
	frame     string
	typ       catalog.Type
	exact     bool // within a unit
	ofUnit    bool // its partitions are whole units
}

func (w windowCall) Type() catalog.Type { return w.typ }
func (w windowCall) Domain() expr.Domain {
	if w.exact {
		return w.domainWithin()
	}
	return expr.Domain{Nullable: true}
}

func (w windowCall) Children() []expr.Expr {
	out := append(append([]expr.Expr{}, w.args...), w.partition...)
	if w.filter != nil {
		out = append(out, w.filter)
	}
	for _, o := range w.order {
		out = append(out, o.e)
	}
	return out
}

// WithChildren rebuilds the call over other operands.
func (w windowCall) WithChildren(children []expr.Expr) expr.Expr {
	w.args, children = children[:len(w.args)], children[len(w.args):]
	w.partition, children = children[:len(w.partition)], children[len(w.partition):]
	if w.filter != nil {
		w.filter, children = children[0], children[1:]
	}
	w.order = append([]order{}, w.order...)
	for i := range w.order {
		w.order[i].e = children[i]
	}
	return w
}

func (w windowCall) Print(p *expr.Printer) {
	cast := duckCast(p.Dialect, w.fn, w.args) || p.Dialect == expr.DuckDB && w.fn == "ntile"
	if cast {
		p.WriteString("CAST(")
	}
	p.WriteString(w.fn)
	p.WriteByte('(')
	if w.star {
		p.WriteByte('*')
	} else {
		printList(p, w.args)
	}
	p.WriteByte(')')
	printFilter(p, w.filter)
	p.WriteString(" OVER (")
	if len(w.partition) > 0 {
		p.WriteString("PARTITION BY ")
		printList(p, w.partition)
	}
	if len(w.order) > 0 {
		p.WriteString(" ORDER BY ")
		printOrder(p, w.order)
	}
	if w.frame != "" {
		p.WriteString(" " + w.frame)
	}
	p.WriteByte(')')
	if cast {
		p.WriteString(" AS " + duckType(w.fn, w.typ, w.Repr()) + ")")
	}
}

func printList(p *expr.Printer, es []expr.Expr) {
	for i, e := range es {
		if i > 0 {
			p.WriteString(", ")
		}
		p.Expr(e)
	}
}

// printFilter prints FILTER (WHERE …), or nothing where there is none.
func printFilter(p *expr.Printer, e expr.Expr) {
	if e == nil {
		return
	}
	p.WriteString(" FILTER (WHERE ")
	p.Expr(e)
	p.WriteByte(')')
}

func printOrder(p *expr.Printer, os []order) {
	for i, o := range os {
		if i > 0 {
			p.WriteString(", ")
		}
		p.Expr(o.e)
		if o.desc {
			p.WriteString(" DESC")
		}
		if o.nullsFirst {
			p.WriteString(" NULLS FIRST")
		} else {
			p.WriteString(" NULLS LAST")
		}
	}
}
