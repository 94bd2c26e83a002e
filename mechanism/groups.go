package mechanism

import (
	"errors"
	"math/big"
	"sort"
	"strconv"
	"strings"
)

// ErrReleased says that an Exact has been released before: noise on the same true values twice would be paid for once.
var ErrReleased = errors.New("mechanism: these true values have been released before")

// errDuplicate and errKeys are faults of an engine or a planner; they name no value.
var (
	errDuplicate = errors.New("mechanism: the same group keys occur twice")
	errKeys      = errors.New("mechanism: groups differ in their number of keys")
)

// claim hands out the groups, once.
func (e *Exact) claim() ([]exactGroup, error) {
	if e.used.Swap(true) {
		return nil, ErrReleased
	}
	groups := e.groups
	e.groups = nil
	return groups, nil
}

// name is a text that two key rows share only if they are equal. Keys are compared as text, NULL equal to NULL.
func name(keys []Cell) string {
	var b strings.Builder
	for _, k := range keys {
		if k.Null {
			b.WriteString("n;")
			continue
		}
		b.WriteString(strconv.Itoa(len(k.Text)))
		b.WriteByte(':')
		b.WriteString(k.Text)
		b.WriteByte(';')
	}
	return b.String()
}

// sorted brings groups in an order that depends on the set of keys alone, so that nothing of an engine's order gets on.
func sorted(groups []exactGroup) ([]exactGroup, error) {
	type named struct {
		name  string
		group exactGroup
	}
	all := make([]named, len(groups))
	for i, g := range groups {
		if len(g.keys) != len(groups[0].keys) {
			return nil, errKeys
		}
		all[i] = named{name(g.keys), g}
	}
	sort.Slice(all, func(i, j int) bool { return all[i].name < all[j].name })
	out := make([]exactGroup, len(groups))
	for i, n := range all {
		if i > 0 && n.name == all[i-1].name {
			return nil, errDuplicate
		}
		out[i] = n.group
	}
	return out, nil
}

// filled arranges groups after a public list of keys: each combination once, in the list's order, with zeros where the engine
// has no such group. Groups that are not in the list are dropped.
func filled(groups []exactGroup, public [][]Cell, width int) ([]exactGroup, error) {
	places := make(map[string]int, len(public))
	out := make([]exactGroup, len(public))
	for i, keys := range public {
		if len(keys) != len(public[0]) {
			return nil, errKeys
		}
		n := name(keys)
		if _, twice := places[n]; twice {
			return nil, errDuplicate // two draws for one truth
		}
		places[n] = i
		out[i] = exactGroup{keys: keys}
	}
	for _, g := range groups {
		i, ok := places[name(g.keys)]
		if !ok {
			continue
		}
		if out[i].values != nil {
			return nil, errDuplicate
		}
		out[i].values = g.values
	}
	for i := range out {
		if out[i].values == nil {
			out[i].values = zeros(width)
		}
	}
	return out, nil
}

func zeros(n int) []*big.Int {
	values := make([]*big.Int, n)
	for i := range values {
		values[i] = new(big.Int)
	}
	return values
}
