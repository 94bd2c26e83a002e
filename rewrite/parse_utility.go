package rewrite

import (
	"strconv"
	"strings"

	"github.com/dpproxy/dpproxy/refusal"
	"github.com/dpproxy/dpproxy/rewrite/syntax"
)

func (p parser) set(n *syntax.Node, s *syntax.VariableSetStmt) (*Statement, error) {
	name := syntax.Setting(s.Name)
	switch s.Kind {
	case syntax.VAR_RESET, syntax.VAR_RESET_ALL:
		st := p.new(Reset, n)
		st.Name = name
		return st, nil
	case syntax.VAR_SET_MULTI:
		if name == "transaction snapshot" {
			return nil, p.refuse(refusal.NotSupported, int32(p.offset), "SET TRANSACTION SNAPSHOT is not supported")
		}
		st := p.new(SetTransact, n)
		st.Session = name == "session characteristics"
		return st, p.transactionModes(st, s.Args)
	case syntax.VAR_SET_VALUE, syntax.VAR_SET_DEFAULT:
		st := p.new(Set, n)
		st.Name, st.Local = name, s.IsLocal
		for _, a := range s.Args {
			arg, ok := constant(a)
			if !ok {
				return nil, p.refuse(refusal.SyntaxError, int32(p.offset), "SET takes constants")
			}
			if t, _ := typeNames(a.GetTypeCast().GetTypeName()); name == "timezone" && len(t) > 0 && t[len(t)-1] == "interval" {
				arg.Text = "INTERVAL '" + arg.Text + "'" // as PostgreSQL hands it to the setting
			}
			st.Args = append(st.Args, arg)
		}
		return st, nil
	}
	return nil, p.refuse(refusal.NotSupported, int32(p.offset), "this form of SET is not supported")
}

func (p parser) transactionModes(st *Statement, modes []*syntax.Node) error {
	for _, m := range modes {
		d := m.GetDefElem()
		v, _ := optionText(d.GetArg())
		switch d.GetDefname() {
		case "transaction_isolation":
			st.Options["isolation"] = strings.ToLower(v)
		case "transaction_read_only":
			st.Options["read_only"] = strconv.FormatBool(isTrue(v))
		case "transaction_deferrable":
			st.Options["deferrable"] = strconv.FormatBool(isTrue(v))
		default:
			return p.refuse(refusal.NotSupported, int32(p.offset), "this transaction mode is not supported")
		}
	}
	return nil
}

func (p parser) transaction(n *syntax.Node, s *syntax.TransactionStmt) (*Statement, error) {
	kinds := map[syntax.TransactionStmtKind]StatementKind{
		syntax.TRANS_STMT_BEGIN: Begin, syntax.TRANS_STMT_START: Begin, syntax.TRANS_STMT_COMMIT: Commit,
		syntax.TRANS_STMT_ROLLBACK: Rollback, syntax.TRANS_STMT_SAVEPOINT: Savepoint,
		syntax.TRANS_STMT_RELEASE: ReleaseSave, syntax.TRANS_STMT_ROLLBACK_TO: RollbackTo,
	}
	kind, ok := kinds[s.Kind]
	if !ok {
		return nil, p.refuse(refusal.NotSupported, int32(p.offset), "two-phase commit is not supported")
	}
	st := p.new(kind, n)
	st.Name = s.SavepointName
	if s.Chain {
		st.Options["chain"] = "true"
	}
	if s.Kind == syntax.TRANS_STMT_START {
		st.Options["start"] = "true" // START TRANSACTION has a tag of its own
	}
	return st, p.transactionModes(st, s.Options)
}

func (p parser) prepare(n *syntax.Node, s *syntax.PrepareStmt) (*Statement, error) {
	st := p.new(Prepare, n)
	st.Name = s.Name
	for _, t := range s.Argtypes {
		names, _ := typeNames(t.GetTypeName())
		text := strings.Join(names, ".")
		if len(t.GetTypeName().GetArrayBounds()) > 0 {
			text += "[]"
		}
		st.ParamTypes = append(st.ParamTypes, text)
	}
	inner, err := p.inner(s.Query, "PREPARE")
	if err != nil {
		return nil, err
	}
	st.Query = inner
	return st, nil
}

