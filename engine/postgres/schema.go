package postgres

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/mechanism"
)

// relations selects the tables, views, materialised views, foreign and partitioned tables that the role may read.
//
// strict tells where constraints hold for every row that a SELECT sees: not on a table that others inherit from, whose
// constraints do not reach their rows, and not on a foreign table, where nobody enforces them.
const relations = `
SELECT c.oid, n.nspname, c.relname,
	c.relkind IN ('r', 'p', 'm') AND NOT (c.relkind = 'r' AND EXISTS (
		SELECT 1 FROM pg_catalog.pg_inherits i WHERE i.inhparent = c.oid)) AS strict
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f')
	AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'crdb_internal', 'pg_extension')
	AND n.nspname NOT LIKE 'pg\_toast%' AND n.nspname NOT LIKE 'pg\_temp%'
	AND has_schema_privilege(n.oid, 'USAGE')
	AND (has_table_privilege(c.oid, 'SELECT') OR has_any_column_privilege(c.oid, 'SELECT'))
ORDER BY n.nspname, c.relname`

// columns have, last, the name of a collation that meets the database's with an error (that of C does not), and whether it calls different texts equal (servers before 12 have
// none that does).
const columns = `
SELECT a.attrelid, a.attnum, a.attname, a.atttypid, a.atttypmod, format_type(a.atttypid, a.atttypmod), a.attnotnull,
	l.collname, coalesce(to_jsonb(l) ->> 'collisdeterministic', 'true') = 'false'
FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
	LEFT JOIN pg_catalog.pg_collation l ON l.oid = a.attcollation AND l.collname NOT IN ('default', 'C')
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND a.attnum > 0 AND NOT a.attisdropped
	AND has_column_privilege(a.attrelid, a.attnum, 'SELECT')
ORDER BY a.attrelid, a.attnum`

// domains and enums are the types whose values have another type's text.
const domains = `SELECT t.oid, t.typbasetype, t.typtypmod FROM pg_catalog.pg_type t WHERE t.typtype = 'd'`

const enums = `
SELECT e.enumtypid, e.enumlabel FROM pg_catalog.pg_enum e ORDER BY e.enumtypid, e.enumsortorder`

// keys are the columns of unique indexes that hold for all rows at all times: valid, complete (no WHERE), over plain
// columns, and checked at once.
const keys = `
SELECT i.indrelid, i.indexrelid, i.indisprimary, k.attnum
FROM pg_catalog.pg_index i CROSS JOIN LATERAL unnest(i.indkey) WITH ORDINALITY AS k(attnum, position)
WHERE i.indisunique AND i.indisvalid AND i.indimmediate AND i.indpred IS NULL AND i.indexprs IS NULL
	AND k.position <= i.indnkeyatts
ORDER BY i.indrelid, i.indexrelid, k.position`

const foreignKeys = `
SELECT f.conrelid, f.oid, k.attnum, f.confrelid, k.refnum
FROM pg_catalog.pg_constraint f
	CROSS JOIN LATERAL unnest(f.conkey, f.confkey) WITH ORDINALITY AS k(attnum, refnum, position)
WHERE f.contype = 'f' AND f.convalidated
ORDER BY f.conrelid, f.oid, k.position`

// relation is a table under construction.
type relation struct {
	table  catalog.SourceTable
	strict bool
	names  map[string]string // column names by attribute number
	order  []string          // of keys and foreign keys, by object id
	keys   map[string][]string
	refs   map[string]*catalog.SourceForeignKey
	main   string // object id of the primary key's index
}

// checkEncoding refuses a database of another encoding than UTF8: a text that has no form in UTF8 ends each query that reads it as
// a key, and so would tell that a row with such a text is there.
func (e *Engine) checkEncoding(ctx context.Context) error {
	return e.each(ctx, "SELECT pg_catalog.current_setting('server_encoding')", func(row []mechanism.Cell) error {
		if encoding := row[0].Text; encoding != "UTF8" {
			return fmt.Errorf("postgres: the database's encoding is %s, and not every text of it can be read as UTF8: use a database of encoding UTF8", encoding)
		}
		return nil
	})
}

// Schema lists what the role may read. It reads system catalogs only.
func (e *Engine) Schema(ctx context.Context) ([]catalog.SourceTable, error) {
	if err := e.checkEncoding(ctx); err != nil {
		return nil, err
	}
	found := map[string]*relation{}
	var order []*relation
	err := e.each(ctx, relations, func(row []mechanism.Cell) error {
		r := &relation{
			table:  catalog.SourceTable{Schema: row[1].Text, Name: row[2].Text},
			strict: row[3].Text == "t",
			names:  map[string]string{},
			keys:   map[string][]string{},
			refs:   map[string]*catalog.SourceForeignKey{},
		}
		found[row[0].Text], order = r, append(order, r)
		return nil
	})
	types := userTypes{bases: map[string]baseType{}, labels: map[string][]string{}}
	err = errors.Join(err, types.load(ctx, e))
	err = errors.Join(err, e.each(ctx, columns, func(row []mechanism.Cell) error {
		if r := found[row[0].Text]; r != nil {
			return r.addColumn(row, types)
		}
		return nil
	}))
	err = errors.Join(err, e.each(ctx, keys, func(row []mechanism.Cell) error {
		if r := found[row[0].Text]; r != nil {
			r.addKey(row)
		}
		return nil
	}))
	err = errors.Join(err, e.each(ctx, foreignKeys, func(row []mechanism.Cell) error {
		if r := found[row[0].Text]; r != nil {
			r.addReference(row, found[row[3].Text])
		}
		return nil
	}))
	if err != nil {
		return nil, err
	}
	tables := make([]catalog.SourceTable, len(order))
	for i, r := range order {
		tables[i] = r.finish()
	}
	return tables, nil
}

