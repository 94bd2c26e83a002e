package proxy

import (
	"slices"

	"github.com/dpproxy/dpproxy/answer"
	"github.com/dpproxy/dpproxy/proxy/value"
	"github.com/jackc/pgx/v5/pgproto3"
)

// encoding is the session's client_encoding; nil is UTF-8.
func (s *session) encoding() *value.Encoding {
	s.styleNow()
	return s.charset
}

// decode turns texts of a message, which are in the client's encoding, into UTF-8.
func (s *session) decode(texts ...*string) error {
	e := s.encoding()
	if e == nil {
		return nil
	}
	for _, text := range texts {
		var err error
		if *text, err = e.Decode(*text); err != nil {
			return err
		}
	}
	return nil
}

// said is an error or a notice in the client's encoding.
func (s *session) said(m *pgproto3.ErrorResponse) *pgproto3.ErrorResponse {
	if e := s.encoding(); e != nil {
		m.Message, m.Detail, m.Hint = e.Lossy(m.Message), e.Lossy(m.Detail), e.Lossy(m.Hint)
	}
	return m
}

// encoded is a result whose cells are in the client's encoding, or in COPY's own. All that is not ASCII in a cell is text:
// delimiters, quotes and escapes of arrays, JSON and COPY stay what they are.
func (s *session) encoded(res *result) *result {
	e := s.encoding()
	if res.copy != nil && res.copy.named && !res.copy.binary { // the binary form is in the session's, as in PostgreSQL
		e = res.copy.charset
	}
	if e == nil || res.next == nil {
		return res
	}
	out, next := *res, res.next
	out.next = func() ([]answer.Cell, bool, error) {
		row, ok, err := next()
		if err != nil || !ok {
			return row, ok, err
		}
		row = slices.Clone(row) // the portal keeps its own
		for i := range row {
			if row[i].Text, err = e.Encode(row[i].Text); err != nil {
				return nil, false, err
			}
		}
		return row, true, nil
	}
	return &out
}
