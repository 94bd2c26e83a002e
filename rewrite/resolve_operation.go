package rewrite

import (
	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/refusal"
	"github.com/dpproxy/dpproxy/rewrite/expr"
	"github.com/dpproxy/dpproxy/rewrite/syntax"
)

// operation resolves the operators that the grammar folds into one node.
func (c *exprContext) operation(v *syntax.A_Expr) (expr.Expr, error) {
	loc := v.Location
	switch v.Kind {
	case syntax.AEXPR_OP:
		return c.plainOperator(v)
	case syntax.AEXPR_OP_ANY, syntax.AEXPR_OP_ALL:
		return c.anyAll(v)
	case syntax.AEXPR_DISTINCT, syntax.AEXPR_NOT_DISTINCT, syntax.AEXPR_NULLIF:
		l, r, err := c.two(v.Lexpr, v.Rexpr)
		if err != nil {
			return nil, err
		}
		if v.Kind == syntax.AEXPR_NULLIF {
			out, err := c.b.NullIf(l, r, int(loc))
			return c.done(out, err, loc)
		}
		out, err := c.b.IsDistinct(l, r, v.Kind == syntax.AEXPR_NOT_DISTINCT, int(loc))
		return c.done(out, err, loc)
	case syntax.AEXPR_IN:
		if row := v.Lexpr.GetRowExpr(); row != nil {
			return c.rowIn(row, v)
		}
		e, err := c.resolve(v.Lexpr)
		if err != nil {
			return nil, err
		}
		list, err := c.all(v.Rexpr.GetList().GetItems())
		if err != nil {
			return nil, err
		}
		for i := range list {
			list[i] = plainInteger(list[i])
		}
		out, err := c.b.In(e, list, operator(v.Name) == "<>", int(loc))
		return c.done(out, err, loc)
	case syntax.AEXPR_BETWEEN, syntax.AEXPR_NOT_BETWEEN, syntax.AEXPR_BETWEEN_SYM, syntax.AEXPR_NOT_BETWEEN_SYM:
		return c.between(v)
	case syntax.AEXPR_LIKE, syntax.AEXPR_ILIKE, syntax.AEXPR_SIMILAR:
		return c.like(v)
	}
	return nil, c.fail(refusal.NotSupported, loc, "this kind of operator is not supported")
}

func (c *exprContext) two(ln, rn *syntax.Node) (l, r expr.Expr, err error) {
	if l, err = c.resolve(ln); err != nil {
		return nil, nil, err
	}
	r, err = c.resolve(rn)
	return l, r, err
}

func (c *exprContext) plainOperator(v *syntax.A_Expr) (expr.Expr, error) {
	loc := v.Location
	for _, n := range v.Name[:len(v.Name)-1] {
		if s := n.GetString_().GetSval(); s != "pg_catalog" {
			return nil, c.fail(refusal.UndefinedFunction, loc, "operator does not exist in schema %q", s)
		}
	}
	op := operator(v.Name)
	if lr, rr := v.Lexpr.GetRowExpr(), v.Rexpr.GetRowExpr(); lr != nil || rr != nil {
		return c.rows(op, lr, rr, loc)
	}
	if v.Lexpr == nil {
		r, err := c.resolve(v.Rexpr)
		if err != nil {
			return nil, err
		}
		if k, ok := r.(expr.Const); ok && op == "-" && !k.Null && isNumber(k.Typ) {
			// -2147483648 is an int4 although 2147483648 is not: fold the sign, as the grammar does not.
			if folded, ok := negative(k, int(loc)); ok {
				return folded, nil
			}
		}
		out, err := c.b.Op(op, nil, r, int(loc))
		return c.done(out, err, loc)
	}
	l, r, err := c.two(v.Lexpr, v.Rexpr)
	if err != nil {
		return nil, err
	}
	if op == "^@" {
		out, err := c.b.Call("starts_with", []expr.Expr{l, r}, int(loc))
		return c.done(out, err, loc)
	}
	if (op == "/" || op == "%") && c.group != nil && c.group.draft != nil {
		// A noisy count can be 0 where no true one is: the analyst gets NULL, not an error.
		if k, ok := r.(expr.Const); !ok || k.Null {
			zero, err := c.b.NullIf(r, expr.Const{Typ: catalog.Of(catalog.Int4), Text: "0", Pos: -1}, int(loc))
			if err != nil {
				return c.done(nil, err, loc)
			}
			r = zero
		}
	}
	if turned(op) != "" {
		l, r = plainInteger(l), plainInteger(r)
	}
	out, err := c.b.Op(op, l, r, int(loc))
	return c.done(out, err, loc)
}

