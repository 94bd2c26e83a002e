package rewrite

import (
	"crypto/sha256"
	"strconv"
	"time"

	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/mechanism"
	"github.com/dpproxy/dpproxy/privacy"
	"github.com/dpproxy/dpproxy/refusal"
	"github.com/dpproxy/dpproxy/rewrite/expr"
)

// Settings are what a query is planned under: the data set's defaults, narrowed by the user's rights, moved by the
// session's dp.* settings. The caller has checked them against the owner's limits.
type Settings struct {
	User, Database   string
	Epsilon          privacy.Epsilon
	Delta            privacy.Delta
	Bounds           privacy.Contribution
	Mechanism        string // auto, laplace, gaussian
	Intervals        bool
	Confidence       float64  // in (0, 1)
	AllowedFunctions []string // lower case, sorted; the slice is never changed, as the planner knows it again
	MaxFunctions     int
	MinUnits         int64
	// Class names the query class to plan under; "" takes the first that allows the query.
	Class string
	// Design says that every table holds generated rows, but that the query is one that is answered live: expressions are total
	// as they are there, and intervals have their columns.
	Design bool
	Pad    bool // dp.pad: pipeline tbe adds the cells that have no records
	// Public are rows that an earlier plan of the same query said it needs.
	Public PublicRows
	// System tells the columns of a function of schema dp in FROM, or refuses its arguments; nil knows no functions.
	System func(name string, args []mechanism.Cell) ([]Column, error)
	// Now tells the time; nil refuses now() and CURRENT_DATE.
	Now func() time.Time
	// Session answers current_setting(name); nil knows none.
	Session func(name string) (value string, ok bool)
	// Constants answers version(), pg_backend_pid() and others of the session by name; nil knows none.
	Constants func(name string) (mechanism.Cell, catalog.Type, bool)
}

// Param is a bound parameter.
type Param struct {
	Type catalog.Type // Unknown: inferred from where it is used
	Cell mechanism.Cell
}

// Planner plans statements. It caches plans by text, data set, settings and parameters, and parsed messages by text, so
// that the second time costs no parse. Safe for concurrent use.
type Planner struct {
	plans     *lru[planKey, *Plan]
	parsed    *lru[string, []*Statement]
	described *lru[planKey, description]
	templates *lru[planKey, *template]
	molds     *lru[string, *mold]  // by skeleton
	shapes    *lru[string, *shape] // by their keys
	lists     *lru[nameList, string]
}

// NewPlanner makes a planner that keeps at most `plans` plans.
func NewPlanner(plans int) *Planner {
	return &Planner{plans: newLRU[planKey, *Plan](plans), parsed: newLRU[string, []*Statement](plans), described: newLRU[planKey, description](plans),
		templates: newLRU[planKey, *template](plans), molds: newLRU[string, *mold](plans), shapes: newLRU[string, *shape](plans), lists: newLRU[nameList, string](plans)}
}

// planKey is all that a plan depends on.
type planKey struct {
	dataset *catalog.Dataset
	text    string
	choices string
}

// Parse is Parse, with a memory. The statements are shared: they must not be changed.
func (p *Planner) Parse(sql string) ([]*Statement, error) {
	if st, ok := p.parsed.get(sql); ok {
		return st, nil
	}
	var buf [512]byte
	key, found, plain := skeleton(sql, buf[:0])
	plain = plain && len(found) > 0
	if plain {
		if st, ok := p.recognise(sql, key, found); ok {
			return []*Statement{st}, nil
		}
	}
	st, err := Parse(sql)
	if err != nil {
		return st, err
	}
	if plain && len(st) == 1 && st[0].Kind == Select {
		p.mold(st[0], sql, key, found)
	}
	p.parsed.put(sql, st)
	return st, nil
}

