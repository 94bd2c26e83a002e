package approval

import "testing"

// TestSlots: what may stand in a slot, by type, range and list.
func TestSlots(t *testing.T) {
	whole, part := Slot{Type: "integer", Lower: "-5", Upper: "10"}, Slot{Type: "number", Lower: "0.5"}
	word, list := Slot{Type: "text", Values: []string{"north", "south"}}, Slot{Type: "integer", Values: []string{"1", "2"}}
	day, moment, truth := Slot{Type: "date", Lower: "2020-01-31"}, Slot{Type: "timestamp", Upper: "2020-01-31 12:00:00"}, Slot{Type: "boolean"}
	for _, c := range []struct {
		slot Slot
		text string
		ok   bool
	}{
		{whole, "-5", true}, {whole, "10", true}, {whole, "11", false}, {whole, "-6", false}, {whole, "9.5", false}, {whole, "", false},
		{whole, "1e0", false}, {whole, "0x1", false}, {whole, "1_0", false}, {whole, "4/2", false}, {whole, " 1", false}, {whole, "1; DROP", false},
		{part, "0.5", true}, {part, "0.49999999999999999999", false}, {part, "1e9", false}, {part, "Infinity", false}, {part, "NaN", false},
		{word, "north", true}, {word, "North", false}, {word, "north ", false}, {word, "", false},
		{list, "1", true}, {list, "01", true}, {list, "3", false}, {list, "1.0", true},
		{day, "2020-01-31", true}, {day, "2020-01-30", false}, {day, "today", false}, {day, "2020-02-31", false},
		{moment, "2020-01-31 12:00:00", true}, {moment, "2020-01-31T12:00:00.000001", false}, {moment, "now", false},
		{truth, "t", true}, {truth, "FALSE", true}, {truth, "1", false}, {Slot{Type: "regclass"}, "", true},
	} {
		if err := c.slot.Allows(c.text); (err == nil) != c.ok {
			t.Errorf("%s %q: %v", c.slot.Type, c.text, err)
		}
	}
	if !list.SameValues("1", "01") || list.SameValues("1", "2") || list.SameValues("x", "x") || list.Normal("01") != list.Normal("1") {
		t.Error("the spelling of a number counts, or its value does not")
	}
}
