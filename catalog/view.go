package catalog

// ViewDeclaration is an entry of `tables:` with `view:`: a SELECT over declared tables, which analysts see as a table.
type ViewDeclaration struct {
	Position
	Path, Name, SQL, Description string
}

// View is a declared view. It is no relation of the source: a query that names it reads its SELECT in its place, and so
// belongs to the units that its tables belong to.
type View struct {
	Position
	Path, SQL string
	// Table is how it is listed: its name, description and columns, once whoever knows SQL has found them. Public says that no
	// private table is read; until that is known it is false.
	Table *Table
}

// DeclaredView finds a declared view by its exact name.
func (d *Dataset) DeclaredView(name string) (*View, bool) {
	for _, v := range d.Views {
		if v.Table.Name == name {
			return v, true
		}
	}
	return nil, false
}

// Listed are the tables and views that analysts see, in the order of declaration, views last.
func (d *Dataset) Listed() []*Table {
	out := append([]*Table{}, d.Tables...)
	for _, v := range d.Views {
		out = append(out, v.Table)
	}
	return out
}

func viewsOf(d *Declaration) []*View {
	var out []*View
	for _, v := range d.Views {
		out = append(out, &View{Position: v.Position, Path: v.Path, SQL: v.SQL, Table: &Table{Name: v.Name, Description: v.Description}})
	}
	return out
}
