package rewrite

import (
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/mechanism"
	"github.com/dpproxy/dpproxy/rewrite/expr"
)

// Templates: a statement over public tables alone is planned once for all values of its slots (slots.go).
//
//	statement, values ──► plan, and where each slot's constant was printed in the outer query's SQL
//	next values       ──► plan again; the same SQL between the constants? then the slots that differed are free
//	further values    ──► the first plan, with the constants of these values; nothing is resolved
//
// A template is never made of a plan that measures, of one that depends on the time or the session, or where columns have rules of
// the owner's. So a slot's value can decide only which public rows pass, and a value of another type than the first, a
// NULL, and one that does not read as its type are planned for themselves.

// Bound is the outer query with its slots as parameters $1, $2 …, for engines that keep prepared statements.
type Bound struct {
	SQL    string
	Values []mechanism.Cell
}

// template is what plans of one statement have in common. Its mutex guards all of it but key and shape.
type template struct {
	mu         sync.Mutex
	plan       *Plan        // the first, whose SQL has the first values; nil until there is one
	pieces     []string     // of the SQL, one more than places
	places     []int        // the slot whose constant stands after each piece
	first      []expr.Const // the slots' constants in the first plan
	varied     []bool       // slots that are known to change nothing but their constant
	head, tail string       // of the text of the plan, around its SQL
	bound      string       // the SQL with parameters
	types      []catalog.Type
	shown      []string // pieces, with the declared names; nil until they are wanted
	dataset    *catalog.Dataset
	dialect    expr.Dialect
	off        bool // other values gave other SQL: every one is planned for itself
}

// slotted is a statement whose slots have values.
type slotted struct {
	t      *template
	slots  []slot
	values []expr.Const
}

// slotted finds the template of a statement, and its slots' values as constants. It is nil where there can be none.
func (p *Planner) slotted(st *Statement, ds *catalog.Dataset, s Settings, choices string, params []Param) *slotted {
	slots := st.slots
	if len(slots) == 0 || s.Design || s.Public != nil || len(ds.Policy.Classes) > 0 || len(ds.Policy.Exclusions) > 0 || ds.CellKey != nil {
		return nil
	}
	out := &slotted{slots: slots, values: make([]expr.Const, len(slots))}
	key := make([]byte, 0, len(choices)+64)
	key = append(key, choices...)
	literals := 0
	for i, sl := range slots {
		var ok bool
		if sl.param == 0 {
			out.values[i], ok = literalValue(st.literals[literals])
			literals++
		} else {
			out.values[i], ok = paramValue(sl.param, params)
		}
		if !ok {
			return nil
		}
		key = append(key, ' ', byte('A'+int(out.values[i].Typ.Kind)%26), byte('0'+int(out.values[i].Typ.Kind)/26))
	}
	for i, prm := range params {
		if prm.Type.Array || st.elsewhere[i+1] || !slices.ContainsFunc(slots, func(sl slot) bool { return sl.param == i+1 }) {
			key = appendParam(key, prm)
		} else {
			key = append(append(key, " $"...), byte('A'+int(prm.Type.Kind)%26), byte('0'+int(prm.Type.Kind)/26))
		}
	}
	text := st.Text
	if st.shape != nil {
		text = st.shape.key
	}
	out.t = p.templates.getOr(planKey{ds, text, string(key)}, func() *template { return &template{dialect: dialectOf(ds), dataset: ds} })
	return out
}

// literalValue is a literal slot as the resolver sees it first.
func literalValue(l literal) (expr.Const, bool) {
	if l.str {
		return expr.Const{Text: l.text}, true
	}
	return expr.Const{Typ: catalog.Of(catalog.Int4), Text: l.text}, true
}

// paramValue is a parameter slot as a comparison sees it.
func paramValue(n int, params []Param) (expr.Const, bool) {
	if n < 1 || n > len(params) {
		return expr.Const{}, false
	}
	prm := params[n-1]
	if prm.Cell.Null || prm.Type.Kind == catalog.Unknown || prm.Type.Array {
		return expr.Const{}, false
	}
	e, err := (&expr.Builder{Mode: expr.Public}).Cast(expr.Const{Text: prm.Cell.Text}, prm.Type, -1)
	if err != nil {
		return expr.Const{}, false
	}
	k, ok := plainInteger(e).(expr.Const)
	k.Pos = 0
	return k, ok
}

// use gives the plan for the slots' values, if the template knows that it differs from the first in nothing else.
func (x *slotted) use() (*Plan, bool) {
	t := x.t
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.off || t.plan == nil {
		return nil, false
	}
	for i, v := range x.values {
		if v.Typ.Kind == catalog.Unknown { // an untyped literal takes its type from the column
			e, err := (&expr.Builder{Mode: expr.Public}).Cast(v, t.first[i].Typ, -1)
			k, ok := e.(expr.Const)
			if err != nil || !ok {
				return nil, false
			}
			v = k
		}
		if v.Typ != t.first[i].Typ || !t.varied[i] && v.Text != t.first[i].Text {
			return nil, false
		}
		v.Pos = 0
		x.values[i] = v
	}
	return t.filled(x.values), true
}

// filled is the plan with other constants.
func (t *template) filled(values []expr.Const) *Plan {
	p := &expr.Printer{Dialect: t.dialect}
	p.Grow(len(t.plan.Post.SQL) + 64)
	bound := &Bound{SQL: t.bound, Values: make([]mechanism.Cell, len(t.places))}
	own := &filled{t: t, ends: make([]int, len(t.places))}
	for i, s := range t.places {
		p.WriteString(t.pieces[i])
		values[s].Print(p)
		own.ends[i] = p.Len()
		bound.Values[i] = mechanism.Cell{Text: values[s].Text}
	}
	p.WriteString(t.pieces[len(t.places)])
	plan := *t.plan
	plan.head, plan.tail, plan.filled = t.head, t.tail, own
	plan.Post.SQL = p.String()
	if t.dialect == expr.PostgreSQL {
		plan.Post.Bound = bound
	}
	return &plan
}

