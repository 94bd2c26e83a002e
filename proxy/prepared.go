package proxy

import (
	"slices"
	"time"

	"github.com/dpproxy/dpproxy/answer"
	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/refusal"
)

// prepared is a prepared statement, of Parse or of PREPARE: one name space.
type prepared struct {
	st       *answer.Statement // nil: an empty query
	declared []catalog.Type    // as the client said; Unknown where it did not
	params   []catalog.Type
	columns  []answer.Column // nil: no rows
	at       uint64          // version of the settings that it was described under
	made     time.Time
	sql      bool // by PREPARE
}

// prepare describes a statement. It reads no data.
func (s *session) prepare(st *answer.Statement, declared []catalog.Type) (*prepared, error) {
	p := &prepared{st: st, declared: declared, at: s.settings.Version(), made: s.began}
	if st == nil {
		return p, nil
	}
	var err error
	p.params, p.columns, err = s.shape(st, declared)
	return p, err
}

// shape tells a statement's parameters and columns.
func (s *session) shape(st *answer.Statement, declared []catalog.Type) (params []catalog.Type, columns []answer.Column, err error) {
	switch st.Kind {
	case answer.Select, answer.Explain:
		if ofPrepared(st) {
			p, of, err := s.explained(st)
			if err != nil {
				return nil, nil, err
			}
			_, columns, err = s.describeQuery(of, p.params)
			return nil, columns, err
		}
		return s.describeQuery(st, declared)
	case answer.Declare, answer.CopyOut:
		params, _, err = s.describeQuery(st.Query, declared)
		return params, nil, err
	case answer.Show:
		return nil, s.showColumns(st), nil
	case answer.Execute:
		if p, ok := s.prepared[st.Name]; ok && p.st != nil {
			return nil, p.columns, nil
		}
	case answer.Fetch:
		if p, ok := s.portals[st.Name]; ok {
			return nil, p.columns, nil
		}
	}
	return nil, nil, nil
}

// describeQuery asks for the types of a query. Parameters that nothing gives a type are text, as in PostgreSQL.
func (s *session) describeQuery(st *answer.Statement, declared []catalog.Type) ([]catalog.Type, []answer.Column, error) {
	r := s.request(st, make([]answer.Param, len(declared)))
	for i, t := range declared {
		r.Params[i].Type = t
	}
	asker, _ := s.asker(st)
	d, err := asker.Describe(s.srv.base, r)
	if err != nil {
		return nil, nil, err
	}
	params := slices.Clone(d.Params)
	for len(params) < len(declared) {
		params = append(params, declared[len(params)])
	}
	for i := range params {
		if params[i].Kind == catalog.Unknown {
			params[i] = catalog.Of(catalog.Text)
		}
	}
	if d.Columns == nil {
		d.Columns = []answer.Column{} // a query has rows, even without columns
	}
	return params, d.Columns, nil
}

// current describes a statement again where settings changed since. The shape that the client knows must not change.
func (s *session) current(p *prepared) error {
	if p.st == nil || p.at == s.settings.Version() {
		return nil
	}
	_, columns, err := s.shape(p.st, p.declared)
	if err != nil {
		return err
	}
	if p.st.Kind != answer.Fetch && p.st.Kind != answer.Execute && !slices.Equal(columns, p.columns) {
		return refusal.New(refusal.NotSupported, "cached plan must not change result type").
			WithHint("A setting changed the columns: prepare the statement again.")
	}
	p.at = s.settings.Version()
	return nil
}

// store keeps a prepared statement.
func (s *session) store(name string, p *prepared) error {
	if _, ok := s.prepared[name]; ok && name != "" {
		return refusal.New(refusal.DuplicatePrepared, "prepared statement %q already exists", name)
	}
	if len(s.prepared) >= s.srv.cfg.MaxPrepared && s.prepared[name] == nil {
		return refusal.New(refusal.ProgramLimitExceeded, "too many prepared statements").
			WithHint("DEALLOCATE some of them: a session may have %d.", s.srv.cfg.MaxPrepared)
	}
	if s.prepared == nil {
		s.prepared = map[string]*prepared{}
	}
	s.prepared[name] = p
	return nil
}

func (s *session) lookup(name string) (*prepared, error) {
	p, ok := s.prepared[name]
	switch {
	case ok:
		return p, nil
	case name == "":
		return nil, refusal.New(refusal.InvalidStatementName, "unnamed prepared statement does not exist")
	}
	return nil, refusal.New(refusal.InvalidStatementName, errNoPrepare, name)
}
