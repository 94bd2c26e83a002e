package duckdb

import (
	"context"

	native "github.com/duckdb/duckdb-go-bindings"

	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/mechanism"
)

const relations = `
SELECT schema_name, table_name FROM duckdb_tables() WHERE database_name = current_database() AND NOT internal
UNION ALL
SELECT schema_name, view_name FROM duckdb_views() WHERE database_name = current_database() AND NOT internal
ORDER BY 1, 2`

const columns = `
SELECT schema_name, table_name, column_name, data_type, NOT is_nullable
FROM duckdb_columns() WHERE database_name = current_database() AND NOT internal
ORDER BY schema_name, table_name, column_index`

// constraints has a row for each column of each constraint.
const constraints = `
SELECT schema_name, table_name, constraint_index, constraint_type, unnest(constraint_column_names), referenced_table,
	unnest(CASE WHEN constraint_type = 'FOREIGN KEY' THEN referenced_column_names ELSE constraint_column_names END)
FROM duckdb_constraints()
WHERE database_name = current_database() AND constraint_type IN ('PRIMARY KEY', 'UNIQUE', 'FOREIGN KEY')
ORDER BY schema_name, table_name, constraint_index`

// collated are the tables of which a column may have a collation, and, where there is one, all views: DuckDB tells the collation of no column.
const collated = `
WITH made AS (
	SELECT schema_name, table_name, false AS view, regexp_matches(sql, '\bcollate\b', 'i') AS yes FROM duckdb_tables() WHERE database_name = current_database()
	UNION ALL SELECT schema_name, view_name, true, regexp_matches(sql, '\bcollate\b', 'i') FROM duckdb_views() WHERE database_name = current_database() AND NOT internal)
SELECT schema_name, table_name FROM made WHERE yes OR view AND (SELECT bool_or(yes) FROM made)`

// withoutTexts takes the texts of a table away: under a collation different texts may be one group, which is shown as one row of it
// spells it.
func withoutTexts(t *catalog.SourceTable) {
	for i := range t.Columns {
		if c := &t.Columns[i]; c.Type.IsText() {
			c.Type, c.TypeName = catalog.Of(catalog.Unsupported), c.TypeName+", maybe with a collation,"
		}
	}
}

// Schema lists tables and views. All are immutable: files were copied, and the lock that a read-only database holds
// keeps writers out as long as this process runs.
func (e *Engine) Schema(ctx context.Context) ([]catalog.SourceTable, error) {
	var tables []catalog.SourceTable
	err := e.transact(ctx, func(c *connection) error {
		var err error
		tables, err = c.schema()
		return err
	})
	return tables, err
}

func (c *connection) schema() ([]catalog.SourceTable, error) {
	rows, err := c.all(relations)
	if err != nil {
		return nil, err
	}
	tables := make([]catalog.SourceTable, len(rows))
	for i, row := range rows {
		tables[i] = catalog.SourceTable{Schema: row[0].Text, Name: row[1].Text, Immutable: true}
	}
	find := func(row []mechanism.Cell) *catalog.SourceTable {
		for i := range tables {
			if tables[i].Schema == row[0].Text && tables[i].Name == row[1].Text {
				return &tables[i]
			}
		}
		return &catalog.SourceTable{} // made meanwhile by nobody: a row that is written nowhere
	}
	if rows, err = c.all(columns); err != nil {
		return nil, err
	}
	for _, row := range rows {
		t := find(row)
		t.Columns = append(t.Columns, catalog.SourceColumn{
			Name: row[2].Text, TypeName: row[3].Text, NotNull: row[4].Text == "t",
		})
	}
	for i := range tables {
		if err := c.types(&tables[i]); err != nil {
			return nil, err
		}
	}
	if rows, err = c.all(collated); err != nil {
		return nil, err
	}
	for _, row := range rows {
		withoutTexts(find(row))
	}
	if rows, err = c.all(constraints); err != nil {
		return nil, err
	}
	previous := ""
	for _, row := range rows {
		id := row[0].Text + "\x00" + row[1].Text + "\x00" + row[2].Text
		addConstraint(find(row), row, id == previous)
		previous = id
	}
	return tables, nil
}

