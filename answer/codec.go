package answer

import (
	"errors"

	"github.com/dpproxy/dpproxy/mechanism"
	"github.com/dpproxy/dpproxy/rewrite"
)

var errStored = errors.New("answer: a stored release does not fit its plan")

// decode reads a stored release back, and checks that it has the shape that its plan expects.
func decode(body []byte, m *rewrite.Measurement) (*mechanism.Noisy, error) {
	noisy, err := mechanism.DecodeNoisy(body)
	if err != nil {
		return nil, err
	}
	width := m.Numbers()
	if m.Cells != nil {
		width = m.Cells.PublishedWidth()
	}
	for _, g := range noisy.Groups {
		if len(g.Keys) != len(m.Keys) || len(g.Values) != width {
			return nil, errStored
		}
	}
	return noisy, nil
}
