package rewrite

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/mechanism"
	"github.com/dpproxy/dpproxy/rewrite/expr"
)

// ReadPublicKeys: the values of a key that is made of columns of public tables are listed by a query over these tables alone: a
// dimension table on the kept side of an outer join, or beside private rows in any join. All keys of tables that are
// joined with each other are read together, so that the combinations are those that there are, and not the product.
//
// The planner reads nothing. A plan that lacks values names the queries in Needs; the caller runs them, and plans again with the
// rows in Settings.Public (see Complete). What is measured is the same in both plans, but for what the number of
// combinations decides. Rows whose key was not in the list when it was read are left out of the release: dropping whole groups
// after the bounding moves no other number, so that a table that changes in between breaks nothing.

// PublicRead is a query over public tables alone that gives a plan the combinations of some of its keys, and one more than Most if
// there are more.
type PublicRead struct {
	SQL   string
	Types []catalog.Type
	Most  int
}

// PublicRows are the rows that were read, by the text of the query.
type PublicRows map[string][][]mechanism.Cell

// digest names the rows, for the cache of plans.
func (p PublicRows) digest() string {
	if p == nil {
		return ""
	}
	names := make([]string, 0, len(p))
	for sql := range p {
		names = append(names, sql)
	}
	slices.Sort(names)
	h := sha256.New()
	for _, sql := range names {
		fmt.Fprintf(h, "%q %d\n", sql, len(p[sql]))
		for _, row := range p[sql] {
			for _, c := range row {
				fmt.Fprintf(h, "%t %q ", c.Null, c.Text)
			}
		}
	}
	return hex.EncodeToString(h.Sum(nil))
}

// keySpace is what is known of a measurement's groups.
type keySpace struct {
	rows    [][]mechanism.Cell // all combinations, sorted; nil where they are not known, or not public
	unknown bool               // they are public, and have not been read yet
	private *draftKey          // the first key whose values are not public
	many    bool               // there are more than the data set allows
	listed  [][]mechanism.Cell // for each key, its values where they are known without reading
	read    []bool             // for each key, whether its values are read
	count   int                // combinations of the keys that are read, as far as they are known
	reads   []PublicRead
}

func (k *keySpace) public() bool { return k.private == nil && !k.many }

// keySpaceOf finds the combinations of a draft's keys.
func (r *resolver) keySpaceOf(d *draft) keySpace {
	k := keySpace{listed: make([][]mechanism.Cell, len(d.keys)), read: make([]bool, len(d.keys)), count: 1}
	wanted := false
	for i, key := range d.keys {
		values, ok := r.valuesOf(key.e)
		if k.listed[i] = values; !ok || key.e.Domain().Values == nil {
			wanted = true
		}
	}
	groups := []keyGroup{}
	if wanted {
		groups = r.readGroups(d, &k)
	}
	for i := range d.keys {
		switch {
		case k.read[i]:
		case k.listed[i] == nil:
			k.private = &d.keys[i]
			return k
		default:
			groups = append(groups, keyGroup{keys: []int{i}, rows: single(k.listed[i])})
		}
	}
	return r.combine(d, k, groups)
}

func single(values []mechanism.Cell) [][]mechanism.Cell {
	out := make([][]mechanism.Cell, len(values))
	for i, v := range values {
		out[i] = []mechanism.Cell{v}
	}
	return out
}

// keyGroup are keys whose combinations are known together.
type keyGroup struct {
	keys    []int
	rows    [][]mechanism.Cell
	unknown bool
}

