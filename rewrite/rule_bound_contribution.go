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
//	chosen    at most L0 groups of a unit: dense_rank() over its groups, ordered by a keyed hash of its own values
//	per_unit  what one unit adds to one group: n rows, sum s
//	          and the sums over units, with n > m rows scaled to m: s·m/n, truncated
//
// Ranking before aggregating sorts the rows once; aggregating by unit and group first would hash or sort them, and then sort
// again for the window.
//
// Steps are left out only where they provably do nothing:
//
//	UnitIsUnique  no unit has more than one row: one aggregation, at the speed of the analyst's own query
//	KeysOfUnit    there are no keys, or they are functions of the unit, or L0 covers all groups: no ranking
//
// BoundRows is the other kind of bound, at most R rows of a unit in all, as SmartNoise's max_ids.
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
	// columns are the expressions that the ranked rows carry as x1, x2, …
	columns []expr.Expr
}

func (m *measurementSQL) print() string {
	switch m.form {
	case formFlat:
		m.flat()
	case formRows:
		m.rowBound()
	default:
		if m.hasDistinct() {
			m.withBranches()
		} else {
			m.perUnit()
		}
	}
	return m.p.String()
}

func (m *measurementSQL) salted() bool {
	return m.form == formWindow || m.form == formRows || m.form == formGroup && m.hasDistinct()
}

// keys prints the group keys as k1, k2, …, each with the comma after it.
func (m *measurementSQL) keys(prefix string) {
	for _, k := range m.d.keys {
		if prefix == "" {
			m.p.Expr(k.e)
			m.p.WriteString(" AS ")
		} else {
			m.p.WriteString(prefix)
		}
		m.p.Ident(k.sentName())
		m.p.WriteString(", ")
	}
}

