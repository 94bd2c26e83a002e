package introspect

import (
	"regexp"

	"github.com/dpproxy/dpproxy/rewrite/syntax"
)

// arrayFunctions work on arrays; the catalogs' own vectors count from 0.
func arrayFunctions() map[string]function {
	byVector := func(plain, vector string, keep int) emit {
		return func(_ *compiler, args []*syntax.Node, types []sqlType) (*syntax.Node, error) {
			name := plain
			if types[0].isVector() {
				name = vector
			}
			return fn(name, args[:min(keep, len(args))]...), nil
		}
	}
	m := map[string]function{
		"array_length":        fixed("any,int4", "int4", engineCall("dp_length", 2)),
		"array_upper":         fixed("any,int4", "int4", byVector("dp_upper", "dp_vector_upper", 2)),
		"array_lower":         fixed("any,int4", "int4", byVector("dp_lower", "dp_vector_lower", 2)),
		"array_ndims":         fixed("any", "int4", engineCall("dp_dims", 1)),
		"cardinality":         fixed("any", "int4", engineCall("len", 1)),
		"array_to_string":     optional(2, "any,text,text", "text", arrayToString),
		"array_position":      fixed("any,any", "int4", engineCall("list_position", 2)),
		"array_append":        fixed("any,any", "1", engineCall("list_append", 2)),
		"array_prepend":       fixed("any,any", "", engineCall("list_prepend", 2)),
		"array_cat":           fixed("any,any", "1", engineCall("list_concat", 2)),
		"array_remove":        fixed("any,any", "1", engineCall("dp_array_remove", 2)),
		"unnest":              fixed("_text", "1e", engineCall("unnest", 1)),
		"generate_subscripts": fixed("any,int4", "int4", byVector("dp_subscripts", "dp_vector_subscripts", 1)),
		"generate_series":     optional(2, "int4,int4,int4", "1", series),
		"parse_ident":         optional(1, "text,bool", "_text", parseIdent),
		"string_to_array":     fixed("text,text", "_text", engineCall("string_split", 2)),
	}
	for name, f := range m {
		f.lookup = false
		m[name] = f
	}
	return m
}

// parseIdent splits a qualified name.
func parseIdent(_ *compiler, args []*syntax.Node, _ []sqlType) (*syntax.Node, error) {
	return fn("string_split", fn("dp_parse_ident", cast(args[0], "text")), textConst(fieldMark)), nil
}

func arrayToString(_ *compiler, args []*syntax.Node, _ []sqlType) (*syntax.Node, error) {
	if len(args) == 3 {
		return fn("dp_join_null", args...), nil
	}
	return fn("dp_join", args...), nil
}

func series(_ *compiler, args []*syntax.Node, _ []sqlType) (*syntax.Node, error) {
	if len(args) == 3 {
		return fn("dp_series3", args...), nil
	}
	return fn("dp_series", args...), nil
}

