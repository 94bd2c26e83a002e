package answer

import (
	"regexp"
	"strings"
	"time"
)

// Tracer follows queries over systems. It is told names and times, never values or SQL.
type Tracer interface {
	// Query begins to follow one. parent is the client's traceparent (W3C Trace Context), or "".
	Query(parent string, started time.Time, dataset, user, application string) Trace
}

// Trace is a query that is followed.
type Trace interface {
	Stage(name string, from, to time.Time) // as Observer.Stage
	End(outcome, sqlState string, at time.Time)
}

type noTracer struct{}

func (noTracer) Query(string, time.Time, string, string, string) Trace { return noTrace{} }

type noTrace struct{}

func (noTrace) Stage(string, time.Time, time.Time) {}
func (noTrace) End(string, string, time.Time)      {}

// commented finds a client's traceparent where sqlcommenter puts it: /*traceparent='00-…-…-01'*/.
var commented = regexp.MustCompile(`traceparent='([0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2})'`)

// parentOf is the traceparent that a client gave with its query: as a comment, or as a setting of its session.
func parentOf(req Request) string {
	if strings.Contains(req.Statement.Text, "traceparent") {
		if found := commented.FindStringSubmatch(req.Statement.Text); found != nil {
			return found[1]
		}
	}
	if parent := req.Settings["traceparent"]; parent != "" {
		return parent
	}
	return req.Settings["otel.traceparent"]
}
