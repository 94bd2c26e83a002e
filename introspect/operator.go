package introspect

import (
	"github.com/dpproxy/dpproxy/refusal"
	"github.com/dpproxy/dpproxy/rewrite/syntax"
)

// operator compiles A_Expr: operators, LIKE, IN, ANY, BETWEEN, NULLIF.
func (c *compiler) operator(n *syntax.Node, e *syntax.A_Expr, sc *scope) (sqlType, error) {
	op := names(e.Name)
	if len(op) == 0 || len(op) > 2 || len(op) == 2 && op[0] != "pg_catalog" {
		return "", unsupported("operator")
	}
	name := op[len(op)-1]
	e.Name = []*syntax.Node{str(name)}
	switch e.Kind {
	case syntax.AEXPR_OP_ANY, syntax.AEXPR_OP_ALL:
		return c.quantified(n, e, name, sc)
	}
	lt, rt, err := c.operands(e, sc)
	if err != nil {
		return "", err
	}
	switch e.Kind {
	case syntax.AEXPR_OP:
		return c.plainOperator(n, e, name, lt, rt)
	case syntax.AEXPR_LIKE, syntax.AEXPR_ILIKE:
		return c.like(n, e, name)
	case syntax.AEXPR_IN:
		for _, item := range e.Rexpr.GetList().GetItems() {
			if err := c.regConstant(item, lt); err != nil {
				return "", err
			}
		}
		return "bool", nil
	case syntax.AEXPR_DISTINCT, syntax.AEXPR_NOT_DISTINCT, syntax.AEXPR_BETWEEN, syntax.AEXPR_NOT_BETWEEN:
		return "bool", nil
	case syntax.AEXPR_NULLIF:
		return lt, nil
	}
	return "", unsupported("operator %s", name)
}

// operands compiles both sides; a parameter takes the type of the other side.
func (c *compiler) operands(e *syntax.A_Expr, sc *scope) (lt, rt sqlType, err error) {
	if l, r := e.Lexpr.GetRowExpr(), e.Rexpr.GetRowExpr(); l != nil && r != nil {
		return "", "", c.rowsBeside(l, r, sc)
	}
	if l := e.Lexpr.GetRowExpr(); l != nil && e.Kind == syntax.AEXPR_IN {
		if _, err := c.all(l.Args, sc, ""); err != nil {
			return "", "", err
		}
		for _, item := range e.Rexpr.GetList().GetItems() {
			if _, err := c.all(item.GetRowExpr().GetArgs(), sc, ""); err != nil {
				return "", "", err
			}
		}
		return "", "", nil
	}
	if textOperator(e) { // there is none for names and varchar: both sides are text
		if lt, err = c.expr(e.Lexpr, sc, "text"); err != nil {
			return "", "", err
		}
		rt, err = c.expr(e.Rexpr, sc, "text")
		return lt, rt, err
	}
	if e.Lexpr.GetParamRef() != nil {
		if rt, err = c.expr(e.Rexpr, sc, ""); err != nil {
			return "", "", err
		}
		lt, err = c.expr(e.Lexpr, sc, rt)
		return lt, rt, err
	}
	if lt, err = c.expr(e.Lexpr, sc, ""); err != nil {
		return "", "", err
	}
	rt, err = c.expr(e.Rexpr, sc, lt)
	return lt, rt, err
}

// textOperator says that an operator compares or joins text, so that a parameter beside it is text.
func textOperator(e *syntax.A_Expr) bool {
	switch names(e.Name)[0] {
	case "~", "~*", "!~", "!~*", "~~", "!~~", "~~*", "!~~*", "^@":
		return true
	}
	return false
}

// regConstant turns a string that is compared with a reg… value into the object's number.
func (c *compiler) regConstant(n *syntax.Node, other sqlType) error {
	text, ok := stringConst(n)
	if !ok || !other.isReg() {
		return nil
	}
	oid, found := c.snap.regIn(other, text)
	if !found {
		return missing(other, text).At(int(n.GetAConst().GetLocation()))
	}
	n.Node = intConst(int64(oid)).Node
	return nil
}

// arrayConstant turns a string that is used as an array into an array, or a vector's text into a list.
func (c *compiler) arrayConstant(n *syntax.Node, t sqlType) {
	text, ok := stringConst(n)
	if !ok || t.element() == "" {
		return
	}
	n.Node = cast(textConst(engineList(parseArray(text))), t.engineType()).Node
}

