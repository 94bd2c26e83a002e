package rewrite

import (
	"sort"

	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/mechanism"
	"github.com/dpproxy/dpproxy/refusal"
	"github.com/dpproxy/dpproxy/rewrite/expr"
)

// PublicKeys lists the groups of a measurement where each key's values are known without looking at data: declared values,
// booleans, CASE and width_bucket with constants, parts of bounded dates. Every combination is reported, also the empty
// ones, so that seeing a group tells nothing. Rows outside the list are dropped before bounding, so that they do not use up
// a unit's groups.

// defaultCombinations bounds the product of the keys' values where the data set says nothing.
const defaultCombinations = 10_000

func (r *resolver) publicKeys(p *pending, k *keySpace) error {
	r.fellBack = r.fellBack || k.many && len(k.reads) > 0
	if !k.public() {
		if k.many && r.set.Delta == 0 {
			return r.tooManyKeys()
		}
		return r.privateKeys(k)
	}
	p.isOpen, p.public, p.unknown, p.reads = true, k.rows, k.unknown, k.reads
	p.sel = mechanism.Selection{Kind: mechanism.PublicKeys}
	if len(p.d.keys) > 0 {
		r.rule("PublicKeys")
	}
	r.readKeys(k)
	return r.dropOtherKeys(p, k)
}

// readKeys notes what must be read before the plan is complete.
func (r *resolver) readKeys(k *keySpace) {
	if len(k.reads) > 0 {
		r.rule("ReadPublicKeys")
	}
	if k.unknown {
		r.needs = append(r.needs, k.reads...)
	}
}

func (r *resolver) tooManyKeys() error {
	return r.fail(refusal.ProgramLimitExceeded, -1, "the keys have more than %d combinations", r.maxCombinations())
}

func (r *resolver) maxCombinations() int {
	if r.ds.MaxCombinations > 0 {
		return r.ds.MaxCombinations
	}
	return defaultCombinations
}

// privateKeys checks that groups can be selected at all.
func (r *resolver) privateKeys(k *keySpace) error {
	if r.set.Delta > 0 {
		r.rule("SelectGroups")
		return nil
	}
	return r.fail(refusal.NotSupported, -1, "the values of %q are not public, and choosing which of them may be seen needs δ > 0", k.private.name).
		WithHint("Set dp.delta, or ask the owner to declare the column's values, or group by CASE or width_bucket with constants.")
}

// valuesOf lists a key's public values in order, NULL last.
func (r *resolver) valuesOf(key expr.Expr) ([]mechanism.Cell, bool) {
	d := r.declared(key).Domain()
	if d.Values == nil || key.Type().IsFloat() {
		if d.Values, _ = r.rangeOf(key); d.Values == nil {
			return nil, false
		}
	}
	out := make([]mechanism.Cell, 0, len(d.Values)+1)
	values := append([]string{}, d.Values...)
	sort.SliceStable(values, func(i, j int) bool { return catalog.Compare(key.Type(), values[i], values[j]) < 0 })
	for _, v := range values {
		out = append(out, mechanism.Cell{Text: v})
	}
	if d.Nullable {
		out = append(out, mechanism.Cell{Null: true})
	}
	return out, true
}

// declared lays the owner's word about NULL over the source's: a column with declared values is NULL only if the list says so.
func (r *resolver) declared(key expr.Expr) expr.Expr {
	return expr.Rewrite(key, func(e expr.Expr) (expr.Expr, bool) {
		c, ok := e.(expr.Column)
		if !ok || !r.notNullByList[expr.ColumnKey{Alias: c.Alias, Name: c.Name}] {
			return nil, false
		}
		c.Dom.Nullable = false
		return c, true
	})
}

// dropOtherKeys filters rows whose key is not in the list, where the expression alone does not guarantee it.
func (r *resolver) dropOtherKeys(p *pending, space *keySpace) error {
	b := builder(Protected)
	for i, k := range p.d.keys {
		if space.listed[i] == nil {
			p.readKeys = append(p.readKeys, k.sentName())
			continue // read from the source itself
		}
		if _, ranged := r.rangeOf(k.e); enforced(k.e) || ranged && k.e.Domain().Values == nil {
			continue
		}
		var list []expr.Expr
		null := false
		for _, c := range space.listed[i] {
			if c.Null {
				null = true
			} else {
				list = append(list, expr.Const{Typ: k.e.Type(), Text: c.Text, Pos: -1})
			}
		}
		var terms []expr.Expr
		if len(list) > 0 {
			in, err := b.In(k.e, list, false, -1)
			if err != nil {
				return r.at(err, -1)
			}
			terms = append(terms, in)
		}
		if null {
			n, err := b.IsNull(k.e, false, -1)
			if err != nil {
				return r.at(err, -1)
			}
			terms = append(terms, n)
		}
		if len(terms) == 0 {
			terms = append(terms, expr.Const{Typ: catalog.Of(catalog.Bool), Text: "f", Pos: -1})
		}
		cond, err := b.Or(terms, -1)
		if err != nil {
			return r.at(err, -1)
		}
		p.where = append(p.where, cond)
	}
	return nil
}

// enforced tells that a key's list of values holds for every row whatever is stored: it rests on no declared list.
func enforced(key expr.Expr) bool {
	ok := true
	expr.Walk(key, func(e expr.Expr) bool {
		if c, isColumn := e.(expr.Column); isColumn && c.Dom.Values != nil && c.Typ.Kind != catalog.Bool {
			ok = false
		}
		return ok
	})
	if c, isColumn := key.(expr.Column); isColumn && c.Dom.Nullable {
		return ok && c.Typ.Kind == catalog.Bool
	}
	return ok
}
