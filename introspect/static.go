package introspect

import (
	"bufio"
	"bytes"
	"compress/gzip"
	_ "embed" // the static catalog
	"fmt"
	"strconv"
	"strings"
)

//go:embed static/catalog.tsv.gz
var staticCatalog []byte

// relation is a relation of pg_catalog or information_schema: its columns, and its rows where they never change.
type relation struct {
	schema, name string
	kind         byte // 'r' table, 'v' view, 'x' an answer of a function
	oid          uint32
	columns      []column
	rows         [][]string // COPY's text, parsed; null is the NULL
}

type column struct {
	name string
	typ  sqlType
}

// null stands for NULL in a row of text. No catalog holds a NUL byte.
const null = "\x00"

// table is the relation's name in the engine.
func (r *relation) table() string {
	if r.schema == "information_schema" {
		return "is_" + r.name
	}
	return r.name
}

func (r *relation) column(name string) int {
	for i, c := range r.columns {
		if c.name == name {
			return i
		}
	}
	return -1
}

// get reads one field of a row; "" where it is NULL or there is no such column.
func (r *relation) get(row []string, name string) string {
	if i := r.column(name); i >= 0 && row[i] != null {
		return row[i]
	}
	return ""
}

// static is what is the same in every database.
type static struct {
	relations []*relation
	catalog   map[string]*relation // of pg_catalog, by name
	schema    map[string]*relation // of information_schema, by name
	functions map[string]*relation

	types      map[uint32]*typeRow
	typeByName map[string]*typeRow
	procs      map[uint32]string // names
	procText   map[uint32][3]string
	procByName map[string][]uint32
	procArgs   map[uint32][]uint32 // types of arguments
	procSchema map[uint32]uint32
	procOut    map[string][]col // what functions of several output columns return, by name
	viewText   map[uint32][2]string

	indexes     map[uint32]indexText
	indexNames  map[uint32]string // indexes of the catalogs
	constraints map[uint32]string
	operators   map[uint32]string
	operByName  map[string][]uint32
	operands    map[uint32][2]uint32 // types, 0 where there is none
	namespaces  map[string]uint32
	collations  map[uint32]string
	tsConfigs   map[uint32]string
	comments    map[comment]string
	settings    map[string]string
	classes     map[string]uint32 // system catalogs by name, for regclass
}

// comment is the key of pg_description.
type comment struct {
	object, class uint32
	sub           int32
}

// typeRow is what formatting and declared columns need of a row of pg_type.
type typeRow struct {
	oid, namespace, elem, array, relid, base uint32
	name, align, storage, category           string
	length                                   int
	byval, isArray                           bool
	collation                                uint32
	typmod                                   int
}

