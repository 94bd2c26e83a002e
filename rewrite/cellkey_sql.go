package rewrite

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/rewrite/expr"
)

// cellMeasure is what one measure reads of the carried columns.
type cellMeasure struct {
	condition string    // over carried columns; "": all rows
	arg       expr.Expr // nil: a count
	units     bool      // distinct units, not rows
	decimals  int
}

// cellSQL prints one measurement of the cell-key pipeline. Every number of it is whole.
type cellSQL struct {
	p        *expr.Printer
	d        *draft
	ds       *catalog.Dataset
	measures []cellMeasure
	ranks    int
	columns  []expr.Expr // x1, x2, …
}

// carry names an expression among those that the rows carry.
func (s *cellSQL) carry(e expr.Expr) string {
	t := text(e)
	for i, have := range s.columns {
		if text(have) == t {
			return fmt.Sprintf(`"a"."x%d"`, i+1)
		}
	}
	s.columns = append(s.columns, e)
	return fmt.Sprintf(`"a"."x%d"`, len(s.columns))
}

func (s *cellSQL) sub(e expr.Expr) string { return expr.Text(e, s.p.Dialect) }

func (s *cellSQL) ident(name string) string {
	p := &expr.Printer{Dialect: s.p.Dialect}
	p.Ident(name)
	return p.String()
}

func (s *cellSQL) wide() string {
	if s.p.Dialect == expr.DuckDB {
		return "HUGEINT"
	}
	return "numeric"
}

// print writes the measurement.
func (s *cellSQL) print(where []expr.Expr) string {
	var keys []string
	for _, k := range s.d.keys {
		keys = append(keys, `"c"."`+k.column+`"`)
	}
	columns := append([]string{}, keys...)
	n := 0
	for i, m := range s.measures {
		for _, y := range s.numbers(i, m) {
			n++
			columns = append(columns, fmt.Sprintf(`%s AS "y%d"`, y, n))
		}
	}
	s.p.WriteString("SELECT " + strings.Join(columns, ", ") + " FROM (SELECT \"b\".*")
	for i, m := range s.measures {
		s.p.WriteString(s.rank(i, m))
	}
	s.p.WriteString(" FROM (SELECT \"a\".*")
	s.keyed()
	s.rows(where)
	s.p.WriteString(`) AS "a" JOIN ` + s.main() + ` ON "m".` + s.unitColumn() + ` = "a"."u") AS "b") AS "c"`)
	if len(keys) > 0 {
		s.p.WriteString(" GROUP BY " + strings.Join(keys, ", "))
	}
	return s.p.String()
}

// rows prints the analyst's rows: keys, unit, carried columns.
func (s *cellSQL) rows(where []expr.Expr) {
	s.p.WriteString(" FROM (SELECT ")
	for _, k := range s.d.keys {
		s.p.WriteString(s.sub(k.e) + ` AS "` + k.column + `", `)
	}
	s.p.WriteString(s.sub(s.d.unit.e) + ` AS "u"`)
	for i, c := range s.columns {
		fmt.Fprintf(s.p, `, %s AS "x%d"`, s.sub(c), i+1)
	}
	s.p.WriteString(" FROM ")
	printFrom(s.p, s.d.from)
	printConjunction(s.p, " WHERE ", where)
}

// keyed prints what the unit's table gives to each row: record key, tie-breaker, weight; and what each measure reads: whether
// the row counts, and its value as a whole number.
func (s *cellSQL) keyed() {
	c := s.ds.CellKey
	fmt.Fprintf(s.p, `, coalesce(CAST("m".%s AS bigint), 0) AS "key", "m".%s AS "tie"`, s.ident(c.RecordKey), s.ident(c.Tiebreaker))
	weight := ""
	if c.Weight != "" {
		weight = s.whole(`"m".`+s.ident(c.Weight), catalog.Of(catalog.Numeric), c.WeightDecimals, 12)
		fmt.Fprintf(s.p, `, coalesce(%s, 0) AS "weight"`, weight)
	}
	for i, m := range s.measures {
		condition := "TRUE"
		if m.condition != "" {
			condition = "coalesce(" + m.condition + ", FALSE)"
		}
		fmt.Fprintf(s.p, `, %s AS "in%d"`, condition, i+1)
		if m.arg == nil {
			continue
		}
		value := s.whole(s.carry(m.arg), m.arg.Type(), m.decimals, 18)
		if weight != "" {
			value += " * coalesce(" + weight + ", 0)"
		}
		fmt.Fprintf(s.p, `, coalesce(%s, 0) AS "v%d"`, value, i+1)
	}
}

