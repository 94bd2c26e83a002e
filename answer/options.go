package answer

import (
	"log/slog"
	"time"

	"github.com/dpproxy/dpproxy/approval"
	"github.com/dpproxy/dpproxy/budget"
	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/engine"
	"github.com/dpproxy/dpproxy/mechanism"
	"github.com/dpproxy/dpproxy/ratelimit"
	"github.com/dpproxy/dpproxy/rewrite"
)

// Reuse says whether a release of a data set is read back instead of being measured again. The zero value is: always.
type Reuse struct {
	Off    bool
	MaxAge time.Duration // of a release that is read back; 0 is any age
}

// Dataset is one data set as it is served: what its owner declared, the engine that holds its rows, and the account of
// all analysts together. Its Catalog.Name is what clients connect to.
type Dataset struct {
	Catalog *catalog.Dataset
	Engine  engine.Engine
	Budget  budget.Budget
	Reuse   Reuse
	Design  *Design // nil: no design mode
	// Approvers, if not nil, must have signed every query that reads private rows (authorized mode). They are those of
	// the configuration; acts in the ledger may have replaced them.
	Approvers *approval.Approvers
	Preview   *Preview // nil: statements that show private rows are refused
	// Public says that everybody who may connect may query it; it holds no private table. PublicRates are the limits of
	// all anonymous users together.
	Public      bool
	PublicRates ratelimit.Rules
	// MaxQueries is the lifetime limit of all analysts' queries together; 0 is none. MaxQueriesMessage is said when a
	// lifetime limit on this data set is reached; empty: Access'.
	MaxQueries        int64
	MaxQueriesMessage string
	// Terms are those of this data set's answers, for analysts to read.
	Terms string
	lobby bool // see Lobby
}

// private tells whether any table of the data set holds private rows.
func (d *Dataset) private() bool {
	for _, t := range d.Catalog.Tables {
		if !t.Public {
			return true
		}
	}
	return false
}

// User is an analyst as configured.
type User struct {
	Name     string
	Account  string // whose money is spent, and whose releases are free; users may share one. Empty: one of the user's own, of his name
	Verifier string // SCRAM-SHA-256$4096:…
	MayQuery bool
	Places   int              // queries in flight at once; 0: Access'
	Datasets map[string]Grant // by the data set's name; others do not exist for this user
}

// account names the user's account.
func (u *User) account() string {
	if u.Account != "" {
		return u.Account
	}
	return u.Name
}

// Grant is what a user may do on one data set.
type Grant struct {
	Budget     budget.Budget
	RateLimits []ratelimit.Limit
	Rates      ratelimit.Rules // in addition: by class, and for messages of several statements
	MaxQueries int64           // charged queries for ever; 0 is no limit
	// ClassQueries are such limits by class.
	ClassQueries map[string]int64
	// Operations are the query classes that the session's credential permits, with their lifetime limits (0: none); nil
	// is all. "*" stands for every class, "" for metadata alone.
	Operations map[string]int64
	// AllowedFunctions narrows the data set's; nil leaves them as they are, empty allows none.
	AllowedFunctions []string
	// Narrowing takes away from the data set's policy; nil takes nothing.
	Narrowing *catalog.Narrowing

	functions []string // what AllowedFunctions leaves of the data set's; nil: not found out yet
}

// Planner is what package answer needs of rewrite.Planner.
type Planner interface {
	Parse(sql string) ([]*rewrite.Statement, error)
	Plan(*rewrite.Statement, *catalog.Dataset, rewrite.Settings, []rewrite.Param) (*rewrite.Plan, error)
	Describe(*rewrite.Statement, *catalog.Dataset, rewrite.Settings, []catalog.Type) ([]catalog.Type, []rewrite.Column, error)
}

// Observer counts what happens, for the owner's metrics. It is told outcomes and durations, never values.
type Observer interface {
	// Query ends: outcome as in budget.Entry ("answered", "reused", "failed", "refused", "public", "preview", "explained").
	Query(dataset, outcome, sqlState string, took time.Duration)
	// Stage of a query took this long: plan, limit, releases, reserve, engine, noise, commit, finish.
	Stage(stage string, took time.Duration)
	// EngineError of a data set's source.
	EngineError(dataset string)
	// Limited: a limit refused a query: "rate", "budget" (the analyst's), "dataset budget" or "queries".
	Limited(dataset, limit string)
}

// Options are the parts that a Service is made of. All are needed but Observer, Tracer and Archive.
type Options struct {
	Datasets []*Dataset
	Users    []*User
	Access   Access
	Ledger   budget.Ledger
	Limiter  ratelimit.Limiter
	Planner  Planner
	Random   mechanism.Source // mechanism.NewCryptoSource outside of tests
	Clock    Clock
	Logger   *slog.Logger
	Observer Observer
	Tracer   Tracer // nil: none
	Archive  Archiving
}

type noObserver struct{}

func (noObserver) Query(string, string, string, time.Duration) {}
func (noObserver) Stage(string, time.Duration)                 {}
func (noObserver) EngineError(string)                          {}
func (noObserver) Limited(string, string)                      {}
