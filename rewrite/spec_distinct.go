package rewrite

import (
	"fmt"
	"math/big"
	"strings"

	"github.com/dpproxy/dpproxy/rewrite/expr"
)

// Aggregates of different values (DISTINCT) cannot be cut after they were summed for a unit: which values are kept matters.
// So each has a branch of its own beside what is summed:
//
//	rows      of at most L0 groups of a unit, as for all other specs
//	values    the different (unit, group, value)
//	chosen    at most m of them for a unit and group: row_number(), ordered by a keyed hash of the value
//	different the different (group, value) of those
//
// A unit then adds at most m values to each of L0 groups, and taking it out takes at most those away: Δ is that of m rows. What is
// chosen of one unit depends on that unit's values and the salt alone. The branches are added up by group:
//
//	SELECT k, sum(y1), sum(y2) … FROM (rows summed, 0 for y2 UNION ALL 0 for y1, y2 of the branch) GROUP BY k
//
// Of a column that has fewer values than m in all, as its list or its bounds say, a unit has no more than those: Δ is that of so many
// rows. What is not in a declared list is left out then.
//
// Where a unit has one row, or R rows in all, DISTINCT within the aggregate is enough.

func (m *measurementSQL) hasDistinct() bool {
	for _, s := range m.specs {
		if s.distinct {
			return true
		}
	}
	return false
}

// withBranches prints the measurement with a branch for each distinct spec.
func (m *measurementSQL) withBranches() {
	m.p.WriteString("SELECT ")
	m.keys(`"d".`)
	m.outputsAt(`coalesce(sum("d"."units"), 0)`, func(_ *released, n int) string { return fmt.Sprintf(`coalesce(sum("d"."y%d"), 0)`, n) })
	m.p.WriteString(" FROM (")
	plain := m.units
	for _, s := range m.specs {
		plain = plain || !s.distinct
	}
	if plain {
		m.perUnit()
	}
	for _, s := range m.specs {
		if !s.distinct {
			continue
		}
		if plain {
			m.p.WriteString(" UNION ALL ")
		}
		plain = true
		m.branch(s)
	}
	m.p.WriteString(`) AS "d"`)
	m.groupBy(m.keyNames(`"d".`))
}

// outputsAt is outputs, given the position of a number.
func (m *measurementSQL) outputsAt(units string, number func(s *released, n int) string) {
	n := 0
	m.outputs(units, func(s *released, _ int) string {
		n++
		return number(s, n)
	})
}

// branch prints the numbers of one distinct spec, and 0 for all others.
func (m *measurementSQL) branch(s *released) {
	b := &measurementSQL{p: m.p, d: m.d, specs: m.specs, where: m.where, bounds: m.bounds, form: m.form, units: m.units}
	of := distinctValue(s)
	value := b.value(of)
	conditions := []string{value + " IS NOT NULL"}
	if s.listed != nil {
		conditions = append(conditions, b.value(s.listed))
	}
	if s.filter != nil {
		conditions = append(conditions, b.value(s.filter))
	}
	numbers := b.ofValues(s)
	m.p.WriteString("SELECT ")
	m.keys(`"f".`)
	m.outputsAt("0", func(of *released, n int) string {
		if of != s {
			return "0"
		}
		return numbers[n-1-s.first]
	})
	m.p.WriteString(` FROM (SELECT DISTINCT `)
	m.keys(`"e".`)
	m.p.WriteString(`"e"."x" FROM (SELECT "v".*, row_number() OVER (PARTITION BY ` +
		strings.Join(append(m.keyNames(`"v".`), `"v"."u"`), ", ") + ` ORDER BY ` +
		m.hash([]hashed{{`"v"."u"`, expr.ReprOf(m.d.unit.e)}, {`"v"."x"`, expr.ReprOf(of)}}) + `) AS "i" FROM (SELECT DISTINCT `)
	if m.form == formWindow {
		m.keys(`"b".`)
		m.p.WriteString(`"b"."u", ` + value + ` AS "x"`)
		b.ranked("dense_rank", b.hashedKeys(), m.bounds.Groups)
		m.p.WriteString(" AND " + strings.Join(conditions, " AND "))
	} else {
		m.keys("")
		m.p.Expr(m.d.unit.e)
		m.p.WriteString(` AS "u", ` + value + ` AS "x"`)
		m.rowsFrom()
		keyword := " WHERE "
		if len(m.where) > 0 {
			keyword = " AND "
		}
		m.p.WriteString(keyword + strings.Join(conditions, " AND "))
	}
	m.p.WriteString(fmt.Sprintf(`) AS "v") AS "e" WHERE "e"."i" <= %d) AS "f"`, s.most))
	m.groupBy(m.keyNames(`"f".`))
}

// differentValues finds how many values of one unit may count in a group, m at most.
func (r *resolver) differentValues(s *released, m int64) error {
	s.most = m
	d, t := s.arg.Domain(), s.arg.Type()
	if t.IsFloat() || t.Array || m < 2 {
		return nil
	}
	if d.Values != nil {
		if int64(len(d.Values)) >= m || len(d.Values) == 0 {
			return nil
		}
		if !enforced(s.arg) {
			var list []expr.Expr
			for _, v := range d.Values {
				list = append(list, expr.Const{Typ: t, Text: v, Pos: -1})
			}
			in, err := builder(Protected).In(s.arg, list, false, -1)
			if err != nil {
				return r.at(err, -1)
			}
			s.listed = in
		}
		s.most = int64(len(d.Values))
		return nil
	}
	if step := expr.StepOf(s.arg); t.IsInteger() && d.Bounded() && step != nil && step.Sign() > 0 {
		n := new(big.Rat).Quo(new(big.Rat).Sub(d.Hi, d.Lo), step)
		if whole := new(big.Int).Quo(n.Num(), n.Denom()); n.Sign() >= 0 && whole.Cmp(big.NewInt(m-1)) < 0 {
			s.most = whole.Int64() + 1
		}
	}
	return nil
}

// distinctValue is what is told apart: the value in its canonical form, or the whole number on the grid that is summed.
func distinctValue(s *released) expr.Expr {
	switch s.kind {
	case specRows:
		if canonical, err := expr.GroupKey(s.arg); err == nil { // gridOf has refused what has none
			return canonical
		}
		return s.arg
	case specSum:
		return s.grid.Plain()
	}
	return s.grid.Normal()
}

// ofValues prints a spec's numbers over the column x of different values.
func (m *measurementSQL) ofValues(s *released) []string {
	x := `"f"."x"`
	raw := rawAggregates{n: "count(*)", s: m.sum(x, "", false)}
	if s.kind == specTriple {
		x = m.wide(x)
		raw.s, raw.q = m.sum(x, "", false), m.sum(x+" * "+x, "", false)
	}
	var out []string
	for i := range s.width() {
		out = append(out, m.vector(s, raw, i))
	}
	return out
}