// addConstraint adds a constraint, or one more column to the last one.
func addConstraint(t *catalog.SourceTable, row []mechanism.Cell, more bool) {
	column := row[4].Text
	switch row[3].Text {
	case "PRIMARY KEY":
		t.PrimaryKey = append(t.PrimaryKey, column)
	case "UNIQUE":
		if !more {
			t.Uniques = append(t.Uniques, nil)
		}
		last := &t.Uniques[len(t.Uniques)-1]
		*last = append(*last, column)
	case "FOREIGN KEY":
		if !more {
			t.ForeignKeys = append(t.ForeignKeys, catalog.SourceForeignKey{RefTable: row[5].Text})
		}
		last := &t.ForeignKeys[len(t.ForeignKeys)-1]
		last.Columns = append(last.Columns, column)
		last.RefColumns = append(last.RefColumns, row[6].Text)
	}
}

// types finds the columns' types by preparing a query, as only the library itself can read its types' names.
func (c *connection) types(t *catalog.SourceTable) error {
	statement, err := c.prepare(modeRead, "SELECT * FROM "+identifier(t.Schema)+"."+identifier(t.Name))
	if err != nil {
		return err
	}
	defer native.DestroyPrepare(&statement)
	for i := range t.Columns {
		logical := native.PreparedStatementColumnLogicalType(statement, native.IdxT(i))
		column := &t.Columns[i]
		column.Type, column.EnumValues = typeOf(logical)
		if column.Type.Kind == catalog.Numeric && column.Type.Precision > 38 {
			column.NotNull = false // what no DECIMAL holds is read as NULL
		}
		native.DestroyLogicalType(&logical)
	}
	return nil
}

// typeOf is PostgreSQL's type for DuckDB's, and the labels of an enumeration. Where two values could have the same
// text (nanoseconds), or no text is known, nobody can see the column.
func typeOf(t native.LogicalType) (catalog.Type, []string) {
	switch native.GetTypeId(t) {
	case native.TypeBoolean:
		return catalog.Of(catalog.Bool), nil
	case native.TypeTinyInt, native.TypeSmallInt, native.TypeUTinyInt:
		return catalog.Of(catalog.Int2), nil
	case native.TypeInteger, native.TypeUSmallInt:
		return catalog.Of(catalog.Int4), nil
	case native.TypeBigInt, native.TypeUInteger:
		return catalog.Of(catalog.Int8), nil
	case native.TypeUBigInt:
		return decimal(20, 0), nil
	case native.TypeHugeInt, native.TypeUHugeInt:
		return decimal(39, 0), nil
	case native.TypeDecimal:
		return decimal(int(native.DecimalWidth(t)), int(native.DecimalScale(t))), nil
	case native.TypeFloat:
		return catalog.Of(catalog.Float4), nil
	case native.TypeDouble:
		return catalog.Of(catalog.Float8), nil
	case native.TypeVarchar:
		if native.LogicalTypeGetAlias(t) == "JSON" {
			return catalog.Of(catalog.JSON), nil
		}
		return catalog.Of(catalog.Text), nil
	case native.TypeEnum:
		c, err := newColumn(t)
		if err != nil {
			return catalog.Of(catalog.Unsupported), nil
		}
		return catalog.Of(catalog.Text), c.labels
	case native.TypeDate:
		return catalog.Of(catalog.Date), nil
	case native.TypeTime:
		return catalog.Of(catalog.Time), nil
	case native.TypeTimestamp, native.TypeTimestampS, native.TypeTimestampMS:
		return catalog.Of(catalog.Timestamp), nil
	case native.TypeTimestampTZ:
		return catalog.Of(catalog.Timestamptz), nil
	case native.TypeInterval:
		return catalog.Of(catalog.Interval), nil
	case native.TypeUUID:
		return catalog.Of(catalog.UUID), nil
	case native.TypeBlob:
		return catalog.Of(catalog.Bytea), nil
	case native.TypeList:
		inner := native.ListTypeChildType(t)
		defer native.DestroyLogicalType(&inner)
		if element, _ := typeOf(inner); !element.Array && element.Kind != catalog.Unsupported {
			element.Array = true
			return element, nil
		}
	}
	return catalog.Of(catalog.Unsupported), nil
}

func decimal(precision, scale int) catalog.Type {
	return catalog.Type{Kind: catalog.Numeric, Precision: precision, Scale: scale, HasScale: true}
}
