package introspect

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/dpproxy/dpproxy/refusal"
)

// class finds a relation by its number, in the view or among the system catalogs.
func (s *snapshot) class(oid uint32) (object, bool) {
	if o, ok := s.classes[oid]; ok {
		return o, true
	}
	if name, ok := s.static.indexNames[oid]; ok {
		return object{"pg_catalog", name, pgCatalog}, true
	}
	for _, r := range s.static.relations {
		if r.oid == oid && r.schema != "dpproxy" {
			return object{r.schema, r.name, s.static.namespaces[r.schema]}, true
		}
	}
	return object{}, false
}

// findClass resolves a relation's name as a cast to regclass does; search path pg_catalog, public.
func (s *snapshot) findClass(name string) (uint32, bool) {
	parts, ok := splitName(name)
	if !ok {
		return 0, false
	}
	if len(parts) == 3 && parts[0] == s.view.Database {
		parts = parts[1:]
	}
	switch len(parts) {
	case 1:
		if oid, ok := s.static.classes[parts[0]]; ok {
			return oid, true
		}
		oid, ok := s.classByName["public."+parts[0]]
		return oid, ok
	case 2:
		switch parts[0] {
		case "pg_catalog":
			oid, ok := s.static.classes[parts[1]]
			return oid, ok
		case "information_schema":
			if r, ok := s.static.schema[parts[1]]; ok {
				return r.oid, true
			}
		}
		oid, ok := s.classByName[parts[0]+"."+parts[1]]
		return oid, ok
	}
	return 0, false
}

// indexText is pg_get_indexdef: of the whole index, or of column n ≥ 1 alone. Pretty leaves the schema away where it can.
func (s *snapshot) indexText(oid uint32, n int, pretty bool) (string, bool) {
	text, ok := s.indexes[oid]
	if !ok {
		text, ok = s.static.indexes[oid]
	}
	switch {
	case n > len(text.columns):
		return "", ok
	case n > 0:
		return text.columns[n-1], ok
	case pretty:
		return text.pretty, ok
	}
	return text.definition, ok
}

// splitName reads a qualified identifier: unquoted parts fold to lower case.
func splitName(text string) ([]string, bool) {
	var parts []string
	var b strings.Builder
	text = strings.TrimSpace(text)
	for i := 0; i <= len(text); {
		b.Reset()
		if i < len(text) && text[i] == '"' {
			for i++; ; i++ {
				if i >= len(text) {
					return nil, false
				}
				if text[i] == '"' {
					if i+1 < len(text) && text[i+1] == '"' {
						i++
					} else {
						break
					}
				}
				b.WriteByte(text[i])
			}
			i++
		} else {
			for ; i < len(text) && text[i] != '.'; i++ {
				b.WriteByte(text[i])
			}
			lower := strings.ToLower(b.String())
			b.Reset()
			b.WriteString(lower)
		}
		if b.Len() == 0 {
			return nil, false
		}
		parts = append(parts, b.String())
		if i == len(text) {
			return parts, true
		}
		if text[i] != '.' {
			return nil, false
		}
		i++
	}
	return nil, false
}

func (s *snapshot) typeRow(oid uint32) (*typeRow, bool) {
	if t, ok := s.static.types[oid]; ok {
		return t, true
	}
	t, ok := s.types[oid]
	return t, ok
}

// typeNames are SQL's names of types whose name in pg_type is another.
var typeNames = map[string]string{"bool": "boolean", "bpchar": "character", "char": `"char"`, "float4": "real",
	"float8": "double precision", "int2": "smallint", "int4": "integer", "int8": "bigint", "varchar": "character varying",
	"varbit": "bit varying", "timestamp": "timestamp without time zone", "timestamptz": "timestamp with time zone",
	"numeric": "numeric", "interval": "interval", "bit": "bit", "time": "time without time zone", "timetz": "time with time zone"}

// formatType is format_type: the type's name in SQL, with its modifier if mod ≥ 0.
func (s *snapshot) formatType(oid uint32, mod int64, withMod bool) string {
	if oid == 0 {
		return "-"
	}
	t, ok := s.typeRow(oid)
	if !ok {
		return "???"
	}
	if t.isArray && t.storage != "p" {
		return s.formatType(t.elem, mod, withMod) + "[]"
	}
	name, builtIn := typeNames[t.name]
	if !builtIn || t.namespace != pgCatalog {
		name = quoteIdent(t.name)
		if t.namespace != pgCatalog && t.namespace != publicSchema {
			name = quoteIdent(s.namespace(t.namespace)) + "." + name
		}
	}
	if t.name == "bpchar" && withMod && mod < 0 {
		return "bpchar"
	}
	if t.name == "bit" && withMod && mod < 0 {
		return `"bit"`
	}
	if mod < 0 {
		return name
	}
	switch t.name {
	case "bool", "int2", "int4", "int8", "float4", "float8":
		return name
	case "varchar", "bpchar":
		return fmt.Sprintf("%s(%d)", name, mod-4)
	case "numeric":
		return fmt.Sprintf("%s(%d,%d)", name, (mod-4)>>16&0xffff, (mod-4)&0x7ff)
	case "timestamp", "timestamptz", "time", "timetz":
		word, rest, _ := strings.Cut(name, " ")
		return fmt.Sprintf("%s(%d) %s", word, mod, rest)
	}
	return fmt.Sprintf("%s(%d)", name, mod) // also for types that take none
}