func (m *measurementSQL) keyNames(prefix string) []string {
	var out []string
	for _, k := range m.d.keys {
		out = append(out, prefix+`"`+k.sentName()+`"`)
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
		for i := 0; i < s.width(); i++ {
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

// rawAggregates are the plain aggregates that a spec's numbers are made of; v are those of a plane as they are.
type rawAggregates struct {
	n, s, q string
	v       []string
}

// each lists them.
func (a rawAggregates) each() []string { return append([]string{a.n, a.s, a.q}, a.v...) }

// named replaces them by names.
func (a rawAggregates) named(names map[string]string) rawAggregates {
	out := rawAggregates{n: names[a.n], s: names[a.s], q: names[a.q]}
	for _, v := range a.v {
		out.v = append(out.v, names[v])
	}
	return out
}

// raw prints a spec's aggregates over rows.
func (m *measurementSQL) raw(s *released) rawAggregates {
	if s.kind == specPlane {
		return m.planeAggregates(s)
	}
	filter, distinct := "", ""
	if s.filter != nil {
		filter = " FILTER (WHERE " + m.value(s.filter) + ")"
	}
	if s.distinct {
		distinct = "DISTINCT "
	}
	arg := "*"
	if s.arg != nil && (s.distinct || s.arg.Domain().Nullable) {
		counted := s.arg
		if c, ok := counted.(expr.Column); ok && !s.distinct {
			c.Clamp = false // whether it is NULL is all that is asked
			counted = c
		}
		arg = m.value(counted)
	}
	out := rawAggregates{n: "count(" + distinct + arg + ")" + filter}
	switch s.kind {
	case specSum:
		out.s = m.sum(distinct+m.value(s.grid.Plain()), filter, m.narrow(s))
	case specPair:
		out.s = m.sum(distinct+m.value(s.grid.Normal()), filter, m.narrow(s))
	case specTriple:
		x := m.wide(m.value(s.grid.Normal()))
		out.s = m.sum(distinct+x, filter, false)
		out.q = m.sum(distinct+x+" * "+x, filter, false)
	case specUnits:
		if m.form == formRows {
			out.n = `count(DISTINCT "b"."u")` + filter
		}
	}
	return out
}

// value prints an expression over rows. Where rows are ranked first, they carry the plain columns that it reads, as they
// are stored, and it is computed for the rows that are kept.
func (m *measurementSQL) value(e expr.Expr) string {
	if m.form != formWindow && m.form != formRows {
		return m.sub(e)
	}
	if hasSubQuery(e) {
		return `"b"."` + m.carry(e) + `"`
	}
	return m.sub(expr.Rewrite(e, func(e expr.Expr) (expr.Expr, bool) {
		c, ok := e.(expr.Column)
		if !ok {
			return nil, false
		}
		stored := c
		stored.Clamp = false
		c.Alias, c.Name = "b", m.carry(stored)
		return c, true
	}))
}

// carry names an expression among those of the ranked rows.
func (m *measurementSQL) carry(e expr.Expr) string {
	t := m.sub(e)
	for i, have := range m.columns {
		if m.sub(have) == t {
			return fmt.Sprintf("x%d", i+1)
		}
	}
	m.columns = append(m.columns, e)
	return fmt.Sprintf("x%d", len(m.columns))
}

func hasSubQuery(e expr.Expr) bool {
	found := false
	expr.Walk(e, func(e expr.Expr) bool {
		if _, ok := e.(*subQuery); ok {
			found = true
		}
		return !found
	})
	return found
}

// narrow tells that one unit's sum can stay a bigint in PostgreSQL, which is several times faster than numeric: the value
// fits 31 bits, so that it takes 2³² rows of one unit to overflow.
func (m *measurementSQL) narrow(s *released) bool {
	if s.kind == specPlane {
		return false
	}
	if m.p.Dialect != expr.PostgreSQL || s.distinct || m.form == formFlat || m.form == formRows || m.bounds.Rows > 1<<30 {
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
	case specPlane:
		return a.v[i]
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
	columns, names := m.unitColumns()
	m.p.WriteString("SELECT ")
	m.keys(`"c".`)
	m.outputs("count(*)", func(s *released, i int) string { return m.scaled(s, names, i) })
	m.p.WriteString(" FROM (SELECT ")
	if m.form == formWindow {
		m.keys(`"b".`)
		m.p.WriteString(`"b"."u"`)
	} else {
		m.keys("")
		m.p.Expr(m.d.unit.e)
		m.p.WriteString(` AS "u"`)
	}
	for i, c := range columns {
		m.p.WriteString(fmt.Sprintf(`, %s AS "a%d"`, c, i+1))
	}
	if m.form == formWindow {
		m.ranked("dense_rank", m.hashedKeys(), m.bounds.Groups)
	} else {
		m.rowsFrom()
	}
	positions := []string{}
	for i := 0; i <= len(m.d.keys); i++ {
		positions = append(positions, strconv.Itoa(i+1))
	}
	m.groupBy(positions)
	m.p.WriteString(`) AS "c"`)
	m.groupBy(m.keyNames(`"c".`))
}

// ranked prints FROM the rows with a rank within their unit, and keeps ranks up to most.
func (m *measurementSQL) ranked(rank string, by []hashed, most int64) {
	m.p.WriteString(` FROM (SELECT "a".*, ` + rank + `() OVER (PARTITION BY "a"."u" ORDER BY ` + m.hash(by) + `) AS "g" FROM (SELECT `)
	m.keys("")
	m.p.Expr(m.d.unit.e)
	m.p.WriteString(` AS "u"`)
	for i, c := range m.columns {
		m.p.WriteString(fmt.Sprintf(`, %s AS "x%d"`, m.sub(c), i+1))
	}
	m.rowsFrom()
	m.p.WriteString(`) AS "a") AS "b" WHERE "b"."g" <= ` + strconv.FormatInt(most, 10))
}

// unitColumns lists the aggregates of one unit in one group, each once, and their names by text.
func (m *measurementSQL) unitColumns() (columns []string, names map[string]string) {
	names = map[string]string{}
	add := func(x string) {
		if x != "" && names[x] == "" {
			columns = append(columns, x)
			names[x] = fmt.Sprintf(`"c"."a%d"`, len(columns))
		}
	}
	for _, s := range m.specs {
		if s.kind == specUnits && s.filter == nil || s.distinct {
			continue
		}
		for _, x := range m.raw(s).each() {
			add(x)
		}
	}
	return columns, names
}

// scaled prints number i of a spec summed over units, each cut to m rows.
func (m *measurementSQL) scaled(s *released, names map[string]string, i int) string {
	if s.distinct {
		return "0" // a branch of its own
	}
	if s.kind == specUnits {
		if s.filter == nil {
			return "count(*)"
		}
		return fmt.Sprintf("count(*) FILTER (WHERE %s > 0)", names[m.raw(s).n])
	}
	raw := m.raw(s)
	a := raw.named(names)
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
	m.p.WriteString("SELECT ")
	m.keys(`"b".`)
	m.outputs(`count(DISTINCT "b"."u")`, func(s *released, i int) string { return m.vector(s, m.raw(s), i) })
	by := m.hashedKeys()
	for i, c := range m.columns {
		by = append(by, hashed{name: fmt.Sprintf(`"a"."x%d"`, i+1), kind: expr.ReprOf(c)})
	}
	m.ranked("row_number", by, m.bounds.UnitRows)
	m.groupBy(m.keyNames(`"b".`))
}

// hashed is one value that goes into the keyed hash.
type hashed struct {
	name string
	kind catalog.Kind
}

func (m *measurementSQL) hashedKeys() []hashed {
	out := []hashed{{name: `"a"."u"`, kind: expr.ReprOf(m.d.unit.e)}}
	for _, k := range m.d.keys {
		out = append(out, hashed{name: `"a"."` + k.sentName() + `"`, kind: expr.ReprOf(k.e)})
	}
	return out
}

// hash prints a hash over values under the salt $1, and the values after it so that no tie depends on the order of rows.
// It depends on the unit's own values and the salt, on nothing else.
func (m *measurementSQL) hash(values []hashed) string {
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
		whole := v.kind == catalog.Int2 || v.kind == catalog.Int4 || v.kind == catalog.Int8
		switch {
		case i == 0 && whole: // the unit's number moves the seed; it is never NULL
			seed = "($1 # CAST(" + v.name + " AS bigint))"
		case whole:
			seed = "hashint8extended(coalesce(CAST(" + v.name + " AS bigint), 0), " + seed + ")"
		default:
			seed = "hashtextextended(coalesce(CAST(" + v.name + " AS text), ''), " + seed + ")"
		}
	}
	return seed + ties
}
