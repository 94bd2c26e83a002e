package rewrite

import (
	"fmt"

	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/refusal"
	"github.com/dpproxy/dpproxy/rewrite/expr"
	"github.com/dpproxy/dpproxy/rewrite/syntax"
)

// resolver turns one statement's tree into relations. It lives for one statement.
type resolver struct {
	ds     *catalog.Dataset
	set    Settings
	source string // the message, for positions
	params []Param
	// describing says that only names and types are wanted: parameters have no values yet.
	describing bool
	// paramAt tells which parameter a constant came from, by its byte offset.
	paramAt map[int]int

	// dialect is the engine's SQL, for the queries that read public keys.
	dialect expr.Dialect
	needs   []PublicRead
	// fellBack says that keys that could be read are too many, and are private ones therefore.
	fellBack bool

	drafts     []*draft
	system     map[string]bool
	setConfigs []SetConfig
	reads      bool // a table of the data set
	rules      []string
	calls      []*call            // aggregate calls over private rows, as written
	top        *syntax.SelectStmt // the statement's own SELECT
	private    bool               // the statement reads a private table somewhere
	aliases    int
	depth      int
	// volatile says that the plan holds the time of day, and must not be cached.
	volatile bool
	policy   policy
	// systemCalls are the functions of schema dp in FROM.
	systemCalls []SystemCall
	// computed are columns of sub-queries that are expressions there.
	computed map[expr.ColumnKey]bool
	// asStored are expressions, by text, that stand for a column as it is stored, with its sentinels.
	asStored map[string]bool
	// notNullByList are columns whose declared values do not include NULL.
	notNullByList map[expr.ColumnKey]bool
	// fallback bounds what a sub-query computed for each unit, from the query's bounds; used where the query gives none.
	fallback map[expr.ColumnKey]expr.Domain
	// undeclared are the bounds of columns that rest on their type alone, each end on its own.
	undeclared map[expr.ColumnKey]expr.Domain
	// anchors are the columns that tell a unit, being a key of a row that belongs to it.
	anchors map[expr.ColumnKey]anchor
	// open are the views that are being resolved, from the outside in.
	open []string
	// tried counts the orders of equal tables that were tried for the names of releases.
	tried int
	// first are the columns that are 1 in exactly one row of each unit.
	first map[expr.ColumnKey]bool
}

// maxDepth bounds nested sub-queries and expressions of the resolver; the parser allows far more.
const maxDepth = 200

// fail makes a refusal at a byte offset of the message.
func (r *resolver) fail(code refusal.Code, loc int32, format string, args ...any) *refusal.Error {
	return refusal.New(code, format, args...).At(syntax.CharOffset(r.source, int(loc)))
}

// at puts a position into a refusal that has none, and turns builder positions from bytes to characters.
func (r *resolver) at(err error, loc int32) error {
	e, ok := refusal.As(err)
	if !ok {
		return err
	}
	if e.Position == 0 {
		e.At(syntax.CharOffset(r.source, int(loc)))
	} else if e.Position > 0 {
		e.At(syntax.CharOffset(r.source, e.Position-1))
	}
	return located{e}
}

// located marks a refusal whose position is final, so that it is not converted twice.
type located struct{ refusal *refusal.Error }

func (l located) Error() string { return l.refusal.Error() }
func (l located) Unwrap() error { return l.refusal }

func (r *resolver) rule(name string) {
	for _, n := range r.rules {
		if n == name {
			return
		}
	}
	r.rules = append(r.rules, name)
}

func (r *resolver) alias(prefix string) string {
	r.aliases++
	return fmt.Sprintf("%s%d", prefix, r.aliases)
}

func (r *resolver) enter(loc int32) error {
	if r.depth++; r.depth > maxDepth {
		return r.fail(refusal.StatementTooComplex, loc, "the query is nested deeper than %d levels", maxDepth)
	}
	return nil
}

func (r *resolver) leave() { r.depth-- }

// builder gives the rules for expressions over rows of a property.
func builder(p Property) *expr.Builder {
	if p == Protected {
		return &expr.Builder{Mode: expr.Private}
	}
	return &expr.Builder{Mode: expr.Public}
}

