package introspect

import (
	"fmt"
	"hash/fnv"
	"strconv"
	"strings"
	"sync"

	"github.com/dpproxy/dpproxy/catalog"
)

// Object identifiers that PostgreSQL fixes.
const (
	ownerRole      = 10 // the proxy itself: it owns all objects, and is nobody who can log in
	ownerName      = "dpproxy"
	pgCatalog      = 11
	publicSchema   = 2200
	heapAM         = 2
	btreeAM        = 403
	defaultSpace   = 1663
	classClass     = 1259
	classConstr    = 2606
	classNamespace = 2615
	classType      = 1247
	classProc      = 1255
	classDatabase  = 1262
	classAuthid    = 1260
	classIndex     = 2610
)

// snapshot is the catalog of one view: rows for the engine, and lookups for the functions that it calls. It does not
// change after newSnapshot; plans are kept beside it.
type snapshot struct {
	id       int
	static   *static
	view     View // without what belongs to one session
	tables   []*dynamicTable
	byName   map[string]*dynamicTable
	used     map[uint32]bool
	public   uint32
	system   uint32 // schema dp, 0 if there is none
	database uint32

	classes     map[uint32]object // relations of this view
	classByName map[string]uint32 // schema.name
	columns     map[Name]At       // of the tables among them
	types       map[uint32]*typeRow
	typeByName  map[string]*typeRow
	constraints map[uint32]string
	indexes     map[uint32]indexText
	comments    map[comment]string
	roles       map[uint32]string
	databases   map[uint32]string

	mu    sync.Mutex
	plans map[string]*plan
}

// object is a named thing in a schema.
type object struct {
	schema, name string
	namespace    uint32
}

type indexText struct {
	definition, pretty string
	columns            []string
}

// dynamicTable holds rows that are added to the static ones of the relation of the same name.
type dynamicTable struct {
	name    string
	columns []column
	rows    [][]string
}

func (s *snapshot) schema() string { return "v" + strconv.Itoa(s.id) }

func newSnapshot(id int, st *static, v View) *snapshot {
	v.Settings, v.PID, v.Session = nil, 0, nil
	s := &snapshot{id: id, static: st, view: v, byName: map[string]*dynamicTable{}, used: map[uint32]bool{},
		classes: map[uint32]object{}, classByName: map[string]uint32{}, columns: map[Name]At{}, types: map[uint32]*typeRow{},
		typeByName: map[string]*typeRow{}, constraints: map[uint32]string{}, indexes: map[uint32]indexText{},
		comments: map[comment]string{}, roles: map[uint32]string{ownerRole: ownerName}, databases: map[uint32]string{},
		public: publicSchema, plans: map[string]*plan{}}
	for _, name := range dynamicRelations {
		t := &dynamicTable{name: name, columns: st.catalog[name].columns}
		s.tables = append(s.tables, t)
		s.byName[name] = t
	}
	s.addRoles()
	s.addDatabases()
	if v.Current != nil {
		s.addTables("public", publicSchema, v.Current, v.Current.Listed())
		s.addForeignKeys(v.Current)
	}
	if len(v.System) > 0 {
		s.system = s.oid("namespace", "dp")
		s.add("pg_namespace", fields{"oid": id32(s.system), "nspname": "dp", "nspowner": id32(ownerRole),
			"nspacl": "{" + ownerName + "=UC/" + ownerName + ",=U/" + ownerName + "}"})
		s.comment(s.system, classNamespace, 0, "tables of the proxy itself: your budget, limits and history")
		s.addTables("dp", s.system, nil, v.System)
	}
	return s
}

// dynamicRelations are the relations of pg_catalog that have rows of their own in each view.
var dynamicRelations = []string{"pg_class", "pg_attribute", "pg_type", "pg_constraint", "pg_index", "pg_description",
	"pg_namespace", "pg_database", "pg_roles", "pg_user", "pg_tables", "pg_indexes", "pg_depend", "pg_shdescription"}

