package rewrite

import (
	"fmt"
	"math/big"
	"sort"
	"strings"

	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/mechanism"
	"github.com/dpproxy/dpproxy/refusal"
	"github.com/dpproxy/dpproxy/rewrite/expr"
)

// PerturbCells is the second pipeline, for data sets that are declared with it: cell-key perturbation. It is not differential
// privacy: no contribution is bounded, nothing is charged, and the same cell always gets the same answer. What differs from
// the pipeline of differential privacy begins here and ends in mechanism.ReleaseCells.
//
//	rows      the analyst's FROM and WHERE, with the unit of each row
//	keyed     joined with the unit's table: record key, tie-breaker, weight
//	ranked    row_number() over the cell's rows by size, for the contributors of sums; and over those of a unit, for counts of units
//	          one aggregation by cell: n, Σ record keys, Σ weights, Σ x, and the largest |x| with their keys
//
// Plans name the rule; no data set of the other pipeline can reach it, as its declaration has no tables.

// CellTables are a data set's lookup tables, checked; nil where it is answered by differential privacy.
func CellTables(ds *catalog.Dataset) (*mechanism.CellTables, error) {
	c := ds.CellKey
	if c == nil {
		return nil, nil
	}
	t := &mechanism.CellTables{BigN: c.BigN, SmallC: c.SmallC, SmallN: c.SmallN, P: c.P, S: c.S, M: c.M}
	return t, t.Validate()
}

// cellWork is one measurement of the pipeline while it is made.
type cellWork struct {
	r      *resolver
	d      *draft
	tables *mechanism.CellTables
	spec   mechanism.CellSpec
	sql    cellSQL
	names  map[string]int // measures by text
	space  keySpace
}

// finishCells turns the drafts into measurements of the pipeline.
func (r *resolver) finishCells(dialect expr.Dialect) ([]Measurement, error) {
	tables, err := CellTables(r.ds)
	if err != nil {
		return nil, err
	}
	var out []Measurement
	for _, d := range r.drafts {
		if err := r.ownColumnsOnly(d); err != nil {
			return nil, err
		}
		space := r.keySpaceOf(d)
		if err := r.checkGroups(d, &space); err != nil {
			return nil, err
		}
		w := &cellWork{r: r, d: d, space: space, tables: tables, names: map[string]int{}}
		m, err := w.measurement(dialect)
		if err != nil {
			return nil, err
		}
		out = append(out, m)
	}
	return out, nil
}

func (w *cellWork) measurement(dialect expr.Dialect) (Measurement, error) {
	r, d := w.r, w.d
	r.rule("PerturbCells")
	w.sql = cellSQL{p: &expr.Printer{Dialect: dialect}, d: d, ds: r.ds}
	w.spec = mechanism.CellSpec{Tables: w.tables, Padded: r.set.Pad}
	if c := r.ds.CellKey; c.Ones != nil && len(d.keys) > 0 {
		w.spec.Sparsity = &mechanism.Sparsity{Ones: c.Ones, OnesAndTwos: c.OnesAndTwos}
	}
	if len(d.calls) == 0 || w.spec.Sparsity != nil {
		w.measure(&call{fn: "count", star: true}) // the cell's records: what sparsity is judged on
	}
	m := Measurement{Name: d.name, Selection: mechanism.Selection{Kind: mechanism.PublicKeys}, Bounds: r.set.Bounds}
	for _, k := range d.keys {
		m.Keys = append(m.Keys, Column{Name: k.column, Type: k.e.Type()})
		m.Outputs = append(m.Outputs, Output{Column: Column{Name: k.column, Type: k.e.Type()}, Key: len(m.Keys) - 1})
	}
	for _, c := range d.cols {
		k := d.calls[c.call]
		if err := w.allowed(k, c.end); err != nil {
			return m, err
		}
		w.spec.Outputs = append(w.spec.Outputs, mechanism.CellOutput{Kind: measuredAs(k.fn).cell, Measure: w.measure(k)})
		m.Outputs = append(m.Outputs, Output{Column: Column{Name: c.name, Type: k.typ}, Key: -1})
	}
	var err error
	if w.spec.Padded || len(d.keys) == 0 {
		w.spec.Padded = true
		if m.PublicKeys, err = w.cells(); err != nil {
			return m, err
		}
		m.KeyReads = w.space.reads
	}
	where := append([]expr.Expr{}, d.where...)
	if d.unit.e.Domain().Nullable {
		where = append(where, notNull{d.unit.e})
	}
	sort.SliceStable(where, func(i, j int) bool { return text(where[i]) < text(where[j]) })
	m.SQL, m.Width, m.Cells = w.sql.print(where), w.spec.Width(), &w.spec
	m.Identity = w.identity(&m)
	return m, nil
}

// allowed refuses what the pipeline has no formula for.
func (w *cellWork) allowed(k *call, end string) error {
	r := w.r
	if end != "" {
		return r.fail(refusal.NotSupported, k.loc, "pipeline tbe has no intervals").WithHint("Its answers are perturbed by fixed tables.")
	}
	if measuredAs(k.fn).cell == "" || k.distinct { // count(DISTINCT unit) is marked units, not distinct
		return r.fail(refusal.NotSupported, k.loc, "%s is not answered by pipeline tbe", k.label(w.d.from)).
			WithHint("It answers count, sum and avg, and count(DISTINCT …) of the unit.")
	}
	if k.fn == "count" {
		return nil
	}
	if w.tables.S == nil {
		return r.fail(refusal.InsufficientPrivilege, k.loc, "this data set has no s table, so that sums and means are not answered")
	}
	if t := k.arg.Type(); !t.IsNumeric() {
		return r.fail(refusal.DatatypeMismatch, k.loc, "%s is of type %s, not a number", k.written, t)
	}
	return nil
}

