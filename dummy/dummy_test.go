package dummy

import (
	"math/big"
	"reflect"
	"testing"

	"github.com/dpproxy/dpproxy/catalog"
)

func rat(n int64) *big.Rat { return big.NewRat(n, 1) }

func bounded(kind catalog.Kind, lower, upper *big.Rat) *catalog.Column {
	return &catalog.Column{Type: catalog.Of(kind), Domain: catalog.Domain{Lower: lower, Upper: upper}}
}

func named(name string, c *catalog.Column) *catalog.Column {
	c.Name = name
	return c
}

// shop is a data set with a unit, two steps of foreign keys, and a column of each type in its public table.
func shop() *catalog.Dataset {
	key := func(name string) *catalog.Column {
		return &catalog.Column{Name: name, Type: catalog.Of(catalog.Int4), Unique: true}
	}
	money := catalog.Type{Kind: catalog.Numeric, Precision: 10, Scale: 2, HasScale: true}
	people := &catalog.Table{Name: "people", Columns: []*catalog.Column{
		key("person_id"),
		{Name: "sex", Type: catalog.Of(catalog.Text), Domain: catalog.Domain{Values: []string{"f", "m"}}},
		named("age", bounded(catalog.Int4, rat(18), rat(110))),
		{Name: "income", Type: money, Nullable: true, Domain: catalog.Domain{Lower: rat(-5), Upper: rat(250)}},
		named("ratio", bounded(catalog.Float8, new(big.Rat), big.NewRat(1, 1000))),
		named("born", bounded(catalog.Date, rat(-36500), rat(20000))),
		{Name: "city", Type: catalog.Type{Kind: catalog.Varchar, Length: 6}, Nullable: true},
		{Name: "rank", Type: catalog.Of(catalog.Int2), Unique: true, Domain: catalog.Domain{Lower: rat(10), Upper: rat(300)}},
	}}
	visits := &catalog.Table{Name: "visits", Columns: []*catalog.Column{key("visit_id"), {Name: "person_id", Type: catalog.Of(catalog.Int4), Nullable: true}},
		Unit: &catalog.UnitPath{Column: "person_id", References: &catalog.Reference{Table: "people", Column: "person_id"}}}
	items := &catalog.Table{Name: "items", Columns: []*catalog.Column{{Name: "visit_id", Type: catalog.Of(catalog.Int4)}},
		Unit: &catalog.UnitPath{Column: "visit_id", Via: &catalog.Reference{Table: "visits", Column: "visit_id"}}}
	kinds := &catalog.Table{Name: "kinds", Public: true}
	for k := catalog.Bool; k <= catalog.Timetz; k++ {
		if k != catalog.Unsupported {
			kinds.Columns = append(kinds.Columns, &catalog.Column{Name: catalog.Of(k).String(), Type: catalog.Of(k)})
		}
	}
	// Declared in an order in which what is pointed to comes last.
	return &catalog.Dataset{Name: "shop", Version: "1", UnitTable: "people", UnitColumn: "person_id",
		Tables: []*catalog.Table{items, visits, kinds, people}}
}

func TestValuesFollowTheDeclaration(t *testing.T) {
	for _, table := range Generate(shop(), Options{Seed: 7}) {
		if len(table.Rows) == 0 {
			t.Errorf("%s has no rows", table.Name)
		}
		for j, c := range table.Columns {
			seen, nulls := map[string]int{}, 0
			for i, row := range table.Rows {
				cell := row[j]
				if cell.Null {
					nulls++
					continue
				}
				seen[cell.Text]++
				checkValue(t, table.Name, c, i, cell.Text)
			}
			if c.Unique && len(seen) != len(table.Rows) {
				t.Errorf("%s.%s: %d values in %d rows", table.Name, c.Name, len(seen), len(table.Rows))
			}
			if nulls > 0 != (c.Nullable && c.Name != "person_id") {
				t.Errorf("%s.%s: %d NULLs", table.Name, c.Name, nulls)
			}
		}
	}
}

func checkValue(t *testing.T, table string, c *catalog.Column, i int, text string) {
	t.Helper()
	if c.Type.HasValues() {
		if out, err := catalog.ParseValue(c.Type, text); err != nil || out != text {
			t.Errorf("%s.%s, row %d: %q is %q, %v", table, c.Name, i, text, out, err)
		}
	}
	if c.Domain.Lower != nil {
		r, err := catalog.ToRat(c.Type, text)
		if err != nil || r.Cmp(c.Domain.Lower) < 0 || r.Cmp(c.Domain.Upper) > 0 {
			t.Errorf("%s.%s, row %d: %s is out of bounds, %v", table, c.Name, i, text, err)
		}
	}
	if len(c.Domain.Values) > 0 && text != "f" && text != "m" {
		t.Errorf("%s.%s, row %d: %q is not declared", table, c.Name, i, text)
	}
}