// Plan plans a SELECT (or the SELECT inside EXPLAIN, COPY, DECLARE and PREPARE). Errors are *refusal.Error.
func (p *Planner) Plan(st *Statement, ds *catalog.Dataset, s Settings, params []Param) (*Plan, error) {
	st = st.inside()
	choices := p.keyOf(&s)
	filling := p.slotted(st, ds, s, choices, params)
	if filling != nil {
		if plan, ok := filling.use(); ok {
			return plan, nil
		}
	}
	all := []byte(choices)
	for _, prm := range params {
		all = appendParam(all, prm)
	}
	key := planKey{ds, string(st.Kind) + "\x00" + st.Text, string(all)}
	if plan, ok := p.plans.get(key); ok {
		return plan, nil
	}
	if plan, volatile := planEmpty(st, ds, s, params); plan != nil {
		if !volatile {
			p.plans.put(key, plan)
		}
		return plan, nil
	}
	frame, err := p.frameOf(st, ds, s, params)
	if err != nil {
		return nil, err
	}
	var plan *Plan
	volatile := false
	seen := &marks{slots: st.positions()}
	err = inClasses(ds, s.Class, func(class *catalog.QueryClass) (again bool, err error) {
		r := newResolver(st, ds, s, params)
		r.policy = newPolicy(class)
		seen.seen = nil
		plan, err = r.plan(st, seen)
		volatile = r.volatile
		if err == nil && !r.fellBack {
			plan.frame = frame
		}
		return r.policy.otherClass, err
	})
	if err != nil {
		return nil, refused(err)
	}
	if filling != nil {
		filling.learn(plan, seen, volatile)
	}
	if !volatile {
		p.plans.put(key, plan)
	}
	return plan, nil
}

// frameOf is the fingerprint of a plan before its public keys were read; "" if there are none.
func (p *Planner) frameOf(st *Statement, ds *catalog.Dataset, s Settings, params []Param) (string, error) {
	if s.Public == nil {
		return "", nil
	}
	s.Public = nil
	open, err := p.Plan(st, ds, s, params)
	if err != nil || len(open.Needs) == 0 {
		return "", err
	}
	return open.Fingerprint(), nil
}

// Describe tells the types of parameters ($1 first) and columns of a SELECT; types that the client declared come in
// declared (Unknown where it did not). It reads nothing.
func (p *Planner) Describe(st *Statement, ds *catalog.Dataset, s Settings, declared []catalog.Type) ([]catalog.Type, []Column, error) {
	d, err := p.describe(st.inside(), ds, s, declared)
	if err == nil && d.repeated { // the type that one place gave a parameter is its type in all places
		d, err = p.describe(st.inside(), ds, s, d.params)
	}
	return d.params, d.columns, err
}

// describe is one pass of Describe.
func (p *Planner) describe(st *Statement, ds *catalog.Dataset, s Settings, declared []catalog.Type) (description, error) {
	key := p.describeKey(st, ds, &s, declared)
	if d, ok := p.described.get(key); ok {
		return d, nil
	}
	var d description
	volatile := false
	err := inClasses(ds, s.Class, func(class *catalog.QueryClass) (again bool, err error) {
		r := newResolver(st, ds, s, typed(declared))
		r.policy, r.describing = newPolicy(class), true
		q, err := r.root(st)
		if err != nil {
			if without, public := describeWithoutValues(st, r, declared, err); without != nil {
				volatile = public.volatile
				d, err = public.description(without, declared)
				return false, err
			}
			return r.policy.otherClass, err
		}
		volatile = r.volatile
		d, err = r.description(q, declared)
		return false, err
	})
	if err != nil && mayBeEmpty(st) {
		if q, r := emptyQuery(st, ds, s, typed(declared), true); q != nil {
			return r.description(q, declared)
		}
	}
	if err != nil {
		return description{}, refused(err)
	}
	if !volatile {
		p.described.put(key, d)
	}
	return d, nil
}

// description is what Describe tells. It is shared: nobody changes it.
type description struct {
	params   []catalog.Type
	columns  []Column
	repeated bool // a parameter without a declared type stands in several places
}

func (r *resolver) description(q *query, declared []catalog.Type) (description, error) {
	types, err := r.parameterTypes(q)
	return description{types, q.answerColumns(), r.repeated(declared)}, err
}

func (p *Planner) describeKey(st *Statement, ds *catalog.Dataset, s *Settings, declared []catalog.Type) planKey {
	b := []byte(p.keyOf(s))
	for _, t := range declared {
		b = append(append(b, ' '), t.String()...)
	}
	return planKey{ds, string(st.Kind) + "\x00" + st.Text, string(b)}
}

