package value

import (
	"testing"

	"github.com/dpproxy/dpproxy/catalog"
)

// A JSON parameter in binary form is read as one in text form is.
func TestParamBinaryJSON(t *testing.T) {
	for _, c := range []struct {
		kind     catalog.Kind
		in, want string // "" is refused
	}{
		{catalog.JSONB, "\x01{\"bb\":1,\"a\":2}", `{"a": 2, "bb": 1}`}, {catalog.JSON, `{"bb":1}`, `{"bb":1}`},
		{catalog.JSONB, "\x01{", ""}, {catalog.JSONB, "\x01\"\\ud83d\"", ""}, {catalog.JSON, "{", ""},
	} {
		got, err := Param(catalog.Of(c.kind), Binary, []byte(c.in), 1, nil)
		if got != c.want || (err == nil) != (c.want != "") {
			t.Errorf("Param(%v, %q) = %q, %v; want %q", catalog.Of(c.kind), c.in, got, err, c.want)
		}
	}
}