// measure finds or adds the numbers that a call reads. Counts are of distinct units where rows are not units; sums and
// means are of rows.
func (w *cellWork) measure(k *call) int {
	valued := k.fn != "count"
	var conditions []string
	if k.filter != nil {
		conditions = append(conditions, w.sql.carry(k.filter))
	}
	if k.arg != nil && !k.units && (valued || k.arg.Domain().Nullable) {
		conditions = append(conditions, w.sql.carry(k.arg)+" IS NOT NULL")
	}
	m := cellMeasure{condition: strings.Join(conditions, " AND "), units: !valued && !w.d.unit.unique, decimals: 0}
	if valued {
		m.arg, m.decimals = k.arg, decimalsOf(k.arg.Type())
	}
	name := fmt.Sprint(valued, m.units, m.condition)
	if valued {
		name += w.sql.carry(k.arg)
	}
	if i, ok := w.names[name]; ok {
		return i
	}
	weighted := w.r.ds.CellKey.Weight != ""
	spec := mechanism.CellMeasure{Name: k.label(w.d.from), First: w.spec.Width(), Weighted: weighted, Valued: valued, Units: m.units, Step: power10(-m.decimals), Weight: big.NewRat(1, 1)}
	if weighted {
		spec.Weight = power10(-w.r.ds.CellKey.WeightDecimals)
		spec.Step = new(big.Rat).Mul(spec.Step, spec.Weight)
	}
	w.names[name] = len(w.spec.Measures)
	w.spec.Measures = append(w.spec.Measures, spec)
	w.sql.measures = append(w.sql.measures, m)
	w.sql.ranks = len(w.tables.M)
	return w.names[name]
}

// decimalsOf is how many decimals of a value count: all that a decimal column has, six of a float.
func decimalsOf(t catalog.Type) int {
	switch {
	case t.IsInteger():
		return 0
	case t.Kind == catalog.Numeric && t.HasScale:
		return min(max(t.Scale, 0), 9)
	}
	return 6
}

func power10(n int) *big.Rat {
	p := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(max(n, -n))), nil)
	if n < 0 {
		return new(big.Rat).SetFrac(big.NewInt(1), p)
	}
	return new(big.Rat).SetInt(p)
}

// cells lists the combinations that are padded: those of keys whose values are public.
func (w *cellWork) cells() ([][]mechanism.Cell, error) {
	switch {
	case w.space.private != nil:
		return nil, w.r.fail(refusal.NotSupported, -1, "the values of %q are not public, so that its empty cells cannot be added", w.space.private.name).
			WithHint("Write SET dp.pad = off, or ask the owner to declare the column's values.")
	case w.space.many:
		return nil, w.r.tooManyKeys()
	}
	w.r.readKeys(&w.space)
	return w.space.rows, nil
}

// identity names the table: the SQL, what is published of it, and the cells that are added.
func (w *cellWork) identity(m *Measurement) string {
	var b strings.Builder
	b.WriteString("cell key\n" + m.SQL)
	for _, o := range w.spec.Outputs {
		fmt.Fprintf(&b, "\n%s %d", o.Kind, o.Measure)
	}
	fmt.Fprintf(&b, "\npadded %t\ntables %s", w.spec.Padded, w.tables.Digest())
	if s := w.spec.Sparsity; s != nil {
		fmt.Fprintf(&b, "\nsparsity %s %s", s.Ones.RatString(), s.OnesAndTwos.RatString())
	}
	writeKeys(&b, m.PublicKeys)
	return b.String()
}

// printCells is the measurement as EXPLAIN shows it. The lookup tables are secret, and are not shown.
func (m *Measurement) printCells(b *strings.Builder) {
	b.WriteString("  Pipeline: tbe (cell-key perturbation). This is not differential privacy, and charges no ε\n")
	for i, o := range m.Cells.Outputs {
		name := m.Cells.Measures[o.Measure].Name
		fmt.Fprintf(b, "  Column v%d: perturbed %s of %s\n", i+1, o.Kind, name)
	}
	switch {
	case len(m.Keys) == 0:
		b.WriteString("  Groups: one, always reported\n")
	case m.Cells.Padded:
		fmt.Fprintf(b, "  Groups: those with records, and the empty ones of %d public combinations\n", len(m.PublicKeys))
	default:
		b.WriteString("  Groups: those with records\n")
	}
	if s := m.Cells.Sparsity; s != nil {
		fmt.Fprintf(b, "  Sparsity: refused where more than %s of the cells have one record, or %s one or two\n", s.Ones.FloatString(2), s.OnesAndTwos.FloatString(2))
	}
	fmt.Fprintf(b, "  SQL:\n    %s\n", m.SQL)
}

// cellBound is the bound of a column of the pipeline whose owner declares none: nothing depends on it but that expressions
// cannot overflow.
func (r *resolver) cellBound(c *catalog.Column) (*big.Rat, bool) {
	if r.ds.CellKey == nil || c.Domain.Lower != nil || c.Domain.Values != nil || !c.Type.IsNumeric() || c.Type.IsInteger() {
		return nil, false
	}
	return power10(12), true
}
