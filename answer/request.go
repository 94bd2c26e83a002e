package answer

import (
	"time"

	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/mechanism"
	"github.com/dpproxy/dpproxy/rewrite"
)

// Statement and Column are package rewrite's, so that the proxy need not import it.
type (
	Statement     = rewrite.Statement
	Argument      = rewrite.Argument
	StatementKind = rewrite.StatementKind
	Column        = rewrite.Column
	Origin        = rewrite.Origin
)

// Cell is a value in PostgreSQL's output text, or NULL. Only publishable values ever become one.
type Cell = mechanism.Cell

// Identity is who asks: an analyst who has logged in, and from where.
type Identity struct {
	User        string
	Dataset     string // the database's name
	Application string
	Client      string // address
	PID         int32
	Design      bool   // connected to the design database of the data set
	Nonce       string // of the connection, in hex: signed executions name it; "" where there is no connection
	// Principal is who a credential vouched for; nil is a user of the list, by password.
	Principal *Principal
}

// Request is one query to be answered.
type Request struct {
	Identity  Identity
	Statement *Statement // Select or Explain
	Params    []Param
	Several   bool // the statement came in a message that holds others too
	Owner     bool // an owner's command asks: EXPLAIN shows the source's own names
	// Settings are the session's settings by lower-case name, dp.* among them ("dp.epsilon": "0.1").
	// Names that are not set are absent.
	Settings map[string]string
	// CurrentSetting answers current_setting(name) with what SHOW says, defaults included ("server_version" too). It is
	// nil where there is no session (the command line); then only Settings are known.
	CurrentSetting func(name string) (value string, ok bool)
	// SetConfig does set_config(name, value, local) in the session and returns the value in force. Its errors are
	// refusals. It is nil where there is no session; set_config is refused then. Never call it while planning or
	// describing.
	SetConfig func(name, value string, local bool) (string, error)
	// Settle, if not nil, waits until what a measurement changes may be seen by others: its end on the ledger, its
	// release. How long the source took would tell on its data otherwise.
	Settle func()
	// Session is the session that asks, for catalogs that tell of sessions and functions that end them; nil where there is
	// none.
	Session Session
}

// Session is what a query may know of, and do to, sessions: those of the same user alone.
type Session interface {
	// Rows are the rows of pg_stat_activity, pg_prepared_statements, pg_cursors, and what dp.* settings add to
	// pg_settings, by column in PostgreSQL's output text; columns that are absent are NULL.
	Rows(relation string) []map[string]string
	// Signal cancels what another session of the user runs, or ends that session. It says whether there is one.
	Signal(pid int32, terminate bool) bool
}

// Param is a bound parameter: its type (Unknown if the client did not say) and its value in text.
type Param struct {
	Type catalog.Type
	Cell Cell
}

// Description is what Describe tells: it reads nothing and costs nothing.
type Description struct {
	Params  []catalog.Type
	Columns []Column // nil: the statement returns no rows
}

// Result is an answer. Rows must be closed.
type Result struct {
	Columns []Column
	Rows    Rows
	Tag     string   // "SELECT", "EXPLAIN": the proxy appends the number of rows where the protocol wants it
	Notices []Notice // sent before the rows end, if client_min_messages allows
	// Public says that the plan has no measurement: no private data was touched, so the rows may be streamed and the
	// answer need not wait for the grid of `timing:`. It depends on the query and the catalog alone. Rows of a result
	// that is not public must be complete in memory: the proxy reads them all before it waits.
	Public bool
}

// Rows streams an answer's rows.
type Rows interface {
	Next() bool
	Values() []Cell
	Err() error
	Close()
}

// Notice is a NoticeResponse.
type Notice struct {
	Severity string // NOTICE, WARNING, INFO
	Code     string // SQLSTATE, "00000"
	Message  string
	Detail   string
	Hint     string
}

// Clock tells the time; tests give their own.
type Clock func() time.Time