func TestKeysMatch(t *testing.T) {
	tables := map[string]Table{}
	for _, table := range Generate(shop(), Options{Seed: 7, Units: 40}) {
		tables[table.Name] = table
	}
	if n := len(tables["people"].Rows); n != 40 {
		t.Errorf("%d people, want 40", n)
	}
	for _, step := range []struct {
		from, to string
		at, key  int
	}{{"visits", "people", 1, 0}, {"items", "visits", 0, 0}} {
		rowsOf := map[string]int{}
		for _, row := range tables[step.to].Rows {
			rowsOf[row[step.key].Text] = 0
		}
		for _, row := range tables[step.from].Rows {
			if _, ok := rowsOf[row[step.at].Text]; !ok {
				t.Fatalf("%s points to %q, which %s does not have", step.from, row[step.at].Text, step.to)
			}
			rowsOf[row[step.at].Text]++
		}
		several := 0
		for _, n := range rowsOf {
			if n > 1 {
				several++
			}
		}
		if several < len(rowsOf)/2 {
			t.Errorf("of %d rows of %s, %d have several rows of %s", len(rowsOf), step.to, several, step.from)
		}
	}
}

func TestSameSeedSameRows(t *testing.T) {
	d := shop()
	one := Generate(d, Options{Seed: 7})
	if !reflect.DeepEqual(one, Generate(d, Options{Seed: 7})) {
		t.Error("the same seed gives other rows")
	}
	if reflect.DeepEqual(one, Generate(d, Options{Seed: 8})) {
		t.Error("another seed gives the same rows")
	}
	other := shop()
	other.Version = "2"
	if Seed(d) == Seed(other) {
		t.Error("another version has the same seed")
	}
	other = shop()
	other.Tables[3].Columns = other.Tables[3].Columns[:3]
	for i, row := range Generate(other, Options{Seed: 7})[3].Rows {
		if !reflect.DeepEqual(row, one[3].Rows[i][:3]) && i < len(one[3].Rows) {
			t.Fatalf("row %d changes with the number of columns: %v, %v", i, row, one[3].Rows[i])
		}
		if i == len(one[3].Rows)-1 {
			break
		}
	}
}

// A unique column with few values bounds its table.
func TestSmallDomains(t *testing.T) {
	d := shop()
	for _, table := range Generate(d, Options{Seed: 1, Units: 1000}) {
		if table.Name == "people" && len(table.Rows) != 291 {
			t.Errorf("%d people, want 291: rank has no more values", len(table.Rows))
		}
	}
	d.RowUnit, d.UnitTable, d.UnitColumn = true, "", ""
	if n := len(Generate(d, Options{})); n != 4 {
		t.Errorf("%d tables", n)
	}
}

// A key whose type is narrow, and that declares no bounds, has no more values than the type.
func TestNarrowKeys(t *testing.T) {
	for name, want := range map[string]int{"numeric(2,0)": 99, "numeric(4,2)": 99, "smallint": 32767, "varchar(2)": 99, "char(3)": 999} {
		typ, err := catalog.ParseType(name)
		if err != nil {
			t.Fatal(err)
		}
		key := &catalog.Column{Name: "key", Type: typ, Unique: true}
		visits := &catalog.Table{Name: "visits", Columns: []*catalog.Column{{Name: "key", Type: typ}}, Unit: &catalog.UnitPath{Column: "key"}}
		d := &catalog.Dataset{UnitTable: "people", UnitColumn: "key", Tables: []*catalog.Table{{Name: "people", Columns: []*catalog.Column{key}}, visits}}
		for _, table := range Generate(d, Options{Units: min(2*want, 33_000)}) {
			seen := map[string]bool{}
			for _, row := range table.Rows {
				if _, err := catalog.ParseValue(typ, row[0].Text); err != nil {
					t.Fatalf("%s, %s: %v", table.Name, name, err)
				}
				seen[row[0].Text] = true
			}
			if len(seen) > want || table.Name == "people" && (len(seen) != want || len(table.Rows) != want) {
				t.Errorf("%s, %s: %d values in %d rows, want %d", table.Name, name, len(seen), len(table.Rows), want)
			}
		}
	}
}
