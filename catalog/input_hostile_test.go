package catalog

import (
	"strings"
	"testing"
)

// What PostgreSQL refuses is refused, and is no other value; what it takes stays what it is.
func TestInputHostile(t *testing.T) {
	for _, c := range []struct {
		kind     Kind
		in, want string // "" is refused
	}{
		{JSONB, `"\ud83d\ude00"`, "\"\U0001f600\""}, {JSONB, `"\\ud83d"`, `"\\ud83d"`}, {JSONB, `{"\u0041": "\n"}`, `{"A": "\n"}`},
		{JSONB, `"\ud83d"`, ""}, {JSONB, `"\ude00"`, ""}, {JSONB, `"\ud83dx"`, ""}, {JSONB, `"\ud83d\ud83d"`, ""}, {JSONB, `{"\udead": 1}`, ""},
		{JSONB, `"\u0000"`, ""}, {JSONB, `"\ufffd"`, "\"\ufffd\""},
		{JSONB, strings.Repeat(`[`, 1001) + strings.Repeat(`]`, 1001), ""}, {JSONB, `"` + strings.Repeat("[", 2000) + `"`, `"` + strings.Repeat("[", 2000) + `"`},
		{Name, strings.Repeat("\x80", 70), ""},
	} {
		got, err := Input(Of(c.kind), c.in)
		if c.want == "" && err == nil && got != "" || c.want != "" && (err != nil || got != c.want) {
			t.Errorf("Input(%v, %.40q) = %.40q, %v; want %.40q", Of(c.kind), c.in, got, err, c.want)
		}
	}
}
