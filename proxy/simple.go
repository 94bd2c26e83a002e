package proxy

import (
	"errors"

	"github.com/dpproxy/dpproxy/answer"
	"github.com/dpproxy/dpproxy/refusal"
	"github.com/jackc/pgx/v5/pgproto3"
)

// query serves the simple protocol: all statements of one message are one implicit transaction, an error stops the rest,
// and there is one ReadyForQuery.
func (s *session) query(body []byte) error {
	var m pgproto3.Query
	if err := m.Decode(body); err != nil {
		s.fail(malformedMessage("Query"))
		return s.ready()
	}
	delete(s.prepared, "") // a simple query ends the unnamed ones, as in PostgreSQL
	s.dropPortal("")
	if err := s.decode(&m.String); err != nil {
		s.fail(err)
		return s.ready()
	}
	statements, refused := s.srv.backend.Parse(m.String)
	if len(statements) == 0 && refused == nil {
		if err := s.wire.send(&pgproto3.EmptyQueryResponse{}); err != nil {
			return err
		}
		return s.ready()
	}
	s.does(m.String)
	s.tx.block = len(statements) > 1 || refused != nil && len(statements) > 0
	s.several = s.tx.block
	for _, st := range statements {
		if err := s.simple(st); err != nil {
			if errors.Is(err, errWrite) {
				return err
			}
			s.fail(err)
			refused = nil
			break
		}
	}
	if refused != nil {
		s.fail(s.unlessFailed(refused))
	}
	s.finish()
	s.tx.block, s.several = false, false
	return s.ready()
}

// unlessFailed is why a statement is refused: in a failed transaction that is the reason, unless it is no statement at all.
func (s *session) unlessFailed(err error) error {
	if r, ok := refusal.As(err); ok && r.Code != refusal.SyntaxError && s.tx.status == failed {
		return errAborted
	}
	return err
}

// simple runs one statement and writes all it says.
func (s *session) simple(st *answer.Statement) error {
	if err := s.enter(st); err != nil {
		return err
	}
	res, err := s.run(st, nil)
	if err != nil {
		return err
	}
	defer res.close()
	if res.columns != nil && res.copy == nil {
		if err := s.describeRows(res.columns, res.formats); err != nil {
			return err
		}
	}
	return s.write(res, res.formats, 0)
}
