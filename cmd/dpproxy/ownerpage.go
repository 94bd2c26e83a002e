package main

import (
	"context"
	"crypto/subtle"
	"net/http"

	"github.com/dpproxy/dpproxy/config"
	"github.com/dpproxy/dpproxy/internal/ownerpage"
	"github.com/dpproxy/dpproxy/proxy/scram"
)

// newOwnerPage makes the owner's page; nil where the configuration has no password for it.
func newOwnerPage(a *app, p *admin) (http.Handler, error) {
	c := a.config.Admin
	if c.Password == "" {
		return nil, nil
	}
	verifier, err := scram.ParseVerifier(c.Password)
	if err != nil {
		return nil, err
	}
	served := func() *config.Config {
		c, _ := a.current()
		return c
	}
	return ownerpage.New(ownerpage.Options{
		User: c.User, Config: served, Ledger: a.ledger, Clock: a.clock, Log: a.log, Version: buildVersion(),
		Ready:  func(ctx context.Context) error { return p.check(ctx, a) },
		Differ: func(ctx context.Context) ([]string, error) { return contradictions(ctx, served(), a.ledger) },
		Verify: func(password string) bool {
			if len(password) > longestPassword {
				return false
			}
			tried, err := scram.NewVerifier(password, verifier.Salt, verifier.Iterations)
			return err == nil && subtle.ConstantTimeCompare(tried.StoredKey, verifier.StoredKey) == 1
		},
	})
}
