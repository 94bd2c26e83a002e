package answer

import (
	"encoding/binary"
	"errors"
	"math/big"

	"github.com/dpproxy/dpproxy/mechanism"
)

// The stored form of a release: version, number of groups, of keys and of values in each, then the groups. A key is its
// length + 1 (0 is NULL) and its text; a value is the length of its magnitude, twice, plus 1 if negative, and the
// magnitude's bytes. All numbers are varints.
const codecVersion = 1

// maxStored bounds what a damaged length can make us allocate.
const maxStored = 1 << 30

var errStored = errors.New("answer: a stored release is damaged, or does not fit its plan")

// encode is the form in which the ledger keeps a release.
func encode(n *mechanism.Noisy) ([]byte, error) {
	b := binary.AppendUvarint(nil, codecVersion)
	b = binary.AppendUvarint(b, uint64(len(n.Groups)))
	if len(n.Groups) == 0 {
		return b, nil
	}
	keys, width := len(n.Groups[0].Keys), len(n.Groups[0].Values)
	b = binary.AppendUvarint(b, uint64(keys))
	b = binary.AppendUvarint(b, uint64(width))
	for _, g := range n.Groups {
		if len(g.Keys) != keys || len(g.Values) != width {
			return nil, errStored
		}
		for _, k := range g.Keys {
			if k.Null {
				b = append(b, 0)
				continue
			}
			b = binary.AppendUvarint(b, uint64(len(k.Text))+1)
			b = append(b, k.Text...)
		}
		for _, v := range g.Values {
			magnitude := v.Bytes()
			head := uint64(len(magnitude)) << 1
			if v.Sign() < 0 {
				head |= 1
			}
			b = binary.AppendUvarint(b, head)
			b = append(b, magnitude...)
		}
	}
	return b, nil
}

// decode reads a stored release back: groups of so many keys and values.
func decode(body []byte, keys, width int) (*mechanism.Noisy, error) {
	r := &storedReader{rest: body}
	if r.number() != codecVersion {
		return nil, errStored
	}
	groups := r.number()
	if groups > uint64(len(body)) {
		return nil, errStored
	}
	n := &mechanism.Noisy{Groups: make([]mechanism.NoisyGroup, 0, groups)}
	if groups > 0 && (r.number() != uint64(keys) || r.number() != uint64(width)) {
		return nil, errStored
	}
	for range groups {
		g := mechanism.NoisyGroup{Keys: make([]Cell, keys), Values: make([]*big.Int, width)}
		for i := range g.Keys {
			if length := r.number(); length == 0 {
				g.Keys[i].Null = true
			} else {
				g.Keys[i].Text = string(r.bytes(length - 1))
			}
		}
		for i := range g.Values {
			head := r.number()
			g.Values[i] = new(big.Int).SetBytes(r.bytes(head >> 1))
			if head&1 == 1 {
				g.Values[i].Neg(g.Values[i])
			}
		}
		if r.damaged {
			return nil, errStored
		}
		n.Groups = append(n.Groups, g)
	}
	if r.damaged || len(r.rest) > 0 {
		return nil, errStored
	}
	return n, nil
}

// storedReader reads a stored form; damage sticks.
type storedReader struct {
	rest    []byte
	damaged bool
}

func (r *storedReader) number() uint64 {
	n, size := binary.Uvarint(r.rest)
	if size <= 0 || n > maxStored {
		r.damaged, r.rest = true, nil
		return 0
	}
	r.rest = r.rest[size:]
	return n
}

func (r *storedReader) bytes(n uint64) []byte {
	if n > uint64(len(r.rest)) {
		r.damaged, r.rest = true, nil
		return nil
	}
	b := r.rest[:n]
	r.rest = r.rest[n:]
	return b
}
