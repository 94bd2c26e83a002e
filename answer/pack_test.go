package answer

import (
	"reflect"
	"strings"
	"testing"

	"github.com/dpproxy/dpproxy/catalog"
)

// TestPack: whatever is in an answer, it is read back as it was, small or large.
func TestPack(t *testing.T) {
	columns := []Column{{Name: `a "b" \`, Type: catalog.Of(catalog.Text)}, {Name: "n", Type: catalog.Type{Kind: catalog.Numeric, Precision: 10, Scale: 2, HasScale: true}}}
	odd := [][]Cell{{{Text: ""}, {Null: true}}, {{Text: "quote \" back \\ line\n tab\t nul-free \x01\x7f <>&"}, {Text: "1.50"}}, {{Text: "ä 😀 \u2028"}, {Text: "NaN"}}}
	var many [][]Cell
	for range 3000 {
		many = append(many, odd...)
	}
	for name, rows := range map[string][][]Cell{
		"none": nil, "odd": odd, "many": many,
		"escapes":  {{{Text: strings.Repeat("\x01", smallAnswer-100)}, {Text: "1"}}},
		"one long": {{{Text: strings.Repeat("x", 100_000)}, {Text: "1"}}},
	} {
		s := &Service{}
		for range 2 { // with a new writer, and with one that was used
			body, err := s.pack(archived{Columns: columns, cells: rows})
			if err != nil {
				t.Fatal(err)
			}
			got, err := DecodeArchived(body)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if !reflect.DeepEqual(got.Columns, columns) || !reflect.DeepEqual(got.Rows, rows) {
				t.Errorf("%s: %d bytes are read as %d rows, want %d", name, len(body), len(got.Rows), len(rows))
			}
		}
	}
}
