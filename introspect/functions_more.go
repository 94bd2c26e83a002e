package introspect

import (
	"strings"

	"github.com/dpproxy/dpproxy/refusal"
	"github.com/dpproxy/dpproxy/rewrite/syntax"
)

// moreFunctions are information_schema's own, and what clients call beside them.
func moreFunctions() map[string]function {
	m := map[string]function{
		"ts_token_type": {args: types("any"), min: 1, lookup: true, emit: func(*compiler, []*syntax.Node, []sqlType) (*syntax.Node, error) {
			return nil, unsupported("ts_token_type outside of FROM")
		}},
		"oidvectortypes":        fixed("oidvector", "text", byView("dp_type_names", 1)),
		"regexp_split_to_array": {args: types("text,text"), min: 2, ret: "_text", emit: engineCall("string_split_regex", 2)},
		"regexp_split_to_table": {args: types("text,text"), min: 2, ret: "text", emit: func(_ *compiler, args []*syntax.Node, _ []sqlType) (*syntax.Node, error) {
			return fn("unnest", fn("string_split_regex", args...)), nil
		}},
		"json_array_elements": {args: types("json"), min: 1, ret: "json", emit: func(_ *compiler, args []*syntax.Node, _ []sqlType) (*syntax.Node, error) {
			return cast(fn("unnest", fn("json_extract", args[0], textConst("$[*]"))), "text"), nil
		}},
		"to_char":                     {args: types("timestamptz,text"), min: 2, ret: "text", emit: engineCall("dp_to_char", 2)},
		"extract":                     {args: types("text,any"), min: 2, ret: "numeric", emit: engineCall("date_part", 2)},
		"date_part":                   {args: types("text,any"), min: 2, ret: "float8", emit: engineCall("date_part", 2)},
		"_pg_truetypid":               {args: types("any,any"), min: 2, ret: "oid", lookup: true},
		"_pg_truetypmod":              {args: types("any,any"), min: 2, ret: "int4", lookup: true},
		"_pg_char_max_length":         fixed("oid,int4", "int4", engineCall("dp_char_max_length", 2)),
		"_pg_char_octet_length":       fixed("oid,int4", "int4", engineCall("dp_char_octet_length", 2)),
		"_pg_numeric_precision":       fixed("oid,int4", "int4", engineCall("dp_numeric_precision", 2)),
		"_pg_numeric_precision_radix": fixed("oid,int4", "int4", engineCall("dp_numeric_radix", 2)),
		"_pg_numeric_scale":           fixed("oid,int4", "int4", engineCall("dp_numeric_scale", 2)),
		"_pg_datetime_precision":      fixed("oid,int4", "int4", engineCall("dp_datetime_precision", 2)),
		"_pg_interval_type":           fixed("oid,int4", "text", value(nullText)),
	}
	return m
}

// trueType compiles _pg_truetypid(a.*, t.*) and _pg_truetypmod(a.*, t.*), whose arguments are rows of pg_attribute and pg_type.
func (c *compiler) trueType(n *syntax.Node, f *syntax.FuncCall, name string, sc *scope) (sqlType, error) {
	var rows [2]string
	for i, a := range f.Args {
		parts := names(a.GetColumnRef().GetFields())
		if len(parts) == 0 || i > 1 || sc.item(parts[len(parts)-1]) == nil {
			return "", unsupported("arguments of %s", name)
		}
		rows[i] = parts[len(parts)-1]
	}
	t, ofDomain, own := sqlType("oid"), "typbasetype", "atttypid"
	if name == "_pg_truetypmod" {
		t, ofDomain, own = "int4", "typtypmod", "atttypmod"
	}
	when := &syntax.Node{Node: &syntax.Node_CaseWhen{CaseWhen: &syntax.CaseWhen{
		Expr: binary("=", colRef(rows[1], "typtype"), textConst("d")), Result: colRef(rows[1], ofDomain)}}}
	n.Node = &syntax.Node_CaseExpr{CaseExpr: &syntax.CaseExpr{Args: []*syntax.Node{when}, Defresult: colRef(rows[0], own)}}
	_, err := c.expr(n, sc, t)
	return t, err
}

