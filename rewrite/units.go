package rewrite

import (
	"math"
	"math/big"

	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/refusal"
	"github.com/dpproxy/dpproxy/rewrite/expr"
)

// pathOf is a private table's way to the privacy unit.
func (r *resolver) pathOf(t *catalog.Table) *catalog.UnitPath {
	if t.Unit != nil {
		return t.Unit
	}
	if t.Name == r.ds.UnitTable {
		return &catalog.UnitPath{Column: r.ds.UnitColumn}
	}
	return nil
}

// onPath tells whether a column takes part in a unit path or is pointed to by one: such columns are never clamped, since
// that would make one unit of several.
func (r *resolver) onPath(t *catalog.Table, column string) bool {
	if p := r.pathOf(t); p != nil && p.Column == column {
		return true
	}
	for _, other := range r.ds.Tables {
		if other.Unit == nil {
			continue
		}
		for _, ref := range []*catalog.Reference{other.Unit.Via, other.Unit.References} {
			if ref != nil && ref.Table == t.Name && ref.Column == column {
				return true
			}
		}
	}
	return false
}

// columnOf is a table's column as expressions see it: with the owner's bounds, which its printing enforces.
func (r *resolver) columnOf(s *scan, c *catalog.Column) expr.Column {
	out := expr.Column{Alias: s.alias, Name: c.SourceName, Typ: c.Type, Enumerated: c.Enumerated, Collated: c.Collated}
	out.Dom = expr.Domain{Nullable: c.Nullable, MaxLen: c.Type.Length}
	if lo, hi, ok := integerRange(c.Type); ok {
		out.Dom.Lo, out.Dom.Hi, out.Dom.Step = lo, hi, big.NewRat(1, 1)
		r.undeclared[expr.ColumnKey{Alias: s.alias, Name: c.SourceName}] = expr.Domain{Lo: lo, Hi: hi}
	}
	if c.Type.Kind == catalog.Numeric && c.Type.HasScale {
		out.Dom.Step = new(big.Rat).SetFrac(big.NewInt(1), new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(max(c.Type.Scale, 0))), nil))
	}
	if c.Type.Kind == catalog.Bool {
		out.Dom.Values = []string{"f", "t"}
	}
	if s.table.Public && c.Domain.Values != nil {
		out.Dom.Values = c.Domain.Values // keys from a public table, of which each is shown; NULL is one if a join or the source allows it
	}
	if s.table.Public && !r.set.Design || r.onPath(s.table, c.Name) {
		return out
	}
	if c.Domain.Lower != nil {
		out.Dom.Lo, out.Dom.Hi, out.Clamp = c.Domain.Lower, c.Domain.Upper, true
	}
	if bound, ok := r.cellBound(c); ok {
		out.Dom.Lo, out.Dom.Hi, out.Clamp = new(big.Rat).Neg(bound), bound, true
	}
	if c.Domain.Values != nil {
		out.Dom.Values = c.Domain.Values
		if !c.Domain.NullValue {
			r.notNullByList[expr.ColumnKey{Alias: s.alias, Name: c.SourceName}] = true
		}
		if lo, hi, ok := hull(c.Type, c.Domain.Values); ok && c.Domain.Lower == nil {
			out.Dom.Lo, out.Dom.Hi, out.Clamp = lo, hi, c.Type.Kind != catalog.Bool
		}
	}
	return out
}

func integerRange(t catalog.Type) (lo, hi *big.Rat, ok bool) {
	if t.Array {
		return nil, nil, false
	}
	switch t.Kind {
	case catalog.Int2:
		return big.NewRat(math.MinInt16, 1), big.NewRat(math.MaxInt16, 1), true
	case catalog.Int4:
		return big.NewRat(math.MinInt32, 1), big.NewRat(math.MaxInt32, 1), true
	case catalog.Int8:
		return big.NewRat(math.MinInt64, 1), big.NewRat(math.MaxInt64, 1), true
	}
	return nil, nil, false
}

// hull is the smallest and largest of declared numbers.
func hull(t catalog.Type, values []string) (lo, hi *big.Rat, ok bool) {
	for _, v := range values {
		x, err := catalog.ToRat(t, v)
		if err != nil {
			return nil, nil, false
		}
		if lo == nil || x.Cmp(lo) < 0 {
			lo = x
		}
		if hi == nil || x.Cmp(hi) > 0 {
			hi = x
		}
	}
	return lo, hi, lo != nil
}

// unitOf finds the unit of a private table's rows, by hidden joins along the declared path where the table does not hold it.
func (r *resolver) unitOf(s *scan, loc int32) error {
	if r.ds.RowUnit {
		s.unit = unit{unique: true, owners: map[string]bool{s.alias: true}}
		return nil
	}
	t, alias := s.table, s.alias
	for hops := 0; ; hops++ {
		path := r.pathOf(t)
		if path == nil || hops > len(r.ds.Tables) {
			return r.fail(refusal.InsufficientPrivilege, loc, "table %q has no declared path to the privacy unit", s.table.Name)
		}
		c, ok := t.Column(path.Column)
		if !ok {
			return r.fail(refusal.InsufficientPrivilege, loc, "table %q has no declared path to the privacy unit", s.table.Name)
		}
		here := r.columnOf(&scan{table: t, alias: alias}, c)
		if path.Via == nil {
			s.unit = unit{e: here, unique: c.Unique && hops == 0, owners: map[string]bool{}}
			if s.unit.unique {
				s.unit.owners[s.alias] = true
			}
			return nil
		}
		next, ok := r.ds.Table(path.Via.Table)
		if !ok {
			return r.fail(refusal.InsufficientPrivilege, loc, "table %q has no declared path to the privacy unit", s.table.Name)
		}
		key, ok := next.Column(path.Via.Column)
		if !ok {
			return r.fail(refusal.InsufficientPrivilege, loc, "table %q has no declared path to the privacy unit", s.table.Name)
		}
		nextAlias := r.alias("t")
		on, err := builder(Protected).Op("=", here, r.columnOf(&scan{table: next, alias: nextAlias}, key), -1)
		if err != nil {
			return r.at(err, loc)
		}
		s.via = append(s.via, hop{table: next, alias: nextAlias, on: on})
		r.rule("FollowUnitPath")
		t, alias = next, nextAlias
	}
}
