package catalog

// SourceTable is a table as its source describes it: names and types, never values.
type SourceTable struct {
	Schema, Name string
	Columns      []SourceColumn
	PrimaryKey   []string
	Uniques      [][]string
	ForeignKeys  []SourceForeignKey
	// Immutable says that the rows cannot change while the process runs (files loaded into the embedded engine).
	Immutable bool
}

// SourceColumn is one column of a SourceTable. TypeName is the source's own spelling, for messages.
type SourceColumn struct {
	Name     string
	Type     Type
	TypeName string
	NotNull  bool
	// EnumValues are the labels of an enumerated type, in its order; Type is then text. Labels are schema, not data.
	EnumValues []string
	// Collated says that its text has a collation of its own, which tells different texts apart: Print puts the database's over it.
	Collated bool
}

// SourceForeignKey is a foreign key of one column or more.
type SourceForeignKey struct {
	Columns    []string
	RefTable   string
	RefColumns []string
}
