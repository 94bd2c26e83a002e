package rewrite

import (
	"slices"
	"strings"

	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/refusal"
	"github.com/dpproxy/dpproxy/rewrite/expr"
	"github.com/dpproxy/dpproxy/rewrite/syntax"
)

// Policy holds a query to what the owner allows of columns, joins, groups and functions. It follows columns as they are
// resolved, through sub-queries, WITH, aliases, USING and CASE, and never looks at text:
//
//	origins   for each column that a block sees, the declared columns that its value is made of
//	pure      those that it is as they are, so that ranges and sentinels can be told from computed values
//	used      every declared column that is named anywhere, or that reaches an answer through SELECT *
//
// Everything is decided before data is read. A refusal that another query class would not give is marked, so that the
// planner tries that class.

// field is a declared column.
type field struct {
	table  *catalog.Table
	column *catalog.Column
}

func (f field) name() string { return f.table.Name + "." + f.column.Name }

// provenance is what a column of a block is made of.
type provenance struct {
	origins []field
	// pure says that the value is, on each row, one of the origins as it is; mixed that it was computed by more than
	// adding and multiplying, so that measuring it may be filtering in disguise.
	pure, mixed bool
}

// bareKind says why a column that stands alone may stand there: what else is written around it looks into its value.
type bareKind int

const (
	inside   bareKind = iota // part of a larger expression
	carried                  // a column of a sub-query's select list
	ranged                   // compared with allowed breaks
	nullTest                 // IS NULL
	argument                 // an aggregate's own argument
	summed                   // under +, − and * of an aggregate's argument
	compared                 // compared with constants
	grouped                  // a GROUP BY term
)

// policy is what a statement has used so far.
type policy struct {
	class *catalog.QueryClass // nil: the data set has none
	// otherClass says that the refusal came from the class's limits.
	otherClass bool
	from       map[expr.ColumnKey]provenance
	used       map[field]int32 // where first
	order      []field
	joins      int
	bare       map[*syntax.ColumnRef]bareKind
}

func newPolicy(class *catalog.QueryClass) policy {
	return policy{class: class, from: map[expr.ColumnKey]provenance{}, used: map[field]int32{}, bare: map[*syntax.ColumnRef]bareKind{}}
}

// stands marks a column that stands alone while f resolves what is around it.
func (p *policy) stands(n *syntax.Node, as bareKind, f func() (expr.Expr, error)) (expr.Expr, error) {
	defer p.stand(n, as)()
	return f()
}

// stand marks a column that stands alone until the returned function is called.
func (p *policy) stand(n *syntax.Node, as bareKind) (done func()) {
	ref := n.GetColumnRef()
	if ref == nil {
		return func() {}
	}
	before := p.bare[ref]
	p.bare[ref] = as
	return func() { p.bare[ref] = before }
}

// scanned notes the columns of a table that is read.
func (p *policy) scanned(s *scan) {
	for _, c := range s.table.Columns {
		p.from[expr.ColumnKey{Alias: s.alias, Name: c.SourceName}] = provenance{origins: []field{{s.table, c}}, pure: true}
	}
}

// of is what an expression is made of.
func (p *policy) of(e expr.Expr) provenance {
	var out provenance
	if c, ok := e.(expr.Column); ok {
		return p.from[expr.ColumnKey{Alias: c.Alias, Name: c.Name}]
	}
	expr.Walk(e, func(e expr.Expr) bool {
		switch v := e.(type) {
		case expr.Column:
			out.add(p.from[expr.ColumnKey{Alias: v.Alias, Name: v.Name}])
		case *subQuery:
			for i := range v.q.columns() {
				out.add(p.column(v.q, i))
			}
		}
		return true
	})
	out.pure = false
	return out
}

func (v *provenance) add(o provenance) {
	for _, f := range o.origins {
		if !slices.Contains(v.origins, f) {
			v.origins = append(v.origins, f)
		}
	}
	v.mixed = v.mixed || o.mixed
}

// column is what an output column of a sub-query is made of.
func (p *policy) column(q *query, i int) provenance {
	if q.op != "" {
		l, r := p.column(q.left, i), p.column(q.right, i)
		pure := l.pure && r.pure
		l.add(r)
		l.pure = pure
		return l
	}
	if i >= len(q.items) {
		return provenance{}
	}
	it := q.items[i]
	out := p.of(it.e)
	if it.made != nil {
		out = *it.made
	}
	return out
}

// derived notes a column of a sub-query in FROM.
func (p *policy) derived(key expr.ColumnKey, q *query, i int) { p.from[key] = p.column(q, i) }

// item is what a select list's term is made of, where the term as written tells more than its expression.
func (c *exprContext) itemMade(n *syntax.Node, e expr.Expr) *provenance {
	made := c.r.policy.of(e)
	if ref := n.GetColumnRef(); ref != nil {
		if col, err := c.column(ref); err == nil {
			made = c.r.policy.of(col)
		}
	} else if !linear(n) {
		made.mixed = true
	}
	if len(made.origins) == 0 {
		return nil
	}
	return &made
}

