package rewrite

import (
	"fmt"
	"strings"

	"github.com/dpproxy/dpproxy/rewrite/expr"
)

// OneMeasurement: what a statement asks twice, as by a WITH query that is read in two places, is measured once, has one share, and both
// places read the same numbers. Two drafts are the same if their canonical texts are, with all that they show in the same places.

// shown is all that a draft asks and in which of its columns; "" if it has no canonical text.
func (d *draft) shown() string {
	c := d.canon
	if c == nil {
		return ""
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s\nunique %t nullable %t", c.draftText(d), d.unit.unique, d.nullable)
	for _, k := range append(append([]draftKey{}, d.keys...), d.asked...) {
		fmt.Fprintf(&b, "\n%s %s %s %s %q", k.column, k.sent, k.e.Type(), c.text(k.e), listed(k.e))
	}
	for _, col := range d.cols {
		k := d.calls[col.call]
		fmt.Fprintf(&b, "\n%s %q %s %t %t %t %s %s (%s %q) (%s %q) %s", col.name, col.end, k.fn, k.star, k.units, k.distinct, k.typ, k.quantile.text(),
			c.text(k.arg), listed(k.arg), c.text(k.arg2), listed(k.arg2), c.condition(k.filter))
	}
	if c.fault {
		return ""
	}
	return b.String()
}

// listed are the values that an expression is declared to have: of two columns that are equal, each may have a list of its own.
func listed(e expr.Expr) []string {
	if e == nil {
		return nil
	}
	return e.Domain().Values
}

// mergeDrafts leaves out measurements that an earlier one stands for.
func (r *resolver) mergeDrafts(work []*pending) []*pending {
	first := map[string]*draft{}
	var out []*pending
	r.drafts = nil
	for _, p := range work {
		text := p.d.shown()
		if have, ok := first[text]; ok && text != "" {
			p.d.name = have.name
			r.rule("OneMeasurement")
			continue
		}
		first[text] = p.d
		out, r.drafts = append(out, p), append(r.drafts, p.d)
	}
	return out
}
