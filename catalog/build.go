package catalog

import (
	"slices"
	"strings"
)

// Build matches a declaration with its source's schema and makes the dataset. Names match exactly first, and in any
// case of letters where that is unambiguous. It returns all faults that it finds; with one that is more than a warning
// there is no dataset.
//
// A private table has its declared columns, and those that `unit`, `privacy_unit` and other tables' `unit` name. A
// public table has the columns that it lists, or all that dpproxy can carry if it lists none. The table that defines
// the unit has a path of Column alone.
func Build(d Declaration, source []SourceTable) (*Dataset, []Fault) {
	b := builder{d: &d, source: source}
	var paths map[string]*UnitPath
	paths, b.faults = unitPaths(&d)
	ds := &Dataset{
		Name: d.Name, Version: d.Version, Engine: d.Engine, Title: d.Title, Description: d.Description,
		RowUnit: d.RowUnit, UnitTable: d.UnitTable, UnitColumn: d.UnitColumn,
		Accountant: d.Accountant, Query: d.Query, AllowedFunctions: d.AllowedFunctions,
		MaxFunctions: d.MaxFunctions, MaxCombinations: d.MaxCombinations, Policy: d.Policy,
	}
	ds.Views = viewsOf(&d)
	for i := range d.Tables {
		if t := b.table(&d.Tables[i], paths[d.Tables[i].Name]); t != nil {
			ds.Tables = append(ds.Tables, t)
		}
	}
	b.checkUnitTypes(ds)
	b.checkPolicy(ds)
	ds.CellKey = b.cellKey(ds)
	if Blocking(b.faults) {
		return nil, b.faults
	}
	return ds, b.faults
}

type builder struct {
	d      *Declaration
	source []SourceTable
	faults []Fault
}

func (b *builder) fault(f Fault) { b.faults = append(b.faults, f) }

// table builds one table; nil if the source has none of that name.
func (b *builder) table(decl *TableDeclaration, path *UnitPath) *Table {
	src := b.findTable(decl)
	if src == nil {
		return nil
	}
	t := &Table{
		Name: decl.Name, Public: decl.Public, Description: decl.Description,
		Schema: src.Schema, SourceName: src.Name, Unit: path,
	}
	taken := map[string]string{} // source column → declared column
	for _, c := range columnsOf(b.d, decl, src) {
		column := b.column(c, decl, src)
		if column == nil {
			continue
		}
		if other, dup := taken[column.SourceName]; dup {
			b.fault(c.Position.Fault(c.Path, "is the same column of the source as %q", other))
			continue
		}
		taken[column.SourceName] = column.Name
		t.Columns = append(t.Columns, column)
	}
	order := func(c *Column) int {
		return slices.IndexFunc(src.Columns, func(s SourceColumn) bool { return s.Name == c.SourceName })
	}
	slices.SortStableFunc(t.Columns, func(a, b *Column) int { return order(a) - order(b) })
	b.weigh(t, decl)
	t.hide(decl)
	return t
}

// columnsOf lists a table's columns: the declared ones, and those that paths to the unit name without declaring them.
func columnsOf(d *Declaration, t *TableDeclaration, src *SourceTable) []ColumnDeclaration {
	columns := slices.Clone(t.Columns)
	if t.Public && len(columns) == 0 {
		for _, c := range src.Columns {
			if c.Type.Kind != Unsupported {
				columns = append(columns, ColumnDeclaration{Position: t.Position, Path: t.Path + ".columns." + c.Name, Name: c.Name})
			}
		}
		return columns
	}
	add := func(p Position, path, name string) {
		if !slices.ContainsFunc(columns, func(c ColumnDeclaration) bool { return c.Name == name }) {
			columns = append(columns, ColumnDeclaration{Position: p, Path: path, Name: name})
		}
	}
	if t.Name == d.UnitTable {
		add(d.UnitPosition, d.Path+".privacy_unit", d.UnitColumn)
	}
	if t.Unit != nil {
		add(t.Unit.Position, t.Unit.Path, t.Unit.Column)
	}
	for _, other := range d.Tables {
		if other.Unit != nil && other.Unit.RefTable == t.Name {
			add(other.Unit.Position, other.Unit.Path, other.Unit.RefColumn)
		}
	}
	return columns
}

