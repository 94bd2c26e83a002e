package ownerpage

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/dpproxy/dpproxy/budget"
	"github.com/dpproxy/dpproxy/privacy"
)

type accountData struct {
	Balance balance
	Chart   *chart // nil: nothing was spent
	Rows    []budget.Entry
}

// account shows one account: what it has left, how that went, and its latest queries.
func (s *Server) account(q *request) error {
	f := q.r.URL.Query()
	analyst, dataset := f.Get("analyst"), f.Get("dataset")
	c := s.Config()
	ds, ok := c.Dataset(dataset)
	if !ok {
		http.Error(q.w, "there is no such account", http.StatusNotFound)
		return nil
	}
	money := ds.Budget
	if analyst != "" {
		u, known := c.User(analyst)
		if !known {
			http.Error(q.w, "there is no such account", http.StatusNotFound)
			return nil
		}
		g, granted := u.Grant(dataset)
		if !granted {
			http.Error(q.w, "there is no such account", http.StatusNotFound)
			return nil
		}
		money = g.Budget
	}
	ctx := q.r.Context()
	b, err := s.Ledger.Balance(ctx, budget.Account{Key: budget.Key{Analyst: analyst, Dataset: dataset}, Budget: money})
	if err != nil {
		return err
	}
	d := accountData{}
	if d.Balance, err = s.balance(ctx, analyst, dataset, money); err != nil {
		return err
	}
	var spent []point
	err = s.entries(ctx, budget.HistoryQuery{Analyst: analyst, Dataset: dataset}, func(e budget.Entry) bool {
		if len(d.Rows) < pageRows {
			d.Rows = append(d.Rows, e)
		}
		if !b.WindowEnds.IsZero() && e.Time.Before(b.WindowEnds.Add(-money.Refresh)) {
			return false
		}
		if e.Outcome == string(budget.ResetWindow) && e.Analyst == analyst {
			return false // what was spent before is forgotten
		}
		if cost := costOf(e, analyst, money.Accountant); cost > 0 && e.Outcome != "released" {
			spent = append(spent, point{e.Time, cost})
		}
		return len(spent) < maxPoints
	})
	if err != nil {
		return err
	}
	slices.Reverse(spent)
	limit := int64(b.Limit.Epsilon)
	if money.Accountant == privacy.ZCDP {
		limit = int64(b.Limit.Rho)
	}
	d.Chart = burnDown(spent, limit, s.Clock())
	title := "All analysts on " + dataset
	if analyst != "" {
		title = analyst + " on " + dataset
	}
	return s.render(q, "account", title, d)
}

func costOf(e budget.Entry, analyst string, a privacy.Accountant) int64 {
	l := e.Loss
	if analyst == "" {
		l = e.DatasetLoss
	}
	if a == privacy.ZCDP {
		return int64(l.Rho)
	}
	return int64(l.Epsilon)
}

// maxPoints bounds what one chart draws.
const maxPoints = 5000

type point struct {
	at   time.Time
	cost int64
}

// chart is a burn-down in SVG's own units: what is left over time, as steps.
type chart struct {
	Line, Area          string
	From, To            time.Time
	Top                 string
	Queries             int
	Summary             string
	Width, Height, Left int
}

const (
	chartWidth, chartHeight, chartLeft = 640, 200, 8
)

// burnDown draws what is left of a limit.
func burnDown(spent []point, limit int64, now time.Time) *chart {
	if len(spent) == 0 || limit <= 0 {
		return nil
	}
	c := &chart{From: spent[0].at.UTC(), To: now.UTC(), Queries: len(spent), Width: chartWidth, Height: chartHeight, Left: chartLeft}
	span := max(now.Sub(spent[0].at), time.Second)
	x := func(t time.Time) float64 {
		return chartLeft + float64(t.Sub(spent[0].at))/float64(span)*(chartWidth-2*chartLeft)
	}
	y := func(left int64) float64 {
		return chartLeft + (1-max(0, float64(left)/float64(limit)))*(chartHeight-2*chartLeft)
	}
	left := limit
	var b strings.Builder
	fmt.Fprintf(&b, "%.1f,%.1f", float64(chartLeft), y(left))
	for _, p := range spent {
		fmt.Fprintf(&b, " %.1f,%.1f", x(p.at), y(left))
		left -= p.cost
		fmt.Fprintf(&b, " %.1f,%.1f", x(p.at), y(left))
	}
	fmt.Fprintf(&b, " %.1f,%.1f", float64(chartWidth-chartLeft), y(left))
	c.Line = b.String()
	c.Area = fmt.Sprintf("%d,%d %s %d,%d", chartLeft, chartHeight-chartLeft, c.Line, chartWidth-chartLeft, chartHeight-chartLeft)
	c.Summary = fmt.Sprintf("%d charged queries since %s; %d %% of the budget is left", len(spent), c.From.Format("2006-01-02 15:04"), max(0, left*100/limit))
	return c
}
