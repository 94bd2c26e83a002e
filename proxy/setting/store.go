package setting

import (
	"maps"
	"strings"

	"github.com/dpproxy/dpproxy/refusal"
)

// CustomCheck judges a dp.* setting before it is stored: 22023 if it is out of range, 42704 if there is no such one.
type CustomCheck func(name, value string) error

// Store is one session's settings. Two layers lie over the defaults: what holds for the session, and what SET LOCAL
// holds until the transaction's end. It is not safe for concurrent use.
type Store struct {
	registry *Registry
	custom   CustomCheck

	start   map[string]string // set at start-up: what RESET goes back to; read-only after start-up
	session map[string]string
	local   map[string]string // nil outside of transactions that used it

	shared    bool      // a snapshot holds these very maps: own them before they change
	began     *snapshot // at the transaction's begin; nil outside
	beganAt   uint64    // version then
	marks     []mark
	version   uint64
	effective map[string]string // cache of Map
	cachedAt  uint64
}

type snapshot struct{ session, local map[string]string }

type mark struct {
	name string
	snapshot
}

// NewStore makes the settings of a session that has set nothing.
func NewStore(r *Registry, custom CustomCheck) *Store {
	return &Store{registry: r, custom: custom, start: map[string]string{}, session: map[string]string{}, version: 1}
}

// Version changes whenever a value may have changed.
func (s *Store) Version() uint64 { return s.version }

// SetFixed gives a read-only setting its value for this session (session_authorization).
func (s *Store) SetFixed(name, value string) {
	s.start[strings.ToLower(name)] = value
	s.version++
}

// SetStart sets a value from the start-up packet: RESET goes back to it.
func (s *Store) SetStart(name, value string) error {
	key := strings.ToLower(name)
	v, err := s.check(key, value)
	if err != nil {
		return err
	}
	s.start[key] = v
	s.version++
	return nil
}

// Set sets a value for the session, or with local until the transaction's end.
func (s *Store) Set(name, value string, local bool) error {
	key := strings.ToLower(name)
	v, err := s.check(key, value)
	if err != nil {
		return err
	}
	s.own()
	if local {
		if s.local == nil {
			s.local = map[string]string{}
		}
		s.local[key] = v
		return nil
	}
	s.session[key] = v
	delete(s.local, key)
	return nil
}

// check judges a value and returns it as SHOW prints it.
func (s *Store) check(key, value string) (string, error) {
	if st, ok := s.registry.byName[key]; ok {
		switch {
		case key == "session_authorization" && value == s.start[key]:
			return value, nil // SET SESSION AUTHORIZATION to oneself changes nothing
		case key == "role" && (value == s.start["session_authorization"] || strings.EqualFold(value, "none")):
			return value, nil // SET ROLE to oneself too
		case key == "role":
			return "", refusal.New(refusal.InvalidParameterValue, "role %q does not exist", value)
		case key == "session_authorization":
			return "", refusal.New(refusal.InsufficientPrivilege, "permission denied to set session authorization %q", value)
		case st.ReadOnly:
			return "", refusal.New(cannotChange, "parameter %q cannot be changed", st.Name)
		case st.adjust != nil:
			current, _ := s.Get(key)
			v, err := st.adjust(current, value)
			return v, named(key, err)
		case st.check == nil:
			return value, nil
		}
		v, err := st.check(value)
		return v, named(key, err)
	}
	if strings.HasPrefix(key, "dp.") {
		return value, s.custom(key, value)
	}
	if !customName(key) {
		return "", unknown(key)
	}
	return value, nil
}