func readStatic() (*static, error) {
	z, err := gzip.NewReader(bytes.NewReader(staticCatalog))
	if err != nil {
		return nil, fmt.Errorf("static catalog: %w", err)
	}
	s := &static{catalog: map[string]*relation{}, schema: map[string]*relation{}, functions: map[string]*relation{}}
	lines := bufio.NewScanner(z)
	lines.Buffer(make([]byte, 64<<10), 1<<20)
	var r *relation
	for lines.Scan() {
		f := strings.Split(lines.Text(), "\t")
		switch f[0] {
		case "!rel":
			oid, err := strconv.ParseUint(f[4], 10, 32)
			if err != nil {
				return nil, fmt.Errorf("static catalog: %w", err)
			}
			r = &relation{schema: f[1], name: f[2], kind: f[3][0], oid: uint32(oid)}
			s.add(r)
		case "!col":
			r.columns = append(r.columns, column{f[1], sqlType(f[2])})
		default:
			if len(f) != len(r.columns) {
				return nil, fmt.Errorf("static catalog: %s has a row of %d fields, not %d", r.name, len(f), len(r.columns))
			}
			for i := range f {
				f[i] = unescape(f[i])
			}
			r.rows = append(r.rows, f)
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("static catalog: %w", err)
	}
	s.index()
	return s, nil
}

func (s *static) add(r *relation) {
	s.relations = append(s.relations, r)
	switch r.schema {
	case "pg_catalog":
		s.catalog[r.name] = r
	case "information_schema":
		s.schema[r.name] = r
	default:
		s.functions[r.name] = r
	}
}

// unescape undoes COPY's text format.
func unescape(v string) string {
	if v == `\N` {
		return null
	}
	if strings.IndexByte(v, '\\') < 0 {
		return v
	}
	return copyEscapes.Replace(v)
}

var copyEscapes = strings.NewReplacer(`\\`, `\`, `\n`, "\n", `\t`, "\t", `\r`, "\r", `\b`, "\b", `\f`, "\f", `\v`, "\v")

// num reads a number of a static row; the file is ours, so a bad one is 0.
func num(v string) int64 {
	n, err := strconv.ParseInt(v, 10, 64)
	if err != nil {
		return 0
	}
	return n
}

func oidOf(v string) uint32 { return uint32(num(v)) }

// index builds the lookups of the functions that look things up.
func (s *static) index() {
	s.types, s.typeByName = map[uint32]*typeRow{}, map[string]*typeRow{}
	s.procArgs, s.procSchema, s.procOut, s.viewText = map[uint32][]uint32{}, map[uint32]uint32{}, map[string][]col{}, map[uint32][2]string{}
	s.procs, s.procText, s.procByName = map[uint32]string{}, map[uint32][3]string{}, map[string][]uint32{}
	s.operators, s.operByName, s.operands = map[uint32]string{}, map[string][]uint32{}, map[uint32][2]uint32{}
	s.namespaces, s.collations, s.tsConfigs = map[string]uint32{}, map[uint32]string{}, map[uint32]string{}
	s.comments, s.settings, s.classes = map[comment]string{}, map[string]string{}, map[string]uint32{}
	handler := ""
	s.each("pg_proc", func(r *relation, row []string) {
		if r.get(row, "proname") == "array_subscript_handler" {
			handler = r.get(row, "oid")
		}
	})
	s.each("pg_type", func(r *relation, row []string) {
		t := &typeRow{oid: oidOf(r.get(row, "oid")), name: r.get(row, "typname"), namespace: oidOf(r.get(row, "typnamespace")),
			elem: oidOf(r.get(row, "typelem")), array: oidOf(r.get(row, "typarray")), relid: oidOf(r.get(row, "typrelid")),
			base: oidOf(r.get(row, "typbasetype")), align: r.get(row, "typalign"), storage: r.get(row, "typstorage"),
			category: r.get(row, "typcategory"), length: int(num(r.get(row, "typlen"))), byval: r.get(row, "typbyval") == "t",
			isArray:   r.get(row, "typsubscript") == handler,
			collation: oidOf(r.get(row, "typcollation")), typmod: int(num(r.get(row, "typtypmod")))}
		s.types[t.oid], s.typeByName[t.name] = t, t
	})
	s.each("pg_proc", func(r *relation, row []string) {
		oid, name := oidOf(r.get(row, "oid")), r.get(row, "proname")
		s.procs[oid], s.procSchema[oid] = name, oidOf(r.get(row, "pronamespace"))
		for _, t := range strings.Fields(r.get(row, "proargtypes")) {
			s.procArgs[oid] = append(s.procArgs[oid], oidOf(t))
		}
		if out := s.outputs(r, row); len(out) > 1 {
			s.procOut[name] = out
		}
		s.procByName[name] = append(s.procByName[name], oid)
	})
	s.each("pg_operator", func(r *relation, row []string) {
		oid, name := oidOf(r.get(row, "oid")), r.get(row, "oprname")
		s.operators[oid] = name
		s.operByName[name] = append(s.operByName[name], oid)
		s.operands[oid] = [2]uint32{oidOf(r.get(row, "oprleft")), oidOf(r.get(row, "oprright"))}
	})
	s.each("pg_namespace", func(r *relation, row []string) { s.namespaces[r.get(row, "nspname")] = oidOf(r.get(row, "oid")) })
	s.each("pg_collation", func(r *relation, row []string) { s.collations[oidOf(r.get(row, "oid"))] = r.get(row, "collname") })
	s.each("pg_ts_config", func(r *relation, row []string) { s.tsConfigs[oidOf(r.get(row, "oid"))] = r.get(row, "cfgname") })
	s.each("pg_settings", func(r *relation, row []string) {
		s.settings[strings.ToLower(r.get(row, "name"))] = settingText(r.get(row, "setting"), r.get(row, "unit"))
	})
	s.each("pg_description", func(r *relation, row []string) {
		key := comment{oidOf(r.get(row, "objoid")), oidOf(r.get(row, "classoid")), int32(num(r.get(row, "objsubid")))}
		s.comments[key] = r.get(row, "description")
	})
	for _, r := range s.catalog {
		s.classes[r.name] = r.oid
	}
	texts := s.functions["proc_text"]
	for _, row := range texts.rows {
		s.procText[oidOf(row[0])] = [3]string{texts.get(row, "arguments"), texts.get(row, "identity"), texts.get(row, "result")}
	}
	s.indexTexts()
	views := s.functions["view_text"]
	for _, row := range views.rows {
		s.viewText[oidOf(row[0])] = [2]string{views.get(row, "definition"), views.get(row, "pretty")}
	}
}

// indexTexts reads what functions say of the catalogs' own indexes and constraints.
func (s *static) indexTexts() {
	s.indexes, s.indexNames, s.constraints = map[uint32]indexText{}, map[uint32]string{}, map[uint32]string{}
	r := s.functions["index_text"]
	for _, row := range r.rows {
		s.indexes[oidOf(row[0])] = indexText{r.get(row, "definition"), r.get(row, "pretty"), parseArray(r.get(row, "columns"))}
	}
	r = s.functions["constraint_text"]
	for _, row := range r.rows {
		s.constraints[oidOf(row[0])] = r.get(row, "definition")
	}
	s.each("pg_class", func(r *relation, row []string) {
		if oid := oidOf(r.get(row, "oid")); r.get(row, "relkind") == "i" {
			s.indexNames[oid], s.classes[r.get(row, "relname")] = r.get(row, "relname"), oid
		}
	})
}

// outputs are a function's output columns, where it has any.
func (s *static) outputs(r *relation, row []string) []col {
	types, modes := parseArray(r.get(row, "proallargtypes")), parseArray(r.get(row, "proargmodes"))
	names := parseArray(r.get(row, "proargnames"))
	var out []col
	for i, mode := range modes {
		if i >= len(types) || i >= len(names) {
			break
		}
		if t := s.types[oidOf(types[i])]; t != nil && (mode == "o" || mode == "t" || mode == "b") {
			out = append(out, col{names[i], sqlType(t.name)})
		}
	}
	return out
}

// settingText is a setting as SHOW prints it: a number with the largest unit that leaves it whole.
func settingText(setting, unit string) string {
	n := num(setting)
	scales := map[string][]struct {
		name string
		size int64
	}{
		"8kB": {{"TB", 1 << 30}, {"GB", 1 << 20}, {"MB", 1 << 10}, {"kB", 1}},
		"kB":  {{"TB", 1 << 30}, {"GB", 1 << 20}, {"MB", 1 << 10}, {"kB", 1}},
		"MB":  {{"TB", 1 << 20}, {"GB", 1 << 10}, {"MB", 1}},
		"B":   {{"TB", 1 << 40}, {"GB", 1 << 30}, {"MB", 1 << 20}, {"kB", 1 << 10}, {"B", 1}},
		"ms":  {{"d", 86_400_000}, {"h", 3_600_000}, {"min", 60_000}, {"s", 1000}, {"ms", 1}},
		"s":   {{"d", 86_400}, {"h", 3600}, {"min", 60}, {"s", 1}},
		"min": {{"d", 1440}, {"h", 60}, {"min", 1}},
	}[unit]
	if unit == "8kB" {
		n *= 8
	}
	for _, s := range scales {
		if n > 0 && n%s.size == 0 {
			return strconv.FormatInt(n/s.size, 10) + s.name
		}
	}
	return setting
}

// operatorClass is the default operator class of a type for btree; 0 if it has none. varchar is sorted as text is.
func (s *static) operatorClass(t *typeRow) uint32 {
	if t.name == "varchar" {
		t = s.typeByName["text"]
	}
	var class uint32
	s.each("pg_opclass", func(r *relation, row []string) {
		if oidOf(r.get(row, "opcmethod")) == btreeAM && r.get(row, "opcdefault") == "t" && oidOf(r.get(row, "opcintype")) == t.oid {
			class = oidOf(r.get(row, "oid"))
		}
	})
	return class
}

// equality is the operator = of two values of a type, as its operator class has it; 0 if there is none.
func (s *static) equality(t *typeRow) uint32 {
	if t.name == "varchar" {
		t = s.typeByName["text"]
	}
	for _, oid := range s.operByName["="] {
		if s.operands[oid] == [2]uint32{t.oid, t.oid} {
			return oid
		}
	}
	return 0
}

func (s *static) each(name string, do func(*relation, []string)) {
	r := s.catalog[name]
	for _, row := range r.rows {
		do(r, row)
	}
}