func (c *compiler) plainOperator(n *syntax.Node, e *syntax.A_Expr, name string, lt, rt sqlType) (sqlType, error) {
	for _, side := range []struct {
		n     *syntax.Node
		other sqlType
	}{{e.Lexpr, rt}, {e.Rexpr, lt}} {
		if side.n.GetNode() == nil {
			continue
		}
		if err := c.regConstant(side.n, side.other); err != nil {
			return "", err
		}
		c.arrayConstant(side.n, side.other)
	}
	switch name {
	case "=", "<>", "<", ">", "<=", ">=":
		return "bool", nil
	case "!=":
		e.Name = []*syntax.Node{str("<>")}
		return "bool", nil
	case "~", "~*", "!~", "!~*":
		return c.regex(n, e, name, lt, rt)
	case "||":
		return c.concat(e, lt, rt), nil
	case "+", "-", "*", "/", "%", "&", "|", "<<", ">>":
		return arithmetic(lt, rt), nil
	case "@>":
		n.Node = fn("list_has_all", e.Lexpr, e.Rexpr).Node
		return "bool", nil
	case "<@":
		n.Node = fn("list_has_all", e.Rexpr, e.Lexpr).Node
		return "bool", nil
	case "&&":
		n.Node = fn("list_has_any", e.Lexpr, e.Rexpr).Node
		return "bool", nil
	case "^@":
		n.Node = fn("starts_with", e.Lexpr, e.Rexpr).Node
		return "bool", nil
	case "->":
		n.Node = cast(fn("json_extract", e.Lexpr, e.Rexpr), "text").Node
		return lt, nil
	case "->>":
		n.Node = fn("json_extract_string", e.Lexpr, e.Rexpr).Node
		return "text", nil
	}
	return "", unsupported("operator %s", name)
}

func arithmetic(lt, rt sqlType) sqlType {
	order := []sqlType{"float8", "numeric", "int8", "oid", "int4", "int2"}
	for _, t := range order {
		if lt == t || rt == t {
			return t
		}
	}
	return ""
}

// regex compiles the regular expression operators: the engine's own ~ matches the whole string.
func (c *compiler) regex(n *syntax.Node, e *syntax.A_Expr, name string, lt, rt sqlType) (sqlType, error) {
	l, _ := c.printed(e.Lexpr, lt)
	r, _ := c.printed(e.Rexpr, rt)
	if err := c.safeRegex(r); err != nil {
		return "", err
	}
	args := []*syntax.Node{l, r}
	if name == "~*" || name == "!~*" {
		args = append(args, textConst("i"))
	}
	match := fn("regexp_matches", args...)
	if name[0] == '!' {
		match = not(match)
	}
	n.Node = match.Node
	return "bool", nil
}

// safeRegex refuses what the engine's regular expressions (which run in linear time) do not have.
func (c *compiler) safeRegex(n *syntax.Node) error {
	text, ok := stringConst(n)
	if !ok {
		return nil
	}
	for i := 0; i+2 < len(text); i++ {
		if text[i] == '(' && text[i+1] == '?' && (text[i+2] == '=' || text[i+2] == '!' || text[i+2] == '<') {
			return unsupported("look-around in a regular expression")
		}
	}
	return nil
}

func (c *compiler) concat(e *syntax.A_Expr, lt, rt sqlType) sqlType {
	if lt.element() != "" {
		c.arrayConstant(e.Rexpr, lt)
		if rt.element() == "" && rt != unknownType {
			e.Rexpr = &syntax.Node{Node: &syntax.Node_AArrayExpr{AArrayExpr: &syntax.A_ArrayExpr{Elements: []*syntax.Node{e.Rexpr}}}}
		}
		return lt
	}
	if rt.element() != "" {
		if lt != unknownType {
			e.Lexpr = &syntax.Node{Node: &syntax.Node_AArrayExpr{AArrayExpr: &syntax.A_ArrayExpr{Elements: []*syntax.Node{e.Lexpr}}}}
		}
		return rt
	}
	e.Lexpr, _ = c.printed(e.Lexpr, lt)
	e.Rexpr, _ = c.printed(e.Rexpr, rt)
	return "text"
}