// inside is the SELECT that a statement wraps.
func (st *Statement) inside() *Statement {
	for st.Query != nil {
		st = st.Query
	}
	return st
}

func newResolver(st *Statement, ds *catalog.Dataset, s Settings, params []Param) *resolver {
	s.Intervals = s.Intervals && ds.CellKey == nil
	return &resolver{ds: ds, set: s, source: st.source, params: params, paramAt: map[int]int{}, system: map[string]bool{},
		computed: map[expr.ColumnKey]bool{}, asStored: map[string]bool{}, notNullByList: map[expr.ColumnKey]bool{}, fallback: map[expr.ColumnKey]expr.Domain{}, undeclared: map[expr.ColumnKey]expr.Domain{},
		anchors: map[expr.ColumnKey]anchor{}, first: map[expr.ColumnKey]bool{}, policy: newPolicy(nil)}
}

// refused makes sure that what leaves the planner is a refusal, or an internal error without one.
func refused(err error) error {
	if e, ok := refusal.As(err); ok {
		return e
	}
	return err
}

// root resolves the statement; its rows must be publishable.
func (r *resolver) root(st *Statement) (*query, error) {
	tree := st.node()
	s := tree.GetSelectStmt()
	if s == nil {
		return nil, refusal.New(refusal.NotSupported, "only SELECT can be planned")
	}
	r.top, r.private = s, r.readsPrivate(tree)
	q, err := r.selectBlock(s, nil, nil)
	if err != nil {
		return nil, err
	}
	if q.prop == Protected {
		return nil, r.fail(refusal.InsufficientPrivilege, int32(st.Offset), "rows of private tables cannot be read").
			WithDetail("The result has one row for each private row.").
			WithHint("Ask for aggregates: SELECT count(*), with GROUP BY if you like. SELECT * FROM dp.functions lists what may be asked.")
	}
	for i := range q.columns() { // of public tables, through SELECT * too
		if err := r.useFields(r.policy.column(q, i).origins, false, false, false, -1); err != nil {
			return nil, err
		}
	}
	most, whose := r.maxFunctions()
	if n := len(distinctCalls(r.calls)); most > 0 && n > most {
		r.policy.otherClass = most < r.set.MaxFunctions || r.set.MaxFunctions <= 0
		return nil, r.fail(refusal.InsufficientPrivilege, r.calls[len(r.calls)-1].loc, "the query has %d aggregates, and %s allows %d in one query", n, whose, most).
			WithHint("Ask for them in several queries.")
	}
	return q, r.checkPolicy()
}

func distinctCalls(calls []*call) map[string]bool {
	out := map[string]bool{}
	for _, k := range calls {
		out[k.text()] = true
	}
	return out
}

func dialectOf(ds *catalog.Dataset) expr.Dialect {
	if ds.Engine == catalog.DuckDB {
		return expr.DuckDB
	}
	return expr.PostgreSQL
}

func (r *resolver) plan(st *Statement, m *marks) (*Plan, error) {
	q, err := r.root(st)
	if err != nil {
		return nil, err
	}
	dialect := dialectOf(r.ds)
	if err := r.engineHas(q, dialect); err != nil {
		return nil, err
	}
	r.dialect = dialect
	blocks, err := r.finish(dialect)
	if err != nil {
		return nil, err
	}
	plan := &Plan{Uses: r.policy.uses(), Class: r.classOf(blocks), Blocks: blocks, Columns: q.answerColumns(), Rules: r.rules, Reads: r.reads, Needs: onceEach(r.needs), SystemCalls: r.systemCalls, Post: post(q, blocks, dialect, m), plainColumns: r.policy.plainColumns(), once: &onceText{}}
	for _, d := range r.drafts {
		d.describe(plan)
	}
	if plan.SetConfig, err = r.placeSetConfigs(q, plan.Post); err != nil {
		return nil, err
	}
	for _, b := range blocks {
		if plan.Loss, err = plan.Loss.Add(b.Loss); err != nil {
			return nil, refusal.New(refusal.InvalidParameterValue, "the loss of this query is out of range")
		}
	}
	r.label(plan, q)
	for _, t := range SystemTables() {
		if r.system[t.Name] {
			plan.System = append(plan.System, t.Name)
		}
	}
	return plan, nil
}