// linear tells that a term only adds, subtracts and multiplies columns and constants.
func linear(n *syntax.Node) bool {
	switch v := n.GetNode().(type) {
	case *syntax.Node_ColumnRef, *syntax.Node_AConst, *syntax.Node_ParamRef:
		return true
	case *syntax.Node_AExpr:
		a := v.AExpr
		op := operator(a.Name)
		return a.Kind == syntax.AEXPR_OP && (op == "+" || op == "-" || op == "*") && (a.Lexpr == nil || linear(a.Lexpr)) && linear(a.Rexpr)
	}
	return false
}

// policed holds a named column to its policy, and gives it as the place where it stands may see it.
func (c *exprContext) policed(e expr.Expr, v *syntax.ColumnRef) (expr.Expr, error) {
	p := &c.r.policy
	made := p.of(e)
	if len(made.origins) == 0 {
		return e, nil
	}
	as := p.bare[v]
	if err := c.uses(made, as, v.Location); err != nil {
		return nil, err
	}
	if made.pure {
		if err := c.r.openRange(made, as, v.Location); err != nil {
			return nil, err
		}
		return c.sentinels(e, made, as, v.Location)
	}
	return e, nil
}

// uses notes that columns are used, and refuses ways that the owner does not allow.
func (c *exprContext) uses(made provenance, as bareKind, loc int32) error {
	var filter, group, measure bool
	switch c.clause {
	case "SELECT", "window functions", "ORDER BY":
	case "GROUP BY":
		group = true
	case "aggregate function calls":
		measure = true
		filter = as != argument && as != summed || made.mixed
	default:
		filter = true
	}
	return c.r.useFields(made.origins, filter, group, measure, loc)
}

func (r *resolver) useFields(fields []field, filter, group, measure bool, loc int32) error {
	for _, f := range fields {
		r.policy.use(f, loc)
		u := f.column.Uses
		for _, way := range []struct {
			wanted, no bool
			words      string
		}{{filter, u.NoFilter, "filtered or computed with"}, {group, u.NoGroup, "grouped by"}, {measure, u.NoMeasure, "measured"}} {
			if way.wanted && way.no {
				return r.fail(refusal.InsufficientPrivilege, loc, "column %q may not be %s", f.name(), way.words).
					WithHint("The owner of the data allows this column for: %s. SELECT * FROM dp.columns tells what each column is for.", u.Allowed())
			}
		}
	}
	return nil
}

func (p *policy) use(f field, loc int32) {
	if _, ok := p.used[f]; !ok {
		p.used[f] = loc
		p.order = append(p.order, f)
	}
}

// seen holds the columns of a sub-query whose rows are compared as a whole (DISTINCT, UNION, IN): that looks into all of
// their values.
func (r *resolver) seen(q *query, group bool) error {
	for i := range q.columns() {
		made := r.policy.column(q, i)
		if err := r.useFields(made.origins, !group, group, false, -1); err != nil {
			return err
		}
		if made.pure {
			if err := r.openRange(made, inside, -1); err != nil {
				return err
			}
		}
	}
	return nil
}

// usingColumns holds the columns that USING and NATURAL compare.
func (r *resolver) usingColumns(es ...expr.Expr) error {
	for _, e := range es {
		made := r.policy.of(e)
		if err := r.useFields(made.origins, true, false, false, -1); err != nil {
			return err
		}
		if made.pure {
			if err := r.openRange(made, inside, -1); err != nil {
				return err
			}
		}
	}
	return nil
}

// checkPolicy holds the whole statement to the rules about columns together and about joins.
func (r *resolver) checkPolicy() error {
	p := &r.policy
	if most := r.ds.Policy.MaxJoins; most != nil && p.joins > *most {
		return r.tooManyJoins(*most, "this data set")
	}
	for _, e := range r.ds.Policy.Exclusions {
		if err := r.excluded(e, false); err != nil {
			return err
		}
	}
	if p.class == nil {
		return nil
	}
	if most := p.class.MaxJoins; most != nil && p.joins > *most {
		p.otherClass = true
		return r.tooManyJoins(*most, r.className())
	}
	for _, e := range p.class.Exclusions {
		if err := r.excluded(e, true); err != nil {
			return err
		}
	}
	return nil
}

func (r *resolver) className() string { return `query class "` + r.policy.class.Name + `"` }

func (r *resolver) tooManyJoins(most int, whose string) error {
	return r.fail(refusal.InsufficientPrivilege, -1, "the query has %d joins and sub-queries in conditions, and %s allows %d", r.policy.joins, whose, most).
		WithHint("Ask about fewer tables in one query.")
}

