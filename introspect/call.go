package introspect

import (
	"strings"

	"github.com/dpproxy/dpproxy/refusal"
	"github.com/dpproxy/dpproxy/rewrite/syntax"
)

// function is one entry of the closed list: what a client may call, and what the engine is given for it.
type function struct {
	// args are the types that parameters and strings take in each place; the last one repeats if variadic.
	args     []sqlType
	min      int // arguments that must be given
	variadic bool
	// ret is the result's type: a type, "1" that of the first argument, "1t" text where that is a name or varchar, "1[]" its
	// array, "1e" its element.
	ret sqlType
	// emit makes the engine's call; nil keeps the call under the engine's name engine.
	emit   func(c *compiler, args []*syntax.Node, types []sqlType) (*syntax.Node, error)
	engine string
	// aggregate functions may have DISTINCT, ORDER BY, FILTER and OVER; window functions must have OVER.
	aggregate bool
	// lookup says that the function reads the catalog, so that a statement without FROM that calls it is a catalog one.
	lookup bool
}

// find looks a function up by its name as written; nil is one that is not on the list.
func findFunction(parts []string) *function {
	name := parts[len(parts)-1]
	switch {
	case len(parts) == 1, len(parts) == 2 && parts[0] == "pg_catalog":
		if name == "_pg_expandarray" {
			return nil
		}
	case len(parts) == 2 && parts[0] == "information_schema":
		if !strings.HasPrefix(name, "_pg_") {
			return nil
		}
	default:
		return nil
	}
	f, ok := functions[name]
	if !ok {
		return nil
	}
	return &f
}

// call compiles a function call.
func (c *compiler) call(n *syntax.Node, f *syntax.FuncCall, sc *scope) (sqlType, error) {
	parts := names(f.Funcname)
	if len(parts) == 0 {
		return "", unsupported("function call")
	}
	entry := findFunction(parts)
	if entry == nil {
		return "", unsupported("function %s", strings.Join(parts, "."))
	}
	if err := c.checkCall(parts, f, entry); err != nil {
		return "", err
	}
	if name := parts[len(parts)-1]; strings.HasPrefix(name, "_pg_truetyp") {
		return c.trueType(n, f, name, sc)
	}
	types, err := c.arguments(f, entry, sc)
	if err != nil {
		return "", err
	}
	result := resultType(entry.ret, types)
	if entry.emit != nil {
		made, err := entry.emit(c, f.Args, types)
		if err != nil {
			return "", err
		}
		n.Node = made.Node
		return result, nil
	}
	f.Funcname, f.Funcformat = []*syntax.Node{str(entry.engine)}, 1
	if err := c.aggregateParts(f, sc); err != nil {
		return "", err
	}
	if strings.HasPrefix(entry.engine, "json_group_") {
		n.Node = cast(clone(n), "text").Node
	}
	if entry.engine == "sum" && result != "float8" {
		n.Node = cast(clone(n), "int8").Node
	}
	return result, nil
}

func (c *compiler) checkCall(parts []string, f *syntax.FuncCall, entry *function) error {
	name := parts[len(parts)-1]
	switch {
	case !entry.aggregate && (f.AggDistinct || f.AggFilter != nil || f.Over != nil || len(f.AggOrder) > 0 || f.AggStar),
		f.FuncVariadic, f.AggWithinGroup:
		return unsupported("call of %s", name)
	case !f.AggStar && (len(f.Args) < entry.min || len(f.Args) > len(entry.args) && !entry.variadic):
		return refusal.New(refusal.UndefinedFunction, "function %s with %d arguments does not exist", name, len(f.Args)).At(int(f.Location))
	}
	return nil
}

func (c *compiler) arguments(f *syntax.FuncCall, entry *function, sc *scope) ([]sqlType, error) {
	types := make([]sqlType, len(f.Args))
	for i, a := range f.Args {
		hint := sqlType("")
		if len(entry.args) > 0 {
			hint = entry.args[min(i, len(entry.args)-1)]
		}
		if a.GetNamedArgExpr() != nil {
			return nil, unsupported("named argument")
		}
		t, err := c.expr(a, sc, hint)
		if err != nil {
			return nil, err
		}
		if hint == "text" && t.isReg() {
			printed, _ := c.printed(clone(a), t)
			a.Node, t = printed.Node, "text"
		}
		if hint.element() != "" || strings.HasPrefix(string(entry.ret), "1e") {
			c.arrayConstant(a, hint)
		}
		types[i] = t
	}
	return types, nil
}

func (c *compiler) aggregateParts(f *syntax.FuncCall, sc *scope) error {
	for _, s := range f.AggOrder {
		if _, err := c.expr(s.GetSortBy().GetNode(), sc, ""); err != nil {
			return err
		}
	}
	if err := c.condition(f.AggFilter, sc); err != nil {
		return err
	}
	return c.window(f.Over, sc)
}

