package ownerpage

import (
	"context"
	"net/http"
	"strconv"
	"strings"

	"github.com/dpproxy/dpproxy/answer"
	"github.com/dpproxy/dpproxy/budget"
)

const (
	pageRows    = 50
	searchDepth = 20_000 // entries that one search reads
)

type historyData struct {
	Query, Analyst, Dataset, Outcome string
	Analysts, Datasets, Outcomes     []string
	Rows                             []budget.Entry
	Older                            int64 // the entry before which the next page begins; 0: none
	Deep                             bool  // the search ended before the history did
}

func (s *Server) history(q *request) error {
	f := q.r.URL.Query()
	d := historyData{Query: f.Get("q"), Analyst: f.Get("analyst"), Dataset: f.Get("dataset"), Outcome: f.Get("outcome"),
		Outcomes: []string{"answered", "reused", "public", "refused", "failed", "reserved", "crashed", "disabled", "enabled", "grant", "set", "unset", "reset-window", "configured", "pruned"}}
	c := s.Config()
	for _, u := range c.Users {
		d.Analysts = append(d.Analysts, u.Name)
	}
	for _, ds := range c.Datasets {
		d.Datasets = append(d.Datasets, ds.Name)
	}
	before, _ := strconv.ParseInt(f.Get("before"), 10, 64) // nonsense is the first page
	seen := 0
	err := s.entries(q.r.Context(), budget.HistoryQuery{Analyst: d.Analyst, Dataset: d.Dataset, Before: max(before, 0)}, func(e budget.Entry) bool {
		seen++
		if (d.Outcome == "" || e.Outcome == d.Outcome) && matches(e, d.Query) {
			d.Rows = append(d.Rows, e)
		}
		if len(d.Rows) > pageRows {
			d.Rows = d.Rows[:pageRows]
			d.Older = d.Rows[pageRows-1].ID
			return false
		}
		if seen >= searchDepth {
			d.Older, d.Deep = e.ID, true
			return false
		}
		return true
	})
	if err != nil {
		return err
	}
	return s.render(q, "history", "History", d)
}

// matches looks for words in what an entry says.
func matches(e budget.Entry, query string) bool {
	text := strings.ToLower(strings.Join([]string{e.SQL, e.Note, e.Analyst, e.Dataset, e.Outcome, e.SQLState, e.Application, e.Client, e.By, strconv.FormatInt(e.ID, 10)}, " "))
	for _, word := range strings.Fields(strings.ToLower(query)) {
		if !strings.Contains(text, word) {
			return false
		}
	}
	return true
}

// entries reads the history, newest first, until f says no.
func (s *Server) entries(ctx context.Context, q budget.HistoryQuery, f func(budget.Entry) bool) error {
	q.Limit = 500
	for {
		page, err := s.Ledger.History(ctx, q)
		if err != nil {
			return err
		}
		for _, e := range page {
			if !f(e) {
				return nil
			}
		}
		if len(page) < q.Limit {
			return nil
		}
		q.Before = page[len(page)-1].ID
	}
}

type entryData struct {
	Entry   budget.Entry
	Answer  *answer.ArchivedAnswer
	Columns []string
}

// entry shows one line of the history with its plan, and the answer as it was given.
func (s *Server) entry(q *request) error {
	id, err := strconv.ParseInt(q.r.URL.Query().Get("id"), 10, 64)
	if err != nil || id < 1 {
		http.Error(q.w, "there is no such entry", http.StatusNotFound)
		return nil
	}
	ctx := q.r.Context()
	list, err := s.Ledger.History(ctx, budget.HistoryQuery{Before: id + 1, Limit: 1})
	if err != nil {
		return err
	}
	if len(list) == 0 || list[0].ID != id {
		http.Error(q.w, "there is no such entry", http.StatusNotFound)
		return nil
	}
	d := entryData{Entry: list[0]}
	kept, ok, err := s.Ledger.Archived(ctx, id)
	if err != nil {
		return err
	}
	if ok {
		a, err := answer.DecodeArchived(kept.Body)
		if err != nil {
			return err
		}
		d.Answer = &a
	}
	return s.render(q, "entry", "Entry "+strconv.FormatInt(id, 10), d)
}
