package config

import (
	"time"

	"github.com/dpproxy/dpproxy/approval"
	"github.com/dpproxy/dpproxy/budget"
	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/internal/fetch"
	"github.com/dpproxy/dpproxy/ratelimit"
)

// Fault is one mistake in a configuration; see catalog.Fault.
type Fault = catalog.Fault

// Config is a whole configuration: defaults filled in, ${ENV} expanded, includes merged, paths absolute, cross-checked.
// It is read only.
type Config struct {
	Path  string   // of the file that was loaded, as given
	Files []string // all files that were read, includes among them

	Listen         string // host:port
	TLS            *TLS   // nil: no TLS
	Admin          Admin
	Ledger         Ledger
	RateLimits     RateLimits
	Timing         Timing
	BudgetDefaults BudgetDefaults
	Limits         Limits
	Log            Log
	Archive        Archive
	Auth           Auth
	Operator       Operator

	Rates             ratelimit.Rules // of every user on every dataset, in addition to their own
	MaxParallel       int             // queries of a user in flight; 0: no limit
	MaxQueriesMessage string
	ValidateOnStartup bool

	Datasets []Dataset
	Users    []User
	Tokens   []Grant // `token_users:`, of people who are not in Users

	rank map[string]int // files in the order in which they were read
}

// TLS is `tls:`. Paths are absolute.
type TLS struct {
	Cert, Key string
	ClientCA  string // empty: client certificates are not asked for
	// ClientOptional lets clients in that show no certificate.
	ClientOptional bool
	Required       bool // plaintext connections are refused
	Position       catalog.Position
}

// Admin is `admin:`; Listen is empty where health, metrics and pages are not served.
type Admin struct {
	Listen   string
	User     string // who logs in to the owner's page
	Password string // SCRAM verifier; empty: there is no page, only health and metrics
}

// Ledger is `ledger:`; one of the two is set.
type Ledger struct {
	SQLite   string // absolute path
	Postgres string // URL
}

// RateLimits is `rate_limits:`; each user's own limits are in Grant.
type RateLimits struct {
	Redis          string // redis:// URL; empty: memory
	AllowOnFailure bool   // on_storage_failure: allow
	Strategy       ratelimit.Strategy
	Headers        bool // analysts are told what is left
}

// Timing says what hides how long an answer took.
type Timing struct {
	Method string        // none, jitter, stall
	Bucket time.Duration // > 0 unless Method is none
}

// BudgetDefaults fill what a `budget:` does not say. Epsilon 0 means that each budget must say its own.
type BudgetDefaults struct{ Budget budget.Budget }

// Limits are the knobs on connections, time and memory, with PgBouncer's names where the meaning is the same.
// A duration of 0 means no limit, where the key's documentation allows it.
type Limits struct {
	MaxClientConn         int           // max_client_conn
	MaxLoginConn          int           // max_login_conn: connections that have not logged in yet
	MaxUserConnections    int           // max_user_connections; 0: no limit but MaxClientConn
	MaxDBConnections      int           // max_db_connections: to one dataset's source
	MaxPacketSize         int           // max_packet_size, bytes of one message
	MaxPreparedStatements int           // max_prepared_statements of one session
	MaxPortals            int           // max_portals of one session
	ClientLoginTimeout    time.Duration // client_login_timeout
	ClientIdleTimeout     time.Duration // client_idle_timeout
	ClientWriteTimeout    time.Duration // client_write_timeout
	IdleTransaction       time.Duration // idle_transaction_timeout
	QueryTimeout          time.Duration // query_timeout
	QueryWaitTimeout      time.Duration // query_wait_timeout: for a free connection to the source
	ServerConnectTimeout  time.Duration // server_connect_timeout
	ServerIdleTimeout     time.Duration // server_idle_timeout
	ServerLifetime        time.Duration // server_lifetime
	ShutdownTimeout       time.Duration // shutdown_timeout: for running queries after SIGTERM
}

// Log is `log:`.
type Log struct {
	Level  string // debug, info, warn, error
	Format string // text, json
	// Attributes are what lines about log-ins and queries say of the session; Queries asks for a line for each query.
	Attributes []string
	Queries    bool
}