func resultType(ret sqlType, types []sqlType) sqlType {
	if len(ret) == 0 || ret[0] != '1' {
		return ret
	}
	if len(types) == 0 {
		return ""
	}
	switch ret {
	case "1[]":
		return types[0].array()
	case "1e":
		return types[0].element()
	}
	if t := types[0].base(); types[0] == unknownType || ret == "1t" && (t == "name" || t == "varchar" || t == "char") {
		return "text"
	}
	return types[0]
}

// functionRows compiles a function in FROM: the columns that it makes, and the select list that makes them. from is set
// where the function is a table.
func (c *compiler) functionRows(n *syntax.Node, name string, sc *scope) (cols []col, targets, from []*syntax.Node, err error) {
	call := n.GetFuncCall()
	parts := names(call.GetFuncname())
	switch {
	case len(parts) == 0:
	case parts[len(parts)-1] == "unnest" && len(parts) <= 2 && len(call.Args) > 0 && findFunction(parts) != nil:
		for _, a := range call.Args {
			t, err := c.expr(a, sc, "_text")
			if err != nil {
				return nil, nil, nil, err
			}
			c.arrayConstant(a, "_text")
			cols = append(cols, col{name, t.element()})
			targets = append(targets, target(fn("unnest", a), "")) // the engine fills shorter ones with NULL too
		}
		return cols, targets, nil, nil
	case parts[len(parts)-1] == "_pg_expandarray" && len(call.Args) == 1 && findFunction(parts) != nil:
		t, err := c.expr(call.Args[0], sc, "_int2")
		if err != nil {
			return nil, nil, nil, err
		}
		item := func(field string) *syntax.Node {
			return fn("struct_extract", fn("dp_pairs", call.Args[0]), textConst(field))
		}
		return []col{{"x", t.element()}, {"n", "int4"}}, []*syntax.Node{target(item("x"), ""), target(item("n"), "")}, nil, nil
	case tableFunctions[parts[len(parts)-1]] != "" && len(call.Args) == 0 && findFunction(parts) != nil:
		return c.tableFunction(c.static.catalog[tableFunctions[parts[len(parts)-1]]])
	case staticFunctions[parts[len(parts)-1]] && findFunction(parts) != nil:
		cols, targets, from = c.staticRows(parts[len(parts)-1])
		return cols, targets, from, nil
	}
	t, err := c.expr(n, sc, "")
	if err != nil {
		return nil, nil, nil, err
	}
	if cols = c.recordFields(t); cols != nil {
		for i, cl := range cols {
			targets = append(targets, target(recordField(clone(n), i, cl.typ), ""))
		}
		return cols, targets, nil, nil
	}
	return []col{{name, t}}, []*syntax.Node{target(clone(n), "")}, nil, nil
}

// ordinality adds the row's number to what a function in FROM returns. Rows of unnest are numbered beside it; those of
// others one level up, since the engine numbers before it expands sets.
func ordinality(targets, from []*syntax.Node) (outer, source []*syntax.Node) {
	if call := targets[0].GetResTarget().GetVal().GetFuncCall(); call != nil && names(call.Funcname)[0] == "unnest" {
		longest := &syntax.Node{Node: &syntax.Node_MinMaxExpr{MinMaxExpr: &syntax.MinMaxExpr{Op: syntax.IS_GREATEST}}}
		for _, t := range targets {
			longest.GetMinMaxExpr().Args = append(longest.GetMinMaxExpr().Args, fn("len", t.GetResTarget().Val.GetFuncCall().Args[0]))
		}
		return append(targets, target(fn("dp_numbers", longest), "")), from
	}
	for i, t := range targets {
		name := "c" + formatInt(int64(i))
		t.GetResTarget().Name = name
		outer = append(outer, target(colRef("rows", name), ""))
	}
	number := &syntax.FuncCall{Funcname: []*syntax.Node{str("row_number")}, Over: &syntax.WindowDef{FrameOptions: defaultFrame}, Funcformat: 1}
	outer = append(outer, target(&syntax.Node{Node: &syntax.Node_FuncCall{FuncCall: number}}, ""))
	sub := subselect(selectOf(targets, from), &syntax.Alias{Aliasname: "rows"})
	return outer, []*syntax.Node{{Node: sub}}
}

func selectOf(targets, from []*syntax.Node) *syntax.Node {
	return &syntax.Node{Node: &syntax.Node_SelectStmt{SelectStmt: &syntax.SelectStmt{TargetList: targets, FromClause: from,
		LimitOption: syntax.LIMIT_OPTION_DEFAULT, Op: syntax.SETOP_NONE}}}
}

// defaultFrame is the grammar's number for a window without a frame clause.
const defaultFrame = 1058