// plainFunctions are those of SQL that the engine has, and aggregates.
func plainFunctions() map[string]function {
	plain := func(args string, min int, ret sqlType, engine string) function {
		return function{args: types(args), min: min, ret: ret, engine: engine}
	}
	variadic := func(ret sqlType, engine string) function {
		return function{args: types("text"), variadic: true, ret: ret, engine: engine}
	}
	aggregate := func(args string, ret sqlType, engine string) function {
		return function{args: types(args), min: len(types(args)), ret: ret, engine: engine, aggregate: true}
	}
	optionalAggregate := func(args string, min int, ret sqlType, engine string) function {
		f := aggregate(args, ret, engine)
		f.min = min
		return f
	}
	m := map[string]function{
		"lower": plain("text", 1, "text", "lower"), "upper": plain("text", 1, "text", "upper"),
		"length": plain("text", 1, "int4", "length"), "char_length": plain("text", 1, "int4", "length"),
		"character_length": plain("text", 1, "int4", "length"), "btrim": plain("text,text", 1, "text", "trim"),
		"ltrim": plain("text,text", 1, "text", "ltrim"), "rtrim": plain("text,text", 1, "text", "rtrim"),
		"replace": plain("text,text,text", 3, "text", "replace"), "split_part": plain("text,text,int4", 3, "text", "split_part"),
		"left": plain("text,int4", 2, "text", "left"), "right": plain("text,int4", 2, "text", "right"),
		"position": plain("text,text", 2, "int4", "strpos"), "strpos": plain("text,text", 2, "int4", "strpos"),
		"starts_with": plain("text,text", 2, "bool", "starts_with"), "reverse": plain("text", 1, "text", "reverse"),
		"translate": plain("text,text,text", 3, "text", "translate"), "md5": plain("text", 1, "text", "md5"),
		"regexp_replace": plain("text,text,text,text", 3, "text", "regexp_replace"),
		"abs":            plain("any", 1, "1", "abs"), "round": plain("any,int4", 1, "1", "round"),
		"ceil": plain("any", 1, "1", "ceil"), "floor": plain("any", 1, "1", "floor"), "mod": plain("any,any", 2, "1", "mod"),
		"concat": variadic("text", "concat"), "concat_ws": variadic("text", "concat_ws"),
		"date_trunc": plain("text,timestamp", 2, "timestamp", "date_trunc"),

		"count": aggregate("any", "int8", "count"), "max": aggregate("any", "1t", "max"), "min": aggregate("any", "1t", "min"),
		"sum": aggregate("any", "int8", "sum"), "array_agg": aggregate("any", "1[]", "array_agg"),
		"string_agg": aggregate("text,text", "text", "string_agg"), "bool_or": aggregate("bool", "bool", "bool_or"),
		"bool_and": aggregate("bool", "bool", "bool_and"), "every": aggregate("bool", "bool", "bool_and"),
		"row_number": aggregate("", "int8", "row_number"), "rank": aggregate("", "int8", "rank"),
		"dense_rank": aggregate("", "int8", "dense_rank"), "lag": optionalAggregate("any,int4,any", 1, "1", "lag"),
		"lead": optionalAggregate("any,int4,any", 1, "1", "lead"), "first_value": aggregate("any", "1", "first_value"),
		"last_value": aggregate("any", "1", "last_value"),
	}
	m["substring"] = function{args: types("text,int4,int4"), min: 2, ret: "text", emit: substring}
	m["substr"] = m["substring"]
	jsonCall := func(name string) emit {
		return func(_ *compiler, args []*syntax.Node, _ []sqlType) (*syntax.Node, error) {
			return cast(fn(name, args...), "text"), nil
		}
	}
	m["json_build_object"] = function{args: types("text"), variadic: true, ret: "json", emit: jsonCall("json_object")}
	m["jsonb_build_object"] = function{args: types("text"), variadic: true, ret: "jsonb", emit: jsonCall("json_object")}
	m["json_build_array"] = function{args: types("text"), variadic: true, ret: "json", emit: jsonCall("json_array")}
	m["to_json"] = function{args: types("any"), min: 1, ret: "json", emit: jsonCall("to_json")}
	m["to_jsonb"] = function{args: types("any"), min: 1, ret: "jsonb", emit: jsonCall("to_json")}
	m["json_agg"] = aggregate("any", "json", "json_group_array")
	m["jsonb_agg"] = aggregate("any", "jsonb", "json_group_array")
	m["json_object_agg"] = aggregate("text,any", "json", "json_group_object")
	m["jsonb_object_agg"] = aggregate("text,any", "jsonb", "json_group_object")
	m["like_escape"] = function{args: types("text,text"), min: 2, ret: "text", emit: engineCall("dp_like_escape", 2)}
	return m
}

// substring by position, or by a constant pattern: its first group, or all of it.
func substring(_ *compiler, args []*syntax.Node, types []sqlType) (*syntax.Node, error) {
	if !types[1].isText() {
		return fn("substring", args...), nil
	}
	pattern := args[1].GetAConst().GetSval().GetSval()
	if len(args) != 2 || pattern == "" {
		return nil, unsupported("substring with a pattern")
	}
	group := int64(0)
	if re, err := regexp.Compile(pattern); err != nil {
		return nil, unsupported("pattern of substring")
	} else if re.NumSubexp() > 0 {
		group = 1
	}
	return fn("dp_substring", args[0], args[1], intConst(group)), nil
}