func (p parser) execute(n *syntax.Node, s *syntax.ExecuteStmt) (*Statement, error) {
	st := p.new(Execute, n)
	st.Name = s.Name
	for _, a := range s.Params {
		arg, err := p.executeArgument(a)
		if err != nil {
			return nil, err
		}
		st.Args = append(st.Args, arg)
	}
	return st, nil
}

// executeArgument keeps a constant as it is, and any other expression as text: its value is asked for when the statement runs.
func (p parser) executeArgument(n *syntax.Node) (Argument, error) {
	if c := n.GetAConst(); c != nil && c.GetFval() == nil { // 7.6 is rounded where an integer is wanted
		if arg, ok := constText(c); ok {
			arg.At = syntax.CharOffset(p.source, int(c.Location)) + 1
			return arg, nil
		}
	}
	var err error
	walkTree(n, func(n *syntax.Node) bool {
		switch v := n.GetNode().(type) {
		case *syntax.Node_SubLink:
			err = p.refuse(refusal.NotSupported, v.SubLink.Location, "cannot use subquery in EXECUTE parameter")
		case *syntax.Node_ColumnRef:
			var names []string
			for _, f := range v.ColumnRef.Fields {
				names = append(names, f.GetString_().GetSval())
			}
			name := strings.Join(names, ".")
			if len(names) == 1 {
				name = "\"" + name + "\""
			}
			err = p.refuse(refusal.UndefinedColumn, v.ColumnRef.Location, "column %s does not exist", name)
		case *syntax.Node_ParamRef:
			err = p.refuse(refusal.UndefinedParameter, v.ParamRef.Location, "there is no parameter $%d", v.ParamRef.Number)
		}
		return err == nil
	})
	if err != nil {
		return Argument{}, err
	}
	text, err := syntax.Deparse(columnsOnly(n))
	if err != nil {
		return Argument{}, p.refuse(refusal.NotSupported, int32(p.offset), "EXECUTE takes constants as parameters")
	}
	return Argument{Expression: strings.TrimPrefix(text, "SELECT ")}, nil
}

// columnsOnly is SELECT of one expression.
func columnsOnly(n *syntax.Node) *syntax.Node {
	column := &syntax.Node{Node: &syntax.Node_ResTarget{ResTarget: &syntax.ResTarget{Val: n}}}
	return &syntax.Node{Node: &syntax.Node_SelectStmt{SelectStmt: &syntax.SelectStmt{TargetList: []*syntax.Node{column},
		LimitOption: syntax.LIMIT_OPTION_DEFAULT, Op: syntax.SETOP_NONE}}}
}

// invalidCursor is the SQLSTATE of a cursor whose options exclude each other.
const invalidCursor refusal.Code = "42P11"

// The bits of DeclareCursorStmt.options (parsenodes.h).
const (
	cursorBinary      = 0x0001
	cursorScroll      = 0x0002
	cursorNoScroll    = 0x0004
	cursorInsensitive = 0x0008
	cursorAsensitive  = 0x0010
	cursorHold        = 0x0020
)

func (p parser) declare(n *syntax.Node, s *syntax.DeclareCursorStmt) (*Statement, error) {
	st := p.new(Declare, n)
	st.Name = s.Portalname
	switch {
	case s.Options&cursorScroll != 0 && s.Options&cursorNoScroll != 0:
		return nil, p.refuse(invalidCursor, -1, "cannot specify both SCROLL and NO SCROLL")
	case s.Options&cursorAsensitive != 0 && s.Options&cursorInsensitive != 0:
		return nil, p.refuse(invalidCursor, -1, "cannot specify both ASENSITIVE and INSENSITIVE")
	}
	for name, bit := range map[string]int32{"binary": cursorBinary, "scroll": cursorScroll, "no_scroll": cursorNoScroll, "hold": cursorHold} {
		if s.Options&bit != 0 {
			st.Options[name] = "true"
		}
	}
	inner, err := p.inner(s.Query, "DECLARE CURSOR")
	if err != nil {
		return nil, err
	}
	st.Query = inner
	return st, nil
}

