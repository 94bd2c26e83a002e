package catalog

import (
	"slices"
	"strings"
)

// unitPaths resolves `privacy_unit` and every `unit:` of a declaration, from the declaration alone. Public tables, and
// all tables of a dataset whose unit is the row, have no path.
func unitPaths(d *Declaration) (map[string]*UnitPath, []Fault) {
	r := unitResolver{d: d, tables: map[string]*TableDeclaration{}, paths: map[string]*UnitPath{}}
	for i := range d.Tables {
		r.tables[d.Tables[i].Name] = &d.Tables[i]
	}
	if !r.checkUnit() {
		return r.paths, r.faults
	}
	for i := range d.Tables {
		r.resolve(&d.Tables[i])
	}
	for i := range d.Tables {
		r.checkCycle(&d.Tables[i])
	}
	return r.paths, r.faults
}

type unitResolver struct {
	d      *Declaration
	tables map[string]*TableDeclaration
	paths  map[string]*UnitPath
	faults []Fault
}

func (r *unitResolver) fault(p Position, path, format string, args ...any) *Fault {
	r.faults = append(r.faults, p.Fault(path, format, args...))
	return &r.faults[len(r.faults)-1]
}

// names lists the declared tables that satisfy keep, for suggestions.
func (r *unitResolver) names(keep func(*TableDeclaration) bool) []string {
	var names []string
	for i := range r.d.Tables {
		if keep(&r.d.Tables[i]) {
			names = append(names, r.d.Tables[i].Name)
		}
	}
	return names
}

func isPrivate(t *TableDeclaration) bool { return !t.Public }

// checkUnit checks `privacy_unit`; false means that paths cannot be resolved at all.
func (r *unitResolver) checkUnit() bool {
	d, path := r.d, r.d.Path+".privacy_unit"
	if d.RowUnit {
		for i := range d.Tables {
			if u := d.Tables[i].Unit; u != nil {
				r.fault(u.Position, u.Path, "a dataset whose unit is the row has no paths between tables").Hint =
					"remove `unit`, or name the unit's column in `privacy_unit`"
			}
		}
		return false
	}
	if d.UnitTable == "" {
		if private := r.names(isPrivate); len(private) > 0 && d.UnitPosition.Line == 0 {
			r.fault(d.Position, path, "is missing, and table %q is private", private[0]).Hint =
				"write privacy_unit: table.column, privacy_unit: row, or `public: true` for the table"
		}
		return false
	}
	t, ok := r.tables[d.UnitTable]
	if !ok {
		f := r.fault(d.UnitPosition, path, "table %q is not declared", d.UnitTable)
		f.Hint = meant(d.UnitTable, r.names(isPrivate), "declare it under `tables`")
		return false
	}
	if t.Public {
		r.fault(d.UnitPosition, path, "table %q is public, so it cannot hold the privacy unit", t.Name)
		return false
	}
	return true
}

// meant is a hint: the nearest name, or else what to do.
func meant(word string, candidates []string, otherwise string) string {
	if near := Nearest(word, candidates); near != "" {
		return "did you mean " + near + "?"
	}
	return otherwise
}

// resolve finds one table's path.
func (r *unitResolver) resolve(t *TableDeclaration) {
	d := r.d
	switch {
	case t.Public && t.Unit != nil:
		r.fault(t.Unit.Position, t.Unit.Path, "a public table belongs to no unit").Hint = "remove `unit` or `public`"
		return
	case t.Public:
		return
	case t.Name == d.UnitTable && t.Unit != nil:
		r.fault(t.Unit.Position, t.Unit.Path, "this table defines the unit with its column %q", d.UnitColumn).Hint = "remove `unit`"
		return
	case t.Name == d.UnitTable:
		r.paths[t.Name] = &UnitPath{Column: d.UnitColumn}
		return
	case t.Unit == nil:
		f := r.fault(t.Position, t.Path, "the table is private and has no path to the privacy unit %s.%s", d.UnitTable, d.UnitColumn)
		f.Hint = "write unit: column -> " + d.UnitTable + "." + d.UnitColumn + ", or public: true"
		return
	case t.Unit.RefTable == "":
		r.paths[t.Name] = &UnitPath{Column: t.Unit.Column}
		return
	}
	r.resolveReference(t)
}

func (r *unitResolver) resolveReference(t *TableDeclaration) {
	u := t.Unit
	ref, ok := r.tables[u.RefTable]
	switch {
	case !ok:
		r.fault(u.Position, u.Path, "table %q is not declared", u.RefTable).Hint =
			meant(u.RefTable, r.names(isPrivate), "declare it under `tables`")
		return
	case ref.Public:
		r.fault(u.Position, u.Path, "table %q is public, so it belongs to no unit", u.RefTable)
		return
	}
	target := &Reference{Table: u.RefTable, Column: u.RefColumn}
	path := &UnitPath{Column: u.Column, References: target}
	if !r.holdsUnit(ref, u.RefColumn) {
		path.Via = target
	}
	r.paths[t.Name] = path
}

// holdsUnit tells that a column's value is the unit: it is the privacy unit's column, or points to one that is.
func (r *unitResolver) holdsUnit(t *TableDeclaration, column string) bool {
	for steps := 0; steps <= len(r.d.Tables); steps++ {
		if t.Name == r.d.UnitTable {
			return column == r.d.UnitColumn
		}
		if t.Unit == nil || t.Unit.Column != column {
			return false
		}
		if t.Unit.RefTable == "" {
			return true
		}
		next, ok := r.tables[t.Unit.RefTable]
		if !ok {
			return false
		}
		t, column = next, t.Unit.RefColumn
	}
	return false // a cycle, which checkCycle reports
}

// checkCycle follows a table's references until they end. Each cycle is reported once, at its first table.
func (r *unitResolver) checkCycle(start *TableDeclaration) {
	seen := []string{start.Name}
	for t := start; t.Unit != nil && t.Unit.RefTable != "" && t.Name != r.d.UnitTable; {
		next, ok := r.tables[t.Unit.RefTable]
		if !ok || next.Public {
			return
		}
		if next == start {
			if start.Name == slices.Min(seen) {
				r.fault(start.Unit.Position, start.Unit.Path, "the path to the unit goes in a circle: %s", strings.Join(append(seen, start.Name), " -> "))
			}
			return
		}
		if slices.Contains(seen, next.Name) {
			return // a circle further on, reported at its own tables
		}
		seen = append(seen, next.Name)
		t = next
	}
}
