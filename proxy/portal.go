package proxy

import (
	"time"

	"github.com/dpproxy/dpproxy/answer"
	"github.com/dpproxy/dpproxy/refusal"
)

// portal is a statement that can be executed in pieces: one of Bind, or a cursor of DECLARE. Its answer is drawn once,
// at the first row that is wanted, and paged from here.
type portal struct {
	name    string
	st      *answer.Statement // nil: an empty query
	request answer.Request
	columns []answer.Column
	formats []int16

	cursor, scroll, noScroll, hold bool
	kept                           bool // WITH HOLD, and its transaction was committed
	marks                          int  // savepoints when it was made
	made                           time.Time

	ran bool // a statement without rows, or the answer was drawn
	d   *drawn
	res *result // of a portal that is no query: SHOW, FETCH, COPY, SET …

	rows     [][]answer.Cell // the rows that are kept; the first of them is row number first+1
	first    int
	pos      int // 0 before the first row, n on row n, total+1 after the last
	total    int // -1 until it is known
	bytes    int // of kept rows
	maxBytes int
	forgot   bool // rows of a cursor that is not to scroll were too many to be kept
}

// lookBack is how many bytes of rows of public tables a cursor keeps that says nothing of scrolling. While its rows fit, one can go
// back, as one can in PostgreSQL where the plan is simple.
const lookBack = 256 << 10

// goesBack says whether rows may be fetched again.
func (p *portal) goesBack() bool {
	return !p.noScroll && (p.scroll || p.hold || !p.d.public || p.cursor && !p.forgot)
}

// keeps says whether rows stay here: to go back to, or since all of them are read before the first is fetched.
func (p *portal) keeps() bool { return p.hold || p.goesBack() }

// at gives row n, from 1 on. ok is false beyond the end.
func (p *portal) at(n int) (row []answer.Cell, ok bool, err error) {
	if n >= 1 && n <= p.first {
		return nil, false, errBackward // it is forgotten: no end, and no other row
	}
	for p.total < 0 && p.first+len(p.rows) < n {
		row, ok, err := p.d.next()
		if err != nil {
			return nil, false, err
		}
		if !ok {
			p.total = p.first + len(p.rows)
			break
		}
		if err := p.keep(row); err != nil {
			return nil, false, err
		}
	}
	if i := n - p.first - 1; i >= 0 && i < len(p.rows) {
		return p.rows[i], true, nil
	}
	return nil, false, nil
}

func (p *portal) keep(row []answer.Cell) error {
	row = append([]answer.Cell(nil), row...)
	if !p.keeps() {
		p.first += len(p.rows)
		p.rows = append(p.rows[:0], row)
		return nil
	}
	for _, c := range row {
		p.bytes += len(c.Text) + 24
	}
	if p.bytes > lookBack && p.d.public && !p.scroll && !p.hold {
		p.forgot = true
		p.first += len(p.rows)
		p.rows = append(p.rows[:0:0], row)
		return nil
	}
	if p.bytes > p.maxBytes {
		return refusal.New(refusal.ProgramLimitExceeded, "the rows of cursor %q are too many to be kept", p.name).
			WithHint("Declare it with NO SCROLL and without HOLD.")
	}
	p.rows = append(p.rows, row)
	return nil
}

// forward steps to the next row.
func (p *portal) forward() ([]answer.Cell, bool, error) {
	if p.total >= 0 && p.pos > p.total {
		return nil, false, nil
	}
	row, ok, err := p.at(p.pos + 1)
	if err == nil {
		p.pos++ // to the row, or once past the last
	}
	return row, ok, err
}

// backward steps to the row before.
func (p *portal) backward() ([]answer.Cell, bool, error) {
	if p.pos <= 1 {
		p.pos = 0
		return nil, false, nil
	}
	p.pos--
	return p.at(p.pos)
}

// jump goes to row n; below 1 is before the first.
func (p *portal) jump(n int) ([]answer.Cell, bool, error) {
	if n < 1 {
		p.pos = 0
		return nil, false, nil
	}
	row, ok, err := p.at(n)
	if err != nil {
		return nil, false, err
	}
	if p.pos = n; !ok {
		p.pos = p.total + 1
	}
	return row, ok, nil
}

// end reads to the last row, to know how many there are.
func (p *portal) end() error {
	for p.total < 0 {
		if _, _, err := p.at(p.first + len(p.rows) + 1); err != nil {
			return err
		}
	}
	return nil
}

// open draws the portal's answer if that has not happened.
func (s *session) open(p *portal) error {
	if p.d != nil {
		return nil
	}
	if p.ran {
		return refusal.New(codeObjectNotInState, "portal %q cannot be run", p.name)
	}
	p.ran, p.total, p.maxBytes = true, -1, s.srv.cfg.MaxPortalBytes
	d, err := s.draw(p.request)
	if err != nil {
		return err
	}
	p.d = d
	if d.rows == nil { // all of it is here
		p.rows, p.total = d.cells, len(d.cells)
	}
	return nil
}

func (s *session) addPortal(p *portal) error {
	p.made = s.began
	if len(s.portals) >= s.srv.cfg.MaxPortals {
		return refusal.New(refusal.ProgramLimitExceeded, "too many portals and cursors are open").
			WithHint("Close some of them: a session may have %d.", s.srv.cfg.MaxPortals)
	}
	if s.portals == nil {
		s.portals = map[string]*portal{}
	}
	p.marks = s.tx.marks
	s.portals[p.name] = p
	return nil
}

// dropPortal closes a portal, if there is one of this name.
func (s *session) dropPortal(name string) {
	if p, ok := s.portals[name]; ok {
		p.d.close()
		if p.res != nil {
			p.res.close()
		}
		delete(s.portals, name)
	}
}

func (s *session) closeAllPortals() {
	for name := range s.portals {
		s.dropPortal(name)
	}
}
