package proxy

import (
	"strings"

	"github.com/dpproxy/dpproxy/answer"
	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/proxy/value"
	"github.com/dpproxy/dpproxy/refusal"
)

// result is what a statement has to say: rows, or a tag alone.
type result struct {
	columns []answer.Column // nil: no rows
	next    func() ([]answer.Cell, bool, error)
	tag     string
	counted bool // the tag ends with the number of rows
	copy    *copyFormat
	formats []int16 // of a BINARY cursor, in the simple protocol
	d       *drawn  // behind next, if it streams
	own     bool    // d ends with this result
}

func (r *result) close() {
	if r.own {
		r.d.close()
	}
}

func done(tag string) *result { return &result{tag: tag} }

// run runs a statement. It is where every kind has its place; what has none is refused.
func (s *session) run(st *answer.Statement, params []answer.Param) (*result, error) {
	switch st.Kind {
	case answer.Select, answer.Explain:
		if ofPrepared(st) {
			return s.explainExecute(st)
		}
		return s.answer(s.request(st, params))
	case answer.Set, answer.Reset, answer.Show, answer.SetTransact, answer.Discard:
		return s.runSetting(st)
	case answer.Begin:
		if err := s.begin(st); err != nil {
			return nil, err
		}
		if st.Options["start"] == "true" {
			return done("START TRANSACTION"), nil
		}
		return done("BEGIN"), nil
	case answer.Commit, answer.Rollback:
		tag, err := s.commitOrRollback(st)
		return done(tag), err
	case answer.Savepoint, answer.ReleaseSave, answer.RollbackTo:
		tag, err := s.savepoint(st)
		return done(tag), err
	case answer.Prepare:
		return s.runPrepare(st)
	case answer.Execute:
		return s.runExecute(st)
	case answer.Deallocate:
		return s.deallocate(st.Name)
	case answer.Declare:
		return s.declare(st, params)
	case answer.Fetch, answer.Move:
		return s.fetch(st)
	case answer.ClosePortal:
		return s.closeCursor(st.Name)
	case answer.CopyOut:
		return s.copyOut(st, params)
	case answer.Listen:
		return done("UNLISTEN"), nil
	}
	return nil, refusal.New(refusal.NotSupported, "%s is not supported", st.Kind)
}

// answer draws an answer for one use.
func (s *session) answer(r answer.Request) (*result, error) {
	d, err := s.draw(r)
	if err != nil {
		return nil, err
	}
	columns := d.columns
	if columns == nil {
		columns = []answer.Column{}
	}
	return &result{columns: columns, next: d.next, tag: d.tag, d: d, own: true}, nil
}

func (s *session) runPrepare(st *answer.Statement) (*result, error) {
	if _, ok := s.prepared[st.Name]; ok {
		return nil, refusal.New(refusal.DuplicatePrepared, "prepared statement %q already exists", st.Name)
	}
	declared := make([]catalog.Type, len(st.ParamTypes))
	for i, name := range st.ParamTypes {
		if strings.EqualFold(name, "unknown") {
			continue
		}
		t, err := catalog.ParseType(name)
		if err != nil {
			return nil, refusal.New(refusal.UndefinedObject, "type %q does not exist", name)
		}
		declared[i] = t
	}
	p, err := s.prepare(st.Query, declared)
	if err != nil {
		return nil, err
	}
	p.sql = true
	return done("PREPARE"), s.store(st.Name, p)
}

// runExecute runs EXECUTE name(constants).
func (s *session) runExecute(st *answer.Statement) (*result, error) {
	p, err := s.lookup(st.Name)
	if err != nil {
		return nil, err
	}
	if p.st == nil {
		return done(""), nil
	}
	params, err := s.bound(p, st)
	if err != nil {
		return nil, err
	}
	if err := s.enter(p.st); err != nil {
		return nil, err
	}
	res, err := s.run(p.st, params)
	return res, withoutPosition(err)
}

// ofPrepared tells that a statement is EXPLAIN EXECUTE.
func ofPrepared(st *answer.Statement) bool {
	return st.Kind == answer.Explain && st.Query != nil && st.Query.Kind == answer.Execute
}

// explained is EXPLAIN of what a prepared statement holds.
func (s *session) explained(st *answer.Statement) (*prepared, *answer.Statement, error) {
	p, err := s.lookup(st.Query.Name)
	if err != nil {
		return nil, nil, err
	}
	if p.st == nil || p.st.Kind != answer.Select {
		return nil, nil, refusal.New(refusal.NotSupported, "only SELECT can be explained")
	}
	out := *st
	out.Query = p.st
	return p, &out, nil
}

// explainExecute runs EXPLAIN EXECUTE name(constants).
func (s *session) explainExecute(st *answer.Statement) (*result, error) {
	p, of, err := s.explained(st)
	if err != nil {
		return nil, err
	}
	params, err := s.bound(p, st.Query)
	if err != nil {
		return nil, err
	}
	res, err := s.answer(s.request(of, params))
	return res, withoutPosition(err)
}

// bound are the parameters of a prepared statement that EXECUTE gives.
func (s *session) bound(p *prepared, st *answer.Statement) ([]answer.Param, error) {
	if p.st.Kind == answer.Execute {
		return nil, refusal.New(refusal.NotSupported, "EXECUTE of an EXECUTE is not supported")
	}
	if err := s.current(p); err != nil {
		return nil, withoutPosition(err)
	}
	if len(st.Args) != len(p.params) {
		return nil, refusal.New(refusal.SyntaxError, "wrong number of parameters for prepared statement %q", st.Name).
			WithDetail("Expected %d parameters but got %d.", len(p.params), len(st.Args))
	}
	params := make([]answer.Param, len(p.params))
	for i, t := range p.params {
		params[i].Type = t
		var err error
		if params[i].Cell, err = s.argument(st.Args[i], t, i+1); err != nil {
			return nil, err
		}
	}
	return params, nil
}

// argument is the value of argument n of EXECUTE, as the parameter's type has it. An expression reads nothing, and so costs nothing.
func (s *session) argument(a answer.Argument, t catalog.Type, n int) (answer.Cell, error) {
	if a.Expression == "" {
		if a.Null {
			return answer.Cell{Null: true}, nil
		}
		text, err := value.Param(t, value.Text, []byte(a.Text), n, nil)
		if r, ok := refusal.As(err); ok {
			r.Position = a.At
		}
		return answer.Cell{Text: text}, err
	}
	statements, err := s.srv.backend.Parse("SELECT CAST((" + a.Expression + ") AS " + t.String() + ")")
	if err != nil || len(statements) != 1 {
		return answer.Cell{}, withoutPosition(err)
	}
	res, err := s.answer(s.request(statements[0], nil))
	if err != nil {
		return answer.Cell{}, withoutPosition(err)
	}
	defer res.close()
	row, ok, err := res.next()
	if err != nil || !ok || len(row) != 1 {
		return answer.Cell{Null: true}, err
	}
	return row[0], nil
}

// withoutPosition takes the position out of an error about another message's text.
func withoutPosition(err error) error {
	if r, ok := refusal.As(err); ok && r.Position != 0 {
		c := *r
		c.Position = 0
		return &c
	}
	return err
}

func (s *session) deallocate(name string) (*result, error) {
	if name == "" {
		s.prepared = nil
		return done("DEALLOCATE ALL"), nil
	}
	if _, err := s.lookup(name); err != nil {
		return nil, err
	}
	delete(s.prepared, name)
	return done("DEALLOCATE"), nil
}
