package catalog

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// persons and visits are what most tests declare and find.
func testSource() []SourceTable {
	column := func(name, typ string, notNull bool) SourceColumn {
		t, err := ParseType(typ)
		if err != nil {
			t = Of(Unsupported)
		}
		return SourceColumn{Name: name, Type: t, TypeName: typ, NotNull: notNull}
	}
	status := column("status", "text", false)
	status.TypeName, status.EnumValues = "mood", []string{"sad", "happy"}
	return []SourceTable{
		{Schema: "public", Name: "persons", PrimaryKey: []string{"person_id"}, Columns: []SourceColumn{
			column("person_id", "bigint", true), column("Age", "smallint", false), column("sex", "text", true),
			column("income", "numeric(10,2)", false), column("born", "date", false), column("home", "geometry", false),
			column("tags", "text[]", false), column("ok", "boolean", false), status, column("name", "varchar(20)", false),
		}},
		{Schema: "public", Name: "visits", Columns: []SourceColumn{
			column("visit_id", "integer", true), column("person_id", "bigint", true), column("cost", "double precision", false), column("code", "text", true),
		}},
		{Schema: "public", Name: "items", Immutable: true, Columns: []SourceColumn{column("visit_id", "integer", true), column("price", "numeric", false)}},
		{Schema: "public", Name: "cities", PrimaryKey: []string{"id", "year"}, Columns: []SourceColumn{column("id", "integer", true), column("year", "integer", true), column("shape", "geometry", false), column("zips", "text[]", false)}},
		{Schema: "a", Name: "twice", Columns: []SourceColumn{column("x", "integer", true)}},
		{Schema: "b", Name: "twice", Columns: []SourceColumn{column("x", "integer", true), column("X", "integer", true)}},
	}
}

func col(name string, edit ...func(*ColumnDeclaration)) ColumnDeclaration {
	c := ColumnDeclaration{Path: name, Name: name}
	for _, e := range edit {
		e(&c)
	}
	return c
}

func bounds(lower, upper string) func(*ColumnDeclaration) {
	return func(c *ColumnDeclaration) { c.Lower, c.Upper = &Scalar{Text: lower}, &Scalar{Text: upper} }
}

func values(texts ...string) func(*ColumnDeclaration) {
	return func(c *ColumnDeclaration) {
		for _, text := range texts {
			c.Values = append(c.Values, Scalar{Text: text, Null: text == "NULL"})
		}
	}
}

func typed(name string) func(*ColumnDeclaration) {
	return func(c *ColumnDeclaration) { c.Type = &Scalar{Text: name} }
}

func nullable(b bool) func(*ColumnDeclaration) {
	return func(c *ColumnDeclaration) { c.Nullable = &b }
}

// persons declares the table that defines the unit.
func persons(columns ...ColumnDeclaration) Declaration {
	return Declaration{Path: "d", Name: "d", UnitTable: "persons", UnitColumn: "person_id", Tables: []TableDeclaration{
		{Path: "persons", Name: "persons", Columns: columns},
	}}
}

func unit(column, table, ref string) *UnitDeclaration {
	return &UnitDeclaration{Path: "unit", Column: column, RefTable: table, RefColumn: ref}
}

func mustBuild(t *testing.T, d Declaration) *Dataset {
	t.Helper()
	ds, faults := Build(d, testSource())
	for _, f := range faults {
		t.Error(f)
	}
	if ds == nil {
		t.FailNow()
	}
	return ds
}