// whole prints x·10^decimals as a whole number of up to `digits` digits; what has more, NaN and infinities count as NULL. Integers
// are taken as they are.
func (s *cellSQL) whole(x string, t catalog.Type, decimals, digits int) string {
	if t.IsInteger() && decimals == 0 {
		return "CAST(" + x + " AS " + s.wide() + ")"
	}
	most := "1" + strings.Repeat("0", digits-decimals)
	inside := fmt.Sprintf("CASE WHEN %s BETWEEN -%s AND %s THEN %s END", x, most, most, x)
	factor := "1" + strings.Repeat("0", decimals)
	if s.p.Dialect == expr.DuckDB {
		return fmt.Sprintf("CAST(CAST(%s AS DECIMAL(38,%d)) * %s AS HUGEINT)", inside, decimals, factor)
	}
	return fmt.Sprintf("round(CAST(%s AS numeric) * %s)", inside, factor)
}

// rank numbers the rows of a cell that a measure reads: by size for sums, within each unit for counts of units.
func (s *cellSQL) rank(i int, m cellMeasure) string {
	var by []string
	for _, k := range s.d.keys {
		by = append(by, `"b"."`+k.column+`"`)
	}
	by = append(by, fmt.Sprintf(`"b"."in%d"`, i+1))
	order := `"b"."u"`
	switch {
	case m.arg != nil:
		order = fmt.Sprintf(`abs("b"."v%d") DESC, "b"."tie", "b"."u"`, i+1)
	case m.units:
		by = append(by, `"b"."u"`)
	default:
		return ""
	}
	return fmt.Sprintf(`, row_number() OVER (PARTITION BY %s ORDER BY %s) AS "r%d"`, strings.Join(by, ", "), order, i+1)
}

// numbers are the aggregates of one measure, in the order that mechanism.CellMeasure reads them.
func (s *cellSQL) numbers(i int, m cellMeasure) []string {
	filter := fmt.Sprintf(` FILTER (WHERE "c"."in%d"`, i+1)
	if m.units {
		filter += fmt.Sprintf(` AND "c"."r%d" = 1`, i+1)
	}
	sum := func(x, more string) string {
		return fmt.Sprintf("coalesce(sum(CAST(%s AS %s))%s%s), 0)", x, s.wide(), filter, more)
	}
	out := []string{"count(*)" + filter + ")", sum(`"c"."key"`, "")}
	if s.ds.CellKey.Weight != "" {
		out = append(out, sum(`"c"."weight"`, ""))
	}
	if m.arg == nil {
		return out
	}
	out = append(out, sum(fmt.Sprintf(`"c"."v%d"`, i+1), ""))
	for k := 1; k <= s.ranks; k++ {
		only := fmt.Sprintf(` AND "c"."r%d" = %s`, i+1, strconv.Itoa(k))
		out = append(out, sum(fmt.Sprintf(`abs("c"."v%d")`, i+1), only), sum(`"c"."key"`, only))
	}
	return out
}

// main prints the unit's table as m.
func (s *cellSQL) main() string {
	t, _ := s.ds.Table(s.ds.UnitTable)
	return s.ident(t.Schema) + "." + s.ident(t.SourceName) + ` AS "m"`
}

func (s *cellSQL) unitColumn() string {
	t, _ := s.ds.Table(s.ds.UnitTable)
	c, _ := t.Column(s.ds.UnitColumn)
	return s.ident(c.SourceName)
}
