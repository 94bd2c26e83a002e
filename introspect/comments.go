package introspect

import (
	"fmt"
	"math/big"
	"slices"
	"strings"
	"time"

	"github.com/dpproxy/dpproxy/catalog"
)

// describeTable says what a table is and what may be asked of it, for \d+ and for the tool tips of BI tools.
func describeTable(d *catalog.Dataset, t *catalog.Table) string {
	parts := []string{sentence(t.Description)}
	switch {
	case d == nil:
	case t.Public:
		parts = append(parts, "Public: rows may be read.")
	case len(d.AllowedFunctions) > 0:
		parts = append(parts, "Private: aggregates only ("+strings.Join(d.AllowedFunctions, ", ")+"), with noise.")
	default:
		parts = append(parts, "Private: aggregates only, with noise.")
	}
	if d != nil && !t.Public {
		if d.RowUnit {
			parts = append(parts, "Each row is protected.")
		} else if d.UnitTable != "" {
			parts = append(parts, fmt.Sprintf("Protected unit: %s.%s.", d.UnitTable, d.UnitColumn))
		}
	}
	return joinNonEmpty(" ", parts...)
}

// describeColumn gives a column's declared domain and what may be asked of it.
func describeColumn(d *catalog.Dataset, t *catalog.Table, c *catalog.Column) string {
	parts := []string{sentence(c.Description)}
	if d == nil {
		return joinNonEmpty(" ", parts...)
	}
	if c.Domain.Lower != nil && c.Domain.Upper != nil {
		parts = append(parts, fmt.Sprintf("Between %s and %s.", bound(c.Domain.Lower, c.Type.Kind), bound(c.Domain.Upper, c.Type.Kind)))
	}
	if n := len(c.Domain.Values); n > 0 || c.Domain.NullValue {
		parts = append(parts, "One of: "+values(c.Domain)+".")
	}
	if !t.Public {
		parts = append(parts, asked(d, t, c))
	}
	return joinNonEmpty(" ", parts...)
}

func sentence(s string) string {
	s = strings.TrimSpace(s)
	if s == "" || strings.HasSuffix(s, ".") || strings.HasSuffix(s, "!") || strings.HasSuffix(s, "?") {
		return s
	}
	return s + "."
}

func values(d catalog.Domain) string {
	const most = 20
	list := slices.Clone(d.Values)
	if len(list) > most {
		list = append(list[:most:most], fmt.Sprintf("… (%d in all)", len(d.Values)))
	}
	if d.NullValue {
		list = append(list, "NULL")
	}
	return strings.Join(list, ", ")
}

// bound prints a bound in the column's own type.
func bound(r *big.Rat, k catalog.Kind) string {
	switch k {
	case catalog.Date:
		if r.IsInt() && r.Num().IsInt64() {
			return time.Unix(0, 0).UTC().AddDate(0, 0, int(r.Num().Int64())).Format("2006-01-02")
		}
	case catalog.Timestamp, catalog.Timestamptz:
		if r.IsInt() && r.Num().IsInt64() {
			return time.UnixMicro(r.Num().Int64()).UTC().Format("2006-01-02 15:04:05.999999")
		}
	}
	if r.IsInt() {
		return r.Num().String()
	}
	s := strings.TrimRight(r.FloatString(12), "0")
	return strings.TrimSuffix(s, ".")
}

// needBounds are the aggregates that need a declared range.
var needBounds = []string{"sum", "avg", "var_pop", "var_samp", "variance", "stddev_pop", "stddev_samp", "stddev",
	"percentile_cont", "percentile_disc", "median", "min", "max"}

// asked says which aggregates and which use as a key the declaration opens for a private column.
func asked(d *catalog.Dataset, t *catalog.Table, c *catalog.Column) string {
	var may []string
	numeric := false
	switch c.Type.Kind {
	case catalog.Int2, catalog.Int4, catalog.Int8, catalog.Numeric, catalog.Float4, catalog.Float8:
		numeric = true
	}
	bounded := c.Domain.Lower != nil && c.Domain.Upper != nil
	for _, f := range d.AllowedFunctions {
		if f == "count" || bounded && numeric && slices.Contains(needBounds, f) {
			may = append(may, f)
		}
	}
	var parts []string
	if !d.RowUnit && (d.UnitTable == t.Name && d.UnitColumn == c.Name || t.Unit != nil && t.Unit.Column == c.Name) {
		parts = append(parts, "Identifies the protected unit.")
	}
	if len(may) > 0 {
		parts = append(parts, "May be asked: "+strings.Join(may, ", ")+".")
	}
	if len(c.Domain.Values) > 0 {
		parts = append(parts, "Public group keys.")
	}
	return strings.Join(parts, " ")
}