// column builds one column; nil if the source has none of that name or it cannot be carried.
func (b *builder) column(c ColumnDeclaration, decl *TableDeclaration, src *SourceTable) *Column {
	s := b.findColumn(c, decl, src)
	if s == nil {
		return nil
	}
	if s.Type.Kind == Unsupported || (s.Type.Array && !decl.Public) {
		b.fault(c.Position.Fault(c.Path, "has type %s in the source, which dpproxy cannot carry in a private table", typeName(s)).
			WithHint("remove it from `columns`"))
		return nil
	}
	if c.Type != nil {
		if written, err := ParseType(c.Type.Text); err != nil {
			b.fault(c.Type.Fault(c.Path+".type", "%v", err))
		} else if !agree(written, s.Type) {
			b.fault(c.Type.Fault(c.Path+".type", "is written as %s, but the source has %s", written, typeName(s)).
				WithHint("write %s, or leave the type out", s.Type))
			return nil
		}
	}
	shape := c.checkShape()
	domain, faults := Domain{}, shape
	if len(shape) == 0 {
		domain, faults = c.domain(s.Type)
	}
	b.faults = append(b.faults, faults...)
	b.enumeration(&c, s, &domain)
	column := &Column{
		Name: c.Name, SourceName: s.Name, Type: s.Type, Domain: domain, Description: c.Description,
		Nullable: !s.NotNull, Unique: uniqueIn(src, s.Name), Enumerated: s.EnumValues != nil, Collated: s.Collated,
	}
	if c.Nullable != nil && *c.Nullable {
		column.Nullable = true
	} else if c.Nullable != nil && !s.NotNull {
		b.fault(c.Position.Fault(c.Path+".nullable", "is false, but the source allows NULL there; NULL stays possible").
			WithHint("add NOT NULL to the source, or remove `nullable`").AsWarning())
	}
	b.columnPolicy(&c, decl, column)
	if c.Values == nil && s.EnumValues != nil {
		column.Domain.NullValue = column.Nullable
	}
	return column
}

// enumeration takes the labels of an enumerated type for the values, as they are schema and public. A declared list can
// only leave some out.
func (b *builder) enumeration(c *ColumnDeclaration, s *SourceColumn, domain *Domain) {
	if s.EnumValues == nil {
		return
	}
	if c.Values == nil {
		domain.Values = SortValues(s.Type, slices.Clone(s.EnumValues))
		return
	}
	for _, v := range c.Values {
		if !v.Null && !slices.Contains(s.EnumValues, v.Text) {
			b.fault(v.Fault(c.Path+".values", "%s is no label of %s", v.quoted(), typeName(s)).
				WithHint("%s", meant(v.Text, s.EnumValues, "labels are "+strings.Join(s.EnumValues, ", "))))
		}
	}
}

// typeName names a source column's type as its source spells it, if that says more.
func typeName(s *SourceColumn) string {
	if s.TypeName != "" {
		return s.TypeName
	}
	return s.Type.String()
}

// agree tells that a written type is the source's. A modifier that is not written is not compared; text and varchar
// without a length are one type to everybody.
func agree(written, source Type) bool {
	plainText := func(t Type) bool { return t.Kind == Text || t.Kind == Varchar && t.Length == 0 }
	switch {
	case written.Array != source.Array:
		return false
	case plainText(written) && plainText(source):
		return true
	case written.Kind != source.Kind:
		return false
	case written.HasScale:
		return source.HasScale && written.Precision == source.Precision && written.Scale == source.Scale
	}
	return written.Length == 0 || written.Length == source.Length
}

// uniqueIn tells that the source itself keeps the values of a column apart.
func uniqueIn(src *SourceTable, column string) bool {
	only := func(key []string) bool { return len(key) == 1 && key[0] == column }
	return only(src.PrimaryKey) || slices.ContainsFunc(src.Uniques, only)
}

// checkUnitTypes: columns that are compared along a path must be of one family, or the comparison fails in the source.
func (b *builder) checkUnitTypes(ds *Dataset) {
	for i := range b.d.Tables {
		u := b.d.Tables[i].Unit
		if u == nil || u.RefTable == "" {
			continue
		}
		from, ok1 := ds.column(b.d.Tables[i].Name, u.Column)
		to, ok2 := ds.column(u.RefTable, u.RefColumn)
		if ok1 && ok2 && family(from.Type) != family(to.Type) {
			b.fault(u.Position.Fault(u.Path, "compares %s (%s) with %s.%s (%s)", u.Column, from.Type, u.RefTable, u.RefColumn, to.Type))
		}
	}
	if c, ok := ds.column(ds.UnitTable, ds.UnitColumn); ok && (c.Type.Kind == JSON || c.Type.Kind == JSONB || c.Type.Kind == Interval) {
		b.fault(b.d.UnitPosition.Fault(b.d.Path+".privacy_unit", "has type %s, which cannot identify a unit", c.Type))
	}
}

func (d *Dataset) column(table, column string) (*Column, bool) {
	t, ok := d.Table(table)
	if !ok {
		return nil, false
	}
	return t.Column(column)
}

// family groups types that PostgreSQL compares with each other.
func family(t Type) string {
	switch {
	case t.IsNumeric():
		return "number"
	case t.IsText():
		return "text"
	}
	return strings.ToLower(t.String())
}