func isNumber(t catalog.Type) bool {
	switch t.Kind {
	case catalog.Int2, catalog.Int4, catalog.Int8, catalog.Numeric:
		return !t.Array
	}
	return false
}

func negative(k expr.Const, pos int) (expr.Expr, bool) {
	if len(k.Text) == 0 || k.Text[0] == '-' || k.Text[0] == 'N' || k.Text[0] == 'I' {
		return nil, false
	}
	k.Pos = pos
	if k.Text != "0" {
		k.Text = "-" + k.Text
	}
	if k.Typ.Kind == catalog.Int8 && k.Text == "-2147483648" {
		k.Typ = catalog.Of(catalog.Int4)
	}
	return k, true
}

// rows compares (a, b) = (c, d) column by column, and (a, b) < (c, d) as a < c OR a = c AND b < d, which is NULL where
// PostgreSQL's is.
func (c *exprContext) rows(op string, l, r *syntax.RowExpr, loc int32) (expr.Expr, error) {
	strict, ordered := map[string]string{"<": "<", "<=": "<", ">": ">", ">=": ">"}[op]
	switch {
	case l == nil || r == nil || op != "=" && op != "<>" && !ordered:
		return nil, c.fail(refusal.NotSupported, loc, "this comparison of rows is not supported")
	case len(l.Args) != len(r.Args):
		return nil, c.fail(refusal.SyntaxError, loc, "unequal number of entries in row expressions")
	}
	var terms, equal []expr.Expr
	for i := range l.Args {
		a, b, err := c.two(l.Args[i], r.Args[i])
		if err != nil {
			return nil, err
		}
		by := op
		if ordered && i < len(l.Args)-1 {
			by = strict
		}
		t, err := c.b.Op(by, a, b, int(loc))
		if err == nil && ordered {
			var same expr.Expr
			if same, err = c.b.Op("=", a, b, int(loc)); err == nil && len(equal) > 0 {
				t, err = c.b.And(append(append([]expr.Expr{}, equal...), t), int(loc))
			}
			equal = append(equal, same)
		}
		if err != nil {
			return c.done(nil, err, loc)
		}
		terms = append(terms, t)
	}
	if len(terms) == 1 {
		return terms[0], nil
	}
	if op == "=" {
		out, err := c.b.And(terms, int(loc))
		return c.done(out, err, loc)
	}
	out, err := c.b.Or(terms, int(loc))
	return c.done(out, err, loc)
}

// rowIn resolves (a, b) IN ((1, 2), (3, 4)) as an OR of comparisons.
func (c *exprContext) rowIn(row *syntax.RowExpr, v *syntax.A_Expr) (expr.Expr, error) {
	var terms []expr.Expr
	for _, n := range v.Rexpr.GetList().GetItems() {
		t, err := c.rows("=", row, n.GetRowExpr(), v.Location)
		if err != nil {
			return nil, err
		}
		terms = append(terms, t)
	}
	out, err := c.b.Or(terms, int(v.Location))
	if err == nil && operator(v.Name) == "<>" {
		out, err = c.b.Not(out, int(v.Location))
	}
	return c.done(out, err, v.Location)
}

// anyAll resolves x = ANY (ARRAY[…]) and x <> ALL (ARRAY[…]), as drivers write IN, also with an array parameter; and the same
// with other comparisons and with LIKE, as an OR or an AND of them.
func (c *exprContext) anyAll(v *syntax.A_Expr) (expr.Expr, error) {
	loc, op, all := v.Location, operator(v.Name), v.Kind == syntax.AEXPR_OP_ALL
	in := op == "=" && !all || op == "<>" && all
	if _, pattern := patternOperator(op); !in && !pattern && turned(op) == "" && op != "<>" {
		return nil, c.fail(refusal.NotSupported, loc, "operator %s is not supported with ANY and ALL over arrays", op).
			WithHint("=, <>, <, <=, >, >=, LIKE, ILIKE and ~ are.")
	}
	e, err := c.resolve(v.Lexpr)
	if err != nil {
		return nil, err
	}
	list, err := c.arrayElements(v.Rexpr, e.Type())
	if err != nil {
		return nil, err
	}
	if len(list) == 0 {
		// = ANY of nothing is false, also for NULL.
		return expr.Const{Typ: catalog.Of(catalog.Bool), Text: map[bool]string{true: "t", false: "f"}[all], Pos: int(loc)}, nil
	}
	if in {
		out, err := c.b.In(e, list, all, int(loc))
		return c.done(out, err, loc)
	}
	return c.eachOf(e, op, list, all, loc)
}