// excluded refuses more columns together than a rule allows.
func (r *resolver) excluded(e catalog.Exclusion, ofClass bool) error {
	p := &r.policy
	var together []string
	last := int32(-1)
	counted := map[int]bool{}
	for _, f := range p.order {
		for i := range e.Columns {
			if e.Names(i, f.table.Name, f.column.Name) && !counted[i] {
				counted[i] = true
				together = append(together, e.Columns[i])
				if len(together) == e.Max+1 {
					last = p.used[f]
				}
			}
		}
	}
	if len(together) <= e.Max {
		return nil
	}
	p.otherClass = p.otherClass || ofClass
	if e.Max == 0 {
		return r.fail(refusal.InsufficientPrivilege, last, "column %q may not be used", together[0]).
			WithHint("The owner of the data keeps it out of queries like this one.")
	}
	return r.fail(refusal.InsufficientPrivilege, last, "columns %s may not be used together", strings.Join(together, ", ")).
		WithDetail("The owner of the data allows at most %d of %s in one query.", e.Max, strings.Join(e.Columns, ", ")).
		WithHint("Leave %s out of the query, or ask in several.", together[len(together)-1])
}

// allowedFunction tells whether the data set, the user and the class allow an aggregate.
func (r *resolver) allowedFunction(name string) bool {
	has := func(list []string) bool {
		return slices.ContainsFunc(list, func(f string) bool { return canonicalAggregate(f) == canonicalAggregate(name) })
	}
	if !has(r.set.AllowedFunctions) {
		return false
	}
	if k := r.policy.class; k != nil && k.AllowedFunctions != nil && !has(k.AllowedFunctions) {
		r.policy.otherClass = true
		return false
	}
	return true
}

// maxFunctions is the number of aggregates that a query may have; 0 is any.
func (r *resolver) maxFunctions() (most int, whose string) {
	most, whose = r.set.MaxFunctions, "this data set"
	if k := r.policy.class; k != nil && k.MaxFunctions > 0 && (most <= 0 || k.MaxFunctions < most) {
		return k.MaxFunctions, r.className()
	}
	return most, whose
}

// checkGroups holds a measurement's keys to the class's limits.
func (r *resolver) checkGroups(d *draft, space *keySpace) error {
	k := r.policy.class
	if k == nil {
		return nil
	}
	groups := space.count
	for i, key := range d.keys {
		if space.read[i] && !space.many {
			continue
		}
		values, ok := space.listed[i], space.listed[i] != nil
		if !ok && k.NoPrivateGroups {
			r.policy.otherClass = true
			return r.fail(refusal.InsufficientPrivilege, -1, "%s allows groups whose values are public alone, and those of %q are not", r.className(), key.name).
				WithHint("Group by CASE or width_bucket with constants, or by a column with declared values.")
		}
		if ok {
			groups = min(groups*max(len(values), 1), 1<<30)
		}
	}
	if k.MaxGroups != nil && groups > *k.MaxGroups {
		r.policy.otherClass = true
		return r.fail(refusal.InsufficientPrivilege, -1, "the query spells out %d groups, and %s allows %d", groups, r.className(), *k.MaxGroups).
			WithHint("Group by fewer columns, or by wider ranges.")
	}
	return nil
}

// aggregateArgs resolves an aggregate's arguments: a column that is one stands alone, unless the function tells single values.
func (c *exprContext) aggregateArgs(f *syntax.FuncCall, kind aggregateKind) ([]expr.Expr, error) {
	c.arguments = f.Args
	var out []expr.Expr
	for _, n := range f.Args {
		as := argument
		if f.AggDistinct || kind.private.by != byMoments { // no single value shows in what adds up over rows
			as = summed
		}
		e, err := c.r.policy.stands(n, as, func() (expr.Expr, error) { return c.resolve(n) })
		if err != nil {
			return nil, err
		}
		out = append(out, e)
	}
	c.arguments = nil
	return out, nil
}

// inClasses plans under the class of a name, or under each class in turn until one allows the query.
func inClasses(ds *catalog.Dataset, name string, plan func(*catalog.QueryClass) (again bool, err error)) error {
	classes := ds.Policy.Classes
	if len(classes) == 0 {
		_, err := plan(nil)
		return err
	}
	var first error
	var tried []string
	for i := range classes {
		if name != "" && classes[i].Name != name {
			continue
		}
		again, err := plan(&classes[i])
		if err == nil || !again {
			return err
		}
		tried = append(tried, classes[i].Name)
		if first == nil {
			first = err
		}
	}
	if first == nil {
		return refusal.New(refusal.InvalidParameterValue, "there is no query class %q", name).WithHint("SELECT * FROM dp.classes lists them.")
	}
	if e, ok := refusal.As(first); ok && len(tried) > 1 {
		e.Detail = strings.TrimSpace(e.Detail + " Nor does another query class allow the query: " + strings.Join(tried[1:], ", ") + ".")
	}
	return first
}

// classOf names the class of a query that measures something.
func (r *resolver) classOf(blocks []Measurement) string {
	if r.policy.class == nil || len(blocks) == 0 {
		return ""
	}
	return r.policy.class.Name
}