// post chooses the cheapest way to finish: hand out the released columns, or constants, or ask the engine.
func post(q *query, blocks []Measurement, dialect expr.Dialect, m *marks) Post {
	if p, ok := projection(q, blocks); ok {
		return Post{Projection: p}
	}
	if rows, ok := constants(q); ok {
		return Post{Constants: rows}
	}
	p := &expr.Printer{Dialect: dialect, Seen: m.note}
	printQuery(p, q, queryStyle{})
	return Post{SQL: p.String()}
}

// projection tells that a query only names columns of its one released relation.
func projection(q *query, blocks []Measurement) ([]int, bool) {
	ref, ok := q.from.(*releasedRef)
	if !ok || ref.sets != nil || len(blocks) != 1 || len(q.where)+len(q.having)+len(q.order)+len(q.on)+len(q.groups) > 0 || q.grouped || q.distinct || q.limit != nil || q.offset != nil || q.op != "" {
		return nil, false
	}
	var out []int
	for _, it := range q.items {
		c, ok := it.e.(expr.Column)
		if !ok || c.Alias != ref.alias {
			return nil, false
		}
		at := -1
		for i, o := range blocks[0].Outputs {
			if o.Name == c.Name {
				at = i
			}
		}
		if at < 0 {
			return nil, false
		}
		out = append(out, at)
	}
	return out, true
}

// constants tells that a query without tables has constant columns.
func constants(q *query) ([][]mechanism.Cell, bool) {
	if q.from != nil || q.op != "" || q.grouped || len(q.where)+len(q.having)+len(q.order)+len(q.on) > 0 || q.limit != nil || q.offset != nil {
		return nil, false
	}
	rows := q.values
	if rows == nil {
		var row []expr.Expr
		for _, it := range q.items {
			row = append(row, it.e)
		}
		rows = [][]expr.Expr{row}
	}
	out := make([][]mechanism.Cell, 0, len(rows))
	for _, row := range rows {
		cells := make([]mechanism.Cell, 0, len(row))
		for _, e := range row {
			k, ok := expr.Fold(e)
			if !ok {
				return nil, false
			}
			cells = append(cells, mechanism.Cell{Text: k.Text, Null: k.Null})
		}
		out = append(out, cells)
	}
	return out, true
}

// key names settings.
func (p *Planner) keyOf(s *Settings) string {
	b := make([]byte, 0, 192)
	b = strconv.AppendBool(b, s.Design)
	for _, text := range []string{s.Class, s.User, s.Database, s.Mechanism} {
		b = strconv.AppendQuote(append(b, ' '), text)
	}
	for _, n := range []int64{int64(s.Epsilon), int64(s.Delta), s.Bounds.Groups, s.Bounds.Rows, s.Bounds.UnitRows, int64(s.MaxFunctions), s.MinUnits} {
		b = strconv.AppendInt(append(b, ' '), n, 10)
	}
	b = strconv.AppendFloat(append(b, ' '), s.Confidence, 'g', -1, 64)
	b = strconv.AppendBool(append(b, ' '), s.Intervals)
	b = strconv.AppendBool(append(b, ' '), s.Pad)
	b = append(append(b, ' '), p.digestOf(s.AllowedFunctions)...)
	return string(append(append(b, ' '), s.Public.digest()...))
}

// nameList is a list of names, by where it is.
type nameList struct {
	first  *string
	length int
}

// digestOf is SHA-256 over names, each quoted. A list is digested once: its owner does not change it.
func (p *Planner) digestOf(names []string) string {
	k := nameList{length: len(names)}
	if k.length > 0 {
		k.first = &names[0]
	}
	return p.lists.getOr(k, func() string {
		var b []byte
		for _, name := range names {
			b = strconv.AppendQuote(append(b, ' '), name)
		}
		sum := sha256.Sum256(b)
		return string(sum[:])
	})
}

// appendParam adds a parameter's type and value to a key.
func appendParam(b []byte, p Param) []byte {
	b = append(append(b, ' '), p.Type.String()...)
	if p.Cell.Null {
		return append(b, " NULL"...)
	}
	return strconv.AppendQuote(append(b, ' '), p.Cell.Text)
}
