package proxy

import (
	"errors"

	"github.com/dpproxy/dpproxy/answer"
	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/proxy/value"
	"github.com/dpproxy/dpproxy/refusal"
	"github.com/jackc/pgx/v5/pgproto3"
)

// extended serves one message of the extended protocol: after an error, everything is skipped up to Sync. The error is
// written at once, since a client that used Flush waits for it.
func (s *session) extended(body []byte, serve func(*session, []byte) error) error {
	err := serve(s, body)
	if err == nil {
		return nil
	}
	if errors.Is(err, errWrite) {
		return err
	}
	s.fail(err)
	s.skipToSync = true
	return s.wire.flush()
}

func (s *session) sync() error {
	s.skipToSync = false
	s.finish()
	return s.ready()
}

func malformedMessage(name string) error {
	return refusal.New(refusal.ProtocolViolation, "invalid %s message", name)
}

func (s *session) parse(body []byte) error {
	var m pgproto3.Parse
	if err := m.Decode(body); err != nil {
		return malformedMessage("Parse")
	}
	if err := s.decode(&m.Name, &m.Query); err != nil {
		return err
	}
	if m.Name == "" {
		delete(s.prepared, "")
	}
	statements, err := s.srv.backend.Parse(m.Query)
	if err != nil {
		return s.unlessFailed(err)
	}
	if len(statements) > 1 {
		return refusal.New(refusal.SyntaxError, "cannot insert multiple commands into a prepared statement")
	}
	var st *answer.Statement
	if len(statements) == 1 {
		st = statements[0]
	}
	if err := s.enter(st); err != nil {
		return err
	}
	declared := make([]catalog.Type, len(m.ParameterOIDs))
	for i, oid := range m.ParameterOIDs {
		if declared[i], err = paramType(oid); err != nil {
			return err
		}
	}
	p, err := s.prepare(st, declared)
	if err != nil {
		return err
	}
	if err := s.store(m.Name, p); err != nil {
		return err
	}
	return s.wire.send(&pgproto3.ParseComplete{})
}

// paramType finds the type that a client declares for a parameter. Types that are numbers inside are taken for oid,
// and "char" for text.
func paramType(oid uint32) (catalog.Type, error) {
	if t, ok := catalog.FromOID(oid, -1); ok {
		return t, nil
	}
	switch oid {
	case 18:
		return catalog.Of(catalog.Text), nil
	case 28, 29: // xid, cid
		return catalog.Of(catalog.OID), nil
	}
	if t, ok := catalog.SystemFromOID(oid); ok && t.IsReg() {
		return t, nil
	}
	return catalog.Type{}, refusal.New(refusal.UndefinedObject, "parameters of the type with OID %d are not supported", oid).
		WithHint("Send the parameter as text and cast it in the query.")
}

func (s *session) bind(body []byte) error {
	var m pgproto3.Bind
	if err := m.Decode(body); err != nil {
		return malformedMessage("Bind")
	}
	if err := s.decode(&m.DestinationPortal, &m.PreparedStatement); err != nil {
		return err
	}
	p, err := s.lookup(m.PreparedStatement)
	if err != nil {
		return err
	}
	if err := s.enter(p.st); err != nil {
		return err
	}
	if p.st == nil && s.tx.status == failed {
		return errAborted // also an empty query, as in PostgreSQL
	}
	if err := s.current(p); err != nil {
		return err
	}
	if err := checkCounts(&m, p); err != nil {
		return err
	}
	params, err := bindParams(&m, p.params, s.encoding())
	if err != nil {
		return err
	}
	if m.DestinationPortal == "" {
		s.dropPortal("")
	} else if _, taken := s.portals[m.DestinationPortal]; taken {
		return refusal.New(refusal.DuplicateCursor, "cursor %q already exists", m.DestinationPortal)
	}
	made := &portal{name: m.DestinationPortal, st: p.st, columns: p.columns, formats: m.ResultFormatCodes}
	if p.st != nil {
		made.request = s.request(p.st, params)
	}
	if err := s.addPortal(made); err != nil {
		return err
	}
	return s.wire.send(&pgproto3.BindComplete{})
}

func checkCounts(m *pgproto3.Bind, p *prepared) error {
	switch formats, params := len(m.ParameterFormatCodes), len(m.Parameters); {
	case formats > 1 && formats != params:
		return refusal.New(refusal.ProtocolViolation, "bind message has %d parameter formats but %d parameters", formats, params)
	case params != len(p.params):
		return refusal.New(refusal.ProtocolViolation, "bind message supplies %d parameters, but prepared statement %q requires %d",
			params, m.PreparedStatement, len(p.params))
	}
	if n := len(m.ResultFormatCodes); n > 1 && n != len(p.columns) {
		return refusal.New(refusal.ProtocolViolation, "bind message has %d result formats but query has %d columns", n, len(p.columns))
	}
	for _, c := range m.ParameterFormatCodes {
		if err := checkFormat(c); err != nil {
			return err
		}
	}
	return nil
}

