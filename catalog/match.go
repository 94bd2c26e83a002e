package catalog

import "strings"

// findTable finds the source's table for a declaration, or records why there is none.
func (b *builder) findTable(decl *TableDeclaration) *SourceTable {
	name, schema := decl.Name, ""
	if decl.Source != "" {
		name = decl.Source
		if s, n, ok := strings.Cut(decl.Source, "."); ok {
			schema, name = s, n
		}
	}
	for _, same := range []func(a, b string) bool{func(a, b string) bool { return a == b }, strings.EqualFold} {
		var found []*SourceTable
		for i := range b.source {
			t := &b.source[i]
			if same(t.Name, name) && (schema == "" || same(t.Schema, schema)) {
				found = append(found, t)
			}
		}
		if len(found) > 1 {
			found = preferDefaultSchema(found)
		}
		switch len(found) {
		case 0:
			continue
		case 1:
			return found[0]
		}
		b.fault(decl.Position.Fault(decl.Path, "names more than one table of the source: %s and %s", qualified(found[0]), qualified(found[1])).
			WithHint("write source: schema.table"))
		return nil
	}
	names := make([]string, len(b.source))
	for i, t := range b.source {
		names[i] = t.Name
	}
	b.fault(decl.Position.Fault(decl.Path, "the source has no table %q", name).
		WithHint("%s", meant(name, names, "see `dpproxy init` for what it has")))
	return nil
}

func qualified(t *SourceTable) string { return t.Schema + "." + t.Name }

// preferDefaultSchema keeps the one table that is in the schema where unqualified names are looked up.
func preferDefaultSchema(found []*SourceTable) []*SourceTable {
	for _, t := range found {
		if t.Schema == "public" || t.Schema == "main" {
			return []*SourceTable{t}
		}
	}
	return found
}

// findColumn finds the source's column for a declaration, or records why there is none.
func (b *builder) findColumn(c ColumnDeclaration, decl *TableDeclaration, src *SourceTable) *SourceColumn {
	name := c.Name
	if c.Source != "" {
		name = c.Source
	}
	var folded []*SourceColumn
	names := make([]string, len(src.Columns))
	for i := range src.Columns {
		s := &src.Columns[i]
		if names[i] = s.Name; s.Name == name {
			return s
		}
		if strings.EqualFold(s.Name, name) {
			folded = append(folded, s)
		}
	}
	switch len(folded) {
	case 1:
		return folded[0]
	case 0:
		b.fault(c.Position.Fault(c.Path, "table %s of the source has no column %q", qualified(src), name).
			WithHint("%s", meant(name, names, "it has "+strings.Join(names, ", "))))
	default:
		b.fault(c.Position.Fault(c.Path, "%q could be column %q or %q of the source", name, folded[0].Name, folded[1].Name).
			WithHint("write the name in its own case"))
	}
	return nil
}
