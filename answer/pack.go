package answer

import (
	"compress/gzip"
	"encoding/binary"
	"encoding/json"
	"hash/crc32"
	"io"
	"math"
)

// smallAnswer is below which an answer is kept as it is, in the same form: compressing takes longer than it saves.
const smallAnswer = 4 << 10

// pack encodes an answer for the archive.
func (s *Service) pack(a archived) ([]byte, error) {
	if size(a.cells) < smallAnswer {
		if text := a.json(); len(text) <= math.MaxUint16 {
			return stored(text), nil
		}
	}
	z, ok := s.compressors.Get().(*gzip.Writer)
	if !ok {
		z = gzip.NewWriter(io.Discard)
	}
	defer s.compressors.Put(z)
	return a.encode(z)
}

// json is the answer's text: {"v":1,"c":[[name,type],…],"r":[[value,…],…]}.
func (a archived) json() []byte {
	b := make([]byte, 0, 64+32*len(a.Columns)+size(a.cells))
	b = append(b, `{"v":1,"c":[`...)
	for i, c := range a.Columns {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendJSON(append(b, '['), c.Name)
		b = append(appendJSON(append(b, ','), c.Type.String()), ']')
	}
	b = append(b, `],"r":[`...)
	for i, row := range a.cells {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, '[')
		for j, c := range row {
			if j > 0 {
				b = append(b, ',')
			}
			if c.Null {
				b = append(b, "null"...)
			} else {
				b = appendJSON(b, c.Text)
			}
		}
		b = append(b, ']')
	}
	return append(b, "]}\n"...)
}

// appendJSON adds a string.
func appendJSON(b []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c == '"' || c == '\\' || c >= 0x7f {
			quoted, err := json.Marshal(s)
			if err != nil { // no string fails
				quoted = []byte(`""`)
			}
			return append(b, quoted...)
		}
	}
	b = append(b, '"')
	b = append(b, s...)
	return append(b, '"')
}

// stored is a gzip file of one block that is not compressed (RFC 1951, 3.2.4; RFC 1952), of at most 65,535 bytes.
func stored(text []byte) []byte {
	b := make([]byte, 0, len(text)+23)
	b = append(b, 0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255) // deflate, no flags, no time, unknown system
	b = append(b, 1)                                    // the last block, stored
	b = binary.LittleEndian.AppendUint16(b, uint16(len(text)))
	b = binary.LittleEndian.AppendUint16(b, ^uint16(len(text)))
	b = append(b, text...)
	b = binary.LittleEndian.AppendUint32(b, crc32.ChecksumIEEE(text))
	return binary.LittleEndian.AppendUint32(b, uint32(len(text)))
}
