package answer

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/dpproxy/dpproxy/budget"
	"github.com/dpproxy/dpproxy/engine"
	"github.com/dpproxy/dpproxy/mechanism"
	"github.com/dpproxy/dpproxy/refusal"
	"github.com/dpproxy/dpproxy/rewrite"
)

// endTimeout is how long the end of a reservation may take, after its query is over.
const endTimeout = 10 * time.Second

// measure asks the engine for the blocks that no release answers, draws their noise, and commits. The reservation ends
// here, whatever happens: it is given back only if the engine certainly was not asked.
func (s *Service) measure(ctx context.Context, q *query, o *order) error {
	asked, err := s.measured(ctx, q, o)
	took := s.Clock().Sub(q.started)
	if q.request.Settle != nil {
		q.request.Settle()
	}
	if err == nil {
		err = s.commit(ctx, q, o, took)
	}
	if err != nil {
		s.fail(ctx, q, o, err, asked, took)
	}
	return err
}

// measured is the part of measure that takes as long as the data makes it take. asked is false only if the engine
// certainly was not asked.
func (s *Service) measured(ctx context.Context, q *query, o *order) (asked bool, err error) {
	defer func() {
		if p := recover(); p != nil {
			asked, err = true, s.panicked(p)
		}
	}()
	queries, err := s.questions(q, o)
	if err != nil {
		return true, s.internal("noise", err)
	}
	exacts, err := s.ask(ctx, q, queries)
	switch {
	case errors.Is(err, engine.ErrUnavailable):
		return false, s.unavailable(ctx, q, err)
	case err != nil && ctx.Err() != nil:
		return true, s.interrupted(ctx, err)
	case err != nil:
		return true, s.engineFailed(q, "engine", err)
	}
	return true, s.draw(q, o, exacts)
}

// questions are those of the missing blocks.
func (s *Service) questions(q *query, o *order) ([]engine.Query, error) {
	for _, b := range o.blocks {
		if (b.plan.Cells != nil) != (q.dataset.Catalog.CellKey != nil) {
			return nil, errors.New("answer: a measurement belongs to the other pipeline")
		}
	}
	queries := make([]engine.Query, 0, o.missing())
	for i := range o.blocks {
		b := &o.blocks[i]
		if b.noisy != nil || b.twin >= 0 {
			continue
		}
		var raw [8]byte
		s.Random.Fill(raw[:])
		list := texts(b.plan, int64(binary.LittleEndian.Uint64(raw[:])))
		if err := s.releaseAsRead(b.plan, list); err != nil {
			return nil, err
		}
		queries = append(queries, list...)
	}
	return queries, nil
}

// releaseAsRead gives a measurement with private keys its noise, and decides which groups are seen, while it is read: there may be
// very many groups, of which hardly any will be seen. Its histograms are then kept for the groups that are.
func (s *Service) releaseAsRead(m *rewrite.Measurement, list []engine.Query) error {
	if m.Cells != nil || m.SQL == "" || m.Selection.Kind == mechanism.PublicKeys {
		return nil
	}
	first, err := mechanism.Releases(s.Random, list[0].Width, m.Specs, m.Selection)
	if err != nil {
		return err
	}
	list[0].Into = first
	for i := range list[1:] {
		list[i+1].Into = mechanism.Among(first, list[i+1].Width)
	}
	return nil
}

// ask runs the queries of the missing blocks, all in one snapshot.
func (s *Service) ask(ctx context.Context, q *query, queries []engine.Query) ([]*mechanism.Exact, error) {
	defer s.stage(q, "engine", s.Clock())
	if len(queries) == 0 {
		return nil, nil
	}
	exacts, err := q.dataset.Engine.Run(ctx, queries)
	if err == nil && len(exacts) != len(queries) {
		err = fmt.Errorf("engine returned %d results, want %d", len(exacts), len(queries))
	}
	return exacts, err
}