// filled says where the constants of a template's plan end in its SQL.
type filled struct {
	t    *template
	ends []int
}

// shownText is the text of a template's plan with the declared names. Only the constants are its own.
func (f *filled) shownText(p *Plan) string {
	t := f.t
	t.mu.Lock()
	if t.shown == nil {
		names := readAliases(t.dataset, t.plan.Post.SQL)
		t.shown = make([]string, len(t.pieces))
		for i, piece := range t.pieces {
			t.shown[i] = names.shown(piece)
		}
	}
	shown := t.shown
	t.mu.Unlock()
	var b strings.Builder
	b.Grow(len(p.head) + len(p.Post.SQL) + len(p.tail))
	b.WriteString(p.head)
	from := 0
	for i, end := range f.ends {
		b.WriteString(shown[i])
		b.WriteString(p.Post.SQL[from+len(t.pieces[i]) : end])
		from = end
	}
	b.WriteString(shown[len(f.ends)])
	b.WriteString(p.tail)
	return b.String()
}

// marks notes where constants of slots are printed.
type marks struct {
	slots []slot
	seen  []mark
}

type mark struct {
	slot, from, to int
	value          expr.Const
}

func (m *marks) note(c expr.Const, from, to int) {
	for i, s := range m.slots {
		if s.at == c.Pos && !c.Null {
			m.seen = append(m.seen, mark{i, from, to, c})
		}
	}
}

// learn compares a plan that was made for these values with the first.
func (x *slotted) learn(plan *Plan, m *marks, volatile bool) {
	t := x.t
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.off {
		return
	}
	values, pieces, places, ok := x.cut(plan, m)
	switch {
	case volatile || !ok || !templated(plan):
		t.off = true
	case t.plan == nil:
		t.plan, t.pieces, t.places, t.first, t.varied = plan, pieces, places, values, make([]bool, len(values))
		t.bound = boundSQL(pieces, places, values)
		t.head, t.tail, _ = strings.Cut(plan.String(), plan.Post.SQL)
	case !slices.Equal(pieces, t.pieces) || !slices.Equal(places, t.places) || !alike(plan, t.plan):
		t.off = true
	default:
		for i, v := range values {
			switch {
			case v.Typ != t.first[i].Typ:
				return // a value of another type: planned for itself
			case v.Text != t.first[i].Text:
				t.varied[i] = true
			}
		}
	}
}

// cut takes the slots' constants out of a plan's SQL. Each slot must have been printed, and each of its constants be its value.
func (x *slotted) cut(plan *Plan, m *marks) (values []expr.Const, pieces []string, places []int, ok bool) {
	values = make([]expr.Const, len(x.slots))
	met := make([]bool, len(x.slots))
	at, sql := 0, plan.Post.SQL
	for _, k := range m.seen {
		v := k.value
		v.Pos = 0
		if met[k.slot] && v != values[k.slot] || !x.isValue(k.slot, v) || k.from < at || k.to > len(sql) || !bindable(v.Typ) {
			return nil, nil, nil, false
		}
		met[k.slot], values[k.slot] = true, v
		pieces, places, at = append(pieces, sql[at:k.from]), append(places, k.slot), k.to
	}
	return values, append(pieces, sql[min(at, len(sql)):]), places, !slices.Contains(met, false)
}

// isValue tells that a printed constant is what use will make of the slot's value.
func (x *slotted) isValue(slot int, printed expr.Const) bool {
	v := x.values[slot]
	if v.Typ.Kind == catalog.Unknown {
		e, err := (&expr.Builder{Mode: expr.Public}).Cast(v, printed.Typ, -1)
		k, ok := e.(expr.Const)
		if err != nil || !ok {
			return false
		}
		v = k
	}
	v.Pos = 0
	return v == printed
}

// templated tells the plans that a template may be made of.
func templated(p *Plan) bool {
	if len(p.Blocks) > 0 || len(p.System)+len(p.SystemCalls)+len(p.SetConfig)+len(p.Needs) > 0 || !p.Reads || p.Post.SQL == "" || p.Class != "" {
		return false
	}
	return p.plainColumns
}

// alike tells that plans of one statement differ in their SQL at most.
func alike(a, b *Plan) bool {
	return slices.Equal(a.Columns, b.Columns) && slices.Equal(a.Rules, b.Rules) && slices.Equal(a.Groups, b.Groups) &&
		slices.Equal(a.Filters, b.Filters) && len(a.Uses) == len(b.Uses) && len(a.Sources) == len(b.Sources)
}

// boundSQL puts parameters where the constants were.
func boundSQL(pieces []string, places []int, values []expr.Const) string {
	var b strings.Builder
	for i, s := range places {
		b.WriteString(pieces[i])
		b.WriteString("$" + strconv.Itoa(i+1) + "::" + expr.TypeSQL(values[s].Typ, expr.PostgreSQL))
	}
	b.WriteString(pieces[len(places)])
	return b.String()
}

// plainColumns tells that no column that the statement uses has rules of the owner's on its values.
func (p *policy) plainColumns() bool {
	for _, f := range p.order {
		if !f.table.Public || f.column.Breaks != nil || len(f.column.Sentinels) > 0 {
			return false
		}
	}
	return true
}
