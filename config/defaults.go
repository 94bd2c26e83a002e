package config

import (
	"time"

	"github.com/dpproxy/dpproxy/privacy"
)

const (
	kib = 1 << 10
	mib = 1 << 20
)

// defaults is the configuration of an empty file. Each number has its reason beside it; docs/configuration.md repeats them.
func defaults() *Config {
	return &Config{
		Listen: "127.0.0.1:6432", // loopback: nobody else reaches it before the owner says so; 6432 is PgBouncer's port
		Ledger: Ledger{SQLite: "./state/ledger.db"},
		Timing: Timing{
			Method: "stall",                // fail closed: times are a channel
			Bucket: 250 * time.Millisecond, // below what a person waits for, above what most queries take
		},
		BudgetDefaults: defaultBudget(),
		Limits: Limits{
			MaxClientConn:         1000,             // PgBouncer says 100; an idle session here costs under 100 KB
			MaxLoginConn:          100,              // 16 KB each before log-in, so 1.6 MB for strangers
			MaxDBConnections:      20,               // PgBouncer's default_pool_size; a fifth of PostgreSQL's max_connections
			MaxPacketSize:         mib,              // SQL of 256 KiB and as much again three times in parameters
			MaxPreparedStatements: 256,              // pgjdbc's own cache
			MaxPortals:            64,               // open cursors of one session
			ClientLoginTimeout:    15 * time.Second, // over TLS, start-up and SCRAM together; PgBouncer says 60 s
			ClientIdleTimeout:     0,                // off as in PgBouncer: BI tools keep connections open for hours
			ClientWriteTimeout:    30 * time.Second, // a client that does not read for so long is gone
			IdleTransaction:       0,                // off as in PgBouncer: a transaction here holds nothing in the source
			QueryTimeout:          5 * time.Minute,  // an aggregate over 10⁸ rows on one core
			QueryWaitTimeout:      2 * time.Minute,  // PgBouncer's
			ServerConnectTimeout:  15 * time.Second, // PgBouncer's
			ServerIdleTimeout:     10 * time.Minute, // PgBouncer's
			ServerLifetime:        60 * time.Minute, // PgBouncer's
			ShutdownTimeout:       30 * time.Second, // what Kubernetes waits between SIGTERM and SIGKILL
		},
		// An answer of 1 MiB is some ten thousand rows; what people read is smaller.
		Admin:   Admin{User: "owner"},
		Archive: Archive{Answers: true, Public: true, MaxAnswer: mib},
		Log: Log{
			Level: "info", Format: "text",
			Attributes: []string{"user", "dataset", "client", "application", "method"},
		},
		Auth:              defaultAuth(),
		ValidateOnStartup: true, // a dataset that cannot be served is better found out at once
	}
}

// defaultBudget composes by zCDP: of the three accountants it lets most queries be asked for the same (ε, δ).
// There is no default ε: how much may be told about people is the owner's decision.
func defaultBudget() BudgetDefaults {
	var d BudgetDefaults
	d.Budget.Accountant = privacy.ZCDP
	return d
}

const (
	// defaultEpsilon of one query. At ε = 0.5 a count is off by about 2 (mean absolute error 1/ε).
	defaultEpsilon = privacy.EpsilonUnits / 2
	// defaultBound: one group and one row of each unit count, so that nothing is assumed about the data.
	defaultBound = 1
	// defaultMaxFunctions: more aggregates in one query share one ε; that is for the owner to open.
	defaultMaxFunctions = 1
	// defaultMaxCombinations of public keys in one query: an answer that a screen or a spreadsheet still takes.
	defaultMaxCombinations = 10_000
)