// oid is a stable identifier in [16384, 2³¹): the same names give the same number in every process, as long as no other
// object of the view takes it first.
func (s *snapshot) oid(parts ...string) uint32 {
	h := fnv.New64a()
	for _, p := range parts {
		fmt.Fprintf(h, "%d:%s", len(p), p)
	}
	const low, span = 16384, 1<<31 - 16384
	n := uint32(h.Sum64()%span) + low
	for s.used[n] {
		if n++; n == 1<<31 {
			n = low
		}
	}
	s.used[n] = true
	return n
}

// fields are the columns of a row that differ from the type's zero.
type fields map[string]string

func (s *snapshot) add(relation string, f fields) {
	t := s.byName[relation]
	t.rows = append(t.rows, makeRow(t.columns, f))
}

func makeRow(columns []column, f fields) []string {
	row := make([]string, len(columns))
	for i, c := range columns {
		if v, ok := f[c.name]; ok {
			row[i] = v
			continue
		}
		row[i] = zero(c.typ)
	}
	return row
}

func zero(t sqlType) string {
	switch b := t.base(); {
	case b.isVector(), b == "name", b == "char":
		return ""
	case b.isArray(), b.isText(), b == "timestamptz":
		return null
	case b == "bool":
		return "f"
	}
	return "0"
}

func (s *snapshot) comment(object, class uint32, sub int, text string) {
	if text == "" {
		return
	}
	s.comments[comment{object, class, int32(sub)}] = text
	s.add("pg_description", fields{"objoid": id32(object), "classoid": id32(class), "objsubid": strconv.Itoa(sub), "description": text})
}

func (s *snapshot) addRoles() {
	s.add("pg_roles", fields{"oid": id32(ownerRole), "rolname": ownerName, "rolinherit": "t", "rolconnlimit": "-1", "rolpassword": "********"})
	for _, u := range s.view.Users {
		oid := s.oid("role", u)
		s.roles[oid] = u
		s.add("pg_roles", fields{"oid": id32(oid), "rolname": u, "rolinherit": "t", "rolcanlogin": "t", "rolconnlimit": "-1",
			"rolpassword": "********"})
		s.add("pg_user", fields{"usename": u, "usesysid": id32(oid), "passwd": "********"})
	}
}

func (s *snapshot) addDatabases() {
	for _, d := range s.view.Datasets {
		oid := s.oid("database", d.Name)
		if d.Name == s.view.Database {
			s.database = oid
		}
		s.databases[oid] = d.Name
		s.add("pg_database", fields{"oid": id32(oid), "datname": d.Name, "datdba": id32(ownerRole), "encoding": "6",
			"datlocprovider": "c", "datallowconn": "t", "datconnlimit": "-1", "dattablespace": id32(defaultSpace),
			"datcollate": "C.UTF-8", "datctype": "C.UTF-8", "datacl": s.acl("c")})
		if text := joinNonEmpty(": ", d.Title, d.Description); text != "" {
			s.comments[comment{oid, classDatabase, 0}] = text
			s.add("pg_shdescription", fields{"objoid": id32(oid), "classoid": id32(classDatabase), "description": text})
		}
	}
}

func joinNonEmpty(sep string, parts ...string) string {
	var kept []string
	for _, p := range parts {
		if p != "" {
			kept = append(kept, p)
		}
	}
	return strings.Join(kept, sep)
}

func id32(n uint32) string { return strconv.FormatUint(uint64(n), 10) }

// cached finds a compiled statement.
func (s *snapshot) cached(key string) *plan {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.plans[key]
}

// keep remembers a compiled statement; a full store is emptied, which is rare and cheap.
func (s *snapshot) keep(key string, p *plan) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.plans) >= maxPlans {
		clear(s.plans)
	}
	s.plans[key] = p
}

func planKey(sql string, types []catalog.Type) string {
	return fmt.Sprintf("%v %s", types, sql)
}
