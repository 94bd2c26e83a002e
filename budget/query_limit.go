package budget

import (
	"fmt"
	"time"
)

// QueryLimits are lifetime limits of queries on one data set; 0 means none. Counters never go back by themselves: not at
// a window's end, and not when a limit, a user or a data set is taken away and added again.
type QueryLimits struct {
	Analyst int64 // of the analyst, over all classes
	Class   int64 // of the analyst, in the query's class
	Dataset int64 // of all analysts together
}

// Any tells that there is a limit.
func (l QueryLimits) Any() bool { return l.Analyst > 0 || l.Class > 0 || l.Dataset > 0 }

// Count is a query that costs no budget and is counted all the same: one of public tables, under a lifetime limit.
type Count struct {
	Key    Key    // the analyst's account
	Class  string // empty: none
	Limits QueryLimits
}

// Place is one of the places that an analyst has for queries in flight. It expires by itself, so that a process that
// vanishes locks nobody out; and it is no ban, so that giving it back lifts none.
type Place interface {
	// Renew keeps the place for the time that Acquire was given, from now on. It fails with ErrPlaceLost if somebody
	// else has it already.
	Renew() error
	// Leave gives the place back. It may be called once.
	Leave()
}

// Busy says that all places of an analyst are taken.
type Busy struct {
	Analyst string
	Places  int
	Until   time.Time // when the first of them expires, at the latest
}

func (e *Busy) Error() string {
	return fmt.Sprintf("budget: analyst %s has %d queries in flight already", e.Analyst, e.Places)
}
