package expr

import (
	"strings"

	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/refusal"
)

// category is pg_type.typcategory, which guides PostgreSQL's choice between overloads.
func category(t catalog.Type) byte {
	if t.Array {
		return 'A'
	}
	switch t.Kind {
	case catalog.Bool:
		return 'B'
	case catalog.Int2, catalog.Int4, catalog.Int8, catalog.Numeric, catalog.Float4, catalog.Float8, catalog.OID:
		return 'N'
	case catalog.Text, catalog.Varchar, catalog.Bpchar, catalog.Name:
		return 'S'
	case catalog.Date, catalog.Time, catalog.Timestamp, catalog.Timestamptz:
		return 'D'
	case catalog.Interval:
		return 'T'
	case catalog.Unknown:
		return 'X'
	}
	return 'U'
}

// preferred is pg_type.typispreferred.
func preferred(t catalog.Type) bool {
	if t.Array {
		return false
	}
	switch t.Kind {
	case catalog.Bool, catalog.Float8, catalog.OID, catalog.Text, catalog.Timestamptz, catalog.Interval:
		return true
	}
	return false
}

// castContext says how freely pg_cast lets one type become another.
type castContext int

const (
	castNone castContext = iota
	castExplicit
	castAssignment
	castImplicit
)

// castBetween is the context of pg_cast's row for two kinds; casts through text, which PostgreSQL allows explicitly
// from and to every type, are castExplicit.
func castBetween(from, to catalog.Kind) castContext {
	if from == to {
		return castImplicit
	}
	if order, ok := numberOrder(from); ok {
		if next, ok := numberOrder(to); ok {
			if order < next {
				return castImplicit
			}
			return castAssignment
		}
	}
	switch from {
	case catalog.Unknown:
		return castImplicit
	case catalog.Int2, catalog.Int4, catalog.Int8:
		if to == catalog.OID {
			return castImplicit
		}
		if to == catalog.Bool && from == catalog.Int4 {
			return castExplicit
		}
	case catalog.OID:
		if to == catalog.Int4 || to == catalog.Int8 {
			return castAssignment
		}
	case catalog.Bool:
		if to == catalog.Int4 {
			return castExplicit
		}
	}
	if c := textCast(from, to); c != castNone {
		return c
	}
	return timeCast(from, to)
}

// numberOrder is the chain int2 → int4 → int8 → numeric → float4 → float8 of implicit casts.
func numberOrder(k catalog.Kind) (int, bool) {
	switch k {
	case catalog.Int2:
		return 1, true
	case catalog.Int4:
		return 2, true
	case catalog.Int8:
		return 3, true
	case catalog.Numeric:
		return 4, true
	case catalog.Float4:
		return 5, true
	case catalog.Float8:
		return 6, true
	}
	return 0, false
}

func textCast(from, to catalog.Kind) castContext {
	f, t := catalog.Of(from), catalog.Of(to)
	switch {
	case f.IsText() && t.IsText():
		if from == catalog.Name && (to == catalog.Varchar || to == catalog.Bpchar) {
			return castAssignment
		}
		return castImplicit
	case t.IsText():
		return castAssignment // through the output function
	case f.IsText():
		return castExplicit // through the input function
	}
	return castNone
}

func timeCast(from, to catalog.Kind) castContext {
	switch [2]catalog.Kind{from, to} {
	case [2]catalog.Kind{catalog.Date, catalog.Timestamp}, [2]catalog.Kind{catalog.Date, catalog.Timestamptz},
		[2]catalog.Kind{catalog.Timestamp, catalog.Timestamptz}, [2]catalog.Kind{catalog.Time, catalog.Interval}:
		return castImplicit
	case [2]catalog.Kind{catalog.Timestamp, catalog.Date}, [2]catalog.Kind{catalog.Timestamp, catalog.Time},
		[2]catalog.Kind{catalog.Timestamptz, catalog.Date}, [2]catalog.Kind{catalog.Timestamptz, catalog.Time},
		[2]catalog.Kind{catalog.Timestamptz, catalog.Timestamp}, [2]catalog.Kind{catalog.Interval, catalog.Time},
		[2]catalog.Kind{catalog.JSON, catalog.JSONB}, [2]catalog.Kind{catalog.JSONB, catalog.JSON}:
		return castAssignment
	}
	return castNone
}

// implicit tells whether a type becomes another without being asked.
func implicit(from catalog.Type, to catalog.Type) bool {
	if from.Array || to.Array {
		return from.Kind == catalog.Unknown && !from.Array || (from.Array == to.Array && from.Kind == to.Kind)
	}
	return castBetween(from.Kind, to.Kind) == castImplicit
}

