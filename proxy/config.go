package proxy

import (
	"errors"
	"fmt"
	"io"
	"math"
	"time"

	"github.com/dpproxy/dpproxy/proxy/scram"
)

// Config is all that an owner may choose about the wire. Names in brackets are those of the configuration file, which
// are PgBouncer's where the meaning is the same. The zero value of a field is its default.
type Config struct {
	Listen string // address, for whoever makes the listener
	TLS    TLS
	Auth   Auth
	Timing Timing

	MaxClientConn int // [max_client_conn] sessions at once; default 5000
	MaxLoginConn  int // [max_login_conn] connections before log-in at once; one more ends the oldest; default 512
	// MaxUserConnections is [max_user_connections], sessions of one user at once; 0 is no limit.
	MaxUserConnections int
	MaxPacketSize      int // [max_packet_size] bytes of one message after log-in; default 16 MiB
	MaxPrepared        int // [max_prepared_statements] a session; default 256
	MaxPortals         int // [max_portals] a session, cursors among them; default 64
	MaxPortalBytes     int // [max_portal_bytes] rows that one scrollable public cursor may keep; default 64 MiB
	MaxPipelineBytes   int // [max_pipeline_bytes] read ahead while a client does not read; default 16 MiB
	ScramIterations    int // [scram_iterations] of users that do not exist, and what SHOW says; default 4096
	MaxLoginFailures   int // [max_login_failures] of one user from one address before log-ins are slowed; default 5
	ServerVersion      string
	ServerVersionNum   string
	LoginTimeout       time.Duration // [client_login_timeout] TLS, start-up and log-in together; default 15 s
	IdleTimeout        time.Duration // [client_idle_timeout] between queries; 0 is never
	IdleInTransaction  time.Duration // [idle_transaction_timeout] 0 is never
	QueryTimeout       time.Duration // [query_timeout] one statement at most; 0 is never
	WriteTimeout       time.Duration // [client_write_timeout] for a client to take a piece of 64 KiB; default 60 s

	// MockSecret makes the salts of users that do not exist: keep it over restarts and the same on all replicas, or a
	// salt that changes tells that the user is none. Empty: made from the TLS key, else drawn at start.
	MockSecret []byte
	Random     io.Reader // nil: crypto/rand
}

// TLS names the files of the certificate. Empty Cert: plain connections only.
type TLS struct {
	Cert, Key string // PEM files
	ClientCA  string // if set, certificates of clients must come from it
	// ClientOptional lets clients in that show no certificate; one that is wrong ends the connection all the same.
	ClientOptional bool
	Required       bool // refuse plain connections
}

// TimingMethod is how the time of an answer is hidden.
type TimingMethod string

// The methods. Stall is the only one that bounds what time tells.
const (
	TimingNone   TimingMethod = "none"
	TimingJitter TimingMethod = "jitter"
	TimingStall  TimingMethod = "stall"
)

// Timing is `timing:` of the configuration. The zero value is none.
type Timing struct {
	Method TimingMethod
	Bucket time.Duration // > 0 unless Method is none
}

func orElse[T comparable](v *T, d T) {
	var zero T
	if *v == zero {
		*v = d
	}
}

// withDefaults fills in the defaults and checks the rest.
func (c Config) withDefaults() (Config, error) {
	orElse(&c.MaxClientConn, 5000)
	orElse(&c.MaxLoginConn, 512)
	orElse(&c.MaxPacketSize, 16<<20)
	orElse(&c.MaxPrepared, 256)
	orElse(&c.MaxPortals, 64)
	orElse(&c.MaxPortalBytes, 64<<20)
	orElse(&c.MaxPipelineBytes, 16<<20)
	orElse(&c.ScramIterations, scram.DefaultIterations)
	orElse(&c.MaxLoginFailures, 5)
	orElse(&c.ServerVersion, "16.4 (dpproxy)")
	orElse(&c.ServerVersionNum, "160004")
	orElse(&c.LoginTimeout, 15*time.Second)
	orElse(&c.WriteTimeout, 60*time.Second)
	orElse(&c.Timing.Method, TimingNone)
	for name, n := range map[string]int{"max_client_conn": c.MaxClientConn, "max_login_conn": c.MaxLoginConn,
		"max_prepared_statements": c.MaxPrepared, "max_portals": c.MaxPortals, "max_login_failures": c.MaxLoginFailures,
		"max_portal_bytes": c.MaxPortalBytes, "max_pipeline_bytes": c.MaxPipelineBytes} {
		if n < 1 {
			return c, fmt.Errorf("proxy: %s must be at least 1", name)
		}
	}
	if c.MaxPacketSize < 1024 || c.MaxPacketSize > math.MaxInt32 {
		return c, errors.New("proxy: max_packet_size must be 1024 to 2147483647 bytes")
	}
	if c.ScramIterations < scram.MinIterations || c.ScramIterations > scram.MaxIterations {
		return c, fmt.Errorf("proxy: scram_iterations must be %d to %d", scram.MinIterations, scram.MaxIterations)
	}
	for name, d := range map[string]time.Duration{"client_login_timeout": c.LoginTimeout, "client_idle_timeout": c.IdleTimeout,
		"idle_transaction_timeout": c.IdleInTransaction, "query_timeout": c.QueryTimeout, "client_write_timeout": c.WriteTimeout} {
		if d < 0 {
			return c, fmt.Errorf("proxy: %s must not be negative", name)
		}
	}
	switch c.Timing.Method {
	case TimingNone:
	case TimingJitter, TimingStall:
		if c.Timing.Bucket <= 0 {
			return c, errors.New("proxy: timing needs a bucket longer than 0")
		}
	default:
		return c, errors.New("proxy: timing.method must be none, jitter or stall")
	}
	var err error
	if c.Auth, err = c.Auth.withDefaults(); err != nil {
		return c, err
	}
	if c.TLS.Required && c.TLS.Cert == "" {
		return c, errors.New("proxy: tls.required needs tls.cert and tls.key")
	}
	return c, nil
}
