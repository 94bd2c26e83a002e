package rewrite

import (
	"strings"

	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/refusal"
	"github.com/dpproxy/dpproxy/rewrite/expr"
	"github.com/dpproxy/dpproxy/rewrite/syntax"
)

// jsonCall builds a JSON value of published values: json_build_object, json_build_array and their jsonb forms. DuckDB writes
// other blanks than PostgreSQL, so that there it is put together as text.
type jsonCall struct {
	fn   string
	args []expr.Expr
	typ  catalog.Type
}

func (j jsonCall) Type() catalog.Type    { return j.typ }
func (j jsonCall) Domain() expr.Domain   { return expr.Domain{} }
func (j jsonCall) Children() []expr.Expr { return j.args }

// WithChildren rebuilds the call over other operands.
func (j jsonCall) WithChildren(children []expr.Expr) expr.Expr {
	j.args = children
	return j
}

func (j jsonCall) Print(p *expr.Printer) {
	if p.Dialect != expr.DuckDB {
		p.WriteString(j.fn + "(")
		printList(p, j.args)
		p.WriteByte(')')
		return
	}
	open, end := "[", "]"
	object := strings.HasSuffix(j.fn, "object")
	if object {
		open, end = "{", "}"
	}
	p.WriteString("CAST('" + open + "'")
	for i, a := range j.args {
		switch {
		case object && i%2 == 1 && j.typ.Kind == catalog.JSON:
			p.WriteString(" || ' : '")
		case object && i%2 == 1:
			p.WriteString(" || ': '")
		case i > 0:
			p.WriteString(" || ', '")
		}
		p.WriteString(" || ")
		printDuckJSON(p, a, object && i%2 == 0)
	}
	p.WriteString(" || '" + end + "' AS JSON)")
}

// printDuckJSON prints one value as JSON text; a key is always text.
func printDuckJSON(p *expr.Printer, e expr.Expr, key bool) {
	if e.Type().Kind == catalog.JSON || e.Type().Kind == catalog.JSONB {
		p.WriteString("coalesce(CAST(")
		p.Expr(e)
		p.WriteString(" AS VARCHAR), 'null')")
		return
	}
	text := key || e.Type().IsDateTime()
	p.WriteString("coalesce(CAST(to_json(")
	if text {
		p.WriteString("CAST(")
	}
	p.Expr(e)
	if text {
		p.WriteString(" AS VARCHAR)")
	}
	p.WriteString(") AS VARCHAR), 'null')")
}

// printDuckJSON prints json_agg for DuckDB.
func (a aggregateCall) printDuckJSON(p *expr.Printer) {
	p.WriteString("CAST('[' || string_agg(")
	if a.distinct {
		p.WriteString("DISTINCT ")
	}
	printDuckJSON(p, a.args[0], false)
	p.WriteString(", ', '")
	if len(a.order) > 0 {
		p.WriteString(" ORDER BY ")
		printOrder(p, a.order)
	}
	p.WriteByte(')')
	printFilter(p, a.filter)
	p.WriteString(" || ']' AS JSON)")
}

// textBuilder resolves the functions of this file and format(), which is concat with its pattern taken apart.
func (c *exprContext) textBuilder(f *syntax.FuncCall, name string) (expr.Expr, bool, error) {
	switch name {
	case "json_build_object", "jsonb_build_object", "json_build_array", "jsonb_build_array", "format":
	default:
		return nil, false, nil
	}
	if c.b.Mode == expr.Private {
		return nil, true, c.fail(refusal.NotSupported, f.Location, "function %s cannot be used over private rows", name).
			WithHint("Use it over the released values.")
	}
	args, err := c.all(f.Args)
	if err != nil {
		return nil, true, err
	}
	for i := range args {
		if args[i], err = c.r.known(c.b, args[i], f.Location); err != nil {
			return nil, true, err
		}
		if args[i].Type().Array {
			return nil, true, c.fail(refusal.NotSupported, f.Location, "arrays are not supported in function %s", name)
		}
	}
	if name == "format" {
		e, err := c.format(args, f.Location)
		return e, true, err
	}
	if strings.HasSuffix(name, "object") && len(args)%2 != 0 {
		return nil, true, c.fail(refusal.InvalidParameterValue, f.Location, "argument list must have even number of elements")
	}
	j := jsonCall{fn: name, args: args, typ: catalog.Of(catalog.JSON)}
	if strings.HasPrefix(name, "jsonb") {
		j.typ = catalog.Of(catalog.JSONB)
	}
	return j, true, nil
}

// format resolves format('… %s …', a, b) with a constant pattern of %s and %%.
func (c *exprContext) format(args []expr.Expr, loc int32) (expr.Expr, error) {
	refuse := c.fail(refusal.NotSupported, loc, "function format is supported with a constant pattern of %%s and %%%% only")
	if len(args) == 0 {
		return nil, c.fail(refusal.UndefinedFunction, loc, "function format() does not exist")
	}
	pattern, ok := expr.Fold(args[0])
	if !ok {
		return nil, refuse
	}
	if pattern.Null {
		return pattern, nil
	}
	literal := func(s string) expr.Expr {
		return expr.Const{Typ: catalog.Of(catalog.Text), Text: s, Pos: -1}
	}
	parts, next := []expr.Expr{literal("")}, 1
	for rest := pattern.Text; rest != ""; {
		text, after, found := strings.Cut(rest, "%")
		parts = append(parts, literal(text))
		if !found {
			break
		}
		switch {
		case strings.HasPrefix(after, "%"):
			parts = append(parts, literal("%"))
		case strings.HasPrefix(after, "s") && next < len(args):
			parts = append(parts, args[next])
			next++
		case strings.HasPrefix(after, "s"):
			return nil, c.fail(refusal.InvalidParameterValue, loc, "too few arguments for format()")
		default:
			return nil, refuse
		}
		rest = after[1:]
	}
	out, err := c.b.Call("concat", parts, int(loc))
	return c.done(out, err, loc)
}