// CommonType resolves the one type of UNION's, CASE's or VALUES' branches as PostgreSQL does (section 10.5 of its
// manual). what names the construct in the message: "CASE", "UNION", "COALESCE". All-unknown branches are text.
func CommonType(es []Expr, what string, pos int) (catalog.Type, error) {
	var common catalog.Type
	found, sameMods := false, true
	for _, e := range es {
		t := e.Type()
		if t.Kind == catalog.Unknown && !t.Array {
			continue
		}
		switch {
		case !found:
			common, found = t, true
		case t.Kind == common.Kind && t.Array == common.Array:
			sameMods = sameMods && t == common
		case category(t) != category(common):
			return common, refusal.New(refusal.DatatypeMismatch, "%s types %s and %s cannot be matched",
				what, bareName(common), bareName(t)).At(pos)
		case !preferred(common) && implicit(common, t) && !implicit(t, common):
			common, sameMods = t, false
		case implicit(t, common):
			sameMods = false
		default:
			return common, refusal.New(refusal.DatatypeMismatch, "%s could not convert type %s to %s",
				what, bareName(t), bareName(common)).At(pos)
		}
	}
	if !found {
		return catalog.Of(catalog.Text), nil
	}
	if !sameMods || mixed(es) {
		common = plain(common)
	}
	return common, nil
}

// mixed tells that an untyped literal stands among the branches: no type modifier survives it.
func mixed(es []Expr) bool {
	for _, e := range es {
		if e.Type().Kind == catalog.Unknown && !e.Type().Array {
			return true
		}
	}
	return false
}

// plain takes the modifiers off a type.
func plain(t catalog.Type) catalog.Type { return catalog.Type{Kind: t.Kind, Array: t.Array} }

// bareName is a type's name in messages, without modifiers.
func bareName(t catalog.Type) string {
	if t.Kind == catalog.Bpchar {
		return "character"
	}
	return plain(t).String()
}

// ParseTypeName reads a type as the syntax tree names it: {"pg_catalog", "int4"} or {"text"}, with its modifiers and
// whether it is an array. interval's field modifiers are ignored.
func ParseTypeName(names []string, mods []int, array bool, pos int) (catalog.Type, error) {
	unknown := func() error {
		return refusal.New(refusal.UndefinedObject, "type \"%s\" does not exist", strings.Join(names, ".")).At(pos)
	}
	if len(names) == 0 || len(names) > 2 || (len(names) == 2 && names[0] != "pg_catalog") {
		return catalog.Type{}, unknown()
	}
	name := names[len(names)-1]
	if bytes, ok := strings.CutPrefix(name, "_"); ok {
		name, array = bytes, true
	}
	t, ok := kindNamed(name)
	if !ok {
		if knownToPostgres(name) {
			return t, refusal.New(refusal.NotSupported, "type \"%s\" is not supported", name).At(pos)
		}
		return t, unknown()
	}
	t, err := withMods(t, mods, pos)
	t.Array = array
	return t, err
}

func kindNamed(name string) (catalog.Type, bool) {
	if name == "char" || name == "unknown" || name == "unsupported" {
		return catalog.Type{}, false // the one-byte type "char", which is not the standard's
	}
	if strings.ContainsAny(name, "([ ,") {
		return catalog.Type{}, false
	}
	t, err := catalog.ParseType(name)
	return t, err == nil
}

func knownToPostgres(name string) bool {
	switch name {
	case "char", "money", "timetz", "bit", "varbit", "inet", "cidr", "macaddr", "xml", "point", "line", "box", "path", "polygon",
		"circle", "lseg", "tsvector", "tsquery", "regclass", "regproc", "regtype", "regrole", "regnamespace", "regoper",
		"regoperator", "regprocedure", "regconfig", "regdictionary", "xid", "cid", "tid", "pg_lsn", "int4range", "int8range",
		"numrange", "tsrange", "tstzrange", "daterange", "record", "jsonpath", "oidvector", "int2vector":
		return true
	}
	return false
}

func withMods(t catalog.Type, mods []int, pos int) (catalog.Type, error) {
	if len(mods) == 0 {
		return t, nil
	}
	bad := func(format string, args ...any) (catalog.Type, error) {
		return t, refusal.New(refusal.InvalidParameterValue, format, args...).At(pos)
	}
	switch t.Kind {
	case catalog.Numeric:
		if len(mods) > 2 || mods[0] < 1 || mods[0] > 1000 {
			return bad("NUMERIC precision %d must be between 1 and 1000", mods[0])
		}
		t.Precision, t.HasScale = mods[0], true
		if len(mods) == 2 {
			t.Scale = mods[1]
		}
		if t.Scale < -1000 || t.Scale > 1000 {
			return bad("NUMERIC scale %d must be between -1000 and 1000", t.Scale)
		}
	case catalog.Varchar, catalog.Bpchar:
		if len(mods) != 1 || mods[0] < 1 {
			return bad("length for type %s must be at least 1", bareName(t))
		}
		if mods[0] > 10_485_760 {
			return bad("length for type %s cannot exceed 10485760", bareName(t))
		}
		t.Length = mods[0]
	case catalog.Interval:
	case catalog.Time, catalog.Timestamp, catalog.Timestamptz:
		if mods[0] < 0 || mods[0] > 6 {
			return bad("%s(%d) precision must be between 0 and 6", bareName(t), mods[0])
		}
		if mods[0] != 6 {
			return t, refusal.New(refusal.NotSupported, "type %s with a precision is not supported", bareName(t)).At(pos).
				WithHint("Leave the precision out, and use date_trunc('second', …).")
		}
	default:
		return t, refusal.New(refusal.SyntaxError, "type modifier is not allowed for type \"%s\"", bareName(t)).At(pos)
	}
	return t, nil
}
