package proxy

import (
	"encoding/binary"
	"slices"
	"strconv"

	"github.com/dpproxy/dpproxy/answer"
	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/proxy/value"
	"github.com/jackc/pgx/v5/pgproto3"
)

func itoa(n int) string { return strconv.Itoa(n) }

func paramTypes(params []answer.Param) []catalog.Type {
	types := make([]catalog.Type, len(params))
	for i, p := range params {
		types[i] = p.Type
	}
	return types
}

// message appends a message whose body `fill` appends. On error nothing is appended.
func (w *wire) message(typ byte, fill func([]byte) ([]byte, error)) error {
	start := len(w.buffer())
	dst := append(w.out, typ, 0, 0, 0, 0)
	dst, err := fill(dst)
	if err != nil {
		return err
	}
	binary.BigEndian.PutUint32(dst[start+1:], uint32(len(dst)-start-1))
	w.out = dst
	return nil
}

// piece writes what is there once it is much, so that a long result takes constant memory.
func (w *wire) piece() error {
	if len(w.out) < pieceWrite {
		return nil
	}
	return w.flush()
}

// describeRows sends RowDescription, or NoData for nil.
func (s *session) describeRows(columns []answer.Column, formats []int16) error {
	if columns == nil {
		return s.wire.send(&pgproto3.NoData{})
	}
	places := s.places(columns)
	return s.wire.message('T', func(dst []byte) ([]byte, error) {
		dst = binary.BigEndian.AppendUint16(dst, uint16(len(columns)))
		for i, c := range columns {
			dst = append(append(dst, s.encoding().Lossy(clean(c.Name))...), 0)
			var at Place
			if places != nil {
				at = places[i]
			}
			dst = binary.BigEndian.AppendUint32(dst, at.Relation)
			dst = binary.BigEndian.AppendUint16(dst, at.Number)
			dst = binary.BigEndian.AppendUint32(dst, shownOID(c.Type))
			dst = binary.BigEndian.AppendUint16(dst, uint16(shownSize(c.Type)))
			dst = binary.BigEndian.AppendUint32(dst, uint32(c.Type.Typmod()))
			dst = binary.BigEndian.AppendUint16(dst, uint16(formatOf(formats, i)))
		}
		return dst, nil
	})
}

// places are where the catalogs have the columns of tables that the columns are; nil if they are none.
func (s *session) places(columns []answer.Column) []Place {
	l, ok := s.srv.intro.(Locator)
	if !ok {
		return nil
	}
	if len(columns) == 0 {
		return nil
	}
	if s.placed.first != &columns[0] || s.placed.length != len(columns) {
		s.placed = placed{first: &columns[0], length: len(columns)}
		if slices.ContainsFunc(columns, func(c answer.Column) bool { return c.From != (answer.Origin{}) }) {
			s.placed.places = l.Locate(s.id, columns)
		}
	}
	return s.placed.places
}

// placed is where the columns of the last answer are in the catalogs: the same statement has the same columns, which nobody
// changes.
type placed struct {
	first  *answer.Column
	length int
	places []Place
}

// A column of an untyped literal is text, as in PostgreSQL.
func shownOID(t catalog.Type) uint32 {
	if t.Kind == catalog.Unknown {
		return catalog.Of(catalog.Text).OID()
	}
	return t.OID()
}

func shownSize(t catalog.Type) int16 {
	if t.Kind == catalog.Unknown {
		return -1
	}
	return t.Size()
}

// write sends a result's rows, at most limit of them if it is not 0, and what ends them.
func (s *session) write(res *result, formats []int16, limit int) error {
	if res.d != nil && res.d.rows != nil { // a stream can be cancelled while it is written
		defer s.watch(res.d, false)()
	}
	res = s.encoded(res)
	n, more := 0, false
	var err error
	switch {
	case res.copy != nil:
		n, err = s.copyRows(res)
	case res.columns != nil:
		n, more, err = s.writeRows(res, formats, limit)
	}
	if err != nil {
		return err
	}
	if more {
		return s.wire.send(&pgproto3.PortalSuspended{})
	}
	tag := res.tag
	if res.counted || tag == "SELECT" {
		tag += " " + itoa(n)
	}
	return s.wire.send(&pgproto3.CommandComplete{CommandTag: []byte(tag)})
}

func (s *session) writeRows(res *result, formats []int16, limit int) (n int, more bool, err error) {
	style := s.styleNow()
	for _, c := range formats {
		if err := checkFormat(c); err != nil {
			return 0, false, err
		}
	}
	for {
		if limit > 0 && n == limit {
			return n, true, nil
		}
		row, ok, err := res.next()
		if err != nil || !ok {
			return n, false, err
		}
		if err := s.wire.dataRow(res.columns, row, formats, style); err != nil {
			return n, false, err
		}
		n++
		if err := s.wire.piece(); err != nil {
			return n, false, err
		}
	}
}

// dataRow encodes a row into the buffer that will be written; there is no message in between.
func (w *wire) dataRow(columns []answer.Column, row []answer.Cell, formats []int16, style value.Style) error {
	start := len(w.buffer())
	dst := append(w.out, 'D', 0, 0, 0, 0)
	dst = binary.BigEndian.AppendUint16(dst, uint16(len(columns)))
	if len(row) != len(columns) {
		return errRow
	}
	for i := range row {
		if row[i].Null {
			dst = append(dst, 0xff, 0xff, 0xff, 0xff)
			continue
		}
		at := len(dst)
		dst = append(dst, 0, 0, 0, 0)
		if formatOf(formats, i) == value.Binary {
			var err error
			if dst, err = value.AppendBinary(dst, columns[i].Type, row[i].Text); err != nil {
				return err
			}
		} else {
			dst = style.AppendText(dst, columns[i].Type, row[i].Text)
		}
		binary.BigEndian.PutUint32(dst[at:], uint32(len(dst)-at-4))
	}
	binary.BigEndian.PutUint32(dst[start+1:], uint32(len(dst)-start-1))
	w.out = dst
	return nil
}
