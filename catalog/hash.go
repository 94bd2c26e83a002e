package catalog

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"math/big"
)

// SchemaHash names what the owner declared and where it lives in the source: tables, columns, types, domains, paths to the unit, and the
// bounds on queries. It changes when a table is renamed or another table stands under its name in the source's schema, and not when
// rows change.
func (d *Dataset) SchemaHash() string {
	h := sha256.New()
	fmt.Fprintf(h, "dpproxy schema 1\n%q %q %t %q %q %q\n", d.Name, d.Engine, d.RowUnit, d.UnitTable, d.UnitColumn, d.Accountant)
	fmt.Fprintf(h, "%+v %d %d\n", d.Query, d.MaxFunctions, d.MaxCombinations)
	for _, f := range d.AllowedFunctions {
		fmt.Fprintf(h, "%q ", f)
	}
	for _, t := range d.Tables {
		fmt.Fprintf(h, "\ntable %q %t %q %q\n", t.Name, t.Public, t.Schema, t.SourceName)
		if t.Unit != nil {
			fmt.Fprintf(h, "unit %q %+v %+v\n", t.Unit.Column, t.Unit.References, t.Unit.Via)
		}
		for _, c := range t.Columns {
			fmt.Fprintf(h, "column %q %q %q %t %t", c.Name, c.SourceName, c.Type.String(), c.Nullable, c.Unique)
			writeBound(h, c.Domain.Lower)
			writeBound(h, c.Domain.Upper)
			fmt.Fprintf(h, " %q %t\n", c.Domain.Values, c.Domain.NullValue)
		}
	}
	for _, v := range d.Views {
		fmt.Fprintf(h, "\nview %q %q\n", v.Table.Name, v.SQL)
	}
	return hex.EncodeToString(h.Sum(nil))
}

func writeBound(w io.Writer, r *big.Rat) {
	if r == nil {
		fmt.Fprint(w, " -")
		return
	}
	fmt.Fprintf(w, " %s", r.RatString())
}
