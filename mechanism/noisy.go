package mechanism

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/big"
	"unicode/utf8"
)

// Noisy is a measurement that may be published: the visible groups with noise on every number. It is what the ledger
// stores as a release.
type Noisy struct {
	Groups []NoisyGroup
}

// NoisyGroup is one visible group. Values are whole numbers in the specs' order, Width of each side by side.
type NoisyGroup struct {
	Keys   []Cell
	Values []*big.Int
}

// noisyVersion is the version of the stored form. A reader refuses versions that it does not know.
const noisyVersion = 1

// maxDigits bounds a number of the stored form: noise of any real scale has fewer.
const maxDigits = 1000

// noisyJSON is the stored form:
//
//	{"v":1,"g":[{"k":["a",null],"y":[12,-3]}, …]}
//
// A key is a string, null, or, where its text is no valid UTF-8, {"b":"<base64>"}. Numbers are whole numbers of any length.
type noisyJSON struct {
	Version int         `json:"v"`
	Groups  []groupJSON `json:"g"`
}

type groupJSON struct {
	Keys   []cellJSON    `json:"k"`
	Values []json.Number `json:"y"`
}

type cellJSON Cell

type bytesJSON struct {
	Bytes *string `json:"b"`
}

// MarshalJSON encodes a key.
func (c cellJSON) MarshalJSON() ([]byte, error) {
	switch {
	case c.Null:
		return []byte("null"), nil
	case utf8.ValidString(c.Text):
		return json.Marshal(c.Text)
	}
	text := base64.StdEncoding.EncodeToString([]byte(c.Text))
	return json.Marshal(bytesJSON{&text})
}

// UnmarshalJSON decodes a key.
func (c *cellJSON) UnmarshalJSON(data []byte) error {
	switch data[0] {
	case 'n':
		*c = cellJSON{Null: true}
		return nil
	case '"':
		*c = cellJSON{}
		return json.Unmarshal(data, &c.Text)
	}
	var b bytesJSON
	if err := strictJSON(data, &b); err != nil || b.Bytes == nil {
		return errNoisy
	}
	text, err := base64.StdEncoding.DecodeString(*b.Bytes)
	if err != nil {
		return errNoisy
	}
	*c = cellJSON{Text: string(text)}
	return nil
}

var errNoisy = errors.New("mechanism: a stored release cannot be read")

// Encode is the compact stored form, for the ledger. It fails on groups of different shapes, which Release never makes.
func (n *Noisy) Encode() ([]byte, error) { return json.Marshal(n) }

// DecodeNoisy reads what Encode wrote. Anything else is an error: unknown versions and fields, numbers that are not whole,
// groups of different shapes, and text after the end.
func DecodeNoisy(data []byte) (*Noisy, error) {
	n := new(Noisy)
	if err := n.UnmarshalJSON(data); err != nil {
		return nil, err
	}
	return n, nil
}

// MarshalJSON is Encode.
func (n *Noisy) MarshalJSON() ([]byte, error) {
	out := noisyJSON{Version: noisyVersion, Groups: make([]groupJSON, len(n.Groups))}
	for i, g := range n.Groups {
		if len(g.Keys) != len(n.Groups[0].Keys) || len(g.Values) != len(n.Groups[0].Values) {
			return nil, errors.New("mechanism: groups differ in shape")
		}
		keys, values := make([]cellJSON, len(g.Keys)), make([]json.Number, len(g.Values))
		for j, k := range g.Keys {
			keys[j] = cellJSON(k)
		}
		for j, v := range g.Values {
			values[j] = json.Number(v.String())
		}
		out.Groups[i] = groupJSON{keys, values}
	}
	return json.Marshal(out)
}

// UnmarshalJSON is DecodeNoisy.
func (n *Noisy) UnmarshalJSON(data []byte) error {
	var in noisyJSON
	if err := strictJSON(data, &in); err != nil {
		return errNoisy
	}
	if in.Version != noisyVersion {
		return fmt.Errorf("%w: version %d", errNoisy, in.Version)
	}
	out := Noisy{Groups: make([]NoisyGroup, len(in.Groups))}
	for i, g := range in.Groups {
		if len(g.Keys) != len(in.Groups[0].Keys) || len(g.Values) != len(in.Groups[0].Values) {
			return errNoisy
		}
		keys, values := make([]Cell, len(g.Keys)), make([]*big.Int, len(g.Values))
		for j, k := range g.Keys {
			keys[j] = Cell(k)
		}
		for j, v := range g.Values {
			var ok bool
			if values[j], ok = new(big.Int).SetString(string(v), 10); !ok || len(v) > maxDigits {
				return errNoisy
			}
		}
		out.Groups[i] = NoisyGroup{keys, values}
	}
	*n = out
	return nil
}

// strictJSON refuses unknown fields and anything after the value.
func strictJSON(data []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return err
	}
	if _, err := d.Token(); err != io.EOF {
		return errNoisy
	}
	return nil
}
