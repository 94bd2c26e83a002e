package config

import (
	"encoding/base64"
	"errors"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/ratelimit"
)

// userText is a user as far as it can be read before the datasets are known.
type userText struct {
	at       value
	user     User
	account  value // zero if not written
	password bool  // one was given
	grants   []grantText
}

type grantText struct {
	at        value
	grant     Grant
	budget    budgetText
	functions value // zero if not written
	narrowing narrowingText
}

// user reads one entry of `users:`.
func (l *loader) user(v value) {
	u := userText{at: v, user: User{Position: v.position(), MayQuery: true}}
	passwordGiven := false
	v.object(fields{
		"name": func(v value) {
			if s, ok := v.name(); ok {
				u.user.Name = s
			}
		},
		"account": func(v value) {
			if s, ok := v.name(); ok {
				u.account, u.user.Account = v, s
			}
		},
		"password":  func(v value) { passwordGiven = true; v.password(&u.user.Password) },
		"may_query": setBool(&u.user.MayQuery), "max_parallel": setInt(&u.user.MaxParallel, 1),
		"one_query_at_a_time": setOneAtATime(&u.user.MaxParallel),
		"datasets": func(v value) {
			v.pairs(func(key, val value) { u.grants = append(u.grants, readGrant(key, val)) })
		},
	})
	if u.user.Name == "" {
		v.fault("has no valid name")
	}
	u.password = passwordGiven
	l.users = append(l.users, u)
}

func readGrant(key, v value) grantText {
	g := grantText{at: key, grant: Grant{Dataset: key.node.Value, Position: key.position()}}
	known := g.narrowing.fields()
	maps.Copy(known, fields{
		"budget":            g.budget.read,
		"rate_limits":       func(v value) { v.grantRates(&g.grant) },
		"max_queries":       func(v value) { v.maxQueries(&g.grant.MaxQueries, &g.grant.ClassQueries) },
		"allowed_functions": func(v value) { g.functions = v; v.functions(&g.grant.AllowedFunctions, catalog.Functions()) },
	})
	v.object(known)
	return g
}

// password reads a SCRAM verifier. Messages never repeat it.
func (v value) password(to *string) {
	s, ok := v.text()
	if !ok {
		return
	}
	if err := checkVerifier(s); err != nil {
		v.fault("%v", err).Hint = "`dpproxy hash-password` makes one; passwords are never kept in plain text"
		return
	}
	*to = s
}

// checkVerifier checks SCRAM-SHA-256$<iterations>:<salt>$<StoredKey>:<ServerKey>, as pg_authid.rolpassword has it.
func checkVerifier(s string) error {
	const fewest, most = 4096, 99_999 // RFC 7677 asks for 4,096; newer JDBC drivers refuse 100,000
	rest, ok := strings.CutPrefix(s, "SCRAM-SHA-256$")
	if !ok {
		return errors.New("is no SCRAM-SHA-256 verifier")
	}
	head, keys, ok1 := strings.Cut(rest, "$")
	iterations, salt, ok2 := strings.Cut(head, ":")
	stored, server, ok3 := strings.Cut(keys, ":")
	if !ok1 || !ok2 || !ok3 {
		return errors.New("is no complete SCRAM-SHA-256 verifier")
	}
	if n, err := strconv.Atoi(iterations); err != nil || n < fewest || n > most {
		return errors.New("has a number of iterations outside of 4096 to 99999")
	}
	raw, err := base64.StdEncoding.DecodeString(salt)
	if err != nil || len(raw) < 8 {
		return errors.New("has a salt that is not at least 8 bytes in base64")
	}
	for _, key := range []string{stored, server} {
		if raw, err := base64.StdEncoding.DecodeString(key); err != nil || len(raw) != 32 {
			return errors.New("has a key that is not 32 bytes in base64")
		}
	}
	return nil
}

// rateLimitList reads one text or a list of them; each may hold several limits.
func (v value) rateLimitList(to *[]ratelimit.Limit) {
	v.oneOrMany(func(item value) {
		s, ok := item.text()
		if !ok {
			return
		}
		limits, err := ratelimit.Parse(s)
		if err != nil {
			item.fault("%v", err).Hint = "write 5/60 seconds, 8 per 2 minutes, or 100/hour"
			return
		}
		*to = append(*to, limits...)
	})
	if v.isNull() || v.form() == "a list" && len(v.node.Content) == 0 {
		v.fault("is an empty list").Hint = "leave it out for no limit"
	}
	ratelimit.Sort(*to)
}

