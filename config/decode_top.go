package config

import (
	"net"
	"net/url"
	"strconv"
	"strings"

	"github.com/dpproxy/dpproxy/ratelimit"
)

// top reads one file's top level. Lists (datasets, users) grow from file to file; every other key may be given in one
// file only.
func (l *loader) top(v value, chain []string) {
	c := l.config
	known := fields{
		"listen":          setAddress(&c.Listen),
		"tls":             l.tls,
		"admin":           l.admin,
		"ledger":          l.ledger,
		"rate_limits":     l.rateLimits,
		"timing":          l.timing,
		"archive":         l.archive,
		"budget_defaults": func(v value) { l.defaults.read(v) },
		"query_classes":   func(v value) { l.classes.read(v) },
		"log":             l.log,
		"auth":            l.auth,
	}
	for key, read := range l.serviceFields() {
		known[key] = read
	}
	for key, read := range limitFields(&c.Limits) {
		known[key] = read
	}
	for key, read := range known {
		known[key] = l.once(key, read)
	}
	var includes []value
	known["includes"] = func(v value) { v.oneOrMany(func(item value) { includes = append(includes, item) }) }
	known["field_exclusion_rules"] = func(v value) { l.rules = append(l.rules, v.exclusions()...) }
	known["datasets"] = func(v value) { v.each(l.dataset) }
	known["users"] = func(v value) { v.each(l.user) }
	known["token_users"] = l.once("token_users", l.tokenUsers)
	v.object(known)
	for _, include := range includes {
		l.include(include, chain)
	}
}

// once lets a key be given in one file only.
func (l *loader) once(key string, read func(value)) func(value) {
	return func(v value) {
		if first, dup := l.given[key]; dup {
			v.fault("is given already in %s, line %d", first.File, first.Line).Hint = "only datasets and users may be spread over files"
			return
		}
		l.given[key] = v.position()
		read(v)
	}
}

func limitFields(m *Limits) fields {
	return fields{
		"max_client_conn":          setInt(&m.MaxClientConn, 1),
		"max_login_conn":           setInt(&m.MaxLoginConn, 1),
		"max_user_connections":     setInt(&m.MaxUserConnections, 0),
		"max_db_connections":       setInt(&m.MaxDBConnections, 1),
		"max_packet_size":          setBytes(&m.MaxPacketSize, 1024),
		"max_prepared_statements":  setInt(&m.MaxPreparedStatements, 1),
		"max_portals":              setInt(&m.MaxPortals, 1),
		"client_login_timeout":     setTimeout(&m.ClientLoginTimeout, false),
		"client_idle_timeout":      setTimeout(&m.ClientIdleTimeout, true),
		"client_write_timeout":     setTimeout(&m.ClientWriteTimeout, false),
		"idle_transaction_timeout": setTimeout(&m.IdleTransaction, true),
		"query_timeout":            setTimeout(&m.QueryTimeout, false),
		"query_wait_timeout":       setTimeout(&m.QueryWaitTimeout, false),
		"server_connect_timeout":   setTimeout(&m.ServerConnectTimeout, false),
		"server_idle_timeout":      setTimeout(&m.ServerIdleTimeout, true),
		"server_lifetime":          setTimeout(&m.ServerLifetime, true),
		"shutdown_timeout":         setTimeout(&m.ShutdownTimeout, true),
	}
}

func setAddress(to *string) func(value) {
	return func(v value) {
		s, ok := v.text()
		if !ok {
			return
		}
		_, port, err := net.SplitHostPort(s)
		n, numErr := strconv.Atoi(port)
		if err != nil || numErr != nil || n < 0 || n > 65535 {
			v.fault("%q is no address", s).Hint = "write host:port, such as 127.0.0.1:6432, or :6432 for all interfaces"
			return
		}
		*to = s
	}
}

// setPath reads a path and makes it absolute.
func setPath(to *string) func(value) {
	return func(v value) {
		if s, ok := v.text(); ok {
			if s == "" {
				v.fault("is empty")
				return
			}
			*to = resolve(v.file, s)
		}
	}
}

