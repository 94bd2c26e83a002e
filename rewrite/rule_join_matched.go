package rewrite

import (
	"strings"
)

// matched is what an outer join knows of the rows for which its filled-up side has a row: customers LEFT JOIN orders keeps the
// units of both equal where an order was found. A later join on a column of that side finds such rows only, as NULL equals
// nothing.
type matched struct {
	aliases map[string]bool
	eq      classes
}

// noteMatched keeps what holds where the sides that the join fills with NULL have rows. l and rt hold within each side,
// all holds where both have one.
func (j *join) noteMatched(l, rt, all classes) {
	j.whenMatched = nil
	switch j.kind {
	case "LEFT JOIN":
		j.whenMatched = []matched{{aliasesBelow(j.r), all}}
	case "RIGHT JOIN":
		j.whenMatched = []matched{{aliasesBelow(j.l), all}}
	case "FULL JOIN":
		j.whenMatched = []matched{{aliasesBelow(j.l), l}, {aliasesBelow(j.r), rt}}
	}
}

// addMatched adds what outer joins below know of the rows that these equalities let through.
func (c classes) addMatched(j *join, strict []pair) {
	for _, m := range append(matchedBelow(j.l), matchedBelow(j.r)...) {
		for _, p := range strict {
			if m.names(p.l) || m.names(p.r) {
				c.merge(m.eq)
				break
			}
		}
	}
}

func matchedBelow(f from) []matched {
	j, ok := f.(*join)
	if !ok {
		return nil
	}
	return append(append(matchedBelow(j.l), matchedBelow(j.r)...), j.whenMatched...)
}

// names tells that printed text is a plain column of the filled-up side.
func (m matched) names(printed string) bool {
	alias, _, ok := strings.Cut(strings.TrimPrefix(printed, `"`), `"."`)
	return ok && m.aliases[alias]
}

func aliasesBelow(f from) map[string]bool {
	out := map[string]bool{}
	aliasesOf(f, out)
	return out
}
