package answer

import (
	"fmt"
	"slices"
	"strings"

	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/refusal"
)

// Lobby is the database that clients connect to when they do not know a data set's name yet, to list what there is (psql -l,
// pgAdmin, DBeaver). It has no tables: catalogs are answered, and constants. A data set of that name is there in its place.
// Whoever sees no data set does not see it either.
const Lobby = "postgres"

func newLobby() *Dataset {
	return &Dataset{lobby: true, Catalog: &catalog.Dataset{Name: Lobby, Engine: catalog.Postgres,
		Description: "no data set: connect here to list those that you may ask"}}
}

// names are the data sets that somebody may connect to, in order.
func (v *served) names(u *User, p *Principal) []string {
	var out []string
	for name := range v.datasets {
		if _, _, ok := v.grant(u, p, name); ok {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}

// enter is the lobby as somebody may use it: nothing but metadata.
func (v *served) enter(u *User, p *Principal) (Grant, *Dataset, bool) {
	if len(v.names(u, p)) == 0 {
		return Grant{}, nil, false
	}
	return Grant{Operations: map[string]int64{}}, v.lobby, true
}

// inLobby holds a plan in the lobby to constants, which need no source.
func (s *Service) inLobby(q *query, err error) error {
	if err == nil && (q.plan.Post.Constants == nil || q.request.Statement.Kind == Explain) {
		err = refusal.New(refusal.NotSupported, "database %q is no data set, and answers about catalogs alone", Lobby)
	}
	return s.hintLobby(q, err)
}

// hintLobby adds to a refusal where else to go.
func (s *Service) hintLobby(q *query, err error) error {
	r, refused := refusal.As(err)
	if !refused || !q.dataset.lobby {
		return err
	}
	v, done := s.use()
	defer done()
	u, ok := v.person(q.request.Identity)
	if !ok {
		return err
	}
	hinted := *r
	return hinted.WithHint("%s", connectTo(v.names(u, q.request.Identity.Principal)))
}

// elsewhere is the hint for somebody who asked for a data set that does not exist for him.
func (v *served) elsewhere(u *User, p *Principal, granted bool) string {
	if granted {
		return ""
	}
	return connectTo(v.names(u, p))
}

// maxNames is how many data sets a hint names.
const maxNames = 20

// connectTo says which data sets there are.
func connectTo(names []string) string {
	if len(names) == 0 {
		return ""
	}
	more := ""
	if n := len(names) - maxNames; n > 0 {
		names, more = names[:maxNames], fmt.Sprintf(", and %d more", n)
	}
	return "Each data set is a database of its own. Connect to: " + strings.Join(names, ", ") + more + "."
}