// builder gives the rules for expressions of a block, where more than its own rows decide: from it columns of private rows
// outside may be seen; and a public block that is not the statement's own may become part of a measurement, where whether
// the engine evaluates it at all depends on private rows. Both must be total.
func (r *resolver) builder(p Property, sc *scope, nested bool) *expr.Builder {
	if r.set.Design || sc.underPrivate() || p == Public && nested && r.private {
		return builder(Protected)
	}
	return builder(p)
}

// readsPrivate tells that a tree names a private table (or something of the same name, which does no harm).
func (r *resolver) readsPrivate(n *syntax.Node) bool {
	found := false
	walkTree(n, func(n *syntax.Node) bool {
		if v := n.GetRangeVar(); v != nil {
			if t, ok := r.ds.Table(v.Relname); ok && !t.Public {
				found = true
			}
			if view, ok := r.ds.DeclaredView(v.Relname); ok && !view.Table.Public {
				found = true
			}
		}
		return !found
	})
	return found
}

// text is an expression's canonical form; two expressions are the same if their texts are.
func text(e expr.Expr) string { return expr.Text(e, expr.PostgreSQL) }

// env holds the WITH queries that are visible.
type env struct {
	parent *env
	name   string
	cte    *syntax.CommonTableExpr
}

func (e *env) find(name string) *env {
	for ; e != nil; e = e.parent {
		if e.name == name {
			return e
		}
	}
	return nil
}

// with adds a WITH clause's queries to an environment; each is resolved where it is used.
func (r *resolver) with(w *syntax.WithClause, e *env) (*env, error) {
	if w == nil {
		return e, nil
	}
	seen := map[string]bool{}
	for _, n := range w.Ctes {
		c := n.GetCommonTableExpr()
		switch {
		case w.Recursive && mentions(c.Ctequery, c.Ctename):
			return nil, r.fail(refusal.NotSupported, c.Location, "recursive queries are not supported").
				WithHint("Use generate_series for a row of numbers or dates, and window functions within a unit for chains of its rows.")
		case c.Ctequery.GetSelectStmt() == nil:
			return nil, r.fail(refusal.InsufficientPrivilege, c.Location, "dpproxy answers queries and never writes")
		case seen[c.Ctename]:
			return nil, r.fail(refusal.DuplicateAlias, c.Location, "WITH query name %q specified more than once", c.Ctename)
		}
		seen[c.Ctename] = true
		e = &env{parent: e, name: c.Ctename, cte: c}
	}
	return e, nil
}

// mentions tells whether a tree reads an unqualified table of that name.
func mentions(n *syntax.Node, name string) bool {
	found := false
	walkTree(n, func(n *syntax.Node) bool {
		if v := n.GetRangeVar(); v != nil && v.Schemaname == "" && v.Relname == name {
			found = true
		}
		return !found
	})
	return found
}

// selectBlock resolves any SELECT: set operations, VALUES, or one block.
func (r *resolver) selectBlock(s *syntax.SelectStmt, outer *scope, e *env) (*query, error) {
	if err := r.enter(0); err != nil {
		return nil, err
	}
	defer r.leave()
	e, err := r.with(s.WithClause, e)
	if err != nil {
		return nil, err
	}
	switch {
	case len(s.LockingClause) > 0:
		return nil, r.fail(refusal.NotSupported, -1, "FOR UPDATE and FOR SHARE are not supported").WithHint("Leave it out: nothing is ever written.")
	case s.IntoClause != nil:
		return nil, r.fail(refusal.InsufficientPrivilege, -1, "SELECT INTO writes, and dpproxy never writes")
	case s.LimitOption == syntax.LIMIT_OPTION_WITH_TIES && len(s.SortClause) == 0:
		return nil, r.fail(refusal.SyntaxError, -1, "WITH TIES cannot be specified without ORDER BY clause")
	case s.LimitOption == syntax.LIMIT_OPTION_WITH_TIES && (s.LimitOffset != nil || s.Op != syntax.SETOP_NONE || len(s.ValuesLists) > 0 || len(s.DistinctClause) > 0):
		return nil, r.fail(refusal.NotSupported, -1, "FETCH … WITH TIES is not supported with OFFSET, DISTINCT and set operations").WithHint("Use LIMIT.")
	case s.Op != syntax.SETOP_NONE:
		return r.setOperation(s, outer, e)
	case len(s.ValuesLists) > 0:
		return r.valuesList(s, outer, e)
	}
	return r.block(s, outer, e)
}
