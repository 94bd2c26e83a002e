package answer

import (
	"math/big"
	"testing"

	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/rewrite"
)

// A slope or correlation of rows that show no variance is NULL in PostgreSQL, and an estimate that does not exist here: the session must
// give NULL, rounded or not, and live.
func TestEstimateThatDoesNotExist(t *testing.T) {
	o := rewrite.Output{Column: rewrite.Column{Type: catalog.Of(catalog.Float8)}}
	if c := numberCell(o, nil, ""); !c.Null {
		t.Errorf("%+v", c)
	}
	o.Stand.Round = big.NewRat(1, 2)
	if c := numberCell(o, nil, "high"); !c.Null {
		t.Errorf("%+v", c)
	}
	if c := numberCell(o, big.NewRat(3, 4), ""); c.Null || c.Text != "1" {
		t.Errorf("%+v", c)
	}
}
