package rewrite

import "github.com/dpproxy/dpproxy/rewrite/syntax"

// StatementKind says which of the statements of SQL text this is.
type StatementKind string

// The kinds. Everything else is refused by Parse.
const (
	Select      StatementKind = "SELECT" // SELECT, WITH, VALUES, TABLE, set operations
	Explain     StatementKind = "EXPLAIN"
	Set         StatementKind = "SET"
	Show        StatementKind = "SHOW"
	Reset       StatementKind = "RESET"
	Discard     StatementKind = "DISCARD"
	Begin       StatementKind = "BEGIN"
	Commit      StatementKind = "COMMIT"
	Rollback    StatementKind = "ROLLBACK"
	Savepoint   StatementKind = "SAVEPOINT"
	ReleaseSave StatementKind = "RELEASE"
	RollbackTo  StatementKind = "ROLLBACK TO"
	SetTransact StatementKind = "SET TRANSACTION"
	Prepare     StatementKind = "PREPARE"
	Execute     StatementKind = "EXECUTE"
	Deallocate  StatementKind = "DEALLOCATE"
	Declare     StatementKind = "DECLARE CURSOR"
	Fetch       StatementKind = "FETCH"
	Move        StatementKind = "MOVE"
	ClosePortal StatementKind = "CLOSE CURSOR"
	CopyOut     StatementKind = "COPY"
	Listen      StatementKind = "LISTEN" // only UNLISTEN is answered, as a no-op
)

// Statement is one parsed statement of which every node kind is on the allow-list. For SELECT and for statements that
// wrap one (EXPLAIN, PREPARE, DECLARE, COPY), the query itself is inside and can be planned.
type Statement struct {
	Kind StatementKind
	Text string // the statement's own text, trimmed
	// Offset is where Text starts in the message, in bytes: positions in errors count from the message's start.
	Offset int

	// Name: the setting, prepared statement, cursor or savepoint; "" is ALL (RESET, DEALLOCATE, CLOSE) or unnamed.
	Name string
	// Args are SET's values (empty means DEFAULT) or EXECUTE's constant arguments.
	Args []Argument
	// Local is SET LOCAL; Session is SET SESSION CHARACTERISTICS and the like.
	Local, Session bool
	// Options hold what is left: EXPLAIN (format, analyze, …), COPY (format, header, delimiter, null, …),
	// transaction modes (isolation, read_only, deferrable), DECLARE (scroll, hold, binary), DISCARD's target. Lower case.
	Options map[string]string
	// Direction and Count are FETCH's and MOVE's: forward, backward, absolute, relative; Count -1 is ALL.
	Direction string
	Count     int64
	// Query is the statement inside EXPLAIN, PREPARE, DECLARE and COPY; nil otherwise.
	Query *Statement
	// ParamTypes are the type names that PREPARE declares.
	ParamTypes []string

	tree   *syntax.Node // of the statement itself; see node
	source string       // the whole message: positions count from its start
	lazy   *lazyTree    // in the place of tree, where the statement was known by its shape

	slots     []slot       // of a SELECT, in the order of the text
	elsewhere map[int]bool // parameters that do not stand in slots alone
	shape     *shape       // nil: none of its literals is a slot
	literals  []literal    // those that are slots
}

// Argument is a constant in a utility statement, or an expression of constants in EXECUTE.
type Argument struct {
	Text       string
	Null       bool
	Expression string // of EXECUTE: SQL that reads nothing, in place of Text
	At         int    // where it stands in the message, from 1 on, in characters; 0 is unknown
}
