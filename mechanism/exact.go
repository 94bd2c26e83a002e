package mechanism

import (
	"errors"
	"fmt"
	"log/slog"
	"math/big"
	"sync/atomic"
)

// Exact is one measurement's true values: group keys, the number of units in each group, and whole numbers.
// It prints as "exact(redacted)" and cannot be encoded.
//
// One that Releases holds no true value longer than it takes to add the group's noise, and of groups that are not to be seen it
// holds nothing: its size is that of the answer, however many groups there are.
type Exact struct {
	width     int
	groups    []exactGroup
	used      atomic.Bool
	releasing *releasing // nil: everything is held until Release
	among     *Exact     // nil: of all groups
	seen      map[string]bool
}

type exactGroup struct {
	keys   []Cell
	units  *big.Int
	values []*big.Int
}

// NewExact starts an empty measurement of groups with `width` whole numbers each.
func NewExact(width int) *Exact { return &Exact{width: width} }

// Add adds one group as the engine returned it: whole numbers in decimal text; NULL sums are "0" to the caller.
// units is the number of distinct units in the group, "" where the plan does not ask for it.
// Its errors name no value.
func (e *Exact) Add(keys []Cell, units string, values []string) error {
	if len(values) != e.width {
		return fmt.Errorf("mechanism: engine returned %d numbers a group, want %d", len(values), e.width)
	}
	g := exactGroup{keys: keys, values: make([]*big.Int, len(values))}
	var ok bool
	if units != "" {
		if g.units, ok = new(big.Int).SetString(units, 10); !ok {
			return errors.New("mechanism: engine returned a unit count that is no whole number")
		}
	}
	for i, v := range values {
		if g.values[i], ok = new(big.Int).SetString(v, 10); !ok {
			return errors.New("mechanism: engine returned a value that is no whole number")
		}
	}
	switch {
	case e.releasing != nil:
		e.releasing.add(g)
	case e.among == nil || e.isAmong(keys):
		e.groups = append(e.groups, g)
	}
	return nil
}

// String, GoString, Format, LogValue, MarshalText: a true value is printed nowhere.
func (e *Exact) String() string { return "exact(redacted)" }

// GoString is String.
func (e *Exact) GoString() string { return "exact(redacted)" }

// Format prints "exact(redacted)" for every verb.
func (e *Exact) Format(f fmt.State, _ rune) { fmt.Fprint(f, "exact(redacted)") }

// LogValue hides the values from structured logs.
func (e *Exact) LogValue() slog.Value { return slog.StringValue("exact(redacted)") }

// MarshalText fails: true values are never encoded.
func (e *Exact) MarshalText() ([]byte, error) {
	return nil, errors.New("mechanism: exact values cannot be encoded")
}