func (p parser) fetch(n *syntax.Node, s *syntax.FetchStmt) (*Statement, error) {
	kind := Fetch
	if s.Ismove {
		kind = Move
	}
	st := p.new(kind, n)
	st.Name = s.Portalname
	st.Direction = map[syntax.FetchDirection]string{syntax.FETCH_FORWARD: "forward", syntax.FETCH_BACKWARD: "backward",
		syntax.FETCH_ABSOLUTE: "absolute", syntax.FETCH_RELATIVE: "relative"}[s.Direction]
	st.Count = s.HowMany
	if s.HowMany > 1<<62 { // FETCH_ALL is LONG_MAX
		st.Count = -1
	} else if s.HowMany < 0 && (st.Direction == "forward" || st.Direction == "backward") {
		// FETCH -3 is BACKWARD 3: a Count of -1 means ALL, so the sign goes into the direction.
		st.Direction = map[string]string{"forward": "backward", "backward": "forward"}[st.Direction]
		st.Count = -s.HowMany
	}
	return st, nil
}

func (p parser) copyOut(n *syntax.Node, s *syntax.CopyStmt) (*Statement, error) {
	switch {
	case s.IsFrom:
		return nil, p.refuse(refusal.InsufficientPrivilege, int32(p.offset), "COPY FROM writes, and dpproxy never writes")
	case s.IsProgram || s.Filename != "":
		return nil, p.refuse(refusal.InsufficientPrivilege, int32(p.offset), "COPY goes to STDOUT only").WithHint("Write COPY (SELECT …) TO STDOUT, and let the client write the file.")
	}
	query := s.Query
	if query == nil {
		query = columnsOf(s.Relation, s.Attlist)
	}
	st := p.new(CopyOut, n)
	for _, o := range s.Options {
		d := o.GetDefElem()
		v, ok := optionText(d.GetArg())
		if !ok {
			v = "true"
		}
		name := strings.ToLower(d.GetDefname())
		if _, twice := st.Options[name]; twice {
			return nil, p.refuse(refusal.SyntaxError, d.Location, "conflicting or redundant options")
		}
		switch name {
		case "format", "header", "delimiter", "null", "quote", "escape", "encoding":
			st.Options[name] = v
		case "force_quote":
			st.Options[name] = "*"
			if l := d.Arg.GetList(); l != nil {
				var cols []string
				for _, i := range l.Items {
					cols = append(cols, i.GetString_().GetSval())
				}
				st.Options[name] = strings.Join(cols, ",")
			}
		default:
			return nil, p.copyOption(name, d.Location)
		}
	}
	inner, err := p.inner(query, "COPY")
	if err != nil {
		return nil, err
	}
	st.Query = inner
	return st, nil
}

// copyOption says why an option of COPY is not taken, in PostgreSQL's words. Those of COPY FROM are known.
func (p parser) copyOption(name string, loc int32) error {
	switch name {
	case "force_not_null", "force_null", "freeze":
		return p.refuse(refusal.NotSupported, -1, "COPY %s only available using COPY FROM", strings.ReplaceAll(name, "_", " "))
	case "convert_selectively":
		return p.refuse(refusal.NotSupported, loc, "COPY option %q is not supported", name)
	}
	return p.refuse(refusal.SyntaxError, loc, "option \"%s\" not recognized", name)
}

