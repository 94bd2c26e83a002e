package dummy

import (
	"encoding/binary"
	"hash/fnv"
	"math/big"

	"github.com/dpproxy/dpproxy/catalog"
)

// Cell is a value in PostgreSQL's output text, or NULL.
type Cell struct {
	Text string
	Null bool
}

// Table is a declared table with generated rows. Columns are all that are declared, those hidden from analysts last.
type Table struct {
	Name    string
	Columns []*catalog.Column
	Rows    [][]Cell
}

// Options say how many rows, and which.
type Options struct {
	Seed  uint64
	Units int // privacy units; default 200, at most 100,000
}

// Sizes of tables.
const (
	defaultUnits = 200
	maxUnits     = 100_000
	perParent    = 3   // rows for each row of the table that is pointed to
	publicRows   = 50  // of tables that belong to no unit
	maxRows      = 1e6 // of one table
)

// Seed is a seed that follows from a data set's name, version and declared columns: another version, other rows.
func Seed(d *catalog.Dataset) uint64 {
	h := fnv.New64a()
	write := func(parts ...string) {
		for _, p := range parts {
			h.Write(binary.AppendUvarint(nil, uint64(len(p))))
			h.Write([]byte(p))
		}
	}
	write(d.Name, d.Version)
	for _, t := range d.Tables {
		write(t.Name)
		for _, c := range columns(t) {
			write(c.Name, c.Type.String())
		}
	}
	return h.Sum64()
}

func columns(t *catalog.Table) []*catalog.Column {
	return append(append([]*catalog.Column(nil), t.Columns...), t.Hidden...)
}

// generator makes the tables of one data set.
type generator struct {
	ds    *catalog.Dataset
	seed  uint64
	units int
	made  map[string]*Table
}

// Generate makes rows for all tables, in the order of declaration.
func Generate(d *catalog.Dataset, o Options) []Table {
	g := &generator{ds: d, seed: o.Seed, units: o.Units, made: map[string]*Table{}}
	if g.units <= 0 {
		g.units = defaultUnits
	}
	g.units = min(g.units, maxUnits)
	out := make([]Table, 0, len(d.Tables))
	for _, t := range d.Tables {
		out = append(out, *g.table(t))
	}
	return out
}

// table makes a table once, and those that it points to before it.
func (g *generator) table(t *catalog.Table) *Table {
	if made, ok := g.made[t.Name]; ok {
		return made
	}
	made := &Table{Name: t.Name, Columns: columns(t)}
	g.made[t.Name] = made // a cycle, which no declaration has, would end here
	parents := g.parents(t)
	n := g.size(t, parents)
	links := map[int][]Cell{}
	for j, c := range made.Columns {
		if list := g.shared(t, c); len(list) > 0 {
			links[j] = list
			if t.Public {
				n = min(n, len(list))
			}
		}
	}
	for i := range n {
		row := make([]Cell, len(made.Columns))
		for j, c := range made.Columns {
			if parents != nil && c.Name == t.Unit.Column {
				row[j] = g.parent(t, c, parents, i)
				continue
			}
			if list := links[j]; list != nil {
				row[j] = g.link(t, c, list, i)
				continue
			}
			row[j] = g.value(t, c, i, n)
		}
		made.Rows = append(made.Rows, row)
	}
	return made
}

// parents are the values that a table's unit column may have: those of the column that it points to. nil: none is.
func (g *generator) parents(t *catalog.Table) []Cell {
	if t.Unit == nil {
		return nil
	}
	ref := t.Unit.References
	if t.Unit.Via != nil {
		ref = t.Unit.Via
	}
	if ref == nil || ref.Table == t.Name {
		return nil
	}
	to, ok := g.ds.Table(ref.Table)
	if !ok {
		return nil
	}
	made := g.table(to)
	for j, c := range made.Columns {
		if c.Name != ref.Column {
			continue
		}
		return notNull(made.Rows, j)
	}
	return nil
}

// size is a table's number of rows: fewer where a unique column has fewer values.
func (g *generator) size(t *catalog.Table, parents []Cell) int {
	n := g.units
	switch {
	case parents != nil:
		n = min(len(parents)*perParent, maxRows)
	case t.Public:
		n = publicRows
	case !g.ds.RowUnit && !g.unitIsUnique(t):
		n *= perParent
	}
	for _, c := range columns(t) {
		if !c.Unique {
			continue
		}
		if parents != nil && c.Name == t.Unit.Column {
			n = min(n, len(parents))
		} else if most := distinct(c); most >= 0 {
			n = min(n, most)
		}
	}
	return n
}

// unitIsUnique says whether the table that holds the units has one row for each.
func (g *generator) unitIsUnique(t *catalog.Table) bool {
	c, ok := t.Column(g.ds.UnitColumn)
	return ok && t.Name == g.ds.UnitTable && c.Unique
}

// isUnit says whether a column holds the units of its own table.
func (g *generator) isUnit(t *catalog.Table, c *catalog.Column) bool {
	if t.Public || g.ds.RowUnit {
		return false
	}
	return t.Name == g.ds.UnitTable && c.Name == g.ds.UnitColumn || t.Unit != nil && t.Unit.Column == c.Name
}

// distinct is how many values a unique column can have; -1 is enough.
func distinct(c *catalog.Column) int {
	switch {
	case len(c.Domain.Values) > 0:
		return len(c.Domain.Values)
	case c.Type.Kind == catalog.Bool:
		return 2
	}
	lower, upper, ok := bounds(c)
	if !ok {
		return room(c.Type)
	}
	steps := new(big.Rat).Quo(new(big.Rat).Sub(upper, lower), step(c.Type, lower, upper))
	if n := floor(steps); n.IsInt64() && n.Int64() < maxRows {
		return int(n.Int64()) + 1
	}
	return -1
}

// room is how many of the ordinals 1, 2, … a type holds; -1 is enough.
func room(t catalog.Type) int {
	top, most := big.NewInt(maxRows), big.NewInt(maxRows)
	switch {
	case t.IsInteger(), t.Kind == catalog.Numeric && t.HasScale:
		if _, highest, ok := t.Range(); ok {
			top = floor(highest)
		}
	case t.IsText() && t.Length > 0 && t.Length < 6:
		top = new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(t.Length)), nil)
		top.Sub(top, big.NewInt(1))
	}
	if top.Cmp(most) >= 0 {
		return -1
	}
	return int(top.Int64())
}

// parent chooses the row that row i points to. Where each may be pointed to once, row i points to number i.
func (g *generator) parent(t *catalog.Table, c *catalog.Column, parents []Cell, i int) Cell {
	if len(parents) == 0 {
		return Cell{Null: true}
	}
	if c.Unique {
		return parents[i]
	}
	return parents[g.random(t, c, i, "parent")%uint64(len(parents))]
}

// random is the number that all of a value is made of. The finalizer is that of splitmix64 (Steele, Lea, Flood 2014).
func (g *generator) random(t *catalog.Table, c *catalog.Column, i int, use string) uint64 {
	h := fnv.New64a()
	var head [16]byte
	binary.BigEndian.PutUint64(head[:], g.seed)
	binary.BigEndian.PutUint64(head[8:], uint64(i))
	h.Write(head[:])
	h.Write([]byte(t.Name + "\x00" + c.Name + "\x00" + use))
	z := h.Sum64() + 0x9e3779b97f4a7c15
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}
