package proxy

import (
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/dpproxy/dpproxy/answer"
	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/proxy/setting"
)

// activity is what other sessions of the same user see of a session. It does not change once it is shown.
type activity struct {
	query, state, application string
	since, changed            time.Time // the query's begin; the state's
}

// shownQuery is how many bytes of a query others see: PostgreSQL's track_activity_query_size. An idle session keeps no more.
const shownQuery = 1024

// does says that a query runs.
func (s *session) does(query string) {
	if len(query) >= shownQuery {
		query = strings.Clone(strings.ToValidUTF8(query[:shownQuery-1], "")) // a character that was cut in two goes
	}
	s.doing.Store(&activity{query: query, state: "active", application: s.id.Application, since: s.began, changed: s.began})
}

// rests says that no query runs.
func (s *session) rests() {
	state := "idle"
	switch s.tx.status {
	case active:
		state = "idle in transaction"
	case failed:
		state = "idle in transaction (aborted)"
	}
	now := activity{state: state, application: s.id.Application, changed: s.srv.clock()}
	if before := s.doing.Load(); before != nil {
		now.query, now.since = before.query, before.since
	}
	s.doing.Store(&now)
}

// siblings are the sessions of the same user, oldest number first. Those who are anonymous have a name in common and are
// not the same.
func (s *session) siblings() []*session {
	if p := s.id.Principal; p != nil && p.Method == "anonymous" {
		return []*session{s}
	}
	s.srv.mu.Lock()
	defer s.srv.mu.Unlock()
	var out []*session
	for _, other := range s.srv.sessions {
		if other.id.User == s.id.User {
			out = append(out, other)
		}
	}
	sort.Slice(out, func(i, j int) bool { return out[i].pid < out[j].pid })
	return out
}

// Signal implements answer.Session: sessions of other users are as good as not there.
func (s *session) Signal(pid int32, terminate bool) bool {
	for _, other := range s.siblings() {
		if other.pid != uint32(pid) {
			continue
		}
		if terminate {
			other.ended.Store(true)
			other.running.stop(errShutdown)
			other.wire.wake()
		} else {
			other.running.stop(errCanceled)
		}
		return true
	}
	return false
}

// Rows implements answer.Session.
func (s *session) Rows(relation string) []map[string]string {
	switch relation {
	case "pg_stat_activity":
		var rows []map[string]string
		for _, other := range s.siblings() {
			rows = append(rows, other.activityRow())
		}
		return rows
	case "pg_prepared_statements":
		return s.preparedRows()
	case "pg_cursors":
		return s.cursorRows()
	case "pg_settings":
		return s.settingRows()
	}
	return nil
}

func moment(t time.Time) string { return catalog.FormatTimestamp(t.UnixMicro(), true) }

// activityRow is a session's row of pg_stat_activity. Other sessions call it.
func (s *session) activityRow() map[string]string {
	row := map[string]string{"pid": strconv.Itoa(int(s.pid)), "datname": s.id.Dataset, "usename": s.id.User,
		"backend_type": "client backend", "backend_start": moment(s.loggedIn)}
	if s.id.Client != "" {
		row["client_addr"] = s.id.Client
	}
	if a := s.doing.Load(); a != nil {
		row["state"], row["query"], row["application_name"], row["state_change"] = a.state, a.query, a.application, moment(a.changed)
		if !a.since.IsZero() {
			row["query_start"] = moment(a.since)
		}
	}
	return row
}

func (s *session) preparedRows() []map[string]string {
	var rows []map[string]string
	for name, p := range s.prepared {
		if name == "" || p.st == nil {
			continue
		}
		var types []string
		for _, t := range p.params {
			types = append(types, t.String())
		}
		rows = append(rows, map[string]string{"name": name, "statement": p.st.Text, "prepare_time": moment(p.made),
			"parameter_types": strings.Join(types, ", "), "from_sql": yesNo(p.sql), "generic_plans": "0", "custom_plans": "0"})
	}
	sort.Slice(rows, func(i, j int) bool { return rows[i]["name"] < rows[j]["name"] })
	return rows
}

func (s *session) cursorRows() []map[string]string {
	var rows []map[string]string
	for name, p := range s.portals {
		if p.st == nil || name == "" {
			continue
		}
		binary := len(p.formats) == 1 && p.formats[0] == 1
		rows = append(rows, map[string]string{"name": name, "statement": p.st.Text, "is_holdable": yesNo(p.hold), "is_binary": yesNo(binary),
			"is_scrollable": yesNo(p.scroll), "creation_time": moment(p.made)})
	}
	sort.Slice(rows, func(i, j int) bool { return rows[i]["name"] < rows[j]["name"] })
	return rows
}

// settingRows are the settings that PostgreSQL does not have.
func (s *session) settingRows() []map[string]string {
	var rows []map[string]string
	for _, r := range s.ownSettings() {
		rows = append(rows, map[string]string{"name": r.Name, "setting": r.Value, "category": "Customized Options",
			"short_desc": r.Description, "context": "user", "vartype": "string", "source": "default", "pending_restart": "f"})
	}
	return rows
}

func (s *session) ownSettings() []setting.Row {
	b, ok := s.srv.backend.(SettingDefaults)
	if !ok {
		return nil
	}
	var rows []setting.Row
	for _, own := range b.OwnSettings() {
		v, _ := s.currentSetting(own[0])
		rows = append(rows, setting.Row{Name: own[0], Value: v, Description: own[1]})
	}
	return rows
}

// allSettings are those of SHOW ALL, by name.
func (s *session) allSettings() []setting.Row {
	rows := append(s.settings.All(), s.ownSettings()...)
	sort.SliceStable(rows, func(i, j int) bool { return strings.ToLower(rows[i].Name) < strings.ToLower(rows[j].Name) })
	return rows
}

func yesNo(b bool) string {
	if b {
		return "t"
	}
	return "f"
}

var _ answer.Session = (*session)(nil)
