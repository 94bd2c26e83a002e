package ownerpage

import (
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/dpproxy/dpproxy/budget"
	"github.com/dpproxy/dpproxy/config"
	"github.com/dpproxy/dpproxy/privacy"
)

// balance is an account as a row of a table, with a bar.
type balance struct {
	Analyst, Dataset                    string // no analyst: all together
	Currency                            string // ε or ρ
	Limit, Spent, Reserved, Left        string
	Percent                             int // of the limit that is used, 0 to 100
	Over                                bool
	Queries, MaxQueries                 int64
	WindowEnds                          time.Time
	MayQuery, Banned, Configured, IsSet bool
}

type overviewData struct {
	Health   string // "" if all is well
	Notes    []string
	Datasets []datasetRow
	Accounts []balance
	Users    []userRow
}

type datasetRow struct {
	Name, Title, Version, Source, Accountant, Unit string
	Tables, Analysts                               int
	All                                            balance
}

type userRow struct {
	Name             string
	MayQuery, Banned bool
	Datasets         []string
}

func (s *Server) overview(q *request) error {
	ctx := q.r.Context()
	c := s.Config()
	banned, err := s.Ledger.DisabledAnalysts(ctx)
	if err != nil {
		return err
	}
	var d overviewData
	if err := s.Ready(ctx); err != nil {
		d.Health = err.Error()
	}
	if d.Notes, err = s.Differ(ctx); err != nil {
		return err
	}
	for _, ds := range c.Datasets {
		row := datasetRow{Name: ds.Name, Title: ds.Declaration.Title, Version: ds.Declaration.Version, Source: string(ds.Source.Kind),
			Accountant: string(ds.Budget.Accountant), Tables: len(ds.Declaration.Tables), Unit: ds.Declaration.UnitTable + "." + ds.Declaration.UnitColumn}
		if ds.Declaration.RowUnit || ds.Declaration.UnitTable == "" {
			row.Unit = "row"
		}
		for _, u := range c.Users {
			if g, ok := u.Grant(ds.Name); ok {
				row.Analysts++
				b, err := s.balance(ctx, u.Name, ds.Name, g.Budget)
				if err != nil {
					return err
				}
				b.MaxQueries, b.MayQuery, b.Banned = g.MaxQueries, u.MayQuery, slices.Contains(banned, u.Name)
				d.Accounts = append(d.Accounts, b)
			}
		}
		if row.All, err = s.balance(ctx, "", ds.Name, ds.Budget); err != nil {
			return err
		}
		d.Datasets = append(d.Datasets, row)
	}
	for _, u := range c.Users {
		row := userRow{Name: u.Name, MayQuery: u.MayQuery, Banned: slices.Contains(banned, u.Name)}
		for _, g := range u.Grants {
			row.Datasets = append(row.Datasets, g.Dataset)
		}
		d.Users = append(d.Users, row)
	}
	return s.render(q, "overview", "Overview", d)
}

// balance reads an account.
func (s *Server) balance(ctx context.Context, analyst, dataset string, money budget.Budget) (balance, error) {
	b, err := s.Ledger.Balance(ctx, budget.Account{Key: budget.Key{Analyst: analyst, Dataset: dataset}, Budget: money})
	if err != nil {
		return balance{}, err
	}
	out := balance{Analyst: analyst, Dataset: dataset, Configured: true, Queries: b.Queries, WindowEnds: b.WindowEnds,
		IsSet: b.Effective.Epsilon != money.Epsilon || b.Effective.Delta != money.Delta}
	limit, used := int64(b.Limit.Epsilon), int64(b.Spent.Epsilon)+int64(b.Reserved.Epsilon)
	out.Currency = "ε"
	out.Limit, out.Spent, out.Reserved, out.Left = b.Limit.Epsilon.String(), b.Spent.Epsilon.String(), b.Reserved.Epsilon.String(), b.Left.Epsilon.String()
	if money.Accountant == privacy.ZCDP {
		limit, used = int64(b.Limit.Rho), int64(b.Spent.Rho)+int64(b.Reserved.Rho)
		out.Currency = "ρ"
		out.Limit, out.Spent, out.Reserved, out.Left = b.Limit.Rho.String(), b.Spent.Rho.String(), b.Reserved.Rho.String(), b.Left.Rho.String()
	}
	out.Percent = percent(used, limit)
	out.Over = used > limit
	return out, nil
}

