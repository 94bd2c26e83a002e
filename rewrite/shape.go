package rewrite

import (
	"slices"
	"sync"

	"github.com/dpproxy/dpproxy/rewrite/syntax"
)

// mold tells of a skeleton which of its literals are slots. The grammar does not look at the value of a plain literal, so that
// this is the same for every text of the skeleton.
type mold struct{ slots []bool }

// shape is what texts have in common that differ in the values of literal slots alone: a text of it was parsed before, so that
// the next one need not be.
type shape struct {
	key       string // the skeleton, with the literals that are no slots
	slots     []slot // without positions
	elsewhere map[int]bool
}

// lazyTree parses a statement that was known by its shape, if somebody wants its tree after all.
type lazyTree struct {
	once sync.Once
	tree *syntax.Node
}

// node is the statement's tree.
func (st *Statement) node() *syntax.Node {
	if st.tree != nil || st.lazy == nil {
		return st.tree
	}
	st.lazy.once.Do(func() {
		if list, err := Parse(st.source); err == nil && len(list) == 1 {
			st.lazy.tree = list[0].tree
		}
	})
	return st.lazy.tree
}

// key of the texts that a skeleton's text shares its shape with.
func (m *mold) key(skeleton []byte, sql string, found []literal, buf []byte) []byte {
	n := 0
	for _, c := range skeleton {
		if c != markNumber && c != markString {
			buf = append(buf, c)
			continue
		}
		if m.slots[n] {
			buf = append(buf, c)
		} else {
			buf = append(buf, sql[found[n].at:found[n].end]...)
		}
		n++
	}
	return buf
}

// literals are the values of the skeleton's slots.
func (m *mold) literals(found []literal) []literal {
	var out []literal
	for i, l := range found {
		if m.slots[i] {
			out = append(out, l)
		}
	}
	return out
}

// recognise makes the statement of a text whose shape is known, without a parse.
func (p *Planner) recognise(sql string, key []byte, found []literal) (*Statement, bool) {
	m, ok := p.molds.get(string(key))
	if !ok {
		return nil, false
	}
	var buf [512]byte
	sh, ok := p.shapes.get(string(m.key(key, sql, found, buf[:0])))
	if !ok {
		return nil, false
	}
	from, to := 0, len(sql)
	for from < to && isBlank(sql[from]) {
		from++
	}
	for to > from && (isBlank(sql[to-1]) || sql[to-1] == ';') {
		to--
	}
	return &Statement{Kind: Select, Text: sql[from:to], Offset: from, source: sql, lazy: &lazyTree{},
		shape: sh, slots: sh.slots, elsewhere: sh.elsewhere, literals: m.literals(found)}, true
}

// mold notes the shape of a text that was parsed.
func (p *Planner) mold(st *Statement, sql string, key []byte, found []literal) {
	m := &mold{slots: make([]bool, len(found))}
	var slots []slot
	for _, s := range slotsOf(st.tree) {
		i := slices.IndexFunc(found, func(l literal) bool { return l.at == s.at })
		if s.param > 0 {
			slots = append(slots, s)
		} else if i >= 0 {
			m.slots[i] = true
			slots = append(slots, s)
		}
	}
	if !slices.Contains(m.slots, true) {
		return
	}
	sh := &shape{key: string(m.key(key, sql, found, nil)), slots: slots, elsewhere: st.elsewhere}
	st.shape, st.slots, st.literals = sh, slots, m.literals(found)
	p.molds.put(string(key), m)
	p.shapes.put(sh.key, sh)
}

// positions are the slots of the statement where they stand in its tree.
func (st *Statement) positions() []slot {
	if st.tree != nil {
		return st.slots
	}
	var out []slot
	for _, s := range slotsOf(st.node()) {
		if s.param > 0 || slices.ContainsFunc(st.literals, func(l literal) bool { return l.at == s.at }) {
			out = append(out, s)
		}
	}
	return out
}
