package rewrite

import (
	"fmt"
	"math/big"
	"strconv"
	"strings"

	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/privacy"
	"github.com/dpproxy/dpproxy/rewrite/expr"
)

// BoundContribution turns a Protected relation into a Bounded one and prints the whole measurement:
//
//	rows      the analyst's FROM and WHERE, without rows that belong to no unit
//	per_unit  what one unit adds to one group: n rows, sum s
//	bounded   at most L0 groups a unit, chosen by a keyed hash of the unit's own values
//	          and the sums over units, with n > m rows scaled to m: s·m/n, truncated
//
// Steps are left out only where they provably do nothing:
//
//	UnitIsUnique  no unit has more than one row: one aggregation, at the speed of the analyst's own query
//	KeysOfUnit    there are no keys, or they are functions of the unit: L0 = 1, no window
type form string

const (
	formFlat   form = "UnitIsUnique"
	formGroup  form = "KeysOfUnit"
	formWindow form = "BoundContribution"
	formRows   form = "BoundRows"
)

// measurementSQL prints one measurement.
type measurementSQL struct {
	p      *expr.Printer
	d      *draft
	specs  []*released
	where  []expr.Expr
	bounds privacy.Contribution
	form   form
	units  bool
}

func (m *measurementSQL) print() string {
	switch m.form {
	case formFlat:
		m.flat()
	case formRows:
		m.rowBound()
	default:
		m.perUnit()
	}
	return m.p.String()
}

func (m *measurementSQL) salted() bool { return m.form == formWindow || m.form == formRows }

// keys prints the group keys as k1, k2, …, each with the comma after it.
func (m *measurementSQL) keys(prefix string) {
	for _, k := range m.d.keys {
		if prefix == "" {
			m.p.Expr(k.e)
			m.p.WriteString(" AS ")
		} else {
			m.p.WriteString(prefix)
		}
		m.p.Ident(k.column)
		m.p.WriteString(", ")
	}
}

func (m *measurementSQL) keyNames() []string {
	var out []string
	for _, k := range m.d.keys {
		out = append(out, `"`+k.column+`"`)
	}
	return out
}

func (m *measurementSQL) rowsFrom() {
	m.p.WriteString(" FROM ")
	printFrom(m.p, m.d.from)
	printConjunction(m.p, " WHERE ", m.where)
}

func (m *measurementSQL) groupBy(names []string) {
	if len(names) > 0 {
		m.p.WriteString(" GROUP BY " + strings.Join(names, ", "))
	}
}

// outputs prints the unit count and the specs' numbers, given how one number is computed from a raw aggregate.
func (m *measurementSQL) outputs(units string, number func(s *released, i int) string) {
	var parts []string
	if m.units {
		parts = append(parts, units+` AS "units"`)
	}
	n := 0
	for _, s := range m.specs {
		for i := 0; i < s.kind.width(); i++ {
			n++
			parts = append(parts, number(s, i)+fmt.Sprintf(` AS "y%d"`, n))
		}
	}
	m.p.WriteString(strings.Join(parts, ", "))
}

// flat: each row is one unit.
func (m *measurementSQL) flat() {
	m.p.WriteString("SELECT ")
	m.keys("")
	m.outputs("count(*)", func(s *released, i int) string { return m.vector(s, m.raw(s), i) })
	m.rowsFrom()
	var positions []string
	for i := range m.d.keys {
		positions = append(positions, strconv.Itoa(i+1))
	}
	m.groupBy(positions)
}

// rawAggregates are the plain aggregates that a spec's numbers are made of.
type rawAggregates struct{ n, s, q string }

// raw prints a spec's aggregates over rows.
func (m *measurementSQL) raw(s *released) rawAggregates {
	filter := ""
	if s.filter != nil {
		filter = " FILTER (WHERE " + m.sub(s.filter) + ")"
	}
	arg := "*"
	if s.arg != nil && s.arg.Domain().Nullable {
		counted := s.arg
		if c, ok := counted.(expr.Column); ok {
			c.Clamp = false // whether it is NULL is all that is asked
			counted = c
		}
		arg = m.sub(counted)
	}
	out := rawAggregates{n: "count(" + arg + ")" + filter}
	switch s.kind {
	case specSum:
		out.s = m.sum(m.sub(s.grid.Plain()), filter, m.narrow(s))
	case specPair:
		out.s = m.sum(m.sub(s.grid.Normal()), filter, m.narrow(s))
	case specTriple:
		x := m.wide(m.sub(s.grid.Normal()))
		out.s = m.sum(x, filter, false)
		out.q = m.sum(x+" * "+x, filter, false)
	}
	return out
}

// narrow tells that one unit's sum can stay a bigint in PostgreSQL, which is several times faster than numeric: the value
// fits 31 bits, so that it takes 2³² rows of one unit to overflow.
func (m *measurementSQL) narrow(s *released) bool {
	if m.p.Dialect != expr.PostgreSQL || m.form == formFlat || m.form == formRows || m.bounds.Rows > 1<<30 {
		return false
	}
	top := s.grid.G
	if s.kind == specSum {
		top = s.grid.PlainMax()
	}
	return top.BitLen() <= 31
}

