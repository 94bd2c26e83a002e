package expr

import (
	"testing"

	"github.com/dpproxy/dpproxy/catalog"
)

// TestCollationsMeet: two texts of different collations may be compared, where both are read in the database's.
func TestCollationsMeet(t *testing.T) {
	h := newHarness(t)
	h.exec(`CREATE TABLE spelled (id int, c0 text COLLATE "C", c1 text COLLATE "POSIX")`)
	h.exec(`INSERT INTO spelled VALUES (1, 'a', 'b')`)
	a, b := Column{Alias: "w", Name: "c0", Typ: catalog.Of(txt)}, Column{Alias: "w", Name: "c1", Typ: catalog.Of(txt), Collated: true}
	less, err := (&Builder{Mode: Private}).Op("<", a, b, -1)
	if err != nil {
		t.Fatal(err)
	}
	if v, err := h.run(PostgreSQL, less, "spelled"); err != nil || len(v) != 1 || v[0] == nil || *v[0] != "true" {
		t.Errorf("%v: %v", v, err)
	}
	b.Collated = false
	if less, err = (&Builder{Mode: Private}).Op("<", a, b, -1); err != nil {
		t.Fatal(err)
	}
	if _, err := h.run(PostgreSQL, less, "spelled"); err == nil {
		t.Error("PostgreSQL compares them as they are: Collated is of no use")
	}
}