// finishUsers fills defaults in and checks users against datasets.
func (l *loader) finishUsers() {
	seen := map[string]catalog.Position{}
	for _, u := range l.users {
		if first, dup := seen[u.user.Name]; dup {
			u.at.fault("a user named %q is declared already in %s, line %d", u.user.Name, first.File, first.Line)
		} else if u.user.Name != "" {
			seen[u.user.Name] = u.user.Position
		}
		l.finishLogin(u)
		if len(u.grants) == 0 && u.user.MayQuery {
			u.at.fault("user %q has no dataset, so that he cannot log in to any", u.user.Name).Warning = true
		}
		for _, g := range u.grants {
			if l.finishGrant(&g) {
				u.user.Grants = append(u.user.Grants, g.grant)
			}
		}
		l.config.Users = append(l.config.Users, u.user)
	}
	l.finishAccounts()
}

// finishAccounts checks the accounts that users share: there must be one budget, and no doubt whose account a name is.
func (l *loader) finishAccounts() {
	type where struct{ account, dataset string }
	first := map[where]*Grant{}
	whose := map[where]string{}
	for i := range l.config.Users {
		u, at := &l.config.Users[i], l.users[i].account
		if other, ok := l.config.User(u.AccountName()); ok && other.AccountName() != u.AccountName() {
			at.fault("account %q is the name of a user whose account is another one", u.Account).Hint = "take another name, or the account " + other.AccountName()
		}
		if u.Account != "" && u.Account == l.config.Auth.Anonymous {
			at.fault("account %q is the name of those who are anonymous", u.Account).Hint = "take another name"
		}
		for j := range u.Grants {
			g, key := &u.Grants[j], where{u.AccountName(), u.Grants[j].Dataset}
			have, ok := first[key]
			if !ok {
				first[key], whose[key] = g, u.Name
				continue
			}
			if have.Budget != g.Budget || have.MaxQueries != g.MaxQueries || !maps.Equal(have.ClassQueries, g.ClassQueries) {
				l.users[i].at.fault("users %q and %q share the account %q, but not its budget and max_queries on dataset %q", whose[key], u.Name, key.account, key.dataset).Hint =
					"write the same for each user of an account"
			}
			if !slices.Equal(have.Narrowing.Hidden, g.Narrowing.Hidden) || !reflect.DeepEqual(have.Narrowing.AfterNoise, g.Narrowing.AfterNoise) {
				f := l.users[i].at.fault("users %q and %q share the account %q, but not the policy of dataset %q: what one asks, the other reads in dp.history and dp.replay", whose[key], u.Name, key.account, key.dataset)
				f.Hint, f.Warning = "hide the same columns from each user of an account, and treat their answers the same, or take two accounts", true
			}
		}
	}
}

func (l *loader) finishGrant(g *grantText) bool {
	ds, ok := l.config.Dataset(g.grant.Dataset)
	if !ok {
		var names []string
		for _, d := range l.config.Datasets {
			names = append(names, d.Name)
		}
		f := g.at.fault("dataset %q is not declared", g.grant.Dataset)
		if near := catalog.Nearest(g.grant.Dataset, names); near != "" {
			f.Hint = "did you mean " + near + "?"
		}
		return false
	}
	accountant := ds.Declaration.Accountant
	if a := g.budget.accountant; a != nil && *a != accountant {
		g.budget.at.fault("accountant is %s, but the dataset's is %s", *a, accountant).Hint =
			"all accounts of a dataset have the same accountant; leave it out here"
	}
	g.grant.Budget = g.budget.fill(l.defaults, accountant)
	if ds.private() {
		g.budget.checkBudget(l.defaults, g.grant.Budget, g.at)
	}
	g.at.checkAffordable(g.grant.Budget, ds.Declaration.Query)
	if g.grant.Budget.Epsilon > ds.Budget.Epsilon && ds.Budget.Epsilon > 0 && g.grant.Budget.Refresh == ds.Budget.Refresh {
		g.at.fault("epsilon %s is more than the %s that all analysts have together", g.grant.Budget.Epsilon, ds.Budget.Epsilon).Warning = true
	}
	g.narrow(ds.Declaration.AllowedFunctions)
	g.grant.Narrowing = g.narrowing.finish(ds)
	return true
}

// narrow takes away what the dataset does not allow.
func (g *grantText) narrow(allowed []string) {
	if g.functions.node == nil {
		g.grant.AllowedFunctions = slices.Clone(allowed)
		return
	}
	all := len(g.grant.AllowedFunctions) == len(catalog.Functions()) // `all` means all that the dataset allows
	kept := []string{}
	for _, f := range g.grant.AllowedFunctions {
		if slices.Contains(allowed, f) {
			kept = append(kept, f)
		} else if !all {
			g.functions.fault("the dataset does not allow %s, so neither may this user", f).Warning = true
		}
	}
	g.grant.AllowedFunctions = kept
}
