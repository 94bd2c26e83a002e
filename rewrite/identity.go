package rewrite

import (
	"fmt"
	"sort"
	"strconv"
	"strings"

	"github.com/dpproxy/dpproxy/rewrite/expr"
)

// OneIdentity: a release is named by what is measured, not by how it was asked for. The name has the canonical text of the rows (see
// canon), of the unit, the keys and what is measured of them, with grids, bounds, noise, shares, selection and public keys:
// all that changes the distribution of its numbers, and their order.

// canonical finds the canonical texts of a draft, and puts its keys into the order of theirs.
func (r *resolver) canonical(d *draft) {
	where := append([]expr.Expr{}, d.where...)
	if d.unit.e != nil && d.unit.e.Domain().Nullable {
		where = append(where, notNull{d.unit.e})
	}
	c := r.canonOf(d.from, where, nil)
	if c == nil {
		return
	}
	c.least(func() string { return c.draftText(d) })
	if c.fault {
		return
	}
	d.canon = c
	d.asked = append([]draftKey{}, d.keys...)
	sort.SliceStable(d.keys, func(i, j int) bool { return c.text(d.keys[i].e) < c.text(d.keys[j].e) })
	for i := range d.keys {
		d.keys[i].sent = "k" + strconv.Itoa(i+1)
	}
}

// draftText is all that a draft asks, in canonical form.
func (c *canon) draftText(d *draft) string {
	var keys, calls []string
	for _, k := range d.keys {
		keys = append(keys, c.text(k.e))
	}
	for _, k := range d.calls {
		args := []string{c.text(k.arg), c.text(k.arg2)}
		sort.Strings(args)
		calls = append(calls, fmt.Sprintf("%s %t %t %s (%s) %s", k.fn, k.units, k.distinct, k.quantile.text(), strings.Join(args, ", "), c.condition(k.filter)))
	}
	return c.rows() + " UNIT " + c.unitText(d.unit) + " KEYS " + strings.Join(expr.Once(keys), ", ") + " OF " + strings.Join(expr.Once(calls), ", ")
}

// order is what expressions over a draft's rows are sorted by: their canonical texts, and what they are in SQL where those are equal.
func (d *draft) order(e expr.Expr) string {
	switch {
	case e == nil:
		return ""
	case d.canon == nil:
		return text(e)
	}
	return d.canon.text(e) + "\x00" + text(e)
}

func (s *released) order(d *draft) string {
	out := string(s.kind) + "\x00" + strconv.FormatBool(s.distinct) + d.order(s.arg) + "\x00" + d.order(s.filter)
	if s.plane != nil {
		out += "\x00" + d.order(s.plane.arg)
	}
	return out
}

func (h *histogram) order(d *draft) string { return d.order(h.arg) + "\x00" + d.order(h.filter) }

// keyOutputs are the released relation's columns of keys, in the order in which they were asked for.
func (d *draft) keyOutputs() []Output {
	asked := d.keys
	if d.asked != nil {
		asked = d.asked
	}
	var out []Output
	for _, k := range asked {
		for i, have := range d.keys {
			if have.column == k.column {
				out = append(out, Output{Column: Column{Name: k.column, Type: k.e.Type()}, Key: i})
			}
		}
	}
	return out
}

// identity is the normalised text that names a release: everything that changes the distribution of its numbers.
func (p *pending) identity(m *Measurement, dialect expr.Dialect) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s\n", dialect, p.form)
	named := p.d.canon != nil
	what, where := text, text
	if named {
		what, where = p.d.canon.text, p.d.canon.condition
		fmt.Fprintf(&b, "rows %s\nunit %s unique %t", p.d.canon.rows(), p.d.canon.unitText(p.d.unit), p.d.unit.unique)
		for _, k := range p.d.keys {
			b.WriteString("\nkey " + k.sent + " " + what(k.e))
		}
		named = !p.d.canon.fault
	}
	if !named { // the SQL says all of it
		b.WriteString("SQL " + m.SQL)
	}
	fallback := false
	for _, s := range p.specs {
		b.WriteString("\n" + s.identity(what, where))
		fallback = fallback || s.fallback
	}
	for i, h := range p.histograms {
		b.WriteString("\n" + h.identity(what, where))
		if !named {
			b.WriteString(" SQL " + m.Histograms[i].SQL)
		}
		fallback = fallback || h.fallback
	}
	if fallback {
		fmt.Fprintf(&b, "\nlimits %+v", p.limits)
	}
	s := m.Selection
	b.WriteString("\nselection " + string(s.Kind) + " " + itoa(int64(s.Spec)) + " τ=" + itoa(s.Threshold) + " floor=" + itoa(s.MinUnits) + " L0=" + itoa(s.Groups) +
		" ε=" + s.Share.Epsilon.String() + " δ=" + s.Share.Delta.String() + " ρ=" + s.Share.Rho.String())
	fmt.Fprintf(&b, "\nbounds %+v", m.Bounds)
	writeKeys(&b, m.PublicKeys)
	if len(p.readKeys) > 0 {
		b.WriteString("\nread " + strings.Join(p.readKeys, " "))
	}
	return b.String()
}

// identity is what a spec measures, and under which noise.
func (s *released) identity(what, where func(expr.Expr) string) string {
	out := string(s.kind)
	if s.distinct {
		out += " DISTINCT"
	}
	if s.arg != nil {
		out += " (" + what(s.arg) + ") on " + s.grid.String()
	}
	if s.listed != nil {
		out += " listed (" + where(s.listed) + ")"
	}
	if s.plane != nil {
		out += fmt.Sprintf(" (%s) on %s of degree %d, %d", what(s.plane.arg), s.plane.grid, s.plane.degree[0], s.plane.degree[1])
	}
	if s.filter != nil {
		out += " FILTER (" + where(s.filter) + ")"
	}
	n := s.spec
	return out + fmt.Sprintf(" width=%d %s L1=%s L2²=%s ε=%s ρ=%s", n.Width, n.Noise, n.L1, n.L2Squared, n.Share.Epsilon, n.Share.Rho)
}

// identity is what a histogram counts, and how points are drawn from it.
func (h *histogram) identity(what, where func(expr.Expr) string) string {
	out := "histogram (" + what(h.arg) + ")"
	if h.filter != nil {
		out += " FILTER (" + where(h.filter) + ")"
	}
	s, g := h.spec, h.grid
	out += fmt.Sprintf(" on %s·x + %s over %s to %d, unit=%d rows=%d groups=%d ε=%s ρ=%s %s", g.times, g.plus, g.by, g.largest, s.Unit, s.Rows, s.Groups,
		s.Share.Epsilon, s.Share.Rho, s.Accountant)
	if g.points.Values == nil {
		out += fmt.Sprintf(" from %s by %s in [%s, %s]", g.points.First, g.points.Step.RatString(), g.points.Lower.RatString(), g.points.Upper.RatString())
	}
	for _, v := range g.points.Values {
		out += " " + quote(v)
	}
	for _, r := range s.Ranks {
		out += " " + r.String()
	}
	return out
}