func TestBuildColumns(t *testing.T) {
	ds := mustBuild(t, persons(
		col("income", bounds("0", "250000")), col("age", bounds("0", "300")), col("sex", values("m", "f")),
		col("born", bounds("1900-01-01", "2020-12-31"), nullable(true)), col("ok"), col("status"), col("name", typed("varchar")),
	))
	var got []string
	for _, c := range ds.Tables[0].Columns {
		text := fmt.Sprintf("%s=%s %s", c.Name, c.SourceName, c.Type)
		if c.Domain.Lower != nil {
			text += fmt.Sprintf(" [%s, %s]", c.Domain.Lower.RatString(), c.Domain.Upper.RatString())
		}
		if c.Domain.Values != nil {
			text += fmt.Sprintf(" %q", c.Domain.Values)
		}
		for mark, on := range map[string]bool{" null value": c.Domain.NullValue} {
			if on {
				text += mark
			}
		}
		if c.Nullable {
			text += " nullable"
		}
		if c.Unique {
			text += " unique"
		}
		got = append(got, text)
	}
	want := []string{
		"person_id=person_id bigint unique", // not declared, but named by privacy_unit
		"age=Age smallint [0, 300] nullable",
		`sex=sex text ["f" "m"]`,
		"income=income numeric(10,2) [0, 250000] nullable",
		"born=born date [-25567, 18627] nullable",
		"ok=ok boolean nullable",
		`status=status text ["happy" "sad"] null value nullable`,
		"name=name character varying(20) nullable",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if p := ds.Tables[0].Unit; p == nil || *p != (UnitPath{Column: "person_id"}) {
		t.Errorf("the table that defines the unit has the path %+v", p)
	}
}

func TestBuildUnitPaths(t *testing.T) {
	d := persons(col("age"))
	d.Tables = append(d.Tables,
		TableDeclaration{Name: "visits", Path: "visits", Unit: unit("person_id", "persons", "person_id")},
		TableDeclaration{Name: "items", Path: "items", Unit: unit("visit_id", "visits", "visit_id"), Columns: []ColumnDeclaration{col("price")}},
		TableDeclaration{Name: "again", Source: "visits", Path: "again", Unit: unit("person_id", "visits", "person_id")},
		TableDeclaration{Name: "alone", Source: "public.visits", Path: "alone", Unit: &UnitDeclaration{Path: "unit", Column: "person_id"}},
		TableDeclaration{Name: "cities", Path: "cities", Public: true},
	)
	ds := mustBuild(t, d)
	for name, want := range map[string]string{
		"visits": "person_id references persons.person_id", "items": "visit_id references visits.visit_id via visits.visit_id",
		"again": "person_id references visits.person_id", "alone": "person_id", "cities": "none",
	} {
		table, _ := ds.Table(name)
		got := "none"
		if p := table.Unit; p != nil {
			got = p.Column
			if p.References != nil {
				got += " references " + p.References.Table + "." + p.References.Column
			}
			if p.Via != nil {
				got += " via " + p.Via.Table + "." + p.Via.Column
			}
		}
		if got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
	// Columns that paths name exist, though nobody declared them; a public table has all that can be carried.
	for name, want := range map[string]string{"visits": "visit_id person_id", "items": "visit_id price", "cities": "id year zips"} {
		table, _ := ds.Table(name)
		var got []string
		for _, c := range table.Columns {
			got = append(got, c.Name)
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s has columns %v, want %s", name, got, want)
		}
	}
	cities, _ := ds.Table("cities")
	if cities.Columns[0].Unique {
		t.Error("one column of a key of two is called unique")
	}
}

func TestBuildFaults(t *testing.T) {
	for name, c := range map[string]struct {
		d    Declaration
		want string
	}{
		"no such table":   {Declaration{Path: "d", RowUnit: true, Tables: []TableDeclaration{{Path: "t", Name: "person"}}}, `t: the source has no table "person" (did you mean persons?)`},
		"two schemas":     {Declaration{Path: "d", RowUnit: true, Tables: []TableDeclaration{{Path: "t", Name: "twice"}}}, "t: names more than one table of the source: a.twice and b.twice (write source: schema.table)"},
		"no such column":  {persons(col("agee")), `agee: table public.persons of the source has no column "agee" (did you mean Age?)`},
		"two spellings":   {Declaration{Path: "d", RowUnit: true, Tables: []TableDeclaration{{Path: "t", Name: "t", Source: "b.twice", Columns: []ColumnDeclaration{col("x"), col("X"), col("y", func(c *ColumnDeclaration) { c.Source = "x" })}}}}, `y: is the same column of the source as "x"`},
		"unsupported":     {persons(col("home")), "home: has type geometry in the source, which dpproxy cannot carry in a private table (remove it from `columns`)"},
		"array":           {persons(col("tags")), "tags: has type text[] in the source, which dpproxy cannot carry in a private table (remove it from `columns`)"},
		"type":            {persons(col("age", typed("integer"))), "age.type: is written as integer, but the source has smallint (write smallint, or leave the type out)"},
		"modifier":        {persons(col("income", typed("numeric(12,2)"))), "income.type: is written as numeric(12,2), but the source has numeric(10,2) (write numeric(10,2), or leave the type out)"},
		"bound too large": {persons(col("age", bounds("0", "40000"))), `age.upper: "40000" is out of the range of smallint (type smallint)`},
		"bound's scale":   {persons(col("income", bounds("0.001", "1"))), `income.lower: "0.001" has more decimals than numeric(10,2) (type numeric(10,2))`},
		"bound's kind":    {persons(col("born", bounds("0", "1"))), `born.lower: "0" is no date; write YYYY-MM-DD (type date); born.upper: "1" is no date; write YYYY-MM-DD (type date)`},
		"text bounds":     {persons(col("sex", bounds("a", "z"))), "sex: type text takes no bounds (text is bounded by a list of `values`)"},
		"order":           {persons(col("age", bounds("2", "1"))), "age: lower 2 is above upper 1"},
		"value":           {persons(col("age", values("1", "x"))), `age.values: "x" is no number (type smallint)`},
		"same value":      {persons(col("age", values("1", "01"))), `age.values: lists "01" twice: as smallint it is "1"`},
		"label":           {persons(col("status", values("happy", "sadd"))), `status.values: "sadd" is no label of mood (did you mean sad?)`},
		"not null":        {persons(col("age", nullable(false))), "warning: age.nullable: is false, but the source allows NULL there; NULL stays possible (add NOT NULL to the source, or remove `nullable`)"},
		"unit's column":   {Declaration{Path: "d", UnitTable: "persons", UnitColumn: "id", Tables: []TableDeclaration{{Path: "p", Name: "persons"}}}, `d.privacy_unit: table public.persons of the source has no column "id" (it has person_id, Age, sex, income, born, home, tags, ok, status, name)`},
		"path's types":    {Declaration{Path: "d", UnitTable: "persons", UnitColumn: "person_id", Tables: []TableDeclaration{{Path: "p", Name: "persons"}, {Path: "v", Name: "visits", Unit: unit("code", "persons", "person_id")}}}, "unit: compares code (text) with persons.person_id (bigint)"},
	} {
		t.Run(name, func(t *testing.T) {
			ds, faults := Build(c.d, testSource())
			var got []string
			for _, f := range faults {
				got = append(got, strings.TrimPrefix(f.String(), ":0:0: "))
			}
			if strings.Join(got, "; ") != c.want {
				t.Errorf("got  %s\nwant %s", strings.Join(got, "; "), c.want)
			}
			if (ds == nil) != Blocking(faults) {
				t.Errorf("dataset built: %v", ds != nil)
			}
		})
	}
}

func TestKeyClaims(t *testing.T) {
	d := persons(col("name", func(c *ColumnDeclaration) { c.Key = true }))
	d.Tables = append(d.Tables,
		TableDeclaration{Name: "visits", Unit: unit("person_id", "persons", "person_id")},
		TableDeclaration{Name: "items", Unit: unit("visit_id", "visits", "visit_id"), Columns: []ColumnDeclaration{col("price", func(c *ColumnDeclaration) { c.Key = true })}},
		TableDeclaration{Name: "more", Source: "items", Unit: unit("visit_id", "visits", "visit_id")},
	)
	source := testSource()
	var got []string
	for _, c := range KeyClaims(d, source) {
		got = append(got, fmt.Sprintf("%s.%s %v %v %s", c.SourceTable, c.SourceColumn, c.Enforced, c.Immutable, c.Why))
		c.Confirm(source)
	}
	want := []string{
		"persons.name false false key: true", "items.price false true key: true",
		"persons.person_id true false visits.person_id points to it", "visits.visit_id false false items.visit_id points to it",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	// Only what cannot change any more becomes unique by being checked.
	ds, _ := Build(d, source)
	for _, c := range []struct {
		table, column string
		want          bool
	}{{"persons", "name", false}, {"items", "price", true}, {"visits", "visit_id", false}} {
		table, _ := ds.Table(c.table)
		if column, _ := table.Column(c.column); column.Unique != c.want {
			t.Errorf("%s.%s unique: %v, want %v", c.table, c.column, column.Unique, c.want)
		}
	}
}

func TestFromSchema(t *testing.T) {
	source := testSource()
	source[1].ForeignKeys = []SourceForeignKey{{Columns: []string{"person_id"}, RefTable: "persons", RefColumns: []string{"person_id"}}}
	source[2].ForeignKeys = []SourceForeignKey{{Columns: []string{"visit_id"}, RefTable: "visits", RefColumns: []string{"visit_id"}}}
	text, err := FromSchema(source, Reference{}, "")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"privacy_unit: persons.person_id   # guessed", "    unit: person_id -> persons.person_id\n", "    unit: visit_id -> visits.visit_id\n",
		"      Age: {lower: , upper: }   # TODO: smallint", "      # home has type geometry", "  cities:   # TODO: `public: true`",
		"    source: a.twice\n", "      status: {}   # groups: sad, happy\n",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing in\n%s", want, text)
		}
	}
	if _, err := FromSchema(source, Reference{"persons", "nobody"}, ""); err == nil {
		t.Error("a unit that is not there was accepted")
	}
}

func TestNearest(t *testing.T) {
	for word, want := range map[string]string{"lisen": "listen", "querry": "query", "qeury": "query", "zebra": "", "": "", "TABLES": "tables"} {
		if got := Nearest(word, []string{"listen", "query", "tables"}); got != want {
			t.Errorf("Nearest(%q) = %q, want %q", word, got, want)
		}
	}
}
