package introspect

import (
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/dpproxy/dpproxy/refusal"
	"github.com/dpproxy/dpproxy/rewrite/syntax"
)

// census counts what a statement mentions.
type census struct {
	catalogs int // relations of pg_catalog and information_schema
	others   int // relations that are neither those nor WITH queries
	lookups  int // catalog functions that look things up, and casts to names of objects
	unknown  int // functions that are not on the closed list
	ctes     map[string]bool
}

// Handles says that a statement is a catalog one: a single SELECT in which every relation is a catalog's and every
// function is on the closed list; without relations, at least one function or cast must be a look-up in the catalog.
func (s *Service) Handles(sql string) bool {
	n, ok := s.count(sql)
	return ok && n.others == 0 && n.unknown == 0 && (n.catalogs > 0 || n.lookups > 0)
}

// Mixed says that a statement reads a catalog together with something that is none: another table, or a function that
// is not on the closed list. Such a statement is refused; see RefuseMixed.
func (s *Service) Mixed(sql string) bool {
	n, ok := s.count(sql)
	return ok && n.catalogs > 0 && (n.others > 0 || n.unknown > 0)
}

// RefuseMixed is the refusal of a statement for which Mixed is true. The operator's log gets its fingerprint.
func (s *Service) RefuseMixed(sql string) *refusal.Error {
	n, _ := s.count(sql)
	s.log.Warn("catalog query not supported", "fingerprint", syntax.Fingerprint(sql), "reason", "mixes catalogs with others",
		"tables", n.others, "functions", n.unknown)
	if n.others > 0 {
		return refusal.New(refusal.NotSupported, "a query cannot read system catalogs and other tables at the same time").
			WithHint("Ask the catalog in a query of its own.")
	}
	return refusal.New(refusal.NotSupported, notSupported)
}

// count looks at every node of a statement; ok is false for what is no single SELECT.
func (s *Service) count(sql string) (*census, bool) {
	stmts, err := syntax.Parse(sql)
	if err != nil || len(stmts) != 1 || stmts[0].Stmt.GetSelectStmt() == nil {
		return nil, false
	}
	n := &census{ctes: map[string]bool{}}
	root := stmts[0].Stmt.ProtoReflect()
	walk(root, func(m protoreflect.Message) {
		if cte, ok := m.Interface().(*syntax.CommonTableExpr); ok {
			n.ctes[cte.Ctename] = true
		}
	})
	walk(root, func(m protoreflect.Message) { s.countNode(n, m) })
	return n, true
}

func (s *Service) countNode(n *census, m protoreflect.Message) {
	switch v := m.Interface().(type) {
	case *syntax.RangeVar:
		switch {
		case v.Schemaname == "" && n.ctes[v.Relname]:
		case v.Schemaname == "pg_catalog", v.Schemaname == "information_schema",
			v.Schemaname == "" && s.static.catalog[v.Relname] != nil:
			n.catalogs++
		default:
			n.others++
		}
	case *syntax.FuncCall:
		parts := names(v.Funcname)
		if len(parts) == 0 {
			n.unknown++
			return
		}
		f := findFunction(parts)
		switch {
		case f == nil:
			n.unknown++
		case f.lookup:
			n.lookups++
		}
	case *syntax.TypeCast:
		if parts := names(v.TypeName.GetNames()); len(parts) > 0 && sqlType(parts[len(parts)-1]).isReg() {
			n.lookups++
		}
	}
}

// walk visits every message of a syntax tree. The parser bounds its depth.
func walk(m protoreflect.Message, visit func(protoreflect.Message)) {
	visit(m)
	m.Range(func(f protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		switch {
		case f.Message() == nil:
		case f.IsList():
			for i := 0; i < v.List().Len(); i++ {
				walk(v.List().Get(i).Message(), visit)
			}
		default:
			walk(v.Message(), visit)
		}
		return true
	})
}
