package catalog

import "slices"

// Check finds what is wrong with a declaration by itself, without a source: paths to the privacy unit, and domains as
// far as the written types tell. It returns all faults that it finds.
func (d *Declaration) Check() []Fault {
	_, faults := unitPaths(d)
	for i := range d.Tables {
		t := &d.Tables[i]
		for j := range t.Columns {
			faults = append(faults, t.Columns[j].check()...)
		}
	}
	if len(d.Tables) == 0 {
		faults = append(faults, d.Position.Fault(d.Path+".tables", "declares no table").WithHint("nothing exists that is not declared"))
	}
	return faults
}

// check looks at one column: the shape of its domain always, its values if the type is written.
func (c *ColumnDeclaration) check() []Fault {
	faults := c.checkShape()
	if c.Type != nil {
		t, err := ParseType(c.Type.Text)
		if err != nil {
			return append(faults, c.Type.Fault(c.Path+".type", "%v", err).
				WithHint("write the type as PostgreSQL does, or leave it out: it comes from the source"))
		}
		if len(faults) == 0 {
			_, faults = c.domain(t)
		}
		return faults
	}
	if len(faults) == 0 && c.Lower != nil {
		return c.checkUntypedBounds()
	}
	return faults
}

func (c *ColumnDeclaration) checkShape() []Fault {
	var faults []Fault
	switch {
	case c.Lower != nil && c.Upper == nil:
		faults = append(faults, c.Lower.Fault(c.Path, "has a lower bound but no upper bound").WithHint("write both or neither"))
	case c.Upper != nil && c.Lower == nil:
		faults = append(faults, c.Upper.Fault(c.Path, "has an upper bound but no lower bound").WithHint("write both or neither"))
	case c.Lower != nil && c.Values != nil:
		faults = append(faults, c.Lower.Fault(c.Path, "has bounds and a list of values").
			WithHint("write one of them: the list bounds the values by itself"))
	}
	if c.Values != nil && len(c.Values) == 0 {
		faults = append(faults, c.Position.Fault(c.Path+".values", "is empty").WithHint("list the values, or leave it out"))
	}
	for i, v := range c.Values {
		if slices.ContainsFunc(c.Values[:i], func(o Scalar) bool { return o.Text == v.Text && o.Null == v.Null }) {
			faults = append(faults, v.Fault(c.Path+".values", "lists %s twice", v.quoted()))
		}
	}
	return faults
}

// checkUntypedBounds orders bounds whose type only the source knows: both must be numbers, or both points in time.
func (c *ColumnDeclaration) checkUntypedBounds() []Fault {
	for _, t := range []Type{Of(Numeric), Of(Timestamptz)} {
		lower, err1 := ToRat(t, c.Lower.Text)
		upper, err2 := ToRat(t, c.Upper.Text)
		switch {
		case err1 != nil && err2 != nil:
			continue
		case err1 != nil || err2 != nil:
			wrong := c.Lower
			if err1 == nil {
				wrong = c.Upper
			}
			return []Fault{wrong.Fault(c.Path, "lower %q and upper %q are not of one kind", c.Lower.Text, c.Upper.Text)}
		case lower.Cmp(upper) > 0:
			return []Fault{c.orderFault()}
		}
		return nil
	}
	return []Fault{c.Lower.Fault(c.Path+".lower", "%q is neither a number nor a date", c.Lower.Text)}
}

func (c *ColumnDeclaration) orderFault() Fault {
	return c.Lower.Fault(c.Path, "lower %s is above upper %s", c.Lower.Text, c.Upper.Text)
}

// quoted prints a value for a message.
func (s Scalar) quoted() string {
	if s.Null {
		return "NULL"
	}
	return `"` + s.Text + `"`
}

// domain reads the declared bounds or values in a type.
func (c *ColumnDeclaration) domain(t Type) (Domain, []Fault) {
	if c.Values != nil {
		return c.valueDomain(t)
	}
	if c.Lower == nil || c.Upper == nil {
		return Domain{}, nil
	}
	if !t.HasBounds() {
		hint := "remove lower and upper"
		if t.IsText() {
			hint = "text is bounded by a list of `values`"
		}
		return Domain{}, []Fault{c.Lower.Fault(c.Path, "type %s takes no bounds", t).WithHint("%s", hint)}
	}
	var faults []Fault
	lower, err := ToRat(t, c.Lower.Text)
	if err != nil {
		faults = append(faults, c.Lower.Fault(c.Path+".lower", "%q %v (type %s)", c.Lower.Text, err, t))
	}
	upper, err := ToRat(t, c.Upper.Text)
	if err != nil {
		faults = append(faults, c.Upper.Fault(c.Path+".upper", "%q %v (type %s)", c.Upper.Text, err, t))
	}
	if len(faults) > 0 {
		return Domain{}, faults
	}
	if lower.Cmp(upper) > 0 {
		return Domain{}, []Fault{c.orderFault()}
	}
	return Domain{Lower: lower, Upper: upper}, nil
}

func (c *ColumnDeclaration) valueDomain(t Type) (Domain, []Fault) {
	var d Domain
	var faults []Fault
	if !t.HasValues() {
		return d, []Fault{c.Position.Fault(c.Path+".values", "type %s takes no list of values", t)}
	}
	for _, v := range c.Values {
		if v.Null {
			d.NullValue = true
			continue
		}
		text, err := ParseValue(t, v.Text)
		switch {
		case err != nil:
			faults = append(faults, v.Fault(c.Path+".values", "%q %v (type %s)", v.Text, err, t))
		case slices.ContainsFunc(d.Values, func(o string) bool { return Compare(t, o, text) == 0 }):
			faults = append(faults, v.Fault(c.Path+".values", "lists %s twice: as %s it is %q", v.quoted(), t, text))
		default:
			d.Values = append(d.Values, text)
		}
	}
	d.Values = SortValues(t, d.Values)
	return d, faults
}
