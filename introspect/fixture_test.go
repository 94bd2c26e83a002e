package introspect

import (
	"log/slog"
	"math/big"
	"testing"

	"github.com/dpproxy/dpproxy/catalog"
)

// testDataset is the data set of these tests, and its twin is the schema that testdata/sql/introspect/schema.sql makes.
func testDataset() *catalog.Dataset {
	rat := func(n int64) *big.Rat { return big.NewRat(n, 1) }
	return &catalog.Dataset{Name: "census", Description: "A small census", UnitTable: "persons", UnitColumn: "person_id",
		AllowedFunctions: []string{"count", "sum", "avg"}, MaxFunctions: 4,
		Tables: []*catalog.Table{
			{Name: "persons", Description: "people", Unit: &catalog.UnitPath{Column: "person_id"}, Columns: []*catalog.Column{
				{Name: "person_id", Type: catalog.Of(catalog.Int8), Unique: true},
				{Name: "sex", Type: catalog.Of(catalog.Text), Nullable: true, Domain: catalog.Domain{Values: []string{"f", "m"}}},
				{Name: "age", Type: catalog.Of(catalog.Int4), Nullable: true, Domain: catalog.Domain{Lower: rat(0), Upper: rat(110)}},
				{Name: "income", Type: catalog.Type{Kind: catalog.Numeric, Precision: 12, Scale: 2, HasScale: true}, Nullable: true,
					Domain: catalog.Domain{Lower: rat(0), Upper: rat(250000)}, Description: "yearly income"},
				{Name: "city", Type: catalog.Type{Kind: catalog.Varchar, Length: 40}, Nullable: true},
				{Name: "born", Type: catalog.Of(catalog.Date), Nullable: true, Domain: catalog.Domain{Lower: rat(0), Upper: rat(20000)}},
			}},
			{Name: "visits", Unit: &catalog.UnitPath{Column: "person_id", References: &catalog.Reference{Table: "persons", Column: "person_id"}},
				Columns: []*catalog.Column{
					{Name: "visit_id", Type: catalog.Of(catalog.Int8), Unique: true},
					{Name: "person_id", Type: catalog.Of(catalog.Int8)},
					{Name: "visited_on", Type: catalog.Of(catalog.Date), Nullable: true},
					{Name: "cost", Type: catalog.Of(catalog.Float8), Nullable: true, Domain: catalog.Domain{Lower: rat(0), Upper: rat(5000)}},
				}},
			{Name: "cities", Public: true, Columns: []*catalog.Column{
				{Name: "city", Type: catalog.Type{Kind: catalog.Varchar, Length: 40}, Nullable: true},
				{Name: "lat", Type: catalog.Of(catalog.Float8), Nullable: true},
				{Name: "flags", Type: catalog.Of(catalog.Bool), Nullable: true},
				{Name: "tags", Type: catalog.Type{Kind: catalog.Text, Array: true}, Nullable: true},
				{Name: "at", Type: catalog.Of(catalog.Timestamptz), Nullable: true},
			}},
		}}
}

func testView() View {
	d := testDataset()
	return View{User: "alice", Database: "census", Datasets: []*catalog.Dataset{d}, Current: d, PID: 42, Users: []string{"alice"},
		Settings: func(name string) (string, bool) {
			v, ok := map[string]string{"server_version": "16.9 (dpproxy test)", "search_path": `"$user", public`,
				"application_name": "tests"}[name]
			return v, ok
		}}
}

func testService(t testing.TB) *Service {
	t.Helper()
	s, err := New(slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}
