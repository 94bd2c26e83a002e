package rewrite

import (
	"math/big"
	"sort"
	"strings"

	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/mechanism"
	"github.com/dpproxy/dpproxy/privacy"
	"github.com/dpproxy/dpproxy/refusal"
	"github.com/dpproxy/dpproxy/rewrite/expr"
)

// block of work between a draft and its Measurement.
type pending struct {
	d      *draft
	specs  []*released
	form   form
	bounds privacy.Contribution
	public [][]mechanism.Cell
	isOpen bool // all keys are public
	reads  []PublicRead
	// readKeys are the keys whose values are read, so that rows of other values stay in until the release.
	readKeys []string
	// unknown says that the public keys have not been read yet.
	unknown bool
	sel     mechanism.Selection
	where   []expr.Expr

	histograms []*histogram
	limits     privacy.Contribution // as the query was planned under, before what the schema proves
}

// finish turns the drafts into measurements that share the query's loss.
func (r *resolver) finish(dialect expr.Dialect) ([]Measurement, error) {
	if r.ds.CellKey != nil {
		return r.finishCells(dialect)
	}
	var work []*pending
	for _, d := range r.drafts {
		p, err := r.shape(d)
		if err != nil {
			return nil, err
		}
		work = append(work, p)
	}
	work = r.mergeDrafts(work)
	if err := r.allocate(work); err != nil {
		return nil, err
	}
	var out []Measurement
	for _, p := range work {
		m, err := r.measurement(p, dialect)
		if err != nil {
			return nil, err
		}
		out = append(out, m)
	}
	return out, nil
}

// shape decides what is measured and under which bounds.
func (r *resolver) shape(d *draft) (*pending, error) {
	if err := r.ownColumnsOnly(d); err != nil {
		return nil, err
	}
	d.filterOfAll()
	r.canonical(d)
	space := r.keySpaceOf(d)
	if len(d.calls) == 0 && (!space.public() || !r.afterNoise().IsZero()) {
		// SELECT DISTINCT keys, or GROUP BY without aggregates: the unit count is measured to choose the groups. Where all of them are
		// shown whatever the rows are, nothing is asked.
		d.calls = append(d.calls, unitCount())
	}
	if err := r.checkGroups(d, &space); err != nil {
		return nil, err
	}
	r.countCells(d)
	p := &pending{d: d, where: append([]expr.Expr{}, d.where...), limits: r.set.Bounds}
	if err := r.publicKeys(p, &space); err != nil {
		return nil, err
	}
	p.form, p.bounds = r.bound(p)
	m := p.bounds.Rows
	if p.form == formRows {
		m = 1
	}
	var err error
	if p.specs, err = r.specsOf(d, m, p.isOpen || hasUnits(d)); err != nil {
		return nil, err
	}
	for _, s := range p.specs {
		s.sensitivity(p.bounds)
	}
	if p.histograms, err = r.histogramsOf(p); err != nil {
		return nil, err
	}
	if d.unit.e != nil && d.unit.e.Domain().Nullable {
		p.where = append(p.where, notNull{d.unit.e})
	}
	sort.SliceStable(p.where, func(i, j int) bool { return text(p.where[i]) < text(p.where[j]) })
	return p, nil
}

func unitCount() *call {
	return &call{fn: "count", name: "count", units: true, typ: catalog.Of(catalog.Int8)}
}

func hasUnits(d *draft) bool {
	for _, k := range d.calls {
		if k.units && k.filter == nil {
			return true
		}
	}
	return false
}

// bound chooses the cheapest form that bounds a unit's contribution.
func (r *resolver) bound(p *pending) (form, privacy.Contribution) {
	set := r.set.Bounds
	if p.d.unit.unique {
		return formFlat, privacy.Contribution{Groups: 1, Rows: 1}
	}
	if set.UnitRows > 0 {
		return formRows, privacy.Contribution{Groups: set.UnitRows, Rows: 1, UnitRows: set.UnitRows}
	}
	c := privacy.Contribution{Groups: max(set.Groups, 1), Rows: max(set.Rows, 1)}
	owned := true
	for _, k := range p.d.keys {
		owned = owned && onlyOwners(k.e, p.d.unit.owners)
	}
	if owned {
		c.Groups = 1
		return formGroup, c
	}
	if p.isOpen && !p.unknown && int64(len(p.public)) <= c.Groups {
		c.Groups = max(int64(len(p.public)), 1) // L0 covers all that there can be
		return formGroup, c
	}
	return formWindow, c
}