func (l *loader) tls(v value) {
	t := &TLS{Required: true, Position: v.position()} // who configures TLS wants it; plaintext is for `required: false` to say
	v.object(fields{
		"cert": setPath(&t.Cert), "key": setPath(&t.Key), "client_ca": setPath(&t.ClientCA), "required": setBool(&t.Required),
		"client_auth": func(v value) {
			if s, ok := v.choice("required", "optional"); ok {
				t.ClientOptional = s == "optional"
			}
		},
	})
	if t.ClientOptional && t.ClientCA == "" {
		v.fault("client_auth needs client_ca").Hint = "write the file of the authorities that client certificates must come from"
	}
	if t.Cert == "" && t.Key == "" && t.ClientCA == "" && !t.Required {
		return // `tls: {required: false}` says plaintext alone
	}
	if t.Cert == "" || t.Key == "" {
		v.fault("needs both cert and key").Hint = "PEM files; relative paths are relative to this file"
	}
	l.config.TLS = t
}

func (l *loader) ledger(v value) {
	s, ok := v.urlText()
	if !ok {
		return
	}
	path, isSQLite := strings.CutPrefix(s, "sqlite:")
	path = strings.TrimPrefix(path, "//")
	switch {
	case isSQLite && (path == "" || strings.Contains(path, ":memory:")):
		v.fault("the ledger must be durable: what was spent must survive a restart").Hint = "write sqlite:./state/ledger.db"
	case isSQLite:
		l.config.Ledger = Ledger{SQLite: resolve(v.file, path)}
	case isPostgresURL(s):
		l.config.Ledger = Ledger{Postgres: s}
	default:
		v.fault("is neither sqlite: nor postgres://").Hint = "write sqlite:./state/ledger.db or postgres://user:password@host/database"
	}
}

// isPostgresURL tells that a text is a URL of PostgreSQL with a host or a database. Messages never repeat it: it may
// hold a password.
func isPostgresURL(s string) bool {
	if !strings.HasPrefix(s, "postgres://") && !strings.HasPrefix(s, "postgresql://") {
		return false
	}
	u, err := url.Parse(s)
	return err == nil && (u.Host != "" || u.RawQuery != "" || len(u.Path) > 1)
}

func (l *loader) rateLimits(v value) {
	r := &l.config.RateLimits
	failure := "deny"
	var limits value
	v.object(fields{
		"storage": func(v value) {
			s, ok := v.urlText()
			if !ok {
				return
			}
			u, err := url.Parse(s)
			switch {
			case s == "memory" || s == "memory://":
				r.Redis = ""
			case err == nil && (u.Scheme == "redis" || u.Scheme == "rediss") && u.Host != "" || err == nil && u.Scheme == "unix" && u.Path != "":
				r.Redis = s
			default:
				v.fault("is neither memory:// nor redis://").Hint = "write memory://, or redis://host:6379/0 for several replicas"
			}
		},
		"on_storage_failure": setChoice(&failure, "deny", "allow"),
		"headers":            setBool(&r.Headers),
		"limits":             func(v value) { limits = v },
		"strategy": func(v value) {
			if s, ok := v.choice(string(ratelimit.FixedWindow), string(ratelimit.MovingWindow)); ok {
				r.Strategy = ratelimit.Strategy(s)
			}
		},
	})
	r.AllowOnFailure = failure == "allow"
	if limits.node != nil {
		limits.rateRules(&l.config.Rates)
	}
}

func (l *loader) timing(v value) {
	t := &l.config.Timing
	v.object(fields{
		"method": setChoice(&t.Method, "none", "jitter", "stall"),
		"bucket": setTimeout(&t.Bucket, false),
	})
}

// admin reads `admin:`. The page is served where a password is set.
func (l *loader) admin(v value) {
	a := &l.config.Admin
	v.object(fields{
		"listen":   setAddress(&a.Listen),
		"user":     setText(&a.User),
		"password": func(v value) { v.password(&a.Password) },
	})
	switch {
	case a.Password != "" && a.Listen == "":
		v.fault("has a password, and no address to listen on").Hint = "write listen: 127.0.0.1:6433"
	case a.Password != "" && !isLoopback(a.Listen):
		f := v.fault("other machines can reach %s, and the owner's password travels in the clear", a.Listen)
		f.Hint, f.Warning = "listen on 127.0.0.1, and put a proxy with TLS before it", true
	}
}
