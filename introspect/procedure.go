package introspect

import (
	"slices"
	"strings"
)

// procName is a function's name as regproc prints it: with its schema where the name alone finds none, or, if unique, several.
func (s *snapshot) procName(oid uint32, unique bool) (string, bool) {
	name, ok := s.static.procs[oid]
	if !ok {
		return "", false
	}
	schema := s.static.procSchema[oid]
	if schema != pgCatalog || unique && len(s.static.procByName[name]) > 1 {
		return quoteIdent(s.namespace(schema)) + "." + quoteIdent(name), true
	}
	return quoteIdent(name), true
}

// procedure is a function with the types of its arguments, as regprocedure prints it.
func (s *snapshot) procedure(oid uint32) string {
	var args []string
	for _, t := range s.static.procArgs[oid] {
		args = append(args, s.formatType(t, -1, false))
	}
	name, _ := s.procName(oid, false)
	return name + "(" + strings.Join(args, ",") + ")"
}

// findProcedure finds a function by its name, and by the types of its arguments unless they are nil: it must be the only one.
func (s *snapshot) findProcedure(name string, args []uint32) (uint32, bool) {
	parts, ok := splitName(name)
	if !ok || len(parts) > 2 {
		return 0, false
	}
	schema := uint32(pgCatalog)
	if len(parts) == 2 {
		schema = s.static.namespaces[parts[0]]
	}
	var found []uint32
	for _, oid := range s.static.procByName[parts[len(parts)-1]] {
		if s.static.procSchema[oid] == schema && (args == nil || slices.Equal(args, s.static.procArgs[oid])) {
			found = append(found, oid)
		}
	}
	return only(found)
}

// findSignature reads name(type, type) as regprocedure's input does.
func (s *snapshot) findSignature(text string) (uint32, bool) {
	text = strings.TrimSpace(text)
	open := strings.IndexByte(text, '(')
	if open < 0 || !strings.HasSuffix(text, ")") {
		return 0, false
	}
	args := []uint32{}
	if list := strings.TrimSpace(text[open+1 : len(text)-1]); list != "" {
		for _, t := range strings.Split(list, ",") {
			oid, ok := s.findType(t)
			if !ok {
				return 0, false
			}
			args = append(args, oid)
		}
	}
	return s.findProcedure(text[:open], args)
}

// functionText is pg_get_functiondef of a built-in function.
func (s *snapshot) functionText(oid uint32) (string, bool) {
	r := s.static.catalog["pg_proc"]
	at := slices.IndexFunc(r.rows, func(row []string) bool { return oidOf(row[0]) == oid })
	if at < 0 || r.get(r.rows[at], "prokind") == "a" {
		return "", false
	}
	get := func(name string) string { return r.get(r.rows[at], name) }
	texts := s.static.procText[oid]
	name := quoteIdent(s.namespace(s.static.procSchema[oid])) + "." + quoteIdent(get("proname"))
	language := map[string]string{"12": "internal", "13": "c"}[get("prolang")]
	if language == "" {
		language = "sql"
	}
	body := "\nAS $function$" + get("prosrc") + "$function$\n"
	if get("prokind") == "p" {
		return "CREATE OR REPLACE PROCEDURE " + name + "(" + texts[0] + ")\n LANGUAGE " + language + body, true
	}
	out := "CREATE OR REPLACE FUNCTION " + name + "(" + texts[0] + ")\n RETURNS " + texts[2] + "\n LANGUAGE " + language + "\n"
	return out + traits(get) + body, true
}

// traits is the line of a function's properties that are not the defaults, in PostgreSQL's order.
func traits(get func(string) string) string {
	var b strings.Builder
	add := func(on bool, word string) {
		if on {
			b.WriteString(" " + word)
		}
	}
	add(get("prokind") == "w", "WINDOW")
	add(get("provolatile") == "i", "IMMUTABLE")
	add(get("provolatile") == "s", "STABLE")
	add(get("proparallel") == "s", "PARALLEL SAFE")
	add(get("proparallel") == "r", "PARALLEL RESTRICTED")
	add(get("proisstrict") == "t", "STRICT")
	add(get("prosecdef") == "t", "SECURITY DEFINER")
	add(get("proleakproof") == "t", "LEAKPROOF")
	return b.String()
}