// texts are what a measurement asks of the engine: its own numbers, if it has any, and then its histograms. The salt is one
// for all of them, so that they keep the same groups of a unit.
func texts(m *rewrite.Measurement, salt int64) []engine.Query {
	list, _ := m.Texts()
	out := make([]engine.Query, len(list))
	for i, t := range list {
		out[i] = engine.Query{SQL: t.SQL, Salted: t.Salted, Units: t.Units, Width: t.Width}
		for _, k := range t.Keys {
			out[i].Keys = append(out[i].Keys, k.Type)
		}
		if t.Salted {
			out[i].Salt = salt
		}
	}
	return out
}

// draw turns the engine's true values into releases, in the order of the blocks that were asked for.
func (s *Service) draw(q *query, o *order, exacts []*mechanism.Exact) error {
	defer s.stage(q, "noise", s.Clock())
	next := 0
	for i := range o.blocks {
		b := &o.blocks[i]
		if b.noisy != nil || b.twin >= 0 {
			continue
		}
		n := len(texts(b.plan, 0))
		noisy, err := s.release(b.plan, exacts[next:next+n])
		if errors.Is(err, mechanism.ErrSparse) {
			return tooSparse()
		}
		if err != nil {
			return s.internal("noise", err)
		}
		if b.body, err = noisy.Encode(); err != nil {
			return s.internal("noise", err)
		}
		b.noisy, b.made = noisy, s.Clock()
		next += n
	}
	return nil
}

// commit makes the charge final, with the releases that it paid for: the new ones, and those of others that this
// analyst has paid for now.
func (s *Service) commit(ctx context.Context, q *query, o *order, took time.Duration) error {
	defer s.stage(q, "commit", s.Clock())
	var releases []budget.Release
	for i := range o.blocks {
		b := &o.blocks[i]
		if o.store && b.twin < 0 && !b.paid {
			releases = append(releases, budget.Release{ID: b.id, Dataset: q.dataset.Catalog.Name, Made: b.made, Body: b.body})
		}
	}
	q.outcome = "answered"
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), endTimeout)
	defer cancel()
	if err := o.reservation.Commit(ctx, releases, outcome("answered", "", took)); err != nil {
		return s.internal("ledger commit", err)
	}
	return nil
}

// fail ends the reservation of a query that gets no answer.
func (s *Service) fail(ctx context.Context, q *query, o *order, cause error, asked bool, took time.Duration) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), endTimeout)
	defer cancel()
	state := string(refusal.InternalError)
	if r, ok := refusal.As(cause); ok {
		state = string(r.Code)
	}
	end := o.reservation.Fail
	if !asked {
		end = o.reservation.Release
	}
	if err := end(ctx, outcome("failed", state, took)); err != nil {
		// A reservation that does not end stays charged, which is the safe side.
		s.Logger.Error("reservation did not end", "dataset", q.dataset.Catalog.Name, "user", q.request.Identity.User, "error", err)
	}
}

func outcome(name, state string, took time.Duration) budget.Outcome {
	return budget.Outcome{Name: name, SQLState: state, Duration: took}
}

// unavailable: the source was not asked, so nothing is charged for it.
func (s *Service) unavailable(ctx context.Context, q *query, err error) error {
	if ctx.Err() != nil {
		return s.interrupted(ctx, ctx.Err())
	}
	name := q.dataset.Catalog.Name
	nothing := "Nothing was asked of it, and nothing was charged."
	if q.charged && q.outcome == "answered" {
		nothing = "What was measured is kept, and reading it again is free."
	}
	if errors.Is(err, engine.ErrBusy) {
		s.Logger.Warn("no connection to the source was free in time", "dataset", name)
		return refusal.New(refusal.SourceUnavailable, "no connection to the source of data set %q was free in time", name).
			WithDetail("%s", nothing).WithHint("Try again later.")
	}
	s.Logger.Error("source cannot be reached", "dataset", name)
	return refusal.New(refusal.SourceUnavailable, "the source of data set %q cannot be reached", name).
		WithDetail("%s", nothing).WithHint("Try again later.")
}
