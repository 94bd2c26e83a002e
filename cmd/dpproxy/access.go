package main

import (
	"context"
	"log/slog"

	"github.com/dpproxy/dpproxy/answer"
	"github.com/dpproxy/dpproxy/config"
	"github.com/dpproxy/dpproxy/login"
	"github.com/dpproxy/dpproxy/proxy"
)

// newChecker makes what judges tokens and keys; nil where the configuration has neither. It does not connect.
func newChecker(ctx context.Context, c *config.Config, log *slog.Logger, clock answer.Clock) (*login.Checker, error) {
	if c.Auth.Tokens == nil && c.Auth.Keys == nil {
		return nil, nil
	}
	checker := &login.Checker{Log: log}
	if c.Auth.Anonymous != "" {
		checker.Reserved = []string{c.Auth.Anonymous}
	}
	var err error
	if c.Auth.Tokens != nil {
		if checker.Tokens, err = login.NewTokens(*c.Auth.Tokens, clock); err != nil {
			return nil, err
		}
	}
	if c.Auth.Keys != nil {
		if checker.Keys, err = login.NewKeys(ctx, *c.Auth.Keys, clock); err != nil {
			return nil, err
		}
	}
	return checker, nil
}

// accessOf is what a configuration says about people, as package answer takes it.
func accessOf(c *config.Config, checker *login.Checker) answer.Access {
	a := answer.Access{
		Anonymous: c.Auth.Anonymous, Rates: c.Rates, RateNotices: c.RateLimits.Headers, Places: c.MaxParallel,
		MaxQueriesMessage: c.MaxQueriesMessage, Operator: answer.Operator(c.Operator),
		LogQueries: c.Log.Queries, LogAttributes: c.Log.Attributes,
	}
	if checker != nil {
		a.Credentials = checker
	}
	if len(c.Tokens) > 0 {
		a.Strangers = map[string]answer.Grant{}
		for _, g := range c.Tokens {
			a.Strangers[g.Dataset] = grantOf(g)
		}
	}
	return a
}

// grantOf is a grant as package answer takes it.
func grantOf(g config.Grant) answer.Grant {
	return answer.Grant{
		Budget: g.Budget, RateLimits: g.RateLimits, Rates: g.Rates, MaxQueries: g.MaxQueries, ClassQueries: g.ClassQueries,
		AllowedFunctions: g.AllowedFunctions, Narrowing: &g.Narrowing,
	}
}

// wireAuth is how clients show who they are.
func wireAuth(c *config.Config) proxy.Auth {
	a := c.Auth
	return proxy.Auth{
		Cleartext: a.Cleartext, MaxCredential: a.MaxCredential, Anonymous: a.Anonymous, Certificate: a.Certificate, Map: a.CertificateOf,
	}
}
