package introspect

import (
	"fmt"
	"strconv"
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/refusal"
	"github.com/dpproxy/dpproxy/rewrite/syntax"
)

// plan is a statement in the engine's dialect.
type plan struct {
	sql     string
	columns []Column
	types   []sqlType // of the columns; "" until the engine was asked
	params  []catalog.Type
	used    []int // the parameters that the text holds, in the order of its own numbers, from 0
	// perSession says that the text holds what belongs to one session (a setting, its process id).
	perSession bool
	acts       []act
}

// bind turns parameters into what the engine takes: text, which its casts read.
func (p *plan) bind(params []Param) ([]any, error) {
	if len(params) < len(p.params) {
		return nil, refusal.New(refusal.ProtocolViolation, "bind message supplies %d parameters, but prepared statement requires %d",
			len(params), len(p.params))
	}
	args := make([]any, len(p.used))
	for i, n := range p.used {
		switch {
		case params[n].Cell.Null:
			args[i] = nil
		case p.params[n].Array:
			args[i] = engineList(parseArray(params[n].Cell.Text))
		default:
			args[i] = params[n].Cell.Text
		}
	}
	return args, nil
}

// renumber numbers the parameters that are left in a tree from 1 without gaps: compiling drops arguments of functions
// whose answer does not depend on them.
func renumber(root *syntax.Node) []int {
	var used []int
	numbers := map[int32]int32{}
	walk(root.ProtoReflect(), func(m protoreflect.Message) {
		p, ok := m.Interface().(*syntax.ParamRef)
		if !ok {
			return
		}
		if numbers[p.Number] == 0 {
			used = append(used, int(p.Number)-1)
			numbers[p.Number] = int32(len(used))
		}
	})
	done := map[*syntax.ParamRef]bool{} // a node may hang in the tree twice
	walk(root.ProtoReflect(), func(m protoreflect.Message) {
		if p, ok := m.Interface().(*syntax.ParamRef); ok && !done[p] {
			done[p] = true
			p.Number = numbers[p.Number]
		}
	})
	return used
}

// engineList prints a list as the engine's cast from text reads it.
func engineList(items []string) string {
	quoted := make([]string, len(items))
	for i, item := range items {
		if item == null {
			quoted[i] = "NULL"
			continue
		}
		quoted[i] = `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(item) + `"`
	}
	return "[" + strings.Join(quoted, ", ") + "]"
}

// compiler turns one statement. It changes the syntax tree in place, and finds the type of each expression as it goes.
type compiler struct {
	static *static
	snap   *snapshot
	view   View
	given  []catalog.Type
	params map[int]sqlType
	count  int // the highest parameter's number
	depth  int

	perSession bool
	acts       []act
}

// maxDepth bounds the nesting of expressions and sub-queries, and so the Go stack.
const maxDepth = 500

func (c *compiler) enter() error {
	if c.depth++; c.depth > maxDepth {
		return refusal.New(refusal.StatementTooComplex, "this catalog query is nested too deeply")
	}
	return nil
}

// engineWords are words that the engine keeps for itself, and PostgreSQL does not.
var engineWords = wordSet("anti asof at by describe glob lambda pivot pivot_longer pivot_wider positional qualify semi show summarize unpack unpivot")

func compile(st *static, snap *snapshot, v View, sql string, given []catalog.Type) (*plan, error) {
	stmts, err := syntax.Parse(sql)
	if err != nil {
		return nil, err
	}
	if len(stmts) != 1 || stmts[0].Stmt.GetSelectStmt() == nil {
		return nil, unsupported("not a single SELECT")
	}
	c := &compiler{static: st, snap: snap, view: v, given: given, params: map[int]sqlType{}}
	columns, err := c.selectStmt(stmts[0].Stmt.GetSelectStmt(), nil)
	if err != nil {
		return nil, inCharacters(sql, err)
	}
	if err := c.placeActs(stmts[0].Stmt.GetSelectStmt()); err != nil {
		return nil, err
	}
	used := renumber(stmts[0].Stmt)
	text, err := syntax.Deparse(stmts[0].Stmt)
	if err != nil {
		return nil, fmt.Errorf("deparse: %w", err)
	}
	if text, err = syntax.QuoteWords(text, engineWords); err != nil {
		return nil, err
	}
	p := &plan{sql: text, used: used, perSession: c.perSession, acts: c.acts}
	for _, col := range columns {
		t := col.typ
		if t == unknownType {
			t = "text"
		}
		p.types = append(p.types, t)
		p.columns = append(p.columns, Column{Name: col.name, Type: t.wire()})
	}
	for _, a := range p.acts {
		p.types[a.column] = "text" // what the engine gives is the function's argument
	}
	for i := 1; i <= c.count; i++ {
		p.params = append(p.params, c.paramType(i))
	}
	return p, nil
}

