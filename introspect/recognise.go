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
	selects  bool
}

// Handles says that a statement is a catalog one: a single SELECT in which every relation is a catalog's and every
// function is on the closed list; without relations, at least one function or cast must be a look-up in the catalog.
func (s *Service) Handles(sql string) bool {
	n := s.census(sql)
	return n.selects && n.others == 0 && n.unknown == 0 && (n.catalogs > 0 || n.lookups > 0)
}

// Mixed says that a statement reads a catalog together with something that is none: another table, or a function that
// is not on the closed list. Such a statement is refused; see RefuseMixed.
func (s *Service) Mixed(sql string) bool {
	n := s.census(sql)
	return n.selects && n.catalogs > 0 && (n.others > 0 || n.unknown > 0)
}

// RefuseMixed is the refusal of a statement for which Mixed is true. The operator's log gets its fingerprint.
func (s *Service) RefuseMixed(sql string) *refusal.Error {
	n := s.census(sql)
	s.log.Warn("catalog query not supported", "fingerprint", syntax.Fingerprint(sql), "reason", "mixes catalogs with others",
		"tables", n.others, "functions", n.unknown)
	if n.others > 0 {
		return refusal.New(refusal.NotSupported, "a query cannot read system catalogs and other tables at the same time").
			WithHint("Ask the catalog in a query of its own.")
	}
	return refusal.New(refusal.NotSupported, notSupported)
}

// census looks at every node of a statement, or remembers it. Text without a word that only catalog statements have is
// not parsed: this is asked about every statement that a client sends. A name that is written in escapes is missed by
// that, and then is no catalog statement, which means that it is refused elsewhere.
func (s *Service) census(sql string) census {
	if !s.mentionsCatalog(sql) {
		return census{}
	}
	s.mu.Lock()
	n, ok := s.counted[sql]
	s.mu.Unlock()
	if ok {
		return n
	}
	n = s.count(sql)
	if len(sql) <= maxKept {
		s.mu.Lock()
		if len(s.counted) >= maxCounted {
			clear(s.counted)
		}
		s.counted[sql] = n
		s.mu.Unlock()
	}
	return n
}

// mentionsCatalog says whether a word of the text could make it a catalog statement.
func (s *Service) mentionsCatalog(sql string) bool {
	const longest = 64
	var word [longest]byte
	n := 0
	for i := 0; i <= len(sql); i++ {
		var c byte
		if i < len(sql) {
			c = sql[i]
		}
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		if c == '_' || c >= 'a' && c <= 'z' || c >= '0' && c <= '9' {
			if n < longest {
				word[n] = c
				n++
			}
			continue
		}
		if n >= 3 {
			w := word[:n]
			if w[0] == 'p' && w[1] == 'g' && w[2] == '_' || w[0] == 'r' && w[1] == 'e' && w[2] == 'g' || s.words[string(w)] {
				return true
			}
		}
		n = 0
	}
	return false
}

// catalogWords are the words, beside those that start with pg_ or reg, that only a catalog statement needs.
func catalogWords() map[string]bool {
	words := map[string]bool{"information_schema": true}
	for name, f := range functions {
		if f.lookup {
			words[name] = true
		}
	}
	return words
}

func (s *Service) count(sql string) census {
	stmts, err := syntax.Parse(sql)
	if err != nil || len(stmts) != 1 || stmts[0].Stmt.GetSelectStmt() == nil {
		return census{}
	}
	n := &census{selects: true}
	ctes := map[string]bool{}
	root := stmts[0].Stmt.ProtoReflect()
	walk(root, func(m protoreflect.Message) {
		if cte, ok := m.Interface().(*syntax.CommonTableExpr); ok {
			ctes[cte.Ctename] = true
		}
	})
	walk(root, func(m protoreflect.Message) { s.countNode(n, ctes, m) })
	return *n
}

func (s *Service) countNode(n *census, ctes map[string]bool, m protoreflect.Message) {
	switch v := m.Interface().(type) {
	case *syntax.RangeVar:
		switch {
		case v.Schemaname == "" && ctes[v.Relname]:
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
