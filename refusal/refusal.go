// Package refusal is the closed list of errors that an analyst may see.
//
// A refusal is made of the query and of the catalog alone, never of data, and never of another system's message.
// Any error of another type that reaches the edge (package proxy) becomes `XX000 internal error` with an incident
// number, and the operator's log has the rest.
package refusal

import (
	"errors"
	"fmt"
)

// Code is a SQLSTATE of five characters, as in PostgreSQL's appendix A.
type Code string

// The codes that dpproxy uses.
const (
	SyntaxError             Code = "42601"
	UndefinedTable          Code = "42P01"
	UndefinedColumn         Code = "42703"
	UndefinedFunction       Code = "42883"
	UndefinedObject         Code = "42704"
	UndefinedParameter      Code = "42P02"
	AmbiguousColumn         Code = "42702"
	AmbiguousAlias          Code = "42712"
	DatatypeMismatch        Code = "42804"
	IndeterminateDatatype   Code = "42P18"
	GroupingError           Code = "42803"
	WindowingError          Code = "42P20"
	InvalidColumnReference  Code = "42P10"
	CannotCoerce            Code = "42846"
	NotSupported            Code = "0A000"
	InsufficientPrivilege   Code = "42501"
	InvalidParameterValue   Code = "22023"
	InvalidRowCountInLimit  Code = "2201W"
	InvalidRowCountInOffset Code = "2201X"
	InvalidTextRepresent    Code = "22P02"
	InvalidBinaryRepresent  Code = "22P03"
	NumericOutOfRange       Code = "22003"
	DivisionByZero          Code = "22012"
	InvalidDatetime         Code = "22007"
	DatetimeOverflow        Code = "22008"
	CharacterNotInRepertory Code = "22021"
	UntranslatableCharacter Code = "22P05"
	BudgetExceeded          Code = "53400" // budget or limit used up
	TooManyConnections      Code = "53300"
	ProgramLimitExceeded    Code = "54000"
	StatementTooComplex     Code = "54001"
	QueryCanceled           Code = "57014"
	AdminShutdown           Code = "57P01"
	CannotConnectNow        Code = "57P03"
	SourceUnavailable       Code = "58000"
	ProtocolViolation       Code = "08P01"
	InvalidPassword         Code = "28P01"
	InvalidAuthorization    Code = "28000"
	InvalidCatalogName      Code = "3D000"
	InvalidCursorName       Code = "34000"
	DuplicateCursor         Code = "42P03"
	InvalidStatementName    Code = "26000"
	DuplicatePrepared       Code = "42P05"
	InvalidSavepoint        Code = "3B001"
	ActiveTransaction       Code = "25001"
	NoActiveTransaction     Code = "25P01"
	InFailedTransaction     Code = "25P02"
	ReadOnlyTransaction     Code = "25006"
	DuplicateAlias          Code = "42712"
	DuplicateColumn         Code = "42701"
	InternalError           Code = "XX000"
)

// Error is one refusal. The zero value is not an error that anybody should send.
type Error struct {
	Code     Code
	Message  string
	Detail   string // optional
	Hint     string // optional: what to write instead
	Position int    // 1-based character offset in the statement's text; 0 means none
}

func (e *Error) Error() string { return fmt.Sprintf("%s (SQLSTATE %s)", e.Message, e.Code) }

// New makes a refusal whose text is formatted like fmt.Sprintf. Arguments come from the query or the catalog only.
func New(code Code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// At sets the position (a 0-based byte offset of the parser becomes a 1-based position; negative means unknown).
// Package rewrite turns bytes into characters, which is what the protocol counts, before an error leaves it.
func (e *Error) At(offset int) *Error {
	if offset >= 0 {
		e.Position = offset + 1
	}
	return e
}

// WithHint adds what the analyst should write or do instead.
func (e *Error) WithHint(format string, args ...any) *Error {
	e.Hint = fmt.Sprintf(format, args...)
	return e
}

// WithDetail adds a second sentence.
func (e *Error) WithDetail(format string, args ...any) *Error {
	e.Detail = fmt.Sprintf(format, args...)
	return e
}

// As finds a refusal in an error's chain.
func As(err error) (*Error, bool) {
	var e *Error
	ok := errors.As(err, &e)
	return e, ok
}