// paramType is what a client is told of parameter n: what it said itself, else what the statement needs.
func (c *compiler) paramType(n int) catalog.Type {
	if n <= len(c.given) && c.given[n-1].Kind != catalog.Unknown {
		return c.given[n-1]
	}
	t, ok := c.params[n]
	if !ok || t == "" || t == unknownType {
		t = "text"
	}
	return t.wire()
}

const notSupported = "this catalog query is not supported"

// gap is something that this package does not know. The operator's log shows it; the client sees notSupported alone.
type gap string

func (g gap) Error() string { return string(g) }

// unsupported refuses whatever this package does not know; the reason is made of the query alone.
func unsupported(format string, args ...any) error {
	return gap(fmt.Sprintf(format, args...))
}

// inCharacters turns a refusal's position from bytes into characters.
func inCharacters(sql string, err error) error {
	if r, ok := refusal.As(err); ok && r.Position > 0 {
		moved := *r
		moved.Position = syntax.CharOffset(sql, r.Position-1) + 1
		return &moved
	}
	return err
}

// scope is what names mean at one place of a statement.
type scope struct {
	parent *scope
	items  []*item
	ctes   map[string][]col
	// pending is the name and the column aliases of the recursive CTE whose first arm is being compiled.
	pending *syntax.CommonTableExpr
	using   []string // columns that USING or NATURAL merges
}

// item is one thing in FROM.
type item struct {
	alias string
	cols  []col
	rel   *relation // the catalog's relation, for its system columns
}

type col struct {
	name string
	typ  sqlType
}

// cte finds a WITH query by name.
func (s *scope) cte(name string) ([]col, bool) {
	for ; s != nil; s = s.parent {
		if cols, ok := s.ctes[name]; ok {
			return cols, true
		}
	}
	return nil, false
}

// systemColumns of the catalogs, and the values that stand for them.
var systemColumns = map[string]sqlType{"xmin": "xid", "xmax": "xid", "cmin": "cid", "cmax": "cid", "ctid": "tid", "tableoid": "oid"}

// lookup finds a column, in this scope or around it. system is the relation whose system column it is.
func (s *scope) lookup(alias, name string) (t sqlType, system *relation, ok bool) {
	for ; s != nil; s = s.parent {
		for _, it := range s.items {
			if alias != "" && it.alias != alias {
				continue
			}
			for _, c := range it.cols {
				if c.name == name {
					return c.typ, nil, true
				}
			}
			if st, sys := systemColumns[name]; sys && it.rel != nil {
				return st, it.rel, true
			}
		}
	}
	return "", nil, false
}

// item finds something in FROM by its alias.
func (s *scope) item(alias string) *item {
	for ; s != nil; s = s.parent {
		for _, it := range s.items {
			if it.alias == alias {
				return it
			}
		}
	}
	return nil
}

// column compiles a reference to a column.
func (c *compiler) column(n *syntax.Node, ref *syntax.ColumnRef, sc *scope) (sqlType, error) {
	parts := names(ref.Fields)
	if len(parts) != len(ref.Fields) || len(parts) == 0 || len(parts) > 4 {
		return "", unsupported("row reference")
	}
	if len(parts) > 2 { // schema.table.column: tables are named without their schema inside the engine
		parts = parts[len(parts)-2:]
		ref.Fields = ref.Fields[len(ref.Fields)-2:]
	}
	alias, name := "", parts[len(parts)-1]
	if len(parts) == 2 {
		alias = parts[0]
	}
	t, system, ok := sc.lookup(alias, name)
	switch {
	case !ok && alias == "" && sc.item(name) != nil:
		return "", unsupported("whole-row reference %s", name)
	case !ok && alias != "" && sc.item(alias) == nil:
		return "", refusal.New(refusal.UndefinedTable, "missing FROM-clause entry for table \"%s\"", alias).At(int(ref.Location))
	case !ok:
		return "", refusal.New(refusal.UndefinedColumn, "column %s does not exist", quotedColumn(alias, name)).At(int(ref.Location))
	case system != nil:
		n.Node = systemValue(name, system).Node
	}
	return t, nil
}

func quotedColumn(alias, name string) string {
	if alias != "" {
		return alias + "." + name
	}
	return strconv.Quote(name)
}

func systemValue(name string, r *relation) *syntax.Node {
	switch name {
	case "tableoid":
		return intConst(int64(r.oid))
	case "ctid":
		return textConst("(0,1)")
	}
	return cast(textConst("1"), "int8")
}