// percent is how much of a limit is used, rounded up: what is not 0 shows.
func percent(used, limit int64) int {
	switch {
	case used <= 0:
		return 0
	case limit <= 0 || used >= limit:
		return 100
	}
	return int(min(100, float64(used)/float64(limit)*100+1))
}

func (s *Server) disable(q *request) error { return s.ban(q, true) }
func (s *Server) enable(q *request) error  { return s.ban(q, false) }

// ban disables or enables an analyst of the configuration; lifting a ban works for others too.
func (s *Server) ban(q *request, disabled bool) error {
	name := q.r.PostFormValue("user")
	if _, ok := s.Config().User(name); name == "" || !ok && disabled {
		http.Error(q.w, "there is no such user", http.StatusNotFound)
		return nil
	}
	if err := s.Ledger.SetDisabled(q.r.Context(), name, disabled, s.User); err != nil {
		return err
	}
	s.Log.Info("owner's page", "user", name, "disabled", disabled, "by", s.User)
	http.Redirect(q.w, q.r, "/#analysts", http.StatusSeeOther)
	return nil
}

// limitsData are the limits of the configuration, and who ran into one.
type limitsData struct {
	Rows []limitRow
	Hits []hitRow
	Seen int // entries that were looked at
}

type limitRow struct {
	Analyst, Dataset string
	RateLimits       []string
	MaxQueries       int64
	MaxFunctions     int
	MaxEpsilon       string
	Classes          []string
}

type hitRow struct {
	Analyst, Dataset string
	Times            int
	Last             budget.Entry
}

// lookedAt is how many entries of the history are searched for hits.
const lookedAt = 5000

func (s *Server) limits(q *request) error {
	c := s.Config()
	var d limitsData
	for _, u := range c.Users {
		for _, g := range u.Grants {
			ds, ok := c.Dataset(g.Dataset)
			if !ok {
				continue
			}
			d.Rows = append(d.Rows, limitsOf(u.Name, g, ds))
		}
	}
	hits := map[budget.Key]*hitRow{}
	err := s.entries(q.r.Context(), budget.HistoryQuery{}, func(e budget.Entry) bool {
		d.Seen++
		if e.SQLState == "53400" {
			k := budget.Key{Analyst: e.Analyst, Dataset: e.Dataset}
			if hits[k] == nil {
				hits[k] = &hitRow{Analyst: e.Analyst, Dataset: e.Dataset, Last: e}
			}
			hits[k].Times++
		}
		return d.Seen < lookedAt
	})
	if err != nil {
		return err
	}
	for _, h := range hits {
		d.Hits = append(d.Hits, *h)
	}
	slices.SortFunc(d.Hits, func(a, b hitRow) int { return int(b.Last.ID - a.Last.ID) })
	return s.render(q, "limits", "Limits", d)
}

func limitsOf(user string, g config.Grant, ds *config.Dataset) limitRow {
	row := limitRow{Analyst: user, Dataset: g.Dataset, MaxQueries: g.MaxQueries, MaxFunctions: ds.Declaration.MaxFunctions, MaxEpsilon: ds.Declaration.Query.MaxEpsilon.String()}
	for _, l := range g.RateLimits {
		row.RateLimits = append(row.RateLimits, l.Text)
	}
	for _, k := range ds.Declaration.Policy.Classes {
		row.Classes = append(row.Classes, k.Name)
	}
	return row
}