// eachOf compares an expression with each element.
func (c *exprContext) eachOf(e expr.Expr, op string, list []expr.Expr, all bool, loc int32) (expr.Expr, error) {
	var terms []expr.Expr
	for _, x := range list {
		var t expr.Expr
		var err error
		if kind, ok := patternOperator(op); ok {
			t, err = c.b.Like(e, x, nil, kind, op[0] == '!', int(loc))
		} else {
			t, err = c.b.Op(op, e, x, int(loc))
		}
		if err != nil {
			return c.done(nil, err, loc)
		}
		terms = append(terms, t)
	}
	if len(terms) == 1 {
		return terms[0], nil
	}
	if all {
		out, err := c.b.And(terms, int(loc))
		return c.done(out, err, loc)
	}
	out, err := c.b.Or(terms, int(loc))
	return c.done(out, err, loc)
}

// patternOperator is the kind of pattern that an operator matches.
func patternOperator(op string) (kind string, ok bool) {
	switch op {
	case "~~", "!~~":
		return "like", true
	case "~~*", "!~~*":
		return "ilike", true
	case "~", "!~":
		return "regex", true
	}
	return "", false
}

func (c *exprContext) arrayElements(n *syntax.Node, of catalog.Type) ([]expr.Expr, error) {
	loc := location(n)
	if t := n.GetTypeCast(); t != nil && len(t.TypeName.ArrayBounds) > 0 {
		names, mods := typeNames(t.TypeName)
		typ, err := expr.ParseTypeName(names, mods, false, int(loc))
		if err != nil {
			return nil, c.r.at(err, loc)
		}
		return c.arrayElements(t.Arg, typ)
	}
	if a := n.GetAArrayExpr(); a != nil {
		return c.all(a.Elements)
	}
	e, err := c.resolve(n)
	if err != nil {
		return nil, err
	}
	k, ok := e.(expr.Const)
	if !ok || k.Typ.Kind != catalog.Unknown {
		return nil, c.fail(refusal.NotSupported, loc, "only constant arrays are supported here")
	}
	if p, isParam := c.r.paramAt[k.Pos]; isParam && c.r.describing {
		if c.r.params[p-1].Type.Kind == catalog.Unknown {
			of.Array = true
			c.r.params[p-1].Type = of
		}
		of.Array = false
		return []expr.Expr{expr.Const{Typ: of, Null: true, Pos: -1}}, nil
	}
	if k.Null {
		return []expr.Expr{k}, nil
	}
	cells, ok := parseArray(k.Text)
	if !ok {
		return nil, c.fail(refusal.InvalidTextRepresent, loc, "malformed array literal")
	}
	var out []expr.Expr
	for _, cell := range cells {
		out = append(out, expr.Const{Text: cell.Text, Null: cell.Null, Pos: k.Pos})
	}
	return out, nil
}

func (c *exprContext) between(v *syntax.A_Expr) (expr.Expr, error) {
	e, err := c.resolve(v.Lexpr)
	if err != nil {
		return nil, err
	}
	ends, err := c.all(v.Rexpr.GetList().GetItems())
	if err != nil {
		return nil, err
	}
	not := v.Kind == syntax.AEXPR_NOT_BETWEEN || v.Kind == syntax.AEXPR_NOT_BETWEEN_SYM
	symmetric := v.Kind == syntax.AEXPR_BETWEEN_SYM || v.Kind == syntax.AEXPR_NOT_BETWEEN_SYM
	out, err := c.b.Between(e, ends[0], ends[1], not, symmetric, int(v.Location))
	return c.done(out, err, v.Location)
}

func (c *exprContext) like(v *syntax.A_Expr) (expr.Expr, error) {
	e, err := c.resolve(v.Lexpr)
	if err != nil {
		return nil, err
	}
	pattern := v.Rexpr
	var escape expr.Expr
	// LIKE … ESCAPE and SIMILAR TO wrap the pattern in a call.
	if f := pattern.GetFuncCall(); f != nil && len(f.Funcname) == 2 && (functionName(f) == "like_escape" || functionName(f) == "similar_to_escape") {
		pattern = f.Args[0]
		if len(f.Args) == 2 {
			if escape, err = c.resolve(f.Args[1]); err != nil {
				return nil, err
			}
		}
	}
	p, err := c.resolve(pattern)
	if err != nil {
		return nil, err
	}
	op := operator(v.Name)
	kind := map[syntax.A_Expr_Kind]string{syntax.AEXPR_LIKE: "like", syntax.AEXPR_ILIKE: "ilike", syntax.AEXPR_SIMILAR: "similar to"}[v.Kind]
	out, err := c.b.Like(e, p, escape, kind, op[0] == '!', int(v.Location))
	return c.done(out, err, v.Location)
}