// Dataset is one entry of `datasets:`. Declaration is what package catalog builds a *catalog.Dataset from.
type Dataset struct {
	Name        string
	Position    catalog.Position
	Declaration catalog.Declaration
	Source      Source
	VersionFrom string // SELECT over a public table that gives the version; empty: Declaration.Version
	Reuse       Reuse
	Preview     Preview
	Budget      budget.Budget       // of all analysts together
	Authorized  *approval.Approvers // who must sign each query; nil: nobody
	// MaxDBConnections is Limits' unless the dataset has its own.
	MaxDBConnections int
	// Public says that everybody who may connect may query it; none of its tables is private. Rates are those of all
	// anonymous users together.
	Public            bool
	Rates             ratelimit.Rules
	MaxQueries        int64 // of all analysts together, in all time; 0: no limit
	MaxQueriesMessage string
	Terms             string // of its answers, for analysts to read
}

// Preview says what is answered to a statement that would show private rows as they are.
type Preview string

// The answers: a refusal, or rows that are generated from the declaration.
const (
	PreviewRefused   Preview = ""
	PreviewSynthetic Preview = "synthetic"
)

// SourceKind says how a source is reached.
type SourceKind string

// The kinds of sources.
const (
	SourcePostgres SourceKind = "postgres"
	SourceDuckDB   SourceKind = "duckdb"
	SourceFiles    SourceKind = "files"
)

// Source is `source:`.
type Source struct {
	Kind     SourceKind
	URL      string       // postgres: URL or DSN
	Path     string       // duckdb: absolute path
	Files    []SourceFile // files: in the order of the file
	Position catalog.Position
}

// SourceFile is one table of a `files:` source: a CSV or Parquet file, or a glob of them; absolute.
type SourceFile struct {
	Table, Path string
	Remote      *fetch.Address // in place of Path: fetched when the dataset is opened
	Position    catalog.Position
}

// Reuse says whether an answer that was given is given again for free.
type Reuse struct {
	Off    bool
	MaxAge time.Duration // 0: for ever
}

// User is one entry of `users:`.
type User struct {
	Name     string
	Position catalog.Position
	// Account names the account on each dataset; users who name one share it. Empty: one of the user's own.
	Account  string
	Password string // SCRAM verifier as PostgreSQL stores it; empty: no log-in by password
	MayQuery bool
	// MaxParallel is Config's unless the user has his own.
	MaxParallel int
	Grants      []Grant
}

// Grant is a user's right to one dataset.
type Grant struct {
	Dataset          string
	Position         catalog.Position
	Budget           budget.Budget
	RateLimits       []ratelimit.Limit // shortest window first
	Rates            ratelimit.Rules   // in addition: by class, and for messages of several statements
	MaxQueries       int64             // in all time; 0: no limit
	ClassQueries     map[string]int64  // such limits by class
	AllowedFunctions []string          // lower case, sorted, already narrowed to the dataset's
	Narrowing        catalog.Narrowing // of the dataset's policy
}

// Dataset finds a dataset by its exact name.
func (c *Config) Dataset(name string) (*Dataset, bool) {
	for i := range c.Datasets {
		if c.Datasets[i].Name == name {
			return &c.Datasets[i], true
		}
	}
	return nil, false
}

// User finds a user by his exact name.
func (c *Config) User(name string) (*User, bool) {
	for i := range c.Users {
		if c.Users[i].Name == name {
			return &c.Users[i], true
		}
	}
	return nil, false
}

// AccountName names the user's account.
func (u *User) AccountName() string {
	if u.Account != "" {
		return u.Account
	}
	return u.Name
}

// AccountOf names the account of a user, or the account of that name if there is no such user.
func (c *Config) AccountOf(name string) string {
	if u, ok := c.User(name); ok {
		return u.AccountName()
	}
	return name
}

// Grant finds a user's right to a dataset.
func (u *User) Grant(dataset string) (*Grant, bool) {
	for i := range u.Grants {
		if u.Grants[i].Dataset == dataset {
			return &u.Grants[i], true
		}
	}
	return nil, false
}
