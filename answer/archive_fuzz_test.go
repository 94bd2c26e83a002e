package answer

import (
	"compress/gzip"
	"io"
	"testing"

	"github.com/dpproxy/dpproxy/catalog"
)

// FuzzDecodeArchived: whatever a stored answer's bytes became, it is read or an error.
func FuzzDecodeArchived(f *testing.F) {
	z := gzip.NewWriter(io.Discard)
	for _, rows := range [][][]Cell{nil, {{{Text: "f"}, {Text: "12"}}, {{Null: true}, {Text: "3"}}}} {
		body, err := archived{Columns: []Column{{Name: "sex", Type: catalog.Of(catalog.Text)}, {Name: "n", Type: catalog.Of(catalog.Int8)}}, cells: rows}.encode(z)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(body)
	}
	f.Fuzz(func(_ *testing.T, body []byte) {
		_, _ = DecodeArchived(body) // no panic, no endless memory
	})
}
