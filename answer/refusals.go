package answer

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/dpproxy/dpproxy/budget"
)

// What a flood of refused queries may write to the ledger: of one analyst on one data set the first refusals of each window, each
// with no more than so much of its text, and then one entry that tells how many more there were.
const (
	refusalsListed = 20
	refusalsWindow = 10 * time.Minute
	refusalText    = 16 << 10 // bytes of a query, and of a plan
)

// refusals are those of the present windows, by analyst and data set.
type refusals struct {
	mu   sync.Mutex
	runs map[budget.Key]*refusalRun
}

// refusalRun is one window, which opens with a refusal.
type refusalRun struct {
	began  time.Time
	listed int
	more   int64
	last   budget.Entry // of those that are not listed
	timer  *time.Timer  // ends the window
}

// refuse keeps a refusal's entry: as it is, or as one of those that are counted.
func (s *Service) refuse(e budget.Entry) {
	key := budget.Key{Analyst: e.Analyst, Dataset: e.Dataset}
	e.SQL, e.Plan = cut(e.SQL), cut(e.Plan)
	now := s.Clock()
	r := &s.refusals
	r.mu.Lock()
	run := r.runs[key]
	var over *refusalRun
	if run != nil && (now.Sub(run.began) >= refusalsWindow || now.Before(run.began)) {
		over, run = run, nil
		over.timer.Stop()
	}
	if run == nil {
		run = &refusalRun{began: now}
		run.timer = time.AfterFunc(refusalsWindow, func() { s.endRefusals(key, run) })
		if r.runs == nil {
			r.runs = map[budget.Key]*refusalRun{}
		}
		r.runs[key] = run
	}
	list := run.listed < refusalsListed
	if list {
		run.listed++
	} else {
		run.more++
		run.last = e
	}
	r.mu.Unlock()
	if over != nil {
		s.recordMore(over)
	}
	if list {
		s.record(e)
	}
}

// endRefusals closes a window.
func (s *Service) endRefusals(key budget.Key, run *refusalRun) {
	r := &s.refusals
	r.mu.Lock()
	mine := r.runs[key] == run
	if mine {
		delete(r.runs, key)
	}
	r.mu.Unlock()
	if mine {
		s.recordMore(run)
	}
}

// recordMore tells of a window that is over how many refusals were not listed.
func (s *Service) recordMore(run *refusalRun) {
	if run.more == 0 {
		return
	}
	e := run.last
	e.SQL, e.Plan, e.Duration = "", "", 0
	e.Note = fmt.Sprintf("%d more refusals since %s, of which this was the last", run.more, moment(run.began))
	s.record(e)
}

func (s *Service) record(e budget.Entry) {
	if err := s.Ledger.Record(context.Background(), e); err != nil {
		s.Logger.Error("history entry was not written", "analyst", e.Analyst, "dataset", e.Dataset, "error", err)
	}
}

// Close records the refusals that were counted and are not on the ledger yet. It is called when no query runs any more, before the
// ledger is closed.
func (s *Service) Close() {
	r := &s.refusals
	r.mu.Lock()
	runs := r.runs
	r.runs = nil
	r.mu.Unlock()
	for _, run := range runs {
		run.timer.Stop()
		s.recordMore(run)
	}
}

// cut shortens a text at the end of a character.
func cut(s string) string {
	if len(s) <= refusalText {
		return s
	}
	n := refusalText
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return strings.Clone(s[:n]) + "…"
}
