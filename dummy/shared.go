package dummy

import "github.com/dpproxy/dpproxy/catalog"

// shared are the values of a column that links a public table with others: no declaration names such links, but a public table's
// column of the same name and type as another table's is one to who joins them. The public table has each value that the
// other one declares once; a column that declares nothing takes values that the public table has. nil: the column stands alone.
func (g *generator) shared(t *catalog.Table, c *catalog.Column) []Cell {
	if c.Type.Array || c.Domain.Lower != nil || len(c.Domain.Values) > 0 || g.isUnit(t, c) {
		return nil
	}
	for _, other := range g.ds.Tables {
		twin, ok := other.Column(c.Name)
		if other == t || !ok || twin.Type.Kind != c.Type.Kind || twin.Type.Array || other.Public == t.Public {
			continue
		}
		if t.Public {
			if len(twin.Domain.Values) > 0 {
				return texts(twin.Domain.Values)
			}
			continue
		}
		made := g.table(other)
		for j, column := range made.Columns {
			if column == twin {
				return notNull(made.Rows, j)
			}
		}
	}
	return nil
}

func texts(values []string) []Cell {
	out := make([]Cell, len(values))
	for i, v := range values {
		out[i] = Cell{Text: v}
	}
	return out
}

// notNull are a column's values that are not NULL.
func notNull(rows [][]Cell, j int) []Cell {
	var out []Cell
	for _, row := range rows {
		if !row[j].Null {
			out = append(out, row[j])
		}
	}
	return out
}

// link is the value of a shared column in row i: each in turn in a public table, any in another.
func (g *generator) link(t *catalog.Table, c *catalog.Column, list []Cell, i int) Cell {
	if t.Public {
		return list[i%len(list)]
	}
	return list[g.random(t, c, i, "link")%uint64(len(list))]
}
