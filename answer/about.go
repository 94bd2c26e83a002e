package answer

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"strings"
	"time"
)

// Greet is what a client hears when it has logged in: who answers, about what, and on which terms. It also leaves a line
// in the operator's log.
func (s *Service) Greet(id Identity) []Notice {
	v, done := s.use()
	defer done()
	s.Logger.LogAttrs(context.Background(), slog.LevelInfo, "log-in", v.access.attributes(id)...)
	d, _, _, err := v.find(id, s.Clock())
	o := v.access.Operator
	if err != nil || o.Silent || d.lobby {
		return nil
	}
	var out []Notice
	who := cmp.Or(o.Title, o.Name)
	details := sentences(o.Description, d.Catalog.Description)
	if who != "" || d.Catalog.Title != "" || details != "" {
		message := fmt.Sprintf("data set %q", d.Catalog.Name)
		if d.Catalog.Title != "" {
			message += ": " + d.Catalog.Title
		}
		if who != "" {
			message = who + ", " + message
		}
		out = append(out, Notice{Severity: "NOTICE", Code: "00000", Message: message, Detail: details, Hint: "SELECT * FROM dp.about tells more."})
	}
	if terms := sentences(o.Terms, d.Terms); terms != "" {
		out = append(out, Notice{Severity: "NOTICE", Code: "00000", Message: "terms: " + terms})
	}
	return out
}

// sentences puts texts one after the other, each once.
func sentences(texts ...string) string {
	var out []string
	for i, t := range texts {
		if t = strings.TrimSpace(t); t != "" && (i == 0 || t != strings.TrimSpace(texts[0])) {
			out = append(out, t)
		}
	}
	return strings.Join(out, " ")
}

// aboutRecords is the one row of dp.about.
func aboutRecords(q *query) []record {
	o, d := q.access.Operator, q.dataset
	return []record{{
		"organization": textOrNull(o.Name), "title": textOrNull(o.Title), "url": textOrNull(o.URL), "contact": textOrNull(o.Contact),
		"description": textOrNull(o.Description), "terms": textOrNull(o.Terms), "dataset": text(d.Catalog.Name),
		"dataset_title": textOrNull(d.Catalog.Title), "dataset_description": textOrNull(d.Catalog.Description),
		"dataset_terms": textOrNull(d.Terms), "dataset_version": textOrNull(d.Catalog.Version),
	}}
}

// attributes are what the operator's log says of a session.
func (a *Access) attributes(id Identity) []slog.Attr {
	method := "password"
	if id.Principal != nil {
		method = id.Principal.Method
	}
	var out []slog.Attr
	for _, name := range a.LogAttributes {
		switch name {
		case "user":
			out = append(out, slog.String(name, id.User))
		case "dataset":
			out = append(out, slog.String(name, id.Dataset))
		case "client":
			out = append(out, slog.String(name, id.Client))
		case "application":
			out = append(out, slog.String(name, id.Application))
		case "method":
			out = append(out, slog.String(name, method))
		case "pid":
			out = append(out, slog.Int(name, int(id.PID)))
		}
	}
	return out
}

// logQuery leaves a line about a query that has ended, if the owner wants that. It holds no text of the query.
func (s *Service) logQuery(q *query, state string, took time.Duration) {
	if !q.access.LogQueries {
		return
	}
	attrs := append(q.access.attributes(q.request.Identity), slog.String("outcome", q.outcome), slog.Duration("took", took))
	if state != "" {
		attrs = append(attrs, slog.String("sqlstate", state))
	}
	if class := q.class(); class != "" {
		attrs = append(attrs, slog.String("class", class))
	}
	s.Logger.LogAttrs(context.Background(), slog.LevelInfo, "query", attrs...)
}