// named puts the setting's name, as it was written, into the bland texts of the checks.
func named(name string, err error) error {
	if r, ok := refusal.As(err); ok {
		if rest, ok := strings.CutPrefix(r.Message, "invalid value: "); ok {
			r.Message = "invalid value for parameter \"" + name + "\": " + rest
		} else if strings.HasPrefix(r.Message, "a Boolean value is required") {
			r.Message = "parameter \"" + name + "\" requires a Boolean value"
		} else if number, rest, ok := strings.Cut(r.Message, " is outside the valid range ("); ok {
			r.Message = number + " is outside the valid range for parameter \"" + name + "\" (" + rest
		}
	}
	return err
}

// customName says whether a name has the form class.name.
func customName(key string) bool {
	class, rest, ok := strings.Cut(key, ".")
	return ok && class != "" && rest != "" && len(key) < 64 && !strings.ContainsAny(key, " \t\n\"';=")
}

// ListAllowed says whether SET of this name takes several values.
func (s *Store) ListAllowed(name string) bool {
	st, ok := s.registry.Find(name)
	return ok && st.list
}

// Reset puts one setting back to its start.
func (s *Store) Reset(name string) error {
	key := strings.ToLower(name)
	if st, ok := s.registry.byName[key]; ok {
		if st.ReadOnly && key != "session_authorization" {
			return refusal.New(cannotChange, "parameter %q cannot be changed", st.Name)
		}
	} else if !customName(key) {
		return unknown(name)
	}
	s.own()
	delete(s.session, key)
	delete(s.local, key)
	if _, known := s.registry.byName[key]; !known && !strings.HasPrefix(key, "dp.") {
		s.session[key] = "" // a name that was used once stays known, as in PostgreSQL
	}
	return nil
}

// ResetAll puts everything back, but for the current transaction's own modes.
func (s *Store) ResetAll() {
	s.own()
	for _, m := range []map[string]string{s.session, s.local} {
		for key := range m {
			if !strings.HasPrefix(key, "transaction_") {
				delete(m, key)
			}
		}
	}
}

// Get finds the value in force, as SHOW prints it. ok is false for names that do not exist.
func (s *Store) Get(name string) (value string, ok bool) {
	key := strings.ToLower(name)
	for _, m := range []map[string]string{s.local, s.session, s.start} {
		if v, ok := m[key]; ok {
			return v, true
		}
	}
	switch key { // a transaction's modes come from the session's
	case "transaction_isolation", "transaction_read_only", "transaction_deferrable":
		return s.Get("default_" + key)
	}
	if st, ok := s.registry.byName[key]; ok {
		return st.Default, true
	}
	return "", false
}

// Show is Get with the error of SHOW, and the name as it is spelled.
func (s *Store) Show(name string) (spelled, value string, err error) {
	value, ok := s.Get(name)
	if !ok {
		return "", "", unknown(name)
	}
	if st, ok := s.registry.Find(name); ok {
		return st.Name, value, nil
	}
	return strings.ToLower(name), value, nil
}

// Map has what this session has set, by lower-case name. The map is shared: never change it.
func (s *Store) Map() map[string]string {
	if len(s.session)+len(s.local) == 0 {
		s.effective = nil
		return s.start // which does not change any more
	}
	if s.effective == nil || s.cachedAt != s.version {
		s.effective, s.cachedAt = maps.Clone(s.start), s.version
		maps.Copy(s.effective, s.session)
		maps.Copy(s.effective, s.local)
	}
	return s.effective
}

// Row is a line of SHOW ALL.
type Row struct{ Name, Value, Description string }

// All lists every setting of the registry, in order, with the values in force.
func (s *Store) All() []Row {
	rows := make([]Row, 0, len(s.registry.names))
	for _, key := range s.registry.names {
		st := s.registry.byName[key]
		v, _ := s.Get(key)
		rows = append(rows, Row{st.Name, v, st.Description})
	}
	return rows
}

// Reported calls f with each setting of ParameterStatus and its value, in order.
func (s *Store) Reported(f func(name, value string)) {
	for _, key := range s.registry.reported {
		v, _ := s.Get(key)
		f(s.registry.byName[key].Name, v)
	}
}