// like compiles LIKE and ILIKE: a backslash escapes, which the engine does only when told.
func (c *compiler) like(n *syntax.Node, e *syntax.A_Expr, name string) (sqlType, error) {
	functions := map[string]string{"~~": "like_escape", "!~~": "not_like_escape", "~~*": "ilike_escape", "!~~*": "not_ilike_escape"}
	f, ok := functions[name]
	if !ok {
		return "", unsupported("operator %s", name)
	}
	pattern, escape := e.Rexpr, textConst(`\`)
	if call := pattern.GetFuncCall(); call != nil && names(call.Funcname)[0] == "dp_like_escape" {
		pattern, escape = call.Args[0], call.Args[1]
	}
	n.Node = fn(f, cast(e.Lexpr, "text"), cast(pattern, "text"), escape).Node
	return "bool", nil
}

// quantified compiles x op ANY (array) and x op ALL (array).
func (c *compiler) quantified(n *syntax.Node, e *syntax.A_Expr, name string, sc *scope) (sqlType, error) {
	lt, err := c.expr(e.Lexpr, sc, "")
	if err != nil {
		return "", err
	}
	rt, err := c.expr(e.Rexpr, sc, lt.array())
	if err != nil {
		return "", err
	}
	if lt == unknownType || lt == "" {
		lt = rt.element()
	}
	c.arrayConstant(e.Rexpr, lt.array())
	if lt.isReg() {
		for _, item := range e.Rexpr.GetAArrayExpr().GetElements() {
			if err := c.regConstant(item, lt); err != nil {
				return "", err
			}
		}
	}
	all := e.Kind == syntax.AEXPR_OP_ALL
	switch {
	case name == "=" && !all:
		n.Node = contains(e.Rexpr, e.Lexpr, lt).Node
		return "bool", nil
	case (name == "<>" || name == "!=") && all:
		n.Node = not(contains(e.Rexpr, e.Lexpr, lt)).Node
		return "bool", nil
	}
	items := e.Rexpr.GetAArrayExpr().GetElements()
	if len(items) == 0 || len(items) > 100 {
		return c.overList(n, e, name, all)
	}
	return c.spread(n, e, name, items, all)
}

func contains(list, item *syntax.Node, t sqlType) *syntax.Node {
	if t == "oid" || t.isReg() { // strings in the list are numbers then
		list = cast(list, "int8[]")
	}
	return fn("list_contains", list, item)
}

// listTests are the conditions of x op ANY (list) and x op ALL (list) on one element e, in the engine's SQL.
var listTests = []struct{ operator, name, condition string }{
	{"<>", "ne", "x <> e"}, {"!=", "ne", ""}, {"=", "eq", "x = e"}, {"<", "lt", "x < e"}, {">", "gt", "x > e"},
	{"<=", "le", "x <= e"}, {">=", "ge", "x >= e"}, {"~", "re", "regexp_matches(x, e)"}, {"~*", "rei", "regexp_matches(x, e, 'i')"},
	{"!~", "nre", "NOT regexp_matches(x, e)"}, {"!~*", "nrei", "NOT regexp_matches(x, e, 'i')"},
	{"~~", "like", `like_escape(x, e, '\')`}, {"!~~", "nlike", `not_like_escape(x, e, '\')`},
	{"~~*", "ilike", `ilike_escape(x, e, '\')`}, {"!~~*", "nilike", `not_ilike_escape(x, e, '\')`},
}

// listMacros are the macros of listTests.
func listMacros() []string {
	var list []string
	for _, t := range listTests {
		if t.condition != "" {
			list = append(list, "dp_any_"+t.name+"(x, l) AS len(list_filter(l, lambda e: "+t.condition+")) > 0",
				"dp_all_"+t.name+"(x, l) AS len(list_filter(l, lambda e: NOT coalesce("+t.condition+", false))) = 0")
		}
	}
	return list
}

// overList compiles x op ANY (array) and x op ALL (array) for an array that is not written out.
func (c *compiler) overList(n *syntax.Node, e *syntax.A_Expr, name string, all bool) (sqlType, error) {
	for _, t := range listTests {
		if t.operator != name {
			continue
		}
		macro := "dp_any_"
		if all {
			macro = "dp_all_"
		}
		n.Node = fn(macro+t.name, e.Lexpr, e.Rexpr).Node
		return "bool", nil
	}
	return "", unsupported("%s ANY or ALL of a computed array", name)
}

// spread writes x op ANY (ARRAY[a, b]) as x op a OR x op b.
func (c *compiler) spread(n *syntax.Node, e *syntax.A_Expr, name string, items []*syntax.Node, all bool) (sqlType, error) {
	kind := syntax.AEXPR_OP
	if name == "~~" || name == "!~~" || name == "~~*" || name == "!~~*" {
		kind = syntax.AEXPR_LIKE
	}
	var terms []*syntax.Node
	for _, item := range items {
		one := &syntax.A_Expr{Kind: kind, Name: []*syntax.Node{str(name)}, Lexpr: clone(e.Lexpr), Rexpr: item}
		term := &syntax.Node{Node: &syntax.Node_AExpr{AExpr: one}}
		var err error
		if kind == syntax.AEXPR_LIKE {
			_, err = c.like(term, one, name)
		} else {
			_, err = c.plainOperator(term, one, name, "text", unknownType)
		}
		if err != nil {
			return "", err
		}
		terms = append(terms, term)
	}
	op := syntax.OR_EXPR
	if all {
		op = syntax.AND_EXPR
	}
	if len(terms) == 1 {
		n.Node = terms[0].Node
		return "bool", nil
	}
	n.Node = &syntax.Node_BoolExpr{BoolExpr: &syntax.BoolExpr{Boolop: op, Args: terms}}
	return "bool", nil
}

// typeCast compiles a cast.
func (c *compiler) typeCast(n *syntax.Node, tc *syntax.TypeCast, sc *scope) (sqlType, error) {
	t, err := targetType(tc.TypeName)
	if err != nil {
		return "", err
	}
	if text, ok := constText(tc.Arg); ok && t.isReg() {
		oid, found := c.snap.regIn(t, text)
		if !found {
			return "", missing(t, text).At(int(tc.Arg.GetAConst().GetLocation()))
		}
		n.Node = intConst(int64(oid)).Node
		return t, nil
	}
	from, err := c.expr(tc.Arg, sc, t)
	if err != nil {
		return "", err
	}
	n.Node = c.castTo(tc.Arg, from, t).Node
	return t, nil
}

// targetType is the type that a cast names.
func targetType(tn *syntax.TypeName) (sqlType, error) {
	parts := names(tn.GetNames())
	if len(parts) == 0 || tn.PctType || tn.Setof || len(parts) > 2 ||
		len(parts) == 2 && parts[0] != "pg_catalog" && parts[0] != "information_schema" {
		return "", unsupported("type in a cast")
	}
	t, ok := castType(parts[len(parts)-1])
	if !ok {
		return "", refusal.New(refusal.UndefinedObject, "type \"%s\" does not exist", parts[len(parts)-1]).At(int(tn.Location))
	}
	if len(tn.ArrayBounds) > 0 {
		t = t.array()
	}
	return t, nil
}

// regList turns a list of names or numbers into a list of objects' numbers.
func (c *compiler) regList(arg *syntax.Node, to sqlType) *syntax.Node {
	if text, ok := stringConst(arg); ok {
		arg = cast(textConst(engineList(parseArray(text))), "text[]")
	}
	return c.viewCall("dp_reg_list", textConst(string(to.element())), arg)
}

func (c *compiler) castTo(arg *syntax.Node, from, to sqlType) *syntax.Node {
	target := to.base()
	switch {
	case to.isReg():
		if from.isText() {
			return c.viewCall("dp_reg_in", textConst(string(to)), arg)
		}
		return cast(arg, "int8")
	case to.isArray() && to.element().isReg() && from != to:
		return c.regList(arg, to)
	case target.isText() && from.isReg():
		arg, _ = c.printed(arg, from)
		return arg
	case target.isText() && from == "record":
		return c.outText(arg, from)
	case target.isText() && from.isVector():
		return fn("dp_join", arg, textConst(" "))
	case target.isText() && from.isArray():
		return fn("dp_array_out", arg)
	case target.element() != "":
		if text, ok := stringConst(arg); ok {
			items := parseArray(text)
			if target.isVector() {
				return cast(fn("string_split", textConst(text), textConst(" ")), target.engineType())
			}
			return cast(textConst(engineList(items)), target.engineType())
		}
	case target == "char" && from.isText():
		return fn("left", cast(arg, "text"), intConst(1))
	}
	return cast(arg, target.engineType())
}