func (s *snapshot) namespace(oid uint32) string {
	if oid == s.system && oid != 0 {
		return "dp"
	}
	for name, n := range s.static.namespaces {
		if n == oid {
			return name
		}
	}
	return ""
}

// findType resolves a type's name in SQL or in pg_type.
func (s *snapshot) findType(text string) (uint32, bool) {
	text = strings.TrimSpace(text)
	if name, ok := strings.CutSuffix(text, "[]"); ok {
		oid, ok := s.findType(name)
		if !ok {
			return 0, false
		}
		t, _ := s.typeRow(oid)
		return t.array, t.array != 0
	}
	if i := strings.IndexByte(text, '('); i >= 0 {
		end := strings.IndexByte(text, ')')
		if end < i {
			return 0, false
		}
		text = strings.TrimSpace(text[:i] + text[end+1:])
	}
	lower := strings.Join(strings.Fields(strings.ToLower(text)), " ")
	for name, sql := range typeNames {
		if sql == lower {
			return s.static.typeByName[name].oid, true
		}
	}
	if alias, ok := aliases[lower]; ok && !strings.HasPrefix(lower, "reg") {
		return s.static.typeByName[string(alias)].oid, true
	}
	parts, ok := splitName(text)
	if !ok {
		return 0, false
	}
	switch {
	case len(parts) == 1 || len(parts) == 2 && parts[0] == "pg_catalog":
		if t, ok := s.static.typeByName[parts[len(parts)-1]]; ok {
			return t.oid, true
		}
		if len(parts) == 2 {
			return 0, false
		}
		if t, ok := s.typeByName["public."+parts[0]]; ok {
			return t.oid, true
		}
	case len(parts) == 2:
		if t, ok := s.typeByName[parts[0]+"."+parts[1]]; ok {
			return t.oid, true
		}
	}
	return 0, false
}

// regIn is the input function of the reg… types. The second result is false if there is no such object.
func (s *snapshot) regIn(kind sqlType, text string) (uint32, bool) {
	if n, err := strconv.ParseUint(text, 10, 32); err == nil {
		return uint32(n), true
	}
	if text == "-" {
		return 0, true
	}
	last := strings.TrimPrefix(text, "pg_catalog.")
	switch kind {
	case "regclass":
		return s.findClass(text)
	case "regtype":
		return s.findType(text)
	case "regproc":
		return s.findProcedure(text, nil)
	case "regprocedure":
		return s.findSignature(text)
	case "regoper":
		return only(s.static.operByName[last])
	case "regnamespace":
		name := strings.Trim(text, `"`)
		if name == "dp" && s.system != 0 {
			return s.system, true
		}
		oid, ok := s.static.namespaces[name]
		return oid, ok
	case "regrole":
		return keyOfName(s.roles, strings.Trim(text, `"`))
	case "regcollation":
		return keyOfName(s.static.collations, strings.Trim(last, `"`))
	case "regconfig":
		return keyOfName(s.static.tsConfigs, last)
	}
	return 0, false
}

// only is the one that there is.
func only(oids []uint32) (uint32, bool) {
	if len(oids) != 1 {
		return 0, false
	}
	return oids[0], true
}

func keyOfName(names map[uint32]string, name string) (uint32, bool) {
	for oid, n := range names {
		if n == name {
			return oid, true
		}
	}
	return 0, false
}

// missing is PostgreSQL's error for a name that a reg… cast does not find.
func missing(kind sqlType, name string) *refusal.Error {
	switch kind {
	case "regclass":
		return refusal.New(refusal.UndefinedTable, "relation \"%s\" does not exist", name)
	case "regtype":
		return refusal.New(refusal.UndefinedObject, "type \"%s\" does not exist", name)
	case "regproc", "regprocedure":
		return refusal.New(refusal.UndefinedFunction, "function \"%s\" does not exist", name)
	case "regnamespace":
		return refusal.New("3F000", "schema \"%s\" does not exist", name)
	case "regrole":
		return refusal.New(refusal.UndefinedObject, "role \"%s\" does not exist", name)
	}
	return refusal.New(refusal.UndefinedObject, "object \"%s\" does not exist", name)
}

