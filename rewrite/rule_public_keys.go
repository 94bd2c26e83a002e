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

func (r *resolver) publicKeys(p *pending) error {
	combinations, private := r.combinations(p.d.keys)
	if combinations == nil {
		if private == nil && r.set.Delta == 0 {
			return r.tooManyKeys()
		}
		return r.privateKeys(p)
	}
	p.isOpen, p.public = true, combinations
	p.sel = mechanism.Selection{Kind: mechanism.PublicKeys}
	if len(p.d.keys) > 0 {
		r.rule("PublicKeys")
	}
	return r.dropOtherKeys(p)
}

// combinations are all rows of public keys. nil: private is the first key whose values are not public, or, where that is nil
// too, there are more than the data set allows.
func (r *resolver) combinations(keys []draftKey) (rows [][]mechanism.Cell, private *draftKey) {
	rows = [][]mechanism.Cell{{}}
	for i, k := range keys {
		values, ok := r.valuesOf(k.e)
		if !ok {
			return nil, &keys[i]
		}
		if len(rows)*len(values) > r.maxCombinations() {
			return nil, nil
		}
		next := make([][]mechanism.Cell, 0, len(rows)*len(values))
		for _, row := range rows {
			for _, v := range values {
				next = append(next, append(append([]mechanism.Cell{}, row...), v))
			}
		}
		rows = next
	}
	return rows, nil
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
func (r *resolver) privateKeys(p *pending) error {
	if r.set.Delta > 0 {
		r.rule("SelectGroups")
		return nil
	}
	name := p.d.keys[0].name
	for _, k := range p.d.keys {
		if _, ok := r.valuesOf(k.e); !ok {
			name = k.name
			break
		}
	}
	return r.fail(refusal.NotSupported, -1, "the values of %q are not public, and choosing which of them may be seen needs δ > 0", name).
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
func (r *resolver) dropOtherKeys(p *pending) error {
	b := builder(Protected)
	for i, k := range p.d.keys {
		if _, ranged := r.rangeOf(k.e); enforced(k.e) || ranged && k.e.Domain().Values == nil {
			continue
		}
		var list []expr.Expr
		null := false
		seen := map[string]bool{}
		for _, row := range p.public {
			c := row[i]
			if c.Null {
				null = true
			} else if !seen[c.Text] {
				seen[c.Text] = true
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
