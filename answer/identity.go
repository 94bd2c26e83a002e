package answer

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"hash"

	"github.com/dpproxy/dpproxy/budget"
	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/rewrite"
)

// identity names a release: SHA-256 over the data set and its version, the planner's normalised text, and everything
// else that changes what is drawn (noise, sensitivities, shares, selection, bounds). Each field carries its length, so
// that no two lists of fields hash the same text. The SQL is not in it: the planner's text says what it measures.
func identity(d *catalog.Dataset, m *rewrite.Measurement) budget.ReleaseID {
	h := sha256.New()
	field(h, "dpproxy release 2")
	field(h, d.Name)
	field(h, d.Version)
	field(h, m.Identity)
	for _, k := range m.Keys {
		field(h, k.Name+" "+k.Type.String())
	}
	for _, s := range m.Specs {
		field(h, fmt.Sprintf("%d %s %v %v %v", s.Width, s.Noise, s.L1, s.L2Squared, s.Share))
	}
	for _, q := range m.Histograms {
		s := q.Spec
		field(h, fmt.Sprintf("%v %d %d %d %d %v %s", s.Ranks, s.Grid, s.Unit, s.Rows, s.Groups, s.Share, s.Accountant))
	}
	field(h, fmt.Sprintf("%+v %+v %v", m.Selection, m.Bounds, m.Loss))
	var id budget.ReleaseID
	h.Sum(id[:0])
	return id
}

func field(h hash.Hash, text string) {
	var n [8]byte
	binary.BigEndian.PutUint64(n[:], uint64(len(text)))
	h.Write(n[:])
	h.Write([]byte(text))
}
