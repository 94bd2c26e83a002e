package catalog

// KeyClaim is a column that the owner says to hold each value at most once: `key: true`, or another table's `unit:`
// points to it.
type KeyClaim struct {
	Position
	Path          string
	Table, Column string // as declared
	Why           string // for messages: "key: true", "visits.person_id points to it"
	// Schema, SourceTable and SourceColumn name the column in the source.
	Schema, SourceTable, SourceColumn string
	// Enforced says that a constraint of the source holds it, so that there is nothing to ask. Immutable says that
	// what is found once stays true.
	Enforced, Immutable bool
}

// KeyClaims lists the claims of a declaration about the source's columns, each column once. Columns that the source
// does not have are left out: Build reports them.
func KeyClaims(d Declaration, source []SourceTable) []KeyClaim {
	b := builder{d: &d, source: source}
	var claims []KeyClaim
	seen := map[Reference]bool{}
	add := func(p Position, path, table, column, why string) {
		ref := Reference{table, column}
		decl := d.table(table)
		if decl == nil || seen[ref] {
			return
		}
		src := b.findTable(decl)
		if src == nil {
			return
		}
		s := b.findColumn(declaredColumn(decl, column), decl, src)
		if s == nil {
			return
		}
		seen[ref] = true
		claims = append(claims, KeyClaim{
			Position: p, Path: path, Table: table, Column: column, Why: why,
			Schema: src.Schema, SourceTable: src.Name, SourceColumn: s.Name,
			Enforced: uniqueIn(src, s.Name), Immutable: src.Immutable,
		})
	}
	for _, t := range d.Tables {
		for _, c := range t.Columns {
			if c.Key {
				add(c.Position, c.Path, t.Name, c.Name, "key: true")
			}
		}
	}
	for _, t := range d.Tables {
		if u := t.Unit; u != nil && u.RefTable != "" {
			add(u.Position, u.Path, u.RefTable, u.RefColumn, t.Name+"."+u.Column+" points to it")
		}
	}
	if d.CellKey != nil {
		add(d.UnitPosition, d.Path+".privacy_unit", d.UnitTable, d.UnitColumn, "pipeline tbe has one record key for each unit")
	}
	return claims
}

// Confirm notes in the source's schema that a claim was checked on rows that cannot change; Build then takes the
// column for unique. On other sources it changes nothing, as the next insert may break what was true.
func (c KeyClaim) Confirm(source []SourceTable) {
	for i := range source {
		if t := &source[i]; t.Immutable && t.Schema == c.Schema && t.Name == c.SourceTable {
			t.Uniques = append(t.Uniques, []string{c.SourceColumn})
		}
	}
}

func (d *Declaration) table(name string) *TableDeclaration {
	for i := range d.Tables {
		if d.Tables[i].Name == name {
			return &d.Tables[i]
		}
	}
	return nil
}

func declaredColumn(t *TableDeclaration, name string) ColumnDeclaration {
	for _, c := range t.Columns {
		if c.Name == name {
			return c
		}
	}
	return ColumnDeclaration{Position: t.Position, Path: t.Path, Name: name}
}
