package catalog

import (
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strings"
)

// Policy is what an owner allows beyond names and budgets. It is decided from the query alone, before any data is read;
// AfterNoise alone works on released numbers. It protects nobody by itself: ε does.
type Policy struct {
	// Classes are the kinds of query that are answered, in the order in which they are tried. Empty: one kind, without a
	// name, under the data set's own limits.
	Classes    []QueryClass
	Exclusions []Exclusion
	MaxJoins   *int // joins and sub-queries in one query; nil: any number
	AfterNoise AfterNoise
}

// QueryClass is a kind of query with its own limits. They narrow the data set's.
type QueryClass struct {
	Name, Description string
	AllowedFunctions  []string // lower case, sorted; nil: the data set's
	MaxFunctions      int      // 0: the data set's
	// MaxGroups bounds the groups that a query spells out: the product of the public values of its keys. nil: any.
	MaxGroups *int
	MaxJoins  *int // nil: the data set's
	// NoPrivateGroups refuses keys whose values are not public.
	NoPrivateGroups bool
	Exclusions      []Exclusion
	// Weighted queries count and sum with the weights that tables declare.
	Weighted   bool
	AfterNoise AfterNoise
}

// DefaultMaxGroups is max_custom_groups where a class does not say: Protari's.
const DefaultMaxGroups = 160

// Exclusion says that at most Max of Columns may be used in one query. A column is "column", in any table, or
// "table.column".
type Exclusion struct {
	Columns []string
	Max     int
}

// AfterNoise is what is done to released numbers: post-processing, which costs nothing and protects nothing by itself.
// The zero value does nothing.
type AfterNoise struct {
	// Round gives, by aggregate function, the base whose multiples are shown; nil rounds nothing.
	Round map[string]*big.Rat
	// SmallCells: numbers that stand on a noisy count of rows below it become NULL. 0 hides nothing.
	SmallCells int64
	// MinUnits: numbers that stand on a noisy count of units below it become NULL. 0 hides nothing.
	MinUnits int64
	// Sparsity, if not nil, refuses tables of which too many cells are small.
	Sparsity *Sparsity
}

// Sparsity: with c cells, of which c0 are 0, c1 are 1 and c2 are 2, a table is refused where c1/(c − c0) > Ones or
// (c1 + c2)/(c − c0) > OnesAndTwos.
type Sparsity struct{ Ones, OnesAndTwos *big.Rat }

// DefaultSparsity has the thresholds that Protari and SuperSTAR use: 0.25 and 0.50.
func DefaultSparsity() *Sparsity {
	return &Sparsity{Ones: big.NewRat(1, 4), OnesAndTwos: big.NewRat(1, 2)}
}

// IsZero tells that nothing is done.
func (a AfterNoise) IsZero() bool {
	return len(a.Round) == 0 && a.SmallCells == 0 && a.MinUnits == 0 && a.Sparsity == nil
}

// String tells it for people.
func (a AfterNoise) String() string {
	var out []string
	for _, fn := range slices.Sorted(maps.Keys(a.Round)) {
		out = append(out, fn+" in multiples of "+FormatRat(Of(Numeric), a.Round[fn]))
	}
	if a.SmallCells > 0 {
		out = append(out, fmt.Sprintf("NULL on fewer than %d rows", a.SmallCells))
	}
	if a.MinUnits > 0 {
		out = append(out, fmt.Sprintf("NULL on fewer than %d units", a.MinUnits))
	}
	if s := a.Sparsity; s != nil {
		out = append(out, fmt.Sprintf("refused where more than %s of the cells are 1, or %s are 1 or 2",
			FormatRat(Of(Numeric), s.Ones), FormatRat(Of(Numeric), s.OnesAndTwos)))
	}
	return strings.Join(out, "; ")
}

// Counts tells that the rules need to know on how many rows or units a number stands.
func (a AfterNoise) Counts() bool { return a.SmallCells > 0 || a.MinUnits > 0 || a.Sparsity != nil }

// Both is the stricter of two in every part.
func (a AfterNoise) Both(b AfterNoise) AfterNoise {
	out := AfterNoise{SmallCells: max(a.SmallCells, b.SmallCells), MinUnits: max(a.MinUnits, b.MinUnits), Sparsity: a.Sparsity}
	if len(a.Round)+len(b.Round) > 0 {
		out.Round = map[string]*big.Rat{}
		for _, m := range []map[string]*big.Rat{a.Round, b.Round} {
			for fn, base := range m {
				if have := out.Round[fn]; have == nil || have.Cmp(base) < 0 {
					out.Round[fn] = base
				}
			}
		}
	}
	switch {
	case out.Sparsity == nil:
		out.Sparsity = b.Sparsity
	case b.Sparsity != nil:
		out.Sparsity = &Sparsity{Ones: smaller(a.Sparsity.Ones, b.Sparsity.Ones), OnesAndTwos: smaller(a.Sparsity.OnesAndTwos, b.Sparsity.OnesAndTwos)}
	}
	return out
}

func smaller(a, b *big.Rat) *big.Rat {
	if a.Cmp(b) <= 0 {
		return a
	}
	return b
}

// Narrowing is what one analyst's policy takes away from a data set's. The zero value takes nothing.
type Narrowing struct {
	Classes      []QueryClass // nil: all; else those of these names, each narrowed by what is given here
	Exclusions   []Exclusion
	Hidden       []string // columns, "table.column" or "column"
	MaxJoins     *int     // nil: as it is
	MaxGroups    *int     // nil: as it is
	MaxFunctions int      // 0: as it is
	AfterNoise   AfterNoise
}