// readGroups makes the queries for the keys that can be read, one for those whose tables hang together.
func (r *resolver) readGroups(d *draft, k *keySpace) []keyGroup {
	part := r.publicPartOf(d.from, d.where, d.tied)
	if len(part.items) == 0 {
		return nil
	}
	eq := r.equalsOf(d.from, append(countedPairs(d.from), d.tied...))
	shown := make([]expr.Expr, len(d.keys))
	for i := range d.keys {
		if e, ok := part.keyOver(&d.keys[i], d.unit, eq); ok && (k.listed[i] == nil || d.keys[i].e.Domain().Values == nil) {
			shown[i], k.read[i] = e, true
		}
	}
	sets := part.together(shown)
	for i := range d.keys { // a key with a list joins those that its table is read for anyway
		if e, ok := part.keyOver(&d.keys[i], d.unit, eq); ok && !k.read[i] {
			for s := range sets {
				if part.inSet(e, sets[s], shown) {
					shown[i], k.read[i] = e, true
					sets[s] = append(sets[s], i)
					slices.Sort(sets[s])
					break
				}
			}
		}
	}
	var out []keyGroup
	for _, keys := range sets {
		out = append(out, r.readGroup(d, k, part, keys, shown))
	}
	return out
}

// keyOver is a key in terms of public columns, if it can be: as it is, or by way of columns that always equal its own.
func (p *publicPart) keyOver(k *draftKey, u unit, eq *equals) (expr.Expr, bool) {
	t := k.e.Type()
	if t.IsFloat() || !t.HasValues() {
		return nil, false // a float's text is not its value on every engine
	}
	if p.holds(k.e) {
		return k.e, mentionsColumn(k.e)
	}
	e := expr.Rewrite(k.e, func(e expr.Expr) (expr.Expr, bool) {
		c, ok := e.(expr.Column)
		if !ok || p.has(c) || c.Typ.IsText() {
			return nil, false
		}
		return p.publicEqual(c, eq)
	})
	if p.holds(e) && mentionsColumn(e) {
		return e, true
	}
	// Two texts may be equal and not the same, under a collation that says so: the public one is shown.
	if c, ok := k.e.(expr.Column); ok && c.Typ.IsText() && (u.unique || !onlyOwners(c, u.owners)) {
		if other, found := p.publicEqual(c, eq); found {
			k.e = other
			return other, true
		}
	}
	return nil, false
}

func mentionsColumn(e expr.Expr) bool {
	found := false
	eachDeep(e, func(x expr.Expr) {
		if _, ok := x.(expr.Column); ok {
			found = true
		}
	})
	return found
}

// together sorts the keys that are read into sets whose public relations hang together by conditions or by a key.
func (p *publicPart) together(shown []expr.Expr) [][]int {
	var sets [][]int
	for i, e := range shown {
		if e == nil {
			continue
		}
		joined := []int{i}
		var apart [][]int
		for _, s := range sets {
			if p.inSet(e, s, shown) {
				joined = append(joined, s...)
			} else {
				apart = append(apart, s)
			}
		}
		slices.Sort(joined)
		sets = append(apart, joined)
	}
	return sets
}

// inSet tells that an expression reads a relation that the keys of a set read, or that is tied to one.
func (p *publicPart) inSet(e expr.Expr, set []int, shown []expr.Expr) bool {
	var es []expr.Expr
	for _, i := range set {
		es = append(es, shown[i])
	}
	for _, i := range p.reached(es) {
		if mentioned(i, []expr.Expr{e}) {
			return true
		}
	}
	for _, i := range p.reached([]expr.Expr{e}) {
		if mentioned(i, es) {
			return true
		}
	}
	return false
}

// readGroup makes one query, and takes its rows where they are known.
func (r *resolver) readGroup(d *draft, k *keySpace, part *publicPart, keys []int, shown []expr.Expr) keyGroup {
	g := keyGroup{keys: keys}
	q := &query{distinct: true, prop: Public, limit: expr.Const{Typ: catalog.Of(catalog.Int8), Text: strconv.Itoa(r.maxCombinations() + 1), Pos: -1}}
	var es []expr.Expr
	read := PublicRead{Most: r.maxCombinations()}
	for _, i := range keys {
		es = append(es, shown[i])
		q.items = append(q.items, item{e: shown[i]})
		read.Types = append(read.Types, d.keys[i].e.Type())
	}
	q.from, q.where = part.with(es)
	if !onlyPublic(q, map[string]bool{}) { // never: nothing private is among the items of a public part
		for _, i := range keys {
			k.read[i] = false
		}
		return g
	}
	p := &expr.Printer{Dialect: r.dialect}
	printQuery(p, q, queryStyle{})
	read.SQL = p.String()
	k.reads = append(k.reads, read)
	rows, known := r.set.Public[read.SQL]
	if g.unknown = !known; !known {
		k.unknown = true
		return g
	}
	if k.many = k.many || len(rows) > read.Most; k.many {
		return g
	}
	for _, row := range rows {
		if k.allows(keys, row) {
			g.rows = append(g.rows, row)
		}
	}
	k.count = min(k.count*max(len(g.rows), 1), 1<<30)
	return g
}