// columnsOf is the SELECT that COPY of a table stands for.
func columnsOf(table *syntax.RangeVar, columns []*syntax.Node) *syntax.Node {
	target := func(field *syntax.Node) *syntax.Node {
		column := &syntax.Node{Node: &syntax.Node_ColumnRef{ColumnRef: &syntax.ColumnRef{Fields: []*syntax.Node{field}, Location: table.Location}}}
		return &syntax.Node{Node: &syntax.Node_ResTarget{ResTarget: &syntax.ResTarget{Val: column, Location: table.Location}}}
	}
	s := &syntax.SelectStmt{
		FromClause:  []*syntax.Node{{Node: &syntax.Node_RangeVar{RangeVar: table}}},
		LimitOption: syntax.LIMIT_OPTION_DEFAULT, Op: syntax.SETOP_NONE,
	}
	for _, name := range columns {
		s.TargetList = append(s.TargetList, target(name))
	}
	if len(columns) == 0 {
		s.TargetList = append(s.TargetList, target(&syntax.Node{Node: &syntax.Node_AStar{AStar: &syntax.A_Star{}}}))
	}
	return &syntax.Node{Node: &syntax.Node_SelectStmt{SelectStmt: s}}
}

// constant reads a literal, a signed number, or a cast of one (the cast is dropped: who uses it knows the type).
func constant(n *syntax.Node) (Argument, bool) {
	switch v := n.GetNode().(type) {
	case *syntax.Node_AConst:
		return constText(v.AConst)
	case *syntax.Node_TypeCast:
		return constant(v.TypeCast.Arg)
	case *syntax.Node_AExpr:
		e := v.AExpr
		if e.Lexpr == nil && len(e.Name) == 1 && (e.Name[0].GetString_().GetSval() == "-" || e.Name[0].GetString_().GetSval() == "+") {
			a, ok := constant(e.Rexpr)
			if ok && e.Name[0].GetString_().GetSval() == "-" {
				a.Text = "-" + a.Text
			}
			return a, ok
		}
	case *syntax.Node_ColumnRef: // SET x TO off: a bare word
		if len(v.ColumnRef.Fields) == 1 {
			return Argument{Text: v.ColumnRef.Fields[0].GetString_().GetSval()}, true
		}
	}
	return Argument{}, false
}

func constText(c *syntax.A_Const) (Argument, bool) {
	if c.Isnull {
		return Argument{Null: true}, true
	}
	switch v := c.Val.(type) {
	case *syntax.A_Const_Ival:
		return Argument{Text: strconv.Itoa(int(v.Ival.GetIval()))}, true
	case *syntax.A_Const_Fval:
		return Argument{Text: v.Fval.GetFval()}, true
	case *syntax.A_Const_Boolval:
		return Argument{Text: strconv.FormatBool(v.Boolval.GetBoolval())}, true
	case *syntax.A_Const_Sval:
		return Argument{Text: v.Sval.GetSval()}, true
	}
	return Argument{}, false // bit strings
}

// optionText reads an option's value, which the grammar gives as one of several nodes.
func optionText(n *syntax.Node) (string, bool) {
	switch v := n.GetNode().(type) {
	case *syntax.Node_String_:
		return v.String_.GetSval(), true
	case *syntax.Node_Integer:
		return strconv.Itoa(int(v.Integer.GetIval())), true
	case *syntax.Node_Float:
		return v.Float.GetFval(), true
	case *syntax.Node_Boolean:
		return strconv.FormatBool(v.Boolean.GetBoolval()), true
	case *syntax.Node_AConst:
		a, ok := constText(v.AConst)
		return a.Text, ok
	}
	return "", false
}

func isTrue(v string) bool {
	switch strings.ToLower(v) {
	case "true", "on", "1", "yes":
		return true
	}
	return false
}

// typeNames reads the parts of a type's name (without pg_catalog) and its modifiers.
func typeNames(t *syntax.TypeName) (names []string, mods []int) {
	for _, n := range t.GetNames() {
		if s := n.GetString_().GetSval(); s != "pg_catalog" {
			names = append(names, s)
		}
	}
	for _, m := range t.GetTypmods() {
		mods = append(mods, int(m.GetAConst().GetIval().GetIval()))
	}
	return names, mods
}