// viewDefinition is the text of one of the catalogs' views: the number or the name, then whether it is to be pretty. A
// width to wrap at asks for the pretty one too.
func viewDefinition(c *compiler, args []*syntax.Node, types []sqlType) (*syntax.Node, error) {
	object, pretty := args[0], boolConst(false)
	if types[0].isText() {
		object = c.viewCall("dp_reg_in", textConst("regclass"), cast(args[0], "text"))
	}
	if len(args) > 1 {
		if pretty = args[1]; types[1] != "bool" {
			pretty = boolConst(true)
		}
	}
	return c.viewCall("dp_viewdef", object, pretty), nil
}

// aclDefault is acldefault: what may be done with an object of which no privilege was ever granted or revoked.
func aclDefault(c *compiler, args []*syntax.Node, _ []sqlType) (*syntax.Node, error) {
	return fn("dp_split_lines", c.viewCall("dp_acl_default", cast(args[0], "text"), args[1])), nil
}

// privilegeLetters are the letters of an aclitem, in the order in which aclexplode lists what they stand for.
var privilegeLetters = []struct {
	letter byte
	name   string
}{{'a', "INSERT"}, {'r', "SELECT"}, {'w', "UPDATE"}, {'d', "DELETE"}, {'D', "TRUNCATE"}, {'x', "REFERENCES"}, {'t', "TRIGGER"},
	{'X', "EXECUTE"}, {'U', "USAGE"}, {'C', "CREATE"}, {'T', "TEMPORARY"}, {'c', "CONNECT"}, {'s', "SET"}, {'A', "ALTER SYSTEM"}}

// explode is aclexplode: a line for each privilege of each item of a list, one item a line.
func (s *snapshot) explode(items string) string {
	var lines []string
	for _, item := range strings.Split(items, "\n") {
		eq := strings.LastIndexByte(item, '=')
		slash := strings.LastIndexByte(item, '/')
		if eq < 0 || slash < eq {
			continue
		}
		grantee, grantor := s.roleOf(item[:eq]), s.roleOf(item[slash+1:])
		letters := item[eq+1 : slash]
		for _, p := range privilegeLetters {
			at := strings.IndexByte(letters, p.letter)
			if at < 0 {
				continue
			}
			option := strings.HasPrefix(letters[at+1:], "*")
			lines = append(lines, strings.Join([]string{id32(grantor), id32(grantee), p.name, boolText(option)}, fieldMark))
		}
	}
	return strings.Join(lines, "\n")
}

// roleOf is the number of a role as an aclitem names it; 0 is PUBLIC.
func (s *snapshot) roleOf(name string) uint32 {
	if len(name) > 1 && name[0] == '"' {
		name = strings.ReplaceAll(name[1:len(name)-1], `""`, `"`)
	}
	oid, _ := keyOfName(s.roles, name)
	return oid
}

// defaultACL is acldefault's list for a kind of object, one item a line: what everybody may, and what the owner may.
func (s *snapshot) defaultACL(kind string, owner uint32) (string, error) {
	all, own := "", ""
	switch kind {
	case "c":
		return "", nil
	case "r":
		own = "arwdDxt"
	case "s":
		own = "rwU"
	case "d":
		all, own = "Tc", "CTc"
	case "f":
		all, own = "X", "X"
	case "l", "T":
		all, own = "U", "U"
	case "L":
		own = "rw"
	case "n":
		own = "UC"
	case "t":
		own = "C"
	case "F", "S":
		own = "U"
	case "p":
		own = "sA"
	default:
		return "", raise(refusal.InvalidParameterValue, "unrecognized object type abbreviation: "+kind)
	}
	name := quoteIdent(s.roles[owner])
	items := name + "=" + own + "/" + name
	if all != "" {
		items = "=" + all + "/" + name + "\n" + items
	}
	return items, nil
}