// checkFormat is asked of parameters when they are bound, and of columns when rows are wanted.
func checkFormat(code int16) error {
	if code != value.Text && code != value.Binary {
		return refusal.New(refusal.InvalidParameterValue, "unsupported format code: %d", code)
	}
	return nil
}

// bindParams reads the parameters into text. Nothing of the message's memory is kept.
func bindParams(m *pgproto3.Bind, types []catalog.Type, e *value.Encoding) ([]answer.Param, error) {
	params := make([]answer.Param, len(types))
	for i, t := range types {
		params[i].Type = t
		raw := m.Parameters[i]
		if raw == nil {
			params[i].Cell.Null = true
			continue
		}
		text, err := value.Param(t, formatOf(m.ParameterFormatCodes, i), raw, i+1, e)
		if err != nil {
			return nil, err
		}
		params[i].Cell.Text = text
	}
	return params, nil
}

// formatOf is the format of column or parameter i: none given is text, one is for all.
func formatOf(codes []int16, i int) int16 {
	switch len(codes) {
	case 0:
		return value.Text
	case 1:
		return codes[0]
	}
	return codes[i]
}

func (s *session) describe(body []byte) error {
	var m pgproto3.Describe
	if err := m.Decode(body); err != nil {
		return malformedMessage("Describe")
	}
	if err := s.decode(&m.Name); err != nil {
		return err
	}
	switch m.ObjectType {
	case 'S':
		p, err := s.lookup(m.Name)
		if err != nil {
			return err
		}
		if s.tx.status == failed && p.columns != nil {
			return errAborted
		}
		oids := make([]uint32, len(p.params))
		for i, t := range p.params {
			oids[i] = t.OID()
		}
		if err := s.wire.send(&pgproto3.ParameterDescription{ParameterOIDs: oids}); err != nil {
			return err
		}
		return s.describeRows(p.columns, nil)
	case 'P':
		p, ok := s.portals[m.Name]
		if !ok && s.tx.status == failed {
			return errAborted
		}
		if !ok {
			return refusal.New(refusal.InvalidCursorName, errNoPortal, m.Name)
		}
		if s.tx.status == failed && p.columns != nil {
			return errAborted
		}
		return s.describeRows(p.columns, p.formats)
	}
	return refusal.New(refusal.ProtocolViolation, "invalid DESCRIBE message subtype %d", m.ObjectType)
}

func (s *session) execute(body []byte) error {
	var m pgproto3.Execute
	if err := m.Decode(body); err != nil {
		return malformedMessage("Execute")
	}
	if err := s.decode(&m.Portal); err != nil {
		return err
	}
	p, ok := s.portals[m.Portal]
	if !ok && s.tx.status == failed {
		return errAborted // it may be one that the error took
	}
	if !ok {
		return refusal.New(refusal.InvalidCursorName, errNoPortal, m.Portal)
	}
	if p.st == nil {
		return s.wire.send(&pgproto3.EmptyQueryResponse{})
	}
	if err := s.enter(p.st); err != nil {
		return err
	}
	s.does(p.st.Text)
	limit := int(min(m.MaxRows, 1<<31-1))
	if !ofPrepared(p.st) && (p.st.Kind == answer.Select || p.st.Kind == answer.Explain) || p.cursor {
		if err := s.open(p); err != nil {
			return err
		}
		return s.write(&result{columns: p.columns, next: p.forward, tag: p.d.tag, d: p.d}, p.formats, limit)
	}
	if p.ran && (p.columns == nil || p.res == nil) {
		return refusal.New(codeObjectNotInState, "portal %q cannot be run", p.name)
	}
	if !p.ran {
		p.ran = true
		res, err := s.run(p.st, p.request.Params)
		if err != nil {
			return err
		}
		p.res = res
	}
	return s.write(p.res, p.formats, limit)
}

func (s *session) close(body []byte) error {
	var m pgproto3.Close
	if err := m.Decode(body); err != nil {
		return malformedMessage("Close")
	}
	if err := s.decode(&m.Name); err != nil {
		return err
	}
	switch m.ObjectType {
	case 'S':
		delete(s.prepared, m.Name)
	case 'P':
		s.dropPortal(m.Name)
	default:
		return refusal.New(refusal.ProtocolViolation, "invalid CLOSE message subtype %d", m.ObjectType)
	}
	return s.wire.send(&pgproto3.CloseComplete{})
}
