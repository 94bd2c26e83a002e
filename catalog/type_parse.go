package catalog

import (
	"fmt"
	"strconv"
	"strings"
)

// ParseType reads a type's name as PostgreSQL spells it, aliases and modifiers included: "int", "int4", "integer",
// "numeric(10,2)", "double precision", "varchar(20)", "timestamp(3) with time zone", "text[]". Case and spaces do
// not matter; precisions of times are accepted and ignored. Its error names the text.
func ParseType(name string) (Type, error) {
	text := strings.Join(strings.Fields(strings.ToLower(name)), " ")
	text = strings.TrimPrefix(text, "pg_catalog.")
	array := false
	for strings.HasSuffix(text, "]") {
		open := strings.LastIndexByte(text, '[')
		if open < 0 || strings.Trim(text[open+1:len(text)-1], "0123456789") != "" {
			return Type{}, fmt.Errorf("%q is no type that dpproxy knows", name)
		}
		text, array = strings.TrimSpace(text[:open]), true
	}
	base, mods, err := cutModifiers(text)
	if err != nil {
		return Type{}, fmt.Errorf("%q: %w", name, err)
	}
	t, ok := typeNamed(base)
	if !ok {
		return Type{}, fmt.Errorf("%q is no type that dpproxy knows", name)
	}
	if t, err = t.withModifiers(base, mods); err != nil {
		return Type{}, fmt.Errorf("%q: %w", name, err)
	}
	t.Array = array
	return t, nil
}

// cutModifiers takes "(10, 2)" out of a type's name, wherever it stands: "timestamp(3) with time zone".
func cutModifiers(text string) (base string, mods []int, err error) {
	open := strings.IndexByte(text, '(')
	if open < 0 {
		return text, nil, nil
	}
	end := strings.IndexByte(text, ')')
	if end < open {
		return "", nil, fmt.Errorf("unbalanced parentheses")
	}
	for _, part := range strings.Split(text[open+1:end], ",") {
		n, err := strconv.Atoi(strings.TrimSpace(part))
		if err != nil {
			return "", nil, fmt.Errorf("modifier %q is no whole number", strings.TrimSpace(part))
		}
		mods = append(mods, n)
	}
	base = strings.TrimSpace(text[:open]) + " " + strings.TrimSpace(text[end+1:])
	return strings.TrimSpace(base), mods, nil
}

func typeNamed(base string) (Type, bool) {
	kinds := map[Kind][]string{
		Bool: {"bool", "boolean"}, Int2: {"int2", "smallint"}, Int4: {"int", "int4", "integer"}, Int8: {"int8", "bigint"},
		Numeric: {"numeric", "decimal", "dec"}, Float4: {"float4", "real"}, Float8: {"float8", "double precision", "float"},
		Text: {"text"}, Varchar: {"varchar", "character varying", "char varying"}, Bpchar: {"char", "character", "bpchar"},
		Date: {"date"}, Time: {"time", "time without time zone"}, Timestamp: {"timestamp", "timestamp without time zone"},
		Timestamptz: {"timestamptz", "timestamp with time zone"}, Interval: {"interval"}, UUID: {"uuid"}, Bytea: {"bytea"},
		JSON: {"json"}, JSONB: {"jsonb"}, Name: {"name"}, OID: {"oid"}, Char: {`"char"`},
		Timetz: {"timetz", "time with time zone"},
	}
	for kind, names := range kinds {
		for _, n := range names {
			if n == base {
				return Of(kind), true
			}
		}
	}
	return Type{}, false
}

func (t Type) withModifiers(base string, mods []int) (Type, error) {
	if len(mods) == 0 {
		if base == "char" || base == "character" {
			t.Length = 1 // the standard's char is char(1); bpchar has no limit
		}
		return t, nil
	}
	switch t.Kind {
	case Numeric:
		if len(mods) > 2 || mods[0] < 1 || mods[0] > 1000 {
			return t, fmt.Errorf("numeric(p, s) needs a precision from 1 to 1000")
		}
		t.Precision, t.HasScale = mods[0], true
		if len(mods) == 2 {
			t.Scale = mods[1]
		}
		if t.Scale < -1000 || t.Scale > 1000 {
			return t, fmt.Errorf("numeric(p, s) needs a scale from -1000 to 1000")
		}
		return t, nil
	case Varchar, Bpchar:
		if len(mods) != 1 || mods[0] < 1 || mods[0] > 10485760 {
			return t, fmt.Errorf("a length from 1 to 10485760 is needed")
		}
		t.Length = mods[0]
		return t, nil
	case Time, Timetz, Timestamp, Timestamptz, Interval:
		if len(mods) == 1 && mods[0] >= 0 && mods[0] <= 6 {
			return t, nil
		}
		return t, fmt.Errorf("a precision from 0 to 6 is needed")
	case Float8:
		if base == "float" && len(mods) == 1 && mods[0] >= 1 && mods[0] <= 53 {
			if mods[0] <= 24 {
				return Of(Float4), nil
			}
			return t, nil
		}
	}
	return t, fmt.Errorf("the type takes no modifier")
}
