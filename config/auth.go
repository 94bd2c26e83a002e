package config

import (
	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/login"
)

// Auth is `auth:`: how people other than those of `users:`, or in other ways than by SCRAM, show who they are.
type Auth struct {
	Position      catalog.Position
	Cleartext     []string // patterns of names that are asked for the password itself, over TLS
	MaxCredential int      // bytes of a password
	Anonymous     string   // name; empty: nobody is anonymous
	Certificate   string   // where a client certificate names its user: cn, dns, email, uri; empty: nowhere
	CertificateOf map[string]string
	Tokens        *login.TokenConfig // nil: no tokens
	Keys          *login.KeyConfig   // nil: no keys
}

// Operator is who runs the service, for analysts to read.
type Operator struct {
	Name, Title, URL, Contact string
	Description, Terms        string
	Silent                    bool // connect_notice: false
}

// defaultAuth lets in nobody but the users of the file.
func defaultAuth() Auth {
	return Auth{MaxCredential: 8 * kib} // a token with a few hundred permissions
}