// ownColumnsOnly refuses a measurement that depends on a row outside of it (a correlated sub-query).
func (r *resolver) ownColumnsOnly(d *draft) error {
	own := map[string]bool{}
	aliasesOf(d.from, own)
	for _, s := range scansOf(d.from) {
		for _, h := range s.via {
			own[h.alias] = true
		}
	}
	ok := true
	check := func(e expr.Expr) {
		if e == nil {
			return
		}
		expr.Walk(e, func(e expr.Expr) bool {
			if c, isColumn := e.(expr.Column); isColumn && !own[c.Alias] {
				ok = false
			}
			return ok
		})
	}
	for _, e := range d.where {
		check(e)
	}
	for _, k := range d.keys {
		check(k.e)
	}
	for _, k := range d.calls {
		check(k.arg)
		check(k.arg2)
		check(k.filter)
	}
	if d.unit.e != nil {
		check(d.unit.e)
	}
	if !ok {
		return r.correlated(locationOf(d.from))
	}
	return nil
}

// correlated refuses a measurement that would be another one for each row outside.
func (r *resolver) correlated(loc int32) error {
	return r.fail(refusal.NotSupported, loc, "a sub-query that aggregates private rows cannot depend on the row outside").
		WithHint("Join the tables and use GROUP BY, or set the privacy units of both rows equal in the sub-query's WHERE.")
}

// measurement prints a finished draft.
func (r *resolver) measurement(p *pending, dialect expr.Dialect) (Measurement, error) {
	r.rule(string(p.form))
	sql := &measurementSQL{p: &expr.Printer{Dialect: dialect}, d: p.d, specs: p.specs, where: p.where, bounds: p.bounds, form: p.form,
		units: p.sel.Kind == mechanism.Optimal || p.sel.Kind == mechanism.GaussianThreshold}
	m := Measurement{Name: p.d.name, Units: sql.units, Selection: p.sel, PublicKeys: p.public, KeyReads: p.reads, Bounds: p.bounds, Loss: p.sel.Share,
		After: r.afterNoise()}
	if len(p.specs) > 0 || sql.units {
		m.SQL, m.Salted = sql.print(), sql.salted()
	}
	for _, k := range p.d.keys {
		m.Keys = append(m.Keys, Column{Name: k.sentName(), Type: k.e.Type()})
	}
	m.Outputs = p.d.keyOutputs()
	for _, s := range p.specs {
		m.Width += s.spec.Width
		m.Specs = append(m.Specs, s.spec)
		var err error
		if m.Loss, err = m.Loss.Add(s.spec.Share); err != nil {
			return m, r.fail(refusal.InvalidParameterValue, -1, "the loss of this query is out of range")
		}
	}
	for _, h := range p.histograms {
		m.Histograms = append(m.Histograms, r.histogram(p, h, dialect))
		var err error
		if m.Loss, err = m.Loss.Add(h.spec.Share); err != nil {
			return m, r.fail(refusal.InvalidParameterValue, -1, "the loss of this query is out of range")
		}
	}
	for _, c := range p.d.cols {
		k := p.d.calls[c.call]
		out := Output{Column: Column{Name: c.name, Type: k.typ}, Key: -1, Bound: c.end, Confidence: r.set.Confidence}
		var err error
		if k.quantile != nil {
			out.Quantile = p.quantileOutput(k)
		} else if out.Estimator, err = p.estimator(k); err != nil {
			return m, err
		}
		out.Stand = p.stand(k, m.After)
		m.Outputs = append(m.Outputs, out)
	}
	m.Identity = p.identity(&m, dialect)
	return m, nil
}

// writeKeys adds the public combinations to an identity.
func writeKeys(b *strings.Builder, keys [][]mechanism.Cell) {
	for _, row := range keys {
		b.WriteString("\nkey")
		for _, c := range row {
			if c.Null {
				b.WriteString(" NULL")
			} else {
				b.WriteString(" " + quote(c.Text))
			}
		}
	}
}

func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

func itoa(n int64) string { return big.NewInt(n).String() }
