package rewrite

import (
	"fmt"
	"strings"

	"github.com/dpproxy/dpproxy/mechanism"
)

// String is the plan as EXPLAIN shows it, and as the golden files keep it: rules that fired, then each measurement with
// its bounds, shares, selection and SQL, then the outer query. It holds no data.
func (p *Plan) String() string {
	if p.tail != "" {
		return p.head + p.Post.SQL + p.tail
	}
	var b strings.Builder
	if p.Class != "" {
		fmt.Fprintf(&b, "Query class: %s\n", p.Class)
	}
	if len(p.Rules) > 0 {
		fmt.Fprintf(&b, "Rules: %s\n", strings.Join(p.Rules, ", "))
	}
	for i := range p.Blocks {
		p.Blocks[i].print(&b)
	}
	switch {
	case p.Post.Projection != nil:
		b.WriteString("Outer: the released columns as they are\n")
	case p.Post.Constants != nil:
		b.WriteString("Outer: constants\n")
	default:
		fmt.Fprintf(&b, "Outer:\n  %s\n", p.Post.SQL)
	}
	var columns []string
	for _, c := range p.Columns {
		columns = append(columns, c.Name+" "+c.Type.String())
	}
	fmt.Fprintf(&b, "Columns: %s\n", strings.Join(columns, ", "))
	return b.String()
}

func (m *Measurement) print(b *strings.Builder) {
	fmt.Fprintf(b, "Measurement %s\n", m.Name)
	if m.Cells != nil {
		m.printCells(b)
		return
	}
	if c := m.Bounds; c.UnitRows > 0 {
		fmt.Fprintf(b, "  Bounds: at most %d rows a unit\n", c.UnitRows)
	} else {
		fmt.Fprintf(b, "  Bounds: at most %d groups a unit, %d rows in each\n", c.Groups, c.Rows)
	}
	for _, s := range m.Specs {
		fmt.Fprintf(b, "  Release: %s\n    %s noise, L1 sensitivity %s, share %s\n", s.Name, s.Noise, s.L1, share(s))
	}
	for i := range m.Histograms {
		m.Histograms[i].print(b)
	}
	fmt.Fprintf(b, "  Groups: %s\n", m.groups())
	for _, o := range m.Outputs {
		if o.Key >= 0 {
			continue
		}
		end := ""
		if o.Bound != "" {
			end = fmt.Sprintf(", %s end at %g", o.Bound, o.Confidence)
		}
		fmt.Fprintf(b, "  Column %s: %s%s\n", o.Name, m.source(o), end)
	}
	if !m.After.IsZero() {
		fmt.Fprintf(b, "  After the noise: %s\n", m.After)
	}
	if m.SQL != "" {
		fmt.Fprintf(b, "  SQL:\n    %s\n", m.SQL)
	}
	for _, h := range m.Histograms {
		fmt.Fprintf(b, "  Histogram SQL:\n    %s\n", h.SQL)
	}
}

// source tells what an output is made of.
func (m *Measurement) source(o Output) string {
	if o.Quantile == nil {
		return fmt.Sprintf("%s of %s", o.Estimator.Kind, m.Specs[o.Estimator.Spec].Name)
	}
	h := m.Histograms[o.Quantile.Histogram]
	var ranks []string
	for _, i := range o.Quantile.Ranks {
		ranks = append(ranks, h.Spec.Ranks[i].String())
	}
	return fmt.Sprintf("rank %s of %s", strings.Join(ranks, ", "), h.Name)
}

func share(s mechanism.Spec) string {
	if s.Noise == mechanism.Gaussian {
		return "ρ = " + s.Share.Rho.String()
	}
	return "ε = " + s.Share.Epsilon.String()
}

func (m *Measurement) groups() string {
	s := m.Selection
	switch s.Kind {
	case mechanism.PublicKeys:
		if len(m.Keys) == 0 {
			return "one, always reported"
		}
		if len(m.KeyReads) > 0 && m.PublicKeys == nil {
			return "all public combinations are reported; they are to be read by" + m.keyReads()
		}
		return fmt.Sprintf("%d public combinations, all reported", len(m.PublicKeys)) + m.readBy()
	case mechanism.OwnThreshold:
		return fmt.Sprintf("reported where noisy %s ≥ %d; δ = %s", m.Specs[s.Spec].Name, s.Threshold, s.Share.Delta)
	case mechanism.GaussianThreshold:
		return fmt.Sprintf("reported where a noisy count of units ≥ %d; ρ = %s, δ = %s", s.Threshold, s.Share.Rho, s.Share.Delta)
	}
	return fmt.Sprintf("reported by optimal selection on the number of units; ε = %s, δ = %s", s.Share.Epsilon, s.Share.Delta)
}

// keyReads shows where public keys come from.
func (m *Measurement) keyReads() string {
	out := ""
	for _, read := range m.KeyReads {
		out += "\n    " + read.SQL
	}
	return out
}

func (m *Measurement) readBy() string {
	if len(m.KeyReads) == 0 {
		return ""
	}
	return "; they are read by" + m.keyReads()
}
