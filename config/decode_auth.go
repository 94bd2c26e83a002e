package config

import (
	"net/url"
	"os"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/login"
)

// auth reads `auth:`.
func (l *loader) auth(v value) {
	a := &l.config.Auth
	a.Position = v.position()
	v.object(fields{
		"max_credential": setBytes(&a.MaxCredential, 64),
		"cleartext_for":  func(v value) { v.patterns(&a.Cleartext) },
		"anonymous":      func(v value) { v.anonymous(&a.Anonymous) },
		"certificate":    func(v value) { v.certificate(a) },
		"jwt":            func(v value) { a.Tokens = v.tokens() },
		"table":          func(v value) { a.Keys = v.keys() },
	})
	if a.MaxCredential > 65535 {
		v.fault("max_credential is more than 65535 bytes, which no client can send")
	}
	if a.Cleartext == nil && (a.Tokens != nil || a.Keys != nil) {
		a.Cleartext = []string{"*"}
	}
}

// patterns reads names with * and ?.
func (v value) patterns(to *[]string) {
	*to = []string{}
	v.oneOrMany(func(item value) {
		s, ok := item.text()
		if !ok {
			return
		}
		if _, err := path.Match(s, ""); err != nil || s == "" {
			item.fault("%q is no pattern of names", s).Hint = `write "*", or "*@example.org"`
			return
		}
		*to = append(*to, s)
	})
}

// anonymous reads true, false or the name of who needs no password.
func (v value) anonymous(to *string) {
	s, ok := v.text()
	switch {
	case !ok:
	case s == "true":
		*to = "anonymous"
	case s == "false":
		*to = ""
	case v.checkName(s):
		*to = s
	}
}

// certificate reads `cn`, or {user: cn, map: {…}}.
func (v value) certificate(a *Auth) {
	kinds := []string{"cn", "dns", "email", "uri"}
	if v.form() != "a mapping" {
		setChoice(&a.Certificate, kinds...)(v)
		return
	}
	v.object(fields{
		"user": setChoice(&a.Certificate, kinds...),
		"map": func(v value) {
			a.CertificateOf = map[string]string{}
			v.pairs(func(key, val value) {
				if s, ok := val.name(); ok {
					a.CertificateOf[key.node.Value] = s
				}
			})
		},
	})
	if a.Certificate == "" {
		v.fault("does not say where a certificate names its user").Hint = "write certificate: cn"
	}
}

// tokens reads `auth.jwt:`.
func (v value) tokens() *login.TokenConfig {
	c := login.DefaultTokenConfig()
	c.Algorithms = nil
	public, secret := login.Algorithms()
	var key value
	given := 0
	v.object(fields{
		"issuer":     setText(&c.Issuer),
		"audience":   func(v value) { v.texts(&c.Audience) },
		"algorithms": func(v value) { v.choices(&c.Algorithms, slices.Concat(public, secret)) },
		"key":        func(v value) { key = v; given++; v.keyText(&c.Key) },
		"keys":       func(v value) { given++; v.fileText(&c.KeySet) },
		"jwks_url":   func(v value) { given++; v.webAddress(&c.JWKSURL) },
		"ca":         func(v value) { v.fileText(&c.CA) },
		"timeout":    setTimeout(&c.Timeout, false), "reload_interval": setTimeout(&c.Reload, false),
		"max_age": setTimeout(&c.MaxAge, false), "leeway": setTimeout(&c.Leeway, true), "max_life": setTimeout(&c.MaxLife, true),
		"user_claim": setText(&c.UserClaim), "permissions_claim": setText(&c.PermissionsClaim),
		"match_user": func(v value) { match := true; setBool(&match)(v); c.AnyName = !match },
		"permission_keys": func(v value) {
			v.object(fields{"op": setText(&c.Keys.Operation), "dataset": setText(&c.Keys.Dataset), "limit": setText(&c.Keys.Limit)})
		},
	})
	if c.Algorithms == nil {
		c.Algorithms = []string{public[0]}
	}
	if c.Timeout > 10*time.Second {
		v.fault("a timeout of %s keeps log-ins waiting", c.Timeout).Hint = "write at most 10s; the default is 2s"
	}
	switch {
	case given > 1:
		v.fault("has more than one of key, keys and jwks_url").Hint = "write one of them"
	case given == 0 && c.Issuer == "":
		v.fault("has no key").Hint = "write key, keys or jwks_url, or an issuer that publishes its keys"
	default:
		if given == 0 {
			v.checkWebAddress(c.Issuer)
		}
		at := v
		if key.node != nil {
			at = key
		}
		if _, err := login.NewTokens(c, time.Now); err != nil && len(v.l.faultsAt(v)) == 0 {
			at.fault("%s", strings.TrimPrefix(err.Error(), "login: "))
		}
	}
	if c.Issuer == "" && len(c.Audience) == 0 {
		v.fault("looks at neither issuer nor audience, so that a token made for any other service opens this one").Warning = true
	}
	return &c
}

// faultsAt lists the faults at or below a value.
func (l *loader) faultsAt(v value) []Fault {
	var out []Fault
	for _, f := range l.faults {
		if f.File == v.file && strings.HasPrefix(f.Path, v.path) && !f.Warning {
			out = append(out, f)
		}
	}
	return out
}

// texts reads one text or several.
func (v value) texts(to *[]string) {
	v.oneOrMany(func(item value) {
		if s, ok := item.text(); ok {
			*to = append(*to, s)
		}
	})
}

