package main

import (
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/dpproxy/dpproxy/config"
)

// mockSecret makes the salts of users that do not exist. It must be the same after a restart and on all replicas, as a
// salt that changes tells that there is no such user: so it is kept beside a ledger's file, or made from the URL of a
// ledger that several replicas share.
func mockSecret(c *config.Config) ([]byte, error) {
	if c.Ledger.Postgres != "" {
		sum := sha256.Sum256([]byte("dpproxy mock salt\x00" + c.Ledger.Postgres))
		return sum[:], nil
	}
	path := c.Ledger.SQLite + ".salt"
	secret, err := os.ReadFile(path)
	if err == nil && len(secret) >= sha256.Size {
		return secret, nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("cannot read the ledger's salt: %w", err)
	}
	secret = make([]byte, sha256.Size)
	if _, err := rand.Read(secret); err != nil {
		return nil, err
	}
	if err := os.WriteFile(path, secret, 0o600); err != nil {
		return nil, fmt.Errorf("cannot keep a salt beside the ledger: %w", err)
	}
	return secret, nil
}
