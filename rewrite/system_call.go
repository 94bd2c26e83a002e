package rewrite

import (
	"strconv"
	"strings"

	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/mechanism"
	"github.com/dpproxy/dpproxy/refusal"
	"github.com/dpproxy/dpproxy/rewrite/expr"
	"github.com/dpproxy/dpproxy/rewrite/syntax"
)

// SystemCall is a function of schema dp in FROM: dp.estimate('SELECT …'), dp.replay(17). Its rows are the caller's, like
// those of the tables of schema dp; nothing of it reaches the source.
type SystemCall struct {
	Name    string // "dp.estimate"
	Input   string // the name of the input that Post.SQL reads
	Args    []mechanism.Cell
	Columns []Column
}

// SystemFunctions are the functions of schema dp that may stand in FROM, with the types of their arguments.
func SystemFunctions() map[string][]catalog.Type {
	return map[string][]catalog.Type{
		"dp.estimate": {catalog.Of(catalog.Text)},
		"dp.replay":   {catalog.Of(catalog.Int8)},
	}
}

// systemFunction resolves a function of schema dp over constants.
func (r *resolver) systemFunction(f *syntax.RangeFunction, call *syntax.FuncCall, name string) (from, fromColumns, error) {
	none := fromColumns{}
	types, ok := SystemFunctions()[name]
	if !ok || r.set.System == nil {
		return nil, none, r.fail(refusal.UndefinedFunction, call.Location, "function %s does not exist", name).
			WithHint("Schema dp has the functions dp.estimate('SELECT …') and dp.replay(id).")
	}
	if len(call.Args) != len(types) {
		return nil, none, r.fail(refusal.UndefinedFunction, call.Location, "function %s takes %d argument", name, len(types))
	}
	ctx := &exprContext{r: r, sc: &scope{}, b: builder(Public), clause: "functions in FROM"}
	out := SystemCall{Name: name, Input: strings.ReplaceAll(name, ".", "_") + "_" + strconv.Itoa(len(r.systemCalls)+1)}
	for i, n := range call.Args {
		e, err := ctx.resolve(n)
		if err == nil {
			e, err = ctx.b.Coerce(e, types[i], int(call.Location))
		}
		if err != nil {
			_, err := ctx.done(nil, err, call.Location)
			return nil, none, err
		}
		k, ok := expr.Fold(e)
		if !ok || k.Null && !r.describing {
			return nil, none, r.fail(refusal.NotSupported, call.Location, "%s takes constants", name)
		}
		out.Args = append(out.Args, mechanism.Cell{Text: k.Text, Null: k.Null})
	}
	var err error
	if out.Columns, err = r.set.System(name, out.Args); err != nil {
		return nil, none, r.at(err, call.Location)
	}
	r.volatile = true // its rows are of the moment
	r.systemCalls = append(r.systemCalls, out)
	s := &systemRef{table: SystemTable{Name: name, Input: out.Input, Columns: out.Columns}, alias: r.alias("s")}
	var cols []scopeColumn
	for _, c := range out.Columns {
		cols = append(cols, scopeColumn{name: c.Name, e: expr.Column{Alias: s.alias, Name: c.Name, Typ: c.Type, Dom: expr.Domain{Nullable: true}}})
	}
	alias := strings.TrimPrefix(name, "dp.")
	if f.Alias != nil {
		alias = f.Alias.Aliasname
	}
	columns, err := r.rename(cols, alias, columnNames(f.Alias), -1)
	return s, columns, err
}
