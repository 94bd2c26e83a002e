package proxy

import (
	"github.com/dpproxy/dpproxy/answer"
	"github.com/dpproxy/dpproxy/proxy/value"
	"github.com/dpproxy/dpproxy/refusal"
)

// declare makes a cursor. Its answer is drawn at the first FETCH, or now if it is to outlive the transaction.
func (s *session) declare(st *answer.Statement, params []answer.Param) (*result, error) {
	wanted, columns, err := s.describeQuery(st.Query, paramTypes(params))
	if err != nil {
		return nil, err
	}
	if len(wanted) > len(params) {
		return nil, refusal.New(refusal.UndefinedParameter, "there is no parameter $%d", len(params)+1)
	}
	s.tx.asked = true
	hold := st.Options["hold"] == "true"
	if !hold && !s.inBlock() {
		return nil, refusal.New(refusal.NoActiveTransaction, "DECLARE CURSOR can only be used in transaction blocks")
	}
	if _, taken := s.portals[st.Name]; taken {
		return nil, refusal.New(refusal.DuplicateCursor, "cursor %q already exists", st.Name)
	}
	p := &portal{name: st.Name, st: st.Query, request: s.request(st.Query, params), columns: columns, cursor: true, hold: hold,
		scroll: st.Options["scroll"] == "true", noScroll: st.Options["no_scroll"] == "true"}
	if st.Options["binary"] == "true" {
		p.formats = []int16{value.Binary}
	}
	if hold {
		if err := s.materialize(p); err != nil {
			return nil, err
		}
	}
	if err := s.addPortal(p); err != nil {
		p.d.close()
		return nil, err
	}
	return done("DECLARE CURSOR"), nil
}

// materialize reads all of a cursor WITH HOLD, so that it holds nothing of the source's.
func (s *session) materialize(p *portal) error {
	if err := s.open(p); err != nil {
		return err
	}
	defer s.watch(p.d, false)()
	if err := p.end(); err != nil {
		p.d.close()
		return err
	}
	return nil
}

// fetch serves FETCH and MOVE.
func (s *session) fetch(st *answer.Statement) (*result, error) {
	p, ok := s.portals[st.Name]
	if !ok || st.Name == "" {
		return nil, refusal.New(refusal.InvalidCursorName, errNoCursor, st.Name)
	}
	if p.st == nil || p.st.Kind != answer.Select && p.st.Kind != answer.Explain {
		return nil, refusal.New(refusal.InvalidCursorName, "portal %q is not a cursor", st.Name)
	}
	if err := s.open(p); err != nil {
		return nil, withoutPosition(err)
	}
	next, err := p.steps(st)
	if err != nil {
		return nil, err
	}
	res := &result{columns: p.columns, next: next, tag: "FETCH", counted: true, d: p.d}
	if p.cursor {
		res.formats = p.formats
	}
	if st.Kind == answer.Fetch {
		return res, nil
	}
	defer s.watch(p.d, false)()
	n := 0
	for {
		_, ok, err := next()
		if err != nil {
			return nil, err
		}
		if !ok {
			return done("MOVE " + itoa(n)), nil
		}
		n++
	}
}

var errBackward = refusal.New(codeObjectNotInState, "cursor can only scan forward").
	WithHint("Declare it with SCROLL option to enable backward scan.")

// steps gives the rows that a FETCH wants, one by one, moving the cursor as they are taken.
func (p *portal) steps(st *answer.Statement) (func() ([]answer.Cell, bool, error), error) {
	count := int(min(max(st.Count, -1<<31), 1<<31-1))
	switch st.Direction {
	case "backward":
		if count != 0 && !p.goesBack() {
			return nil, errBackward
		}
		if count == 0 {
			return p.once(p.pos)
		}
		return atMost(count, p.backward), nil
	case "absolute":
		return p.absolute(count)
	case "relative":
		return p.once(p.pos + count)
	}
	if count == 0 {
		return p.once(p.pos)
	}
	return atMost(count, p.forward), nil
}

// atMost stops after n rows; a negative n never does.
func atMost(n int, step func() ([]answer.Cell, bool, error)) func() ([]answer.Cell, bool, error) {
	return func() ([]answer.Cell, bool, error) {
		if n == 0 {
			return nil, false, nil
		}
		row, ok, err := step()
		n--
		if !ok {
			n = 0
		}
		return row, ok, err
	}
}

// absolute goes to row n, counted from the end if it is negative.
func (p *portal) absolute(n int) (func() ([]answer.Cell, bool, error), error) {
	if n < 0 {
		if !p.goesBack() {
			return nil, errBackward
		}
		if err := p.end(); err != nil {
			return nil, err
		}
		n += p.total + 1
	}
	return p.once(n)
}

// once goes to row n and gives it.
func (p *portal) once(n int) (func() ([]answer.Cell, bool, error), error) {
	if (n < p.pos || n <= p.first) && !p.goesBack() {
		return nil, errBackward
	}
	return atMost(1, func() ([]answer.Cell, bool, error) { return p.jump(n) }), nil
}

func (s *session) closeCursor(name string) (*result, error) {
	if name == "" {
		for name, p := range s.portals {
			if p.cursor {
				s.dropPortal(name)
			}
		}
		return done("CLOSE CURSOR ALL"), nil
	}
	if _, ok := s.portals[name]; !ok {
		return nil, refusal.New(refusal.InvalidCursorName, errNoCursor, name)
	}
	s.dropPortal(name)
	return done("CLOSE CURSOR"), nil
}
