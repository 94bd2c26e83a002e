package ownerpage

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/dpproxy/dpproxy/answer"
	"github.com/dpproxy/dpproxy/approval"
	"github.com/dpproxy/dpproxy/budget"
	"github.com/dpproxy/dpproxy/config"
)

// scriptsData is what approvals of all data sets show: who approves, and each script with its review.
type scriptsData struct {
	Datasets []scriptsOf
	Note     string // what became of a document that was handed in
}

type scriptsOf struct {
	Dataset   string
	Needed    int
	Approvers []string
	Scripts   []scriptRow
}

type scriptRow struct {
	ID, Name, Analyst, State, Who, Review string
}

// scripts lists the scripts that wait, with their review, and takes documents that were signed elsewhere: the page never sees a
// secret key.
func (s *Server) scripts(q *request) error { return s.showScripts(q, "") }

func (s *Server) showScripts(q *request, note string) error {
	d := scriptsData{Note: note}
	for _, ds := range s.Config().Datasets {
		if ds.Authorized == nil {
			continue
		}
		state, _, err := s.approvals(q, &ds)
		if err != nil {
			return err
		}
		row := scriptsOf{Dataset: ds.Name, Needed: state.Approvers.Needed()}
		for _, p := range state.Approvers.Parties {
			row.Approvers = append(row.Approvers, p.Name)
		}
		for _, w := range slices.Backward(state.Scripts) {
			row.Scripts = append(row.Scripts, rowOf(state, w, s.Clock()))
		}
		d.Datasets = append(d.Datasets, row)
	}
	return s.render(q, "scripts", "Scripts", d)
}

func rowOf(state *approval.State, w *approval.Waiting, now time.Time) scriptRow {
	a := &w.Approved
	row := scriptRow{ID: a.Script.ID(), Name: a.Script.Name, Analyst: a.Script.Analyst.Name, State: "waits"}
	var review strings.Builder
	approval.WriteReview(&review, a)
	row.Review = review.String()
	var who []string
	for _, sig := range a.Approvals {
		who = append(who, sig.Approver)
	}
	switch by, gone := state.RevokedBy(row.ID); {
	case gone:
		row.State, who = "revoked", []string{by}
	case a.Verify(state.Approvers) == nil && a.Script.InForce(now) != nil:
		row.State = "out of date"
	case a.Verify(state.Approvers) == nil:
		row.State = "approved"
	case len(w.Refused) > 0:
		row.State, who = "refused", []string{w.Refused[0].Approver + ": " + w.Refused[0].Why}
	}
	row.Who = strings.Join(who, ", ")
	return row
}

func (s *Server) approvals(q *request, ds *config.Dataset) (*approval.State, int, error) {
	return answer.Approvals(q.r.Context(), s.Ledger, ds.Name, *ds.Authorized)
}

// notTaken says why a document changes nothing.
func (s *Server) notTaken(q *request, why string) error {
	q.w.Header().Set("Content-Type", "text/html; charset=utf-8")
	q.w.WriteHeader(http.StatusBadRequest)
	return s.showScripts(q, "Not taken: "+why)
}

// document takes a script, signatures, a refusal, a revocation or a change of approvers: what counts is who signed it.
func (s *Server) document(q *request) error {
	dataset, acts, err := approval.ActsOf([]byte(q.r.PostFormValue("document")))
	if err != nil {
		return s.notTaken(q, "the text "+err.Error())
	}
	datasets := s.Config().Datasets
	i := slices.IndexFunc(datasets, func(d config.Dataset) bool { return d.Name == dataset && d.Authorized != nil })
	if i < 0 {
		return s.notTaken(q, "no data set of that name has approvers")
	}
	state, seen, err := s.approvals(q, &datasets[i])
	if err != nil {
		return err
	}
	fresh, err := state.HandIn(acts)
	if err != nil {
		return s.notTaken(q, err.Error())
	}
	for i, a := range fresh {
		if err := s.Ledger.AddAct(q.r.Context(), budget.Act{Dataset: dataset, Kind: a.Kind, Body: a.Body, By: s.User, Note: "owner's page"}, seen+i); err != nil {
			return err
		}
	}
	if len(fresh) == 0 {
		return s.showScripts(q, "Nothing new in it.")
	}
	return s.showScripts(q, "Taken.")
}