func (m *measurementSQL) sum(x, filter string, narrow bool) string {
	if narrow {
		return "coalesce(sum(CAST(" + x + " AS integer))" + filter + ", 0)"
	}
	return m.wide("coalesce(sum(" + x + ")" + filter + ", 0)")
}

// wide casts to the engine's exact type for large whole numbers.
func (m *measurementSQL) wide(x string) string {
	if m.p.Dialect == expr.DuckDB {
		return "CAST(" + x + " AS HUGEINT)"
	}
	return "CAST(" + x + " AS numeric)"
}

// sub prints an expression on its own.
func (m *measurementSQL) sub(e expr.Expr) string { return expr.Text(e, m.p.Dialect) }

// vector prints number i of a spec from its aggregates n, s and q.
func (m *measurementSQL) vector(s *released, a rawAggregates, i int) string {
	switch s.kind {
	case specUnits, specRows:
		return a.n
	case specSum:
		return a.s
	case specPair:
		if i == 0 {
			return a.s
		}
		if m.narrow(s) {
			return fmt.Sprintf("%s * %s - %s", a.n, s.grid.G, a.s)
		}
		return fmt.Sprintf("%s * %s - %s", m.wide(a.n), m.number(s.grid.G), a.s)
	}
	g2 := new(big.Int).Mul(s.grid.G, s.grid.G)
	twice := new(big.Int).Lsh(s.grid.G, 1)
	switch i {
	case 0:
		return fmt.Sprintf("%s * %s - %s * %s + %s", m.wide(a.n), m.number(g2), a.s, twice, a.q)
	case 1:
		return fmt.Sprintf("%s * %s - 2 * %s", a.s, twice, a.q)
	}
	return a.q
}

// number prints a whole number that may need 128 bits.
func (m *measurementSQL) number(n *big.Int) string {
	if n.IsInt64() {
		return n.String()
	}
	return m.wide("'" + n.String() + "'")
}

// perUnit aggregates for each unit and group first.
func (m *measurementSQL) perUnit() {
	m.p.WriteString("SELECT ")
	m.keys(`"b".`)
	columns, names := m.unitColumns()
	units := "count(*)"
	m.outputs(units, func(s *released, i int) string { return m.scaled(s, names, i) })
	m.p.WriteString(" FROM (SELECT ")
	if m.form == formWindow {
		m.p.WriteString(`"a".*, row_number() OVER (PARTITION BY "u" ORDER BY ` + m.hash(m.hashedKeys()) + `) AS "g" FROM (SELECT `)
	}
	m.keys("")
	m.p.Expr(m.d.unit.e)
	m.p.WriteString(` AS "u"`)
	for i, c := range columns {
		m.p.WriteString(fmt.Sprintf(`, %s AS "a%d"`, c, i+1))
	}
	m.rowsFrom()
	positions := []string{}
	for i := 0; i <= len(m.d.keys); i++ {
		positions = append(positions, strconv.Itoa(i+1))
	}
	m.groupBy(positions)
	if m.form == formWindow {
		m.p.WriteString(`) AS "a") AS "b" WHERE "g" <= ` + strconv.FormatInt(m.bounds.Groups, 10))
	} else {
		m.p.WriteString(`) AS "b"`)
	}
	var names2 []string
	for _, n := range m.keyNames() {
		names2 = append(names2, `"b".`+n)
	}
	m.groupBy(names2)
}

// unitColumns lists the aggregates of one unit in one group, each once, and their names by text.
func (m *measurementSQL) unitColumns() (columns []string, names map[string]string) {
	names = map[string]string{}
	add := func(x string) {
		if x != "" && names[x] == "" {
			columns = append(columns, x)
			names[x] = fmt.Sprintf(`"b"."a%d"`, len(columns))
		}
	}
	for _, s := range m.specs {
		if s.kind == specUnits && s.filter == nil {
			continue
		}
		a := m.raw(s)
		add(a.n)
		add(a.s)
		add(a.q)
	}
	return columns, names
}

// scaled prints number i of a spec summed over units, each cut to m rows.
func (m *measurementSQL) scaled(s *released, names map[string]string, i int) string {
	if s.kind == specUnits {
		if s.filter == nil {
			return "count(*)"
		}
		return fmt.Sprintf("count(*) FILTER (WHERE %s > 0)", names[m.raw(s).n])
	}
	raw := m.raw(s)
	a := rawAggregates{n: names[raw.n], s: names[raw.s], q: names[raw.q]}
	rows := m.bounds.Rows
	if s.kind == specRows {
		return fmt.Sprintf("coalesce(sum(least(%s, %d)), 0)", a.n, rows)
	}
	v := m.vector(s, a, i)
	cut := m.divide(m.wide(v)+" * "+strconv.FormatInt(rows, 10), a.n)
	if m.narrow(s) {
		cut = "CAST(" + cut + " AS bigint)"
	}
	return fmt.Sprintf("coalesce(sum(CASE WHEN %s > %d THEN %s ELSE %s END), 0)", a.n, rows, cut, v)
}

