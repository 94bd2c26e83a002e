package proxy

import (
	"context"
	"time"

	"github.com/dpproxy/dpproxy/answer"
	"github.com/dpproxy/dpproxy/refusal"
)

// drawn is an answer that was asked for, once. Rows of public data stream; all others are in memory.
type drawn struct {
	columns []answer.Column
	tag     string
	public  bool

	cells [][]answer.Cell // complete, if rows is nil
	at    int
	rows  answer.Rows // open stream of public rows

	ctx    context.Context
	cancel context.CancelCauseFunc // by the client, or for statement_timeout
}

// next gives the next row. The slice is good until the next call.
func (d *drawn) next() ([]answer.Cell, bool, error) {
	if d.rows == nil {
		if d.at >= len(d.cells) {
			return nil, false, nil
		}
		d.at++
		return d.cells[d.at-1], true, nil
	}
	if d.ctx.Err() == nil && d.rows.Next() {
		return d.rows.Values(), true, nil
	}
	err := d.rows.Err()
	if err == nil {
		err = d.ctx.Err()
	}
	err = whyEnded(d.ctx, err)
	d.close()
	return nil, false, err
}

// close lets the source go. It may be called again.
func (d *drawn) close() {
	if d == nil {
		return
	}
	if d.rows != nil {
		d.rows.Close()
		d.rows = nil
	}
	if d.cancel != nil {
		d.cancel(nil)
	}
}

// asker chooses who answers. Only the Backend touches private data, so only its answers are paced.
func (s *session) asker(st *answer.Statement) (a Answerer, paced bool) {
	if st.Kind == answer.Select && s.srv.intro != nil && s.srv.intro.Handles(st, s.id.Dataset) {
		return s.srv.intro, false
	}
	return s.srv.backend, true
}

// request is what the session asks, with the settings of this moment.
func (s *session) request(st *answer.Statement, params []answer.Param) answer.Request {
	return answer.Request{Identity: s.id, Statement: st, Params: params, Several: s.several, Settings: s.settings.Map(),
		CurrentSetting: s.hooks.current, SetConfig: s.hooks.set, Session: s}
}

// draw asks for an answer and waits until it may be shown; its errors are held where they are sent (see fail). This is
// the only place that calls Answer.
func (s *session) draw(r answer.Request) (*drawn, error) {
	d := &drawn{}
	s.tx.asked = true
	d.ctx, d.cancel = context.WithCancelCause(s.srv.base)
	asker, paced := s.asker(r.Statement)
	if paced {
		began := s.began
		r.Settle = func() { s.srv.pacer.Settle(s.srv.base, began) }
	}
	defer s.watch(d, paced)()
	err := whyEnded(d.ctx, s.ask(d, asker, r))
	if err == nil && paced && !d.public {
		err = s.srv.pacer.Hold(s.srv.base, s.began)
	}
	if err != nil {
		d.close()
		return nil, err
	}
	return d, nil
}

// ask calls the answerer and, unless the rows are public, reads all of them and lets the source go.
func (s *session) ask(d *drawn, asker Answerer, r answer.Request) error {
	res, err := asker.Answer(d.ctx, r)
	if err != nil {
		return err
	}
	d.columns, d.tag, d.public, d.rows = res.Columns, res.Tag, res.Public, res.Rows
	for _, n := range res.Notices {
		s.notice(n)
	}
	if d.rows == nil || d.public {
		return nil
	}
	rows := d.rows
	defer func() { rows.Close(); d.rows = nil }()
	var flat []answer.Cell // a row is a piece of it; pieces stay good when it grows elsewhere
	for rows.Next() {
		start := len(flat)
		flat = append(flat, rows.Values()...)
		d.cells = append(d.cells, flat[start:len(flat):len(flat)])
	}
	return rows.Err()
}

// watch lets cancel requests and time-outs end the answer while it is drawn or streamed; the function that it returns
// ends the watch. paced lets them end it on the grid alone.
func (s *session) watch(d *drawn, paced bool) (end func()) {
	limit := s.duration("statement_timeout")
	if q := s.srv.cfg.QueryTimeout; q > 0 && (limit == 0 || q < limit) {
		limit = q
	}
	cancel := d.cancel
	if paced {
		cancel = s.srv.pacer.OnGrid(d.ctx, s.began, cancel)
		limit = s.srv.pacer.Timeout(s.began, limit)
	}
	idle := s.running.begin(cancel)
	if limit == 0 {
		return idle
	}
	timer := time.AfterFunc(limit, func() { d.cancel(errTimeout) })
	return func() { timer.Stop(); idle() }
}

// currentSetting answers current_setting(name), as SHOW does.
func (s *session) currentSetting(name string) (string, bool) {
	if v, ok := s.settings.Get(name); ok {
		return v, true
	}
	if b, ok := s.srv.backend.(SettingDefaults); ok {
		return b.DefaultSetting(s.id, name)
	}
	return "", false
}

// setConfig does set_config(name, value, local).
func (s *session) setConfig(name, value string, local bool) (string, error) {
	if err := s.settings.Set(name, value, local); err != nil {
		return "", err
	}
	v, ok := s.settings.Get(name)
	if !ok {
		return "", refusal.New(refusal.UndefinedObject, "unrecognized configuration parameter %q", name)
	}
	return v, nil
}