// each runs a catalog query and hands out its rows.
func (e *Engine) each(ctx context.Context, sql string, fn func([]mechanism.Cell) error) error {
	rows, err := e.query(ctx, sql)
	if err != nil {
		return err
	}
	for _, row := range rows {
		if err := fn(row); err != nil {
			return err
		}
	}
	return nil
}

func (r *relation) addColumn(row []mechanism.Cell, types userTypes) error {
	number, name, typeID, mod := row[1].Text, row[2].Text, row[3].Text, row[4].Text
	r.names[number] = name
	t, labels, err := types.resolve(typeID, mod)
	if err != nil {
		return fmt.Errorf("postgres: column %s.%s: %w", r.table.Name, name, err)
	}
	c := catalog.SourceColumn{Name: name, Type: t, TypeName: row[5].Text, NotNull: r.strict && row[6].Text == "t", EnumValues: labels, Collated: !row[7].Null}
	if row[8].Text == "t" { // a group would be shown as one row of it spells it, and patterns fail on the first row
		c.Type, c.EnumValues, c.TypeName = catalog.Of(catalog.Unsupported), nil, c.TypeName+" COLLATE "+row[7].Text
	}
	r.table.Columns = append(r.table.Columns, c)
	return nil
}

func (r *relation) addKey(row []mechanism.Cell) {
	id := row[1].Text
	if !slices.Contains(r.order, id) {
		r.order = append(r.order, id)
	}
	if row[2].Text == "t" {
		r.main = id
	}
	// A column that the role may not read has no name here; "" makes the key unusable in finish.
	r.keys[id] = append(r.keys[id], r.names[row[3].Text])
}

func (r *relation) addReference(row []mechanism.Cell, to *relation) {
	id := row[1].Text
	ref := r.refs[id]
	if ref == nil {
		ref = &catalog.SourceForeignKey{}
		if to != nil && to.table.Schema == r.table.Schema {
			ref.RefTable = to.table.Name
		} else if to != nil {
			ref.RefTable = to.table.Schema + "." + to.table.Name
		}
		r.refs[id], r.order = ref, append(r.order, id)
	}
	ref.Columns = append(ref.Columns, r.names[row[2].Text])
	name := ""
	if to != nil {
		name = to.names[row[4].Text]
	}
	ref.RefColumns = append(ref.RefColumns, name)
}

// finish drops what does not hold for every row, or names what the role may not read.
func (r *relation) finish() catalog.SourceTable {
	if !r.strict {
		return r.table
	}
	for _, id := range r.order {
		if key := r.keys[id]; key != nil && !slices.Contains(key, "") {
			if id == r.main {
				r.table.PrimaryKey = key
			} else {
				r.table.Uniques = append(r.table.Uniques, key)
			}
		}
		if ref := r.refs[id]; ref != nil && ref.RefTable != "" &&
			!slices.Contains(ref.Columns, "") && !slices.Contains(ref.RefColumns, "") {
			r.table.ForeignKeys = append(r.table.ForeignKeys, *ref)
		}
	}
	return r.table
}

// userTypes are the domains and enumerations of the database, by object id.
type userTypes struct {
	bases  map[string]baseType
	labels map[string][]string
}

type baseType struct{ id, mod string }

func (u userTypes) load(ctx context.Context, e *Engine) error {
	return errors.Join(
		e.each(ctx, domains, func(row []mechanism.Cell) error {
			u.bases[row[0].Text] = baseType{row[1].Text, row[2].Text}
			return nil
		}),
		e.each(ctx, enums, func(row []mechanism.Cell) error {
			u.labels[row[0].Text] = append(u.labels[row[0].Text], row[1].Text)
			return nil
		}))
}

// resolve finds the type behind an object id: a domain is its base type, an enumeration is text with labels.
func (u userTypes) resolve(id, mod string) (catalog.Type, []string, error) {
	for range 32 { // domains over domains
		base, isDomain := u.bases[id]
		if !isDomain {
			break
		}
		id = base.id
		if base.mod != "-1" {
			mod = base.mod
		}
	}
	if labels := u.labels[id]; labels != nil {
		return catalog.Of(catalog.Text), labels, nil
	}
	oid, err := strconv.ParseUint(id, 10, 32)
	if err != nil {
		return catalog.Type{}, nil, fmt.Errorf("object id %q", id)
	}
	typmod, err := strconv.ParseInt(mod, 10, 32)
	if err != nil {
		return catalog.Type{}, nil, fmt.Errorf("type modifier %q", mod)
	}
	t, ok := catalog.FromOID(uint32(oid), int32(typmod))
	if !ok || t.Kind == catalog.Unknown {
		return catalog.Of(catalog.Unsupported), nil, nil
	}
	return t, nil, nil
}