// IsZero tells that nothing is taken away.
func (n Narrowing) IsZero() bool {
	return n.Classes == nil && len(n.Exclusions)+len(n.Hidden) == 0 && n.MaxJoins == nil && n.MaxGroups == nil &&
		n.MaxFunctions == 0 && n.AfterNoise.IsZero()
}

// View is the data set as an analyst sees it whom the owner allows less. It shares what is not narrowed.
func (d *Dataset) View(n Narrowing) *Dataset {
	if n.IsZero() {
		return d
	}
	out := *d
	if n.MaxFunctions > 0 {
		out.MaxFunctions = min(d.MaxFunctions, n.MaxFunctions)
	}
	if n.MaxGroups != nil && (d.MaxCombinations <= 0 || *n.MaxGroups < d.MaxCombinations) {
		out.MaxCombinations = *n.MaxGroups
	}
	p := &out.Policy
	p.MaxJoins = lower(p.MaxJoins, n.MaxJoins)
	p.Exclusions = append(slices.Clone(p.Exclusions), n.Exclusions...)
	p.AfterNoise = p.AfterNoise.Both(n.AfterNoise)
	if n.Classes != nil {
		p.Classes = nil
		for _, c := range d.Policy.Classes {
			if i := slices.IndexFunc(n.Classes, func(o QueryClass) bool { return o.Name == c.Name }); i >= 0 {
				p.Classes = append(p.Classes, c.Narrow(n.Classes[i]))
			}
		}
		if len(p.Classes) == 0 {
			p.Classes = []QueryClass{{Name: "none", AllowedFunctions: []string{}}}
		}
	}
	if n.MaxGroups != nil {
		p.Classes = slices.Clone(p.Classes)
		for i := range p.Classes {
			p.Classes[i].MaxGroups = lower(p.Classes[i].MaxGroups, n.MaxGroups)
		}
	}
	if len(n.Hidden) > 0 {
		out.Tables = make([]*Table, len(d.Tables))
		for i, t := range d.Tables {
			out.Tables[i] = t.without(n.Hidden)
		}
		p.Exclusions = out.visibleRules(p.Exclusions)
		p.Classes = slices.Clone(p.Classes)
		for i := range p.Classes {
			p.Classes[i].Exclusions = out.visibleRules(p.Classes[i].Exclusions)
		}
	}
	return &out
}

// visibleRules takes the columns out of rules that the analyst cannot see: he cannot use them either, and rules are shown to him.
func (d *Dataset) visibleRules(rules []Exclusion) []Exclusion {
	var out []Exclusion
	for _, e := range rules {
		hidden := func(name string) bool {
			return !slices.ContainsFunc(d.Tables, func(t *Table) bool {
				return slices.ContainsFunc(t.Columns, func(c *Column) bool { return names(name, t.Name, c.Name) })
			})
		}
		e.Columns = slices.DeleteFunc(slices.Clone(e.Columns), hidden)
		if len(e.Columns) > e.Max {
			out = append(out, e)
		}
	}
	return out
}

// without moves columns out of sight.
func (t *Table) without(hidden []string) *Table {
	out := *t
	out.Columns, out.Hidden = nil, slices.Clone(t.Hidden)
	for _, c := range t.Columns {
		if slices.ContainsFunc(hidden, func(name string) bool { return names(name, t.Name, c.Name) }) {
			out.Hidden = append(out.Hidden, c)
		} else {
			out.Columns = append(out.Columns, c)
		}
	}
	return &out
}

// names tells that "column" or "table.column" means a column of a table.
func names(name, table, column string) bool {
	t, c, dotted := strings.Cut(name, ".")
	if !dotted {
		return name == column
	}
	return t == table && c == column
}

// Names tells that an entry of the rule means a column of a table.
func (e Exclusion) Names(i int, table, column string) bool { return names(e.Columns[i], table, column) }

// Narrow is a class that allows what both allow.
func (c QueryClass) Narrow(by QueryClass) QueryClass {
	switch {
	case c.AllowedFunctions == nil:
		c.AllowedFunctions = by.AllowedFunctions
	case by.AllowedFunctions != nil:
		both := []string{}
		for _, f := range c.AllowedFunctions {
			if slices.Contains(by.AllowedFunctions, f) {
				both = append(both, f)
			}
		}
		c.AllowedFunctions = both
	}
	if by.MaxFunctions > 0 && (c.MaxFunctions == 0 || by.MaxFunctions < c.MaxFunctions) {
		c.MaxFunctions = by.MaxFunctions
	}
	c.MaxGroups, c.MaxJoins = lower(c.MaxGroups, by.MaxGroups), lower(c.MaxJoins, by.MaxJoins)
	c.NoPrivateGroups = c.NoPrivateGroups || by.NoPrivateGroups
	c.Weighted = c.Weighted || by.Weighted
	c.Exclusions = append(slices.Clone(c.Exclusions), by.Exclusions...)
	c.AfterNoise = c.AfterNoise.Both(by.AfterNoise)
	if by.Description != "" {
		c.Description = by.Description
	}
	return c
}

// lower is the smaller limit; nil is none.
func lower(a, b *int) *int {
	switch {
	case a == nil:
		return b
	case b == nil || *a <= *b:
		return a
	}
	return b
}

// Uses are the ways in which a column may be used. The zero value allows all.
type Uses struct{ NoFilter, NoGroup, NoMeasure bool }

// Allowed lists the ways for people: "filter, measure".
func (u Uses) Allowed() string {
	var out []string
	for _, way := range []struct {
		no   bool
		name string
	}{{u.NoFilter, "filter"}, {u.NoGroup, "group"}, {u.NoMeasure, "measure"}} {
		if !way.no {
			out = append(out, way.name)
		}
	}
	return strings.Join(out, ", ")
}
