package catalog

import (
	"slices"
	"strings"
)

// columnPolicy reads breaks and sentinels in the column's type.
func (b *builder) columnPolicy(c *ColumnDeclaration, decl *TableDeclaration, column *Column) {
	column.Uses = c.Uses
	if decl.Public && (c.Uses != Uses{} || c.Breaks != nil || c.Sentinels != nil) {
		b.fault(c.Position.Fault(c.Path, "is in a public table, whose rows can be read as they are").
			WithHint("remove use, breaks and sentinels, or hide the column"))
		return
	}
	if c.Breaks != nil && !column.Type.HasBounds() {
		b.fault(c.Position.Fault(c.Path+".breaks", "type %s has no ranges", column.Type).WithHint("remove breaks"))
		return
	}
	for _, s := range c.Breaks {
		r, err := ToRat(column.Type, s.Text)
		if err != nil || r == nil {
			b.fault(s.Fault(c.Path+".breaks", "%q is no value of type %s", s.Text, column.Type))
			continue
		}
		if n := len(column.Breaks); n > 0 && column.Breaks[n-1].Cmp(r) >= 0 {
			b.fault(s.Fault(c.Path+".breaks", "%q is not above the one before it", s.Text).WithHint("write breaks in ascending order"))
			continue
		}
		column.Breaks = append(column.Breaks, r)
	}
	for _, s := range c.Sentinels {
		text, err := ParseValue(column.Type, s.Text)
		if s.Null || err != nil {
			b.fault(s.Fault(c.Path+".sentinels", "%s is no value of type %s", s.quoted(), column.Type).
				WithHint("NULL is left out of arithmetic by itself"))
			continue
		}
		if !slices.Contains(column.Sentinels, text) {
			column.Sentinels = append(column.Sentinels, text)
		}
	}
}

// weigh checks a table's weight: a number with declared bounds, which are what one row can count at most.
func (b *builder) weigh(t *Table, decl *TableDeclaration) {
	if decl.Weight == nil {
		return
	}
	path := decl.Path + ".weight"
	c, ok := t.Column(decl.Weight.Text)
	switch {
	case decl.Public:
		b.fault(decl.Weight.Fault(path, "a public table is not counted, so it has no weight").WithHint("remove weight"))
	case !ok:
		b.fault(decl.Weight.Fault(path, "column %q is not declared", decl.Weight.Text).
			WithHint("declare it with lower and upper; hidden: true keeps it out of analysts' sight"))
	case !c.Type.IsNumeric() || c.Domain.Lower == nil:
		b.fault(decl.Weight.Fault(path, "column %q needs to be a number with lower and upper", c.Name).
			WithHint("the noise of weighted counts is made for the largest weight"))
	case c.Domain.Lower.Sign() < 0:
		b.fault(decl.Weight.Fault(path, "column %q may be negative, and a weight may not", c.Name).WithHint("write lower: 0"))
	default:
		t.Weight = c.Name
	}
}

// hide takes hidden columns out of sight.
func (t *Table) hide(decl *TableDeclaration) {
	isHidden := func(c *Column) bool {
		return slices.ContainsFunc(decl.Columns, func(d ColumnDeclaration) bool { return d.Name == c.Name && d.Hidden })
	}
	for _, c := range t.Columns {
		if isHidden(c) {
			t.Hidden = append(t.Hidden, c)
		}
	}
	t.Columns = slices.DeleteFunc(t.Columns, isHidden)
}

// checkPolicy finds names of policies that name nothing: a rule over them would hold nobody back.
func (b *builder) checkPolicy(ds *Dataset) {
	for _, n := range b.d.PolicyPositions {
		found := false
		var all []string
		for _, t := range ds.Tables {
			for _, c := range slices.Concat(t.Columns, t.Hidden) {
				found = found || names(n.Name, t.Name, c.Name)
				all = append(all, c.Name)
				if strings.Contains(n.Name, ".") {
					all[len(all)-1] = t.Name + "." + c.Name
				}
			}
		}
		if !found {
			b.fault(n.Fault(n.Path, "no table has a column %q", n.Name).WithHint("%s", meant(n.Name, all, "write column, or table.column")))
		}
	}
}