// regOut is the output function of the reg… types.
func (s *snapshot) regOut(kind sqlType, oid uint32) string {
	if oid == 0 {
		return "-"
	}
	name, ok := "", false
	switch kind {
	case "regclass":
		var o object
		if o, ok = s.class(oid); ok {
			name = quoteIdent(o.name)
			if o.schema != "pg_catalog" && o.schema != "public" {
				name = quoteIdent(o.schema) + "." + name
			}
		}
	case "regtype":
		_, ok = s.typeRow(oid)
		name = s.formatType(oid, -1, false)
	case "regproc":
		name, ok = s.procName(oid, true)
	case "regprocedure":
		_, ok = s.static.procs[oid]
		name = s.procedure(oid)
	case "regoper":
		if name, ok = s.static.operators[oid]; len(s.static.operByName[name]) > 1 {
			name = "pg_catalog." + name
		}
	case "regoperator":
		name, ok = s.static.operators[oid]
		name += "(" + s.operand(s.static.operands[oid][0]) + "," + s.operand(s.static.operands[oid][1]) + ")"
	case "regnamespace":
		name = s.namespace(oid)
		ok = name != ""
	case "regrole":
		name, ok = s.roles[oid]
	case "regcollation":
		name, ok = s.static.collations[oid]
		name = quoteIdent(name)
	case "regconfig":
		name, ok = s.static.tsConfigs[oid]
	}
	if !ok {
		return id32(oid)
	}
	return name
}

func (s *snapshot) operand(oid uint32) string {
	if oid == 0 {
		return "NONE"
	}
	return s.formatType(oid, -1, false)
}

// describe is obj_description and col_description. An empty class finds any.
func (s *snapshot) describe(object uint32, class string, sub int32) (string, bool) {
	if class != "" {
		key := comment{object, s.static.classes[class], sub}
		if text, ok := s.comments[key]; ok {
			return text, true
		}
		text, ok := s.static.comments[key]
		return text, ok
	}
	for _, c := range []uint32{classClass, classType, classProc, classNamespace, classConstr} {
		key := comment{object, c, sub}
		if text, ok := s.comments[key]; ok {
			return text, true
		}
		if text, ok := s.static.comments[key]; ok {
			return text, true
		}
	}
	return "", false
}

// visibleObject says whether an object is found without its schema's name.
func (s *snapshot) visibleObject(class string, oid uint32) (bool, bool) {
	switch class {
	case "pg_class":
		o, ok := s.class(oid)
		return o.schema == "pg_catalog" || o.schema == "public", ok
	case "pg_type":
		t, ok := s.typeRow(oid)
		if !ok {
			return false, false
		}
		return t.namespace == pgCatalog || t.namespace == publicSchema, true
	}
	return true, true // functions, operators, collations …: all are in pg_catalog
}

// privilege says whether the analyst has one of the privileges in the list, as has_…_privilege does.
func (s *snapshot) privilege(class string, oid uint32, list string) (bool, error) {
	allowed, ok := privileges[class]
	if !ok {
		return false, nil
	}
	has := false
	for _, p := range strings.Split(strings.ToUpper(list), ",") {
		p = strings.TrimSpace(p)
		plain := strings.TrimSuffix(p, " WITH GRANT OPTION")
		granted, known := allowed[plain]
		if !known {
			return false, raise(refusal.InvalidParameterValue, "unrecognized privilege type: \""+p+"\"")
		}
		has = has || granted && plain == p
	}
	if class == "table" {
		_, exists := s.class(oid)
		has = has && exists
	}
	return has, nil
}

// privileges lists the privilege types of each kind of object, and whether an analyst has them.
var privileges = map[string]map[string]bool{
	"table": {"SELECT": true, "INSERT": false, "UPDATE": false, "DELETE": false, "TRUNCATE": false, "REFERENCES": false,
		"TRIGGER": false, "RULE": false, "MAINTAIN": false},
	"schema":     {"USAGE": true, "CREATE": false},
	"database":   {"CONNECT": true, "CREATE": false, "TEMPORARY": false, "TEMP": false},
	"function":   {"EXECUTE": true},
	"sequence":   {"USAGE": false, "SELECT": false, "UPDATE": false},
	"type":       {"USAGE": true},
	"language":   {"USAGE": false},
	"tablespace": {"CREATE": false},
	"server":     {"USAGE": false},
	"role":       {"USAGE": false, "MEMBER": false, "SET": false},
	"parameter":  {"SET": false, "ALTER SYSTEM": false},
}
