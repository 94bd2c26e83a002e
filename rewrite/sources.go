package rewrite

import "github.com/dpproxy/dpproxy/rewrite/expr"

// Source says which column of which measurement a column of the answer is, as it is. Block is -1 where the outer query
// computes the column.
type Source struct{ Block, Output int }

// label names the published numbers of the measurements for people, and finds those that are columns of the answer.
func (r *resolver) label(plan *Plan, q *query) {
	for i, d := range r.drafts {
		for j := range plan.Blocks[i].Outputs {
			o := &plan.Blocks[i].Outputs[j]
			for _, c := range d.cols {
				if o.Key < 0 && c.name == o.Name {
					o.Label = d.calls[c.call].label(d.from)
				}
			}
		}
	}
	plan.Sources = make([]Source, len(q.items))
	for i, it := range q.items {
		plan.Sources[i] = Source{Block: -1}
		c, ok := it.e.(expr.Column)
		if !ok || q.op != "" || q.grouped {
			continue
		}
		for b, d := range r.drafts {
			for j, o := range plan.Blocks[b].Outputs {
				if plan.Sources[i].Block < 0 && c.Alias == d.alias && c.Name == o.Name {
					plan.Sources[i] = Source{Block: b, Output: j}
				}
			}
		}
	}
}

// label is the call for people: "count(*)", "avg(income)", "sum(…)" where the argument is longer than a name.
// f is where its columns come from: they are called as they are declared.
func (k *call) label(f from) string {
	c, named := k.arg.(expr.Column)
	x, both := k.arg2.(expr.Column)
	c.Name, x.Name = calledIn(f, c), calledIn(f, x)
	switch {
	case k.units:
		return k.name + "(DISTINCT unit)"
	case k.star:
		return k.name + "(*)"
	case k.arg2 != nil && named && both:
		return k.name + "(" + c.Name + ", " + x.Name + ")"
	case k.arg2 != nil:
	case named && k.distinct:
		return k.name + "(DISTINCT " + c.Name + ")"
	case named:
		return k.name + "(" + c.Name + ")"
	}
	return k.name + "(…)"
}

// calledIn is the declared name of a table's column, and of others their own.
func calledIn(f from, c expr.Column) string {
	if !isScanAlias(c.Alias) {
		return c.Name
	}
	if o := originOf(c, f); o.Column != "" {
		return o.Column
	}
	return "…"
}
