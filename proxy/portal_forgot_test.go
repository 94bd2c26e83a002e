package proxy

import (
	"errors"
	"testing"

	"github.com/dpproxy/dpproxy/answer"
)

// A row that a cursor has forgotten is neither the end nor another row, wherever the cursor stands.
func TestPortalForgotten(t *testing.T) {
	p := &portal{first: 5, total: 7, pos: 1, rows: [][]answer.Cell{{{Text: "6"}}, {{Text: "7"}}}}
	if row, ok, err := p.forward(); !errors.Is(err, errBackward) || ok || p.pos != 1 {
		t.Errorf("got %v, %v, %v at %d", row, ok, err, p.pos)
	}
	if row, ok, err := p.at(6); err != nil || !ok || row[0].Text != "6" {
		t.Errorf("got %v, %v, %v", row, ok, err)
	}
	if _, ok, err := p.at(8); err != nil || ok {
		t.Errorf("got %v, %v", ok, err)
	}
}
