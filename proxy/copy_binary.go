package proxy

import (
	"encoding/binary"

	"github.com/dpproxy/dpproxy/answer"
	"github.com/dpproxy/dpproxy/proxy/value"
	"github.com/dpproxy/dpproxy/refusal"
	"github.com/jackc/pgx/v5/pgproto3"
)

// copySignature opens a stream in COPY's binary format; no flags and no extension follow.
const copySignature = "PGCOPY\n\xff\r\n\x00" + "\x00\x00\x00\x00" + "\x00\x00\x00\x00"

// newBinaryCopy reads the options of COPY … (FORMAT binary): those of the other formats are refused.
func newBinaryCopy(options map[string]string) (*copyFormat, error) {
	for name, word := range map[string]string{"delimiter": "DELIMITER", "null": "NULL"} {
		if _, ok := options[name]; ok {
			return nil, refusal.New(refusal.SyntaxError, "cannot specify %s in BINARY mode", word)
		}
	}
	f := &copyFormat{binary: true}
	if err := f.rest(options); err != nil {
		return nil, err
	}
	if f.header {
		return nil, refusal.New(refusal.NotSupported, "cannot specify HEADER in BINARY mode")
	}
	return f, nil
}

// copyBinary writes the answer in COPY's binary format.
func (s *session) copyBinary(res *result) (n int, err error) {
	codes := make([]uint16, len(res.columns))
	for i := range codes {
		codes[i] = uint16(value.Binary)
	}
	if err := s.wire.send(&pgproto3.CopyOutResponse{OverallFormat: 1, ColumnFormatCodes: codes}); err != nil {
		return 0, err
	}
	head := copySignature // goes with the first message of data
	for {
		row, ok, err := res.next()
		if err != nil {
			return n, err
		}
		if !ok {
			break
		}
		if err := s.wire.message('d', func(dst []byte) ([]byte, error) {
			return binaryTuple(append(dst, head...), res.columns, row)
		}); err != nil {
			return n, err
		}
		head = ""
		n++
		if err := s.wire.piece(); err != nil {
			return n, err
		}
	}
	if err := s.wire.send(&pgproto3.CopyData{Data: []byte(head + "\xff\xff")}); err != nil {
		return n, err
	}
	return n, s.wire.send(&pgproto3.CopyDone{})
}

// binaryTuple appends a row: the number of columns, then each with its length.
func binaryTuple(dst []byte, columns []answer.Column, row []answer.Cell) ([]byte, error) {
	if len(row) != len(columns) {
		return dst, errRow
	}
	dst = binary.BigEndian.AppendUint16(dst, uint16(len(columns)))
	for i, c := range row {
		if c.Null {
			dst = append(dst, 0xff, 0xff, 0xff, 0xff)
			continue
		}
		at := len(dst)
		dst = append(dst, 0, 0, 0, 0)
		var err error
		if dst, err = value.AppendBinary(dst, columns[i].Type, c.Text); err != nil {
			return dst, err
		}
		binary.BigEndian.PutUint32(dst[at:], uint32(len(dst)-at-4))
	}
	return dst, nil
}
