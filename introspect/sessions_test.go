package introspect

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/dpproxy/dpproxy/refusal"
)

// twoSessions are a user's sessions 7 and 8; it notes what is asked to be done to them.
type twoSessions struct{ done []string }

func (*twoSessions) Rows(relation string) []map[string]string {
	switch relation {
	case "pg_stat_activity":
		return []map[string]string{{"pid": "7", "state": "active", "query": `it's a "\query"`, "query_start": "2024-02-29 12:00:00.5+00"}, {"pid": "8"}}
	case "pg_settings":
		return []map[string]string{{"name": "dp.epsilon", "setting": "0.5", "pending_restart": "f"}}
	}
	return nil
}

func (s *twoSessions) Signal(pid int32, terminate bool) bool {
	if pid != 7 && pid != 8 {
		return false
	}
	s.done = append(s.done, map[bool]string{true: "end ", false: "cancel "}[terminate]+formatInt(int64(pid)))
	return true
}

func TestSessions(t *testing.T) {
	s, v := testService(t), testView()
	sessions := &twoSessions{}
	v.Session = sessions
	for sql, want := range map[string]string{
		"SELECT query FROM pg_stat_activity WHERE state = 'active'":               `it's a "\query"`,
		"SELECT query_start FROM pg_stat_activity WHERE pid = 7":                  "2024-02-29 12:00:00.5+00",
		"SELECT setting FROM pg_settings WHERE name = 'dp.epsilon'":               "0.5",
		"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid = '8'":  "t",
		"SELECT pg_cancel_backend(9)":                                             "f",
		"SELECT pg_sleep(0)":                                                      "",
		"SELECT pg_advisory_unlock_all()":                                         "",
		"SELECT count(*) FROM pg_stat_activity WHERE client_addr IS NOT NULL":     "0",
		"SELECT pg_catalog.pg_cancel_backend(pid) FROM pg_stat_activity LIMIT 1;": "t",
	} {
		r, err := s.Answer(context.Background(), v, sql, nil)
		if err != nil || len(r.Rows) != 1 || r.Rows[0][0].Text != want {
			t.Errorf("%s: %+v, %v; want %q", sql, r, err, want)
		}
	}
	if len(sessions.done) != 2 {
		t.Errorf("done: %q", sessions.done)
	}
	for _, sql := range []string{
		"SELECT pg_sleep(0) FROM pg_class", "SELECT relname FROM pg_class WHERE pg_sleep(0) IS NULL", "SELECT pg_sleep(0)::text || 'x'",
		"SELECT relname FROM pg_class WHERE pg_terminate_backend(1)", "SELECT pg_cancel_backend(pid) FROM pg_stat_activity ORDER BY 1",
		"SELECT DISTINCT pg_cancel_backend(pid) FROM pg_stat_activity", "SELECT * FROM pg_sleep(0)",
		"SELECT x FROM (SELECT pg_terminate_backend(7) AS x) q", "WITH q AS (SELECT pg_cancel_backend(7)) SELECT * FROM q",
	} {
		if r, err := s.Answer(context.Background(), v, sql, nil); err == nil {
			t.Errorf("%s: %+v", sql, r)
		}
	}
	if len(sessions.done) != 2 {
		t.Errorf("done by what is refused: %q", sessions.done)
	}
}

// TestSleepEnds: a sleep ends with the query's context, and gives its cause.
func TestSleepEnds(t *testing.T) {
	s, v := testService(t), testView()
	cause := refusal.New(refusal.QueryCanceled, "canceling statement due to user request")
	ctx, cancel := context.WithCancelCause(context.Background())
	time.AfterFunc(20*time.Millisecond, func() { cancel(cause) })
	if _, err := s.Answer(ctx, v, "SELECT pg_sleep(1000)", nil); err == nil || err.Error() != cause.Error() {
		t.Errorf("the sleep ended with %v", err)
	}
}

// TestCancelWhilePreparing: a statement that the engine gives up because its query was cancelled was cancelled; nothing
// is said of what is supported.
func TestCancelWhilePreparing(t *testing.T) {
	s, v := testService(t), testView()
	if _, err := s.Answer(context.Background(), v, "SELECT 1 FROM pg_class LIMIT 1", nil); err != nil { // the view is built
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := s.Answer(ctx, v, "SELECT 2 FROM pg_class LIMIT 1", nil)
	if r, ok := refusal.As(err); !ok || r.Code != refusal.QueryCanceled {
		t.Errorf("a cancelled question gave %v", err)
	}
}

// manyWords are sessions with more to tell than a statement should hold.
type manyWords struct{ twoSessions }

func (manyWords) Rows(string) []map[string]string {
	var rows []map[string]string
	for range 100 {
		rows = append(rows, map[string]string{"name": "a", "statement": strings.Repeat("x", maxSessionText/99)})
	}
	return rows
}

func TestLongStatementsAreRefused(t *testing.T) {
	s, v := testService(t), testView()
	v.Session = &manyWords{}
	_, err := s.Answer(context.Background(), v, "SELECT count(*) FROM pg_prepared_statements", nil)
	if r, ok := refusal.As(err); !ok || r.Code != refusal.ProgramLimitExceeded {
		t.Errorf("it gave %v", err)
	}
}
