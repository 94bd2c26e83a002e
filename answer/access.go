package answer

import (
	"context"
	"time"

	"github.com/dpproxy/dpproxy/ratelimit"
)

// Access is what a configuration says about people beyond its list of users. The zero value lets in nobody else.
type Access struct {
	// Credentials checks what is offered as a password apart from the users' own passwords. It may be nil.
	Credentials Credentials
	// Strangers are the grants of people whom Credentials vouch for and who are not in the list of users: their accounts
	// are their own, one for each name. A credential narrows them. Datasets that are not here do not exist for them.
	Strangers map[string]Grant
	// Anonymous is the name under which anybody may see public data sets without a password; empty: nobody may.
	Anonymous string
	// Rates are limits of every user on every data set, in addition to their own.
	Rates ratelimit.Rules
	// RateNotices tells analysts with each query what is left of their rate limits.
	RateNotices bool
	// Places is how many queries a user may have in flight; 0 is no limit. PlaceLasts is how long a place outlives its
	// process; 0 is a minute.
	Places     int
	PlaceLasts time.Duration
	// MaxQueriesMessage is what analysts read when a lifetime limit is reached; empty: the proxy's own words.
	MaxQueriesMessage string
	// Operator is what analysts are told about who answers.
	Operator Operator
	// LogQueries logs a line for each query that ends. It holds no text of the query.
	LogQueries bool
	// LogAttributes are what lines about log-ins and queries say of the session: client, application, user, dataset,
	// method, pid.
	LogAttributes []string
}

// Operator is who runs the service.
type Operator struct {
	Name, Title, URL, Contact string // of the organisation
	Description, Terms        string
	Silent                    bool // no notice when a client connects
}

// Permission lets a person ask queries of a class on a data set.
type Permission struct {
	Operation string // a query class, "*" for all, "" for metadata only
	Dataset   string // or "*"
	Limit     int64  // lifetime limit of such queries; 0 is none
}

// Principal is a person whom a credential vouched for.
type Principal struct {
	User   string // names the account
	Method string // "token", "key", "certificate", "anonymous"
	// Restricted says that Permissions narrow what the person may do; else everything that is granted to the name.
	Restricted  bool
	Permissions []Permission
	Expires     time.Time // the session may not query any more; zero is never
}

// Credentials vouches for people.
type Credentials interface {
	// Check judges what was offered as a password by a client that calls itself user. A nil Principal without an error
	// says that it is no credential. Reason is for the operator's log alone. The time it takes must not depend on which
	// users exist.
	Check(ctx context.Context, user string, secret []byte) (p *Principal, reason string, err error)
}

// operations are the permissions of a principal on one data set: the limit of each class; nil means all without a limit.
// seen is false if no permission names the data set.
func (p *Principal) operations(dataset string) (ops map[string]int64, seen bool) {
	if p == nil || !p.Restricted {
		return nil, true
	}
	ops = map[string]int64{}
	for _, g := range p.Permissions {
		if g.Dataset != dataset && g.Dataset != "*" {
			continue
		}
		limit, dup := ops[g.Operation]
		switch {
		case !dup:
			limit = g.Limit
		case limit == 0 || g.Limit == 0:
			limit = 0
		default:
			limit = max(limit, g.Limit)
		}
		ops[g.Operation], seen = limit, true
	}
	return ops, seen
}

// person is the user that a session acts for: one of the list, or somebody whom a credential vouched for.
func (v *served) person(id Identity) (*User, bool) {
	if id.Principal != nil && id.Principal.Method == "anonymous" {
		return &User{Name: id.User, MayQuery: true}, v.access.Anonymous != "" && id.User == v.access.Anonymous
	}
	if u, ok := v.users[id.User]; ok {
		return u, true
	}
	if p := id.Principal; p == nil || p.Method != "token" && p.Method != "key" {
		return nil, false // a certificate names people of the list
	}
	if v.shared[id.User] {
		return nil, false // the name of an account that users of the list share is nobody's own
	}
	return &User{Name: id.User, MayQuery: true, Datasets: v.access.Strangers}, true
}

// grant is what a person may do on a data set, and how he sees it; false if it does not exist for him.
func (v *served) grant(u *User, p *Principal, dataset string) (Grant, *Dataset, bool) {
	d, exists := v.datasets[dataset]
	if !exists && dataset == Lobby {
		return v.enter(u, p)
	}
	if !exists {
		return Grant{}, nil, false
	}
	if g, granted := u.Datasets[dataset]; granted {
		if ops, named := p.operations(dataset); named {
			g.Operations = ops
			whose := strangersView
			if v.users[u.Name] == u {
				whose = u.Name
			}
			d, _ = v.seen(whose, dataset)
			return g, d, true
		}
	}
	if d.Public {
		return Grant{Budget: d.Budget}, d, true
	}
	return Grant{}, nil, false
}
