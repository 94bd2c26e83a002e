package approval

import (
	"fmt"
	"math/big"
	"strings"
	"time"
)

// value is a slot's value that can be compared.
type value struct {
	number *big.Rat
	text   string
}

func (v value) compare(w value) int {
	if v.number != nil && w.number != nil {
		return v.number.Cmp(w.number)
	}
	return strings.Compare(v.text, w.text)
}

// value reads a value of the slot's type. Numbers are decimals of at most 60 characters.
func (p Slot) value(text string) (value, error) {
	wrong := fmt.Errorf("is no %s", p.Type)
	switch p.Type {
	case "integer", "number":
		n, ok := decimal(text)
		if !ok || p.Type == "integer" && !n.IsInt() {
			return value{}, wrong
		}
		return value{number: n}, nil
	case "date":
		t, err := time.Parse("2006-01-02", text)
		if err != nil {
			return value{}, wrong
		}
		return value{number: new(big.Rat).SetInt64(t.Unix())}, nil
	case "timestamp":
		for _, layout := range []string{"2006-01-02 15:04:05.999999", "2006-01-02T15:04:05.999999", "2006-01-02"} {
			if t, err := time.Parse(layout, text); err == nil {
				return value{number: new(big.Rat).SetInt64(t.UnixMicro())}, nil
			}
		}
		return value{}, wrong
	case "boolean":
		switch strings.ToLower(text) {
		case "t", "true":
			return value{text: "t"}, nil
		case "f", "false":
			return value{text: "f"}, nil
		}
		return value{}, wrong
	}
	return value{text: text}, nil
}

// decimal reads a decimal number of at most 60 characters: no fractions, no other bases, no exponents, so that a short text
// never stands for a number that takes much memory.
func decimal(text string) (*big.Rat, bool) {
	if len(text) > 60 || strings.ContainsAny(text, "/_xXoObBpPeE ") {
		return nil, false
	}
	return new(big.Rat).SetString(text)
}

// SameValues tells that two texts are one value of the slot.
func (p Slot) SameValues(a, b string) bool {
	v, err1 := p.value(a)
	w, err2 := p.value(b)
	return err1 == nil && err2 == nil && v.compare(w) == 0
}
