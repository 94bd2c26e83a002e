package login

import (
	"context"
	"errors"
	"log/slog"

	"github.com/dpproxy/dpproxy/answer"
	"github.com/dpproxy/dpproxy/refusal"
)

// Checker is answer.Credentials: tokens and keys, either of which may be missing.
type Checker struct {
	Tokens *Tokens
	Keys   *Keys
	// Reserved names are nobody's: a credential that gives one is refused.
	Reserved []string
	Log      *slog.Logger
}

var _ answer.Credentials = (*Checker)(nil)

// Check judges what was offered as a password. What looks like a token is one: it is not tried as a key, nor the other
// way round.
func (c *Checker) Check(ctx context.Context, user string, secret []byte) (*answer.Principal, string, error) {
	p, reason, err := c.check(ctx, user, secret)
	switch {
	case err != nil && ctx.Err() != nil:
		return nil, "", ctx.Err()
	case err != nil:
		c.Log.Error("a credential could not be checked", "error", err)
		what := "credentials cannot be checked now"
		if errors.Is(err, errUnavailable) {
			what = "tokens cannot be checked now"
		}
		return nil, "", refusal.New(refusal.CannotConnectNow, "%s", what).WithHint("Try again later.")
	case p == nil:
		return nil, reason, nil
	}
	for _, name := range c.Reserved {
		if name == p.User {
			return nil, "the credential gives a reserved name", nil
		}
	}
	return p, "", nil
}

func (c *Checker) check(ctx context.Context, user string, secret []byte) (*answer.Principal, string, error) {
	switch {
	case c.Tokens != nil && looksLike(secret):
		return c.Tokens.check(ctx, user, secret)
	case c.Keys != nil:
		return c.Keys.check(ctx, user, secret)
	}
	return nil, "", nil
}

// Close ends connections.
func (c *Checker) Close() {
	if c != nil && c.Keys != nil {
		c.Keys.Close()
	}
}