// divide truncates toward zero, which only makes a contribution smaller.
func (m *measurementSQL) divide(x, n string) string {
	if m.p.Dialect == expr.DuckDB {
		return "((" + x + ") // " + n + ")"
	}
	return "div(" + x + ", " + n + ")"
}

// rowBound keeps at most R rows of a unit, chosen by a keyed hash of the row's own values (SmartNoise's max_ids).
func (m *measurementSQL) rowBound() {
	var cols []string
	names := map[string]string{}
	add := func(e expr.Expr) string {
		t := m.sub(e)
		if names[t] == "" {
			cols = append(cols, t)
			names[t] = fmt.Sprintf("x%d", len(cols))
		}
		return names[t]
	}
	type argument struct{ arg, filter string }
	args := make([]argument, len(m.specs))
	for i, s := range m.specs {
		switch {
		case s.kind == specSum:
			args[i].arg = add(s.grid.Plain())
		case s.kind == specPair || s.kind == specTriple:
			args[i].arg = add(s.grid.Normal())
		case s.arg != nil:
			args[i].arg = add(s.arg)
		}
		if s.filter != nil {
			args[i].filter = add(s.filter)
		}
	}
	m.p.WriteString("SELECT ")
	m.keys(`"b".`)
	m.outputs(`count(DISTINCT "b"."u")`, func(s *released, i int) string {
		for j, o := range m.specs {
			if o == s {
				return m.vector(s, m.rowAggregates(s, args[j].arg, args[j].filter), i)
			}
		}
		return "0"
	})
	m.p.WriteString(` FROM (SELECT "a".*, row_number() OVER (PARTITION BY "u" ORDER BY `)
	hashed := m.hashedKeys()
	for i, c := range cols {
		hashed = append(hashed, hashed1{name: fmt.Sprintf(`"a"."x%d"`, i+1), text: true})
		_ = c
	}
	m.p.WriteString(m.hash(hashed) + `) AS "g" FROM (SELECT `)
	m.keys("")
	m.p.Expr(m.d.unit.e)
	m.p.WriteString(` AS "u"`)
	for i, c := range cols {
		m.p.WriteString(fmt.Sprintf(`, %s AS "x%d"`, c, i+1))
	}
	m.rowsFrom()
	m.p.WriteString(`) AS "a") AS "b" WHERE "g" <= ` + strconv.FormatInt(m.bounds.UnitRows, 10))
	var keys []string
	for _, n := range m.keyNames() {
		keys = append(keys, `"b".`+n)
	}
	m.groupBy(keys)
}

func (m *measurementSQL) rowAggregates(s *released, arg, filter string) rawAggregates {
	f := ""
	if filter != "" {
		f = ` FILTER (WHERE "b"."` + filter + `")`
	}
	if s.kind == specUnits {
		return rawAggregates{n: `count(DISTINCT "b"."u")` + f}
	}
	x := "*"
	if arg != "" {
		x = `"b"."` + arg + `"`
	}
	out := rawAggregates{n: "count(" + x + ")" + f}
	switch s.kind {
	case specSum, specPair:
		out.s = m.sum(x, f, false)
	case specTriple:
		out.s = m.sum(m.wide(x), f, false)
		out.q = m.sum(m.wide(x)+" * "+m.wide(x), f, false)
	}
	return out
}

// hashed1 is one value that goes into the keyed hash.
type hashed1 struct {
	name string
	kind catalog.Kind
	text bool // of unknown kind: hashed by its text
}

func (m *measurementSQL) hashedKeys() []hashed1 {
	out := []hashed1{{name: `"a"."u"`, kind: m.d.unit.e.Type().Kind}}
	for _, k := range m.d.keys {
		out = append(out, hashed1{name: `"a"."` + k.column + `"`, kind: k.e.Type().Kind})
	}
	return out
}

// hash prints a hash over values under the salt $1, and the values after it so that no tie depends on the order of rows.
// It depends on the unit's own values and the salt, on nothing else.
func (m *measurementSQL) hash(values []hashed1) string {
	ties := ""
	for _, v := range values[1:] {
		ties += ", " + v.name
	}
	if m.p.Dialect == expr.DuckDB {
		s := "hash(CAST($1 AS BIGINT)"
		for _, v := range values {
			s += ", " + v.name
		}
		return s + ")" + ties
	}
	seed := "$1"
	for i, v := range values {
		whole := !v.text && (v.kind == catalog.Int2 || v.kind == catalog.Int4 || v.kind == catalog.Int8)
		fn, typ, null := "hashtextextended", "text", "''"
		if whole {
			fn, typ, null = "hashint8extended", "bigint", "0"
		}
		x := "CAST(" + v.name + " AS " + typ + ")"
		if i > 0 { // the unit is never NULL
			x = "coalesce(" + x + ", " + null + ")"
		}
		seed = fn + "(" + x + ", " + seed + ")"
	}
	return seed + ties
}