// choices reads a list of words of a closed list.
func (v value) choices(to *[]string, known []string) {
	*to = []string{}
	v.oneOrMany(func(item value) {
		if s, ok := item.choice(known...); ok {
			*to = append(*to, s)
		}
	})
}

// keyText reads a PEM text, a secret, or the path of a file that holds one.
func (v value) keyText(to *[]byte) {
	s, ok := v.text()
	if !ok {
		return
	}
	if info, err := os.Stat(resolve(v.file, s)); err == nil && info.Mode().IsRegular() && !strings.Contains(s, "\n") {
		v.fileText(to)
		return
	}
	*to = []byte(s)
}

// fileText reads a file; messages name its path, never its content.
func (v value) fileText(to *[]byte) {
	s, ok := v.text()
	if !ok {
		return
	}
	text, err := readFile(resolve(v.file, s))
	if err != nil {
		v.fault("cannot read %s: %v", s, withoutPath(err))
		return
	}
	*to = text
}

// webAddress reads an HTTPS URL. Plain HTTP is for loopback alone.
func (v value) webAddress(to *string) {
	if s, ok := v.text(); ok && v.checkWebAddress(s) {
		*to = s
	}
}

func (v value) checkWebAddress(s string) bool {
	u, err := url.Parse(s)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http":
		v.fault("is no URL of https")
	case u.Scheme == "http" && !isLoopback(withPort(u.Host)):
		v.fault("keys that come over plain HTTP can be anybody's").Hint = "write https://"
	default:
		return true
	}
	return false
}

func withPort(host string) string {
	if strings.Contains(host, "]:") || strings.Count(host, ":") == 1 {
		return host
	}
	return host + ":80"
}

// keys reads `auth.table:`.
func (v value) keys() *login.KeyConfig {
	c := login.DefaultKeyConfig()
	hash := ""
	v.object(fields{
		"url": func(v value) {
			if s, ok := v.urlText(); ok {
				if c.URL = s; !isPostgresURL(s) && !isDSN(s) {
					v.fault("is no address of PostgreSQL").Hint = "write postgres://user:password@host/database"
				}
			}
		},
		"table": setText(&c.Table), "hash": setChoice(&hash, "sha256", "none"), "timeout": setTimeout(&c.Timeout, false),
		"match_user": func(v value) { match := true; setBool(&match)(v); c.AnyName = !match },
		"columns": func(v value) {
			v.object(fields{"key": setText(&c.Key), "user": setText(&c.User), "permission": setText(&c.Permission), "dataset": setText(&c.Dataset)})
		},
		"qualifiers": func(v value) { v.object(fields{"limit": setText(&c.Limit), "expires": setText(&c.Expires)}) },
	})
	if c.URL == "" || c.Table == "" {
		v.fault("needs url and table").Hint = "write table: {url: postgres://…, table: api_keys, hash: sha256}"
	}
	if hash == "" {
		v.fault("does not say how keys are kept").Hint = "write hash: sha256 (the column holds SHA-256 in hex), or hash: none for keys in plain text"
	}
	c.Hashed = hash == "sha256"
	return &c
}

// tokenUsers reads `token_users:`, the grants of people who come by a token or a key and are not in `users:`.
func (l *loader) tokenUsers(v value) {
	v.object(fields{"datasets": func(v value) {
		v.pairs(func(key, val value) { l.tokens = append(l.tokens, readGrant(key, val)) })
	}})
}

// finishLogin checks that a user can log in at all.
func (l *loader) finishLogin(u userText) {
	a := l.config.Auth
	other := a.Tokens != nil || a.Keys != nil || a.Certificate != ""
	if !u.password && !other {
		u.at.fault("has no password").Hint = "`dpproxy hash-password` makes one"
	}
	if a.Anonymous != "" && u.user.Name == a.Anonymous {
		u.at.fault("user %q has the name of those who are anonymous", u.user.Name).Hint = "write auth: {anonymous: another name}"
	}
}

// finishAuth checks `auth:` against the rest.
func (l *loader) finishAuth() {
	a := &l.config.Auth
	for _, g := range l.tokens {
		if l.finishGrant(&g) {
			l.config.Tokens = append(l.config.Tokens, g.grant)
		}
	}
	t := l.config.TLS
	add := func(key, text, hint string, warning bool) {
		f := a.Position.Fault(key, "%s", text).WithHint("%s", hint)
		f.Warning = warning
		l.add(f)
	}
	if (a.Tokens != nil || a.Keys != nil) && t == nil {
		add("auth", "tokens and keys are asked for over TLS alone, and there is no tls", "write tls: {cert: …, key: …}", false)
	}
	if (a.Tokens != nil || a.Keys != nil) && len(l.tokens) == 0 && len(l.users) == 0 {
		add("auth", "no dataset is granted to anybody who comes by a token or a key", "write token_users: {datasets: …}", true)
	}
	if a.Certificate != "" && (t == nil || t.ClientCA == "") {
		add("auth.certificate", "client certificates are not asked for", "write tls: {client_ca: …}", false)
	}
	public := slices.ContainsFunc(l.config.Datasets, func(d Dataset) bool { return d.Public })
	if a.Anonymous != "" && !public && !catalog.Blocking(l.faults) {
		add("auth.anonymous", "no dataset is public, so that anonymous users can connect to none", "write public: true for a dataset whose tables are all public", true)
	}
}
