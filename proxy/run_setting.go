package proxy

import (
	"strings"

	"github.com/dpproxy/dpproxy/answer"
	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/refusal"
)

func (s *session) runSetting(st *answer.Statement) (*result, error) {
	switch st.Kind {
	case answer.Set:
		return done("SET"), s.set(st)
	case answer.Reset:
		if st.Name == "" || st.Name == "all" {
			s.settings.ResetAll()
			return done("RESET"), nil
		}
		return done("RESET"), s.settings.Reset(st.Name)
	case answer.Show:
		return s.show(st)
	case answer.SetTransact:
		if !st.Session && !s.inBlock() {
			s.warn(refusal.NoActiveTransaction, "SET TRANSACTION can only be used in transaction blocks")
			return done("SET"), nil
		}
		return done("SET"), s.modes(st, st.Session)
	}
	return s.discard(st)
}

func (s *session) set(st *answer.Statement) error {
	if st.Local && !s.inBlock() {
		s.warn(refusal.NoActiveTransaction, "SET LOCAL can only be used in transaction blocks")
	}
	if len(st.Args) == 0 {
		return s.settings.Reset(st.Name)
	}
	list := s.settings.ListAllowed(st.Name)
	if len(st.Args) > 1 && !list {
		return refusal.New(refusal.InvalidParameterValue, "SET %s takes only one argument", st.Name)
	}
	parts := make([]string, len(st.Args))
	for i, a := range st.Args {
		if a.Null {
			return refusal.New(refusal.InvalidParameterValue, "SET %s takes no NULL", st.Name)
		}
		if parts[i] = a.Text; strings.EqualFold(st.Name, "search_path") {
			parts[i] = quoteIdent(a.Text)
		}
	}
	return s.settings.Set(st.Name, strings.Join(parts, ", "), st.Local)
}

// quoteIdent quotes a name where it needs it.
func quoteIdent(name string) string {
	plain := name != ""
	for i := 0; i < len(name); i++ {
		c := name[i]
		if !(c >= 'a' && c <= 'z' || c == '_' || i > 0 && (c >= '0' && c <= '9' || c == '$')) {
			plain = false
		}
	}
	if plain {
		return name
	}
	return `"` + strings.ReplaceAll(name, `"`, `""`) + `"`
}

func (s *session) showColumns(st *answer.Statement) []answer.Column {
	text := catalog.Of(catalog.Text)
	if st.Name == "" || st.Name == "all" {
		return []answer.Column{{Name: "name", Type: text}, {Name: "setting", Type: text}, {Name: "description", Type: text}}
	}
	name, _, err := s.settings.Show(st.Name)
	if err != nil {
		name = st.Name
	}
	return []answer.Column{{Name: name, Type: text}}
}

func (s *session) show(st *answer.Statement) (*result, error) {
	res := &result{columns: s.showColumns(st), tag: "SHOW"}
	var rows [][]answer.Cell
	if len(res.columns) == 3 {
		for _, r := range s.allSettings() {
			rows = append(rows, []answer.Cell{{Text: r.Name}, {Text: r.Value}, {Text: r.Description}})
		}
	} else {
		v, ok := s.currentSetting(st.Name)
		if !ok {
			return nil, refusal.New(refusal.UndefinedObject, "unrecognized configuration parameter %q", st.Name)
		}
		rows = [][]answer.Cell{{{Text: v}}}
	}
	d := &drawn{cells: rows}
	res.next = d.next
	return res, nil
}

func (s *session) discard(st *answer.Statement) (*result, error) {
	target := st.Options["target"]
	if target != "all" {
		return done("DISCARD " + strings.ToUpper(target)), nil
	}
	if s.inBlock() {
		return nil, refusal.New(refusal.ActiveTransaction, "DISCARD ALL cannot run inside a transaction block")
	}
	s.closeAllPortals()
	s.prepared = nil
	s.settings.ResetAll()
	return done("DISCARD ALL"), nil
}