// allows leaves out combinations with a value that a declared list does not have.
func (k *keySpace) allows(keys []int, row []mechanism.Cell) bool {
	for j, i := range keys {
		if k.listed[i] != nil && !slices.Contains(k.listed[i], row[j]) {
			return false
		}
	}
	return true
}

// combine makes all combinations of groups of keys, in the order of the keys.
func (r *resolver) combine(d *draft, k keySpace, groups []keyGroup) keySpace {
	if k.many {
		k.unknown = false
		return k
	}
	rows := [][]mechanism.Cell{make([]mechanism.Cell, len(d.keys))}
	for _, g := range groups {
		if g.unknown {
			continue
		}
		if k.many = len(rows)*len(g.rows) > r.maxCombinations(); k.many {
			k.unknown = false
			return k
		}
		next := make([][]mechanism.Cell, 0, len(rows)*len(g.rows))
		for _, row := range rows {
			for _, values := range g.rows {
				full := append([]mechanism.Cell{}, row...)
				for j, i := range g.keys {
					full[i] = values[j]
				}
				next = append(next, full)
			}
		}
		rows = next
	}
	if k.unknown {
		return k
	}
	columns := make([]catalog.Type, len(d.keys))
	for i, key := range d.keys {
		columns[i] = key.e.Type()
	}
	slices.SortStableFunc(rows, func(a, b []mechanism.Cell) int { return compareRows(columns, a, b) })
	k.rows = slices.CompactFunc(rows, func(a, b []mechanism.Cell) bool { return slices.Equal(a, b) })
	return k
}

// compareRows orders combinations by their keys, NULL last.
func compareRows(types []catalog.Type, a, b []mechanism.Cell) int {
	for i, t := range types {
		switch {
		case a[i].Null && b[i].Null:
		case a[i].Null:
			return 1
		case b[i].Null:
			return -1
		default:
			c := catalog.Compare(t, a[i].Text, b[i].Text)
			if c == 0 {
				c = strings.Compare(a[i].Text, b[i].Text)
			}
			if c != 0 {
				return c
			}
		}
	}
	return 0
}

// onceEach leaves out queries that are there already.
func onceEach(reads []PublicRead) []PublicRead {
	var out []PublicRead
	for _, r := range reads {
		if !slices.ContainsFunc(out, func(have PublicRead) bool { return have.SQL == r.SQL }) {
			out = append(out, r)
		}
	}
	return out
}

// Complete reads what a plan needs, and plans again with it; a plan that needs nothing is returned as it is. plan must plan the
// same query each time, with rows as Settings.Public. Errors are those of plan and read.
func Complete(p *Plan, plan func(PublicRows) (*Plan, error), read func(PublicRead) ([][]mechanism.Cell, error)) (*Plan, error) {
	rows := PublicRows{}
	for len(p.Needs) > 0 {
		for _, need := range p.Needs {
			if _, again := rows[need.SQL]; again {
				return nil, errors.New("rewrite: the public keys of a plan cannot be read")
			}
			var err error
			if rows[need.SQL], err = read(need); err != nil {
				return nil, err
			}
			if rows[need.SQL] == nil {
				rows[need.SQL] = [][]mechanism.Cell{}
			}
		}
		var err error
		if p, err = plan(rows); err != nil {
			return nil, err
		}
	}
	return p, nil
}
