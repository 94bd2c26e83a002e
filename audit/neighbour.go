package audit

import (
	"context"
	"fmt"
	"regexp"
	"strings"

	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/engine"
	"github.com/dpproxy/dpproxy/mechanism"
	"github.com/dpproxy/dpproxy/rewrite"
)

// unitValue names one privacy unit: its value in the source's text, or a row of one table where each row is a unit.
type unitValue struct {
	text  string
	table *catalog.Table // of the row
	typ   catalog.Type
}

// rowAddress is the pseudo-column by which an engine finds a row again within one snapshot.
func rowAddress(kind catalog.Engine) string {
	if kind == catalog.DuckDB {
		return "rowid"
	}
	return "ctid"
}

// candidates chooses units to take out: those with the most rows, which are the ones that bounds are for, and as many others.
func candidates(ctx context.Context, e engine.Engine, ds *catalog.Dataset, n int) ([]unitValue, error) {
	var out []unitValue
	seen := map[string]bool{}
	tables := private(ds)
	for _, t := range tables {
		column := ""
		typ := catalog.Of(catalog.Text)
		switch c, ok := unitColumn(ds, t); {
		case ds.RowUnit:
			column = rowAddress(ds.Engine)
		case ok:
			column, typ = ident(c.SourceName), c.Type
		default:
			continue
		}
		for _, order := range []string{"2 DESC, 1", "md5(CAST(" + column + " AS text))"} {
			found, err := column1(ctx, e, fmt.Sprintf("SELECT CAST(%s AS text) AS u, count(*) AS n FROM %s WHERE %s IS NOT NULL GROUP BY %s ORDER BY %s LIMIT %d",
				column, tableName(t), column, column, order, (n+len(tables))/len(tables)))
			if err != nil {
				return nil, err
			}
			for _, text := range found {
				key := text
				if ds.RowUnit {
					key = t.Name + " " + text
				}
				if !seen[key] {
					seen[key] = true
					out = append(out, unitValue{text: text, table: t, typ: typ})
				}
			}
		}
	}
	return out[:min(len(out), n)], nil
}

// column1 reads the first of two columns.
func column1(ctx context.Context, e engine.Engine, sql string) ([]string, error) {
	rows, err := e.Finish(ctx, sql, nil, []catalog.Type{catalog.Of(catalog.Text), catalog.Of(catalog.Int8)})
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []string
	for rows.Next() {
		out = append(out, rows.Values()[0].Text)
	}
	return out, rows.Err()
}

// unitColumn is a private table's own column that holds the unit, if it has one.
func unitColumn(ds *catalog.Dataset, t *catalog.Table) (*catalog.Column, bool) {
	switch {
	case t.Unit != nil && t.Unit.Via == nil:
		return t.Column(t.Unit.Column)
	case t.Unit == nil && t.Name == ds.UnitTable:
		return t.Column(ds.UnitColumn)
	}
	return nil, false
}

// without lists, for each private table, what stands in its place when one unit is gone: a sub-query that leaves its rows out.
func without(ds *catalog.Dataset, u unitValue) (map[string]string, error) {
	out := map[string]string{}
	for _, t := range private(ds) {
		if ds.RowUnit {
			if t == u.table {
				out[tableName(t)] = fmt.Sprintf("(SELECT * FROM %s AS r WHERE NOT (CAST(r.%s AS text) = %s))", tableName(t), rowAddress(ds.Engine), literal(u.text))
			}
			continue
		}
		owned, err := ownedBy(ds, t, "r", u, 0)
		if err != nil {
			return nil, err
		}
		out[tableName(t)] = fmt.Sprintf("(SELECT * FROM %s AS r WHERE (%s) IS NOT TRUE)", tableName(t), owned)
	}
	return out, nil
}

// ownedBy is a condition on a table's row: it belongs to the unit.
func ownedBy(ds *catalog.Dataset, t *catalog.Table, alias string, u unitValue, depth int) (string, error) {
	if c, ok := unitColumn(ds, t); ok {
		return fmt.Sprintf("CAST(%s.%s AS text) = %s", alias, ident(c.SourceName), literal(u.text)), nil
	}
	next, from, key, err := step(ds, t, depth)
	if err != nil {
		return "", err
	}
	inner := fmt.Sprintf("r%d", depth+1)
	owned, err := ownedBy(ds, next, inner, u, depth+1)
	return fmt.Sprintf("EXISTS (SELECT 1 FROM %s AS %s WHERE %s.%s = %s.%s AND %s)", tableName(next), inner,
		inner, ident(key.SourceName), alias, ident(from.SourceName), owned), err
}

// step is where a table's path to the unit leads next: a row belongs to the row of next whose key its column from holds.
func step(ds *catalog.Dataset, t *catalog.Table, depth int) (next *catalog.Table, from, key *catalog.Column, err error) {
	fault := fmt.Errorf("audit: table %q has no path to the privacy unit", t.Name)
	if t.Unit == nil || t.Unit.Via == nil || depth > len(ds.Tables) {
		return nil, nil, nil, fault
	}
	next, ok := ds.Table(t.Unit.Via.Table)
	if !ok {
		return nil, nil, nil, fault
	}
	from, okFrom := t.Column(t.Unit.Column)
	key, okKey := next.Column(t.Unit.Via.Column)
	if !okFrom || !okKey {
		return nil, nil, nil, fault
	}
	return next, from, key, nil
}

func tableName(t *catalog.Table) string { return ident(t.Schema) + "." + ident(t.SourceName) }

func ident(s string) string { return `"` + strings.ReplaceAll(s, `"`, `""`) + `"` }

func literal(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

// replace puts other relations in the place of tables in SQL that package rewrite printed, and a constant in the place of the
// salt $1. It reads the SQL token by token, so that no literal is touched.
func replace(sql string, tables map[string]string, salt int64) string {
	var b strings.Builder
	tokens := rewrite.Tokens(sql)
	at := func(i int) string {
		if i < len(tokens) {
			return tokens[i]
		}
		return ""
	}
	for i := 0; i < len(tokens); i++ {
		name := tokens[i]
		switch {
		case name[0] == '"':
			if at(i+1) == "." && strings.HasPrefix(at(i+2), `"`) {
				name += "." + at(i+2)
				i += 2
			}
			if other, ok := tables[name]; ok && strings.HasPrefix(at(i+1), " AS ") {
				name = other
			}
		case name[0] != '\'':
			name = saltParameter.ReplaceAllString(name, fmt.Sprintf("CAST('%d' AS bigint)$1", salt))
		}
		b.WriteString(name)
	}
	return b.String()
}

// saltParameter is $1 and what follows it.
var saltParameter = regexp.MustCompile(`\$1([^0-9]|$)`)

func newSalt(r mechanism.Source) int64 {
	var raw [8]byte
	r.Fill(raw[:])
	n := int64(0)
	for _, b := range raw[:7] {
		n = n<<8 | int64(b)
	}
	return n
}
