package proxy

import (
	"context"

	"github.com/dpproxy/dpproxy/answer"
)

// Answerer answers queries. Answer is called at most once for a portal, cursor or statement.
type Answerer interface {
	// Describe tells the types of parameters and columns; of the request's parameters only the types are set. It reads
	// no data and costs nothing.
	Describe(ctx context.Context, r answer.Request) (answer.Description, error)
	// Answer answers. If the result is not Public its rows are read to the end at once.
	Answer(ctx context.Context, r answer.Request) (*answer.Result, error)
}

// Backend is what the sessions ask. Errors for analysts are *refusal.Error; every other error becomes an incident.
// All methods are safe for concurrent use.
type Backend interface {
	Answerer
	// Login finds the verifier of a user and whether he may see the database. It takes the same time for users that
	// do not exist.
	Login(ctx context.Context, user, database string) (answer.Login, error)
	// Parse cuts a message into statements. Positions in its errors count from the message's start. If it can be read, but has a
	// statement that is not supported, the error comes with the statements before that one.
	Parse(sql string) ([]*answer.Statement, error)
	// CheckSetting judges a dp.* setting before it is stored: 22023 if it is out of range, 42704 if there is none.
	CheckSetting(id answer.Identity, name, value string) error
}

// SettingDefaults is an optional part of a Backend: what SHOW says of a dp.* setting that the session has not set.
type SettingDefaults interface {
	DefaultSetting(id answer.Identity, name string) (value string, ok bool)
	// OwnSettings are the names of the dp.* settings, each with a description, in order.
	OwnSettings() [][2]string
}

// Greeter is an optional part of a Backend: what a client hears when it has logged in.
type Greeter interface {
	Greet(id answer.Identity) []answer.Notice
}

// Introspector answers catalog queries. It is asked first.
type Introspector interface {
	Answerer
	// Handles says whether a SELECT is a catalog query: every relation and function in it is one of the catalog's. One
	// that mixes both is for the Introspector too, which refuses it.
	Handles(st *answer.Statement, database string) bool
}

// Locator is an optional part of an Introspector: where the catalogs have the columns of tables that an answer's columns are.
type Locator interface {
	// Locate gives each column that has an origin its place; the places of the others are zero. nil knows none of them.
	Locate(id answer.Identity, columns []answer.Column) []Place
}

// Place is a column of a relation of the catalogs.
type Place struct {
	Relation uint32 // pg_class.oid
	Number   uint16 // pg_attribute.attnum
}

// designs is a Backend whose data sets have a database for design mode each.
type designs interface {
	DesignOf(database string) (dataset string, design bool)
}
