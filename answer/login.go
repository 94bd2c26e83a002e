package answer

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/refusal"
)

// Login is what a log-in is checked against.
type Login struct {
	Verifier string // SCRAM-SHA-256$4096:…; "" if there is no such user, and then a mock is used
	// Allowed is false for a data set that does not exist or is not the user's: both look the same (3D000).
	Allowed bool
	Enabled bool // may_query and not banned; else 28000 after the password was right
	Known   bool // of Admit: there is such a user
	// Principal is who a credential vouched for; nil for a user of the list who gives his password.
	Principal *Principal
	// Hint says which data sets there are for him, where Allowed is false. It is for whoever has shown who he is.
	Hint string
}

// Login tells what a log-in is checked against. A name that is no user's gives an empty verifier, not an error: the
// caller goes through the same steps with a mock, so that names cannot be found out.
func (s *Service) Login(ctx context.Context, user, database string) (Login, error) {
	v, done := s.use()
	defer done()
	// The ledger is asked for every name: a missing user takes as long as one that exists.
	banned, err := s.Ledger.Disabled(ctx, user)
	u, ok := v.users[user]
	if !ok || err != nil {
		return Login{}, err
	}
	_, _, granted := v.grant(u, nil, database)
	return Login{Verifier: u.Verifier, Allowed: granted, Enabled: u.MayQuery && !banned, Hint: v.elsewhere(u, nil, granted)}, nil
}

// Check judges what was offered as a password, apart from the users' own passwords. ok is false if it vouches for nobody.
func (s *Service) Check(ctx context.Context, user, database string, secret []byte) (l Login, ok bool, err error) {
	v, done := s.use()
	credentials := v.access.Credentials
	done()
	if credentials == nil {
		return Login{}, false, nil
	}
	p, reason, err := credentials.Check(ctx, user, secret)
	if p == nil || err != nil {
		if reason != "" {
			s.Logger.Warn("a credential was refused", "user", user, "dataset", database, "reason", reason)
		}
		return Login{}, false, err
	}
	l, err = s.Admit(ctx, p, database)
	return l, true, err
}

// Admit tells what somebody for whom a credential or a certificate vouched may see.
func (s *Service) Admit(ctx context.Context, p *Principal, database string) (Login, error) {
	v, done := s.use()
	defer done()
	banned, err := s.Ledger.Disabled(ctx, p.User)
	if err != nil {
		return Login{}, err
	}
	u, ok := v.person(Identity{User: p.User, Principal: p})
	if !ok {
		return Login{Principal: p}, nil
	}
	_, _, granted := v.grant(u, p, database)
	return Login{Allowed: granted, Enabled: u.MayQuery && !banned, Known: true, Principal: p, Hint: v.elsewhere(u, p, granted)}, nil
}

// Visible are the data sets that an analyst sees, by name, and the one that the session is connected to: what the
// answers about catalogs are made of. Both are immutable. In the Lobby, current is nil, and the lobby is one of all.
func (s *Service) Visible(id Identity) (all []*catalog.Dataset, current *catalog.Dataset, err error) {
	v, done := s.use()
	defer done()
	d, u, _, err := v.find(id, s.Clock())
	if err != nil {
		return nil, nil, err
	}
	for name := range v.datasets {
		if _, seen, ok := v.grant(u, id.Principal, name); ok {
			all = append(all, seen.Catalog)
		}
	}
	if d.lobby {
		all = append(all, d.Catalog)
	}
	slices.SortFunc(all, func(a, b *catalog.Dataset) int { return strings.Compare(a.Name, b.Name) })
	if d.lobby {
		return all, nil, nil
	}
	return all, d.Catalog, nil
}

// find looks a session's user and data set up again: a reload may have taken them away since the log-in, and a token may
// have expired.
func (v *served) find(id Identity, now time.Time) (*Dataset, *User, Grant, error) {
	if p := id.Principal; p != nil && !p.Expires.IsZero() && !now.Before(p.Expires) {
		return nil, nil, Grant{}, refusal.New(refusal.InvalidAuthorization, "the credential of user %q has expired", id.User).
			WithHint("Connect again with a new one.")
	}
	u, ok := v.person(id)
	if !ok || !u.MayQuery {
		return nil, nil, Grant{}, refusal.New(refusal.InvalidAuthorization, "user %q may not query any more", id.User)
	}
	g, d, granted := v.grant(u, id.Principal, id.Dataset)
	if !granted {
		return nil, nil, Grant{}, refusal.New(refusal.InvalidCatalogName, "database %q does not exist", id.Dataset)
	}
	g.functions = v.functions(d, g)
	return d, u, g, nil
}
