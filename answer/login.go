package answer

import (
	"context"
	"slices"
	"strings"

	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/refusal"
)

// Login tells what a log-in is checked against. A name that is no user's gives an empty verifier, not an error: the
// caller goes through the same steps with a mock, so that names cannot be found out.
func (s *Service) Login(ctx context.Context, user, database string) (Login, error) {
	v, done := s.use()
	defer done()
	u, ok := v.users[user]
	if !ok {
		// The ledger is asked all the same: a missing user takes as long as one that exists.
		_, err := s.Ledger.Disabled(ctx, user)
		return Login{}, err
	}
	banned, err := s.Ledger.Disabled(ctx, user)
	if err != nil {
		return Login{}, err
	}
	_, granted := u.Datasets[database]
	_, exists := v.datasets[database]
	return Login{Verifier: u.Verifier, Allowed: granted && exists, Enabled: u.MayQuery && !banned}, nil
}

// Visible are the data sets that an analyst sees, by name, and the one that the session is connected to: what the
// answers about catalogs are made of. Both are immutable.
func (s *Service) Visible(id Identity) (all []*catalog.Dataset, current *catalog.Dataset, err error) {
	v, done := s.use()
	defer done()
	d, u, _, err := v.find(id)
	if err != nil {
		return nil, nil, err
	}
	for name := range u.Datasets {
		if seen, ok := v.seen(id.User, name); ok {
			all = append(all, seen.Catalog)
		}
	}
	slices.SortFunc(all, func(a, b *catalog.Dataset) int { return strings.Compare(a.Name, b.Name) })
	return all, d.Catalog, nil
}

// find looks a session's user and data set up again: a reload may have taken them away since the log-in.
func (v *served) find(id Identity) (*Dataset, *User, Grant, error) {
	u, ok := v.users[id.User]
	if !ok || !u.MayQuery {
		return nil, nil, Grant{}, refusal.New(refusal.InvalidAuthorization, "user %q may not query any more", id.User)
	}
	g, granted := u.Datasets[id.Dataset]
	d, exists := v.seen(id.User, id.Dataset)
	if !granted || !exists {
		return nil, nil, Grant{}, refusal.New(refusal.InvalidCatalogName, "database %q does not exist", id.Dataset)
	}
	return d, u, g, nil
}
